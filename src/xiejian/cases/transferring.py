"""案件移送: a case handed to the police, another authority or another bureau, and what comes back.

What is sent to 公安, 卫健, 海关 or 纪检 is recorded as a transfer too: that is what the tables count.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from xiejian.cases import checks as check
from xiejian.cases.actions import transfer_case
from xiejian.cases.checks import problems, refuse
from xiejian.cases.models import Case, Handover
from xiejian.clocks import actions as clocks
from xiejian.inspections.models import Transfer
from xiejian.kernel import workflow
from xiejian.kernel.packs import root
from xiejian.kernel.problems import Problem
from xiejian.people import audit
from xiejian.people.policy import Actor, require, visible

WORKFLOW = workflow.load(Path(__file__).with_name("handover_workflow.toml"))
PROPOSE, APPROVE = "cases.edit", "cases.approve"
#: handed over, and no answer yet
WAITING = ("sent", "received", "appealed")
REVIEW = "appealed"


@dataclass(frozen=True)
class Addressee:
    """To whom. ``paper``: the letter; ``counted``: among the tables' transfers; ``clocks``: state → rule."""

    id: str
    meaning: str
    paper: str
    counted: bool
    clocks: Mapping[str, str] = field(default_factory=dict)


@cache
def addressees() -> dict[str, Addressee]:
    """Every body by id, in the order of packs/cases/handovers.toml."""
    with (root() / "cases" / "handovers.toml").open("rb") as file:
        entries = tomllib.load(file)["addressee"]
    return {
        e["id"]: Addressee(e["id"], e["meaning"], e["paper"], e["counted"], e.get("clocks", {}))
        for e in entries
    }


def allowed(row: Handover) -> list[str]:
    """The moves that its state and its body allow: a review is known to the police only."""
    review = REVIEW in addressees()[row.addressee].clocks
    return [t.action for t in WORKFLOW.allowed(row.state) if review or t.action != "appeal_handover"]


def _note(action: str, row: Handover, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="handover", key=f"{row.case.number} {row.unit}",
        office_code=row.office_code, detail=detail,
    )  # fmt: skip


def _turn(row: Handover, before: str, start: dt.date, by: Actor, at: dt.datetime) -> None:
    """End the clock of the state that is left; start the next. ``start``: a moment for hour rules."""
    rules = addressees()[row.addressee].clocks
    if before in rules:
        clocks.finish_clock(subject="handover", record=row.pk, name=before, on=start, by=by, at=at)
    if rule := rules.get(row.state):
        clocks.set_clock(
            subject="handover", record=row.pk, name=row.state, rule=rule, start=start,
            title=f"{row.case.number} 移送{row.unit}", office_code=row.office_code, by=by, at=at,
        )  # fmt: skip


def _taken(row: Handover, action: str, permission: str, by: Actor) -> tuple[Handover, str]:
    """The handing over, locked, moved along its table; the state before."""
    found = Handover.objects.select_for_update(of=("self",)).select_related("case__party").get(pk=row.pk)
    require(by, permission, found.office_code, where=found.unit)
    before = found.state
    found.state = WORKFLOW.step(before, action, where=found.unit)
    if permission == APPROVE and found.proposed_by == by.username:
        refuse([problems("C701", where=found.unit)])
    return found, before


def _dates(row: Handover, on: dt.date, at: dt.datetime, what: str) -> list[Problem]:
    before = row.answered_on or row.received_on or row.sent_on or row.proposed_on
    return [
        *check.check_not_in_future(on, timezone.localdate(at), what),
        *check.check_order_of_dates("前一步日期", before, what, on),
    ]


@transaction.atomic
def propose_handover(
    *, case: Case, addressee: str, unit: str, reason: str, on: dt.date, by: Actor, at: dt.datetime
) -> Handover:
    """Propose to hand a case to a body. Refused: unknown (C901), twice (C902), C107, C102, C103."""
    require(by, PROPOSE, case.office_code, where=case.number)
    known = "、".join(addressees())
    again = Handover.objects.filter(case=case, addressee=addressee, unit=unit.strip()).exists()
    refuse(
        [] if addressee in addressees() else [problems("C901", where="移送对象", to=addressee, known=known)],
        check.check_given(unit, "受移送机关"),
        check.check_given(reason, "移送理由"),
        check.check_not_in_future(on, timezone.localdate(at), "提出日期"),
        check.check_order_of_dates("立案日期", case.filed_on, "提出日期", on),
        [problems("C902", where=unit, number=case.number, unit=unit)] if again else [],
    )
    row = Handover.objects.create(
        case=case, addressee=addressee, unit=unit.strip(), reason=reason.strip(), state=WORKFLOW.start,
        proposed_on=on, proposed_by=by.username, office_code=case.office_code,
    )  # fmt: skip
    _turn(row, "", on, by, at)
    _note("propose_handover", row, by, at, reason=row.reason)
    return row


@transaction.atomic
def approve_handover(*, handover: Handover, by: Actor, at: dt.datetime) -> Handover:
    """The head agrees, now: hours count for the police. Refused: one's own proposal (C701)."""
    row, before = _taken(handover, "approve_handover", APPROVE, by)
    row.approved_by = by.username
    row.save()
    _turn(row, before, at, by, at)
    _note("approve_handover", row, by, at)
    return row


@transaction.atomic
def refuse_handover(*, handover: Handover, reason: str, by: Actor, at: dt.datetime) -> Handover:
    """The head does not agree. Refused: no reason (C107), one's own proposal (C701)."""
    row, before = _taken(handover, "refuse_handover", APPROVE, by)
    refuse(check.check_given(reason, "不批准的理由"))
    row.approved_by, row.answer = by.username, reason.strip()[:300]
    row.save()
    _turn(row, before, timezone.localdate(at), by, at)
    _note("refuse_handover", row, by, at, reason=row.answer)
    return row


def _counted(row: Handover, on: dt.date, by: Actor, at: dt.datetime) -> Transfer | None:
    """The transfer that tables count: the one on record, else a new one; None where they count none."""
    if not addressees()[row.addressee].counted:
        return None
    known = Transfer.objects.filter(source="case", source_no=row.case.number, addressee=row.addressee)
    if found := known.first():
        return None if Handover.objects.filter(transfer=found).exists() else found
    return transfer_case(case=row.case, addressee=row.addressee, moved_on=on, by=by, at=at)


@transaction.atomic
def send_handover(*, handover: Handover, on: dt.date, reference: str, by: Actor, at: dt.datetime) -> Handover:
    """The letter and the file went out. Refused: no number of the letter (C107), C102, C103."""
    row, before = _taken(handover, "send_handover", PROPOSE, by)
    refuse(check.check_given(reference, "移送文号"), _dates(row, on, at, "移送日期"))
    row.sent_on, row.reference = on, reference.strip()[:80]
    row.transfer = _counted(row, on, by, at)
    row.save()
    _turn(row, before, on, by, at)
    _note("send_handover", row, by, at, on=on, reference=row.reference)
    return row


@transaction.atomic
def receive_handover(*, handover: Handover, on: dt.date, by: Actor, at: dt.datetime) -> Handover:
    """The body signed for it: its time to answer runs. Refused: C102, C103."""
    row, before = _taken(handover, "receive_handover", PROPOSE, by)
    refuse(_dates(row, on, at, "签收日期"))
    row.received_on = on
    row.save()
    _turn(row, before, on, by, at)
    _note("receive_handover", row, by, at, on=on)
    return row


@transaction.atomic
def answer_handover(
    *, handover: Handover, action: str, on: dt.date, answer: str, by: Actor, at: dt.datetime,
    answer_no: str = "",
) -> Handover:  # fmt: skip
    """What came back: ``action`` is accept_handover, decline_handover or return_handover.

    Refused: nothing said (C107), C102, C103, not from this state (K101).
    """
    row, before = _taken(handover, action, PROPOSE, by)
    refuse(check.check_given(answer, "答复内容"), _dates(row, on, at, "答复日期"))
    row.answered_on, row.answer, row.answer_no = on, answer.strip()[:300], answer_no.strip()[:80]
    row.save()
    _turn(row, before, on, by, at)
    _note(action, row, by, at, on=on, answer=row.answer, answer_no=row.answer_no)
    return row


@transaction.atomic
def appeal_handover(*, handover: Handover, on: dt.date, by: Actor, at: dt.datetime) -> Handover:
    """Ask the police to think again. Refused: another body (C903), C102, C103."""
    row, before = _taken(handover, "appeal_handover", PROPOSE, by)
    review = REVIEW in addressees()[row.addressee].clocks
    refuse(
        [] if review else [problems("C903", where=row.unit, unit=row.unit)],
        _dates(row, on, at, "提请复议日期"),
    )
    row.save()
    _turn(row, before, on, by, at)
    _note("appeal_handover", row, by, at, on=on)
    return row


@transaction.atomic
def close_handover(*, handover: Handover, on: dt.date, note: str, by: Actor, at: dt.datetime) -> Handover:
    """Nothing more to do: goods handed over, taken back, or left at that. Refused: C107, C102, C103."""
    row, before = _taken(handover, "close_handover", PROPOSE, by)
    refuse(check.check_given(note, "办结情况"), _dates(row, on, at, "办结日期"))
    row.answer = "；".join(filter(None, [row.answer, note.strip()]))[:300]
    row.save()
    _turn(row, before, on, by, at)
    _note("close_handover", row, by, at, on=on, note=note)
    return row


def handovers(
    actor: Actor | None, *, state: str = "", addressee: str = "", search: str = "", case: Case | None = None
) -> QuerySet[Handover]:
    """Handings-over in the actor's reach; ``state`` waiting: sent and not answered."""
    rows = visible(Handover.objects.select_related("case__party"), actor)
    if state:
        rows = rows.filter(state__in=WAITING if state == "waiting" else [state])
    if addressee:
        rows = rows.filter(addressee=addressee)
    if case is not None:
        rows = rows.filter(case=case)
    if text := search.strip():
        rows = (
            rows.filter(case__number__icontains=text)
            | rows.filter(case__party__name__icontains=text)
            | rows.filter(unit__icontains=text)
        )
    return rows
