"""The published fact tables of penalty cases and responsibility interviews."""

from __future__ import annotations

from xiejian.kernel.facts import Column, FactTable
from xiejian.registry.tables import PARTY_COLUMNS, PARTY_SQL, month_sql

_CAMPAIGN = Column("campaign", "text", "专项：规则包标识或名称", "internal")
_LINK = Column("link", "text", "环节", "public")
_TAGS = Column("tags", "text", "品种标签，形如 |无菌|植入|", "public")
_JOIN = (
    "JOIN registry_party AS p ON p.id = c.party_id "
    "LEFT JOIN registry_partylink AS l ON l.party_id = c.party_id AND l.link = c.link"
)

CASES = FactTable(
    name="cases",
    meaning="行政处罚案件，一案一行；金额单位为分",
    key="id",
    page="/cases/{key}/",
    columns=(
        Column("id", "integer", "案件记录", "internal"),
        Column("title", "text", "案号", "internal"),
        Column("office_code", "text", "承办机构代码", "public"),
        _LINK, _TAGS, _CAMPAIGN, *PARTY_COLUMNS,
        Column("party_name", "text", "主体名称", "public"),
        Column("procedure", "text", "程序：简易、普通", "internal"),
        Column("conduct", "text", "违法行为", "internal"),
        Column("filed_on", "date", "立案日期", "internal"),
        Column("filed_month", "text", "立案月份", "internal"),
        Column("filed_year", "integer", "立案年度", "internal"),
        Column("decided_on", "date", "决定日期", "internal"),
        Column("decided_month", "text", "决定月份", "internal"),
        Column("closed_on", "date", "结案日期", "internal"),
        Column("fine_fen", "integer", "罚款", "internal"),
        Column("personal_fine_fen", "integer", "个人罚款", "internal"),
        Column("confiscated_fen", "integer", "没收违法所得", "internal"),
        Column("penalty_fen", "integer", "罚没款：罚款、个人罚款与没收违法所得之和", "internal"),
        Column("persons_punished", "integer", "处罚到人数", "internal"),
        Column("business_stopped", "boolean", "责令停产停业", "internal"),
        Column("licence_revoked", "boolean", "吊销许可证", "internal"),
        Column("blacklisted", "boolean", "列入严重违法失信名单", "internal"),
        Column("court_enforcement", "boolean", "申请法院强制执行", "internal"),
    ),
    source=(
        "SELECT c.id AS id, c.number AS title, c.office_code AS office_code, c.link AS link, c.tags AS tags, "
        f'c.campaign AS campaign, {PARTY_SQL}, p.name AS party_name, c."procedure" AS "procedure", '
        f"c.conduct AS conduct, c.filed_on AS filed_on, {month_sql('c.filed_on')} AS filed_month, "
        "CAST(SUBSTR(CAST(c.filed_on AS TEXT), 1, 4) AS INTEGER) AS filed_year, c.decided_on AS decided_on, "
        f"{month_sql('c.decided_on')} AS decided_month, c.closed_on AS closed_on, c.fine_fen AS fine_fen, "
        "c.personal_fine_fen AS personal_fine_fen, c.confiscated_fen AS confiscated_fen, "
        "c.fine_fen + c.personal_fine_fen + c.confiscated_fen AS penalty_fen, "
        "c.persons_punished AS persons_punished, c.business_stopped AS business_stopped, "
        "c.licence_revoked AS licence_revoked, c.blacklisted AS blacklisted, "
        f"c.court_enforcement AS court_enforcement FROM cases_case AS c {_JOIN}"
    ),
)  # fmt: skip

INTERVIEWS = FactTable(
    name="interviews",
    meaning="责任约谈，一次约谈一行",
    key="id",
    page="/interviews/{key}/",
    columns=(
        Column("id", "integer", "约谈记录", "internal"),
        Column("title", "text", "主体名称", "public"),
        Column("office_code", "text", "约谈机构代码", "public"),
        _LINK, _TAGS, _CAMPAIGN, *PARTY_COLUMNS,
        Column("held_on", "date", "约谈日期", "internal"),
        Column("month", "text", "约谈月份", "internal"),
        Column("reason", "text", "事由", "internal"),
    ),
    source=(
        "SELECT c.id AS id, p.name AS title, c.office_code AS office_code, c.link AS link, c.tags AS tags, "
        f"c.campaign AS campaign, {PARTY_SQL}, c.held_on AS held_on, {month_sql('c.held_on')} AS month, "
        f"c.reason AS reason FROM cases_interview AS c {_JOIN}"
    ),
)  # fmt: skip

TABLES = (CASES, INTERVIEWS)
