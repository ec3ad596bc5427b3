"""Computed parts of papers that go out within the office: campaign order, notice of progress, key points."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db.models import Count, Q

from xiejian.documents import bound
from xiejian.documents.draft import Grid, Paragraph, Run, Section, Source, chinese_date
from xiejian.documents.parts import (
    AREA,
    Part,
    Scope,
    counted,
    duties,
    overdue_visits,
    pack_of,
    plan_of,
    said,
    since,
)
from xiejian.figures import filing
from xiejian.inspections import checklists
from xiejian.inspections.models import Finding
from xiejian.people.models import Office
from xiejian.planning import queries
from xiejian.planning.models import Campaign
from xiejian.planning.queries import ScopeProgress

WHO = {"stations": "各市场监督管理所（分局）", "office": "本局"}
#: how many points a report names; what offices print on one page
COMMON = 10
CADENCES = {"quarterly": "每季度一次", "monthly": "每月一次", "on_request": "按上级要求的截止日期"}


def campaign_of(scope: Scope) -> Campaign | None:
    """The newest campaign of the office that runs in the document's year."""
    rows = scope.rows(Campaign.objects.filter(starts_on__year=scope.year))
    return rows.order_by("starts_on", "id").last()


def _date(text: str) -> str:
    return chinese_date(date.fromisoformat(text))


# --- campaign order ---------------------------------------------------------------------------------------


def campaign_group(scope: Scope) -> Part:
    """The leading group: roles, names where the office filled them in, posts."""
    campaign = campaign_of(scope)
    rows = [
        (Run(member.get("role", "")), Run(member.get("name") or "—"), Run(member.get("post", "")))
        for member in (campaign.leading_group if campaign else ())
    ]
    if not rows:
        return Part((said("领导小组成员由本局另行确定。"),))
    return Part((Grid(("职务", "姓名", "单位及职务"), tuple(rows), (1.2, 1.2, 4)),))


def campaign_scope(scope: Scope) -> Part:
    """What is looked at: every item of the scope with how many parties it names."""
    campaign = campaign_of(scope)
    if campaign is None:
        return Part()
    progress = {p.id: p for p in queries.campaign_progress(scope.reader, campaign, scope.until)}
    sections, sources = [], []
    for item in campaign.scope:
        paragraph, source = _scope_item(scope, item, progress[item["id"]])
        sections.append(Section(item["title"], 2, (paragraph,)))
        sources += [source] if source else []
    return Part((), tuple(sections), tuple(sources))


def _scope_item(
    scope: Scope, item: Mapping[str, Any], progress: ScopeProgress
) -> tuple[Paragraph, Source | None]:
    links = "、".join(item["links"])
    head = f"检查环节：{links}。{item['meaning'].rstrip('。')}。"
    if not progress.parties:
        return said(
            head + (f"（{item['absent']}。）" if item.get("absent") else "名录中暂无此类对象。")
        ), None
    source = counted(
        f"scope_{item['id']}", f"{item['title']}对象", progress.parties, "家",
        f"名录中未注销、{links}环节、属于本项品种的单位（{item['citation']}）", since(scope),
    )  # fmt: skip
    rules = ["实行清单管理，全覆盖检查"] if item.get("list_managed") else []
    if item.get("full_item"):
        rules.append("每家按质量管理规范开展全项目检查")
    return said(head + "现有", source, "家" + ("，" + "，".join(rules) if rules else "") + "。"), source


def campaign_tasks(scope: Scope) -> Part:
    """Who does what, and which reports are due when."""
    campaign = campaign_of(scope)
    if campaign is None:
        return Part()
    names = queries.office_names(task["office_code"] for task in campaign.tasks if task.get("office_code"))
    doers: dict[str, list[str]] = defaultdict(list)
    for task in campaign.tasks:
        due = f"，{_date(task['due_on'])}前完成" if task.get("due_on") else ""
        who = names.get(task.get("office_code", "")) or WHO.get(task.get("who", ""), "各责任单位")
        doers[f"{str(task['content']).rstrip('。')}{due}。"].append(who)
    lines = [f"{_together(who, names)}：{content}" for content, who in doers.items()]
    for report in campaign.reports:
        when = _date(report["due_on"]) + "前" if report.get("due_on") else ""
        when = when or CADENCES.get(report.get("cadence", ""), "")
        content = f"，内容为{report['content'].rstrip('。')}" if report.get("content") else ""
        who = WHO.get(report.get("who", ""), "各责任单位")
        lines.append(f"{who}{when}向{report.get('to', '本局')}报送《{report['title']}》{content}。")
    each = dict.fromkeys(lines)  # a report that every station owes is stored once per station
    return Part(tuple(said(f"{number}. {line}") for number, line in enumerate(each, 1)))


def _together(who: list[str], names: Mapping[str, str]) -> str:
    """The doers of one task: all stations in one word, a few by their names."""
    return WHO["stations"] if len(names) > 1 and set(who) == set(names.values()) else "、".join(who)


# --- notice of progress -----------------------------------------------------------------------------------


def stations(scope: Scope) -> Part:
    """How far each responsible office has come with the plan, and what it let run over its date."""
    plan = plan_of(scope, scope.year)
    late = Counter(code for code, _, _, _ in overdue_visits(scope))
    if plan is None:
        return Part((said("本年度本级没有在系统中编制检查计划。"),))
    offices = [row for row in queries.progress(scope.reader, plan, scope.until) if row.own_owed]
    rows, sources = [], []
    for row in offices:
        numbers = (
            _cell(scope, row.office_code, "planned", "计划家次", row.own_owed),
            _cell(scope, row.office_code, "done", "完成家次", row.own_done),
            Source(
                f"office_{row.office_code}_share", "完成率",
                bound.written(bound.percent(row.own_done, row.own_owed), "%"), "", "完成家次 ÷ 计划家次",
                since(scope), row.own_done, listed=False,
            ),
            _cell(scope, row.office_code, "late", "超期整改", late[row.office_code]),
        )  # fmt: skip
        sources += numbers
        rows.append((Run(row.office), *(Run(source.value, source.id) for source in numbers)))
    grid = Grid(
        ("单位", "计划家次", "完成家次", "完成率", "超期整改"),
        tuple(rows),
        (4, 1.5, 1.5, 1.3, 1.7),
    )
    behind = [row.office for row in offices if row.own_done < row.own_owed]
    blocks: list[Paragraph | Grid] = [grid]
    if behind:
        blocks.append(said(f"尚未完成计划的单位：{'、'.join(behind)}。请倒排时间，逐项补齐。"))
    return Part(tuple(blocks), (), tuple(sources))


def _cell(scope: Scope, code: str, key: str, meaning: str, number: int) -> Source:
    return counted(
        f"office_{code}_{key}",
        meaning,
        number,
        "",
        "年度计划任务与检查、整改台账",
        since(scope),
        listed=False,
    )


def filings(scope: Scope) -> Part:
    """Which tables the office and those below it have not handed up, or handed up late."""
    names = dict(scope.rows(Office.objects.all(), "code").values_list("code", "name"))
    found: dict[str, list[str]] = defaultdict(list)
    for duty in filing.obligations_of(names, scope.until):
        if duty.state in ("逾期", "退回"):
            entry = f"《{duty.title}》（{chinese_date(duty.due_on)}前，{duty.state}）"
            found[names[duty.office_code]].append(entry)
    if not found:
        return Part((said("没有逾期未报或被退回未重报的统计报表。"),))
    lines = (said(f"{name}：{'、'.join(names)}。") for name, names in found.items())
    return Part((said("下列统计报表逾期未报或被退回未重报，请尽快补报："), *lines))


def overdue(scope: Scope) -> Part:
    """The orders past their date, with the office that has to close them."""
    late = overdue_visits(scope)
    if not late:
        return Part((said("没有超期未办结的责令整改事项。"),))
    names = queries.office_names(code for code, _, _, _ in late)
    rows = tuple(
        (Run(names[code]), Run(number), Run(party), Run(due.isoformat())) for code, number, party, due in late
    )
    return Part((Grid(("责任单位", "编号", "单位名称", "整改期限"), rows, (3, 2.4, 4, 1.8)),))


# --- key points -------------------------------------------------------------------------------------------


def key_objects(scope: Scope) -> Part:
    """What the rules name as the focus, each with its clause."""
    pack = pack_of(scope)
    if pack is None:
        return Part()
    rows = [row for row in pack.rows_on(scope.until) if row.decides == "focus" and AREA in row.areas]
    entries: Iterable[tuple[str, str, bool]] = [(r.meaning, r.citation, r.unverified) for r in rows]
    entries = [*entries, *((p.meaning, p.citation, p.unverified) for p in pack.principles)]
    lines = (
        said(f"{number}. {meaning.rstrip('。')}（依据：{citation}{'*' if unverified else ''}）。")
        for number, (meaning, citation, unverified) in enumerate(entries, 1)
    )
    return Part(tuple(lines))


def campaigns(scope: Scope) -> Part:
    """The campaigns of the year: term, subject, who hands in what."""
    rows = scope.rows(Campaign.objects.filter(starts_on__year=scope.year)).order_by("starts_on", "id")
    lines = [
        said(
            f"{number}. {row.title}：{chinese_date(row.starts_on)}至{chinese_date(row.ends_on)}，"
            f"重点为{'、'.join(item['title'] for item in row.scope if not item.get('absent'))}。"
        )
        for number, row in enumerate(rows, 1)
    ]
    return Part(tuple(lines or [said("按照上级统一部署组织开展专项整治。")]))


def this_years_duties(scope: Scope) -> Part:
    """The duties of the document's own year; a plan asks for those of the year after."""
    return duties(scope, scope.year)


# --- quality report ---------------------------------------------------------------------------------------


def common_problems(scope: Scope) -> Part:
    """The checklist points that were not met most often, with how many of them were severe."""
    found = scope.rows(Finding.objects.filter(state="not_conform"), "visit__office_code").filter(
        visit__visited_on__range=(scope.from_on, scope.until), visit__party__area__contains=AREA
    )
    lists = checklists.checklists().values()
    texts = {point.id: point.text for one in lists for point in one.points}
    # a list for drugs may take device points in: what no device list asks is not counted here
    asked = {point.id for one in lists if AREA in one.areas for point in one.points}
    found = found.exclude(point__in=set(texts) - asked)
    severe = Count("id", filter=Q(severe=True))
    counts = found.values("point", "clause").annotate(n=Count("id"), bad=severe).order_by("-n", "point")
    rows, sources = [], []
    for entry in counts[:COMMON]:
        text = texts.get(entry["point"], entry["point"])
        numbers = tuple(
            counted(
                f"point_{entry['point']}_{key}", f"{text}{label}", entry[key], "处",
                f"检查条款结果为不符合的条数（{entry['clause']}）", since(scope), listed=False,
            )
            for key, label in (("n", "不符合"), ("bad", "其中严重"))
        )  # fmt: skip
        sources += numbers
        rows.append((Run(f"{text}（{entry['clause']}）"), *(Run(s.value, s.id) for s in numbers)))
    if not rows:
        return Part((said("期内检查没有记录不符合的检查条款。"),))
    grid = Grid(("检查要求（依据）", "不符合（处）", "其中严重"), tuple(rows), (7, 1.5, 1.3), "较多见的问题")
    return Part((grid,), (), tuple(sources))


PARTS = {
    "common_problems": common_problems,
    "campaign_group": campaign_group,
    "campaign_scope": campaign_scope,
    "campaign_tasks": campaign_tasks,
    "stations": stations,
    "filings": filings,
    "overdue": overdue,
    "key_objects": key_objects,
    "campaigns": campaigns,
    "this_years_duties": this_years_duties,
}
