"""From reports to two-by-two tables: every pair of product and event that was reported together.

Counted are distinct reports, not rows: a report that names a product twice counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Reports:
    """Rows of reports as codes: row i is report ``report[i]`` with product ``products[product[i]]`` …

    ``stratum`` holds one code per report (all 0: no strata).
    """

    report: Ints
    product: Ints
    event: Ints
    stratum: Ints
    products: list[str]
    events: list[str]


@dataclass(frozen=True)
class Cells:
    """The pairs seen, one element each, ordered by product, then event.

    ``n`` reports with both, ``with_product``, ``with_event`` and ``reports`` the margins; ``expected``: the
    reports with both if the two were independent, summed over the strata.
    """

    products: list[str]
    events: list[str]
    product: Ints
    event: Ints
    n: Floats
    with_product: Floats
    with_event: Floats
    reports: int
    expected: Floats

    def tables(self) -> tuple[Floats, Floats, Floats, Floats]:
        """a, b, c, d: both, the product without the event, the event without the product, neither."""
        a, b, c = self.n, self.with_product - self.n, self.with_event - self.n
        return a, b, c, self.reports - a - b - c


@dataclass(frozen=True)
class Groups:
    """Cells that are alike: ``times`` cells with ``n`` reports where ``expected`` were to be expected.

    Every pair of product and event is in one group, also those never reported together (n = 0).
    """

    n: Floats
    expected: Floats
    times: Floats


def _distinct(*columns: Ints) -> tuple[Ints, ...]:
    """The distinct rows of the columns, sorted by the first, then the next."""
    sizes = [int(column.max(initial=0)) + 1 for column in columns]
    key = np.zeros(len(columns[0]), np.int64)
    for column, size in zip(columns, sizes, strict=True):
        key = key * size + column
    key = np.unique(key)
    found: list[Ints] = []
    for size in reversed(sizes):
        found.append(key % size)
        key = key // size
    return tuple(reversed(found))


def _margins(code: Ints, stratum: Ints, codes: int, strata: int) -> Floats:
    """Reports by code and stratum, shape (codes, strata)."""
    flat = np.bincount(code * strata + stratum, minlength=codes * strata)
    return flat.reshape(codes, strata).astype(float)


@dataclass(frozen=True)
class Counted:
    """The cells and the margins by stratum, shapes (products, strata), (events, strata), (strata,)."""

    cells: Cells
    by_product: Floats
    by_event: Floats
    by_stratum: Floats

    def groups(self) -> Groups:
        """All products × all events, alike cells taken together: the same sums with far fewer terms."""
        products, product_group, product_times = _alike(self.by_product)
        events, event_group, event_times = _alike(self.by_event)
        expected = (products / self.by_stratum) @ events.T
        cells = self.cells
        place = product_group[cells.product] * len(events) + event_group[cells.event]
        empty = np.outer(product_times, event_times).ravel()
        empty -= np.bincount(place, minlength=empty.size)
        pairs, times = np.unique(np.stack([cells.n, cells.expected]), axis=1, return_counts=True)
        left = empty > 0
        return Groups(
            np.concatenate([pairs[0], np.zeros(int(left.sum()))]),
            np.concatenate([pairs[1], expected.ravel()[left]]),
            np.concatenate([times.astype(float), empty[left]]),
        )


def _alike(margins: Floats) -> tuple[Floats, Ints, Floats]:
    """The distinct rows, which of them each row is, and how often each comes."""
    rows, group, times = np.unique(margins, axis=0, return_inverse=True, return_counts=True)
    return rows, group.reshape(-1), times.astype(float)


def count(reports: Reports) -> Counted:
    """Count the reports of every pair seen; ``reports`` has at least one row."""
    strata = int(reports.stratum.max(initial=0)) + 1
    stratum = reports.stratum
    products, events = len(reports.products), len(reports.events)
    report, product = _distinct(reports.report, reports.product)
    by_product = _margins(product, stratum[report], products, strata)
    report, event = _distinct(reports.report, reports.event)
    by_event = _margins(event, stratum[report], events, strata)
    (report,) = _distinct(reports.report)
    by_stratum = np.bincount(stratum[report], minlength=strata).astype(float)
    _, product, event = _distinct(reports.report, reports.product, reports.event)
    places, n = np.unique(product * events + event, return_counts=True)
    product, event = places // events, places % events
    expected = np.zeros(len(places))
    for s in range(strata):
        if by_stratum[s]:
            expected += by_product[product, s] * by_event[event, s] / by_stratum[s]
    cells = Cells(
        reports.products, reports.events, product, event, n.astype(float),
        by_product.sum(axis=1)[product], by_event.sum(axis=1)[event], len(report), expected,
    )  # fmt: skip
    kept = by_stratum > 0
    return Counted(cells, by_product[:, kept], by_event[:, kept], by_stratum[kept])


def codes(values: Any) -> tuple[Ints, list[str]]:
    """Each text as its place among the distinct texts in order."""
    found, code = np.unique(np.asarray(values, dtype=object).astype(str), return_inverse=True)
    return code.astype(np.int64), [str(value) for value in found]
