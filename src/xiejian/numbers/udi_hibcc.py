"""HIBCC codes: a primary code, its secondary data, both in one or in two barcodes."""

from __future__ import annotations

import datetime as dt
import re
from types import MappingProxyType

from xiejian.numbers import udi_dates
from xiejian.numbers.udi_record import Fault, Udi, book, fault

_PRIMARY = re.compile(r"(?P<labeler>[A-Z][A-Z0-9]{3})(?P<product>[A-Z0-9]{1,18})(?P<unit>\d)", re.ASCII)
# two whole codes one behind the other: the primary with its check character, then "+" and the secondary
_PAIR = re.compile(r"\+([A-Z][A-Z0-9]{4,21}\d)(.)\+([\d$].*)", re.ASCII | re.DOTALL)
_QUANTITY = re.compile(r"Q\d{1,5}", re.ASCII)
_JULIAN = re.compile(r"\d{5}", re.ASCII)


class _Parts:
    """The fields and faults found so far in one code."""

    def __init__(self, text: str, on: dt.date) -> None:
        self.text, self.on = text, on
        self.fields: dict[str, str] = {}
        self.dates: dict[str, dt.date] = {}
        self.faults: list[Fault] = []
        self.notes: list[str] = []

    def wrong(self, part: str) -> None:
        self.faults.append(fault("N221", self.text, part=part))

    def name(self, field: str, value: str, longest: int) -> None:
        """A lot or serial number; an empty one is not written down."""
        symbols = book().hibcc["symbols"].replace("/", "")
        if len(value) > longest or any(character not in symbols for character in value):
            self.wrong(f"{'批号' if field == 'lot' else '序列号'}“{value}”")
        if value:
            self.fields[field] = value

    def day(self, field: str, digits: str, layout: str) -> None:
        found = udi_dates.date(digits, layout, on=self.on, years_ahead=book().gs1["years_ahead"])
        self.fields[f"{field}_as_written"] = digits
        if found is None:
            self.faults.append(fault("N223", self.text, value=digits))
            return
        self.dates[field] = found
        if layout == book().hibcc["month_only"]:
            self.notes.append(f"日期只写到月，按当月最后一日 {found.isoformat()}")


def check_character(text: str) -> str | None:
    """The character that makes a HIBCC code complete; None when a character has no value.

    >>> check_character("+A123BJC5D6E71")
    'G'
    """
    symbols: str = book().hibcc["symbols"]
    values = [symbols.find(character) for character in text]
    return None if -1 in values else symbols[sum(values) % len(symbols)]


def read(text: str, *, on: dt.date) -> Udi:
    """One HIBCC code, ``+`` first; the asterisks of Code 39 and a lost blank at the end are put right."""
    parts = _Parts(text, on)
    if text.startswith("*") and text.endswith("*") and len(text) > 1:
        text = text[1:-1]
    if pair := _PAIR.fullmatch(text):
        primary, link, secondary = pair.groups()
        body = _checked(f"+{primary}{link}", parts)
        _primary(body[1:], parts)
        body = _checked(f"+{secondary}", parts)
        _secondary(body[1:-1], parts)
        if body[-1] != link:
            parts.faults.append(fault("N224", text, expected=link, found=body[-1]))
    else:
        body = _checked(text, parts)[1:]
        if body[:1].isalpha():
            first, *more = body.split("/")
            _primary(first, parts)
            for segment in more:
                _segment(segment, parts)
        elif len(body) > 1:
            parts.fields["link_character"] = body[-1]
            _secondary(body[:-1], parts)
            parts.notes.append("只有附加码，没有产品标识：请同时扫描主码")
        else:
            parts.wrong("内容太短")
    return _answer(parts)


def _checked(text: str, parts: _Parts) -> str:
    """The code without its check character, which is judged; a blank there may be lost or printed ``_``."""
    body, found = text[:-1], text[-1:].replace("_", " ")
    expected = check_character(body)
    if body and found == expected:
        return body
    if check_character(text) == " ":
        parts.notes.append("末位的校验字符是空格，已补上")
        return text
    trimmed = text.rstrip(" ")
    if trimmed != text and trimmed[-1:] == check_character(trimmed[:-1]):
        return trimmed[:-1]
    if expected is None:
        parts.wrong("含有小写字母或不允许的字符")
    else:
        parts.faults.append(fault("N222", text, expected=expected, found=found))
    return body


def _primary(body: str, parts: _Parts) -> None:
    found = _PRIMARY.fullmatch(body)
    if not found:
        parts.wrong(f"主码“{body}”应为标签商代码四位、产品代码、计量单位一位")
        return
    parts.fields |= {
        "labeler": found["labeler"], "product_code": found["product"], "unit_of_measure": found["unit"],
    }  # fmt: skip


def _segment(segment: str, parts: _Parts) -> None:
    """What stands between two slashes."""
    if segment.startswith("14D"):
        parts.day("expires_on", segment[3:], "YYYYMMDD")
    elif segment.startswith("16D"):
        parts.day("made_on", segment[3:], "YYYYMMDD")
    elif segment.startswith("S"):
        parts.name("serial", segment[1:], book().hibcc["longest"])
    elif _QUANTITY.fullmatch(segment):
        parts.fields["quantity"] = str(int(segment[1:]))
    else:
        _secondary(segment, parts)


def _secondary(body: str, parts: _Parts) -> None:
    """Lot or serial number, with ``$$`` a date before it, and before that a quantity."""
    longest = book().hibcc["longest"]
    if body.startswith("$$+"):
        _dated(body[3:], "serial", parts)
    elif body.startswith("$$"):
        _dated(body[2:], "lot", parts)
    elif body.startswith("$+"):
        parts.name("serial", body[2:], longest)
    elif body.startswith("$"):
        parts.name("lot", body[1:], longest)
    elif _JULIAN.match(body):
        parts.day("expires_on", body[:5], "YYJJJ")
        parts.name("lot", body[5:], longest)
    else:
        parts.wrong(f"附加数据“{body}”")


def _dated(body: str, field: str, parts: _Parts) -> None:
    rules = book().hibcc
    width = rules["quantity"].get(body[:1])
    if width:
        count, body = body[1 : 1 + width], body[1 + width :]
        if len(count) == width and count.isdigit():
            parts.fields["quantity"] = str(int(count))
        else:
            parts.wrong(f"数量“{count}”")
    if not body:
        return
    layout = rules["dates"].get(body[0])
    if layout is None:
        layout = rules["month_only"]
    else:
        body = body[1:]
    if layout:
        parts.day("expires_on", body[: len(layout)], layout)
    parts.name(field, body[len(layout) :], rules["longest"])


def _answer(parts: _Parts) -> Udi:
    fields = parts.fields
    di = None
    if "labeler" in fields:
        di = fields["labeler"] + fields["product_code"] + fields["unit_of_measure"]
    return book().bare(
        "HIBCC",
        tuple(parts.faults),
        di=di,
        lot=fields.get("lot"),
        serial=fields.get("serial"),
        made_on=parts.dates.get("made_on"),
        expires_on=parts.dates.get("expires_on"),
        fields=MappingProxyType(fields),
        notes=tuple(parts.notes),
    )
