"""工作联系单: what an office asked of us on a numbered sheet; taking it in and answering it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from xiejian.inspections import liaising, liaisons
from xiejian.inspections.models import Liaison
from xiejian.inspections.queries import evidence_of
from xiejian.people.numbering import signing_office
from xiejian.people.policy import Actor, may
from xiejian.web import clock
from xiejian.web.listing import Column, Listing, show
from xiejian.web.steps import Step, StepForm, shown, take, text
from xiejian.web.views.corrections import clock_words
from xiejian.web.views.evidence import FilesField
from xiejian.web.views.liaisons import STATES, TONES
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.items import Item

TABS = (("", "待答复"), ("all", "全部"))


def due_items(actor: Actor, on: dt.date) -> list[Item]:
    """待办: sheets that wait for our answer."""
    return [
        Item("联系单", row.title, reverse("firm_liaison", args=[row.pk]), row.wanted_by, row.number)
        for row in liaisons.to_firm(actor, waiting=True)
    ]


def _due(row: Liaison, on: dt.date) -> tuple[str, str]:
    return (
        clock_words(row.wanted_by, on) if row.state in liaisons.WAITING else (str(row.wanted_by), "secondary")
    )


@needs_firm("firm.view")
def liaison_list(request: HttpRequest) -> HttpResponse:
    """联系单: what does the bureau ask of us by a numbered sheet?"""
    asked, on = request.GET, clock.today(request)
    tab = asked.get("tab", "")
    columns = [
        Column(
            "number", "编号", lambda r: r.number, ("number",),
            href=lambda r: reverse("firm_liaison", args=[r.pk]),
        ),
        Column("title", "事由", lambda r: r.title),
        Column("sent", "发出日期", lambda r: r.sent_on, ("sent_on",)),
        Column("due", "要求答复", lambda r: _due(r, on)[0], ("wanted_by",), tone=lambda r: _due(r, on)[1]),
        Column("state", "状态", lambda r: STATES[r.state], ("state",), tone=lambda r: TONES[r.state]),
    ]  # fmt: skip
    rows = liaisons.to_firm(request.actor, search=asked.get("q", ""), waiting=not tab)
    listing = Listing(
        request, "联系单", columns, rows, "-sent" if tab else "due",
        search_label="搜索编号、事由", hidden=[("tab", tab)],
        empty="没有待答复的联系单" if not tab else "还没有收到联系单",
        empty_next="监管部门发给本单位的工作联系单会出现在这里。",
    )  # fmt: skip
    context = {"tab": tab, "tabs": TABS, "here": reverse("firm_liaisons")}
    return show(listing, "workspace/firms/list.html", context)


class NoFields(StepForm):
    pass


class AnswerForm(StepForm):
    answer = text("答复内容", rows=5)
    files = FilesField("附件", required=False)


def _receive(row: Liaison, given: dict[str, Any], by: Actor, at: dt.datetime) -> Liaison:
    return liaising.receive_liaison(
        liaison=row, received_on=timezone.localdate(at), receiver=by.name, by=by, at=at
    )


def _answer(row: Liaison, given: dict[str, Any], by: Actor, at: dt.datetime) -> Liaison:
    return liaising.answer_liaison(
        liaison=row, answered_on=timezone.localdate(at), answered_by=by.name, by=by, at=at, **given
    )


STEPS: dict[str, Step] = {
    "answer_liaison": Step("answer_liaison", "答复", AnswerForm, _answer),
    "receive_liaison": Step("receive_liaison", "签收", NoFields, _receive, "记录您的姓名和日期。"),
}


@needs_firm("firm.view")
@require_http_methods(["GET", "POST"])
def liaison(request: HttpRequest, pk: int) -> HttpResponse:
    """One sheet: what is asked, until when, what did we answer?"""
    actor = request.actor
    row = get_object_or_404(liaisons.to_firm(actor), pk=pk)
    taken = take(request, STEPS, row)
    if taken.done and taken.step:
        messages.success(request, f"已{taken.step.label}。")
        return redirect("firm_liaison", pk=pk)
    if taken.problems:
        row = get_object_or_404(liaisons.to_firm(actor), pk=pk)
    allowed = {t.action for t in liaising.LIAISON_WORKFLOW.allowed(row.state)}
    names = [name for name in STEPS if name in allowed and may(actor, liaising.ADDRESSED_FIRM)]
    context = {
        "row": row, "state": (STATES[row.state], TONES[row.state]), "due": _due(row, clock.today(request)),
        "office": signing_office(row.office_code), "files": evidence_of("liaison", row.pk),
        "problems": taken.problems, "steps": shown(STEPS, names, taken, row, actor, {}, first_open=True),
    }  # fmt: skip
    return render(request, "workspace/firms/liaison.html", context, status=taken.status)
