"""What the risk list is held to, read from packs/risks/rules.toml: levels, their proposal, numbering."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel.packs import root

#: rules of deadlines.toml by what they run for; those of the levels stand with the level
ASSESS_RULE, REVIEW_RULE, RECEIPT_RULE = "FX-1", "FX-5", "FX-6"


@dataclass(frozen=True)
class Level:
    """风险等级. ``rule``: the time limit for control; ``focus``: makes its party a 风险会商重点."""

    id: str
    label: str
    rule: str
    meaning: str
    focus: bool = False


@dataclass(frozen=True)
class Proposal:
    """Which level is proposed, by which row of the pack and why; the officer decides."""

    level: str
    rule: str
    why: str
    citation: str
    unverified: bool = False


@dataclass(frozen=True)
class Facts:
    """What a level is proposed from. ``tags``: product tags of the party or of the risk itself."""

    signal: str
    count: int
    tags: frozenset[str]
    returned: bool


@cache
def _read() -> dict[str, dict[str, dict[str, Any]]]:
    """Shape → id → entry; ValueError for an entry without meaning and citation."""
    with (root() / "risks" / "rules.toml").open("rb") as file:
        raw = tomllib.load(file)
    for shape, entries in raw.items():
        for entry in entries:
            if not (entry.get("meaning") and entry.get("citation")):
                raise ValueError(f"risks/rules.toml {shape} {entry.get('id')}: meaning and citation")
    return {shape: {entry["id"]: entry for entry in entries} for shape, entries in raw.items()}


@cache
def levels() -> dict[str, Level]:
    """Every level by id, the highest first."""
    return {
        key: Level(key, entry["label"], entry["rule"], entry["meaning"], entry.get("focus", False))
        for key, entry in _read()["level"].items()
    }


def focus_levels() -> list[str]:
    """The levels whose open risks make a party a 风险会商重点."""
    return [level.id for level in levels().values() if level.focus]


def _holds(when: Mapping[str, Any], facts: Facts) -> bool:
    tests = {
        "signals": lambda wanted: facts.signal in wanted,
        "tags": lambda wanted: bool(facts.tags & set(wanted)),
        "at_least": lambda wanted: facts.count >= wanted,
        "returned": lambda wanted: facts.returned == wanted,
    }
    return all(tests[name](wanted) for name, wanted in when.items())


def propose(facts: Facts) -> Proposal:
    """The level of the first row whose conditions hold; the last row holds always."""
    for key, entry in _read()["proposal"].items():
        if _holds(entry["when"], facts):
            return Proposal(
                entry["level"], key, entry["meaning"], entry["citation"], entry.get("unverified", False)
            )
    raise ValueError("risks/rules.toml: the last proposal must hold always")


def number_pattern() -> str:
    """How risks are numbered, with {short}, {year}, {n}."""
    return str(_read()["format"]["item"]["pattern"])


def watched_days() -> int:
    """RV-1: how many days back a struck-off risk is watched for its signal."""
    return int(_read()["value"]["RV-1"]["value"])


def agenda() -> list[str]:
    """The standing items of a meeting."""
    return [entry["text"] for entry in _read()["agenda"].values()]
