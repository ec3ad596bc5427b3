"""办案措施: evidence registered, goods sealed or seized, samples, copies, tests, each with its own terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from xiejian.cases import checks as check
from xiejian.cases import moves, procedure
from xiejian.cases import proceeding_checks as rules
from xiejian.cases.checks import problems, refuse
from xiejian.cases.models import Measure, MeasureItem, Proceeding
from xiejian.cases.moves import note
from xiejian.cases.procedure import MEASURE_WORKFLOW, MeasureKind
from xiejian.clocks import actions as clocks
from xiejian.clocks.models import Clock
from xiejian.kernel import deadline_rules
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor, require

SUBJECT = "measure"
APPROVAL, TERM = "approval", "term"


@dataclass(frozen=True)
class Item:
    """One line of the list of goods. ``value_fen`` is whole 分."""

    name: str
    quantity: Decimal
    unit: str
    model_spec: str = ""
    batch: str = ""
    value_fen: int | None = None


@transaction.atomic
def take_measure(
    *,
    proceeding: Proceeding,
    kind: str,
    taken_at: dt.datetime,
    by: Actor,
    at: dt.datetime,
    items: Sequence[Item] = (),
    urgent: bool = False,
    place: str = "",
    kept_at: str = "",
    content: str = "",
) -> Measure:
    """采取措施: its own time begins (CS-4 to CS-7); testing stops the times that its kind names.

    ``urgent``: taken on the spot, to be approved within its hours; otherwise it was approved beforehand.
    Refused: unknown kind (C406), no list where one is due (C501), a quantity of nothing (C502).
    """
    on = timezone.localdate(taken_at)
    proceeding, _ = moves.begin(proceeding, "take_measure", on, by, at)
    known = procedure.measure_kinds()
    refuse(rules.one_of(kind, known, "措施"))
    found = known[kind]
    refuse(
        rules.items_listed(found.label, found.items, [(item.name, item.quantity) for item in items]),
        check.check_given(content, "内容及理由"),
    )
    made = Measure.objects.create(
        proceeding=proceeding, kind=kind, state=MEASURE_WORKFLOW.start, taken_at=taken_at, urgent=urgent,
        place=place, kept_at=kept_at, content=content, office_code=proceeding.office_code,
    )  # fmt: skip
    MeasureItem.objects.bulk_create(
        MeasureItem(
            measure=made, name=item.name, model_spec=item.model_spec, batch=item.batch,
            quantity=item.quantity, unit=item.unit, value_fen=item.value_fen,
        )
        for item in items
    )  # fmt: skip
    _start_clocks(made, found, by, at)
    _stop_others(made, found, on, by, at)
    note(
        "take_measure", proceeding, by, at, kind=found.label, taken_at=taken_at, urgent=urgent, place=place,
        items=[f"{item.name} {item.quantity}{item.unit}" for item in items],
    )  # fmt: skip
    return made


def _start_clocks(made: Measure, kind: MeasureKind, by: Actor, at: dt.datetime) -> None:
    wanted = [(APPROVAL, kind.approval, made.taken_at)] if made.urgent and kind.approval else []
    wanted += [(TERM, kind.term, timezone.localdate(made.taken_at))] if kind.term else []
    clocks.set_clocks(
        [
            clocks.NewClock(
                SUBJECT, made.pk, name, rule, start, f"{made.proceeding.number} {kind.label}",
                made.office_code,
            )
            for name, rule, start in wanted
        ],
        by=by, at=at,
    )  # fmt: skip


def _others(made: Measure, kind: MeasureKind) -> list[Clock]:
    """The running clocks that this measure stops: of the case, and terms of other measures of the matter."""
    rows = Clock.objects.filter(state=Clock.RUNNING)
    found = list(rows.filter(subject=moves.SUBJECT, record=made.proceeding_id, name__in=kind.stops))
    if made.proceeding.case_id:
        found += rows.filter(subject="case", record=made.proceeding.case_id, name__in=kind.stops)
    if kind.stops_terms:
        same = made.proceeding.measures.exclude(pk=made.pk).values("pk")
        found += rows.filter(subject=SUBJECT, record__in=same, name=TERM, rule="CS-7")
    return found


def _stop_others(made: Measure, kind: MeasureKind, on: dt.date, by: Actor, at: dt.datetime) -> None:
    for clock in _others(made, kind):
        if all(stop.get("to") for stop in clock.facts.get("stops", [])):
            clocks.suspend_clock(
                subject=clock.subject, record=clock.record, name=clock.name, first=on, reason=kind.label,
                by=by, at=at,
            )  # fmt: skip


def _run_others(made: Measure, kind: MeasureKind, last: dt.date, by: Actor, at: dt.datetime) -> None:
    """Let run again what this measure stopped, unless another of its kind still goes on."""
    going_on = made.proceeding.measures.filter(kind=made.kind, state=MEASURE_WORKFLOW.start)
    if going_on.exclude(pk=made.pk).exists():
        return
    for clock in _others(made, kind):
        stop = next((stop for stop in clock.facts.get("stops", []) if not stop.get("to")), None)
        if stop and stop["reason"] == kind.label:
            clocks.resume_clock(
                subject=clock.subject, record=clock.record, name=clock.name, last=last, by=by, at=at
            )


def _begin(measure: Measure, action: str, by: Actor) -> Measure:
    Measure.objects.select_for_update().only("pk").get(pk=measure.pk)
    measure.refresh_from_db()
    permission = next(t.permission for t in MEASURE_WORKFLOW.transitions if t.action == action)
    require(by, permission, measure.office_code, where=measure.proceeding.number)
    measure.state = MEASURE_WORKFLOW.step(measure.state, action, where=_label(measure))
    return measure


def _label(measure: Measure) -> str:
    return procedure.measure_kinds()[measure.kind].label


def _due(measure: Measure) -> dt.date | None:
    rows = Clock.objects.filter(subject=SUBJECT, record=measure.pk, name=TERM).exclude(state=Clock.DROPPED)
    return rows.values_list("due_legal", flat=True).first()


@transaction.atomic
def approve_measure(*, measure: Measure, approved_at: dt.datetime, by: Actor, at: dt.datetime) -> Measure:
    """补办批准 of a measure taken on the spot, by somebody who does not investigate the case (C404)."""
    measure = _begin(measure, "approve_measure", by)
    if not measure.urgent:
        raise Refused(problems("C503", _label(measure)))
    officer = moves.other_person(measure.proceeding, by, "批准措施", than_reviewer=False)
    refuse(
        check.check_order_of_dates(
            "采取日期", timezone.localdate(measure.taken_at), "批准日期", timezone.localdate(approved_at)
        ),
        check.check_not_in_future(timezone.localdate(approved_at), timezone.localdate(at), "批准日期"),
    )
    measure.approved_at, measure.approved_by = approved_at, officer.name
    measure.save()
    clocks.finish_clock(subject=SUBJECT, record=measure.pk, name=APPROVAL, on=approved_at, by=by, at=at)
    note("approve_measure", measure.proceeding, by, at, kind=_label(measure), approved_at=approved_at)
    return measure


@transaction.atomic
def extend_measure(
    *, measure: Measure, days: int, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Measure:
    """延长期限 of a seizure, once, by at most what its rule allows (C504, C505)."""
    measure = _begin(measure, "extend_measure", by)
    kind = procedure.measure_kinds()[measure.kind]
    rule = deadline_rules.load().rules.get(kind.term)
    extension = rule.extension if rule else None
    term = Clock.objects.filter(subject=SUBJECT, record=measure.pk, name=TERM).first()
    before = bool(term and term.facts.get("extensions"))
    refuse(
        rules.extension_fits(kind.label, (extension.n or 0) if extension else 0, days, before),
        check.check_not_in_future(on, timezone.localdate(at), "批准日期"),
    )
    clocks.extend_clock(
        subject=SUBJECT, record=measure.pk, name=TERM, n=days, unit=extension.unit if extension else "ND",
        approved_on=on, reason=reason, by=by, at=at,
    )  # fmt: skip
    note("extend_measure", measure.proceeding, by, at, kind=kind.label, days=days, on=on, reason=reason)
    return measure


@transaction.atomic
def release_measure(*, measure: Measure, on: dt.date, outcome: str, by: Actor, at: dt.datetime) -> Measure:
    """解除: the goods go back."""
    return _end(measure, "release_measure", on, outcome, by, at)


@transaction.atomic
def dispose_measure(*, measure: Measure, on: dt.date, outcome: str, by: Actor, at: dt.datetime) -> Measure:
    """处理完毕: kept as evidence, sealed, confiscated, tested; or the report of the test came."""
    return _end(measure, "dispose_measure", on, outcome, by, at)


@transaction.atomic
def lapse_measure(*, measure: Measure, on: dt.date, outcome: str, by: Actor, at: dt.datetime) -> Measure:
    """逾期自动解除: nothing was decided in time, so the measure has ended by itself (C506 before)."""
    refuse(rules.term_over(_due(measure), on))
    return _end(measure, "lapse_measure", on, outcome, by, at)


def _end(measure: Measure, action: str, on: dt.date, outcome: str, by: Actor, at: dt.datetime) -> Measure:
    measure = _begin(measure, action, by)
    refuse(
        check.check_given(outcome, "处理结果"),
        check.check_not_in_future(on, timezone.localdate(at), "日期"),
        check.check_order_of_dates("采取日期", timezone.localdate(measure.taken_at), "日期", on),
    )
    measure.ended_on, measure.outcome = on, outcome
    measure.save()
    clocks.finish_clock(subject=SUBJECT, record=measure.pk, name=TERM, on=on, by=by, at=at)
    clocks.drop_clocks(subject=SUBJECT, record=measure.pk, reason="措施已经结束", by=by, at=at)
    _run_others(measure, procedure.measure_kinds()[measure.kind], on, by, at)
    note(action, measure.proceeding, by, at, kind=_label(measure), on=on, outcome=outcome)
    return measure
