"""A form field for a number that can be judged: the judgement appears beside it while typing.

``NumberField(kind="uscc", label=…)`` is a text field whose widget asks ``/check/number/`` by htmx and shows
the answer below. Without JavaScript it is a plain text field, and the action refuses what it must.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from xiejian.kernel import divisions
from xiejian.numbers import certificates, judging, udi
from xiejian.numbers.udi_record import book

#: besides the kinds of ``judging.kinds()``: a device code, or any kind of number (found by its writing)
UDI, ANY = "udi", ""
#: what stands between several numbers in one field
_BETWEEN = re.compile(r"[、,，;；\n]+")
#: numbers of one field that are judged; the form's action reads all of them
MOST = 10
#: parts that a person checks with a look; the rest is on the page 编号核验
SHOWN = 4
_UDI_PARTS = {
    "di": "产品标识",
    "lot": "批号",
    "serial": "序列号",
    "made_on": "生产日期",
    "expires_on": "失效日期",
}


@dataclass(frozen=True)
class Verdict:
    """What stands below the field for one number: kind, main parts, what was put right, what is wrong."""

    text: str
    good: bool
    label: str
    parts: list[tuple[str, str]]
    changes: list[str]
    problem: str = ""
    next: str = ""
    notes: tuple[str, ...] = ()


def kinds() -> list[str]:
    """Every kind that a field may name."""
    return [ANY, UDI, *judging.kinds()]


def verdicts(text: str, kind: str, on: dt.date) -> list[Verdict]:
    """The judgement of what stands in a field, one per number; never raises for any text."""
    if not text.strip():
        return []
    if kind == UDI:
        return [_device(text, on)]
    return [_number(one.strip(), kind, on) for one in _BETWEEN.split(text)[:MOST] if one.strip()]


def _number(text: str, kind: str, on: dt.date) -> Verdict:
    judged = judging.judge(text, on=on, kind=kind)
    fields = judged.fields(divisions.full_name)
    # a code that has its plain word beside it says nothing more
    told = [(name, value) for name, value in fields.items() if value != "" and f"{name}_name" not in fields]
    # words before what can be read off the number itself
    told.sort(key=lambda entry: str(entry[1]) in judged.normalised)
    parts = [(judging.field_label(name), _said(value)) for name, value in told]
    return Verdict(
        text=judged.normalised,
        good=judged.valid,
        label=(
            judged.form.label if judged.form else certificates.label(judged.meant) if judged.meant else ""
        ),
        parts=parts[:SHOWN],
        changes=[f"{before} → {after}（{why}）" for before, after, why in judged.changes],
        problem=judged.problem.message if judged.problem else "",
        next=judged.problem.next if judged.problem else "",
        notes=judged.notes if judged.valid else (),  # what to do says it already
    )


def _said(value: object) -> str:
    return {True: "是", False: "否"}[value] if isinstance(value, bool) else str(value)


def _device(text: str, on: dt.date) -> Verdict:
    code = udi.read(text, on=on)
    agency = book().agencies.get(code.agency)
    parts = [(label, str(value)) for name, label in _UDI_PARTS.items() if (value := getattr(code, name))]
    return Verdict(
        text=text.replace("\x1d", "␝"),
        good=code.valid,
        label=agency.label if agency else "",
        parts=parts,
        changes=[],
        problem=code.problem.message if code.problem else "",
        next=code.problem.next if code.problem else "",
        notes=code.notes,
    )


class NumberInput(forms.TextInput):
    """A text input that asks for the judgement of what is typed, and the place where it appears."""

    def __init__(self, kind: str, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {"class": "form-control", "autocomplete": "off", "spellcheck": "false"} | (attrs or {})
        )
        self.kind = kind

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        address = f"{reverse('number_check')}?{urlencode({'kind': self.kind, 'field': name})}"
        asks = {
            "hx-get": address,
            "hx-trigger": "input changed delay:400ms, change",
            "hx-target": "next .number-check",
            "hx-sync": "this:replace",
        }
        field = super().render(name, value, {**(attrs or {}), **asks}, renderer)
        return format_html('{}<div class="number-check" aria-live="polite"></div>', field)


class NumberField(forms.CharField):
    """A credit code (``uscc``), a certificate number of one kind or of any (ANY), a device code (UDI)."""

    def __init__(self, *, kind: str = ANY, attrs: dict[str, Any] | None = None, **more: Any) -> None:
        if kind not in kinds():
            raise ValueError(f"no such kind of number: {kind}")
        super().__init__(widget=NumberInput(kind, attrs), **more)
