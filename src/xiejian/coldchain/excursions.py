"""Where a temperature was not kept: readings and limits in, stretches of time out. Pure: no store, no clock.

Readings are (moment, hundredths of a degree); their order does not matter and one given twice counts once.
What is stored is kept up to date in windows: ``reach`` says which readings a change can concern, so that
readings that come in pieces give what they would have given in one piece.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

Sample = tuple[dt.datetime, int]
#: Later than any reading: the end of what goes on.
FOREVER = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Rule:
    """``gap``: readings farther apart miss some; ``tolerance``: shorter deviations do not count."""

    gap: dt.timedelta
    tolerance: dt.timedelta


@dataclass(frozen=True)
class Load:
    """Something with limits of its own lies there from ``since`` to ``until`` (None: still)."""

    since: dt.datetime
    until: dt.datetime | None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Span:
    """A stretch: ``kind`` high, low or gap; ``end`` None while it goes on; ``limit`` the one broken most."""

    kind: str
    start: dt.datetime
    end: dt.datetime | None
    highest: int | None = None
    lowest: int | None = None
    limit: int | None = None
    readings: int = 0

    @property
    def until(self) -> dt.datetime:
        return self.end or FOREVER

    def touches(self, start: dt.datetime, end: dt.datetime) -> bool:
        return self.start <= end and start <= self.until


class Limits:
    """The limits at each moment: those of the place, made tighter by whatever lies there."""

    def __init__(
        self, low: int | None, high: int | None, loads: Collection[Load] = (), *, always: bool = True
    ) -> None:
        self.loads, self.always = tuple(loads), always
        edges = {load.since for load in self.loads} | {load.until for load in self.loads if load.until}
        self._edges = sorted(edges)
        self._steps = [(low, high)]
        for edge in self._edges:
            here = [load for load in self.loads if load.since <= edge < (load.until or FOREVER)]
            self._steps.append((
                max((x for x in (low, *(load.low for load in here)) if x is not None), default=None),
                min((x for x in (high, *(load.high for load in here)) if x is not None), default=None),
            ))  # fmt: skip

    def at(self, moment: dt.datetime) -> tuple[int | None, int | None]:
        """(lowest, highest) allowed at that moment; None: no limit."""
        return self._steps[bisect_right(self._edges, moment)]

    def watched(self, start: dt.datetime, end: dt.datetime) -> bool:
        """Whether readings may not be missing in this stretch: always, or because something lies there."""
        return self.always or any(x.since < end and start < (x.until or FOREVER) for x in self.loads)


@dataclass
class _Run:
    """Readings in a row that are outside on one side."""

    kind: str
    start: dt.datetime
    last: dt.datetime
    highest: int
    lowest: int
    limit: int
    beyond: int
    readings: int = 1

    def take(self, at: dt.datetime, centi: int, limit: int) -> None:
        self.last, self.readings = at, self.readings + 1
        self.highest, self.lowest = max(self.highest, centi), min(self.lowest, centi)
        if abs(centi - limit) > self.beyond:
            self.beyond, self.limit = abs(centi - limit), limit

    def span(self, end: dt.datetime | None) -> Span:
        return Span(self.kind, self.start, end, self.highest, self.lowest, self.limit, self.readings)


def _side(centi: int, low: int | None, high: int | None) -> tuple[str, int]:
    if high is not None and centi > high:
        return "high", high
    if low is not None and centi < low:
        return "low", low
    return "", 0


def find(
    readings: Iterable[Sample],
    limits: Limits,
    rule: Rule,
    *,
    newest: bool = True,
    until: dt.datetime | None = None,
) -> list[Span]:
    """Every deviation and gap among the readings, by time.

    A deviation ends with the first reading back inside; before a gap with its last reading. ``newest``: there
    is no later reading, so that a deviation that reaches the last one goes on. ``until``: when a logger that
    sends by itself was last waited for; what is missing up to then is a gap that goes on.
    """
    found: list[Span] = []
    run: _Run | None = None
    before: dt.datetime | None = None
    for at, centi in sorted(set(readings)):
        if before is not None and at - before > rule.gap:
            found += _closed(run, before, rule) + _gap(before, at, limits)
            run = None
        kind, limit = _side(centi, *limits.at(at))
        if run and kind != run.kind:
            found += _closed(run, at, rule)
            run = None
        if run:
            run.take(at, centi, limit)
        elif kind:
            run = _Run(kind, at, at, centi, centi, limit, abs(centi - limit))
        before = at
    if before and newest and until and until - before > rule.gap:
        found += _closed(run, before, rule) + [replace(gap, end=None) for gap in _gap(before, until, limits)]
    else:
        last = _closed(run, before, rule)
        found += [replace(span, end=None) for span in last] if newest else last
    return sorted(found, key=lambda span: (span.start, span.kind))


def _gap(start: dt.datetime, end: dt.datetime, limits: Limits) -> list[Span]:
    return [Span("gap", start, end)] if limits.watched(start, end) else []


def _closed(run: _Run | None, end: dt.datetime | None, rule: Rule) -> list[Span]:
    """The run as a span, when it lasted long enough to count."""
    return [run.span(end)] if run and end and end - run.start >= rule.tolerance else []


def reach(
    first: dt.datetime, last: dt.datetime, known: Iterable[Span], rule: Rule
) -> tuple[dt.datetime, dt.datetime]:
    """From when to when the readings must be looked at again after a change between ``first`` and ``last``.

    Besides these the nearest reading on each side belongs to it. A deviation that is not ``known`` is shorter
    than the tolerance, so that a margin of it, and of a gap, holds whatever the change can join or part.
    """
    margin = rule.gap + rule.tolerance
    start, end = first - margin, last + margin
    left = [span for span in known if span.kind != "clock"]
    while near := [span for span in left if span.touches(start, end)]:
        start = min(start, *(span.start for span in near))
        end = max(end, *(span.until for span in near))
        left = [span for span in left if span not in near]
    return start, end


@dataclass(frozen=True)
class Known:
    """A span that is stored already; ``open``: nobody has judged it yet, so that it may still change."""

    key: int
    span: Span
    open: bool


@dataclass
class Changes:
    """What is new, what is now another span, and which stored ones no reading supports any more."""

    new: list[Span]
    changed: list[tuple[int, Span]]
    gone: list[int]


def reconcile(known: Sequence[Known], found: Sequence[Span]) -> Changes:
    """Bring what is stored of a window to what was found in it.

    What somebody has judged stays as it was judged; a span that goes beyond it is new.
    """
    changes = Changes([], [], [])
    left = {one.key: one for one in known}
    for span in found:
        same = [one for one in left.values() if one.span.kind == span.kind and _overlap(one.span, span)]
        if mine := next((one for one in same if one.open), None):
            del left[mine.key]
            if mine.span != span:
                changes.changed.append((mine.key, span))
        elif not any(one.span.start <= span.start and span.until <= one.span.until for one in same):
            changes.new.append(span)
    changes.gone = [one.key for one in left.values() if one.open]
    return changes


def _overlap(one: Span, other: Span) -> bool:
    """Gaps share more than an end: two gaps in a row meet in the reading between them."""
    if one.start == other.start:
        return True
    return one.start < other.until and other.start < one.until


def backward(moments: Sequence[tuple[int, dt.datetime]]) -> Iterator[int]:
    """Positions of the readings whose clock ran back: (running number, moment) of one memory of a logger.

    By its running number a memory is in the order of measuring, or the other way round; whichever way most
    steps go is its direction. What lies before the newest moment so far was stamped by a clock set back.
    """
    order = sorted(range(len(moments)), key=lambda i: moments[i][0])
    times = [moments[i][1] for i in order]
    steps = sum((b > a) - (b < a) for a, b in pairwise(times))
    if steps < 0:
        order.reverse()
    newest: dt.datetime | None = None
    for i in order:
        moment = moments[i][1]
        if newest is not None and moment < newest:
            yield i
        else:
            newest = moment
