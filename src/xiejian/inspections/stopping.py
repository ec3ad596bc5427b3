"""停产整改与恢复生产: order, application to resume, re-check, decision. The party's status follows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from xiejian.inspections import checks as check
from xiejian.inspections.actions import PERMISSION, VISIT_WORKFLOW
from xiejian.inspections.checks import refuse
from xiejian.inspections.models import ProductionStop, Visit
from xiejian.inspections.numbering import next_number
from xiejian.inspections.rule_files import problems
from xiejian.kernel import workflow
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.policy import Actor, require, visible
from xiejian.registry.actions import change_status

STOP_WORKFLOW = workflow.load(Path(__file__).with_name("stop_workflow.toml"))
STOPPED, RUNNING = "停产", "正常"
PRODUCTION = "生产"


def _note(action: str, stop: ProductionStop, by: Actor, at: dt.datetime, **detail: object) -> None:
    audit.record(
        by=by, at=at, action=action, subject="production_stop", key=stop.number,
        office_code=stop.office_code, detail=detail,
    )  # fmt: skip


@transaction.atomic
def stop_production(
    *, visit: Visit, scope: str, reason: str, ordered_on: dt.date, by: Actor, at: dt.datetime
) -> ProductionStop:
    """Order production to stop; the official number is assigned here and the party's status becomes 停产.

    Refused: a visit that has not begun (I301) or is not of the production link (I320), no scope or reason
    (I106), dated in the future (I102) or before the visit (I109), a stop that still stands (I321).
    """
    visit = Visit.objects.select_for_update(of=("self",)).select_related("party").get(pk=visit.pk)
    require(by, PERMISSION, visit.office_code, where=visit.number)
    standing = ProductionStop.objects.filter(visit__party=visit.party_id).exclude(state="resumed").first()
    refuse(
        check.check_visit_was_made(visit.state, VISIT_WORKFLOW.states[visit.state], "I301"),
        [] if visit.link == PRODUCTION else [problems("I320", where=visit.number, link=visit.link)],
        check.check_reason(scope, "停产范围"),
        check.check_reason(reason, "停产原因"),
        check.check_not_in_future(ordered_on, timezone.localdate(at), "责令日期"),
        check.check_order_of_dates("检查日期", visit.visited_on, "责令日期", ordered_on),
        [problems("I321", where=visit.party.name, number=standing.number)] if standing else [],
    )
    party = visit.party
    stop = ProductionStop.objects.create(
        visit=visit, number=next_number(ProductionStop, "stop", visit.office_code, ordered_on.year),
        scope=scope.strip(), reason=reason.strip(), ordered_on=ordered_on, state=STOP_WORKFLOW.start,
        status_before=party.status, office_code=visit.office_code,
    )  # fmt: skip
    if party.status != STOPPED:
        change_status(party=party, status=STOPPED, on=ordered_on, reason=stop.number, by=by, at=at)
    _note("stop_production", stop, by, at, visit=visit.number, scope=stop.scope)
    return stop


def _taken(stop: ProductionStop, action: str, by: Actor) -> tuple[ProductionStop, list[str]]:
    """The stop, locked, moved along its table; [state before, after]."""
    row = (
        ProductionStop.objects.select_for_update(of=("self",)).select_related("visit__party").get(pk=stop.pk)
    )
    require(by, PERMISSION, row.office_code, where=row.number)
    before = row.state
    row.state = STOP_WORKFLOW.step(before, action, where=row.number)
    return row, [before, row.state]


@transaction.atomic
def apply_to_resume(
    *, stop: ProductionStop, applied_on: dt.date, application: str, by: Actor, at: dt.datetime
) -> ProductionStop:
    """The firm asks to resume and says what it did. Refused: I106, a wrong day (I102, I109)."""
    row, state = _taken(stop, "apply_to_resume", by)
    refuse(
        check.check_reason(application, "恢复生产申请"),
        check.check_not_in_future(applied_on, timezone.localdate(at), "申请日期"),
        check.check_order_of_dates("责令日期", row.ordered_on, "申请日期", applied_on),
    )
    row.applied_on, row.application = applied_on, application.strip()
    row.save()
    _note("apply_to_resume", row, by, at, state=state, applied_on=applied_on)
    return row


def _recheck(
    action: str, stop: ProductionStop, recheck_visit: Visit, decision: str, by: Actor, at: dt.datetime
) -> ProductionStop:
    row, state = _taken(stop, action, by)
    made = recheck_visit.visited_on
    if made is None:
        raise Refused(problems("I322", where=recheck_visit.number))
    refuse(
        check.check_recheck_visit(recheck_visit.party_id, row.visit.party_id, row.visit.party.name),
        check.check_order_of_dates("申请日期", row.applied_on, "复查日期", made),
        check.check_reason(decision, "复查情况"),
    )
    row.recheck_visit, row.rechecked_on, row.decision = recheck_visit, made, decision.strip()
    row.save()
    _note(action, row, by, at, state=state, visit=recheck_visit.number, decision=row.decision)
    return row


@transaction.atomic
def pass_stop_recheck(
    *, stop: ProductionStop, recheck_visit: Visit, decision: str, by: Actor, at: dt.datetime
) -> ProductionStop:
    """A visit finds that production may resume. Refused: not yet made (I322), another party's (I307)."""
    return _recheck("pass_stop_recheck", stop, recheck_visit, decision, by, at)


@transaction.atomic
def fail_stop_recheck(
    *, stop: ProductionStop, recheck_visit: Visit, decision: str, by: Actor, at: dt.datetime
) -> ProductionStop:
    """A visit finds that it may not; the firm has to ask again. Refused like pass_stop_recheck."""
    return _recheck("fail_stop_recheck", stop, recheck_visit, decision, by, at)


@transaction.atomic
def resume_production(
    *, stop: ProductionStop, resumed_on: dt.date, approved_by: str, by: Actor, at: dt.datetime
) -> ProductionStop:
    """The office agrees, by the name of who approved it; the party's status goes back to what it was.

    Refused: nobody named (I106), in the future (I102), before the re-check (I109).
    """
    row, state = _taken(stop, "resume_production", by)
    refuse(
        check.check_reason(approved_by, "批准人"),
        check.check_not_in_future(resumed_on, timezone.localdate(at), "恢复生产日期"),
        check.check_order_of_dates("复查日期", row.rechecked_on, "恢复生产日期", resumed_on),
    )
    row.resumed_on, row.approved_by = resumed_on, approved_by.strip()[:60]
    row.save()
    party, back = row.visit.party, row.status_before or RUNNING
    if party.status == STOPPED and back != STOPPED:
        change_status(party=party, status=back, on=resumed_on, reason=row.number, by=by, at=at)
    _note("resume_production", row, by, at, state=state, resumed_on=resumed_on, approved_by=row.approved_by)
    return row


@transaction.atomic
def refuse_to_resume(
    *, stop: ProductionStop, approved_by: str, decision: str, by: Actor, at: dt.datetime
) -> ProductionStop:
    """The office does not agree, with its reason; the firm has to ask again. Refused: I106."""
    row, state = _taken(stop, "refuse_to_resume", by)
    refuse(check.check_reason(decision, "不同意的理由"), check.check_reason(approved_by, "决定人"))
    row.decision, row.approved_by = decision.strip(), approved_by.strip()[:60]
    row.save()
    _note("refuse_to_resume", row, by, at, state=state, decision=row.decision, approved_by=row.approved_by)
    return row


def stops(actor: Actor | None, *, state: str = "", search: str = "") -> QuerySet[ProductionStop]:
    """The stops in the actor's reach with visit and party; those that stand before those that ended."""
    rows = visible(ProductionStop.objects.select_related("visit__party", "recheck_visit"), actor)
    if state:
        rows = rows.filter(state=state)
    if text := search.strip():
        rows = rows.filter(number__icontains=text) | rows.filter(visit__party__name__icontains=text)
    return rows
