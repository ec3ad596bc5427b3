"""Every write of the supply room (imports apart, which load in bulk): movements and holds of lots.

A movement is never overwritten: an amendment is a new row with its reason, a mistake is voided with one.
Each action leaves its audit entry in the same transaction; entries name no quantity of trade, only records.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from xiejian.people import audit
from xiejian.people.policy import Actor, require, require_for, require_one
from xiejian.registry.models import Party
from xiejian.supply import checks as check
from xiejian.supply.checks import Entry, problems, refuse
from xiejian.supply.models import LotHold, Movement

__all__ = [
    "Entry",
    "amend_movement",
    "hold_lot",
    "record_movement",
    "record_movements",
    "release_hold",
    "void_movement",
]


def _may_record(by: Actor, firm_uscc: str, office_code: str) -> None:
    """The firm itself, or an officer who brings in what a firm handed over on paper."""
    if by.firm:
        require_for(by, "firm.supply", firm_uscc, where=firm_uscc)
    else:
        require(by, "supply.import", office_code, where=firm_uscc)


def office_codes(firms: Iterable[str]) -> dict[str, str]:
    """Credit code → the office in charge; a firm outside the register is left out. One query."""
    return dict(Party.objects.filter(uscc__in=set(firms)).values_list("uscc", "office_code"))


def _own_number(entry: Entry, at: dt.datetime, place: int) -> str:
    """A record number for an entry without one: stable for the same entry at the same moment."""
    digest = hashlib.sha256(f"{asdict(entry)}{at.isoformat()}{place}".encode()).hexdigest()
    return f"{entry.on:%Y%m%d}-{digest[:10]}"


def holds_on(firms: Iterable[str], lots: Iterable[tuple[str, str]]) -> list[LotHold]:
    """The holds in force of these firms on these (di, lot) pairs, and on single devices of these DIs."""
    pairs = set(lots)
    dis, names = {di for di, _ in pairs}, {lot for _, lot in pairs}
    rows = LotHold.objects.filter(firm_uscc__in=set(firms), released_at=None, di__in=dis)
    return list(rows.filter(Q(lot__in=names) | Q(lot="")))


def held_reasons(entry: Entry, holds: Iterable[LotHold]) -> list[str]:
    """Why this entry's goods are on hold; nothing when they are not."""
    return [
        hold.reason
        for hold in holds
        if (hold.firm_uscc, hold.di) == (entry.firm_uscc, entry.di)
        and (not hold.lot or hold.lot == entry.lot)
        and (not hold.serial or hold.serial == entry.serial)
    ]


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


# --- lots that may not be handed on ---------------------------------------------------------------------


def _may_hold(by: Actor, firm_uscc: str, office_code: str) -> None:
    """The firm's own store, or an officer who follows a recall or a cold chain."""
    if by.firm:
        require_for(by, "firm.supply", firm_uscc, where=firm_uscc)
    else:
        require_one(by, ("vigilance.review", "supply.import"), office_code, where=firm_uscc)


@transaction.atomic
def hold_lot(
    *,
    firm_uscc: str,
    di: str,
    lot: str,
    reason: str,
    source_kind: str,
    source_record: str,
    by: Actor,
    at: dt.datetime,
    serial: str = "",
) -> LotHold:
    """Stop a firm from shipping, using or implanting a lot (or one device of it) until it is released.

    Held again by the same source it stays one hold, which is returned.
    """
    office_code = office_codes([firm_uscc]).get(firm_uscc, "")
    _may_hold(by, firm_uscc, office_code)
    refuse(
        check.check_given(di, "产品标识"),
        check.check_given(lot or serial, "批号或者序列号"),
        check.check_given(reason, "停用原因"),
    )
    same = {
        "firm_uscc": firm_uscc, "di": di, "lot": lot, "serial": serial,
        "source_kind": source_kind, "source_record": source_record,
    }  # fmt: skip
    hold, new = LotHold.objects.get_or_create(
        **same,
        released_at=None,
        defaults={"firm_office_code": office_code, "reason": reason, "held_at": at, "held_by": by.name},
    )
    if new:
        audit.record(
            by=by, at=at, action="hold_lot", subject="lot_hold", key=str(hold.pk), office_code=office_code,
            detail={**same, "reason": reason},
        )  # fmt: skip
    return hold


@transaction.atomic
def release_hold(*, hold: LotHold, reason: str, by: Actor, at: dt.datetime) -> LotHold:
    """Let the lot go on, with the reason (SU104 without one; SU202 when it was released before)."""
    row = LotHold.objects.select_for_update().get(pk=hold.pk)
    _may_hold(by, row.firm_uscc, row.firm_office_code)
    refuse(check.check_given(reason, "解除理由"))
    if row.released_at:
        raise check.Refused(problems("SU202", str(row), on=timezone.localdate(row.released_at)))
    row.released_at, row.released_by, row.release_reason = at, by.name, reason
    row.save(update_fields=["released_at", "released_by", "release_reason"])
    audit.record(
        by=by, at=at, action="release_hold", subject="lot_hold", key=str(row.pk),
        office_code=row.firm_office_code, detail={"di": row.di, "lot": row.lot, "reason": reason},
    )  # fmt: skip
    return row
