"""Visits from a file: five columns that are required, and whatever else is stated of the parties."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xiejian.kernel import dates, tabular
from xiejian.kernel.problems import Catalogue, Problem, Refused
from xiejian.visit_order.features import MOST_LEVELS, Column, Days, Numbers, Past, Subjects, Texts, codes_of
from xiejian.visit_order.model import Floats, Ints

problems = Catalogue(Path(__file__).with_name("problems.toml"))

REQUIRED = (
    tabular.Column("visit_id", required=True, meaning="检查编号", synonyms=("检查编号",)),
    tabular.Column("party_id", required=True, meaning="监管对象", synonyms=("统一社会信用代码",)),
    tabular.Column("visited_on", required=True, meaning="检查日期", synonyms=("检查日期",)),
    tabular.Column("inspector", required=True, meaning="检查员", synonyms=("检查员",)),
    tabular.Column("found", required=True, meaning="发现问题（0 或 1）", synonyms=("发现问题",)),
)
_NAMES = tuple(column.heading for column in REQUIRED)
_SHOWN = 20  # problems of one file that are listed
#: a column that alone ranks outcomes this well was probably written after the visit
_TELLS_OUTCOME = 0.9
#: a column that alone names the inspector of this share of visits is the inspector under another name
_TELLS_INSPECTOR = 0.98
_FOUND = {"0": 0.0, "1": 1.0, "0.0": 0.0, "1.0": 1.0, "否": 0.0, "是": 1.0, "false": 0.0, "true": 1.0}


@dataclass(frozen=True)
class VisitTable:
    """The rows of a file in their order; ``days`` are ordinals, an unknown inspector is ''."""

    visits: list[str]
    past: Past

    def rows(self, chosen: Ints) -> VisitTable:
        """Some of the rows."""
        past = self.past
        subjects = Subjects(
            [past.subjects.parties[i] for i in chosen],
            {name: _take(column, chosen) for name, column in past.subjects.columns.items()},
        )
        inspectors = [past.inspectors[i] for i in chosen]
        return VisitTable(
            [self.visits[i] for i in chosen],
            Past(subjects, past.days[chosen], inspectors, past.found[chosen]),
        )

    def without(self, names: set[str]) -> VisitTable:
        """The same rows with fewer columns."""
        past = self.past
        columns = {name: c for name, c in past.subjects.columns.items() if name not in names}
        subjects = Subjects(past.subjects.parties, columns)
        return VisitTable(self.visits, Past(subjects, past.days, past.inspectors, past.found))


def _take(column: Column, chosen: Ints) -> Column:
    if isinstance(column, Texts):
        return Texts([column.values[i] for i in chosen])
    return type(column)(column.values[chosen])


def read(path: Path) -> VisitTable:
    """A .csv, .csv.gz or .xlsx file as visits.

    Refused with K401 to K413 (file and headings), L701 (a value), L702 (a visit that is there twice).
    """
    table = tabular.read(path, REQUIRED)
    rows = list(table.rows())
    found: list[Problem] = []
    seen: dict[str, int] = {}
    fixed: list[tuple[str, str, int, str, float]] = []
    for row in rows:
        found += row.faults
        fixed.append(_fixed(row, found))
        visit = fixed[-1][0]
        if visit and visit in seen:
            found.append(problems("L702", where=row.where, visit=visit, first=seen[visit]))
        seen.setdefault(visit, row.number)
    if found:
        more = len(found) - _SHOWN
        raise Refused([*found[:_SHOWN], *([problems("L707", count=more)] if more > 0 else [])])
    names = [h for h in table.headings if h not in _NAMES]
    columns = {name: column for name in names if (column := _column([row.values.get(name) for row in rows]))}
    subjects = Subjects([f[1] for f in fixed], columns)
    days = np.array([f[2] for f in fixed], np.int64)
    outcome = np.array([f[4] for f in fixed], float)
    return VisitTable([f[0] for f in fixed], Past(subjects, days, [f[3] for f in fixed], outcome))


def _fixed(row: tabular.Row, found: list[Problem]) -> tuple[str, str, int, str, float]:
    def refuse(column: str, why: str) -> None:
        value = row.values.get(column, "")
        found.append(problems("L701", where=row.where, column=column, value=value, why=why))

    visit, party, inspector = (_text(row.values.get(n)) for n in ("visit_id", "party_id", "inspector"))
    for name, value in (("visit_id", visit), ("party_id", party)):
        if not value:
            refuse(name, "没有填写")
    try:
        day = dates.read(row.values.get("visited_on"))
    except Refused:
        day = None
    if day is None:
        refuse("visited_on", "不是日期")
    outcome = _FOUND.get(_text(row.values.get("found")).lower())
    if outcome is None:
        refuse("found", "不是 0 或 1")
    return visit, party, day.toordinal() if day else 0, inspector, outcome or 0.0


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def _column(values: list[Any]) -> Column | None:
    """Numbers where every stated value is one, else dates where every one is, else words; None: all empty."""
    texts = ["" if isinstance(v, dt.date) else _text(v) for v in values]
    stated = [v for v in values if v is not None and _text(v)]
    if not stated:
        return None
    try:
        if not any(isinstance(v, dt.date) for v in stated):
            numbers = np.array([float(t) if t else np.nan for t in texts])
            return Numbers(np.where(np.isinf(numbers), np.nan, numbers))
    except ValueError:
        pass
    try:
        days = [dates.read(v) if v is not None and _text(v) else None for v in values]
        return Days(np.array([np.nan if day is None else float(day.toordinal()) for day in days]))
    except Refused:
        return Texts([_text(v) for v in values])


# --- columns that must not be learnt from ---------------------------------------------------------------


def unfit(past: Past) -> dict[str, str]:
    """Columns that say nothing of a party before the visit, with the reason: judged on past visits only."""
    found = {}
    inspectors, _ = codes_of(past.inspectors)
    for name, column in past.subjects.columns.items():
        codes, size = _levels(column)
        if reason := _unfit(column, codes, size, past, inspectors):
            found[name] = reason
    return found


def _levels(column: Column) -> tuple[Ints, int]:
    if isinstance(column, Texts):
        codes, names = codes_of(column.values)
        return codes, len(names)
    stated = ~np.isnan(column.values)
    different, place = np.unique(column.values[stated], return_inverse=True)
    codes = np.full(len(column.values), -1, np.int64)
    codes[stated] = place
    return codes, len(different)


def _unfit(column: Column, codes: Ints, size: int, past: Past, inspectors: Ints) -> str:
    if size <= 1 and (codes >= 0).all():
        return "所有记录相同"
    if isinstance(column, Texts) and size > 1 and size == (codes >= 0).sum():
        return "每条记录都不同"
    if not isinstance(column, Days) and _is_of_the_day(codes, past.days):
        return "同一天的检查都相同，说的是日子而不是对象"
    if size <= MOST_LEVELS and _tells(codes, inspectors, size) >= _TELLS_INSPECTOR and _several(inspectors):
        return "与检查员一一对应"
    return ""


def suspect(past: Past) -> list[str]:
    """Columns that alone nearly equal the outcome: kept, but they should be known before the visit."""
    found = []
    for name, column in past.subjects.columns.items():
        codes, size = _levels(column)
        if _outcome_told(column, codes, size, past.found) >= _TELLS_OUTCOME:
            found.append(name)
    return found


def _several(inspectors: Ints) -> bool:
    return len(np.unique(inspectors[inspectors >= 0])) > 1


def _is_of_the_day(codes: Ints, days: Ints) -> bool:
    """Whether visits of one day always share the value, on at least ten days with several visits."""
    order = np.lexsort((codes, days))
    same_day = days[order][1:] == days[order][:-1]
    same = codes[order][1:] == codes[order][:-1]
    return len(np.unique(days[order][1:][same_day])) >= 10 and bool(same[same_day].all())


def _tells(codes: Ints, inspectors: Ints, size: int) -> float:
    """The share of visits whose inspector is the most frequent one of the column's value."""
    both = (codes >= 0) & (inspectors >= 0)
    if not both.any():
        return 0.0
    table = np.zeros((size, int(inspectors.max()) + 1))
    np.add.at(table, (codes[both], inspectors[both]), 1)
    return float(table.max(axis=1).sum() / both.sum())


def _outcome_told(column: Column, codes: Ints, size: int, found: Floats) -> float:
    """How well the column alone ranks the outcomes, in the better direction."""
    if isinstance(column, Texts):
        if size > MOST_LEVELS:
            return 0.0
        number = np.maximum(np.bincount(codes + 1, minlength=size + 1), 1)
        value = (np.bincount(codes + 1, found, minlength=size + 1) / number)[codes + 1]
    else:
        value = np.where(codes >= 0, codes, -1).astype(float)
    told = ranked(value, found)
    return 0.0 if told is None else max(told, 1 - told)


def ranked(score: Floats, found: Floats) -> float | None:
    """The chance that a visit with a finding scores above one without (area under the curve)."""
    positive, negative = int(found.sum()), int(len(found) - found.sum())
    if not positive or not negative:
        return None
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((rank[found == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))
