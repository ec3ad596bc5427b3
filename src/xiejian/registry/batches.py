"""One import: what was read, loaded, unchanged, returned; the workbook of returned rows; the audit entry."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.utils import timezone

from xiejian.kernel import divisions
from xiejian.kernel.problems import Catalogue, Problem, Refused
from xiejian.kernel.tabular import REASON, Row, Table, write_xlsx
from xiejian.people import audit
from xiejian.people.policy import Actor
from xiejian.registry import planner_statistics
from xiejian.registry.models import ImportBatch

problems = Catalogue(Path(__file__).with_name("problems.toml"))
T = TypeVar("T")
Progress = Callable[[int], None]
#: rows per round of set-based look-ups and writes
CHUNK = 4000
#: problems and examples that an answer spells out; the workbook has them all
SHOWN = 20


@dataclass(frozen=True)
class Outcome:
    """What an import did. ``changes``: {why: count}; ``examples`` and ``problems``: the first of them."""

    kind: str
    read: int
    loaded: int
    unchanged: int
    rejected: int
    rejects_file: str | None
    changes: dict[str, int]
    examples: list[dict[str, str]]
    problems: list[dict[str, str]]
    skipped_sheets: list[str]
    batch: int

    def as_json(self) -> dict[str, Any]:
        """The answer of the contract, and what was put right."""
        return {
            "kind": self.kind,
            "read": self.read,
            "loaded": self.loaded,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "rejects_file": self.rejects_file,
            "changes": self.changes,
            "examples": self.examples,
            "problems": self.problems,
            "skipped_sheets": self.skipped_sheets,
        }


def chunks(rows: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The rows in lists of ``size``."""
    it = iter(rows)
    while part := list(islice(it, size)):
        yield part


@dataclass
class Batch:
    """The counts and returned rows of one import while it runs; ``finish`` inside the transaction."""

    kind: str
    path: Path
    by: Actor
    at: dt.datetime
    office_code: str = ""
    filename: str = ""
    progress: Progress | None = None
    read: int = 0
    loaded: int = 0
    unchanged: int = 0
    returned: list[tuple[Row, list[Problem]]] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)
    examples: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.office_code and not divisions.is_known(self.office_code):
            raise Refused(problems("R211", self.office_code, code=self.office_code))

    @property
    def today(self) -> dt.date:
        """The day of ``at`` where the office is."""
        return timezone.localtime(self.at).date()

    def refuse(self, row: Row, problems: Iterable[Problem]) -> None:
        """Return one row with its reasons."""
        self.returned.append((row, list(problems)))

    def note(self, row: Row, changes: Iterable[dict[str, str]]) -> None:
        """Count what was put right in a row that is loaded, and keep the first examples of each."""
        for change in changes:
            why = change["why"]
            count = self.changes[why] = self.changes.get(why, 0) + 1
            if count <= 2 and len(self.examples) < SHOWN:
                self.examples.append({"where": row.where, **change})

    def step(self) -> None:
        """Report how many rows are done."""
        if self.progress:
            self.progress(self.read)

    def finish(self, table: Table, subject: str, detail: dict[str, Any] | None = None) -> Outcome:
        """Write the workbook of returned rows, the batch and audit entry; R212 for a file without rows."""
        if not self.read:
            raise Refused(
                problems("R212", "、".join(s.name for s in table.sheets if s.name) or self.path.name)
            )
        order = {sheet.name: i for i, sheet in enumerate(table.sheets)}
        self.returned.sort(key=lambda pair: (order.get(pair[0].sheet, 0), pair[0].number))
        digest = file_digest(self.path)
        name = self.filename or self.path.name
        rejects = self._write_rejects(table.headings, digest) if self.returned else ""
        planner_statistics.refresh(self.loaded)
        batch = ImportBatch.objects.create(
            kind=self.kind,
            filename=name[:255],
            digest=digest,
            read=self.read,
            loaded=self.loaded,
            unchanged=self.unchanged,
            rejected=len(self.returned),
            rejects_file=rejects,
            changes={"counts": self.changes, "examples": self.examples},
            at=self.at,
            by_name=self.by.name,
            office_code=self.office_code or self.by.office_code,
        )
        audit.record(
            by=self.by, at=self.at, action=f"import_{subject}", subject="import", key=str(batch.pk),
            office_code=batch.office_code,
            detail={
                "file": name, "sha256": digest, "read": self.read, "loaded": self.loaded,
                "unchanged": self.unchanged, "rejected": len(self.returned), **(detail or {}),
            },
        )  # fmt: skip
        return Outcome(
            kind=self.kind,
            read=self.read,
            loaded=self.loaded,
            unchanged=self.unchanged,
            rejected=len(self.returned),
            rejects_file=str(Path(settings.MEDIA_ROOT) / rejects) if rejects else None,
            changes=self.changes,
            examples=self.examples,
            problems=[p.as_json() for row, found in self.returned[:SHOWN] for p in _placed(row, found)][
                :SHOWN
            ],
            skipped_sheets=table.skipped,
            batch=batch.pk,
        )

    def _write_rejects(self, headings: Sequence[str], digest: str) -> str:
        stamp = timezone.localtime(self.at).strftime("%Y%m%d-%H%M%S")
        name = f"rejects/{self.kind}-{stamp}-{digest[:8]}.xlsx"
        path = Path(settings.MEDIA_ROOT) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = ([*(row.values.get(h) for h in headings), reason(row, found)] for row, found in self.returned)
        write_xlsx(path, "退回", [*headings, REASON], rows)
        return name


def _placed(row: Row, found: Iterable[Problem]) -> list[Problem]:
    """The problems with sheet, row and column as their place."""
    placed = []
    for p in found:
        where = p.where if p.where.startswith(row.where) else "，".join(filter(None, (row.where, p.where)))
        placed.append(Problem(p.code, p.message, where, p.next, p.clause))
    return placed


def reason(row: Row, found: Iterable[Problem]) -> str:
    """Why a row came back, in one cell: place, what, what to do."""
    return "\n".join(f"[{p.code}] {p}" for p in _placed(row, found))


def file_digest(path: Path) -> str:
    """SHA-256 of the file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def json_ready(value: Any) -> Any:
    """A fact as the audit trail keeps it."""
    return value.isoformat() if isinstance(value, dt.date) else value
