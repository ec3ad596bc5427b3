"""Handing tables up: the frozen submission, differences to it, and what is due when.

Figures know neither people nor the audit chain, so the door passes both in: ``permit`` refuses
whoever may not (``people.policy.require``), ``record`` writes the audit entry (``people.audit.record``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from django.db import transaction

from xiejian.figures import definitions, forms, tables
from xiejian.figures.checks import Result, Snapshot
from xiejian.figures.forms import Due
from xiejian.figures.models import FiledTable
from xiejian.figures.tables import number_json
from xiejian.kernel import workdays
from xiejian.kernel.divisions import stem, tier
from xiejian.kernel.problems import Refused

FILED, RETURNED = "已报", "退回"
NOT_FILED, OVERDUE = "未报", "逾期"


class Signer(Protocol):
    """Whoever hands a table up."""

    @property
    def name(self) -> str: ...


Permit = Callable[[Any, str, str], object]
Record = Callable[..., object]


def last_filed(table_id: str, office_code: str, until: dt.date) -> FiledTable | None:
    """This office's submission with the latest cut-off up to ``until``; returned ones do not count."""
    return (
        FiledTable.objects.filter(table=table_id, office_code=office_code, until_on__lte=until, state=FILED)
        .order_by("-until_on", "-filed_at", "-id")
        .first()
    )


def last_snapshot(table_id: str, office_code: str, until: dt.date) -> Snapshot | None:
    """The cells of the last submission of a cumulative table, for the comparison before the next one."""
    form = forms.form(table_id)
    filed = last_filed(table_id, office_code, until) if form.period == "campaign" else None
    return Snapshot(filed.cells, f"{filed.until_on}上报") if filed else None


def open_problems(checks: list[Result], explanation: str) -> list[Result]:
    """The errors that still stand in the way: an explanation outweighs those that can be explained."""
    errors = [check for check in checks if check.level == "error"]
    return [check for check in errors if not (check.explainable and explanation.strip())]


@transaction.atomic
def file_table(
    *,
    table_id: str,
    until: dt.date,
    office_code: str,
    by: Signer,
    at: dt.datetime,
    permit: Permit,
    record: Record,
    from_on: dt.date | None = None,
    explanation: str = "",
    settings: Mapping[str, str] | None = None,
) -> FiledTable:
    """Freeze the table as handed up: cells, settings, and the records behind every cell.

    Refused: F201 errors that need an explanation, F202 contradictions that none can outweigh,
    and whatever ``permit`` refuses.
    """
    permit(by, "figures.file", office_code)
    computed = tables.compute(
        table_id,
        until=until,
        from_on=from_on,
        office_code=office_code,
        settings=settings,
        filed=last_snapshot(table_id, office_code, until),
    )
    standing = open_problems(computed.checks, explanation)
    if standing:
        code = "F201" if all(check.explainable for check in standing) else "F202"
        raise Refused(
            definitions.problems(code, computed.title, count=len(standing), first=standing[0].message)
        )
    behind = tables.all_records(
        table_id, until=until, from_on=from_on, office_code=office_code, settings=settings
    )
    filed = FiledTable.objects.create(
        table=table_id,
        office_code=office_code,
        from_on=computed.from_on,
        until_on=until,
        cells=[[number_json(cell) for cell in row.cells] for row in computed.rows],
        records={f"{r},{c}": [[x.fact_table, x.key] for x in found] for (r, c), found in behind.items()},
        settings=dict(computed.settings),
        explanation=explanation,
        state=FILED,
        filed_at=at,
        by_name=by.name,
    )
    record(
        by=by, at=at, action="file_table", subject="filed_table", key=str(filed.pk), office_code=office_code,
        detail={"table": table_id, "until": until.isoformat(), "explanation": explanation},
    )  # fmt: skip
    return filed


@transaction.atomic
def return_table(
    *, filed: FiledTable, reason: str, by: Signer, at: dt.datetime, permit: Permit, record: Record
) -> FiledTable:
    """Send a submission back with a reason. Refused: F203 without one, F204 when it is not handed up."""
    permit(by, "figures.file", filed.office_code)
    if not reason.strip():
        raise Refused(definitions.problems("F203"))
    if filed.state != FILED:
        raise Refused(definitions.problems("F204", state=filed.state))
    filed.state = RETURNED
    filed.save(update_fields=["state"])
    record(
        by=by, at=at, action="return_table", subject="filed_table", key=str(filed.pk),
        office_code=filed.office_code, detail={"state": [FILED, RETURNED], "reason": reason},
    )  # fmt: skip
    return filed


@dataclass(frozen=True)
class Difference:
    """One cell that would be another number today; ``change`` = now − filed."""

    row: str
    column: str
    label: str
    filed: int | float | None
    now: int | float | None
    change: Decimal


def differences(filed: FiledTable) -> list[Difference]:
    """What later corrections changed in a submission: the signed differences, cell by cell.

    Refused F205 where the form has other rows or columns than when it was handed up.
    """
    now = tables.compute(
        filed.table,
        until=filed.until_on,
        from_on=filed.from_on,
        office_code=filed.office_code,
        settings=filed.settings,
    )
    if [len(row) for row in filed.cells] != [len(row.cells) for row in now.rows]:
        raise Refused(definitions.problems("F205", now.title))
    found = []
    for row, before in zip(now.rows, filed.cells, strict=True):
        for heading, old, new in zip(now.headings, before, row.cells, strict=True):
            change = Decimal(new or 0) - Decimal(str(old or 0))
            if change:
                label = " ".join((*row.label, heading.label))
                found.append(Difference(row.id, heading.id, label, old, number_json(new), change))
    return found


@dataclass(frozen=True)
class Obligation:
    """One table that an office has to hand up: for which period, by when, and where it stands."""

    table: str
    title: str
    office_code: str
    from_on: dt.date
    until: dt.date
    due_on: dt.date
    state: str  # 未报 已报 退回 逾期
    to: str
    citation: str
    filed: FiledTable | None = None


def _deadlines(due: Due, year: int) -> list[tuple[dt.date, dt.date]]:
    """(cut-off, due date) of every submission whose due date lies in ``year``."""
    if due.cadence == "monthly":
        return [
            (
                dt.date(year, month, 1) - dt.timedelta(days=1),
                workdays.standing().nth_of_month(year, month, due.working_day),
            )
            for month in range(1, 13)
        ]
    days = [dt.date.fromisoformat(f"{year}-{text}") for text in due.dates]
    return [(day, day) for day in days]


def _state(filed: FiledTable | None, due_on: dt.date, on: dt.date) -> str:
    if filed is not None and filed.state == FILED:
        return FILED
    if due_on < on:
        return OVERDUE
    return RETURNED if filed is not None else NOT_FILED


def obligations(office_code: str, on: dt.date) -> list[Obligation]:
    """What this office has to hand up in the year of ``on``, by due date, with 未报, 已报, 退回 or 逾期."""
    return obligations_of([office_code], on)


def obligations_of(office_codes: Iterable[str], on: dt.date) -> list[Obligation]:
    """The same for several offices at once: one query, by due date."""
    codes = [code for code in office_codes if stem(code)]
    wanted = []
    for code in codes:
        for form in forms.forms().values():
            for due in form.due:
                if code.startswith(due.offices) and due.tier in ("", tier(code)):
                    wanted += [(code, form, due, until, day) for until, day in _deadlines(due, on.year)]
    filed: dict[tuple[str, str, dt.date], FiledTable] = {}
    for row in FiledTable.objects.filter(office_code__in=codes).order_by("filed_at", "id"):
        filed[row.office_code, row.table, row.until_on] = row
    found = []
    for code, form, due, until, day in wanted:
        submission = filed.get((code, form.id, until))
        found.append(
            Obligation(
                form.id, form.title, code, form.from_on(until), until, day,
                _state(submission, day, on), due.to, due.citation, submission,
            )
        )  # fmt: skip
    return sorted(found, key=lambda o: (o.due_on, o.table, o.office_code))
