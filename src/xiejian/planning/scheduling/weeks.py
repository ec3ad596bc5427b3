"""Stage one: how many visits of each town in which week, so that few journeys serve many visits.

Visits that are alike (same area, length, qualification and weeks) are counted, not named: a year of
2,000 visits is some hundred kinds. Whole outings are opened per area and week; days of inspectors
flow to them from the offices that may send them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xiejian.planning.scheduling import solver
from xiejian.planning.scheduling.instance import Instance, Need

Week = tuple[int, int]  # ISO year and week
Area = tuple[str, bool, str]
#: of an office's days in a week that are given away without a charge: what is left takes up illness
FREE_SHARE = 0.85
BUSY_WEEK = 15.0  # minutes of travel that a day beyond that share is worth
LEFT_OUT = 100_000.0  # a visit is left out only where it cannot be made
LAST_WEEK = 1.0  # a visit in the last week before its date has no second chance


@dataclass(frozen=True)
class Alike:
    """What visits have in common that are counted together."""

    area: Area
    minutes: int
    qualification: str
    weeks: tuple[Week, ...]


@dataclass
class Spread:
    """Visits by area and week, and those for which no week has room."""

    by_week: dict[tuple[Area, Week], list[Need]] = field(default_factory=dict)
    left: list[Need] = field(default_factory=list)


def week_of(day: dt.date) -> Week:
    return day.isocalendar()[:2]


def free_days(instance: Instance) -> dict[int, set[dt.date]]:
    """Inspector → working days on which nothing is arranged yet."""
    free = {p.key: {day for day in instance.days if day not in p.away} for p in instance.inspectors}
    for outing in instance.kept:
        for person in outing.team:
            free.get(person, set()).discard(outing.day)
    return free


def group(instance: Instance) -> dict[Alike, list[Need]]:
    """Visits that are alike; each list in order of due date."""
    found: dict[Alike, list[Need]] = defaultdict(list)
    spans: dict[tuple[dt.date, dt.date], tuple[Week, ...]] = {}
    for need in sorted(instance.needs, key=lambda n: (n.due_on, n.from_on, n.key)):
        span = need.from_on, need.due_on
        if span not in spans:
            spans[span] = tuple(dict.fromkeys(week_of(day) for day in instance.usable_days(need)))
        found[Alike(need.area, need.minutes, need.qualification, spans[span])].append(need)
    return dict(found)


class _Model:
    """The integer program of stage one."""

    def __init__(self, instance: Instance, alike: Mapping[Alike, list[Need]]) -> None:
        self.instance, self.alike = instance, alike
        self.model = solver.new()
        self.count: dict[tuple[Alike, Week], Any] = {}
        self.left: dict[Alike, Any] = {}
        self.cost: list[Any] = []
        self.flow: dict[tuple[str, Week], list[Any]] = defaultdict(list)
        self._counts()
        self._outings()
        self._capacity()
        self.model.minimize(solver.total(self.cost))

    def _counts(self) -> None:
        for kind, needs in self.alike.items():
            self.left[kind] = self.model.add_integer_variable(lb=0, ub=len(needs))
            self.cost.append(LEFT_OUT * self.left[kind])
            for week in kind.weeks:
                self.count[kind, week] = self.model.add_integer_variable(lb=0, ub=len(needs))
            if len(kind.weeks) > 1:
                self.cost.append(LAST_WEEK * self.count[kind, kind.weeks[-1]])
            made = solver.total(self.count[kind, week] for week in kind.weeks)
            self.model.add_linear_constraint(made + self.left[kind] == len(needs))

    def _outings(self) -> None:
        """Enough outings for the minutes and the number of visits, and days of inspectors for each."""
        instance = self.instance
        by_place: dict[tuple[Area, Week], list[Alike]] = defaultdict(list)
        for kind, week in self.count:
            by_place[kind.area, week].append(kind)
        offices = sorted({p.office for p in instance.inspectors})
        reach: dict[Area, list[tuple[str, int]]] = {}
        for (area, week), kinds in by_place.items():
            if area not in reach:
                allowed = instance.team_allowed([self.alike[kinds[0]][0]])
                sending = {instance.by_key[key].office for key in allowed}
                reach[area] = [(o, instance.travel.minutes(o, area[2])) for o in offices if o in sending]
            outings = self.model.add_integer_variable(lb=0)
            counts = [(kind, self.count[kind, week]) for kind in kinds]
            minutes = solver.total(kind.minutes * count for kind, count in counts)
            self.model.add_linear_constraint(minutes <= instance.day_minutes * outings)
            self.model.add_linear_constraint(
                solver.total(count for _, count in counts) <= instance.day_visits * outings
            )
            flows = []
            for office, way in reach[area]:
                days = self.model.add_variable(lb=0)
                flows.append(days)
                self.cost.append(2.0 * way * days)
                self.flow[office, week].append(days)
            self.model.add_linear_constraint(solver.total(flows) == instance.team_size * outings)

    def _capacity(self) -> None:
        """No office gives more days in a week than its people have; qualified ones are counted apart."""
        free = free_days(self.instance)
        days: dict[tuple[str, Week], int] = defaultdict(int)
        skilled: dict[tuple[str, Week], int] = defaultdict(int)
        for person in self.instance.inspectors:
            for day in free[person.key]:
                days[person.office, week_of(day)] += 1
                for qualification in person.qualifications:
                    skilled[qualification, week_of(day)] += 1
        for (office, week), flows in self.flow.items():
            available = days[office, week]
            beyond = self.model.add_variable(lb=0, ub=(1 - FREE_SHARE) * available)
            self.cost.append(BUSY_WEEK * beyond)
            self.model.add_linear_constraint(solver.total(flows) <= FREE_SHARE * available + beyond)
        asked: dict[tuple[str, Week], list[Any]] = defaultdict(list)
        for (kind, week), count in self.count.items():
            if kind.qualification:
                asked[kind.qualification, week].append(kind.minutes * count)
        for key, minutes in asked.items():
            self.model.add_linear_constraint(
                solver.total(minutes) <= self.instance.day_minutes * skilled[key]
            )


def spread(instance: Instance, seconds: float, gap: float = 0.02) -> Spread:
    """Every visit into a week, or left out where no week between its dates has room."""
    alike = group(instance)
    if not alike:
        return Spread()
    built = _Model(instance, alike)
    solved = solver.solve(built.model, seconds=seconds, gap=gap)
    found = Spread(left=[] if solved else list(instance.needs))
    by_week: dict[tuple[Area, Week], list[Need]] = defaultdict(list)
    for kind, needs in alike.items() if solved else ():
        waiting = iter(needs)
        for week in kind.weeks:
            for _ in range(solved.whole(built.count[kind, week])):
                by_week[kind.area, week].append(next(waiting))
        found.left.extend(waiting)
    found.by_week = dict(by_week)
    return found
