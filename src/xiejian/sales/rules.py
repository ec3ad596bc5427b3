"""Settings of the sales desk, read from packs/sales: numbers, steps of ageing, limits to begin with."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel.packs import root


@dataclass(frozen=True)
class Step:
    """One step of ageing: receivables up to so many days after the due date; the last one has no end."""

    id: str
    label: str
    upto: int | None


@cache
def _load() -> dict[str, Any]:
    with (root() / "sales" / "rules.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def number_pattern(kind: str) -> str:
    """How records of a kind (the model's name) are numbered, with {year} and {n}."""
    return str(next(entry["pattern"] for entry in _load()["format"] if entry["id"] == kind))


@cache
def ageing() -> tuple[Step, ...]:
    """The steps of ageing in order."""
    return tuple(Step(e["id"], e["label"], e.get("upto")) for e in _load()["ageing"])


def first_limits() -> dict[str, int]:
    """The limits of a firm that has set none."""
    return {str(entry["id"]): int(entry["value"]) for entry in _load()["limit"]}
