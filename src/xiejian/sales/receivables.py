"""Receivables by age: what every customer owes, and since when it is due; computed in one query."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Max, Q, Sum

from xiejian.people.policy import Actor
from xiejian.sales.models import CollectionNote, Invoice, Payment
from xiejian.sales.queries import BALANCE, OWED, own
from xiejian.sales.rules import Step, ageing

NOT_DUE = "not_due"


@dataclass(frozen=True)
class Band:
    """One step of ageing as days: due on ``first`` to ``last`` (None: no bound)."""

    id: str
    label: str
    first: dt.date | None
    last: dt.date | None


def bands(on: dt.date, steps: tuple[Step, ...] | None = None) -> list[Band]:
    """Not yet due, then the steps of ageing, as ranges of due dates on a day.

    >>> steps = (Step("a", "", 30), Step("b", "", None))
    >>> [(b.id, str(b.first), str(b.last)) for b in bands(dt.date(2024, 3, 31), steps)]
    [('not_due', '2024-04-01', 'None'), ('a', '2024-03-01', '2024-03-31'), ('b', 'None', '2024-02-29')]
    """
    found = [Band(NOT_DUE, "未到期", on + dt.timedelta(days=1), None)]
    last = on
    for step in ageing() if steps is None else steps:
        first = None if step.upto is None else on - dt.timedelta(days=step.upto)
        found.append(Band(step.id, step.label, first, last))
        last = last if first is None else first - dt.timedelta(days=1)
    return found


def in_band(band: Band, field: str = "due_on") -> Q:
    """Whether a due date lies in the band."""
    found = Q()
    if band.first is not None:
        found &= Q(**{f"{field}__gte": band.first})
    if band.last is not None:
        found &= Q(**{f"{field}__lte": band.last})
    return found


@dataclass(frozen=True)
class Owing:
    """What one customer owes, in 分, by band in the order of ``bands``; ``asked_on``: last collection."""

    customer_id: int
    number: str
    name: str
    region: str
    by_band: tuple[int, ...]
    asked_on: dt.date | None
    promised_on: dt.date | None

    @property
    def total_fen(self) -> int:
        return sum(self.by_band)

    @property
    def overdue_fen(self) -> int:
        return sum(self.by_band[1:])


def aged(actor: Actor | None, on: dt.date) -> list[Owing]:
    """What the customers of the own firm owe now, by age on a day: most overdue first. Two queries."""
    steps = bands(on)
    rows = (
        own(Invoice, actor)
        .filter(state__in=OWED)
        .order_by()
        .values("customer_id", "customer__number", "customer__name", "customer__region__name")
        .annotate(**{f"band_{step.id}": Sum(BALANCE, filter=in_band(step)) for step in steps})
    )
    asked = {
        row["customer_id"]: (row["last"], row["promised"])
        for row in own(CollectionNote, actor)
        .order_by()
        .values("customer_id")
        .annotate(last=Max("on"), promised=Max("promised_on"))
    }
    found = [
        Owing(
            row["customer_id"], row["customer__number"], row["customer__name"], row["customer__region__name"],
            tuple(row[f"band_{step.id}"] or 0 for step in steps),
            *asked.get(row["customer_id"], (None, None)),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.overdue_fen, -one.total_fen, one.number))


def unallocated_fen(actor: Actor | None) -> int:
    """Money that came and that no invoice has taken yet."""
    rows = own(Payment, actor).filter(state="open").order_by()
    found = rows.aggregate(came=Sum("amount_fen"), gone=Sum("allocated_fen"))
    return int((found["came"] or 0) - (found["gone"] or 0))
