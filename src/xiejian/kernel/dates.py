"""Dates as people and workbooks write them."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from xiejian.kernel.problems import Catalogue, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_TEXT = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")
# Excel counts days from here (its 1900 is a leap year, which real dates since March 1900 do not notice)
_EXCEL_ZERO = dt.date(1899, 12, 30)
# a bare number is taken for an Excel day only inside these years: 1950 to 2149
_EXCEL_DAYS = range(18264, 91313)
_FULL_WIDTH = str.maketrans("０１２３４５６７８９－／．", "0123456789-/.")


def read(value: object) -> dt.date | None:
    """The date that ``value`` means; None for an empty cell.

    Understands dates and moments, ``2024-03-05``, ``2024/3/5``, ``2024.3.5``, ``2024年3月5日``,
    ``20240305`` (each also in full-width digits or followed by a time) and Excel day numbers.
    Refused with K301 for anything else, impossible days such as 2024-02-30 included.
    """
    if value is None or value == "":
        return None
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value)
    return _from_text(str(value))


def _from_text(given: str) -> dt.date | None:
    text = given.strip()
    if not text:
        return None
    # the plain ISO form is by far the most frequent in big files; isascii: fullmatch takes other digits too
    match = _ISO.fullmatch(text) if text.isascii() else None
    if match is None:
        text = _TIME.sub("", text.translate(_FULL_WIDTH).strip())
        match = _TEXT.fullmatch(text) or _COMPACT.fullmatch(text)
    if match is None:
        raise Refused(problems("K301", value=given))
    return _day(int(match[1]), int(match[2]), int(match[3]), given)


def _from_number(value: int | float) -> dt.date:
    whole = int(value)
    if whole in _EXCEL_DAYS:
        return _EXCEL_ZERO + dt.timedelta(days=whole)
    match = _COMPACT.fullmatch(str(whole)) if whole == value else None
    if match is None:
        raise Refused(problems("K301", value=value))
    return _day(int(match[1]), int(match[2]), int(match[3]), value)


def _day(year: int, month: int, day: int, given: object) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise Refused(problems("K301", value=given)) from None
