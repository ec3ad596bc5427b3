"""Report tables as data: rows × measures with their headings, checks and dates; read and checked here."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from xiejian.figures import definitions
from xiejian.figures.definitions import Measure, problems
from xiejian.kernel import packs
from xiejian.kernel.problems import Refused

PERIODS = {"campaign", "month", "half_year", "year"}
CHECKS = {"at_least", "at_most", "parent", "requires", "among", "snapshot", "plain", "coverage", "absent"}
LEVELS = {"error", "warning", "progress", "note"}


@dataclass(frozen=True)
class Column:
    """One figure per row. ``measure`` is empty where the office records no such work yet: the cell is null.

    ``group`` is the heading over it, ``when`` narrows the measure, ``hidden`` columns serve checks only.
    """

    id: str
    label: str
    measure: str = ""
    group: str = ""
    when: Mapping[str, Any] = field(default_factory=dict)
    hidden: bool = False


@dataclass(frozen=True)
class Line:
    """One row: its path of headings as printed, how many columns each spans, and its filter.

    ``parent`` is the row of which this 其中 row is part. ``absent`` says why there is none here.
    """

    id: str
    label: tuple[str, ...]
    when: Mapping[str, Any]
    span: tuple[int, ...] = ()
    parent: str = ""
    list_managed: bool = False
    absent: str = ""


@dataclass(frozen=True)
class Check:
    """One comparison before handing up. ``explainable``: an error that a written reason may outweigh."""

    id: str
    kind: str
    level: str
    message: str
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    factor: int = 1
    explainable: bool = False
    citation: str = ""


@dataclass(frozen=True)
class Due:
    """When the table is handed up: by whom, to whom, for which period."""

    id: str
    offices: str  # prefix of the office codes that this concerns
    tier: str  # whose duty: county, station …; empty: any
    cadence: str  # monthly, dates
    citation: str
    to: str = ""
    working_day: int = 0  # monthly: the n-th working day of the month after
    dates: tuple[str, ...] = ()  # dates: MM-DD


@dataclass(frozen=True)
class Setting:
    """A choice in how figures are counted; each value may put another measure in a column's place."""

    label: str
    default: str
    choices: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Form:
    """A report table."""

    id: str
    title: str
    citation: str
    period: str
    columns: tuple[Column, ...]
    rows: tuple[Line, ...]
    label_heading: str
    label_width: int = 1
    scope: Mapping[str, Any] = field(default_factory=dict)
    campaign: Mapping[str, Any] = field(default_factory=dict)
    offer: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    note: str = ""
    notes: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict)
    due: tuple[Due, ...] = ()
    repeat_heading_after: int = 0

    @property
    def shown(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if not c.hidden)

    def row_index(self, row: str) -> int:
        return [line.id for line in self.rows].index(row)

    def from_on(self, until: dt.date) -> dt.date:
        """The first day of the period that ends ``until``, where none is given."""
        if self.period == "campaign":
            return dt.date.fromisoformat(str(self.campaign["from"]))
        if self.period == "month":
            return until.replace(day=1)
        second_half = self.period == "half_year" and until.month > 6  # 下半年 begins in July
        return dt.date(until.year, 7 if second_half else 1, 1)

    def chosen(self, settings: Mapping[str, str] | None) -> dict[str, str]:
        """Every setting with its value, defaults filled in; Refused F105 for a value it does not know."""
        given = dict(settings or {})
        found = {}
        for name, setting in self.settings.items():
            value = given.pop(name, setting.default)
            if value not in setting.choices:
                raise Refused(problems("F105", setting=name, value=value, known="、".join(setting.choices)))
            found[name] = value
        for name, value in given.items():
            raise Refused(problems("F105", setting=name, value=value, known="、".join(self.settings) or "无"))
        return found

    def measure(self, column: Column, settings: Mapping[str, str]) -> Measure | None:
        """What is counted in this column under these settings; None where nothing can be counted yet."""
        name = column.measure
        for setting, value in settings.items():
            name = self.settings[setting].choices[value].get(column.id, name)
        return definitions.measure(name) if name else None


def _tuples(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        if name in entry:
            entry[name] = tuple([entry[name]] if isinstance(entry[name], str) else entry[name])
    return entry


def _verify_rows(form: Form) -> None:
    rows = {r.id for r in form.rows}
    for row in form.rows:
        if row.parent and row.parent not in rows:
            raise ValueError(f"{form.id}: row {row.id} has an unknown parent {row.parent}")
        if row.span and (len(row.span) != len(row.label) or sum(row.span) != form.label_width):
            raise ValueError(f"{form.id}: the headings of row {row.id} do not fill the width")


def _verify(form: Form) -> None:
    """ValueError unless every reference of the form leads somewhere and every heading fills its width."""
    columns = {c.id for c in form.columns}
    rows = {r.id for r in form.rows}
    known = definitions.measures()
    if len(columns) != len(form.columns) or len(rows) != len(form.rows):
        raise ValueError(f"{form.id}: two columns or two rows have the same id")
    if form.period not in PERIODS:
        raise ValueError(f"{form.id}: period is one of {sorted(PERIODS)}")
    for column in form.columns:
        if column.measure and column.measure not in known:
            raise ValueError(f"{form.id}: column {column.id} names no measure: {column.measure}")
    for check in form.checks:
        if check.kind not in CHECKS or check.level not in LEVELS:
            raise ValueError(f"{form.id}: check {check.id} has an unknown kind or level")
        if unknown := {*check.left, *check.right} - columns:
            raise ValueError(f"{form.id}: check {check.id} names unknown columns {sorted(unknown)}")
    for name, setting in form.settings.items():
        if setting.default not in setting.choices:
            raise ValueError(f"{form.id}: setting {name} has no choice {setting.default}")


def read(path: Path) -> Form:
    """Read and check one table; ValueError says which entry is wrong."""
    with path.open("rb") as file:
        raw = tomllib.load(file)
    try:
        form = Form(
            id=path.stem,
            columns=tuple(Column(**c) for c in raw.pop("column")),
            rows=tuple(Line(**_tuples(r, "label", "span")) for r in raw.pop("row")),
            checks=tuple(Check(**_tuples(c, "left", "right")) for c in raw.pop("check", ())),
            due=tuple(Due(**_tuples(d, "dates")) for d in raw.pop("due", ())),
            settings={k: Setting(**v) for k, v in raw.pop("settings", {}).items()},
            **_tuples(raw, "header", "notes", "offer"),
        )
    except TypeError as error:
        raise ValueError(f"{path.name}: {error}") from error
    _verify(form)
    _verify_rows(form)
    return form


@cache
def forms() -> dict[str, Form]:
    """Every report table by id."""
    return {path.stem: read(path) for path in sorted((packs.root() / "tables").glob("*.toml"))}


def form(table_id: str) -> Form:
    """The report table; Refused F101 when there is none of this id."""
    if table_id not in forms():
        raise Refused(problems("F101", table=table_id, known="、".join(forms())))
    return forms()[table_id]
