"""Every refusal of the cold chain: facts in, problems out; no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from xiejian.coldchain.models import OUTCOMES
from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))
#: The longest recording interval that is no slip of the finger: a day.
LONGEST_INTERVAL = 86_400


@dataclass(frozen=True)
class LoggerEntry:
    """What a firm says of one logger; temperatures in hundredths of a degree Celsius."""

    code: str
    place: str
    kind: str
    interval_seconds: int
    used_from: dt.date
    low_centi: int | None = None
    high_centi: int | None = None
    calibrated_on: dt.date | None = None
    calibrated_until: dt.date | None = None
    live: bool = False


@dataclass(frozen=True)
class PlacementEntry:
    """What lay beside a logger: one lot, or what a delivery holds."""

    from_at: dt.datetime
    until_at: dt.datetime | None = None
    di: str = ""
    lot: str = ""
    serial: str = ""
    document_no: str = ""


def refuse(*found: Iterable[Problem]) -> None:
    """Raise Refused with every problem of every check, if there is any."""
    if problems_found := [problem for check in found for problem in check]:
        raise Refused(problems_found)


def degrees(centi: int | None) -> str:
    """Hundredths of a degree as people write them.

    >>> degrees(850), degrees(-1825), degrees(None)
    ('8.5', '-18.25', '')
    """
    return "" if centi is None else f"{centi / 100:g}"


def check_given(text: str, what: str) -> list[Problem]:
    return [] if text.strip() else [problems("CC101", what, what=what)]


def check_logger(entry: LoggerEntry, kinds: Collection[str], today: dt.date) -> list[Problem]:
    """A logger has a code, a place of a known kind, an interval and at least one limit that make sense."""
    found = [*check_given(entry.code, "记录仪编号"), *check_given(entry.place, "库房、设备或车辆")]
    if entry.kind not in kinds:
        found.append(problems("CC104", "类型", kind=entry.kind, known="、".join(kinds)))
    if not 1 <= entry.interval_seconds <= LONGEST_INTERVAL:
        found.append(problems("CC107", "记录间隔", seconds=entry.interval_seconds, most=LONGEST_INTERVAL))
    if entry.low_centi is None and entry.high_centi is None:
        found.append(problems("CC106", "上下限"))
    elif entry.low_centi is not None and entry.high_centi is not None and entry.low_centi >= entry.high_centi:
        low, high = degrees(entry.low_centi), degrees(entry.high_centi)
        found.append(problems("CC105", "上下限", low=low, high=high))
    found += check_order("校准日期", entry.calibrated_on, "校准有效期至", entry.calibrated_until)
    return [*found, *check_past("启用日期", entry.used_from, today)]


def check_new_code(code: str, taken: bool) -> list[Problem]:
    return [problems("CC103", "记录仪编号", code=code)] if taken else []


def check_past(what: str, on: dt.date | dt.datetime | None, now: dt.date | dt.datetime) -> list[Problem]:
    """Nothing is recorded before it has happened; an unknown moment refuses nothing."""
    return [] if on is None or on <= now else [problems("CC110", what, what=what, on=on)]


def check_order(
    earlier: str, earlier_on: dt.date | dt.datetime | None, later: str, later_on: dt.date | dt.datetime | None
) -> list[Problem]:
    """The later one is not before the earlier one; an unknown one refuses nothing."""
    if earlier_on is None or later_on is None or earlier_on <= later_on:
        return []
    return [problems("CC108", later, earlier=earlier, earlier_on=earlier_on, later=later, later_on=later_on)]


def check_in_use(code: str, retired_on: dt.date | None) -> list[Problem]:
    return [problems("CC111", code, code=code)] if retired_on else []


def check_placement(entry: PlacementEntry, now: dt.datetime) -> list[Problem]:
    """A lot or a delivery, from a moment that has come to one that is not before it."""
    found = check_past("放入时间", entry.from_at, now)
    if not entry.document_no.strip() and not (entry.di.strip() and (entry.lot or entry.serial).strip()):
        found.append(problems("CC109", "批次"))
    return [*found, *check_order("放入时间", entry.from_at, "取出时间", entry.until_at)]


def check_assessment(number: str, outcome: str, reason: str, evidence: str, goes_on: bool) -> list[Problem]:
    """What is over is assessed, with a conclusion, a reason and what that rests on."""
    found = [problems("CC304", number, number=number)] if goes_on else []
    if outcome not in OUTCOMES:
        found.append(problems("CC301", "评估结论", outcome=outcome, known="、".join(OUTCOMES)))
    return [*found, *check_given(reason, "评估理由"), *check_given(evidence, "评估依据")]


def check_decision(
    number: str, outcome: str, needed: str, assessed_by: str, assessed_by_name: str, who: str, goes_on: bool
) -> list[Problem]:
    """A second person decides as the assessment says; on what is over. ``needed``: '' fits either outcome."""
    found = [problems("CC304", number, number=number)] if goes_on and needed == "usable" else []
    if who == assessed_by:
        found.append(problems("CC302", number, number=number, name=assessed_by_name))
    if needed and outcome != needed:
        found.append(problems("CC303", number, number=number, outcome=OUTCOMES.get(outcome, outcome)))
    return found
