"""From a record's facts to the columns of its clock, and back; nothing here is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from xiejian.clocks.models import Clock
from xiejian.kernel import deadline_facts, deadlines
from xiejian.kernel.deadline_facts import BEIJING
from xiejian.kernel.deadlines import Dates, Due, Running
from xiejian.kernel.workdays import Calendar


def count(rule: str, start: dt.date, facts: dict[str, Any], calendar: Calendar) -> Due:
    """The answer of the rule for what is known of the record; Refused as ``deadlines.due`` is."""
    known = deadline_facts.read(facts)
    return deadlines.due(
        rule, start, extensions=known.extensions, stops=known.stops, received_on=known.received_on,
        calendar=calendar,
    )  # fmt: skip


def start(clock: Clock) -> dt.date:
    """What the clock is counted from: the moment of an hour rule, else the day."""
    return clock.starts_at.astimezone(BEIJING) if clock.starts_at else clock.starts_on


def due(clock: Clock, calendar: Calendar | None = None) -> Due:
    """The clock counted again, with its trail of skipped days: what a page shows as the reason."""
    known = deadline_facts.read(clock.facts)
    return deadlines.due(
        clock.rule, start(clock), extensions=known.extensions, stops=known.stops,
        received_on=known.received_on, calendar=calendar,
    )  # fmt: skip


def put(clock: Clock, found: Due, calendar: Calendar) -> None:
    """Write an answer into the columns of a clock."""
    hours = found.applied.unit == "H"
    begin = found.start
    clock.applied, clock.provisional, clock.calendar = found.rule, found.provisional, calendar.version
    clock.starts_on = _day(begin)
    clock.starts_at = _moment(begin) if hours else None
    clock.due_strict = _day(found.due_strict) if found.due_strict else None
    clock.due_legal = _day(found.due_legal) if found.due_legal else None
    clock.due_at = _moment(found.due_legal) if hours and found.due_legal else None
    clock.opens_on = found.opens


def _day(value: dt.date) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def _moment(value: dt.date) -> dt.datetime:
    """With its zone: hour rules without one are told in Beijing time."""
    if isinstance(value, dt.datetime):
        return value if value.tzinfo else value.replace(tzinfo=BEIJING)
    return dt.datetime.combine(value, dt.time(), BEIJING)


def running(clocks: Iterable[Clock]) -> list[Running]:
    """Stored clocks as ``deadlines.moved`` compares them."""
    return [
        Running(
            clock,
            clock.rule,
            start(clock),
            deadline_facts.read(clock.facts),
            _dates(clock),
            clock.provisional,
        )
        for clock in clocks
    ]


def _dates(clock: Clock) -> Dates:
    if clock.due_at:
        moment = clock.due_at.astimezone(BEIJING)
        return Dates(moment, moment)
    return Dates(clock.due_strict, clock.due_legal, clock.opens_on)
