"""Worked numbers beside the forms: a text as found somewhere, and what must be said of it.

``packs/national/numbers.examples.toml``, judged as on the file's ``on``::

    [[example]]
    name = "国械注准写第一类"
    text = "国械注准20231130001"
    kind = "device_registration"
    valid = false
    problem = "N123"                 # also form, fields (those named), key (put right), asked (kind)
    citation = "…"

Every form and every problem of a number must have one.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.numbers import certificates, judging

_COMPARED = ("kind", "valid", "form", "problem")


@dataclass(frozen=True)
class Example:
    """One text and what must be said of it; ``key`` '': not asserted."""

    name: str
    text: str
    asked: str
    on: dt.date
    expected: dict[str, Any]
    fields: dict[str, Any]
    key: str
    citation: str


@cache
def load_all() -> tuple[Example, ...]:
    """The examples beside the forms; KeyError where one lacks what every one needs."""
    raw = tomllib.loads(certificates.examples_path().read_text(encoding="utf-8"))
    return tuple(
        Example(
            e["name"], e["text"], e.get("asked", ""), raw["on"],
            {"kind": e["kind"], "valid": e["valid"], "form": e.get("form"), "problem": e.get("problem")},
            e.get("fields", {}), e.get("key", ""), e["citation"],
        )
        for e in raw["example"]
    )  # fmt: skip


def form_of(example: Example) -> str:
    """The form that answers it, as ``kind.form``; '' where none does."""
    form = _judged(example).form
    return f"{form.kind}.{form.form}" if form else ""


def _judged(example: Example) -> judging.Judged:
    return judging.judge(example.text, on=example.on, kind=example.asked)


def wrong(example: Example) -> list[str]:
    """What does not come out as the example says; nothing when all is well."""
    judged = _judged(example)
    got = {
        "kind": judged.kind,
        "valid": judged.valid,
        "form": judged.form.form if judged.form and judged.valid else None,
        "problem": judged.problem.code if judged.problem else None,
    }
    fields = judged.fields()
    found = [(key, example.expected[key], got[key]) for key in _COMPARED]
    found += [(name, wanted, fields.get(name)) for name, wanted in example.fields.items()]
    found += [("key", example.key, judged.normalised)] if example.key else []
    return [f"{name} 应为 {wanted}，得到 {said}" for name, wanted, said in found if wanted != said]


def uncovered() -> list[str]:
    """Forms and problems of numbers that no example shows."""
    forms = {f"{form.kind}.{form.form}" for form in certificates.book().forms}
    shown = {form_of(example) for example in load_all()}
    raw = certificates.book().raw
    named = {entry["problem"] for entry in raw["miss"] + raw["combination"]}
    met = {example.expected["problem"] for example in load_all()}
    return sorted(forms - shown) + sorted(named - met)
