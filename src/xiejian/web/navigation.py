"""The menu in the order of the year: a line shows when its page exists and the role may open it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from xiejian.people.policy import Actor, may


@dataclass(frozen=True)
class Entry:
    """One line: the URL name it opens, its icon in icons.svg, the permission of its page ('' for everyone).

    ``section`` names the address prefix that marks the line as the current one; without it the
    line's own address is that prefix.
    """

    label: str
    url_name: str
    icon: str
    permission: str
    section: str = ""


MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "首页",
        (
            Entry("今日", "home", "home", ""),
            Entry("领导视图", "leader", "chart-bar", "planning.view"),
        ),
    ),
    (
        "监管对象",
        (
            Entry("名录", "party_list", "building-store", "registry.view"),
            Entry("证照与产品", "licence_list", "certificate", "registry.view"),
        ),
    ),
    (
        "计划",
        (
            Entry("分级", "grading", "stack-2", "planning.view"),
            Entry("年度计划", "plan_board", "calendar-event", "planning.view", "/plan/"),
            Entry("检查顺序", "visit_order", "list-details", "planning.view"),
            Entry("规则推演", "what_if", "trending-up", "planning.plan"),
            Entry("排班", "schedule_board", "users", "planning.view", "/schedule/"),
            Entry("双随机", "draw_list", "dice", "planning.view"),
            Entry("专项整治", "campaign_list", "flag", "planning.view"),
        ),
    ),
    (
        "检查",
        (
            Entry("检查任务与记录", "visit_list", "clipboard-list", "inspections.view"),
            Entry("整改闭环", "correction_list", "clipboard-check", "inspections.view"),
            Entry("工作联系单", "liaison_list", "phone", "inspections.view"),
            Entry("企业自查", "self_inspection_list", "clipboard-check", "self_inspections.view"),
            Entry("停产整改", "stop_list", "alert-triangle", "inspections.view"),
            Entry("备案核查", "filing_list", "certificate", "inspections.view"),
            Entry("监督抽检", "sample_list", "flask", "sampling.view"),
            Entry("现场（离线）", "field", "map-pin", "inspections.visit"),
            Entry("现场数据", "received", "upload", "inspections.view"),
            Entry("检查表", "checklist_list", "list-details", "inspections.view"),
        ),
    ),
    (
        "线索",
        (
            Entry("投诉举报与线索", "lead_list", "bell", "leads.view"),
            Entry("网络监测", "listing_list", "eye", "online.view"),
            Entry("协查", "assistance_list", "external-link", "assistance.view"),
        ),
    ),
    (
        "监测",
        (
            Entry("不良事件", "event_list", "bell", "vigilance.view", "/events/"),
            Entry("信号", "event_signals", "trending-up", "vigilance.view"),
            Entry("冷链", "coldchain", "trending-up", "coldchain.view", "/coldchain/"),
            Entry("进销存", "supply_list", "table", "supply.view", "/supply/"),
            Entry("追溯", "trace", "sitemap", "supply.view", "/trace/"),
            Entry("进销存矛盾", "contradictions", "alert-triangle", "supply.view"),
            Entry("召回", "recall_list", "history", "vigilance.view", "/recalls/"),
            Entry("医疗机构设备", "hospital_list", "building-community", "hospitals.view", "/hospitals/"),
        ),
    ),
    (
        "风险",
        (
            Entry("风险清单", "risk_list", "alert-triangle", "risks.view", "/risks/items/"),
            Entry("风险会商", "risk_meetings", "users", "risks.view", "/risks/"),
        ),
    ),
    (
        "企业协同",
        (
            Entry("企业与账号", "connected_list", "building-store", "firms.view", "/firms/"),
            Entry("企业通知", "notice_list", "bell", "firms.view", "/firms/notices/"),
            Entry("状况报告", "status_report_list", "file-text", "firms.view", "/firms/reports/"),
            Entry("企业培训", "course_list", "school", "firms.view", "/firms/courses/"),
            Entry("示范创建", "exemplary_list", "flag", "firms.view", "/firms/examples/"),
        ),
    ),
    (
        "案件",
        (
            Entry("案件办理", "proceeding_list", "scale", "cases.view"),
            Entry("案件与约谈", "case_list", "gavel", "cases.view", "/cases/"),
            Entry("案件移送", "handover_list", "arrow-right", "cases.view"),
            Entry("处罚公示", "publication_list", "eye", "cases.view", "/publications/"),
            Entry("典型案例", "typical_list", "book", "cases.view"),
        ),
    ),
    (
        "信用",
        (
            Entry("信用等级", "credit_list", "scale", "credit.view", "/credit/"),
            Entry("信用评定结果", "credit_grades", "list-details", "credit.view"),
            Entry("信用名单", "credit_entries", "flag", "credit.view", "/credit/lists/"),
            Entry("公开承诺", "credit_commitments", "file-text", "credit.view"),
        ),
    ),
    (
        "报表文书",
        (
            Entry("统计报表", "table_list", "table", "figures.view"),
            Entry("计划与总结", "document_list", "file-text", "documents.view"),
        ),
    ),
    (
        "法规",
        (
            Entry("法规库", "law_list", "list-details", "rules.view"),
            Entry("规则库", "rule_book", "book", "rules.view"),
            Entry("编号核验", "number", "id", "rules.view"),
            Entry("唯一标识", "udi", "certificate", "rules.view"),
            Entry("时限计算", "due", "clock", "rules.view"),
            Entry("罚款幅度", "penalty", "scale", "rules.view"),
        ),
    ),
    (
        "系统",
        (
            Entry("机构人员", "office_list", "sitemap", "people.view"),
            Entry("网络人员与培训", "network_list", "school", "people.view"),
            Entry("机构坐标", "place_list", "map-pin", "planning.places"),
            Entry("时限重算", "clock_recompute", "clock", "clocks.recompute", "/clocks/"),
            Entry("现场设备", "device_list", "phone", "people.view"),
            Entry("审计", "audit_list", "history", "audit.view"),
        ),
    ),
)


@dataclass(frozen=True)
class Item:
    """A line of the menu as shown: its address, and whether the page that is open belongs to it."""

    label: str
    icon: str
    href: str
    current: bool


def _address(entry: Entry) -> str | None:
    try:
        return reverse(entry.url_name)
    except NoReverseMatch:
        return None


def menu(
    request: HttpRequest, actor: Actor, groups: tuple[tuple[str, tuple[Entry, ...]], ...] = MENU
) -> list[tuple[str, list[Item]]]:
    """The groups and lines that ``actor`` may open; the longest matching section is the current one."""
    shown: list[tuple[str, list[tuple[Entry, str]]]] = []
    for group, entries in groups:
        open_to = [e for e in entries if not e.permission or may(actor, e.permission)]
        lines = [(e, href) for e in open_to if (href := _address(e)) is not None]
        if lines:
            shown.append((group, lines))
    prefixes = [e.section or href for _, lines in shown for e, href in lines]
    matching = [p for p in prefixes if request.path == p or (p != "/" and request.path.startswith(p))]
    current = max(matching, key=len, default=None)
    return [
        (group, [Item(e.label, e.icon, href, (e.section or href) == current) for e, href in lines])
        for group, lines in shown
    ]
