"""What a hospital is held to, read from packs/hospitals: intervals, marks, numbers, lengths."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel.packs import root

#: What is done to a device. A repair is due when something is broken, not by a plan.
UPKEEP_KINDS = ("保养", "检查", "检定", "校准", "维修")
PLANNED_KINDS = UPKEEP_KINDS[:-1]
#: Kinds whose certificate says until when a metering device may be used.
METERING_KINDS = ("检定", "校准")
REPAIR = "维修"
LARGE, METERING = "large", "metering"


@cache
def _entries() -> dict[str, dict[str, dict[str, Any]]]:
    with (root() / "hospitals" / "rules.toml").open("rb") as file:
        raw = tomllib.load(file)
    return {shape: {entry["id"]: entry for entry in entries} for shape, entries in raw.items()}


def _value(name: str) -> int:
    return int(_entries()["value"][name]["value"])


def number_pattern() -> str:
    """How implant records are numbered, with {short}, {year}, {n}."""
    return str(_entries()["format"]["implant"]["pattern"])


def due_days() -> int:
    """Upkeep that ends within so many days is on the list of what is due."""
    return _value("HO-1")


def near_expiry_days() -> int:
    return _value("HO-2")


def passphrase_length() -> int:
    """The fewest characters of a passphrase."""
    return _value("HO-3")


def most_failures() -> int:
    """After so many wrong passphrases in a row nothing is resolved for a while."""
    return _value("HO-4")


def pause_minutes() -> int:
    """How long nothing is resolved after too many wrong passphrases."""
    return _value("HO-5")


def focuses() -> dict[str, str]:
    """What may make a device special: id → label."""
    return {name: str(entry["label"]) for name, entry in _entries()["focus"].items()}


@dataclass(frozen=True)
class Interval:
    """How often a device needs one kind of upkeep, and why."""

    kind: str
    months: int
    basis: str


def intervals(focus: Collection[str]) -> list[Interval]:
    """The plan that a device of these focuses begins with; of two for one kind the shorter.

    >>> [(one.kind, one.months) for one in intervals(["large"])]
    [('保养', 6)]
    """
    found: dict[str, Interval] = {}
    for entry in _entries()["interval"].values():
        if entry["focus"] not in (focus or [""]):
            continue
        one = Interval(str(entry["kind"]), int(entry["months"]), str(entry["citation"]))
        if one.kind not in found or one.months < found[one.kind].months:
            found[one.kind] = one
    return list(found.values())


def marks() -> dict[str, dict[str, Any]]:
    """Everything that may be wrong: id → {label, danger, meaning, citation}."""
    return _entries()["mark"]


def mark_label(mark: str) -> str:
    return str(marks()[mark]["label"])
