"""What is compared before a table is handed up. Pure: cells in, results out; the rules are data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from xiejian.figures.forms import Check, Form, Line

Number = int | Decimal | None


@dataclass(frozen=True)
class Result:
    """One check that has something to say. ``explainable``: a written reason may outweigh it."""

    id: str
    level: str
    row: str
    column: str
    message: str
    explainable: bool = False
    citation: str = ""

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "level": self.level,
            "row": self.row,
            "column": self.column,
            "message": self.message,
            "explainable": self.explainable,
        }


@dataclass(frozen=True)
class Snapshot:
    """The cells of an earlier submission, shown columns only, row by row."""

    cells: list[list[int | float | None]]
    name: str = "上次上报"


@dataclass(frozen=True)
class _Sheet:
    """The cells by row and column id; nothing counts as 0."""

    form: Form
    settings: Mapping[str, str]
    values: list[list[Number]]
    filed: Snapshot | None

    def cell(self, row: int, column: str) -> Number:
        return self.values[row][[c.id for c in self.form.columns].index(column)]

    def number(self, row: int, column: str) -> int | Decimal:
        return self.cell(row, column) or 0

    def label(self, column: str) -> str:
        return next(c.label for c in self.form.columns if c.id == column)


Finding = tuple[str, str, str]  # row id, column id, what is wrong


def _name(line: Line) -> str:
    return " ".join(line.label)


def _at_least(sheet: _Sheet, check: Check) -> list[Finding]:
    (left,), (right,) = check.left, check.right
    found = []
    for r, line in enumerate(sheet.form.rows):
        have, base = sheet.number(r, left), sheet.number(r, right)
        if have < check.factor * base:
            found.append((line.id, left, f"{_name(line)}：{have} 少于 {base} 的{check.factor}倍"))
    return found


def _at_most(sheet: _Sheet, check: Check) -> list[Finding]:
    (left,), (right,) = check.left, check.right
    return [
        (line.id, left, f"{_name(line)}：{sheet.number(r, left)} 大于 {sheet.number(r, right)}")
        for r, line in enumerate(sheet.form.rows)
        if sheet.number(r, left) > check.factor * sheet.number(r, right)
    ]


def _parent(sheet: _Sheet, check: Check) -> list[Finding]:
    found = []
    for r, line in enumerate(sheet.form.rows):
        if not line.parent:
            continue
        p = sheet.form.row_index(line.parent)
        for column in sheet.form.shown:
            measure = sheet.form.measure(column, sheet.settings)
            if measure is None or measure.ratio:  # a part may well have the higher share
                continue
            if sheet.number(r, column.id) > sheet.number(p, column.id):
                name = f"{_name(line)}：{column.label} {sheet.number(r, column.id)}"
                found.append((line.id, column.id, f"{name} 大于上级行 {sheet.number(p, column.id)}"))
    return found


def _requires(sheet: _Sheet, check: Check) -> list[Finding]:
    (right,) = check.right
    return [
        (line.id, left, f"{_name(line)}：{sheet.label(left)} {sheet.number(r, left)}，{sheet.label(right)} 0")
        for r, line in enumerate(sheet.form.rows)
        for left in check.left
        if sheet.number(r, left) > 0 and not sheet.number(r, right)
    ]


def _among(sheet: _Sheet, check: Check) -> list[Finding]:
    found = []
    for r, line in enumerate(sheet.form.rows):
        most = max(sheet.number(r, right) for right in check.right)
        for left in check.left:
            if sheet.number(r, left) > most:
                found.append(
                    (
                        line.id,
                        left,
                        f"{_name(line)}：{sheet.label(left)} {sheet.number(r, left)}，名录 {most}",
                    )
                )
    return found


def _snapshot(sheet: _Sheet, check: Check) -> list[Finding]:
    if sheet.filed is None:
        return []
    found = []
    for r, line in enumerate(sheet.form.rows):
        for c, column in enumerate(sheet.form.shown):
            before = sheet.filed.cells[r][c]
            now = sheet.number(r, column.id)
            if column.id in check.left and before is not None and now < Decimal(str(before)):
                found.append(
                    (line.id, column.id, f"{_name(line)}：{column.label} {now}，{sheet.filed.name} {before}")
                )
    return found


def _plain(sheet: _Sheet, check: Check) -> list[Finding]:
    found = []
    for r, line in enumerate(sheet.form.rows):
        for column in sheet.form.shown:
            value = sheet.cell(r, column.id)
            measure = sheet.form.measure(column, sheet.settings)
            if value is None or measure is None:
                continue
            exact = Decimal(value)
            if exact < 0 or exact != round(exact, measure.decimals):
                found.append((line.id, column.id, f"{_name(line)}：{column.label} {value}"))
    return found


def _coverage(sheet: _Sheet, check: Check) -> list[Finding]:
    (left,), (right,) = check.left, check.right
    found = []
    for r, line in enumerate(sheet.form.rows):
        total = sheet.number(r, right)
        if line.list_managed and total:
            done = sheet.number(r, left)
            share = round(Decimal(100 * done) / total, 1)
            found.append((line.id, left, f"{_name(line)}：已检查 {done} 家，共 {total} 家，{share}%"))
    return found


def _absent(sheet: _Sheet, check: Check) -> list[Finding]:
    (left,) = check.left
    found = []
    for r, line in enumerate(sheet.form.rows):
        if line.absent:
            total = sheet.number(r, left)
            text = _name(line) + (f"：名录中有 {total} 家，请核对" if total else "，填0")
            found.append((line.id, left, text))
    return found


KINDS: dict[str, Callable[[_Sheet, Check], list[Finding]]] = {
    "at_least": _at_least,
    "at_most": _at_most,
    "parent": _parent,
    "requires": _requires,
    "among": _among,
    "snapshot": _snapshot,
    "plain": _plain,
    "coverage": _coverage,
    "absent": _absent,
}


def run(
    form: Form, settings: Mapping[str, str], values: list[list[Number]], filed: Snapshot | None = None
) -> list[Result]:
    """Every check of the form that finds something, in the form's order.

    ``values`` are all cells, hidden columns too; ``filed`` the last submission for the snapshot check.
    """
    sheet = _Sheet(form, settings, values, filed)
    return [
        Result(
            check.id,
            check.level,
            row,
            column,
            f"{check.message}（{detail}）",
            check.explainable,
            check.citation,
        )
        for check in form.checks
        for row, column, detail in KINDS[check.kind](sheet, check)
    ]
