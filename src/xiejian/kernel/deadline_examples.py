"""Worked time limits beside the rules: a start, its facts, and the dates that must come out.

``packs/*/deadlines.examples.toml``::

    pack = "deadlines"
    [[example]]
    name = "九十日：检验二十日不计入"
    rule = "CS-11"
    from = "2024-01-31"
    stops = [{ from = "2024-03-01", to = "2024-03-20" }]   # also extensions, received_on
    due_strict = "2024-05-20"                                # "": no due date
    due_legal = "2024-05-20"
    citation = "…"                                           # also opens, applied, provisional

Every rule must have one.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xiejian.kernel import deadline_rules, deadlines
from xiejian.kernel.deadline_facts import problems
from xiejian.kernel.pack_folder import root
from xiejian.kernel.problems import Problem, Refused

_FACTS = ("extensions", "stops", "received_on")
_EXPECTED = ("due_strict", "due_legal", "opens", "applied", "provisional")
_NEEDED = ("name", "rule", "from", "due_strict", "due_legal", "citation")


@dataclass(frozen=True)
class Example:
    """One situation and what must come out."""

    name: str
    rule: str
    start: str
    facts: dict[str, Any]
    expected: dict[str, Any]
    citation: str


def load(path: Path) -> list[Example]:
    """The examples of one file; Refused with K204 where one cannot be read."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return [_read(entry, path) for entry in raw.get("example", [])]


def load_all() -> list[Example]:
    """The examples beside the time limits."""
    return [e for path in sorted(root().glob("*/deadlines.examples.toml")) for e in load(path)]


def _read(entry: dict[str, Any], path: Path) -> Example:
    wrong = [key for key in _NEEDED if key not in entry]
    wrong += sorted(set(entry) - {*_NEEDED, *_FACTS, *_EXPECTED})
    if wrong:
        why = f"缺少或不认识 {'、'.join(wrong)}"
        raise Refused(problems("K204", path.name, name=entry.get("name", ""), why=why))
    return Example(
        entry["name"],
        entry["rule"],
        entry["from"],
        {key: entry[key] for key in _FACTS if key in entry},
        {"applied": entry["rule"], "provisional": False, "opens": ""}
        | {key: entry[key] for key in _EXPECTED if key in entry},
        entry["citation"],
    )


def check(example: Example) -> list[Problem]:
    """What does not come out as the example says; nothing when all is well."""
    try:
        found = deadlines.answer(example.rule, example.start, example.facts)
    except Refused as refused:
        return [problems("K204", "deadlines", name=example.name, why=str(refused.first))]
    wrong = [
        f"{key} 应为 {wanted or '无'}，算得 {found[key] or '无'}"
        for key, wanted in example.expected.items()
        if (found[key] or "") != (wanted or "")
    ]
    return [problems("K204", "deadlines", name=example.name, why=why) for why in wrong]


def uncovered(examples: list[Example]) -> list[Problem]:
    """Rules that no example asks for."""
    seen = {example.rule for example in examples}
    missing = [rule for rule in deadline_rules.load().rules if rule not in seen]
    return [problems("K204", "deadlines", name=rule, why="缺少示例") for rule in missing]
