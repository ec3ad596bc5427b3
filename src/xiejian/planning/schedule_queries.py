"""Every read about who goes when: schedules, their days and people, absences, recusals, feeds."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from icalendar import Calendar, Event

from xiejian.inspections.models import Visit
from xiejian.kernel import divisions
from xiejian.kernel.kinds import KIND_LABELS
from xiejian.people.models import Office, Officer
from xiejian.people.policy import SYSTEM, Actor, visible
from xiejian.planning import checks, schedule_facts
from xiejian.planning.models import Absence, Assignment, CalendarFeed, MapPlace, Recusal, Schedule
from xiejian.planning.schedule_actions import feed_digest

GONE = ("cancelled",)
LATER_DAYS, EARLIER_DAYS = 400, 60  # what a calendar feed shows around today


def schedules(actor: Actor | None) -> QuerySet[Schedule]:
    """Schedules of the actor's office and below, and those of the offices above it that were handed down.

    With how many visits each arranges; newest first.
    """
    rows = visible(Schedule.objects.all(), actor)
    if actor is not None:
        above = {divisions.at_tier(actor.office_code, tier) for tier in ("province", "city", "county")}
        rows = (rows | Schedule.objects.filter(office_code__in=above, state="issued")).distinct()
    return rows.annotate(arranged=Count("assignments"), issued=Count("assignments__visit"))


def assignments(
    actor: Actor | None, *, schedule: Schedule | None = None, office: str = ""
) -> QuerySet[Assignment]:
    """Visits arranged in schedules that stand, by day; those whose visit was cancelled are left out.

    ``office`` takes the offices below it in.
    """
    rows = visible(Assignment.objects.all(), actor).exclude(visit__state__in=GONE)
    rows = rows.filter(schedule=schedule) if schedule else rows.exclude(schedule__state="withdrawn")
    if office:
        rows = rows.filter(office_code__startswith=divisions.stem(office))
    return (
        rows.select_related("party", "visit", "schedule")
        .prefetch_related("team")
        .order_by("day", "town", "pk")
    )


def held(actor: Actor | None, schedule: Schedule) -> list[Assignment]:
    """What needs a hand before it can be handed down: refused then, or a licence visit without its matter."""
    rows = assignments(actor, schedule=schedule).filter(visit__isnull=True)
    wanting = Q(kind=KIND_LABELS["licence_check"], matter="")
    found = list(rows.filter(wanting | ~Q(held="")))
    for row in found:
        row.held = row.held or checks.problems("L614").message
    return found


@dataclass
class PersonDay:
    """What one inspector has on one day: an absence, the towns of outings with their visits."""

    day: dt.date
    working: bool
    away: str = ""
    rows: list[Any] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        return sum(row.minutes for row in self.rows)


@dataclass
class PersonWeek:
    """One line of the calendar: an inspector with every day of the period."""

    officer: Officer
    days: list[PersonDay]

    @property
    def minutes(self) -> int:
        return sum(day.minutes for day in self.days)

    @property
    def visits(self) -> int:
        return sum(len(day.rows) for day in self.days)


def calendar(
    actor: Actor, first: dt.date, last: dt.date, *, office: str = "", draft: Schedule | None = None
) -> list[PersonWeek]:
    """Inspector × day between two days: visits arranged or planned otherwise, and absences. Six queries.

    ``draft``: show this schedule; else everything that stands. People without anything are shown too.
    """
    code = office or actor.office_code
    rows: list[Any] = list(assignments(actor, schedule=draft, office=code).filter(day__range=(first, last)))
    covered = {row.visit_id for row in rows}
    others = visible(Visit.objects.filter(planned_on__range=(first, last)), actor).exclude(state__in=GONE)
    others = others.filter(office_code__startswith=divisions.stem(code), assignment__isnull=True)
    for visit in others.select_related("party").prefetch_related("team"):
        if visit.pk not in covered:
            rows.append(_as_row(visit))
    by_place: dict[tuple[int, dt.date], list[Any]] = defaultdict(list)
    people: dict[int, Officer] = {}
    for row in rows:
        for officer in row.team.all():
            by_place[officer.pk, row.day].append(row)
            people[officer.pk] = officer
    staff = visible(schedule_facts.inspectors_of(code), actor, "office__code")
    people = {o.pk: o for o in staff} | {pk: o for pk, o in people.items()}
    away = _away(people, first, last)
    working = set(schedule_facts.working_days(first, last))
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    return [
        PersonWeek(
            officer,
            [
                PersonDay(day, day in working, away.get((pk, day), ""), by_place.get((pk, day), []))
                for day in days
            ],
        )
        for pk, officer in sorted(people.items(), key=lambda item: (item[1].office_id, item[1].name, item[0]))
    ]


def _as_row(visit: Visit) -> Visit:
    """A visit arranged by hand, read like an assignment."""
    visit.day = visit.planned_on  # type: ignore[attr-defined]
    visit.minutes = schedule_facts.minutes_of(visit.link, visit.kind)  # type: ignore[attr-defined]
    visit.town = schedule_facts.town_of(visit.party.division_code, visit.party.office_code)  # type: ignore[attr-defined]
    visit.visit = visit  # type: ignore[attr-defined]
    visit.by_hand = True  # type: ignore[attr-defined]
    return visit


def _away(people: Iterable[int], first: dt.date, last: dt.date) -> dict[tuple[int, dt.date], str]:
    rows = Absence.objects.filter(
        officer__in=list(people), ended=False, from_on__lte=last, until_on__gte=first
    )
    found = {}
    for officer_id, start, end, reason in rows.values_list("officer_id", "from_on", "until_on", "reason"):
        for n in range((min(end, last) - max(start, first)).days + 1):
            found[officer_id, max(start, first) + dt.timedelta(days=n)] = reason
    return found


def absences(actor: Actor | None) -> QuerySet[Absence]:
    return visible(Absence.objects.select_related("officer__office"), actor, "officer__office__code")


def recusals(actor: Actor | None) -> QuerySet[Recusal]:
    """Recusals of the actor's officers; the party's name is shown to whoever may see the officer."""
    return visible(Recusal.objects.select_related("officer__office", "party"), actor, "officer__office__code")


def places(actor: Actor | None, search: str = "") -> QuerySet[MapPlace]:
    """Coordinates of the actor's area; every word of the search occurs in name, code or source."""
    rows = visible(MapPlace.objects.all(), actor, "code")
    for word in search.split():
        rows = rows.filter(Q(name__icontains=word) | Q(code__startswith=word) | Q(source__icontains=word))
    return rows


def place_name(actor: Actor, code: str) -> str:
    """What the office or division is called, for the one form about it; the code where it is unknown."""
    office = visible(Office.objects.all(), actor, "code").filter(code=code).first()
    return office.name if office else divisions.full_name(code) or code


def unplaced(actor: Actor) -> list[tuple[str, str]]:
    """Offices of the actor's area, and the towns of a county, without coordinates: (code, name) by code."""
    offices = visible(Office.objects.all(), actor, "code").values_list("code", "name")
    known = set(places(actor).values_list("code", flat=True))
    towns = divisions.below(actor.office_code) if divisions.tier(actor.office_code) == "county" else []
    return sorted(
        (code, name) for code, name in {**dict(towns), **dict(offices)}.items() if code not in known
    )


def workload(schedule: Schedule) -> dict[int, int]:
    """Officer → minutes that the schedule gives as it stands now. One query."""
    rows = schedule.assignments.exclude(visit__state__in=GONE).order_by()
    return dict(rows.values_list("team").annotate(Sum("minutes")))


@dataclass(frozen=True)
class Load:
    """One inspector's work in a schedule in minutes, against the equal share."""

    officer: int
    name: str
    minutes: int
    share: int
    low: int
    high: int

    @property
    def percent(self) -> int | None:
        """How far from the equal share; None where there is no work to share."""
        return round(100 * (self.minutes / self.share - 1)) if self.share else None

    @property
    def over(self) -> bool:
        return self.share > 0 and self.minutes > self.high


def loads(schedule: Schedule, actor: Actor = SYSTEM) -> list[Load]:
    """The work as it stands of everybody whom the actor may see, those with most beyond their share first."""
    reach = divisions.stem(actor.office_code)
    now = workload(schedule)
    tolerance = schedule.settings.get("tolerance_percent", 0) / 100
    found = []
    for entry in schedule.figures.get("loads", []):
        if not entry["office"].startswith(reach):
            continue
        share = entry["share"]
        # what is arranged elsewhere counts in the share, and does not move with the schedule
        elsewhere = entry["minutes"] - entry.get("arranged", entry["minutes"])
        minutes = now.get(entry["officer"], 0) + elsewhere
        low, high = round(share * (1 - tolerance)), round(share * (1 + tolerance))
        found.append(Load(entry["officer"], entry["name"], minutes, share, low, high))
    return sorted(found, key=lambda load: (-(load.percent or 0), load.name))


# --- calendar files ---------------------------------------------------------------------------------------


def feed_owner(token: str) -> Officer | None:
    """Whose visits a secret address shows; None when it is unknown or stopped, or the officer has left."""
    feed = (
        CalendarFeed.objects.filter(
            token_digest=feed_digest(token), revoked_at__isnull=True, officer__is_active=True
        )
        .select_related("officer__office")
        .first()
    )
    return feed.officer if feed else None


def has_feed(officer: Officer) -> bool:
    return officer.calendar_feeds.filter(revoked_at__isnull=True).exists()


def visits_of(officer: Officer, on: dt.date) -> QuerySet[Visit]:
    """The officer's own visits around a day: planned, under way and made."""
    return _around(officer.visits.all(), on)


def visits_of_office(actor: Actor, office: str, on: dt.date) -> QuerySet[Visit]:
    """Visits of an office and those below it around a day."""
    rows = visible(Visit.objects.all(), actor).filter(office_code__startswith=divisions.stem(office))
    return _around(rows, on)


def _around(rows: QuerySet[Visit], on: dt.date) -> QuerySet[Visit]:
    first, last = on - dt.timedelta(days=EARLIER_DAYS), on + dt.timedelta(days=LATER_DAYS)
    rows = rows.exclude(state__in=GONE).filter(
        Q(planned_on__range=(first, last)) | Q(visited_on__range=(first, last))
    )
    return rows.select_related("party").order_by("planned_on", "pk")


def as_calendar(visits: Iterable[Visit], *, title: str, at: dt.datetime, states: dict[str, str]) -> bytes:
    """Visits as an iCalendar file (RFC 5545): whole days, one event each, with a lasting identifier."""
    found = Calendar()
    found.add("prodid", "-//xiejian//schedule//ZH")
    found.add("version", "2.0")
    found.add("x-wr-calname", title)
    for visit in visits:
        day = visit.visited_on or visit.planned_on
        if day is None:
            continue
        event = Event()
        event.add("uid", f"visit-{visit.pk}@xiejian")
        event.add("dtstamp", at)
        event.add("dtstart", day)
        event.add("dtend", day + dt.timedelta(days=1))
        event.add("summary", f"{visit.kind}：{visit.party.name}")
        event.add("location", visit.party.address or divisions.full_name(visit.party.division_code))
        event.add(
            "description", f"{visit.number}\n{visit.link}环节 {states[visit.state]}\n{visit.inspectors}"
        )
        event.add("transp", "TRANSPARENT")
        found.add_component(event)
    return found.to_ical()
