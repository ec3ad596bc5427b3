"""What every move of a proceeding has in common: lock, permission, table, dates, clocks, trace, persons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from xiejian.cases import checks as check
from xiejian.cases import procedure
from xiejian.cases import proceeding_checks as rules
from xiejian.cases.checks import problems, refuse
from xiejian.cases.models import Proceeding
from xiejian.clocks import actions as clocks
from xiejian.clocks.models import Clock
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, require

SUBJECT = "proceeding"
#: The days of the way in their order: no move lies before the last of those that are known.
WAY = (
    "source_on", "filed_on", "reported_on", "reviewed_on", "notice_served_on", "heard_on", "discussed_on",
    "decided_on", "decision_served_on", "demanded_on", "applied_on", "fulfilled_on",
)  # fmt: skip
Change = list[str]


def begin(
    proceeding: Proceeding, action: str, on: dt.date, by: Actor, at: dt.datetime
) -> tuple[Proceeding, Change]:
    """The proceeding as it is now, locked and moved on in memory; states before and after.

    Refused: no such step in this procedure (C401) or in this state (K101), without its permission (P101),
    a day to come (C102) or before the last step (C103).
    """
    Proceeding.objects.select_for_update().only("pk").get(pk=proceeding.pk)
    proceeding.refresh_from_db()
    flow = procedure.WORKFLOWS[proceeding.procedure]
    step = next((t for t in flow.transitions if t.action == action), None)
    if step is None:
        _not_of_this_procedure(proceeding, action)
    else:
        require(by, step.permission, proceeding.office_code, where=proceeding.number)
    before = proceeding.state
    proceeding.state = flow.step(before, action, where=proceeding.number)
    dated(proceeding, on, at)
    return proceeding, [before, proceeding.state]


def _not_of_this_procedure(proceeding: Proceeding, action: str) -> None:
    every = [t for flow in procedure.WORKFLOWS.values() for t in flow.transitions]
    label = next((t.label for t in every if t.action == action), None)
    if label is None:
        return  # no such step at all: the table refuses it
    now = procedure.WORKFLOWS[proceeding.procedure].allowed(proceeding.state)
    raise Refused(
        problems(
            "C401", proceeding.number, action=label, procedure=proceeding.procedure,
            allowed="、".join(dict.fromkeys(t.label for t in now)) or "无",
        )
    )  # fmt: skip


def dated(proceeding: Proceeding, on: dt.date, at: dt.datetime) -> None:
    """The day of a move has come and does not lie before that of the last one."""
    known = [(day, name) for name in WAY if (day := getattr(proceeding, name))]
    last, name = max(known, key=lambda pair: (pair[0], WAY.index(pair[1])))
    label = str(Proceeding._meta.get_field(name).verbose_name)
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), "办理日期"),
        check.check_order_of_dates(label, last, "办理日期", on),
    )


def note(action: str, proceeding: Proceeding, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject=SUBJECT, key=proceeding.number,
        office_code=proceeding.office_code, detail=detail,
    )  # fmt: skip


# --- persons -----------------------------------------------------------------------------------------------


def acting_officer(by: Actor, what: str) -> Officer:
    """The officer behind an actor: reviews and decisions are made by a person (C405)."""
    found = Officer.objects.filter(username=by.username, is_active=True).first()
    if found is None:
        raise Refused(problems("C405", what, what=what))
    return found


def other_person(proceeding: Proceeding, by: Actor, what: str, *, than_reviewer: bool = True) -> Officer:
    """The acting officer, who is no investigator of the case and, where asked, not its reviewer (C404)."""
    officer = acting_officer(by, what)
    parts = dict.fromkeys(proceeding.investigators.values_list("username", flat=True), "办案人员")
    if than_reviewer and proceeding.reviewer:
        parts.setdefault(proceeding.reviewer.username, "审核人员")
    refuse(rules.other_person(officer.username, officer.name, parts, what))
    return officer


# --- clocks ------------------------------------------------------------------------------------------------


def start_clock(proceeding: Proceeding, name: str, on: dt.date, by: Actor, at: dt.datetime) -> Clock:
    """Let a time limit of the proceeding run from a day."""
    return clocks.set_clock(
        subject=SUBJECT, record=proceeding.pk, name=name, rule=procedure.rule_of(name), start=on,
        title=f"{proceeding.number} {proceeding.party.name}", office_code=proceeding.office_code,
        by=by, at=at,
    )  # fmt: skip


def finish_clocks(
    proceeding: Proceeding, names: Iterable[str], on: dt.date, by: Actor, at: dt.datetime
) -> None:
    for name in names:
        clocks.finish_clock(subject=SUBJECT, record=proceeding.pk, name=name, on=on, by=by, at=at)


def drop_clocks(
    proceeding: Proceeding, reason: str, by: Actor, at: dt.datetime, names: Sequence[str] | None = None
) -> None:
    clocks.drop_clocks(subject=SUBJECT, record=proceeding.pk, reason=reason, names=names, by=by, at=at)


def due_of(proceeding: Proceeding, name: str) -> dt.date | None:
    """Until when a time limit of the proceeding runs, whether or not it was used."""
    rows = Clock.objects.filter(subject=SUBJECT, record=proceeding.pk, name=name).exclude(state=Clock.DROPPED)
    return rows.values_list("due_legal", flat=True).first()


def decision_clock(proceeding: Proceeding, *, first: dt.date | None = None, last: dt.date | None = None,
                   reason: str = "", by: Actor, at: dt.datetime) -> None:  # fmt: skip
    """Stop the time for the decision from ``first``, or let it run again after ``last`` (CS-11)."""
    row = Clock.objects.filter(
        subject="case", record=proceeding.case_id, name="decide", state=Clock.RUNNING
    ).first()
    if row is None:
        return
    stopped = any(not stop.get("to") for stop in row.facts.get("stops", []))
    if first and not stopped:
        clocks.suspend_clock(
            subject="case", record=row.record, name="decide", first=first, reason=reason, by=by, at=at
        )
    if last and stopped:
        clocks.resume_clock(subject="case", record=row.record, name="decide", last=last, by=by, at=at)


def finish_decision_clock(proceeding: Proceeding, on: dt.date, by: Actor, at: dt.datetime) -> None:
    """The case ended without a penalty: nothing is left to decide (CS-11)."""
    if proceeding.case_id:
        clocks.finish_clock(subject="case", record=proceeding.case_id, name="decide", on=on, by=by, at=at)
