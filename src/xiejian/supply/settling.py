"""Marks that a lot shows only as a whole: more went than came, one lot with two expiries.

They are put on and taken off again whenever a row of the lot is written, voided or amended, so that files may
come in any order.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Case, Exists, F, Max, Min, OuterRef, Q, QuerySet, Sum, Value, When, Window
from django.db.models.functions import Concat, Replace

from xiejian.supply.models import SIGNS, Movement
from xiejian.supply.queries import DEVICE, SIGNED

#: lots looked at together: what one statement may name
LOTS = 400
#: on one day what comes in counts before what goes out
_OUT_LAST = Case(When(kind__in=[k for k, sign in SIGNS.items() if sign > 0], then=0), default=1)
Lot = tuple[str, str]


def settle_lots(lots: Iterable[Lot]) -> None:
    """Bring the marks of these (di, lot) pairs to what their rows say; a few statements for any number."""
    pairs = sorted(set(lots))
    for start in range(0, len(pairs), LOTS):
        part = pairs[start : start + LOTS]
        chosen = {di for di, _ in part}, {lot for _, lot in part}
        _settle(Movement.objects.filter(di__in=chosen[0], lot__in=chosen[1], voided=False))


def settle_since(last: int) -> None:
    """The same for every lot with a row younger than the one of this key: after a file."""
    new = Movement.objects.filter(pk__gt=last, di=OuterRef("di"), lot=OuterRef("lot"))
    _settle(Movement.objects.filter(Exists(new), voided=False))


def _settle(rows: QuerySet[Movement]) -> None:
    rows = rows.order_by()
    _bring(rows, "oversold", _oversold(rows))
    disagreeing = (
        rows.exclude(expires_on=None)
        .values("di", "lot")
        .annotate(first=Min("expires_on"), last=Max("expires_on"))
        .exclude(first=F("last"))
        .values_list("di", "lot")
    )
    keys: set[int] = set()
    pairs = list(disagreeing)
    for start in range(0, len(pairs), LOTS):
        keys |= _two_expiries(pairs[start : start + LOTS])
    _bring(rows, "two_expiries", keys)


def _bring(rows: QuerySet[Movement], mark: str, keys: QuerySet[Movement] | set[int]) -> None:
    """Put the mark on the rows of these keys and take it off the others of ``rows``."""
    text = f"|{mark}|"
    marked = rows.filter(marks__contains=text)
    marked.exclude(pk__in=keys).update(marks=Replace("marks", Value(text), Value("|")))
    if isinstance(keys, QuerySet) or keys:
        wanting = Movement.objects.filter(pk__in=keys).exclude(marks__contains=text)
        wanting.update(marks=Concat("marks", Value(f"{mark}|")))


def _oversold(rows: QuerySet[Movement]) -> QuerySet[Movement]:
    """The keys of the outgoing rows at which more of the lot has left the firm than came to it."""
    running = Window(
        Sum(SIGNED),
        partition_by=[F("firm_uscc"), F("di"), F("lot"), DEVICE],
        order_by=[F("on").asc(), _OUT_LAST.asc(), F("id").asc()],
    )
    short = rows.annotate(left=running).filter(left__lt=0).values("pk")
    # a condition beside that on the window would be applied to the rows that it adds up
    going = Q(kind__in=[kind for kind, sign in SIGNS.items() if sign < 0]) | Q(quantity__lt=0)
    return Movement.objects.filter(going, pk__in=short).order_by().values("pk")


@dataclass(frozen=True)
class Stated:
    """One row's expiry, as far as two sides can disagree about it."""

    key: int
    firm: str
    partner: str
    expires_on: dt.date


def _two_expiries(lots: Sequence[Lot]) -> set[int]:
    wanted = set(lots)
    rows = (
        Movement.objects.filter(di__in={di for di, _ in lots}, lot__in={lot for _, lot in lots}, voided=False)
        .exclude(expires_on=None)
        .order_by("di", "lot")
        .values_list("di", "lot", "pk", "firm_uscc", "partner_uscc", "expires_on")
    )
    found: set[int] = set()
    for lot, group in groupby(rows, key=lambda row: row[:2]):
        if lot in wanted:
            found |= disagreeing([Stated(*row[2:]) for row in group])
    return found


def disagreeing(rows: Sequence[Stated]) -> set[int]:
    """The keys of the rows of one lot whose expiry the same firm, or the other side, states otherwise."""
    by_firm: dict[str, set[dt.date]] = {}
    between: dict[tuple[str, ...], set[dt.date]] = {}
    for row in rows:
        by_firm.setdefault(row.firm, set()).add(row.expires_on)
        between.setdefault(_sides(row), set()).add(row.expires_on)
    return {row.key for row in rows if len(by_firm[row.firm] | between[_sides(row)]) > 1}


def _sides(row: Stated) -> tuple[str, ...]:
    return tuple(sorted((row.firm, row.partner)))
