"""Report tables computed from the facts: every cell a query, every cell with its records.

A table is always recomputed from the facts between its first day and its cut-off date;
earlier submissions are never added up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from xiejian.figures import checks, definitions, engine, forms, measures
from xiejian.figures.conditions import Tree, every, some
from xiejian.figures.definitions import Measure, problems
from xiejian.figures.engine import Count, Place, Record
from xiejian.figures.forms import Column, Form
from xiejian.figures.measures import Number, Period
from xiejian.kernel.divisions import full_name
from xiejian.kernel.facts import FactTable
from xiejian.kernel.problems import Refused


@dataclass(frozen=True)
class Heading:
    """One figure column as shown: heading, heading over it, unit, decimals and what it counts."""

    id: str
    label: str
    group: str
    unit: str
    decimals: int
    meaning: str


@dataclass(frozen=True)
class Row:
    """One row as shown: its headings, their widths, its cells, and the row of which it is part."""

    id: str
    label: tuple[str, ...]
    span: tuple[int, ...]
    cells: list[Number]
    parent: str = ""


@dataclass(frozen=True)
class Untagged:
    """Facts that would fit the table but carry no campaign: offered for tagging, never counted."""

    label: str
    fact_table: str
    records: list[Record]


@dataclass(frozen=True)
class ComputedTable:
    """A table with everything that page, workbook and Word document show of it."""

    table: str
    title: str
    from_on: dt.date
    until: dt.date
    office_code: str
    label_heading: str
    label_width: int
    headings: tuple[Heading, ...]
    rows: list[Row]
    notes: list[str]
    checks: list[checks.Result]
    untagged: list[Untagged] = field(default_factory=list)
    settings: Mapping[str, str] = field(default_factory=dict)
    header: tuple[str, ...] = ()
    note: str = ""
    citation: str = ""
    repeat_heading_after: int = 0

    @property
    def columns(self) -> list[str]:
        """The labels of the figure columns, in order."""
        return [h.label for h in self.headings]

    def as_json(self) -> dict[str, Any]:
        """The contract's answer, with what else is known of the table."""
        return {
            "table": self.table,
            "title": self.title,
            "from": self.from_on.isoformat(),
            "until": self.until.isoformat(),
            "office": self.office_code,
            "columns": self.columns,
            "column_groups": [h.group for h in self.headings],
            "rows": [
                {"label": list(row.label), "cells": [number_json(cell) for cell in row.cells]}
                for row in self.rows
            ],
            "notes": [*([self.note] if self.note else []), *self.notes],
            "settings": dict(self.settings),
            "checks": [check.as_json() for check in self.checks],
            "untagged": [
                {
                    "facts": offer.fact_table,
                    "label": offer.label,
                    "count": len(offer.records),
                    "keys": [r.key for r in offer.records],
                }
                for offer in self.untagged
            ],
        }


def number_json(value: Number) -> int | float | None:
    """A cell as a JSON number."""
    return float(value) if isinstance(value, Decimal) else value


@dataclass(frozen=True)
class _Request:
    """One table asked for: its form, period, settings and office."""

    form: Form
    period: Period
    settings: dict[str, str]
    office_code: str

    def measure(self, column: Column) -> Measure | None:
        return self.form.measure(column, self.settings)


def _request(
    table_id: str,
    until: dt.date,
    from_on: dt.date | None,
    office_code: str,
    settings: Mapping[str, str] | None,
) -> _Request:
    form = forms.form(table_id)
    period = Period(from_on or form.from_on(until), until)
    measures.office_filter(office_code)
    return _Request(form, period, form.chosen(settings), office_code)


def _known(table: FactTable, when: Mapping[str, Any]) -> dict[str, Any]:
    """The lines of a condition whose columns this fact table has."""
    names = {c.name for c in table.columns}
    return {name: value for name, value in when.items() if name in names}


def _base(request: _Request, facts: str, campaign: bool = True) -> Tree | None:
    """What every cell over these facts shares: office, scope and campaign."""
    table = definitions.fact_table(facts)
    compiler = definitions.compiler(facts, request.period.words)
    parts = compiler.all_of(_known(table, request.form.scope))
    office = measures.office_filter(request.office_code)
    if office is not None:
        parts.append(office.copy())
    names = request.form.campaign.get("names")
    if names and any(c.name == "campaign" for c in table.columns):
        parts += compiler.all_of({"campaign": names if campaign else {"empty": True}})
    return every(parts) if parts else None


def _cells(request: _Request) -> dict[str, list[tuple[tuple[int, int, int], Count]]]:
    """By fact table: the place of every count (row, column, part of a ratio) and what it counts."""
    found: dict[str, list[tuple[tuple[int, int, int], Count]]] = {}
    rows: dict[str, list[list[Tree]]] = {}  # the filters of the rows, made once per fact table
    for c, column in enumerate(request.form.columns):
        measure = request.measure(column)
        if measure is None:
            continue
        for p, part in enumerate([definitions.measure(p) for p in measure.ratio] or [measure]):
            compiler = definitions.compiler(part.facts, request.period.words)
            if part.facts not in rows:
                rows[part.facts] = [compiler.all_of(row.when) for row in request.form.rows]
            whole = measures.count_of(part, request.period, compiler.all_of(column.when))
            for r, filters in enumerate(rows[part.facts]):
                count = Count(whole.aggregate, whole.of, (*whole.conditions, *filters))
                found.setdefault(part.facts, []).append(((r, c, p), count))
    return found


def _values(request: _Request, where: Place) -> list[list[Number]]:
    """All cells, hidden columns too, row by row."""
    whole: dict[tuple[int, int, int], int] = {}
    for facts, cells in _cells(request).items():
        numbers = engine.counts(
            definitions.fact_table(facts), [count for _, count in cells], _base(request, facts), where
        )
        whole.update(zip([place for place, _ in cells], numbers, strict=True))
    values: list[list[Number]] = [[None] * len(request.form.columns) for _ in request.form.rows]
    for c, column in enumerate(request.form.columns):
        measure = request.measure(column)
        if measure is None:
            continue
        for r in range(len(request.form.rows)):
            if measure.ratio:
                values[r][c] = measures.quotient(measure, whole[r, c, 0], whole[r, c, 1])
            else:
                values[r][c] = measures.finish(measure, whole[r, c, 0])
    return values


def _untagged(request: _Request, where: Place) -> list[Untagged]:
    """Facts of the period that fit a row of the table but carry no campaign."""
    offers = []
    for name in request.form.offer:
        measure = definitions.measure(name)
        table = definitions.fact_table(measure.facts)
        compiler = definitions.compiler(measure.facts, request.period.words)
        fits = some([every(compiler.all_of(row.when)) for row in request.form.rows])
        count = measures.count_of(measure, request.period, [fits])
        (found,) = engine.records(table, [count], _base(request, measure.facts, campaign=False), where)
        if found:
            offers.append(Untagged(measure.label, measure.facts, found))
    return offers


def _headings(request: _Request) -> tuple[Heading, ...]:
    shown = []
    for column in request.form.shown:
        measure = request.measure(column)
        meaning = measure.meaning if measure else "本系统尚无此项台账，暂不统计"
        unit, decimals = (measure.unit, measure.decimals) if measure else ("", 0)
        shown.append(Heading(column.id, column.label, column.group, unit, decimals, meaning))
    return tuple(shown)


def _notes(request: _Request) -> list[str]:
    """The choices behind the figures, for the reader of the export."""
    form, period = request.form, request.period
    notes = [
        f"统计期间：{period.from_on}至{period.until}；统计范围：{full_name(request.office_code) or '全国'}"
    ]
    notes += form.notes
    for name, value in request.settings.items():
        if value != form.settings[name].default:
            notes.append(f"口径：{form.settings[name].label}取{value}")
    notes += [f"{h.label}：{h.meaning}" for h in _headings(request)]
    return notes


def compute(
    table_id: str,
    *,
    until: dt.date,
    from_on: dt.date | None = None,
    office_code: str = "000000",
    settings: Mapping[str, str] | None = None,
    filed: checks.Snapshot | None = None,
    where: Place = "duckdb",
) -> ComputedTable:
    """The table as of ``until`` for one office and those below it.

    ``filed`` is the last submission, with which the cumulative figures are compared.
    Refused: F101 unknown table, F103 from after until, F105 unknown setting, F107 not an office code.
    """
    request = _request(table_id, until, from_on, office_code, settings)
    form = request.form
    values = _values(request, where)
    visible = [i for i, column in enumerate(form.columns) if not column.hidden]
    rows = [
        Row(
            line.id,
            line.label,
            line.span or (1,) * len(line.label),
            [values[r][c] for c in visible],
            line.parent,
        )
        for r, line in enumerate(form.rows)
    ]
    printed = f"{until.year}年{until.month}月{until.day}日"
    return ComputedTable(
        table=form.id,
        title=form.title,
        from_on=request.period.from_on,
        until=until,
        office_code=office_code,
        label_heading=form.label_heading,
        label_width=form.label_width,
        headings=_headings(request),
        rows=rows,
        notes=_notes(request),
        checks=checks.run(form, request.settings, values, filed),
        untagged=_untagged(request, where),
        settings=request.settings,
        header=form.header,
        note=form.note.format(until=printed, year=until.year, month=until.month),
        citation=form.citation,
        repeat_heading_after=form.repeat_heading_after,
    )


def untagged(table_id: str, *, until: dt.date, office_code: str = "000000") -> list[Untagged]:
    """What ``compute`` offers for tagging, without the table itself. Refused as there."""
    return _untagged(_request(table_id, until, None, office_code, None), "duckdb")


def _place(form: Form, row: int | str, column: int | str) -> tuple[int, int]:
    """Row and column (of all columns, hidden too) by number or id; Refused F104."""
    try:
        r = form.row_index(row) if isinstance(row, str) else range(len(form.rows))[row]
        shown = form.shown
        found = next(c for c in shown if c.id == column) if isinstance(column, str) else shown[column]
    except (ValueError, IndexError, StopIteration):
        raise Refused(problems("F104", table=form.id, row=row, column=column)) from None
    return r, form.columns.index(found)


def records(
    table_id: str,
    row: int | str,
    column: int | str,
    *,
    until: dt.date,
    from_on: dt.date | None = None,
    office_code: str = "000000",
    settings: Mapping[str, str] | None = None,
    where: Place = "duckdb",
) -> list[Record]:
    """The records behind one cell, by row and column number (from 0) or id; both parts of a ratio.

    Refused F104 where there is no such cell, else as ``compute``.
    """
    request = _request(table_id, until, from_on, office_code, settings)
    wanted = _place(request.form, row, column)
    found: list[Record] = []
    for facts, cells in _cells(request).items():
        chosen = [count for place, count in cells if place[:2] == wanted]
        table = definitions.fact_table(facts)
        for part in engine.records(table, chosen, _base(request, facts), where):
            found += part
    return found


def all_records(
    table_id: str,
    *,
    until: dt.date,
    from_on: dt.date | None = None,
    office_code: str = "000000",
    settings: Mapping[str, str] | None = None,
) -> dict[tuple[int, int], list[Record]]:
    """The records behind every shown cell that has any, in one pass per fact table."""
    request = _request(table_id, until, from_on, office_code, settings)
    shown = {c: i for i, c in enumerate(j for j, col in enumerate(request.form.columns) if not col.hidden)}
    found: dict[tuple[int, int], list[Record]] = {}
    for facts, cells in _cells(request).items():
        table = definitions.fact_table(facts)
        kept = [(place, count) for place, count in cells if place[1] in shown]
        lists = engine.records(table, [count for _, count in kept], _base(request, facts))
        for (place, _), part in zip(kept, lists, strict=True):
            if part:
                found.setdefault((place[0], shown[place[1]]), []).extend(part)
    return found


@dataclass(frozen=True)
class Block:
    """One merged heading: its first row and column in the heading area, its size, its text."""

    row: int
    column: int
    height: int
    width: int
    text: str


def side_blocks(rows: Sequence[Row], label_width: int, breaks: Sequence[int] = ()) -> list[Block]:
    """The merged headings of the rows, as the printed form draws them.

    A heading is merged downwards over following rows that repeat it at the same place, as long as
    everything to its left is merged too; never across ``breaks`` (row numbers that start a page).
    The last heading of a row always stands alone.
    """
    blocks: list[Block] = []
    for r, row in enumerate(rows):
        start = 0
        for level, (text, width) in enumerate(zip(row.label, row.span, strict=True)):
            path = (row.label[: level + 1], row.span[: level + 1])
            inner = level < len(row.label) - 1
            above = rows[r - 1] if r and r not in breaks else None
            repeated = (
                inner
                and above is not None
                and len(above.label) > level + 1
                and (above.label[: level + 1], above.span[: level + 1]) == path
            )
            if not repeated:
                height = 1
                while inner and r + height < len(rows) and r + height not in breaks:
                    below = rows[r + height]
                    same = (below.label[: level + 1], below.span[: level + 1]) == path
                    if not same or len(below.label) <= level + 1:
                        break
                    height += 1
                blocks.append(Block(r, start, height, width, text))
            start += width
    return blocks


def head_blocks(headings: Sequence[Heading], label_heading: str, label_width: int) -> list[Block]:
    """The merged headings of the columns: one line, or two where columns have a heading in common."""
    depth = 2 if any(h.group for h in headings) else 1
    blocks = [Block(0, 0, depth, label_width, label_heading)]
    for i, heading in enumerate(headings):
        at = label_width + i
        if not heading.group:
            blocks.append(Block(0, at, depth, 1, heading.label))
            continue
        if i == 0 or headings[i - 1].group != heading.group:
            width = 1
            while i + width < len(headings) and headings[i + width].group == heading.group:
                width += 1
            blocks.append(Block(0, at, 1, width, heading.group))
        blocks.append(Block(1, at, 1, 1, heading.label))
    return blocks
