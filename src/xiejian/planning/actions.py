"""Every write of planning: plans made, handed down, made again; tasks allocated; campaigns."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.db import transaction
from django.db.models import Min, OuterRef, Subquery

from xiejian.inspections.models import Correction, Visit
from xiejian.kernel import divisions, packs, workflow
from xiejian.kernel.conditions import add_months
from xiejian.kernel.kinds import KIND_LABELS
from xiejian.kernel.kinds import label as kind_label
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.models import Office
from xiejian.people.policy import Actor, require
from xiejian.planning import campaigns, checks, grading, queries
from xiejian.planning.checks import problems, refuse
from xiejian.planning.models import Campaign, Plan, Task
from xiejian.planning.obligations import Drafted, PastVisit, Subject, TaskDraft, plan_year
from xiejian.registry import planner_statistics
from xiejian.registry.models import Party, PartyLink

PLAN_FLOW = workflow.load(Path(__file__).with_name("workflow.toml"))
CAMPAIGN_FLOW = workflow.load(Path(__file__).with_name("campaign_workflow.toml"))
CANCELLED = "注销"
_KIND_IDS = {label: kind for kind, label in KIND_LABELS.items()}
_BATCH = 2000
#: what a plan says of a party besides its facts
_NAMED = ("party__name", "party__uscc", "party__office_code")


@dataclass(frozen=True)
class Draft:
    """A plan computed and not yet stored."""

    drafted: Drafted
    subjects: list[Subject]
    pack: packs.Pack
    seed: str


@dataclass(frozen=True)
class Register:
    """What plans of one office and year are made from, read once: links with their facts, past visits."""

    office_code: str
    year: int
    facts: pa.Table
    visits: dict[tuple[int, str], list[PastVisit]]  # by party and link


# --- reading what a plan is made from -------------------------------------------------------------------


def read_register(office_code: str, year: int) -> Register:
    """Every party link of the office and below that is not cancelled, as of 1 January: five queries.

    Refused with L201 (year) or L202 (office).
    """
    refuse([*checks.check_year(year), *checks.check_office_code(office_code)])
    rows = PartyLink.objects.filter(party__office_code__startswith=divisions.stem(office_code))
    rows = rows.exclude(party__status=CANCELLED)
    start = dt.date(year, 1, 1)
    facts = grading.link_facts(rows, start, _NAMED).sort_by("key")
    return Register(office_code, year, facts, _past_visits(office_code, start))


def _subjects(pack: packs.Pack, register: Register) -> list[Subject]:
    """The links of the register, graded under the pack, in the order of their numbers."""
    on = dt.date(register.year, 1, 1)
    graded = grading.grade_table(pack, register.facts, on)
    duties = {row.id: row.duty for row in pack.rows_on(on) if row.duty is not None}
    read = cache(lambda rules: tuple(duties[rule] for rule in rules.split("、") if rule in duties))
    columns = [graded.column(name).to_pylist() for name in ("key", "level", "rules")]
    answers = {key: (level, read(rules)) for key, level, rules in zip(*columns, strict=True)}
    names = ("key", "party_id", "link", "issued_on", "filed_on", *_NAMED)
    found = []
    for link_id, party_id, link, issued_on, filed_on, name, uscc, office in zip(
        *(register.facts.column(n).to_pylist() for n in names), strict=True
    ):
        level, owed = answers[link_id]
        key = f"{uscc or name}/{link}"
        found.append(Subject(key, party_id, link_id, link, level, office, issued_on, filed_on, owed))
    return _distinct_keys(found)


def _distinct_keys(subjects: list[Subject]) -> list[Subject]:
    """Two parties without a credit code may share a name: their number in the register tells them apart."""
    counts = Counter(s.key for s in subjects)
    return [
        s if counts[s.key] == 1 else Subject(**{**vars(s), "key": f"{s.key}/{s.office_code}/{s.party_id}"})
        for s in subjects
    ]


def _past_visits(office_code: str, before: dt.date) -> dict[tuple[int, str], list[PastVisit]]:
    """Concluded visits before a day by party and link: two queries."""
    base = divisions.stem(office_code)
    rows = Visit.objects.filter(
        state="concluded", visited_on__lt=before, party__office_code__startswith=base
    ).order_by("visited_on", "id")
    done = Correction.objects.filter(
        visit__party__office_code__startswith=base, state__in=("passed", "closed")
    ).values_list("visit_id", flat=True)
    rechecked = set(done)
    by_place: dict[tuple[int, str], list[PastVisit]] = defaultdict(list)
    columns = ("id", "party_id", "link", "visited_on", "kind", "order_issued", "recheck_result")
    for visit_id, party_id, link, on, kind, ordered, result in rows.values_list(*columns).iterator():
        kind_id = _KIND_IDS.get(kind, kind)
        place = by_place[party_id, link]
        if kind_id == "follow_up":  # it looked at what was ordered before it
            place[:] = [PastVisit(v.on, v.kind) for v in place]
        place.append(PastVisit(on, kind_id, ordered and result != "通过" and visit_id not in rechecked))
    return dict(by_place)


def draft_plan(
    *,
    year: int,
    pack_id: str,
    office_code: str,
    seed: str,
    pack: packs.Pack | None = None,
    register: Register | None = None,
) -> Draft:
    """The plan that ``make_plan`` would store: graded as of 1 January, from the register as it stands.

    ``pack``: this pack with values changed in memory, for a plan that is only tried out (``what_if``).
    ``register``: what ``read_register`` gave for this office and year, where several plans are drafted from
    it. Six queries, however many parties; one with a register. Refused with L201 (year), L202 (office), L203
    (no parties) or K201 (no such pack).
    """
    register = register or read_register(office_code, year)
    pack = pack or packs.load(pack_id)
    subjects = _subjects(pack, register)
    if not subjects:
        raise Refused(problems("L203", office_code, code=office_code))
    visits = {
        s.link_id: register.visits[s.party_id, s.link]
        for s in subjects
        if (s.party_id, s.link) in register.visits
    }
    earlier = Plan.objects.filter(office_code=office_code, pack=pack_id, year__lt=year)
    seed = seed or f"{pack_id}-{office_code}-{year}"
    drafted = plan_year(
        subjects,
        visits,
        year=year,
        seed=seed,
        first_planned=earlier.aggregate(first=Min("year"))["first"],
    )
    return Draft(drafted, subjects, pack, seed)


# --- plans ----------------------------------------------------------------------------------------------


def _coverage(draft: Draft) -> list[dict[str, Any]]:
    """Per link and level: parties, parties that the rules require, planned parties and visits."""
    keys = {s.link_id: (s.link, s.level) for s in draft.subjects}
    parties = Counter(keys.values())
    visits: Counter[tuple[str, int | None]] = Counter()
    planned: dict[tuple[str, int | None], set[int]] = defaultdict(set)
    for task in draft.drafted.tasks:
        if task.link_id is not None:
            visits[keys[task.link_id]] += task.times
            planned[keys[task.link_id]].add(task.link_id)
    parts: dict[tuple[str, int | None], Fraction] = defaultdict(Fraction)
    for link_id, part in draft.drafted.owed_part.items():
        parts[keys[link_id]] += part
    # every rule is met by the plan; where two shares overlap, one visit may count for both
    owed = {key: min(ceil(parts[key]), len(planned[key])) for key in parties}
    order = sorted(parties, key=lambda k: (packs.LINKS.index(k[0]), -(k[1] or 0)))
    return [
        {
            "link": link,
            "level": level,
            "parties": parties[link, level],
            "owed": owed[link, level],
            "planned": len(planned[link, level]),
            "visits": visits[link, level],
            "share": round(len(planned[link, level]) / parties[link, level], 4),
            "required_share": round(owed[link, level] / parties[link, level], 4),
        }
        for link, level in order
    ]


def _digest(tasks: Sequence[TaskDraft]) -> str:
    """Equal for equal tasks: what tells whether making a plan again changed anything."""
    text = hashlib.sha256()
    for task in tasks:
        text.update(repr(task).encode())
    return text.hexdigest()


def _store(draft: Draft, digest: str, **fields: Any) -> Plan:
    plan = Plan.objects.create(
        pack=draft.pack.id,
        pack_version=draft.pack.version,
        seed=draft.seed,
        state=PLAN_FLOW.start,
        coverage=_coverage(draft),
        rules=[asdict(rule) for rule in draft.drafted.coverage],
        draws=[asdict(record) for record in draft.drafted.draws],
        digest=digest,
        **fields,
    )
    Task.objects.bulk_create(
        (
            Task(
                plan=plan,
                party_id=task.party_id,
                party_link_id=task.link_id,
                group=task.group[:120],
                link=task.link,
                level=task.level,
                kind=kind_label(task.kind),
                times=task.times,
                from_on=task.from_on,
                due_on=task.due_on,
                office_code=task.office_code,
                origin=task.origin,
                rules="、".join(task.rules)[:300],
                basis="；".join(task.basis),
            )
            for task in draft.drafted.tasks
        ),
        batch_size=_BATCH,
    )
    planner_statistics.refresh(len(draft.drafted.tasks))
    return plan


def _audit_plan(plan: Plan, action: str, by: Actor, at: dt.datetime, **more: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="plan", key=str(plan.pk), office_code=plan.office_code,
        detail={"year": plan.year, "pack": plan.pack, "version": plan.version, "digest": plan.digest, **more},
    )  # fmt: skip


def _current(year: int, pack_id: str, office_code: str) -> Plan | None:
    rows = Plan.objects.filter(year=year, pack=pack_id, office_code=office_code).exclude(state="replaced")
    return rows.order_by("-version", "-id").first()


@transaction.atomic
def make_plan(
    *, year: int, pack_id: str, office_code: str, seed: str = "", by: Actor, at: dt.datetime
) -> Plan:
    """Make the draft plan of a year; an equal draft that is there already is returned unchanged.

    A draft with other tasks is replaced, and kept; a plan that was handed down is made again only by
    ``replan`` (L204). The same register, pack, year and seed give the same tasks.
    """
    require(by, "planning.plan", office_code)
    draft = draft_plan(year=year, pack_id=pack_id, office_code=office_code, seed=seed)
    digest = _digest(draft.drafted.tasks)
    current = _current(year, pack_id, office_code)
    if current is not None:
        same = (current.digest, current.seed, current.pack_version) == (
            digest,
            draft.seed,
            draft.pack.version,
        )
        if same:
            return current
        if current.state == "issued":
            raise Refused(problems("L204", str(current.pk), year=year, pack=pack_id))
        Plan.objects.filter(pk=current.pk).update(state=PLAN_FLOW.step(current.state, "replan"))
    plan = _store(
        draft, digest, year=year, office_code=office_code, made_at=at, by_name=by.name,
        version=current.version + 1 if current else 1, replaces=current,
    )  # fmt: skip
    _audit_plan(plan, "make_plan", by, at, seed=draft.seed, tasks=len(draft.drafted.tasks))
    return plan


@transaction.atomic
def issue_plan(*, plan: Plan, by: Actor, at: dt.datetime) -> Plan:
    """Hand the plan down (下达); the version that it replaces stops being the one in force."""
    require(by, "planning.plan", plan.office_code)
    plan.state = PLAN_FLOW.step(plan.state, "issue_plan", str(plan.pk))
    plan.issued_at = at
    plan.save(update_fields=["state", "issued_at"])
    older = Plan.objects.filter(
        year=plan.year, pack=plan.pack, office_code=plan.office_code, state="issued"
    ).exclude(pk=plan.pk)
    replaced = list(older.values_list("pk", flat=True))
    older.update(state=PLAN_FLOW.step("issued", "replan"))
    _audit_plan(plan, "issue_plan", by, at, replaced=replaced)
    return plan


@transaction.atomic
def replan(*, plan: Plan, reason: str, seed: str = "", by: Actor, at: dt.datetime) -> Plan:
    """A new version from the register as it stands now; the old one is kept.

    A draft gives way at once, a plan handed down stays in force until the new one is.
    The seed stays unless another is given, so that whoever was drawn stays drawn.
    """
    require(by, "planning.plan", plan.office_code)
    refuse(checks.check_reason(reason))
    if plan.state == "replaced":
        raise Refused(problems("L206", str(plan.pk)))
    following = PLAN_FLOW.step(plan.state, "replan", str(plan.pk))
    draft = draft_plan(
        year=plan.year, pack_id=plan.pack, office_code=plan.office_code, seed=seed or plan.seed
    )
    newest = _current(plan.year, plan.pack, plan.office_code) or plan
    drafts = Plan.objects.filter(year=plan.year, pack=plan.pack, office_code=plan.office_code, state="draft")
    drafts.update(state=following)
    new = _store(
        draft, _digest(draft.drafted.tasks), year=plan.year, office_code=plan.office_code, made_at=at,
        by_name=by.name, version=newest.version + 1, replaces=plan, reason=reason.strip()[:300],
    )  # fmt: skip
    _audit_plan(
        new, "replan", by, at, reason=reason, replaces=plan.pk, tasks=[plan.tasks.count(), new.tasks.count()]
    )
    return new


# --- allocation -----------------------------------------------------------------------------------------


@transaction.atomic
def allocate_tasks(
    *, tasks: Sequence[Task], office_code: str, reason: str, by: Actor, at: dt.datetime
) -> int:
    """Move tasks of one plan to another office, at or below the one that holds them."""
    if not tasks:
        raise Refused(problems("L303"))
    if len({task.plan_id for task in tasks}) > 1:
        raise Refused(problems("L304"))
    offices = sorted({task.office_code for task in tasks})
    for own in offices:
        require(by, "planning.plan", own)
    known = set(Office.objects.filter(code=office_code).values_list("code", flat=True))
    found = [p for own in offices for p in checks.check_allocation(office_code, own, known)]
    refuse([*found, *checks.check_reason(reason)])
    moved = Task.objects.filter(pk__in=[task.pk for task in tasks]).update(office_code=office_code)
    audit.record(
        by=by, at=at, action="allocate_tasks", subject="plan", key=str(tasks[0].plan_id),
        office_code=office_code,
        detail={
            "office": ["、".join(offices), office_code],
            "tasks": [task.pk for task in tasks],
            "reason": reason,
        },
    )  # fmt: skip
    return moved


def allocate_task(*, task: Task, office_code: str, reason: str, by: Actor, at: dt.datetime) -> int:
    """Move one task; see ``allocate_tasks``."""
    return allocate_tasks(tasks=[task], office_code=office_code, reason=reason, by=by, at=at)


@transaction.atomic
def allocate_to_stations(*, plan: Plan, reason: str, by: Actor, at: dt.datetime) -> int:
    """Hand every task that the plan's own office holds to the station in charge of the party.

    Tasks of parties without a station, and of higher offices, stay where they are. Three queries.
    """
    require(by, "planning.plan", plan.office_code)
    refuse(checks.check_reason(reason))
    stations = Office.objects.filter(stem__startswith=divisions.stem(plan.office_code), tier="station")
    party = Party.objects.filter(pk=OuterRef("party_id"))
    rows = Task.objects.filter(
        plan=plan, office_code=plan.office_code, party__office_code__in=stations.values("code")
    )
    moved = rows.update(office_code=Subquery(party.values("office_code")[:1]))
    audit.record(
        by=by, at=at, action="allocate_to_stations", subject="plan", key=str(plan.pk),
        office_code=plan.office_code, detail={"tasks": moved, "reason": reason},
    )  # fmt: skip
    return moved


# --- campaigns ------------------------------------------------------------------------------------------


def _for_offices(entries: Iterable[dict[str, Any]], office: Office) -> list[dict[str, Any]]:
    """Entries for all stations as one entry per station; a station-less office keeps them itself."""
    stations = Office.objects.filter(stem__startswith=office.stem, tier="station").exclude(pk=office.pk)
    codes = list(stations.order_by("code").values_list("code", flat=True)) or [office.code]
    return [
        {**entry, "office_code": code}
        for entry in entries
        for code in (codes if entry["who"] == "stations" else [office.code])
    ]


def _dated(reports: Iterable[dict[str, Any]], starts_on: dt.date, ends_on: dt.date) -> list[dict[str, Any]]:
    """A report due each quarter as one entry for every quarter of the term; the others as they are."""
    found: list[dict[str, Any]] = []
    for report in reports:
        if report.get("cadence") != "quarterly":
            found.append(report)
            continue
        months = [(y, m) for y in range(starts_on.year, ends_on.year + 1) for m in (3, 6, 9, 12)]
        ends = [add_months(dt.date(y, m, 1), 1) - dt.timedelta(days=1) for y, m in months]
        found += [{**report, "due_on": day.isoformat()} for day in ends if starts_on <= day <= ends_on]
    return found


@transaction.atomic
def open_campaign(
    *,
    key: str,
    office_code: str,
    by: Actor,
    at: dt.datetime,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    leading_group: list[dict[str, str]] | None = None,
) -> Campaign:
    """Open a campaign from its pack for one office: order, term, leading group, scope, tasks, reports.

    Refused with L401 (unknown), L302 (office), L402 (open already), L403 (dates).
    """
    require(by, "planning.plan", office_code)
    pack = campaigns.load(key)
    office = Office.objects.filter(code=office_code).first()
    if office is None:
        raise Refused(problems("L302", code=office_code))
    if Campaign.objects.filter(key=key, office_code=office_code).exists():
        raise Refused(problems("L402", title=pack.title))
    term = starts_on or pack.starts_on, ends_on or pack.ends_on
    refuse(checks.check_campaign_term(*term))
    campaign = Campaign.objects.create(
        key=key,
        title=pack.title,
        office_code=office_code,
        starts_on=term[0],
        ends_on=term[1],
        state=CAMPAIGN_FLOW.start,
        leading_group=[{"name": "", **member} for member in leading_group or pack.leading_group],
        tasks=_for_offices(pack.tasks, office),
        order={**pack.order, "meaning": pack.meaning, "citation": pack.citation, "notes": list(pack.notes)},
        scope=list(pack.scope),
        reports=_for_offices(_dated(pack.reports, *term), office),
        pack_version=pack.version,
    )
    audit.record(
        by=by, at=at, action="open_campaign", subject="campaign", key=str(campaign.pk),
        office_code=office_code, detail={"campaign": key, "from": term[0], "until": term[1]},
    )  # fmt: skip
    return campaign


@transaction.atomic
def close_campaign(
    *, campaign: Campaign, by: Actor, at: dt.datetime, on: dt.date, reason: str = ""
) -> Campaign:
    """Close a campaign: its term over and every listed party visited, or with a reason (L404, L405)."""
    require(by, "planning.plan", campaign.office_code)
    state = CAMPAIGN_FLOW.step(campaign.state, "close_campaign", str(campaign.pk))
    progress = queries.campaign_progress(by, campaign, on)
    left = sum(item.parties - item.visited for item in progress if item.list_managed)
    refuse(checks.check_campaign_closing(on, campaign.ends_on, left, reason))
    campaign.state, campaign.closed_on, campaign.closing = state, on, reason.strip()[:300]
    campaign.save(update_fields=["state", "closed_on", "closing"])
    audit.record(
        by=by, at=at, action="close_campaign", subject="campaign", key=str(campaign.pk),
        office_code=campaign.office_code, detail={"on": on, "left": left, "reason": reason},
    )  # fmt: skip
    return campaign


@transaction.atomic
def hand_in_report(
    *, campaign: Campaign, title: str, office_code: str, due_on: str, on: dt.date, by: Actor, at: dt.datetime
) -> Campaign:
    """Record that an office has handed one of the campaign's reports in; L407 when there is no such report.

    ``due_on`` as the report states it (ISO date, empty where it has none).
    """
    require(by, "inspections.visit", office_code)
    reports = [dict(report) for report in campaign.reports]
    wanted = (title, office_code, due_on)
    found = [r for r in reports if (r["title"], r["office_code"], r.get("due_on", "")) == wanted]
    if not found:
        raise Refused(problems("L407", title, title=title))
    found[0]["handed_in_on"] = on.isoformat()
    campaign.reports = reports
    campaign.save(update_fields=["reports"])
    audit.record(
        by=by, at=at, action="hand_in_report", subject="campaign", key=str(campaign.pk),
        office_code=office_code, detail={"title": title, "due_on": due_on, "on": on},
    )  # fmt: skip
    return campaign


@transaction.atomic
def name_leading_group(
    *, campaign: Campaign, members: list[dict[str, str]], by: Actor, at: dt.datetime
) -> Campaign:
    """Fill in who leads the campaign: role, name and post of each member."""
    require(by, "planning.plan", campaign.office_code)
    before = campaign.leading_group
    campaign.leading_group = [{key: m.get(key, "") for key in ("role", "name", "post")} for m in members]
    campaign.save(update_fields=["leading_group"])
    audit.record(
        by=by, at=at, action="name_leading_group", subject="campaign", key=str(campaign.pk),
        office_code=campaign.office_code, detail={"leading_group": [before, campaign.leading_group]},
    )  # fmt: skip
    return campaign
