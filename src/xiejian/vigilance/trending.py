"""Reports per month of each product and each of its lots, and which control charts call them unusual."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from xiejian.signals.monthly import last_months, per_month
from xiejian.signals.trends import Trend, examine
from xiejian.vigilance import rules
from xiejian.vigilance.alerting import Fact


@dataclass(frozen=True)
class Series:
    """The reports of a product, or of one lot of it, per month; ``counts`` are oldest first."""

    product: str
    lot: str
    months: tuple[str, ...]
    counts: tuple[int, ...]
    trends: tuple[Trend, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def fires(self) -> list[Trend]:
        """The methods that call it a signal."""
        return [one for one in self.trends if one.signal]

    @property
    def subject(self) -> str:
        """What a judgement of it is kept under."""
        return f"批号 {self.lot}" if self.lot else "全部批号"


def series(facts: Iterable[Fact], until: dt.date) -> list[Series]:
    """A series per product and per lot with reports enough; those that fire first, then the larger ones."""
    settings = rules.entries("trends")["series"]
    months = last_months(until, int(settings["months"]["n"]))
    chosen = {name: entry["settings"] for name, entry in rules.trends().items()}
    found = [
        Series(product, lot, tuple(months), counts, tuple(examine(counts, chosen)))
        for (product, lot), counts in per_month(((f.product, f.lot, f.on) for f in facts), months).items()
        if sum(counts) >= int(settings["least"]["n"])
    ]
    return sorted(found, key=lambda one: (-len(one.fires), -one.total, one.product, one.lot))
