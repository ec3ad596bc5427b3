"""Reads of the clocks: those of records, those running out, those that a new calendar moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from xiejian.clocks import counting
from xiejian.clocks.models import Clock
from xiejian.kernel import deadlines, workdays
from xiejian.kernel.deadlines import Due
from xiejian.kernel.divisions import stem
from xiejian.kernel.workdays import ONE_DAY, Calendar
from xiejian.people.policy import Actor, visible

#: A clock with no more than so many days (working days where it counts those) left is shown as urgent.
SOON = 3


def clocks_of(subject: str, records: Iterable[int]) -> dict[int, list[Clock]]:
    """The clocks of these records by record, the earliest due first; records without any are left out.

    For records that the caller may see already.
    """
    found: dict[int, list[Clock]] = {}
    for clock in Clock.objects.filter(subject=subject, record__in=list(records)):
        found.setdefault(clock.record, []).append(clock)
    return found


def running(actor: Actor | None) -> QuerySet[Clock]:
    """Every running clock of the actor's offices, the earliest due first (those without a date last)."""
    return visible(Clock.objects.filter(state=Clock.RUNNING), actor)


def due_by(actor: Actor | None, on: dt.date) -> QuerySet[Clock]:
    """Running clocks due on or before a day: what is late and what runs out."""
    return running(actor).filter(due_legal__lte=on)


def running_of_kind(
    actor: Actor | None, on: dt.date, *, search: str = "", kind: str = "", office: str = ""
) -> QuerySet[Clock]:
    """The running clocks of a list; ``kind`` is late, soon or provisional, every word must occur."""
    rows = running(actor)
    for word in search.split():
        rows = rows.filter(Q(title__icontains=word) | Q(label__icontains=word) | Q(applied__iexact=word))
    if kind == "late":
        rows = rows.filter(due_legal__lt=on)
    elif kind == "soon":
        rows = rows.filter(due_legal__range=(on, workdays.standing().add(on, SOON)))
    elif kind == "provisional":
        rows = rows.filter(provisional=True)
    return rows.filter(office_code__startswith=stem(office)) if office else rows


@dataclass(frozen=True)
class Standing:
    """How a clock stands: words and colour for a page; ``late`` judged by the rolled-over date."""

    text: str
    tone: str
    late: bool = False


def standing(clock: Clock, at: dt.datetime) -> Standing:
    """剩 3 个工作日（5月8日）: what is left of a clock at a moment, or how it ended."""
    if clock.state == Clock.DROPPED:
        return Standing("不再计时", "secondary")
    if clock.state == Clock.DONE:
        return _ended(clock)
    if clock.due_legal is None:
        return Standing(*(("中止中", "azure") if clock.facts.get("stops") else ("及时办理", "azure")))
    mark = "，暂定" if clock.provisional else ""
    if clock.due_at:
        return _hours_left(clock.due_at.astimezone(counting.BEIJING), at, mark)
    return _days_left(clock, clock.due_legal, at.astimezone(counting.BEIJING).date(), mark)


def _ended(clock: Clock) -> Standing:
    if clock.due_at and clock.ended_at:
        late = clock.ended_at > clock.due_at
    else:
        late = bool(clock.due_legal and clock.ended_on and clock.ended_on > clock.due_legal)
    return Standing(f"{clock.ended_on} {'超期' if late else '按期'}办结", "red" if late else "green", late)


def _hours_left(due: dt.datetime, at: dt.datetime, mark: str) -> Standing:
    hours, when = (due - at) / dt.timedelta(hours=1), f"{due.month}月{due.day}日 {due:%H:%M}"
    if hours < 0:
        return Standing(f"超期 {int(-hours)} 小时（{when}{mark}）", "red", True)
    return Standing(f"剩 {int(hours)} 小时（{when}{mark}）", "orange")


def _days_left(clock: Clock, due: dt.date, on: dt.date, mark: str) -> Standing:
    working = not clock.agreed and deadlines.rule(clock.applied).unit == "WD"
    first, last = sorted((on, due))
    days = workdays.standing().between(first + ONE_DAY, last) if working else (last - first).days
    unit, year = "个工作日" if working else "天", f"{due.year}年" if due.year != on.year else ""
    when = f"{year}{due.month}月{due.day}日{mark}"
    if due < on:
        return Standing(f"超期 {days} {unit}（{when}）", "red", True)
    if due == on:
        return Standing(f"今日到期（{when}）", "orange")
    return Standing(f"剩 {days} {unit}（{when}）", "orange" if days <= SOON else "secondary")


# ── a later calendar ──────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Move:
    """A clock that the calendar in force answers differently: before, after, and which days made it so."""

    clock: Clock
    before: tuple[str | None, str | None]
    after: Due
    was_provisional: bool
    why: str

    @property
    def dates(self) -> tuple[str | None, str | None]:
        """The new due_strict and due_legal as text."""
        found = self.after
        return (
            found.due_strict.isoformat() if found.due_strict else None,
            found.due_legal.isoformat() if found.due_legal else None,
        )

    @property
    def provisional(self) -> bool:
        return self.after.provisional

    def as_json(self) -> dict[str, Any]:
        """For the command's answer and the audit entry."""
        return {
            "title": self.clock.title,
            "label": self.clock.label,
            "rule": self.after.rule,
            "from": self.after.start.isoformat(),
            "due_strict": [self.before[0], self.dates[0]],
            "due_legal": [self.before[1], self.dates[1]],
            "provisional": [self.was_provisional, self.provisional],
            "why": self.why,
        }


def stale(actor: Actor | None) -> QuerySet[Clock]:
    """Running clocks that were counted on another calendar than the one in force."""
    return running(actor).exclude(rule="").exclude(calendar=workdays.standing().version)


def moves(clocks: Iterable[Clock], calendar: Calendar | None = None) -> list[Move]:
    """Which of the clocks get other dates, or lose or gain the mark 暂定, on the calendar in force."""
    calendar = calendar or workdays.standing()
    found = []
    for moved in deadlines.moved(counting.running(clocks), calendar):
        before, clock = moved.clock.dates, moved.clock.key
        strict, legal = (day.isoformat() if day else None for day in (before.strict, before.legal))
        found.append(
            Move(clock, (strict, legal), moved.after, clock.provisional, _why(clock, moved.after, calendar))
        )
    return found


def _why(clock: Clock, after: Due, calendar: Calendar) -> str:
    """The published days between start and end that a bare count of Monday to Friday gets wrong."""
    ends = [day for day in (clock.due_legal, after.due_legal) if day]
    if not ends:
        return ""
    first, last = clock.starts_on, max(d.date() if isinstance(d, dt.datetime) else d for d in ends)
    rest: dict[str, list[dt.date]] = {}
    for day, name in sorted(calendar.holidays.items()):
        if first < day <= last and day.weekday() < 5:
            rest.setdefault(name, []).append(day)
    worked = sorted(day for day in calendar.make_up if first < day <= last)
    parts = [f"{name}放假 {_span(days)}" for name, days in rest.items()]
    parts += [f"{_span(worked)} 上班"] if worked else []
    confirmed = "放假安排已公布" if clock.provisional and not after.provisional else ""
    return "；".join(filter(None, [confirmed, *parts])) or "规则或放假安排有更新"


def _span(days: list[dt.date]) -> str:
    return "、".join(f"{day.month}月{day.day}日" for day in days)
