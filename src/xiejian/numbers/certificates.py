"""Numbers of certificates, licences and filings: put into one writing, recognised, taken apart.

Forms and repairs are data (``packs/national/numbers.toml``). A text that fits no form is
never an error here: it comes back with ``kind`` "other" or with ``suspect`` set, and an
officer decides.
"""

from __future__ import annotations

import os
import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Form:
    """One way of writing one kind of number."""

    kind: str
    form: str
    label: str
    pattern: re.Pattern[str]
    citation: str
    meaning: str
    unverified: bool
    #: the fields put together again, and one number as an example
    writing: str = ""
    example: str = ""
    note: str = ""
    #: only for a question about one number: in a column of a register such a text is no certificate
    asked_only: bool = False


@dataclass(frozen=True)
class Found:
    """A text that fits a form, after the repairs [(before, after, why)] if any."""

    key: str
    form: Form
    match: re.Match[str]
    repairs: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Number:
    """One number as read.

    ``key`` is the one writing under which it is stored and compared, ``kind`` and ``form`` what it
    is (``other`` when nothing fits), ``fields`` its parts, ``repairs`` what was put right
    [(before, after, why)], ``suspect`` True when it looks like a certificate but fits no form.
    """

    printed: str
    key: str
    kind: str
    form: str
    fields: dict[str, str] = field(default_factory=dict)
    repairs: tuple[tuple[str, str, str], ...] = ()
    suspect: bool = False


@dataclass(frozen=True)
class Book:
    """The whole of numbers.toml, compiled."""

    forms: tuple[Form, ...]
    repairs: tuple[tuple[re.Pattern[str], str, str], ...]
    recognise: dict[str, re.Pattern[str]]
    departments: tuple[tuple[str, str], ...]
    labels: dict[str, str]
    #: the forms that a register column may hold
    registered: tuple[Form, ...]
    #: the file as it stands, for what only questions about one number need
    raw: dict[str, Any]

    def compiled(self, pattern: str) -> re.Pattern[str]:
        """A pattern of the file, places put in."""
        return _compiled(pattern, self.raw["places"])


def _compiled(pattern: str, places: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("{P}", places), re.ASCII)


def _path() -> Path:
    given = os.environ.get("XIEJIAN_PACKS")
    installed = Path(__file__).parents[1] / "packs"
    root = Path(given) if given else installed if installed.is_dir() else Path(__file__).parents[3] / "packs"
    return root / "national" / "numbers.toml"


def examples_path() -> Path:
    """The worked numbers beside the forms."""
    return _path().with_name("numbers.examples.toml")


@cache
def book() -> Book:
    """The forms and repairs; ValueError when an entry lacks its citation or its pattern does not compile."""
    with _path().open("rb") as file:
        raw: dict[str, Any] = tomllib.load(file)

    def compiled(pattern: str) -> re.Pattern[str]:
        return _compiled(pattern, raw["places"])

    for entry in raw["form"]:
        if not entry.get("citation") or not entry.get("meaning"):
            raise ValueError(f"numbers.toml: {entry['label']} needs a citation and a meaning")
    forms = tuple(
        Form(e["kind"], e["form"], e["label"], compiled(e["pattern"]), e["citation"], e["meaning"],
             e.get("unverified", False), e["writing"], e["example"], e.get("note", ""),
             e.get("asked_only", False))
        for e in raw["form"]
    )  # fmt: skip
    return Book(
        forms=forms,
        repairs=tuple((compiled(e["pattern"]), e["with"], e["why"]) for e in raw["repair"]),
        recognise={kind: compiled(pattern) for kind, pattern in raw["recognise"].items()},
        departments=tuple((e["pattern"], e["with"]) for e in raw["department"]),
        labels=_labels(raw),
        registered=tuple(form for form in forms if not form.asked_only),
        raw=raw,
    )


def _labels(raw: dict[str, Any]) -> dict[str, str]:
    """The name of each kind: its own, else that of its current form."""
    labels = {e["kind"]: e["label"] for e in reversed(raw["form"])}
    labels |= {e["kind"]: e["label"] for e in raw["form"] if e["form"] == "current"}
    labels |= {kind: entry["label"] for kind, entry in raw["kind"].items() if "label" in entry}
    return labels | {"uscc": raw["credit_code"]["label"], "other": "其他证照"}


def plain(text: str) -> str:
    """Width, letter case and blanks made one: what is left is compared.

    >>> plain("粤食药监械（准）字2013第2231101 号")
    '粤食药监械(准)字2013第2231101号'
    """
    return _BLANKS.sub("", unicodedata.normalize("NFKC", text)).upper()


def read(text: str) -> Number:
    """Recognise one number.

    >>> read("沪械注准沪械注准20142400242").key, read("黑械注准20152630007号").form
    ('沪械注准20142400242', 'current')
    """
    known = book()
    found, key, repairs = find(text, known.registered)
    if found:
        parts = {name: value for name, value in found.match.groupdict().items() if value}
        return Number(text, found.key, found.form.kind, found.form.form, parts, found.repairs)
    for kind, pattern in known.recognise.items():
        if pattern.match(key):
            return Number(text, key, kind, "suspect", {}, repairs, suspect=True)
    return Number(text, key, "other", "other", {}, repairs, suspect=True)


def find(text: str, forms: Sequence[Form]) -> tuple[Found | None, str, tuple[tuple[str, str, str], ...]]:
    """The first of ``forms`` that the text fits; and the text as it was put right, with the repairs.

    Repairs are tried only where nothing fits without them: most numbers need none.
    """
    key = plain(text)
    repairs: list[tuple[str, str, str]] = []
    if key != text.strip():
        case = "、小写字母改为大写" if text != text.upper() else ""
        repairs.append((text, key, "全角字符、括号或空格" + case))
    if found := _fitting(forms, key, repairs):
        return found, key, tuple(repairs)
    for pattern, replacement, why in book().repairs:
        mended = pattern.sub(replacement, key)
        if mended != key:
            repairs.append((key, mended, why))
            key = mended
    found = _fitting(forms, key, repairs) if repairs else None
    return found, key, tuple(repairs)


def _fitting(forms: Sequence[Form], key: str, repairs: list[tuple[str, str, str]]) -> Found | None:
    for form in forms:
        if match := form.pattern.match(key):
            return Found(key, form, match, tuple(repairs))
    return None


def label(kind: str) -> str:
    """The Chinese name of a kind of certificate."""
    return book().labels.get(kind, kind)


@cache
def _departments(provinces: tuple[tuple[str, str], ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    found = []
    for pattern, replacement in book().departments:
        if "{province}" not in pattern:
            found.append((re.compile(pattern), replacement))
            continue
        for short, full in provinces:
            names = f"(?:{re.escape(full)}|{re.escape(short)}[省市]?)"
            found.append(
                (re.compile(pattern.replace("{province}", names)), replacement.replace("{province}", full))
            )
    return tuple(found)


def department(text: str, provinces: tuple[tuple[str, str], ...]) -> str:
    """The one name of an approving department; the text itself where no form fits.

    ``provinces``: (short name, full name) of each, e.g. ("内蒙古", "内蒙古自治区").
    """
    if text in {"-", "/", "—"}:
        return ""
    for pattern, replacement in _departments(provinces):
        if pattern.match(text):
            return replacement
    return text
