"""The published fact table of self-inspections."""

from __future__ import annotations

from xiejian.kernel.facts import Column, FactTable
from xiejian.registry.tables import PARTY_COLUMNS, PARTY_SQL, month_sql

SELF_INSPECTIONS = FactTable(
    name="self_inspections",
    meaning="已报送的年度自查报告，一个主体一个环节一个年度一行",
    key="id",
    page="/self-inspections/{key}/",
    columns=(
        Column("id", "integer", "自查记录", "internal"),
        Column("title", "text", "编号", "internal"),
        Column("office_code", "text", "监管机构代码", "public"),
        Column("link", "text", "环节", "public"),
        Column("tags", "text", "品种标签，形如 |无菌|植入|", "public"),
        *PARTY_COLUMNS,
        Column("year", "integer", "自查年度", "internal"),
        Column("state", "text", "状态，见流程", "internal"),
        Column("source", "text", "来源：填报、导入", "internal"),
        Column("filed_on", "date", "首次报送日期", "internal"),
        Column("month", "text", "首次报送月份", "internal"),
        Column("due_on", "date", "报送期限", "internal"),
        Column("late", "boolean", "逾期报送", "internal"),
        Column("nonconform", "integer", "自查不符合项数", "internal"),
        Column("accepted", "boolean", "已审阅", "internal"),
    ),
    source=(
        "SELECT s.id AS id, s.number AS title, s.office_code AS office_code, s.link AS link, "
        f"COALESCE(l.tags, '|') AS tags, {PARTY_SQL}, s.year AS year, s.state AS state, s.source AS source, "
        f"s.filed_on AS filed_on, {month_sql('s.filed_on')} AS month, s.due_on AS due_on, s.late AS late, "
        "s.nonconform AS nonconform, s.state = 'accepted' AS accepted "
        "FROM self_inspections_selfinspection AS s JOIN registry_party AS p ON p.id = s.party_id "
        "LEFT JOIN registry_partylink AS l ON l.party_id = s.party_id AND l.link = s.link "
        "WHERE s.filed_on IS NOT NULL"
    ),
)  # fmt: skip

TABLES = (SELF_INSPECTIONS,)
