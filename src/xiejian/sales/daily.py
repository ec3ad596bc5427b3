"""The daily sheet: sales, shipments and payments of a day by region and site, the same for every site.

Sales are orders by the day of the order, shipments by the day on which the store confirmed them, payments by
the day on which the money came; what was cancelled or reversed counts nowhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet, Sum

from xiejian.people.policy import Actor
from xiejian.sales.models import Order, Payment, Region, Shipment
from xiejian.sales.queries import own

#: What the sheet counts, in its order: id → label.
MEASURES = {"sales": "销售", "shipments": "发货", "payments": "回款"}
PERIODS = {
    "day": "当日", "month": "本月累计", "day_before": "去年同日", "month_before": "去年同期累计",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One region (or the total): measure → period → amount in 分; ``target_fen`` of the month's sales."""

    site: str
    region: str
    region_id: int | None
    amounts: dict[str, dict[str, int]]
    target_fen: int | None = None


@dataclass(frozen=True)
class Sheet:
    """The sheet of a day: regions by site, subtotals of sites, the total."""

    on: dt.date
    periods: dict[str, tuple[dt.date, dt.date]]
    regions: list[Row]
    sites: list[Row]
    total: Row


def year_before(on: dt.date) -> dt.date:
    """The same day of the year before; for 29 February the 28th.

    >>> year_before(dt.date(2024, 2, 29)), year_before(dt.date(2024, 3, 5))
    (datetime.date(2023, 2, 28), datetime.date(2023, 3, 5))
    """
    day = 28 if (on.month, on.day) == (2, 29) else on.day
    return on.replace(year=on.year - 1, day=day)


def periods(on: dt.date) -> dict[str, tuple[dt.date, dt.date]]:
    """First and last day of every period of the sheet."""
    before = year_before(on)
    return {
        "day": (on, on), "month": (on.replace(day=1), on),
        "day_before": (before, before), "month_before": (before.replace(day=1), before),
    }  # fmt: skip


def _counted(actor: Actor | None) -> dict[str, tuple[QuerySet, str, str]]:
    """Measure → what counts, by which date, which amount."""
    return {
        "sales": (own(Order, actor).exclude(state="cancelled"), "ordered_on", "total_fen"),
        "shipments": (own(Shipment, actor).exclude(shipped_on=None), "shipped_on", "total_fen"),
        "payments": (own(Payment, actor).exclude(state="reversed"), "received_on", "amount_fen"),
    }


def _sums(
    actor: Actor | None, spans: dict[str, tuple[dt.date, dt.date]]
) -> dict[int, dict[str, dict[str, int]]]:
    """Region id → measure → period → amount; one query for each measure."""
    found: dict[int, dict[str, dict[str, int]]] = {}
    for measure, (rows, day, amount) in _counted(actor).items():
        first, last = min(a for a, _ in spans.values()), max(b for _, b in spans.values())
        sums = {
            f"in_{name}": Sum(amount, filter=Q(**{f"{day}__range": span})) for name, span in spans.items()
        }
        counted = rows.filter(**{f"{day}__range": (first, last)}).order_by()
        for row in counted.values("customer__region_id").annotate(**sums):
            of_region = found.setdefault(row["customer__region_id"], {})
            of_region[measure] = {name: row[f"in_{name}"] or 0 for name in spans}
    return found


def _added(site: str, region: str, rows: list[Row]) -> Row:
    """Several rows as one; a target only where all have one."""
    targets = [row.target_fen for row in rows]
    whole = sum(t for t in targets if t is not None) if targets and None not in targets else None
    amounts = {m: {p: sum(row.amounts[m][p] for row in rows) for p in PERIODS} for m in MEASURES}
    return Row(site, region, None, amounts, whole)


def sheet(actor: Actor | None, on: dt.date) -> Sheet:
    """The sheet of a day for everybody of the firm, whichever site he works at. Four queries."""
    spans = periods(on)
    sums = _sums(actor, spans)
    nothing = dict.fromkeys(PERIODS, 0)
    regions = [
        Row(
            region.site.name, region.name, region.pk,
            {m: sums.get(region.pk, {}).get(m, nothing) for m in MEASURES}, region.month_target_fen,
        )
        for region in own(Region, actor).select_related("site").order_by("site__name", "name")
    ]  # fmt: skip
    names = dict.fromkeys(row.site for row in regions)
    sites = [_added(name, "小计", [row for row in regions if row.site == name]) for name in names]
    return Sheet(on, spans, regions, sites, _added("合计", "", regions))


def as_rows(found: Sheet) -> Iterator[list[object]]:
    """The sheet as lines of a workbook; amounts in yuan with two decimals, exact."""
    for row in (*found.regions, *found.sites, found.total):
        cells: list[object] = [row.site, row.region]
        cells += [row.amounts[m][p] / 100 for m in MEASURES for p in PERIODS]
        yield [*cells, row.target_fen / 100 if row.target_fen is not None else None]


HEADINGS = [
    "办公地",
    "区域",
    *(f"{m}（{p}，元）" for m in MEASURES.values() for p in PERIODS.values()),
    "月度目标（元）",
]


def as_json(found: Sheet) -> dict[str, object]:
    """The sheet for programs: amounts in 分."""

    def line(row: Row) -> dict[str, object]:
        return {"site": row.site, "region": row.region, "target_fen": row.target_fen, **row.amounts}

    return {
        "on": found.on.isoformat(),
        "periods": {name: [a.isoformat(), b.isoformat()] for name, (a, b) in found.periods.items()},
        "regions": [line(row) for row in found.regions], "sites": [line(row) for row in found.sites],
        "total": line(found.total),
    }  # fmt: skip
