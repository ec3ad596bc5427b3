"""What a schedule is made from, read from the store in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import Q, QuerySet

from xiejian.inspections.checklists import minimum_inspectors
from xiejian.inspections.checks import ACROSS_AREAS, VISIT_KINDS
from xiejian.inspections.models import Visit
from xiejian.kernel import workdays
from xiejian.kernel.divisions import stem
from xiejian.kernel.kinds import KIND_LABELS
from xiejian.kernel.pack_folder import root
from xiejian.people.models import Office, Officer
from xiejian.people.policy import SYSTEM, roles_with
from xiejian.planning import queries
from xiejian.planning.models import Absence, MapPlace, Plan, Recusal
from xiejian.planning.obligations import discharges
from xiejian.planning.queries import TaskState
from xiejian.planning.scheduling.instance import Inspector, Instance, Need, Outing, Travel
from xiejian.registry.models import Party

_KIND_IDS = {label: kind for kind, label in KIND_LABELS.items()}
USUAL = KIND_LABELS["daily"]  # what a task that any visit discharges is carried out as
OPEN = ("planned", "started")
ONE_DAY = dt.timedelta(days=1)
_SEPARATORS = "，,；;"
_ON_THE_MAP = ("code", "longitude", "latitude")


@cache
def _pack() -> dict[str, Any]:
    with (root() / "national" / "scheduling.toml").open("rb") as file:
        return tomllib.load(file)


def values(settings: Mapping[str, Any]) -> dict[str, int]:
    """The values of the pack by name, each as the office's own settings have it where they do."""
    return {entry["name"]: int(settings.get(entry["name"], entry["value"])) for entry in _pack()["value"]}


def minutes_of(link: str, kind: str) -> int:
    """Minutes on the spot: the line of the pack that says most about the visit."""
    fitting = [
        row for row in _pack()["minutes"]
        if row.get("link", link) == link and row.get("kind", kind) == kind
    ]  # fmt: skip
    return int(max(fitting, key=lambda row: (len(row), "kind" in row))["value"])


def qualification_of(kind: str) -> str:
    """What one of the team must hold for a visit of this kind; '' for nothing."""
    return next((row["value"] for row in _pack()["qualification"] if row["kind"] == kind), "")


@dataclass(frozen=True)
class Owed:
    """A visit that a task still owes: what the assignment will say besides the need."""

    need: Need
    task_id: int
    party_id: int
    link: str
    kind: str


@dataclass
class Gathered:
    """An instance, and the tasks behind its needs by key."""

    instance: Instance
    owed: dict[str, Owed]
    settings: dict[str, int]


def inspectors_of(office_code: str) -> QuerySet[Officer]:
    """Who may be sent for an office and those below it: in post, with a role that makes visits.

    A station that cannot form a team itself is helped by the bureau above it.
    """
    sent = roles_with("inspections.visit")
    base = stem(office_code)
    rows = Officer.objects.filter(is_active=True, role__in=sent).select_related("office").order_by("pk")
    own = rows.filter(office__stem__startswith=base)
    if own.count() >= minimum_inspectors() or len(base) <= 6:
        return own
    return rows.filter(Q(office__stem__startswith=base) | Q(office__stem=base[:6]))


def days_away(
    officers: Iterable[Officer], from_on: dt.date, until_on: dt.date
) -> dict[int, frozenset[dt.date]]:
    """Officer → days of absence between two days. One query."""
    found: dict[int, set[dt.date]] = defaultdict(set)
    rows = Absence.objects.filter(
        officer__in=[o.pk for o in officers], ended=False, from_on__lte=until_on, until_on__gte=from_on
    )
    for officer_id, first, last in rows.values_list("officer_id", "from_on", "until_on"):
        day, last = max(first, from_on), min(last, until_on)
        while day <= last:
            found[officer_id].add(day)
            day += ONE_DAY
    return {key: frozenset(days) for key, days in found.items()}


def as_inspectors(officers: Iterable[Officer], from_on: dt.date, until_on: dt.date) -> tuple[Inspector, ...]:
    people = list(officers)
    away = days_away(people, from_on, until_on)
    return tuple(
        Inspector(o.pk, o.name, o.office.code, _words(o.qualification), away.get(o.pk, frozenset()))
        for o in people
    )


def _words(text: str) -> frozenset[str]:
    for mark in _SEPARATORS:
        text = text.replace(mark, "、")
    return frozenset(word.strip() for word in text.split("、") if word.strip())


def working_days(from_on: dt.date, until_on: dt.date) -> tuple[dt.date, ...]:
    calendar = workdays.standing()
    count = (until_on - from_on).days + 1
    days = (from_on + dt.timedelta(days=n) for n in range(max(0, count)))
    return tuple(day for day in days if calendar.is_working_day(day))


def travel_of(office_code: str, given: Mapping[str, int]) -> Travel:
    """Ways between towns: by the coordinates of the office's area (坐标), else by the tree. One query."""
    base = stem(office_code)
    # the bureau above a station lends it people: their way begins there
    rows = MapPlace.objects.filter(Q(code__startswith=base) | Q(code=base[:6]))
    places = {code: (longitude, latitude) for code, longitude, latitude in rows.values_list(*_ON_THE_MAP)}
    names = ("same_town_minutes", "same_county_minutes", "same_city_minutes", "further_minutes")
    steps = tuple(given[name] for name in names)
    return Travel(places, steps, given["kmh"], given["detour_percent"] / 100)  # type: ignore[arg-type]


def town_of(division_code: str, office_code: str) -> str:
    """The town of a party: its division where that is deep enough, else its station or county."""
    town = division_code[:9]
    return town if len(stem(town)) == 9 else office_code


def recusals(officers: Iterable[Inspector]) -> frozenset[tuple[int, int]]:
    rows = Recusal.objects.filter(ended_on__isnull=True, officer__in=[o.key for o in officers])
    return frozenset(rows.values_list("officer_id", "party_id"))


def gather(office_code: str, from_on: dt.date, until_on: dt.date, on: dt.date) -> Gathered:
    """Everything that a schedule of an office between two days follows from, as of ``on``.

    Tasks of plans in force for which the office or one below it is responsible; open visits count as
    made and keep their day and team. About a dozen queries, however many tasks.
    """
    settings = Office.objects.filter(code=office_code).values_list("settings", flat=True).first() or {}
    given = values(settings)
    people = as_inspectors(inspectors_of(office_code), from_on, until_on)
    states = _open_tasks(office_code, from_on, until_on, on)
    visits = list(
        Visit.objects.filter(state__in=OPEN, planned_on__isnull=False)
        .filter(Q(party__in={s.party_id for s in states}) | Q(team__in=[p.key for p in people]))
        .distinct()
        .select_related("party")
        .prefetch_related("team")
    )
    towns = {
        pk: town_of(division, office)
        for pk, division, office in Party.objects.filter(pk__in={s.party_id for s in states}).values_list(
            "pk", "division_code", "office_code"
        )
    }
    owed = _owed(states, visits, towns, from_on, until_on, on)
    instance = Instance(
        needs=tuple(item.need for item in owed),
        inspectors=people,
        days=working_days(from_on, until_on),
        travel=travel_of(office_code, given),
        day_minutes=given["day_minutes"],
        day_visits=given["visits_per_pair_per_day"],
        team_size=minimum_inspectors(),
        tolerance=given["tolerance_percent"] / 100,
        exclusions=recusals(people),
        kept=kept_outings(visits, from_on, until_on),
    )
    return Gathered(instance, {item.need.key: item for item in owed}, given)


def _open_tasks(office_code: str, from_on: dt.date, until_on: dt.date, on: dt.date) -> list[TaskState]:
    base = stem(office_code)
    above = [base[:n] for n in range(2, len(base))]
    plans = Plan.objects.filter(state="issued", year__range=(from_on.year, until_on.year))
    plans = [
        p for p in plans if stem(p.office_code).startswith(base) or stem(p.office_code) in above
    ]  # fmt: skip
    found = [state for plan in plans for state in queries.task_states(SYSTEM, plan, on)]
    return [s for s in found if s.party_id is not None and s.left > 0 and s.office_code.startswith(base)]


def _owed(
    states: list[TaskState],
    visits: list[Visit],
    towns: Mapping[int, str],
    from_on: dt.date,
    until_on: dt.date,
    on: dt.date,
) -> list[Owed]:
    """One entry per visit that is owed in the period; open visits discharge the narrowest task first."""
    waiting: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    for visit in visits:
        waiting[visit.party_id, visit.link][_KIND_IDS.get(visit.kind, visit.kind)] += 1
    starts, wished = _starts_and_places(states)
    found = []
    for state in sorted(states, key=lambda s: (s.kind == KIND_LABELS["any"], s.due_on, s.id)):
        assert state.party_id is not None
        open_ones = waiting[state.party_id, state.link]
        wanted = _KIND_IDS.get(state.kind, state.kind)
        taken = 0
        for kind in sorted(open_ones):
            while open_ones[kind] and taken < state.left and discharges(kind, wanted):
                open_ones[kind] -= 1
                taken += 1
        for number in range(state.done + taken, state.times):
            first, last = _window(starts[state.id], state.due_on, number, state.times)
            if first > until_on:
                continue
            first = max(first, from_on, on)
            found.append(_owed_visit(state, number, towns, (first, last), wished[state.id]))
    return found


def _starts_and_places(states: list[TaskState]) -> tuple[dict[int, dt.date], dict[int, int | None]]:
    """Task → its first day, and → its place in the order of visits that was applied. One query."""
    rows = queries.tasks(SYSTEM).filter(pk__in=[s.id for s in states]).order_by()
    found = list(rows.values_list("pk", "from_on", "place"))
    return {pk: first for pk, first, _ in found}, {pk: place for pk, _, place in found}


def _window(from_on: dt.date, due_on: dt.date, number: int, times: int) -> tuple[dt.date, dt.date]:
    """The part of a task's term in which its visit ``number`` (from 0) belongs: equal parts, so that
    the visits of a year do not fall into one week."""
    days = (due_on - from_on).days + 1
    first = from_on + dt.timedelta(days=days * number // times)
    return first, from_on + dt.timedelta(days=days * (number + 1) // times - 1)


def _owed_visit(
    state: TaskState, number: int, towns: Mapping[int, str], term: tuple[dt.date, dt.date], place: int | None
) -> Owed:
    assert state.party_id is not None
    from_on, due_on = term
    kind = state.kind if state.kind in VISIT_KINDS else USUAL
    # what should have been made in its part of the year is made late, while the task itself can still be met
    last = due_on if due_on >= from_on else max(due_on, state.due_on)
    need = Need(
        f"{state.id}:{number}",
        state.party_id,
        state.office_code,
        towns.get(state.party_id, state.area_code),
        minutes_of(state.link, kind),
        from_on,
        last,
        qualification_of(kind),
        kind in ACROSS_AREAS,
        place,
    )
    return Owed(need, state.id, state.party_id, state.link, kind)


def kept_outings(visits: list[Visit], from_on: dt.date, until_on: dt.date) -> tuple[Outing, ...]:
    """Open visits between the two days as outings that stand; one that has begun takes nothing more in."""
    groups: dict[tuple[dt.date, str, tuple[int, ...]], list[Visit]] = defaultdict(list)
    for visit in visits:
        team = tuple(sorted(o.pk for o in visit.team.all()))
        if visit.planned_on and from_on <= visit.planned_on <= until_on and team:
            town = town_of(visit.party.division_code, visit.party.office_code)
            groups[visit.planned_on, town, team].append(visit)
    return tuple(
        Outing(
            day, town, tuple(_need_of(v, town) for v in rows), team, any(v.state == "started" for v in rows)
        )
        for (day, town, team), rows in groups.items()
    )


def _need_of(visit: Visit, town: str) -> Need:
    assert visit.planned_on is not None
    return Need(
        f"visit:{visit.pk}", visit.party_id, visit.office_code, town, minutes_of(visit.link, visit.kind),
        visit.planned_on, visit.planned_on, "", visit.kind in ACROSS_AREAS,
    )  # fmt: skip
