"""Drawn facts: a fact table whose rows are written down in the example itself."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from xiejian.kernel.facts import Column, FactTable


def _written(column: Column, value: Any) -> str:
    if value is None:
        kind = {"integer": "INTEGER", "boolean": "BOOLEAN"}.get(column.type, "TEXT")
        return f"CAST(NULL AS {kind})"
    if column.type in {"integer", "boolean"}:
        return str(value).upper()
    text = value.isoformat() if isinstance(value, dt.date) else str(value)
    return f"CAST('{text}' AS TEXT)"


def _default(column: Column) -> Any:
    return {"text": "", "boolean": False}.get(column.type)


def drawn(table: FactTable, facts: Sequence[Mapping[str, Any]]) -> FactTable:
    """The fact table with these rows as its source; columns left out are empty."""
    names = {c.name for c in table.columns}
    selects = []
    for number, fact in enumerate(facts, 1):
        if unknown := set(fact) - names:
            raise ValueError(f"{table.name} has no columns {sorted(unknown)}")
        given = {"id": number, **fact}
        selects.append(
            "SELECT "
            + ", ".join(f'{_written(c, given.get(c.name, _default(c)))} AS "{c.name}"' for c in table.columns)
        )
    return dataclasses.replace(table, source=" UNION ALL ".join(selects))
