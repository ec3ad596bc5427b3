"""Worked judgements beside the rules: what was found, and the conclusion that must come out.

``packs/inspections/judgements.examples.toml``::

    [[example]]
    name = "许可核查：一般项目不符合恰为百分之十"
    rule = "J-4"
    kind = "许可核查"               # also matter
    on = 2024-03-05
    key_failed = 0                  # also general_failed, severe: how many
    general_points = 20             # general points of the checklist, of them not_applicable
    row = "J-4c"
    conclusion = "限期整改"
    due = 2024-04-04                # the day that the row's source names; left out: none
    unverified = true               # left out: false
    citation = "…"

    [[example]]                     # the re-check after a row
    name = "…"
    rule = "J-2"
    after = "J-3c"                  # also late, failing
    row = "J-3d-1"
    result = "未通过"
    citation = "…"

Every row of every rule must be the answer of one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xiejian.inspections import judgements
from xiejian.inspections.judgements import Judgement, JudgementRow, RecheckRow, Tally
from xiejian.inspections.rule_files import problems, read, unusable
from xiejian.kernel.pack_folder import root
from xiejian.kernel.problems import Problem

_FOUND = {"kind", "matter", "on", "key_failed", "general_failed", "severe", "general_points",
          "not_applicable", "conclusion", "due", "unverified"}  # fmt: skip
_AFTER = {"after", "late", "failing", "result"}
_ALWAYS = {"name", "rule", "row", "citation"}


@dataclass(frozen=True)
class Example:
    """One situation and what must come out; ``given`` as it stands in the file."""

    name: str
    rule: str
    row: str
    citation: str
    given: Mapping[str, Any]


def load(path: Path) -> list[Example]:
    """The examples of one file; Refused (I501) names the one that cannot be read."""
    return [_read(entry) for entry in read(path).get("example", [])]


def load_all() -> list[Example]:
    """The examples beside the rules that ship."""
    return load(root() / "inspections" / "judgements.examples.toml")


def _read(entry: Mapping[str, Any]) -> Example:
    allowed = _ALWAYS | (_AFTER if "after" in entry else _FOUND)
    needed = _ALWAYS | ({"result"} if "after" in entry else {"on", "conclusion"})
    if wrong := sorted((needed - set(entry)) | (set(entry) - allowed)):
        raise unusable(f"示例 {entry.get('name', '?')}", f"缺少或不认识 {'、'.join(wrong)}")
    return Example(entry["name"], entry["rule"], entry["row"], entry["citation"], dict(entry))


def counted(given: Mapping[str, Any]) -> Tally:
    """The findings that an example describes, counted as those of a visit are."""
    key_failed, general_failed = given.get("key_failed", 0), given.get("general_failed", 0)
    severe, spared = given.get("severe", 0), given.get("not_applicable", 0)
    conform = given.get("general_points", general_failed + spared) - general_failed - spared
    failed = [(f"k{n}", "not_conform") for n in range(key_failed)]
    failed += [(f"g{n}", "not_conform") for n in range(general_failed)]
    found = [(point, state, n < severe) for n, (point, state) in enumerate(failed)]
    found += [(f"n{n}", "not_applicable", False) for n in range(spared)]
    found += [(f"c{n}", "conform", False) for n in range(conform)]
    keys = [point for point, _, _ in found if point.startswith("k")]
    return judgements.tally(keys, given.get("kind", ""), found, given.get("matter", ""))


def answer(example: Example, rule: Judgement) -> JudgementRow | RecheckRow | None:
    """The row that the rule answers with."""
    given = example.given
    if "after" in given:
        return rule.recheck(given["after"], late=given.get("late", False), failing=given.get("failing", 0))
    return rule.of(counted(given), given["on"])


def check(example: Example) -> list[Problem]:
    """What does not come out as the example says; nothing when all is well."""
    rule = judgements.judgements().get(example.rule)
    if rule is None:
        return [_wrong(example.name, f"没有判定规则 {example.rule}")]
    row = answer(example, rule)
    if row is None:
        return [_wrong(example.name, "没有复查规则")]
    given = example.given
    pairs: list[tuple[str, Any, Any]] = [("判定行", example.row, row.id)]
    if isinstance(row, RecheckRow):
        pairs.append(("复查结论", given["result"], row.result))
    else:
        due: dt.date | None = judgements.suggested_due(row, given["on"])
        pairs += [
            ("结论", given["conclusion"], row.conclusion),
            ("整改期限", given.get("due"), due),
            ("未核实", given.get("unverified", False), row.unverified),
        ]
    return [
        _wrong(example.name, f"{what} 应为 {wanted or '无'}，算得 {found or '无'}")
        for what, wanted, found in pairs
        if wanted != found
    ]


def uncovered(examples: list[Example]) -> list[Problem]:
    """Rows that answer no example."""
    rules = judgements.judgements()
    reached = {(e.rule, _place(rules[e.rule], answer(e, rules[e.rule]))) for e in examples if e.rule in rules}
    return [
        _wrong(f"{rule.id} {row.id}", f"缺少示例：{row.meaning}")
        for rule in rules.values()
        for place, row in _rows(rule)
        if (rule.id, place) not in reached
    ]


def _rows(rule: Judgement) -> Iterator[tuple[str, JudgementRow | RecheckRow]]:
    yield from ((f"row{n}", row) for n, row in enumerate(rule.rows))
    yield from ((f"recheck{n}", row) for n, row in enumerate(rule.rechecks))


def _place(rule: Judgement, answered: JudgementRow | RecheckRow | None) -> str:
    """Where a row stands in its rule: several rows may share one id of the reference."""
    same = (
        place
        for place, row in _rows(rule)
        if type(row) is type(answered) and answered and (row.id, row.when) == (answered.id, answered.when)
    )
    return next(same, "")


def _wrong(name: str, why: str) -> Problem:
    return problems("I509", "judgements", name=name, why=why)
