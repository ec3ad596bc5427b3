"""What is known of a party on the day when the order is made, as columns of numbers.

Past visits are looked at from the start of the period they fell in, as the planner of that period
would have seen the record, and the visits to be ordered from the day of the order. So nothing that
happened later can reach a column; ``Subjects`` has no outcome, date or inspector to look at.

Whose record is bad is judged against what the same inspector finds elsewhere: "nothing found" by a
strict inspector says more than by a mild one, and a defect found by a mild one says more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xiejian.visit_order.model import Floats, Ints

YEAR = 365.25
#: a text column with more values than this is a name: what was found under it counts, not the name itself
MOST_LEVELS = 24
#: a level needs this many visits to have a column of its own
LEAST_VISITS = 30
#: half-life of a past visit, and the visits of memory that pull a record towards "as others"
_FADING_YEARS = 2.0
_PULL_PARTY, _PULL_NAME = 1.0, 1.0
_INSPECTOR_PULL = 20.0
#: names: at least this many different ones for each past visit; fewer are districts or kinds
_NAME_SHARE = 0.05
_MOST_OF_MANY = 4
_PER = 10_000.0
_LONGEST_YEARS = 3.0  # a visit longer ago than this says no more than this

NEVER, SINCE, RECORD, MEMORY, FOUND, LAST = "never", "since", "record", "memory", "found", "last"


@dataclass(frozen=True)
class Texts:
    """A column of words; '' is missing."""

    values: Sequence[str]


@dataclass(frozen=True)
class Numbers:
    """A column of numbers; nan is missing."""

    values: Floats


@dataclass(frozen=True)
class Days:
    """A column of dates as ordinal days; nan is missing. Counts as the time to the day of the order."""

    values: Floats


Column = Texts | Numbers | Days


@dataclass(frozen=True)
class Subjects:
    """Parties to be visited and what is stated of them: no outcome, no date, no inspector."""

    parties: Sequence[str]
    columns: Mapping[str, Column]


@dataclass(frozen=True)
class Past:
    """Visits that were made, with their outcome."""

    subjects: Subjects
    days: Ints
    inspectors: Sequence[str]  # '' is unknown
    found: Floats

    def __len__(self) -> int:
        return len(self.days)


@dataclass(frozen=True)
class Feature:
    """One column of numbers: its name, the stated column it comes from ('' for the record), what it says."""

    name: str
    source: str
    says: str  # never since record memory found last | value | level | missing | age | group | group_size
    level: str = ""


@dataclass(frozen=True)
class Matrix:
    """Past visits and subjects in the same columns."""

    features: list[Feature]
    past: Floats
    ahead: Floats
    periods: Ints  # of each past visit, 0 the latest


def codes_of(values: Sequence[str]) -> tuple[Ints, list[str]]:
    """Numbers for words in sorted order; '' gets -1."""
    levels = sorted(set(values) - {""})
    place = {level: i for i, level in enumerate(levels)}
    return np.array([place.get(v, -1) for v in values], np.int64), levels


def build(past: Past, ahead: Subjects, on: int, period: int) -> Matrix:
    """The columns of ``past`` (each visit as of the start of its period of ``period`` days, counted back
    from ``on``) and of ``ahead`` as of ``on``."""
    periods = (on - 1 - past.days) // period
    as_of = on - (periods + 1) * period
    parts = [_records(past, ahead, on, as_of)]
    parts += [
        part
        for name, column in past.subjects.columns.items()
        for part in _stated(name, column, ahead.columns[name], past, on, as_of)
    ]
    features = [f for part in parts for f in part[0]]
    return Matrix(
        features,
        np.hstack([part[1] for part in parts]),
        np.hstack([part[2] for part in parts]),
        periods - periods.min(initial=0),
    )


_Part = tuple[list[Feature], Floats, Floats]


# --- what the visits before say -------------------------------------------------------------------------


def _records(past: Past, ahead: Subjects, on: int, as_of: Ints) -> _Part:
    """The party's own record: visits, time since the last, what was found against what others find."""
    together, _ = codes_of([*past.subjects.parties, *ahead.parties])
    own, asked = together[: len(past)], together[len(past) :]
    size = int(together.max(initial=-1)) + 1

    def known(day: int, rows: Ints) -> Floats:
        return _record_of(past, own, size, day, rows)

    says = (NEVER, SINCE, RECORD, MEMORY, FOUND, LAST)
    features = [Feature(f"history_{s}", "", s) for s in says]
    return features, _by_period(own, as_of, known, len(says)), known(on, asked)


def _by_period(rows: Ints, as_of: Ints, known: Callable[[int, Ints], Floats], width: int) -> Floats:
    found = np.zeros((len(rows), width))
    for day in np.unique(as_of):
        here = as_of == day
        found[here] = known(int(day), rows[here])
    return found


def _weighted(past: Past, day: int) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Visits before ``day``; of each, faded: found beyond what its inspector finds, and how much it says."""
    before = past.days < day
    inspectors, _ = codes_of([who for who, b in zip(past.inspectors, before, strict=True) if b])
    found = past.found[before]
    overall = float(found.mean()) if len(found) else 0.0
    number = np.bincount(inspectors + 1, minlength=1)
    positive = np.bincount(inspectors + 1, found, minlength=1)
    expected = ((positive + _INSPECTOR_PULL * overall) / (number + _INSPECTOR_PULL))[inspectors + 1]
    fading = 0.5 ** ((day - past.days[before]) / YEAR / _FADING_YEARS)
    return before, fading * (found - expected), fading * expected * (1 - expected)


def _record_of(past: Past, own: Ints, size: int, day: int, rows: Ints) -> Floats:
    before, beyond, says = _weighted(past, day)
    parties, found, days = own[before], past.found[before], past.days[before]
    total = np.bincount(parties, beyond, minlength=size)
    memory = np.bincount(parties, says, minlength=size)
    positive = np.bincount(parties, found, minlength=size)
    last = np.full(size, np.nan)
    last_found = np.full(size, np.nan)
    order = np.argsort(days, kind="stable")
    last[parties[order]] = days[order]
    last_found[parties[order]] = found[order]
    since = np.minimum((day - last) / YEAR, _LONGEST_YEARS)
    columns = (
        np.isnan(last).astype(float),
        np.where(np.isnan(since), _LONGEST_YEARS, since),
        total / (memory + _PULL_PARTY),
        memory,
        positive,
        np.where(np.isnan(last_found), 0.0, last_found),
    )
    return np.column_stack([column[rows] for column in columns])


# --- what is stated of the party ------------------------------------------------------------------------


def _stated(name: str, column: Column, ahead: Column, past: Past, on: int, as_of: Ints) -> list[_Part]:
    if isinstance(column, Texts) and isinstance(ahead, Texts):
        return _words(name, column, ahead, past, on, as_of)
    if isinstance(column, Days) and isinstance(ahead, Days):
        return _numbers(name, "age", (as_of - column.values) / YEAR, (on - ahead.values) / YEAR)
    if isinstance(column, Numbers) and isinstance(ahead, Numbers):
        return _numbers(name, "value", column.values, ahead.values)
    raise TypeError(name)


def _numbers(name: str, says: str, past: Floats, ahead: Floats) -> list[_Part]:
    features = [Feature(name, name, says)]
    columns, asked = [past], [ahead]
    missing = np.isnan(past)
    if LEAST_VISITS <= missing.sum() <= len(past) - LEAST_VISITS:
        features.append(Feature(f"{name} 未填", name, "missing"))
        columns.append(missing.astype(float))
        asked.append(np.isnan(ahead).astype(float))
    return [(features, np.column_stack(columns), np.column_stack(asked))]


def _words(name: str, column: Texts, ahead: Texts, past: Past, on: int, as_of: Ints) -> list[_Part]:
    together, levels = codes_of([*column.values, *ahead.values])
    own, asked = together[: len(past)], together[len(past) :]
    count = np.bincount(own[own >= 0], minlength=len(levels))
    parts: list[_Part] = []
    most = MOST_LEVELS
    if len(levels) > MOST_LEVELS:
        # a district is where an inspector works: how often it was visited speaks of the inspector, not of it
        sized = len(levels) >= _NAME_SHARE * len(past)
        parts.append(_group(name, own, asked, len(levels), past, on, as_of, sized))
        most = _MOST_OF_MANY
    often = np.flatnonzero(count >= LEAST_VISITS)
    often = often[np.argsort(-count[often], kind="stable")][:most]
    if not len(often) or (len(levels) == 1 and (own >= 0).all()):
        return parts
    features = [Feature(f"{name}={levels[i]}", name, "level", levels[i]) for i in often]
    one = np.column_stack([own == i for i in often]).astype(float)
    two = np.column_stack([asked == i for i in often]).astype(float)
    return [*parts, (features, one, two)]


def _group(
    name: str, own: Ints, asked: Ints, size: int, past: Past, on: int, as_of: Ints, sized: bool
) -> _Part:
    """What was found at all parties of the same name or address; how much of the record they are."""
    width = 2 if sized else 1

    def known(day: int, rows: Ints) -> Floats:
        before, beyond, says = _weighted(past, day)
        groups = own[before]
        named = groups >= 0
        total = np.bincount(groups[named], beyond[named], minlength=size)
        memory = np.bincount(groups[named], says[named], minlength=size)
        # a share, because the record grows with every year and the group should not seem to
        part = np.log1p(memory / max(float(memory.sum()), 1e-9) * _PER)
        columns = np.column_stack([total / (memory + _PULL_NAME), part])[:, :width]
        return np.where((rows >= 0)[:, None], columns[np.maximum(rows, 0)], 0.0)

    features = [Feature(f"{name}: 以往", name, "group"), Feature(f"{name}: 次数", name, "group_size")]
    return features[:width], _by_period(own, as_of, known, width), known(on, asked)
