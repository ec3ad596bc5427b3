"""The published fact tables of the credit room."""

from __future__ import annotations

from xiejian.kernel.facts import Column, FactTable
from xiejian.registry.tables import month_sql

LIST_ENTRIES = FactTable(
    name="credit_lists",
    meaning="警示名单与严重违法失信名单，一条记录一行",
    key="id",
    page="/credit/lists/{key}/",
    columns=(
        Column("id", "integer", "名单记录", "internal"),
        Column("title", "text", "文号", "internal"),
        Column("office_code", "text", "机构代码", "public"),
        Column("party_id", "integer", "监管对象", "internal"),
        Column("party_name", "text", "主体名称", "internal"),
        Column("kind", "text", "名单：watch 警示名单、blacklist 严重违法失信名单", "internal"),
        Column("ground", "text", "列入情形", "internal"),
        Column("state", "text", "状态", "internal"),
        Column("decided_on", "date", "列入决定日期", "internal"),
        Column("decided_month", "text", "列入月份", "internal"),
        Column("published_on", "date", "公示日期", "internal"),
        Column("ends_on", "date", "期满日期", "internal"),
        Column("removed_on", "date", "移出日期", "internal"),
    ),
    source=(
        "SELECT c.id AS id, c.number AS title, c.office_code AS office_code, c.party_id AS party_id, "
        "p.name AS party_name, c.kind AS kind, c.ground AS ground, c.state AS state, "
        f"c.decided_on AS decided_on, {month_sql('c.decided_on')} AS decided_month, "
        "c.published_on AS published_on, c.ends_on AS ends_on, c.removed_on AS removed_on "
        "FROM credit_creditlistentry AS c JOIN registry_party AS p ON p.id = c.party_id"
    ),
)

TABLES = (LIST_ENTRIES,)
