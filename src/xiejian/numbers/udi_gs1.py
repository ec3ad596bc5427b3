"""GS1 element strings: bracketed, separated, plain, or in a Digital Link.

The biip library knows the identifiers, their lengths and character sets and takes one element off a string.
Here stands what it leaves open: separators as scanners write them, escaped brackets, check digits and dates
as faults beside the fields (a wrong check digit must not hide the lot), a missing separator, repetitions, the
strict reading of Digital Links. No text raises: what does not hold comes back as faults.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from biip import ParseConfig, ParseError
from biip.checksums import gs1_standard_check_digit
from biip.gs1_application_identifiers import GS1ApplicationIdentifier
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementString

from xiejian.numbers import udi_dates
from xiejian.numbers.udi_record import Fault, Udi, book, fault

SEPARATOR = "\x1d"
#: dates are judged here, against the day of reading, and told as faults
_CONFIG = ParseConfig(gs1_element_strings_verify_date=False)
#: what biip raises on strings it cannot take apart; anything but ParseError is an oversight of its own
_REFUSALS = (ParseError, ValueError, IndexError, KeyError, ArithmeticError)
_BRACKETED = re.compile(r"\((\d{2,4})\)((?:[^()\\]|\\.)+)", re.ASCII)
#: a text with more faults is no code: nobody reads on
_MOST_FAULTS = 20
_ESCAPED = re.compile(r"\\(.)")
_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_GTIN = re.compile(r"\d{13,14}", re.ASCII)

Element = tuple[str, str]


@cache
def _separators() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(mark) for mark in book().gs1["separators"]))


def read_bracketed(text: str, *, on: dt.date) -> Udi:
    """The printed form ``(01)…(17)…``; blanks and separators are dropped, ``\\(`` is a bracket."""
    compact = _separators().sub("", "".join(text.split()))
    elements: list[Element] = []
    faults: list[Fault] = []
    position = 0
    while position < len(compact) and (found := _BRACKETED.match(compact, position)):
        ai, value = found[1], _ESCAPED.sub(r"\1", found[2])
        _take_whole(ai, value, compact, elements, faults)
        position = found.end()
    if position < len(compact):
        faults.append(fault("N212", compact[position:]))
    return _judged(compact, elements, faults, on)


def read_elements(text: str, *, on: dt.date) -> Udi:
    """Element strings as a scanner sends them; separators in any of their writings, also in front."""
    text = _separators().sub(SEPARATOR, text)
    elements: list[Element] = []
    faults: list[Fault] = []
    rest = text.lstrip(SEPARATOR)
    if not rest:
        return _judged(text, [], [fault("N201", text)], on)
    while rest and len(faults) < _MOST_FAULTS:
        rest = _take_first(rest, text, elements, faults).lstrip(SEPARATOR)
    return _judged(text, elements, faults, on)


def read_unmarked(text: str, *, on: dt.date) -> Udi | None:
    """Text that nothing marks as GS1: a bare GTIN, or elements that begin as such; None when it is neither.

    ``10…`` or ``21…`` alone could be any number, so an unmarked text must begin with an identifier of
    predefined length or hold a separator; without a key it may hold nothing but usual production data.
    """
    if _GTIN.fullmatch(text) and _ends_with_check_digit(text):
        gtin = text.zfill(14)
        if gtin[0] == "0" or gtin[1:3] == "69":
            return _bare(gtin, on)
    rules = book().gs1
    separated = _separators().search(text)
    if separated or text[:2] in rules["unmarked_starts"]:
        found = read_elements(text, on=on)
        expected = found.valid and found.fields.keys() <= set(rules["unmarked_parts"])
        if expected or text[:2] in rules["unmarked_keys"] or (separated and found.fields):
            return found
        if separated and separated.start() == 0:
            return found
    if _GTIN.fullmatch(text) and _ends_with_check_digit(text):
        return _bare(text.zfill(14), on)
    return None


def read_bare(text: str, length: int, *, on: dt.date) -> Udi | None:
    """A barcode that holds one number of ``length`` digits (EAN-13, EAN-8, ITF-14); None when it does not."""
    if len(text) != length or not (text.isascii() and text.isdigit()):
        return None
    return _bare(text.zfill(14), on)


def _bare(gtin: str, on: dt.date) -> Udi:
    found = _judged(gtin, [("01", gtin)], [], on)
    return replace(found, notes=("只有商品条码，没有生产标识", *found.notes))


def read_digital_link(text: str, *, on: dt.date) -> Udi:
    """A GS1 Digital Link: identifier and qualifiers in the path, attributes behind the question mark."""
    try:
        link = GS1DigitalLinkURI.parse(_plain_link(text), config=_CONFIG)
    except _REFUSALS:
        return _judged(text, [], [fault("N213", text)], on)
    elements = [(e.ai.ai, e.value) for e in link.element_strings]
    return _judged(text, elements, [], on)


def _plain_link(text: str) -> str:
    """The link as biip reads it; ValueError for attributes out of place, empty or repeated."""
    rules = book().gs1
    if not _URI.fullmatch(text):
        raise ValueError("characters that no address has")
    parts = urlsplit(text)
    segments = [rules["aliases"].get(segment, segment) for segment in parts.path.split("/")]
    seen: set[str] = set()
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if not name.isdigit():
            continue  # other software's parameters
        known = GS1ApplicationIdentifier.extract(name).ai == name
        if not (known and value) or name in rules["path_only"] or name in seen:
            raise ValueError(name)
        seen.add(name)
    return parts._replace(scheme=parts.scheme.lower(), path="/".join(segments)).geturl()


def _take_whole(ai: str, value: str, text: str, elements: list[Element], faults: list[Fault]) -> None:
    """One element whose end is known."""
    try:
        element = GS1ElementString.parse(ai + value, config=_CONFIG)
    except _REFUSALS:
        element = None
    if element is None or element.ai.ai != ai or not element.value:
        faults.append(_misfit(ai, value, text, exactly=True))
        value = value if ai in book().gs1["predefined"] else ""
    if value:
        elements.append((ai, value))


def _take_first(rest: str, text: str, elements: list[Element], faults: list[Fault]) -> str:
    """Take one element off the front; the rest. After a fault go on where its end is certain."""
    try:
        element = GS1ElementString.extract(rest, config=_CONFIG)
    except _REFUSALS:
        return _skip_first(rest, text, elements, faults)
    ai = element.ai.ai
    after = rest[len(element) :]
    if not element.value:
        faults.append(fault("N207", text, ai=ai, value="", format=element.ai.format))
        return after
    elements.append((ai, element.value))
    if element.ai.separator_required and after and not after.startswith(SEPARATOR):
        faults.append(fault("N210", text, ai=ai))
        return after.partition(SEPARATOR)[2]
    return after


def _skip_first(rest: str, text: str, elements: list[Element], faults: list[Fault]) -> str:
    value, _, after = rest.partition(SEPARATOR)
    ai = rest[:2]
    length = book().gs1["predefined"].get(ai)
    if length is None:
        faults.append(_misfit(value[:4], value[4:], text))
        return after
    content = rest[2 : 2 + length].partition(SEPARATOR)[0]
    faults.append(_misfit(ai, content, text, exactly=True))
    if len(content) == length:  # wrong characters, but the length tells where it ends
        elements.append((ai, content))
    return rest[2 + len(content) :]


def _misfit(ai: str, value: str, text: str, exactly: bool = False) -> Fault:
    """Why an element was not taken: no such identifier, or content that does not fit it."""
    try:
        known = GS1ApplicationIdentifier.extract(ai)
    except ParseError:
        known = None
    if known is None or (exactly and known.ai != ai):
        return fault("N206", text, found=ai)
    content = (ai + value)[len(known.ai) :]
    return fault("N207", text, ai=known.ai, value=content, format=known.format)


def _judged(text: str, elements: list[Element], faults: list[Fault], on: dt.date) -> Udi:
    """Check digits, dates and repetitions; then the fields of the answer."""
    rules = book().gs1
    fields: dict[str, str] = {}
    dates: dict[str, dt.date] = {}
    for ai, value in elements:
        if fields.setdefault(ai, value) != value:
            faults.append(fault("N211", text, ai=ai))
            continue
        if ai in rules["check_digits"]:
            faults += _check_digit(ai, value, text)
        elif ai in rules["dates"]:
            found = _date(ai, value, on)
            if found:
                dates[ai] = found
            else:
                faults.append(fault("N209", text, ai=ai, value=value))
    if not elements and not faults:
        faults.append(fault("N201", text))
    return book().bare(
        "GS1",
        tuple(faults),
        di=fields.get("01"),
        lot=fields.get("10"),
        serial=fields.get("21"),
        made_on=dates.get("11") or dates.get("8008"),
        expires_on=dates.get("17") or dates.get("7003"),
        fields=MappingProxyType(fields),
        notes=tuple(_notes(fields, dates)),
    )


def _notes(fields: dict[str, str], dates: dict[str, dt.date]) -> Iterable[str]:
    if fields and "01" not in fields:
        yield "没有产品标识（01）：请同时扫描主条码"
    for ai, found in dates.items():
        if fields[ai][4:6] == "00":
            yield f"（{ai}）只写到月，按当月最后一日 {found.isoformat()}"


def _check_digit(ai: str, value: str, text: str) -> list[Fault]:
    start, end = book().gs1["check_digits"][ai]
    digits = value[start:end]
    if len(digits) != end - start or not digits.isdigit():
        return []  # told already as content that does not fit
    expected = str(gs1_standard_check_digit(digits[:-1]))
    return [] if digits[-1] == expected else [
        fault("N208", text, ai=ai, expected=expected, found=digits[-1])
    ]  # fmt: skip


def _ends_with_check_digit(digits: str) -> bool:
    return str(gs1_standard_check_digit(digits[:-1])) == digits[-1]


def _date(ai: str, value: str, on: dt.date) -> dt.date | None:
    rules: dict[str, Any] = book().gs1
    return udi_dates.date(
        value[:6], "YYMMDD", on=on, years_ahead=rules["years_ahead"], day_00=ai in rules["day_00"]
    )
