"""The published fact table of trainings."""

from __future__ import annotations

from xiejian.kernel.facts import Column, FactTable

TRAININGS = FactTable(
    name="trainings",
    meaning="培训考核，一人一次一行",
    key="id",
    columns=(
        Column("id", "integer", "培训记录", "internal"),
        Column("title", "text", "培训内容", "internal"),
        Column("office_code", "text", "机构代码", "public"),
        Column("network_kind", "text", "监管网络人员类别，执法人员为空", "internal"),
        Column("trained_on", "date", "培训日期", "internal"),
        Column("month", "text", "培训月份", "internal"),
        Column("score", "integer", "成绩", "personal"),
        Column("passed", "boolean", "合格", "personal"),
    ),
    source=(
        "SELECT t.id AS id, t.topic AS title, t.office_code AS office_code, "
        "COALESCE(n.kind, '') AS network_kind, t.trained_on AS trained_on, "
        "SUBSTR(CAST(t.trained_on AS TEXT), 1, 7) AS month, t.score AS score, "
        "t.passed AS passed FROM people_training AS t "
        "LEFT JOIN people_networkperson AS n ON n.id = t.person_id"
    ),
)

TABLES = (TRAININGS,)
