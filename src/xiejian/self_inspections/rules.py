"""Settings of self-inspection, read from packs/self_inspections/rules.toml."""

from __future__ import annotations

import tomllib
from functools import cache

from xiejian.kernel.pack_folder import root


@cache
def _values() -> dict[str, int]:
    with (root() / "self_inspections" / "rules.toml").open("rb") as file:
        return {entry["id"]: int(entry["value"]) for entry in tomllib.load(file)["value"]}


def contradiction_days() -> int:
    """SE-1: how many days a report and a visit may lie apart and still speak of the same state."""
    return _values()["SE-1"]


def longest_text() -> int:
    """SE-2: how many characters a text or a note may have."""
    return _values()["SE-2"]


def years_back() -> int:
    """SE-3: how many years before this one the pages offer."""
    return _values()["SE-3"]


def due_soon_days() -> int:
    """SE-4: how many days before the date a report that is not in counts as due soon."""
    return _values()["SE-4"]
