"""停产整改与恢复生产: which stops stand, one stop from order to decision, its notice on paper."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.inspections import queries, stopping
from xiejian.inspections.checks import MADE
from xiejian.inspections.models import ProductionStop, Visit
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor, may, require, visible
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, StepForm, day, shown, take, text
from xiejian.web.views import papers

STATES = stopping.STOP_WORKFLOW.states
TONES = {"ordered": "red", "applied": "orange", "passed": "azure", "resumed": "green"}


def _stop_address(row: ProductionStop) -> str:
    return reverse("stop", args=[row.pk])


def _party_address(row: ProductionStop) -> str:
    return reverse("party", args=[row.visit.party_id])


COLUMNS = [
    Column("number", "文书编号", lambda s: s.number, ("number",), href=_stop_address),
    Column("party", "单位", lambda s: s.visit.party.name, ("visit__party__name",), href=_party_address),
    Column("scope", "停产范围", lambda s: s.scope),
    Column("ordered", "责令日期", lambda s: s.ordered_on, ("ordered_on",)),
    Column("applied", "申请恢复", lambda s: s.applied_on, ("applied_on",), nullable=True),
    Column("rechecked", "复查日期", lambda s: s.rechecked_on, ("rechecked_on",), nullable=True),
    Column("resumed", "恢复生产", lambda s: s.resumed_on, ("resumed_on",), nullable=True),
    Column("state", "状态", lambda s: STATES[s.state], ("state",), tone=lambda s: TONES[s.state]),
]


@needs("inspections.view")
def stop_list(request: HttpRequest) -> HttpResponse:
    """停产整改: who stands still, and what is each waiting for?"""
    asked = request.GET
    rows = stopping.stops(request.actor, state=asked.get("state", ""), search=asked.get("q", ""))
    listing = Listing(
        request, "停产整改", COLUMNS, rows, "-ordered",
        filters=[Filter("state", "状态", list(STATES.items()), asked.get("state", ""))],
        search_label="搜索文书编号、单位", empty="没有停产整改",
        empty_next="生产环节的检查作出结论后，在检查页面“停产整改”。",
    )  # fmt: skip
    return show(listing, "web/stops/list.html", {})


class ApplyForm(StepForm):
    applied_on = day("申请日期")
    application = text("整改情况和恢复生产申请")


class StopRecheckForm(StepForm):
    recheck_visit = forms.ModelChoiceField(label="复查所在的检查", queryset=None, empty_label="请选择")
    decision = text("复查情况")

    def fit(self, record: ProductionStop, actor: Actor) -> None:
        rows = queries.visits(actor, party=record.visit.party).filter(
            state__in=MADE, visited_on__gte=record.applied_on or record.ordered_on
        )
        field = self.fields["recheck_visit"]
        field.queryset = rows.exclude(pk=record.visit_id)
        field.label_from_instance = lambda v: f"{v.visited_on} {v.kind} {v.number}"


class ResumeForm(StepForm):
    resumed_on = day("恢复生产日期")
    approved_by = forms.CharField(label="批准人", max_length=60)


class RefuseForm(StepForm):
    approved_by = forms.CharField(label="决定人", max_length=60)
    decision = text("不同意的理由")


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "apply_to_resume", "登记恢复生产申请", ApplyForm,
            lambda s, given, by, at: stopping.apply_to_resume(stop=s, by=by, at=at, **given),
            "单位完成整改、书面申请恢复生产后登记；随后安排复查。",
        ),
        Step(
            "pass_stop_recheck", "复查合格", StopRecheckForm,
            lambda s, given, by, at: stopping.pass_stop_recheck(stop=s, by=by, at=at, **given),
        ),
        Step(
            "fail_stop_recheck", "复查不合格", StopRecheckForm,
            lambda s, given, by, at: stopping.fail_stop_recheck(stop=s, by=by, at=at, **given),
            "不合格的继续停产整改，单位可以再次申请。",
        ),
        Step(
            "resume_production", "同意恢复生产", ResumeForm,
            lambda s, given, by, at: stopping.resume_production(stop=s, by=by, at=at, **given),
            "监管对象的状态同时恢复。",
        ),
        Step(
            "refuse_to_resume", "不同意恢复生产", RefuseForm,
            lambda s, given, by, at: stopping.refuse_to_resume(stop=s, by=by, at=at, **given),
        ),
    )
}  # fmt: skip


def _stop(request: HttpRequest, pk: int) -> ProductionStop:
    return get_object_or_404(stopping.stops(request.actor), pk=pk)


@needs("inspections.view")
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """One stop: what was ordered, what did the firm do, may it resume?"""
    found, actor, on = _stop(request, pk), request.actor, clock.today(request)
    if request.method == "POST":
        require(actor, "inspections.visit", found.office_code)
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("stop", pk=pk)
    editable = may(actor, "inspections.visit", found.office_code)
    names = [t.action for t in stopping.STOP_WORKFLOW.allowed(found.state)] if editable else []
    first = {"applied_on": on, "resumed_on": on}
    context = {
        "found": found, "state": (STATES[found.state], TONES[found.state]), "problems": taken.problems,
        "steps": shown(STEPS, names, taken, found, actor, first, first_open=True), "history": _history(found),
    }  # fmt: skip
    return render(request, "web/stops/stop.html", context, status=taken.status)


def _history(found: ProductionStop) -> list[tuple[dt.date, str, str]]:
    steps = [
        (found.ordered_on, "责令停产整改", found.reason),
        (found.applied_on, "申请恢复生产", found.application),
        (found.rechecked_on, "复查", found.decision),
        (found.resumed_on, f"恢复生产（批准人：{found.approved_by}）", ""),
    ]
    return [(on, what, detail) for on, what, detail in steps if on]


@needs("inspections.view")
def stop_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """停产整改通知书, or once resumed 恢复生产通知书, at the address of its stop."""
    return papers.paper(request, "resume" if _stop(request, pk).resumed_on else "stop", pk)


class StopForm(PageForm):
    scope = forms.CharField(label="停产范围（车间、产品）", max_length=300)
    reason = text("停产原因（发现的问题）")
    ordered_on = day("责令日期")


@needs("inspections.visit")
@require_http_methods(["GET", "POST"])
def stop_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Order the party of the visit ``pk`` to stop production."""
    visit = get_object_or_404(visible(Visit.objects.select_related("party"), request.actor), pk=pk)
    form = StopForm(request.POST or None, initial={"ordered_on": clock.today(request)})
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        given: dict[str, Any] = form.cleaned_data
        try:
            made = stopping.stop_production(visit=visit, by=request.actor, at=clock.now(request), **given)
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, "已责令停产整改，监管对象的状态改为停产。")
            return redirect("stop", pk=made.pk)
    context = {"form": form, "visit": visit, "problems": wrong}
    return render(request, "web/stops/new.html", context, status=422 if form.is_bound else 200)
