"""The published fact table of vigilance: reports of adverse events."""

from __future__ import annotations

from xiejian.kernel.facts import Column, FactTable
from xiejian.registry.tables import month_sql

EVENTS = FactTable(
    name="events",
    meaning="医疗器械不良事件报告，一份一行；标为重复的不计",
    key="id",
    page="/events/{key}/",
    columns=(
        Column("id", "integer", "不良事件报告记录", "internal"),
        Column("title", "text", "报告编号", "internal"),
        Column("office_code", "text", "办理机构代码", "public"),
        Column("party_id", "integer", "报告单位", "internal"),
        Column("party_name", "text", "报告单位名称", "internal"),
        Column("reporter_kind", "text", "报告单位类别：持有人、经营企业、使用单位", "internal"),
        Column("product", "text", "产品名称", "internal"),
        Column("lot", "text", "批号", "internal"),
        Column("device_class", "text", "管理类别：1、2、3，未填为空", "internal"),
        Column("harm", "text", "伤害程度：死亡、严重伤害、其他", "internal"),
        Column("term", "text", "故障表现用语，见 packs/vigilance/terms.toml；未归类为空", "internal"),
        Column("state", "text", "状态，见流程", "internal"),
        Column("event_on", "date", "事件发生日期", "internal"),
        Column("reported_on", "date", "报告日期", "internal"),
        Column("month", "text", "报告月份", "internal"),
        Column("grouped", "boolean", "属于群体事件", "internal"),
        Column("closed_on", "date", "审核完成日期", "internal"),
    ),
    source=(
        "SELECT e.id AS id, e.number AS title, e.office_code AS office_code, e.party_id AS party_id, "
        "p.name AS party_name, e.reporter_kind AS reporter_kind, e.product_name AS product, e.lot AS lot, "
        "e.device_class AS device_class, e.harm AS harm, e.term AS term, e.state AS state, "
        f"e.event_on AS event_on, e.reported_on AS reported_on, {month_sql('e.reported_on')} AS month, "
        "e.group_no <> '' AS grouped, e.closed_on AS closed_on FROM vigilance_adverseevent AS e "
        "JOIN registry_party AS p ON p.id = e.party_id WHERE e.duplicate_of_id IS NULL"
    ),
)

TABLES = (EVENTS,)
