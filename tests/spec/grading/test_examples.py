"""The worked examples beside the rules: each rule row on both sides of its boundary, read like a commentary.

The situations themselves are in ``packs/*/grading*.examples.toml``; an office can read and add to them.
"""

from __future__ import annotations

import pytest

from party_facts import as_table
from xiejian.kernel import decisions, examples, packs
from xiejian.planning.grading import grade_table

FOUND = examples.load_all()


@pytest.mark.parametrize("example", FOUND, ids=lambda e: f"{e.pack}-{e.name}")
def test_situation_is_decided_as_written(example):
    assert [p.message for p in examples.check(example)] == []


def test_every_rule_is_hit_by_one_situation_and_missed_by_another():
    assert [f"{p.message}" for p in examples.uncovered(FOUND)] == []


def test_every_pack_has_situations():
    assert {example.pack for example in FOUND} == set(packs.known())


def test_every_situation_says_where_its_answer_comes_from():
    assert [example.name for example in FOUND if not example.citation.strip()] == []


@pytest.mark.parametrize("pack_id", packs.known())
def test_situations_are_decided_alike_when_all_are_graded_at_once(pack_id):
    """Every boundary day and value of the situations, through the set-based query."""
    pack = packs.load(pack_id)
    own = [example for example in FOUND if example.pack == pack_id]
    for on in {example.on for example in own}:
        situations = [example for example in own if example.on == on]
        answers = grade_table(pack, as_table([e.facts for e in situations]), on).sort_by("key").to_pylist()
        for example, answer in zip(situations, answers, strict=True):
            single = decisions.grade(pack, example.facts, on)
            assert (answer["level"], answer["rules"]) == (single.level, "、".join(single.rules)), example.name
