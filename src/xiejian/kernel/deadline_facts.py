"""Start days, extensions and stops of a time limit, read from what people and files give.

Everything here may come from outside: each value is either understood or refused with a code.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xiejian.kernel import dates
from xiejian.kernel.deadline_rules import COUNTED, UNIT_LABELS
from xiejian.kernel.problems import Catalogue, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

#: Dates that can be counted with.
FIRST_YEAR, LAST_YEAR = 1949, 2100
#: A date or a moment is never longer; anything longer is not looked at closely.
LONGEST = 64
BEIJING = dt.timezone(dt.timedelta(hours=8), "北京时间")
# two hundred years, and the longest that one of each unit can take: what lies beyond is a slip of the pen
_REACH, _DAYS = 73_000, {"WD": 2, "ND": 1, "CM": 31, "CY": 366, "H": 1}
_WORDS = {
    "工作日": "WD", "个工作日": "WD", "WORKING": "WD",
    "日": "ND", "天": "ND", "自然日": "ND", "CALENDAR": "ND",
    "月": "CM", "个月": "CM", "MONTH": "CM",
    "年": "CY", "YEAR": "CY",
    "小时": "H", "时": "H", "HOUR": "H",
}  # fmt: skip
_MOMENT = re.compile(
    r"(?P<date>\S{8,12}?)(?:T|\s+|(?<=日))"
    r"(?P<h>\d{1,2})[:：时](?P<m>\d{1,2})分?(?::(?P<s>\d{2})(?:\.\d+)?)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_MONTH = re.compile(r"(\d{4})\s*[-/年]\s*(\d{1,2})\s*月?", re.ASCII)


@dataclass(frozen=True)
class Added:
    """An extension: ``n`` more of ``unit`` (None: that of the period), agreed on ``approved_on``."""

    n: int
    unit: str | None = None
    approved_on: dt.date | None = None


@dataclass(frozen=True)
class Stop:
    """Time that does not count, both ends included; ``last`` None: still running."""

    first: dt.date
    last: dt.date | None
    reason: str = ""


@dataclass(frozen=True)
class Facts:
    """What is known of one matter; ``unused``: names that no time limit asks for."""

    extensions: tuple[Added, ...] = ()
    stops: tuple[Stop, ...] = ()
    received_on: dt.date | None = None
    unused: tuple[str, ...] = ()


def shown(value: object) -> str:
    """``value`` for a message: short, and always printable as UTF-8."""
    text = value if isinstance(value, str) else repr(value)
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def day(value: object, field: str = "from") -> dt.date:
    """The day that ``value`` names, in Beijing time; Refused K301, K422, K429."""
    if type(value) is dt.date:
        return _in_range(value)
    if isinstance(value, dt.datetime) or (isinstance(value, str) and ":" in value.replace("：", ":")):
        return moment(value, field)[0].date()
    return _in_range(_read(value, field))


def _read(value: object, field: str) -> dt.date:
    if isinstance(value, str) and len(value) > LONGEST:
        raise Refused(problems("K301", field, value=shown(value)))
    try:
        found = dates.read(value)
    except Refused as refused:
        raise Refused(problems("K301", field, value=shown(value))) from refused
    except (ValueError, OverflowError) as error:  # NaN and infinity
        raise Refused(problems("K301", field, value=shown(value))) from error
    if found is None:
        raise Refused(problems("K429", field=field, example="2024-03-05"))
    return found


def _in_range(found: dt.date) -> dt.date:
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Refused(problems("K422", value=found, first=FIRST_YEAR, last=LAST_YEAR))
    return found


def moment(value: object, field: str = "from") -> tuple[dt.datetime, bool]:
    """The moment that ``value`` names, and whether it names the hour; a plain day means its midnight.

    A moment with a zone is told in Beijing time and keeps a zone; one without keeps none.
    Refused K301, K422, K423, K429.
    """
    if isinstance(value, dt.datetime):
        return _local(value), True
    if not isinstance(value, str) or ":" not in value.replace("：", ":").replace("时", ":"):
        return dt.datetime.combine(day(value, field), dt.time()), False
    match = _MOMENT.fullmatch(value.strip()) if len(value) <= LONGEST else None
    if match is None:
        raise Refused(problems("K423", field, value=shown(value)))
    zone = _zone(match["zone"])
    try:
        clock = dt.time(int(match["h"]), int(match["m"]), int(match["s"] or 0))
        found = dt.datetime.combine(_read(match["date"], field), clock, zone)
    except ValueError as error:
        raise Refused(problems("K423", field, value=shown(value))) from error
    return _local(found), True


def _zone(text: str | None) -> dt.tzinfo | None:
    if not text:
        return None
    if text in "Zz":
        return dt.UTC
    digits = text[1:].replace(":", "")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if offset >= dt.timedelta(days=1):
        raise Refused(problems("K423", value=text))
    return dt.timezone(-offset if text[0] == "-" else offset)


def _local(found: dt.datetime) -> dt.datetime:
    _in_range(found.date())
    local = found.astimezone(BEIJING) if found.tzinfo else found
    _in_range(local.date())
    return local


def month(value: object, field: str = "from") -> dt.date:
    """The first day of a month written without a day (``2024-05``), else the day itself."""
    match = _MONTH.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= LONGEST else None
    return day(f"{match[1]}-{match[2]}-1" if match else value, field)


def unit(value: object, field: str) -> str:
    """The unit that a word means; Refused K426."""
    word = value.strip().upper() if isinstance(value, str) and len(value) <= LONGEST else ""
    found = word if word in COUNTED else _WORDS.get(word)
    if found is None:
        raise Refused(problems("K426", value=shown(value), field=field, allowed="、".join(COUNTED)))
    return found


def read(given: object) -> Facts:
    """The facts of one matter from a JSON object; Refused K424 to K427 and those of ``day``."""
    if given is None:
        return Facts()
    if not isinstance(given, Mapping):
        raise Refused(
            problems("K424", field="facts", why="不是对象", wanted='{"extensions": [], "stops": []}')
        )
    received = given.get("received_on")
    return Facts(
        tuple(_added(entry) for entry in _entries(given, "extensions", '[{"n": 15, "unit": "WD"}]')),
        tuple(
            _stop(entry) for entry in _entries(given, "stops", '[{"from": "2024-03-01", "to": "2024-03-20"}]')
        ),
        None if received in (None, "") else day(received, "received_on"),
        tuple(sorted(shown(key) for key in given if key not in ("extensions", "stops", "received_on"))),
    )


def _entries(given: Mapping[str, Any], field: str, wanted: str) -> list[Mapping[str, Any]]:
    found = given.get(field)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(entry, Mapping) for entry in found):
        raise Refused(problems("K424", field, field=field, why="不是对象的列表", wanted=wanted))
    return found


def _added(entry: Mapping[str, Any]) -> Added:
    n = entry.get("n")
    if type(n) is float and n.is_integer():
        n = int(n)
    if type(n) is not int or n < 1:
        raise Refused(problems("K425", "extensions", value=shown(n)))
    approved = entry.get("approved_on") or entry.get("approved_at")
    return Added(
        n,
        unit(entry["unit"], "extensions") if entry.get("unit") else None,
        day(approved, "approved_on") if approved else None,
    )


def _stop(entry: Mapping[str, Any]) -> Stop:
    first = _end(entry.get("from"), "stops.from")
    last = None if entry.get("to") in (None, "") else _end(entry["to"], "stops.to")
    reason = shown(entry["reason"]) if entry.get("reason") else ""
    if last is not None and _over_before(first, last):
        raise Refused(problems("K427", "stops", first=first, last=last))
    return Stop(first, last, reason)


def _over_before(first: dt.date, last: dt.date) -> bool:
    if isinstance(last, dt.datetime):
        return at(last) < at(first)
    return at(last, close=True) <= at(first)


def _end(value: object, field: str) -> dt.date:
    found, has_hour = moment(value, field)
    return found if has_hour else found.date()


def at(end: dt.date, *, close: bool = False) -> dt.datetime:
    """An end of a stop as a moment: a plain day begins at its midnight and closes at the next."""
    if isinstance(end, dt.datetime):
        return end.astimezone(BEIJING).replace(tzinfo=None) if end.tzinfo else end
    return dt.datetime.combine(end + dt.timedelta(days=1) if close else end, dt.time())


def check_reach(periods: Iterable[tuple[int, str]], stops: Iterable[Stop]) -> None:
    """Refused K428 when all periods together lead out of every calendar."""
    days = sum(min(n, _REACH + 1) * _DAYS[of] for n, of in periods)
    days += sum(2 * ((stop.last - stop.first).days + 1) for stop in _plain(stops) if stop.last)
    if days > _REACH:
        raise Refused(problems("K428"))


def _plain(stops: Iterable[Stop]) -> list[Stop]:
    return [
        Stop(at(stop.first).date(), at(stop.last).date() if stop.last else None, stop.reason)
        for stop in stops
    ]


def by_day(stops: Iterable[Stop]) -> list[Stop]:
    """The stops as whole days, in order, those that meet or overlap joined."""
    joined: list[Stop] = []
    for stop in sorted(_plain(stops), key=lambda s: s.first):
        before = joined[-1] if joined else None
        if before and (before.last is None or stop.first <= before.last):
            last = None if before.last is None or stop.last is None else max(before.last, stop.last)
            joined[-1] = Stop(before.first, last, before.reason or stop.reason)
        else:
            joined.append(stop)
    return joined


def unit_label(of: str) -> str:
    """The Chinese word after a number of this unit."""
    return UNIT_LABELS[of]
