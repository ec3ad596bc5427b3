"""约谈安排: which talks are arranged, one from invitation to holding it, what became of the promises."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.cases import interviews, minutes, queries
from xiejian.cases.models import InterviewPlan
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor, may, require, visible
from xiejian.registry.models import LINKS, Party
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, StepForm, day, shown, take, text

STATES = interviews.INTERVIEW_WORKFLOW.states
TONES = {
    "planned": "secondary", "invited": "azure", "held": "green", "no_show": "red", "cancelled": "secondary",
}  # fmt: skip


def _plan_address(row: InterviewPlan) -> str:
    return reverse("interview_plan", args=[row.pk])


def _party_address(row: InterviewPlan) -> str:
    return reverse("party", args=[row.party_id])


COLUMNS = [
    Column("planned", "约谈日期", lambda p: p.planned_on, ("planned_on",), href=_plan_address),
    Column("party", "被约谈单位", lambda p: p.party.name, ("party__name",), href=_party_address),
    Column("reason", "事由", lambda p: p.reason),
    Column("invited", "通知日期", lambda p: p.invited_on, ("invited_on",), nullable=True),
    Column("state", "状态", lambda p: STATES[p.state], ("state",), tone=lambda p: TONES[p.state]),
]


@needs("cases.view")
def interview_plans(request: HttpRequest) -> HttpResponse:
    """约谈安排: whom do we call in, who has not come?"""
    asked = request.GET
    rows = interviews.plans(request.actor, state=asked.get("state", ""), search=asked.get("q", ""))
    listing = Listing(
        request, "约谈安排", COLUMNS, rows, "-planned",
        filters=[Filter("state", "状态", list(STATES.items()), asked.get("state", ""))],
        search_label="搜索单位、事由", empty="还没有约谈安排",
        empty_next="在单位的“一企一档”中安排约谈。",
    )  # fmt: skip
    return show(listing, "web/cases/list.html", {"tab": "plans"})


class InviteForm(StepForm):
    invited_on = day("通知日期")
    how = forms.CharField(label="通知方式（书面、电话等）", max_length=60)
    planned_on = day("约谈日期")


class HoldForm(StepForm):
    held_on = day("约谈日期")
    promised = text("承诺", required=False, hint="一行一项")
    due_on = day("承诺期限", required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("promised") and not given.get("due_on"):
            self.add_error("due_on", "有承诺的，请填写期限")
        return given


class NoteForm(StepForm):
    note = forms.CharField(label="说明", max_length=300)


def _hold(plan: InterviewPlan, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    lines = [line for line in given["promised"].splitlines() if line.strip()]
    promised = [(line, given["due_on"]) for line in lines]
    return interviews.hold_interview(plan=plan, held_on=given["held_on"], promised=promised, by=by, at=at)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "invite_to_interview", "登记通知", InviteForm,
            lambda p, given, by, at: interviews.invite_to_interview(plan=p, by=by, at=at, **given),
        ),
        Step("hold_interview", "登记约谈", HoldForm, _hold, "登记后计入责任约谈；承诺到期后核实。"),
        Step(
            "record_no_show", "登记未到场", NoteForm,
            lambda p, given, by, at: interviews.record_no_show(plan=p, by=by, at=at, **given),
        ),
        Step(
            "cancel_interview", "取消约谈", NoteForm,
            lambda p, given, by, at: interviews.cancel_interview(plan=p, by=by, at=at, **given),
        ),
    )
}  # fmt: skip


@needs("cases.view")
@require_http_methods(["GET", "POST"])
def interview_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One arranged talk: was the firm told, did it come?"""
    found = get_object_or_404(interviews.plans(request.actor), pk=pk)
    actor, on = request.actor, clock.today(request)
    if request.method == "POST":
        require(actor, "cases.edit", found.office_code)
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("interview_plan", pk=pk)
    names = []
    if may(actor, "cases.edit", found.office_code):
        names = [t.action for t in interviews.INTERVIEW_WORKFLOW.allowed(found.state)]
    first = {"invited_on": on, "planned_on": found.planned_on, "held_on": found.planned_on}
    context = {
        "found": found, "state": (STATES[found.state], TONES[found.state]), "problems": taken.problems,
        "steps": shown(STEPS, names, taken, found, actor, first, first_open=True),
    }  # fmt: skip
    return render(request, "web/cases/interview_plan.html", context, status=taken.status)


class PlanForm(PageForm):
    planned_on = day("约谈日期")
    place = forms.CharField(label="地点", max_length=120, required=False)
    link = forms.ChoiceField(
        label="环节", choices=[("", "—"), *((link, link) for link in LINKS)], required=False
    )
    reason = forms.CharField(label="事由", max_length=300)


@needs("cases.edit")
@require_http_methods(["GET", "POST"])
def interview_plan_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Arrange a talk with the party ``pk``."""
    party = get_object_or_404(visible(Party.objects.all(), request.actor), pk=pk)
    form = PlanForm(request.POST or None, initial={"planned_on": clock.today(request)})
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = interviews.plan_interview(
                party=party, by=request.actor, at=clock.now(request), **form.cleaned_data
            )
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, "已安排约谈。")
            return redirect("interview_plan", pk=made.pk)
    context = {"form": form, "party": party, "heading": "安排约谈", "problems": wrong, "campaigns": {}}
    return render(request, "web/cases/new.html", context, status=422 if form.is_bound else 200)


class FollowForm(PageForm):
    kept = forms.ChoiceField(label="是否兑现", choices=[("yes", "已兑现"), ("no", "未兑现")])
    looked_on = day("核实日期")
    note = forms.CharField(label="核实情况", max_length=300)


@needs("cases.edit")
@require_http_methods(["GET", "POST"])
def commitment(request: HttpRequest, pk: int) -> HttpResponse:
    """承诺核实: was the promise kept?"""
    found = get_object_or_404(interviews.commitments(request.actor), pk=pk)
    form = FollowForm(request.POST or None, initial={"looked_on": clock.today(request)})
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        given = {**form.cleaned_data, "kept": form.cleaned_data["kept"] == "yes"}
        try:
            interviews.follow_up_commitment(
                commitment=found, by=request.actor, at=clock.now(request), **given
            )
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, "已登记核实情况。")
            return redirect("interview", pk=found.interview_id)
    heading = f"承诺核实（{found.text}）"
    context = {
        "form": form, "party": found.interview.party, "heading": heading, "problems": wrong, "campaigns": {},
    }  # fmt: skip
    return render(request, "web/cases/new.html", context, status=422 if form.is_bound else 200)


class MinutesForm(PageForm):
    place = forms.CharField(label=minutes.PLACE, max_length=120, required=False)
    hosts = forms.CharField(label=minutes.HOSTS, max_length=120, help_text="几个人用顿号分开")
    guests = forms.CharField(label=minutes.GUESTS, max_length=200)
    said = text(minutes.SAID, rows=6, hint="指出了什么问题，提出了什么要求")
    answered = text(minutes.ANSWERED, required=False, rows=4, hint="对方的说明；承诺在安排约谈时登记")


@needs("cases.edit")
@require_http_methods(["GET", "POST"])
def interview_minutes(request: HttpRequest, pk: int) -> HttpResponse:
    """约谈笔录: what was said at the talk, before its record is signed?"""
    found = queries.interview(request.actor, pk)
    if found is None:
        raise Http404
    fields = dict(zip(MinutesForm.base_fields, minutes.HEADINGS, strict=True))
    first = {name: found.extra.get(heading, "") for name, heading in fields.items()}
    form = MinutesForm(request.POST or None, initial=first | {"hosts": first["hosts"] or request.actor.name})
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            minutes.write_minutes(
                interview=found, by=request.actor, at=clock.now(request), **form.cleaned_data
            )
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, "已写约谈笔录，请双方核对后签名。")
            return redirect("paper", kind="interview", pk=pk)
    context = {"form": form, "found": found, "problems": wrong}
    return render(request, "web/cases/minutes.html", context, status=422 if form.is_bound else 200)
