"""The published fact table of offers on the internet."""

from __future__ import annotations

from xiejian.kernel.facts import Column, FactTable
from xiejian.registry.tables import PARTY_COLUMNS, PARTY_SQL, month_sql

# an offer may name no seller of the register; what monitoring looks at is devices
_PARTY_SQL = PARTY_SQL.replace("p.area AS area", "COALESCE(p.area, '医疗器械') AS area").replace(
    "p.division_code AS division_code", "COALESCE(p.division_code, d.office_code) AS division_code"
)

LISTINGS = FactTable(
    name="listings",
    meaning="网络监测发现的商品信息，一条一行",
    key="id",
    page="/online/{key}/",
    columns=(
        Column("id", "integer", "网络监测记录", "internal"),
        Column("title", "text", "编号", "internal"),
        Column("office_code", "text", "办理机构代码", "public"),
        Column("link", "text", "环节：网络销售", "public"),
        Column("tags", "text", "经营单位在网络销售环节的品种标签，形如 |无菌|植入|", "public"),
        *PARTY_COLUMNS,
        Column("source", "text", "来源：上级交办、平台报送、自行巡查、外地移送", "internal"),
        Column("platform", "text", "平台", "internal"),
        Column("shop", "text", "店铺", "internal"),
        Column("state", "text", "状态，见流程", "internal"),
        Column("suspect", "boolean", "有涉嫌违法提示", "internal"),
        Column("outcome", "text", "处置结果：未发现问题、责令下架、移交、线下检查、立案、已失效", "internal"),
        Column("received_on", "date", "清单收到日期", "internal"),
        Column("month", "text", "清单收到月份", "internal"),
        Column("due_on", "date", "清单反馈期限", "internal"),
        Column("checked_on", "date", "核查日期", "internal"),
        Column("disposed_on", "date", "处置日期", "internal"),
        Column("days", "integer", "处置用时，从清单收到之日起的天数，未处置为空", "internal"),
        Column("reported_on", "date", "反馈日期", "internal"),
        Column("in_time", "boolean", "在反馈期限内反馈，没有期限的只要已反馈", "internal"),
        Column("visited", "boolean", "安排了线下检查", "internal"),
    ),
    source=(
        "SELECT d.id AS id, d.number AS title, d.office_code AS office_code, '网络销售' AS link, "
        f"COALESCE(l.tags, '|') AS tags, {_PARTY_SQL}, m.source AS source, d.platform AS platform, "
        "d.shop AS shop, d.state AS state, d.suspect AS suspect, d.outcome AS outcome, "
        f"m.received_on AS received_on, {month_sql('m.received_on')} AS month, m.due_on AS due_on, "
        "d.checked_on AS checked_on, d.disposed_on AS disposed_on, d.days AS days, "
        "d.reported_on AS reported_on, (d.reported_on IS NOT NULL AND (m.due_on IS NULL "
        "OR d.reported_on <= m.due_on)) AS in_time, d.visit_id IS NOT NULL AS visited "
        "FROM online_listing AS d JOIN online_monitoringlist AS m ON m.id = d.source_list_id "
        "LEFT JOIN registry_party AS p ON p.id = d.seller_id "
        "LEFT JOIN registry_partylink AS l ON l.party_id = d.seller_id AND l.link = '网络销售'"
    ),
)  # fmt: skip

TABLES = (LISTINGS,)
