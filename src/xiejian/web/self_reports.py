"""A self-inspection as pages show it, to the office and to the firm alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xiejian.inspections.models import Evidence
from xiejian.self_inspections import answers as reading
from xiejian.self_inspections.answers import Answers, Progress
from xiejian.self_inspections.contradictions import Contradiction
from xiejian.self_inspections.forms import Form, FormPoint, Section
from xiejian.self_inspections.models import PointPhoto, SelfInspection

TONES = {
    "draft": "secondary", "filed": "azure", "returned": "orange", "amending": "orange", "accepted": "green",
}  # fmt: skip
STANDING_TONES = {
    "missing": "red", "late": "orange", "open": "azure", "filed": "green", "kept": "green",
    "not_kept": "secondary",
}  # fmt: skip
_ANSWER_TONES = {reading.CONFORM: "green", reading.NOT_CONFORM: "orange"}


@dataclass(frozen=True)
class ShownPoint:
    """One point with its answer in words, that of the year before, photos and what speaks against it."""

    point: FormPoint
    value: object
    words: str
    note: str
    tone: str
    before: str
    photos: list[Evidence]
    against: list[Contradiction]
    open: bool


@dataclass(frozen=True)
class ShownSection:
    """One section with how far it is filled in."""

    section: Section
    progress: Progress
    points: list[ShownPoint]


def shown(
    form: Form,
    answers: Answers,
    *,
    before: SelfInspection | None = None,
    photos: Iterable[PointPhoto] = (),
    against: Iterable[Contradiction] = (),
) -> list[ShownSection]:
    """The sections of a form with their answers; ``before``: the report of the year before."""
    at_point: dict[str, list[Evidence]] = {}
    for photo in photos:
        at_point.setdefault(photo.point, []).append(photo.evidence)
    marks: dict[str, list[Contradiction]] = {}
    for mark in against:
        marks.setdefault(mark.point, []).append(mark)
    earlier: Answers = before.answers if before else {}
    return [
        ShownSection(
            section,
            reading.progress(section, answers),
            [
                _point(point, answers, earlier, at_point.get(point.id, []), marks.get(point.id, []))
                for point in section.points
            ],
        )
        for section in form.sections
    ]


def _point(
    point: FormPoint, answers: Answers, earlier: Answers, photos: list[Evidence], against: list[Contradiction]
) -> ShownPoint:
    given = answers.get(point.id, {})
    value = given.get("answer", "")
    return ShownPoint(
        point, value, reading.shown(point, answers), str(given.get("note", "")),
        _ANSWER_TONES.get(str(value), "secondary"), reading.shown(point, earlier), photos, against,
        not point.optional and not reading.answered(point, answers),
    )  # fmt: skip
