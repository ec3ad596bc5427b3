"""Every non-trivial read of the leads room. Lists are bounded by people.policy.visible."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, DateField, F, OuterRef, Q, QuerySet, Subquery

from xiejian.clocks.models import Clock
from xiejian.kernel.divisions import stem
from xiejian.kernel.timeline import Event
from xiejian.leads import rules
from xiejian.leads.checks import UNFOUNDED
from xiejian.leads.models import Lead
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, roles_with, visible
from xiejian.registry.models import Party

#: States in which somebody still has something to do.
OPEN = ("received", "triaged", "accepted", "not_accepted", "handed_on", "handling", "answered", "reopened")
#: Not yet decided upon.
NEW = ("received", "triaged")
SORTS = {
    "on": "received_on", "number": "number", "party": "party_named", "state": "state", "due": "due",
    "kind": "kind",
}  # fmt: skip


def leads(
    actor: Actor | None,
    *,
    search: str = "",
    state: str = "",
    kind: str = "",
    topic: str = "",
    source: str = "",
    priority: str = "",
    office: str = "",
    party: Party | None = None,
    handler: str = "",
    since: dt.date | None = None,
    until: dt.date | None = None,
    sort: str = "-on",
) -> QuerySet[Lead]:
    """Leads in the actor's reach with ``due``, the nearest end of a time limit. Empty filters do not filter.

    ``search``: part of the number, the party, the product or the text. ``since``/``until``: the
    day of receipt.
    """
    rows = visible(Lead.objects.select_related("party", "handler"), actor)
    exact = {
        "state": state, "kind": kind, "topic": topic, "source": source, "priority": priority, "party": party,
        "handler__username": handler,
    }  # fmt: skip
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if since:
        rows = rows.filter(received_on__gte=since)
    if until:
        rows = rows.filter(received_on__lte=until)
    if text := search.strip():
        found = Q()
        for name in ("number", "external_no", "party_named", "party__name", "product", "place", "text"):
            found |= Q(**{f"{name}__icontains": text})
        rows = rows.filter(found)
    running = Clock.objects.filter(
        subject="lead", record=OuterRef("pk"), state=Clock.RUNNING, due_legal__isnull=False
    )
    nearest = Subquery(running.order_by("due_legal").values("due_legal")[:1], output_field=DateField())
    column = SORTS.get(sort.lstrip("-"), "received_on")
    order = F(column).desc(nulls_last=True) if sort.startswith("-") else F(column).asc(nulls_last=True)
    return rows.annotate(due=nearest).order_by(order, "-id")


def lead(actor: Actor | None, lead_id: int) -> Lead | None:
    """One lead in the actor's reach, with what it was merged into."""
    return (
        leads(actor).select_related("party", "handler", "duplicate_of", "found_in").filter(pk=lead_id).first()
    )


def lead_by_number(actor: Actor | None, number: str) -> Lead | None:
    return leads(actor).filter(number=number).first()


def receipt_digest(code: str) -> str:
    """What is stored of a receipt code; blanks, dashes and small letters do not matter."""
    plain = "".join(code.split()).replace("-", "").upper()
    return hashlib.sha256(plain.encode()).hexdigest()


def lead_by_receipt(code: str) -> Lead | None:
    """The lead behind a citizen's receipt code; not bounded by an actor, the code is the key."""
    return Lead.objects.filter(receipt=receipt_digest(code)).first() if code.strip() else None


@dataclass(frozen=True)
class Counts:
    """How many leads stand where."""

    total: int
    open: int
    new: int
    overdue: int
    urgent: int


def counts(actor: Actor | None, on: dt.date, office: str = "") -> Counts:
    """One query."""
    opened = Q(state__in=OPEN)
    found = (
        leads(actor, office=office)
        .order_by()
        .aggregate(
            total=Count("pk"),
            open=Count("pk", filter=opened),
            new=Count("pk", filter=Q(state__in=NEW)),
            overdue=Count("pk", filter=opened & Q(due__lt=on)),
            urgent=Count("pk", filter=opened & Q(priority="紧急")),
        )
    )
    return Counts(**found)


def handlers(actor: Actor, office_code: str) -> QuerySet[Officer]:
    """Who may handle a lead of an office: those in post there, below it, or in the bureau above."""
    base = stem(office_code)
    able = roles_with("leads.handle")
    near = Q(office__stem__startswith=base) | Q(office__stem=base[:6])
    rows = Officer.objects.filter(near, is_active=True, role__in=able).select_related("office")
    return visible(rows, actor, "office__code").order_by("-office__stem", "name", "pk")


def complaint_counts(on: dt.date) -> dict[int, int]:
    """Party → complaints and reports of the LD-3 days up to ``on`` that were not found untrue.

    Refused, withdrawn before acceptance and merged ones do not count. Feeds grading; not bounded by an actor.
    """
    since = on - dt.timedelta(days=rules.counted_days())
    rows = Lead.objects.filter(
        party__isnull=False, kind__in=("投诉", "举报"), received_on__gt=since, received_on__lte=on,
        accepted_on__isnull=False,
    )  # fmt: skip
    return Counter(
        rows.exclude(state="merged").exclude(outcome=UNFOUNDED).order_by().values_list("party_id", flat=True)
    )


def timeline(actor: Actor | None, party: Party) -> list[Event]:
    """A party's complaints and leads on its archive page, newest first; nothing of who told us."""
    events = []
    for row in leads(actor, party=party).exclude(state="merged"):
        page, topic = f"/leads/{row.pk}/", rules.topics().get(row.topic, "")
        about = "；".join(filter(None, [row.number, row.source, topic]))
        events.append(Event(row.received_on, "线索", f"收到{row.kind}", about, page))
        if row.answered_on:
            events.append(Event(row.answered_on, "线索", f"{row.kind}答复：{row.outcome}", row.number, page))
    return sorted(events, key=lambda event: event.on, reverse=True)


@dataclass(frozen=True)
class Day:
    """日报: what a day brought, by source, kind and topic, and what is late."""

    on: dt.date
    received: int
    answered: int
    closed: int
    by_source: dict[str, int]
    by_kind: dict[str, int]
    by_topic: dict[str, int]
    urgent: list[Lead]
    overdue: list[Lead]


def day(actor: Actor | None, on: dt.date, office: str = "") -> Day:
    """The daily report of an office: three queries."""
    came = list(leads(actor, office=office, since=on, until=on).exclude(state="merged"))
    rows = leads(actor, office=office)
    done = rows.order_by().aggregate(
        answered=Count("pk", filter=Q(answered_on=on)), closed=Count("pk", filter=Q(closed_on=on))
    )
    topics = rules.topics()
    late = leads(actor, office=office, sort="due").filter(state__in=OPEN, due__lt=on)
    return Day(
        on, len(came), done["answered"], done["closed"],
        dict(Counter(row.source for row in came).most_common()),
        dict(Counter(row.kind for row in came).most_common()),
        dict(Counter(topics.get(row.topic, "未分流") for row in came).most_common()),
        [row for row in came if row.priority == "紧急"], list(late),
    )  # fmt: skip
