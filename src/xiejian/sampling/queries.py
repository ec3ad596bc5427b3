"""Every non-trivial read of the sampling room. Lists are bounded by people.policy.visible."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from django.db.models import Case, Count, DateField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, When

from xiejian.clocks.models import Clock
from xiejian.kernel.divisions import stem
from xiejian.kernel.problems import Refused
from xiejian.kernel.timeline import Event
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, roles_with, visible
from xiejian.registry.models import Party
from xiejian.sampling import rules
from xiejian.sampling.checks import FAILED, UPHELD, problems
from xiejian.sampling.models import Disposal, Sample, SamplingLine, SamplingPlan

#: Sort keys a page may ask for; a leading "-" turns one round.
SORTS = {
    "on": "sampled_on", "number": "number", "party": "party__name", "product": "product_name",
    "state": "state", "result": "result_on", "due": "due",
}  # fmt: skip
#: States in which somebody still has something to do.
OPEN = (
    "planned", "drawn", "handed_over", "received", "reported", "notified", "objected", "retesting", "final",
    "disposed",
)  # fmt: skip
#: States of a sample that was really taken.
TAKEN = ("drawn", *OPEN[2:], "closed")
#: Did not conform, as far as is known now.
FAILING = Q(final_result=FAILED) | Q(final_result="", result=FAILED)


def _with_due(rows: QuerySet[Sample]) -> QuerySet[Sample]:
    """Each sample with ``due``: the nearest day by which something must be done, None without one.

    A planned sample is due on its day, else on its line's; later ones when their nearest clock ends.
    """
    running = Clock.objects.filter(
        subject="sample", record=OuterRef("pk"), state=Clock.RUNNING, due_legal__isnull=False
    )
    nearest = Subquery(running.order_by("due_legal").values("due_legal")[:1], output_field=DateField())
    of_plan = Case(When(planned_on=None, then=F("line__due_on")), default=F("planned_on"))
    return rows.annotate(due=Case(When(state="planned", then=of_plan), default=nearest))


def samples(
    actor: Actor | None,
    *,
    search: str = "",
    state: str = "",
    kind: str = "",
    link: str = "",
    result: str = "",
    plan: int | None = None,
    line: int | None = None,
    campaign: str = "",
    office: str = "",
    party: Party | None = None,
    sampler: str = "",
    since: dt.date | None = None,
    until: dt.date | None = None,
    sort: str = "-on",
) -> QuerySet[Sample]:
    """Samples in the actor's reach with their party, each with ``due``. Empty filters do not filter.

    ``search``: part of the number, the product, its certificate, lot, maker, or the sampled party.
    ``result``: the conclusion that holds now. ``since``/``until`` bound the day of sampling.
    """
    rows = visible(Sample.objects.select_related("party", "line__plan"), actor)
    exact = {"state": state, "kind": kind, "link": link, "campaign": campaign, "line": line, "party": party}
    rows = rows.filter(**{field: value for field, value in exact.items() if value})
    if plan:
        rows = rows.filter(line__plan=plan)
    if result:
        rows = rows.filter(Q(final_result=result) | Q(final_result="", result=result))
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if sampler:
        member = Sample.team.through.objects.filter(sample=OuterRef("pk"), officer__username=sampler)
        rows = rows.filter(Exists(member))
    if since:
        rows = rows.filter(sampled_on__gte=since)
    if until:
        rows = rows.filter(sampled_on__lte=until)
    if text := search.strip():
        rows = rows.filter(_about(text))
    column = SORTS.get(sort.lstrip("-"), "sampled_on")
    order = F(column).desc(nulls_last=True) if sort.startswith("-") else F(column).asc(nulls_last=True)
    return _with_due(rows).order_by(order, "-id")


def _about(text: str) -> Q:
    fields = (
        "number", "product_name", "registration_no", "lot", "maker", "report_no", "party__name",
        "party__uscc",
    )  # fmt: skip
    found = Q()
    for field in fields:
        found |= Q(**{f"{field}__icontains": text})
    return found


def open_samples(actor: Actor | None, **filters: str) -> QuerySet[Sample]:
    """Samples with something still to do, the nearest due first."""
    return samples(actor, sort="due", **filters).filter(state__in=OPEN)


def failed_samples(actor: Actor | None, **filters: str) -> QuerySet[Sample]:
    """Samples that do not conform, as far as is known now, newest first."""
    return samples(actor, **filters).filter(FAILING)


def due_samples(actor: Actor | None, on: dt.date, within_days: int) -> QuerySet[Sample]:
    """Open samples due by so many days from ``on``, overdue ones first."""
    return open_samples(actor).filter(due__lte=on + dt.timedelta(days=within_days))


def unhandled_failures(actor: Actor | None) -> QuerySet[Sample]:
    """Failed samples whose handling is not complete, the oldest report first."""
    rows = samples(actor).filter(FAILING, state__in=OPEN).exclude(state="disposed")
    return rows.order_by("result_on", "id")


def sample(actor: Actor | None, sample_id: int) -> Sample | None:
    """One sample in the actor's reach with party, line, team, product and what was done about it."""
    return (
        samples(actor)
        .select_related("registration", "maker_party")
        .prefetch_related("team__office", "disposals")
        .filter(pk=sample_id)
        .first()
    )


def linked(actor: Actor | None, kind: str, key: int, number: str = "") -> list[Sample]:
    """The samples that led to a record (case or visit) or, by the visit's number, were taken during it."""
    led = Disposal.objects.filter(record_kind=kind, record=key)
    found = Q(pk__in=led.values("sample")) | (Q(visit_no=number) if number else Q(pk__in=()))
    return list(samples(actor).filter(found))


def party_named(actor: Actor | None, given: str) -> Party:
    """The one party in the actor's reach of this credit code or full name; else Refused S215."""
    text = given.strip()
    rows = visible(Party.objects.filter(Q(uscc=text) | Q(name=text)), actor).exclude(status="注销")
    found = list(rows[:2]) if text else []
    if len(found) != 1:
        raise Refused(problems("S215", given=text))
    return found[0]


def sample_by_number(actor: Actor | None, number: str) -> Sample | None:
    return samples(actor).filter(number=number).first()


@dataclass(frozen=True)
class Counts:
    """How many samples stand where; for the tabs and the head of the list."""

    open: int
    failed: int
    unhandled: int
    overdue: int
    total: int


def counts(actor: Actor | None, on: dt.date, office: str = "") -> Counts:
    """One query."""
    rows = samples(actor, office=office).order_by()
    opened = Q(state__in=OPEN)
    found = rows.aggregate(
        open=Count("pk", filter=opened),
        failed=Count("pk", filter=FAILING),
        unhandled=Count("pk", filter=FAILING & opened & ~Q(state="disposed")),
        overdue=Count("pk", filter=opened & Q(due__lt=on)),
        total=Count("pk"),
    )
    return Counts(**found)


# --- plans -----------------------------------------------------------------------------------------------


def plans(actor: Actor | None, year: int | None = None) -> QuerySet[SamplingPlan]:
    """Plans of the actor's offices, and those of offices above with lines for the actor's own.

    Each with ``lots``, the number of lots that the lines in the actor's reach ask for.
    """
    mine = visible(SamplingLine.objects.filter(plan=OuterRef("pk")), actor).order_by()
    total = mine.values("plan").annotate(n=Sum("count")).values("n")
    rows = SamplingPlan.objects.annotate(lots=Subquery(total), has_lines=Exists(mine))
    own = visible(SamplingPlan.objects.all(), actor)
    if actor is None:
        return rows.none()
    # what is still a draft is nobody's business below
    rows = rows.filter(Q(pk__in=own.values("pk")) | Q(has_lines=True, state__in=("issued", "closed")))
    return rows.filter(year=year) if year else rows


def plan(actor: Actor | None, plan_id: int) -> SamplingPlan | None:
    return plans(actor).filter(pk=plan_id).first()


@dataclass(frozen=True)
class LineState:
    """One line of a plan and how far it has come; ``left`` are lots still to be drawn."""

    line: SamplingLine
    planned: int
    drawn: int
    received: int
    tested: int
    failed: int
    handled: int
    on: dt.date

    @property
    def left(self) -> int:
        return max(0, self.planned - self.drawn)

    @property
    def late(self) -> bool:
        """Whether lots are missing after the line's last day."""
        return self.left > 0 and self.line.due_on < self.on

    @property
    def arrival(self) -> Fraction | None:
        return Fraction(self.received, self.planned) if self.planned else None


@dataclass(frozen=True)
class BoardTotal:
    """The sums of a board with their rates: arrival (到样率), failure, handling of failures."""

    planned: int
    drawn: int
    received: int
    tested: int
    failed: int
    handled: int
    late: int

    @property
    def arrival(self) -> Fraction | None:
        return Fraction(self.received, self.planned) if self.planned else None

    @property
    def failure(self) -> Fraction | None:
        return Fraction(self.failed, self.tested) if self.tested else None

    @property
    def handling(self) -> Fraction | None:
        return Fraction(self.handled, self.failed) if self.failed else None


def lines(actor: Actor | None, of: SamplingPlan | None = None) -> QuerySet[SamplingLine]:
    """Lines in the actor's reach with their counts: drawn, received, tested, failed, handled. One query."""
    rows = visible(SamplingLine.objects.select_related("plan"), actor)
    rows = rows.filter(plan=of) if of else rows.filter(plan__state="issued")
    taken = Q(samples__state__in=TAKEN)
    failing = Q(samples__final_result=FAILED) | Q(samples__final_result="", samples__result=FAILED)
    return rows.annotate(
        drawn=Count("samples", filter=taken),
        received=Count("samples", filter=taken & Q(samples__received_on__isnull=False)),
        tested=Count("samples", filter=taken & ~Q(samples__result="")),
        failed=Count("samples", filter=taken & failing),
        handled=Count("samples", filter=taken & failing & Q(samples__disposed_on__isnull=False)),
    ).order_by("due_on", "id")


def line_states(actor: Actor | None, of: SamplingPlan | None, on: dt.date) -> list[LineState]:
    """How far each line has come: those of one plan, or of all plans in force."""
    return [
        LineState(row, row.count, row.drawn, row.received, row.tested, row.failed, row.handled, on)
        for row in lines(actor, of)
    ]


def total(states: Iterable[LineState]) -> BoardTotal:
    """The sums over lines; what a line drew beyond its lots does not make up for another's."""
    rows = list(states)
    sums = {
        name: sum(getattr(row, name) for row in rows)
        for name in ("planned", "drawn", "received", "tested", "failed", "handled")
    }
    return BoardTotal(**sums, late=sum(row.late for row in rows))


def lines_behind(actor: Actor | None, on: dt.date, within_days: int) -> list[LineState]:
    """Lines in force with lots missing that end by so many days from ``on``, overdue ones first."""
    last = on + dt.timedelta(days=within_days)
    return [row for row in line_states(actor, None, on) if row.left and row.line.due_on <= last]


# --- what other rooms ask ----------------------------------------------------------------------------------


def failed_parties(first: dt.date, last: dt.date) -> set[int]:
    """Parties with a product that failed, its conclusion of this period: where it was taken, and its maker.

    The maker is left out where its objection was upheld: the product was not its own. Feeds grading
    (上年度抽检不合格) and the order of visits; not bounded by an actor.
    """
    rows = Sample.objects.filter(
        Q(final_result=FAILED, final_on__range=(first, last))
        | Q(final_result="", result=FAILED, result_on__range=(first, last))
    ).order_by()
    found: set[int] = set()
    for party, maker, objection in rows.values_list("party_id", "maker_party_id", "objection_result"):
        found.add(party)
        if maker and objection != UPHELD:
            found.add(maker)
    return found


def team_choices(actor: Actor, office_code: str) -> QuerySet[Officer]:
    """Who may take a sample for an office: those in post there, below and above it, who may sample."""
    base = stem(office_code)
    above = Q(office__stem__in=[base[:n] for n in range(len(stem(actor.office_code)), len(base))])
    # bureau and stations are one authority and send mixed pairs
    bureau = Q(office__stem=base[:6]) if len(base) > 6 else Q(pk__in=())
    able = roles_with("sampling.sample")
    return (
        Officer.objects.filter(
            above | bureau | Q(office__stem__startswith=base), is_active=True, role__in=able
        )
        .select_related("office")
        .order_by("-office__stem", "name", "pk")
    )


def _events(row: Sample, maker: bool) -> list[Event]:
    """A sample's steps on the archive page of the party; its maker sees only what came out."""
    page = f"/samples/{row.pk}/"
    what = f"{row.product_name}{f'（批号 {row.lot}）' if row.lot else ''}"
    about = "；".join(filter(None, [row.number, row.kind, f"抽自{row.party.name}" if maker else ""]))
    failed = f"不符合规定项目：{row.failed_items}" if row.failed_items else ""
    steps = [
        (None if maker else row.sampled_on, f"抽样：{what}", about),
        (row.result_on, f"检验{row.result}：{what}", "；".join(filter(None, [about, failed]))),
        (row.retest_on, f"复检{row.retest_result}：{what}", row.number),
        (None if maker else row.disposed_on, f"不合格产品处置完成：{what}", row.number),
    ]
    return [Event(on, "抽检", title, detail, page) for on, title, detail in steps if on]


def timeline(actor: Actor | None, party: Party) -> list[Event]:
    """Samples taken at a party, and those of its own make taken elsewhere, newest first."""
    rows = samples(actor).filter(Q(party=party) | Q(maker_party=party)).exclude(state__in=("planned",))
    events = [event for row in rows for event in _events(row, row.party_id != party.pk)]
    return sorted(events, key=lambda event: event.on, reverse=True)


@dataclass(frozen=True)
class Done:
    """A measure taken, with the pack's words and the page of what it led to."""

    disposal: Disposal
    measure: rules.Measure

    @property
    def page(self) -> str:
        kinds = {"case": "cases", "visit": "visits"}
        folder = kinds.get(self.disposal.record_kind)
        return f"/{folder}/{self.disposal.record}/" if folder else ""


def done(row: Sample) -> list[Done]:
    """The measures taken about a sample, in their order."""
    known = rules.measures()
    return [Done(d, known[d.measure]) for d in row.disposals.all() if d.measure in known]


def still_missing(row: Sample) -> list[str]:
    """What the handling of a failed sample still needs, in words; nothing for one that conforms."""
    if not row.failed:
        return []
    return rules.missing_measures({d.measure for d in row.disposals.all()})
