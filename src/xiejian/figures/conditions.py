"""Conditions written as data, made into SQL trees that DuckDB, SQLite and PostgreSQL run alike.

The form is described in ``packs/measures/README.md``. Every test is two-valued: an empty
value makes it false, so that its opposite is true, on every engine. Dates are compared as
ISO text, which orders like dates and needs no date type of any engine.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sqlglot import exp

from xiejian.kernel.facts import FactTable

Tree = exp.Expression
#: The words in a condition that stand for the period asked for.
PERIOD = ("@from", "@until")


class Tags:
    """The tree of product tags: which names count under a tag."""

    def __init__(self, entries: Mapping[str, Mapping[str, list[str]]]) -> None:
        self.entries = entries
        for name, entry in entries.items():
            if unknown := set(entry.get("parts", [])) - set(entries):
                raise ValueError(f"tag {name} has unknown parts {sorted(unknown)}")

    @classmethod
    def read(cls, path: Path) -> Tags:
        with path.open("rb") as file:
            return cls(tomllib.load(file))

    def under(self, name: str) -> list[str]:
        """The tag, its other names, and the same of every tag below it; an unknown tag is itself."""
        found: dict[str, None] = {}
        waiting = [name]
        while waiting:
            tag = waiting.pop()
            if tag not in found:
                entry = self.entries.get(tag, {})
                found.update(dict.fromkeys([tag, *entry.get("aliases", [])]))
                waiting.extend(entry.get("parts", []))
        return sorted(found)


def column(name: str) -> exp.Column:
    """A quoted column, so that no fact's name can collide with a word of SQL."""
    return exp.Column(this=exp.Identifier(this=name, quoted=True))


def literal(value: object) -> Tree:
    """A value as SQL: yes/no, whole number, or text; dates as ISO text."""
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    if isinstance(value, int):
        return exp.Literal.number(value)
    return exp.Literal.string(value.isoformat() if isinstance(value, dt.date) else str(value))


def every(parts: list[Tree]) -> Tree:
    """All parts hold; true when there are none."""
    return exp.and_(*parts, copy=False) if parts else exp.true()


def some(parts: list[Tree]) -> Tree:
    """At least one part holds; false when there are none."""
    return exp.or_(*parts, copy=False) if parts else exp.false()


def two_valued(test: Tree) -> Tree:
    """The test, with "unknown" read as no."""
    return exp.Coalesce(this=exp.paren(test, copy=False), expressions=[exp.false()])


def like(name: str, pattern: str) -> Tree:
    return exp.Like(this=column(name), expression=exp.Literal.string(pattern))


def _one_of(name: str, value: Any) -> Tree:
    values = value if isinstance(value, list) else [value]
    if len(values) == 1:
        return exp.EQ(this=column(name), expression=literal(values[0]))
    return exp.In(this=column(name), expressions=[literal(v) for v in values])


def _empty(name: str, kind: str) -> Tree:
    if kind != "text":
        return exp.Is(this=column(name), expression=exp.Null())
    return exp.EQ(this=column(name), expression=exp.Literal.string(""))


class Compiler:
    """Makes the conditions on one fact table; ValueError names what cannot be read."""

    def __init__(self, table: FactTable, tags: Tags, period: Mapping[str, dt.date | None]) -> None:
        self.table = table
        self.types = {c.name: c.type for c in table.columns}
        self.tags = tags
        self.period = period

    def all_of(self, when: Mapping[str, Any]) -> list[Tree]:
        """One tree per line of the condition; all must hold."""
        return [part for name, value in when.items() for part in self._line(name, value)]

    def _line(self, name: str, value: Any) -> list[Tree]:
        if name == "any":
            return [exp.paren(some([every(self.all_of(part)) for part in value]))]
        if name == "none":
            return [exp.not_(exp.paren(every(self.all_of(part)))) for part in value]
        if name not in self.types:
            raise ValueError(f"{self.table.name} has no column {name}")
        if isinstance(value, Mapping):
            return [self._operator(name, op, operand) for op, operand in value.items()]
        return [self._nullable(name, _one_of(name, self._value(value)))]

    def _nullable(self, name: str, test: Tree) -> Tree:
        return test if self.types[name] == "text" else two_valued(test)

    def _value(self, value: Any) -> Any:
        if isinstance(value, str) and value in PERIOD:
            found = self.period.get(value)
            if found is None:
                raise ValueError(f"{self.table.name}: {value} is not known here")
            return found
        return value

    def _operator(self, name: str, op: str, operand: Any) -> Tree:
        comparisons: dict[str, type[exp.Binary]] = {
            "min": exp.GTE, "max": exp.LTE, "after": exp.GT, "before": exp.LT
        }  # fmt: skip
        if op in comparisons:
            test = comparisons[op](this=column(name), expression=literal(self._value(operand)))
            return two_valued(test)
        others: dict[str, Callable[[], Tree]] = {
            "not": lambda: exp.not_(exp.paren(self._nullable(name, _one_of(name, operand)))),
            "has": lambda: self.has(name, [operand]),
            "has_any": lambda: self.has(name, operand),
            "contains": lambda: like(name, f"%{operand}%"),
            "starts": lambda: like(name, f"{operand}%"),
            "empty": lambda: (
                _empty(name, self.types[name])
                if operand
                else exp.not_(exp.paren(_empty(name, self.types[name])))
            ),
        }
        if op not in others:
            raise ValueError(f"{self.table.name}.{name}: unknown operator {op}")
        return others[op]()

    def has(self, name: str, wanted: list[str]) -> Tree:
        """Carries one of the tags, or one below it."""
        names = sorted({tag for one in wanted for tag in self.tags.under(one)})
        return exp.paren(some([like(name, f"%|{tag}|%") for tag in names]))


@cache
def in_office(stem: str) -> Tree:
    """The office with this stem and every office below it."""
    return like("office_code", f"{stem}%")
