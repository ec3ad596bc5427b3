"""检查任务与记录: which visits are planned, open, made; the month by day; a visit arranged."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.inspections import actions, checklists, queries
from xiejian.inspections.checks import MATTERS, VISIT_KINDS
from xiejian.inspections.judgements import CONCLUSIONS
from xiejian.inspections.models import Visit
from xiejian.kernel import workdays
from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.models import Office
from xiejian.people.policy import Actor, may, visible
from xiejian.planning import queries as planning
from xiejian.planning.models import Task
from xiejian.registry import queries as registry
from xiejian.registry.models import LINKS, Party
from xiejian.web import clock, origins
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.templatetags.xiejian import tags, tone
from xiejian.web.views.people import office_choices

LINK_CHOICES = [(v, v) for v in LINKS]
STATES = actions.VISIT_WORKFLOW.states
STATE_TONES = {
    "planned": "azure", "started": "blue", "concluded": "green", "refused": "red", "cancelled": "secondary",
}  # fmt: skip
PARTIES_OFFERED = 12
SHOWN_A_DAY = 6  # visits of a day that the month shows; the rest is one click away


def state_of(row: Visit) -> str:
    return STATES[row.state]


def _late(row: Visit, on: dt.date) -> bool:
    return row.state == "planned" and row.planned_on is not None and row.planned_on < on


def _checklist_title(row: Visit) -> str:
    known = checklists.checklists().get(row.checklist)
    return known.title if known else row.checklist


def _columns(on: dt.date, campaigns: dict[str, str]) -> list[Column]:
    def state(row: Visit) -> str:
        return f"{state_of(row)}（已过计划日）" if _late(row, on) else state_of(row)

    return [
        Column(
            "number",
            "检查编号",
            lambda v: v.number,
            ("number",),
            href=lambda v: reverse("visit", args=[v.pk]),
        ),
        Column(
            "party",
            "被检查单位",
            lambda v: v.party.name,
            ("party__name",),
            href=lambda v: reverse("party", args=[v.party_id]),
        ),
        Column("link", "环节", lambda v: v.link, ("link",)),
        Column("kind", "类型", lambda v: v.kind, ("kind",)),
        Column("planned", "计划日期", lambda v: v.planned_on, ("planned_on",), nullable=True),
        Column("on", "检查日期", lambda v: v.visited_on, ("visited_on",), nullable=True),
        Column("inspectors", "检查员", lambda v: v.inspectors),
        Column("persons", "出动人数", lambda v: v.persons, numeric=True, shown=False),
        Column(
            "campaign", "专项", lambda v: campaigns.get(v.campaign, v.campaign), ("campaign",), shown=False
        ),
        Column("tags", "品种标签", lambda v: "、".join(tags(v.tags)), shown=False),
        Column("checklist", "检查表", _checklist_title, shown=False),
        Column("defects", "缺陷", lambda v: v.defects if v.conclusion else None, ("defects",), numeric=True),
        Column(
            "severe",
            "严重缺陷",
            lambda v: v.severe_defects if v.conclusion else None,
            numeric=True,
            shown=False,
        ),
        Column(
            "conclusion", "结论", lambda v: v.conclusion, ("conclusion",), tone=lambda v: tone(v.conclusion)
        ),
        Column("ordered", "责令改正", lambda v: v.order_issued, shown=False),
        Column("recheck", "复查", lambda v: v.recheck_result, shown=False),
        Column(
            "state",
            "状态",
            state,
            ("state",),
            tone=lambda v: "red" if _late(v, on) else STATE_TONES.get(v.state, "secondary"),
        ),
    ]


def _quarter(on: dt.date) -> tuple[dt.date, dt.date]:
    first = (on.month - 1) // 3 * 3 + 1
    return dt.date(on.year, first, 1), _month_end(dt.date(on.year, first + 2, 1))


def _month_end(on: dt.date) -> dt.date:
    return on.replace(day=calendar.monthrange(on.year, on.month)[1])


def _periods(on: dt.date) -> dict[str, tuple[str, dt.date, dt.date]]:
    """Period key → what it is called, first and last day."""
    monday = on - dt.timedelta(days=on.weekday())
    last = on.replace(day=1) - dt.timedelta(days=1)
    return {
        "week": ("本周", monday, monday + dt.timedelta(days=6)),
        "month": ("本月", on.replace(day=1), _month_end(on)),
        "last_month": ("上月", last.replace(day=1), last),
        "quarter": ("本季度", *_quarter(on)),
        "year": (f"{on.year}年", dt.date(on.year, 1, 1), dt.date(on.year, 12, 31)),
        "last_year": (f"{on.year - 1}年", dt.date(on.year - 1, 1, 1), dt.date(on.year - 1, 12, 31)),
    }


def _day(given: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        return None


def campaign_titles(actor: Actor | None) -> dict[str, str]:
    """The campaigns of the office by the key under which a record names them."""
    return {c.key: c.title for c in planning.campaigns_of(actor)}


def campaign_names(actor: Actor | None) -> dict[str, str]:
    """Campaign as it is stored on a visit → its title; what has no campaign of its own is its own title."""
    titles = campaign_titles(actor)
    return {named: titles.get(named, named) for named in queries.campaigns_named(actor)}


TABS = (("open", "待检查"), ("all", "全部检查"))
OPEN = ("planned", "started")
ASKED = ("q", "state", "kind", "link", "conclusion", "period", "campaign", "office", "day")


@needs("inspections.view")
def visit_list(request: HttpRequest) -> HttpResponse:
    """检查任务与记录: what is planned, open, overdue, made?"""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    # the menu leads to what is still to do; whoever asks for something is shown all that fits
    tab = asked.get("tab") or ("all" if any(asked.get(key) for key in ASKED) else "open")
    campaigns, day = campaign_names(actor), _day(asked.get("day", ""))
    listing = Listing(
        request, "待检查" if tab == "open" else "检查任务与记录", _columns(on, campaigns),
        _asked_rows(request, tab, on), "planned" if tab == "open" else "-on",
        filters=_filters(request, tab, campaigns, on), search_label="搜索编号、单位、检查员",
        empty="没有待检查的安排" if tab == "open" else "还没有检查",
        empty_next="点“安排检查”开始；已有的检查记录可在“名录”中导入。",
        hidden=[("tab", tab), *([("day", str(day))] if day else [])],
    )  # fmt: skip
    more = {"day": day, "tab": tab, "tabs": TABS, "may_visit": bool(may(actor, "inspections.visit"))}
    return show(listing, "web/visits/list.html", more)


def _asked_rows(request: HttpRequest, tab: str, on: dt.date) -> QuerySet[Visit]:
    asked = request.GET
    day = _day(asked.get("day", ""))
    _, since, until = _periods(on).get(asked.get("period", ""), ("", day, day))
    late = asked.get("state", "") == "late"
    given = {key: asked.get(key, "") for key in ("kind", "link", "conclusion", "campaign", "office")}
    rows = queries.visits(
        request.actor, search=asked.get("q", ""), state="planned" if late else asked.get("state", ""),
        since=since, until=until, **given,
    )  # fmt: skip
    if late:
        rows = rows.filter(planned_on__lt=on)
    return rows.filter(state__in=OPEN) if tab == "open" else rows


def _filters(request: HttpRequest, tab: str, campaigns: dict[str, str], on: dt.date) -> list[Filter]:
    states = [(s, label) for s, label in STATES.items() if tab != "open" or s in OPEN]
    choices = {
        "state": ("状态", [("late", "已过计划日未检查"), *states]),
        "kind": ("类型", [(k, k) for k in VISIT_KINDS]),
        "link": ("环节", LINK_CHOICES),
        "conclusion": ("结论", [(c, c) for c in CONCLUSIONS if tab != "open"]),
        "period": ("期间", [(key, label) for key, (label, _, _) in _periods(on).items()]),
        "campaign": ("专项", list(campaigns.items())),
        "office": ("检查机构", office_choices(request.actor)),
    }
    return [Filter(k, label, given, request.GET.get(k, "")) for k, (label, given) in choices.items() if given]


# --- the month by day ----------------------------------------------------------------------------------


def _month(given: str, on: dt.date) -> dt.date:
    return _day(f"{given}-01") or on.replace(day=1)


@needs("inspections.view")
def visit_month(request: HttpRequest) -> HttpResponse:
    """检查月历: which day holds which visits?"""
    actor, on = request.actor, clock.today(request)
    month = _month(request.GET.get("month", ""), on)
    office = request.GET.get("office", "")
    weeks = calendar.Calendar().monthdatescalendar(month.year, month.month)
    rows = queries.between(actor, month, _month_end(month))
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    by_day: dict[dt.date, list[Visit]] = {}
    for row in rows:
        by_day.setdefault(row.day, []).append(row)
    working = workdays.standing()
    cells = [
        [_cell(d, month, on, by_day.get(d, []), working.is_working_day(d)) for d in week] for week in weeks
    ]
    context = {
        "month": month,
        "before": (month - dt.timedelta(days=1)).replace(day=1),
        "after": _month_end(month) + dt.timedelta(days=1),
        "weeks": cells,
        "total": sum(len(found) for found in by_day.values()),
        "office_asked": office,
        "may_visit": bool(may(actor, "inspections.visit")),
        "offices": office_choices(actor),
    }
    return render(request, "web/visits/month.html", context)


def _cell(day: dt.date, month: dt.date, on: dt.date, rows: list[Visit], working: bool) -> dict[str, Any]:
    return {
        "day": day,
        "inside": day.month == month.month,
        "today": day == on,
        "rest": not working,
        "more": max(0, len(rows) - SHOWN_A_DAY),
        "rows": [
            (row, "red" if _late(row, on) else STATE_TONES.get(row.state, "secondary"), state_of(row))
            for row in rows[:SHOWN_A_DAY]
        ],
    }


# --- a visit arranged ----------------------------------------------------------------------------------

AUTO = "auto"


class VisitForm(PageForm):
    link = forms.ChoiceField(label="环节")
    kind = forms.ChoiceField(label="检查类型", choices=[(k, k) for k in VISIT_KINDS])
    planned_on = forms.DateField(label="计划日期", widget=DateInput())
    office_code = forms.ChoiceField(label="检查机构")
    campaign = forms.CharField(
        label="专项", required=False, max_length=120, help_text="属于某个专项时填写；可从已开展的专项中选",
        widget=forms.TextInput(attrs={"list": "campaigns", "autocomplete": "off"}),
    )  # fmt: skip
    checklist = forms.ChoiceField(label="检查表", required=False)
    matter = forms.ChoiceField(
        label="核查事项", required=False, choices=[("", "—"), *((m, m) for m in MATTERS)],
        help_text="只在许可核查时选择；延续核查有自己的判定规则",
    )  # fmt: skip
    team = forms.ModelMultipleChoiceField(
        label="检查组",
        queryset=None,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )

    def __init__(self, *args: Any, party: Party, actor: Actor, fitting: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        links = list(party.links.values_list("link", flat=True)) or list(LINKS)
        self.fields["link"].choices = [(v, v) for v in links]
        self.fields["office_code"].choices = inspecting_offices(actor, party)
        self.fields["checklist"].choices = checklist_choices(fitting)
        office = self["office_code"].value() or party.office_code
        self.fields["team"].queryset = queries.team_choices(actor, office)
        self.fields["team"].label_from_instance = lambda o: (
            f"{o.name}（{o.office.short_name or o.office.name}）"
        )
        self.fields["team"].help_text = f"至少 {checklists.minimum_inspectors()} 人"


def inspecting_offices(actor: Actor, party: Party) -> list[tuple[str, str]]:
    """The offices in the actor's reach in whose area the party lies, the nearest first."""
    base = stem(party.office_code)
    above = Office.objects.filter(stem__in=[base[:n] for n in range(len(base) + 1)])
    offices = visible(above, actor, "code").order_by("-stem")
    return [(o.code, o.name) for o in offices] or [(party.office_code, party.station or party.office_code)]


def checklist_choices(fitting: list[checklists.Checklist]) -> list[tuple[str, str]]:
    """The fitting checklists, the recommended one first, and the choice to go without one."""
    named = [(c.id, f"{c.title}（{len(c.points)} 项）") for c in fitting]
    if named:
        named[0] = (named[0][0], f"{named[0][1]} · 推荐")
    return [*named, ("", "不用检查表")]


def _fitting(party: Party, asked: Any, on: dt.date) -> list[checklists.Checklist]:
    links = list(party.links.values_list("link", flat=True))
    link = asked.get("link") if asked.get("link") in LINKS else (links or [LINKS[1]])[0]
    day = _day(asked.get("planned_on") or "") or on
    return queries.suggested_checklists(party, link, asked.get("kind") or VISIT_KINDS[0], day)


def _task(request: HttpRequest) -> Task | None:
    """The task of the plan that led here, when it is one of the own."""
    given = request.GET.get("task", "")
    rows = visible(Task.objects.select_related("party"), request.actor)
    return rows.filter(pk=int(given)).first() if given.isdecimal() else None


@needs("inspections.visit")
@require_http_methods(["GET", "POST"])
def visit_new(request: HttpRequest) -> HttpResponse:
    """安排检查: whom, what for, when, by whom, with which checklist."""
    task = _task(request)
    given = request.GET.get("party", "") or (str(task.party_id) if task and task.party_id else "")
    if not given.isdecimal():
        return _choose_party(request)
    party = get_object_or_404(visible(Party.objects.all(), request.actor), pk=int(given))
    on, origin = clock.today(request), origins.asked(request)
    asked = request.POST if request.method == "POST" else request.GET
    fitting = _fitting(
        party, asked if asked.get("link") or not task else {"link": task.link, "kind": task.kind}, on
    )
    first = _first_answers(request, party, task, fitting, on)
    form = VisitForm(request.POST or None, initial=first, party=party, actor=request.actor, fitting=fitting)
    if getattr(request, "htmx", None) and request.htmx.target == "checklist-choice":
        form.initial["checklist"] = fitting[0].id if fitting else ""
        return render(request, "web/visits/checklist_choice.html", {"form": form})
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.schedule_visit(
                party=party, by=request.actor, at=clock.now(request), origin=origin,
                **_answers(form.cleaned_data),
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已安排检查：{made.number}。")
            return redirect("visit", pk=made.pk)
    context = {
        "form": form, "party": party, "task": task, "problems": wrong, "origin": origins.shown(origin),
        "campaigns": campaign_titles(request.actor),
        "tasks": [t for t in planning.party_tasks(request.actor, party, on) if t.left > 0],
        "last": queries.visits(request.actor, party=party)[:3],
    }  # fmt: skip
    return render(request, "web/visits/new.html", context, status=422 if form.is_bound else 200)


def _answers(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "team": list(given["team"])}


def _first_answers(
    request: HttpRequest, party: Party, task: Task | None, fitting: list[checklists.Checklist], on: dt.date
) -> dict[str, Any]:
    """What the address or the task already says; whoever asks is in the team when an inspector."""
    asked = request.GET
    offices = [code for code, _ in inspecting_offices(request.actor, party)]
    office = task.office_code if task and task.office_code in offices else offices[0]
    found = {
        "link": asked.get("link") or (task.link if task else None),
        "kind": asked.get("kind") or (task.kind if task else None),
        "planned_on": _day(asked.get("planned_on", "")) or on,
        "office_code": asked.get("office_code") or office,
        "campaign": asked.get("campaign", ""),
        "checklist": fitting[0].id if fitting else "",
        "team": [request.user.pk],
    }
    return {key: value for key, value in found.items() if value not in (None, "") or key == "checklist"}


def _choose_party(request: HttpRequest) -> HttpResponse:
    """Which party is to be visited: a search that shows what it finds as one types."""
    asked = request.GET.get("q", "").strip()
    found = registry.parties(request.actor, search=asked).exclude(status="注销") if asked else []
    context = {
        "q": asked,
        "parties": found[:PARTIES_OFFERED].prefetch_related("links") if asked else [],
        "more": asked and registry.count(found) > PARTIES_OFFERED,
        "mine": planning.my_tasks(request.actor, clock.today(request), limit=PARTIES_OFFERED),
    }
    part = getattr(request, "htmx", None) and request.htmx.target == "party-choices"
    return render(request, f"web/visits/{'party_choices' if part else 'choose_party'}.html", context)
