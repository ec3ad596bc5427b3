"""What is known of one device code, and what does not hold of it."""

from __future__ import annotations

import datetime as dt
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

#: how much of a long text a problem repeats
_SHOWN = 60


@dataclass(frozen=True)
class Fault:
    """One thing that does not hold, as the problem object of the contract; numbered in ``problems.toml``."""

    code: str
    message: str
    where: str
    next: str

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message, "where": self.where, "next": self.next}


@dataclass(frozen=True)
class Udi:
    """One device code as read.

    ``valid``: the code is written by the rules of its agency (it need not name a device: labels carry the
    production part in a second barcode, then ``di`` is None). ``di`` is the device identifier as the
    national database keeps it: GTIN-14; HIBCC labeller + product + unit of measure; MA 25 characters.
    ``fields`` holds every part by its identifier or name, ``notes`` says how it was read. With
    ``unverified`` the rules applied come from practice, not from the agency's standard (``citation``).
    """

    valid: bool
    agency: str = ""
    di: str | None = None
    lot: str | None = None
    serial: str | None = None
    made_on: dt.date | None = None
    expires_on: dt.date | None = None
    faults: tuple[Fault, ...] = ()
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    citation: str = ""
    unverified: bool = False

    @property
    def problem(self) -> Fault | None:
        """The first thing that does not hold."""
        return self.faults[0] if self.faults else None

    def as_json(self) -> dict[str, Any]:
        """The answer of the contract, and beside it the parts, notes and source; absent is null."""
        return {
            "valid": self.valid,
            "agency": self.agency or None,
            "di": self.di,
            "lot": self.lot,
            "serial": self.serial,
            "made_on": self.made_on.isoformat() if self.made_on else None,
            "expires_on": self.expires_on.isoformat() if self.expires_on else None,
            "problem": self.problem.as_json() if self.problem else None,
            "problems": [fault.as_json() for fault in self.faults],
            "fields": dict(self.fields),
            "notes": list(self.notes),
            "citation": self.citation,
            "unverified": self.unverified,
        }


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    with Path(__file__).with_name("problems.toml").open("rb") as file:
        return tomllib.load(file)


def fault(code: str, where: str, /, **facts: Any) -> Fault:
    """A fault by its number; ``where`` and facts are cut to what a person can read."""
    entry = _catalogue()[code]
    shown = {name: shorten(value) if isinstance(value, str) else value for name, value in facts.items()}
    return Fault(code, entry["message"].format(**shown), shorten(where), entry["next"].format(**shown))


def shorten(text: str) -> str:
    """At most 60 characters that can be printed, separators made visible."""
    text = text[: _SHOWN + 1].encode("utf-8", "replace").decode().replace("\x1d", "␝")
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _path() -> Path:
    given = os.environ.get("XIEJIAN_PACKS")
    installed = Path(__file__).parents[1] / "packs"
    root = Path(given) if given else installed if installed.is_dir() else Path(__file__).parents[3] / "packs"
    return root / "national" / "udi.toml"


@dataclass(frozen=True)
class Agency:
    """An issuing agency: its name, the standard its rules come from, whether that was read."""

    id: str
    label: str
    citation: str
    unverified: bool


@dataclass(frozen=True)
class Structure:
    """One ISBT 128 data structure: the characters that announce it, its field, its content."""

    identifier: str
    field: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Book:
    """The whole of udi.toml; ``gs1``, ``hibcc``, ``ma`` and ``ahm`` as they stand in the file."""

    text_limit: int
    photo_pixels: int
    agencies: dict[str, Agency]
    structures: tuple[Structure, ...]
    gs1: dict[str, Any]
    hibcc: dict[str, Any]
    ma: dict[str, Any]
    ahm: dict[str, Any]

    def bare(self, agency: str, faults: tuple[Fault, ...], **known: Any) -> Udi:
        """A code of one agency with its source; valid when nothing is wrong."""
        source = self.agencies[agency]
        return Udi(not faults, agency, faults=faults, citation=source.citation,
                   unverified=source.unverified, **known)  # fmt: skip


@cache
def book() -> Book:
    """The rules; ValueError where an entry lacks its citation or meaning."""
    with _path().open("rb") as file:
        raw: dict[str, Any] = tomllib.load(file)
    entries = [*raw["agency"], *raw["iccbba"], *(raw[name] for name in ("gs1", "hibcc", "ma", "ahm"))]
    for entry in entries:
        if not entry.get("citation") or not entry.get("meaning"):
            raise ValueError(f"udi.toml: {entry} needs a citation and a meaning")
    return Book(
        text_limit=raw["text_limit"],
        photo_pixels=raw["photo_pixels"],
        agencies={
            e["id"]: Agency(e["id"], e["label"], e["citation"], e.get("unverified", False))
            for e in raw["agency"]
        },
        # the longest announcement first: "=/" before "="
        structures=tuple(
            Structure(e["identifier"], e["field"], re.compile(e["pattern"], re.ASCII))
            for e in sorted(raw["iccbba"], key=lambda e: -len(e["identifier"]))
        ),
        gs1=raw["gs1"],
        hibcc=raw["hibcc"],
        ma=raw["ma"],
        ahm=raw["ahm"],
    )
