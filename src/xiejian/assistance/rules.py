"""Settings of assistance between offices, read from packs/assistance."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from xiejian.kernel.packs import root


@cache
def _load() -> dict[str, Any]:
    with (root() / "assistance" / "rules.toml").open("rb") as file:
        return tomllib.load(file)


def number_pattern(direction: str) -> str:
    """How requests of a direction are numbered, with {short}, {year}, {n}."""
    return str(next(entry["pattern"] for entry in _load()["format"] if entry["direction"] == direction))


def answer_rule() -> str:
    """The rule of deadlines.toml for the assisting authority."""
    return str(_load()["clock"][0]["rule"])


def answer_label() -> str:
    """What its clock is called."""
    return str(_load()["clock"][0]["meaning"])
