"""How many working days are left: what a plan board needs to say that something can no longer be met.

Days come from the published holiday arrangements (package chinesecalendar). A year whose
arrangement is not published counts Monday to Friday and says so (``provisional``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

import chinese_calendar


@dataclass(frozen=True)
class WorkingDays:
    """``count`` working days; ``provisional`` where some year's holidays are not published."""

    count: int
    provisional: bool


def is_published(year: int) -> bool:
    """Whether the holidays of a year are known."""
    try:
        chinese_calendar.is_workday(dt.date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


@cache
def between(first: dt.date, last: dt.date) -> WorkingDays:
    """Working days from ``first`` to ``last``, both included; none when ``last`` is earlier."""
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    known = {year: is_published(year) for year in {day.year for day in days}}
    count = sum(chinese_calendar.is_workday(d) if known[d.year] else d.weekday() < 5 for d in days)
    return WorkingDays(count, not all(known.values()))
