"""The published fact table of supply: movements that count."""

from __future__ import annotations

from xiejian.kernel.facts import Column, FactTable
from xiejian.registry.tables import month_sql

_MONTH = month_sql('m."on"')
# a patient's token stays in the room: no figure needs it
MOVEMENTS = FactTable(
    name="movements",
    meaning="进销存记录，一条一行，作废和已被更正的除外；数量为最小销售单元",
    key="id",
    page="/supply/{key}/",
    columns=(
        Column("id", "integer", "进销存记录", "internal"),
        Column("title", "text", "记录编号", "internal"),
        Column("office_code", "text", "登记单位的监管机构代码，名录中没有的为空", "public"),
        Column("firm_uscc", "text", "登记单位信用代码", "internal"),
        Column("kind", "text", "类型：make 生产入库、receive 购进验收、ship 销售出库等", "internal"),
        Column("di", "text", "产品标识", "public"),
        Column("lot", "text", "批号", "internal"),
        Column("product_name", "text", "产品名称", "public"),
        Column("registration_no", "text", "注册证或备案编号", "public"),
        Column("quantity", "integer", "数量", "internal"),
        Column("moved_on", "date", "日期", "internal"),
        Column("month", "text", "月份", "internal"),
        Column("expires_on", "date", "有效期至", "internal"),
        Column("partner_uscc", "text", "往来单位信用代码", "internal"),
        Column("source", "text", "来源：form 填写、scan 扫码、import 导入等", "internal"),
        Column("marks", "text", "标记，形如 |expired|oversold|", "internal"),
        Column("marked", "boolean", "有标记", "internal"),
    ),
    source=(
        "SELECT m.id AS id, m.record_no AS title, m.firm_office_code AS office_code, "
        "m.firm_uscc AS firm_uscc, m.kind AS kind, m.di AS di, m.lot AS lot, "
        "m.product_name AS product_name, m.registration_no AS registration_no, m.quantity AS quantity, "
        f'm."on" AS moved_on, {_MONTH} AS month, m.expires_on AS expires_on, '
        "m.partner_uscc AS partner_uscc, m.source AS source, m.marks AS marks, m.marks <> '|' AS marked "
        "FROM supply_movement AS m WHERE NOT m.voided"
    ),
)

TABLES = (MOVEMENTS,)
