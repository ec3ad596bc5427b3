"""The menu of a firm's pages: a line shows when its page exists and the role may open it."""

from __future__ import annotations

from collections.abc import Collection

from xiejian.web.navigation import Entry

MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "待办",
        (
            Entry("待办", "firm_home", "home", "firm.view"),
        ),
    ),
    (
        "监管部门",
        (
            Entry("通知", "firm_notices", "bell", "firm.view"),
            Entry("整改", "firm_corrections", "clipboard-check", "firm.view"),
            Entry("自查", "firm_self_inspections", "list-details", "firm.inspect"),
            Entry("联系单", "firm_liaisons", "phone", "firm.view"),
            Entry("状况报告", "firm_reports", "file-text", "firm.view"),
            Entry("证照与产品", "firm_licences", "certificate", "firm.view"),
            Entry("公开承诺", "firm_commitments", "scale", "firm.view"),
            Entry("培训", "firm_courses", "school", "firm.view"),
            Entry("示范创建", "firm_examples", "flag", "firm.view"),
        ),
    ),
    (
        "监测与召回",
        (
            Entry("不良事件", "firm_event_list", "bell", "firm.report"),
            Entry("召回", "firm_recall_list", "history", "firm.report"),
        ),
    ),
    (
        "医院设备与植入",
        (
            Entry("设备", "firm_devices", "checklist", "firm.hospital"),
            Entry("植入登记", "firm_implants", "clipboard-list", "firm.hospital"),
            Entry("库存效期", "firm_hospital_expiry", "clock", "firm.hospital"),
            Entry("监测员", "firm_hospital_reporters", "users", "firm.report"),
            Entry("病案还原", "firm_hospital_patients", "lock", "firm.patients"),
        ),
    ),
    (
        "进销存",
        (
            Entry("进销存记录", "firm_supply", "table", "firm.supply"),
            Entry("库存", "firm_stock", "building-store", "firm.supply"),
            Entry("批次停用", "firm_holds", "lock", "firm.supply"),
            Entry("追溯", "firm_trace", "sitemap", "firm.supply", "/firm/trace/"),
            Entry("往来单位", "firm_partners", "building-community", "firm.supply"),
            Entry("产品档案", "firm_cards", "list-details", "firm.supply"),
        ),
    ),
    (
        "冷链",
        (
            Entry("冷链异常", "firm_excursions", "alert-triangle", "firm.view"),
            Entry("温度记录仪", "firm_loggers", "trending-up", "firm.view"),
        ),
    ),
    (
        "质量",
        (
            Entry("法规与通告", "firm_watched", "scale", "firm.view"),
            Entry("质量文件", "firm_quality_documents", "file-text", "firm.view"),
            Entry("培训计划", "firm_trainings", "school", "firm.view"),
            Entry("内审与纠正预防", "firm_findings", "clipboard-check", "firm.view"),
            Entry("顾客反馈", "firm_feedback", "phone", "firm.view"),
        ),
    ),
    (
        "销售与售后",
        (
            Entry("销售日报", "firm_sales_daily", "chart-bar", "firm.sales_view"),
            Entry("客户", "firm_customers", "building-store", "firm.sales_view"),
            Entry("合同", "firm_contracts", "file-text", "firm.sales_view"),
            Entry("价格", "firm_price_lists", "scale", "firm.sales_view"),
            Entry("订单", "firm_orders", "list-details", "firm.sales_view"),
            Entry("发货", "firm_shipments", "arrow-right", "firm.view"),
            Entry("退货", "firm_returns", "refresh", "firm.view"),
            Entry("应收", "firm_receivables", "trending-up", "firm.sales_view"),
            Entry("售后", "firm_tickets", "phone", "firm.sales_view"),
            Entry("销售设置", "firm_sales_settings", "settings", "firm.sales_view"),
        ),
    ),
    (
        "本单位",
        (
            Entry("人员账号", "firm_accounts", "users", "firm.manage"),
            Entry("接口密钥", "firm_keys", "key", "firm.manage"),
        ),
    ),
)  # fmt: skip
#: groups for firms of these links only: the menu is shorter, what may be opened is not decided by it
FOR_LINKS = {"医院设备与植入": {"使用"}, "销售与售后": {"生产", "经营", "网络销售"}}


def groups_for(links: Collection[str]) -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    """The groups of the menu for a firm that works in these links; all of them where none is known."""
    known = set(links)
    return tuple(
        (group, entries)
        for group, entries in MENU
        if not known or group not in FOR_LINKS or FOR_LINKS[group] & known
    )
