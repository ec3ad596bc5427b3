"""What offers on the internet are held to, read from packs/online: forbidden claims, facts, settings."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel.packs import root


@dataclass(frozen=True)
class Rule:
    """One rule of screening. ``grade``: suspect or check; ``unverified``: its clause was not read."""

    id: str
    label: str
    meaning: str
    citation: str
    grade: str
    unverified: bool


@dataclass(frozen=True)
class Claim:
    """Forbidden content: any of the patterns in so many clauses in a row, unless those match ``unless``."""

    rule: Rule
    found: re.Pattern[str]
    unless: re.Pattern[str] | None
    clauses: int


@dataclass(frozen=True)
class FactRule:
    """Facts that speak against an offer: every named fact has one of the values."""

    rule: Rule
    when: tuple[tuple[str, tuple[str | bool, ...]], ...]


@dataclass(frozen=True)
class Book:
    """The whole of claims.toml, compiled."""

    lookalikes: dict[int, str]
    denied: re.Pattern[str]
    claims: tuple[Claim, ...]
    facts: tuple[FactRule, ...]
    scope: Rule
    diseases: tuple[tuple[str, re.Pattern[str]], ...]


def _load(name: str) -> dict[str, Any]:
    with (root() / "online" / name).open("rb") as file:
        return tomllib.load(file)


def _rule(entry: dict[str, Any]) -> Rule:
    if entry["grade"] not in GRADES:
        raise ValueError(f"claims.toml: {entry['id']} has the grade {entry['grade']}")
    return Rule(
        entry["id"], entry["label"], entry["meaning"], entry["citation"], entry["grade"],
        entry.get("unverified", False),
    )  # fmt: skip


GRADES = {"suspect": "涉嫌违法", "check": "需要核对"}


@cache
def book() -> Book:
    """The rules of screening; ValueError for look-alikes whose sides differ in number or an unknown grade."""
    raw = _load("claims.toml")
    before, after = raw["normalise"]["from"], raw["normalise"]["to"]
    if len(before) != len(after):
        raise ValueError(f"claims.toml: {len(before)} look-alikes for {len(after)} characters")
    denials = sorted(raw["denied"]["words"], key=len, reverse=True)
    claims = tuple(
        Claim(
            _rule(entry), re.compile("|".join(f"(?:{p})" for p in entry["patterns"])),
            re.compile(entry["unless"]) if "unless" in entry else None, entry.get("clauses", 1),
        )
        for entry in raw["claim"]
    )  # fmt: skip
    facts = tuple(
        FactRule(_rule(entry), tuple((name, tuple(values)) for name, values in entry["when"].items()))
        for entry in raw["fact"]
    )
    (scope,) = raw["scope"]
    return Book(
        {ord(old): new for old, new in zip(before, after, strict=True)},
        re.compile(f"(?:{'|'.join(denials)})$"), claims, facts, _rule(scope),
        tuple((word, re.compile(re.escape(word))) for word in scope["words"]),
    )  # fmt: skip


@cache
def labels() -> dict[str, str]:
    """Rule id → label, for filters and figures."""
    known = book()
    rules = [c.rule for c in known.claims] + [known.scope] + [f.rule for f in known.facts]
    return {rule.id: rule.label for rule in rules}


@cache
def number_pattern() -> str:
    """How offers without a number of their own are numbered, with {short}, {year}, {n}."""
    return str(_load("rules.toml")["format"][0]["pattern"])


@cache
def _values() -> dict[str, int]:
    return {entry["id"]: int(entry["value"]) for entry in _load("rules.toml")["value"]}


def longest_claim() -> int:
    """ON-1: how many characters the text of an offer may have."""
    return _values()["ON-1"]


def due_soon_days() -> int:
    """ON-2: how many days before its end a deadline shows under 到期."""
    return _values()["ON-2"]
