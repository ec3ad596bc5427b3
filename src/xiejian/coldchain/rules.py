"""What the cold chain is held to, read from packs/coldchain: kinds of places, gaps, clocks."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel.packs import root


@dataclass(frozen=True)
class PlaceKind:
    """One kind of place. ``always``: readings may never be missing there, loaded or not."""

    id: str
    label: str
    always: bool
    interval: dt.timedelta
    tolerance: dt.timedelta
    meaning: str
    citation: str
    unverified: bool


@cache
def _read() -> dict[str, dict[str, dict[str, Any]]]:
    """Shape → id → entry."""
    with (root() / "coldchain" / "rules.toml").open("rb") as file:
        raw = tomllib.load(file)
    return {shape: {entry["id"]: entry for entry in entries} for shape, entries in raw.items()}


@cache
def place_kinds() -> dict[str, PlaceKind]:
    """Every kind of place by id, in the order of the pack."""
    return {
        key: PlaceKind(
            key, entry["label"], entry["watch"] == "always",
            dt.timedelta(seconds=entry["interval_seconds"]),
            dt.timedelta(minutes=entry["tolerance_minutes"]), entry["meaning"], entry["citation"],
            bool(entry.get("unverified")),
        )
        for key, entry in _read()["place"].items()
    }  # fmt: skip


def gap_after(interval_seconds: int) -> dt.timedelta:
    """How far two readings of a logger may lie apart before some are missing."""
    return dt.timedelta(seconds=interval_seconds * int(_read()["value"]["CC-GAP"]["value"]))


def clock_ahead() -> dt.timedelta:
    """By how much a reading may be later than its arrival."""
    return dt.timedelta(minutes=int(_read()["value"]["CC-AHEAD"]["value"]))
