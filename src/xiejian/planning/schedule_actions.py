"""Every write about who goes when: schedules, moves, absences, recusals, calendar feeds.

Computing a schedule takes seconds to a minute and happens outside of any transaction; what it gives
is checked against the hard rules once more and stored at once or not at all.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.db import transaction

from xiejian.inspections import actions as inspections
from xiejian.inspections.checks import check_matter
from xiejian.inspections.models import Visit
from xiejian.kernel import workflow
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.models import Office, Officer
from xiejian.people.policy import Actor, require
from xiejian.planning import checks, schedule_facts
from xiejian.planning.checks import problems, refuse
from xiejian.planning.models import Absence, Assignment, CalendarFeed, Recusal, Schedule
from xiejian.planning.queries import office_names
from xiejian.planning.schedule_facts import Gathered
from xiejian.planning.scheduling import check
from xiejian.planning.scheduling.arrange import REASONS, Arranged, arrange
from xiejian.planning.scheduling.instance import Instance, Need, Outing
from xiejian.planning.scheduling.mend import Mended, mend
from xiejian.registry.models import Party

SCHEDULE_FLOW = workflow.load(Path(__file__).with_name("schedule_workflow.toml"))
PERMISSION = "planning.schedule"
LONGEST = dt.timedelta(days=731)
#: what a broken hard rule is called in a refusal
RULES = {
    "team": "检查组人数不符", "workday": "不是工作日", "minutes": "当天做不完", "visits": "当天家次过多",
    "allowed": "检查员不在可派范围或须回避", "away": "检查员当天不在", "qualification": "没有所需资格",
    "dates": "不在任务期限内", "town": "不在同一乡镇", "two places": "检查员当天另有安排",
    "twice": "重复安排",
}  # fmt: skip
Progress = Callable[[int, str], None]


def _note(
    action: str, subject: str, key: object, office: str, by: Actor, at: dt.datetime, **detail: Any
) -> None:
    audit.record(
        by=by, at=at, action=action, subject=subject, key=str(key), office_code=office, detail=detail
    )


def _quiet(percent: int, what: str) -> None:
    """Nobody asks how far it is."""


# --- made -----------------------------------------------------------------------------------------------


def make_schedule(
    *,
    office_code: str,
    from_on: dt.date,
    until_on: dt.date,
    by: Actor,
    at: dt.datetime,
    on: dt.date,
    seconds: float = 50.0,
    progress: Progress = _quiet,
) -> Schedule:
    """A draft schedule of everything that the office and its stations owe between two days.

    ``on``: today; ``seconds`` bound the search. Refused with L601 (dates), L602 (too few inspectors), L603
    (nothing to arrange). The draft that the office had is withdrawn; what was issued stays as visits.
    """
    require(by, PERMISSION, office_code)
    if until_on < from_on or until_on - from_on > LONGEST:
        raise Refused(problems("L601"))
    gathered = schedule_facts.gather(office_code, from_on, until_on, on)
    instance = gathered.instance
    if len(instance.inspectors) < instance.team_size:
        raise Refused(problems("L602", office=office_names([office_code])[office_code]))
    if not instance.needs:
        raise Refused(problems("L603", from_on=from_on, until_on=until_on))
    arranged = arrange(instance, seconds=seconds, progress=progress)
    # visits that joined an outing which stands are checked together with it, without counting its team twice
    broken = check.faults(_with_kept_apart(instance, arranged.outings), arranged.outings)
    if broken:
        raise Refused(problems("L609", why="、".join(sorted({RULES[rule] for rule, _ in broken}))))
    return _store(
        gathered, arranged, office_code=office_code, from_on=from_on, until_on=until_on, by=by, at=at
    )


def _with_kept_apart(instance: Instance, outings: Sequence[Outing]) -> Instance:
    joined = {(o.day, o.town, o.team) for o in outings}
    return replace(instance, kept=tuple(o for o in instance.kept if (o.day, o.town, o.team) not in joined))


@transaction.atomic
def _store(
    gathered: Gathered,
    arranged: Arranged,
    *,
    office_code: str,
    from_on: dt.date,
    until_on: dt.date,
    by: Actor,
    at: dt.datetime,
) -> Schedule:
    """The schedule with its assignments in five queries; the earlier drafts of the office give way."""
    drafts = Schedule.objects.filter(office_code=office_code, state="draft")
    replaced = list(drafts.values_list("pk", flat=True))
    drafts.update(state=SCHEDULE_FLOW.step("draft", "withdraw_schedule"), reason="由新的排班替代")
    schedule = Schedule.objects.create(
        office_code=office_code, from_on=from_on, until_on=until_on, state=SCHEDULE_FLOW.start, made_at=at,
        by_name=by.name, settings=gathered.settings, figures=_figures(gathered.instance, arranged),
        unmet=_unmet(gathered, arranged),
    )  # fmt: skip
    names = {p.key: p.name for p in gathered.instance.inspectors}
    teams: list[tuple[int, ...]] = []
    rows = []
    for outing in arranged.outings:
        for need in outing.needs:
            owed = gathered.owed[need.key]
            rows.append(
                Assignment(
                    schedule=schedule, task_id=owed.task_id, key=need.key, party_id=owed.party_id,
                    link=owed.link, kind=owed.kind, town=need.town, office_code=need.office,
                    from_on=need.from_on, due_on=need.due_on, minutes=need.minutes,
                    qualification=need.qualification, day=outing.day, place=need.place,
                    inspectors="、".join(names[key] for key in outing.team),
                )
            )  # fmt: skip
            teams.append(outing.team)
    made = Assignment.objects.bulk_create(rows, batch_size=1000)
    member = Assignment.team.through
    member.objects.bulk_create(
        (
            member(assignment_id=row.pk, officer_id=key)
            for row, team in zip(made, teams, strict=True)
            for key in team
        ),
        batch_size=2000,
    )
    _note(
        "make_schedule", "schedule", schedule.pk, office_code, by, at, from_on=from_on, until_on=until_on,
        visits=len(made), unmet=len(schedule.unmet), replaced=replaced,
    )  # fmt: skip
    return schedule


def _figures(instance: Instance, arranged: Arranged) -> dict[str, Any]:
    """``minutes`` with what stood before, ``arranged`` without it."""
    new = check.loads(replace(instance, kept=()), arranged.outings)
    return {
        "visits": sum(len(o.needs) for o in arranged.outings),
        "outings": len(arranged.outings),
        "travel": arranged.travel,
        "gap": round(arranged.gap, 5),
        "widened": arranged.widened,
        "loads": [
            {
                "officer": p.key, "name": p.name, "office": p.office,
                "minutes": arranged.loads.get(p.key, 0), "arranged": new[p.key],
                "share": round(band.share) if band else 0,
                "low": round(band.low) if band else 0, "high": round(band.high) if band else 0,
            }
            for p in instance.inspectors
            for band in [arranged.bands.get(p.key)]
        ],
    }  # fmt: skip


def _unmet(gathered: Gathered, arranged: Arranged) -> list[dict[str, Any]]:
    parties = {gathered.owed[u.need.key].party_id for u in arranged.unmet}
    names = dict(Party.objects.filter(pk__in=parties).values_list("pk", "name"))
    found = []
    for unmet in sorted(arranged.unmet, key=lambda u: (u.need.due_on, u.need.key)):
        owed = gathered.owed[unmet.need.key]
        found.append(
            {
                "task": owed.task_id, "party": owed.party_id, "name": names[owed.party_id], "link": owed.link,
                "kind": owed.kind, "due_on": unmet.need.due_on.isoformat(), "office": unmet.need.office,
                "reason": unmet.reason, "why": REASONS[unmet.reason],
            }
        )  # fmt: skip
    return found


# --- handed down and withdrawn ----------------------------------------------------------------------------


def _locked(schedule: Schedule) -> Schedule:
    return Schedule.objects.select_for_update().get(pk=schedule.pk)


@dataclass(frozen=True)
class Issued:
    """What became of the assignments that were handed down: visits made, and those held back."""

    made: int
    held: list[Assignment]


@transaction.atomic
def issue_schedule(
    *, schedule: Schedule, until_on: dt.date, by: Actor, at: dt.datetime, progress: Progress = _quiet
) -> Issued:
    """Hand the schedule down to a day: each assignment up to it becomes a visit with its team.

    Every visit gets its number, checklist and audit entry from the inspections room, one by one; hand
    down month by month. What cannot become a visit is held back with its problem (``Assignment.held``),
    the others do not wait for it: a licence visit without its matter (L614), or whatever the
    inspections room refuses. Needs planning.schedule alone; the visits are the team's.
    """
    schedule = _locked(schedule)
    require(by, PERMISSION, schedule.office_code)
    schedule.state = SCHEDULE_FLOW.step(schedule.state, "issue_schedule", str(schedule.pk))
    rows = list(
        schedule.assignments.filter(visit__isnull=True, day__lte=until_on)
        .select_related("party")
        .prefetch_related("team__office")
    )
    for number, row in enumerate(rows, start=1):
        _issue(row, by, at)
        progress(100 * number // len(rows), f"{number}/{len(rows)}")
    Assignment.objects.bulk_update(rows, ["visit", "held"], batch_size=500)
    schedule.issued_until = max(filter(None, (schedule.issued_until, until_on)))
    schedule.save(update_fields=["state", "issued_until"])
    held = [row for row in rows if row.held]
    _note(
        "issue_schedule", "schedule", schedule.pk, schedule.office_code, by, at, until_on=until_on,
        visits=[row.visit.number for row in rows if row.visit],
        held={row.key: row.held for row in held},
    )  # fmt: skip
    return Issued(len(rows) - len(held), held)


def _issue(row: Assignment, by: Actor, at: dt.datetime) -> None:
    """Give the assignment its visit, or the words why it has none yet."""
    try:
        refuse(checks.check_matter_known(row.kind, row.matter, row.party.name))
        row.visit = inspections.schedule_visit(
            party=row.party, link=row.link, kind=row.kind, planned_on=row.day, team=list(row.team.all()),
            office_code=row.office_code, matter=row.matter, by=by, at=at,
        )  # fmt: skip
        row.held = ""
    except Refused as refused:
        row.held = f"{refused.first.message}。{refused.first.next}"[:300]


@transaction.atomic
def set_matter(*, assignment: Assignment, matter: str, by: Actor, at: dt.datetime) -> Assignment:
    """Say which application a licence visit is about (开办, 变更, 延续), before it is handed down.

    Refused with L614 (none), I111 (unknown, or no licence visit), L608 (handed down or begun).
    """
    row = _open_assignment(assignment)
    require(by, PERMISSION, row.office_code)
    refuse(checks.check_matter_known(row.kind, matter, row.party.name), check_matter(row.kind, matter))
    if row.visit is not None:
        raise Refused(problems("L608", row.party.name))
    before, row.matter, row.held = row.matter, matter, ""
    row.save(update_fields=["matter", "held"])
    _note(
        "set_matter", "assignment", row.pk, row.office_code, by, at, party=row.party.name,
        matter=[before, matter],
    )  # fmt: skip
    return row


@transaction.atomic
def withdraw_schedule(*, schedule: Schedule, reason: str, by: Actor, at: dt.datetime) -> int:
    """Take a schedule back: visits that have not begun are cancelled with the reason, the others stay."""
    schedule = _locked(schedule)
    require(by, PERMISSION, schedule.office_code)
    refuse(checks.check_reason(reason))
    schedule.state = SCHEDULE_FLOW.step(schedule.state, "withdraw_schedule", str(schedule.pk))
    schedule.reason = reason.strip()[:300]
    visits = list(Visit.objects.filter(assignment__schedule=schedule, state="planned"))
    for visit in visits:
        inspections.cancel_visit(visit=visit, reason=reason, by=by, at=at)
    schedule.save(update_fields=["state", "reason"])
    _note(
        "withdraw_schedule", "schedule", schedule.pk, schedule.office_code, by, at, reason=reason,
        visits=[visit.number for visit in visits],
    )  # fmt: skip
    return len(visits)


# --- changed by hand --------------------------------------------------------------------------------------


def _open_assignment(assignment: Assignment) -> Assignment:
    """The assignment as it is now, locked; L608 when its visit has begun or its schedule is gone."""
    Assignment.objects.select_for_update().only("pk").get(pk=assignment.pk)
    row = Assignment.objects.select_related("schedule", "party", "visit").get(pk=assignment.pk)
    begun = row.visit is not None and row.visit.state != "planned"
    if begun or row.schedule.state == "withdrawn":
        raise Refused(problems("L608", row.party.name))
    return row


@transaction.atomic
def fix_assignment(*, assignment: Assignment, fixed: bool, by: Actor, at: dt.datetime) -> Assignment:
    """Fix day and team of one visit, so that nothing but a person moves it; or let it go again."""
    row = _open_assignment(assignment)
    require(by, PERMISSION, row.office_code)
    before, row.fixed = row.fixed, fixed
    row.save(update_fields=["fixed"])
    _note(
        "fix_assignment", "assignment", row.pk, row.office_code, by, at, party=row.party.name,
        fixed=[before, fixed],
    )  # fmt: skip
    return row


@transaction.atomic
def move_assignment(
    *,
    assignment: Assignment,
    day: dt.date,
    team: Sequence[Officer],
    reason: str,
    by: Actor,
    at: dt.datetime,
) -> Assignment:
    """Another day or team for one visit, by hand. Refused with L605 when a hard rule would be broken.

    A visit that is handed down already is rescheduled with it, with the same reason.
    """
    row = _open_assignment(assignment)
    require(by, PERMISSION, row.office_code)
    refuse(checks.check_reason(reason))
    instance, outings = standing(row.schedule, day, day)
    need = need_of(row)
    instance = replace(
        instance,
        inspectors=schedule_facts.as_inspectors(
            _with_office([*_ids(instance), *[o.pk for o in team]]), day, day
        ),
    )
    others = [replace(o, needs=tuple(n for n in o.needs if n.key != need.key)) for o in outings]
    keys = tuple(sorted(o.pk for o in team))
    same = next((o for o in others if (o.day, o.town, o.team) == (day, row.town, keys)), None)
    new = Outing(day, row.town, (*(same.needs if same else ()), need), keys)
    stands = [o for o in others if o.needs and o is not same]
    found = check.faults(replace(instance, kept=tuple(stands)), [new])
    if found:
        why = "、".join(sorted({RULES[rule] for rule, _ in found}))
        raise Refused(problems("L605", row.party.name, why=why))
    _change(row, new, reason, by, at)
    return row


def _ids(instance: Instance) -> list[int]:
    return [p.key for p in instance.inspectors]


def _with_office(keys: Sequence[int]) -> list[Officer]:
    return list(Officer.objects.filter(pk__in=keys).select_related("office"))


def need_of(row: Assignment) -> Need:
    """What an assignment asks of its day and team."""
    return Need(
        row.key, row.party_id, row.office_code, row.town, row.minutes, row.from_on, row.due_on,
        row.qualification, row.kind in schedule_facts.ACROSS_AREAS,
    )  # fmt: skip


def standing(schedule: Schedule, from_on: dt.date, until_on: dt.date) -> tuple[Instance, list[Outing]]:
    """The instance of a schedule without needs, and its outings between two days.

    Fixed assignments, and visits that have begun, lock their outing; visits from elsewhere are kept outings.
    """
    office = Office.objects.filter(code=schedule.office_code).values_list("settings", flat=True).first() or {}
    given = schedule_facts.values(office)
    people = schedule_facts.as_inspectors(
        schedule_facts.inspectors_of(schedule.office_code), from_on, until_on
    )
    rows = list(
        schedule.assignments.filter(day__range=(from_on, until_on))
        .exclude(visit__state__in=("concluded", "refused", "cancelled"))
        .select_related("visit")
        .prefetch_related("team")
    )
    groups: dict[tuple[dt.date, str, tuple[int, ...]], list[Assignment]] = defaultdict(list)
    for row in rows:
        groups[row.day, row.town, tuple(sorted(o.pk for o in row.team.all()))].append(row)
    outings = [
        Outing(day, town, tuple(need_of(r) for r in group), team, any(_is_locked(r) for r in group))
        for (day, town, team), group in groups.items()
    ]
    elsewhere = Visit.objects.filter(
        state__in=schedule_facts.OPEN, planned_on__range=(from_on, until_on), team__in=[p.key for p in people]
    ).exclude(assignment__schedule=schedule)
    others = list(elsewhere.distinct().select_related("party").prefetch_related("team"))
    instance = Instance(
        needs=(),
        inspectors=people,
        days=schedule_facts.working_days(from_on, until_on),
        travel=schedule_facts.travel_of(schedule.office_code, given),
        day_minutes=given["day_minutes"],
        day_visits=given["visits_per_pair_per_day"],
        team_size=schedule_facts.minimum_inspectors(),
        tolerance=given["tolerance_percent"] / 100,
        exclusions=schedule_facts.recusals(people),
        kept=tuple(replace(o, locked=True) for o in schedule_facts.kept_outings(others, from_on, until_on)),
    )
    return instance, outings


def _is_locked(row: Assignment) -> bool:
    return row.fixed or (row.visit is not None and row.visit.state == "started")


def _change(row: Assignment, outing: Outing, reason: str, by: Actor, at: dt.datetime) -> None:
    """Write one assignment's new day and team, and reschedule its visit where there is one."""
    team = list(Officer.objects.filter(pk__in=outing.team).select_related("office").order_by("pk"))
    before = [str(row.day), row.inspectors]
    row.day, row.note = outing.day, reason.strip()[:300]
    row.inspectors = "、".join(officer.name for officer in team)
    row.save(update_fields=["day", "inspectors", "note"])
    row.team.set(team)
    if row.visit is not None:
        inspections.reschedule_visit(
            visit=row.visit, reason=reason, planned_on=row.day, team=team, by=by, at=at
        )
    _note(
        "move_assignment", "assignment", row.pk, row.office_code, by, at, reason=reason,
        plan=[before, [str(row.day), row.inspectors]],
    )  # fmt: skip


# --- absences ---------------------------------------------------------------------------------------------


@dataclass
class Covered:
    """What an absence changed in the schedules: rows moved, of them for another's sake, and what is left."""

    absence: Absence
    moved: list[Assignment] = field(default_factory=list)
    others: int = 0
    conflicts: list[Assignment] = field(default_factory=list)
    unmet: list[Assignment] = field(default_factory=list)


@transaction.atomic
def record_absence(
    *,
    officer: Officer,
    from_on: dt.date,
    until_on: dt.date,
    reason: str,
    by: Actor,
    at: dt.datetime,
    on: dt.date,
) -> Covered:
    """Record that somebody is away, and put right what that touches in the schedules in force.

    What has begun or is fixed stays, and is named in ``conflicts``; as few others as possible move. ``on``:
    today; days before it are not touched. Refused with L613 (dates), L205 (reason).
    """
    require(by, PERMISSION, officer.office.code)
    refuse(checks.check_reason(reason))
    if until_on < from_on:
        raise Refused(problems("L613"))
    absence = Absence.objects.create(
        officer=officer, from_on=from_on, until_on=until_on, reason=reason.strip()[:100], recorded_at=at
    )
    covered = Covered(absence)
    rows = Assignment.objects.filter(team=officer, day__range=(max(from_on, on), until_on))
    touched = Schedule.objects.filter(pk__in=rows.values("schedule")).exclude(state="withdrawn")
    for schedule in touched.order_by("pk"):
        _cover(schedule, officer, covered, by, at, on)
    _note(
        "record_absence", "absence", absence.pk, officer.office.code, by, at, officer=officer.username,
        from_on=from_on, until_on=until_on, reason=reason, moved=len(covered.moved), others=covered.others,
        unmet=[row.key for row in covered.unmet],
    )  # fmt: skip
    return covered


def _cover(
    schedule: Schedule, officer: Officer, covered: Covered, by: Actor, at: dt.datetime, on: dt.date
) -> None:
    """Mend one schedule from today on and write what changed."""
    instance, outings = standing(schedule, max(on, schedule.from_on), schedule.until_on)
    if officer.pk not in instance.by_key:
        return
    done = mend(instance, outings, officer.pk)
    rows = {
        row.key: row
        for row in schedule.assignments.filter(key__in=_keys(done)).select_related("party", "visit")
    }
    why = f"{officer.name}{covered.absence.reason}"
    for change in done.changes:
        for need in change.before.needs:
            _change(rows[need.key], change.after, why, by, at)
            covered.moved.append(rows[need.key])
            covered.others += not change.own
    covered.conflicts += [rows[n.key] for outing in done.conflicts for n in outing.needs]
    covered.unmet += [rows[unmet.need.key] for unmet in done.unmet]
    for row in covered.unmet:
        row.note = f"{why}，没有可派的检查组"[:300]
    Assignment.objects.bulk_update(covered.unmet, ["note"])


def _keys(done: Mended) -> list[str]:
    outings = [*(change.before for change in done.changes), *done.conflicts]
    return [need.key for outing in outings for need in outing.needs] + [u.need.key for u in done.unmet]


@transaction.atomic
def end_absence(*, absence: Absence, by: Actor, at: dt.datetime) -> Absence:
    """Back again (销假): the days count as working days for what is arranged from now on."""
    require(by, PERMISSION, absence.officer.office.code)
    absence.ended = True
    absence.save(update_fields=["ended"])
    _note(
        "end_absence", "absence", absence.pk, absence.officer.office.code, by, at,
        officer=absence.officer.username,
    )  # fmt: skip
    return absence


# --- recusals ---------------------------------------------------------------------------------------------


@transaction.atomic
def declare_recusal(
    *, officer: Officer, party: Party, reason: str, by: Actor, at: dt.datetime, on: dt.date
) -> Recusal:
    """An officer avoids a party: for oneself with inspections.visit, for another with planning.schedule.

    Holds for schedules made and teams drawn from then on. Refused with L607 when it is declared already.
    """
    own = by.username == officer.username
    require(by, "inspections.visit" if own else PERMISSION, officer.office.code)
    refuse(checks.check_reason(reason))
    if Recusal.objects.filter(officer=officer, party=party, ended_on__isnull=True).exists():
        raise Refused(problems("L607", party.name, name=officer.name))
    made = Recusal.objects.create(officer=officer, party=party, reason=reason.strip()[:200], declared_on=on)
    _note(
        "declare_recusal", "recusal", made.pk, officer.office.code, by, at, officer=officer.username,
        party=party.name, reason=reason,
    )  # fmt: skip
    return made


@transaction.atomic
def end_recusal(*, recusal: Recusal, reason: str, by: Actor, at: dt.datetime, on: dt.date) -> Recusal:
    """The conflict of interest has gone; who declared it does not end it alone: needs planning.schedule."""
    require(by, PERMISSION, recusal.officer.office.code)
    refuse(checks.check_reason(reason))
    recusal.ended_on = on
    recusal.save(update_fields=["ended_on"])
    _note(
        "end_recusal", "recusal", recusal.pk, recusal.officer.office.code, by, at,
        officer=recusal.officer.username, reason=reason,
    )  # fmt: skip
    return recusal


# --- calendar feeds ---------------------------------------------------------------------------------------


def feed_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def open_feed(*, officer: Officer, by: Actor, at: dt.datetime) -> str:
    """A new secret address for one's own visits; the one before stops. Returns the token, kept nowhere."""
    _own(officer, by)
    token = secrets.token_urlsafe(32)
    CalendarFeed.objects.filter(officer=officer, revoked_at__isnull=True).update(revoked_at=at)
    feed = CalendarFeed.objects.create(officer=officer, token_digest=feed_digest(token), made_at=at)
    _note("open_feed", "calendar_feed", feed.pk, officer.office.code, by, at, officer=officer.username)
    return token


@transaction.atomic
def revoke_feed(*, officer: Officer, by: Actor, at: dt.datetime) -> int:
    """Stop the officer's address: one's own, or another's with people.manage."""
    if by.username != officer.username:
        require(by, "people.manage", officer.office.code)
    stopped = CalendarFeed.objects.filter(officer=officer, revoked_at__isnull=True).update(revoked_at=at)
    _note("revoke_feed", "calendar_feed", officer.pk, officer.office.code, by, at, officer=officer.username)
    return stopped


def _own(officer: Officer, by: Actor) -> None:
    if by.username != officer.username:
        raise Refused(problems("L606", username=by.username))
