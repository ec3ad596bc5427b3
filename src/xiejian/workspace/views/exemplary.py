"""示范创建: applying as an example, and what became of it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.firms import exemplary, queries, rules
from xiejian.inspections.queries import evidence_of
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import may
from xiejian.web import clock
from xiejian.web.firm_words import EXEMPLARY_STATES, EXEMPLARY_TONES
from xiejian.web.forms import PageForm
from xiejian.web.listing import Column, Listing, show
from xiejian.web.steps import Step, StepForm, moves, shown, take
from xiejian.web.views.evidence import FilesField
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.views.status_reports import own_party


@needs_firm("firm.view")
def exemplary_list(request: HttpRequest) -> HttpResponse:
    """示范创建: what did we apply for, how far is it?"""
    columns = [
        Column(
            "number", "编号", lambda e: e.number, ("number",),
            href=lambda e: reverse("firm_example", args=[e.pk]),
        ),
        Column("year", "年度", lambda e: e.year, ("year",)),
        Column("on", "申报日期", lambda e: e.applied_on, ("applied_on",)),
        Column("decided", "公布日期", lambda e: e.decided_on, ("decided_on",), nullable=True),
        Column(
            "state", "状态", lambda e: EXEMPLARY_STATES[e.state], ("state",),
            tone=lambda e: EXEMPLARY_TONES[e.state],
        ),
    ]  # fmt: skip
    listing = Listing(
        request, "示范创建", columns, queries.exemplary(request.actor), "-on", empty="还没有申报过",
        empty_next="质量管理做得好的，点“申报”，监管部门现场评审后命名。",
    )  # fmt: skip
    context = {
        "new": reverse("firm_example_new"),
        "new_label": "申报",
        "may_new": may(request.actor, "firm.answer"),
    }
    return show(listing, "workspace/firms/list.html", context)


class ApplicationForm(PageForm):
    text = forms.CharField(
        label="申报材料", widget=forms.Textarea(attrs={"rows": 8}),
        help_text="逐条说明做法和成效；证明材料作为附件",
    )  # fmt: skip
    files = FilesField("附件", required=False)


@needs_firm("firm.answer")
@require_http_methods(["GET", "POST"])
def exemplary_new(request: HttpRequest) -> HttpResponse:
    """申报: why we should be an example."""
    party, wrong = own_party(request), list[Problem]()
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ApplicationForm(*sent)
    if form.is_bound and form.is_valid():
        try:
            made = exemplary.apply_as_example(
                party=party, year=clock.today(request).year, by=request.actor, at=clock.now(request),
                **form.cleaned_data,
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已申报：{made.number}。")
            return redirect("firm_example", pk=made.pk)
    context = {"form": form, "problems": wrong, "criteria": rules.criteria()}
    return render(request, "workspace/firms/example_new.html", context, status=422 if form.is_bound else 200)


class WithdrawForm(StepForm):
    reason = forms.CharField(label="撤回的理由", max_length=300)


STEPS: dict[str, Step] = {
    "withdraw_application": Step(
        "withdraw_application", "撤回申报", WithdrawForm,
        lambda row, given, by, at: exemplary.withdraw_application(application=row, by=by, at=at, **given),
    ),
}  # fmt: skip


@needs_firm("firm.view")
@require_http_methods(["GET", "POST"])
def exemplary_one(request: HttpRequest, pk: int) -> HttpResponse:
    """One application: what we wrote, what the review found."""
    actor = request.actor
    row = get_object_or_404(queries.exemplary(actor), pk=pk)
    taken = take(request, STEPS, row)
    if taken.done:
        messages.success(request, "已撤回申报。")
        return redirect("firm_example", pk=pk)
    if taken.problems:
        row = get_object_or_404(queries.exemplary(actor), pk=pk)
    names = [n for n in moves(exemplary.WORKFLOW, row.state, actor, row.office_code) if n in STEPS]
    context = {
        "row": row, "state": (EXEMPLARY_STATES[row.state], EXEMPLARY_TONES[row.state]),
        "files": evidence_of("exemplaryfirm", row.pk), "problems": taken.problems,
        "steps": shown(STEPS, names, taken, row, actor, {}),
    }  # fmt: skip
    return render(request, "workspace/firms/example.html", context, status=taken.status)
