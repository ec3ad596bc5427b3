"""案件与约谈: where does each case stand, whom did we call in, and the steps of a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.cases import actions, queries
from xiejian.cases.models import Case, Interview
from xiejian.inspections.checks import ADDRESSEES
from xiejian.inspections.models import Transfer
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor, may, require, visible
from xiejian.registry.models import LINKS, Party
from xiejian.web import clock
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.templatetags.xiejian import tags
from xiejian.web.views.people import office_choices

LINK_CHOICES = [(v, v) for v in LINKS]
STATE_TONES = {"filed": "orange", "decided": "azure", "closed": "green"}
FEN = 100  # 分 in a yuan


def _yuan(fen: int | None) -> float | None:
    return None if fen is None else fen / FEN


def _fen(yuan: Decimal | None) -> int | None:
    return None if yuan is None else int(yuan * FEN)


def _party_link(row: Case | Interview) -> str:
    return reverse("party", args=[row.party_id])


CASE_COLUMNS = [
    Column("number", "案号", lambda c: c.number, ("number",), href=lambda c: reverse("case", args=[c.pk])),
    Column("party", "当事人", lambda c: c.party.name, ("party__name",), href=_party_link),
    Column("conduct", "违法行为", lambda c: c.conduct),
    Column("link", "环节", lambda c: c.link, ("link",)),
    Column("procedure", "程序", lambda c: c.procedure, ("procedure",)),
    Column("filed", "立案日期", lambda c: c.filed_on, ("filed_on",)),
    Column("decided", "决定日期", lambda c: c.decided_on, ("decided_on",), nullable=True),
    Column("fine", "罚款（元）", lambda c: _yuan(c.fine_fen), ("fine_fen",), numeric=True),
    Column(
        "confiscated", "没收违法所得（元）", lambda c: _yuan(c.confiscated_fen), ("confiscated_fen",),
        numeric=True, shown=False,
    ),
    Column("closed", "结案日期", lambda c: c.closed_on, ("closed_on",), nullable=True, shown=False),
    Column("campaign", "专项", lambda c: c.campaign, ("campaign",), shown=False),
    Column("tags", "品种标签", lambda c: "、".join(tags(c.tags)), shown=False),
    Column("transfers", "移送", lambda c: c.transfers, shown=False),
    Column("state", "状态", queries.state_label, tone=lambda c: STATE_TONES[actions.state_of(c)]),
]  # fmt: skip


@needs("cases.view")
def case_list(request: HttpRequest) -> HttpResponse:
    """案件: where does each case stand?"""
    asked, actor = request.GET, request.actor
    rows = queries.cases(
        actor, search=asked.get("q", ""), state=asked.get("state", ""), link=asked.get("link", ""),
        procedure=asked.get("procedure", ""), office=asked.get("office", ""),
    )  # fmt: skip
    listing = Listing(
        request, "案件", CASE_COLUMNS, rows, "-filed",
        filters=[
            Filter("state", "状态", list(actions.CASE_WORKFLOW.states.items()), asked.get("state", "")),
            Filter("link", "环节", LINK_CHOICES, asked.get("link", "")),
            Filter("procedure", "程序", [("简易", "简易"), ("普通", "普通")], asked.get("procedure", "")),
            Filter("office", "承办机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索案号、当事人、违法行为", empty="还没有案件",
        empty_next="在当事人的“一企一档”中立案，或导入已有案件。",
    )  # fmt: skip
    return show(listing, "web/case_list.html", {"tab": "cases"})


INTERVIEW_COLUMNS = [
    Column(
        "held",
        "约谈日期",
        lambda i: i.held_on,
        ("held_on",),
        href=lambda i: reverse("interview", args=[i.pk]),
    ),
    Column("party", "被约谈单位", lambda i: i.party.name, ("party__name",), href=_party_link),
    Column("reason", "事由", lambda i: i.reason),
    Column("link", "环节", lambda i: i.link, ("link",)),
    Column("campaign", "专项", lambda i: i.campaign, ("campaign",)),
    Column("tags", "品种标签", lambda i: "、".join(tags(i.tags)), shown=False),
]


@needs("cases.view")
def interview_list(request: HttpRequest) -> HttpResponse:
    """约谈: whom did we call in, and why?"""
    asked, actor = request.GET, request.actor
    rows = queries.interviews(actor, search=asked.get("q", ""), office=asked.get("office", ""))
    listing = Listing(
        request, "责任约谈", INTERVIEW_COLUMNS, rows, "-held",
        filters=[Filter("office", "机构", office_choices(actor), asked.get("office", ""))],
        search_label="搜索单位、事由", empty="还没有约谈",
        empty_next="在被约谈单位的“一企一档”中记录，或导入已有约谈。",
    )  # fmt: skip
    return show(listing, "web/case_list.html", {"tab": "interviews"})


@needs("cases.view")
def interview(request: HttpRequest, pk: int) -> HttpResponse:
    """One interview."""
    found = queries.interview(request.actor, pk)
    if found is None:
        raise Http404
    return render(request, "web/interview.html", {"found": found})


# --- a case and its steps ------------------------------------------------------------------------------


def _day(label: str, required: bool = True) -> forms.DateField:
    return forms.DateField(label=label, required=required, widget=DateInput())


def _money(label: str) -> forms.DecimalField:
    return forms.DecimalField(label=label, required=False, min_value=0, max_digits=14, decimal_places=2)


class CaseForm(PageForm):
    number = forms.CharField(label="案号", max_length=80)
    filed_on = _day("立案日期")
    link = forms.ChoiceField(label="环节", choices=LINK_CHOICES)
    procedure = forms.ChoiceField(label="程序", choices=[("普通", "普通"), ("简易", "简易")])
    conduct = forms.CharField(label="违法行为", max_length=300)
    goods_value = _money("货值金额（元）")


class DecisionForm(PageForm):
    decided_on = _day("决定日期")
    fine = _money("罚款（元）")
    confiscated = _money("没收违法所得（元）")
    personal_fine = _money("个人罚款（元）")
    persons_punished = forms.IntegerField(label="处罚到人数", required=False, min_value=0)
    business_stopped = forms.BooleanField(label="责令停产停业", required=False)
    licence_revoked = forms.BooleanField(label="吊销许可证", required=False)
    blacklisted = forms.BooleanField(label="列入严重违法失信名单", required=False)


class CloseForm(PageForm):
    closed_on = _day("结案日期")
    reason = forms.CharField(label="理由", required=False, max_length=200, help_text="未作决定而结案时必填")


class CourtForm(PageForm):
    on = _day("申请日期")


class TransferForm(PageForm):
    addressee = forms.ChoiceField(label="移送对象", choices=[(v, v) for v in ADDRESSEES])
    moved_on = _day("移送日期")


class InterviewForm(PageForm):
    held_on = _day("约谈日期")
    link = forms.ChoiceField(label="环节", choices=[("", "—"), *LINK_CHOICES], required=False)
    reason = forms.CharField(label="事由", max_length=300)
    commitments = forms.CharField(label="承诺", max_length=500, required=False)


STEPS: dict[str, tuple[str, type[PageForm]]] = {
    "decide_case": ("作出处罚决定", DecisionForm),
    "close_case": ("结案", CloseForm),
    "request_court_enforcement": ("申请法院强制执行", CourtForm),
    "transfer_case": ("移送", TransferForm),
}


def _steps(found: Case) -> list[str]:
    """What may be done now: the workflow's transitions, and what a decided or open case allows besides."""
    steps = [t.action for t in actions.CASE_WORKFLOW.allowed(actions.state_of(found))]
    if found.decided_on and not found.court_enforcement:
        steps.append("request_court_enforcement")
    return [*(s for s in STEPS if s in steps), "transfer_case"]


def _decide(found: Case, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    money = {f"{k}_fen": _fen(given.pop(k)) or 0 for k in ("fine", "confiscated", "personal_fine")}
    given["persons_punished"] = given["persons_punished"] or 0
    return actions.decide_case(case=found, by=by, at=at, **money, **given)


WORK: dict[str, Callable[[Case, dict[str, Any], Actor, dt.datetime], object]] = {
    "decide_case": _decide,
    "close_case": lambda c, given, by, at: actions.close_case(case=c, by=by, at=at, **given),
    "request_court_enforcement": lambda c, given, by, at: actions.request_court_enforcement(
        case=c, by=by, at=at, **given
    ),
    "transfer_case": lambda c, given, by, at: actions.transfer_case(case=c, by=by, at=at, **given),
}


@needs("cases.view")
@require_http_methods(["GET", "POST"])
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One case: what was decided, what may be done next."""
    found = queries.case(request.actor, pk)
    if found is None:
        raise Http404
    do = request.POST.get("do", "") if request.method == "POST" else ""
    wrong, sent = [], None
    if do in STEPS:
        require(request.actor, "cases.edit", found.office_code)
        sent = STEPS[do][1](request.POST)
        if sent.is_valid():
            try:
                WORK[do](found, dict(sent.cleaned_data), request.actor, clock.now(request))
            except Refused as refused:
                wrong = refused.problems
            else:
                messages.success(request, f"已记录：{STEPS[do][0]}。")
                return redirect("case", pk=pk)
    first = {name: clock.today(request) for name in ("decided_on", "closed_on", "on", "moved_on")}
    editable = bool(may(request.actor, "cases.edit", found.office_code))
    context = {
        "found": found,
        "state": (queries.state_label(found), STATE_TONES[actions.state_of(found)]),
        "moved": Transfer.objects.filter(source="case", source_no=found.number),
        "problems": wrong,
        "steps": [
            (name, STEPS[name][0], sent if sent is not None and name == do else STEPS[name][1](initial=first))
            for name in (_steps(found) if editable else [])
        ],
    }
    return render(request, "web/case.html", context, status=422 if sent is not None else 200)


def _asked_party(request: HttpRequest, pk: int) -> Party:
    return get_object_or_404(visible(Party.objects.all(), request.actor), pk=pk)


@needs("cases.edit")
@require_http_methods(["GET", "POST"])
def case_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a case against the party ``pk``."""
    party = _asked_party(request, pk)
    form = CaseForm(request.POST or None, initial={"filed_on": clock.today(request)})
    wrong = []
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        value = _fen(given.pop("goods_value"))
        try:
            made = actions.file_case(
                party=party, goods_value_fen=value, by=request.actor, at=clock.now(request), **given
            )
        except Refused as refused:
            wrong = refused.problems
        else:
            messages.success(request, f"已立案：{made.number}。")
            return redirect("case", pk=made.pk)
    context = {"form": form, "party": party, "heading": "立案", "problems": wrong}
    return render(request, "web/party_record.html", context, status=422 if wrong or form.errors else 200)


@needs("cases.edit")
@require_http_methods(["GET", "POST"])
def interview_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Record an interview with the party ``pk``."""
    party = _asked_party(request, pk)
    form = InterviewForm(request.POST or None, initial={"held_on": clock.today(request)})
    wrong = []
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.record_interview(
                party=party, by=request.actor, at=clock.now(request), **form.cleaned_data
            )
        except Refused as refused:
            wrong = refused.problems
        else:
            messages.success(request, "已记录约谈。")
            return redirect("interview", pk=made.pk)
    context = {"form": form, "party": party, "heading": "记录约谈", "problems": wrong}
    return render(request, "web/party_record.html", context, status=422 if wrong or form.errors else 200)
