"""Settings of tracing and of the contradictions, read from packs/supply/trace.toml."""

from __future__ import annotations

import tomllib
from functools import cache

from xiejian.kernel.packs import root


@cache
def _values() -> dict[str, int]:
    with (root() / "supply" / "trace.toml").open("rb") as file:
        return {entry["id"]: int(entry["value"]) for entry in tomllib.load(file)["value"]}


def days_on_the_way() -> int:
    """TR-1: how many days a delivery may be on its way before it counts as not received."""
    return _values()["TR-1"]


def days_looked_back() -> int:
    """TR-2: how far back contradictions are looked for unless a period is asked for."""
    return _values()["TR-2"]


def most_of_a_kind() -> int:
    """TR-3: how many contradictions of one kind a list holds at most."""
    return _values()["TR-3"]
