"""The worked numbers beside the pack come out as written there."""

import tomllib

import pytest

from xiejian.kernel.pack_folder import root
from xiejian.numbers import certificates, judging

BOOK = tomllib.loads((root() / "national" / "numbers.examples.toml").read_text(encoding="utf-8"))
EXAMPLES = BOOK["example"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_an_example_comes_out_as_written(example):
    judged = judging.judge(example["text"], on=BOOK["on"], kind=example.get("asked", ""))
    fields = judged.fields()
    found = {
        "kind": judged.kind,
        "valid": judged.valid,
        "form": judged.form.form if judged.form and judged.valid else None,
        "problem": judged.problem.code if judged.problem else None,
        "fields": {name: fields.get(name) for name in example.get("fields", {})},
    }
    assert found == {
        "kind": example["kind"],
        "valid": example["valid"],
        "form": example.get("form"),
        "problem": example.get("problem"),
        "fields": example.get("fields", {}),
    }


@pytest.mark.parametrize("example", [e for e in EXAMPLES if "key" in e], ids=lambda example: example["name"])
def test_an_example_is_put_right_as_written(example):
    assert judging.judge(example["text"], on=BOOK["on"]).normalised == example["key"]


def test_every_form_has_an_example():
    shown = {
        (judged.form.kind, judged.form.form)
        for judged in (judging.judge(e["text"], on=BOOK["on"]) for e in EXAMPLES)
        if judged.form
    }
    asked = {(form.kind, form.form) for form in certificates.book().forms}
    assert asked - shown == set()


def test_every_problem_with_a_number_has_an_example():
    raw = certificates.book().raw
    named = {entry["problem"] for entry in raw["miss"] + raw["combination"]}
    assert named - {example.get("problem") for example in EXAMPLES} == set()


def test_no_two_examples_have_one_name():
    names = [example["name"] for example in EXAMPLES]
    assert len(names) == len(set(names))
