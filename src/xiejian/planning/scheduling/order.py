"""The last pass: earlier days for the visits that the office wants to make first.

Towns, teams and the days on which anybody goes out are settled by then; here visits and outings only
change places with one another. So equal work and travel stay what they were, to the minute, and no
due date is ever given up for a wish. Two exchanges: visits of one town that ask the same of a team
change outings, then whole outings, each with its team, change days. An outing counts as its
most wanted visit; what has no place in the order comes after everything that has one.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from xiejian.planning.scheduling.instance import Instance, Need, Outing
from xiejian.planning.scheduling.weeks import FREE_SHARE, Week, free_days, week_of

LAST = float("inf")
OfficeWeek = tuple[str, Week]


def in_order(instance: Instance, outings: Sequence[Outing]) -> list[Outing]:
    """The same outings with earlier days for earlier places. Kept outings are neither moved nor changed."""
    if not any(need.place for outing in outings for need in outing.needs):
        return list(outings)
    ordered = sorted(outings, key=lambda o: (o.day, o.town, o.team))
    return _days(instance, _visits(instance, ordered))


def _place(need: Need) -> float:
    return LAST if need.place is None else need.place


def _wanted(outing: Outing) -> list[float]:
    return sorted(_place(need) for need in outing.needs)


def _suits(need: Need, day: dt.date, before: dt.date) -> bool:
    """Whether a visit may move to a day: between its dates, and not newly into the last week before its due
    date, from which there is no second chance."""
    last = week_of(need.due_on)
    return need.from_on <= day <= need.due_on and (week_of(day) != last or week_of(before) == last)


# --- visits change outings --------------------------------------------------------------------------------


def _visits(instance: Instance, outings: list[Outing]) -> list[Outing]:
    """Visits of one area that take as long and need the same qualification, the most wanted first."""
    slots: dict[Any, list[tuple[int, int]]] = defaultdict(list)
    needs = [list(outing.needs) for outing in outings]
    for number, outing in enumerate(outings):
        for index, need in enumerate(outing.needs):
            slots[need.area, need.minutes, need.qualification].append((number, index))
    for alike in slots.values():
        for position, (number, index) in enumerate(alike):
            here = needs[number][index]
            better = [
                (_place(needs[other][at]), other, at)
                for other, at in alike[position + 1 :]
                if _place(needs[other][at]) < _place(here) and outings[other].day > outings[number].day
                and _may_change(instance, here, outings[number], needs[other][at], outings[other])
            ]  # fmt: skip
            if better:
                _, other, at = min(better)
                needs[number][index], needs[other][at] = needs[other][at], here
    return [replace(outing, needs=tuple(now)) for outing, now in zip(outings, needs, strict=True)]


def _may_change(instance: Instance, one: Need, on: Outing, other: Need, on_other: Outing) -> bool:
    return (
        _suits(one, on_other.day, on.day)
        and _suits(other, on.day, on_other.day)
        and frozenset(on_other.team) <= instance.allowed(one)
        and frozenset(on.team) <= instance.allowed(other)
    )


# --- outings change days ----------------------------------------------------------------------------------


class _Book:
    """Who goes out on which day, and how much of each office's week is given away."""

    def __init__(self, instance: Instance, outings: Sequence[Outing]) -> None:
        self.office = {person.key: person.office for person in instance.inspectors}
        self.free = free_days(instance)
        self.used: Counter[OfficeWeek] = Counter()
        self.most: Counter[OfficeWeek] = Counter()
        for key, days in self.free.items():
            for day in days:
                self.most[self.office[key], week_of(day)] += 1
        for outing in outings:
            self._note(outing.team, outing.day, 1)

    def _note(self, team: Sequence[int], day: dt.date, sign: int) -> None:
        for key in team:
            (self.free[key].discard if sign > 0 else self.free[key].add)(day)
            self.used[self.office[key], week_of(day)] += sign

    def exchange(self, one: Outing, other: Outing) -> bool:
        """Let two outings change days if both teams are free then; False, and nothing done, otherwise.

        No office's week grows beyond the share that is left for illness by it.
        """
        before = {place: self.used[place] for place in self._weeks(one, other)}
        self._note(one.team, one.day, -1)
        self._note(other.team, other.day, -1)
        free = all(other.day in self.free[key] for key in one.team)
        free = free and all(one.day in self.free[key] for key in other.team)
        if free:
            self._note(one.team, other.day, 1)
            self._note(other.team, one.day, 1)
            if all(self.used[p] <= max(was, FREE_SHARE * self.most[p]) for p, was in before.items()):
                return True
            self._note(one.team, other.day, -1)
            self._note(other.team, one.day, -1)
        self._note(one.team, one.day, 1)
        self._note(other.team, other.day, 1)
        return False

    def _weeks(self, one: Outing, other: Outing) -> set[OfficeWeek]:
        people = (*one.team, *other.team)
        return {(self.office[key], week_of(day)) for key in people for day in (one.day, other.day)}


def _days(instance: Instance, outings: list[Outing]) -> list[Outing]:
    """Whole outings by their most wanted visit: each day, in turn, takes the one that is wanted most."""
    book, found = _Book(instance, outings), [(_wanted(outing), outing) for outing in outings]
    for here in range(len(found)):
        wanted, one = found[here]
        later = ((other, n) for n, (other, outing) in enumerate(found) if n > here and outing.day > one.day)
        for more, there in sorted((other, n) for other, n in later if other < wanted):
            other = found[there][1]
            if _outing_suits(one, other.day) and _outing_suits(other, one.day) and book.exchange(one, other):
                found[here] = more, replace(other, day=one.day)
                found[there] = wanted, replace(one, day=other.day)
                break
    return [outing for _, outing in found]


def _outing_suits(outing: Outing, day: dt.date) -> bool:
    return all(_suits(need, day, outing.day) for need in outing.needs)
