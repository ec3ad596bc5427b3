"""Every non-trivial read of the vigilance room. Lists are bounded by people.policy.visible."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, DateField, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery

from xiejian.clocks.models import Clock
from xiejian.kernel.divisions import stem
from xiejian.kernel.timeline import Event
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Party
from xiejian.vigilance import rules
from xiejian.vigilance.actions import SUBJECT, WORKFLOW
from xiejian.vigilance.alerting import Alert, Fact, Signal, alerts, signals
from xiejian.vigilance.checks import DEATH, SERIOUS, check_found, refuse
from xiejian.vigilance.models import AdverseEvent, EventReview, EventSignal, ReportQuota
from xiejian.vigilance.trending import Series, series

#: somebody still has to review or evaluate
OPEN = tuple(state for state in WORKFLOW.states if state != "review_closed")
#: the city has passed it: whoever makes the product knows of it
HOLDERS = ("city_passed", "evaluated", "national_review", "review_closed")
#: what makes two reports look like one event
LIKENESS = ("product_name", "lot", "serial", "event_on", "age_band", "sex")


def _alike() -> QuerySet[AdverseEvent]:
    """Reports with the same product, lot, day and patient facts as the outer report."""
    same = {name: OuterRef(name) for name in LIKENESS}
    return AdverseEvent.objects.filter(**same).exclude(pk=OuterRef("pk"))


def _due() -> Subquery:
    """The nearest running limit of the outer report."""
    running = Clock.objects.filter(
        subject=SUBJECT, record=OuterRef("pk"), state=Clock.RUNNING, due_legal__isnull=False
    )
    return Subquery(running.order_by("due_legal").values("due_legal")[:1], output_field=DateField())


def events(
    actor: Actor | None,
    *,
    search: str = "",
    state: str = "",
    harm: str = "",
    office: str = "",
    product: str = "",
    term: str = "",
    lot: str = "",
    party: Party | None = None,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> QuerySet[AdverseEvent]:
    """Reports in the actor's reach with ``due``, the nearest running limit, and ``alike``: another report
    looks like the same event. Empty filters do not filter.
    """
    rows = visible(AdverseEvent.objects.select_related("party", "duplicate_of"), actor)
    exact = {
        "state": state, "harm": harm, "product_name": product, "term": term, "lot": lot, "party": party,
        "reported_on__gte": since, "reported_on__lte": until,
    }  # fmt: skip
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    for word in search.split():
        found = Q()
        for name in ("number", "product_name", "lot", "registration_no", "maker", "party__name", "group_no"):
            found |= Q(**{f"{name}__icontains": word})
        rows = rows.filter(found)
    return rows.annotate(due=_due(), alike=Exists(_alike()))


def firm_events(actor: Actor | None, search: str = "", state: str = "") -> QuerySet[AdverseEvent]:
    """The reports of a firm, and those about its own products once the city has passed them, with ``due``.

    Whose report about its product it is is not for a maker to see: ``queries.mine`` tells them apart.
    """
    rows = visible(
        AdverseEvent.objects.select_related("party", "maker_party").annotate(due=_due()),
        actor,
        firm=["party__uscc", "maker_party__uscc"],
    )
    if actor is not None and actor.firm:
        rows = rows.filter(Q(party__uscc=actor.firm) | Q(state__in=HOLDERS))
    rows = rows.filter(state=state) if state else rows
    for word in search.split():
        found = Q()
        for name in ("number", "product_name", "lot", "registration_no"):
            found |= Q(**{f"{name}__icontains": word})
        rows = rows.filter(found)
    return rows


def mine(rows: QuerySet[AdverseEvent], actor: Actor) -> QuerySet[AdverseEvent]:
    """Of ``firm_events`` the reports that the firm made itself."""
    return rows.filter(party__uscc=actor.firm)


def of_own_make(rows: QuerySet[AdverseEvent], actor: Actor) -> QuerySet[AdverseEvent]:
    """Of ``firm_events`` the reports about the firm's own products that it has learned of."""
    return rows.filter(maker_party__uscc=actor.firm, state__in=HOLDERS)


def event(actor: Actor | None, pk: int) -> AdverseEvent | None:
    """One report with its reviews and duplicates."""
    rows = events(actor).filter(pk=pk).select_related("maker_party")
    return rows.prefetch_related(
        Prefetch("reviews", EventReview.objects.all()),
        Prefetch("duplicates", AdverseEvent.objects.select_related("party")),
    ).first()


def event_by_number(actor: Actor | None, number: str) -> AdverseEvent | None:
    return events(actor).filter(number=number).first()


def alike(actor: Actor | None, row: AdverseEvent) -> list[AdverseEvent]:
    """The other reports of the actor's reach that look like the same event."""
    same = {name: getattr(row, name) for name in LIKENESS}
    return list(events(actor).filter(**same).exclude(pk=row.pk).order_by("reported_on", "pk"))


def group(actor: Actor | None, group_no: str) -> list[AdverseEvent]:
    """The reports of a group event."""
    return list(events(actor).filter(group_no=group_no).order_by("pk")) if group_no else []


def waiting(actor: Actor | None, on: dt.date, within: int, limit: int) -> list[AdverseEvent]:
    """The reports that somebody still has to review, late or running out within days, the nearest first."""
    rows = visible(AdverseEvent.objects.select_related("party").annotate(due=_due()), actor)
    rows = rows.filter(state__in=OPEN, duplicate_of=None, due__lte=on + dt.timedelta(days=within))
    return list(rows.order_by("due", "pk")[:limit])


@dataclass(frozen=True)
class Counts:
    """How the reports stand."""

    total: int
    open: int
    overdue: int
    deaths: int
    serious: int


def counts(actor: Actor | None, on: dt.date, office: str = "") -> Counts:
    """One query over the actor's reports; duplicates are left out."""
    waiting = Q(state__in=OPEN)
    found = (
        events(actor, office=office)
        .filter(duplicate_of=None)
        .aggregate(
            total=Count("pk"),
            open=Count("pk", filter=waiting),
            overdue=Count("pk", filter=waiting & Q(due__lt=on)),
            deaths=Count("pk", filter=Q(harm=DEATH)),
            serious=Count("pk", filter=Q(harm=SERIOUS)),
        )
    )
    return Counts(**found)


def parties_named(actor: Actor | None, names: Sequence[str]) -> list[Party]:
    """The parties in the actor's reach of these credit codes or full names, once each; else Refused J201."""
    rows = visible(Party.objects.filter(Q(uscc__in=names) | Q(name__in=names)), actor).exclude(status="注销")
    found: dict[str, list[Party]] = {}
    for party in rows:
        for key in {party.name, party.uscc or party.name}:
            found.setdefault(key, []).append(party)
    refuse(check_found([name for name in names if len(found.get(name, [])) != 1]))
    return list({found[name][0].pk: found[name][0] for name in names}.values())


# --- quotas ----------------------------------------------------------------------------------------------


def quotas(actor: Actor | None, year: int, office: str = "", search: str = "") -> QuerySet[ReportQuota]:
    """What each unit is asked for in a year, with ``reported`` (duplicates left out) and ``left``."""
    rows = visible(ReportQuota.objects.select_related("party").filter(year=year), actor, "party__office_code")
    if office:
        rows = rows.filter(party__office_code__startswith=stem(office))
    for word in search.split():
        rows = rows.filter(party__name__icontains=word)
    told = Q(party__adverse_events__reported_on__year=year, party__adverse_events__duplicate_of=None)
    return rows.annotate(reported=Count("party__adverse_events", filter=told)).annotate(
        left=F("count") - F("reported")
    )


# --- alerts and signals ----------------------------------------------------------------------------------


def facts(actor: Actor | None, until: dt.date, office: str = "") -> list[Fact]:
    """The reports of the actor's reach as alerts and signals see them, duplicates left out; one query."""
    labels = rules.terms()
    rows = visible(AdverseEvent.objects.order_by("reported_on", "pk"), actor)
    rows = rows.filter(duplicate_of=None, reported_on__lte=until)
    rows = rows.filter(office_code__startswith=stem(office)) if office else rows
    names = ("pk", "number", "party__name", "product_name", "lot", "term", "harm", "reported_on")
    found = rows.values_list(*names)
    return [
        Fact(pk, number, party, product, lot, labels.get(term, ""), harm, on)
        for pk, number, party, product, lot, term, harm, on in found
    ]


@dataclass(frozen=True)
class Looked:
    """The alerts of the last days and the signals of a profile, each with what was made of it (or None)."""

    alerts: list[tuple[Alert, EventSignal | None]]
    signals: list[tuple[Signal, EventSignal | None]]
    reports: int


def look(actor: Actor | None, profile: str, since: dt.date, until: dt.date, office: str = "") -> Looked:
    """Two queries, the rest is arithmetic."""
    known = facts(actor, until, office)
    judged = {
        (row.rule, row.product_name, row.subject): row
        for row in visible(EventSignal.objects.order_by("on", "pk"), actor)
    }
    found = alerts(known, rules.alerts(), since, until)
    fired = [pair for pair in signals(known, rules.profiles()) if profile in pair.fires]
    return Looked(
        [(a, judged.get((a.rule, a.product, a.subject))) for a in found],
        [(s, judged.get((profile, s.product, s.term))) for s in fired],
        len(known),
    )


def trends(actor: Actor | None, until: dt.date, office: str = "") -> list[tuple[Series, EventSignal | None]]:
    """The monthly series of products and lots, each with what was made of its first signal; two queries."""
    judged = {
        (row.rule, row.product_name, row.subject): row
        for row in visible(EventSignal.objects.filter(rule__in=rules.trends()).order_by("on", "pk"), actor)
    }
    return [
        (one, judged.get((one.fires[0].method, one.product, one.subject)) if one.fires else None)
        for one in series(facts(actor, until, office), until)
    ]


def judged(actor: Actor | None, search: str = "") -> QuerySet[EventSignal]:
    """What was made of signals, the latest first."""
    rows = visible(EventSignal.objects.order_by("-on", "-pk"), actor)
    for word in search.split():
        rows = rows.filter(Q(product_name__icontains=word) | Q(subject__icontains=word))
    return rows


def risk_numbers(actor: Actor | None, product: str) -> list[str]:
    """The risks that signals of a product were put on the list as."""
    rows = visible(EventSignal.objects.filter(product_name=product), actor).exclude(risk_no="")
    return list(rows.values_list("risk_no", flat=True))


def timeline(actor: Actor | None, party: Party) -> list[Event]:
    """A party's reports on its archive page, and those of its own make from elsewhere, newest first."""
    found = []
    for row in events(actor).filter(Q(party=party) | Q(maker_party=party)):
        about = f"{row.number}；{row.harm}" + ("" if row.party_id == party.pk else f"；{row.party.name}报告")
        what = f"不良事件：{row.product_name}"
        found.append(Event(row.reported_on, "不良事件", what, about, f"/events/{row.pk}/"))
    return sorted(found, key=lambda one: one.on, reverse=True)
