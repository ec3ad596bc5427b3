"""What vigilance is held to, read from packs/vigilance: numbers, time limits, lists, terms."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from xiejian.kernel.packs import root


@cache
def entries(name: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Shape → id → entry of one file of the pack."""
    with (root() / "vigilance" / f"{name}.toml").open("rb") as file:
        raw = tomllib.load(file)
    return {shape: {entry["id"]: entry for entry in entries} for shape, entries in raw.items()}


def number_pattern(kind: str) -> str:
    """How records of a kind are numbered, with {short}, {year}, {n}."""
    return str(entries("rules")["format"][kind]["pattern"])


def clock_rule(name: str, *given: str) -> str:
    """The rule of deadlines.toml for a clock under what is given (harm, or reporter and harm).

    '' where the law sets no time for such a report.
    """
    rules: dict[str, str] = entries("rules")["clock"][name]["rules"]
    return rules.get(" ".join(given), rules.get("*", ""))


def clock_label(name: str) -> str:
    return str(entries("rules")["clock"][name]["meaning"])


def values(name: str) -> tuple[str, ...]:
    """The words of a list: age_bands, event_causes, associations."""
    return tuple(entries("rules")["setting"][name]["values"])


def quota_proposed() -> int:
    """How many reports a new quota asks for until somebody says otherwise."""
    return int(entries("rules")["setting"]["quota"]["n"])


def quota_most() -> int:
    """The largest quota that is no slip of the finger."""
    return int(entries("rules")["setting"]["quota"]["most"])


def terms() -> dict[str, str]:
    """Failure terms: id → label."""
    return {name: str(entry["label"]) for name, entry in entries("terms")["term"].items()}


def term_of(text: str) -> str:
    """The first term one of whose words stands in the text; '' where none does."""
    for name, entry in entries("terms")["term"].items():
        if any(word in text for word in entry["words"]):
            return name
    return ""


def alerts() -> dict[str, dict[str, Any]]:
    """The alert rules by id, as alerts.toml has them."""
    return entries("alerts")["alert"]


def profiles() -> dict[str, dict[str, Any]]:
    """The profiles of signal detection by id, as alerts.toml has them."""
    return entries("alerts")["profile"]


def trends() -> dict[str, dict[str, Any]]:
    """The control charts by id with their settings, as trends.toml has them."""
    return entries("trends")["trend"]


def signal_rules() -> dict[str, dict[str, Any]]:
    """Everything that can call for a judgement: alerts, profiles and control charts, by id."""
    return {**alerts(), **profiles(), **trends()}
