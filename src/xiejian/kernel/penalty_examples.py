"""Worked fines beside the rules: a conduct, its facts and day, and what must come out.

``packs/*/penalties*.examples.toml``::

    [[example]]
    name = "货值满 10,000 元用倍数"
    key = "P81-3"
    on = 2024-09-01
    facts = { goods_value = "10000" }
    fine = [150000, 300000]          # []: none; refused = "K526": the problem that must come
    source = "penalties 6.4"         # also lighter, ordinary, heavier, persons_fine, ban, says, …

Every rule that computes a fine must have one.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from xiejian.kernel import penalties, penalty_rules
from xiejian.kernel.pack_folder import root
from xiejian.kernel.penalties import Assessment
from xiejian.kernel.problems import Problem, Refused

_NEEDED = ("name", "key", "on", "facts", "source")
#: what must be equal, and what must be among or absent from what was found
_EQUAL = (
    "fine", "lighter", "ordinary", "heavier", "persons_fine", "confiscate", "persons_needs", "no_persons",
    "confiscates_income", "ban", "measures", "may", "unverified", "steps", "exemption", "proposal_fine",
)  # fmt: skip
_AMONG = ("also", "not_also", "conflict", "no_conflict", "says", "not_says")


@dataclass(frozen=True)
class Example:
    """One situation and what must come out; ``refused`` '': it is answered."""

    key: str
    name: str
    on: dt.date | str
    facts: dict[str, Any]
    expected: dict[str, Any]
    refused: str
    source: str


def load(path: Path) -> list[Example]:
    """The examples of one file; Refused with K204 where one cannot be read."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    return [_read(entry, path) for entry in raw.get("example", [])]


def load_all() -> list[Example]:
    """The examples beside the rules of fines."""
    return [e for path in sorted(root().glob("*/penalties*.examples.toml")) for e in load(path)]


def _read(entry: dict[str, Any], path: Path) -> Example:
    wrong = [key for key in _NEEDED if key not in entry]
    wrong += sorted(set(entry) - {*_NEEDED, *_EQUAL, *_AMONG, "refused"})
    expected = {key: entry[key] for key in (*_EQUAL, *_AMONG) if key in entry}
    if wrong or bool(expected) == ("refused" in entry):
        why = f"缺少或不认识 {'、'.join(wrong)}" if wrong else "应写结果或 refused 之一"
        raise Refused(_problem(path.name, entry.get("name", ""), why))
    return Example(
        entry["key"], entry["name"], entry["on"], entry["facts"], expected, entry.get("refused", ""),
        entry["source"],
    )  # fmt: skip


def _problem(where: str, name: str, why: str) -> Problem:
    return penalty_rules.problems("K204", where, name=name, why=why)


def check(example: Example) -> list[Problem]:
    """What does not come out as the example says; nothing when all is well."""
    try:
        found = penalties.assess(example.key, example.facts, example.on)
    except Refused as refused:
        code = refused.first.code
        if code == example.refused:
            return []
        return [
            _problem("penalties", example.name, f"应为 {example.refused or '有结果'}，得到 {refused.first}")
        ]
    if example.refused:
        return [_problem("penalties", example.name, f"应拒绝（{example.refused}）而未拒绝")]
    return [_problem("penalties", example.name, why) for why in _differences(found, example.expected)]


def _differences(found: Assessment, expected: dict[str, Any]) -> list[str]:
    got = _got(found, expected.get("conflict"))
    wrong = [
        f"{key} 应为 {wanted}，算得 {got[key]}"
        for key, wanted in expected.items()
        if key in got and got[key] != wanted
    ]
    said = [reason.meaning for reason in found.reasons]
    conflicts = {c.id for c in found.conflicts}
    holds = {
        "also": lambda wanted: wanted in found.also,
        "not_also": lambda wanted: wanted not in found.also,
        "conflict": lambda wanted: wanted in conflicts,
        "no_conflict": lambda wanted: wanted not in conflicts,
        "says": lambda wanted: any(wanted in text for text in said),
        "not_says": lambda wanted: not any(wanted in text for text in said),
    }
    return wrong + [
        f"{key} 不成立：{wanted}"
        for key, wanted in expected.items()
        if key in holds and not holds[key](wanted)
    ]


def _got(found: Assessment, conflict: str | None) -> dict[str, Any]:
    persons = found.persons
    proposals = {c.id: list(c.fine or ()) for c in found.conflicts}
    return {
        "fine": list(found.fine or ()),
        **{name: list(band) for name, band in found.bands.items()},
        **({} if found.bands else dict.fromkeys(("lighter", "ordinary", "heavier"))),
        "persons_fine": list(persons.fine or ()) if persons else None,
        "confiscate": persons.confiscate if persons else None,
        "persons_needs": persons.needs if persons else None,
        "no_persons": persons is None,
        "confiscates_income": persons.confiscates_income if persons else None,
        "ban": persons.ban if persons else None,
        "measures": list(found.also),
        "may": found.may,
        "unverified": found.unverified,
        "steps": list(found.steps),
        "exemption": ",".join(r.rule for r in found.exemptions),
        "proposal_fine": proposals.get(conflict or ""),
    }


def uncovered(examples: list[Example]) -> list[Problem]:
    """Rules that compute a fine and that no example asks for; items of one article stand for it."""
    rules = [r for versions in penalty_rules.load().rules.values() for r in versions]
    computing = {r.id for r in rules if r.kind == "penalty" and (r.id == r.group or not r.where_else)}
    articles = {r.group for r in rules if r.id != r.group}
    missing = sorted(computing - articles - {example.key for example in examples})
    return [_problem("penalties", rule, "缺少示例") for rule in missing]
