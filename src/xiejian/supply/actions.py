"""Every write of the supply room (imports apart, which load in bulk): movements and holds of lots.

A movement is never overwritten: an amendment is a new row with its reason, a mistake is voided with one.
Each action leaves its audit entry in the same transaction; entries name no quantity of trade, only records.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace

from django.db import transaction
from django.utils import timezone

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
from xiejian.supply.models import Movement

__all__ = [
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
def record_movements(*, entries: Sequence[Entry], by: Actor, at: dt.datetime) -> list[Movement]:
    """Write down movements together, all or none; a firm its own, an officer those of firms in the area.

    Refused: an unknown kind (SU101), a quantity (SU102), a date in the future (SU103), something missing
    (SU104), a delivery to oneself (SU105), a record number taken (SU106), a lot on hold (SU201).
    """
    offices = office_codes(entry.firm_uscc for entry in entries)
    for firm in sorted({entry.firm_uscc for entry in entries}):
        _may_record(by, firm, offices.get(firm, ""))
    today = timezone.localdate(at)
    named = [replace(e, record_no=e.record_no or _own_number(e, at, n)) for n, e in enumerate(entries)]
    taken = set(
        Movement.objects.filter(
            firm_uscc__in=offices.keys() | {e.firm_uscc for e in named},
            record_no__in=[e.record_no for e in named],
            voided=False,
        ).values_list("firm_uscc", "record_no")
    )
    holds = holds_on((e.firm_uscc for e in named), ((e.di, e.lot) for e in named))
    for entry in named:
        refuse(
            check.check_entry(entry, today),
            check.check_not_held(entry, held_reasons(entry, holds)),
            [problems("SU106", entry.record_no, record_no=entry.record_no)]
            if (entry.firm_uscc, entry.record_no) in taken
            else [],
        )
    rows = Movement.objects.bulk_create(
        Movement(**asdict(e), firm_office_code=offices.get(e.firm_uscc, ""), at=at, by_name=by.name)
        for e in named
    )
    audit.record_many(
        by=by, at=at, action="record_movement", subject="movement",
        entries=[(r.record_no, r.firm_office_code, {"firm": r.firm_uscc, "kind": r.kind}) for r in rows],
    )  # fmt: skip
    return rows


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
    new = record_movement(entry=entry, by=by, at=at)
    new.amends = old
    new.save(update_fields=["amends"])
    return new


@transaction.atomic
def void_movement(*, movement: Movement, reason: str, by: Actor, at: dt.datetime) -> Movement:
    """Strike a row that should not have been written, with the reason (SU104 without one)."""
    row = _current(movement)
    _may_record(by, row.firm_uscc, row.firm_office_code)
    refuse(check.check_given(reason, "作废理由"))
    row.voided, row.reason = True, reason
    row.save(update_fields=["voided", "reason"])
    audit.record(
        by=by, at=at, action="void_movement", subject="movement", key=row.record_no,
        office_code=row.firm_office_code, detail={"firm": row.firm_uscc, "reason": reason},
    )  # fmt: skip
    return row
