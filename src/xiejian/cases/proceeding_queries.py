"""Every non-trivial read of proceedings. Lists are bounded by people.policy.visible."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, DateField, F, OuterRef, Q, QuerySet, Subquery

from xiejian.cases import procedure
from xiejian.cases.models import Measure, Proceeding
from xiejian.cases.procedure import WORKFLOWS
from xiejian.clocks.models import Clock
from xiejian.clocks.queries import SOON
from xiejian.kernel import workdays
from xiejian.kernel.divisions import stem
from xiejian.kernel.timeline import Event
from xiejian.kernel.workflow import Transition
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor, may, visible
from xiejian.registry.models import Party

#: States in which nobody has anything to do.
DONE = ("not_filed", "handed_on", "closed")
#: The way as the page shows it: heading → the states it stands for.
STAGES: dict[str, tuple[str, ...]] = {
    "核查": ("registered", "told", "not_filed", "handed_on"),
    "调查": ("investigating", "suspended"),
    "审核": ("reviewing",),
    "告知": ("reviewed", "noticed", "hearing", "heard", "discussed"),
    "决定": ("decided", "no_penalty", "withdrawn", "moved", "terminated", "revoked"),
    "执行": ("served", "demanded", "in_court"),
    "结案": ("fulfilled", "closed"),
}


def _nearest() -> Subquery:
    """The nearest end of a time limit of the proceeding, of its case or of one of its measures."""
    measures = Measure.objects.filter(proceeding=OuterRef(OuterRef("pk"))).values("pk")
    own = Q(subject="proceeding", record=OuterRef("pk")) | Q(subject="case", record=OuterRef("case_id"))
    rows = Clock.objects.filter(own | Q(subject="measure", record__in=measures))
    rows = rows.filter(state=Clock.RUNNING, due_legal__isnull=False).exclude(
        subject="proceeding", name__in=procedure.WAITS
    )
    rows = rows.order_by("due_legal")
    return Subquery(rows.values("due_legal")[:1], output_field=DateField())


def proceedings(
    actor: Actor | None,
    *,
    search: str = "",
    state: str = "",
    kind: str = "",
    source: str = "",
    office: str = "",
    party: Party | None = None,
    person: str = "",
) -> QuerySet[Proceeding]:
    """Proceedings in the actor's reach with ``due``, the nearest end of a time limit.

    ``search``: part of a number, the party or the conduct; ``person``: user name of one who handles it.
    """
    rows = visible(Proceeding.objects.select_related("party", "case"), actor)
    exact = {"state": state, "procedure": kind, "source": source, "party": party}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if person:
        mine = Q(reviewer__username=person) | Q(approver__username=person)
        handled = Proceeding.investigators.through.objects.filter(officer__username=person)
        rows = rows.filter(mine | Q(pk__in=handled.values("proceeding")))
    if text := search.strip():
        rows = rows.filter(
            Q(number__icontains=text)
            | Q(case__number__icontains=text)
            | Q(party__name__icontains=text)
            | Q(conduct__icontains=text)
            | Q(source_no__icontains=text)
        )
    return rows.annotate(due=_nearest()).order_by(F("due").asc(nulls_last=True), "-pk")


def proceeding(actor: Actor | None, pk: int) -> Proceeding | None:
    """One proceeding in the actor's reach, with the persons who handle it."""
    rows = visible(Proceeding.objects.select_related("party", "case", "reviewer", "approver"), actor)
    return rows.prefetch_related("investigators", "payments", "instalments", "remedies").filter(pk=pk).first()


def by_number(actor: Actor | None, number: str) -> Proceeding | None:
    """One proceeding by its own number or that of its case."""
    return proceedings(actor).filter(Q(number=number) | Q(case__number=number)).first()


def of_sources(actor: Actor | None, kind: str, records: Collection[int]) -> list[Proceeding]:
    """What was made of any of several records of one kind; no query for none."""
    if not records:
        return []
    rows = visible(Proceeding.objects.select_related("case"), actor)
    return list(rows.filter(source_kind=kind, source_record__in=records))


def of_source(actor: Actor | None, kind: str, record: int) -> list[Proceeding]:
    """What was made of a visit, a lead, a sample or another record."""
    return of_sources(actor, kind, [record])


def open_rows(rows: QuerySet[Proceeding]) -> QuerySet[Proceeding]:
    """Those in which somebody still has something to do."""
    return rows.exclude(state__in=DONE)


def running_out(rows: QuerySet[Proceeding], on: dt.date) -> QuerySet[Proceeding]:
    """Open ones whose nearest time limit is over or ends within SOON working days."""
    return open_rows(rows).filter(due__lte=workdays.standing().add(on, SOON))


@dataclass(frozen=True)
class Counts:
    """How many proceedings there are, how many are open, how many of these are late."""

    total: int
    open: int
    late: int


def counts(actor: Actor | None, on: dt.date) -> Counts:
    """The heading of the list, in one query."""
    is_open = ~Q(state__in=DONE)
    rows = visible(Proceeding.objects.annotate(due=_nearest()).order_by(), actor)
    found = rows.aggregate(
        total=Count("pk"), open=Count("pk", filter=is_open), late=Count("pk", filter=is_open & Q(due__lt=on))
    )
    return Counts(**found)


def allowed(row: Proceeding, actor: Actor) -> list[Transition]:
    """The steps that the table of its procedure allows now and the actor may take."""
    held = {
        permission: bool(may(actor, permission, row.office_code))
        for permission in ("cases.investigate", "cases.review", "cases.approve")
    }
    return [t for t in WORKFLOWS[row.procedure].allowed(row.state) if held[t.permission]]


def may_do(actor: Actor, permission: str, row: Proceeding) -> bool:
    return bool(may(actor, permission, row.office_code))


def stage(row: Proceeding) -> list[tuple[str, str]]:
    """The stages of the way, each done, now or ahead."""
    names = list(STAGES)
    now = next(index for index, states in enumerate(STAGES.values()) if row.state in states)
    over = row.state in DONE
    return [
        (name, "done" if index < now or (over and index == now) else "now" if index == now else "ahead")
        for index, name in enumerate(names)
    ]


def history(row: Proceeding) -> list[tuple[dt.date, str, str]]:
    """What was done with it so far, from the audit log: day, what, by whom."""
    tables = [*WORKFLOWS.values(), procedure.MEASURE_WORKFLOW]
    labels = {t.action: t.label for table in tables for t in table.transitions}
    labels |= {"register_clue": "案件来源登记", "continue_case": "接续办理"}
    rows = AuditEntry.objects.filter(subject="proceeding", subject_key=row.number).order_by("sequence")
    found = rows.only("at", "action", "by_name", "detail")
    return [(_day(entry), labels.get(entry.action, entry.action), entry.by_name) for entry in found]


def _day(entry: AuditEntry) -> dt.date:
    """The day that the entry names for what was done, else that of the entry."""
    named = entry.detail.get("on") or entry.detail.get("source_on")
    return dt.date.fromisoformat(named) if named else entry.at.date()


def timeline(actor: Actor | None, party: Party) -> list[Event]:
    """Clues of a party that were not (yet) filed; filed ones are on its timeline as cases."""
    rows = proceedings(actor, party=party).filter(case=None)
    return [
        Event(
            row.source_on, "案件", f"案件线索：{row.conduct}", f"{row.number}；{procedure.STATES[row.state]}",
            f"/proceedings/{row.pk}/",
        )
        for row in rows
    ]  # fmt: skip
