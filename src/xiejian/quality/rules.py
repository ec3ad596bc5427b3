"""Settings of the quality desk, read from packs/quality: what laws concern, numbers, terms."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel.packs import root


@dataclass(frozen=True)
class Topic:
    """Words in the title of a law, and the links of a firm that such a law may concern."""

    label: str
    words: tuple[str, ...]
    links: frozenset[str]


@cache
def _load() -> dict[str, Any]:
    with (root() / "quality" / "watch.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def topics() -> tuple[Topic, ...]:
    return tuple(Topic(e["label"], tuple(e["words"]), frozenset(e["links"])) for e in _load()["topic"])


@cache
def number_pattern(kind: str) -> str:
    """How records of a kind (the model's name) are numbered, with {year} and {n}."""
    return str(next(entry["pattern"] for entry in _load()["series"] if entry["id"] == kind))


@cache
def review_months() -> int:
    """After how many months a document is reviewed."""
    return int(next(entry["months"] for entry in _load()["period"] if entry["id"] == "document_review"))
