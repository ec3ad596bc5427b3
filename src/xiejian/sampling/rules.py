"""What sampling is held to, read from packs/sampling: people, time limits, measures after a failure."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel import workdays
from xiejian.kernel.packs import root


@dataclass(frozen=True)
class Measure:
    """处置措施. ``settles``: the question that it answers beside others; ``required``: cannot be left out."""

    id: str
    label: str
    meaning: str
    citation: str
    required: bool = False
    settles: str = ""
    unverified: bool = False


@dataclass(frozen=True)
class Clock:
    """A time limit by name: ``rules`` says which rule of deadlines.toml holds for which products."""

    id: str
    meaning: str
    starts: str
    rules: Mapping[str, str]


@dataclass(frozen=True)
class Limit:
    """A limit that an office may fill in; ``n`` working days after ``field``, None: not set."""

    id: str
    state: str
    field: str
    meaning: str
    citation: str
    n: int | None = None

    def due(self, start: dt.date) -> dt.date | None:
        """The last day of the limit, None while the office has not set it."""
        return None if self.n is None else workdays.standing().add(start, self.n)


@cache
def _read() -> dict[str, dict[str, dict[str, Any]]]:
    """Shape → id → entry; ValueError for an entry without meaning, citation and mark."""
    with (root() / "sampling" / "rules.toml").open("rb") as file:
        raw = tomllib.load(file)
    for shape, entries in raw.items():
        for entry in entries:
            if not (entry.get("meaning") and entry.get("citation")):
                raise ValueError(f"sampling/rules.toml {shape} {entry.get('id')}: meaning and citation")
            if bool(entry.get("checked")) == bool(entry.get("unverified")):
                raise ValueError(f"sampling/rules.toml {shape} {entry['id']}: checked or unverified")
    return {shape: {entry["id"]: entry for entry in entries} for shape, entries in raw.items()}


def minimum_samplers() -> int:
    """SP-1: how many people take a sample at least."""
    return int(_read()["value"]["SP-1"]["value"])


def number_pattern() -> str:
    """How sheets are numbered, with {short}, {year}, {n}."""
    return str(_read()["format"]["sample"]["pattern"])


def text(name: str, **facts: object) -> str:
    """A sentence of a paper, filled in."""
    return str(_read()["text"][name]["text"]).format(**facts)


@cache
def measures() -> dict[str, Measure]:
    """Every measure by id, in the order of the pack."""
    kept = ("label", "meaning", "citation", "required", "settles", "unverified")
    return {
        key: Measure(key, **{k: entry[k] for k in kept if k in entry})
        for key, entry in _read()["disposal"].items()
    }


def next_measure(taken: set[str]) -> str:
    """The first measure that is required and not yet taken, '' when there is none."""
    return next((m.id for m in measures().values() if m.required and m.id not in taken), "")


def missing_measures(taken: set[str]) -> list[str]:
    """What a failed sample still needs before its handling is complete, in words."""
    missing = [m.label for m in measures().values() if m.required and m.id not in taken]
    for key, question in _read()["settlement"].items():
        answers = {m.id for m in measures().values() if m.settles == key}
        if question.get("required") and not answers & taken:
            missing.append(question["label"])
    return missing


@cache
def clocks() -> dict[str, Clock]:
    return {
        key: Clock(key, entry["meaning"], entry["starts"], dict(entry["rules"]))
        for key, entry in _read()["clock"].items()
    }


@cache
def limits() -> dict[str, Limit]:
    """The office's own limits by the state in which they run."""
    return {
        entry["state"]: Limit(
            key, entry["state"], entry["field"], entry["meaning"], entry["citation"], entry.get("n")
        )
        for key, entry in _read()["limit"].items()
    }
