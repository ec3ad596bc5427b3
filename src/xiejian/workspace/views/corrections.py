"""整改: the orders to correct that this firm got, and its answers to them, item by item with photos."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.inspections import answering, limits, queries
from xiejian.inspections.models import Correction, CorrectionItem
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.numbering import signing_office
from xiejian.people.policy import Actor, may
from xiejian.web import clock
from xiejian.web.forms import PageForm, dress
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.views.corrections import (
    STATE_TONES,
    STATES,
    WAITING,
    answer_fields,
    answers_of,
    clock_words,
)
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.items import Item

TABS = (("", "待整改"), ("all", "全部"))


def due_items(actor: Actor, on: dt.date) -> list[Item]:
    """待办: orders that wait for the firm's answer."""
    rows = queries.open_corrections(actor, on).filter(state__in=answering.ANSWERABLE)
    return [
        Item("责令改正", row.number, reverse("firm_correction", args=[row.pk]), row.due_on, row.content[:40])
        for row in rows
    ]


def _columns(on: dt.date) -> list[Column]:
    def left(row: Correction) -> tuple[str, str]:
        if row.state in WAITING:
            return clock_words(row.due_on, on)
        return str(row.due_on or ""), "secondary"

    return [
        Column(
            "number", "文书编号", lambda c: c.number, ("number",),
            href=lambda c: reverse("firm_correction", args=[c.pk]),
        ),
        Column("content", "整改内容", lambda c: c.content),
        Column("ordered", "责令日期", lambda c: c.ordered_on, ("ordered_on",)),
        Column("due", "期限", lambda c: left(c)[0], ("due_on",), nullable=True, tone=lambda c: left(c)[1]),
        Column("submitted", "提交日期", lambda c: c.submitted_on, ("submitted_on",), nullable=True),
        Column("state", "状态", lambda c: STATES[c.state], ("state",), tone=lambda c: STATE_TONES[c.state]),
    ]  # fmt: skip


@needs_firm("firm.view")
def correction_list(request: HttpRequest) -> HttpResponse:
    """整改: what must we put right, until when?"""
    asked, on = request.GET, clock.today(request)
    tab = asked.get("tab", "")
    found = queries.corrections if tab else queries.open_corrections
    rows = found(request.actor, on=on, search=asked.get("q", ""), state=asked.get("state", ""))
    listing = Listing(
        request, "整改", _columns(on), rows, "-ordered" if tab else "due",
        filters=[Filter("state", "状态", list(STATES.items()), asked.get("state", ""))],
        search_label="搜索文书编号、内容", empty="没有要整改的事项" if not tab else "没有责令改正",
        empty_next="检查发现问题后，责令改正通知书会出现在这里。", hidden=[("tab", tab)],
    )  # fmt: skip
    context = {"tab": tab, "tabs": TABS, "here": reverse("firm_corrections")}
    return show(listing, "workspace/firms/list.html", context)


class AnswerForm(PageForm):
    """What is said to each item that is open, or to the whole order where it has none."""

    answer = forms.CharField(
        label="整改情况", required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: Any, items: Iterable[CorrectionItem], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        items = list(items)
        self.fields.update(answer_fields(items))
        for item in items:
            self.fields[f"cause_{item.pk}"].initial = item.cause
            self.fields[f"measure_{item.pk}"].initial = item.measure
        if items:
            del self.fields["answer"]
        dress(self.fields.values())


class BackForm(PageForm):
    reason = forms.CharField(label="撤回的理由", max_length=200)


@needs_firm("firm.view")
@require_http_methods(["GET", "POST"])
def correction(request: HttpRequest, pk: int) -> HttpResponse:
    """One order: what is wrong, what do we say to it, was it accepted?"""
    actor, on = request.actor, clock.today(request)
    rows = queries.corrections(actor, on=on).prefetch_related("items__evidence")
    found = get_object_or_404(rows, pk=pk)
    items = answering.open_items(found)
    able = bool(may(actor, answering.FIRM))
    open_ = able and found.state in answering.ANSWERABLE
    form, back, wrong = AnswerForm(items=items), BackForm(), list[Problem]()
    if request.method == "POST" and "back" in request.POST:
        back = BackForm(request.POST)
        wrong = _take_back(request, found, back) if back.is_valid() else []
        if back.is_valid() and not wrong:
            return redirect("firm_correction", pk=pk)
    elif request.method == "POST":
        form = AnswerForm(request.POST, request.FILES, items=items)
        wrong = _send(request, found, form, items) if form.is_valid() else []
        if form.is_valid() and not wrong:
            return redirect("firm_correction", pk=pk)
    context = {
        "order": found, "items": found.items.all(), "form": form, "back": back, "problems": wrong,
        "open": open_, "may_take_back": able and found.state == "submitted",
        "state": (STATES[found.state], STATE_TONES[found.state]), "left": clock_words(found.due_on, on),
        "waiting": found.state in WAITING, "office": signing_office(found.office_code),
        "most_files": limits.files_in_answer(),
    }  # fmt: skip
    status = 422 if wrong or form.errors or back.errors else 200
    return render(request, "workspace/firms/correction.html", context, status=status)


def _send(
    request: HttpRequest, found: Correction, form: AnswerForm, items: list[CorrectionItem]
) -> list[Problem]:
    """Hand in the whole report or a part of it; what was refused."""
    given, complete = form.cleaned_data, "complete" in request.POST
    try:
        answering.answer_as_firm(
            correction=found, answers=answers_of(given, items), answer=given.get("answer", ""),
            complete=complete, by=request.actor, at=clock.now(request),
        )  # fmt: skip
    except Refused as refused:
        return list(refused.problems)
    messages.success(
        request, "整改报告已提交，等待复查。" if complete else "已保存这部分答复，其余的可以继续补充。"
    )
    return []


def _take_back(request: HttpRequest, found: Correction, back: BackForm) -> list[Problem]:
    try:
        answering.take_back(
            correction=found, reason=back.cleaned_data["reason"], by=request.actor, at=clock.now(request)
        )
    except Refused as refused:
        return list(refused.problems)
    messages.success(request, "整改报告已撤回，补充后请重新提交。")
    return []
