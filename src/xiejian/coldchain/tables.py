"""The published fact table of the cold chain: excursions."""

from __future__ import annotations

from xiejian.kernel.facts import Column, FactTable
from xiejian.registry.tables import month_sql

_MONTH = month_sql('e."on"')

EXCURSIONS = FactTable(
    name="cold_excursions",
    meaning="冷链异常，一次一行；补齐读数后消除的不在内",
    key="id",
    page="/coldchain/excursions/{key}/",
    columns=(
        Column("id", "integer", "冷链异常记录", "internal"),
        Column("title", "text", "库房、设备或车辆", "internal"),
        Column("office_code", "text", "监管机构代码", "public"),
        Column("firm_uscc", "text", "单位信用代码", "public"),
        Column("firm_name", "text", "单位", "public"),
        Column("place_kind", "text", "设备类型：cold_store、refrigerator、freezer、vehicle、box", "internal"),
        Column("kind", "text", "类型：high 超温、low 低温、gap 缺测、clock 时钟异常", "internal"),
        Column("state", "text", "状态，见流程", "internal"),
        Column("started_on", "date", "开始日期", "internal"),
        Column("month", "text", "开始月份", "internal"),
        Column("ended", "boolean", "已结束", "internal"),
        Column("lots", "integer", "受影响批次数", "internal"),
        Column("outcome", "text", "评估结论：usable 可以放行、unusable 不得放行", "internal"),
    ),
    source=(
        "SELECT e.id AS id, g.place AS title, g.office_code AS office_code, g.firm_uscc AS firm_uscc, "
        "g.firm_name AS firm_name, g.kind AS place_kind, e.kind AS kind, e.state AS state, "
        f'e."on" AS started_on, {_MONTH} AS month, e."end" IS NOT NULL AS ended, '
        "COALESCE(l.lots, 0) AS lots, e.outcome AS outcome FROM coldchain_excursion AS e "
        "JOIN coldchain_logger AS g ON g.id = e.logger_id "
        "LEFT JOIN (SELECT excursion_id, COUNT(*) AS lots FROM coldchain_affectedlot "
        "GROUP BY excursion_id) AS l ON l.excursion_id = e.id WHERE e.state <> 'settled'"
    ),
)  # fmt: skip

TABLES = (EXCURSIONS,)
