"""The worked numbers beside the pack come out as written there."""

import dataclasses

import pytest

from xiejian.numbers import examples

EXAMPLES = examples.load_all()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_comes_out_as_written(example):
    assert examples.wrong(example) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expected", {"kind": "uscc", "valid": True, "form": None, "problem": None}),
        ("fields", {"year": "0"}),
        ("key", "x"),
    ],
)
def test_an_example_that_does_not_hold_is_told(field, value):
    assert examples.wrong(dataclasses.replace(EXAMPLES[0], **{field: value})) != []


def test_every_form_and_every_problem_has_an_example():
    assert examples.uncovered() == []


def test_no_two_examples_have_one_name():
    names = [example.name for example in EXAMPLES]
    assert len(names) == len(set(names))
