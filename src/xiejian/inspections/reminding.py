"""催办与批示: urging on a firm that is late, and what the head says to that."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from xiejian.inspections import checks as check
from xiejian.inspections.actions import CORRECTION_WORKFLOW, PERMISSION
from xiejian.inspections.checks import refuse
from xiejian.inspections.models import Correction, CorrectionReminder
from xiejian.inspections.rule_files import problems
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.policy import Actor, require

URGED = ("ordered", "failed")  # the firm owes an answer
OPEN = (*URGED, "submitted", "passed")
DIRECT = "inspections.direct"


def _store(correction: Correction, row: CorrectionReminder, action: str, by: Actor) -> CorrectionReminder:
    row.correction, row.by_name = correction, by.name
    row.save()
    audit.record(
        by=by, at=row.at, action=action, subject="correction", key=correction.number,
        office_code=correction.office_code,
        detail={"done_on": row.done_on, "how": row.how, "whom": row.whom, "text": row.text},
    )  # fmt: skip
    return row


def _open(correction: Correction, states: tuple[str, ...]) -> Correction:
    """The correction, locked; Refused (I311) when nothing is owed any more."""
    row = Correction.objects.select_for_update(of=("self",)).get(pk=correction.pk)
    if row.state not in states:
        raise Refused(problems("I311", where=row.number, state=CORRECTION_WORKFLOW.states[row.state]))
    return row


@transaction.atomic
def remind_party(
    *, correction: Correction, done_on: dt.date, how: str, whom: str, text: str, by: Actor, at: dt.datetime
) -> CorrectionReminder:
    """催办: who urged the firm on, when, how (checks.REMINDERS), whom, and what was said.

    Refused: unknown way (I310), nothing said (I106), a day in the future (I102) or before the order (I109),
    an order that owes no answer (I311).
    """
    require(by, PERMISSION, correction.office_code, where=correction.number)
    row = _open(correction, URGED)
    refuse(
        check.check_way_of_reminding(how),
        check.check_reason(text, "催办内容"),
        check.check_not_in_future(done_on, timezone.localdate(at), "催办日期"),
        check.check_order_of_dates("责令日期", row.ordered_on, "催办日期", done_on),
    )
    reminder = CorrectionReminder(
        kind="催办", done_on=done_on, how=how, whom=whom.strip()[:60], text=text.strip()[:500], at=at
    )
    return _store(row, reminder, "remind_party", by)


@transaction.atomic
def direct_correction(*, correction: Correction, text: str, by: Actor, at: dt.datetime) -> CorrectionReminder:
    """批示: the head says what shall happen. Refused: nothing said (I106), closed (I311)."""
    require(by, DIRECT, correction.office_code, where=correction.number)
    row = _open(correction, OPEN)
    refuse(check.check_reason(text, "批示"))
    reminder = CorrectionReminder(kind="批示", done_on=timezone.localdate(at), text=text.strip()[:500], at=at)
    return _store(row, reminder, "direct_correction", by)
