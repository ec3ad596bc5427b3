"""Many new rows at once: COPY on PostgreSQL, one prepared statement on SQLite.

An ORM spends most of a large load on preparing values one by one; here each column has its
converter chosen once. Keys are drawn beforehand, so that rows of several tables can refer to each
other. Call it inside a transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection, models


def insert(rows: Sequence[models.Model]) -> None:
    """Insert new objects of one model and give them their keys. Constraints hold as ever: IntegrityError."""
    if not rows:
        return
    model = type(rows[0])
    for row, key in zip(rows, _keys(model, len(rows)), strict=True):
        row.pk = key
        row._state.adding = False
        row._state.db = connection.alias
    fields = model._meta.concrete_fields
    columns = [(field.attname, _converter(field)) for field in fields]
    values = (
        [value if convert is None or value is None else convert(value) for name, convert in columns
         for value in (getattr(row, name),)]
        for row in rows
    )  # fmt: skip
    _write(model, [field.column for field in fields], values)


def insert_values(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]], same: Mapping[str, Any]
) -> None:
    """Insert rows given as values of these fields in order; ``same``: fields with one value for all of them.

    Cheaper than objects where nothing but the rows is wanted: they get their keys, and nobody learns them.
    """
    given = {field.attname: field for field in model._meta.concrete_fields}
    converters = [(n, convert) for n, name in enumerate(names) if (convert := _converter(given[name]))]
    constants = [
        convert(value) if value is not None and (convert := _converter(given[name])) else value
        for name, value in same.items()
    ]

    def lines() -> Iterator[list[Any]]:
        for row in rows:
            line = [*row, *constants]
            for n, convert in converters:
                if line[n] is not None:
                    line[n] = convert(line[n])
            yield line

    _write(model, [given[name].column for name in (*names, *same)], lines())


def _write(model: type[models.Model], names: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    quote = connection.ops.quote_name
    table, columns = quote(model._meta.db_table), ", ".join(map(quote, names))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)
        else:
            marks = ", ".join(["%s"] * len(names))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(lines))


def _keys(model: type[models.Model], count: int) -> Sequence[int]:
    """New keys of the table's own sequence; on SQLite the transaction holds the only writer."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return [key for (key,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = cursor.fetchone()
    first = (last[0] if last else 0) + 1
    return range(first, first + count)


def _converter(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """How a Python value becomes what the driver takes; None: as it is."""
    kind = field.get_internal_type()
    if kind == "JSONField":
        return lambda value: json.dumps(value, ensure_ascii=False)
    if kind == "DateTimeField":
        return connection.ops.adapt_datetimefield_value
    if kind == "DateField" and connection.vendor == "sqlite":
        return lambda value: value.isoformat()
    return None
