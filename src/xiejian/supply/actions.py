"""Every write of the supply room (imports apart, which load in bulk): movements and holds of lots.

A movement is never overwritten: an amendment is a new row with its reason, a mistake is voided with one.
Each action leaves its audit entry in the same transaction; entries name no quantity of trade, only records.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from xiejian.kernel import workflow
from xiejian.kernel.cells import tag_text
from xiejian.kernel.problems import Problem
from xiejian.people import audit
from xiejian.people.policy import Actor, require, require_for
from xiejian.supply import checks as check
from xiejian.supply.checks import Entry, problems, refuse
from xiejian.supply.holding import (
    held_reasons,
    hold_lot,
    hold_lots,
    holds_on,
    office_codes,
    release_hold,
    release_holds,
)
from xiejian.supply.judging import Known, marks_of, refusals
from xiejian.supply.known import Around
from xiejian.supply.models import SIGNS, Movement
from xiejian.supply.queries import left_of
from xiejian.supply.settling import settle_lots

WORKFLOW = workflow.load(Path(__file__).with_name("movement_workflow.toml"))
__all__ = [
    "WORKFLOW",
    "Entry",
    "amend_movement",
    "hold_lot",
    "hold_lots",
    "record_movement",
    "record_movements",
    "release_hold",
    "release_holds",
    "void_movement",
]


def _may_record(by: Actor, firm_uscc: str, office_code: str) -> None:
    """The firm itself, or an officer who brings in what a firm handed over on paper."""
    if by.firm:
        require_for(by, "firm.supply", firm_uscc, where=firm_uscc)
    else:
        require(by, "supply.import", office_code, where=firm_uscc)


def _own_number(entry: Entry, at: dt.datetime, place: int) -> str:
    """A record number for an entry without one: stable for the same entry at the same moment."""
    digest = hashlib.sha256(f"{asdict(entry)}{at.isoformat()}{place}".encode()).hexdigest()
    return f"{entry.on:%Y%m%d}-{digest[:10]}"


@transaction.atomic
def record_movement(*, entry: Entry, by: Actor, at: dt.datetime) -> Movement:
    """Write down one movement; refused like ``record_movements``."""
    return record_movements(entries=[entry], by=by, at=at)[0]


@transaction.atomic
def record_movements(
    *, entries: Sequence[Entry], by: Actor, at: dt.datetime, strict: bool = True
) -> list[Movement]:
    """Write down movements together, all or none; a firm its own, an officer those of firms in the area.

    Packages count as least units. Refused: an unknown kind (SU101), a quantity (SU102, SU112), a date in the
    future (SU103), something missing (SU104), a delivery to oneself (SU105), a record number taken (SU106), a
    unit nobody knows (SU113). ``strict``: refused too is what packs/supply/marks.toml says for the kind, such
    as a lot on hold (SU201), expired (SU110) or not in stock (SU111); else it is marked.
    """
    offices = office_codes(entry.firm_uscc for entry in entries)
    for firm in sorted({entry.firm_uscc for entry in entries}):
        _may_record(by, firm, offices.get(firm, ""))
    today = timezone.localdate(at)
    around = Around()
    named = [replace(e, record_no=e.record_no or _own_number(e, at, n)) for n, e in enumerate(entries)]
    resolved = around.resolved(named)
    refuse(
        *(found + check.check_entry(entry, today) for entry, found in resolved),
        check.check_new_numbers(named, _taken(named)),
    )
    written = [entry for entry, _ in resolved]
    judged = _judge(written, around.known)
    if strict:
        refuse(*(refused for _, refused in judged))
    rows = Movement.objects.bulk_create(
        Movement(
            **columns(entry), marks=tag_text(marks), firm_office_code=offices.get(entry.firm_uscc, ""),
            at=at, by_name=by.name,
        )
        for entry, (marks, _) in zip(written, judged, strict=True)
    )  # fmt: skip
    settle_lots((row.di, row.lot) for row in rows)
    stored = Movement.objects.in_bulk([row.pk for row in rows])
    rows = [stored[row.pk] for row in rows]
    audit.record_many(
        by=by, at=at, action="record_movement", subject="movement",
        entries=[(r.record_no, r.firm_office_code, {"firm": r.firm_uscc, "kind": r.kind}) for r in rows],
    )  # fmt: skip
    return rows


def columns(entry: Entry) -> dict[str, Any]:
    """What of an entry is stored."""
    return {name: value for name, value in asdict(entry).items() if name != "unit"}


def _taken(entries: Sequence[Entry]) -> set[tuple[str, str]]:
    rows = Movement.objects.filter(
        firm_uscc__in={e.firm_uscc for e in entries},
        record_no__in=[e.record_no for e in entries],
        voided=False,
    )
    return set(rows.values_list("firm_uscc", "record_no"))


def _judge(entries: Sequence[Entry], known: Known) -> list[tuple[list[str], list[Problem]]]:
    """Marks and refusals of each entry in turn; what an earlier one ships is not there for the next."""
    holds = holds_on((e.firm_uscc for e in entries), ((e.di, e.lot) for e in entries))
    left = left_of((e.firm_uscc, e.di, e.lot, "" if e.lot else e.serial) for e in entries)
    judged = []
    for entry in entries:
        reasons = held_reasons(entry, holds)
        marks = marks_of(entry, known, held=bool(reasons))
        lot = (entry.firm_uscc, entry.di, entry.lot, "" if entry.lot else entry.serial)
        before = left.get(lot, 0)
        left[lot] = before + entry.quantity * SIGNS[entry.kind]
        short = ["oversold"] if left[lot] < 0 and SIGNS[entry.kind] < 0 else []
        judged.append((marks, refusals(entry, [*marks, *short], reasons, before)))
    return judged


def _current(movement: Movement) -> Movement:
    """The row as it is now, locked until the transaction ends; refused (SU107) when it no longer counts."""
    row = Movement.objects.select_for_update().get(pk=movement.pk)
    refuse([problems("SU107", row.record_no, record_no=row.record_no)] if row.voided else [])
    return row


@transaction.atomic
def amend_movement(*, movement: Movement, entry: Entry, reason: str, by: Actor, at: dt.datetime) -> Movement:
    """Put another row in the place of one, with the reason; the old one stays readable and counts no more."""
    old = _current(movement)
    _may_record(by, old.firm_uscc, old.firm_office_code)
    refuse(check.check_given(reason, "更正理由"))
    old.voided, old.reason = True, reason
    old.save(update_fields=["voided", "reason"])
    entry = replace(entry, firm_uscc=old.firm_uscc, record_no=old.record_no, source=old.source)
    new = record_movements(entries=[entry], by=by, at=at, strict=False)[0]
    new.amends = old
    new.save(update_fields=["amends"])
    settle_lots([(old.di, old.lot)])
    new.refresh_from_db()
    audit.record(
        by=by, at=at, action="amend_movement", subject="movement", key=new.record_no,
        office_code=new.firm_office_code,
        detail={"firm": new.firm_uscc, "record": [old.pk, new.pk], "reason": reason},
    )  # fmt: skip
    return new


@transaction.atomic
def void_movement(*, movement: Movement, reason: str, by: Actor, at: dt.datetime) -> Movement:
    """Strike a row that should not have been written, with the reason (SU104 without one)."""
    row = _current(movement)
    _may_record(by, row.firm_uscc, row.firm_office_code)
    refuse(check.check_given(reason, "作废理由"))
    row.voided, row.reason = True, reason
    row.save(update_fields=["voided", "reason"])
    settle_lots([(row.di, row.lot)])
    audit.record(
        by=by, at=at, action="void_movement", subject="movement", key=row.record_no,
        office_code=row.firm_office_code, detail={"firm": row.firm_uscc, "reason": reason},
    )  # fmt: skip
    return row
