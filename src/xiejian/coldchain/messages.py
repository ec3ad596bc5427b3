"""Readings as gateways send them, over HTTP or through a broker: JSON in, readings or problems out. Pure."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping

from xiejian.coldchain.checks import problems
from xiejian.coldchain.moments import read_centi, read_humidity, read_moment
from xiejian.coldchain.reading_files import Measured
from xiejian.kernel.problems import Problem


def read_entry(number: int, entry: object, zone: dt.tzinfo, code: str = "") -> Measured | Problem:
    """One reading: ``at``, ``celsius``, perhaps ``humidity``, and ``logger`` unless ``code`` tells it."""
    if not isinstance(entry, Mapping):
        return problems("CC206", f"第{number}个")
    named = code or str(entry.get("logger") or "").strip()
    at = read_moment(entry.get("at"), zone)
    centi = read_centi(entry.get("celsius"))
    damp = entry.get("humidity")
    humidity = None if damp is None else read_humidity(damp)
    where = f"第{number}个"
    if not named:
        return problems("CC205", where)
    if at is None:
        return problems("CC201", where, value=str(entry.get("at"))[:60])
    if centi is None:
        return problems("CC203", where, value=str(entry.get("celsius"))[:60])
    if damp is not None and humidity is None:
        return problems("CC208", where, value=str(damp)[:60])
    return Measured(number, named[:60], at, centi, humidity)


def read_payload(payload: bytes, zone: dt.tzinfo, code: str) -> list[Measured | Problem]:
    """What one message of a logger's topic holds: a reading, or a list of them."""
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        found = None
    entries = found if isinstance(found, list) else [found]
    return [read_entry(number, entry, zone, code) for number, entry in enumerate(entries, 1)]


def place_of(topic: str) -> tuple[str, str]:
    """(credit code of the firm, code of the logger): the last two levels of a topic; '' where it has none.

    >>> place_of("coldchain/91110105MA01XXXX0Y/LK-01")
    ('91110105MA01XXXX0Y', 'LK-01')
    """
    levels = topic.split("/")
    return (levels[-2], levels[-1]) if len(levels) > 1 else ("", "")
