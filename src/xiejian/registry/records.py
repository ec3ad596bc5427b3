"""Files of records about parties (visits, cases): each row keyed by its number, loaded set by set.

The rooms above say how a row reads; here is what all of them do alike: find the party,
tell new from changed from unchanged, refuse a number that one file uses for two things.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.db.models import Model

from xiejian.kernel.cells import Cells, clean
from xiejian.kernel.divisions import stem
from xiejian.kernel.tabular import Column, Row, Table
from xiejian.people import audit
from xiejian.people.policy import may
from xiejian.registry.batches import Batch, chunks, json_ready
from xiejian.registry.columns import problems
from xiejian.registry.references import PartyRef, References

M = TypeVar("M", bound=Model)


@dataclass
class Reading:
    """One row as its room reads it.

    ``stated`` are the model fields that the row really gives, ``defaults`` what a new record gets
    for the others; ``office_code`` is the record's office.
    """

    key: str
    office_code: str
    stated: dict[str, Any]
    defaults: dict[str, Any] = field(default_factory=dict)


ReadRow = Callable[[Cells, PartyRef | None, dt.date], Reading]


@dataclass
class Written(Generic[M]):
    """What a chunk wrote: new records, and changed ones with {field: [before, after]}."""

    created: list[M] = field(default_factory=list)
    changed: list[tuple[M, dict[str, list[Any]]]] = field(default_factory=list)

    @property
    def all(self) -> list[M]:
        """Every record written, new or changed."""
        return [*self.created, *(record for record, _ in self.changed)]


class RecordLoad(Generic[M]):
    """Load every row of a table into ``model``, keyed by ``key_field``."""

    def __init__(
        self,
        batch: Batch,
        model: type[M],
        key_field: str,
        key_heading: str,
        read: ReadRow,
        office_heading: str,
        after: Callable[[Written[M]], None] = lambda written: None,
        permission: str = "registry.import",
    ) -> None:
        self.batch, self.model, self.key_field = batch, model, key_field
        self.key_heading, self.read, self.office_heading, self.after = (
            key_heading,
            read,
            office_heading,
            after,
        )
        self.permission = permission
        self.amended = 0
        self._seen: dict[str, tuple[str, dict[str, Any]]] = {}
        self._allowed: dict[str, bool] = {}

    def run(self, table: Table) -> None:
        for rows in chunks(table.rows()):
            self.take(rows)
            self.batch.step()

    def take(self, rows: list[Row]) -> None:
        """Load one chunk of rows with a fixed number of queries."""
        batch = self.batch
        batch.read += len(rows)
        all_cells = [Cells(row.values) for row in rows]
        references = References(all_cells, batch.by)
        ready: list[tuple[Row, Cells, Reading]] = []
        for row, cells in zip(rows, all_cells, strict=True):
            cells.problems.clear()
            cells.changes.clear()
            ref = references.find(cells, clean(row.values.get(self.office_heading)))
            reading = self.read(cells, ref, batch.today)
            self._check(cells, reading)
            if row.faults or cells.problems:
                batch.refuse(row, [*row.faults, *cells.problems])
            else:
                ready.append((row, cells, reading))
        self._write(ready)

    def _check(self, cells: Cells, reading: Reading) -> None:
        code = reading.office_code
        if code and code not in self._allowed:
            inside = code.startswith(stem(self.batch.office_code))
            self._allowed[code] = inside and bool(may(self.batch.by, self.permission, code))
        if code and not self._allowed[code]:
            cells.problems.append(problems("R205", self.office_heading, code=code))

    def _write(self, ready: list[tuple[Row, Cells, Reading]]) -> None:
        keys = {reading.key for _, _, reading in ready}
        lookup = {f"{self.key_field}__in": keys}
        stored = {getattr(x, self.key_field): x for x in self.model._default_manager.filter(**lookup)}
        new: dict[str, M] = {}
        changes: dict[str, dict[str, list[Any]]] = {}
        for row, cells, reading in ready:
            if not self._first_of_its_number(row, reading):
                continue
            self.batch.note(row, cells.changes)
            record = stored.get(reading.key)
            if record is None:
                if reading.key in new:
                    self.batch.unchanged += 1
                    continue
                values = {**reading.defaults, **reading.stated, "office_code": reading.office_code}
                new[reading.key] = self.model(**{self.key_field: reading.key}, **values)
                self.batch.loaded += 1
            elif found := _amend(record, reading.stated):
                changes.setdefault(reading.key, {}).update(found)
                self.batch.loaded += 1
            else:
                self.batch.unchanged += 1
        self._save(new, [(stored[key], found) for key, found in changes.items()])

    def _first_of_its_number(self, row: Row, reading: Reading) -> bool:
        """False (and the row returned) when an earlier row of the file used the number for something else."""
        before = self._seen.setdefault(reading.key, (row.where, reading.stated))
        if before[1] == reading.stated:
            return True
        self.batch.refuse(row, [problems("R210", self.key_heading, number=reading.key, first=before[0])])
        return False

    def _save(self, new: dict[str, M], changed: list[tuple[M, dict[str, list[Any]]]]) -> None:
        model = self.model
        created = model._default_manager.bulk_create(list(new.values()), batch_size=1000)
        if changed:
            fields = sorted({name for _, found in changed for name in found})
            model._default_manager.bulk_update([record for record, _ in changed], fields, batch_size=500)
        subject = model._meta.model_name or ""
        entries = [
            (str(record.pk), record.office_code, {"reason": "导入", **found})  # type: ignore[attr-defined]
            for record, found in changed
        ]
        audit.record_many(
            by=self.batch.by, at=self.batch.at, action=f"amend_{subject}", subject=subject, entries=entries
        )
        self.amended += len(entries)
        self.after(Written(created, changed))


def _amend(record: Model, stated: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Bring the record to what the row states; {field: [before, after]} of what that changed."""
    found = {}
    for name, value in stated.items():
        old = getattr(record, name)
        if name == "extra":
            value = {**old, **value}
        if old != value:
            found[name] = [json_ready(old), json_ready(value)]
            setattr(record, name, value)
    return found


def extra_of(cells: Cells, columns: tuple[Column, ...]) -> dict[str, str]:
    """The row's cells under headings that the form does not know, as text."""
    known = {column.heading for column in columns}
    return {k: text for k, v in cells.row.items() if k not in known and (text := clean(v))}


def given(**values: Any) -> dict[str, Any]:
    """The values that a row really gives: neither None nor empty."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", [], {})}
