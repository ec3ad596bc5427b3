"""排班: who goes when and where; what cannot be met; who has too much; absences, recusals, calendar feeds."""

from __future__ import annotations

import calendar as months
import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.inspections.actions import VISIT_WORKFLOW
from xiejian.inspections.checks import MATTERS
from xiejian.inspections.queries import team_choices
from xiejian.kernel import divisions
from xiejian.kernel.kinds import KIND_LABELS
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.models import Office, Officer
from xiejian.people.policy import Actor, may, visible
from xiejian.planning import schedule_actions as actions
from xiejian.planning import schedule_facts
from xiejian.planning import schedule_queries as queries
from xiejian.planning.models import Assignment, Schedule
from xiejian.registry.models import Party
from xiejian.web import clock, jobs
from xiejian.web.export import attachment
from xiejian.web.forms import PageForm
from xiejian.web.guard import OPEN, SIGNED_IN, needs
from xiejian.web.steps import day as day_field
from xiejian.web.views.people import office_choices

STATES = actions.SCHEDULE_FLOW.states
ICS = "text/calendar; charset=utf-8"
#: visits up to which a schedule is computed while one waits; more run beside the request, with progress
AT_ONCE = 40
AT_ONCE_SECONDS = 8.0
LISTED = 100


def _day(text: str, otherwise: dt.date) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return otherwise


def _office(request: HttpRequest) -> str:
    """The office asked for when it is one of the actor's, else the own."""
    asked = request.GET.get("office", "")
    known = {code for code, _ in office_choices(request.actor)}
    return asked if asked in known else request.actor.office_code


# --- the calendar -----------------------------------------------------------------------------------------


@needs("planning.view")
def schedule_board(request: HttpRequest) -> HttpResponse:
    """班表: who is where on which day?"""
    today, office = clock.today(request), _office(request)
    on = _day(request.GET.get("on", ""), today)
    month = request.GET.get("view") == "month"
    first, last = _month(on) if month else _week(on)
    asked = request.GET.get("schedule", "")
    draft = (
        visible(Schedule.objects.all(), request.actor).filter(pk=int(asked)).first()
        if asked.isdecimal()
        else None
    )
    lines = queries.calendar(request.actor, first, last, office=office, draft=draft)
    _name_towns(lines)
    drafts = queries.schedules(request.actor).filter(state="draft")[:3]
    context = {
        "lines": lines, "days": lines[0].days if lines else [], "first": first, "last": last, "today": today,
        "month": month, "office_asked": office, "offices": office_choices(request.actor), "draft": draft,
        "drafts": drafts, "on": on,
        "before": first - dt.timedelta(days=1), "after": last + dt.timedelta(days=1),
        "may_schedule": bool(may(request.actor, "planning.schedule", office)),
    }  # fmt: skip
    return render(request, "web/schedule/board.html", context)


def _week(on: dt.date) -> tuple[dt.date, dt.date]:
    first = on - dt.timedelta(days=on.weekday())
    return first, first + dt.timedelta(days=6)


def _month(on: dt.date) -> tuple[dt.date, dt.date]:
    return on.replace(day=1), on.replace(day=months.monthrange(on.year, on.month)[1])


def _name_towns(lines: list[queries.PersonWeek]) -> None:
    """Put the name of its town on every row."""
    for line in lines:
        for day in line.days:
            for row in day.rows:
                row.town_name = divisions.name(row.town)


# --- schedules --------------------------------------------------------------------------------------------


@needs("planning.view")
def schedule_list(request: HttpRequest) -> HttpResponse:
    """排班方案: which schedules are there, and which one stands?"""
    rows = list(queries.schedules(request.actor)[:LISTED])
    offices = dict(office_choices(request.actor))
    shown = [(row, STATES[row.state], offices.get(row.office_code, row.office_code)) for row in rows]
    context = {"rows": shown, "may_schedule": bool(may(request.actor, "planning.schedule"))}
    return render(request, "web/schedule/list.html", context)


class NewForm(PageForm):
    office_code = forms.ChoiceField(label="机构", help_text="连同下级各所一起安排")
    from_on = day_field("开始日期")
    until_on = day_field("结束日期", hint="安排到这一天为止到期或可做的任务")


@needs("planning.schedule")
@require_http_methods(["GET", "POST"])
def schedule_new(request: HttpRequest) -> HttpResponse:
    """新建排班: for which office, from when until when?"""
    today = clock.today(request)
    first = today + dt.timedelta(days=1)
    initial = {
        "office_code": request.actor.office_code,
        "from_on": first,
        "until_on": today.replace(month=12, day=31),
    }
    form = NewForm(request.POST or None, initial=initial)
    form.fields["office_code"].choices = office_choices(request.actor)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            return _make(request, form.cleaned_data, today)
        except Refused as refused:
            wrong = list(refused.problems)
    context = {"form": form, "problems": wrong, "values": schedule_facts.values({}).items()}
    return render(request, "web/schedule/new.html", context, status=422 if form.is_bound else 200)


def _make(request: HttpRequest, given: dict[str, Any], today: dt.date) -> HttpResponse:
    """Compute now when it is little, else beside the request."""
    actor, at = request.actor, clock.now(request)
    facts = {**given, "by": actor, "at": at, "on": today}
    if given["until_on"] < given["from_on"]:
        actions.make_schedule(**facts)
    count = len(schedule_facts.gather(*given.values(), today).instance.needs)
    if count <= AT_ONCE:
        made = actions.make_schedule(**facts, seconds=AT_ONCE_SECONDS)
        return redirect("schedule", pk=made.pk)

    def work(say: Any) -> dict[str, Any]:
        return {"schedule": actions.make_schedule(**facts, progress=say).pk}

    title = f"排班 {given['from_on']} 至 {given['until_on']}（{count} 家次）"
    job = jobs.start("schedule", actor.username, title, work)
    return redirect("schedule_job", token=job.token)


@needs("planning.schedule")
def schedule_job(request: HttpRequest, token: str) -> HttpResponse:
    """How far is the schedule that is being computed? Only whoever asked for it sees it."""
    job = jobs.find(token, request.actor.username)
    if job is None or job.kind != "schedule":
        raise Http404
    state = job.state
    if state["state"] == "done" and not getattr(request, "htmx", False):
        return redirect("schedule", pk=state["schedule"])
    part = "web/schedule/job_state.html" if getattr(request, "htmx", False) else "web/schedule/job.html"
    return render(request, part, {"job": job, "state": state})


class IssueForm(PageForm):
    until_on = day_field("下达到", hint="到这一天为止的安排成为检查，检查员即可看到；一般逐月下达")


@needs("planning.view")
@require_http_methods(["GET", "POST"])
def schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """一份排班: what does it arrange, what not, and is the work equal?"""
    found = get_object_or_404(queries.schedules(request.actor), pk=pk)
    today = clock.today(request)
    until = min(found.until_on, _month(max(today, found.from_on))[1])
    issue = IssueForm(
        request.POST if request.POST.get("do") == "issue" else None, initial={"until_on": until}
    )
    if request.method == "POST":
        answer = _step(request, found, issue)
        if answer is not None:
            return answer
    parties = visible(Party.objects.all(), request.actor, "office_code")
    shown = set(parties.filter(pk__in=[u["party"] for u in found.unmet]).values_list("pk", flat=True))
    context = {
        "schedule": found, "state": STATES[found.state], "issue": issue,
        "loads": queries.loads(found, request.actor),
        "unmet": [u for u in found.unmet if u["party"] in shown], "figures": found.figures,
        "office_name": dict(office_choices(request.actor)).get(found.office_code, found.office_code),
        "hours": round(found.figures.get("travel", 0) / 60), "gap": 100 * found.figures.get("gap", 0),
        "issued": found.assignments.filter(visit__isnull=False).count(), "total": found.assignments.count(),
        "steps": [t.action for t in actions.SCHEDULE_FLOW.allowed(found.state)],
        "may_schedule": bool(may(request.actor, "planning.schedule", found.office_code)),
        "may_visit": bool(may(request.actor, "inspections.visit", found.office_code)),
        "held": queries.held(request.actor, found),
    }  # fmt: skip
    return render(request, "web/schedule/schedule.html", context, status=422 if issue.errors else 200)


def _step(request: HttpRequest, found: Schedule, issue: IssueForm) -> HttpResponse | None:
    actor, at = request.actor, clock.now(request)
    if request.POST.get("do") == "withdraw":
        cancelled = actions.withdraw_schedule(
            schedule=found, reason=request.POST.get("reason", ""), by=actor, at=at
        )
        messages.success(request, f"已撤回，取消未开始的检查 {cancelled} 次。")
        return redirect("schedule", pk=found.pk)
    if not issue.is_valid():
        return None
    until = issue.cleaned_data["until_on"]
    waiting = found.assignments.filter(visit__isnull=True, day__lte=until).count()
    if waiting <= AT_ONCE:
        done = actions.issue_schedule(schedule=found, until_on=until, by=actor, at=at)
        messages.success(request, f"已下达 {done.made} 次检查。")
        if done.held:
            messages.warning(request, f"{len(done.held)} 次未能下达，原因见下。")
        return redirect("schedule", pk=found.pk)

    def work(say: Any) -> dict[str, Any]:
        actions.issue_schedule(schedule=found, until_on=until, by=actor, at=at, progress=say)
        return {"schedule": found.pk}

    job = jobs.start("schedule", actor.username, f"下达至 {until}（{waiting} 次检查）", work)
    return redirect("schedule_job", token=job.token)


# --- one visit --------------------------------------------------------------------------------------------


class MoveForm(PageForm):
    day = day_field("日期")
    team = forms.ModelMultipleChoiceField(
        label="检查组",
        queryset=None,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )
    reason = forms.CharField(label="理由", max_length=200, help_text="写入审计记录；已下达的检查随之调整")

    def __init__(self, *args: Any, row: Assignment, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = team_choices(actor, row.office_code)
        self.fields["team"].label_from_instance = lambda o: (
            f"{o.name}（{o.office.short_name or o.office.name}）"
        )


@needs("planning.view")
@require_http_methods(["GET", "POST"])
def assignment(request: HttpRequest, pk: int) -> HttpResponse:
    """一次安排: who goes there when, and may it be moved?"""
    rows = visible(Assignment.objects.select_related("party", "visit", "schedule", "task"), request.actor)
    row = get_object_or_404(rows, pk=pk)
    actor, at = request.actor, clock.now(request)
    wrong: list[Problem] = []
    moving = request.POST.get("do") == "move"
    initial = {"day": row.day, "team": [o.pk for o in row.team.all()]}
    form = MoveForm(request.POST if moving else None, initial=initial, row=row, actor=actor)
    try:
        if request.method == "POST" and request.POST.get("do") == "fix":
            fixed = request.POST.get("fixed") == "1"
            actions.fix_assignment(assignment=row, fixed=fixed, by=actor, at=at)
            messages.success(request, "已固定，重排时不动。" if fixed else "已取消固定。")
            return redirect("assignment", pk=pk)
        if request.method == "POST" and request.POST.get("do") == "matter":
            actions.set_matter(assignment=row, matter=request.POST.get("matter", ""), by=actor, at=at)
            messages.success(request, "已记下核查事项。")
            return redirect("assignment", pk=pk)
        if moving and form.is_valid():
            given = form.cleaned_data
            actions.move_assignment(
                assignment=row,
                day=given["day"],
                team=list(given["team"]),
                reason=given["reason"],
                by=actor,
                at=at,
            )
            messages.success(request, "已调整。")
            return redirect("assignment", pk=pk)
    except Refused as refused:
        wrong = list(refused.problems)
    context = {
        "row": row, "form": form, "problems": wrong, "town": divisions.full_name(row.town),
        "visit_state": VISIT_WORKFLOW.states[row.visit.state] if row.visit else "未下达",
        "matters": MATTERS if row.kind == KIND_LABELS["licence_check"] and row.visit is None else (),
        "may_move": bool(may(actor, "planning.schedule", row.office_code))
        and row.schedule.state != "withdrawn"
        and (row.visit is None or row.visit.state == "planned"),
    }  # fmt: skip
    return render(request, "web/schedule/assignment.html", context, status=422 if moving else 200)


# --- absences and recusals --------------------------------------------------------------------------------


class AbsenceForm(PageForm):
    officer = forms.ModelChoiceField(label="人员", queryset=None)
    from_on = day_field("开始日期")
    until_on = day_field("结束日期")
    reason = forms.CharField(label="事由", max_length=100, help_text="例如：病假、年休假、培训、借调")


@needs("planning.schedule")
@require_http_methods(["GET", "POST"])
def absence_list(request: HttpRequest) -> HttpResponse:
    """请假: who is away, and what does that change?"""
    actor, at, today = request.actor, clock.now(request), clock.today(request)
    if request.POST.get("do") == "end":
        row = get_object_or_404(queries.absences(actor), pk=request.POST.get("absence") or 0)
        actions.end_absence(absence=row, by=actor, at=at)
        messages.success(request, f"{row.officer.name}已销假。")
        return redirect("absence_list")
    sent = request.method == "POST"
    form = AbsenceForm(request.POST if sent else None, initial={"from_on": today, "until_on": today})
    form.fields["officer"].queryset = visible(
        schedule_facts.inspectors_of(actor.office_code), actor, "office__code"
    )
    done: actions.Covered | None = None
    wrong: list[Problem] = []
    if sent and form.is_valid():
        try:
            done = actions.record_absence(**form.cleaned_data, by=actor, at=at, on=today)
        except Refused as refused:
            wrong = list(refused.problems)
    if done is not None:
        form = AbsenceForm(initial={"from_on": today, "until_on": today})
        form.fields["officer"].queryset = visible(
            schedule_facts.inspectors_of(actor.office_code), actor, "office__code"
        )
    context = {
        "form": form, "problems": wrong, "done": done, "today": today,
        "rows": queries.absences(actor)[:LISTED],
    }  # fmt: skip
    return render(request, "web/schedule/absences.html", context, status=422 if wrong or form.errors else 200)


class RecusalForm(PageForm):
    officer = forms.ModelChoiceField(label="人员", queryset=None)
    party = forms.CharField(label="回避的单位", max_length=200, help_text="名称全称或统一社会信用代码")
    reason = forms.CharField(label="理由", max_length=200, help_text="例如：本人或近亲属在该单位任职、投资")

    def __init__(self, *args: Any, actor: Actor, whole: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        people = visible(schedule_facts.inspectors_of(actor.office_code), actor, "office__code")
        self.fields["officer"].queryset = people if whole else people.filter(username=actor.username)

    def clean_party(self) -> Party:
        asked = self.cleaned_data["party"].strip()
        rows = visible(Party.objects.all(), self.actor)
        found = list(rows.filter(uscc=asked)[:2]) or list(rows.filter(name=asked)[:2])
        if len(found) != 1:
            raise forms.ValidationError(
                "名录中没有这个单位" if not found else "有多个同名单位，请填统一社会信用代码"
            )
        return found[0]


@needs("planning.view")
@require_http_methods(["GET", "POST"])
def recusal_list(request: HttpRequest) -> HttpResponse:
    """回避: who does not inspect whom, and why?"""
    actor, at, today = request.actor, clock.now(request), clock.today(request)
    whole = bool(may(actor, "planning.schedule"))
    if request.POST.get("do") == "end":
        row = get_object_or_404(queries.recusals(actor), pk=request.POST.get("recusal") or 0)
        actions.end_recusal(recusal=row, reason=request.POST.get("reason", ""), by=actor, at=at, on=today)
        messages.success(request, "已解除回避。")
        return redirect("recusal_list")
    sent = request.method == "POST"
    form = RecusalForm(
        request.POST if sent else None, actor=actor, whole=whole, initial={"officer": request.user.pk}
    )
    wrong: list[Problem] = []
    if sent and form.is_valid():
        try:
            made = actions.declare_recusal(**form.cleaned_data, by=actor, at=at, on=today)
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已登记：{made.officer.name}对{made.party.name}回避。")
            return redirect("recusal_list")
    context = {
        "form": form, "problems": wrong, "rows": queries.recusals(actor)[:LISTED], "whole": whole,
        "may_declare": whole or bool(may(actor, "inspections.visit")),
    }  # fmt: skip
    return render(request, "web/schedule/recusals.html", context, status=422 if wrong or form.errors else 200)


# --- calendar files ---------------------------------------------------------------------------------------


@needs(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def feed(request: HttpRequest) -> HttpResponse:
    """日历订阅: how do I see my visits in the calendar of my phone?"""
    officer, actor, at = request.user, request.actor, clock.now(request)
    address = ""
    if request.POST.get("do") == "open":
        token = actions.open_feed(officer=officer, by=actor, at=at)
        address = request.build_absolute_uri(reverse("own_calendar", args=[token]))
    elif request.POST.get("do") == "revoke":
        actions.revoke_feed(officer=officer, by=actor, at=at)
        messages.success(request, "已停用订阅地址。")
        return redirect("calendar_feed")
    context = {"address": address, "active": queries.has_feed(officer)}
    return render(request, "web/schedule/feed.html", context)


@needs(OPEN)
def own_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """An officer's own visits, for whoever holds the secret address."""
    officer = queries.feed_owner(token)
    if officer is None:
        raise Http404
    at = clock.now(request)
    text = queries.as_calendar(
        queries.visits_of(officer, _office_day(officer, at)), title=f"{officer.name}的检查", at=at,
        states=VISIT_WORKFLOW.states,
    )  # fmt: skip
    answer = HttpResponse(text, content_type=ICS)
    answer["Cache-Control"] = "private, no-store"
    return answer


def _office_day(officer: Officer, at: dt.datetime) -> dt.date:
    """The office's today; the demo's offices live in their own year."""
    day = officer.office.settings.get("today") if clock.demo() else None
    return dt.date.fromisoformat(day) if day else at.date()


@needs("inspections.view")
def office_calendar(request: HttpRequest) -> HttpResponse:
    """Every visit of an office and those below it as one calendar file."""
    code = _office(request)
    office = get_object_or_404(visible(Office.objects.all(), request.actor, "code"), code=code)
    text = queries.as_calendar(
        queries.visits_of_office(request.actor, code, clock.today(request)), title=f"{office.name}检查安排",
        at=clock.now(request), states=VISIT_WORKFLOW.states,
    )  # fmt: skip
    return attachment(HttpResponse(text, content_type=ICS), f"{office.short_name or office.name}检查安排.ics")
