"""年度计划: will we cover what we owe? The board, the tasks with their basis, allocation, the steps."""

from __future__ import annotations

import datetime as dt
import io
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from xiejian.inspections import queries as inspections
from xiejian.kernel import divisions, packs
from xiejian.kernel.kinds import KIND_LABELS
from xiejian.kernel.kinds import label as kind_label
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor, may, require
from xiejian.planning import actions, checks, queries, workbook
from xiejian.planning.draws import METHOD
from xiejian.planning.models import Plan, Task
from xiejian.planning.queries import LATER, SOON, BoardRow, TaskState
from xiejian.registry.models import LINKS
from xiejian.web import clock
from xiejian.web.charts import Chart
from xiejian.web.export import XLSX, attachment
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.views.people import office_choices

LEVELS = "一二三四"
LEVEL_CHOICES = [("4", "四级"), ("3", "三级"), ("2", "二级"), ("1", "一级"), ("none", "未定级")]
STATE_TONES = {"draft": "orange", "issued": "green", "replaced": "secondary"}
STATES = actions.PLAN_FLOW.states
#: where a task comes from, said in a sentence
ORIGINS = {
    "必查": "按规则今年必须检查",
    "抽取": "按规则要求的比例随机抽取，可用种子重复验证",
    "新备案": "新备案后在规定期限内检查",
    "复查": "复查上一次责令改正的问题",
}
OTHERS = 30  # plans of the same year that the board leads to; the list has them all
IN_CHART = 15  # offices that a chart holds without its labels touching
SHOWN = 200  # tasks named on the page that asks before they are moved; the count is always complete


def level_words(level: int | None) -> str:
    return f"{LEVELS[level - 1]}级" if level else "未定级"


def pack_title(pack_id: str) -> str:
    return packs.load(pack_id).title if pack_id in packs.known() else pack_id


def plan_name(plan: Plan) -> str:
    return f"{plan.year}年度检查计划"


def draw_command(filename: str, count: int, seed: str) -> str:
    """The command that repeats a draw, to be copied as it stands."""
    return f"xiejian draw {shlex.quote(filename)} --count {count} --seed {shlex.quote(seed)}"


def _found(request: HttpRequest, pk: int) -> Plan:
    return get_object_or_404(queries.plans(request.actor), pk=pk)


# --- the plan and its board -----------------------------------------------------------------------------


class PlanForm(PageForm):
    """What a year's plan is made from."""

    year = forms.IntegerField(label="年度", min_value=checks.FIRST_YEAR, max_value=checks.LAST_YEAR)
    pack = forms.ChoiceField(label="规则包")
    office = forms.ChoiceField(label="编制机构")
    seed = forms.CharField(
        label="随机种子", max_length=120, required=False,
        help_text="决定抽取谁。宜用抽取前无人知晓的数，例如公开摇号的号码；不填则由规则包、机构和年度组成",
    )  # fmt: skip

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pack"].choices = [(p, packs.load(p).title) for p in packs.known()]
        self.fields["office"].choices = office_choices(actor)


def _first_choices(request: HttpRequest) -> dict[str, Any]:
    own = request.user.office.packs
    return {
        "year": clock.today(request).year,
        "pack": own[0] if own else "",
        "office": request.actor.office_code,
    }


@needs("planning.plan")
@require_http_methods(["GET", "POST"])
def plan_new(request: HttpRequest) -> HttpResponse:
    """Make the year's plan from the register as it stands."""
    form = PlanForm(request.POST or None, initial=_first_choices(request), actor=request.actor)
    wrong = []
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = actions.make_plan(
                year=given["year"], pack_id=given["pack"], office_code=given["office"],
                seed=given["seed"].strip(), by=request.actor, at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong = refused.problems
        else:
            messages.success(request, f"{plan_name(made)}（第 {made.version} 版）：{_counts(made)}。")
            return redirect("plan", pk=made.pk)
    context = {"form": form, "problems": wrong}
    return render(request, "web/plan/new.html", context, status=422 if wrong or form.errors else 200)


def _counts(plan: Plan) -> str:
    times = list(plan.tasks.values_list("times", flat=True))
    return f"{len(times)} 项任务，{sum(times)} 家次"


@needs("planning.view")
def plan_board(request: HttpRequest) -> HttpResponse:
    """年度计划: the plan of the year that stands, or how to come to one."""
    year = clock.today(request).year
    found = queries.current_plan(request.actor, year)
    if found is not None:
        return _board_page(request, found)
    context = {
        "year": year,
        "others": list(queries.plans(request.actor)[:5]),
        "states": STATES,
        "may_plan": bool(may(request.actor, "planning.plan")),
    }
    return render(request, "web/plan/none.html", context)


@needs("planning.view")
@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan: its board, and its steps (下达, 重新编制, 分配到所)."""
    found = _found(request, pk)
    if request.method == "GET":
        return _board_page(request, found)
    require(request.actor, "planning.plan", found.office_code)
    step = STEPS.get(request.POST.get("do", ""))
    if step is None:
        raise Http404
    try:
        return step(request, found)
    except Refused as refused:
        return _board_page(request, found, problems=refused.problems)


def _issue(request: HttpRequest, found: Plan) -> HttpResponse:
    actions.issue_plan(plan=found, by=request.actor, at=clock.now(request))
    messages.success(request, f"已下达{plan_name(found)}：{_counts(found)}。")
    return redirect("plan", pk=found.pk)


def _replan(request: HttpRequest, found: Plan) -> HttpResponse:
    made = actions.replan(
        plan=found, reason=request.POST.get("reason", ""), seed=request.POST.get("seed", "").strip(),
        by=request.actor, at=clock.now(request),
    )  # fmt: skip
    messages.success(request, f"已重新编制第 {made.version} 版：{_counts(made)}。下达前，原计划继续有效。")
    return redirect("plan", pk=made.pk)


def _to_stations(request: HttpRequest, found: Plan) -> HttpResponse:
    moved = actions.allocate_to_stations(
        plan=found, reason=request.POST.get("reason", ""), by=request.actor, at=clock.now(request)
    )
    messages.success(request, f"已把 {moved} 项任务分配到监管对象所在的所。")
    return redirect("plan", pk=found.pk)


STEPS: dict[str, Callable[[HttpRequest, Plan], HttpResponse]] = {
    "issue_plan": _issue,
    "replan": _replan,
    "to_stations": _to_stations,
}


@dataclass(frozen=True)
class Line:
    """One line of the board: an office's total or one of its links and levels, and the tasks behind it."""

    row: BoardRow
    tasks: str

    @property
    def level(self) -> str:
        return level_words(self.row.level)

    @property
    def open_tasks(self) -> str:
        return f"{self.tasks}&state=open"


@dataclass
class Block:
    """One office on the board."""

    total: Line
    lines: list[Line] = field(default_factory=list)


def _sum(rows: Iterable[BoardRow], code: str, name: str) -> BoardRow:
    found = BoardRow(code, name, "", None)
    for row in rows:
        for count in ("parties", "owed", "done", "overdue", "due_soon", "due_later"):
            setattr(found, count, getattr(found, count) + getattr(row, count))
    return found


def _blocks(board: queries.Board, by: str, only: str) -> list[Block]:
    """The board by office: each with its links and levels, every line with the address of its tasks."""
    base = reverse("task_list", args=[board.plan.pk])
    codes = {row.office_code for row in board.rows}
    blocks = []
    for code, group in groupby(board.rows, key=lambda row: row.office_code):
        if only and code != only:
            continue
        rows = list(group)
        chosen = {"area": code} if by == "area" else {"office": code}
        if by == "office" and any(c != code and c.startswith(divisions.stem(code)) for c in codes):
            chosen["own"] = "1"  # the office by itself, without those below that have lines of their own
        block = Block(Line(_sum(rows, code, rows[0].office), f"{base}?{urlencode(chosen)}"))
        for row in rows:
            narrow = {"link": row.link, "level": row.level or "none"}
            block.lines.append(Line(row, f"{base}?{urlencode(chosen | narrow)}"))
        blocks.append(block)
    return blocks


def _reason(part: queries.Feasibility) -> str:
    """Why an office can, or cannot, make what is left: the numbers in a sentence."""
    words = []
    if part.missed:
        words.append(f"{part.missed} 家次已过期限")
    open_visits = part.left - part.missed
    if part.capacity is None:
        words.append(f"其余 {open_visits} 家次：本机构未设置检查人数和每组每日家次，无法判断")
    elif part.beyond:
        words.append(
            f"其余 {open_visits} 家次，到年底剩 {part.days} 个工作日，最多可查 {part.capacity} 家次，"
            f"超出 {part.beyond} 家次"
        )
    else:
        words.append(f"其余 {open_visits} 家次，到年底剩 {part.days} 个工作日，最多可查 {part.capacity} 家次")
    if part.provisional:
        words.append("放假安排尚未收录的年份按周一至周五计")
    return "；".join(words)


def _coverage_chart(rows: list[queries.CoverageRow]) -> Chart:
    per_cent: list[tuple[str, list[float | int | None]]] = [
        (
            f"{row.link}\n{level_words(row.level)}",
            [round(row.required_share * 100, 1), round(row.share * 100, 1)],
        )
        for row in rows
        if row.owed or row.visited
    ]
    return Chart(
        "coverage", "覆盖率", "bar", ["应达到", "已达到"], per_cent, unit="%", colours=["pale", "blue"],
        label_heading="环节和级别",
    )  # fmt: skip


def _station_chart(board: queries.Board) -> Chart:
    totals = [_sum(rows, code, "") for code, rows in groupby(board.rows, key=lambda row: row.office_code)]
    names = {row.office_code: row.office for row in board.rows}
    behind = sorted(totals, key=lambda total: -total.left)[:IN_CHART]
    shown = [total for total in totals if total in behind]
    rows: list[tuple[str, list[float | int | None]]] = [
        (names[t.office_code], [t.done, t.overdue, max(0, t.left - t.overdue)]) for t in shown
    ]
    title = "各机构进度" if len(totals) == len(shown) else f"剩余最多的 {IN_CHART} 个机构"
    return Chart(
        "stations", title, "across", ["已查", "逾期未查", "未到期"], rows, unit="家次",
        colours=["blue", "orange", "none"], label_heading="机构",
    )  # fmt: skip


def _board_page(request: HttpRequest, found: Plan, problems: Iterable[Any] = ()) -> HttpResponse:
    actor, on = request.actor, clock.today(request)
    by: Literal["office", "area"] = "area" if request.GET.get("by") == "area" else "office"
    board = queries.board(actor, found, on, by=by)
    coverage = queries.coverage(actor, found, on)
    only = request.GET.get("station", "")
    newer = found.replaced_by.order_by("-version").first() if found.state == "replaced" else None
    may_plan = bool(may(actor, "planning.plan", found.office_code))
    others = queries.plans(actor).filter(year=found.year).exclude(pk=found.pk).exclude(state="replaced")
    other_plans = list(others[:OTHERS])
    names = queries.office_names([found.office_code, *(other.office_code for other in other_plans)])
    context = {
        "plan": found,
        "others": [(other, names[other.office_code], STATES[other.state]) for other in other_plans],
        "name": plan_name(found),
        "pack_title": pack_title(found.pack),
        "state": (STATES[found.state], STATE_TONES[found.state]),
        "office_name": names[found.office_code],
        "on": on,
        "board": board,
        "total": board.total,
        "by": by,
        "only": only,
        "blocks": _blocks(board, by, only),
        "stations": sorted({(row.office_code, row.office) for row in board.rows}),
        "coverage": [(row, level_words(row.level), max(0, row.owed - row.visited)) for row in coverage],
        "feasibility": [(part, part.missed + part.beyond, _reason(part)) for part in board.feasibility],
        "charts": [_coverage_chart(coverage), _station_chart(board)],
        "rules": [(entry, kind_label(entry["kind"])) for entry in found.rules],
        "whole": queries.covers(actor, found),
        "tasks_count": len(board.states),
        "tasks_open": sum(1 for s in board.states if s.left > 0),
        "own_tasks": sum(1 for s in board.states if s.office_code == found.office_code),
        "may_plan": may_plan,
        "steps": [t.action for t in actions.PLAN_FLOW.allowed(found.state)] if may_plan else [],
        "newer": newer,
        "word": _next_plan_address(actor, found),
        "soon": SOON,
        "later": LATER,
        "problems": list(problems),
    }  # fmt: skip
    return render(request, "web/plan/board.html", context, status=422 if context["problems"] else 200)


def _next_plan_address(actor: Actor, found: Plan) -> str:
    """The Word draft of this plan: documents name the year worked, which is the one before the plan's."""
    if not may(actor, "documents.view", found.office_code):
        return ""
    address = reverse("document", args=["next-plan"])
    return f"{address}?{urlencode({'year': found.year - 1, 'office': found.office_code, 'format': 'docx'})}"


PLAN_COLUMNS = [
    Column("name", "计划", plan_name, ("year",), href=lambda p: reverse("plan", args=[p.pk])),
    Column("office", "编制机构", lambda p: p.office_name, ("office_code",)),
    Column("pack", "规则包", lambda p: pack_title(p.pack), ("pack",)),
    Column("version", "版本", lambda p: p.version, ("version",), numeric=True),
    Column("state", "状态", lambda p: STATES[p.state], ("state",), tone=lambda p: STATE_TONES[p.state]),
    Column("tasks", "任务", lambda p: p.task_count, numeric=True),
    Column("made", "编制时间", lambda p: p.made_at, ("made_at",)),
    Column("by", "编制人", lambda p: p.by_name),
    Column("reason", "重新编制的理由", lambda p: p.reason),
]


def _attach_counts(plans: list[Plan]) -> None:
    names = queries.office_names(p.office_code for p in plans)
    counted = Task.objects.filter(plan__in=plans).order_by().values_list("plan").annotate(n=Count("pk"))
    counts = dict(counted)
    for row in plans:
        row.office_name, row.task_count = names[row.office_code], counts.get(row.pk, 0)


@needs("planning.view")
def plan_list(request: HttpRequest) -> HttpResponse:
    """Every plan and every version of it."""
    asked = request.GET
    rows = queries.plans(request.actor)
    if asked.get("state") in STATES:
        rows = rows.filter(state=asked["state"])
    listing = Listing(
        request, "年度计划", PLAN_COLUMNS, rows, "-made",
        filters=[Filter("state", "状态", list(STATES.items()), asked.get("state", ""))],
        empty="还没有年度计划", empty_next="先导入名录并分级，再编制计划。", prepare=_attach_counts,
    )  # fmt: skip
    return show(listing, "web/plan/list.html", {"may_plan": bool(may(request.actor, "planning.plan"))})


@needs("planning.view")
def plan_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan as a workbook: tasks, and for whoever sees the whole plan its coverage and draws."""
    found = _found(request, pk)
    stream = io.BytesIO()
    workbook.write(found, queries.tasks(request.actor, plan=found), stream)
    answer = HttpResponse(stream.getvalue(), content_type=XLSX)
    return attachment(answer, f"{plan_name(found)}（第{found.version}版）.xlsx")


@needs("planning.view")
def plan_draws(request: HttpRequest, pk: int) -> HttpResponse:
    """抽取说明: who was drawn, and was it fair?"""
    found = _found(request, pk)
    context = {
        "plan": found,
        "name": plan_name(found),
        "method": METHOD,
        "draws": [
            (entry, draw_command("名单.txt", entry["count"], entry["seed"]))
            for entry in queries.shown_draws(request.actor, found)
        ],
        "whole": queries.covers(request.actor, found),
    }
    return render(request, "web/plan/draws.html", context)


# --- tasks ----------------------------------------------------------------------------------------------


def state_words(state: TaskState, on: dt.date) -> tuple[str, str]:
    """A task's state in a word, and its colour; red is for overdue alone."""
    if state.left <= 0:
        return "已完成", "green"
    if state.is_overdue(on):
        return "逾期", "red"
    if state.is_due_within(on, SOON):
        return f"{SOON} 天内到期", "orange"
    if state.is_due_within(on, LATER):
        return f"{LATER} 天内到期", "azure"
    return "未到期", "secondary"


def visit_address(task: Task) -> str:
    """Where a visit for this task begins."""
    given = {"party": task.party_id, "link": task.link, "task": task.pk, "kind": task.kind}
    return f"{reverse('visit_new')}?{urlencode(given)}"


DUE_CHOICES = [("overdue", "已逾期"), ("soon", f"{SOON} 天内到期"), ("later", f"{LATER} 天内到期")]
STATE_CHOICES = [("open", "未完成"), ("done", "已完成")]
_TESTS: dict[str, Callable[[TaskState, dt.date], bool]] = {
    "open": lambda s, on: s.left > 0,
    "done": lambda s, on: s.left <= 0,
    "overdue": lambda s, on: s.is_overdue(on),
    "soon": lambda s, on: s.is_due_within(on, SOON),
    "later": lambda s, on: s.is_due_within(on, LATER),
}


def _narrow(rows: QuerySet[Task], states: dict[int, TaskState], asked: Any, on: dt.date) -> QuerySet[Task]:
    """Rows by what is done of them, which only the visits say: the smaller of the two sets is named."""
    tests = [_TESTS[v] for v in (asked.get("state", ""), asked.get("due", "")) if v in _TESTS]
    if not tests:
        return rows
    inside = {pk for pk, state in states.items() if all(test(state, on) for test in tests)}
    outside = states.keys() - inside
    return rows.filter(pk__in=inside) if len(inside) <= len(outside) else rows.exclude(pk__in=outside)


@dataclass
class Asked:
    """The tasks that an address asks for: of one plan, or of every plan of the year that is in force."""

    request: HttpRequest
    plan: Plan | None

    def __post_init__(self) -> None:
        self.actor, self.on = self.request.actor, clock.today(self.request)
        in_force = queries.plans(self.actor).filter(state="issued", year=self.on.year)
        self.plans = [self.plan] if self.plan else list(in_force)
        found = [s for p in self.plans for s in queries.task_states(self.actor, p, self.on)]
        self.states = {s.id: s for s in found}

    @property
    def rows(self) -> QuerySet[Task]:
        asked = self.request.GET
        office = asked.get("office", "") or ("" if self.plan else self.actor.office_code)
        level = asked.get("level", "")
        rows = queries.tasks(
            self.actor, plan=self.plan, search=asked.get("q", ""), link=asked.get("link", ""),
            level=int(level) if level.isdecimal() else None, kind=asked.get("kind", ""), office=office,
            origin=asked.get("origin", ""),
        ).filter(plan__in=self.plans)  # fmt: skip
        if level == "none":
            rows = rows.filter(level=None)
        if asked.get("own") and office:
            rows = rows.filter(office_code=office)
        if area := asked.get("area", ""):
            rows = rows.filter(Q(party__office_code=area) | Q(party=None, office_code=area))
        return _narrow(rows, self.states, asked, self.on)

    def attach(self, tasks: list[Task]) -> None:
        """Put state, office name and the way to a visit on each task of the page: one query."""
        names = queries.office_names(t.office_code for t in tasks)
        visiting = bool(may(self.actor, "inspections.visit"))
        for task in tasks:
            state = self.states[task.pk]
            task.office_name, task.done = names[task.office_code], state.done
            task.state_label, task.state_tone = state_words(state, self.on)
            wanted = visiting and state.left > 0 and task.party_id is not None
            task.visit = visit_address(task) if wanted else ""


def _party_address(task: Task) -> str:
    return reverse("party", args=[task.party_id]) if task.party_id else ""


TASK_COLUMNS = [
    Column(
        "party", "主体名称", lambda t: t.party.name if t.party_id else t.group, ("party__name",),
        href=_party_address, nullable=True,
    ),
    Column("uscc", "统一社会信用代码", lambda t: t.party.uscc if t.party_id else "", shown=False),
    Column("link", "环节", lambda t: t.link, ("link",)),
    Column(
        "level", "级别", lambda t: level_words(t.level), ("level",), nullable=True,
        tone=lambda t: f"level-{t.level}" if t.level else "secondary",
    ),
    Column("kind", "检查类型", lambda t: t.kind, ("kind",)),
    Column("origin", "来源", lambda t: t.origin, ("origin",), why=lambda t: reverse("task_why", args=[t.pk])),
    Column("times", "计划", lambda t: t.times, ("times",), numeric=True),
    Column("done", "已查", lambda t: t.done, numeric=True),
    Column("due", "完成期限", lambda t: t.due_on, ("due_on",)),
    Column("state", "状态", lambda t: t.state_label, tone=lambda t: t.state_tone),
    Column("place", "顺序", lambda t: t.place, ("place",), nullable=True, numeric=True, shown=False),
    Column("office", "责任机构", lambda t: t.office_name, ("office_code",)),
    Column("basis", "依据", lambda t: t.basis, shown=False),
    Column("visit", "检查", lambda t: "安排检查" if t.visit else "", href=lambda t: t.visit),
]  # fmt: skip


def _filters(asked: Any, offices: list[tuple[str, str]]) -> list[Filter]:
    kinds = [(name, name) for name in KIND_LABELS.values()]
    return [
        Filter("office", "责任机构", offices, asked.get("office", "")),
        Filter("link", "环节", [(v, v) for v in LINKS], asked.get("link", "")),
        Filter("level", "级别", LEVEL_CHOICES, asked.get("level", "")),
        Filter("kind", "检查类型", kinds, asked.get("kind", "")),
        Filter("state", "状态", STATE_CHOICES, asked.get("state", "")),
        Filter("due", "期限", DUE_CHOICES, asked.get("due", "")),
    ]


@needs("planning.view")
def task_list(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """检查任务: what is planned, open, overdue? Of one plan, or of all that are in force this year."""
    found = _found(request, pk) if pk is not None else None
    asked = Asked(request, found)
    allocate = found is not None and bool(may(request.actor, "planning.plan", found.office_code))
    bulk = [("分配所选", "sitemap", reverse("task_allocate", args=[pk]))] if allocate else []
    kept = [(name, request.GET[name]) for name in ("own", "area", "origin") if request.GET.get(name)]
    listing = Listing(
        request, f"{plan_name(found)}任务" if found else "检查任务", TASK_COLUMNS, asked.rows, "due",
        filters=_filters(request.GET, office_choices(request.actor)),
        search_label="搜索主体名称、信用代码", empty="还没有检查任务",
        empty_next="编制并下达年度计划后，任务出现在这里。", prepare=asked.attach,
        selectable=allocate, bulk=bulk, hidden=kept,
    )  # fmt: skip
    more = {"plan": found, "name": plan_name(found) if found else "", "on": asked.on, "plans": asked.plans}
    if allocate and listing.narrowed:
        more["allocate_all"] = f"{reverse('task_allocate', args=[pk])}{listing.query(all=1, page=None)}"
    return show(listing, "web/plan/tasks.html", more)


@needs("planning.view")
def task_why(request: HttpRequest, pk: int) -> HttpResponse:
    """Why this task: its rules with their clauses, and the year's visits so far; for the side panel."""
    task = get_object_or_404(queries.tasks(request.actor).select_related("plan", "party"), pk=pk)
    by_id = {entry["rule"]: entry for entry in task.plan.rules}
    rules = [by_id.get(rule, {"rule": rule}) for rule in task.rules.split("、") if rule]
    visits = []
    if task.party_id and may(request.actor, "inspections.view"):
        made = inspections.visits(request.actor, party=task.party)
        visits = list(made.filter(link=task.link, visited_on__year=task.plan.year)[:SHOWN])
    context = {
        "task": task,
        "name": plan_name(task.plan),
        "rules": rules,
        "origin": ORIGINS.get(task.origin, ""),
        "pack_known": task.plan.pack in packs.known(),
        "office_name": queries.office_names([task.office_code])[task.office_code],
        "visits": visits,
    }
    htmx = getattr(request, "htmx", None)
    return render(request, "web/plan/why.html" if htmx else "web/plan/why_page.html", context)


class AllocateForm(PageForm):
    """Which office takes the tasks over, and why."""

    office = forms.ChoiceField(label="分配给")
    reason = forms.CharField(label="理由", max_length=200, help_text="写入审计记录")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].choices = office_choices(actor)


def _picked(request: HttpRequest, found: Plan) -> list[Task]:
    """The tasks meant: those named, or with ``all`` every one that the list's conditions leave."""
    if request.method == "POST":
        wanted = [int(i) for i in request.POST.get("tasks", "").split(",") if i.isdecimal()]
    elif request.GET.get("all"):
        return list(Asked(request, found).rows)
    else:
        wanted = [int(i) for i in request.GET.getlist("ids") if i.isdecimal()]
    return list(queries.tasks(request.actor, plan=found).filter(pk__in=wanted))


@needs("planning.plan")
@require_http_methods(["GET", "POST"])
def task_allocate(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the chosen tasks to another office, with a reason: shown first, done on POST."""
    found = _found(request, pk)
    tasks = _picked(request, found)
    form = AllocateForm(request.POST or None, actor=request.actor)
    wrong = []
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            moved = actions.allocate_tasks(
                tasks=tasks, office_code=given["office"], reason=given["reason"], by=request.actor,
                at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong = refused.problems
        else:
            name = dict(form.fields["office"].choices)[given["office"]]
            messages.success(request, f"已把 {moved} 项任务分配给{name}。")
            return redirect("task_list", pk=pk)
    names = queries.office_names(t.office_code for t in tasks)
    context = {
        "plan": found,
        "name": plan_name(found),
        "form": form,
        "problems": wrong,
        "count": len(tasks),
        "ids": ",".join(str(t.pk) for t in tasks),
        "more": max(0, len(tasks) - SHOWN),
        "shown": [(t, level_words(t.level), names[t.office_code]) for t in tasks[:SHOWN]],
    }
    return render(request, "web/plan/allocate.html", context, status=422 if wrong or form.errors else 200)
