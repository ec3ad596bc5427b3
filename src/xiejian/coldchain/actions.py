"""Every write of the cold chain: loggers, what lies beside them, readings, what is made of an excursion.

Each action checks the permission, the workflow table and the rules of checks.py, and leaves its audit entry
in the same transaction. A firm acts for itself; an officer brings in what a firm handed over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from xiejian.coldchain import checks as check
from xiejian.coldchain import rules
from xiejian.coldchain.checks import LoggerEntry, PlacementEntry, problems, refuse
from xiejian.coldchain.ingest import Given, Received, take_in
from xiejian.coldchain.lots import Window
from xiejian.coldchain.models import Excursion, Logger, Placement
from xiejian.coldchain.reading_files import Measured, read_file
from xiejian.coldchain.rechecking import SUBJECT, recheck
from xiejian.kernel import workflow
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.policy import Actor, require, require_for
from xiejian.registry.batches import Batch, Outcome, Progress
from xiejian.supply.holding import office_codes, release_holds

WORKFLOW = workflow.load(Path(__file__).with_name("workflow.toml"))
RECORDING, ASSESSING, IMPORTING = "firm.coldchain", "firm.coldchain_assess", "supply.import"
#: So many readings one request may carry.
MOST = 5000


def _may_record(by: Actor, firm_uscc: str, office_code: str) -> None:
    if by.firm:
        require_for(by, RECORDING, firm_uscc, where=firm_uscc)
    else:
        require(by, IMPORTING, office_code, where=firm_uscc)


def _note(action: str, logger: Logger, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="logger", key=logger.code, office_code=logger.office_code,
        detail={"firm": logger.firm_uscc, **detail},
    )  # fmt: skip


def _locked(logger: Logger) -> Logger:
    return Logger.objects.select_for_update().get(pk=logger.pk)


def _recheck(logger: Logger, window: Window, by: Actor, at: dt.datetime) -> list[Excursion]:
    return recheck(stretches={logger: window}, start_state=WORKFLOW.start, by=by, at=at)


# --- loggers ---------------------------------------------------------------------------------------------


@transaction.atomic
def register_logger(
    *, firm_uscc: str, firm_name: str, entry: LoggerEntry, by: Actor, at: dt.datetime
) -> Logger:
    """Enter a logger of a firm. Refused: CC101 to CC108, CC110."""
    office = office_codes([firm_uscc]).get(firm_uscc, "")
    _may_record(by, firm_uscc, office)
    taken = Logger.objects.filter(firm_uscc=firm_uscc, code=entry.code).exists()
    refuse(
        check.check_logger(entry, rules.place_kinds(), timezone.localdate(at)),
        check.check_new_code(entry.code, taken),
    )
    made = Logger.objects.create(
        firm_uscc=firm_uscc, firm_name=firm_name, office_code=office, by_name=by.name, **asdict(entry)
    )
    _note("register_logger", made, by, at, place=made.place, kind=made.kind)
    return made


@transaction.atomic
def amend_logger(
    *, logger: Logger, changes: Mapping[str, Any], reason: str, by: Actor, at: dt.datetime
) -> Logger:
    """Correct what is known of a logger (fields of LoggerEntry); its readings are looked at again.

    Refused: as ``register_logger``, without a reason (CC101), without a change (CC112).
    """
    logger = _locked(logger)
    _may_record(by, logger.firm_uscc, logger.office_code)
    fields = LoggerEntry.__dataclass_fields__
    before = {name: getattr(logger, name) for name in fields}
    after = before | {name: value for name, value in changes.items() if name in fields}
    changed = {name: [before[name], after[name]] for name in fields if before[name] != after[name]}
    others = Logger.objects.filter(firm_uscc=logger.firm_uscc, code=after["code"]).exclude(pk=logger.pk)
    refuse(
        check.check_given(reason, "更正理由"),
        [] if changed else [problems("CC112", logger.code, number=logger.code)],
        check.check_logger(LoggerEntry(**after), rules.place_kinds(), timezone.localdate(at)),
        check.check_new_code(str(after["code"]), others.exists()),
    )
    for name, (_, value) in changed.items():
        setattr(logger, name, value)
    logger.save(update_fields=list(changed))
    _note("amend_logger", logger, by, at, reason=reason, **changed)
    if logger.last_at and set(changed) & {
        "low_centi",
        "high_centi",
        "interval_seconds",
        "kind",
        "place",
        "live",
    }:
        first = logger.readings.filter(mark="").order_by("at").values_list("at", flat=True).first()
        _recheck(logger, (first or logger.last_at, logger.last_at), by, at)
    return logger


@transaction.atomic
def retire_logger(*, logger: Logger, on: dt.date, reason: str, by: Actor, at: dt.datetime) -> Logger:
    """Take a logger out of use from the end of a day, with a reason; it is waited for no longer."""
    logger = _locked(logger)
    _may_record(by, logger.firm_uscc, logger.office_code)
    refuse(
        check.check_given(reason, "停用理由"),
        check.check_in_use(logger.code, logger.retired_on),
        check.check_past("停用日期", on, timezone.localdate(at)),
        check.check_order("启用日期", logger.used_from, "停用日期", on),
    )
    logger.retired_on = on
    logger.save(update_fields=["retired_on"])
    _note("retire_logger", logger, by, at, on=on, reason=reason)
    if logger.last_at:  # a silence that went on ends with its service
        _recheck(logger, (logger.last_at, logger.last_at), by, at)
    return logger


@transaction.atomic
def place_lot(*, logger: Logger, entry: PlacementEntry, by: Actor, at: dt.datetime) -> Placement:
    """Say that a lot, or what a delivery holds, lies beside a logger. Refused: CC108 to CC111."""
    logger = _locked(logger)
    _may_record(by, logger.firm_uscc, logger.office_code)
    refuse(
        check.check_placement(entry, at),
        check.check_past("取出时间", entry.until_at, at),
        check.check_in_use(logger.code, logger.retired_on),
    )
    made = Placement.objects.create(logger=logger, by_name=by.name, **asdict(entry))
    _note("place_lot", logger, by, at, what=str(made), since=entry.from_at, until=entry.until_at)
    _recheck(logger, (entry.from_at, entry.until_at or at), by, at)
    return made


@transaction.atomic
def take_out_lot(*, placement: Placement, until_at: dt.datetime, by: Actor, at: dt.datetime) -> Placement:
    """Say when it was taken away again. Refused: CC108, CC110, taken away before (CC113)."""
    logger = _locked(placement.logger)
    _may_record(by, logger.firm_uscc, logger.office_code)
    row = Placement.objects.select_for_update().get(pk=placement.pk)
    refuse(
        [] if row.until_at is None else [problems("CC113", str(row), until=timezone.localtime(row.until_at))],
        check.check_past("取出时间", until_at, at),
        check.check_order("放入时间", row.from_at, "取出时间", until_at),
    )
    row.until_at = until_at
    row.save(update_fields=["until_at"])
    _note("take_out_lot", logger, by, at, what=str(row), until=until_at)
    return row


# --- readings --------------------------------------------------------------------------------------------


def _named(firms: set[str]) -> dict[tuple[str, str], Logger]:
    return {(row.firm_uscc, row.code): row for row in Logger.objects.filter(firm_uscc__in=firms)}


@transaction.atomic
def record_readings(
    *, entries: Sequence[tuple[str, Measured]], by: Actor, at: dt.datetime, most: int = MOST
) -> Received:
    """Take in readings as a gateway sends them: (credit code of the firm, reading) each.

    What cannot be stored is in ``refused`` with its reason (no such logger CC102, and as ``ingest.take_in``).
    Refused as a whole: none (CC206) or too many (CC207).
    """
    if not entries:
        raise Refused(problems("CC206"))
    if len(entries) > most:
        raise Refused(problems("CC207", count=len(entries), most=most))
    firms = {firm for firm, _ in entries}
    loggers = _named(firms)
    offices = {row.firm_uscc: row.office_code for row in loggers.values()}
    for firm in sorted(firms):
        _may_record(by, firm, offices.get(firm, ""))
    given: list[Given] = []
    unknown = []
    for firm, one in entries:
        if logger := loggers.get((firm, one.code)):
            given.append((logger, one))
        else:
            unknown.append((one, problems("CC102", one.code, code=one.code)))
    received = take_in(given=given, start_state=WORKFLOW.start, by=by, at=at)
    received.read, received.refused = len(entries), [*unknown, *received.refused]
    counts = {"stored": received.stored, "unchanged": received.unchanged, "refused": len(received.refused)}
    audit.record_many(
        by=by, at=at, action="record_readings", subject="logger",
        entries=[(firm, offices[firm], counts) for firm in sorted(offices.keys() & firms)],
    )  # fmt: skip
    return received


@dataclass(frozen=True)
class Imported:
    """What an import did, how many readings it marked, what it found."""

    outcome: Outcome
    marked: int
    excursions: list[Excursion]

    def as_json(self) -> dict[str, Any]:
        found = [one.pk for one in self.excursions]
        return {**self.outcome.as_json(), "marked": self.marked, "excursions": found}


@transaction.atomic
def import_readings(
    *,
    path: Path,
    firm_uscc: str,
    by: Actor,
    at: dt.datetime,
    code: str = "",
    days_first: bool | None = None,
    fahrenheit: bool = False,
    filename: str = "",
    progress: Progress | None = None,
) -> Imported:
    """Load the export of one logger (``code``), or of several when the file says whose each row is.

    Refused like ``tabular.read``; without a logger (CC205, CC102). Rows that cannot be read or stored are
    returned in a workbook; the same file again changes nothing.
    """
    office = office_codes([firm_uscc]).get(firm_uscc, "")
    _may_record(by, firm_uscc, office)
    loggers = {row.code: row for row in Logger.objects.filter(firm_uscc=firm_uscc)}
    if code and code not in loggers:
        raise Refused(problems("CC102", code, code=code))
    found = read_file(
        path, timezone.get_current_timezone(), days_first=days_first, fahrenheit=fahrenheit
    )  # fmt: skip
    batch = Batch("cold_readings", path, by, at, office, filename, progress)
    batch.read, batch.returned = found.rows, list(found.returned)
    given: list[Given] = []
    for one in found.measured:
        named = code or one.code
        if logger := loggers.get(named):
            given.append((logger, one))
        else:
            problem = problems("CC102", named, code=named) if named else problems("CC205")
            batch.refuse(found.row_of(one), [problem])
    received = take_in(given=given, start_state=WORKFLOW.start, by=by, at=at)
    for one, problem in received.refused:
        batch.refuse(found.row_of(one), [problem])
    batch.loaded, batch.unchanged = received.stored, received.unchanged
    batch.step()
    outcome = batch.finish(found.table, "cold_readings", {"firm": firm_uscc, "marked": received.marked})
    return Imported(outcome, received.marked, received.excursions)


@transaction.atomic
def note_silence(*, by: Actor, at: dt.datetime, firm_uscc: str = "") -> list[Excursion]:
    """Look for loggers that send by themselves and have gone silent; returns the gaps that are new.

    The office's own machine does it for all, a firm for itself.
    """
    if by.firm:
        require_for(by, RECORDING, firm_uscc, where=firm_uscc)
    else:
        require(by, IMPORTING, None)
    rows = Logger.objects.select_for_update().filter(live=True, retired_on=None, last_at__isnull=False)
    if firm_uscc:
        rows = rows.filter(firm_uscc=firm_uscc)
    silent = [row for row in rows.order_by("pk") if at - row.last_at > rules.gap_after(row.interval_seconds)]
    if not silent:
        return []
    stretches = {row: (row.last_at, at) for row in silent}
    return recheck(stretches=stretches, start_state=WORKFLOW.start, by=by, at=at)


# --- excursions ------------------------------------------------------------------------------------------


def _step(excursion: Excursion, action: str, permission: str, by: Actor) -> tuple[Excursion, list[str]]:
    """The locked excursion moved along its workflow table, and [state before, after] for the audit entry."""
    row = Excursion.objects.select_for_update(of=("self",)).select_related("logger").get(pk=excursion.pk)
    require_for(by, permission, row.logger.firm_uscc, where=row.number)
    before = row.state
    row.state = WORKFLOW.step(before, action, where=row.number)
    return row, [before, row.state]


def _noted(action: str, row: Excursion, by: Actor, at: dt.datetime, **detail: Any) -> Excursion:
    row.save()
    audit.record(
        by=by, at=at, action=action, subject=SUBJECT, key=row.number, office_code=row.office_code,
        detail={"logger": row.logger.code, **detail},
    )  # fmt: skip
    return row


@transaction.atomic
def explain_excursion(*, excursion: Excursion, explanation: str, by: Actor, at: dt.datetime) -> Excursion:
    """Say why it happened and what was done at once; who keeps the store does it (CC101 without words)."""
    row, state = _step(excursion, "explain_excursion", RECORDING, by)
    refuse(check.check_given(explanation, "原因说明"))
    row.explanation, row.explained_by = explanation, by.name
    return _noted("explain_excursion", row, by, at, state=state)


@transaction.atomic
def assess_excursion(
    *, excursion: Excursion, outcome: str, reason: str, evidence: str, by: Actor, at: dt.datetime
) -> Excursion:
    """Judge whether what lay there may still be sold (``outcome``: usable, unusable), on what evidence.

    Refused: it still goes on (CC304), no such outcome (CC301), no reason or evidence (CC101).
    """
    row, state = _step(excursion, "assess_excursion", ASSESSING, by)
    refuse(check.check_assessment(row.number, outcome, reason, evidence, row.end is None))
    row.outcome, row.assessment, row.evidence = outcome, reason, evidence
    row.assessed_by, row.assessed_by_name, row.assessed_at = by.username, by.name, at
    return _noted("assess_excursion", row, by, at, state=state, outcome=outcome, evidence=evidence)


def _decide(
    action: str, needed: str, excursion: Excursion, reason: str, by: Actor, at: dt.datetime
) -> Excursion:
    row, state = _step(excursion, action, ASSESSING, by)
    refuse(
        check.check_given(reason, "处理意见"),
        check.check_decision(
            row.number, row.outcome, needed, row.assessed_by, row.assessed_by_name, by.username,
            row.end is None,
        ),
    )  # fmt: skip
    row.decision, row.decided_by_name, row.decided_at = reason, by.name, at
    return _noted(action, row, by, at, state=state, reason=reason)


@transaction.atomic
def release_excursion(*, excursion: Excursion, reason: str, by: Actor, at: dt.datetime) -> Excursion:
    """Let what it held be sold again, as assessed; a second person does it.

    Refused: the same person (CC302), assessed otherwise (CC303), no reason (CC101).
    """
    row = _decide("release_excursion", "usable", excursion, reason, by, at)
    release_holds(source_kind=SUBJECT, source_record=str(row.pk), reason=reason, by=by, at=at)
    return row


@transaction.atomic
def reject_excursion(*, excursion: Excursion, reason: str, by: Actor, at: dt.datetime) -> Excursion:
    """Decide that what lay there is not sold: it stays on hold; a second person does it."""
    return _decide("reject_excursion", "unusable", excursion, reason, by, at)


@transaction.atomic
def return_assessment(*, excursion: Excursion, reason: str, by: Actor, at: dt.datetime) -> Excursion:
    """Have it assessed anew, with the reason; a second person."""
    row = _decide("return_assessment", "", excursion, reason, by, at)
    row.decided_at = None
    row.save(update_fields=["decided_at"])
    return row
