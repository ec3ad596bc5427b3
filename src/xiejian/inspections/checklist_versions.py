"""Which version of a checklist a visit asks, its text kept for as long as the visit is, and handing it out.

A version is a digest of the text, the office's own points included, so keeping it twice keeps it once.
Devices that work without a network take versions with them and come back with their name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from xiejian.inspections import checklists, judgements, own_points
from xiejian.inspections.checklists import Checklist
from xiejian.inspections.models import ChecklistVersion, Visit
from xiejian.inspections.rule_files import problems
from xiejian.kernel.cells import tag_list
from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.policy import Actor, require
from xiejian.registry.models import Party, PartyLink

Facts = dict[str, Any]


def facts_of(party: Party, link: PartyLink | None, visit: Visit) -> Facts:
    """What decides which points a visit asks: checklists.POINT_FACTS, tags of the register and the visit.

    A matter that the visit was arranged for (开办, 变更, 延续) stays with them.
    """
    found: Facts = {
        "link": visit.link,
        "area": party.area,
        "classes": link.classes if link else "",
        "mode": link.mode if link else "",
        "unit_kind": link.unit_kind if link else "",
        "tags": sorted({*tag_list(visit.tags), *tag_list(link.tags if link else "|")}),
        "stores_for_others": party.stores_for_others,
    }
    return found | ({"matter": visit.facts["matter"]} if visit.facts.get("matter") else {})


def facts_at(visit: Visit) -> Facts:
    """The facts of a visit: as they stood when it began, else as the register has them now."""
    if visit.state != "planned":
        return visit.facts
    return facts_of(visit.party, visit.party.links.filter(link=visit.link).first(), visit)


def asked_by(checklist: Checklist, office_code: str, on: dt.date) -> Checklist:
    """The checklist with the points that the office and those above it add on that day."""
    rows = own_points.of_offices([office_code]).filter(checklist=checklist.id)
    return checklists.with_points(checklist, own_points.points(rows, checklist.id, office_code, on))


def kept(checklist_id: str, version: str) -> Checklist | None:
    """The text of a version that was kept."""
    row = ChecklistVersion.objects.filter(checklist=checklist_id, version=version).first()
    return checklists.from_json(row.content) if row else None


def of_visit(visit: Visit) -> Checklist | None:
    """What the visit asks: the version it began with, before that today's; None without a checklist.

    A visit from before versions were kept shows the present text; ``version`` then differs from its own.
    """
    current = checklists.checklists().get(visit.checklist)
    if current and visit.state == "planned" and visit.planned_on:
        return asked_by(current, visit.office_code, visit.planned_on)
    if not visit.checklist or (current and current.version == visit.checklist_version):
        return current
    return kept(visit.checklist, visit.checklist_version) or current


def versions(actor: Actor | None, checklist_id: str) -> list[tuple[Checklist, dt.datetime]]:
    """The kept versions of a checklist, newest first, with the moment each was kept.

    A version with points of an office that neither binds nor reports to the actor is left out.
    """
    if actor is None:
        return []
    rows = ChecklistVersion.objects.filter(checklist=checklist_id).order_by("-kept_at", "-pk")
    found = [(checklists.from_json(row.content), row.kept_at) for row in rows]
    bound, base = own_points.chain(actor.office_code), stem(actor.office_code)
    return [
        (checklist, at)
        for checklist, at in found
        if all(not p.office or p.office in bound or p.office.startswith(base) for p in checklist.points)
    ]


def keep(found: Iterable[Checklist], at: dt.datetime) -> None:
    """Keep the text of versions; the action that uses them writes the audit entry."""
    ChecklistVersion.objects.bulk_create(
        [
            ChecklistVersion(checklist=c.id, version=c.version, content=checklists.as_json(c), kept_at=at)
            for c in found
        ],
        ignore_conflicts=True,
    )


def for_start(visit: Visit, on: dt.date, version: str, at: dt.datetime) -> Checklist:
    """The version a visit begins with, kept. ``version``: the one a device brought back, '' for today's.

    Refused (I504) for a version that was never handed out.
    """
    found = asked_by(checklists.get(visit.checklist), visit.office_code, on)
    if version and version != found.version:
        brought = kept(visit.checklist, version)
        if brought is None:
            raise Refused(problems("I504", where=visit.number, checklist=visit.checklist, version=version))
        return brought
    keep([found], at)
    return found


@transaction.atomic
def hand_out(*, visits: Sequence[Visit], by: Actor, at: dt.datetime) -> dict[str, Any]:
    """The checklists of visits as JSON for work without a network; every version handed out is kept.

    ``checklists``: "id@version" → checklists.as_json; ``visits``: number → {"checklist": "id@version" or
    "", "facts": {…}}; ``rules``: link → judgement rule for a visit without checklist.
    Needs ``inspections.visit`` for the office of every visit.
    """
    for office in sorted({visit.office_code for visit in visits}):
        require(by, "inspections.visit", office, where="下载检查表")
    links = {
        (row.party_id, row.link): row
        for row in PartyLink.objects.filter(party__in={visit.party_id for visit in visits})
    }
    chosen = _chosen(visits)
    found = {f"{c.id}@{c.version}": c for c in chosen.values()}
    keep(found.values(), at)
    if found:
        audit.record(
            by=by, at=at, action="hand_out_checklists", subject="checklist_version", key="",
            office_code=by.office_code, detail={"versions": sorted(found), "visits": len(visits)},
        )  # fmt: skip
    return {
        "checklists": {key: checklists.as_json(c) for key, c in sorted(found.items())},
        "visits": {
            visit.number: {
                "checklist": f"{chosen[visit.pk].id}@{chosen[visit.pk].version}"
                if visit.pk in chosen
                else "",
                "facts": visit.facts
                if visit.state != "planned"
                else facts_of(visit.party, links.get((visit.party_id, visit.link)), visit),
            }
            for visit in visits
        },
        "rules": {
            link: judgements.as_json(judgements.judgements()[rule])
            for link, rule in judgements.JUDGEMENT_OF_LINK.items()
        },
    }


def _chosen(visits: Sequence[Visit]) -> dict[int, Checklist]:
    """The checklist of each visit, in three queries however many there are."""
    planned = [v for v in visits if v.checklist and v.state == "planned" and v.planned_on]
    begun = [v for v in visits if v.checklist and v.state != "planned"]
    stored = ChecklistVersion.objects.filter(
        checklist__in={v.checklist for v in begun}, version__in={v.checklist_version for v in begun}
    )
    versions = {(row.checklist, row.version): checklists.from_json(row.content) for row in stored}
    own = list(own_points.of_offices({v.office_code for v in planned}))
    merged: dict[tuple[str, str, dt.date], Checklist] = {}
    chosen: dict[int, Checklist] = {}
    for visit in planned:
        assert visit.planned_on is not None
        key = (visit.checklist, visit.office_code, visit.planned_on)
        if key not in merged:
            merged[key] = checklists.with_points(
                checklists.get(visit.checklist), own_points.points(own, *key)
            )
        chosen[visit.pk] = merged[key]
    for visit in begun:
        current = checklists.checklists().get(visit.checklist)
        if found := versions.get((visit.checklist, visit.checklist_version), current):
            chosen[visit.pk] = found
    return chosen
