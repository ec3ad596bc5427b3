"""Moments and temperatures as loggers write them. Pure: a cell in, a value or None out."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable

_TIME = (
    r"(?P<half>上午|下午|AM|PM)?\s*(?P<h>\d{1,2})[:时点](?P<i>\d{1,2})"
    r"(?:[:分](?P<s>\d{1,2})(?:\.\d+)?秒?|分)?\s*(?P<half2>AM|PM)?"
)
_YEAR_FIRST = re.compile(
    rf"(?P<y>\d{{4}})[-/.年](?P<m>\d{{1,2}})[-/.月](?P<d>\d{{1,2}})日?[T,\s]*(?:{_TIME})?", re.I
)
_YEAR_LAST = re.compile(rf"(?P<a>\d{{1,2}})[-/.](?P<b>\d{{1,2}})[-/.](?P<y>\d{{4}})[T,\s]*(?:{_TIME})?", re.I)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})\s?(\d{2})(\d{2})(\d{2})?")
_NUMBER = re.compile(r"([+-]?\d+(?:[.,]\d+)?)\s*(°?C|°?F|度|摄氏度|华氏度)?", re.I)
_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:%(?:RH)?)?", re.I)
_EXCEL_ZERO = dt.datetime(1899, 12, 30)
#: What a small column holds: the coldest there is, and far above any store.
_COLDEST, _HOTTEST = -27315, 32767


def day_first(texts: Iterable[object]) -> bool | None:
    """Whether 01/06/2026 is the first of June, as the other rows show; None when none of them does."""
    for text in texts:
        match = _YEAR_LAST.match(str(text).strip()) if isinstance(text, str) else None
        if match and int(match["a"]) > 12:
            return True
        if match and int(match["b"]) > 12:
            return False
    return None


def is_ambiguous(text: object) -> bool:
    """Whether it cannot be told which number is the day."""
    match = _YEAR_LAST.fullmatch(str(text).strip())
    return bool(match and int(match["a"]) <= 12 and int(match["b"]) <= 12 and match["a"] != match["b"])


def read_moment(value: object, zone: dt.tzinfo, days_first: bool | None = None) -> dt.datetime | None:
    """The moment that a cell means, None for anything else; without an offset it is local time.

    >>> zone = dt.timezone(dt.timedelta(hours=8))
    >>> str(read_moment("2026年6月1日 下午2:30", zone))
    '2026-06-01 14:30:00+08:00'
    >>> str(read_moment("6/1/2026 8:00:00 AM", zone, days_first=False))
    '2026-06-01 08:00:00+08:00'
    """
    try:
        found = _moment(value, days_first)
        if found is None:
            return None
        return (found if found.tzinfo else found.replace(tzinfo=zone)).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None


def _moment(value: object, days_first: bool | None) -> dt.datetime | None:
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, float):  # a day number of a workbook, whose fraction is the hour
        return _EXCEL_ZERO + dt.timedelta(seconds=round(value * 86_400))
    text = str(value).strip()
    if len(text) >= 16 and text[4] == "-" and text.isascii():
        try:
            return dt.datetime.fromisoformat(text)
        except ValueError:
            pass
    text = unicodedata.normalize("NFKC", text)
    if match := _YEAR_FIRST.fullmatch(text):
        return _put(match, int(match["m"]), int(match["d"]))
    if match := _YEAR_LAST.fullmatch(text):
        return _year_last(match, days_first)
    if match := _COMPACT.fullmatch(text):
        return dt.datetime(*(int(part or 0) for part in match.groups()))  # type: ignore[arg-type]
    if re.fullmatch(r"1\d{9}", text):
        return dt.datetime.fromtimestamp(int(text), dt.UTC)
    return None


def _year_last(match: re.Match[str], days_first: bool | None) -> dt.datetime | None:
    first, second = int(match["a"]), int(match["b"])
    if first == second or first > 12 or second > 12:
        days_first = first > 12
    if days_first is None:
        return None
    return _put(match, second, first) if days_first else _put(match, first, second)


def _put(match: re.Match[str], month: int, day: int) -> dt.datetime:
    hour = int(match["h"] or 0)
    half = (match["half"] or match["half2"] or "").upper()
    if half in ("下午", "PM") and hour < 12:
        hour += 12
    elif half in ("上午", "AM") and hour == 12:
        hour = 0
    return dt.datetime(int(match["y"]), month, day, hour, int(match["i"] or 0), int(match["s"] or 0))


def joined(day: object, hour: object) -> object:
    """Date and time of two columns as one cell."""
    if isinstance(hour, dt.timedelta) and isinstance(day, dt.date):
        return dt.datetime.combine(day, dt.time.min) + hour
    if isinstance(hour, dt.time) and isinstance(day, dt.date):
        return dt.datetime.combine(day, hour)
    return f"{day} {hour}"


def read_centi(value: object, *, fahrenheit: bool = False) -> int | None:
    """A temperature in hundredths of a degree Celsius, None for anything else; a unit in the cell decides.

    >>> read_centi("4,5 ℃"), read_centi("40.1°F"), read_centi(39.2, fahrenheit=True), read_centi("Err")
    (450, 450, 400, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        number, unit = float(value), ""
    else:
        match = _NUMBER.fullmatch(unicodedata.normalize("NFKC", str(value)).strip())
        if match is None:
            return None
        number, unit = float(match[1].replace(",", ".")), (match[2] or "").upper()
    if unit.endswith("F") or unit == "华氏度" or (fahrenheit and not unit):
        number = (number - 32) * 5 / 9
    centi = round(number * 100) if abs(number) < 1000 else _HOTTEST + 1
    return centi if _COLDEST <= centi <= _HOTTEST else None


def read_humidity(value: object) -> int | None:
    """Relative humidity in whole per cent, None for anything else."""
    match = _PERCENT.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
    whole = round(float(match[1].replace(",", "."))) if match else -1
    return whole if 0 <= whole <= 100 else None
