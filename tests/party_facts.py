"""Facts of parties as the set-based grading reads them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from xiejian.kernel import conditions

TYPES = {"boolean": pa.bool_(), "integer": pa.int64(), "date": pa.date32()}


def as_table(parties: list[dict[str, Any]]) -> pa.Table:
    columns = {"key": pa.array(range(len(parties)), pa.int64())}
    for name, (kind, _) in conditions.FACTS.items():
        if name != "level":
            values = [p.get(name) for p in parties]
            if kind == "tags":
                values = ["|" + "".join(f"{tag}|" for tag in v or ()) for v in values]
            columns[name] = pa.array(values, TYPES.get(kind, pa.string()))
    return pa.table(columns)
