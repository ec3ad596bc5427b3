"""What a supply record may be marked with and what an entry refuses, read from packs/supply/marks.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel.pack_folder import root


@dataclass(frozen=True)
class Mark:
    """One thing that may be wrong with a record, or with ``doubt`` cannot be told of it.

    ``refuses``: kinds of movement refused for it at entry.
    """

    id: str
    label: str
    meaning: str
    citation: str
    refuses: tuple[str, ...] = ()
    unverified: bool = False
    doubt: bool = False


@cache
def _read() -> dict[str, list[dict[str, Any]]]:
    """Shape → entries; ValueError for one without meaning and citation."""
    raw = tomllib.loads((root() / "supply" / "marks.toml").read_text("utf-8"))
    for shape, entries in raw.items():
        for entry in entries:
            if not (entry.get("meaning") and entry.get("citation")):
                raise ValueError(f"supply/marks.toml {shape} {entry.get('id')}: meaning and citation")
    return raw


@cache
def marks() -> dict[str, Mark]:
    """Every mark by its id, the gravest first."""
    return {
        entry["id"]: Mark(
            entry["id"], entry["label"], entry["meaning"], entry["citation"], tuple(entry["refuses"]),
            bool(entry.get("unverified")), bool(entry.get("doubt")),
        )
        for entry in _read()["mark"]
    }  # fmt: skip


def mark_labels(stored: str) -> list[str]:
    """The marks of a record in words, the gravest first; ``stored`` as |expired|oversold|."""
    held = set(stored.split("|"))
    return [mark.label for mark in marks().values() if mark.id in held]


def _value(key: str) -> int:
    return next(int(entry["value"]) for entry in _read()["value"] if entry["id"] == key)


def near_expiry_days() -> int:
    """SU-1: from how many days before its expiry a lot is shown as near it."""
    return _value("SU-1")


def near_lapse_days() -> int:
    """SU-2: from how many days before its licence runs out a partner is shown."""
    return _value("SU-2")


def days_to_receive() -> int:
    """SU-3: for how many days a delivery that nobody received is shown to its buyer as waiting."""
    return _value("SU-3")
