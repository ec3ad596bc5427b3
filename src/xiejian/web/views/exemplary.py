"""示范创建: who asks to be an example, what the look on the spot found, who was named."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.firms import exemplary, queries, rules
from xiejian.inspections.queries import evidence_of
from xiejian.web import clock
from xiejian.web.firm_words import EXEMPLARY_STATES, EXEMPLARY_TONES
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, StepForm, day, moves, shown, take, text
from xiejian.web.views.evidence import gallery

YEARS = 5  # in the filter


@needs("firms.view")
def exemplary_list(request: HttpRequest) -> HttpResponse:
    """示范创建: who applied, who was named?"""
    asked, actor = request.GET, request.actor
    columns = [
        Column(
            "number", "编号", lambda e: e.number, ("number",),
            href=lambda e: reverse("exemplary_firm", args=[e.pk]),
        ),
        Column("party", "单位", lambda e: e.party.name, ("party__name",)),
        Column("year", "年度", lambda e: e.year, ("year",)),
        Column("on", "申报日期", lambda e: e.applied_on, ("applied_on",)),
        Column("reviewed", "评审日期", lambda e: e.reviewed_on, ("reviewed_on",), nullable=True),
        Column("decided", "公布日期", lambda e: e.decided_on, ("decided_on",), nullable=True),
        Column(
            "state", "状态", lambda e: EXEMPLARY_STATES[e.state], ("state",),
            tone=lambda e: EXEMPLARY_TONES[e.state],
        ),
    ]  # fmt: skip
    rows = queries.exemplary(
        actor, search=asked.get("q", ""), state=asked.get("state", ""), year=asked.get("year", "")
    )
    year = clock.today(request).year
    years = [(str(one), f"{one} 年") for one in range(year, year - YEARS, -1)]
    listing = Listing(
        request, "示范创建", columns, rows, "-on",
        filters=[
            Filter("year", "年度", years, asked.get("year", "")),
            Filter("state", "状态", list(EXEMPLARY_STATES.items()), asked.get("state", "")),
        ],
        search_label="搜索编号、单位", empty="还没有申报",
        empty_next="单位在企业工作台的“示范创建”中申报，现场评审后命名。",
    )  # fmt: skip
    return show(listing, "web/firms/exemplary_list.html")


class ReviewForm(StepForm):
    reviewed_on = day("评审日期")
    reviewers = forms.CharField(label="评审人员", max_length=120)
    review = text("评审情况", rows=5)


class DayForm(StepForm):
    decided_on = day("公布日期")


class RefuseForm(StepForm):
    decided_on = day("日期")
    reason = forms.CharField(label="理由", max_length=300)


def _step(name: str, label: str, form: type[StepForm]) -> Step:
    action = getattr(exemplary, name)
    return Step(name, label, form, lambda r, given, by, at: action(application=r, by=by, at=at, **given))


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        _step("record_review", "登记现场评审", ReviewForm),
        _step("name_firm", "命名", DayForm),
        _step("refuse_firm", "不予命名", RefuseForm),
        _step("remove_firm", "取消命名", RefuseForm),
    )
}


@needs("firms.view")
@require_http_methods(["GET", "POST"])
def exemplary_firm(request: HttpRequest, pk: int) -> HttpResponse:
    """One application: what the firm wrote, what the review found, is it named?"""
    actor, on = request.actor, clock.today(request)
    row = get_object_or_404(queries.exemplary(actor), pk=pk)
    taken = take(request, STEPS, row)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("exemplary_firm", pk=pk)
    if taken.problems:
        row = get_object_or_404(queries.exemplary(actor), pk=pk)
    names = moves(exemplary.WORKFLOW, row.state, actor, row.office_code)
    steps = [n for n in STEPS if n in names]
    context = {
        "row": row, "state": (EXEMPLARY_STATES[row.state], EXEMPLARY_TONES[row.state]),
        "criteria": rules.criteria(), "files": gallery(evidence_of("exemplaryfirm", row.pk)),
        "problems": taken.problems,
        "steps": shown(
            STEPS, steps, taken, row, actor, {"reviewed_on": on, "decided_on": on}, first_open=True
        ),
    }  # fmt: skip
    return render(request, "web/firms/exemplary.html", context, status=taken.status)
