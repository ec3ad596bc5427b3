"""The published fact table of the risk list."""

from __future__ import annotations

from xiejian.kernel.facts import Column, FactTable
from xiejian.registry.tables import month_sql

RISK_ITEMS = FactTable(
    name="risk_items",
    meaning="风险清单，一项风险一行；已撤销的不在内",
    key="id",
    page="/risks/items/{key}/",
    columns=(
        Column("id", "integer", "风险记录", "internal"),
        Column("title", "text", "风险", "internal"),
        Column("office_code", "text", "责任机构代码", "public"),
        Column("party_id", "integer", "监管对象，可空", "internal"),
        Column("link", "text", "环节", "internal"),
        Column("tags", "text", "品种标签，形如 |无菌|植入|", "internal"),
        Column("signal", "text", "来源信号，见 packs/risks/signals.toml；人工列入为空", "internal"),
        Column("level", "text", "风险等级：high、medium、low，未研判为空", "internal"),
        Column("state", "text", "状态，见流程", "internal"),
        Column("found_on", "date", "列入日期", "internal"),
        Column("month", "text", "列入月份", "internal"),
        Column("due_on", "date", "管控期限", "internal"),
        Column("struck_off_on", "date", "销号日期；复发的以再次销号为准", "internal"),
        Column("returned_on", "date", "最近一次复发日期", "internal"),
        Column("rounds", "integer", "复发次数", "internal"),
    ),
    source=(
        "SELECT r.id AS id, r.title AS title, r.office_code AS office_code, r.party_id AS party_id, "
        "r.link AS link, r.tags AS tags, r.signal AS signal, r.level AS level, r.state AS state, "
        f"r.found_on AS found_on, {month_sql('r.found_on')} AS month, r.due_on AS due_on, "
        "r.struck_off_on AS struck_off_on, r.returned_on AS returned_on, r.round AS rounds "
        "FROM risks_riskitem AS r WHERE r.state <> 'withdrawn'"
    ),
)

TABLES = (RISK_ITEMS,)
