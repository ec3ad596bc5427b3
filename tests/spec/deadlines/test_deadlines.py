"""The time limits against worked cases: the reference's vectors, and the examples beside the pack."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from xiejian.kernel import deadline_examples, deadline_facts, deadlines, workdays
from xiejian.kernel.workdays import Calendar

SPEC = tomllib.loads((Path(__file__).parent / "vectors.toml").read_text(encoding="utf-8"))
TOY = Calendar(dict.fromkeys(SPEC["holidays"], "劳动节"), frozenset(SPEC["make_up"]), frozenset({2023, 2024}))
CASES = [(vector, TOY, "toy") for vector in SPEC["vector"]] + [
    (vector, workdays.build(), "published") for vector in SPEC["vector"] if vector.get("published")
]


@pytest.mark.parametrize(
    ("vector", "calendar"),
    [(vector, calendar) for vector, calendar, _ in CASES],
    ids=[f"{vector['rule']} {vector['name']} ({on})" for vector, _, on in CASES],
)
def test_vector_comes_out(vector, calendar):
    known = deadline_facts.read(vector.get("facts"))
    due = deadlines.due(
        vector["rule"], vector["from"], extensions=known.extensions, stops=known.stops, calendar=calendar
    )
    assert (due.due_strict, due.due_legal) == (vector["due_strict"], vector["due_legal"])
    assert due.opens == vector.get("opens")


EXAMPLES = deadline_examples.load_all()


class TestExamplesBesideThePack:
    @pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.rule} {e.start} {e.name}")
    def test_come_out(self, example):
        assert deadline_examples.check(example) == []

    def test_ask_for_every_rule(self):
        assert deadline_examples.uncovered(EXAMPLES) == []

    def test_are_named_once(self):
        names = [(e.name, e.rule, e.start) for e in EXAMPLES]
        assert len(names) == len(set(names))

    def test_a_wrong_date_is_named(self):
        example = next(e for e in EXAMPLES if e.rule == "RC-1")
        example.expected["due_legal"], kept = "2024-05-07", example.expected["due_legal"]
        found = deadline_examples.check(example)
        example.expected["due_legal"] = kept
        assert "due_legal" in found[0].message
