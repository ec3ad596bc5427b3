"""Counting: many figures over one fact table in one pass.

The facts are read from the database (column by column where that is safe), and DuckDB counts. The same
trees also run on the database itself (``where="database"``), which the drawn examples of
every measure use as the proof that both agree.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import duckdb
import pyarrow as pa
import sqlglot
from django.db import connection
from sqlglot import exp

from xiejian.figures.conditions import Tree, column, every, literal, some
from xiejian.kernel.facts import FactTable

try:  # the driver is part of the optional extra "postgres"
    import adbc_driver_postgresql.dbapi as adbc_postgresql
except ImportError:  # pragma: no cover - depends on how the package was installed
    adbc_postgresql = None  # type: ignore[assignment]

Place = Literal["duckdb", "database"]
#: The SQL that the published sources are written in.
SOURCE_DIALECT = "postgres"
_ARROW = {"text": pa.string(), "date": pa.string(), "integer": pa.int64(), "boolean": pa.bool_()}


@dataclass(frozen=True)
class Count:
    """One number wanted: an aggregate over the facts for which every condition holds."""

    aggregate: str  # count, count_distinct, sum
    of: str = ""
    conditions: tuple[Tree, ...] = ()


@dataclass(frozen=True)
class Record:
    """One fact behind a figure: its key in its fact table, its page, and a name to show."""

    key: int | str
    fact_table: str
    page: str
    title: str = ""


@dataclass
class _Flags:
    """The distinct conditions of many counts, each computed once per fact and given a name."""

    names: dict[str, str] = field(default_factory=dict)
    trees: list[Tree] = field(default_factory=list)
    # the same tree object comes back in many cells: its text is made once, kept, so its id stays its own
    seen: dict[int, tuple[Tree, str]] = field(default_factory=dict)

    def name(self, tree: Tree) -> str:
        if id(tree) not in self.seen:
            key = tree.sql()
            if key not in self.names:
                self.names[key] = f"k{len(self.trees)}"
                self.trees.append(tree)
            self.seen[id(tree)] = (tree, self.names[key])
        return self.seen[id(tree)][1]

    def hold(self, conditions: Sequence[Tree]) -> Tree:
        """All of the conditions hold, said by their names."""
        return every([column(name) for name in dict.fromkeys(self.name(c) for c in conditions)])

    def selected(self) -> list[Tree]:
        return [named(exp.Paren(this=tree.copy()), f"k{i}") for i, tree in enumerate(self.trees)]


def named(value: Tree, name: str) -> Tree:
    """``value AS "name"``."""
    return exp.Alias(this=value, alias=exp.to_identifier(name, quoted=True))


@cache
def _source(sql: str) -> Tree:
    return sqlglot.parse_one(sql, read=SOURCE_DIALECT)


def _aggregate(count: Count, chosen: Tree) -> Tree:
    value = exp.Literal.number(1) if count.aggregate == "count" else column(count.of)
    picked = exp.Case(ifs=[exp.If(this=chosen, true=value)])
    if count.aggregate == "count":
        return exp.Count(this=picked)
    if count.aggregate == "count_distinct":
        return exp.Count(this=exp.Distinct(expressions=[picked]))
    if count.aggregate == "sum":
        return exp.Coalesce(this=exp.Sum(this=picked), expressions=[exp.Literal.number(0)])
    raise ValueError(f"unknown aggregate {count.aggregate}")


def _referred(table: FactTable, trees: Sequence[Tree], more: Sequence[str] = ()) -> list[str]:
    """The columns of the fact table that the trees use, in its own order."""
    used = {c.name for tree in trees for c in tree.find_all(exp.Column)} | set(more)
    return [c.name for c in table.columns if c.name in used] or [table.key]


def _projection(table: FactTable, names: Sequence[str]) -> list[Tree]:
    """The columns as text, numbers and yes/no: dates become ISO text, empty text is ''."""
    types = {c.name: c.type for c in table.columns}
    chosen: list[Tree] = []
    for name in names:
        value: Tree = column(name)
        if types[name] == "date":
            value = exp.cast(value, "text")
        elif types[name] == "text":
            value = exp.Coalesce(this=value, expressions=[exp.Literal.string("")])
        chosen.append(named(value, name))
    return chosen


def facts_select(table: FactTable, names: Sequence[str], base: Tree | None) -> exp.Select:
    """The query that reads these columns of the fact table where ``base`` holds."""
    source = exp.Subquery(this=_source(table.source).copy(), alias=exp.to_identifier("source"))
    inner_names = names if base is None else list(dict.fromkeys([*names, *_referred(table, [base])]))
    inner = selected(_projection(table, inner_names), source)
    if base is None:
        return inner
    outer = selected([column(name) for name in names], subquery(inner, "facts"))
    return outer.where(base.copy(), copy=False)


def selected(expressions: Sequence[Tree], source: Tree) -> exp.Select:
    """``SELECT expressions FROM source``; the trees given become part of it."""
    return exp.select(*expressions, copy=False).from_(source, copy=False)


def subquery(query: exp.Select, name: str) -> exp.Subquery:
    return exp.Subquery(this=query, alias=exp.to_identifier(name))


def dialect() -> str:
    return "postgres" if connection.vendor == "postgresql" else "sqlite"


def _connection_text(parameters: Mapping[str, Any]) -> str:
    """What libpq calls a connection string, from Django's connection parameters."""
    known = {"dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "options"}
    quoted = {
        k: str(v).replace("\\", "\\\\").replace("'", "\\'") for k, v in parameters.items() if k in known and v
    }
    return " ".join(f"{k}='{v}'" for k, v in quoted.items())


@contextlib.contextmanager
def _adbc() -> Iterator[Any]:
    opened = adbc_postgresql.connect(_connection_text(connection.get_connection_params()))
    with opened as link, link.cursor() as cursor:
        yield cursor


def _columns_directly() -> bool:
    """Whether the rows may come column by column through a second connection.

    Only on PostgreSQL, and only outside a transaction (a second connection sees committed rows). Never
    on SQLite: a driver there brings a second copy of the SQLite library into this process, and closing
    its connection drops the file locks of Django's and takes the write-ahead log away under it
    (https://www.sqlite.org/howtocorrupt.html, section 2.2.1; docs/decisions/0005).
    """
    return (
        connection.vendor == "postgresql" and adbc_postgresql is not None and not connection.in_atomic_block
    )


def read_arrow(table: FactTable, names: Sequence[str], base: Tree | None) -> pa.Table:
    """The columns of the facts for which ``base`` holds, as Arrow; dates are ISO text or null."""
    types = {c.name: c.type for c in table.columns}
    select = facts_select(table, names, base)
    if _columns_directly():
        with _adbc() as cursor:
            cursor.execute(select.sql(dialect(), copy=False))
            found = cursor.fetch_arrow_table()
        return pa.table(
            [found.column(i).cast(_ARROW[types[n]]) for i, n in enumerate(names)], names=list(names)
        )
    with connection.cursor() as cursor:
        cursor.execute(select.sql(dialect(), copy=False))
        rows = cursor.fetchall()
    by_column = list(zip(*rows, strict=True)) if rows else [() for _ in names]
    return pa.table(
        [
            pa.array(
                [bool(v) if types[n] == "boolean" and v is not None else v for v in values], _ARROW[types[n]]
            )
            for n, values in zip(names, by_column, strict=True)
        ],
        names=list(names),
    )


@cache
def duck() -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory that neither fetches extensions nor reads files; each query takes a cursor."""
    return duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "enable_external_access": False,
        },
    )


def _rows_by_duckdb(query: exp.Select, table: FactTable, facts: pa.Table) -> list[tuple[Any, ...]]:
    with duck().cursor() as link:
        link.register(table.name, facts)
        return link.execute(query.sql("duckdb", copy=False)).fetchall()


def _rows(
    make: Any, table: FactTable, names: Sequence[str], base: Tree | None, where: Place
) -> list[tuple[Any, ...]]:
    """Run the query that ``make`` builds over its source, on DuckDB or on the database itself."""
    if where == "duckdb":
        query = make(exp.to_table(table.name))
        return _rows_by_duckdb(query, table, read_arrow(table, names, base))
    query = make(subquery(facts_select(table, names, base), "facts"))
    with connection.cursor() as cursor:
        cursor.execute(query.sql(dialect(), copy=False))
        return cursor.fetchall()


def counts(
    table: FactTable, wanted: Sequence[Count], base: Tree | None = None, where: Place = "duckdb"
) -> list[int]:
    """Every wanted number, in order, in one pass over the facts for which ``base`` holds."""
    if not wanted:
        return []
    flags = _Flags()
    chosen = [flags.hold(count.conditions) for count in wanted]
    of = sorted({count.of for count in wanted if count.of})
    names = _referred(table, flags.trees, of)

    def make(source: Tree) -> exp.Select:
        inner = selected([column(n) for n in of or names[:1]] + flags.selected(), source)
        picked = [
            named(_aggregate(count, tree), f"c{i}")
            for i, (count, tree) in enumerate(zip(wanted, chosen, strict=True))
        ]
        return selected(picked, subquery(inner, "flagged"))

    (row,) = _rows(make, table, names, base, where)
    return [int(value) for value in row]


def counts_by(
    table: FactTable,
    by: str,
    wanted: Sequence[Count],
    base: Tree | None = None,
    where: Place = "duckdb",
) -> dict[Any, list[int]]:
    """Every wanted number for each value of the column ``by``, in one pass; values without any left out."""
    flags = _Flags()
    chosen = [flags.hold(count.conditions) for count in wanted]
    of = sorted({by, *(count.of for count in wanted if count.of)})
    names = _referred(table, flags.trees, of)

    def make(source: Tree) -> exp.Select:
        inner = selected([column(n) for n in of] + flags.selected(), source)
        picked = [
            named(_aggregate(count, tree), f"c{i}")
            for i, (count, tree) in enumerate(zip(wanted, chosen, strict=True))
        ]
        query = selected([column(by), *picked], subquery(inner, "flagged"))
        query = query.where(some([exp.paren(c) for c in chosen]), copy=False)
        return query.group_by(column(by), copy=False)

    rows = _rows(make, table, names, base, where)
    return {key: [int(value) for value in numbers] for key, *numbers in rows}


def records(
    table: FactTable, wanted: Sequence[Count], base: Tree | None = None, where: Place = "duckdb"
) -> list[list[Record]]:
    """The facts behind every wanted number, in order of their keys, in one pass."""
    if not wanted:
        return []
    flags = _Flags()
    chosen = [flags.hold(count.conditions) for count in wanted]
    shown = [table.key]
    if any(c.name == "title" for c in table.columns):
        shown.append("title")
    if table.page_key and table.page_key not in shown:
        shown.append(table.page_key)
    names = _referred(table, flags.trees, shown)

    def make(source: Tree) -> exp.Select:
        inner = selected([column(n) for n in shown] + flags.selected(), source)
        picked = [
            named(exp.Case(ifs=[exp.If(this=c, true=literal(1))]), f"c{i}") for i, c in enumerate(chosen)
        ]
        query = selected([column(n) for n in shown] + picked, subquery(inner, "flagged"))
        return query.where(some([exp.paren(c) for c in chosen]), copy=False).order_by(
            column(table.key), copy=False
        )

    found: list[list[Record]] = [[] for _ in wanted]
    for row in _rows(make, table, names, base, where):
        facts = dict(zip(shown, row, strict=False))
        page = table.page.format(key=facts[table.page_key or table.key]) if table.page else ""
        record = Record(facts[table.key], table.name, page, str(facts.get("title", "")))
        for i, flag in enumerate(row[len(shown) :]):
            if flag:
                found[i].append(record)
    return found
