"""What a firm has answered: read, counted, held to be complete. Pure: forms and plain JSON in, facts out.

Answers are ``{point id: {"answer": …, "note": …}}``: for ``conform`` one of JUDGED, for ``yes_no`` "yes" or
"no", for ``number`` a whole number, for ``text`` the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xiejian.kernel.problems import Problem
from xiejian.self_inspections.checks import check_length, problems
from xiejian.self_inspections.forms import KINDS, Form, FormPoint, Section

Answers = Mapping[str, Mapping[str, Any]]
CONFORM, NOT_CONFORM, NOT_APPLICABLE = "conform", "not_conform", "not_applicable"
JUDGED = {CONFORM: "符合", NOT_CONFORM: "不符合", NOT_APPLICABLE: "不适用"}
YES_NO = {"yes": "是", "no": "否"}
#: what a refusal names before it only counts
_NAMED = 3
_LARGEST = 10_000_000


@dataclass(frozen=True)
class Progress:
    """How far a form, or a section of it, is filled in. ``asked``: the points that must be answered."""

    asked: int
    answered: int

    @property
    def percent(self) -> int:
        return 100 * self.answered // self.asked if self.asked else 100

    @property
    def complete(self) -> bool:
        return self.answered >= self.asked


def read(point: FormPoint, given: Mapping[str, Any], limit: int) -> tuple[dict[str, Any], list[Problem]]:
    """One answer as it is stored; empty where nothing was said. SI102, SI202."""
    note = str(given.get("note") or "").strip()
    raw = given.get("answer")
    wrong = [*check_length(note, "说明", limit)]
    stored: dict[str, Any] = {"note": note} if note else {}
    if raw is None or str(raw).strip() == "":
        return stored, wrong
    value = _value(point, str(raw).strip())
    if value is None:
        wrong.append(problems("SI202", point.text[:40], given=str(raw)[:40], kind=KINDS[point.answer]))
    elif point.answer == "text":
        wrong += check_length(str(value), point.text[:40], limit)
    return ({**stored, "answer": value} if value is not None else stored), wrong


def _value(point: FormPoint, text: str) -> str | int | None:
    if point.answer == "number":
        return int(text) if text.isascii() and text.isdecimal() and int(text) <= _LARGEST else None
    if point.answer == "text":
        return text
    return text if text in (JUDGED if point.answer == "conform" else YES_NO) else None


def answered(point: FormPoint, answers: Answers) -> bool:
    return answers.get(point.id, {}).get("answer") not in (None, "")


def progress(part: Form | Section, answers: Answers) -> Progress:
    """How many of the points that must be answered are."""
    asked = [point for point in part.points if not point.optional]
    return Progress(len(asked), sum(answered(point, answers) for point in asked))


def nonconform(form: Form, answers: Answers) -> list[FormPoint]:
    """The points that the firm itself found not to conform."""
    return [p for p in form.points if answers.get(p.id, {}).get("answer") == NOT_CONFORM]


def unanswered(form: Form, answers: Answers) -> list[FormPoint]:
    return [p for p in form.points if not p.optional and not answered(p, answers)]


def unexplained(form: Form, answers: Answers) -> list[FormPoint]:
    """Points found not to conform without a word on what was found and what is done about it."""
    return [p for p in nonconform(form, answers) if not answers[p.id].get("note")]


def check_complete(form: Form, answers: Answers) -> list[Problem]:
    """What keeps the form from being filed: SI203, SI204."""
    found = []
    for code, points in (("SI203", unanswered(form, answers)), ("SI204", unexplained(form, answers))):
        if points:
            named = "、".join(p.text[:20] for p in points[:_NAMED]) + ("等" if len(points) > _NAMED else "")
            found.append(problems(code, count=len(points), points=named))
    return found


def shown(point: FormPoint, answers: Answers) -> str:
    """The answer in words; '' where there is none."""
    value = answers.get(point.id, {}).get("answer")
    if value in (None, ""):
        return ""
    if point.answer == "number":
        return f"{value} {point.unit}".strip()
    return {**JUDGED, **YES_NO}.get(str(value), str(value)) if point.answer != "text" else str(value)
