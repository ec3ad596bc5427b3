"""The whole schedule: join outings that go there anyway, spread, pack, assign, mend, put in order."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from xiejian.planning.scheduling import days as daily
from xiejian.planning.scheduling import pairs, weeks
from xiejian.planning.scheduling.check import loads, travel_minutes
from xiejian.planning.scheduling.instance import Instance, Need, Outing, wanted_qualifications
from xiejian.planning.scheduling.order import in_order

#: Why a visit cannot be made. The words are in the room's pages; the codes are stored.
REASONS = {
    "overdue": "期限已过，请单独安排",
    "no_day": "期限内没有工作日",
    "too_long": "一天做不完这次检查",
    "no_team": "可派的检查员不足（回避或本辖区人数）",
    "no_qualified": "没有具备所需资格的检查员",
    "no_room": "期限内各组均已排满",
}
NEAREST = 12  # people among whom a team is looked for when one outing is mended
Progress = Callable[[int, str], None]


@dataclass(frozen=True)
class Unmet:
    """A visit that cannot be made, and the code of its reason."""

    need: Need
    reason: str


@dataclass
class Arranged:
    """A schedule: new outings, what cannot be met, and what is proven about it."""

    outings: list[Outing] = field(default_factory=list)
    unmet: list[Unmet] = field(default_factory=list)
    loads: dict[int, int] = field(default_factory=dict)
    bands: dict[int, pairs.Band] = field(default_factory=dict)
    travel: int = 0
    gap: float = 0.0
    widened: bool = False


def hopeless(instance: Instance, need: Need) -> str:
    """Why a visit could not be made even on an empty calendar; '' when it could."""
    if need.minutes > instance.day_minutes:
        return "too_long"
    days = instance.usable_days(need)
    if not days:
        return "overdue" if instance.days and need.due_on < instance.days[0] else "no_day"
    team = instance.allowed(need)
    people = [instance.by_key[key] for key in team]
    there = [[p for p in people if day not in p.away] for day in days]
    if max(map(len, there)) < instance.team_size:
        return "no_team"
    if need.qualification and not any(
        need.qualification in p.qualifications for present in there for p in present
    ):
        return "no_qualified"
    return ""


def arrange(
    instance: Instance, *, seconds: float = 50.0, progress: Progress = lambda percent, what: None
) -> Arranged:
    """Who goes when for every visit that can be made; ``seconds`` bound the search, not the answer.

    ``progress`` is told (percent, what is being done).
    """
    found = Arranged()
    possible = []
    for need in instance.needs:
        reason = hopeless(instance, need)
        if reason:
            found.unmet.append(Unmet(need, reason))
        else:
            possible.append(need)
    progress(5, "核对条件")
    joined, rest = join(instance, possible)
    work = replace(instance, needs=tuple(rest), kept=tuple(joined))
    progress(10, "按周、按乡镇归并")
    spread = weeks.spread(work, seconds * 0.2)
    progress(35, "落实到日")
    dated = daily.gather(work, daily.place(work, spread, seconds * 0.02))
    progress(50, "安排检查组")
    assigned = pairs.assign(work, dated, seconds=seconds * 0.65)
    progress(90, "补排")
    left = [*spread.left, *(need for outing in assigned.unstaffed for need in outing.needs)]
    _finish(instance, work, assigned, left, found)
    progress(100, "完成")
    return found


def _finish(
    instance: Instance, work: Instance, assigned: pairs.Assigned, left: list[Need], found: Arranged
) -> None:
    """Give what is left its place, and say what the schedule is."""
    limits = {key: band.high for key, band in assigned.bands.items()}
    outings, missing = insert(work, assigned.outings, left, limits)
    outings = in_order(work, outings)
    found.unmet += [Unmet(need, "no_room") for need in missing]
    grown = [new for new, old in zip(work.kept, instance.kept, strict=True) if new != old]
    found.outings = sorted([*outings, *_only_new(grown, instance)], key=lambda o: (o.day, o.town, o.team))
    found.loads = loads(replace(instance, kept=()), [*work.kept, *outings])
    found.bands = assigned.bands
    found.travel = travel_minutes(instance, [*work.kept, *outings])
    found.gap = assigned.gap
    found.widened = assigned.widened


def _only_new(grown: Iterable[Outing], instance: Instance) -> list[Outing]:
    """Of kept outings that took visits in: the new visits, with the day and team that they joined."""
    before = {need.key for outing in instance.kept for need in outing.needs}
    return [replace(o, needs=tuple(n for n in o.needs if n.key not in before)) for o in grown]


def _may_join(instance: Instance, outing: Outing, need: Need) -> bool:
    if outing.locked or outing.town != need.town or not need.from_on <= outing.day <= need.due_on:
        return False
    if outing.day not in instance.days or len(outing.needs) >= instance.day_visits:
        return False
    team = frozenset(outing.team)
    if outing.minutes + need.minutes > instance.day_minutes or not team <= instance.allowed(need):
        return False
    return not need.qualification or bool(team & instance.qualified(need.qualification))


def join(instance: Instance, needs: Iterable[Need]) -> tuple[list[Outing], list[Need]]:
    """Visits that an outing already arranged can take in, those due first; the rest comes back."""
    outings, rest = list(instance.kept), []
    by_town: dict[str, list[int]] = defaultdict(list)
    for place, outing in enumerate(outings):
        by_town[outing.town].append(place)
    for need in sorted(needs, key=lambda n: (n.due_on, n.key)):
        home = next((p for p in by_town[need.town] if _may_join(instance, outings[p], need)), None)
        if home is None:
            rest.append(need)
        else:
            outings[home] = replace(outings[home], needs=(*outings[home].needs, need))
    return outings, rest


def insert(
    instance: Instance,
    outings: Sequence[Outing],
    needs: Sequence[Need],
    limits: dict[int, float],
    near: dt.date | None = None,
) -> tuple[list[Outing], list[Need]]:
    """Add visits to a schedule without moving anything in it; (the schedule, what found no place).

    ``limits``: minutes that an inspector may have. First by joining outings to the same town, then as
    outings of their own on the day and with the team that cost least: the way, and the distance from
    ``near`` where a day is wished.
    """
    places = list(outings)
    left: list[Need] = []
    book = Book(instance, places, limits)
    areas: dict[object, list[Need]] = defaultdict(list)
    for need in sorted(needs, key=lambda n: (n.due_on, n.key)):
        home = next(
            (i for i, o in enumerate(places) if _may_join(instance, o, need) and book.takes(o, need)), None
        )
        if home is None:
            areas[need.area].append(need)
        else:
            places[home] = replace(places[home], needs=(*places[home].needs, need))
            book.add(places[home].team, need.minutes)
    for waiting in areas.values():
        for packed in daily.pack(instance, waiting, instance.days):
            made = book.open(packed, near) or [
                outing for need in packed.needs
                if len(packed.needs) > 1
                for outing in book.open(daily.Packed([need], instance.usable_days(need)), near)
            ]  # fmt: skip
            places += made
            done = {need.key for outing in made for need in outing.needs}
            left += [need for need in packed.needs if need.key not in done]
    return places, left


class Book:
    """Who is free on which day and how much everybody has, while outings are added one by one."""

    def __init__(self, instance: Instance, outings: Sequence[Outing], limits: dict[int, float]) -> None:
        self.instance, self.limits = instance, limits
        self.free = weeks.free_days(replace(instance, kept=(*instance.kept, *outings)))
        self.minutes = loads(instance, outings)

    def takes(self, outing: Outing, need: Need) -> bool:
        return all(self.minutes[key] + need.minutes <= self.limits.get(key, 0) for key in outing.team)

    def add(self, team: Iterable[int], minutes: int) -> None:
        for key in team:
            self.minutes[key] += minutes

    def take(self, outing: Outing, charge: Iterable[int], add: Iterable[int]) -> Outing:
        """Note an outing: ``charge`` are no longer free on its day, ``add`` get its minutes."""
        for key in charge:
            self.free[key].discard(outing.day)
        self.add(add, outing.minutes)
        return outing

    def release(self, outing: Outing) -> None:
        """Take an outing out: its team is free on its day again, where it is there."""
        for key in outing.team:
            if outing.day in self.instance.days and outing.day not in self.instance.by_key[key].away:
                self.free[key].add(outing.day)
        self.add(outing.team, -outing.minutes)

    def free_on(self, day: dt.date, minutes: int) -> list[int]:
        """Who is there, unoccupied, and may have so many minutes more."""
        return [
            key
            for key, days in self.free.items()
            if day in days and self.minutes[key] + minutes <= self.limits.get(key, 0)
        ]

    def beyond(self, key: int, minutes: int) -> float:
        """By how many minutes so much more would be too much."""
        return max(0.0, self.minutes[key] + minutes - self.limits.get(key, 0.0))

    def cost(self, key: int, town: str) -> float:
        """The way there and back, and a little for work that one has already."""
        return 2.0 * self.instance.one_way(key, town) + 10.0 * self.minutes[key] / max(
            1.0, self.instance.day_minutes * len(self.instance.days)
        )

    def open(self, packed: daily.Packed, near: dt.date | None = None) -> list[Outing]:
        """An outing of its own on the cheapest day with the cheapest team; empty when there is none."""
        allowed = self.instance.team_allowed(packed.needs)
        best: tuple[float, dt.date, tuple[int, ...]] | None = None
        for day in packed.days:
            people = [key for key in self.free_on(day, packed.minutes) if key in allowed]
            distance = 2.0 * abs((day - near).days) if near else 0.0
            team = self.team(packed, people)
            if team and (best is None or (team[0] + distance, day) < best[:2]):
                best = team[0] + distance, day, team[1]
        if best is None:
            return []
        _, day, chosen = best
        return [self.take(Outing(day, packed.town, tuple(packed.needs), chosen), chosen, chosen)]

    def team(self, packed: daily.Packed, people: list[int]) -> tuple[float, tuple[int, ...]] | None:
        """The cheapest team among these people that holds every qualification; less work goes first."""
        wanted = wanted_qualifications(packed.needs)
        holders = [self.instance.qualified(q) for q in wanted]
        cost = {key: self.cost(key, packed.town) for key in people}
        ranked = sorted(people, key=lambda key: (cost[key], key))
        skilled = [key for key in ranked if any(key in held for held in holders)]
        pool = list(dict.fromkeys([*ranked[:NEAREST], *skilled[:NEAREST]]))
        teams = (
            (sum(cost[key] for key in team), tuple(sorted(team)))
            for team in combinations(pool, self.instance.team_size)
            if all(held & set(team) for held in holders)
        )
        return min(teams, default=None)
