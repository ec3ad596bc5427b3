"""What cold-chain tests are made of: a firm with a cold store, a lot in it, readings every half hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

from moment import NOW
from xiejian.coldchain import actions
from xiejian.coldchain.checks import LoggerEntry
from xiejian.coldchain.models import Logger
from xiejian.coldchain.reading_files import Measured
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM, Actor
from xiejian.registry.models import Party
from xiejian.supply.actions import Entry, record_movement
from xiejian.supply.models import Movement

FIRM, OTHER_FIRM = "91110105MA01XXXX0Y", "91320594588468512N"
DI, LOT = "06901234567892", "A1"
DAY = NOW - dt.timedelta(days=2)
HALF_HOUR = dt.timedelta(minutes=30)


def a_firm(name: str = "奈曼旗安康医疗器械有限公司", uscc: str = FIRM, office: str = "150525100") -> Party:
    return Party.objects.create(
        name=name, uscc=uscc, division_code=office, office_code=office, created_at=NOW, updated_at=NOW
    )


def a_logger(firm: Party, by: Actor = SYSTEM, **facts: object) -> Logger:
    given = {
        "code": "LK-01", "place": "1号冷库", "kind": "cold_store", "interval_seconds": 1800,
        "used_from": DAY.date() - dt.timedelta(days=30), "low_centi": 200, "high_centi": 800,
    } | facts  # fmt: skip
    entry = LoggerEntry(**given)
    return actions.register_logger(firm_uscc=firm.uscc, firm_name=firm.name, entry=entry, by=by, at=NOW)


def move(firm: Party, kind: str = "receive", days: int = -10, **facts: object) -> Movement:
    """A lot comes to the store ten days before now, unless the facts say otherwise."""
    given = {
        "firm_uscc": firm.uscc, "kind": kind, "di": DI, "lot": LOT, "quantity": 100,
        "on": NOW.date() + dt.timedelta(days=days), "partner_name": "上海某公司",
        "product_name": "血糖试剂", "place": "1号冷库" if kind == "receive" else "",
    } | facts  # fmt: skip
    return record_movement(entry=Entry(**given), by=SYSTEM, at=NOW)


def samples(*celsius: float | None, code: str = "LK-01", first: dt.datetime = DAY) -> list[Measured]:
    """Readings every half hour; None: missing."""
    return [
        Measured(place + 2, code, first + place * HALF_HOUR, round(value * 100))
        for place, value in enumerate(celsius)
        if value is not None
    ]


def send(firm: Party, rows: Sequence[Measured], by: Actor = SYSTEM, at: dt.datetime = NOW):
    return actions.record_readings(entries=[(firm.uscc, row) for row in rows], by=by, at=at)


def write_csv(path: Path, rows: Sequence[Sequence[object]], encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join(",".join(map(str, row)) for row in rows).encode(encoding))
    return path


def refused_with(action: Callable[..., object], *given: object, **facts: object) -> str:
    """The code of the first refusal of an action, '' when it is not refused."""
    try:
        action(*given, **facts)
    except Refused as refused:
        return refused.first.code
    return ""
