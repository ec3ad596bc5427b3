"""When something is due: the periods of ``deadline_rules`` counted on the statutory calendar.

The day of the start is not counted (DC-1). ``due_strict`` is the end of the period itself,
``due_legal`` the end after roll-over: from a statutory holiday always, from an ordinary weekend
where the office's setting says so (DC-2, DC-3). Warn by the first, judge lateness by the second.
Working days need no roll-over, hours and backward periods have none. A FIX or NTH_WD rule gives its
next date after the start. Citations of the counting rules stand in the pack as DC-1 to DC-15.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from xiejian.kernel import deadline_facts as facts
from xiejian.kernel import deadline_rules, workdays
from xiejian.kernel.deadline_facts import Added, Facts, Stop
from xiejian.kernel.deadline_rules import COUNTED, Leg, Rule
from xiejian.kernel.problems import Refused
from xiejian.kernel.workdays import ONE_DAY, Calendar

problems = facts.problems


@dataclass(frozen=True)
class Skipped:
    """A day that did not count, and why; ``kind``: holiday, weekend, stop, or rollover."""

    day: dt.date
    why: str
    kind: str

    def as_json(self) -> dict[str, str]:
        return {"day": self.day.isoformat(), "why": self.why, "kind": self.kind}


@dataclass(frozen=True)
class Run:
    """One stretch of counting: the days ``first`` to ``last`` were looked at, in this unit."""

    first: dt.date
    last: dt.date
    unit: str


@dataclass(frozen=True)
class FurtherDue:
    """When a further period of the matter is due, started at ``start``."""

    leg: Leg
    start: dt.date
    due_strict: dt.date
    due_legal: dt.date

    def as_json(self) -> dict[str, Any]:
        return {
            "meaning": self.leg.meaning,
            "starts": self.leg.starts,
            "from": self.start.isoformat(),
            "due_strict": self.due_strict.isoformat(),
            "due_legal": self.due_legal.isoformat(),
        }


@dataclass(frozen=True, eq=False)
class Due:
    """An answer with its reasons.

    ``asked`` is the rule asked for, ``applied`` the one of the order in force for the matter; the
    dates are moments for hour rules and None where the rule has no number. ``opens``: first day of a
    backward window. ``target``: the office's own setting where the law only says "at once".
    ``provisional``: some day from the start to the due date lies in a year without a published calendar.
    """

    asked: str
    applied: Rule
    start: dt.date
    due_strict: dt.date | None = None
    due_legal: dt.date | None = None
    opens: dt.date | None = None
    target: dt.date | None = None
    provisional: bool = False
    notes: tuple[str, ...] = ()
    legs: tuple[FurtherDue, ...] = ()
    reminders: tuple[dt.date, ...] = ()
    runs: tuple[Run, ...] = field(default=(), repr=False)
    stops: tuple[Stop, ...] = field(default=(), repr=False)
    calendar: Calendar | None = field(default=None, repr=False)

    @property
    def rule(self) -> str:
        """The id of the rule that was applied."""
        return self.applied.id

    @property
    def day_kind(self) -> str:
        return self.applied.day_kind

    @property
    def citation(self) -> str:
        return self.applied.citation

    @property
    def meaning(self) -> str:
        return self.applied.meaning

    @property
    def unverified(self) -> bool:
        return self.applied.unverified

    @cached_property
    def trail(self) -> tuple[Skipped, ...]:
        """Every day that did not count, in order, and those over which the end rolled."""
        found = [skipped for run in self.runs for skipped in self._skipped(run)]
        if self.calendar and self.due_strict and self.due_legal and self.applied.unit != "H":
            for day in _days(self.due_strict, self.due_legal - ONE_DAY):
                found.append(Skipped(day, f"{self.calendar.why_not_working(day)}，末日顺延", "rollover"))
        return tuple(found)

    @property
    def made_up(self) -> tuple[dt.date, ...]:
        """Weekend days that counted because people worked on them."""
        if self.calendar is None:
            return ()
        worked = {
            day
            for run in self.runs
            if run.unit == "WD"
            for day in self.calendar.make_up
            if run.first <= day <= run.last and not _stopped(self.stops, day)
        }
        return tuple(sorted(worked))

    def _skipped(self, run: Run) -> Iterator[Skipped]:
        calendar = self.calendar
        if calendar is None or (run.unit != "WD" and not self.stops):
            return
        for day in _days(run.first, run.last):
            if stop := _stopped(self.stops, day):
                yield Skipped(day, f"中止：{stop.reason}" if stop.reason else "中止", "stop")
            elif run.unit == "WD" and not calendar.is_working_day(day):
                kind = "holiday" if calendar.is_statutory_holiday(day) else "weekend"
                yield Skipped(day, calendar.why_not_working(day), kind)

    def as_json(self) -> dict[str, Any]:
        """The answer of the contract, and what explains it."""
        rule = self.applied
        return {
            "rule": self.asked,
            "from": self.start.isoformat(),
            "due_strict": _iso(self.due_strict),
            "due_legal": _iso(self.due_legal),
            "day_kind": rule.day_kind,
            "provisional": self.provisional,
            "citation": rule.citation,
            "trail": [skipped.as_json() for skipped in self.trail],
            "applied": rule.id,
            "meaning": rule.meaning,
            "who": rule.who,
            "starts": rule.starts,
            "unverified": rule.unverified,
            "checked": rule.checked,
            "source": rule.source,
            "design": rule.design,
            "conflict": rule.conflict,
            "opens": _iso(self.opens),
            "reminders": [day.isoformat() for day in self.reminders],
            "target": _iso(self.target),
            "made_up": [day.isoformat() for day in self.made_up],
            "legs": [leg.as_json() for leg in self.legs],
            "notes": list(self.notes),
        }


def _iso(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (dt.date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1))


def _stopped(stops: Iterable[Stop], day: dt.date) -> Stop | None:
    return next((s for s in stops if s.first <= day and (s.last is None or day <= s.last)), None)


def rule(rule_id: object) -> Rule:
    """The rule of this id, as it is written or in small letters; Refused K421.

    ``SM-4.2`` is the second period of SM-4, which runs from the same day, as a rule by itself.
    """
    rules = deadline_rules.load().rules
    if isinstance(rule_id, str):
        if found := rules.get(rule_id):
            return found
        if len(rule_id) <= facts.LONGEST:
            name, _, period = rule_id.strip().upper().partition(".")
            found = rules.get(name)
            if found and (found := deadline_rules.period(found, period)):
                return found
    raise Refused(problems("K421", "rule", rule=facts.shown(rule_id)))


def due(
    rule_id: str,
    start: object,
    *,
    extensions: Iterable[Added] = (),
    stops: Iterable[Stop] = (),
    received_on: dt.date | None = None,
    calendar: Calendar | None = None,
    rollover_weekend: bool | None = None,
) -> Due:
    """When ``rule_id`` is due, counted from ``start`` (a date, moment or text of one).

    Hour rules count from the moment; a plain day stands for its midnight, the earliest it can mean.
    ``received_on`` decides between old and new order (default: the start). ``stops`` do not count,
    ``extensions`` are added; both only for periods that run forwards. ``rollover_weekend`` overrides
    the pack's setting. Refused K301, K421 to K429.
    """
    asked = rule(rule_id)
    calendar = calendar or workdays.standing()
    begin, notes = _begin(asked, start)
    applied, about = _order(asked, begin, received_on)
    notes += about
    if applied is None:
        return Due(asked.id, asked, begin, notes=tuple(notes))
    notes += [applied.note] if applied.note else []
    if not applied.has_clock:
        target = None
        if own := applied.setting:
            target = _period(calendar, begin, own.n or 1, own.unit)
        if extensions or stops:
            notes.append("没有期限可延长或中止，所给延长、中止未计入")
        return Due(asked.id, applied, begin, target=target, notes=tuple(notes))
    if rollover_weekend is None:
        rollover_weekend = deadline_rules.load().setting("rollover_weekend")
    count = _Count(applied, begin, calendar, rollover_weekend, tuple(extensions), tuple(stops))
    if applied.before:
        found = count.backwards()
    else:
        found = count.hours() if applied.unit == "H" else count.forwards()
    return replace(found, asked=asked.id, notes=(*notes, *count.notes)) if notes or count.notes else found


def _begin(asked: Rule, start: object) -> tuple[dt.date, list[str]]:
    """The start as the rule needs it: a moment, a month, or a day."""
    if asked.unit == "H":
        begin, has_hour = facts.moment(start)
        return begin, [] if has_hour else ["未给出时刻，自当日零时起算"]
    if type(start) is dt.date:
        return facts.day(start), []
    return (facts.month(start) if asked.unit == "NTH_WD" else facts.day(start)), []


def _order(asked: Rule, begin: dt.date, received_on: dt.date | None) -> tuple[Rule | None, list[str]]:
    """The row of the order in force when the matter was received; None when that order knows no such time."""
    received = received_on or (begin.date() if isinstance(begin, dt.datetime) else begin)
    rules = deadline_rules.load().rules
    applied = asked
    while applied.replaces and applied.from_on and received < applied.from_on:
        applied = rules[applied.replaces]
    while applied.replaced_by and applied.until_on and received > applied.until_on:
        applied = rules[applied.replaced_by]
    if applied is not asked:
        return applied, [f"收到日 {received}，适用 {applied.id}（{applied.citation}）"]
    if applied.until_on and received > applied.until_on:
        if received_on:
            return None, [f"所引文件已于 {applied.until_on} 后停止施行", applied.note]
        return applied, [f"所引文件施行至 {applied.until_on}，只适用于此前收到的事项"]
    if applied.from_on and received < applied.from_on:
        return applied, [f"所引文件自 {applied.from_on} 起施行，此日期在其之前"]
    return applied, []


class _Count:
    """One count: the rule and all that is known of the matter, on one calendar."""

    def __init__(
        self,
        of: Rule,
        begin: dt.date,
        calendar: Calendar,
        weekends: bool,
        extensions: tuple[Added, ...],
        stops: tuple[Stop, ...],
    ) -> None:
        self.rule, self.begin, self.calendar, self.weekends = of, begin, calendar, weekends
        self.extensions, self.stops, self.notes = extensions, stops, list[str]()
        if extensions or stops:
            self._check()

    def _check(self) -> None:
        """Units that can be added here, and an end within every calendar."""
        hours = self.rule.unit == "H"
        for added in self.extensions:
            if (self._unit(added) == "H") != hours:
                allowed = "H" if hours else "、".join(u for u in COUNTED if u != "H")
                raise Refused(problems("K426", value=self._unit(added), field="extensions", allowed=allowed))
        periods = [(added.n, self._unit(added)) for added in self.extensions]
        facts.check_reach(periods, self.stops)
        if self.rule.before and (self.extensions or self.stops):
            self.notes.append("倒算的期限没有延长和中止，所给延长、中止未计入")
        elif self.extensions:
            self.notes += self._doubts()

    def _unit(self, added: Added) -> str:
        return added.unit or (self.rule.unit if self.rule.unit in COUNTED else "WD")

    def _doubts(self) -> list[str]:
        """What a reader of the file would ask about the extensions."""
        allowed = self.rule.extension
        if allowed is None:
            return ["所引条文没有规定这一期限可以延长，请核对延长的依据"]
        given = sum(added.n for added in self.extensions if self._unit(added) == allowed.unit)
        other = any(self._unit(added) != allowed.unit for added in self.extensions)
        if other or (allowed.n is not None and given > allowed.n):
            most = f"{allowed.n or ''}{facts.unit_label(allowed.unit)}"
            return [f"条文规定的延长为{most}（{allowed.approval}），请核对延长的依据"]
        return []

    def roll(self, day: dt.date) -> dt.date:
        """The day itself, or the first after it on which a period may end."""
        calendar = self.calendar
        while calendar.is_statutory_holiday(day) or (self.weekends and not calendar.is_working_day(day)):
            day += ONE_DAY
        return day

    def forwards(self) -> Due:
        """Working days, days, months, years and fixed dates, with extensions and stops."""
        if self.rule.unit in COUNTED and not self.extensions and not self.stops:
            assert self.rule.n is not None
            strict = _period(self.calendar, self.begin, self.rule.n, self.rule.unit)
            runs = [Run(self.begin + ONE_DAY, strict, self.rule.unit)]
        else:
            stopped = facts.by_day(self.stops)
            granted: list[Added] = []
            for added in self.extensions:
                if added.approved_on and not self._in_time(added, granted, stopped):
                    continue
                granted.append(added)
            found = self._runs(granted, stopped)
            if found is None:
                note = "期间中止尚未结束，到期日待恢复后计算"
                return Due(
                    self.rule.id,
                    self.rule,
                    self.begin,
                    notes=(note,),
                    stops=self.stops,
                    calendar=self.calendar,
                )
            runs, strict = found, found[-1].last
        legal = self.roll(strict)
        return Due(
            self.rule.id, self.rule, self.begin, strict, legal,
            provisional=self.calendar.is_provisional(min(self.begin + ONE_DAY, strict), legal),
            legs=tuple(self._legs(strict)) if self.rule.legs else (),
            runs=tuple(runs), stops=tuple(facts.by_day(self.stops)) if self.stops else (),
            calendar=self.calendar,
        )  # fmt: skip

    def _in_time(self, added: Added, granted: list[Added], stopped: list[Stop]) -> bool:
        """Whether it was agreed before the period it lengthens was over (DC-14)."""
        found = self._runs(granted, stopped)
        if found is None or added.approved_on is None or added.approved_on <= self.roll(found[-1].last):
            return True
        label = f"{added.n}{facts.unit_label(self._unit(added))}"
        self.notes.append(f"延长{label}于 {added.approved_on} 批准，已过原到期日，未计入")
        return False

    def _runs(self, granted: list[Added], stopped: list[Stop]) -> list[Run] | None:
        """One stretch per unit: extensions of the rule's unit lengthen its own; None: a stop still runs."""
        periods: dict[str, int] = {}
        begin, runs = self.begin, list[Run]()
        if self.rule.unit in COUNTED:
            periods[self.rule.unit] = self.rule.n or 0
        else:
            fixed = self._fixed()
            nth = self.rule.unit == "NTH_WD"
            runs.append(Run(fixed.replace(day=1), fixed, "WD") if nth else Run(begin + ONE_DAY, fixed, "FIX"))
            begin = fixed
            if stopped:
                self.notes.append("固定日期不因中止推后，所给中止未计入")
                stopped = []
        for added in granted:
            periods[self._unit(added)] = periods.get(self._unit(added), 0) + added.n
        for of, n in periods.items():
            last = _end(self.calendar, begin, n, of, stopped)
            if last is None:
                return None
            runs.append(Run(begin + ONE_DAY, last, of))
            begin = last
        return runs

    def _fixed(self) -> dt.date:
        """The next of the rule's dates after the start."""
        if self.rule.unit == "NTH_WD":
            return _next_nth(self.calendar, self.begin, self.rule.n or 1)
        limits = deadline_rules.load()
        early = 0 if self.rule.design or limits.setting("before_includes_day") else 1
        year = self.begin.year
        years = [year + 1] if self.rule.next_year else [year, year + 1]
        found = [dt.date(y, m, d) - early * ONE_DAY for y in years for m, d in self.rule.dates]
        return min(day for day in found if day > self.begin)

    def hours(self) -> Due:
        """Hours run through nights and holidays, and end at the minute."""
        assert isinstance(self.begin, dt.datetime)
        zone, begin = self.begin.tzinfo, facts.at(self.begin)
        n = (self.rule.n or 0) + sum(added.n for added in self.extensions)
        end = begin + dt.timedelta(hours=n)
        joined = sorted(
            (facts.at(stop.first), facts.at(stop.last, close=True) if stop.last else None)
            for stop in self.stops
        )
        until = begin
        for first, last in joined:
            first = max(first, until)
            if first >= end:
                break
            if last is None:
                note = "期间中止尚未结束，到期时刻待恢复后计算"
                return Due(self.rule.id, self.rule, self.begin, notes=(note,))
            if last > first:
                end, until = end + (last - first), last
        end = end.replace(tzinfo=zone)
        return Due(
            self.rule.id, self.rule, self.begin, end, end,
            runs=(Run((begin + ONE_DAY).date(), end.date(), "H"),),
            stops=tuple(facts.by_day(self.stops)), calendar=self.calendar,
        )  # fmt: skip

    def backwards(self) -> Due:
        """The last day on which something may be done before the start, and when its window opens."""
        of, calendar = self.rule, self.calendar
        close = _period(calendar, self.begin, -(of.n or 0), of.unit)
        opens = _period(calendar, self.begin, -of.opens, of.unit) if of.opens else None
        first = opens or close
        reminders: list[dt.date] = []
        if opens:
            before = deadline_rules.load().setting("window_reminders")
            reminders = [opens, *(day for n in before if (day := calendar.add(close, -n)) > opens)]
        return Due(
            of.id, of, self.begin, close, close, opens=opens,
            provisional=calendar.is_provisional(first, self.begin),
            legs=tuple(self._legs(close)) if of.legs else (), reminders=tuple(reminders),
            runs=(Run(first, self.begin - ONE_DAY, of.unit),), calendar=calendar,
        )  # fmt: skip

    def _legs(self, strict: dt.date) -> Iterator[FurtherDue]:
        """Each further period, from the same day or, where it follows, from the due date before it."""
        before = strict
        for leg in self.rule.legs:
            start = before if leg.follows else self.begin
            before = _period(self.calendar, start, leg.n, leg.unit)
            yield FurtherDue(leg, start, before, self.roll(before))


def _months(day: dt.date, months: int) -> dt.date:
    """The same day number so many months on, or the last day of that month (DC-11)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _period(calendar: Calendar, begin: dt.date, n: int, of: str) -> dt.date:
    """The last day of ``n`` units after ``begin`` (before it, when negative), the begin not counted."""
    if of == "WD":
        return calendar.add(begin, n)
    if of == "ND":
        return begin + dt.timedelta(days=n)
    return _months(begin, n if of == "CM" else 12 * n)


def _end(calendar: Calendar, begin: dt.date, n: int, of: str, stopped: list[Stop]) -> dt.date | None:
    """The end with every suspended day of the period added (DC-13); None when a stop has no end yet."""
    last = plain = _period(calendar, begin, n, of)
    count: Callable[[dt.date, dt.date], int] = calendar.between if of == "WD" else _how_many
    added = 0
    for stop in stopped:
        first = max(stop.first, begin + ONE_DAY)
        if first > last:
            break
        if stop.last is None:
            return None
        if stop.last >= first:
            added += count(first, stop.last)
            last = calendar.add(begin, n + added) if of == "WD" else plain + dt.timedelta(days=added)
    return last


def _how_many(first: dt.date, last: dt.date) -> int:
    return (last - first).days + 1


def _next_nth(calendar: Calendar, begin: dt.date, n: int) -> dt.date:
    found = calendar.nth_of_month(begin.year, begin.month, n)
    if found > begin:
        return found
    after = _months(begin.replace(day=1), 1)
    return calendar.nth_of_month(after.year, after.month, n)


def due_dates(rule_id: str, starts: Iterable[dt.date]) -> list[tuple[dt.date | None, dt.date | None]]:
    """``due_strict`` and ``due_legal`` for many starts of one rule, in their order; Refused like ``due``.

    Each different day is counted once: a register of a million matters has a few thousand of them.
    """
    asked = list(starts)
    found = {}
    for start in set(asked):
        one = due(rule_id, start)
        found[start] = one.due_strict, one.due_legal
    return [found[start] for start in asked]


class Dates(NamedTuple):
    """What a stored clock says: dates, or moments for hour rules; ``opens`` of a backward window."""

    strict: dt.date | None
    legal: dt.date | None
    opens: dt.date | None = None


@dataclass(frozen=True)
class Running:
    """An open clock as it is stored; ``key`` is the caller's own."""

    key: Any
    rule: str
    start: dt.date
    facts: Facts
    dates: Dates
    provisional: bool


@dataclass(frozen=True)
class Moved:
    """A clock that gets other dates, or whose dates are no longer (or newly) provisional."""

    clock: Running
    after: Due


def moved(clocks: Iterable[Running], calendar: Calendar | None = None) -> list[Moved]:
    """Which open clocks get another answer under ``calendar`` (the one in force when None)."""
    calendar = calendar or workdays.standing()
    asked: dict[tuple[str, dt.date, Facts], Due] = {}
    found = []
    for clock in clocks:
        key = (clock.rule, clock.start, clock.facts)
        if key not in asked:
            asked[key] = due(
                clock.rule, clock.start, extensions=clock.facts.extensions, stops=clock.facts.stops,
                received_on=clock.facts.received_on, calendar=calendar,
            )  # fmt: skip
        after = asked[key]
        dates = Dates(after.due_strict, after.due_legal, after.opens)
        if dates != clock.dates or after.provisional != clock.provisional:
            found.append(Moved(clock, after))
    return found


def answer(rule_id: object, start: object, given: object = None) -> dict[str, Any]:
    """The contract's answer to untrusted arguments; Refused with a code for any that cannot be used."""
    asked = rule(rule_id)
    known = facts.read(given)
    if start is None:
        raise Refused(problems("K429", "from", field="from", example="2024-03-05"))
    found = due(
        asked.id, start, extensions=known.extensions, stops=known.stops, received_on=known.received_on
    )
    unused = [f"未使用的事实：{'、'.join(known.unused)}"] if known.unused else []
    return {**found.as_json(), "notes": [*found.notes, *unused]}


def listed() -> list[dict[str, Any]]:
    """All rules, for lists and pages, in the pack's order."""
    return [_described(each) for each in deadline_rules.load().rules.values()]


def _described(of: Rule) -> dict[str, Any]:
    return {
        "rule": of.id, "meaning": of.meaning, "who": of.who, "starts": of.starts, "n": of.n, "unit": of.unit,
        "unit_label": facts.unit_label(of.unit), "day_kind": of.day_kind,
        "direction": "before" if of.before else "after", "opens": of.opens,
        "dates": [f"{month:02}-{day:02}" for month, day in of.dates],
        "extension": of.extension and {
            "n": of.extension.n, "unit": of.extension.unit, "approval": of.extension.approval
        },
        "stops": of.stops,
        "legs": [
            {"meaning": leg.meaning, "starts": leg.starts, "n": leg.n, "unit": leg.unit} for leg in of.legs
        ],
        "citation": of.citation, "unverified": of.unverified, "checked": of.checked, "source": of.source,
        "design": of.design, "note": of.note, "conflict": of.conflict,
        "from": _iso(of.from_on), "until": _iso(of.until_on),
        "replaces": of.replaces or None, "replaced_by": of.replaced_by or None,
    }  # fmt: skip
