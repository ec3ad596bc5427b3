"""Measures: every drawn example holds on DuckDB and on the database itself."""

from __future__ import annotations

from decimal import Decimal

import pytest

from drawn_facts import drawn
from xiejian.figures import definitions, engine, measures
from xiejian.figures.measures import Period

EXAMPLES = [
    pytest.param(measure, example, id=f"{measure.id}-{number}")
    for measure in definitions.measures().values()
    for number, example in enumerate(measure.examples, 1)
]


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["duckdb", "database"])
@pytest.mark.parametrize(("measure", "example"), EXAMPLES)
def test_a_drawn_example_has_its_answer(measure, example, where):
    table = drawn(definitions.fact_table(measure.facts), example["facts"])
    count = measures.count_of(measure, Period(example["from"], example["until"]))

    (whole,) = engine.counts(table, [count], where=where)

    assert measures.finish(measure, whole) == Decimal(str(example["answer"]))
