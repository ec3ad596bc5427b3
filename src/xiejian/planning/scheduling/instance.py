"""What a schedule is made from and what it is: visits owed, inspectors, days, outings. No database, no clock.

An outing is one day of one team in one town. Hard rules, held by every step and checked again by
``check.faults``: the team has the size that the law asks for, its members may inspect for the office in
charge, none has declared a conflict of interest with a party of the day, one of them holds the
qualification that a visit needs, nobody is in two places or away, the day's visits fit into it, and
every visit lies between its dates.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import asin, cos, radians, sin, sqrt

from xiejian.kernel.divisions import stem

EARTH_KM = 6371.0088  # mean radius


@dataclass(frozen=True)
class Inspector:
    """Somebody who is sent: ``office`` is where the journey begins, ``away`` the days of absence."""

    key: int
    name: str
    office: str
    qualifications: frozenset[str] = frozenset()
    away: frozenset[dt.date] = frozenset()


@dataclass(frozen=True)
class Need:
    """One visit that is owed between two dates. ``wide``: inspectors of other areas may take part.

    ``place``: where the order of visits that the office applied puts it (1 first); None when nowhere.
    """

    key: str
    party: int
    office: str
    town: str
    minutes: int
    from_on: dt.date
    due_on: dt.date
    qualification: str = ""
    wide: bool = False
    place: int | None = None

    @property
    def area(self) -> tuple[str, bool, str]:
        """Visits of one area may share an outing: same office in charge, same town."""
        return self.office, self.wide, self.town


@dataclass(frozen=True)
class Outing:
    """One day of one team in one town. ``locked``: day and team stand, nothing may be added or moved."""

    day: dt.date
    town: str
    needs: tuple[Need, ...]
    team: tuple[int, ...]
    locked: bool = False

    @property
    def minutes(self) -> int:
        return sum(need.minutes for need in self.needs)

    @property
    def parties(self) -> frozenset[int]:
        return frozenset(need.party for need in self.needs)


@dataclass(frozen=True)
class Travel:
    """Minutes of one way between two divisions: by coordinates where both have them, else by the tree.

    ``places``: code → (longitude, latitude) in degrees. ``steps``: minutes within one town, one county,
    one city, and beyond. A straight line times ``detour`` at ``kmh`` gives the minutes of a road.
    """

    places: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    steps: tuple[int, int, int, int] = (10, 40, 90, 180)
    kmh: float = 40.0
    detour: float = 1.3

    def minutes(self, start: str, end: str) -> int:
        if start in self.places and end in self.places:
            road = kilometres(self.places[start], self.places[end]) * self.detour
            return max(self.steps[0], round(road / self.kmh * 60))
        a, b = stem(start), stem(end)
        if a == b:
            return self.steps[0]
        same = [length for length in (6, 4) if a[:length] == b[:length] and min(len(a), len(b)) >= length]
        return self.steps[{6: 1, 4: 2}[same[0]]] if same else self.steps[3]


def kilometres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Great-circle distance of two points given as (longitude, latitude) in degrees (haversine)."""
    (lon1, lat1), (lon2, lat2) = ((radians(x), radians(y)) for x, y in (a, b))
    h = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(h))


def related(office: str, other: str) -> bool:
    """Whether one of two offices lies at or above the other: those send mixed teams."""
    a, b = stem(office), stem(other)
    return a.startswith(b) or b.startswith(a)


@dataclass(frozen=True)
class Instance:
    """Everything a schedule follows from. ``kept`` outings stand; ``days`` are the working days to use."""

    needs: tuple[Need, ...]
    inspectors: tuple[Inspector, ...]
    days: tuple[dt.date, ...]
    travel: Travel = Travel()
    day_minutes: int = 360
    day_visits: int = 4
    team_size: int = 2
    tolerance: float = 0.1
    exclusions: frozenset[tuple[int, int]] = frozenset()
    kept: tuple[Outing, ...] = ()

    @cached_property
    def by_key(self) -> dict[int, Inspector]:
        return {person.key: person for person in self.inspectors}

    @cached_property
    def _allowed(self) -> dict[tuple[str, bool], frozenset[int]]:
        places = {(need.office, need.wide) for need in self.needs}
        places |= {(need.office, need.wide) for outing in self.kept for need in outing.needs}
        return {
            (office, wide): frozenset(p.key for p in self.inspectors if wide or related(p.office, office))
            for office, wide in places
        }

    @cached_property
    def excluded_from(self) -> dict[int, frozenset[int]]:
        """Party → the inspectors that do not go there."""
        found: dict[int, set[int]] = defaultdict(set)
        for person, party in self.exclusions:
            found[party].add(person)
        return {party: frozenset(people) for party, people in found.items()}

    def allowed(self, need: Need) -> frozenset[int]:
        """Who may be sent on a visit: of an office at, above or below the one in charge, without conflict."""
        people = self._allowed.get((need.office, need.wide))
        if people is None:
            people = frozenset(p.key for p in self.inspectors if need.wide or related(p.office, need.office))
        return people - self.excluded_from.get(need.party, frozenset())

    @cached_property
    def _holders(self) -> dict[str, frozenset[int]]:
        held = {q for p in self.inspectors for q in p.qualifications}
        return {q: frozenset(p.key for p in self.inspectors if q in p.qualifications) for q in held}

    def qualified(self, qualification: str) -> frozenset[int]:
        return self._holders.get(qualification, frozenset())

    def usable_days(self, need: Need) -> list[dt.date]:
        return [day for day in self.days if need.from_on <= day <= need.due_on]

    def team_allowed(self, needs: Iterable[Need]) -> frozenset[int]:
        """Who may be in a team that makes all of these visits."""
        people = frozenset(self.by_key)
        for need in needs:
            people &= self.allowed(need)
        return people

    @cached_property
    def _ways(self) -> dict[tuple[str, str], int]:
        return {}

    def one_way(self, person: int, town: str) -> int:
        """Minutes from the inspector's office to the town."""
        way = self.by_key[person].office, town
        if way not in self._ways:
            self._ways[way] = self.travel.minutes(*way)
        return self._ways[way]


def wanted_qualifications(needs: Iterable[Need]) -> frozenset[str]:
    return frozenset(need.qualification for need in needs if need.qualification)
