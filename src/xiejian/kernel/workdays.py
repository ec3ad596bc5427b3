"""The statutory calendar: working days, statutory holidays, weekends, and years not yet published.

Days come from the package chinesecalendar (State Council notices, 2004 to the newest year it
knows) and from ``packs/national/workdays.toml``, where an office enters a year that was
published since. In a year that neither has, Monday to Friday count and every answer that
touches it is provisional (程序规定第八十条; 民法典第二百零三条 for the roll-over).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from chinese_calendar.constants import holidays as published_holidays
from chinese_calendar.constants import workdays as published_make_up

from xiejian.kernel.pack_folder import root
from xiejian.kernel.problems import Catalogue, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

ONE_DAY = dt.timedelta(days=1)
NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利70周年纪念日",
}


@dataclass(frozen=True)
class Calendar:
    """``holidays``: rest days of a published arrangement with their name; ``make_up``: working weekends."""

    holidays: dict[dt.date, str]
    make_up: frozenset[dt.date]
    years: frozenset[int]  # the published ones

    @cached_property
    def version(self) -> str:
        """Newest published year and a digest of all days: differs when any published day differs."""
        days = [*sorted(f"{d}" for d in self.holidays), "+", *sorted(f"{d}" for d in self.make_up)]
        digest = hashlib.sha256("|".join([*days, *map(str, sorted(self.years))]).encode()).hexdigest()
        return f"{max(self.years)}-{digest[:12]}"

    def is_working_day(self, day: dt.date) -> bool:
        return day in self.make_up or (day.weekday() < 5 and day not in self.holidays)

    def is_statutory_holiday(self, day: dt.date) -> bool:
        """A day of a holiday arrangement; an ordinary weekend is none."""
        return day in self.holidays

    def is_provisional(self, first: dt.date, last: dt.date) -> bool:
        """Whether some year between the two dates is not published."""
        return any(year not in self.years for year in range(first.year, last.year + 1))

    def why_not_working(self, day: dt.date) -> str:
        """The word for a day that does not count: the holiday's name or the weekend."""
        return self.holidays.get(day) or ("周六" if day.weekday() == 5 else "周日")

    def add(self, start: dt.date, days: int) -> dt.date:
        """The day ``days`` working days after ``start`` (before it, when negative); start is not counted."""
        ordinals = self._ordinals(start.year - 1 if days < 0 else start.year, abs(days))
        if days >= 0:
            index = bisect_right(ordinals, start.toordinal()) + days - 1
            return start if days == 0 else dt.date.fromordinal(ordinals[index])
        return dt.date.fromordinal(ordinals[bisect_left(ordinals, start.toordinal()) + days])

    def between(self, first: dt.date, last: dt.date) -> int:
        """How many working days lie in [first, last]."""
        if last < first:
            return 0
        ordinals = self._ordinals(first.year, (last - first).days + 400)
        return bisect_right(ordinals, last.toordinal()) - bisect_left(ordinals, first.toordinal())

    def next_working_day(self, day: dt.date) -> dt.date:
        """``day`` itself or the first working day after it."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def nth_of_month(self, year: int, month: int, n: int) -> dt.date:
        """The n-th working day of a month."""
        return self.add(dt.date(year, month, 1) - ONE_DAY, n)

    def _ordinals(self, first_year: int, days: int) -> list[int]:
        # two calendar years are spare: a run of n working days never needs more than 2n + a long holiday
        first = max(1, first_year - days // 200 - 1)
        return _ordinals(self, first // 20 * 20, min(9999, (first_year + days // 200 + 2) // 20 * 20 + 19))

    def __hash__(self) -> int:
        return id(self)


@cache
def _ordinals(calendar: Calendar, first_year: int, last_year: int) -> list[int]:
    start, end = dt.date(max(1, first_year), 1, 1).toordinal(), dt.date(last_year, 12, 31).toordinal()
    skipped = {d.toordinal() for d in calendar.holidays}
    made_up = {d.toordinal() for d in calendar.make_up}
    # ordinal 1 (0001-01-01) is a Monday: (o - 1) % 7 is the weekday
    return [o for o in range(start, end + 1) if o in made_up or ((o - 1) % 7 < 5 and o not in skipped)]


@cache
def standing() -> Calendar:
    """The calendar in force here: the published years and ``packs/national/workdays.toml``."""
    return build(root() / "national" / "workdays.toml")


def build(overrides: Path | None = None) -> Calendar:
    """The published days, with an office's own file of later years laid over them.

    The file: ``[2027]`` with ``source`` (the notice), ``[2027.holidays]`` name = [dates] and
    ``make_up`` = [dates]. A year in it replaces the package's year whole. Refused with K202 when a
    year has no source, a date lies in another year, or a make-up day is an ordinary working day.
    """
    # weekends inside an arrangement are among its holidays; lieu days are too
    rest = {day: NAMES.get(name, name) for day, name in published_holidays.items()}
    made_up = set(published_make_up)
    years = set(range(min(published_holidays).year, max(published_holidays).year + 1))
    if overrides and overrides.exists():
        for year, holidays, make_up in _overrides(overrides):
            rest = {d: n for d, n in rest.items() if d.year != year} | holidays
            made_up = {d for d in made_up if d.year != year} | make_up
            years.add(year)
    return Calendar(rest, frozenset(made_up), frozenset(years))


def _overrides(path: Path) -> list[tuple[int, dict[dt.date, str], set[dt.date]]]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return [_year(text, entry) for text, entry in raw.items()]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise Refused(problems("K202", path.name, pack="workdays", why=str(error))) from error


def _year(text: str, entry: dict[str, Any]) -> tuple[int, dict[dt.date, str], set[dt.date]]:
    year = int(text)
    if not entry.get("source"):
        raise ValueError(f"{year}: needs the notice it comes from (source)")
    holidays = {day: name for name, days in entry.get("holidays", {}).items() for day in days}
    make_up = set(entry.get("make_up", []))
    for day in (*holidays, *make_up):
        if type(day) is not dt.date or day.year != year:
            raise ValueError(f"{year}: {day} is not a date of that year")
    for day in sorted(make_up):
        if day.weekday() < 5 or day in holidays:
            raise ValueError(f"{year}: {day} is no weekend that was made a working day")
    if not holidays:
        raise ValueError(f"{year}: no holidays; leave the year out until it is published")
    return year, holidays, make_up
