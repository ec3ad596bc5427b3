"""Every non-trivial read of planning: tasks, the plan board, coverage, progress upwards, campaigns.

Done is never typed: it is counted from concluded visits, in one query for a whole plan, however
many tasks it has. Every list goes through ``people.policy.visible``; a task is seen by the office
that is responsible for it and by the office whose party it concerns.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any, Literal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from xiejian.inspections.checklists import minimum_inspectors
from xiejian.inspections.models import Visit
from xiejian.kernel import divisions, workdays
from xiejian.kernel.kinds import KIND_LABELS
from xiejian.kernel.timeline import Event
from xiejian.people.models import Office
from xiejian.people.policy import Actor, visible
from xiejian.planning import campaigns
from xiejian.planning.models import Campaign, Grade, GradeRun, Plan, Task
from xiejian.planning.obligations import authority_of, discharges, width
from xiejian.registry.models import Party, PartyLink

_KIND_IDS = {label: kind for kind, label in KIND_LABELS.items()}
CONCLUDED, CANCELLED = "concluded", "注销"
SOON, LATER = 7, 30  # days ahead that the board shows; a habit of the page, no rule of law


def plans(actor: Actor | None) -> QuerySet[Plan]:
    """The plans of the actor's office and below, and those of the offices above it that were handed down."""
    own = visible(Plan.objects.all(), actor)
    if actor is None:
        return own
    above = {divisions.at_tier(actor.office_code, tier) for tier in ("province", "city", "county")}
    return (own | Plan.objects.filter(office_code__in=above, state="issued")).distinct()


def current_plan(actor: Actor | None, year: int) -> Plan | None:
    """The plan of the year that stands for the actor's office: handed down before drafts, newest first."""
    rows = plans(actor).filter(year=year).exclude(state="replaced").order_by("-version", "-id")
    found = list(rows)
    own = [p for p in found if actor and p.office_code == actor.office_code] or found
    return next((p for p in own if p.state == "issued"), own[0] if own else None)


def covers(actor: Actor | None, plan: Plan) -> bool:
    """Whether the whole plan lies inside what the actor may see; a station sees its part of a county's."""
    return actor is not None and plan.office_code.startswith(divisions.stem(actor.office_code))


def shown_draws(actor: Actor | None, plan: Plan) -> list[dict[str, Any]]:
    """The draws of a plan; the names of parties that the actor may not see are left out of ``drawn``.

    Digest, seed and counts stay, so that a station can still check that it was the published draw.
    """
    if covers(actor, plan):
        return list(plan.draws)
    links = visible(PartyLink.objects.all(), actor, "party__office_code")
    keys = {
        f"{uscc or name}/{link}"
        for uscc, name, link in links.values_list("party__uscc", "party__name", "link")
    }
    return [draw | {"drawn": [key for key in draw["drawn"] if key in keys]} for draw in plan.draws]


def tasks(
    actor: Actor | None,
    *,
    plan: Plan | None = None,
    search: str = "",
    link: str | None = None,
    level: int | None = None,
    kind: str | None = None,
    office: str | None = None,
    origin: str | None = None,
    due_by: dt.date | None = None,
) -> QuerySet[Task]:
    """Tasks that the actor may see, of one plan or of every plan that is not replaced.

    ``office`` takes the offices below it in; ``search`` is part of a party's name or credit code.
    """
    rows = visible(Task.objects.all(), actor) | visible(Task.objects.all(), actor, "party__office_code")
    rows = rows.filter(plan=plan) if plan is not None else rows.exclude(plan__state="replaced")
    exact = {"link": link, "level": level, "kind": kind, "origin": origin}
    rows = rows.filter(**{name: value for name, value in exact.items() if value not in (None, "")})
    if office:
        rows = rows.filter(office_code__startswith=divisions.stem(office))
    if due_by:
        rows = rows.filter(due_on__lte=due_by)
    if search.strip():
        text = search.strip()
        rows = rows.filter(
            Q(party__name__icontains=text) | Q(party__uscc__istartswith=text) | Q(group__icontains=text)
        )
    return rows.select_related("party")


# --- done, counted from visits --------------------------------------------------------------------------

Place = tuple[int, str]  # party and link


@dataclass(frozen=True)
class TaskState:
    """A task with what has been done of it by a day."""

    id: int
    party_id: int | None
    link_id: int | None
    link: str
    level: int | None
    kind: str
    times: int
    due_on: dt.date
    office_code: str
    area_code: str
    rules: tuple[str, ...]
    done: int
    last_on: dt.date | None

    @property
    def left(self) -> int:
        return self.times - self.done

    def is_overdue(self, on: dt.date) -> bool:
        """The due date has passed and the visits are not all made."""
        return self.left > 0 and self.due_on < on

    def is_due_within(self, on: dt.date, days: int) -> bool:
        return self.left > 0 and on <= self.due_on <= on + dt.timedelta(days=days)


@dataclass
class _Made:
    """Visits made to one party in one link, oldest first."""

    visits: list[tuple[dt.date, str]] = field(default_factory=list)


def _visits(plan: Plan, until: dt.date) -> dict[Place, _Made]:
    """Concluded visits since the plan's year began, to parties that have a task in the plan: one query."""
    planned = Task.objects.filter(plan=plan, party_id=OuterRef("party_id"))
    rows = (
        Visit.objects.filter(
            Exists(planned),
            state=CONCLUDED,
            visited_on__gte=dt.date(plan.year, 1, 1),
            visited_on__lte=until,
        )
        .order_by("visited_on", "id")
        .values_list("party_id", "link", "visited_on", "kind")
    )
    found: dict[Place, _Made] = defaultdict(_Made)
    for party_id, link, on, kind in rows.iterator():
        found[party_id, link].visits.append((on, _KIND_IDS.get(kind, kind)))
    return found


def match_visits(
    owed: Iterable[tuple[int, str, int, dt.date, dt.date]], made: Iterable[tuple[dt.date, str]]
) -> dict[int, list[dt.date]]:
    """Which visits discharge which tasks of one party, link and authority: each visit counts for one task.

    ``owed``: (id, kind id, times, from, due); ``made``: (date, kind id). Narrow tasks choose first,
    so that a full-item visit is not used up by a task that any visit would have met. A visit after
    the due date does not make the task done on time, but it does make it done: due dates are judged by
    whoever asks.
    """
    left = sorted(made)
    found: dict[int, list[dt.date]] = {}
    for task_id, kind, times, from_on, _due in sorted(owed, key=lambda t: (width(t[1]), t[4], t[0])):
        taken = [v for v in left if v[0] >= from_on and discharges(v[1], kind)][:times]
        for visit in taken:
            left.remove(visit)
        found[task_id] = [on for on, _ in taken]
    return found


_TASK_COLUMNS = (
    "id", "party_id", "party_link_id", "link", "level", "kind", "times", "from_on", "due_on", "office_code",
    "rules", "party__office_code",
)  # fmt: skip


def task_states(actor: Actor | None, plan: Plan, on: dt.date) -> list[TaskState]:
    """Every task of a plan that the actor may see, with what is done by ``on``: two queries.

    A visit counts once among the tasks that one authority (a bureau with its stations) has for the
    party, and for each authority's tasks by itself. A quota of re-checks counts re-checks among the
    parties that it is counted over.
    """
    rows = list(tasks(actor, plan=plan).order_by("due_on", "office_code", "id").values(*_TASK_COLUMNS))
    made = _visits(plan, on)
    groups: dict[tuple[str, int, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        row["kind_id"] = _KIND_IDS.get(row["kind"], row["kind"])
        row["rule_ids"] = tuple(r for r in row["rules"].split("、") if r)
        if row["party_id"] is not None:
            groups[authority_of(row["office_code"]), row["party_id"], row["link"]].append(row)
    done: dict[int, list[dt.date]] = {}
    for (_, party_id, link), items in groups.items():
        visits = made.get((party_id, link))
        if visits:
            owed = [(r["id"], r["kind_id"], r["times"], r["from_on"], r["due_on"]) for r in items]
            done.update(match_visits(owed, visits.visits))
    done.update(_quotas(rows, made))
    return [
        TaskState(
            row["id"], row["party_id"], row["party_link_id"], row["link"], row["level"], row["kind"],
            row["times"], row["due_on"], row["office_code"], row["party__office_code"] or row["office_code"],
            row["rule_ids"], min(len(done.get(row["id"], ())), row["times"]),
            max(done.get(row["id"], ()), default=None),
        )
        for row in rows
    ]  # fmt: skip


def _quotas(rows: list[dict[str, Any]], made: Mapping[Place, _Made]) -> dict[int, list[dt.date]]:
    """Re-checks made among the members of each quota: named tasks of the office that carry its rule."""
    members: dict[tuple[str, str], set[Place]] = defaultdict(set)
    for row in rows:
        if row["party_id"] is not None:
            for rule in row["rule_ids"]:
                members[row["office_code"], rule].add((row["party_id"], row["link"]))
    found: dict[int, list[dt.date]] = {}
    for row in rows:
        if row["party_id"] is None:
            places = set().union(*(members[row["office_code"], rule] for rule in row["rule_ids"]))
            # one enterprise re-checked twice is one: the quota is a number of enterprises
            first = [
                next((on for on, kind in made[place].visits if kind == "follow_up"), None)
                for place in places
                if place in made
            ]
            found[row["id"]] = sorted(on for on in first if on is not None)
    return found


# --- the board ------------------------------------------------------------------------------------------


@dataclass
class BoardRow:
    """What one office owes in one link at one level, and where it stands. Counts are visits."""

    office_code: str
    office: str
    link: str
    level: int | None
    parties: int = 0
    owed: int = 0
    done: int = 0
    overdue: int = 0
    due_soon: int = 0
    due_later: int = 0

    @property
    def left(self) -> int:
        return self.owed - self.done

    @property
    def share(self) -> float | None:
        return round(self.done / self.owed, 4) if self.owed else None


@dataclass(frozen=True)
class Feasibility:
    """Whether an office can still make the visits that are left by the end of the year.

    ``capacity`` is None where the office has not said how many inspectors it has. ``missed`` visits
    are past their due date already; ``beyond`` is what is left over when every working day is used.
    """

    office_code: str
    office: str
    left: int
    missed: int
    days: int
    provisional: bool
    capacity: int | None
    beyond: int


@dataclass
class Board:
    """The plan board: rows per office, link and level, totals, and what can no longer be met."""

    plan: Plan
    on: dt.date
    rows: list[BoardRow]
    feasibility: list[Feasibility]
    states: list[TaskState]

    @property
    def total(self) -> BoardRow:
        found = BoardRow("", "合计", "", None)
        for row in self.rows:
            for name in ("parties", "owed", "done", "overdue", "due_soon", "due_later"):
                setattr(found, name, getattr(found, name) + getattr(row, name))
        return found

    @property
    def cannot_be_met(self) -> int:
        """Visits past their date, and those beyond the working days that are left."""
        return sum(f.missed + f.beyond for f in self.feasibility)


def office_names(codes: Iterable[str]) -> dict[str, str]:
    """Code → the office's name, or the division's where no office is set up: one query."""
    wanted = set(codes)
    found = dict(Office.objects.filter(code__in=wanted).values_list("code", "name"))
    return {code: found.get(code) or divisions.name(code) for code in wanted}


def board(actor: Actor | None, plan: Plan, on: dt.date, by: Literal["office", "area"] = "office") -> Board:
    """The plan board as of ``on``: five queries, however many tasks.

    ``by`` office: who is responsible; area: the station in whose area the party is.
    """
    states = task_states(actor, plan, on)
    code_of = (lambda s: s.office_code) if by == "office" else (lambda s: s.area_code)
    names = office_names({code_of(s) for s in states} | {s.office_code for s in states})
    rows: dict[tuple[str, str, int | None], BoardRow] = {}
    parties: dict[tuple[str, str, int | None], set[int]] = defaultdict(set)
    for state in states:
        key = code_of(state), state.link, state.level
        row = rows.setdefault(key, BoardRow(key[0], names[key[0]], state.link, state.level))
        row.owed += state.times
        row.done += state.done
        row.overdue += state.left if state.is_overdue(on) else 0
        row.due_soon += state.left if state.is_due_within(on, SOON) else 0
        row.due_later += state.left if state.is_due_within(on, LATER) else 0
        if state.party_id is not None:
            parties[key].add(state.party_id)
    for key, row in rows.items():
        row.parties = len(parties[key])
    ordered = sorted(rows.values(), key=lambda r: (r.office_code, r.link, -(r.level or 0)))
    return Board(plan, on, ordered, _feasibility(states, plan, on, names), states)


def _feasibility(
    states: list[TaskState], plan: Plan, on: dt.date, names: Mapping[str, str]
) -> list[Feasibility]:
    left: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for state in states:
        if state.left > 0:
            left[state.office_code] += state.left
            missed[state.office_code] += state.left if state.is_overdue(on) else 0
    settings = dict(Office.objects.filter(code__in=left).values_list("code", "settings"))
    first, last = max(on, dt.date(plan.year, 1, 1)), dt.date(plan.year, 12, 31)
    calendar = workdays.standing()
    days, provisional = calendar.between(first, last), calendar.is_provisional(first, last)
    found = []
    for code in sorted(left):
        capacity = capacity_of(settings.get(code) or {}, days)
        open_visits = left[code] - missed[code]
        beyond = max(0, open_visits - capacity) if capacity is not None else 0
        found.append(
            Feasibility(code, names[code], left[code], missed[code], days, provisional, capacity, beyond)
        )
    return found


def capacity_of(settings: Mapping[str, Any], days: int) -> int | None:
    """Visits that an office can make in so many working days; None where its settings do not say.

    ``settings``: ``inspectors`` (or ``pairs``) and ``visits_per_pair_per_day``. A visit takes the
    least number of inspectors that the law allows (RL-1), so an odd one waits.
    """
    pairs, each = settings.get("pairs"), settings.get("visits_per_pair_per_day")
    if pairs is None and settings.get("inspectors") is not None:
        pairs = int(settings["inspectors"]) // minimum_inspectors()
    return None if pairs is None or each is None else int(days * pairs * each)


# --- coverage and progress ------------------------------------------------------------------------------


@dataclass(frozen=True)
class CoverageRow:
    """Coverage of one link and level: parties visited over parties, and visits over parties (家次).

    ``visit_share`` may exceed 1: coverage of 150 % is one and a half visits per party.
    """

    link: str
    level: int | None
    parties: int
    owed: int
    planned: int
    visited: int
    visits: int
    required_share: float
    planned_share: float
    share: float
    visit_share: float

    @property
    def met(self) -> bool:
        return self.visited >= self.owed


Key = tuple[str, int | None]  # link and level


def _parties_now(actor: Actor | None, plan: Plan, planned: Mapping[Place, tuple[Key, Key]]) -> Counter[Key]:
    """Parties by link and level as the register stands, planned ones at the level of the plan: one query.

    Where no party of a link has been graded, the numbers of the plan stand.
    """
    rows = visible(PartyLink.objects.all(), actor, "party__office_code").filter(
        party__office_code__startswith=divisions.stem(plan.office_code)
    )
    rows = rows.exclude(party__status=CANCELLED).order_by().values_list("link", "level")
    found: Counter[Key] = Counter(
        {(link, level): count for link, level, count in rows.annotate(count=Count("id"))}
    )
    graded = {link for link, level in found if level is not None}
    for then, now in planned.values():
        found[now] -= 1
        found[then] += 1
    if not covers(actor, plan):
        return found
    for entry in plan.coverage:
        if entry["level"] is not None and entry["link"] not in graded:
            for key in [key for key in found if key[0] == entry["link"]]:
                del found[key]
    for entry in plan.coverage:
        found.setdefault((entry["link"], entry["level"]), entry["parties"])
    return found


def coverage(actor: Actor | None, plan: Plan, on: dt.date) -> list[CoverageRow]:
    """Required, planned and reached coverage per link and level of a plan: three queries.

    Reached counts every concluded visit of the year but re-checks, planned or not, to the parties
    that the register holds now; the level is the one of the plan where the party has a task, else the
    newest grade.
    """
    planned = {
        (party, link): ((link, level), (link, now))
        for party, link, level, now in tasks(actor, plan=plan)
        .exclude(party=None)
        .exclude(party__status=CANCELLED)
        .values_list("party_id", "link", "level", "party_link__level")
    }
    rows = visible(Visit.objects.all(), actor, "party__office_code").filter(
        party__office_code__startswith=divisions.stem(plan.office_code),
        state=CONCLUDED,
        visited_on__year=plan.year,
        visited_on__lte=on,
    )
    rows = rows.exclude(party__status=CANCELLED).exclude(kind=KIND_LABELS["follow_up"])
    current = PartyLink.objects.filter(party=OuterRef("party_id"), link=OuterRef("link"))
    visited: dict[Key, set[int]] = defaultdict(set)
    visits: Counter[Key] = Counter()
    for party, link, level in rows.annotate(now=current.values("level")[:1]).values_list(
        "party_id", "link", "now"
    ):
        key = planned[party, link][0] if (party, link) in planned else (link, level)
        visited[key].add(party)
        visits[key] += 1
    parties = _parties_now(actor, plan, planned)
    entries = plan.coverage if covers(actor, plan) else _own_part(plan, planned, parties)
    return [
        CoverageRow(
            link=entry["link"],
            level=entry["level"],
            parties=(count := parties[entry["link"], entry["level"]]),
            owed=entry["owed"],
            planned=entry["planned"],
            visited=(seen := len(visited[entry["link"], entry["level"]])),
            visits=(times := visits[entry["link"], entry["level"]]),
            required_share=entry["required_share"],
            planned_share=entry["share"],
            share=round(seen / count, 4) if count else 0.0,
            visit_share=round(times / count, 4) if count else 0.0,
        )
        for entry in entries
    ]


def _own_part(
    plan: Plan, planned: Mapping[Place, tuple[Key, Key]], parties: Mapping[Key, int]
) -> list[dict[str, Any]]:
    """What the plan says of the part that the actor sees: of a share, what was planned is what is owed."""
    counts = Counter(then for then, _ in planned.values())
    found = []
    for entry in plan.coverage:
        key = entry["link"], entry["level"]
        share = round(counts[key] / parties[key], 4) if parties[key] else 0.0
        found.append(
            entry | {"owed": counts[key], "planned": counts[key], "share": share, "required_share": share}
        )
    return found


@dataclass
class Progress:
    """One office with everything below it: a county sums its stations. Counts are visits."""

    office_code: str
    office: str
    tier: str
    owed: int = 0
    done: int = 0
    overdue: int = 0
    own_owed: int = 0
    own_done: int = 0

    @property
    def share(self) -> float | None:
        return round(self.done / self.owed, 4) if self.owed else None


def progress(actor: Actor | None, plan: Plan, on: dt.date) -> list[Progress]:
    """Progress upwards: every responsible office and every office above it, in tree order."""
    return sum_upwards(task_states(actor, plan, on), on)


def sum_upwards(states: Iterable[TaskState], on: dt.date) -> list[Progress]:
    """The sums of ``progress`` over tasks already read; one query for the names."""
    own: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for state in states:
        sums = own[state.office_code]
        sums[0] += state.times
        sums[1] += state.done
        sums[2] += state.left if state.is_overdue(on) else 0
    codes = set(own)
    for code in own:
        codes |= {divisions.at_tier(code, tier) for tier in ("city", "county")}
    codes = {c for c in codes if any(o.startswith(divisions.stem(c)) for o in own)}
    names = office_names(codes)
    found = []
    for code in sorted(codes, key=lambda c: (divisions.stem(c), c)):
        below = [sums for other, sums in own.items() if other.startswith(divisions.stem(code))]
        row = Progress(code, names[code], divisions.tier(code), *(sum(s[i] for s in below) for i in range(3)))
        row.own_owed, row.own_done = own[code][:2] if code in own else (0, 0)
        found.append(row)
    return found


@dataclass(frozen=True)
class MyTask:
    """A task to do, with its party and its clock."""

    task: Task
    done: int
    days_left: int

    @property
    def overdue(self) -> bool:
        return self.days_left < 0


def my_tasks(actor: Actor | None, on: dt.date, within: int | None = None, limit: int = 50) -> list[MyTask]:
    """Open tasks of plans handed down that the actor's own office and below are responsible for.

    Overdue first, then by due date; ``within`` days ahead only where it is given. Two queries per
    plan in force, and an office has few of those.
    """
    in_force = Plan.objects.filter(
        pk__in=visible(Task.objects.all(), actor).values("plan_id"), state="issued", year=on.year
    )
    open_ones: list[TaskState] = []
    base = divisions.stem(actor.office_code) if actor else ""
    for plan in in_force:
        states = task_states(actor, plan, on)
        open_ones += [s for s in states if s.left > 0 and s.office_code.startswith(base)]
    if within is not None:
        last = on + dt.timedelta(days=within)
        open_ones = [s for s in open_ones if s.due_on <= last]
    open_ones.sort(key=lambda s: (s.due_on, s.id))
    chosen = open_ones[:limit]
    by_id = Task.objects.select_related("party").in_bulk([s.id for s in chosen])
    return [MyTask(by_id[s.id], s.done, (s.due_on - on).days) for s in chosen]


# --- campaigns ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScopeProgress:
    """One item of a campaign's scope: parties on the list, visited in the campaign, of them full-item."""

    id: str
    title: str
    list_managed: bool
    parties: int
    visited: int
    full_item: int
    visits: int
    needs_full_item: bool
    absent: str
    by_office: dict[str, tuple[int, int]]

    @property
    def share(self) -> float | None:
        return round(self.visited / self.parties, 4) if self.parties else None

    @property
    def met(self) -> bool:
        return self.visited >= self.parties and (not self.needs_full_item or self.full_item >= self.parties)


def campaigns_of(actor: Actor | None) -> QuerySet[Campaign]:
    """Campaigns of the actor's office and below, and those of the county that its station works for."""
    own = visible(Campaign.objects.all(), actor)
    if actor is None:
        return own
    county = divisions.at_tier(actor.office_code, "county")
    return (own | Campaign.objects.filter(office_code=county)).distinct()


def _in_scope(item: Mapping[str, Any]) -> Q:
    tags = campaigns.with_parts(item.get("tags") or [])
    found = Q(link__in=item["links"])
    return found & reduce(or_, (Q(tags__contains=f"|{tag}|") for tag in tags)) if tags else found


def scope_links(actor: Actor | None, campaign: Campaign, item: Mapping[str, Any]) -> QuerySet[PartyLink]:
    """The list of one scope item: links of parties not cancelled that carry its link and one of its tags."""
    rows = visible(PartyLink.objects.all(), actor, "party__office_code")
    rows = rows.filter(_in_scope(item), party__office_code__startswith=divisions.stem(campaign.office_code))
    return rows.exclude(party__status=CANCELLED).select_related("party").order_by("party__name", "id")


def campaign_progress(actor: Actor | None, campaign: Campaign, on: dt.date) -> list[ScopeProgress]:
    """List-managed coverage (CK-9) and its like for every scope item as of ``on``: two queries.

    A visit counts when its 专项 names the campaign (its key or its title) and its date lies in the term.
    """
    base = divisions.stem(campaign.office_code)
    scope = campaign.scope
    everything = reduce(or_, (_in_scope(item) for item in scope), Q(pk__in=[]))
    rows = visible(PartyLink.objects.all(), actor, "party__office_code").filter(
        everything, party__office_code__startswith=base
    )
    listed = list(
        rows.exclude(party__status=CANCELLED).values_list("party_id", "link", "tags", "party__office_code")
    )
    visits = visible(Visit.objects.all(), actor, "party__office_code").filter(
        state=CONCLUDED,
        campaign__in=(campaign.key, campaign.title),
        party__office_code__startswith=base,
        visited_on__gte=campaign.starts_on,
        visited_on__lte=min(on, campaign.ends_on),
    )
    made: dict[Place, list[str]] = defaultdict(list)
    for party_id, link, kind in visits.values_list("party_id", "link", "kind"):
        made[party_id, link].append(_KIND_IDS.get(kind, kind))
    return [_scope_progress(item, listed, made) for item in scope]


@dataclass(frozen=True)
class ReportState:
    """A report of the campaign and whether it is in: 已报, 未报, 逾期, or 按要求 where no day is set."""

    title: str
    office_code: str
    office: str
    to: str
    due_on: dt.date | None
    handed_in_on: dt.date | None
    state: str


def campaign_reports(actor: Actor | None, campaign: Campaign, on: dt.date) -> list[ReportState]:
    """The reports of the offices that the actor sees, soonest due first: one query."""
    base = divisions.stem(actor.office_code) if actor else None
    mine = [r for r in campaign.reports if base is not None and r["office_code"].startswith(base)]
    names = office_names(r["office_code"] for r in mine)
    found = []
    for report in mine:
        due = dt.date.fromisoformat(report["due_on"]) if report.get("due_on") else None
        came = dt.date.fromisoformat(report["handed_in_on"]) if report.get("handed_in_on") else None
        state = "已报" if came else "按要求" if due is None else "逾期" if due < on else "未报"
        code = report["office_code"]
        found.append(ReportState(report["title"], code, names[code], report["to"], due, came, state))
    return sorted(found, key=lambda r: (r.due_on or dt.date.max, r.office_code, r.title))


def _scope_progress(
    item: Mapping[str, Any],
    listed: Iterable[tuple[int, str, str, str]],
    made: Mapping[Place, list[str]],
) -> ScopeProgress:
    wanted = set(campaigns.with_parts(item.get("tags") or []))
    places: dict[Place, str] = {
        (party_id, link): office
        for party_id, link, tags, office in listed
        if link in item["links"] and (not wanted or wanted & set(tags.split("|")))
    }
    by_office: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    parties, visited, full = set(), set(), set()
    visits = 0
    for place, office in places.items():
        kinds = made.get(place, [])
        visits += len(kinds)
        parties.add(place[0])
        by_office[office][0] += 1
        if kinds:
            visited.add(place[0])
            by_office[office][1] += 1
        if "full_item" in kinds:
            full.add(place[0])
    return ScopeProgress(
        id=item["id"],
        title=item["title"],
        list_managed=bool(item.get("list_managed")),
        parties=len(parties),
        visited=len(visited),
        full_item=len(full),
        visits=visits,
        needs_full_item=bool(item.get("full_item")),
        absent=item.get("absent", ""),
        by_office={office: (counts[0], counts[1]) for office, counts in sorted(by_office.items())},
    )


# --- one party ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PartyTask:
    """A task of one party in plans handed down, with what has been done of it."""

    task: Task
    done: int

    @property
    def left(self) -> int:
        return self.task.times - self.done


def party_tasks(actor: Actor | None, party: Party, on: dt.date) -> list[PartyTask]:
    """The party's tasks in the plans of the year that are handed down, due first: two queries."""
    rows = list(
        tasks(actor).filter(party=party, plan__year=on.year, plan__state="issued").order_by("due_on", "id")
    )
    made = Visit.objects.filter(
        party=party, state=CONCLUDED, visited_on__gte=dt.date(on.year, 1, 1), visited_on__lte=on
    ).values_list("link", "visited_on", "kind")
    visits: dict[str, list[tuple[dt.date, str]]] = defaultdict(list)
    for link, day, kind in made:
        visits[link].append((day, _KIND_IDS.get(kind, kind)))
    groups: dict[tuple[str, str], list[Task]] = defaultdict(list)
    for row in rows:
        groups[row.office_code, row.link].append(row)
    done: dict[int, list[dt.date]] = {}
    for (_, link), items in groups.items():
        owed = [(t.pk, _KIND_IDS.get(t.kind, t.kind), t.times, t.from_on, t.due_on) for t in items]
        done |= match_visits(owed, visits[link])
    return [PartyTask(row, len(done.get(row.pk, ()))) for row in rows]


def timeline(actor: Actor | None, party: Party) -> list[Event]:
    """When the party was graded, per link, newest first; a run that changed nothing is left out."""
    rows = (
        Grade.objects.filter(party_link__party=party, run__in=visible(GradeRun.objects.all(), actor))
        .select_related("run", "party_link")
        .order_by("run__on", "run__at", "pk")
    )
    events, before = [], {}
    for row in rows:
        link = row.party_link.link
        if link in before and before[link] == row.level:
            continue
        before[link] = row.level
        level = f"{'一二三四'[row.level - 1]}级" if row.level else "不定级"
        events.append(Event(row.run.on, "分级", f"{link}：{level}", f"规则包 {row.run.pack}，{row.rules}"))
    return sorted(events, key=lambda event: event.on, reverse=True)
