"""Decide by a pack: the level, the duties and the reasons of one party in one link, or of all at once.

``grade`` answers for one with a trail; ``level_sql`` is the same tables as one set-based query. Both
read the same rows; a property test holds them equal for every pack.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp, select

from xiejian.kernel import conditions, packs
from xiejian.kernel.packs import Duty, Pack, Row

__all__ = ["Duty", "Graded", "Reason", "decode", "grade", "level_sql", "prepare"]

#: Rules per whole-number column of the set-based answer: one bit each, safely inside 63.
BITS = 60


@dataclass(frozen=True)
class Reason:
    """One rule that spoke: ``level`` where it gives one, ``kind`` level, focus or scope."""

    rule: str
    meaning: str
    citation: str
    unverified: bool
    kind: str
    level: int | None = None


@dataclass(frozen=True)
class Graded:
    """The answer for one party in one link. ``facts`` are those that the pack's rules ask for."""

    level: int | None
    duties: list[Duty]
    reasons: list[Reason]
    facts: dict[str, Any]

    @property
    def rules(self) -> list[str]:
        """The ids of all rules that spoke: reasons, then duties."""
        return [r.rule for r in self.reasons] + [d.rule for d in self.duties]


def prepare(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as conditions read them: nothing missing, tags as a set, classes as digits.

    ``tags`` may be a list or the stored form ``|无菌|植入|``; an area that is not stated is 医疗器械.
    """
    ready: dict[str, Any] = {}
    for name, (kind, _) in conditions.FACTS.items():
        value = facts.get(name)
        if kind == "tags":
            held = value.split("|") if isinstance(value, str) else value or ()
            ready[name] = frozenset(tag for tag in held if tag)
        elif kind == "boolean":
            ready[name] = bool(value)
        elif kind in {"integer", "level"}:
            ready[name] = int(value or 0)
        else:
            ready[name] = value if kind == "date" else value or ""
    ready["area"] = ready["area"] or packs.AREAS[0]
    ready["level"] = 0
    return ready


def _covers(row: Row | packs.Outside, facts: Mapping[str, Any]) -> bool:
    return facts["link"] in row.links and any(area in facts["area"] for area in row.areas)


def grade(pack: Pack, facts: Mapping[str, Any], on: dt.date) -> Graded:
    """Level, duties and reasons for one party in one link, as of ``on``.

    ``facts``: the canonical names of ``conditions.FACTS``; what is missing counts as not stated.
    All level rows that hold become reasons and the highest level wins. Where the pack has no level
    for the link, ``level`` is None and a reason cites the pack's scope. Never without a reason.
    """
    ready = prepare(facts)
    rows = [row for row in pack.rows_on(on) if _covers(row, ready)]
    found = _level_rows([row for row in rows if row.decides == "level"], ready, on)
    level = max((row.level or 0 for row in found), default=0)
    ready["level"] = level
    reasons = [_reason(row) for row in found]
    if not found:
        reasons += _scope(pack, ready)
    held = [row for row in rows if row.decides != "level" and row.when.holds(ready, on)]
    reasons += [_reason(row) for row in held if row.decides == "focus"]
    duties = [row.duty for row in held if row.duty is not None]
    asked = {name: facts.get(name) for name in pack.fact_names}
    return Graded(level or None, duties, reasons, asked)


def _level_rows(rows: list[Row], facts: Mapping[str, Any], on: dt.date) -> list[Row]:
    """The level rows that hold, highest first; a row of what is left holds only where none above does."""
    found: list[Row] = []
    for row in sorted(rows, key=lambda r: -(r.level or 0)):
        taken = row.unless_above and any(
            f.table == row.table and (f.level or 0) > (row.level or 0) for f in found
        )
        if not taken and row.when.holds(facts, on):
            found.append(row)
    return found


def _reason(row: Row) -> Reason:
    return Reason(row.id, row.meaning, row.citation, row.unverified, row.decides, row.level or None)


def _scope(pack: Pack, facts: Mapping[str, Any]) -> list[Reason]:
    found = [
        Reason(o.id, o.meaning, o.citation, o.unverified, "scope") for o in pack.outside if _covers(o, facts)
    ]
    return found or [Reason(pack.id, pack.meaning, pack.citation, pack.unverified, "scope")]


# --- the same for all at once ---------------------------------------------------------------------------


def level_sql(pack: Pack, on: dt.date, source: str = "facts", keys: Iterable[str] = ("key",)) -> exp.Select:
    """One query over ``source``: its ``keys``, ``level`` (null: none) and the rules that spoke as bits.

    ``source`` has one row per party and link with the canonical facts as columns (tags in the stored
    form). Column ``rules_0`` has bit i set when rule i of ``rule_order(pack, on)`` spoke, ``rules_1``
    the next 60, and so on; ``decode`` turns them into ids.
    """
    keys = list(keys)
    rows = pack.rows_on(on)
    names = [name for name in conditions.FACTS if name != "level"]
    prepared = select(*keys, *(_prepared(name).as_(name) for name in names)).from_(source)
    areas = [_holds_area(area).as_(column) for area, column in _AREA_COLUMNS.items()]
    sorted_out = select("*", *areas).from_("prepared")
    tables = _level_tables(rows)
    tested = select("*", *(_table_level(found, on).as_(t) for t, found in tables.items())).from_("sorted_out")
    graded = select("*", _highest(list(tables)).as_("level")).from_("tested")
    flags = _flags(pack, rows, tables, on)
    masks = [_mask(flags, start).as_(f"rules_{start // BITS}") for start in range(0, len(flags), BITS)]
    level = exp.Nullif(this=exp.column("level"), expression=exp.convert(0)).as_("level")
    query = select(*keys, level, *masks).from_("graded")
    steps = {"prepared": prepared, "sorted_out": sorted_out, "tested": tested, "graded": graded}
    for name, step in steps.items():
        query = query.with_(name, as_=step)
    return query


def rule_order(pack: Pack, on: dt.date) -> list[str]:
    """The rule behind each bit of ``level_sql``."""
    return [row.id for row in pack.rows_on(on)] + [o.id for o in pack.outside]


def decode(pack: Pack, on: dt.date, masks: Iterable[int]) -> list[str]:
    """The ids that these bits mean, in the order of ``Graded.rules``; the pack's where none gave a reason."""
    order = rule_order(pack, on)
    bits = 0
    for place, mask in enumerate(masks):
        bits |= int(mask) << (BITS * place)
    spoke = {rule for i, rule in enumerate(order) if bits >> i & 1}
    rows = [row for row in pack.rows_on(on) if row.id in spoke]
    levels = sorted((row for row in rows if row.decides == "level"), key=lambda r: -(r.level or 0))
    scope = [] if levels else [o.id for o in pack.outside if o.id in spoke] or [pack.id]
    return [
        *(row.id for row in levels),
        *scope,
        *(row.id for row in rows if row.decides == "focus"),
        *(row.id for row in rows if row.decides == "duty"),
    ]


def _prepared(name: str) -> exp.Expression:
    """The column as ``prepare`` would give it: nothing missing but dates."""
    kind = conditions.FACTS[name][0]
    column = exp.column(name)
    if kind == "date":
        return column
    if name == "area":
        blank = exp.Nullif(this=column, expression=exp.Literal.string(""))
        return exp.Coalesce(this=blank, expressions=[exp.Literal.string(packs.AREAS[0])])
    empty = {"boolean": exp.false(), "integer": exp.convert(0)}.get(kind, exp.Literal.string(""))
    return exp.Coalesce(this=column, expressions=[empty])


#: One yes/no column per product area, so that each area is looked for once.
_AREA_COLUMNS = {area: f"area_{i}" for i, area in enumerate(packs.AREAS)}


def _holds_area(area: str) -> exp.Expression:
    return exp.Like(this=exp.column("area"), expression=exp.Literal.string(f"%{area}%"))


def _in_areas(areas: tuple[str, ...]) -> exp.Expression:
    return conditions.any_of(exp.column(_AREA_COLUMNS[area]) for area in areas)


def _level_tables(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The level tables, each under the name of the column that holds its answer."""
    tables: dict[str, list[Row]] = {}
    for row in rows:
        if row.decides == "level":
            tables.setdefault(row.table, []).append(row)
    return {f"table_{i}": found for i, found in enumerate(tables.values())}


def _table_level(rows: list[Row], on: dt.date) -> exp.Expression:
    """The highest level of one table whose row holds; -1 where the table does not cover the party."""
    case = exp.Case()
    for level in sorted({row.level or 0 for row in rows}, reverse=True):
        held = conditions.any_of(row.when.sql(on) for row in rows if (row.level or 0) == level)
        case = case.when(held, exp.convert(level))
    link = exp.In(this=exp.column("link"), expressions=[exp.Literal.string(v) for v in rows[0].links])
    covered = conditions.all_of([link, _in_areas(rows[0].areas)])
    return exp.Case().when(covered, case.else_(exp.convert(-1))).else_(exp.convert(-1))


def _highest(tables: list[str]) -> exp.Expression:
    columns = [exp.column(table) for table in tables]
    return exp.Greatest(this=exp.convert(0), expressions=columns) if tables else exp.convert(0)


def _flags(
    pack: Pack, rows: list[Row], tables: dict[str, list[Row]], on: dt.date
) -> list[tuple[tuple[str, ...], exp.Expression]]:
    """For each rule of ``rule_order``: the links that it covers, and when it spoke there."""
    column_of = {row.id: table for table, found in tables.items() for row in found}
    flags = []
    for row in rows:
        parts = [_in_areas(row.areas), row.when.sql(on)]
        if row.unless_above:
            answer = exp.column(column_of[row.id])
            parts.append(exp.LTE(this=answer, expression=exp.convert(row.level or 0)))
        flags.append((row.links, conditions.all_of(parts)))
    ungraded = [exp.LT(this=exp.column(table), expression=exp.convert(0)) for table in tables]
    flags += [(o.links, conditions.all_of([_in_areas(o.areas), *ungraded])) for o in pack.outside]
    return [(links, exp.Paren(this=flag)) for links, flag in flags]


def _mask(flags: list[tuple[tuple[str, ...], exp.Expression]], start: int) -> exp.Expression:
    """The flags of one column as a whole number: per link, the sum of 2^i over those that hold."""
    by_link = exp.Case()
    for link in packs.LINKS:
        total: exp.Expression = _bigint(0)
        for i, (links, flag) in enumerate(flags[start : start + BITS]):
            if link in links:
                bit = exp.Case().when(flag.copy(), _bigint(1 << i)).else_(_bigint(0))
                total = exp.Add(this=total, expression=bit)
        is_link = exp.EQ(this=exp.column("link"), expression=exp.Literal.string(link))
        by_link = by_link.when(is_link, total)
    return by_link.else_(_bigint(0))


def _bigint(number: int) -> exp.Expression:
    return exp.Cast(this=exp.convert(number), to=exp.DataType.build("BIGINT"))
