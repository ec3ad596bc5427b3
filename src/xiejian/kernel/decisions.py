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
    levels = [row for row in rows if row.decides == "level"]
    raw = {row: exp.column(f"c_{i}") for i, row in enumerate(levels)}
    tested = select("*", *(_guarded(row, on).as_(column.name) for row, column in raw.items())).from_(
        "prepared"
    )
    graded = select("*", _level_case(raw).as_("level")).from_("tested")
    flags = [_flag(row, raw, on) for row in rows] + [_outside_flag(o, raw) for o in pack.outside]
    masks = [_mask(flags, start).as_(f"rules_{start // BITS}") for start in range(0, len(flags), BITS)]
    level = exp.Nullif(this=exp.column("level"), expression=exp.convert(0)).as_("level")
    return (
        select(*keys, level, *masks)
        .from_("graded")
        .with_("prepared", as_=prepared)
        .with_("tested", as_=tested)
        .with_("graded", as_=graded)
    )


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


def _scope_sql(links: tuple[str, ...], areas: tuple[str, ...]) -> exp.Expression:
    link = exp.In(this=exp.column("link"), expressions=[exp.Literal.string(v) for v in links])
    held = (exp.Like(this=exp.column("area"), expression=exp.Literal.string(f"%{v}%")) for v in areas)
    return conditions.all_of([link, conditions.any_of(held)])


def _guarded(row: Row, on: dt.date) -> exp.Expression:
    return exp.Paren(this=conditions.all_of([_scope_sql(row.links, row.areas), row.when.sql(on)]))


def _level_case(raw: Mapping[Row, exp.Expression]) -> exp.Expression:
    case = exp.Case()
    for level in sorted({row.level or 0 for row in raw}, reverse=True):
        held = conditions.any_of(column.copy() for row, column in raw.items() if (row.level or 0) == level)
        case = case.when(held, exp.convert(level))
    return case.else_(exp.convert(0)) if raw else exp.convert(0)


def _flag(row: Row, raw: Mapping[Row, exp.Expression], on: dt.date) -> exp.Expression:
    if row.decides != "level":
        return _guarded(row, on)
    column = raw[row].copy()
    if not row.unless_above:
        return column
    above = [c.copy() for r, c in raw.items() if r.table == row.table and (r.level or 0) > (row.level or 0)]
    return conditions.all_of([column, exp.Not(this=exp.Paren(this=conditions.any_of(above)))])


def _outside_flag(outside: packs.Outside, raw: Mapping[Row, exp.Expression]) -> exp.Expression:
    graded = exp.Not(this=exp.Paren(this=conditions.any_of(column.copy() for column in raw.values())))
    return conditions.all_of([_scope_sql(outside.links, outside.areas), graded])


def _mask(flags: list[exp.Expression], start: int) -> exp.Expression:
    """The flags of one column as a whole number: the sum of 2^i over those that hold."""
    parts = [
        exp.Case().when(flag, _bigint(1 << i)).else_(_bigint(0))
        for i, flag in enumerate(flags[start : start + BITS])
    ]
    total: exp.Expression = parts[0]
    for part in parts[1:]:
        total = exp.Add(this=total, expression=part)
    return total


def _bigint(number: int) -> exp.Expression:
    return exp.Cast(this=exp.convert(number), to=exp.DataType.build("BIGINT"))
