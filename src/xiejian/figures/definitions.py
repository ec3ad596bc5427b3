"""Reading the definitions of figures and tables from the packs, checked once when they are read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from xiejian.figures.conditions import Compiler, Tags
from xiejian.kernel import packs
from xiejian.kernel.facts import FactTable, published
from xiejian.kernel.problems import Catalogue, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))
AGGREGATES = {"count", "count_distinct", "sum"}


@cache
def tags() -> Tags:
    """The tree of product tags."""
    return Tags.read(packs.root() / "national" / "tags.toml")


@dataclass(frozen=True)
class Measure:
    """One figure: what it counts, of which facts, under which conditions, in which unit.

    ``ratio`` names the two figures whose quotient in percent it is; then it has no facts of its own.
    """

    id: str
    label: str
    meaning: str
    unit: str = ""
    facts: str = ""
    aggregate: str = ""
    of: str = ""
    period: str = ""
    when: Mapping[str, Any] = field(default_factory=dict)
    scale: int = 1
    decimals: int = 0
    ratio: tuple[str, ...] = ()
    citation: str = ""
    examples: tuple[Mapping[str, Any], ...] = ()

    @property
    def is_flow(self) -> bool:
        """A flow counts what happened between two dates, a stock what there is at the end."""
        return bool(self.period)


def fact_table(name: str) -> FactTable:
    """The published fact table; Refused F106 when there is none of this name."""
    tables = published()
    if name not in tables:
        raise Refused(problems("F106", facts=name, known="、".join(sorted(tables))))
    return tables[name]


def _checked(measure: Measure, where: str) -> Measure:
    if not (measure.label and measure.meaning and measure.unit):
        raise ValueError(f"{where}: a measure needs label, meaning and unit")
    if measure.ratio:
        if len(measure.ratio) != 2 or measure.facts:
            raise ValueError(f"{where}: a ratio names two measures and no facts")
        return measure
    if measure.aggregate not in AGGREGATES:
        raise ValueError(f"{where}: aggregate is one of {sorted(AGGREGATES)}")
    if measure.facts not in published():
        raise ValueError(f"{where}: no fact table {measure.facts}")
    table = published()[measure.facts]
    types = {c.name: c.type for c in table.columns}
    if (measure.aggregate == "count") != (measure.of == ""):
        raise ValueError(f"{where}: count_distinct and sum name a column in 'of', count does not")
    if measure.of and measure.of not in types:
        raise ValueError(f"{where}: {measure.facts} has no column {measure.of}")
    if measure.period and types.get(measure.period) != "date":
        raise ValueError(f"{where}: the period is a date column of {measure.facts}")
    if not measure.examples:
        raise ValueError(f"{where}: every measure carries a drawn example")
    return measure


def read_measures(path: Path) -> dict[str, Measure]:
    """The measures of one file; ValueError says which entry is wrong and why."""
    with path.open("rb") as file:
        raw = tomllib.load(file)
    found = {}
    for key, entry in raw.items():
        where = f"{path.name}: {key}"
        examples = tuple(entry.pop("example", ()))
        try:
            measure = Measure(id=key, examples=examples, ratio=tuple(entry.pop("ratio", ())), **entry)
        except TypeError as error:
            raise ValueError(f"{where}: {error}") from error
        found[key] = _checked(measure, where)
    return found


@cache
def measures() -> dict[str, Measure]:
    """Every measure by id; ValueError when two files use the same id or a ratio names an unknown one."""
    found: dict[str, Measure] = {}
    for path in sorted((packs.root() / "measures").glob("*.toml")):
        for key, measure in read_measures(path).items():
            if key in found:
                raise ValueError(f"{path.name}: {key} is already a measure")
            found[key] = measure
    for measure in found.values():
        for part in measure.ratio:
            if part not in found or found[part].ratio:
                raise ValueError(f"{measure.id}: {part} is not a measure that can be divided")
    return found


def measure(key: str) -> Measure:
    """The measure; Refused F102 when there is none of this id."""
    if key not in measures():
        raise Refused(problems("F102", measure=key))
    return measures()[key]


def compiler(facts: str, period: Mapping[str, Any]) -> Compiler:
    return Compiler(fact_table(facts), tags(), period)
