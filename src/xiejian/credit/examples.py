"""Worked evaluations beside the rules: the facts of a period, and the grade and rules that must come out.

``packs/national/credit.examples.toml``::

    [[example]]
    name = "一次罚款，恰为十万元"
    facts = { penalties = 1, penalty_fen = 10000000 }   # ids of credit.rules.FACTS; left out: 0
    grade = "C"
    rules = ["QC-C4", "QC-B1"]                           # every rule that holds, worst first
    citation = "…"

Every rule must be among those of one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xiejian.credit import rules
from xiejian.kernel import packs
from xiejian.kernel.pack_folder import root
from xiejian.kernel.problems import Problem, Refused

PACK = "national-credit"
_KEYS = {"name", "facts", "grade", "rules", "citation"}


@dataclass(frozen=True)
class Example:
    """One situation and what must come out."""

    name: str
    facts: Mapping[str, int]
    grade: str
    rules: tuple[str, ...]
    citation: str


def _wrong(name: str, why: str) -> Problem:
    return packs.problems("K204", PACK, name=name, why=why)


def load_all() -> list[Example]:
    """The examples beside the rules that ship; Refused (K204) names the one that cannot be read."""
    with (root() / "national" / "credit.examples.toml").open("rb") as file:
        entries = tomllib.load(file)["example"]
    for entry in entries:
        name = entry.get("name", "?")
        if set(entry) != _KEYS:
            raise Refused(_wrong(name, f"缺少或不认识 {'、'.join(sorted(set(entry) ^ _KEYS))}"))
        if unknown := set(entry["facts"]) - set(rules.FACTS):
            raise Refused(_wrong(name, f"没有事实 {'、'.join(sorted(unknown))}"))
    return [Example(e["name"], e["facts"], e["grade"], tuple(e["rules"]), e["citation"]) for e in entries]


def check(example: Example) -> list[Problem]:
    """What does not come out as the example says; nothing when all is well."""
    grade, held = rules.evaluate(example.facts)
    pairs = [
        ("等级", example.grade, grade),
        ("规则", "、".join(example.rules), "、".join(rule.id for rule in held)),
    ]
    return [
        _wrong(example.name, f"{what}应为 {wanted or '无'}，算得 {found or '无'}")
        for what, wanted, found in pairs
        if wanted != found
    ]


def uncovered(found: Sequence[Example]) -> list[Problem]:
    """Rules that no example shows."""
    shown = {rule for example in found for rule in example.rules}
    return [_wrong(rule, "缺少示例") for rule in rules.grade_rules() if rule not in shown]
