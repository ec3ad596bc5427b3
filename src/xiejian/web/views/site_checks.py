"""备案核查与现场核查结论: which filings wait for a visit; what a licence or system visit came to."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.inspections import site_checks
from xiejian.inspections.models import SiteCheck, Visit
from xiejian.kernel import deadlines
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import may, visible
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import day, text
from xiejian.web.views.corrections import clock_words
from xiejian.web.views.people import office_choices

STANDINGS = {"overdue": "逾期未核查", "waiting": "待核查", "checked": "已核查"}
TONES = {"overdue": "red", "waiting": "orange", "checked": "green"}


def _party_address(row: Any) -> str:
    return reverse("party", args=[row.party_id])


def _visit_address(row: Any) -> str:
    return reverse("visit", args=[row.check_visit]) if row.check_visit else ""


def _columns(on: dt.date) -> list[Column]:
    def left(row: Any) -> tuple[str, str]:
        due = site_checks.due_of(row.link, row.filed_on)
        return (str(due), "secondary") if row.standing == "checked" else clock_words(due, on)

    return [
        Column("party", "单位", lambda f: f.party.name, ("party__name",), href=_party_address),
        Column("link", "环节", lambda f: f.link, ("link",)),
        Column("filed", "备案日期", lambda f: f.filed_on, ("filed_on",)),
        Column("due", "核查期限", lambda f: left(f)[0], tone=lambda f: left(f)[1]),
        Column(
            "checked", "核查日期", lambda f: f.checked_on, ("checked_on",), nullable=True, href=_visit_address
        ),
        Column("result", "资料与现场", lambda f: f.check_result),
        Column("address", "地址", lambda f: f.party.address, shown=False),
        Column("state", "状态", lambda f: STANDINGS[f.standing], tone=lambda f: TONES[f.standing]),
    ]


@needs("inspections.view")
def filing_list(request: HttpRequest) -> HttpResponse:
    """备案核查: which new filings have not been visited, and until when must they be?"""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    state, link, office = (asked.get(name, "") for name in ("state", "link", "office"))
    rows = site_checks.filings(actor, on=on, state=state, link=link, office=office, search=asked.get("q", ""))
    links = [(name, name) for name in site_checks.FILING_RULES]
    listing = Listing(
        request, "备案核查", _columns(on), rows, "filed",
        filters=[
            Filter("state", "状态", list(STANDINGS.items()), state), Filter("link", "环节", links, link),
            Filter("office", "机构", office_choices(actor), office),
        ],
        search_label="搜索单位、信用代码", empty="没有需要核查的备案",
        empty_next="名录中近一年第一类生产、第二类经营和第三方平台的备案列在这里。",
    )  # fmt: skip
    rules = [(name, deadlines.rule(rule)) for name, rule in site_checks.FILING_RULES.items()]
    return show(listing, "web/site_checks/list.html", {"rules": rules})


class ResultForm(PageForm):
    result = forms.ChoiceField(label="结论")
    decided_on = day("结论日期")
    reason = text("理由（未通过的必须写明）", required=False)
    matter = forms.ModelChoiceField(
        label="许可备案事项", queryset=None, required=False, empty_label="没有对应的事项"
    )
    mismatches = text("备案资料与现场不符之处", required=False)
    follow_up = forms.ChoiceField(label="后续处理", required=False)

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["result"].choices = [(r, r) for r in site_checks.RESULTS[visit.kind]]
        if visit.kind == site_checks.FILING:
            del self.fields["matter"]
            self.fields["follow_up"].choices = [("", "无"), *((f, f) for f in site_checks.FOLLOW_UPS)]
        else:
            del self.fields["mismatches"], self.fields["follow_up"]
            field = self.fields["matter"]
            field.queryset = site_checks.matters_of(visit)
            field.label_from_instance = lambda m: f"{m.decided_on} {m.matter} {m.result}"


@needs("inspections.view")
@require_http_methods(["GET", "POST"])
def site_check(request: HttpRequest, pk: int) -> HttpResponse:
    """现场核查结论 of the visit ``pk``: passed, passed after correction or refused, and why?"""
    rows = visible(Visit.objects.select_related("party"), request.actor)
    visit = get_object_or_404(rows.filter(kind__in=site_checks.RESULTS), pk=pk)
    told = SiteCheck.objects.select_related("matter").filter(visit=visit).first()
    form = ResultForm(request.POST or None, visit=visit, initial={"decided_on": clock.today(request)})
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            site_checks.conclude_site_check(
                visit=visit, by=request.actor, at=clock.now(request), **form.cleaned_data
            )
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, "已登记核查结论。")
            return redirect("site_check", pk=pk)
    editable = told is None and may(request.actor, "inspections.visit", visit.office_code)
    context = {"visit": visit, "told": told, "form": form, "problems": wrong, "editable": editable}
    status = 422 if wrong or form.errors else 200
    return render(request, "web/site_checks/result.html", context, status=status)
