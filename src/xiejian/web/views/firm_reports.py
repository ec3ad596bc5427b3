"""状况报告: what firms told about themselves; one of them, taken into the register or sent back."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.clocks.queries import clocks_of
from xiejian.firms import queries, reports, rules
from xiejian.firms.models import StatusReport
from xiejian.inspections.queries import evidence_of
from xiejian.kernel import deadlines
from xiejian.people.policy import Actor
from xiejian.web import clock
from xiejian.web.firm_words import REPORT_KINDS, REPORT_STATES, REPORT_TONES, report_columns, summary
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, StepForm, moves, shown, take
from xiejian.web.views.clocks import shown as clocks_shown
from xiejian.web.views.evidence import gallery
from xiejian.web.views.people import office_choices

TABS = (("", "待确认"), ("all", "全部"))


@needs("firms.view")
def status_report_list(request: HttpRequest) -> HttpResponse:
    """状况报告: what changed at the firms, what waits for us?"""
    asked, actor = request.GET, request.actor
    tab = asked.get("tab", "")
    state = asked.get("state", "") or ("" if tab else "submitted")
    rows = queries.reports(
        actor, search=asked.get("q", ""), state=state, kind=asked.get("kind", ""),
        office=asked.get("office", ""),
    )  # fmt: skip
    number, *rest = report_columns("status_report")
    party = Column(
        "party", "单位", lambda r: r.party.name, ("party__name",),
        href=lambda r: reverse("connected_firm", args=[r.party_id]),
    )  # fmt: skip
    listing = Listing(
        request, "状况报告", [number, party, *rest], rows, "-sent",
        filters=[
            Filter("kind", "类别", list(REPORT_KINDS.items()), asked.get("kind", "")),
            Filter("state", "状态", list(REPORT_STATES.items()), asked.get("state", "")),
            Filter("office", "监管机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索编号、单位、人员", empty="没有待确认的报告" if not tab else "还没有状况报告",
        empty_next="单位在企业工作台报送人员变动、停产复产、地址变动和生产经营状况。", hidden=[("tab", tab)],
    )  # fmt: skip
    return show(listing, "web/firms/report_list.html", {"tab": tab, "tabs": TABS})


class AcceptForm(StepForm):
    opinion = forms.CharField(label="意见", max_length=300, required=False)
    apply = forms.BooleanField(label="同时更新名录", required=False, initial=True)

    def fit(self, record: StatusReport, actor: Actor) -> None:
        if not reports.change_of_register(record):
            del self.fields["apply"]


class ReturnForm(StepForm):
    opinion = forms.CharField(label="退回理由", max_length=300)


STEPS: dict[str, Step] = {
    "accept_report": Step(
        "accept_report", "确认", AcceptForm,
        lambda r, given, by, at: reports.accept_report(report=r, by=by, at=at, **given),
        "名录按报告更新，理由写明报告编号。",
    ),
    "return_report": Step(
        "return_report", "退回补充", ReturnForm,
        lambda r, given, by, at: reports.return_report(report=r, by=by, at=at, **given),
    ),
}  # fmt: skip


@needs("firms.view")
@require_http_methods(["GET", "POST"])
def status_report(request: HttpRequest, pk: int) -> HttpResponse:
    """One report: what changed, what follows for the register, is it in time?"""
    actor = request.actor
    row = get_object_or_404(queries.reports(actor), pk=pk)
    taken = take(request, STEPS, row)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("status_report", pk=pk)
    if taken.problems:
        row = get_object_or_404(queries.reports(actor), pk=pk)
    names = moves(reports.WORKFLOW, row.state, actor, row.office_code)
    context = {
        "row": row, "kind": rules.report_kinds()[row.kind], "what": summary(row),
        "state": (REPORT_STATES[row.state], REPORT_TONES[row.state]),
        "change": reports.change_of_register(row), "files": gallery(evidence_of(reports.SUBJECT, row.pk)),
        "clocks": clocks_shown(clocks_of(reports.SUBJECT, [pk]).get(pk, []), clock.now(request)),
        "licence": _licence_due(row), "problems": taken.problems,
        "steps": shown(STEPS, [n for n in STEPS if n in names], taken, row, actor, {"apply": True}, True),
    }  # fmt: skip
    return render(request, "web/firms/report.html", context, status=taken.status)


def _licence_due(row: StatusReport) -> deadlines.Due | None:
    """Until when the licence must be changed after a change of this position."""
    position = rules.positions().get(row.position)
    if position is None or not position.licence_rule or not row.person_after:
        return None
    if not set(reports.links_of(row.party)) & set(position.licence_links):
        return None
    return deadlines.due(position.licence_rule, row.happened_on)
