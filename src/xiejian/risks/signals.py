"""风险信号: what is counted, over which grouping, and what a count means beside those of other quarters.

Signals stand in packs/risks/signals.toml. Nothing here reads the database or a clock.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from xiejian.figures.definitions import Measure
from xiejian.kernel.facts import published
from xiejian.kernel.packs import root

#: Grouping → the column of the fact table, and its label.
GROUPINGS = {
    "party": ("party_id", "监管对象"),
    "tag": ("tags", "品种"),
    "link": ("link", "环节"),
    "station": ("office_code", "机构"),
    "point": ("point", "检查点"),
    "topic": ("topic", "事由"),
    "shop": ("shop", "店铺"),
}
#: The grouping of everything that an office has.
WHOLE = ""
QUARTER_MONTHS = 3


@dataclass(frozen=True)
class Signal:
    """One thing that is counted. ``by``: grouping → least number; ``rise``: percent, None: not asked for."""

    id: str
    label: str
    meaning: str
    unit: str
    facts: str
    period: str
    citation: str
    by: Mapping[str, int]
    when: Mapping[str, Any] = field(default_factory=dict)
    aggregate: str = "count"
    of: str = ""
    rise: int | None = None
    unverified: bool = False
    design: str = ""

    @property
    def measure(self) -> Measure:
        """The same as a figure, which the engine of figures counts."""
        return Measure(
            self.id, self.label, self.meaning, self.unit, self.facts, self.aggregate, self.of, self.period,
            self.when,
        )  # fmt: skip


def _checked(signal: Signal) -> Signal:
    table = published().get(signal.facts)
    if table is None:
        raise ValueError(f"signal {signal.id}: no fact table {signal.facts}")
    names = {column.name for column in table.columns}
    wrong = [by for by in signal.by if by not in GROUPINGS or GROUPINGS[by][0] not in names]
    if wrong or not signal.by:
        raise ValueError(f"signal {signal.id}: cannot be grouped by {wrong}")
    if signal.of and "tag" in signal.by:
        raise ValueError(f"signal {signal.id}: what is counted once cannot be split by product tag")
    return signal


@cache
def load() -> dict[str, Signal]:
    """Every signal by id, in the order of the pack; ValueError names one that cannot be counted."""
    with (root() / "risks" / "signals.toml").open("rb") as file:
        entries = tomllib.load(file)["signal"]
    return {entry["id"]: _checked(Signal(**entry)) for entry in entries}


@dataclass(frozen=True)
class Span:
    """From … until, both days included."""

    from_on: dt.date
    until: dt.date


@dataclass(frozen=True)
class Spans:
    """What is compared: the quarter asked about, the one before it, the same one a year earlier."""

    now: Span
    before: Span
    last_year: Span


def quarter_of(on: dt.date) -> tuple[int, int]:
    """Year and quarter of a day.

    >>> quarter_of(dt.date(2024, 4, 1))
    (2024, 2)
    """
    return on.year, (on.month - 1) // QUARTER_MONTHS + 1


def quarter(year: int, number: int) -> Span:
    """First and last day of a quarter."""
    first = dt.date(year, (number - 1) * QUARTER_MONTHS + 1, 1)
    after = dt.date(year + number // 4, number % 4 * QUARTER_MONTHS + 1, 1)
    return Span(first, after - dt.timedelta(days=1))


def spans(year: int, number: int, on: dt.date) -> Spans:
    """The three spans of a quarter as known on a day.

    A quarter that is not over yet is compared with as many days of the others.
    """
    whole = quarter(year, number)
    before = quarter(*((year - 1, 4) if number == 1 else (year, number - 1)))
    last_year = quarter(year - 1, number)
    if on >= whole.until:
        return Spans(whole, before, last_year)
    gone = max(on, whole.from_on) - whole.from_on

    def cut(span: Span) -> Span:
        return Span(span.from_on, min(span.until, span.from_on + gone))

    return Spans(cut(whole), cut(before), cut(last_year))


@dataclass(frozen=True)
class Counted:
    """How often in the quarter, the one before, the same one a year earlier."""

    now: int
    before: int
    last_year: int


def why_raised(signal: Signal, by: str, counted: Counted) -> str:
    """Why the count is worth talking about, in words; '' when it is not.

    It must reach the least number of its grouping and, where the signal asks for a rise, have risen by so
    much against one of the two other quarters; one without any counts as a rise only when both have none.
    """
    least, now = signal.by[by], counted.now
    if now < least:
        return ""
    reached = f"本季度 {now} {signal.unit}，达到起点 {least} {signal.unit}"
    if signal.rise is None:
        return reached
    known = [(label, then) for label, then in _others(counted) if then]
    if not known:
        return f"{reached}；上季度和去年同季均没有"
    risen = [
        f"比{label}（{then} {signal.unit}）多 {percent}%"
        for label, then in known
        if (percent := (now - then) * 100 // then) >= signal.rise
    ]
    return f"{reached}；{'，'.join(risen)}" if risen else ""


def _others(counted: Counted) -> tuple[tuple[str, int], ...]:
    return (("上季度", counted.before), ("去年同季", counted.last_year))


def why_returned(signal: Signal, by: str, count: int, struck_off_on: dt.date) -> str:
    """Why a struck-off risk is back: the least number was reached again afterwards; '' when it was not."""
    least = signal.by.get(by)
    if least is None or count < least:
        return ""
    return f"{struck_off_on} 销号后又有{signal.label} {count} {signal.unit}，达到起点 {least} {signal.unit}"
