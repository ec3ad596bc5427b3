"""Every non-trivial read of online monitoring. Lists are bounded by people.policy.visible."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet

from xiejian.inspections import queries as inspections
from xiejian.inspections.models import Evidence
from xiejian.kernel.divisions import stem
from xiejian.kernel.timeline import Event
from xiejian.online.models import Listing, MonitoringList
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, roles_with, visible
from xiejian.registry.models import Party

#: somebody has to check or to dispose
OPEN = ("listed", "checked", "removing")
#: what evidence says of its place
SUBJECT = "listing"
#: disposed or returned, and the sender does not know yet
TO_REPORT = Q(state__in=("disposed", "returned"), reported_on=None)
SORTS = {
    "on": "found_on", "number": "number", "shop": "shop", "state": "state", "due": "source_list__due_on",
    "platform": "platform", "entered": "pk",
}  # fmt: skip


def listings(
    actor: Actor | None,
    *,
    search: str = "",
    state: str = "",
    platform: str = "",
    outcome: str = "",
    source: str = "",
    rule: str = "",
    office: str = "",
    suspect: bool | None = None,
    of: int | None = None,
    seller: Party | None = None,
    sort: str = "-on",
) -> QuerySet[Listing]:
    """Offers in the actor's reach with their list. Empty filters do not filter.

    ``search``: part of number, shop, seller, product, registration number, address or claim. ``rule``: an id
    of a screening mark.
    """
    rows = visible(Listing.objects.select_related("source_list", "seller", "handler", "visit"), actor)
    exact = {
        "state": state, "platform": platform, "outcome": outcome, "source_list__source": source,
        "source_list": of, "seller": seller,
    }  # fmt: skip
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if suspect is not None:
        rows = rows.filter(suspect=suspect)
    if rule:
        # the marks are stored as text on both databases; an id has no character that JSON escapes
        rows = rows.filter(marks__icontains=f'"{rule}"')
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if text := search.strip():
        found = Q()
        for name in (
            "number", "shop", "seller_named", "seller__name", "product", "registration_no", "url", "claim",
            "source_list__number",
        ):  # fmt: skip
            found |= Q(**{f"{name}__icontains": text})
        rows = rows.filter(found)
    column = SORTS.get(sort.lstrip("-"), "found_on")
    order = F(column).desc(nulls_last=True) if sort.startswith("-") else F(column).asc(nulls_last=True)
    return rows.order_by(order, "-id")


def due_listings(actor: Actor | None, on: dt.date, within_days: int) -> QuerySet[Listing]:
    """Offers whose list must be reported within the days, late ones included, and is not."""
    last = on + dt.timedelta(days=within_days)
    return listings(actor, sort="due").filter(Q(state__in=OPEN) | TO_REPORT, source_list__due_on__lte=last)


def listing(actor: Actor | None, listing_id: int) -> Listing | None:
    rows = listings(actor).select_related("source_list", "seller", "handler", "visit", "platform_party")
    return rows.filter(pk=listing_id).first()


def listing_by_number(actor: Actor | None, number: str) -> Listing | None:
    return listings(actor).filter(number=number).first()


def of_visit(actor: Actor | None, visit_id: int) -> list[Listing]:
    """The offers that a visit looks into."""
    return list(listings(actor).filter(visit=visit_id))


def of_shop(actor: Actor | None, row: Listing) -> QuerySet[Listing]:
    """The other offers of the same shop, or of the same seller elsewhere, newest first."""
    same = Q(platform=row.platform, shop=row.shop)
    if row.seller_id:
        same |= Q(seller=row.seller_id)
    return listings(actor).filter(same).exclude(pk=row.pk)


def snapshots(row: Listing) -> QuerySet[Evidence]:
    """The pages kept of an offer, in their order."""
    return inspections.evidence_of(SUBJECT, row.pk)


@dataclass(frozen=True)
class Counts:
    """How many offers stand where."""

    total: int
    to_check: int
    open: int
    overdue: int
    to_report: int
    suspect: int


def counts(actor: Actor | None, on: dt.date, **filters: str) -> Counts:
    """One query over the offers of the filters (as ``listings``)."""
    late = (Q(state__in=OPEN) | TO_REPORT) & Q(source_list__due_on__lt=on)
    found = (
        listings(actor, **filters)  # type: ignore[arg-type]
        .order_by()
        .aggregate(
            total=Count("pk"),
            to_check=Count("pk", filter=Q(state="listed")),
            open=Count("pk", filter=Q(state__in=OPEN)),
            overdue=Count("pk", filter=late),
            to_report=Count("pk", filter=TO_REPORT),
            suspect=Count("pk", filter=Q(suspect=True)),
        )
    )
    return Counts(**found)


@dataclass(frozen=True)
class Share:
    """How many offers there are of one thing, how many of them are disposed of."""

    name: str
    total: int
    settled: int


def platforms(actor: Actor | None) -> list[Share]:
    """Platform → offers and those disposed of, the most first; one query."""
    rows = listings(actor).order_by().values("platform").annotate(
        total=Count("pk"), settled=Count("pk", filter=~Q(state__in=OPEN))
    )  # fmt: skip
    return [Share(r["platform"], r["total"], r["settled"]) for r in rows.order_by("-total", "platform")]


def shops(actor: Actor | None, platform: str) -> list[Share]:
    """Shop of a platform → offers and those disposed of, the most first; one query."""
    rows = listings(actor, platform=platform).order_by().values("shop").annotate(
        total=Count("pk"), settled=Count("pk", filter=~Q(state__in=OPEN))
    )  # fmt: skip
    return [Share(r["shop"], r["total"], r["settled"]) for r in rows.order_by("-total", "shop")]


def platform_party(actor: Actor | None, platform: str) -> Party | None:
    """The platform in the register, where an offer on it found one."""
    rows = visible(Party.objects.filter(platform_listings__platform=platform), actor)
    return rows.order_by("pk").first()


def outcomes(actor: Actor | None, platform: str) -> dict[str, int]:
    """Outcome → offers of a platform; those without one are left out."""
    rows = listings(actor, platform=platform).exclude(outcome="").order_by()
    return dict(rows.values("outcome").annotate(n=Count("pk")).order_by("-n").values_list("outcome", "n"))


def lists(actor: Actor | None, search: str = "") -> QuerySet[MonitoringList]:
    """Lists in the actor's reach with ``total`` and ``open`` offers, newest first."""
    rows = visible(MonitoringList.objects.all(), actor)
    if text := search.strip():
        rows = rows.filter(Q(number__icontains=text) | Q(sender__icontains=text))
    return rows.annotate(
        total=Count("listings"), open=Count("listings", filter=Q(listings__state__in=OPEN))
    ).order_by("-received_on", "-id")


def due_lists(actor: Actor | None, on: dt.date, within_days: int) -> QuerySet[MonitoringList]:
    """Lists not reported whose sender wants to hear within the days, late ones included, soonest first."""
    rows = lists(actor).filter(reported_on=None, due_on__lte=on + dt.timedelta(days=within_days))
    return rows.order_by("due_on", "id")


def monitoring_list(actor: Actor | None, list_id: int) -> MonitoringList | None:
    return lists(actor).filter(pk=list_id).first()


def handlers(actor: Actor, office_code: str) -> QuerySet[Officer]:
    """Who may look into the offers of an office: those in post there, below it, or in the bureau above."""
    base = stem(office_code)
    near = Q(office__stem__startswith=base) | Q(office__stem=base[:6])
    able = roles_with("online.handle")
    rows = Officer.objects.filter(near, is_active=True, role__in=able).select_related("office")
    return visible(rows, actor, "office__code").order_by("-office__stem", "name", "pk")


def timeline(actor: Actor | None, party: Party) -> list[Event]:
    """A seller's offers on its archive page, newest first."""
    events = []
    for row in listings(actor, seller=party):
        page, about = f"/online/{row.pk}/", f"{row.number}；{row.platform}；{row.product}"
        events.append(Event(row.found_on, "网络监测", "发现网络商品信息", about, page))
        if row.disposed_on:
            events.append(Event(row.disposed_on, "网络监测", f"处置：{row.outcome}", row.number, page))
    return sorted(events, key=lambda event: event.on, reverse=True)
