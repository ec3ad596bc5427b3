"""Named figures, and the records behind them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from xiejian.figures import definitions, engine
from xiejian.figures.conditions import Tree, in_office
from xiejian.figures.definitions import Measure
from xiejian.figures.engine import Count, Place, Record
from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Refused

Number = int | Decimal | None


@dataclass(frozen=True)
class Period:
    """From … until, both days included; a stock looks at ``until`` only."""

    from_on: dt.date
    until: dt.date

    def __post_init__(self) -> None:
        if self.from_on > self.until:
            raise Refused(definitions.problems("F103", from_on=self.from_on, until=self.until))

    @property
    def words(self) -> dict[str, dt.date]:
        """What the words of a condition stand for."""
        return {"@from": self.from_on, "@until": self.until}


@dataclass(frozen=True)
class Figure:
    """A figure with its definition. ``count`` is the number of records behind it (both parts of a ratio)."""

    id: str
    label: str
    value: Number
    unit: str
    meaning: str
    from_on: dt.date
    until: dt.date
    count: int
    fact_table: str
    decimals: int = 0

    @property
    def text(self) -> str:
        """The value as printed: decimals kept, — where there is none."""
        return "—" if self.value is None else str(self.value)


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Rounded once, half up, with exactly so many decimals.

    >>> rounded(Decimal("6.925"), 2)
    Decimal('6.93')
    """
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def finish(measure: Measure, whole: int) -> Number:
    """The printed value of a whole number that was counted: unit conversion and rounding, once."""
    if measure.scale == 1 and measure.decimals == 0:
        return whole
    value = rounded(Decimal(whole) / measure.scale, measure.decimals)
    return value if measure.decimals else int(value)


def quotient(measure: Measure, part: int, whole: int) -> Number:
    """A ratio in percent; None where there is nothing to divide by."""
    return rounded(Decimal(100 * part) / whole, measure.decimals) if whole else None


def count_of(measure: Measure, period: Period, more: Sequence[Tree] = (), table: Any = None) -> Count:
    """The measure as an aggregate with its conditions: its own, its period's, and ``more``."""
    when: dict[str, Any] = dict(measure.when)
    compiler = definitions.compiler(measure.facts, period.words)
    parts = compiler.all_of(when)
    if measure.period:
        parts += compiler.all_of({measure.period: {"min": period.from_on, "max": period.until}})
    return Count(measure.aggregate, measure.of, (*parts, *more))


def office_filter(office_code: str) -> Tree | None:
    """The condition that a fact is of the office or below; None for the whole nation. Refused F107."""
    if not (office_code.isdigit() and 6 <= len(office_code) <= 12):
        raise Refused(definitions.problems("F107", code=office_code))
    base = stem(office_code)
    return in_office(base) if base else None


def _parts(ids: Sequence[str]) -> dict[str, Measure]:
    """The measures asked for and those that their ratios divide."""
    found: dict[str, Measure] = {}
    for key in ids:
        measure = definitions.measure(key)
        found[key] = measure
        for part in measure.ratio:
            found[part] = definitions.measure(part)
    return found


def _by_facts(parts: Mapping[str, Measure]) -> dict[str, list[Measure]]:
    grouped: dict[str, list[Measure]] = {}
    for measure in parts.values():
        if not measure.ratio:
            grouped.setdefault(measure.facts, []).append(measure)
    return grouped


def compute(
    ids: Sequence[str],
    *,
    from_on: dt.date,
    until: dt.date,
    office_code: str = "000000",
    where: Place = "duckdb",
) -> dict[str, Figure]:
    """The figures by id, for one office and those below it; one pass over each fact table.

    Refused: F102 an unknown measure, F103 from after until, F107 not an office code.
    """
    period = Period(from_on, until)
    base = office_filter(office_code)
    parts = _parts(ids)
    whole: dict[str, int] = {}
    behind: dict[str, int] = {}
    for facts, group in _by_facts(parts).items():
        wanted = [count_of(m, period) for m in group]
        rows = [Count("count", "", c.conditions) for c in wanted]
        numbers = engine.counts(definitions.fact_table(facts), [*wanted, *rows], base, where)
        whole.update(zip([m.id for m in group], numbers[: len(group)], strict=True))
        behind.update(zip([m.id for m in group], numbers[len(group) :], strict=True))
    return {key: _figure(parts[key], period, whole, behind) for key in ids}


def _figure(measure: Measure, period: Period, whole: Mapping[str, int], behind: Mapping[str, int]) -> Figure:
    if measure.ratio:
        part, total = measure.ratio
        value = quotient(measure, whole[part], whole[total])
        count = behind[part] + behind[total]
    else:
        value, count = finish(measure, whole[measure.id]), behind[measure.id]
    return Figure(
        measure.id, measure.label, value, measure.unit, measure.meaning, period.from_on, period.until,
        count, measure.facts, measure.decimals,
    )  # fmt: skip


def records(
    key: str, *, from_on: dt.date, until: dt.date, office_code: str = "000000", where: Place = "duckdb"
) -> list[Record]:
    """The records behind one figure; for a ratio those of both parts."""
    period = Period(from_on, until)
    base = office_filter(office_code)
    measure = definitions.measure(key)
    found: list[Record] = []
    for part in [definitions.measure(p) for p in measure.ratio] or [measure]:
        table = definitions.fact_table(part.facts)
        found += engine.records(table, [count_of(part, period)], base, where)[0]
    return found
