"""The worked examples beside the penalty rules: both sides of every boundary, every step of every rule."""

from __future__ import annotations

import dataclasses

import pytest

from xiejian.kernel import penalties, penalty_examples
from xiejian.kernel.penalty_rules import combinations, load

EXAMPLES = penalty_examples.load_all()
BOOK = load()
FINED = [e for e in EXAMPLES if not e.refused]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.key}-{e.name}")
def test_situation_is_answered_or_refused_as_written(example):
    assert penalty_examples.check(example) == []


@pytest.mark.parametrize(
    "expected",
    [{"fine": [1, 2]}, {"also": "没有的措施"}, {"says": "没有的话"}, {"conflict": "CF-0"}, {"ban": "x"}],
)
def test_an_example_that_does_not_hold_is_told(expected):
    assert penalty_examples.check(dataclasses.replace(FINED[0], expected=expected)) != []


def test_an_example_refused_otherwise_is_told():
    refused = next(e for e in EXAMPLES if e.refused)
    assert penalty_examples.check(dataclasses.replace(refused, refused="K999")) != []


def test_an_answer_that_should_have_been_refused_is_told():
    assert penalty_examples.check(dataclasses.replace(FINED[0], refused="K526")) != []


def test_there_are_at_least_120():
    assert len({(e.key, str(e.facts), e.on) for e in EXAMPLES}) >= 120


def test_every_rule_that_computes_a_fine_has_one():
    assert penalty_examples.uncovered(EXAMPLES) == []


def test_every_step_of_every_article_is_reached():
    """Items of one article share their steps: one item that reaches a step shows it for all."""
    missed = []
    for versions in BOOK.rules.values():
        for rule in versions:
            group = [e for e in FINED if BOOK.rules[e.key][0].group == rule.group]
            given = [penalties.read_facts(e.facts, BOOK)[0] for e in group]
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
                (stage.base, penalties.read_facts(e.facts, BOOK)[0].get(stage.base))
                for e in FINED
                if BOOK.rules[e.key][0].group == rule.group
                for stage in rule.stages
            }
            for stage in rule.stages:
                for bracket in stage.brackets:
                    sides = [] if bracket.below is None else [bracket.below - penalties.FEN, bracket.below]
                    missed += [f"{rule.id} {side}" for side in sides if (stage.base, side) not in values]
    assert missed == []


def test_every_example_names_its_source():
    assert [e.name for e in EXAMPLES if not e.source.strip()] == []


def test_names_are_not_used_twice_for_one_rule():
    names = [(e.key, e.name) for e in EXAMPLES]
    assert sorted({n for n in names if names.count(n) > 1}) == []


def test_combinations_respect_that_refusing_is_not_correcting():
    (rule,) = BOOK.rules["P84-1"]
    assert all(c["not_corrected"] for c in combinations(rule, BOOK) if c["refused"])
