"""状况报告: what we told the bureau about ourselves, and telling it something new."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.clocks.queries import clocks_of
from xiejian.firms import queries, reports, rules
from xiejian.firms.models import StatusReport
from xiejian.firms.reports import Told
from xiejian.inspections.queries import evidence_of
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import may
from xiejian.registry.models import Party
from xiejian.web import clock
from xiejian.web.firm_words import REPORT_KINDS, REPORT_STATES, REPORT_TONES, report_columns, summary
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.listing import Filter, Listing, show
from xiejian.web.steps import Step, StepForm, moves, shown, take
from xiejian.web.views.clocks import shown as clocks_shown
from xiejian.web.views.evidence import FilesField
from xiejian.workspace.guard import needs_firm


def own_party(request: HttpRequest) -> Party:
    """The firm in the register; 404 where it is not there."""
    party = queries.own_party(request.actor)
    if party is None:
        raise Http404
    return party


@needs_firm("firm.view")
def report_list(request: HttpRequest) -> HttpResponse:
    """状况报告: what did we report, was it taken note of?"""
    asked = request.GET
    rows = queries.reports(
        request.actor, search=asked.get("q", ""), state=asked.get("state", ""), kind=asked.get("kind", "")
    )
    listing = Listing(
        request, "状况报告", report_columns("firm_report"), rows, "-sent",
        filters=[
            Filter("kind", "类别", list(REPORT_KINDS.items()), asked.get("kind", "")),
            Filter("state", "状态", list(REPORT_STATES.items()), asked.get("state", "")),
        ],
        search_label="搜索编号、人员、内容", empty="还没有报送过",
        empty_next="生产经营状况、关键人员、停产复产、地址有变化的，点“报送”。",
    )  # fmt: skip
    context = {
        "new": reverse("firm_report_new"),
        "new_label": "报送",
        "may_new": may(request.actor, "firm.answer"),
    }
    return show(listing, "workspace/firms/list.html", context)


class ReportForm(PageForm):
    """What a kind asks for; the kind is chosen before and stands in the address."""

    happened_on = forms.DateField(label="发生日期", widget=DateInput())
    position = forms.ChoiceField(label="岗位")
    person_before = forms.CharField(label="原任人员", required=False, max_length=60)
    person_after = forms.CharField(
        label="现任人员", required=False, max_length=60, help_text="还没有确定新人选的留空"
    )
    address_kind = forms.ChoiceField(label="地址类别")
    address = forms.CharField(label="新地址", max_length=300)
    verified = forms.CharField(
        label="恢复前核查情况",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="停满规定期间的必填：什么时候、由谁核查质量管理体系，结果如何",
    )
    text = forms.CharField(label="情况说明", required=False, widget=forms.Textarea(attrs={"rows": 5}))
    files = FilesField("附件", required=False)

    def __init__(self, *args: Any, kind: rules.ReportKind, links: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        drop = {"verified"} if not kind.verify_rule else set()
        if rules.POSITION not in kind.asks:
            drop |= {"position", "person_before", "person_after"}
        if rules.ADDRESS not in kind.asks:
            drop |= {"address_kind", "address"}
        for name in drop:
            del self.fields[name]
        if "position" in self.fields:
            self.fields["position"].choices = [(one.id, one.id) for one in rules.positions_of(links)]
        if "address_kind" in self.fields:
            self.fields["address_kind"].choices = [(one, one) for one in rules.addresses()]
        self.fields["text"].required = rules.TEXT in kind.asks

    def told(self) -> Told:
        given = {name: value for name, value in self.cleaned_data.items() if name != "files"}
        return Told(kind=self.kind.id, **given)


def _kind(asked: str) -> rules.ReportKind:
    kinds = rules.report_kinds()
    return kinds.get(asked) or next(iter(kinds.values()))


@needs_firm("firm.answer")
@require_http_methods(["GET", "POST"])
def report_new(request: HttpRequest) -> HttpResponse:
    """报送: something changed with us."""
    party, kind = own_party(request), _kind(request.GET.get("kind", ""))
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    first = {"happened_on": clock.today(request)}
    form = ReportForm(*sent, kind=kind, links=reports.links_of(party), initial=first)
    wrong: list[Problem] = []
    if form.is_bound and form.is_valid():
        try:
            made = reports.submit_report(
                party=party, told=form.told(), files=form.cleaned_data["files"], by=request.actor,
                at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已报送：{made.number}。")
            return redirect("firm_report", pk=made.pk)
    context = {"form": form, "kind": kind, "kinds": REPORT_KINDS.items(), "problems": wrong}
    return render(request, "workspace/firms/report_new.html", context, status=422 if form.is_bound else 200)


class WithdrawForm(StepForm):
    reason = forms.CharField(label="撤回的理由", max_length=300)


STEPS: dict[str, Step] = {
    "withdraw_report": Step(
        "withdraw_report", "撤回", WithdrawForm,
        lambda row, given, by, at: reports.withdraw_report(report=row, by=by, at=at, **given),
    ),
}  # fmt: skip


@needs_firm("firm.view")
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """One report: what did we say, what did the bureau say to it? A returned one is completed here."""
    actor = request.actor
    row = get_object_or_404(queries.reports(actor), pk=pk)
    taken, form, wrong = take(request, STEPS, row), _amend_form(request, row), list[Problem]()
    if taken.done:
        messages.success(request, "已撤回。")
        return redirect("firm_report", pk=pk)
    if taken.step is None and form and form.is_bound and form.is_valid():
        wrong = _amend(request, row, form)
        if not wrong:
            messages.success(request, "已补充报送。")
            return redirect("firm_report", pk=pk)
    if taken.problems or wrong:
        row = get_object_or_404(queries.reports(actor), pk=pk)
    names = [n for n in moves(reports.WORKFLOW, row.state, actor, row.office_code) if n in STEPS]
    context = {
        "row": row, "kind": rules.report_kinds()[row.kind], "what": summary(row), "form": form,
        "state": (REPORT_STATES[row.state], REPORT_TONES[row.state]),
        "files": evidence_of(reports.SUBJECT, row.pk), "problems": [*taken.problems, *wrong],
        "clocks": clocks_shown(clocks_of(reports.SUBJECT, [pk]).get(pk, []), clock.now(request)),
        "steps": shown(STEPS, names, taken, row, actor, {}),
    }  # fmt: skip
    bad = wrong or taken.status != 200 or (form is not None and form.errors)
    return render(request, "workspace/firms/report.html", context, status=422 if bad else 200)


def _amend_form(request: HttpRequest, row: StatusReport) -> ReportForm | None:
    """The report as it was sent, to be completed; None when it is not to be changed."""
    if "amend_report" not in moves(reports.WORKFLOW, row.state, request.actor, row.office_code):
        return None
    said = {name: getattr(row, name) for name in Told.__dataclass_fields__}
    posted = request.method == "POST" and "do" not in request.POST
    sent = (request.POST, request.FILES) if posted else ()
    links = reports.links_of(row.party)
    return ReportForm(*sent, kind=rules.report_kinds()[row.kind], links=links, initial=said)


def _amend(request: HttpRequest, row: StatusReport, form: ReportForm) -> list[Problem]:
    try:
        reports.amend_report(
            report=row, told=form.told(), files=form.cleaned_data["files"], by=request.actor,
            at=clock.now(request),
        )  # fmt: skip
    except Refused as refused:
        return list(refused.problems)
    return []
