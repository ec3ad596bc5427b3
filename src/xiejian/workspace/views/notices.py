"""通知: what the bureau told us, what it still wants of us; one notice with its receipt and answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.firms import notices, queries
from xiejian.firms.models import Delivery
from xiejian.inspections.queries import evidence_of
from xiejian.people.numbering import signing_office
from xiejian.people.policy import Actor
from xiejian.web import clock
from xiejian.web.firm_words import DELIVERY_TONES, due_words, state_of
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, StepForm, moves, shown, take, text
from xiejian.web.views.evidence import FilesField
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.items import Item

TABS = (("", "待办理"), ("all", "全部"))
STATES = notices.DELIVERY_WORKFLOW.states


def due_items(actor: Actor, on: dt.date) -> list[Item]:
    """待办: notices to confirm or answer, reports that came back."""
    owed = queries.owed(actor)
    told = [
        Item(
            row.notice.kind, row.notice.title, reverse("firm_notice", args=[row.pk]), row.notice.wanted_by,
            f"退回补充：{row.returned}" if row.returned else "已催办" if row.reminders else "",
        )
        for row in owed.deliveries
    ]  # fmt: skip
    back = [
        Item("状况报告", f"{row.number}退回补充", reverse("firm_report", args=[row.pk]), None, row.opinion)
        for row in owed.reports
    ]
    return told + back


def _columns(on: dt.date) -> list[Column]:
    return [
        Column(
            "title", "标题", lambda d: d.notice.title, ("notice__title",),
            href=lambda d: reverse("firm_notice", args=[d.pk]),
        ),
        Column("kind", "类别", lambda d: d.notice.kind, ("notice__kind",)),
        Column("number", "编号", lambda d: d.notice.number, ("notice__number",), shown=False),
        Column("sent", "送达", lambda d: d.delivered_at, ("delivered_at",)),
        Column(
            "due", "要求办理", lambda d: due_words(d, on)[0], ("notice__wanted_by",), nullable=True,
            tone=lambda d: due_words(d, on)[1],
        ),
        Column("answered", "答复", lambda d: d.answered_at, ("answered_at",), nullable=True, shown=False),
        Column(
            "state", "状态", lambda d: state_of(d)[0], ("state",), tone=lambda d: state_of(d)[1]
        ),
    ]  # fmt: skip


@needs_firm("firm.view")
def notice_list(request: HttpRequest) -> HttpResponse:
    """通知: what did the bureau tell us, what does it wait for?"""
    asked, on = request.GET, clock.today(request)
    tab = asked.get("tab", "")
    rows = queries.deliveries(request.actor, search=asked.get("q", ""), state=asked.get("state", ""))
    if not tab:
        rows = rows.filter(notices.owing(), notice__state="sent")
    listing = Listing(
        request, "通知", _columns(on), rows, "-sent" if tab else "due",
        filters=[Filter("state", "状态", list(STATES.items()), asked.get("state", ""))],
        search_label="搜索标题、编号", empty="没有待办理的通知" if not tab else "还没有收到通知",
        empty_next="监管部门发来的通知、任务和培训会出现在这里。", hidden=[("tab", tab)],
    )  # fmt: skip
    context = {"tab": tab, "tabs": TABS, "here": reverse("firm_notices")}
    return show(listing, "workspace/firms/list.html", context)


class ConfirmForm(StepForm):
    """Nothing is asked: signing in says who it was."""


class AnswerForm(StepForm):
    answer = text("答复内容", rows=5)
    files = FilesField("附件", required=False)

    def fit(self, record: Delivery, actor: Actor) -> None:
        self.fields["answer"].initial = record.answer


STEPS: dict[str, Step] = {
    "confirm_delivery": Step(
        "confirm_delivery", "签收", ConfirmForm,
        lambda row, given, by, at: notices.confirm_delivery(delivery=row, by=by, at=at),
        "记录您的姓名和时间，表示单位已经知晓。",
    ),
    "answer_delivery": Step(
        "answer_delivery", "答复", AnswerForm,
        lambda row, given, by, at: notices.answer_delivery(delivery=row, by=by, at=at, **given),
    ),
}  # fmt: skip


def _names(row: Delivery, actor: Actor) -> list[str]:
    """What may be done now, the main thing first."""
    if row.notice.state != "sent":
        return []
    names = moves(notices.DELIVERY_WORKFLOW, row.state, actor, row.office_code)
    wanted = ["answer_delivery", "confirm_delivery"] if row.notice.wants_answer else ["confirm_delivery"]
    return [name for name in wanted if name in names]


@needs_firm("firm.view")
@require_http_methods(["GET", "POST"])
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """One notice: what does it say, until when is what wanted? Opening it is its first receipt."""
    actor, at = request.actor, clock.now(request)
    row = get_object_or_404(queries.deliveries(actor), pk=pk)
    taken = take(request, STEPS, row)
    if taken.done and taken.step:
        messages.success(request, f"已{taken.step.label}。")
        return redirect("firm_notice", pk=pk)
    if taken.problems:
        row = get_object_or_404(queries.deliveries(actor), pk=pk)
    elif row.state == notices.DELIVERY_WORKFLOW.start and _names(row, actor):
        notices.open_delivery(delivery=row, by=actor, at=at)
    context: dict[str, Any] = {
        "row": row, "notice": row.notice, "state": state_of(row), "due": due_words(row, clock.today(request)),
        "office": signing_office(row.notice.office_code),
        "files": evidence_of("firmnotice", row.notice_id), "answer_files": evidence_of("delivery", row.pk),
        "problems": taken.problems,
        "steps": shown(STEPS, _names(row, actor), taken, row, actor, {}, first_open=True),
        "tone": DELIVERY_TONES.get(row.state, ""),
    }  # fmt: skip
    return render(request, "workspace/firms/notice.html", context, status=taken.status)
