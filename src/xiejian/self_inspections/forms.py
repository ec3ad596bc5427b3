"""自查表: the forms, read from packs/self_inspections; their points in part those of the checklists.

A form names its sections in ``order``; ``common/ID`` is a section of common.toml. A section holds points of
its own and takes points from checklists by their ids, so that a report and a visit ask the same thing and
can be held against each other. ``version`` is the digest of all that is asked.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from xiejian.inspections import checklists
from xiejian.inspections.rule_files import read, unusable
from xiejian.kernel import deadlines
from xiejian.kernel.pack_folder import root
from xiejian.kernel.problems import Problem, Refused
from xiejian.registry.models import LINKS, PartyLink
from xiejian.self_inspections.checks import problems

#: How a point is answered.
KINDS = {"conform": "符合、不符合或者不适用", "number": "数字", "text": "文字", "yes_no": "是或者否"}
#: What becomes of a report: handed in by a day, kept for the office to sample, or filled in freely.
DUTIES = {"file": "按期报送", "keep": "形成报告留存备查", "voluntary": "自愿填报"}
#: Numbers of a report that can be held against stored records (self_inspections.stored).
STORED = ("adverse_events", "complaints", "visits", "orders", "failed_samples")
COMMON = "common"
_STATUS = ("checked", "unverified", "design")
_FILES = ("rules", COMMON)


@dataclass(frozen=True)
class FormPoint:
    """自查点. ``checklist``: the list it was taken from, '' for one of the form; ``stored``: of STORED."""

    id: str
    text: str
    answer: str
    citation: str
    unit: str = ""
    optional: bool = False
    key: bool = False
    unverified: bool = False
    stored: str = ""
    checklist: str = ""


@dataclass(frozen=True)
class Section:
    """One page of a form."""

    id: str
    title: str
    points: tuple[FormPoint, ...]


@dataclass(frozen=True)
class Form:
    """自查表 of a link. Empty ``modes``: of every mode. ``deadline``: a rule id, '' for a free form."""

    id: str
    title: str
    link: str
    modes: tuple[str, ...]
    duty: str
    deadline: str
    start: str
    area: str
    sections: tuple[Section, ...]
    version: str = ""

    @property
    def points(self) -> tuple[FormPoint, ...]:
        return tuple(point for section in self.sections for point in section.points)

    def section(self, section_id: str) -> Section | None:
        return next((s for s in self.sections if s.id == section_id), None)

    def fits(self, link: PartyLink) -> bool:
        return self.link == link.link and (not self.modes or link.mode in self.modes)

    def asked(self, facts: Mapping[str, Any]) -> Form:
        """The form with the points that apply to such a party, with a version of its own.

        Sections without any are left out.
        """
        kept = tuple(
            replace(s, points=tuple(p for p in s.points if _applies(p, facts))) for s in self.sections
        )
        return _versioned(replace(self, sections=tuple(s for s in kept if s.points)))


def _applies(point: FormPoint, facts: Mapping[str, Any]) -> bool:
    if not point.checklist:
        return True
    found = checklists.get(point.checklist).point(point.id)
    return found is None or found.applies(facts)


# --- reading -----------------------------------------------------------------------------------------------


def _own_point(name: str, entry: Mapping[str, Any]) -> FormPoint:
    label = f"{name} {entry.get('id', '?')}"
    for field in ("id", "text", "citation"):
        if not entry.get(field):
            raise unusable(label, f"缺少 {field}")
    if entry.get("answer") not in KINDS:
        raise unusable(label, f"answer 应为 {'、'.join(KINDS)} 之一")
    if sum(bool(entry.get(status)) for status in _STATUS) != 1:
        raise unusable(label, f"应当写明 {'、'.join(_STATUS)} 之一")
    if entry.get("stored", "") not in ("", *STORED):
        raise unusable(label, f"stored 应为 {'、'.join(STORED)} 之一")
    known = FormPoint.__dataclass_fields__.keys() - {"checklist"}
    return FormPoint(**{key: value for key, value in entry.items() if key in known})


def _taken(name: str, take: Mapping[str, Iterable[str]]) -> list[FormPoint]:
    found = []
    for checklist_id, wanted in take.items():
        checklist = checklists.checklists().get(checklist_id)
        for point_id in wanted:
            point = checklist.point(point_id) if checklist else None
            if point is None:
                raise unusable(name, f"take 的检查点 {checklist_id}/{point_id} 不存在")
            found.append(
                FormPoint(
                    point.id,
                    point.text,
                    "conform",
                    point.citation,
                    key=point.key,
                    unverified=point.unverified,
                    checklist=checklist_id,
                )
            )
    return found


def _sections(name: str, raw: Mapping[str, Any]) -> dict[str, Section]:
    found = {}
    for entry in raw.get("section", []):
        own = [_own_point(name, point) for point in entry.get("point", [])]
        points = (*own, *_taken(name, entry.get("take", {})))
        found[entry["id"]] = Section(entry["id"], entry["title"], points)
    return found


def _form(name: str, raw: Mapping[str, Any], common: Mapping[str, Section]) -> Form:
    own = _sections(name, raw)
    own |= {f"{COMMON}/{key}": section for key, section in common.items()}
    if unknown := [wanted for wanted in raw.get("order", []) if wanted not in own]:
        raise unusable(name, f"order 中没有这一节：{'、'.join(unknown)}")
    form = Form(
        raw.get("id", ""),
        raw.get("title", ""),
        raw.get("link", ""),
        tuple(raw.get("modes", ())),
        raw.get("duty", ""),
        raw.get("deadline", ""),
        raw.get("start", ""),
        raw.get("area", checklists.AREA),
        tuple(own[wanted] for wanted in raw.get("order", [])),
    )
    _check(name, form)
    return _versioned(form)


def _check(name: str, form: Form) -> None:
    if form.id != name or not form.title or form.link not in LINKS or form.duty not in DUTIES:
        raise unusable(name, "需要与文件名相同的 id、title、环节 link 和 duty")
    for ids in ([point.id for point in form.points], [section.id for section in form.sections]):
        if not ids or len(ids) != len(set(ids)):
            raise unusable(name, "没有自查点或者编号重复")
    if (form.duty == "voluntary") == bool(form.deadline):
        raise unusable(name, "按期报送和留存备查的写明 deadline，自愿填报的不写")
    if form.deadline:
        deadlines.rule(form.deadline)
        started_on(form, dt.MINYEAR)


def _versioned(form: Form) -> Form:
    """With the digest of what is asked; title and dates are not part of it."""
    asked = [asdict(section) for section in form.sections]
    text = json.dumps(asked, ensure_ascii=False, sort_keys=True)
    return replace(form, version=hashlib.sha256(text.encode()).hexdigest()[:12])


def load(folder: Path) -> dict[str, Form]:
    """Every form of a folder by id; Refused (I501) names the file and entry that cannot be used."""
    raw = {path.stem: read(path) for path in sorted(folder.glob("*.toml"))}
    common = _sections(COMMON, raw.get(COMMON, {}))
    return {name: _form(name, entry, common) for name, entry in raw.items() if name not in _FILES}


@cache
def forms() -> dict[str, Form]:
    """The forms that ship with the system."""
    return load(root() / "self_inspections")


def wrong() -> list[Problem]:
    """What is wrong with the shipped forms; read anew, not from memory."""
    try:
        load(root() / "self_inspections")
    except Refused as refused:
        return list(refused.problems)
    return []


def get(form_id: str) -> Form:
    """The form of this id; Refused (SI111) when there is none."""
    if found := forms().get(form_id):
        return found
    raise Refused(problems("SI111", "自查表", form=form_id, known="、".join(forms())))


def for_link(link: PartyLink) -> Form | None:
    """The form that a party fills in for one of its links; None where there is none for it."""
    return next((form for form in forms().values() if form.fits(link)), None)


# --- as plain JSON -----------------------------------------------------------------------------------------


def as_json(form: Form) -> dict[str, Any]:
    """The form as plain JSON, for keeping what was asked."""
    return asdict(form)


def from_json(raw: Mapping[str, Any]) -> Form:
    """The form that ``as_json`` wrote down."""
    sections = tuple(
        Section(s["id"], s["title"], tuple(FormPoint(**point) for point in s["points"]))
        for s in raw["sections"]
    )
    return Form(**{**raw, "modes": tuple(raw["modes"]), "sections": sections})


# --- when --------------------------------------------------------------------------------------------------


def started_on(form: Form, year: int) -> dt.date:
    """The day from which the rule of the form counts for the report of a year."""
    return dt.date.fromisoformat(f"{year:04}-{form.start}")


def due_on(form: Form, year: int) -> dt.date | None:
    """Until when the report of ``year`` is in time, rolled over as the law has it; None for a free form."""
    if not form.deadline:
        return None
    return deadlines.due(form.deadline, started_on(form, year)).due_legal
