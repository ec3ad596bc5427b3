"""The published fact tables of visits and what follows from them."""

from __future__ import annotations

from xiejian.kernel.facts import Column, FactTable
from xiejian.registry.tables import PARTY_COLUMNS, PARTY_SQL, month_sql

_CAMPAIGN = Column("campaign", "text", "专项：规则包标识或名称", "internal")
_OFFICE = Column("office_code", "text", "检查机构代码", "public")
_LINK = Column("link", "text", "检查的环节", "public")
_TAGS = Column("tags", "text", "品种标签，形如 |无菌|植入|", "public")
_JOIN = (
    "JOIN registry_party AS p ON p.id = v.party_id "
    "LEFT JOIN registry_partylink AS l ON l.party_id = v.party_id AND l.link = v.link"
)

VISITS = FactTable(
    name="visits",
    meaning="监督检查，一次检查一行；同一主体检查两次是两行",
    key="id",
    page="/visits/{key}/",
    columns=(
        Column("id", "integer", "检查记录", "internal"),
        Column("title", "text", "检查编号", "internal"),
        _OFFICE, _LINK, _TAGS, _CAMPAIGN, *PARTY_COLUMNS,
        Column("party_name", "text", "主体名称", "public"),
        Column("kind", "text", "检查类型", "internal"),
        Column("state", "text", "检查的状态：planned、started、concluded、refused、cancelled", "internal"),
        Column("visited_on", "date", "检查日期", "internal"),
        Column("month", "text", "检查月份", "internal"),
        Column("year", "integer", "检查年度", "internal"),
        Column("persons", "integer", "出动人数", "internal"),
        Column("defects", "integer", "缺陷数", "internal"),
        Column("severe_defects", "integer", "严重缺陷数", "internal"),
        Column("conclusion", "text", "结论：符合、限期整改、停产整改、移送", "internal"),
        Column("order_issued", "boolean", "责令改正", "internal"),
        Column("correct_by", "date", "整改期限", "internal"),
        Column("recheck_on", "date", "复查日期", "internal"),
        Column("recheck_result", "text", "复查结论：通过、未通过", "internal"),
    ),
    source=(
        "SELECT v.id AS id, v.number AS title, v.office_code AS office_code, v.link AS link, v.tags AS tags, "
        f"v.campaign AS campaign, {PARTY_SQL}, p.name AS party_name, v.kind AS kind, v.state AS state, "
        f"v.visited_on AS visited_on, {month_sql('v.visited_on')} AS month, "
        "CAST(SUBSTR(CAST(v.visited_on AS TEXT), 1, 4) AS INTEGER) AS year, "
        "COALESCE(v.persons, 0) AS persons, v.defects AS defects, v.severe_defects AS severe_defects, "
        "v.conclusion AS conclusion, v.order_issued AS order_issued, v.correct_by AS correct_by, "
        "v.recheck_on AS recheck_on, v.recheck_result AS recheck_result "
        f"FROM inspections_visit AS v {_JOIN}"
    ),
)  # fmt: skip

FINDINGS = FactTable(
    name="findings",
    meaning="检查条款结果，一个检查点一行",
    key="id",
    page="/visits/{key}/",
    page_key="visit_id",
    columns=(
        Column("id", "integer", "条款结果记录", "internal"),
        Column("title", "text", "检查编号", "internal"),
        _OFFICE, _LINK, _TAGS, _CAMPAIGN, *PARTY_COLUMNS,
        Column("visit_id", "integer", "检查记录", "internal"),
        Column("visited_on", "date", "检查日期", "internal"),
        Column("month", "text", "检查月份", "internal"),
        Column("point", "text", "检查点", "internal"),
        Column("clause", "text", "依据", "internal"),
        Column("state", "text", "结果：conform、not_conform、not_applicable", "internal"),
        Column("severe", "boolean", "严重缺陷", "internal"),
    ),
    source=(
        "SELECT f.id AS id, v.number AS title, v.office_code AS office_code, v.link AS link, v.tags AS tags, "
        f"v.campaign AS campaign, {PARTY_SQL}, v.id AS visit_id, v.visited_on AS visited_on, "
        f"{month_sql('v.visited_on')} AS month, f.point AS point, f.clause AS clause, f.state AS state, "
        "f.severe AS severe FROM inspections_finding AS f "
        f"JOIN inspections_visit AS v ON v.id = f.visit_id {_JOIN}"
    ),
)  # fmt: skip

# An order of the correction workflow is one notice; an import makes one for every visit that ordered one.
# A visit that says so and has none all the same is one notice on its date: none missed, none counted twice.
CORRECTIONS = FactTable(
    name="corrections",
    meaning="责令改正，一份通知一行；一份通知含多项缺陷仍为一行",
    key="id",
    page="/visits/{key}/",
    page_key="visit_id",
    columns=(
        Column("id", "text", "责令改正记录：order-整改单 或 visit-检查", "internal"),
        Column("title", "text", "文书编号或检查编号", "internal"),
        _OFFICE, _LINK, _TAGS, _CAMPAIGN, *PARTY_COLUMNS,
        Column("visit_id", "integer", "检查记录", "internal"),
        Column("ordered_on", "date", "责令日期", "internal"),
        Column("month", "text", "责令月份", "internal"),
        Column("due_on", "date", "整改期限", "internal"),
        Column("state", "text", "整改状态；随检查登记的为 recorded", "internal"),
        Column("closed_on", "date", "办结日期；随检查登记的以复查通过日期为准", "internal"),
    ),
    source=(
        "SELECT 'order-' || CAST(c.id AS TEXT) AS id, c.number AS title, c.office_code AS office_code, "
        f"v.link AS link, v.tags AS tags, v.campaign AS campaign, {PARTY_SQL}, v.id AS visit_id, "
        f"c.ordered_on AS ordered_on, {month_sql('c.ordered_on')} AS month, c.due_on AS due_on, "
        "c.state AS state, c.closed_on AS closed_on "
        f"FROM inspections_correction AS c JOIN inspections_visit AS v ON v.id = c.visit_id {_JOIN} "
        "UNION ALL "
        "SELECT 'visit-' || CAST(v.id AS TEXT) AS id, v.number AS title, v.office_code AS office_code, "
        f"v.link AS link, v.tags AS tags, v.campaign AS campaign, {PARTY_SQL}, v.id AS visit_id, "
        f"v.visited_on AS ordered_on, {month_sql('v.visited_on')} AS month, v.correct_by AS due_on, "
        "'recorded' AS state, CASE WHEN v.recheck_result = '通过' THEN v.recheck_on END AS closed_on "
        f"FROM inspections_visit AS v {_JOIN} WHERE v.order_issued "
        "AND NOT v.state IN ('planned', 'cancelled') "
        "AND NOT EXISTS (SELECT 1 FROM inspections_correction AS c WHERE c.visit_id = v.id)"
    ),
)  # fmt: skip

TRANSFERS = FactTable(
    name="transfers",
    meaning="移送移交，一条线索（案件）交给一个部门一行",
    key="id",
    page="/parties/{key}/",
    page_key="party_id",
    columns=(
        Column("id", "integer", "移送记录", "internal"),
        Column("title", "text", "来源编号", "internal"),
        _OFFICE, _LINK, _TAGS, _CAMPAIGN, *PARTY_COLUMNS,
        Column("source", "text", "来源：visit 检查，case 案件", "internal"),
        Column("addressee", "text", "移送对象：公安、卫健、海关、纪检", "internal"),
        Column("moved_on", "date", "移送日期", "internal"),
        Column("month", "text", "移送月份", "internal"),
    ),
    source=(
        "SELECT v.id AS id, v.source_no AS title, v.office_code AS office_code, v.link AS link, "
        f"v.tags AS tags, v.campaign AS campaign, {PARTY_SQL}, v.source AS source, v.addressee AS addressee, "
        f"v.moved_on AS moved_on, {month_sql('v.moved_on')} AS month FROM inspections_transfer AS v {_JOIN}"
    ),
)  # fmt: skip

WORK_RECORDS = FactTable(
    name="work_records",
    meaning="其他工作记录：尚无专门台账的工作，一项一行",
    key="id",
    columns=(
        Column("id", "integer", "工作记录", "internal"),
        Column("title", "text", "内容", "internal"),
        _OFFICE,
        Column("kind", "text", "类别", "internal"),
        Column("category", "text", "细类", "internal"),
        Column("done_on", "date", "日期", "internal"),
        Column("month", "text", "月份", "internal"),
        Column("year", "integer", "年度", "internal"),
        Column("quantity", "integer", "数量", "internal"),
        Column("result", "text", "结果", "internal"),
        Column("party_id", "integer", "监管对象，可空", "internal"),
        Column("unit_name", "text", "单位名称", "internal"),
        Column("link", "text", "环节", "public"),
        _TAGS,
        _CAMPAIGN,
    ),
    source=(
        "SELECT w.id AS id, w.title AS title, w.office_code AS office_code, w.kind AS kind, "
        f"w.category AS category, w.done_on AS done_on, {month_sql('w.done_on')} AS month, "
        "CAST(SUBSTR(CAST(w.done_on AS TEXT), 1, 4) AS INTEGER) AS year, w.quantity AS quantity, "
        "w.result AS result, w.party_id AS party_id, w.unit_name AS unit_name, w.link AS link, "
        "w.tags AS tags, w.campaign AS campaign FROM inspections_workrecord AS w"
    ),
)

VISIT_PERSONS = FactTable(
    name="visit_persons",
    meaning="检查人员，一次检查一名登记在册的执法人员一行",
    key="id",
    page="/visits/{key}/",
    page_key="visit_id",
    columns=(
        Column("id", "integer", "检查人员记录", "internal"),
        Column("title", "text", "检查编号", "internal"),
        _OFFICE, _LINK, _TAGS, _CAMPAIGN, *PARTY_COLUMNS,
        Column("visit_id", "integer", "检查记录", "internal"),
        Column("state", "text", "检查的状态", "internal"),
        Column("visited_on", "date", "检查日期", "internal"),
        Column("person_day", "text", "人员与日期：同一人同一日相同", "personal"),
    ),
    source=(
        "SELECT t.id AS id, v.number AS title, v.office_code AS office_code, v.link AS link, v.tags AS tags, "
        f"v.campaign AS campaign, {PARTY_SQL}, v.id AS visit_id, v.state AS state, "
        "v.visited_on AS visited_on, "
        "CAST(t.officer_id AS TEXT) || ' ' || CAST(v.visited_on AS TEXT) AS person_day "
        f"FROM inspections_visit_team AS t JOIN inspections_visit AS v ON v.id = t.visit_id {_JOIN}"
    ),
)  # fmt: skip

TABLES = (VISITS, VISIT_PERSONS, FINDINGS, CORRECTIONS, TRANSFERS, WORK_RECORDS)
