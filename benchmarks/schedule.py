"""Who goes when for a year: 2,000 visits and 40 inspectors, against taking the best at hand.

The peer goes through the visits by due date. Each joins an outing to its town that has room; else it
opens one on the first day on which a team of two can go: the nearest among those who have no more than
the tolerance (and one day) beyond the mean so far, so that its work ends about as equal as ours has to
be. A second peer keeps no more than the upper bound of equal work and is told beside it: what it saves
in travel it saves by leaving people without work.

``least`` is a floor under every schedule of these visits: a linear program in which outings are
always full and may be divided at will, days and conflicts of interest do not count, and only equal work,
two people and qualifications do. Nobody travels less without giving one of those up.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections import defaultdict
from typing import Any

from xiejian.planning.scheduling import check, solver
from xiejian.planning.scheduling.arrange import arrange
from xiejian.planning.scheduling.instance import Inspector, Instance, Need, Outing, Travel
from xiejian.planning.scheduling.pairs import Band

COUNTY, TOWNS, STATIONS = "150525", 20, 8
VISITS, PEOPLE = 2_000, 40


def drawn(visits: int = VISITS, people: int = PEOPLE, seed: int = 1) -> Instance:
    """A county of twenty towns and eight stations; a quarter of the people at the bureau."""
    chance = random.Random(seed)
    towns = [f"{COUNTY}{100 + n}" for n in range(TOWNS)]
    places = {town: (120 + chance.random() * 1.2, 42.5 + chance.random()) for town in towns}
    places[COUNTY] = (120.6, 42.9)
    year = dt.date(2024, 1, 1)
    inspectors = tuple(
        Inspector(
            key,
            f"检查员{key}",
            COUNTY if key < people // 4 else towns[key % STATIONS],
            frozenset({"资格"}) if chance.random() < 0.25 else frozenset(),
            frozenset(year + dt.timedelta(days=chance.randrange(30, 330) + n) for n in range(10)),
        )
        for key in range(people)
    )
    needs = tuple(_visit(key, chance, towns, year) for key in range(visits))
    days = (year + dt.timedelta(days=n) for n in range(366))
    conflicts = frozenset((chance.randrange(people), chance.randrange(1_500)) for _ in range(100))
    working = tuple(day for day in days if day.weekday() < 5)
    return Instance(needs, inspectors, working, Travel(places), exclusions=conflicts)


def _visit(key: int, chance: random.Random, towns: list[str], year: dt.date) -> Need:
    """Two fifths due within the year, two fifths in a quarter, one fifth within three months of a filing."""
    kind = chance.random()
    first, last = year, dt.date(2024, 12, 31)
    if 0.4 <= kind < 0.8:
        quarter = chance.randrange(4)
        first, last = dt.date(2024, quarter * 3 + 1, 1), dt.date(2024, quarter * 3 + 3, 28)
    elif kind >= 0.8:
        first = year + dt.timedelta(days=chance.randrange(260))
        last = first + dt.timedelta(days=90)
    minutes = chance.choice([90, 90, 90, 180, 180, 360])
    qualification = "资格" if minutes == 360 and chance.random() < 0.5 else ""
    return Need(f"v{key}", key % 1_500, COUNTY, chance.choice(towns), minutes, first, last, qualification)


def greedy(instance: Instance, equal: bool = True) -> tuple[list[Outing], int]:
    """The peer's outings and how many visits found no place. ``equal``: it minds equal work all along."""
    outings: list[list[Any]] = []  # [day, town, needs, team]
    by_town: dict[str, list[list[Any]]] = defaultdict(list)
    busy: set[tuple[int, dt.date]] = set()
    minutes = {p.key: 0 for p in instance.inspectors}
    share = instance.team_size * sum(n.minutes for n in instance.needs) / len(instance.inspectors)
    missing = 0
    for need in sorted(instance.needs, key=lambda n: (n.due_on, n.from_on, n.key)):
        home = next((o for o in by_town[need.town] if _joins(instance, o, need)), None)
        if home is None:
            mean = sum(minutes.values()) / len(minutes)
            most = (1 + instance.tolerance) * (mean if equal else share)
            home = _opened(instance, need, busy, minutes, most + equal * instance.day_minutes)
            if home is None:
                missing += 1
                continue
            outings.append(home)
            by_town[need.town].append(home)
            busy |= {(key, home[0]) for key in home[3]}
        else:
            home[2].append(need)
        for key in home[3]:
            minutes[key] += need.minutes
    return [Outing(day, town, tuple(needs), team) for day, town, needs, team in outings], missing


def _joins(instance: Instance, outing: list[Any], need: Need) -> bool:
    day, _, needs, team = outing
    room = sum(n.minutes for n in needs) + need.minutes <= instance.day_minutes
    fits = len(needs) < instance.day_visits and need.from_on <= day <= need.due_on
    able = set(team) <= instance.allowed(need)
    return (
        room and fits and able
        and (not need.qualification or bool(set(team) & instance.qualified(need.qualification)))
    )  # fmt: skip


def _opened(
    instance: Instance, need: Need, busy: set[tuple[int, dt.date]], minutes: dict[int, int], most: float
) -> list[Any] | None:
    able = sorted(instance.allowed(need))
    for day in instance.usable_days(need):
        free = [k for k in able if (k, day) not in busy and day not in instance.by_key[k].away]
        within = [k for k in free if minutes[k] + need.minutes <= most]
        for people, order in (
            (within, lambda k: (instance.one_way(k, need.town), minutes[k], k)),
            (free, lambda k: (minutes[k], k)),
        ):
            ranked = sorted(people, key=order)
            holders = [k for k in ranked if k in instance.qualified(need.qualification)]
            first = holders[:1] if need.qualification else ranked[:1]
            second = [k for k in ranked if k not in first][:1]
            if first and second:
                return [day, need.town, [need], (*sorted([*first, *second]),)]
    return None


def least(instance: Instance, bands: dict[int, Band]) -> float:
    """Minutes on the road below which no schedule that keeps the bands can come."""
    minutes: dict[tuple[str, str], int] = defaultdict(int)
    for need in instance.needs:
        minutes[need.town, need.qualification] += need.minutes
    model = solver.new()
    load: dict[int, list[Any]] = defaultdict(list)
    cost = []
    for (town, qualification), work in minutes.items():
        given = {p.key: model.add_variable(lb=0, ub=work) for p in instance.inspectors}
        model.add_linear_constraint(solver.total(given.values()) == instance.team_size * work)
        if qualification:
            held = solver.total(given[key] for key in instance.qualified(qualification))
            model.add_linear_constraint(held >= work)
        for key, spent in given.items():
            load[key].append(spent)
            cost.append(2 * instance.one_way(key, town) / instance.day_minutes * spent)
    for key, band in bands.items():
        model.add_linear_constraint(solver.total(load[key]) <= band.high)
        model.add_linear_constraint(solver.total(load[key]) >= band.low)
    model.minimize(solver.total(cost))
    found = solver.solve(model, seconds=10, gap=1e-6)
    assert found is not None
    return found.bound


def _spread(instance: Instance, outings: list[Outing]) -> float:
    """How far the one who is furthest from equal work is from it."""
    load = check.loads(instance, outings)
    mean = sum(load.values()) / len(load)
    return max(abs(minutes / mean - 1) for minutes in load.values())


def run() -> list[dict[str, Any]]:
    """Travel against the peer, the proven gap of the teams, the seconds it took."""
    instance = drawn()
    started, cpu = time.perf_counter(), time.process_time()
    ours = arrange(instance, seconds=50)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    theirs, missing = greedy(instance)
    loose, _ = greedy(instance, equal=False)
    assert not any(check.faults(instance, found) for found in (ours.outings, theirs, loose))
    peer, other = check.travel_minutes(instance, theirs), check.travel_minutes(instance, loose)
    own = max(abs(ours.loads[key] / band.share - 1) for key, band in ours.bands.items() if band.share)
    floor = least(instance, ours.bands)
    detail = (
        f"{VISITS} visits, {PEOPLE} inspectors: travel {ours.travel / 60:.0f} h against {peer / 60:.0f} h "
        f"({1 - ours.travel / peer:.0%} less); not met {len(ours.unmet)} against {missing}; "
        f"work within {own:.1%} against {_spread(instance, theirs):.1%} of equal; the second peer "
        f"{other / 60:.0f} h with work within {_spread(instance, loose):.1%} ({1 - ours.travel / other:.0%} "
        f"less, where no schedule with equal work can be more than {1 - floor / other:.1%} less)"
    )
    bound = f"no schedule with equal work travels less than {floor / 60:.0f} h; ours {ours.travel / 60:.0f} h"
    lines = (
        ("schedule, travel of the peer per ours", peer / ours.travel, 1.33, detail),
        ("schedule, least possible travel per ours", floor / ours.travel, 0.97, bound),
        ("schedule, 1 % per proven gap", 0.01 / max(ours.gap, 1e-4), 1, f"gap {ours.gap:.3%}"),
        ("schedule, 60 s per our time", 60 / seconds, 1, f"{seconds:.0f} s, of them {cpu:.0f} s computing"),
    )
    return [dict(zip(("name", "ratio", "need", "detail"), line, strict=True)) for line in lines]
