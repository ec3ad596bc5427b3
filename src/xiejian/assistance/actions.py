"""Every write of assistance between offices: letters out, letters in, answers.

Each action locks its request, checks it against the workflow table of its direction, and leaves its audit
entry in the same transaction.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from xiejian.assistance import checks as check
from xiejian.assistance import rules
from xiejian.assistance.checks import refuse
from xiejian.assistance.models import AssistanceRequest
from xiejian.clocks import actions as clocks
from xiejian.clocks.models import Clock
from xiejian.kernel import workflow
from xiejian.people import audit
from xiejian.people.models import Officer
from xiejian.people.numbering import next_number
from xiejian.people.policy import Actor, require
from xiejian.registry.models import Party

OUT, IN = AssistanceRequest.OUT, AssistanceRequest.IN
WORKFLOWS = {
    OUT: workflow.load(Path(__file__).with_name("outgoing_workflow.toml")),
    IN: workflow.load(Path(__file__).with_name("incoming_workflow.toml")),
}
PERMISSION = "assistance.handle"
SUBJECT = "assistancerequest"
#: the time of the letter, and of a further letter that asks for more
CLOCK, FURTHER = "answer", "further"


@dataclass(frozen=True)
class Letter:
    """What is asked. ``source_*``: the record that it is about, by model name, id and number."""

    other_office: str
    subject: str
    asked: str
    dated_on: dt.date
    other_no: str = ""
    party_named: str = ""
    source_kind: str = ""
    source_record: int | None = None
    source_no: str = ""


def _note(action: str, row: AssistanceRequest, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject=SUBJECT, key=row.number, office_code=row.office_code,
        detail=detail,
    )  # fmt: skip


def _step(request: AssistanceRequest, action: str, by: Actor) -> tuple[AssistanceRequest, list[str]]:
    """The request as it is now, locked, moved along its table; [state before, state after]."""
    AssistanceRequest.objects.select_for_update().only("pk").get(pk=request.pk)
    request.refresh_from_db()
    require(by, PERMISSION, request.office_code, where=request.number)
    before = request.state
    request.state = WORKFLOWS[request.direction].step(before, action, where=request.number)
    return request, [before, request.state]


def _dated(at: dt.datetime, what: str, on: dt.date, earlier: str, earlier_on: dt.date | None) -> None:
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), what),
        check.check_order_of_dates(earlier, earlier_on, what, on),
    )


def _start(row: AssistanceRequest, on: dt.date, by: Actor, at: dt.datetime, name: str = CLOCK) -> None:
    """The time of the assisting authority runs from the day on which it got the letter."""
    clocks.set_clock(
        subject=SUBJECT, record=row.pk, name=name, rule=rules.answer_rule(), start=on,
        title=f"{row.number} {row.party_named}".strip(), office_code=row.office_code,
        label=rules.answer_label(), by=by, at=at,
    )  # fmt: skip


def _finish(row: AssistanceRequest, on: dt.date, by: Actor, at: dt.datetime) -> None:
    for name in (CLOCK, FURTHER):
        clocks.finish_clock(subject=SUBJECT, record=row.pk, name=name, on=on, by=by, at=at)


@transaction.atomic
def register_request(
    *,
    direction: str,
    letter: Letter,
    office_code: str,
    by: Actor,
    at: dt.datetime,
    party: Party | None = None,
) -> AssistanceRequest:
    """Draft a letter to another authority, or enter one that came; CS-8 runs from the day a letter came.

    Refused: U101, U102, U104.
    """
    require(by, PERMISSION, office_code)
    refuse(
        check.check_direction(direction, WORKFLOWS),
        check.check_given(letter.other_office, "对方机关"),
        check.check_given(letter.subject, "事由"),
        check.check_given(letter.asked, "需要协助的事项"),
        check.check_not_in_future(letter.dated_on, timezone.localdate(at), "日期"),
    )
    number = next_number(
        AssistanceRequest, rules.number_pattern(direction), office_code, letter.dated_on.year
    )
    facts = asdict(letter)
    facts["party_named"] = letter.party_named or (party.name if party else "")
    made = AssistanceRequest.objects.create(
        number=number, direction=direction, office_code=office_code, party=party,
        state=WORKFLOWS[direction].start, made_at=at, by_name=by.name, **facts,
    )  # fmt: skip
    if direction == IN:
        _start(made, letter.dated_on, by, at)
    _note("register_request", made, by, at, direction=direction, other_office=letter.other_office)
    return made


# --- out ---------------------------------------------------------------------------------------------------


@transaction.atomic
def send_request(*, request: AssistanceRequest, on: dt.date, by: Actor, at: dt.datetime) -> AssistanceRequest:
    """发出: the letter leaves."""
    request, state = _step(request, "send_request", by)
    _dated(at, "发出日期", on, "拟稿日期", request.dated_on)
    request.sent_on = on
    request.save()
    _note("send_request", request, by, at, state=state, on=on)
    return request


@transaction.atomic
def record_arrival(
    *, request: AssistanceRequest, on: dt.date, by: Actor, at: dt.datetime
) -> AssistanceRequest:
    """对方收到: from this day the other authority's time runs; ours to wait shows with it."""
    request, state = _step(request, "record_arrival", by)
    _dated(at, "对方收到日期", on, "发出日期", request.sent_on)
    request.arrived_on = on
    request.save()
    _start(request, on, by, at)
    _note("record_arrival", request, by, at, state=state, on=on)
    return request


@transaction.atomic
def urge_request(
    *, request: AssistanceRequest, on: dt.date, text: str, by: Actor, at: dt.datetime
) -> AssistanceRequest:
    """催办: by telephone or letter; it stands in the history."""
    request, _ = _step(request, "urge_request", by)
    refuse(check.check_given(text, "催办情况"))
    _dated(at, "催办日期", on, "发出日期", request.sent_on)
    _note("urge_request", request, by, at, on=on, text=text)
    return request


@transaction.atomic
def record_reply(
    *, request: AssistanceRequest, on: dt.date, reply: str, by: Actor, at: dt.datetime, reply_no: str = ""
) -> AssistanceRequest:
    """登记复函: what the other authority found."""
    request, state = _step(request, "record_reply", by)
    refuse(check.check_given(reply, "协查结果"))
    _dated(at, "收到复函日期", on, "发出日期", request.sent_on)
    request.reply, request.reply_no, request.replied_on = reply, reply_no, on
    request.save()
    _finish(request, on, by, at)
    _note("record_reply", request, by, at, state=state, on=on, reply_no=reply_no)
    return request


@transaction.atomic
def cancel_request(
    *, request: AssistanceRequest, reason: str, by: Actor, at: dt.datetime
) -> AssistanceRequest:
    """撤回: not needed any more."""
    request, state = _step(request, "cancel_request", by)
    refuse(check.check_given(reason, "撤回理由"))
    request.save()
    clocks.drop_clocks(subject=SUBJECT, record=request.pk, reason=f"撤回：{reason}", by=by, at=at)
    _note("cancel_request", request, by, at, state=state, reason=reason)
    return request


# --- in ----------------------------------------------------------------------------------------------------


@transaction.atomic
def assign_request(
    *, request: AssistanceRequest, handler: Officer, by: Actor, at: dt.datetime
) -> AssistanceRequest:
    """交办: one officer looks into it."""
    request, state = _step(request, "assign_request", by)
    refuse(check.check_active(handler.name, handler.is_active))
    request.handler = handler
    request.save()
    _note("assign_request", request, by, at, state=state, handler=handler.name)
    return request


@transaction.atomic
def tell_delay(
    *, request: AssistanceRequest, on: dt.date, until: dt.date, reason: str, by: Actor, at: dt.datetime
) -> AssistanceRequest:
    """告知延期: the asking authority is told before the period ends (else U201); the period stays."""
    request, _ = _step(request, "tell_delay", by)
    refuse(check.check_given(reason, "延期理由"))
    _dated(at, "告知日期", on, "来函日期", request.dated_on)
    running = Clock.objects.filter(subject=SUBJECT, record=request.pk, state=Clock.RUNNING)
    refuse(
        check.check_told_in_time(on, running.values_list("due_legal", flat=True).first()),
        check.check_order_of_dates("告知日期", on, "延至", until),
    )
    request.delayed_until, request.delay_why = until, reason
    request.save()
    _note("tell_delay", request, by, at, on=on, until=until, reason=reason)
    return request


@transaction.atomic
def answer_request(
    *, request: AssistanceRequest, on: dt.date, reply: str, by: Actor, at: dt.datetime, reply_no: str = ""
) -> AssistanceRequest:
    """复函: what we found, in the words of the letter."""
    request, state = _step(request, "answer_request", by)
    refuse(check.check_given(reply, "协查结果"))
    _dated(at, "复函日期", on, "来函日期", request.dated_on)
    request.reply, request.reply_no, request.replied_on = reply, reply_no, on
    request.save()
    _finish(request, on, by, at)
    _note("answer_request", request, by, at, state=state, on=on, reply_no=reply_no)
    return request


@transaction.atomic
def return_request(
    *, request: AssistanceRequest, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> AssistanceRequest:
    """退回: not ours to look into, or nothing to look into; the reason goes into the letter."""
    request, state = _step(request, "return_request", by)
    refuse(check.check_given(reason, "退回理由"))
    _dated(at, "退回日期", on, "来函日期", request.dated_on)
    request.refusal, request.replied_on = reason, on
    request.save()
    clocks.drop_clocks(subject=SUBJECT, record=request.pk, reason="退回请求机关", by=by, at=at)
    _note("return_request", request, by, at, state=state, on=on, reason=reason)
    return request


@transaction.atomic
def reopen_request(
    *, request: AssistanceRequest, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> AssistanceRequest:
    """补充协查: the asking authority wants more; its further letter starts the time anew."""
    request, state = _step(request, "reopen_request", by)
    refuse(check.check_given(reason, "补充事项"))
    _dated(at, "补充来函日期", on, "来函日期", request.dated_on)
    former = {"reply": request.reply, "replied_on": request.replied_on}
    request.reply, request.replied_on, request.closed_on = "", None, None
    request.save()
    _start(request, on, by, at, FURTHER)
    _note("reopen_request", request, by, at, state=state, on=on, reason=reason, former=former)
    return request


@transaction.atomic
def close_request(
    *, request: AssistanceRequest, on: dt.date, by: Actor, at: dt.datetime
) -> AssistanceRequest:
    """办结: the answer is used, or has gone out."""
    request, state = _step(request, "close_request", by)
    _dated(at, "办结日期", on, "答复日期", request.replied_on)
    request.closed_on = on
    request.save()
    _note("close_request", request, by, at, state=state, on=on)
    return request
