"""The phones of the demo: two inspectors of a station, two visits without a network, one disagreement."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from xiejian.cli.demo.accounts import Staffed, moment
from xiejian.cli.demo.living import picture
from xiejian.inspections import checklist_versions, checklists
from xiejian.inspections.models import Visit
from xiejian.offline import actions, files
from xiejian.offline.models import Device
from xiejian.people.models import Officer
from xiejian.people.policy import Actor

CAPTION = "陈列区"


class _Phone:
    """A phone that makes its events the way the page does."""

    def __init__(self, staffed: Staffed, officer: Officer) -> None:
        self.today, self.by = staffed.today, Actor.of(officer)
        registered = moment(self.today - timedelta(days=30))
        self.device = actions.register_device(
            officer=officer, name=f"{officer.name}的手机", by=self.by, at=registered
        )
        self.made: dict[int, list[actions.Given]] = defaultdict(list)

    def note(self, visit: Visit, kind: str, **payload: Any) -> None:
        """One event of a visit, three minutes after the one before."""
        earlier = self.made[visit.pk]
        at = moment(self.today, hour=2) + timedelta(minutes=3 * len(earlier))
        name = f"{self.by.username} {visit.number} {len(earlier)}"
        earlier.append(
            actions.Given(
                uuid.uuid5(uuid.NAMESPACE_URL, name), str(visit.pk), len(earlier) + 1, kind, payload, at
            )
        )

    def start(self, visit: Visit) -> list[checklists.Point]:
        """The beginning, and the points that the visit asks."""
        asked = checklist_versions.of_visit(visit)
        facts = {"checklist": visit.checklist, "checklist_version": asked.version if asked else ""}
        self.note(visit, "start_visit", on=str(self.today), persons=2, **facts)
        known = checklist_versions.facts_at(visit)
        return list(asked.asked(known)) if asked else []

    def answer(self, visit: Visit, points: Sequence[checklists.Point], conform: bool = True) -> None:
        """The same answer to points: all conform, or none."""
        entries = [
            {
                "point": point.id, "state": "conform" if conform else "not_conform",
                "fact": "" if conform else f"未达到“{point.text[:60]}”的要求", "severe": False, "known": None,
            }
            for point in points
        ]  # fmt: skip
        self.note(visit, "record_findings", entries=entries)

    def photograph(self, visit: Visit) -> None:
        content = picture(visit.number)
        digest = hashlib.sha256(content).hexdigest()
        files.take_piece(self.device, digest, start=0, total=len(content), piece=content)
        self.note(
            visit, "attach_evidence", sha256=digest, name="现场.png", size=len(content), type="image/png",
            caption=CAPTION,
        )  # fmt: skip

    def send(self) -> int:
        """Everything at once when there is a signal again; how many events."""
        events = [event for made in self.made.values() for event in made]
        at = moment(self.today, hour=9)
        actions.receive_events(device=self.device, events=events, clock_offset=0, by=self.by, at=at)
        return len(events)


def phone_records(staffed: Staffed) -> dict[str, int]:
    """Two visits of one team made on their phones and sent; on the second they disagree about one point.

    Offices whose data says ``phones``; a team with two visits still to come makes them today.
    """
    visits = _of_one_team(staffed) if staffed.data.get("phones") else []
    if not visits:
        return {}
    team = list(visits[0].team.order_by("pk"))
    checklist_versions.hand_out(visits=visits, by=Actor.of(team[0]), at=moment(staffed.today))
    one, other = (_Phone(staffed, officer) for officer in team[:2])
    whole, split = visits
    one.answer(whole, one.start(whole))
    one.photograph(whole)
    one.note(whole, "conclude_visit", conclusion="", reason="", remark="现场检查未发现问题")
    points = one.start(split)
    one.answer(split, points[:3])
    other.start(split)
    other.answer(split, points[2:3], conform=False)
    sent = one.send() + other.send()
    return {"现场设备": Device.objects.filter(officer__in=team).count(), "现场事件": sent}


def _of_one_team(staffed: Staffed) -> list[Visit]:
    """The first two planned visits that a team of a station has before it."""
    by_team: dict[tuple[int, ...], list[Visit]] = defaultdict(list)
    rows = Visit.objects.filter(office_code__startswith=staffed.code, state="planned").exclude(checklist="")
    for visit in rows.prefetch_related("team__office").order_by("planned_on", "number"):
        team = visit.team.all()
        if all(officer.office.code in staffed.stations for officer in team):
            by_team[tuple(sorted(officer.pk for officer in team))].append(visit)
    return next((visits[:2] for visits in by_team.values() if len(visits) > 1), [])
