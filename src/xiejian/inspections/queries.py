"""Every non-trivial read of the inspections room. Lists are bounded by people.policy.visible."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from django.db.models import (
    Case,
    Count,
    DateField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from xiejian.inspections import checklist_versions, checklists, judgements, liaisons, limits
from xiejian.inspections.checks import FINDING_STATES, MADE
from xiejian.inspections.models import Correction, Evidence, Finding, Transfer, Visit
from xiejian.kernel.cells import tag_list
from xiejian.kernel.divisions import at_tier, stem
from xiejian.kernel.timeline import Event
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, roles_with, visible
from xiejian.registry.models import Party

#: Sort keys a page may ask for; a leading "-" turns one round.
VISIT_SORTS = {
    "on": "visited_on",
    "planned": "planned_on",
    "number": "number",
    "party": "party__name",
    "kind": "kind",
    "defects": "defects",
    "state": "state",
}
OPEN = ("ordered", "submitted", "failed", "passed")


def _sorted(rows: QuerySet[Visit], sort: str) -> QuerySet[Visit]:
    column = VISIT_SORTS.get(sort.lstrip("-"), "visited_on")
    order = F(column).desc(nulls_last=True) if sort.startswith("-") else F(column).asc(nulls_last=True)
    return rows.order_by(order, "-id")


def visits(
    actor: Actor | None,
    *,
    search: str = "",
    link: str = "",
    kind: str = "",
    state: str = "",
    conclusion: str = "",
    campaign: str = "",
    tag: str = "",
    office: str = "",
    party: Party | None = None,
    inspector: str = "",
    since: dt.date | None = None,
    until: dt.date | None = None,
    sort: str = "-on",
) -> QuerySet[Visit]:
    """Visits in the actor's reach, with their party. Empty filters do not filter.

    ``search``: part of the number, the party's name or credit code, or an inspector's name.
    ``since``/``until`` bound the day of the visit, or the planned day where it has not begun.
    ``office``: that office and those below; ``inspector``: a login name.
    """
    rows = visible(Visit.objects.select_related("party"), actor)
    exact = {"link": link, "kind": kind, "state": state, "conclusion": conclusion, "campaign": campaign}
    rows = rows.filter(**{field: value for field, value in exact.items() if value})
    if tag:
        rows = rows.filter(tags__contains=f"|{tag}|")
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if party is not None:
        rows = rows.filter(party=party)
    if inspector:
        member = Visit.team.through.objects.filter(visit=OuterRef("pk"), officer__username=inspector)
        rows = rows.filter(Exists(member))
    if since:
        rows = rows.filter(Q(visited_on__gte=since) | Q(visited_on=None, planned_on__gte=since))
    if until:
        rows = rows.filter(Q(visited_on__lte=until) | Q(visited_on=None, planned_on__lte=until))
    if text := search.strip():
        rows = rows.filter(
            Q(number__icontains=text)
            | Q(party__name__icontains=text)
            | Q(party__uscc__icontains=text)
            | Q(inspectors__icontains=text)
        )
    return _sorted(rows, sort)


def visits_of(actor: Actor | None, kind: str, record: int) -> QuerySet[Visit]:
    """The visits that a lead, a listing or another record led to, the newest first."""
    return visits(actor).filter(source_kind=kind, source_record=record)


def visit(actor: Actor | None, visit_id: int) -> Visit | None:
    """One visit in the actor's reach with team, findings, corrections and evidence, in a few queries."""
    corrections = Correction.objects.select_related("recheck_visit").prefetch_related("evidence")
    return (
        visible(Visit.objects.select_related("party"), actor)
        .prefetch_related(
            "team__office",
            "findings",
            "evidence",
            "product_checks",
            "site_records__signatures",
            Prefetch("corrections", corrections.order_by("ordered_on", "id")),
        )
        .filter(pk=visit_id)
        .first()
    )


@dataclass(frozen=True)
class Answered:
    """One point of a visit's checklist beside what was found; ``point`` is None for a problem outside it.

    ``asked``: whether it applies to the party as the register knows it; it may be answered all the same.
    """

    point: checklists.Point | None
    finding: Finding | None
    asked: bool = True

    @property
    def id(self) -> str:
        return self.point.id if self.point else self.finding.point if self.finding else ""

    @property
    def state_label(self) -> str:
        return FINDING_STATES.get(self.finding.state, "") if self.finding else ""


def answered_points(row: Visit, checklist: checklists.Checklist | None = None) -> list[Answered]:
    """The checklist of a visit in its order, each point with its finding; problems outside the list last.

    ``checklist``: what the visit asks, read when it is not given.
    """
    checklist = checklist or checklist_versions.of_visit(row)
    findings = {f.point: f for f in row.findings.all()}
    facts = checklist_versions.facts_at(row) if checklist else {}
    points = checklist.points if checklist else ()
    found = [Answered(point, findings.pop(point.id, None), point.applies(facts)) for point in points]
    return found + [Answered(None, finding) for finding in findings.values()]


def corrections(
    actor: Actor | None, *, on: dt.date, office: str = "", state: str = "", search: str = ""
) -> QuerySet[Correction]:
    """Corrections in the actor's reach, each with ``left`` (timedelta to its date), ``overdue`` (0/1)
    and ``urgency`` (0 the clock runs, 1 passed, 2 closed). A firm reaches its own.

    Overdue is an open correction that has not passed its re-check by its date.
    """
    waiting = Q(state__in=("ordered", "submitted", "failed"), due_on__lt=on)
    joined = Correction.objects.select_related("visit__party", "recheck_visit")
    rows = visible(joined, actor, firm="visit__party__uscc").annotate(
        left=ExpressionWrapper(F("due_on") - Value(on, DateField()), output_field=DurationField()),
        overdue=Case(When(waiting, then=1), default=0, output_field=IntegerField()),
        # what asks for work comes first: a clock that runs, then passed, then closed
        urgency=Case(
            When(state__in=("ordered", "submitted", "failed"), then=0),
            When(state="passed", then=1),
            default=2,
            output_field=IntegerField(),
        ),
    )
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if state:
        rows = rows.filter(state=state)
    if text := search.strip():
        rows = rows.filter(
            Q(number__icontains=text) | Q(visit__party__name__icontains=text) | Q(content__icontains=text)
        )
    return rows.order_by("-overdue", F("due_on").asc(nulls_last=True), "id")


def open_corrections(actor: Actor | None, on: dt.date, **filters: str) -> QuerySet[Correction]:
    """Corrections not yet closed, overdue first, then by due date."""
    return corrections(actor, on=on, **filters).filter(state__in=OPEN)


def to_the_head(actor: Actor | None, on: dt.date, **filters: str) -> QuerySet[Correction]:
    """Corrections so long overdue (rules.toml CR-HEAD) that the head must know and say what shall happen."""
    limit = on - dt.timedelta(days=limits.days_to_head())
    return open_corrections(actor, on, **filters).filter(overdue=1, due_on__lte=limit)


def due_soon(actor: Actor | None, on: dt.date, within_days: int) -> QuerySet[Correction]:
    """Open corrections that fall due within so many days of ``on``, today included; overdue ones left out."""
    return open_corrections(actor, on).filter(
        due_on__gte=on,
        due_on__lte=on + dt.timedelta(days=within_days),
        state__in=("ordered", "submitted", "failed"),
    )


def correction(actor: Actor | None, correction_id: int, on: dt.date) -> Correction | None:
    """One correction in the actor's reach with its visit, party, evidence, items, reminders and links."""
    joined = ("evidence", "items__finding", "items__evidence", "reminders", "answer_links")
    return corrections(actor, on=on).prefetch_related(*joined).filter(pk=correction_id).first()


def evidence(actor: Actor | None, evidence_id: int) -> Evidence | None:
    """One piece of evidence, reachable through the record that holds it.

    One with a ``subject`` of another room is bounded by its office alone: who shows it asks that room's
    permission.
    """
    sheets = liaisons.liaisons(actor, on=dt.date.min).order_by().values("pk")
    reached = visible(Evidence.objects.exclude(subject__in=("", "liaison")), actor)
    mine = (
        Q(visit__in=visible(Visit.objects.all(), actor))
        | Q(correction__in=visible(Correction.objects.all(), actor))
        | Q(subject="liaison", record_key__in=sheets)
        | Q(pk__in=reached.order_by().values("pk"))
    )
    return Evidence.objects.filter(mine, pk=evidence_id).first()


def evidence_of(subject: str, record: int) -> QuerySet[Evidence]:
    """The files of a record that is neither visit nor correction, which the caller may see already."""
    return Evidence.objects.filter(subject=subject, record_key=record)


def recheck_rows(row: Correction, on: dt.date) -> list[tuple[str, judgements.RecheckRow]]:
    """What the visit's rule says the re-check comes to, by what is found; empty where it says nothing.

    Late is a report after its date, or none by ``on``; a rule that lets no late report pass has one answer.
    """
    judged = row.visit.extra.get("judgement", {}).get("rule", "")
    rule = checklists.rule_for(checklist_versions.of_visit(row.visit), row.visit.link)
    late = row.due_on is not None and (row.submitted_on or on) > row.due_on
    good = rule.recheck(judged, late=late, failing=0)
    bad = rule.recheck(judged, late=late, failing=1)
    if good is None or bad is None:
        return []
    return [("逾期", good)] if good == bad else [("全部符合", good), ("仍有不符合", bad)]


@dataclass(frozen=True)
class Closure:
    """整改闭环: corrections ordered in a period and where they stand; ``rate`` is None when there is none."""

    ordered: int
    closed: int
    passed: int
    overdue: int

    @property
    def open(self) -> int:
        return self.ordered - self.closed

    @property
    def rate(self) -> Fraction | None:
        return Fraction(self.closed, self.ordered) if self.ordered else None


def closure(
    actor: Actor | None, *, from_on: dt.date, until: dt.date, on: dt.date, office: str = ""
) -> Closure:
    """How many of the corrections ordered between two days are closed, passed, overdue as of ``on``."""
    found = (
        corrections(actor, on=on, office=office)
        .filter(ordered_on__range=(from_on, until))
        .aggregate(
            ordered=Count("id"),
            closed=Count("id", filter=Q(state="closed", closed_on__lte=on)),
            passed=Count("id", filter=Q(state="passed")),
            late=Count("id", filter=Q(overdue=1)),
        )
    )
    return Closure(found["ordered"], found["closed"], found["passed"], found["late"])


def my_visits(actor: Actor, on: dt.date) -> QuerySet[Visit]:
    """What the officer who signed in has still to do: own visits planned or under way, oldest first."""
    return visits(actor, inspector=actor.username, sort="planned").filter(state__in=("planned", "started"))


def suggested_checklists(party: Party, link: str, kind: str, on: dt.date) -> list[checklists.Checklist]:
    """The checklists that fit a party in a link on a day, best first."""
    tags, mode = party.links.filter(link=link).values_list("tags", "mode").first() or ("|", "")
    return checklists.for_visit(link, tag_list(tags), on, area=party.area, kind=kind, mode=mode)


def _visit_event(row: Visit) -> Event:
    outcome = row.conclusion or "未作结论"
    parts = [f"缺陷{row.defects}项" if row.defects else "", row.campaign, row.inspectors, row.remark]
    return Event(
        on=row.visited_on,
        kind="检查",
        title=f"{row.kind}（{row.link}）：{outcome}",
        detail="；".join(part for part in [row.number, *parts] if part),
        page=f"/visits/{row.pk}/",
    )


def _correction_events(row: Correction) -> list[Event]:
    page = f"/corrections/{row.pk}/"
    steps = [
        (row.ordered_on, f"责令改正，限{row.due_on}前完成" if row.due_on else "责令改正", row.content),
        (row.submitted_on, "提交整改报告", row.answer),
        (row.rechecked_on, f"复查{row.visit.recheck_result or ''}", ""),
        (row.closed_on, "整改办结", ""),
    ]
    return [
        Event(on, "责令改正", title, "；".join(filter(None, [row.number, detail])), page)
        for on, title, detail in steps
        if on
    ]


def timeline(actor: Actor | None, party: Party) -> list[Event]:
    """Visits, corrections, transfers and liaison sheets of a party that the actor may see, newest first."""
    made = visible(Visit.objects.filter(party=party, state__in=MADE, visited_on__isnull=False), actor)
    ordered = visible(Correction.objects.filter(visit__party=party).select_related("visit"), actor)
    moved = visible(Transfer.objects.filter(party=party), actor)
    events = [_visit_event(row) for row in made]
    events += [event for row in ordered for event in _correction_events(row)]
    events += [Event(t.moved_on, "移送", f"移送{t.addressee}", f"来源：{t.source_no}") for t in moved]
    events += liaisons.events(actor, party)
    return sorted(events, key=lambda event: event.on, reverse=True)


def visits_by_month(actor: Actor | None, year: int, until: dt.date) -> list[int | None]:
    """Visits made in each month of a year up to a day; None for the months after it. One query."""
    made = visible(Visit.objects.all(), actor).filter(
        state__in=MADE, visited_on__year=year, visited_on__lte=until
    )
    counts = dict(made.order_by().values_list("visited_on__month").annotate(Count("id")))
    return [counts.get(month, 0) if dt.date(year, month, 1) <= until else None for month in range(1, 13)]


# ── what the pages of visits show besides ─────────────────────────────────────────────────────────
def team_choices(actor: Actor, office_code: str) -> QuerySet[Officer]:
    """Who may be sent on a visit of an office: inspectors in post there, below it and above it.

    Offices above are those up to the actor's own, or the county bureau of the actor's station: bureau
    and stations are one authority and send mixed pairs.
    """
    base, reach = stem(office_code), stem(at_tier(actor.office_code, "county"))
    above = Q(office__stem__in=[base[:n] for n in range(len(reach), len(base))])
    sent = roles_with("inspections.visit")
    return (
        Officer.objects.filter(above | Q(office__stem__startswith=base), is_active=True, role__in=sent)
        .select_related("office")
        .order_by("-office__stem", "name", "pk")
    )


def campaigns_named(actor: Actor | None) -> list[str]:
    """The campaigns that visits in the actor's reach name, in order."""
    named = visible(Visit.objects.exclude(campaign=""), actor)
    return sorted(named.order_by().values_list("campaign", flat=True).distinct())


def between(actor: Actor | None, since: dt.date, until: dt.date) -> QuerySet[Visit]:
    """Visits of a period for a calendar, by the day of the visit or, before it, the planned day (``day``)."""
    rows = visits(actor, since=since, until=until).exclude(state="cancelled")
    return rows.annotate(day=Coalesce("visited_on", "planned_on")).order_by("day", "pk")


def earlier_visits(actor: Actor | None, row: Visit, at_most: int = 3) -> list[Visit]:
    """The newest visits made to the same party before this one, each with ``problems_found``."""
    before = row.visited_on or row.planned_on
    rows = visible(Visit.objects.filter(party_id=row.party_id, state__in=MADE), actor).exclude(pk=row.pk)
    if before:
        rows = rows.filter(visited_on__lte=before)
    wrong = Prefetch("findings", Finding.objects.filter(state="not_conform"), to_attr="problems_found")
    return list(rows.prefetch_related(wrong).order_by(F("visited_on").desc(nulls_last=True), "-pk")[:at_most])


def transfers(row: Visit) -> QuerySet[Transfer]:
    """The leads handed over from one visit."""
    return Transfer.objects.filter(source="visit", source_no=row.number).order_by("moved_on", "pk")


def standing_proposal(
    row: Visit, checklist: checklists.Checklist | None = None
) -> tuple[judgements.JudgementRow, judgements.Tally]:
    """What the judgement rule of a visit says about its findings so far, with the counts it looked at.

    ``checklist``: what the visit asks, read when it is not given.
    """
    checklist = checklist or checklist_versions.of_visit(row)
    found = [(f.point, f.state, f.severe) for f in row.findings.all()]
    counted = checklists.tally(checklist, row.kind, found, row.facts.get("matter", ""))
    rule = checklists.rule_for(checklist, row.link)
    on = row.visited_on or row.planned_on or dt.date.max  # an old record without any day: the newest rows
    return rule.of(counted, on), counted
