"""Every non-trivial read of the assistance room. Lists are bounded by people.policy.visible."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, DateField, F, OuterRef, Q, QuerySet, Subquery

from xiejian.assistance.actions import SUBJECT, WORKFLOWS
from xiejian.assistance.models import AssistanceRequest
from xiejian.clocks.models import Clock
from xiejian.kernel.divisions import stem
from xiejian.kernel.timeline import Event
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, roles_with, visible
from xiejian.registry.models import Party

#: somebody here still has something to do, or waits
OPEN = ("drafted", "sent", "arrived", "replied", "received", "handling", "answered", "returned")
SORTS = {
    "on": "dated_on", "number": "number", "office": "other_office", "state": "state", "due": "due",
    "party": "party_named",
}  # fmt: skip


def state_label(row: AssistanceRequest) -> str:
    return WORKFLOWS[row.direction].states[row.state]


def requests(
    actor: Actor | None,
    *,
    search: str = "",
    direction: str = "",
    state: str = "",
    office: str = "",
    party: Party | None = None,
    sort: str = "-on",
) -> QuerySet[AssistanceRequest]:
    """Requests in the actor's reach with ``due``, when the time ends. Empty filters do not filter."""
    rows = visible(AssistanceRequest.objects.select_related("party", "handler"), actor)
    exact = {"direction": direction, "state": state, "party": party}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if text := search.strip():
        found = Q()
        for name in ("number", "other_no", "other_office", "subject", "party_named", "party__name", "asked"):
            found |= Q(**{f"{name}__icontains": text})
        rows = rows.filter(found)
    running = Clock.objects.filter(subject=SUBJECT, record=OuterRef("pk"), state=Clock.RUNNING)
    due = Subquery(running.values("due_legal")[:1], output_field=DateField())
    column = SORTS.get(sort.lstrip("-"), "dated_on")
    order = F(column).desc(nulls_last=True) if sort.startswith("-") else F(column).asc(nulls_last=True)
    return rows.annotate(due=due).order_by(order, "-id")


def due_requests(actor: Actor | None, on: dt.date, within_days: int) -> QuerySet[AssistanceRequest]:
    """Open requests whose time ends within the days, late ones included, soonest first."""
    rows = requests(actor, sort="due").filter(state__in=OPEN)
    return rows.filter(due__lte=on + dt.timedelta(days=within_days))


def request(actor: Actor | None, request_id: int) -> AssistanceRequest | None:
    return requests(actor).filter(pk=request_id).first()


def request_by_number(actor: Actor | None, number: str) -> AssistanceRequest | None:
    return requests(actor).filter(number=number).first()


def of_source(actor: Actor | None, kind: str, record: int) -> list[AssistanceRequest]:
    """The requests that are about a record of another room."""
    return list(requests(actor).filter(source_kind=kind, source_record=record))


@dataclass(frozen=True)
class Counts:
    """How many requests stand where."""

    outgoing: int
    incoming: int
    overdue: int


def counts(actor: Actor | None, on: dt.date) -> Counts:
    """Open requests by direction, and those whose time is over; one query."""
    opened = Q(state__in=OPEN)
    found = (
        requests(actor)
        .order_by()
        .aggregate(
            outgoing=Count("pk", filter=opened & Q(direction=AssistanceRequest.OUT)),
            incoming=Count("pk", filter=opened & Q(direction=AssistanceRequest.IN)),
            overdue=Count("pk", filter=opened & Q(due__lt=on)),
        )
    )
    return Counts(**found)


def handlers(actor: Actor, office_code: str) -> QuerySet[Officer]:
    """Who may look into a request of an office: those in post there, below it, or in the bureau above."""
    base = stem(office_code)
    near = Q(office__stem__startswith=base) | Q(office__stem=base[:6])
    able = roles_with("assistance.handle")
    rows = Officer.objects.filter(near, is_active=True, role__in=able).select_related("office")
    return visible(rows, actor, "office__code").order_by("-office__stem", "name", "pk")


def timeline(actor: Actor | None, party: Party) -> list[Event]:
    """A party's requests on its archive page, newest first."""
    events = []
    for row in requests(actor, party=party):
        page, about = f"/assistance/{row.pk}/", f"{row.number}；{row.other_office}"
        events.append(Event(row.dated_on, "协查", f"{row.direction}协查：{row.subject}", about, page))
        if row.replied_on:
            events.append(Event(row.replied_on, "协查", "协查答复", row.number, page))
    return sorted(events, key=lambda event: event.on, reverse=True)
