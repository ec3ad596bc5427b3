"""The worked examples beside the penalty rules: both sides of every boundary, every step of every rule."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from xiejian.kernel import penalties
from xiejian.kernel.pack_folder import root
from xiejian.kernel.penalty_rules import combinations, load
from xiejian.kernel.problems import Refused

EXAMPLES = [
    example
    for path in sorted(root().glob("*/penalties*.examples.toml"))
    for example in tomllib.loads(Path(path).read_text(encoding="utf-8"), parse_float=Decimal)["example"]
]
BOOK = load()
FINED = [e for e in EXAMPLES if "refused" not in e]


def differences(example) -> list[str]:
    """What does not come out as written."""
    found = penalties.assess(example["key"], example["facts"], example["on"])
    persons = found.persons
    said = [reason.meaning for reason in found.reasons]
    conflicts = {c.id: list(c.fine or ()) for c in found.conflicts}
    got = {
        "fine": list(found.fine or ()),
        **{name: list(band) for name, band in found.bands.items()},
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
        "proposal_fine": conflicts.get(example.get("conflict")),
    }
    wrong = [f"{k}: {got[k]} != {example[k]}" for k in got if k in example and got[k] != example[k]]
    inside = {
        "also": example.get("also", found.also[0] if found.also else "") in (*found.also, ""),
        "not_also": example.get("not_also") not in found.also,
        "conflict": example.get("conflict", next(iter(conflicts), None)) in (*conflicts, None),
        "no_conflict": example.get("no_conflict") not in conflicts,
        "says": any(example.get("says", "") in text for text in said),
        "not_says": not any(example["not_says"] in text for text in said) if "not_says" in example else True,
    }
    return wrong + [f"{k} does not hold: {example[k]}" for k, holds in inside.items() if not holds]


@pytest.mark.parametrize("example", FINED, ids=lambda e: f"{e['key']}-{e['name']}")
def test_situation_is_answered_as_written(example):
    assert differences(example) == []


@pytest.mark.parametrize("example", [e for e in EXAMPLES if "refused" in e], ids=lambda e: e["name"])
def test_situation_is_refused_with_its_code(example):
    with pytest.raises(Refused) as refused:
        penalties.assess(example["key"], example["facts"], example["on"])
    assert refused.value.first.code == example["refused"]


def test_there_are_at_least_120():
    assert len({(e["key"], str(e["facts"]), e["on"]) for e in EXAMPLES}) >= 120


def test_every_rule_that_computes_a_fine_has_one():
    computing = {
        r.id for versions in BOOK.rules.values() for r in versions
        if r.kind == "penalty" and (r.id == r.group or not r.where_else)
    }  # fmt: skip
    articles = {r.group for versions in BOOK.rules.values() for r in versions if r.id != r.group}
    assert sorted(computing - articles - {e["key"] for e in EXAMPLES}) == []


def test_every_step_of_every_article_is_reached():
    """Items of one article share their steps: one item that reaches a step shows it for all."""
    missed = []
    for versions in BOOK.rules.values():
        for rule in versions:
            group = [e for e in FINED if BOOK.rules[e["key"]][0].group == rule.group]
            given = [penalties.read_facts(e["facts"], BOOK)[0] for e in group]
            missed += [
                f"{rule.id} {stage.when}"
                for stage in rule.stages
                if rule.id != rule.group and not any(stage.when.holds(facts) for facts in given)
            ]
    assert missed == []


def test_both_sides_of_every_bracket_are_shown():
    missed = []
    for versions in BOOK.rules.values():
        for rule in (r for r in versions if r.stages and r.kind == "penalty"):
            values = {
                (stage.base, penalties.read_facts(e["facts"], BOOK)[0].get(stage.base))
                for e in FINED
                if BOOK.rules[e["key"]][0].group == rule.group
                for stage in rule.stages
            }
            for stage in rule.stages:
                for bracket in stage.brackets:
                    sides = [] if bracket.below is None else [bracket.below - penalties.FEN, bracket.below]
                    missed += [f"{rule.id} {side}" for side in sides if (stage.base, side) not in values]
    assert missed == []


def test_every_example_names_its_source():
    assert [e["name"] for e in EXAMPLES if not e["source"].strip()] == []


def test_names_are_not_used_twice_for_one_rule():
    names = [(e["key"], e["name"]) for e in EXAMPLES]
    assert sorted({n for n in names if names.count(n) > 1}) == []


def test_combinations_respect_that_refusing_is_not_correcting():
    (rule,) = BOOK.rules["P84-1"]
    assert all(c["not_corrected"] for c in combinations(rule, BOOK) if c["refused"])
