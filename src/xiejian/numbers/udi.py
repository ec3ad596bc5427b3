"""医疗器械唯一标识: any writing of a device code of the five issuing agencies, read into one answer.

Accepted are the printed form with brackets, what scanners send (with or without the symbology identifier
``]d2`` …, separators as FNC1, GS or the marks people type for it), GS1 Digital Links, HIBCC, ISBT 128, MA and
AHM codes. Rules that no library holds are data (``packs/national/udi.toml``).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import replace

from xiejian.numbers import udi_gs1, udi_hibcc, udi_named
from xiejian.numbers.udi_record import Fault, Udi, book, fault

__all__ = ["Fault", "Udi", "read"]

_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]", re.ASCII)
_LINK = re.compile(r"https?://", re.IGNORECASE)
_MA = re.compile(r"MA\.\d", re.ASCII)
_MA_IN_LINK = re.compile(r"https?://\S*?[/=](?=MA\.\d{3}\.)", re.ASCII | re.IGNORECASE)
#: blanks and line ends around a scan; a blank at the end may be a HIBCC check character
_EDGES = "\r\n\t\v\f\x00"


def read(text: str, *, on: dt.date) -> Udi:
    """Read one device code as on a day (two-digit years lie around it); never raises: faults are answers.

    >>> code = read("(01)06972253600013(17)260900(10)A1", on=dt.date(2026, 1, 1))
    >>> code.valid, code.agency, code.di, code.lot, code.expires_on
    (True, 'GS1', '06972253600013', 'A1', datetime.date(2026, 9, 30))
    >>> read("hello", on=dt.date(2026, 1, 1)).problem.code
    'N204'
    """
    limit = book().text_limit
    if len(text) > limit:
        return _nothing(fault("N202", text, length=len(text), limit=limit))
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text).replace("␝", "\x1d")
    plain = plain.strip(_EDGES).lstrip(" ")
    if not plain.strip():
        return _nothing(fault("N201", text))
    if not plain.isascii():
        place, character = next((n, c) for n, c in enumerate(plain, 1) if not c.isascii())
        return _nothing(fault("N203", text, place=place, character=character))
    found = _scanned(plain, on) if plain.startswith("]") else _unlabelled(plain, on)
    if not text.isascii():
        return replace(found, notes=(*found.notes, "全角字符已改为半角"))
    return found


def _nothing(*faults: Fault) -> Udi:
    return Udi(False, faults=faults)


def _scanned(text: str, on: dt.date) -> Udi:
    """Text with the scanner's symbology identifier, which says what may follow."""
    prefix, content = text[:3], text[3:]
    rules = book().gs1
    if not _SYMBOLOGY.fullmatch(prefix):
        return _nothing(fault("N205", text, prefix=prefix))
    symbology = prefix[1:]
    if symbology in rules["carriers"]:
        return udi_gs1.read_elements(content, on=on)
    if symbology in rules["bare"]:
        found = udi_gs1.read_bare(content, rules["bare"][symbology], on=on)
        return found or _nothing(fault("N205", text, prefix=prefix))
    if not content:
        return _nothing(fault("N201", text))
    return _unlabelled(content, on)


def _unlabelled(text: str, on: dt.date) -> Udi:
    """Text whose own beginning says which agency it belongs to."""
    if text[0] in "+*":
        return udi_hibcc.read(text, on=on)
    text = text.rstrip(" ")
    link = _MA_IN_LINK.match(text)
    if link or _MA.match(text):
        return udi_named.read_ma(text[link.end() :] if link else text, on=on)
    if _LINK.match(text):
        return udi_gs1.read_digital_link(text, on=on)
    if text.startswith("AHM"):
        return udi_named.read_ahm(text, on=on)
    if text[0] in "=&":
        return udi_named.read_iccbba(text, on=on)
    if text[0] == "(":
        return udi_gs1.read_bracketed(text, on=on)
    return udi_gs1.read_unmarked(text, on=on) or _nothing(fault("N204", text))
