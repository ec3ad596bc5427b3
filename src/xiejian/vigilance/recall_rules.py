"""What recalls are held to, read from packs/vigilance/recalls.toml: levels, times, lists, sentences."""

from __future__ import annotations

from typing import Any

from xiejian.kernel import deadlines
from xiejian.vigilance.rules import entries

_FILE = "recalls"


def number_pattern(kind: str) -> str:
    """How recalls (``recall``) and orders to recall (``order``) are numbered, with {short}, {year}, {n}."""
    return str(entries(_FILE)["format"][kind]["pattern"])


def levels() -> dict[str, dict[str, Any]]:
    """Level → entry with ``meaning`` and ``announced`` (where it is made public), the gravest first."""
    return entries(_FILE)["level"]


def notify_within(level: str) -> str:
    """The time in which the units must be told, in words: ``1日内``."""
    return f"{deadlines.rule(str(levels()[level]['rule'])).n}日内"


def clock_rule(name: str, level: str = "") -> str:
    """The rule of deadlines.toml for one of a recall's clocks."""
    rules: dict[str, str] = entries(_FILE)["clock"][name]["rules"]
    return rules.get("*") or rules[level]


def clock_label(name: str) -> str:
    return str(entries(_FILE)["clock"][name]["meaning"])


def values(name: str) -> tuple[str, ...]:
    """The words of a list: treatments, defects, demands, told_how, checked_how."""
    return tuple(entries(_FILE)["setting"][name]["values"])


def sample() -> tuple[int, int]:
    """Of a hundred holders, how many are asked whether they were reached; and how many at least."""
    found = entries(_FILE)["setting"]["sample"]
    return int(found["n"]), int(found["least"])


def evaluation() -> dict[str, str]:
    """What an evaluation speaks of: id → label, in the order of the law."""
    return {name: str(entry["label"]) for name, entry in entries(_FILE)["evaluation"].items()}


def say(text: str, **facts: Any) -> str:
    """A standing sentence of the papers, filled in."""
    return str(entries(_FILE)["text"][text]["text"]).format(**facts)
