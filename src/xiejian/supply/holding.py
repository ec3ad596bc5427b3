"""Lots that a firm may not ship, use or implant: held from a record for a reason, released with one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.policy import Actor, require_for, require_one
from xiejian.registry.models import Party
from xiejian.supply.checks import Entry, check_given, problems, refuse
from xiejian.supply.models import LotHold

#: the source of what a firm holds of its own accord
OWN = "firm"
#: whoever follows a recall or a cold chain at an office may hold a lot and let it go
OFFICERS = ("vigilance.review", "supply.import")


@dataclass(frozen=True)
class Hold:
    """A lot of one firm, or with a serial one device of it, that is to stand still."""

    firm_uscc: str
    di: str
    lot: str
    reason: str
    serial: str = ""


def office_codes(firms: Iterable[str]) -> dict[str, str]:
    """Credit code → the office in charge; a firm outside the register is left out. One query."""
    return dict(Party.objects.filter(uscc__in=set(firms)).values_list("uscc", "office_code"))


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


def _may_hold(by: Actor, firm_uscc: str, office_code: str) -> None:
    """The firm's own store, or an officer who follows a recall or a cold chain."""
    if by.firm:
        require_for(by, "firm.supply", firm_uscc, where=firm_uscc)
    else:
        require_one(by, OFFICERS, office_code, where=firm_uscc)


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

    Held again by the same source it stays one hold, which is returned. Refused: something missing (SU104).
    """
    _may_hold(by, firm_uscc, office_codes([firm_uscc]).get(firm_uscc, ""))
    hold = Hold(firm_uscc, di, lot, reason, serial)
    return hold_lots(holds=[hold], source_kind=source_kind, source_record=source_record, by=by, at=at)[0]


@transaction.atomic
def hold_lots(
    *, holds: Sequence[Hold], source_kind: str, source_record: str, by: Actor, at: dt.datetime
) -> list[LotHold]:
    """Hold lots of many firms from one record, as part of an action that has asked for its own permission.

    A lot that this record holds already stays one hold. The holds in force are returned in the order given;
    a fixed number of queries. Refused: something missing (SU104).
    """
    wanted = [(source_record, hold) for hold in holds]
    return hold_lots_of_records(holds=wanted, source_kind=source_kind, by=by, at=at)


@transaction.atomic
def hold_lots_of_records(
    *, holds: Sequence[tuple[str, Hold]], source_kind: str, by: Actor, at: dt.datetime
) -> list[LotHold]:
    """As ``hold_lots`` for several records of one kind at once: (record, hold) each."""
    for _, hold in holds:
        refuse(
            check_given(hold.di, "产品标识"),
            check_given(hold.lot or hold.serial, "批号或者序列号"),
            check_given(hold.reason, "停用原因"),
        )
    offices = office_codes(hold.firm_uscc for _, hold in holds)
    records = {record for record, _ in holds}
    rows = LotHold.objects.filter(source_kind=source_kind, source_record__in=records, released_at=None)
    standing = {(row.source_record, *_key(row)): row for row in rows}
    new = {
        (record, *_key(hold)): LotHold(
            **asdict(hold), firm_office_code=offices.get(hold.firm_uscc, ""), source_kind=source_kind,
            source_record=record, held_at=at, held_by=by.name,
        )
        for record, hold in holds
        if (record, *_key(hold)) not in standing
    }  # fmt: skip
    made = LotHold.objects.bulk_create(new.values())
    audit.record_many(by=by, at=at, action="hold_lot", subject="lot_hold", entries=[_entry(r) for r in made])
    standing |= {(row.source_record, *_key(row)): row for row in made}
    return [standing[record, *_key(hold)] for record, hold in holds]


def _of_source(source_kind: str, source_record: str) -> Iterable[LotHold]:
    return LotHold.objects.filter(source_kind=source_kind, source_record=source_record, released_at=None)


def _key(hold: Hold | LotHold) -> tuple[str, str, str, str]:
    return hold.firm_uscc, hold.di, hold.lot, hold.serial


def _entry(row: LotHold) -> audit.Entry:
    detail = {
        "firm": row.firm_uscc, "di": row.di, "lot": row.lot, "serial": row.serial,
        "source": [row.source_kind, row.source_record], "reason": row.release_reason or row.reason,
    }  # fmt: skip
    return str(row.pk), row.firm_office_code, detail


@transaction.atomic
def release_hold(*, hold: LotHold, reason: str, by: Actor, at: dt.datetime) -> LotHold:
    """Let the lot go on, with the reason (SU104 without one; SU202 when it was released before).

    A firm releases what it held itself; what a recall or the cold chain holds ends there (SU203).
    """
    row = LotHold.objects.select_for_update().get(pk=hold.pk)
    _may_hold(by, row.firm_uscc, row.firm_office_code)
    if row.released_at:
        raise Refused(problems("SU202", str(row), on=timezone.localdate(row.released_at)))
    if by.firm and row.source_kind != OWN:
        raise Refused(problems("SU203", str(row)))
    return _release([row], reason, by, at)[0]


@transaction.atomic
def release_holds(
    *,
    source_kind: str,
    source_record: str,
    reason: str,
    by: Actor,
    at: dt.datetime,
    firm_usccs: Sequence[str] | None = None,
) -> list[LotHold]:
    """Let go what one record holds (of these firms, else of all), as part of an action that may do so.

    Nothing on hold is nothing to do. Refused without a reason (SU104).
    """
    rows = _of_source(source_kind, source_record)
    chosen = [row for row in rows if firm_usccs is None or row.firm_uscc in firm_usccs]
    return _release(chosen, reason, by, at)


def _release(rows: list[LotHold], reason: str, by: Actor, at: dt.datetime) -> list[LotHold]:
    refuse(check_given(reason, "解除理由"))
    for row in rows:
        row.released_at, row.released_by, row.release_reason = at, by.name, reason
    LotHold.objects.bulk_update(rows, ["released_at", "released_by", "release_reason"])
    entries = [_entry(row) for row in rows]
    audit.record_many(by=by, at=at, action="release_hold", subject="lot_hold", entries=entries)
    return rows
