"""信用修复: a party asks that its penalty is no longer public before the term is over.

Accepted by one, decided by another. Conditions and time limits: packs/cases/publication.toml.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from xiejian.cases import checks as check
from xiejian.cases import publication_rules as rules
from xiejian.cases.checks import problems, refuse
from xiejian.cases.models import Publication, Repair
from xiejian.cases.publishing import PUBLIC, end_publication
from xiejian.clocks import actions as clocks
from xiejian.kernel import deadlines, workflow
from xiejian.kernel.problems import Problem
from xiejian.people import audit
from xiejian.people.policy import Actor, require, visible

WORKFLOW = workflow.load(Path(__file__).with_name("repair_workflow.toml"))
HANDLE, DECIDE = "cases.edit", "cases.approve"
#: the clock that runs in a state
CLOCKS = {"applied": "accept", "accepted": "decide", "granted": "carry_out"}
CLOSED = ("rejected", "denied", "done")


def _note(action: str, row: Repair, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="repair", key=row.publication.case.number,
        office_code=row.office_code, detail=detail,
    )  # fmt: skip


def _turn(row: Repair, before: str, on: dt.date, by: Actor, at: dt.datetime) -> None:
    """End the clock of the state that is left, start that of the state that is reached."""
    if name := CLOCKS.get(before):
        clocks.finish_clock(subject="repair", record=row.pk, name=name, on=on, by=by, at=at)
    if name := CLOCKS.get(row.state):
        case = row.publication.case
        clocks.set_clock(
            subject="repair", record=row.pk, name=name, rule=rules.clock_rule(name), start=on,
            title=f"信用修复 {case.number} {case.party.name}", office_code=row.office_code, by=by, at=at,
        )  # fmt: skip


def _taken(row: Repair, action: str, permission: str, by: Actor) -> tuple[Repair, str]:
    """The application, locked, moved along its table; the state before."""
    rows = Repair.objects.select_for_update(of=("self",)).select_related("publication__case__party")
    found = rows.get(pk=row.pk)
    number = found.publication.case.number
    require(by, permission, found.office_code, where=number)
    before = found.state
    found.state = WORKFLOW.step(before, action, where=number)
    if permission == DECIDE and found.handled_by == by.username:
        refuse([problems("C701", where=number)])
    return found, before


def barred_until(publication: Publication) -> dt.date | None:
    """Until when the party may not apply, after deceit; None when it may."""
    last = (
        Repair.objects.filter(
            publication__case__party=publication.case.party_id, deceit=True, decided_on__isnull=False
        )
        .order_by("-decided_on")
        .values_list("decided_on", flat=True)
        .first()
    )
    return deadlines.due(rules.clock_rule("barred"), last).due_strict if last else None


def check_may_apply(row: Publication, on: dt.date, barred: dt.date | None) -> list[Problem]:
    """Whether an early end may be asked for on a day."""
    where = row.case.number
    if row.state not in PUBLIC or row.until_on is None or row.until_on < on:
        return [problems("C703", where=where, what=where)]
    if row.early_on is None:
        return [problems("C706", where=where)]
    if on < row.early_on:
        return [problems("C705", where=where, on=row.early_on)]
    return [problems("C708", where=where, on=barred)] if barred and on <= barred else []


@transaction.atomic
def apply_for_repair(
    *, publication: Publication, applied_on: dt.date, statement: str, by: Actor, at: dt.datetime
) -> Repair:
    """Record the application. Refused: not public (C703), too early (C705), never (C706), barred (C708),
    one open already (C709), nothing said (C107), in the future (C102)."""
    rows = Publication.objects.select_for_update(of=("self",)).select_related("case__party")
    row = rows.get(pk=publication.pk)
    require(by, HANDLE, row.office_code, where=row.case.number)
    refuse(
        check.check_given(statement, "申请理由和信用承诺"),
        check.check_not_in_future(applied_on, timezone.localdate(at), "申请日期"),
        check_may_apply(row, applied_on, barred_until(row)),
        [problems("C709", where=row.case.number)] if row.repairs.exclude(state__in=CLOSED).exists() else [],
    )
    made = Repair.objects.create(
        publication=row, state=WORKFLOW.start, applied_on=applied_on, statement=statement.strip(),
        handled_by=by.username, office_code=row.office_code,
    )  # fmt: skip
    _turn(made, "", applied_on, by, at)
    _note("apply_for_repair", made, by, at, applied_on=applied_on)
    return made


@transaction.atomic
def ask_supplement(*, repair: Repair, on: dt.date, note: str, by: Actor, at: dt.datetime) -> Repair:
    """Tell the party once what is missing. Refused: nothing said (C107), C102, C103."""
    row, before = _taken(repair, "ask_supplement", HANDLE, by)
    refuse(check.check_given(note, "需要补正的内容"), _dates(row, on, at))
    row.note, row.handled_by = note.strip()[:300], by.username
    row.save()
    _turn(row, before, on, by, at)
    _note("ask_supplement", row, by, at, note=row.note)
    return row


@transaction.atomic
def supplement_repair(*, repair: Repair, on: dt.date, statement: str, by: Actor, at: dt.datetime) -> Repair:
    """The party added what was missing: the time for accepting runs anew from there."""
    row, before = _taken(repair, "supplement_repair", HANDLE, by)
    refuse(check.check_given(statement, "补正的内容"), _dates(row, on, at))
    row.statement = f"{row.statement}\n补正（{on}）：{statement.strip()}"
    row.save()
    _turn(row, before, on, by, at)
    _note("supplement_repair", row, by, at, on=on)
    return row


@transaction.atomic
def accept_repair(*, repair: Repair, on: dt.date, met: Iterable[str], by: Actor, at: dt.datetime) -> Repair:
    """Accept it, with the conditions found to be met. Refused: C102, C103, an unknown condition (C702)."""
    row, before = _taken(repair, "accept_repair", HANDLE, by)
    known, given = rules.conditions(), list(met)
    words = "、".join(ground.meaning for ground in known.values())
    refuse(
        _dates(row, on, at),
        [problems("C702", where="条件", ground=c, known=words) for c in given if c not in known],
    )
    row.accepted_on, row.met, row.handled_by = on, given, by.username
    row.save()
    _turn(row, before, on, by, at)
    _note("accept_repair", row, by, at, on=on, met=given)
    return row


@transaction.atomic
def reject_repair(*, repair: Repair, on: dt.date, note: str, by: Actor, at: dt.datetime) -> Repair:
    """Do not accept it. Refused: no reason (C107), C102, C103."""
    row, before = _taken(repair, "reject_repair", HANDLE, by)
    refuse(check.check_given(note, "不予受理的理由"), _dates(row, on, at))
    row.note, row.decided_on = note.strip()[:300], on
    row.save()
    _turn(row, before, on, by, at)
    _note("reject_repair", row, by, at, note=row.note)
    return row


@transaction.atomic
def extend_repair(*, repair: Repair, on: dt.date, reason: str, by: Actor, at: dt.datetime) -> Repair:
    """Lengthen the time for deciding by what the rule allows. Refused: T101, T104, C701."""
    row, _ = _taken(repair, "extend_repair", DECIDE, by)
    added = deadlines.rule(rules.clock_rule("decide")).extension
    assert added is not None and added.n is not None
    clocks.extend_clock(
        subject="repair", record=row.pk, name="decide", n=added.n, unit=added.unit, approved_on=on,
        reason=reason, by=by, at=at,
    )  # fmt: skip
    _note("extend_repair", row, by, at, reason=reason)
    return row


@transaction.atomic
def grant_repair(*, repair: Repair, on: dt.date, by: Actor, at: dt.datetime) -> Repair:
    """Grant it. Refused: a condition is not met (C707), by whoever accepted it (C701), C102, C103."""
    row, before = _taken(repair, "grant_repair", DECIDE, by)
    lacking = [ground.meaning for key, ground in rules.conditions().items() if key not in row.met]
    refuse(_dates(row, on, at), [problems("C707", where="修复条件", what=what) for what in lacking])
    row.decided_on, row.decided_by = on, by.username
    row.save()
    _turn(row, before, on, by, at)
    _note("grant_repair", row, by, at, on=on)
    return row


@transaction.atomic
def deny_repair(
    *, repair: Repair, on: dt.date, note: str, by: Actor, at: dt.datetime, deceit: bool = False
) -> Repair:
    """Deny it; ``deceit``: the party is barred for a time. Refused: no reason (C107), C701, C102, C103."""
    row, before = _taken(repair, "deny_repair", DECIDE, by)
    refuse(check.check_given(note, "不予修复的理由"), _dates(row, on, at))
    row.decided_on, row.decided_by, row.note, row.deceit = on, by.username, note.strip()[:300], deceit
    row.save()
    _turn(row, before, on, by, at)
    _note("deny_repair", row, by, at, on=on, note=row.note, deceit=deceit)
    return row


@transaction.atomic
def carry_out_repair(*, repair: Repair, on: dt.date, by: Actor, at: dt.datetime) -> Repair:
    """Take the penalty off. Refused: C102, C103, no longer public (K101)."""
    row, before = _taken(repair, "carry_out_repair", HANDLE, by)
    refuse(_dates(row, on, at))
    end_publication(publication=row.publication, on=on, by=by, at=at)
    row.save()
    _turn(row, before, on, by, at)
    _note("carry_out_repair", row, by, at, on=on)
    return row


def _dates(row: Repair, on: dt.date, at: dt.datetime) -> list[Problem]:
    before = row.decided_on or row.accepted_on or row.applied_on
    return [
        *check.check_not_in_future(on, timezone.localdate(at), "办理日期"),
        *check.check_order_of_dates("前一步日期", before, "办理日期", on),
    ]


def repairs(actor: Actor | None, *, state: str = "", search: str = "") -> QuerySet[Repair]:
    """Applications in the actor's reach."""
    rows = visible(Repair.objects.select_related("publication__case__party"), actor)
    if state:
        rows = rows.filter(state=state)
    if text := search.strip():
        rows = rows.filter(publication__case__party__name__icontains=text)
    return rows
