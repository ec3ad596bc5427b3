"""A movement as a program or a scanner tells it: the code says what it says, the rest is told beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields

from django.utils import timezone

from xiejian.kernel.problems import Problem, Refused
from xiejian.numbers import udi as codes
from xiejian.people.policy import Actor
from xiejian.supply import actions
from xiejian.supply.checks import Entry
from xiejian.supply.models import Movement

#: what a device code may say of a package
PARTS = ("di", "lot", "serial", "made_on", "expires_on")


@dataclass(frozen=True)
class Told:
    """One movement of the own firm. ``udi``: a whole code as scanned; what is told beside it goes before."""

    kind: str
    quantity: int
    on: dt.date
    udi: str = ""
    di: str = ""
    lot: str = ""
    serial: str = ""
    unit: str = ""
    partner_uscc: str = ""
    partner_name: str = ""
    made_on: dt.date | None = None
    expires_on: dt.date | None = None
    registration_no: str = ""
    product_name: str = ""
    document_no: str = ""
    place: str = ""
    record_no: str = ""


def entry_of(told: Told, firm_uscc: str, source: str, on: dt.date) -> Entry:
    """The entry that was told, read as on a day; Refused with what is wrong with the code."""
    given = {field.name: getattr(told, field.name) for field in fields(told) if field.name != "udi"}
    if told.udi.strip():
        code = codes.read(told.udi, on=on)
        if not code.valid:
            raise Refused([Problem(f.code, f.message, "udi", f.next) for f in code.faults])
        given |= {name: value for name in PARTS if not given[name] and (value := getattr(code, name))}
    return Entry(firm_uscc=firm_uscc, source=source, **given)


def record_told(*, told: Told, by: Actor, at: dt.datetime) -> Movement:
    """Write down what a program of the actor's own firm tells; refused like ``record_movements``."""
    entry = entry_of(told, by.firm, "api", timezone.localdate(at))
    return actions.record_movement(entry=entry, by=by, at=at)


def amend_as_told(*, movement: Movement, told: Told, reason: str, by: Actor, at: dt.datetime) -> Movement:
    """Put what is told in the place of a row; refused like ``amend_movement``."""
    entry = entry_of(told, movement.firm_uscc, movement.source, timezone.localdate(at))
    return actions.amend_movement(movement=movement, entry=entry, reason=reason, by=by, at=at)
