"""Stage two: who goes on which outing, with the least travel that equal work allows.

Days are given, so nobody is in two places as soon as nobody has two outings on a day, and the cost of
a team is the sum of its members' ways: an assignment problem whose relaxation is all but whole, which
is why its optimum can be proven. Equal work is a bound, not a wish: each inspector's minutes lie
within the tolerance of an equal share of the work that is open to that inspector. Where no
assignment keeps the bound, it is widened by as little as is needed, for as few as are needed.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xiejian.planning.scheduling import solver
from xiejian.planning.scheduling.days import Packed
from xiejian.planning.scheduling.instance import Instance, Outing, wanted_qualifications
from xiejian.planning.scheduling.weeks import free_days

UNSTAFFED = 100_000.0  # an outing stays without a team only where none can be found
Dated = tuple[Packed, dt.date]


@dataclass(frozen=True)
class Band:
    """What one inspector may get in minutes: the equal share, and its bounds as they were kept."""

    share: float
    low: float
    high: float


@dataclass
class Assigned:
    """Teams for outings, those left without one, and what is proven about the travel."""

    outings: list[Outing] = field(default_factory=list)
    unstaffed: list[Packed] = field(default_factory=list)
    bands: dict[int, Band] = field(default_factory=dict)
    widened: bool = False
    cost: float = 0.0
    bound: float = 0.0

    @property
    def gap(self) -> float:
        return max(0.0, self.cost - self.bound) / max(1.0, self.cost)


def shares(instance: Instance, outings: Sequence[tuple[frozenset[int], int]]) -> dict[int, float]:
    """Equal shares of the work in minutes, by the days that each inspector is there.

    ``outings``: (who may go, minutes). People who could stand in for one another, directly or through
    others, share their work; a station that shares with nobody has shares of its own.
    """
    group = {p.key: p.key for p in instance.inspectors}

    def top(key: int) -> int:
        while group[key] != key:
            group[key] = group[group[key]]
            key = group[key]
        return key

    for people, _ in outings:
        first = next(iter(people), None)
        for key in people:
            group[top(key)] = top(first)
    work: dict[int, float] = defaultdict(float)
    for people, minutes in outings:
        if people:
            work[top(next(iter(people)))] += instance.team_size * minutes
    days = {p.key: sum(day not in p.away for day in instance.days) for p in instance.inspectors}
    there: dict[int, int] = defaultdict(int)
    for key, count in days.items():
        there[top(key)] += count
    return {key: work[top(key)] * count / max(1, there[top(key)]) for key, count in days.items()}


class _Model:
    """The integer program of stage two."""

    def __init__(self, instance: Instance, dated: Sequence[Dated]) -> None:
        self.instance, self.dated = instance, dated
        self.model = solver.new()
        self.free = free_days(instance)
        self.goes: dict[tuple[int, int], Any] = {}
        self.made: list[Any] = []
        self.load: dict[int, list[Any]] = defaultdict(list)
        self.base: dict[int, int] = defaultdict(int)
        self.travel: list[Any] = []
        for outing in instance.kept:
            for person in outing.team:
                self.base[person] += outing.minutes
        self.teams = [instance.team_allowed(outing.needs) for outing, _ in dated]
        self._teams()
        self._one_place()

    def _teams(self) -> None:
        for n, (outing, day) in enumerate(self.dated):
            people = sorted(key for key in self.teams[n] if day in self.free[key])
            made = self.model.add_binary_variable()
            self.made.append(made)
            self.travel.append(UNSTAFFED * len(outing.needs) * (1 - made))
            for key in people:
                goes = self.goes[key, n] = self.model.add_binary_variable()
                self.travel.append(2.0 * self.instance.one_way(key, outing.town) * goes)
                self.load[key].append(outing.minutes * goes)
            team = solver.total(self.goes[key, n] for key in people)
            self.model.add_linear_constraint(team == self.instance.team_size * made)
            for qualification in wanted_qualifications(outing.needs):
                holders = self.instance.qualified(qualification)
                skilled = solver.total(self.goes[key, n] for key in people if key in holders)
                self.model.add_linear_constraint(skilled >= made)

    def _one_place(self) -> None:
        by_day: dict[tuple[int, dt.date], list[Any]] = defaultdict(list)
        for (key, n), goes in self.goes.items():
            by_day[key, self.dated[n][1]].append(goes)
        for alternatives in by_day.values():
            if len(alternatives) > 1:
                self.model.add_linear_constraint(solver.total(alternatives) <= 1)

    def bands(self) -> dict[int, Band]:
        kept = [(frozenset(o.team) & self.instance.by_key.keys(), o.minutes) for o in self.instance.kept]
        open_to = [(self.teams[n], outing.minutes) for n, (outing, _) in enumerate(self.dated)]
        tolerance = self.instance.tolerance
        return {
            key: Band(share, share * (1 - tolerance), share * (1 + tolerance))
            for key, share in shares(self.instance, [*kept, *open_to]).items()
        }

    def bind(self, bands: dict[int, Band], slack: bool = False) -> list[Any]:
        """Hold everybody's minutes within their band; with ``slack`` give back what it is widened by."""
        widened = []
        for key, band in bands.items():
            load = solver.total([*self.load[key], float(self.base[key])])
            wider = self.model.add_variable(lb=0) if slack else 0.0
            if slack:
                widened.append(wider)
            # a millionth: shares are fractions, minutes are not
            self.model.add_linear_constraint(load - wider <= band.high + 1e-6)
            self.model.add_linear_constraint(load + wider >= band.low - 1e-6)
        return widened


def _widen(instance: Instance, dated: Sequence[Dated], seconds: float) -> dict[int, Band] | None:
    """The bands with the least that has to be given up for every outing to have its team."""
    built = _Model(instance, dated)
    bands = built.bands()
    wider = built.bind(bands, slack=True)
    unstaffed = [UNSTAFFED * len(outing.needs) * (1 - made)
                 for (outing, _), made in zip(dated, built.made, strict=True)]  # fmt: skip
    built.model.minimize(solver.total([*wider, *unstaffed]))
    solved = solver.solve(built.model, seconds=seconds, gap=0.02)
    if solved is None:
        return None
    given = dict(zip(bands, (solved.values[w] for w in wider), strict=True))
    return {
        key: replace(band, low=max(0.0, band.low - given[key]), high=band.high + given[key])
        for key, band in bands.items()
    }


def assign(instance: Instance, dated: Sequence[Dated], *, seconds: float, gap: float = 0.01) -> Assigned:
    """Teams for dated outings with the least travel within equal work; see the module."""
    if not dated:
        return Assigned()
    built = _Model(instance, dated)
    bands = built.bands()
    built.bind(bands)
    built.model.minimize(solver.total(built.travel))
    solved = solver.solve(built.model, seconds=seconds, gap=gap)
    widened = solved is None or not all(solved.is_on(made) for made in built.made)
    if widened:
        wider = _widen(instance, dated, seconds)
        if wider is None:
            return Assigned(unstaffed=[outing for outing, _ in dated], bands=bands, widened=True)
        bands, built = wider, _Model(instance, dated)
        built.bind(bands)
        built.model.minimize(solver.total(built.travel))
        solved = solver.solve(built.model, seconds=seconds, gap=gap)
        if solved is None:
            return Assigned(unstaffed=[outing for outing, _ in dated], bands=bands, widened=True)
    assert solved is not None
    return _read(built, solved, bands, widened)


def _read(built: _Model, solved: solver.Solved, bands: dict[int, Band], widened: bool) -> Assigned:
    missing = sum(
        UNSTAFFED * len(outing.needs)
        for (outing, _), made in zip(built.dated, built.made, strict=True)
        if not solved.is_on(made)
    )
    found = Assigned(
        bands=bands, widened=widened, cost=solved.objective - missing, bound=solved.bound - missing
    )
    teams: dict[int, list[int]] = defaultdict(list)
    for (key, n), goes in built.goes.items():
        if solved.is_on(goes):
            teams[n].append(key)
    for n, (outing, day) in enumerate(built.dated):
        if solved.is_on(built.made[n]):
            found.outings.append(Outing(day, outing.town, tuple(outing.needs), tuple(sorted(teams[n]))))
        else:
            found.unstaffed.append(outing)
    return found
