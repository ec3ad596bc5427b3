"""The codes whose parts carry names of their own: ISBT 128 (ICCBBA), MA (IDcode) and AHM."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from types import MappingProxyType

from xiejian.numbers import udi_dates
from xiejian.numbers.udi_record import Fault, Udi, book, fault

_MA_PART = re.compile(r"\.(?=[A-Z])")
_AHM_PART = re.compile(r"\(([A-Z]{2})\)|[\x1d;,/| ]([A-Z]{2})[:=]?")
_AHM_EDGES = "\x1d;,/| "
#: MA and AHM dates by their number of digits
_LAYOUTS = {6: "YYMMDD", 8: "YYYYMMDD"}


def read_iccbba(text: str, *, on: dt.date) -> Udi:
    """ISBT 128 data structures one behind another, each announced by ``=`` or ``&`` and what follows."""
    fields: dict[str, str] = {}
    dates: dict[str, dt.date] = {}
    faults: list[Fault] = []
    position = 0
    while position < len(text):
        for structure in book().structures:
            if not text.startswith(structure.identifier, position):
                continue
            found = structure.pattern.match(text, position + len(structure.identifier))
            if found:
                break
        else:
            faults.append(fault("N231", text, found=text[position:]))
            break
        position = found.end()
        if fields.setdefault(structure.field, found[0]) != found[0]:
            faults.append(fault("N231", text, found=text[found.start() :]))
        elif structure.field.endswith("_on"):
            day = _julian(found[0], on)
            if day:
                dates[structure.field] = day
            else:
                faults.append(fault("N232", text, value=found[0]))
    return book().bare(
        "ICCBBA",
        tuple(faults),
        di=fields.get("di"),
        lot=fields.get("lot"),
        serial=fields.get("serial"),
        made_on=dates.get("made_on"),
        expires_on=dates.get("expires_on"),
        fields=MappingProxyType(fields),
        notes=() if "di" in fields else ("没有产品标识：请同时扫描主条码",),
    )


def _julian(digits: str, on: dt.date) -> dt.date | None:
    """Century (0 is 20xx, 9 is 19xx), two digits of the year, day of the year; a time is not kept."""
    century = 19 if digits[0] == "9" else 20 + int(digits[0])
    return udi_dates.date(f"{century}{digits[1:6]}", "YYYYJJJ", on=on, years_ahead=book().gs1["years_ahead"])


@cache
def _ma() -> re.Pattern[str]:
    return re.compile(book().ma["pattern"], re.ASCII)


def read_ma(text: str, *, on: dt.date) -> Udi:
    """MA codes: 25 characters of product, then parts each led in by a full stop and a letter."""
    found = _ma().match(text)
    if not found:
        return book().bare("MA", (fault("N241", text),))
    fields = dict(found.groupdict())
    rest = text[found.end() :]
    named: list[tuple[str, str]] = []
    faults: list[Fault] = []
    if rest and not rest.startswith("."):
        faults.append(fault("N241", text))
        rest = ""
    for part in _MA_PART.split(rest)[1:]:
        named.append((part[0], part[1:]))
    return _named("MA", text, found[0], fields, named, faults, on)


@cache
def _ahm() -> re.Pattern[str]:
    return re.compile(book().ahm["pattern"], re.ASCII)


def read_ahm(text: str, *, on: dt.date) -> Udi:
    """AHM codes: the product behind AHM, then parts set off by brackets or separators; never guessed."""
    pieces = _AHM_PART.split(text)
    found = _ahm().fullmatch(pieces[0].strip(_AHM_EDGES))
    if not found:
        return book().bare("AHM", (fault("N251", text),))
    named = [
        (bracketed or separated, value.strip(_AHM_EDGES))
        for bracketed, separated, value in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True)
    ]
    return _named("AHM", text, found["code"], {}, named, [], on)


def _named(
    agency: str,
    text: str,
    di: str,
    fields: dict[str, str],
    named: list[tuple[str, str]],
    faults: list[Fault],
    on: dt.date,
) -> Udi:
    """Put the named parts into the fields of the answer."""
    meanings = book().ma["parts"] if agency == "MA" else book().ahm["parts"]
    dates: dict[str, dt.date] = {}
    for name, value in named:
        field = meanings.get(name)
        if field is None or not value or field in fields:
            faults.append(fault("N242", text, found=name + value, agency=agency))
            continue
        fields[field] = value
        if field.endswith(("_on", "_until")):
            layout = _LAYOUTS.get(len(value), "")
            day = (
                udi_dates.date(value, layout, on=on, years_ahead=book().gs1["years_ahead"])
                if layout
                else None
            )
            if day:
                dates[field] = day
            else:
                faults.append(fault("N243", text, value=value, agency=agency))
    expires = (dates.get(field) for field in ("expires_on", "valid_until", "shelf_life_until"))
    return book().bare(
        agency,
        tuple(faults),
        di=di,
        lot=fields.get("lot"),
        serial=fields.get("serial"),
        made_on=dates.get("made_on"),
        expires_on=next((day for day in expires if day), None),
        fields=MappingProxyType(fields),
        notes=("校验位的算法未公开，没有检查",) if agency == "MA" else ("编码结构未核实，请对照包装",),
    )
