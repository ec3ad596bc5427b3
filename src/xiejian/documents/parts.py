"""The computed parts of a document: levels, promises, shortfalls, duties, focus list, deadlines, returns.

Each part is a function of the ``Scope`` and gives blocks and the sources of their numbers. A part asks
its rooms set by set, never party by party, and only for what the actor may see.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, TypeVar

from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet

from xiejian.cases.models import Case
from xiejian.documents import bound
from xiejian.documents.draft import Grid, Paragraph, Run, Section, Source, chinese_date
from xiejian.documents.templates import SetValue
from xiejian.figures import forms
from xiejian.figures.forms import Due
from xiejian.inspections.models import Correction, Visit
from xiejian.kernel import packs
from xiejian.kernel.divisions import TIER_LABELS, stem
from xiejian.kernel.kinds import label as kind_label
from xiejian.kernel.packs import Duty, Pack
from xiejian.people.models import Office
from xiejian.people.policy import Actor, visible
from xiejian.planning import queries
from xiejian.planning.models import Grade, GradeRun, Plan
from xiejian.planning.queries import TaskState
from xiejian.registry.models import LINKS, PartyLink
from xiejian.sampling.queries import failed_parties

M = TypeVar("M", bound=Model)
AREA = "医疗器械"
LEVELS = (4, 3, 2, 1)
LEVEL_NAMES = {4: "四级", 3: "三级", 2: "二级", 1: "一级", None: "未定级"}
EXPIRING_LINKS = {
    "certificates_expiring_makers": "生产",
    "certificates_expiring_distributors": "经营",
    "certificates_expiring_use_units": "使用",
    "certificates_expiring_online": "网络销售",
}
EXPIRING = ("certificates_expiring", *EXPIRING_LINKS)
#: rows that a list in running text shows before it points to the register
LISTED = 30


@dataclass(frozen=True)
class Scope:
    """What a document is about: whose year, seen by whom."""

    office: Office
    by: Actor
    year: int
    from_on: date
    until: date
    values: dict[str, SetValue] = field(default_factory=dict)

    @property
    def reader(self) -> Actor:
        """The actor as seen from the document's office: what is not of it or below it is out of sight.

        Whoever makes a ``Scope`` has asked before whether the actor may see this office.
        """
        return replace(self.by, office_code=self.office.code)

    def rows(self, queryset: QuerySet[M], path: str = "office_code") -> QuerySet[M]:
        """What there is of the office and the offices below it."""
        return visible(queryset, self.reader, path)

    @property
    def links(self) -> QuerySet[PartyLink]:
        """The device parties in their links, cancelled ones left out."""
        rows = self.rows(PartyLink.objects.all(), "party__office_code")
        return rows.filter(party__area__contains=AREA).exclude(party__status="注销")


@dataclass(frozen=True)
class Part:
    """Blocks under the section's own text, further sections after it, and the sources of the numbers."""

    blocks: tuple[Paragraph | Grid, ...] = ()
    sections: tuple[Section, ...] = ()
    sources: tuple[Source, ...] = ()


def said(*pieces: str | Source) -> Paragraph:
    """A paragraph of text and computed numbers."""
    runs = [Run(p.value, p.id) if isinstance(p, Source) else Run(p) for p in pieces]
    return Paragraph(tuple(run for run in runs if run.text))


def counted(
    key: str, meaning: str, number: int, unit: str, definition: str, period: str, **more: Any
) -> Source:
    """A number that is a count of records."""
    return Source(key, meaning, str(number), unit, definition, period, number, **more)


def since(scope: Scope) -> str:
    """The period of a stock figure."""
    return f"截至{chinese_date(scope.until)}"


def figures(scope: Scope, ids: Iterable[str], *, next_year: bool = False) -> dict[str, Source]:
    """Measures of the document's own period, or of the time from its end to the end of the year to come."""
    from_on, until = scope.from_on, scope.until
    if next_year:
        from_on, until = scope.until + timedelta(days=1), date(scope.year + 1, 12, 31)
    return bound.sources(tuple(ids), from_on=from_on, until=until, office_code=scope.office.code)


# --- levels -----------------------------------------------------------------------------------------------


def levels(scope: Scope) -> Part:
    """How many parties stand at which level, by link."""
    counts: dict[tuple[str, int | None], int] = {
        (row["link"], row["level"]): row["n"]
        for row in scope.links.values("link", "level").annotate(n=Count("id")).order_by()
    }
    if all(level is None for _, level in counts):
        return Part()  # nothing graded, or a regime without levels: no table of blanks
    graded = {link for link, level in counts if level is not None}
    present = [link for link in LINKS if link in graded]
    free = [link for link in LINKS if any(key[0] == link for key in counts) and link not in graded]
    shown = [
        level
        for level in (*LEVELS, None)
        if any(key in counts for key in ((link, level) for link in present))
    ]
    rows, sources = [], []
    for link in present:
        cells: list[Run] = [Run(link)]
        for level in shown:
            number = counts.get((link, level), 0)
            source = counted(
                f"level_{link}_{level or 0}", f"{link}环节{LEVEL_NAMES[level]}", number, "家",
                "名录中未注销的医疗器械监管对象，按环节和最近一次分级结果计数", since(scope), listed=False,
            )  # fmt: skip
            sources.append(source)
            cells.append(Run(source.value, source.id))
        cells.append(Run(str(sum(counts.get((link, level), 0) for level in shown))))
        rows.append(tuple(cells))
    columns = ("环节", *(LEVEL_NAMES[level] for level in shown), "合计")
    widths = (2.0, *(1.0 for _ in shown), 1.0)
    caption = f"监管级别分布（家，{since(scope)}）"
    blocks: list[Paragraph | Grid] = [Grid(columns, tuple(rows), widths, caption)]
    if free:
        blocks.append(said(f"{'、'.join(free)}环节现行规则未划分级别，按规定的频次和覆盖率监管。"))
    return Part(tuple(blocks), (), tuple(sources))


# --- what is open -----------------------------------------------------------------------------------------


def overdue_visits(scope: Scope) -> list[tuple[str, str, str, date]]:
    """Orders past their date and not closed: (office, number, party, due), the oldest first.

    An order of the correction workflow, or a visit that came in with an order and no passed re-check.
    """
    orders = scope.rows(Correction.objects.all()).filter(due_on__lt=scope.until, closed_on__isnull=True)
    orders = orders.filter(visit__party__area__contains=AREA).select_related("visit__party")
    found = [(o.office_code, o.number, o.visit.party.name, o.due_on) for o in orders]
    imported = scope.rows(Visit.objects.all()).filter(order_issued=True, correct_by__lt=scope.until)
    imported = imported.exclude(recheck_result="通过").exclude(state__in=("planned", "cancelled"))
    imported = imported.filter(~Exists(Correction.objects.filter(visit=OuterRef("pk"))))
    found += [
        (visit.office_code, visit.number, visit.party.name, visit.correct_by)
        for visit in imported.filter(party__area__contains=AREA).select_related("party")
        if visit.correct_by
    ]
    return sorted(found, key=lambda row: (row[3], row[1]))


def deadlines(scope: Scope) -> Part:
    """Overdue corrections, and certificates that expire by the end of the year to come."""
    blocks: list[Paragraph | Grid] = []
    stock = figures(scope, ("orders_overdue", "certificates_expired"))
    overdue, expired = stock["orders_overdue"], stock["certificates_expired"]
    if overdue.records:
        blocks.append(said("责令整改已超期未办结的", overdue, "件，逐件复查，拒不整改的依法处理："))
        rows = [
            (Run(number), Run(name), Run(due.isoformat()), Run(str((scope.until - due).days)))
            for _, number, name, due in overdue_visits(scope)[:LISTED]
        ]
        columns = ("文书（检查）编号", "单位名称", "整改期限", "超期天数")
        blocks.append(Grid(columns, tuple(rows), (3, 5, 2, 1.4)))
    else:
        blocks.append(said("没有超期未办结的责令整改事项。"))
    coming = figures(scope, EXPIRING, next_year=True)
    expiring = coming["certificates_expiring"]
    if expiring.records:
        parts = [coming[key] for key in EXPIRING[1:] if coming[key].records]
        inner: list[str | Source] = []
        for source in parts:
            inner += ["、" if inner else "", f"{EXPIRING_LINKS[source.id]}环节", source, "家"]
        blocks.append(
            said(f"{scope.year + 1}年内证照到期的", expiring, "家（", *inner, "），提前提醒办理延续。")
        )
    if expired.records:
        blocks.append(said("证照已过期而未注销的", expired, "家，逐家核实，告知办理延续或注销。"))
    listed = (overdue, expired, *coming.values())
    return Part(tuple(blocks), (), tuple(source for source in listed if source.records))


def shortfalls(scope: Scope) -> Part:
    """What the year left undone beside what the template's own sentences say."""
    seen = scope.rows(Visit.objects.all()).filter(visited_on__range=(scope.from_on, scope.until))
    seen = seen.exclude(state__in=("planned", "cancelled"))
    number = scope.links.filter(link="生产").exclude(party_id__in=seen.values("party_id")).count()
    if not number:
        return Part()
    source = counted(
        "makers_unseen",
        "全年未检查的生产企业",
        number,
        "家",
        "名录中未注销而全年没有检查记录的生产企业",
        since(scope),
    )
    return Part((said("全年未检查的生产企业", source, "家，检查覆盖仍有空白。"),), (), (source,))


# --- promises ---------------------------------------------------------------------------------------------


def plan_of(scope: Scope, year: int) -> Plan | None:
    """The plan that stands for the office itself: its own or one above it, never that of one office below."""
    plan = queries.current_plan(scope.reader, year)
    own = plan is not None and stem(scope.office.code).startswith(stem(plan.office_code))
    return plan if own else None


def promises(scope: Scope) -> Part:
    """The year's plan line by line: what was promised, what was done, what is left."""
    plan = plan_of(scope, scope.year)
    if plan is None:
        return Part((said(f"{scope.year}年度本级没有在系统中编制检查计划，完成情况以检查台账为准。"),))
    states = queries.task_states(scope.reader, plan, scope.until)
    total = _tally("plan", "年度计划", states, scope)
    planned, done, share, left = total
    first = said(
        "年度计划安排检查", planned, "家次，完成", done, "家次，完成率", share,
        *(("；未完成", left, "家次，转入下年度优先安排。") if left.records else ("。",)),
    )  # fmt: skip
    rows, sources = [], list(total)
    made = _visits_by_link_and_kind(scope)
    for rule, promise in _promised(plan).items():
        mine = [state for state in states if rule in state.rules]
        mark = "*" if promise["unverified"] else ""
        said_as = Run(f"{promise['meaning'].rstrip('。')}（{promise['citation']}{mark}）")
        if mine:
            numbers = _tally(f"plan_{rule}", promise["meaning"], mine, scope, listed=False)[:3]
            rows.append((said_as, *(Run(source.value, source.id) for source in numbers)))
        elif promise["planned"]:
            continue  # planned for other offices than this one
        else:
            numbers = (_answered(scope, rule, promise, made),)
            rows.append((said_as, Run("未定次数"), Run(numbers[0].value, numbers[0].id), Run("—")))
        sources += numbers
    columns = ("计划事项（依据）", "计划家次", "完成家次", "完成率")
    grid = Grid(columns, tuple(rows), (7, 1.4, 1.4, 1.4), "年度计划逐项完成情况")
    note = said(
        "注：一次检查可同时落实几项计划事项，各项分别计入；未定次数的事项列出相应环节已实施的检查家次。"
    )
    return Part((first, grid, note), (), tuple(sources))


def _promised(plan: Plan) -> dict[str, dict[str, Any]]:
    """Rule → what the plan says of it: those with planned visits first, then those without a number."""
    promised = sorted(plan.rules, key=lambda entry: (not entry["planned"], LINKS.index(entry["links"][0])))
    found: dict[str, dict[str, Any]] = {}
    for entry in promised:  # a rule stands once for each area that it is counted over
        found.setdefault(entry["rule"], entry)
    return found


def _visits_by_link_and_kind(scope: Scope) -> dict[tuple[str, str], int]:
    visits = scope.rows(Visit.objects.filter(state="concluded"))
    visits = visits.filter(visited_on__range=(scope.from_on, scope.until))
    counts = visits.values("link", "kind").annotate(n=Count("id")).order_by()
    return {(row["link"], row["kind"]): row["n"] for row in counts}


def _answered(
    scope: Scope, rule: str, promise: Mapping[str, Any], made: Mapping[tuple[str, str], int]
) -> Source:
    """The visits that answer a promise without a number: those of its links, re-checks by their kind."""
    follow_up = kind_label("follow_up")
    number = sum(
        n
        for (link, kind), n in made.items()
        if link in promise["links"] and (promise["kind"] != "follow_up" or kind == follow_up)
    )
    definition = f"{'、'.join(promise['links'])}环节期内已实施的检查"
    return counted(
        f"plan_{rule}_made", promise["meaning"], number, "家次", definition, since(scope), listed=False
    )


def _tally(
    key: str, name: str, states: Iterable[TaskState], scope: Scope, *, listed: bool = True
) -> tuple[Source, Source, Source, Source]:
    """Planned, done, share and left of some tasks, in visits."""
    states = list(states)
    owed, done = sum(s.times for s in states), sum(s.done for s in states)
    period, more = since(scope), {"listed": listed}
    share = bound.written(bound.percent(done, owed), "%")
    return (
        counted(f"{key}_planned", f"{name}计划家次", owed, "家次", "检查任务的计划次数合计", period, **more),
        counted(f"{key}_done", f"{name}完成家次", done, "家次", "由检查记录对应到任务的次数", period, **more),
        Source(f"{key}_share", f"{name}完成率", share, "", "完成家次 ÷ 计划家次", period, done, **more),
        counted(
            f"{key}_left", f"{name}未完成家次", owed - done, "家次", "计划次数减完成次数", period, **more
        ),
    )


# --- duties -----------------------------------------------------------------------------------------------


def pack_of(scope: Scope) -> Pack | None:
    """The grading pack the office plans by: that of its newest plan, else the last of its own packs."""
    newest = plan_of(scope, scope.year + 1) or plan_of(scope, scope.year)
    if newest:
        return packs.load(newest.pack)
    own = [pack for pack in scope.office.packs if pack in packs.known()]
    return packs.load(own[-1]) if own else None


def affected(scope: Scope, pack: Pack) -> dict[str, int]:
    """Rule → how many parties (in their links) it speaks to, from the newest grading under the pack."""
    base = stem(scope.office.code)
    runs = GradeRun.objects.filter(pack=pack.id, reason="").order_by("-at", "-id")
    related = (r for r in runs if base.startswith(stem(r.office_code)) or r.office_code.startswith(base))
    run = next(related, None)
    if run is None:
        return {}
    graded = scope.rows(Grade.objects.filter(run=run), "party_link__party__office_code")
    spoken: Counter[str] = Counter()
    for rules in graded.values_list("rules", flat=True):
        spoken.update(rules.split("、"))
    return spoken


def frequency(duty: Duty) -> str:
    """How often, in words: 每年不少于1次, 每3年不少于1次, 覆盖率不低于50%, 备案后3个月内."""
    said_parts = []
    if duty.times is not None:
        every = "每年" if duty.years == 1 else f"每{duty.years}年"
        said_parts.append(f"{every}不少于{duty.times}次")
    if duty.share is not None:
        percent = f"{duty.share * 100:g}%"
        said_parts.append(f"复查比例不低于{percent}" if duty.of != "group" else f"当年覆盖率不低于{percent}")
    if duty.within_months is not None:
        said_parts.append(f"备案后{duty.within_months}个月内检查")
    if duty.within_days is not None:
        said_parts.append(f"{duty.within_days}日内检查")
    return "，".join(said_parts)


def duties(scope: Scope, year: int | None = None) -> Part:
    """The pack's duties for a year (the one to come), by link, each with its clause and reach."""
    pack = pack_of(scope)
    if pack is None:
        return Part((said("本机构未启用监管规则包，频次要求待启用后列出。"),))
    spoken = affected(scope, pack)
    start = date(year or scope.year + 1, 1, 1)
    grouped: dict[tuple[str, ...], list[tuple[Duty, Source]]] = defaultdict(list)
    for row in pack.rows_on(start):
        number = spoken.get(row.id, 0)
        if row.duty is None or AREA not in row.areas or (spoken and not number):
            continue
        source = counted(
            f"duty_{row.id}",
            f"{row.id} 涉及对象",
            number,
            "家",
            f"{row.meaning}（{row.citation}）",
            since(scope),
        )
        grouped[row.links].append((row.duty, source))
    sections, sources = [], []
    for links in sorted(grouped, key=lambda names: LINKS.index(names[0])):
        lines = grouped[links]
        heading = "、".join(links) + "环节" if len(links) < len(LINKS) else "各环节"
        sections.append(Section(heading, 2, tuple(_duty_line(n, d, s) for n, (d, s) in enumerate(lines, 1))))
        sources += [source for _, source in lines if spoken]
    note = f"频次和覆盖率依据规则包“{pack.title}”。"
    if any(duty.unverified for lines in grouped.values() for duty, _ in lines):
        note += "标*的条款依据尚待核对原文。"
    return Part((said(note),), tuple(sections), tuple(sources))


def _duty_line(number: int, duty: Duty, source: Source) -> Paragraph:
    pieces: list[str | Source] = [f"{number}. {duty.meaning.rstrip('。')}。实施{kind_label(duty.kind)}"]
    if how := frequency(duty):
        pieces.append(f"，{how}")
    if source.records:
        pieces += ["，涉及", source, "家"]
    if duty.responsible:
        pieces.append(f"，由{TIER_LABELS[duty.responsible]}负责")
    if duty.by:
        month, day = duty.by.split("-")
        pieces.append(f"，{int(month)}月{int(day)}日前完成")
    pieces.append(f"（依据：{duty.citation}{'*' if duty.unverified else ''}）。")
    return said(*pieces)


# --- focus list -------------------------------------------------------------------------------------------


def focus(scope: Scope) -> Part:
    """Parties that steer the plan: punished, severe defects, complaints, failed samples, bad credit, new."""
    reasons: dict[int, list[str]] = defaultdict(list)
    for reason, ids in _focus_sets(scope):
        for party_id in sorted(set(ids)):
            reasons[party_id].append(reason)
    links = list(scope.links.filter(party_id__in=reasons).select_related("party"))
    links.sort(key=lambda link: (-len(reasons[link.party_id]), -(link.level or 0), link.party.name, link.id))
    total = counted(
        "focus_parties", "重点监管对象", len({link.party_id for link in links}), "家",
        "当年被立案查处、有严重缺陷、投诉举报、抽检不合格、信用不良、风险会商点名或新开办的监管对象",
        since(scope),
    )  # fmt: skip
    if not links:
        return Part((said("按现有台账，没有需要列为重点的监管对象。"),))
    blocks: list[Paragraph | Grid] = [said("共", total, "家，按情形多少和监管级别排序。")]
    rows = [
        (
            Run(link.party.name),
            Run(link.link),
            Run(LEVEL_NAMES[link.level] if link.level else "—"),
            Run("、".join(reasons[link.party_id])),
        )
        for link in links[:LISTED]
    ]
    blocks.append(Grid(("单位名称", "环节", "级别", "列入原因"), tuple(rows), (5, 1.3, 1.2, 4)))
    if len(links) > LISTED:
        blocks.append(said(f"以上列出前{LISTED}条，其余见监管对象名录。"))
    return Part(tuple(blocks), (), (total,))


def _focus_sets(scope: Scope) -> Iterable[tuple[str, Iterable[int]]]:
    year = (scope.from_on, scope.until)
    cases = scope.rows(Case.objects.filter(Q(decided_on__range=year) | Q(filed_on__range=year)))
    visits = scope.rows(Visit.objects.filter(visited_on__range=year, severe_defects__gt=0))
    links = scope.links
    opened = links.filter(Q(issued_on__range=year) | Q(filed_on__range=year))

    def parties(**facts: Any) -> Iterable[int]:
        return links.filter(**facts).values_list("party_id", flat=True)

    yield "被立案查处", cases.values_list("party_id", flat=True)
    yield "存在严重缺陷", visits.values_list("party_id", flat=True)
    yield "有投诉举报", parties(party__complaints__gt=0)
    yield "抽检不合格", {*parties(party__failed_sampling_last_year=True), *failed_parties(*year)}
    yield (
        "信用不良",
        links.filter(
            Q(party__bad_credit__in=("不良", "严重")) | Q(party__credit_grade__in=("C", "D"))
        ).values_list("party_id", flat=True),
    )
    yield "风险会商重点", parties(party__consultation_focus=True)
    yield "自查未按期报送", parties(party__self_inspection_focus=True)
    yield "新开办", opened.values_list("party_id", flat=True)


# --- returns ----------------------------------------------------------------------------------------------


def reports(scope: Scope) -> Part:
    """Which tables are handed up by when, for the office and the offices below it."""
    lines = []
    for form in forms.forms().values():
        for due in form.due:
            concerned = scope.office.code.startswith(due.offices) or due.offices.startswith(
                stem(scope.office.code)
            )
            if concerned:
                lines.append(_due_line(len(lines) + 1, form.title, due))
    if not lines:
        return Part((said("统计报表和工作总结按上级规定的时限报送。"),))
    return Part((said("各单位按下列时限报送统计报表和工作总结："), *lines))


def _due_line(number: int, title: str, due: Due) -> Paragraph:
    who = TIER_LABELS.get(due.tier, "各单位")
    if due.cadence == "monthly":
        when = f"每月第{due.working_day}个工作日前报送上月"
    else:
        days = (day.split("-") for day in due.dates)
        when = "、".join(f"{int(month)}月{int(day)}日" for month, day in days) + "前报送"
    to = f"，报{due.to}" if due.to else ""
    return said(f"{number}. {who}{when}《{title}》{to}（依据：{due.citation}）。")


PARTS: dict[str, Callable[[Scope], Part]] = {
    "levels": levels,
    "shortfalls": shortfalls,
    "duties": duties,
    "focus": focus,
    "deadlines": deadlines,
    "promises": promises,
    "reports": reports,
}
