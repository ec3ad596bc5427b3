"""Counting signals: an office's published facts, grouped, for a quarter and those it is compared with."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xiejian.figures import definitions, engine, measures
from xiejian.figures.conditions import Tree, every
from xiejian.figures.engine import Count, Record
from xiejian.figures.measures import Period
from xiejian.kernel.cells import tag_list
from xiejian.risks import signals
from xiejian.risks.signals import GROUPINGS, WHOLE, Counted, Signal, Span, Spans


@dataclass(frozen=True)
class Reading:
    """What a signal says of one group. ``why``: why it is worth talking about, '' when it is not."""

    signal: Signal
    by: str
    key: str
    counted: Counted
    why: str


def _trees(signal: Signal, when: Mapping[str, Any]) -> list[Tree]:
    return definitions.compiler(signal.facts, {}).all_of(when)


def _group(by: str, key: str) -> dict[str, Any]:
    """The condition that a fact belongs to a group."""
    if by == WHOLE:
        return {}
    column = GROUPINGS[by][0]
    values: dict[str, Any] = {"tag": {"contains": f"|{key}|"}, "party": int(key) if by == "party" else None}
    return {column: values.get(by, key)}


def _count(signal: Signal, span: Span, more: Iterable[Tree] = ()) -> Count:
    return measures.count_of(signal.measure, Period(span.from_on, span.until), tuple(more))


def _base(signal: Signal, spans: Spans, office_code: str) -> Tree:
    """Only facts of the office that one of the spans can hold are read."""
    office = measures.office_filter(office_code)
    first, last = spans.last_year.from_on, spans.now.until
    parts = _trees(signal, {signal.period: {"min": first, "max": last}})
    return every([*parts, office] if office else parts)


def readings(office_code: str, spans: Spans) -> list[Reading]:
    """Every signal of an office and those below it: its whole, and each group that is worth talking about.

    One query for the whole and one for each grouping of a signal, however many groups there are.
    """
    return [found for signal in signals.load().values() for found in _of_signal(signal, office_code, spans)]


def _of_signal(signal: Signal, office_code: str, spans: Spans) -> Iterator[Reading]:
    table = definitions.fact_table(signal.facts)
    wanted = [_count(signal, span) for span in (spans.now, spans.before, spans.last_year)]
    base = _base(signal, spans, office_code)
    whole = Counted(*engine.counts(table, wanted, base))
    yield Reading(signal, WHOLE, "", whole, "")
    if not whole.now:
        return
    for by in signal.by:
        found = engine.counts_by(table, GROUPINGS[by][0], wanted, base)
        raised = [
            Reading(signal, by, key, counted, why)
            for key, counted in _groups(by, found)
            if (why := signals.why_raised(signal, by, counted))
        ]
        yield from sorted(raised, key=lambda one: (-one.counted.now, one.key))


def _groups(by: str, found: Mapping[Any, list[int]]) -> Iterator[tuple[str, Counted]]:
    """The counts by group as text; a fact with several tags counts for each, one without a group for none."""
    if by != "tag":
        yield from ((str(key), Counted(*numbers)) for key, numbers in found.items() if key not in (None, ""))
        return
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for stored, numbers in found.items():
        for tag in tag_list(stored):
            sums[tag] = [a + b for a, b in zip(sums[tag], numbers, strict=True)]
    yield from ((tag, Counted(*numbers)) for tag, numbers in sums.items())


def counted(signal: Signal, by: str, key: str, spans: Spans, office_code: str) -> Counted:
    """One group in the three spans."""
    group = _trees(signal, _group(by, key))
    wanted = [_count(signal, span, group) for span in (spans.now, spans.before, spans.last_year)]
    base = _base(signal, spans, office_code)
    return Counted(*engine.counts(definitions.fact_table(signal.facts), wanted, base))


def records(signal: Signal, by: str, key: str, span: Span, office_code: str) -> list[Record]:
    """The records behind one number."""
    table = definitions.fact_table(signal.facts)
    wanted = _count(signal, span, _trees(signal, _group(by, key)))
    return engine.records(table, [wanted], measures.office_filter(office_code))[0]


@dataclass(frozen=True)
class Watched:
    """A struck-off risk whose signal is watched: which group of which office, since when."""

    pk: int
    signal: Signal
    by: str
    key: str
    office_code: str
    since: dt.date


def since_strike_off(watched: Iterable[Watched], until: dt.date) -> dict[int, int]:
    """How often each signal was counted from the day ``since`` on: risk → count. One query per fact table."""
    by_table: dict[str, list[Watched]] = defaultdict(list)
    for one in watched:
        if one.since <= until:
            by_table[one.signal.facts].append(one)
    found: dict[int, int] = {}
    for facts, rows in by_table.items():
        wanted = [_watch(one, until) for one in rows]
        numbers = engine.counts(definitions.fact_table(facts), wanted)
        found.update(zip((one.pk for one in rows), numbers, strict=True))
    return found


def _watch(one: Watched, until: dt.date) -> Count:
    office = measures.office_filter(one.office_code)
    more = _trees(one.signal, _group(one.by, one.key)) + ([office] if office else [])
    return _count(one.signal, Span(one.since, until), more)
