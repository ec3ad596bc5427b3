"""The published fact table of complaints and reports. Nothing in it says who complained."""

from __future__ import annotations

from xiejian.kernel.facts import Column, FactTable
from xiejian.registry.tables import PARTY_COLUMNS, PARTY_SQL, month_sql

# a lead may name no party of the register, and says itself which products it is about
_PARTY_SQL = PARTY_SQL.replace("p.area AS area", "d.area AS area").replace(
    "p.division_code AS division_code", "COALESCE(p.division_code, d.office_code) AS division_code"
)

COMPLAINTS = FactTable(
    name="complaints",
    meaning="投诉、举报与其他线索，一条一行；已并入别处的不在内；不含反映人的任何信息",
    key="id",
    page="/leads/{key}/",
    columns=(
        Column("id", "integer", "线索记录", "internal"),
        Column("title", "text", "线索编号", "internal"),
        Column("office_code", "text", "办理机构代码", "public"),
        Column("link", "text", "环节", "public"),
        Column("tags", "text", "被反映单位在该环节的品种标签，形如 |无菌|植入|", "public"),
        *PARTY_COLUMNS,
        Column("source", "text", "来源：热线、网站、上级交办等", "internal"),
        Column("kind", "text", "类型：投诉、举报、线索、咨询", "internal"),
        Column("topic", "text", "事由，见 packs/leads/triage.toml", "internal"),
        Column("priority", "text", "紧急程度：一般、优先、紧急", "internal"),
        Column("state", "text", "状态，见流程", "internal"),
        Column("received_on", "date", "收到日期", "internal"),
        Column("month", "text", "收到月份", "internal"),
        Column("accepted_on", "date", "受理日期", "internal"),
        Column("answered_on", "date", "答复日期", "internal"),
        Column("closed_on", "date", "办结日期", "internal"),
        Column("outcome", "text", "办理结果：属实、不属实等", "internal"),
        Column("filing", "text", "立案、不予立案", "internal"),
    ),
    source=(
        "SELECT d.id AS id, d.number AS title, d.office_code AS office_code, d.link AS link, "
        f"COALESCE(l.tags, '|') AS tags, {_PARTY_SQL}, d.source AS source, d.kind AS kind, "
        "d.topic AS topic, d.priority AS priority, d.state AS state, d.received_on AS received_on, "
        f"{month_sql('d.received_on')} AS month, d.accepted_on AS accepted_on, "
        "d.answered_on AS answered_on, d.closed_on AS closed_on, d.outcome AS outcome, d.filing AS filing "
        "FROM leads_lead AS d LEFT JOIN registry_party AS p ON p.id = d.party_id "
        "LEFT JOIN registry_partylink AS l ON l.party_id = d.party_id AND l.link = d.link "
        "WHERE d.state <> 'merged'"
    ),
)  # fmt: skip

TABLES = (COMPLAINTS,)
