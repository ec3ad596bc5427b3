"""本单位补充检查点: what an office asks beyond the checklists that ship; dated, withdrawn, never deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from xiejian.inspections import checklists
from xiejian.inspections.checklists import Point
from xiejian.inspections.checks import check_reason, refuse
from xiejian.inspections.models import OwnPoint
from xiejian.inspections.rule_files import problems
from xiejian.kernel.divisions import TIERS, at_tier, stem
from xiejian.kernel.problems import Problem, Refused
from xiejian.people import audit
from xiejian.people.policy import Actor, require, visible

PERMISSION = "inspections.checklist"
CHAPTER = "本单位补充"


@dataclass(frozen=True)
class Draft:
    """A point as an office writes it down. ``when``: see checklists.POINT_FACTS; empty: for everybody."""

    checklist: str
    text: str
    citation: str
    key: bool = False
    chapter: str = CHAPTER
    when: Mapping[str, Any] = field(default_factory=dict)


def condition(
    *,
    classes: Sequence[str] = (),
    modes: Sequence[str] = (),
    unit_kinds: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> dict[str, Any]:
    """``when`` of a point that all of these limit; what is empty does not limit."""
    given = {"classes": classes, "mode": modes, "unit_kind": unit_kinds, "tags": tags}
    return {fact: list(values) for fact, values in given.items() if values}


# ── reading ───────────────────────────────────────────────────────────────────────────────────────
def chain(office_code: str) -> set[str]:
    """The codes of an office and of the offices above it, up to the nation."""
    return {at_tier(office_code, tier) for tier in TIERS} | {office_code}


def of_offices(offices: Collection[str]) -> QuerySet[OwnPoint]:
    """Every point that the offices or those above them ever asked, upper offices first."""
    codes = {code for office in offices for code in chain(office)}
    return OwnPoint.objects.filter(office_code__in=codes).order_by("office_code", "pk")


def points(rows: Iterable[OwnPoint], checklist: str, office_code: str, on: dt.date) -> list[Point]:
    """Of ``rows`` (of_offices) the points of one checklist that an office asks on a day."""
    asked = chain(office_code)
    return [
        Point(
            id=row.number, chapter=row.chapter, text=row.text, citation=row.citation, key=row.key,
            checked="本单位设定", when=row.when, office=row.office_code,
        )
        for row in rows
        if row.checklist == checklist
        and row.office_code in asked
        and row.from_on <= on < (row.withdrawn_on or dt.date.max)
    ]  # fmt: skip


def listed(
    actor: Actor | None, *, checklist: str = "", withdrawn: bool = False, search: str = ""
) -> QuerySet[OwnPoint]:
    """The points an officer may see: those of the own offices and those that bind them from above.

    ``withdrawn``: those too; ``search``: part of number, text or clause.
    """
    rows = OwnPoint.objects.all()
    if actor is None:
        return rows.none()
    rows = visible(rows, actor) | rows.filter(office_code__in=chain(actor.office_code))
    if checklist:
        rows = rows.filter(checklist=checklist)
    if words := search.strip():
        rows = rows.filter(
            Q(number__icontains=words) | Q(text__icontains=words) | Q(citation__icontains=words)
        )
    return rows if withdrawn else rows.filter(withdrawn_on=None)


# ── writing ───────────────────────────────────────────────────────────────────────────────────────
def check_draft(draft: Draft, where: str = "检查点") -> list[Problem]:
    """What keeps a point from being used; nothing when all is well."""
    found = []
    if draft.checklist not in checklists.checklists():
        known = "、".join(checklists.checklists())
        found.append(problems("I502", where=where, checklist=draft.checklist, known=known))
    for value, label, most in (
        (draft.text, "检查内容", 500), (draft.citation, "依据", 200), (draft.chapter, "章节", 60)
    ):  # fmt: skip
        if not value.strip() or len(value.strip()) > most:
            found.append(problems("I505", where=where, what=label, most=most))
    try:
        checklists.check_when(where, draft.when)
    except Refused as refused:
        found += refused.problems
    return found


def _numbers(offices: Sequence[str]) -> list[str]:
    """The next number for each point, by office: 补<stem>-1, 补<stem>-2 …"""
    last: dict[str, int] = {}
    stored = OwnPoint.objects.filter(office_code__in=set(offices)).values_list("number", flat=True)
    for number in stored:
        start, _, n = number.rpartition("-")
        last[start] = max(last.get(start, 0), int(n))
    found = []
    for office in offices:
        start = f"补{stem(office)}"
        last[start] = last.get(start, 0) + 1
        found.append(f"{start}-{last[start]}")
    return found


def store(entries: Sequence[tuple[Draft, str, dt.date]], by: Actor, at: dt.datetime) -> list[OwnPoint]:
    """Write points, each (draft, office, first day), with their audit entries; inside a transaction."""
    numbers = _numbers([office for _, office, _ in entries])
    rows = [
        OwnPoint(
            number=number, checklist=d.checklist, chapter=d.chapter.strip(), text=d.text.strip(),
            citation=d.citation.strip(), key=d.key, when=dict(d.when), office_code=office,
            from_on=from_on, added_at=at, added_by=by.name,
        )
        for number, (d, office, from_on) in zip(numbers, entries, strict=True)
    ]  # fmt: skip
    OwnPoint.objects.bulk_create(rows)
    facts = ("checklist", "text", "citation", "key", "when", "from_on")
    audit.record_many(
        by=by, at=at, action="add_own_points", subject="own_point",
        entries=[(r.number, r.office_code, {name: getattr(r, name) for name in facts}) for r in rows],
    )  # fmt: skip
    return rows


def still_asked(offices: Collection[str], on: dt.date) -> dict[tuple[str, str], set[str]]:
    """(checklist, text) → offices that ask it on or after a day, for the offices and those above them."""
    rows = of_offices(offices).filter(Q(withdrawn_on=None) | Q(withdrawn_on__gt=on))
    found: dict[tuple[str, str], set[str]] = {}
    for checklist, text, office in rows.values_list("checklist", "text", "office_code"):
        found.setdefault((checklist, text), set()).add(office)
    return found


@transaction.atomic
def add_own_points(
    *, drafts: Sequence[Draft], office_code: str, from_on: dt.date, by: Actor, at: dt.datetime
) -> list[OwnPoint]:
    """Add points to checklists for visits of an office and below, from a day on; all or nothing.

    Refused: unknown checklist (I502), text or clause missing or too long (I505), a condition that cannot
    be read (I501), a point that the office asks already in the same words (I506).
    """
    require(by, PERMISSION, office_code, where="补充检查点")
    refuse(*(check_draft(d, f"第{n}项" if len(drafts) > 1 else "检查点") for n, d in enumerate(drafts, 1)))
    asked = still_asked([office_code], from_on)
    given = [(d.checklist, d.text.strip()) for d in drafts]
    twice = [pair for n, pair in enumerate(given) if pair in asked or pair in given[:n]]
    refuse(problems("I506", where="检查点", text=text) for _, text in twice)
    return store([(draft, office_code, from_on) for draft in drafts], by, at)


@transaction.atomic
def withdraw_own_point(*, point: OwnPoint, on: dt.date, reason: str, by: Actor, at: dt.datetime) -> OwnPoint:
    """Ask a point no longer from a day on; needs a reason. Visits that asked it keep it.

    Refused: withdrawn already (I507), a day before it was asked first (I508).
    """
    row = OwnPoint.objects.select_for_update().get(pk=point.pk)
    require(by, PERMISSION, row.office_code, where=row.number)
    refuse(
        check_reason(reason, "停用理由"),
        [problems("I507", where=row.number, on=row.withdrawn_on)] if row.withdrawn_on else [],
        [problems("I508", where="停用日期", on=on, from_on=row.from_on)] if on < row.from_on else [],
    )
    row.withdrawn_on, row.reason = on, reason.strip()
    row.save(update_fields=["withdrawn_on", "reason"])
    audit.record(
        by=by, at=at, action="withdraw_own_point", subject="own_point", key=row.number,
        office_code=row.office_code, detail={"withdrawn_on": [None, on], "reason": row.reason},
    )  # fmt: skip
    return row
