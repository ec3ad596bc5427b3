"""Every non-trivial read of the cold chain, bounded by people.policy.visible."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from xiejian.coldchain import rules
from xiejian.coldchain.excursions import Limits
from xiejian.coldchain.lots import Beside
from xiejian.coldchain.models import AffectedLot, Excursion, Logger, Placement, Reading
from xiejian.kernel.divisions import stem
from xiejian.people.policy import Actor, visible
from xiejian.supply.models import HANDED_ON, Movement
from xiejian.supply.queries import movements

#: Excursions with something still to be done by the firm.
OPEN = ("found", "explained", "assessed")


def _about(text: str, *fields: str) -> Q:
    found = Q()
    for name in fields:
        found |= Q(**{f"{name}__icontains": text})
    return found


def loggers(
    actor: Actor | None, *, search: str = "", kind: str = "", office: str = "", retired: bool = False
) -> QuerySet[Logger]:
    """Loggers in reach, each with ``open_count`` (excursions not yet decided); without those out of use."""
    rows = visible(Logger.objects.all(), actor, firm="firm_uscc")
    if not retired:
        rows = rows.filter(retired_on=None)
    if kind:
        rows = rows.filter(kind=kind)
    if office:
        rows = rows.filter(office_code__startswith=stem(office))
    if text := search.strip():
        rows = rows.filter(_about(text, "code", "place", "firm_name", "firm_uscc"))
    return rows.annotate(open_count=Count("excursions", filter=Q(excursions__state__in=OPEN), distinct=True))


def logger(actor: Actor | None, pk: int) -> Logger | None:
    return loggers(actor, retired=True).filter(pk=pk).first()


def silent(rows: QuerySet[Logger], at: dt.datetime) -> QuerySet[Logger]:
    """Of these, those that send by themselves and have sent nothing for longer than their interval allows."""
    used = rows.filter(live=True, retired_on=None)
    late = Q(pk__in=[])
    for seconds in used.order_by().values_list("interval_seconds", flat=True).distinct():
        late |= Q(interval_seconds=seconds, last_at__lt=at - rules.gap_after(seconds))
    return used.filter(late | Q(last_at=None))


def is_silent(row: Logger, at: dt.datetime) -> bool:
    """The same of one logger in hand."""
    if not row.live or row.retired_on:
        return False
    return row.last_at is None or at - row.last_at > rules.gap_after(row.interval_seconds)


def excursions(
    actor: Actor | None,
    *,
    search: str = "",
    state: str = "",
    kind: str = "",
    office: str = "",
    logger: int | None = None,
) -> QuerySet[Excursion]:
    """Excursions in reach with their logger, each with ``lot_count``, newest first."""
    rows = visible(
        Excursion.objects.select_related("logger"), actor, "logger__office_code", firm="logger__firm_uscc"
    )
    exact = {"state": state, "kind": kind, "logger": logger}
    rows = rows.filter(**{field: value for field, value in exact.items() if value})
    if office:
        rows = rows.filter(logger__office_code__startswith=stem(office))
    if text := search.strip():
        about = _about(
            text, "logger__code", "logger__place", "logger__firm_name", "lots__lot", "lots__product_name"
        )
        rows = rows.filter(pk__in=Excursion.objects.filter(about).values("pk"))
    return rows.annotate(lot_count=Count("lots", distinct=True))


def open_excursions(actor: Actor | None) -> QuerySet[Excursion]:
    """Those that the firm has yet to explain, assess or decide."""
    return excursions(actor).filter(state__in=OPEN)


def excursion(actor: Actor | None, pk: int) -> Excursion | None:
    return excursions(actor).filter(pk=pk).first()


def placements(actor: Actor | None, logger: Logger) -> QuerySet[Placement]:
    """What lies and lay beside a logger, newest first."""
    rows = visible(
        Placement.objects.filter(logger=logger), actor, "logger__office_code", firm="logger__firm_uscc"
    )
    return rows.order_by("-from_at", "-pk")


def sold_after(actor: Actor | None, *, search: str = "", excursion: int | None = None) -> QuerySet[Movement]:
    """断链后销售: lots handed on although they lay in an excursion that nobody had released by that day.

    Each movement with ``excursion_id``, the earliest such. A hold stops what comes after it: what is found
    here was sold before its readings came in, or by way of an import.
    """
    affected = AffectedLot.objects.filter(
        Q(excursion__decided_at=None)
        | Q(excursion__decided_at__date__gt=OuterRef("on"))
        | Q(excursion__state="destroyed"),
        Q(serial="") | Q(serial=OuterRef("serial")),
        excursion__settled=False,
        excursion__logger__firm_uscc=OuterRef("firm_uscc"),
        excursion__on__lte=OuterRef("on"),
        di=OuterRef("di"),
        lot=OuterRef("lot"),
    ).exclude(excursion__kind="clock")
    rows = movements(actor).filter(
        kind__in=HANDED_ON, voided=False, di__in=AffectedLot.objects.order_by().values("di")
    )
    chosen = affected.filter(excursion=excursion) if excursion else affected
    rows = rows.filter(Exists(chosen))
    if text := search.strip():
        rows = rows.filter(_about(text, "lot", "product_name", "partner_name", "firm_uscc", "record_no"))
    earliest = affected.order_by("excursion__start").values("excursion_id")[:1]
    return rows.annotate(excursion_id=Subquery(earliest))


@dataclass(frozen=True)
class Counts:
    """What the cold chain looks like: loggers in use, silent ones, excursions not decided, sold after one."""

    loggers: int
    silent: int
    open: int
    sold: int


def counts(actor: Actor | None, at: dt.datetime, office: str = "") -> Counts:
    used = loggers(actor, office=office)
    waiting = excursions(actor, office=office).filter(state__in=OPEN)
    sold = sold_after(actor)
    if office:
        sold = sold.filter(firm_office_code__startswith=stem(office))
    return Counts(used.count(), silent(used, at).count(), waiting.count(), sold.count())


@dataclass(frozen=True)
class Point:
    """The readings of one stretch of a curve: its coldest and warmest, and the limits there."""

    at: dt.datetime
    until: dt.datetime  # its last reading
    lowest: int
    highest: int
    low: int | None
    high: int | None


#: So many points a curve shows at most.
POINTS = 120


def curve(row: Logger, since: dt.datetime, until: dt.datetime) -> list[Point]:
    """The readings of a logger between two moments, thinned so that no peak is lost."""
    found = Reading.objects.filter(logger=row, mark="", at__gte=since, at__lte=until).order_by("at")
    readings = list(found.values_list("at", "centi"))
    if not readings:
        return []
    window = readings[0][0], readings[-1][0]
    binding = Beside([row], {row.pk: window}).binding()[row.pk]
    limits = Limits(row.low_centi, row.high_centi, [one.load for one in binding])
    size = -(-len(readings) // POINTS)
    parts = (readings[first : first + size] for first in range(0, len(readings), size))
    return [_point(part, limits) for part in parts]


def _point(part: Sequence[tuple[dt.datetime, int]], limits: Limits) -> Point:
    at, values = part[0][0], [centi for _, centi in part]
    return Point(at, part[-1][0], min(values), max(values), *limits.at(at))


def marked_readings(row: Logger) -> dict[str, int]:
    """How many readings of a logger bear which mark (ids of MARKS)."""
    rows = row.readings.exclude(mark="").order_by().values("mark").annotate(many=Count("pk"))
    return {one["mark"]: one["many"] for one in rows}
