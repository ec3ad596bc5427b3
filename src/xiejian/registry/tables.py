"""The register's published fact tables, and the party's facts that tables of higher rooms carry too."""

from __future__ import annotations

from xiejian.kernel.facts import Column, FactTable

#: What every fact says of its party in its link. The SQL below expects p = the party, l = the link.
PARTY_COLUMNS = (
    Column("party_id", "integer", "监管对象", "public"),
    Column("area", "text", "产品门类，多个以、相连", "public"),
    Column("division_code", "text", "监管对象的行政区划代码", "public"),
    Column("classes", "text", "管理类别，数字升序相连，如 23", "public"),
    Column("top_class", "text", "最高管理类别：1、2、3，未分类为空", "public"),
    Column("mode", "text", "经营方式：批发、零售、批零兼营", "public"),
    Column("unit_kind", "text", "机构类型", "public"),
    Column("level", "integer", "当前监管级别（1 最低，4 最高），未定级为空", "internal"),
    Column("party_status", "text", "监管对象的状态：正常、停产、注销、失联", "public"),
)
PARTY_SQL = (
    "p.id AS party_id, p.area AS area, p.division_code AS division_code, COALESCE(l.classes, '') AS classes, "
    "COALESCE(SUBSTR(l.classes, LENGTH(l.classes), 1), '') AS top_class, COALESCE(l.mode, '') AS mode, "
    "COALESCE(l.unit_kind, '') AS unit_kind, l.level AS level, p.status AS party_status"
)


def month_sql(column: str) -> str:
    """The month 'YYYY-MM' of a date column, on both databases: dates print as ISO there."""
    return f"SUBSTR(CAST({column} AS TEXT), 1, 7)"


PARTY_LINKS = FactTable(
    name="party_links",
    meaning="监管对象在一个环节中的现状，一个主体一个环节一行",
    key="id",
    page="/parties/{key}/",
    page_key="party_id",
    columns=(
        Column("id", "integer", "从业环节记录", "internal"),
        Column("title", "text", "主体名称", "public"),
        Column("office_code", "text", "监管机构代码", "public"),
        Column("link", "text", "环节", "public"),
        Column("tags", "text", "品种标签，形如 |无菌|植入|", "public"),
        *PARTY_COLUMNS,
        Column("status", "text", "状态：正常、停产、注销、失联", "public"),
        Column("status_on", "date", "状态变更日期", "public"),
        Column("issued_on", "date", "发证日期", "public"),
        Column("filed_on", "date", "备案日期", "public"),
        Column("filed_month", "text", "备案月份", "public"),
        Column("expires_on", "date", "有效期至", "public"),
        Column("scope", "text", "经营范围", "public"),
        Column("stores_for_others", "boolean", "为他人贮存运输", "public"),
        Column("consultation_focus", "boolean", "风险会商重点", "internal"),
        Column("qms_state", "text", "质量管理体系状况：好、较差、差", "internal"),
        Column("credit_grade", "text", "信用等级：A、B、C、D", "internal"),
        Column("bad_credit", "text", "不良信用：无、不良、严重", "internal"),
        Column("complaints", "integer", "投诉举报次数", "internal"),
    ),
    source=(
        "SELECT l.id AS id, p.name AS title, p.office_code AS office_code, l.link AS link, l.tags AS tags, "
        f"{PARTY_SQL}, p.status AS status, p.status_on AS status_on, l.issued_on AS issued_on, "
        f"l.filed_on AS filed_on, {month_sql('l.filed_on')} AS filed_month, l.expires_on AS expires_on, "
        "l.scope AS scope, p.stores_for_others AS stores_for_others, "
        "p.consultation_focus AS consultation_focus, p.qms_state AS qms_state, "
        "p.credit_grade AS credit_grade, p.bad_credit AS bad_credit, p.complaints AS complaints "
        "FROM registry_partylink AS l JOIN registry_party AS p ON p.id = l.party_id"
    ),
)

LICENCES = FactTable(
    name="licences",
    meaning="监管对象的许可证和备案凭证，一证一行",
    key="id",
    page="/parties/{key}/",
    page_key="party_id",
    columns=(
        Column("id", "integer", "证照记录", "internal"),
        Column("title", "text", "证号", "public"),
        Column("office_code", "text", "监管机构代码", "public"),
        Column("party_id", "integer", "监管对象", "public"),
        Column("area", "text", "产品门类", "public"),
        Column("kind", "text", "证照类型", "public"),
        Column("issued_on", "date", "发证日期", "public"),
        Column("filed_on", "date", "备案日期", "public"),
        Column("expires_on", "date", "有效期至", "public"),
        Column("status", "text", "状态：有效、注销、吊销、取消备案", "public"),
        Column("party_status", "text", "监管对象的状态", "public"),
        Column("format_suspect", "boolean", "编号格式待核", "internal"),
    ),
    source=(
        "SELECT c.id AS id, c.number AS title, p.office_code AS office_code, p.id AS party_id, "
        "p.area AS area, c.kind AS kind, c.issued_on AS issued_on, "
        "c.filed_on AS filed_on, c.expires_on AS expires_on, "
        "c.status AS status, p.status AS party_status, c.format_suspect AS format_suspect "
        "FROM registry_licence AS c JOIN registry_party AS p ON p.id = c.party_id"
    ),
)

LICENCE_MATTERS = FactTable(
    name="licence_matters",
    meaning="许可备案事项，一次申请及其结果一行",
    key="id",
    page="/parties/{key}/",
    page_key="party_id",
    columns=(
        Column("id", "integer", "许可备案事项记录", "internal"),
        Column("title", "text", "申请人", "public"),
        Column("office_code", "text", "机构代码", "public"),
        Column("party_id", "integer", "监管对象，未入名录为空", "public"),
        Column("link", "text", "环节", "public"),
        Column("tags", "text", "该主体在该环节的品种标签", "public"),
        Column("area", "text", "产品门类，未入名录的视为医疗器械", "public"),
        Column("top_class", "text", "该主体在该环节的最高管理类别", "public"),
        Column("mode", "text", "经营方式", "public"),
        Column("unit_kind", "text", "机构类型", "public"),
        Column("level", "integer", "当前监管级别", "internal"),
        Column("matter", "text", "事项：开办、变更、延续、注销等", "public"),
        Column("result", "text", "结果：通过、驳回等", "public"),
        Column("decided_on", "date", "办结日期", "public"),
        Column("month", "text", "办结月份", "public"),
        Column("year", "integer", "办结年度", "public"),
        Column("reason", "text", "理由", "internal"),
    ),
    source=(
        "SELECT m.id AS id, m.applicant AS title, m.office_code AS office_code, m.party_id AS party_id, "
        "m.link AS link, COALESCE(l.tags, '|') AS tags, COALESCE(p.area, '医疗器械') AS area, "
        "COALESCE(SUBSTR(l.classes, LENGTH(l.classes), 1), '') AS top_class, COALESCE(l.mode, '') AS mode, "
        "COALESCE(l.unit_kind, '') AS unit_kind, l.level AS level, m.matter AS matter, m.result AS result, "
        f"m.decided_on AS decided_on, {month_sql('m.decided_on')} AS month, "
        "CAST(SUBSTR(CAST(m.decided_on AS TEXT), 1, 4) AS INTEGER) AS year, m.reason AS reason "
        "FROM registry_licencematter AS m LEFT JOIN registry_party AS p ON p.id = m.party_id "
        "LEFT JOIN registry_partylink AS l ON l.party_id = m.party_id AND l.link = m.link"
    ),
)

REGISTRATIONS = FactTable(
    name="registrations",
    meaning="产品注册证和产品备案，一条公布记录一行（同一证号可有变更文件）",
    key="id",
    page="/registrations/{key}/",
    columns=(
        Column("id", "integer", "注册记录", "internal"),
        Column("title", "text", "注册证编号", "public"),
        Column("office_code", "text", "注册人的监管机构代码，未关联为空", "public"),
        Column("number_key", "text", "规范化的注册证编号", "public"),
        Column("number_kind", "text", "编号类型", "public"),
        Column("party_id", "integer", "注册人，未关联为空", "public"),
        Column("party_status", "text", "注册人的状态，未关联为空", "public"),
        Column("division_code", "text", "注册人的行政区划代码，未关联为空", "public"),
        Column("registrant", "text", "注册人名称", "public"),
        Column("product_name", "text", "产品名称", "public"),
        Column("management_class", "text", "管理类别：1、2、3", "public"),
        Column("approved_on", "date", "批准日期", "public"),
        Column("approved_year", "integer", "批准年度", "public"),
        Column("expires_on", "date", "有效期至", "public"),
        Column("status", "text", "状态", "public"),
    ),
    source=(
        "SELECT r.id AS id, r.number AS title, COALESCE(p.office_code, '') AS office_code, "
        "r.number_key AS number_key, r.number_kind AS number_kind, r.party_id AS party_id, "
        "COALESCE(p.status, '') AS party_status, COALESCE(p.division_code, '') AS division_code, "
        "r.registrant AS registrant, r.product_name AS product_name, r.management_class AS management_class, "
        "r.approved_on AS approved_on, "
        "CAST(SUBSTR(CAST(r.approved_on AS TEXT), 1, 4) AS INTEGER) AS approved_year, "
        "r.expires_on AS expires_on, r.status AS status "
        "FROM registry_registration AS r LEFT JOIN registry_party AS p ON p.id = r.party_id"
    ),
)

REGISTRATION_CHECKS = FactTable(
    name="registration_checks",
    meaning="注册证核查，一证一次一行",
    key="id",
    page="/registrations/{key}/",
    page_key="registration_id",
    columns=(
        Column("id", "integer", "注册证核查记录", "internal"),
        Column("title", "text", "注册证编号", "public"),
        Column("office_code", "text", "核查机构代码", "public"),
        Column("registration_id", "integer", "注册记录", "public"),
        Column("party_id", "integer", "注册人，未关联为空", "public"),
        Column("product_name", "text", "产品名称", "public"),
        Column("management_class", "text", "管理类别", "public"),
        Column("checked_on", "date", "核查日期", "internal"),
        Column("month", "text", "核查月份", "internal"),
        Column("instructions_checked", "boolean", "说明书已核查", "internal"),
        Column("consistent", "boolean", "与注册内容一致", "internal"),
        Column("problem", "text", "问题", "internal"),
        Column("campaign", "text", "专项", "internal"),
    ),
    source=(
        "SELECT k.id AS id, r.number AS title, k.office_code AS office_code, r.id AS registration_id, "
        "r.party_id AS party_id, r.product_name AS product_name, r.management_class AS management_class, "
        f"k.checked_on AS checked_on, {month_sql('k.checked_on')} AS month, "
        "k.instructions_checked AS instructions_checked, k.consistent AS consistent, k.problem AS problem, "
        "k.campaign AS campaign FROM registry_registrationcheck AS k "
        "JOIN registry_registration AS r ON r.id = k.registration_id"
    ),
)

TABLES = (PARTY_LINKS, LICENCES, LICENCE_MATTERS, REGISTRATIONS, REGISTRATION_CHECKS)
