"""工作联系单: what we asked and were asked, one sheet from its draft to its answer, a new one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.clocks.queries import clocks_of
from xiejian.inspections import liaising, liaisons, queries
from xiejian.inspections.models import Correction, Liaison, Visit
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor, may, require, visible
from xiejian.registry.models import Party
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, StepForm, day, shown, take, text
from xiejian.web.views import clocks
from xiejian.web.views.corrections import clock_words
from xiejian.web.views.evidence import FilesField, gallery

STATES = liaising.LIAISON_WORKFLOW.states
TONES = {
    "drafted": "secondary", "sent": "orange", "received": "orange", "answered": "azure", "closed": "green",
    "withdrawn": "secondary",
}  # fmt: skip
TABS = (("", "待答复"), ("late", "逾期"), ("all", "全部"))
WAYS = (("in", "收到"), ("out", "发出"))


def _address(row: Liaison) -> str:
    return reverse("liaison", args=[row.pk])


def _columns(on: dt.date) -> list[Column]:
    def due(row: Liaison) -> tuple[str, str]:
        if row.state in liaisons.WAITING:
            return clock_words(row.wanted_by, on)
        return (f"要求 {row.wanted_by}", "secondary")

    return [
        Column("number", "编号", lambda r: r.number, ("number",), href=_address),
        Column("way", "收发", lambda r: "收到" if r.incoming else "发出"),
        Column("to", "收文单位", lambda r: r.to_name, ("to_name",)),
        Column("party", "监管对象", lambda r: r.party.name, ("party__name",)),
        Column("title", "事由", lambda r: r.title),
        Column("sent", "发出日期", lambda r: r.sent_on, ("sent_on",), nullable=True),
        Column("due", "要求答复", lambda r: due(r)[0], ("wanted_by",), tone=lambda r: due(r)[1]),
        Column("answered", "答复日期", lambda r: r.answered_on, ("answered_on",), nullable=True),
        Column("from", "发文机构", lambda r: r.office_code, ("office_code",), shown=False),
        Column("state", "状态", lambda r: STATES[r.state], ("state",), tone=lambda r: TONES[r.state]),
    ]


@needs("inspections.view")
def liaison_list(request: HttpRequest) -> HttpResponse:
    """联系单: what waits for an answer, ours or theirs?"""
    asked, on = request.GET, clock.today(request)
    tab = asked.get("tab", "")
    rows = liaisons.liaisons(
        request.actor, on=on, tab=tab or "waiting", state=asked.get("state", ""), way=asked.get("way", ""),
        search=asked.get("q", ""),
    )  # fmt: skip
    listing = Listing(
        request, "工作联系单", _columns(on), rows, "-sent" if tab == "all" else "due",
        filters=[
            Filter("way", "收发", list(WAYS), asked.get("way", "")),
            Filter("state", "状态", list(STATES.items()), asked.get("state", "")),
        ],
        search_label="搜索编号、单位、事由、内容", empty="没有工作联系单",
        empty_next="在检查、整改或者一企一档页面拟写联系单。", hidden=[("tab", tab)],
    )  # fmt: skip
    return show(listing, "web/liaisons/list.html", {"tab": tab, "tabs": TABS})


# --- one sheet and its steps ---------------------------------------------------------------------------


class AmendForm(StepForm):
    title = forms.CharField(label="事由", max_length=120)
    content = text("联系内容", rows=5)
    wanted_by = day("要求答复日期")

    def fit(self, record: Liaison, actor: Actor) -> None:
        said = {name: getattr(record, name) for name in ("title", "content", "wanted_by")}
        self.initial = {**self.initial, **said}


class SendForm(StepForm):
    sent_on = day("发出日期")


class ReceiveForm(StepForm):
    received_on = day("签收日期")
    receiver = forms.CharField(label="签收人", max_length=60)


class AnswerForm(StepForm):
    answered_on = day("答复日期")
    answer = text("答复内容", rows=5)
    answered_by = forms.CharField(label="答复人", max_length=60)
    files = FilesField("附件", required=False)


class ReturnForm(StepForm):
    reason = forms.CharField(label="退回的理由", max_length=300)
    wanted_by = day("新的答复日期")


class CloseForm(StepForm):
    closed_on = day("办结日期")
    note = forms.CharField(label="办理情况", max_length=300, required=False)


class WithdrawForm(StepForm):
    reason = forms.CharField(label="撤回的理由", max_length=300)


def _step(name: str, label: str, form: type[StepForm], hint: str = "") -> Step:
    action = getattr(liaising, name)
    return Step(name, label, form, lambda r, given, by, at: action(liaison=r, by=by, at=at, **given), hint)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        _step("send_liaison", "发出", SendForm, "发往本系统机构的，对方在“今日”和“联系单”中看到。"),
        _step("amend_liaison", "修改", AmendForm),
        _step("answer_liaison", "答复", AnswerForm),
        _step("receive_liaison", "签收", ReceiveForm),
        _step("close_liaison", "办结", CloseForm),
        _step("return_liaison", "退回补充", ReturnForm, "答复不完整的，写明还缺什么。"),
        _step("withdraw_liaison", "撤回", WithdrawForm),
    )
}  # fmt: skip


def _found(request: HttpRequest, pk: int) -> Liaison:
    return get_object_or_404(liaisons.liaisons(request.actor, on=clock.today(request)), pk=pk)


def _allowed(found: Liaison, actor: Actor) -> list[str]:
    """The steps that the table allows and that are this side's to take."""
    names = {t.action for t in liaising.LIAISON_WORKFLOW.allowed(found.state)}
    return [
        name for name in STEPS
        if name in names and may(actor, "inspections.visit", liaising.office_that_may(found, name))
    ]  # fmt: skip


@needs("inspections.view")
@require_http_methods(["GET", "POST"])
def liaison(request: HttpRequest, pk: int) -> HttpResponse:
    """One sheet: what is asked of whom, until when, what was answered?"""
    found, actor, on = _found(request, pk), request.actor, clock.today(request)
    if request.method == "POST":
        require(actor, "inspections.visit")
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("liaison", pk=pk)
    if taken.problems:
        found = _found(request, pk)  # an action may have moved the object that it was given
    ours = bool(may(actor, "inspections.view", found.office_code))
    first = dict.fromkeys(("sent_on", "received_on", "answered_on", "closed_on"), on)
    first |= {"receiver": actor.name, "answered_by": actor.name}
    waiting = found.state in liaisons.WAITING
    context = {
        "found": found, "state": (STATES[found.state], TONES[found.state]), "problems": taken.problems,
        "due": clock_words(found.wanted_by, on) if waiting else None,
        "steps": shown(STEPS, _allowed(found, actor), taken, found, actor, first, first_open=True),
        "history": _history(found), "ours": ours, "about": _about(found, actor),
        "clocks": _clocks(request, found) if ours else [],
        "evidence": gallery(queries.evidence_of("liaison", pk)),
    }  # fmt: skip
    return render(request, "web/liaisons/liaison.html", context, status=taken.status)


def _clocks(request: HttpRequest, found: Liaison) -> list[Any]:
    return clocks.shown(clocks_of("liaison", [found.pk]).get(found.pk, []), clock.now(request))


def _about(found: Liaison, actor: Actor) -> list[tuple[str, str, str]]:
    """What the sheet is about, each with its page where the reader may open it."""
    rows: list[tuple[str, str, str, Any]] = [("单位", found.party.name, "party", found.party)]
    if found.visit:
        rows.append(("检查", found.visit.number, "visit", found.visit))
    if found.correction:
        rows.append(("责令改正", found.correction.number, "correction", found.correction))
    return [
        (label, name, reverse(page, args=[row.pk]) if may(actor, "inspections.view", row.office_code) else "")
        for label, name, page, row in rows
    ]


def _history(found: Liaison) -> list[tuple[dt.date, str, str]]:
    steps = [
        (found.sent_on, f"发往{found.to_name}", ""),
        (found.received_on, f"签收（{found.receiver}）", ""),
        (found.answered_on, f"答复（{found.answered_by}）", found.answer),
        (found.closed_on, "办结", found.note),
    ]
    return [(on, what, detail) for on, what, detail in steps if on]


# --- a new one -----------------------------------------------------------------------------------------


class NewForm(PageForm):
    addressee = forms.ChoiceField(label="发往", choices=[(a, a) for a in liaising.ADDRESSEES])
    to_office = forms.ChoiceField(label="本系统机构", required=False, help_text="发往“本系统”的选填")
    to_name = forms.CharField(
        label="外单位名称", required=False, max_length=120, help_text="发往“外单位”的填写，如：区卫生健康局"
    )
    title = forms.CharField(label="事由", max_length=120)
    content = text("联系内容", rows=6)
    wanted_by = day("要求答复日期")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offices = liaisons.offices_to_address(actor)
        self.fields["to_office"].choices = [("", "请选择"), *((o.code, o.name) for o in offices)]


@needs("inspections.visit")
@require_http_methods(["GET", "POST"])
def liaison_new(request: HttpRequest, pk: int) -> HttpResponse:
    """A sheet about the party ``pk``, or about one of its visits or orders that the address names."""
    party = get_object_or_404(visible(Party.objects.all(), request.actor), pk=pk)
    visit = _of_party(visible(Visit.objects.filter(party=party), request.actor), request.GET.get("visit"))
    orders = visible(Correction.objects.filter(visit__party=party).select_related("visit"), request.actor)
    order = _of_party(orders, request.GET.get("correction"))
    form = NewForm(request.POST or None, actor=request.actor)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = liaising.draft_liaison(
                party=party, visit=visit, correction=order, by=request.actor, at=clock.now(request),
                **form.cleaned_data,
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已拟写联系单：{made.number}。核对后发出。")
            return redirect("liaison", pk=made.pk)
    context = {"form": form, "party": party, "visit": visit, "order": order, "problems": wrong}
    return render(request, "web/liaisons/new.html", context, status=422 if form.is_bound else 200)


def _of_party(rows: Any, asked: str | None) -> Any:
    """The record of the party that the address names; 404 for one that is not there."""
    if not asked:
        return None
    found = rows.filter(pk=int(asked)).first() if asked.isdecimal() else None
    if found is None:
        raise Http404
    return found
