"""案件移送: which cases were handed to whom, what came back, what is late?"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.cases import papers, queries, transferring
from xiejian.cases.models import Handover
from xiejian.clocks.models import Clock
from xiejian.clocks.queries import clocks_of
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor, may, require
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, StepForm, day, shown, take, text
from xiejian.web.views import clocks
from xiejian.web.views.corrections import clock_words

STATES = transferring.WORKFLOW.states
TONES = {
    "proposed": "orange", "approved": "orange", "refused": "secondary", "sent": "azure", "received": "azure",
    "accepted": "green", "not_accepted": "red", "returned": "orange", "appealed": "azure", "upheld": "orange",
    "closed": "secondary",
}  # fmt: skip
TABS = (("waiting", "待答复"), ("all", "全部"))


def _addressee_choices() -> list[tuple[str, str]]:
    return [(key, f"{key}（{body.meaning}）") for key, body in transferring.addressees().items()]


@needs("cases.view")
def handover_list(request: HttpRequest) -> HttpResponse:
    """案件移送: who has not answered?"""
    asked, on = request.GET, clock.today(request)
    tab = asked.get("tab") or ("all" if asked.get("q") or asked.get("state") else "waiting")
    rows = transferring.handovers(
        request.actor, state=asked.get("state", "") or ("waiting" if tab == "waiting" else ""),
        addressee=asked.get("addressee", ""), search=asked.get("q", ""),
    )  # fmt: skip
    due: dict[int, dt.date | None] = {}  # of the clock that runs, where one does

    def prepare(page: list[Handover]) -> None:
        held = clocks_of("handover", [row.pk for row in page])
        running = ((pk, c) for pk, found in held.items() for c in found if c.state == Clock.RUNNING)
        due.update((pk, c.due_legal) for pk, c in running)

    def words(row: Handover) -> tuple[str, str]:
        if row.pk in due:
            return clock_words(due[row.pk], on)
        waiting = row.state in transferring.WAITING and row.sent_on
        return (f"已 {(on - row.sent_on).days} 天", "secondary") if waiting else ("", "")

    columns = [
        Column("unit", "受移送机关", lambda h: h.unit, ("unit",),
               href=lambda h: reverse("handover", args=[h.pk])),
        Column("to", "类别", lambda h: h.addressee, ("addressee",)),
        Column("case", "案件", lambda h: h.case.number, ("case__number",),
               href=lambda h: reverse("case", args=[h.case_id])),
        Column("party", "当事人", lambda h: h.case.party.name, ("case__party__name",)),
        Column("reference", "移送文号", lambda h: h.reference, shown=False),
        Column("sent", "移送日期", lambda h: h.sent_on, ("sent_on",), nullable=True),
        Column("answered", "答复日期", lambda h: h.answered_on, ("answered_on",), nullable=True),
        Column("due", "期限", lambda h: words(h)[0], tone=lambda h: words(h)[1]),
        Column("state", "状态", lambda h: STATES[h.state], ("state",), tone=lambda h: TONES[h.state]),
    ]  # fmt: skip
    listing = Listing(
        request, "案件移送", columns, rows, "-sent",
        filters=[
            Filter("addressee", "移送对象", [(k, k) for k in transferring.addressees()],
                   asked.get("addressee", "")),
            Filter("state", "状态", list(STATES.items()), asked.get("state", "")),
        ],
        search_label="搜索案号、当事人、受移送机关",
        empty="没有等待答复的移送" if tab == "waiting" else "还没有移送",
        empty_next="在案件页面点“移送”提出，经批准后移送并登记回执和答复。",
        hidden=[("tab", tab)], prepare=prepare,
    )  # fmt: skip
    return show(listing, "web/cases/handover_list.html", {"tab": tab, "tabs": TABS})


class ProposalForm(PageForm):
    addressee = forms.ChoiceField(label="移送对象", choices=_addressee_choices)
    unit = forms.CharField(label="受移送机关全称", max_length=120)
    on = day("提出日期")
    reason = forms.CharField(label="移送理由", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


@needs("cases.edit")
@require_http_methods(["GET", "POST"])
def handover_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose to hand the case ``pk`` to somebody."""
    case = get_object_or_404(queries.cases(request.actor), pk=pk)
    require(request.actor, "cases.edit", case.office_code)
    form = ProposalForm(request.POST or None, initial={"on": clock.today(request)})
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = transferring.propose_handover(
                case=case, by=request.actor, at=clock.now(request), **form.cleaned_data
            )
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, "已提出移送，请负责人批准。")
            return redirect("handover", pk=made.pk)
    context = {"case": case, "form": form, "problems": wrong}
    return render(request, "web/cases/handover_new.html", context, status=422 if form.is_bound else 200)


class NothingForm(StepForm):
    """A step that asks for nothing."""


class ReasonForm(StepForm):
    reason = forms.CharField(label="理由", max_length=300)


class SendForm(StepForm):
    on = day("移送日期")
    reference = forms.CharField(
        label="移送文号", max_length=80, help_text="先在“文书”中出具移送函，带出其文号"
    )


class OnForm(StepForm):
    on = day("日期")


class AnswerForm(StepForm):
    on = day("答复日期")
    answer = text("答复内容", rows=2)
    answer_no = forms.CharField(label="答复文号", required=False, max_length=80)


class CloseForm(StepForm):
    on = day("办结日期")
    note = forms.CharField(
        label="办结情况", max_length=200, help_text="如：物品和材料已移交；案件收回继续办理"
    )


def _answer(action: str) -> Any:
    def work(row: Handover, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return transferring.answer_handover(handover=row, action=action, by=by, at=at, **given)

    return work


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "approve_handover", "批准移送", NothingForm,
            lambda h, given, by, at: transferring.approve_handover(handover=h, by=by, at=at),
        ),
        Step(
            "refuse_handover", "不批准移送", ReasonForm,
            lambda h, given, by, at: transferring.refuse_handover(handover=h, by=by, at=at, **given),
        ),
        Step(
            "send_handover", "移送", SendForm,
            lambda h, given, by, at: transferring.send_handover(handover=h, by=by, at=at, **given),
        ),
        Step(
            "receive_handover", "登记签收", OnForm,
            lambda h, given, by, at: transferring.receive_handover(handover=h, by=by, at=at, **given),
        ),
        Step("accept_handover", "登记受理（立案）", AnswerForm, _answer("accept_handover")),
        Step("decline_handover", "登记不予受理（不立案）", AnswerForm, _answer("decline_handover")),
        Step("return_handover", "登记退回", AnswerForm, _answer("return_handover")),
        Step(
            "appeal_handover", "提请复议", OnForm,
            lambda h, given, by, at: transferring.appeal_handover(handover=h, by=by, at=at, **given),
        ),
        Step(
            "close_handover", "办结", CloseForm,
            lambda h, given, by, at: transferring.close_handover(handover=h, by=by, at=at, **given),
        ),
    )
}  # fmt: skip


@needs("cases.view")
@require_http_methods(["GET", "POST"])
def handover(request: HttpRequest, pk: int) -> HttpResponse:
    """One case on its way: approved, sent, answered?"""
    actor, on = request.actor, clock.today(request)
    found = get_object_or_404(transferring.handovers(actor), pk=pk)
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("handover", pk=pk)
    permissions = {t.action: t.permission for t in transferring.WORKFLOW.transitions}
    names = [n for n in transferring.allowed(found) if may(actor, permissions[n], found.office_code)]
    kind = transferring.addressees()[found.addressee].paper
    letters = [paper for paper in papers.papers_of(found.case) if paper.kind == kind]
    context = {
        "found": found, "state": (STATES[found.state], TONES[found.state]), "problems": taken.problems,
        "letters": letters, "kind": kind, "subject": "case",
        "may_issue": bool(may(actor, papers.PERMISSION, found.office_code)),
        "clocks": clocks.shown(clocks_of("handover", [pk]).get(pk, []), clock.now(request)),
        "steps": shown(
            STEPS, names, taken, found, actor,
            {"on": on, "reference": letters[-1].number if letters else ""}, first_open=True,
        ),
    }  # fmt: skip
    return render(request, "web/cases/handover.html", context, status=taken.status)
