"""Every write of a liaison sheet: drafted, sent, taken in, answered, closed.

The addressed office, or the firm itself, takes it in and answers it with its own permission. The date of
the answer is the sender's own, no rule's: it runs as an agreed clock (``xiejian.clocks``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from xiejian.clocks import actions as clocks
from xiejian.inspections import checks as check
from xiejian.inspections.actions import PERMISSION, attach_evidence
from xiejian.inspections.checks import refuse
from xiejian.inspections.models import Correction, Liaison, Visit
from xiejian.inspections.numbering import next_number
from xiejian.inspections.places import Place
from xiejian.inspections.rule_files import problems
from xiejian.kernel import workflow
from xiejian.kernel.problems import Problem
from xiejian.people import audit
from xiejian.people.models import Office
from xiejian.people.policy import Actor, require, require_for
from xiejian.registry.models import Party

LIAISON_WORKFLOW = workflow.load(Path(__file__).with_name("liaison_workflow.toml"))
#: Whom a sheet is sent to: an office of this system, a body outside it, the firm itself.
OFFICE, BODY, FIRM = "本系统", "外单位", "当事人"
ADDRESSEES = (OFFICE, BODY, FIRM)
#: What the addressed side does; an office of this system does it itself.
ADDRESSED = ("receive_liaison", "answer_liaison")
#: permission of a firm's own people for the sheets to it
ADDRESSED_FIRM = "firm.answer"
ANSWER = "answer"  # name of the clock


def _note(action: str, row: Liaison, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="liaison", key=row.number, office_code=row.office_code,
        detail=detail,
    )  # fmt: skip


def office_that_may(row: Liaison, action: str) -> str:
    """The office whose people take a step of a sheet."""
    return row.to_office if action in ADDRESSED and row.addressee == OFFICE else row.office_code


def place_of(row: Liaison, action: str, by: Actor) -> Place:
    """Where the files of a step belong, with the office that hands them in, or the firm itself."""
    permission = ADDRESSED_FIRM if by.firm else PERMISSION
    return Place("liaison", row.pk, row.number, office_that_may(row, action), permission)


def _allow(row: Liaison, action: str, by: Actor) -> None:
    """The office whose step it is; a firm takes in and answers the sheets to itself (P101)."""
    if by.firm and action in ADDRESSED and row.addressee == FIRM:
        require_for(by, ADDRESSED_FIRM, row.party.uscc or "", where=row.number)
    else:
        require(by, PERMISSION, office_that_may(row, action), where=row.number)


def _taken(row: Liaison, action: str, by: Actor) -> tuple[Liaison, list[str]]:
    """The sheet, locked, moved along its table; [state before, after]."""
    row = Liaison.objects.select_for_update(of=("self",)).select_related("party").get(pk=row.pk)
    _allow(row, action, by)
    before = row.state
    row.state = LIAISON_WORKFLOW.step(before, action, where=row.number)
    return row, [before, row.state]


def _addressed(addressee: str, to_office: str, to_name: str, sender: str, party: Party) -> dict[str, str]:
    """The addressee as it is stored, with its name as the paper says it."""
    found: list[Problem] = []
    name = to_name.strip()
    if addressee == OFFICE:
        office = Office.objects.filter(code=to_office).exclude(code=sender).first()
        found = [] if office else [problems("I341", where="收文机构", code=to_office or "未填")]
        name = office.name if office else ""
    elif addressee == FIRM:
        name = party.name
    elif addressee == BODY:
        found = check.check_reason(name, "收文单位")
    else:
        found = [problems("I340", where="发往", addressee=addressee, known="、".join(ADDRESSEES))]
    refuse(found)
    return {
        "addressee": addressee, "to_office": to_office if addressee == OFFICE else "", "to_name": name[:120]
    }  # fmt: skip


def _check_wanted(wanted_by: dt.date, on: dt.date) -> list[Problem]:
    return [] if wanted_by >= on else [problems("I342", where="要求答复日期", wanted_by=wanted_by, on=on)]


@transaction.atomic
def draft_liaison(
    *,
    party: Party,
    addressee: str,
    title: str,
    content: str,
    wanted_by: dt.date,
    by: Actor,
    at: dt.datetime,
    to_office: str = "",
    to_name: str = "",
    visit: Visit | None = None,
    correction: Correction | None = None,
    office_code: str = "",
) -> Liaison:
    """Draft a sheet about a party, one of its visits or orders; the number is assigned here.

    ``addressee``: one of ADDRESSEES, with ``to_office`` (a code) or ``to_name``. ``office_code``: the
    sender, the actor's own office when empty. Refused: unknown addressee (I340, I341), nothing said (I106),
    a date that is past (I342), a visit or order of another party (I343).
    """
    sender = office_code or by.office_code
    require(by, PERMISSION, sender, where=party.name)
    require(by, PERMISSION, party.office_code, where=party.name)
    about = [row.party_id for row in (visit, correction.visit if correction else None) if row]
    refuse(
        check.check_reason(title, "事由"),
        check.check_reason(content, "联系内容"),
        _check_wanted(wanted_by, timezone.localdate(at)),
        [problems("I343", where=party.name)] if set(about) - {party.pk} else [],
    )
    row = Liaison.objects.create(
        number=next_number(Liaison, "liaison", sender, timezone.localdate(at).year), party=party,
        visit=visit or (correction.visit if correction else None), correction=correction,
        title=title.strip()[:120], content=content.strip(), wanted_by=wanted_by,
        state=LIAISON_WORKFLOW.start, office_code=sender, written_at=at, by_name=by.name,
        **_addressed(addressee, to_office, to_name, sender, party),
    )  # fmt: skip
    _note("draft_liaison", row, by, at, to=row.to_name, title=row.title, wanted_by=wanted_by)
    return row


@transaction.atomic
def amend_liaison(
    *, liaison: Liaison, title: str, content: str, wanted_by: dt.date, by: Actor, at: dt.datetime
) -> Liaison:
    """Change a draft; the audit entry keeps before and after. Refused like ``draft_liaison``."""
    row, _ = _taken(liaison, "amend_liaison", by)
    refuse(
        check.check_reason(title, "事由"),
        check.check_reason(content, "联系内容"),
        _check_wanted(wanted_by, timezone.localdate(at)),
    )
    new = {"title": title.strip()[:120], "content": content.strip(), "wanted_by": wanted_by}
    changed = {key: [getattr(row, key), value] for key, value in new.items() if getattr(row, key) != value}
    for key, value in new.items():
        setattr(row, key, value)
    row.save()
    _note("amend_liaison", row, by, at, **changed)
    return row


def _run_clock(row: Liaison, start: dt.date, by: Actor, at: dt.datetime) -> None:
    clocks.set_agreed_date(
        subject="liaison", record=row.pk, name=ANSWER, due=row.wanted_by, start=start,
        title=f"{row.number} {row.to_name}", label="答复工作联系单", office_code=row.office_code,
        by=by, at=at,
    )  # fmt: skip


@transaction.atomic
def send_liaison(*, liaison: Liaison, sent_on: dt.date, by: Actor, at: dt.datetime) -> Liaison:
    """Send it: the addressed office sees it from now on, and its time runs.

    Refused: in the future (I102), a date of answer that is past by then (I342).
    """
    row, state = _taken(liaison, "send_liaison", by)
    refuse(
        check.check_not_in_future(sent_on, timezone.localdate(at), "发出日期"),
        _check_wanted(row.wanted_by, sent_on),
    )
    row.sent_on = sent_on
    row.save()
    _run_clock(row, sent_on, by, at)
    _note("send_liaison", row, by, at, state=state, sent_on=sent_on, wanted_by=row.wanted_by)
    return row


@transaction.atomic
def receive_liaison(
    *, liaison: Liaison, received_on: dt.date, receiver: str, by: Actor, at: dt.datetime
) -> Liaison:
    """The addressed side has it, by the name of who took it. Refused: I106, a wrong day (I102, I109)."""
    row, state = _taken(liaison, "receive_liaison", by)
    refuse(
        check.check_reason(receiver, "签收人"),
        check.check_not_in_future(received_on, timezone.localdate(at), "签收日期"),
        check.check_order_of_dates("发出日期", row.sent_on, "签收日期", received_on),
    )
    row.received_on, row.receiver = received_on, receiver.strip()[:60]
    row.save()
    _note("receive_liaison", row, by, at, state=state, received_on=received_on, receiver=row.receiver)
    return row


@transaction.atomic
def answer_liaison(
    *,
    liaison: Liaison,
    answered_on: dt.date,
    answer: str,
    answered_by: str,
    by: Actor,
    at: dt.datetime,
    files: Sequence[File] = (),
) -> Liaison:
    """What the addressed side says, with its files; the clock stops.

    Refused: nothing said or nobody named (I106), a wrong day (I102, I109), files as ``attach_evidence``.
    """
    row, state = _taken(liaison, "answer_liaison", by)
    refuse(
        check.check_reason(answer, "答复"),
        check.check_reason(answered_by, "答复人"),
        check.check_not_in_future(answered_on, timezone.localdate(at), "答复日期"),
        check.check_order_of_dates("发出日期", row.sent_on, "答复日期", answered_on),
    )
    row.answered_on, row.answer, row.answered_by = answered_on, answer.strip(), answered_by.strip()[:60]
    if row.received_on is None:
        row.received_on, row.receiver = answered_on, row.answered_by
    row.save()
    place = place_of(row, "answer_liaison", by)
    for file in files:
        attach_evidence(place=place, file=file, by=by, at=at)
    clocks.finish_clock(subject="liaison", record=row.pk, name=ANSWER, on=answered_on, by=by, at=at)
    _note(
        "answer_liaison", row, by, at, state=state, answered_on=answered_on, answer=row.answer,
        answered_by=row.answered_by, files=len(files),
    )  # fmt: skip
    return row


@transaction.atomic
def return_liaison(
    *, liaison: Liaison, reason: str, wanted_by: dt.date, by: Actor, at: dt.datetime
) -> Liaison:
    """The answer is not enough: say why and name a new date. Refused: I106, a date that is past (I342)."""
    row, state = _taken(liaison, "return_liaison", by)
    today = timezone.localdate(at)
    refuse(check.check_reason(reason, "退回的理由"), _check_wanted(wanted_by, today))
    due = [row.wanted_by, wanted_by]
    row.note, row.wanted_by = reason.strip()[:300], wanted_by
    row.save()
    _run_clock(row, today, by, at)
    _note("return_liaison", row, by, at, state=state, reason=row.note, wanted_by=due)
    return row


@transaction.atomic
def close_liaison(
    *, liaison: Liaison, closed_on: dt.date, by: Actor, at: dt.datetime, note: str = ""
) -> Liaison:
    """The answer is enough. Refused: in the future (I102), before the answer (I109)."""
    row, state = _taken(liaison, "close_liaison", by)
    refuse(
        check.check_not_in_future(closed_on, timezone.localdate(at), "办结日期"),
        check.check_order_of_dates("答复日期", row.answered_on, "办结日期", closed_on),
    )
    row.closed_on, row.note = closed_on, note.strip()[:300]
    row.save()
    _note("close_liaison", row, by, at, state=state, closed_on=closed_on, note=row.note)
    return row


@transaction.atomic
def withdraw_liaison(*, liaison: Liaison, reason: str, by: Actor, at: dt.datetime) -> Liaison:
    """Take it back before it is answered, with the reason (I106); its clock ends."""
    row, state = _taken(liaison, "withdraw_liaison", by)
    refuse(check.check_reason(reason, "撤回的理由"))
    row.note = reason.strip()[:300]
    row.save()
    clocks.drop_clocks(subject="liaison", record=row.pk, reason=row.note, by=by, at=at)
    _note("withdraw_liaison", row, by, at, state=state, reason=row.note)
    return row
