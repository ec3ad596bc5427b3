"""What leads are held to, read from packs/leads: words of triage, time limits, settings."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel.packs import root


@dataclass(frozen=True)
class Words:
    """What speaks for one answer of a question; ``label`` as pages show it.

    ``marks``: expressions with their weights, below nought for what speaks against it.
    """

    id: str
    label: str
    meaning: str
    words: tuple[str, ...]
    marks: tuple[tuple[re.Pattern[str], int], ...] = ()


@dataclass(frozen=True)
class Limit:
    """Which rule of deadlines.toml runs for which kinds of lead from which step."""

    id: str
    rule: str
    kinds: tuple[str, ...]
    starts: str
    meaning: str
    named: bool = False
    received_before: dt.date | None = None

    def holds(self, kind: str, named: bool, received_on: dt.date) -> bool:
        """Whether it runs for a lead of this kind."""
        in_time = self.received_before is None or received_on < self.received_before
        return kind in self.kinds and in_time and (named or not self.named)


def _load(name: str) -> dict[str, Any]:
    with (root() / "leads" / name).open("rb") as file:
        return tomllib.load(file)


@cache
def words(question: str) -> tuple[Words, ...]:
    """The answers of a question (kind, topic, priority, link, identity) with their words, in order."""
    pack = _load("triage.toml")
    weights = {weight["id"]: int(weight["value"]) for weight in pack["weight"]}
    return tuple(
        Words(
            entry["id"], entry.get("label", entry["id"]), entry["meaning"], tuple(entry["words"]),
            tuple(
                (re.compile(mark), weights[name]) for name in weights for mark in entry.get(name, ())
            ),
        )
        for entry in pack[question]
    )  # fmt: skip


@cache
def least_weight(question: str) -> int:
    """The weight from which an answer counts at all."""
    least = {entry["id"]: int(entry["value"]) for entry in _load("triage.toml")["least"]}
    return least.get(question, 1)


@cache
def learning(name: str) -> float:
    """A setting of learning: longest, seen, restraint, expressions, matters, shown, shortest."""
    return next(float(entry["value"]) for entry in _load("triage.toml")["learning"] if entry["id"] == name)


def messages() -> list[str]:
    """The lines of the labelled messages that triage learns from."""
    return (root() / "leads" / "messages.txt").read_text("utf-8").splitlines()


@cache
def topics() -> dict[str, str]:
    """Topic id → label."""
    return {entry.id: entry.label for entry in words("topic")}


@cache
def limits() -> tuple[Limit, ...]:
    """Every time limit in the order of the pack."""
    return tuple(
        Limit(
            entry["id"], entry["rule"], tuple(entry["kinds"]), entry["starts"], entry["meaning"],
            entry.get("named", False), entry.get("received_before"),
        )
        for entry in _load("rules.toml")["clock"]
    )  # fmt: skip


@cache
def _values() -> dict[str, int]:
    return {entry["id"]: int(entry["value"]) for entry in _load("rules.toml")["value"]}


def duplicate_days() -> int:
    """LD-1: within how many days a second lead may be the same."""
    return _values()["LD-1"]


def near_days() -> int:
    """LD-4: within how many days the same place, still open, is very likely the same matter."""
    return _values()["LD-4"]


def longest_text() -> int:
    """LD-2: how many characters a text may have."""
    return _values()["LD-2"]


def counted_days() -> int:
    """LD-3: over how many days the complaints of a party are counted for grading."""
    return _values()["LD-3"]


@cache
def _portal() -> dict[str, int]:
    return {entry["id"]: int(entry["value"]) for entry in _load("rules.toml")["portal"]}


def portal(name: str) -> int:
    """A limit of the public's door: photos, megabytes, megapixels, per_hour, form_hours, shortest_seconds."""
    return _portal()[name]


@cache
def number_pattern() -> str:
    """How leads are numbered, with {short}, {year}, {n}."""
    return str(_load("rules.toml")["format"][0]["pattern"])
