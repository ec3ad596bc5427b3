"""The dates of device codes: digits in a layout, years of two digits, months without a day."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from functools import cache

_RUNS = re.compile(r"(.)\1*")


def full_year(two_digits: int, on: dt.date, years_ahead: int) -> int:
    """The year meant by two digits on a day: at most ``years_ahead`` years later, else a century before.

    >>> full_year(26, dt.date(2026, 1, 1), 50), full_year(76, dt.date(2026, 1, 1), 50)
    (2026, 2076)
    >>> full_year(77, dt.date(2026, 1, 1), 50), full_year(3, dt.date(2090, 1, 1), 50)
    (1977, 2103)
    """
    year = on.year - on.year % 100 + two_digits
    if year - on.year > years_ahead:
        return year - 100
    return year + 100 if on.year - year >= 100 - years_ahead else year


@cache
def _spans(layout: str) -> tuple[tuple[str, int, int], ...]:
    return tuple((run.group(), run.start(), run.end()) for run in _RUNS.finditer(layout))


def date(digits: str, layout: str, *, on: dt.date, years_ahead: int, day_00: bool = False) -> dt.date | None:
    """The date in a layout of YYYY, YY, MM, DD, JJJ (day of the year) and HH; None if it is none.

    Without a day, or with day 00 where ``day_00`` allows it, the last day of the month: until then the
    product may be used.

    >>> today = dt.date(2026, 1, 1)
    >>> date("240200", "YYMMDD", on=today, years_ahead=50, day_00=True)
    datetime.date(2024, 2, 29)
    >>> date("20015", "YYJJJ", on=today, years_ahead=50)
    datetime.date(2020, 1, 15)
    """
    if len(digits) != len(layout) or not (digits.isascii() and digits.isdigit()):
        return None
    parts = {name: int(digits[start:end]) for name, start, end in _spans(layout)}
    year = parts["YYYY"] if "YYYY" in parts else full_year(parts["YY"], on, years_ahead)
    try:
        if "HH" in parts and parts["HH"] >= 24:
            return None
        if "JJJ" in parts:
            first = dt.date(year, 1, 1)
            found = first + dt.timedelta(parts["JJJ"] - 1)
            return found if found.year == year and parts["JJJ"] else None
        month, day = parts["MM"], parts.get("DD", 0)
        if not day and ("DD" not in parts or day_00):
            day = calendar.monthrange(year, month)[1]
        return dt.date(year, month, day)
    except (ValueError, OverflowError):
        return None
