"""企业协同 for a firm's programs: its orders to correct, the notices to it, its own reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.core.files import File

from xiejian.firms import queries, reports
from xiejian.firms.checks import problems
from xiejian.firms.models import StatusReport
from xiejian.firms.reports import Told
from xiejian.inspections import actions as visit_actions
from xiejian.inspections import answering
from xiejian.inspections import queries as inspections
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor
from xiejian.record_steps.kinds import DELIVERED, DELIVERY, REPORTED, STATUS_REPORT, Beside, Kind


def submit_own_report(*, told: Told, by: Actor, at: dt.datetime, files: Sequence[File] = ()) -> StatusReport:
    """A firm's own report; the firm is that of whoever speaks. Refused: FI301 outside the register."""
    party = queries.own_party(by)
    if party is None:
        raise Refused(problems("FI301", by.firm, name=by.name))
    return reports.submit_report(party=party, told=told, files=files, by=by, at=at)


_OWN_DELIVERY = Kind(
    "delivery", "通知", "firm.view", ("delivery",), DELIVERY.rows, DELIVERY.flows, DELIVERY.steps, DELIVERED,
    DELIVERY.more, keys=("notice__number",),
)  # fmt: skip
_OWN_REPORT = Kind(
    "status_report", "状况报告", "firm.view", ("report",), STATUS_REPORT.rows, STATUS_REPORT.flows,
    STATUS_REPORT.steps, REPORTED, STATUS_REPORT.more, create=submit_own_report,
)  # fmt: skip
_OWN_CORRECTION = Kind(
    "correction", "责令改正", "firm.view", ("correction",),
    lambda actor, on, search, state: inspections.corrections(actor, on=on, search=search, state=state),
    (visit_actions.CORRECTION_WORKFLOW,), {},
    ("number", "ordered_on", "due_on", "submitted_on", "rechecked_on", "closed_on"),
    ("content", "answer", "items.pk", "items.defect", "items.cause", "items.measure", "items.accepted"),
    beside={
        "answer": Beside(answering.answer_as_firm, "答复", answering.FIRM),
        "take_back": Beside(answering.take_back, "撤回整改报告", answering.FIRM),
    },
)  # fmt: skip
FIRM_COOPERATION = (_OWN_CORRECTION, _OWN_DELIVERY, _OWN_REPORT)
