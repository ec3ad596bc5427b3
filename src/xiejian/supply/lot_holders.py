"""Who has how much of several lots at once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Sum

from xiejian.supply.models import Movement
from xiejian.supply.queries import SIGNED, names_of


@dataclass(frozen=True)
class Held:
    """What one firm has of some lots: lot → least sale units. ``office_code``: empty outside the register."""

    uscc: str
    name: str
    office_code: str
    lots: dict[str, int]

    @property
    def quantity(self) -> int:
        return sum(self.lots.values())


def holders_of_lots(di: str, lots: Collection[str], on: dt.date) -> list[Held]:
    """Who has how much of which lot at the end of a day, most first; not bounded by an actor.

    As ``queries.holders`` of each lot, with as many queries as for one.
    """
    sums = (
        Movement.objects.filter(di=di, lot__in=lots, voided=False, on__lte=on)
        .order_by()
        .values("firm_uscc", "firm_office_code", "lot")
        .annotate(left=Sum(SIGNED))
        .filter(left__gt=0)
    )
    offices: dict[str, str] = {}
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in sums:
        found[row["firm_uscc"]][row["lot"]] += row["left"]
        offices[row["firm_uscc"]] = row["firm_office_code"] or offices.get(row["firm_uscc"], "")
    names = names_of(sorted(found))
    held = [Held(uscc, names.get(uscc, uscc), offices[uscc], dict(of)) for uscc, of in found.items()]
    return sorted(held, key=lambda one: (-one.quantity, one.uscc))
