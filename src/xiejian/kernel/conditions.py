"""Conditions of rule rows: one small tree that answers for one party and compiles to SQL for all.

In TOML a condition is a table; every key must hold::

    when = { link = "经营", mode = ["批发", "批零兼营"], classes = ["2", "3"] }
    when = { any = [ { qms_state = "差" }, { tags = "重点监管目录" } ] }
    when = { filed_on = { within_months = 3 } }

==========================  =====================================================================
``mode = "批发"``            the fact equals the value; a list: one of them
``classes = "3"``           the management classes hold this digit; a list: any of them
``tags = "无菌"``            the product tags hold this tag; a list: any of them
``punished = true``         a yes/no fact; what is not stated counts as no
``complaints = {at_least}``  a whole number of at least so many
``filed_on = {…}``           ``within_months`` (the date plus so many months is not yet over on the grading
                            date, and the date is not after that year), ``year_back`` (lies in the calendar
                            year so many before it), ``before`` (``"on"``: lies before the grading date)
``level = 3``               the level found for this link; a list: one of them
``any``, ``all``, ``not``    alternatives, further conditions, the opposite
==========================  =====================================================================

Both readings are two-valued: a missing fact makes a test false, never unknown. SQL is built as a
sqlglot tree over the columns that ``decisions`` prepares, in the restricted standard that DuckDB,
PostgreSQL and Spark run alike.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Protocol

from sqlglot import exp

Type = Literal["text", "digits", "tags", "boolean", "integer", "date", "level"]

#: The facts that a rule may ask for: type, and the Chinese heading that an officer knows.
FACTS: dict[str, tuple[Type, str]] = {
    "link": ("text", "环节"),
    "area": ("text", "产品门类"),
    "classes": ("digits", "管理类别"),
    "mode": ("text", "经营方式"),
    "unit_kind": ("text", "机构类型"),
    "tags": ("tags", "品种标签"),
    "stores_for_others": ("boolean", "为他人贮存运输"),
    "consultation_focus": ("boolean", "风险会商重点"),
    "self_inspection_focus": ("boolean", "自查未按期报送"),
    "qms_state": ("text", "质量管理体系状况"),
    "credit_grade": ("text", "信用等级"),
    "bad_credit": ("text", "不良信用"),
    "punished_last_year": ("boolean", "上年度行政处罚"),
    "failed_sampling_last_year": ("boolean", "上年度抽检不合格"),
    "complaints": ("integer", "投诉举报次数"),
    "issued_on": ("date", "发证日期"),
    "filed_on": ("date", "备案日期"),
    "expires_on": ("date", "有效期至"),
    "status": ("text", "状态"),
    "level": ("level", "监管级别"),
}

Facts = Mapping[str, Any]


class Condition(Protocol):
    """A node: does it hold for these facts on this date; the same as SQL; which facts it asks for."""

    def holds(self, facts: Facts, on: dt.date) -> bool: ...
    def sql(self, on: dt.date) -> exp.Expression: ...
    def facts(self) -> set[str]: ...


def any_of(parts: Iterable[exp.Expression]) -> exp.Expression:
    """The parts joined by OR; false when there are none."""
    return _joined(exp.Or, parts) or exp.false()


def all_of(parts: Iterable[exp.Expression]) -> exp.Expression:
    """The parts joined by AND; true when there are none."""
    return _joined(exp.And, parts) or exp.true()


def _joined(operator: type[exp.Connector], parts: Iterable[exp.Expression]) -> exp.Expression | None:
    joined: exp.Expression | None = None
    for part in parts:
        wrapped = exp.Paren(this=part)
        joined = wrapped if joined is None else operator(this=joined, expression=wrapped)
    return joined


@dataclass(frozen=True)
class All:
    parts: tuple[Condition, ...]

    def holds(self, facts: Facts, on: dt.date) -> bool:
        return all(part.holds(facts, on) for part in self.parts)

    def sql(self, on: dt.date) -> exp.Expression:
        return all_of(part.sql(on) for part in self.parts)

    def facts(self) -> set[str]:
        return set().union(*(part.facts() for part in self.parts))


@dataclass(frozen=True)
class Any_:
    parts: tuple[Condition, ...]

    def holds(self, facts: Facts, on: dt.date) -> bool:
        return any(part.holds(facts, on) for part in self.parts)

    def sql(self, on: dt.date) -> exp.Expression:
        return any_of(part.sql(on) for part in self.parts)

    def facts(self) -> set[str]:
        return set().union(*(part.facts() for part in self.parts))


@dataclass(frozen=True)
class Not:
    part: Condition

    def holds(self, facts: Facts, on: dt.date) -> bool:
        return not self.part.holds(facts, on)

    def sql(self, on: dt.date) -> exp.Expression:
        return exp.Not(this=exp.Paren(this=self.part.sql(on)))

    def facts(self) -> set[str]:
        return self.part.facts()


@dataclass(frozen=True)
class OneOf:
    """The fact is one of the values; yes/no facts and levels too."""

    fact: str
    values: tuple[Any, ...]

    def holds(self, facts: Facts, on: dt.date) -> bool:
        return facts[self.fact] in self.values

    def sql(self, on: dt.date) -> exp.Expression:
        column = exp.column(self.fact)
        if FACTS[self.fact][0] == "boolean":
            return any_of(column.copy() if value else exp.Not(this=column.copy()) for value in self.values)
        return exp.In(this=column, expressions=[exp.convert(value) for value in self.values])

    def facts(self) -> set[str]:
        return {self.fact}


@dataclass(frozen=True)
class Holds:
    """The classes hold one of the digits, the tags one of the tags, the areas one of the areas."""

    fact: str
    values: tuple[str, ...]

    def holds(self, facts: Facts, on: dt.date) -> bool:
        held = facts[self.fact]
        return any(value in held for value in self.values)

    def sql(self, on: dt.date) -> exp.Expression:
        mark = "|" if FACTS[self.fact][0] == "tags" else ""
        return any_of(
            exp.Like(this=exp.column(self.fact), expression=exp.Literal.string(f"%{mark}{value}{mark}%"))
            for value in self.values
        )

    def facts(self) -> set[str]:
        return {self.fact}


@dataclass(frozen=True)
class AtLeast:
    fact: str
    number: int

    def holds(self, facts: Facts, on: dt.date) -> bool:
        return facts[self.fact] >= self.number

    def sql(self, on: dt.date) -> exp.Expression:
        return exp.GTE(this=exp.column(self.fact), expression=exp.convert(self.number))

    def facts(self) -> set[str]:
        return {self.fact}


@dataclass(frozen=True)
class Between:
    """The date lies between two bounds that follow from the grading date; None is open."""

    fact: str
    rule: Literal["within_months", "year_back", "before"]
    number: int

    def bounds(self, on: dt.date) -> tuple[dt.date | None, dt.date | None]:
        """First and last day on which the fact may lie."""
        if self.rule == "within_months":
            # to the year's end: a plan made in January already owes the filings of its year
            return earliest(on, self.number), dt.date(on.year, 12, 31)
        if self.rule == "year_back":
            return dt.date(on.year - self.number, 1, 1), dt.date(on.year - self.number, 12, 31)
        return None, on - dt.timedelta(days=1)

    def holds(self, facts: Facts, on: dt.date) -> bool:
        value = facts[self.fact]
        first, last = self.bounds(on)
        return value is not None and (first is None or value >= first) and (last is None or value <= last)

    def sql(self, on: dt.date) -> exp.Expression:
        first, last = self.bounds(on)
        parts: list[exp.Expression] = []
        if first:
            parts.append(exp.GTE(this=exp.column(self.fact), expression=date_literal(first)))
        if last:
            parts.append(exp.LTE(this=exp.column(self.fact), expression=date_literal(last)))
        return exp.Coalesce(this=all_of(parts), expressions=[exp.false()])

    def facts(self) -> set[str]:
        return {self.fact}


def date_literal(day: dt.date) -> exp.Expression:
    """``CAST('2024-03-05' AS DATE)``."""
    return exp.Cast(this=exp.Literal.string(day.isoformat()), to=exp.DataType.build("DATE"))


def add_months(day: dt.date, months: int) -> dt.date:
    """So many months later; the last day of the month where the day does not exist there.

    >>> add_months(dt.date(2024, 1, 31), 1)
    datetime.date(2024, 2, 29)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=1024)
def earliest(on: dt.date, months: int) -> dt.date:
    """The first day whose period of so many months has not ended before ``on``.

    >>> earliest(dt.date(2024, 2, 29), 3)
    datetime.date(2023, 11, 29)
    """
    day = add_months(on, -months)
    while add_months(day, months) < on:  # 28 February + 3 months ends on 28 May, before 31 May
        day += dt.timedelta(days=1)
    while add_months(day - dt.timedelta(days=1), months) >= on:
        day -= dt.timedelta(days=1)
    return day


def read(raw: Any, where: str = "when") -> Condition:
    """Make the tree from its TOML form; ValueError names the place that cannot be read."""
    if not isinstance(raw, dict):
        raise ValueError(f"{where}: a condition is a table, not {raw!r}")
    parts: list[Condition] = []
    for key, value in raw.items():
        place = f"{where}.{key}"
        if key in {"any", "all"}:
            if not isinstance(value, list) or not value:
                raise ValueError(f"{place}: needs a list of conditions")
            inner = tuple(read(item, f"{place}[{i}]") for i, item in enumerate(value))
            parts.append(Any_(inner) if key == "any" else All(inner))
        elif key == "not":
            parts.append(Not(read(value, place)))
        else:
            parts.append(_test(key, value, place))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _test(fact: str, value: Any, place: str) -> Condition:
    if fact not in FACTS:
        raise ValueError(f"{place}: no such fact; known are {', '.join(FACTS)}")
    kind = FACTS[fact][0]
    if kind == "date":
        return _date_test(fact, value, place)
    if kind == "integer":
        if not (isinstance(value, dict) and list(value) == ["at_least"] and type(value["at_least"]) is int):
            raise ValueError(f"{place}: write {{ at_least = N }}")
        return AtLeast(fact, value["at_least"])
    values = tuple(value) if isinstance(value, list) else (value,)
    wanted = {"boolean": bool, "level": int}.get(kind, str)
    if not values or any(type(v) is not wanted for v in values):
        raise ValueError(f"{place}: needs {wanted.__name__} values, not {value!r}")
    if kind in {"digits", "tags"} or fact == "area":
        return Holds(fact, values)
    return OneOf(fact, values)


def _date_test(fact: str, value: Any, place: str) -> Condition:
    if isinstance(value, dict) and len(value) == 1:
        ((rule, number),) = value.items()
        if rule in {"within_months", "year_back"} and type(number) is int and number >= 0:
            return Between(fact, rule, number)
        if rule == "before" and number == "on":
            return Between(fact, "before", 0)
    raise ValueError(f'{place}: write within_months, year_back or before = "on"')
