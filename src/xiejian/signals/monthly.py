"""Reports per month of each product and each of its lots, from rows or from a file."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from xiejian.kernel import tabular
from xiejian.kernel.dates import read as read_date
from xiejian.kernel.problems import Problem, Refused
from xiejian.signals.table import problems

PRODUCT, ON, LOT = "product", "on", "lot"
COLUMNS = (
    tabular.Column(PRODUCT, required=True, meaning="产品", synonyms=("产品名称", "产品")),
    tabular.Column(ON, required=True, meaning="报告日期", synonyms=("报告日期", "日期")),
    tabular.Column(LOT, meaning="批号，可不填", synonyms=("批号",)),
)
_SHOWN = 20  # problems of one file that are listed

Row = tuple[str, str, dt.date]


def last_months(until: dt.date, count: int) -> list[str]:
    """The last whole months before the month of ``until``, oldest first.

    >>> last_months(dt.date(2024, 3, 5), 3)
    ['2023-12', '2024-01', '2024-02']
    """
    first = until.year * 12 + until.month - 1 - count
    return [f"{m // 12}-{m % 12 + 1:02d}" for m in range(first, first + count)]


def per_month(rows: Iterable[Row], months: list[str]) -> dict[tuple[str, str], tuple[int, ...]]:
    """(product, lot) → reports in each of the months; under lot '' all of the product's."""
    known, counted = set(months), dict[tuple[str, str], Counter[str]]()
    for product, lot, on in rows:
        month = f"{on:%Y-%m}"
        if month in known:
            for of in dict.fromkeys(("", lot)):
                counted.setdefault((product, of), Counter())[month] += 1
    return {key: tuple(by_month[month] for month in months) for key, by_month in counted.items()}


def _day(value: object) -> dt.date | None:
    try:
        return read_date(value)
    except Refused:
        return None


def read(path: Path) -> list[Row]:
    """A .csv, .csv.gz or .xlsx file, one report a row.

    Refused with K401 to K413 (file and headings), V101 (an empty cell), V103 (no row), V105 (no date).
    """
    rows, found = list[Row](), list[Problem]()
    for row in tabular.read(path, COLUMNS).rows():
        found += row.faults
        values = {name: str(row.values.get(name) or "").strip() for name in (PRODUCT, LOT)}
        on = _day(row.values.get(ON))
        found += [] if values[PRODUCT] else [problems("V101", row.where, column=PRODUCT)]
        found += [] if on else [problems("V105", row.where, value=str(row.values.get(ON) or "")[:40])]
        if values[PRODUCT] and on:
            rows.append((values[PRODUCT], values[LOT], on))
    if found:
        more = len(found) - _SHOWN
        raise Refused([*found[:_SHOWN], *([problems("V104", path.name, count=more)] if more > 0 else [])])
    if not rows:
        raise Refused(problems("V103", path.name))
    return rows
