"""From levels and duties to dated obligations: what a year owes each party, before anything is stored.

Pure: facts in, tasks out. ``plan_year`` takes the graded register (one ``Subject`` per party
and link, with its duties), the visits before the year, and a seed. Two things a rule may
ask are kept apart and both hold: what each party is owed (last visit + period) and what
share of the group the year must cover. Whoever is due comes first; the rest of the share is
drawn, repeatably, from those who are not (see ``draws``).
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, floor

from xiejian.kernel import divisions
from xiejian.kernel.conditions import add_months
from xiejian.kernel.packs import Duty
from xiejian.planning import draws

MUST, DRAWN, NEWLY_FILED, RECHECK = "必查", "抽取", "新备案", "复查"

#: duty kind → kinds of visit that discharge it. A full-item visit looks at every clause, so it holds
#: what a narrower visit would have looked at; a re-check looks at old findings only and discharges nothing
#: but a re-check. Kinds that are absent are discharged by themselves alone.
DISCHARGED_BY: dict[str, frozenset[str]] = {
    "daily": frozenset({"daily", "full_item", "flying", "cross"}),
    "special": frozenset({"special", "full_item"}),
    "filing_check": frozenset(
        {"filing_check", "licence_check", "reg_qms_check", "daily", "full_item", "flying", "cross"}
    ),
    "platform_check": frozenset({"platform_check", "daily", "full_item", "special", "flying", "cross"}),
    "any": frozenset(
        {"any", "daily", "full_item", "flying", "special", "for_cause", "licence_check", "reg_qms_check"}
        | {"filing_check", "platform_check", "cross"}
    ),
}
#: narrowest first: a task is opened for the narrow duty and takes the wider ones in
_WIDTH = ("full_item", "flying", "cross", "reg_qms_check", "licence_check", "for_cause", "special")
_WIDTH += ("platform_check", "filing_check", "daily", "any", "follow_up")


def discharges(visit_kind: str, duty_kind: str) -> bool:
    """Whether a visit of one kind counts for a duty of another."""
    return visit_kind in DISCHARGED_BY.get(duty_kind, frozenset({duty_kind}))


def width(kind: str) -> int:
    """How much a kind takes in, smallest first; unknown kinds stand before all others."""
    return _WIDTH.index(kind) if kind in _WIDTH else -1


@dataclass(frozen=True)
class Subject:
    """One party in one link, graded. ``key`` names it in draws, the same on every machine."""

    key: str
    party_id: int
    link_id: int
    link: str
    level: int | None
    office_code: str
    issued_on: dt.date | None = None
    filed_on: dt.date | None = None
    duties: tuple[Duty, ...] = ()


@dataclass(frozen=True)
class PastVisit:
    """A concluded visit before the year. ``open_order``: what it ordered has not been re-checked."""

    on: dt.date
    kind: str
    open_order: bool = False


@dataclass(frozen=True)
class TaskDraft:
    """One task of the plan; ``party_id`` is None for a quota that names no party."""

    party_id: int | None
    link_id: int | None
    link: str
    level: int | None
    kind: str
    times: int
    from_on: dt.date
    due_on: dt.date
    office_code: str
    origin: str
    rules: tuple[str, ...]
    basis: tuple[str, ...]
    group: str = ""


@dataclass(frozen=True)
class Coverage:
    """What one rule asks of its group this year, and what the plan gives it.

    ``required`` and ``planned`` count parties; ``share`` may exceed 1: coverage of 150 % is
    one and a half visits per party, and then both count visits.
    """

    rule: str
    kind: str
    area: str
    links: tuple[str, ...]
    levels: tuple[int | None, ...]
    parties: int
    share: str
    required: int
    must: int
    planned: int
    citation: str
    meaning: str
    unverified: bool
    note: str = ""


@dataclass(frozen=True)
class DrawRecord:
    """A draw as published: anyone with the list of candidates repeats it with ``xiejian draw``."""

    group: str
    rule: str
    area: str
    candidates: int
    count: int
    seed: str
    digest: str
    drawn: tuple[str, ...]


@dataclass
class Drafted:
    """A year's plan before it is stored.

    ``owed_part``: for each link the largest share that a rule asks of its group, so that the sum
    over any set of links is how many of them the rules oblige the office to visit.
    """

    tasks: list[TaskDraft] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    draws: list[DrawRecord] = field(default_factory=list)
    owed_part: dict[int, Fraction] = field(default_factory=dict)


@dataclass(frozen=True)
class _Owed:
    """One duty of one subject for the year, before visits that serve several duties are joined."""

    subject: Subject
    duty: Duty
    times: int
    from_on: dt.date
    due_on: dt.date
    origin: str
    office_code: str


Visits = Mapping[int, Sequence[PastVisit]]


# --- dates ---------------------------------------------------------------------------------------------


def due_in_year(duty: Duty, year: int) -> dt.date:
    """The date by which a duty of ``year`` is due: the rule's own (``MM-DD``), else the last of the year."""
    if not duty.by:
        return dt.date(year, 12, 31)
    month, day = (int(part) for part in duty.by.split("-")[-2:])
    return dt.date(year, month, min(day, calendar.monthrange(year, month)[1]))


def filing_window(subject: Subject, duty: Duty, year: int) -> tuple[dt.date, dt.date] | None:
    """First and last day for the check after a filing; None where there is no filing or it misses the year.

    The last day has the same day number so many months later, or is the last of its month (Civil Code
    art. 202-203 by analogy, DC-11); the move past a rest day is left out, so that the plan's date is
    never later than the legal one. Where the rule names no period: the year of the newest licence or filing
    and the next.
    """
    dates = [day for day in (subject.filed_on, subject.issued_on) if day is not None]
    if not dates:
        return None
    if duty.within_months or duty.within_days:
        filed = dates[0]
        due = add_months(filed, duty.within_months or 0) + dt.timedelta(days=duty.within_days or 0)
    else:
        filed = max(dates)
        due = due_in_year(duty, filed.year + 1 if filed.year < year else filed.year)
    if filed > dt.date(year, 12, 31) or due < dt.date(year, 1, 1):
        return None
    return filed, due


def share_of(duty: Duty) -> Fraction | None:
    """The stated share, exact: 0.3 is three tenths, whatever the binary number behind it."""
    return None if duty.share is None else Fraction(str(duty.share))


def responsible_office(office_code: str, tier: str | None) -> str:
    """The office that a duty falls to: the tier's office above the party; the county where none is named."""
    if tier == "station":
        return office_code
    return divisions.at_tier(office_code, tier if tier in divisions.TIERS else "county")


def authority_of(office_code: str) -> str:
    """The authority that an office belongs to: a station is a branch of its county's bureau."""
    return divisions.at_tier(office_code, "county")


def area_of(office_code: str, tier: str | None) -> str:
    """The area over which a yearly share is counted: never smaller than a county.

    A share of a station with two parties would be every party every year.
    """
    return divisions.at_tier(office_code, tier if tier in {"nation", "province", "city"} else "county")


# --- what each party is owed ---------------------------------------------------------------------------


def last_visit(visits: Iterable[PastVisit], duty_kind: str) -> dt.date | None:
    """The newest visit that counts for a duty of this kind."""
    return max((v.on for v in visits if discharges(v.kind, duty_kind)), default=None)


def is_due(
    subject: Subject, duty: Duty, visits: Iterable[PastVisit], year: int, first_planned: int | None
) -> bool:
    """Whether an every-N-years duty must be met this year.

    N calendar years after the last visit that counts; where there was none, after the licence
    or filing; where the register states neither, at the end of the first N years of plans
    (``first_planned`` is the year of the first), because nothing earlier is known.
    """
    period = Fraction(duty.years or 1, duty.times or 1)
    base = last_visit(visits, duty.kind) or subject.issued_on or subject.filed_on
    if base is not None:
        return base.year + period <= year
    return first_planned is not None and first_planned + period - 1 <= year


def is_yearly(duty: Duty) -> bool:
    """A number of visits each year for every party of the group (a share below 1 makes it a sample)."""
    share = share_of(duty)
    return bool(duty.times) and (duty.years or 1) <= (duty.times or 1) and (share is None or share >= 1)


class _Year:
    """One pass over the groups of a year. Groups are one rule in one area; narrow kinds go first."""

    def __init__(self, year: int, seed: str, visits: Visits, first_planned: int | None) -> None:
        self.year, self.seed, self.visits, self.first_planned = year, seed, visits, first_planned
        self.owed: list[_Owed] = []
        self.coverage: list[Coverage] = []
        self.draws: list[DrawRecord] = []
        self.quotas: list[tuple[Duty, list[Subject]]] = []
        self.owed_part: dict[int, Fraction] = defaultdict(Fraction)
        self._kinds: dict[tuple[int, str], set[str]] = defaultdict(set)

    def owe(
        self,
        subject: Subject,
        duty: Duty,
        times: int,
        origin: str,
        window: tuple[dt.date, dt.date] | None = None,
    ) -> None:
        first = dt.date(self.year, 1, 1)
        from_on, due_on = window or (first, due_in_year(duty, self.year))
        office = responsible_office(subject.office_code, duty.responsible)
        self.owed.append(_Owed(subject, duty, times, max(from_on, first), due_on, origin, office))
        self._kinds[subject.link_id, authority_of(office)].add(duty.kind)

    def already(self, subject: Subject, duty: Duty) -> bool:
        """A narrower duty of the same authority brings a visit this year that counts for this one too."""
        office = responsible_office(subject.office_code, duty.responsible)
        return any(discharges(kind, duty.kind) for kind in self._kinds[subject.link_id, authority_of(office)])

    def draw(self, duty: Duty, area: str, candidates: list[Subject], count: int) -> list[Subject]:
        """Draw ``count`` of the candidates and keep the record; nothing is drawn for 0."""
        if count <= 0 or not candidates:
            return []
        by_key = {s.key: s for s in candidates}
        seed = f"{self.seed}/{duty.rule}/{area}"
        done = draws.draw(by_key, min(count, len(by_key)), seed)
        group = f"{duty.rule} {divisions.name(area)}"
        self.draws.append(
            DrawRecord(group, duty.rule, area, done.size, len(done.drawn), seed, done.digest, done.drawn)
        )
        return [by_key[key] for key in done.drawn]

    def note(
        self,
        duty: Duty,
        area: str,
        members: list[Subject],
        required: int,
        must: int,
        planned: int,
        share: Fraction | None,
        note: str = "",
    ) -> None:
        self.coverage.append(
            Coverage(
                rule=duty.rule,
                kind=duty.kind,
                area=area,
                links=tuple(sorted({s.link for s in members})),
                levels=tuple(sorted({s.level for s in members}, key=lambda x: (x is None, x or 0))),
                parties=len(members),
                share="" if share is None else str(share),
                required=required,
                must=must,
                planned=planned,
                citation=duty.citation,
                meaning=duty.meaning,
                unverified=duty.unverified,
                note=note,
            )
        )
        if duty.of == "group":
            part = Fraction(min(required, len(members)), len(members))
            for subject in members:
                self.owed_part[subject.link_id] = max(part, self.owed_part[subject.link_id])

    # one method for each way in which a rule speaks of frequency

    def by_period(self, duty: Duty, area: str, members: list[Subject]) -> None:
        """A visit in every period of so many months: each period is a window of its own."""
        months = duty.every_months or 12
        first = dt.date(self.year, 1, 1)
        starts = [add_months(first, n) for n in range(0, 12, months)]
        times = max(1, ceil(Fraction(duty.times or len(starts), (duty.years or 1) * len(starts))))
        for subject in members:
            for start in starts:
                end = min(add_months(start, months), dt.date(self.year + 1, 1, 1)) - dt.timedelta(days=1)
                self.owe(subject, duty, times, MUST, (start, end))
        self.note(duty, area, members, len(members), len(members), len(members), Fraction(1))

    def yearly(self, duty: Duty, area: str, members: list[Subject]) -> None:
        """N visits a year for everyone; a share above 1 asks visits per party and the fraction is drawn."""
        each = Fraction(duty.times or 0, duty.years or 1)
        share = share_of(duty)
        if share is not None and share > 1:
            each = max(each, share)
        whole = floor(each) if share is not None and share > 1 else ceil(each)
        total = ceil(each * len(members))
        more = {s.link_id for s in self.draw(duty, area, members, total - whole * len(members))}
        for subject in members:
            self.owe(subject, duty, whole + (subject.link_id in more), MUST)
        visits = whole * len(members) + len(more)
        if share is not None and share > 1:
            self.note(duty, area, members, total, len(members), visits, share, "按家次计")
        else:
            self.note(duty, area, members, len(members), len(members), len(members), share or Fraction(1))

    def periodic(self, duty: Duty, area: str, members: list[Subject]) -> None:
        """Once in N years for each, and a share of the group each year: due first, the rest drawn."""
        share = share_of(duty)
        share = Fraction(duty.times or 1, duty.years or 1) if share is None else share
        required = ceil(share * len(members))
        due, counted, rest = [], [], []
        for subject in members:
            past = self.visits.get(subject.link_id, ())
            if is_due(subject, duty, past, self.year, self.first_planned):
                due.append(subject)
            elif self.already(subject, duty):
                counted.append(subject)
            else:
                rest.append(subject)
        drawn = self.draw(duty, area, rest, required - len(due) - len(counted))
        for subject in (*due, *counted):
            self.owe(subject, duty, 1, MUST)
        for subject in drawn:
            self.owe(subject, duty, 1, DRAWN)
        planned = len(due) + len(counted) + len(drawn)
        self.note(duty, area, members, max(required, len(due)), len(due), planned, share)

    def sample(self, duty: Duty, area: str, members: list[Subject]) -> None:
        """A random share of the group each year, nothing owed to any one party."""
        share = share_of(duty) or Fraction(0)
        if share > 1:
            self.yearly(duty, area, members)
            return
        required = ceil(share * len(members))
        times = duty.times or 1
        drawn = members if required >= len(members) else self.draw(duty, area, members, required)
        for subject in drawn:
            self.owe(subject, duty, times, MUST if share == 1 else DRAWN)
        self.note(duty, area, members, required, 0, len(drawn), share)

    def after_filing(self, duty: Duty, area: str, members: list[Subject]) -> None:
        """A check within months of the filing, unless a visit since the filing has already been one."""
        count = inside = 0
        for subject in members:
            window = filing_window(subject, duty, self.year)
            if window is None:
                continue
            inside += 1
            past = self.visits.get(subject.link_id, ())
            if not any(v.on >= window[0] and discharges(v.kind, duty.kind) for v in past):
                self.owe(subject, duty, duty.times or 1, NEWLY_FILED, window)
                count += 1
        self.note(duty, area, members, count, count, count, None, f"期限落在本年的新备案（发证）{inside}家")

    def follow_up(self, duty: Duty, area: str, members: list[Subject]) -> None:
        """A quota over those inspected; otherwise everyone whose order to correct is still open."""
        if duty.of == "inspected":
            self.quotas.append((duty, members))
            return
        count = 0
        for subject in members:
            if any(v.open_order for v in self.visits.get(subject.link_id, ())):
                self.owe(subject, duty, duty.times or 1, RECHECK)
                count += 1
        self.note(
            duty, area, members, count, count, count, None, "上年责令改正未复查的；年内发现的随责令改正产生"
        )

    def attention(self, duty: Duty, area: str, members: list[Subject]) -> None:
        """The rule states no number, or leaves it to the office whether to go: shown, no task made of it."""
        note = "必要时检查，由机构决定" if duty.discretionary else "规则未定次数，列为重点"
        self.note(duty, area, members, 0, 0, 0, None, note)

    def way(self, duty: Duty) -> Callable[[Duty, str, list[Subject]], None]:
        if duty.discretionary or not duty.has_number:
            return self.attention
        if duty.of != "group":
            return self.follow_up
        if duty.within_months or duty.within_days or duty.kind == "filing_check":
            return self.after_filing
        if duty.every_months and 12 % duty.every_months == 0 and duty.every_months < 12:
            return self.by_period
        if is_yearly(duty):
            return self.yearly
        if duty.times and (duty.years or 1) > duty.times:
            return self.periodic
        return self.sample


# --- one visit for several duties ----------------------------------------------------------------------


def _cite(duty: Duty) -> str:
    text = f"{duty.meaning}（{duty.citation}）" if duty.meaning else duty.citation
    return f"{text}〔未核实〕" if duty.unverified else text


def _join(owed: list[_Owed]) -> list[TaskDraft]:
    """The tasks of one party, link and authority: a visit that counts for several duties is one.

    A county bureau and its stations are one authority. Authorities are kept apart: a visit by the
    city's bureau shows as done here once it is made, but is not this bureau's to plan.
    """
    tasks: list[TaskDraft] = []
    for item in sorted(owed, key=lambda o: (width(o.duty.kind), o.due_on, -o.times, o.duty.rule)):
        subject, duty, left = item.subject, item.duty, item.times
        for at, task in enumerate(tasks):
            if left <= 0:
                break
            overlap = task.from_on <= item.due_on and item.from_on <= task.due_on
            if not (overlap and discharges(task.kind, duty.kind)):
                continue
            left -= task.times
            tasks[at] = replace(
                task,
                from_on=max(task.from_on, item.from_on),
                due_on=min(task.due_on, item.due_on),
                origin=task.origin if task.origin != DRAWN else item.origin,
                rules=tuple(dict.fromkeys((*task.rules, duty.rule))),
                basis=tuple(dict.fromkeys((*task.basis, _cite(duty)))),
            )
        if left > 0:
            tasks.append(
                TaskDraft(
                    subject.party_id, subject.link_id, subject.link, subject.level, duty.kind, left,
                    item.from_on, item.due_on, item.office_code, item.origin, (duty.rule,), (_cite(duty),),
                )
            )  # fmt: skip
    return tasks


def _quota_tasks(year: _Year, tasks: list[TaskDraft]) -> tuple[list[TaskDraft], list[TaskDraft]]:
    """Named tasks marked with the quota that counts over them, and one task per office for each quota."""
    quotas: list[TaskDraft] = []
    for duty, members in year.quotas:
        member_ids = {s.link_id for s in members}
        planned: dict[str, set[int]] = defaultdict(set)
        marked = []
        for task in tasks:
            if task.link_id in member_ids and task.kind != "follow_up":
                planned[task.office_code].add(task.link_id)
                task = replace(task, rules=tuple(dict.fromkeys((*task.rules, duty.rule))))
            marked.append(task)
        tasks = marked
        share = share_of(duty) or Fraction(0)
        links = "、".join(sorted({s.link for s in members}))
        for office, ids in sorted(planned.items()):
            times = ceil(share * len(ids))
            quotas.append(
                TaskDraft(
                    None, None, links if len(links) <= 5 else "", None, "follow_up", times,
                    dt.date(year.year, 1, 1), due_in_year(duty, year.year), office, RECHECK,
                    (duty.rule,), (_cite(duty),),
                    group=f"{duty.rule} 复查不少于受检{len(ids)}家的{_percent(share)}",
                )
            )  # fmt: skip
        total = len(set().union(*planned.values())) if planned else 0
        count = sum(ceil(share * len(ids)) for ids in planned.values())
        area = area_of(members[0].office_code, duty.responsible)
        year.note(duty, area, members, count, 0, count, share, f"复查家数占受检{total}家的比例")
    return tasks, quotas


def _percent(share: Fraction) -> str:
    value = share * 100
    return f"{value.numerator}%" if value.denominator == 1 else f"{float(value):.1f}%"


def plan_year(
    subjects: Iterable[Subject],
    visits: Visits,
    *,
    year: int,
    seed: str,
    first_planned: int | None = None,
) -> Drafted:
    """The tasks of ``year`` for graded subjects, with what each rule asks and every draw made.

    ``visits`` maps link_id to the concluded visits before the year; ``first_planned`` is the
    year of the first stored plan for the same office and pack. The same arguments always
    give the same answer, in whatever order the subjects come.
    """
    ordered = sorted(subjects, key=lambda s: (s.key, s.link_id))
    groups: dict[tuple[int, str, str, str], tuple[Duty, list[Subject]]] = {}
    for subject in ordered:
        for duty in subject.duties:
            area = area_of(subject.office_code, duty.responsible)
            key = (width(duty.kind), duty.rule, duty.kind, area)
            groups.setdefault(key, (duty, []))[1].append(subject)
    state = _Year(year, seed, visits, first_planned)
    for key in sorted(groups):
        duty, members = groups[key]
        state.way(duty)(duty, key[3], members)
    by_authority: dict[tuple[int, str], list[_Owed]] = defaultdict(list)
    for item in state.owed:
        by_authority[item.subject.link_id, authority_of(item.office_code)].append(item)
    named = [task for owed in by_authority.values() for task in _join(owed)]
    named, quotas = _quota_tasks(state, named)
    order = {s.link_id: at for at, s in enumerate(ordered)}
    named.sort(key=lambda t: (t.office_code, t.due_on, order[t.link_id or 0], width(t.kind)))
    return Drafted(named + quotas, state.coverage, state.draws, dict(state.owed_part))
