"""How deliveries and reports are worded and coloured, the same on the office's pages and on the firm's."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse

from xiejian.firms import exemplary, notices, reports, rules, training
from xiejian.firms.models import Delivery, StatusReport
from xiejian.web.listing import Column
from xiejian.web.views.corrections import clock_words

DELIVERY_TONES = {
    "delivered": "orange", "opened": "orange", "confirmed": "azure", "answered": "green",
    "returned": "orange",
}  # fmt: skip
REPORT_TONES = {
    "submitted": "azure", "returned": "orange", "accepted": "green", "withdrawn": "secondary",
}  # fmt: skip
NOTICE_TONES = {"drafted": "secondary", "sent": "azure", "closed": "green", "withdrawn": "secondary"}
COURSE_TONES = {"drafted": "secondary", "open": "green", "closed": "secondary"}
EXEMPLARY_TONES = {
    "applied": "azure", "reviewed": "blue", "named": "green", "refused": "secondary",
    "withdrawn": "secondary", "removed": "secondary",
}  # fmt: skip
REPORT_KINDS = {key: kind.label for key, kind in rules.report_kinds().items()}
REPORT_STATES = reports.WORKFLOW.states
COURSE_STATES = training.WORKFLOW.states
EXEMPLARY_STATES = exemplary.WORKFLOW.states
_GONE = {"closed": "通知已办结", "withdrawn": "通知已撤回"}


def owes(row: Delivery) -> bool:
    """Whether the firm still has to confirm or answer."""
    if row.notice.state != "sent":
        return False
    return row.state != "answered" if row.notice.wants_answer else row.state in ("delivered", "opened")


def state_of(row: Delivery) -> tuple[str, str]:
    """The word for a delivery's state and its colour; a notice that ended says so where nothing was done."""
    if row.notice.state in _GONE and row.state in ("delivered", "opened"):
        return _GONE[row.notice.state], "secondary"
    return notices.DELIVERY_WORKFLOW.states[row.state], DELIVERY_TONES[row.state]


def due_words(row: Delivery, on: dt.date) -> tuple[str, str]:
    """Until when something is wanted, and whether it is late."""
    if row.notice.wanted_by is None:
        return "", ""
    if owes(row):
        return clock_words(row.notice.wanted_by, on)
    return str(row.notice.wanted_by), "secondary"


def report_columns(address: str) -> list[Column]:
    """The columns of a list of reports, the same for the firm and for the office; ``address``: a URL name."""
    return [
        Column(
            "number", "编号", lambda r: r.number, ("number",), href=lambda r: reverse(address, args=[r.pk])
        ),
        Column("kind", "类别", lambda r: REPORT_KINDS[r.kind], ("kind",)),
        Column("what", "内容", summary),
        Column("on", "发生日期", lambda r: r.happened_on, ("happened_on",)),
        Column("sent", "报送时间", lambda r: r.submitted_at, ("submitted_at",)),
        Column("by", "报送人", lambda r: r.by_name, shown=False),
        Column("handled", "处理日期", lambda r: r.handled_on, ("handled_on",), nullable=True, shown=False),
        Column(
            "state", "状态", lambda r: REPORT_STATES[r.state], ("state",),
            tone=lambda r: REPORT_TONES[r.state],
        ),
    ]  # fmt: skip


def summary(row: StatusReport) -> str:
    """What a report says in a line."""
    if row.position:
        return f"{row.position}：{row.person_before or '（无）'} → {row.person_after or '（待定）'}"
    return f"{row.address_kind}：{row.address}" if row.address else row.text[:60]
