"""类案: decided cases under the same provision with a goods value near, and how a proposal compares.

Cases that the actor may see, own office and below. Compared is the fine as a multiple of the goods value
where all of them have one, else the fine itself. Amounts are whole 分.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db.models import QuerySet

from xiejian.cases import procedure
from xiejian.cases.models import Case, Proceeding
from xiejian.people.policy import Actor, visible


@dataclass(frozen=True)
class Earlier:
    """What is compared of one earlier case."""

    case: int
    number: str
    goods_value_fen: int | None
    fine_fen: int


@dataclass(frozen=True)
class Similar:
    """Earlier cases, newest first."""

    rows: Sequence[Earlier]

    @property
    def median_fen(self) -> int | None:
        """The middle fine; None without any case."""
        return round(median(row.fine_fen for row in self.rows)) if self.rows else None

    def _multiples(self) -> list[float]:
        known = [row.fine_fen / row.goods_value_fen for row in self.rows if row.goods_value_fen]
        return known if len(known) == len(self.rows) else []

    def deviation(self, fine_fen: int, goods_value_fen: int | None) -> int | None:
        """By how many percent a fine lies above the median (negative: below); None: nothing to compare."""
        multiples = self._multiples() if goods_value_fen else []
        if multiples and goods_value_fen:
            middle, ours = median(multiples), fine_fen / goods_value_fen
        elif self.rows:
            middle, ours = median(row.fine_fen for row in self.rows), float(fine_fen)
        else:
            return None
        return round((ours - middle) / middle * 100) if middle else None

    def as_json(self, fine_fen: int, goods_value_fen: int | None) -> dict[str, Any]:
        """What is kept with the proposal: how many, their median, the deviation, which cases."""
        return {
            "count": len(self.rows),
            "median_fen": self.median_fen,
            "deviation": self.deviation(fine_fen, goods_value_fen),
            "cases": [[row.case, row.number, row.goods_value_fen, row.fine_fen] for row in self.rows[:20]],
        }


def _decided(actor: Actor | None, provision: str, goods_value_fen: int | None) -> QuerySet[Case]:
    rows = visible(Case.objects.filter(decided_on__isnull=False, fine_fen__gt=0), actor)
    rows = rows.filter(proceeding__provision=provision)
    if goods_value_fen:
        near = procedure.value("PR-6")
        rows = rows.filter(goods_value_fen__range=(goods_value_fen // near, goods_value_fen * near))
    return rows.order_by("-decided_on", "-pk")


def of(
    actor: Actor | None, *, provision: str, goods_value_fen: int | None, but: Proceeding | None = None
) -> Similar:
    """The similar cases for a provision and a goods value (any when None), without the case at hand."""
    rows = _decided(actor, provision, goods_value_fen)
    if but and but.case_id:
        rows = rows.exclude(pk=but.case_id)
    found = rows.values_list("pk", "number", "goods_value_fen", "fine_fen")
    return Similar([Earlier(*row) for row in found])
