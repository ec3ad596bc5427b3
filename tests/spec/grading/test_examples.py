"""The worked examples beside the rules: each rule row on both sides of its boundary, read like a commentary.

The situations themselves are in ``packs/*/grading*.examples.toml``; an office can read and add to them.
"""

from __future__ import annotations

import pytest

from xiejian.kernel import examples, packs

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
