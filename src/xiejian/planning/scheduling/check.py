"""The hard rules of a schedule, counted anew from the schedule itself: no faults, or it is not stored."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from xiejian.planning.scheduling.instance import Instance, Outing, wanted_qualifications


def _of_an_outing(instance: Instance, outing: Outing) -> list[str]:
    found = []
    team = frozenset(outing.team)
    if len(team) != instance.team_size or len(team) != len(outing.team):
        found.append("team")
    if outing.day not in instance.days:
        found.append("workday")
    if outing.minutes > instance.day_minutes and len(outing.needs) > 1:
        found.append("minutes")
    if len(outing.needs) > instance.day_visits:
        found.append("visits")
    if not team <= instance.team_allowed(outing.needs):
        found.append("allowed")
    if any(outing.day in instance.by_key[key].away for key in team & instance.by_key.keys()):
        found.append("away")
    if not all(team & instance.qualified(q) for q in wanted_qualifications(outing.needs)):
        found.append("qualification")
    if not all(need.from_on <= outing.day <= need.due_on for need in outing.needs):
        found.append("dates")
    if any(need.town != outing.town for need in outing.needs):
        found.append("town")
    return found


def faults(instance: Instance, outings: Sequence[Outing]) -> list[tuple[str, Any]]:
    """Every hard rule that the new outings break, as (rule, what breaks it). Kept ones stand as they are."""
    found: list[tuple[str, Any]] = []
    for outing in outings:
        found += [(rule, outing) for rule in _of_an_outing(instance, outing)]
    where: dict[Any, int] = Counter(
        (key, outing.day) for outing in (*instance.kept, *outings) for key in outing.team
    )
    found += [("two places", place) for place, times in where.items() if times > 1]
    made = Counter(need.key for outing in outings for need in outing.needs)
    found += [("twice", key) for key, times in made.items() if times > 1]
    return found


def loads(instance: Instance, outings: Sequence[Outing]) -> dict[int, int]:
    """Inspector → minutes with parties, kept outings included."""
    found: dict[int, int] = defaultdict(int)
    for person in instance.inspectors:
        found[person.key] = 0
    for outing in (*instance.kept, *outings):
        for key in outing.team:
            found[key] += outing.minutes
    return dict(found)


def travel_minutes(instance: Instance, outings: Sequence[Outing]) -> int:
    """Minutes on the road of everybody together: there and back once for each outing."""
    return sum(2 * instance.one_way(key, outing.town) for outing in outings for key in outing.team)
