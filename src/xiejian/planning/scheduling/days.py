"""Between the stages: the visits of a town and week are packed into outings, the outings put on days."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from xiejian.kernel.divisions import stem
from xiejian.planning.scheduling import solver
from xiejian.planning.scheduling.instance import Instance, Need, wanted_qualifications
from xiejian.planning.scheduling.weeks import Spread, free_days, week_of

UNPLACED = 100_000.0  # an outing waits only where no day has enough people


@dataclass
class Packed:
    """Visits that one team makes on one day; ``days`` are those that suit them all, of one week."""

    needs: list[Need]
    days: list[dt.date]

    @property
    def minutes(self) -> int:
        return sum(need.minutes for need in self.needs)

    @property
    def town(self) -> str:
        return self.needs[0].town


def _fits(
    instance: Instance, outing: Packed, need: Need, days: Sequence[dt.date], on: dt.date | None = None
) -> bool:
    """Whether a visit can be added: time, number, a common day (``on`` where it is settled), a team."""
    if outing.minutes + need.minutes > instance.day_minutes or len(outing.needs) >= instance.day_visits:
        return False
    if on is None and not any(day in days for day in outing.days):
        return False
    team = instance.team_allowed([*outing.needs, need])
    wanted = wanted_qualifications([*outing.needs, need])
    return len(team) >= instance.team_size and all(team & instance.qualified(q) for q in wanted)


def pack(instance: Instance, needs: Iterable[Need], days: Sequence[dt.date]) -> list[Packed]:
    """Visits of one area into as few outings as first fit gives; like goes with like.

    Visits that need a qualification, and visits that the same people must avoid, share an outing, so
    that few teams are bound by them; long visits are packed first.
    """

    def order(need: Need) -> Any:
        avoided = sorted(instance.excluded_from.get(need.party, ()))
        return not need.qualification, need.qualification, avoided, -need.minutes, need.due_on, need.key

    found: list[Packed] = []
    for need in sorted(needs, key=order):
        own = [day for day in days if need.from_on <= day <= need.due_on]
        home = next((o for o in found if _fits(instance, o, need, own)), None)
        if home is None:
            found.append(Packed([need], own))
        else:
            home.needs.append(need)
            home.days = [day for day in home.days if day in own]
    return found


def place(instance: Instance, spread: Spread, seconds: float) -> list[tuple[Packed, dt.date]]:
    """A day for every outing; those for which no day of the week has enough people go to ``spread.left``.

    Most weeks have room: outings take their best day one by one. A week where one finds no
    team that way is solved as a whole.
    """
    by_week: dict[Any, list[dt.date]] = defaultdict(list)
    for day in instance.days:
        by_week[week_of(day)].append(day)
    packed: dict[Any, list[Packed]] = defaultdict(list)
    for (_, week), needs in spread.by_week.items():
        packed[week] += pack(instance, needs, by_week[week])
    free = free_days(instance)
    found: list[tuple[Packed, dt.date]] = []
    for week in sorted(packed):
        placed = _one_by_one(instance, packed[week], by_week[week], free)
        if None in placed:
            placed = _week(instance, packed[week], by_week[week], free, seconds)
        for outing, day in zip(packed[week], placed, strict=True):
            if day is None:
                spread.left += outing.needs
            else:
                found.append((outing, day))
    return found


def gather(instance: Instance, dated: list[tuple[Packed, dt.date]]) -> list[tuple[Packed, dt.date]]:
    """Give up outings whose visits all fit into other outings to their town, whatever the week.

    The weeks were chosen by counts; with the visits named, some outings turn out to be superfluous. The
    emptiest go first. Days do not change, so nobody is needed on a day who was not counted there.
    """
    by_area: dict[Any, list[tuple[Packed, dt.date]]] = defaultdict(list)
    for outing, day in dated:
        by_area[outing.needs[0].area].append((outing, day))
    found: list[tuple[Packed, dt.date]] = []
    for outings in by_area.values():
        outings.sort(key=lambda entry: (entry[0].minutes, entry[1]))
        left = list(outings)
        for entry in outings:
            others = [other for other in left if other is not entry]
            if _dissolve(instance, entry[0], others):
                left = others
        found += left
    return sorted(found, key=lambda entry: (entry[1], entry[0].needs[0].key))


def _dissolve(instance: Instance, outing: Packed, others: list[tuple[Packed, dt.date]]) -> bool:
    """Move every visit of an outing into others, the fullest that has room first; all of them or none."""
    moved: list[tuple[Packed, Need]] = []
    for need in sorted(outing.needs, key=lambda n: -n.minutes):
        room = [
            other
            for other, day in others
            if need.from_on <= day <= need.due_on and _fits(instance, other, need, [day], on=day)
        ]
        if not room:
            for other, added in moved:
                other.needs.remove(added)
            return False
        best = max(room, key=lambda other: other.minutes)
        best.needs.append(need)
        moved.append((best, need))
    return True


def _one_by_one(
    instance: Instance, outings: list[Packed], days: list[dt.date], free: dict[int, set[dt.date]]
) -> list[dt.date | None]:
    """Each outing on the day on which the nearest team is free, the most demanding outings first.

    Two outings to one town do not fall on one day while its own people could make both in turn.
    """
    there = {day: {key for key, own in free.items() if day in own} for day in days}
    load = dict.fromkeys(days, 0)
    teams = [instance.team_allowed(outing.needs) for outing in outings]
    wanted = [sorted(wanted_qualifications(outing.needs)) for outing in outings]
    found: list[dt.date | None] = [None] * len(outings)
    order = sorted(range(len(outings)), key=lambda n: (-len(wanted[n]), len(teams[n]), len(outings[n].days)))
    for n in order:
        town = outings[n].town
        choices = []
        for day in outings[n].days:
            team = _some_team(instance, teams[n] & there[day], wanted[n], town)
            if team:
                way = sum(instance.one_way(key, town) for key in team)
                choices.append((way, load[day], day, sorted(team)))
        if choices:
            _, _, day, chosen = min(choices)
            there[day] -= set(chosen)
            load[day] += outings[n].minutes
            found[n] = day
    return found


def _some_team(
    instance: Instance, people: frozenset[int] | set[int], wanted: list[str], town: str
) -> set[int] | None:
    """A team with the qualifications wanted: one holder for each, then whoever is least asked for."""

    def order(key: int) -> tuple[int, int, int, int]:
        person = instance.by_key[key]
        # whom every station may have is spared for where nobody else can go
        return instance.one_way(key, town), len(person.qualifications), -len(stem(person.office)), key

    ranked = sorted(people, key=order)
    team: set[int] = set()
    for qualification in wanted:
        if not team & instance.qualified(qualification):
            team |= set([key for key in ranked if key in instance.qualified(qualification)][:1])
    team |= set([key for key in ranked if key not in team][: max(0, instance.team_size - len(team))])
    complete = len(team) == instance.team_size
    return team if complete and all(team & instance.qualified(q) for q in wanted) else None


def _week(
    instance: Instance,
    outings: list[Packed],
    days: list[dt.date],
    free: dict[int, set[dt.date]],
    seconds: float,
) -> list[dt.date | None]:
    """Days of one week: teams can be found on every day, counted by office and by qualification."""
    model = solver.new()
    on = {(n, day): model.add_binary_variable() for n, outing in enumerate(outings) for day in outing.days}
    given: dict[tuple[str, dt.date], list[Any]] = defaultdict(list)
    skilled: dict[tuple[str, dt.date], list[Any]] = defaultdict(list)
    cost: list[Any] = []
    for n, outing in enumerate(outings):
        team = instance.team_allowed(outing.needs)
        offices = sorted({instance.by_key[key].office for key in team})
        placed = solver.total(on[n, day] for day in outing.days)
        model.add_linear_constraint(placed <= 1)
        cost.append(UNPLACED * len(outing.needs) * (1 - placed))
        for place_in_week, day in enumerate(outing.days):
            flows = [(office, model.add_variable(lb=0)) for office in offices]
            for office, people in flows:
                given[office, day].append(people)
                cost.append(2.0 * instance.travel.minutes(office, outing.town) * people)
            model.add_linear_constraint(
                solver.total(people for _, people in flows) == instance.team_size * on[n, day]
            )
            for qualification in wanted_qualifications(outing.needs):
                skilled[qualification, day].append(on[n, day])
            cost.append(place_in_week * 0.01 * on[n, day])
    _people_of_a_day(instance, model, days, free, given, skilled, cost)
    model.minimize(solver.total(cost))
    solved = solver.solve(model, seconds=seconds, gap=0.02)
    if solved is None:
        return [None] * len(outings)
    return [
        next((day for day in outing.days if solved.is_on(on[n, day])), None)
        for n, outing in enumerate(outings)
    ]


def _people_of_a_day(
    instance: Instance,
    model: Any,
    days: list[dt.date],
    free: dict[int, set[dt.date]],
    given: dict[tuple[str, dt.date], list[Any]],
    skilled: dict[tuple[str, dt.date], list[Any]],
    cost: list[Any],
) -> None:
    """No office gives more people on a day than it has; the days of a week are used alike."""
    people = instance.inspectors
    most = model.add_variable(lb=0)
    cost.append(5.0 * most)
    for day in days:
        for office in sorted({p.office for p in people}):
            there = sum(p.office == office and day in free[p.key] for p in people)
            model.add_linear_constraint(solver.total(given[office, day]) <= there)
        model.add_linear_constraint(
            solver.total(flow for (_, on), flows in given.items() if on == day for flow in flows) <= most
        )
    for (qualification, day), asked in skilled.items():
        there = sum(qualification in p.qualifications and day in free[p.key] for p in people)
        model.add_linear_constraint(solver.total(asked) <= there)
