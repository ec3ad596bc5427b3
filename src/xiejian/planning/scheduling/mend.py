"""Somebody is away: the outings that this touches get another member, day or team, and nothing else moves.

In this order: a colleague takes the place on the same day; the same team goes on another day; another
team goes; a colleague changes over from one other outing whose place somebody free can take; the
visits join other outings. Whoever has room within the bound of equal work is asked first, but a visit
that is owed, and the day that the party may know, come before equal work. Locked outings stay as they
are and are named.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf

from xiejian.planning.scheduling import pairs
from xiejian.planning.scheduling.arrange import Book, Unmet, insert
from xiejian.planning.scheduling.days import Packed
from xiejian.planning.scheduling.instance import Instance, Outing, wanted_qualifications


@dataclass(frozen=True)
class Change:
    """One outing before and after. ``own``: the absence touches it; otherwise it moved for another's sake."""

    before: Outing
    after: Outing
    own: bool = True


@dataclass
class Mended:
    """What changes, which locked outings the absence collides with, and what found no place."""

    changes: list[Change] = field(default_factory=list)
    conflicts: list[Outing] = field(default_factory=list)
    unmet: list[Unmet] = field(default_factory=list)

    @property
    def others(self) -> int:
        """Outings that changed though the absence does not touch them."""
        return sum(not change.own for change in self.changes)


def limits_of(instance: Instance, outings: Sequence[Outing]) -> dict[int, float]:
    """The most minutes that each may have: the equal share of these outings and the tolerance."""
    work = [(instance.team_allowed(outing.needs), outing.minutes) for outing in outings]
    found = pairs.shares(instance, work)
    return {key: share * (1 + instance.tolerance) for key, share in found.items()}


def mend(instance: Instance, outings: Sequence[Outing], person: int) -> Mended:
    """Put right every outing that falls into the absence of ``person`` (``Inspector.away`` says when)."""
    away = instance.by_key[person].away
    touched = [o for o in outings if person in o.team and o.day in away]
    mending = _Mending(instance, outings, person)
    mending.found.conflicts = [o for o in touched if o.locked]
    for outing in sorted(touched, key=lambda o: (o.day, o.town, o.team)):
        if not outing.locked:
            mending.put_right(outing)
    return mending.found


class _Mending:
    """The schedule while it is mended: what stands now, who is free, what has changed."""

    def __init__(self, instance: Instance, outings: Sequence[Outing], person: int) -> None:
        self.instance, self.person = instance, person
        self.now = list(outings)
        self.waiting = {o for o in outings if person in o.team and o.day in instance.by_key[person].away}
        self.limits = limits_of(instance, outings)
        self.free = dict.fromkeys(self.limits, inf)
        self.book = Book(instance, outings, self.limits)
        self.found = Mended()
        self.changed: set[Outing] = set()

    def put_right(self, outing: Outing) -> None:
        self.now.remove(outing)
        self.book.release(outing)
        new = self.same_day(outing)
        for bound in (self.limits, self.free) if new is None else ():
            self.book.limits = bound
            new = new or self.same_team(outing) or self.other_team(outing)
        self.book.limits = self.limits
        if new is not None:
            self.note(outing, new)
        elif not self.borrow(outing):
            self.scatter(outing)

    def note(self, before: Outing, after: Outing, own: bool = True) -> None:
        self.found.changes.append(Change(before, after, own))
        self.changed.add(after)
        self.now.append(after)

    def fits(self, outing: Outing, team: frozenset[int]) -> bool:
        """Whether this team may make these visits: allowed everywhere, with every qualification."""
        wanted = wanted_qualifications(outing.needs)
        allowed = team <= self.instance.team_allowed(outing.needs)
        return allowed and all(team & self.instance.qualified(q) for q in wanted)

    def stand_in(self, outing: Outing, stay: frozenset[int], never: frozenset[int]) -> int | None:
        """Who completes the rest of a team on the outing's day: least beyond equal work, then nearest."""
        book = self.book
        able = [
            key for key, days in book.free.items()
            if outing.day in days and key not in stay | never and self.fits(outing, stay | {key})
        ]  # fmt: skip
        order = {key: (book.beyond(key, outing.minutes), book.cost(key, outing.town), key) for key in able}
        return min(able, key=order.__getitem__, default=None)

    def days(self, outing: Outing) -> list[dt.date]:
        first = max(need.from_on for need in outing.needs)
        last = min(need.due_on for need in outing.needs)
        return [day for day in self.instance.days if first <= day <= last]

    def stay(self, outing: Outing) -> frozenset[int] | None:
        """The members that remain; None when one of them is not there either."""
        team = frozenset(outing.team) - {self.person}
        return team if all(outing.day in self.book.free[key] for key in team) else None

    def same_day(self, outing: Outing) -> Outing | None:
        stay = self.stay(outing)
        new = None if stay is None else self.stand_in(outing, stay, frozenset())
        if stay is None or new is None:
            return None
        team = tuple(sorted(stay | {new}))
        return self.book.take(replace(outing, team=team), team, team)

    def same_team(self, outing: Outing) -> Outing | None:
        days = [day for day in self.days(outing) if all(day in self.book.free[key] for key in outing.team)]
        if not days:
            return None
        day = min(days, key=lambda day: (abs((day - outing.day).days), day))
        return self.book.take(replace(outing, day=day), outing.team, outing.team)

    def other_team(self, outing: Outing) -> Outing | None:
        made = self.book.open(Packed(list(outing.needs), self.days(outing)), outing.day)
        return made[0] if made else None

    def borrow(self, outing: Outing) -> bool:
        """A colleague changes over from one other outing of the day whose place somebody free takes."""
        stay = self.stay(outing)
        if stay is None:
            return False
        others = [o for o in self.now if o.day == outing.day and not o.locked]
        for other in others:
            if other in self.changed or other in self.waiting:
                continue
            for lent in sorted(set(other.team) - stay):
                rest = frozenset(other.team) - {lent}
                new = self.stand_in(other, rest, stay) if self.fits(outing, stay | {lent}) else None
                if new is not None:
                    self.exchange(outing, other, lent, new)
                    return True
        return False

    def exchange(self, outing: Outing, other: Outing, lent: int, new: int) -> None:
        self.now.remove(other)
        self.book.release(other)
        team = tuple(sorted({*other.team, new} - {lent}))
        self.note(other, self.book.take(replace(other, team=team), team, team), own=False)
        team = tuple(sorted({*outing.team, lent} - {self.person}))
        self.note(outing, self.book.take(replace(outing, team=team), team, team))

    def scatter(self, outing: Outing) -> None:
        """The visits one by one: joined to other outings, or as outings of their own."""
        before = [replace(o, locked=o.locked or o in self.waiting) for o in self.now]
        placed, missing = insert(self.instance, before, outing.needs, self.free, outing.day)
        self.found.unmet += [Unmet(need, "no_room") for need in missing]
        moved = set(outing.needs) - set(missing)
        locked = {o: o.locked for o in self.now}
        self.now = []
        for new in placed:
            own = tuple(need for need in new.needs if need in moved)
            if own:
                part = replace(new, needs=own)
                self.found.changes.append(Change(replace(outing, needs=own), part))
                self.book.take(part, new.team, new.team)
            was = replace(new, locked=False)
            self.now.append(new if own or locked.get(was) is None else was)
