"""Every write of the vigilance room about reports of adverse events (imports apart, which load in bulk).

Each action locks its record, checks it against the workflow table and the rules of checks.py, and leaves
its audit entry in the same transaction. Dates come from the caller and none may lie after the day of ``at``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from xiejian.clocks import actions as clocks
from xiejian.clocks.actions import NewClock
from xiejian.kernel import workflow
from xiejian.people import audit
from xiejian.people.numbering import next_number
from xiejian.people.policy import Actor, require, require_for
from xiejian.registry.models import Party
from xiejian.vigilance import checks as check
from xiejian.vigilance import rules
from xiejian.vigilance.checks import DEATH, Report, refuse
from xiejian.vigilance.models import AdverseEvent, EventReview, EventSignal, ReportQuota

WORKFLOW = workflow.load(Path(__file__).with_name("workflow.toml"))
SUBJECT = "adverseevent"
REPORTING, REVIEWING, FIRM = "vigilance.report", "vigilance.review", "firm.report"
#: steps that the reporting unit takes itself when it is connected, and those of whoever makes the product
REPORTER_MOVES = ("resubmit_report", "supplement_report")
MAKER_MOVES = ("record_evaluation",)
#: nobody has passed it yet: the unit may still correct its own report
REPORTERS_OWN = ("submitted", "returned_for_supplement")
PASSED, RETURNED, SUPPLEMENTED = "通过", "退回", "补充"
UNIT = "单位"
OUTCOMES = ("列入清单", "继续观察", "排除")
#: What an amendment may change on a report, with its label.
AMENDABLE = {
    "product_name": "产品名称", "registration_no": "注册证或备案编号", "model_spec": "规格型号",
    "structure": "结构特征", "origin": "产地", "device_class": "管理类别", "lot": "批号", "serial": "序列号",
    "udi": "唯一标识", "made_on": "生产日期", "expires_on": "有效期至", "maker": "注册人或备案人",
    "event_on": "事件发生日期", "harm": "伤害程度", "injury": "伤害表现", "failure": "器械故障表现",
    "term": "故障表现用语", "age_band": "患者年龄段", "sex": "患者性别", "use_place": "使用场所",
    "use_process": "使用过程", "first_measures": "现场处置",
}  # fmt: skip
_REPORT_FIELDS = tuple(field.name for field in fields(Report))


def maker_in_register(name: str) -> Party | None:
    """The maker of this name where the register has exactly one."""
    rows = (
        Party.objects.filter(name=name.strip(), links__link="生产") if name.strip() else Party.objects.none()
    )
    found = rows.order_by("pk").distinct()[:2]
    return found[0] if len(found) == 1 else None


def title(event: AdverseEvent) -> str:
    """The report as lists of clocks show it."""
    return f"{event.number} {event.product_name}"


def new_clock(event: AdverseEvent, name: str, start: dt.date, *given: str) -> Iterable[NewClock]:
    """One clock of a report under its rule; none where the law sets no time for such a report."""
    if rule := rules.clock_rule(name, *given):
        yield NewClock(
            SUBJECT, event.pk, name, rule, start, title(event), event.office_code, rules.clock_label(name)
        )


def _locked(event: AdverseEvent) -> AdverseEvent:
    AdverseEvent.objects.select_for_update().only("pk").get(pk=event.pk)
    event.refresh_from_db()
    return event


def _note(action: str, event: AdverseEvent, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject=SUBJECT, key=event.number, office_code=event.office_code,
        detail=detail,
    )  # fmt: skip


def _require_reporter(by: Actor, event: AdverseEvent) -> None:
    """Of a firm's people those of the unit that reports; of officers whoever enters reports."""
    if by.firm:
        require_for(by, FIRM, event.party.uscc or "", where=event.number)
    else:
        require(by, REPORTING, event.office_code, where=event.number)


def _step(event: AdverseEvent, action: str, permission: str, by: Actor) -> tuple[AdverseEvent, list[str]]:
    """The locked report moved along its workflow table, and [state before, after] for the audit entry."""
    event = _locked(event)
    if by.firm and action in REPORTER_MOVES:
        _require_reporter(by, event)
    elif by.firm and action in MAKER_MOVES:
        maker = event.maker_party
        require_for(by, FIRM, (maker and maker.uscc) or "", where=event.number)
    else:
        require(by, permission, event.office_code, where=event.number)
    before = event.state
    event.state = WORKFLOW.step(before, action, where=event.number)
    return event, [before, event.state]


def _dated(at: dt.datetime, what: str, on: dt.date, after: str, after_on: dt.date | None) -> None:
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), what),
        check.check_order_of_dates(after, after_on, what, on),
    )


def _start(event: AdverseEvent, name: str, start: dt.date, *given: str, by: Actor, at: dt.datetime) -> None:
    clocks.set_clocks(new_clock(event, name, start, *given), by=by, at=at)


def _finish(event: AdverseEvent, name: str, on: dt.date, by: Actor, at: dt.datetime) -> None:
    clocks.finish_clock(subject=SUBJECT, record=event.pk, name=name, on=on, by=by, at=at)


def _check(report: Report, at: dt.datetime) -> None:
    refuse(check.check_report(report, timezone.localdate(at), rules.terms(), rules.values("age_bands")))


# --- reports ---------------------------------------------------------------------------------------------


@transaction.atomic
def register_event(
    *,
    report: Report,
    party: Party,
    reporter_kind: str,
    by: Actor,
    at: dt.datetime,
    number: str = "",
    office_code: str = "",
) -> AdverseEvent:
    """Enter the report of one unit; its clocks for reporting (ended at once) and for the review are set.

    Refused: J101 to J106. A report like one that is stored already is entered all the same: see
    ``queries.alike``.
    """
    office = party.office_code if by.firm else office_code or party.office_code
    if by.firm:
        require_for(by, FIRM, party.uscc or "", where=party.name)
    else:
        require(by, REPORTING, office, where=party.name)
    _check(report, at)
    number = number.strip()
    taken = bool(number) and AdverseEvent.objects.filter(number=number).exists()
    refuse(check.check_reporter(reporter_kind), check.check_new_number(number, taken))
    year = report.reported_on.year
    made = AdverseEvent.objects.create(
        number=number or next_number(AdverseEvent, rules.number_pattern("event"), office, year),
        party=party, reporter_kind=reporter_kind, office_code=office, state=WORKFLOW.start,
        maker_party=maker_in_register(report.maker), made_at=at, by_name=by.name,
        **{**asdict(report), "term": report.term or rules.term_of(report.failure)},
    )  # fmt: skip
    _start(made, "report", report.found_on, reporter_kind, report.harm, by=by, at=at)
    _finish(made, "report", report.reported_on, by, at)
    _start(made, "review", report.reported_on, by=by, at=at)
    _note(
        "register_event", made, by, at, party=party.name, product=made.product_name, lot=made.lot,
        harm=made.harm, reported_on=made.reported_on,
    )  # fmt: skip
    return made


def report_as_firm(*, report: Report, reporter_kind: str, by: Actor, at: dt.datetime) -> AdverseEvent:
    """Report as the unit that ``by`` belongs to; refused J117 where the register does not have it."""
    party = Party.objects.filter(uscc=by.firm).first() if by.firm else None
    refuse(check.check_own_party(party is not None))
    assert party is not None
    return register_event(report=report, party=party, reporter_kind=reporter_kind, by=by, at=at)


@transaction.atomic
def amend_event(
    *,
    event: AdverseEvent,
    changes: Mapping[str, Any],
    reason: str,
    by: Actor,
    at: dt.datetime,
    learned_on: dt.date | None = None,
) -> AdverseEvent:
    """Correct what a report says, with a reason; the audit entry keeps both versions.

    Where the harm becomes a death, the time for reporting it runs from ``learned_on`` (today when not
    given) and is kept beside the first. Refused: J107, J115, J116 and as ``register_event``.
    """
    event = _locked(event)
    _require_reporter(by, event)
    refuse(
        check.check_given(reason, "更正理由"),
        check.check_amendable(changes, AMENDABLE),
        check.check_own_to_amend(bool(by.firm), event.state, event.number, REPORTERS_OWN),
    )
    detail = {
        name: [getattr(event, name), value]
        for name, value in changes.items()
        if getattr(event, name) != value
    }
    refuse(check.check_changed(event.number, bool(detail)))
    stored = Report(**{name: getattr(event, name) for name in _REPORT_FIELDS})
    _check(replace(stored, **changes), at)
    for name, (_, value) in detail.items():
        setattr(event, name, value)
    event.maker_party = maker_in_register(event.maker)
    event.save()
    if "harm" in detail and event.harm == DEATH:
        today = timezone.localdate(at)
        learned = learned_on or today
        _dated(at, "获知死亡日期", learned, "发现或者获知日期", event.found_on)
        _start_death(event, learned, by, at)
        _finish(event, "report_death", today, by, at)
    _note("amend_event", event, by, at, reason=reason, **detail)
    return event


def _start_death(event: AdverseEvent, learned_on: dt.date, by: Actor, at: dt.datetime) -> None:
    """A death that was learned of later has its own time for reporting, beside that of the first report."""
    found = [
        replace(one, name="report_death")
        for one in new_clock(event, "report", learned_on, event.reporter_kind, DEATH)
    ]
    clocks.set_clocks(found, by=by, at=at)


# --- review ----------------------------------------------------------------------------------------------


def _reviewed(event: AdverseEvent, level: str, outcome: str, comment: str, on: dt.date, by: Actor) -> None:
    event.save()
    EventReview.objects.create(
        event=event, level=level, outcome=outcome, comment=comment, on=on, by_name=by.name
    )


@transaction.atomic
def pass_county(
    *, event: AdverseEvent, on: dt.date, by: Actor, at: dt.datetime, comment: str = ""
) -> AdverseEvent:
    """县级审核通过: on to the city's centre; its time runs on from the report."""
    event, state = _step(event, "pass_county", REVIEWING, by)
    _dated(at, "审核日期", on, "报告日期", event.reported_on)
    _reviewed(event, "县级", PASSED, comment, on, by)
    _note("pass_county", event, by, at, state=state, on=on, comment=comment)
    return event


@transaction.atomic
def pass_city(
    *, event: AdverseEvent, on: dt.date, by: Actor, at: dt.datetime, comment: str = ""
) -> AdverseEvent:
    """市级审核通过: the holder learns of the report and its time for the evaluation begins."""
    event, state = _step(event, "pass_city", REVIEWING, by)
    _dated(at, "审核日期", on, "报告日期", event.reported_on)
    _reviewed(event, "市级", PASSED, comment, on, by)
    _finish(event, "review", on, by, at)
    _start(event, "evaluation", on, event.harm, by=by, at=at)
    _note("pass_city", event, by, at, state=state, on=on, comment=comment)
    return event


@transaction.atomic
def return_report(
    *, event: AdverseEvent, on: dt.date, comment: str, by: Actor, at: dt.datetime
) -> AdverseEvent:
    """退回补充: the reporter is told what is missing."""
    event, state = _step(event, "return_report", REVIEWING, by)
    refuse(check.check_given(comment, "需要补充的内容"))
    _dated(at, "审核日期", on, "报告日期", event.reported_on)
    _reviewed(event, "县级" if state[0] == "submitted" else "市级", RETURNED, comment, on, by)
    _finish(event, "review", on, by, at)
    _note("return_report", event, by, at, state=state, on=on, comment=comment)
    return event


def _again(
    event: AdverseEvent, action: str, text: str, on: dt.date, by: Actor, at: dt.datetime
) -> AdverseEvent:
    """What the reporter added starts the review from the beginning, with its time."""
    event, state = _step(event, action, REPORTING, by)
    refuse(check.check_given(text, "补充内容"))
    last = event.reviews.order_by("-on", "-pk").first()
    _dated(at, "补充日期", on, "上一次审核日期", last.on if last else event.reported_on)
    event.closed_on = None
    _reviewed(event, UNIT, SUPPLEMENTED, text, on, by)
    _start(event, "review", on, by=by, at=at)
    _note(action, event, by, at, state=state, on=on, text=text)
    return event


@transaction.atomic
def resubmit_report(
    *, event: AdverseEvent, on: dt.date, text: str, by: Actor, at: dt.datetime
) -> AdverseEvent:
    """补充后重新上报: the review begins anew on this day."""
    return _again(event, "resubmit_report", text, on, by, at)


@transaction.atomic
def supplement_report(
    *, event: AdverseEvent, on: dt.date, text: str, by: Actor, at: dt.datetime
) -> AdverseEvent:
    """补充报告: new facts after the end open the report again."""
    return _again(event, "supplement_report", text, on, by, at)


@transaction.atomic
def record_evaluation(
    *,
    event: AdverseEvent,
    on: dt.date,
    cause: str,
    event_cause: str,
    association: str,
    by: Actor,
    at: dt.datetime,
    measures: str = "",
    answers: Mapping[str, str] | None = None,
) -> AdverseEvent:
    """登记持有人评价: its cause, whether the product is related, what the holder does about it.

    ``answers`` to the questions of association.toml are kept in the audit log beside what was concluded.
    """
    event, state = _step(event, "record_evaluation", REVIEWING, by)
    refuse(
        check.check_given(cause, "原因分析"),
        check.check_one_of(event_cause, rules.values("event_causes"), "事件原因"),
        check.check_one_of(association, rules.values("associations"), "关联性"),
    )
    _dated(at, "评价日期", on, "报告日期", event.reported_on)
    event.cause, event.event_cause, event.association = cause, event_cause, association
    event.measures, event.evaluated_on = measures, on
    event.save()
    _finish(event, "evaluation", on, by, at)
    _start(event, "province", on, by=by, at=at)
    _note(
        "record_evaluation", event, by, at, state=state, on=on, cause=cause, event_cause=event_cause,
        association=association, measures=measures, answers=dict(answers or {}),
    )  # fmt: skip
    return event


@transaction.atomic
def ask_reevaluation(
    *, event: AdverseEvent, on: dt.date, comment: str, by: Actor, at: dt.datetime
) -> AdverseEvent:
    """要求重新评价: the holder evaluates once more, its time begins anew."""
    event, state = _step(event, "ask_reevaluation", REVIEWING, by)
    refuse(check.check_given(comment, "需要重新评价的理由"))
    _dated(at, "审核日期", on, "评价日期", event.evaluated_on)
    _reviewed(event, "省级" if state[0] == "evaluated" else "国家级", RETURNED, comment, on, by)
    _finish(event, "province", on, by, at)
    _start(event, "evaluation", on, event.harm, by=by, at=at)
    _note("ask_reevaluation", event, by, at, state=state, on=on, comment=comment)
    return event


def _pass_evaluation(
    event: AdverseEvent, action: str, level: str, comment: str, on: dt.date, by: Actor, at: dt.datetime
) -> AdverseEvent:
    event, state = _step(event, action, REVIEWING, by)
    _dated(at, "审核日期", on, "评价日期", event.evaluated_on)
    event.closed_on = on if event.state == "review_closed" else None
    _reviewed(event, level, PASSED, comment, on, by)
    _finish(event, "province", on, by, at)
    _note(action, event, by, at, state=state, on=on, comment=comment)
    return event


@transaction.atomic
def pass_province(
    *, event: AdverseEvent, on: dt.date, by: Actor, at: dt.datetime, comment: str = ""
) -> AdverseEvent:
    """省级审核通过: the report is done."""
    return _pass_evaluation(event, "pass_province", "省级", comment, on, by, at)


@transaction.atomic
def refer_national(
    *, event: AdverseEvent, on: dt.date, by: Actor, at: dt.datetime, comment: str = ""
) -> AdverseEvent:
    """省级审核通过，报国家级复核: for nationally registered products."""
    return _pass_evaluation(event, "refer_national", "省级", comment, on, by, at)


@transaction.atomic
def pass_national(
    *, event: AdverseEvent, on: dt.date, by: Actor, at: dt.datetime, comment: str = ""
) -> AdverseEvent:
    """国家级复核通过: the report is done."""
    return _pass_evaluation(event, "pass_national", "国家级", comment, on, by, at)


# --- duplicates and groups -------------------------------------------------------------------------------


@transaction.atomic
def mark_duplicate(
    *, event: AdverseEvent, of: AdverseEvent, reason: str, by: Actor, at: dt.datetime
) -> AdverseEvent:
    """Say that a report tells the same event as another one: both stay, figures count the other alone.

    Refused: itself (J108), one that is marked itself (J109), a report that others point to (J114).
    """
    event, of = _locked(event), _locked(of)
    require(by, REVIEWING, event.office_code, where=event.number)
    refuse(
        check.check_given(reason, "理由"),
        check.check_duplicate(
            event.number, of.number, of.duplicate_of.number if of.duplicate_of else "",
            event.duplicates.exists(),
        ),
    )  # fmt: skip
    event.duplicate_of = of
    event.save()
    _note("mark_duplicate", event, by, at, of=of.number, reason=reason)
    return event


@transaction.atomic
def unmark_duplicate(*, event: AdverseEvent, reason: str, by: Actor, at: dt.datetime) -> AdverseEvent:
    """Take the mark off: the report counts for itself again."""
    event = _locked(event)
    require(by, REVIEWING, event.office_code, where=event.number)
    refuse(check.check_given(reason, "理由"), check.check_is_duplicate(event.number, event.duplicate_of_id))
    was = event.duplicate_of.number if event.duplicate_of else ""
    event.duplicate_of = None
    event.save()
    _note("unmark_duplicate", event, by, at, of=[was, ""], reason=reason)
    return event


@transaction.atomic
def declare_group(
    *, events: Sequence[AdverseEvent], learned_at: dt.datetime, reason: str, by: Actor, at: dt.datetime
) -> list[AdverseEvent]:
    """群体事件: reports of one product that belong together; hours run from the moment it was learned of.

    The group has the number of its first report, which carries the clocks. Refused: J111, J112.
    """
    found = [_locked(event) for event in sorted(events, key=lambda row: row.pk)]
    for event in found:
        require(by, REVIEWING, event.office_code, where=event.number)
    refuse(
        check.check_given(reason, "情况说明"),
        check.check_group({event.number: event.product_name for event in found}),
        check.check_not_in_future(timezone.localdate(learned_at), timezone.localdate(at), "获知日期"),
    )
    first = found[0]
    for event in found:
        event.group_no = first.number
    AdverseEvent.objects.bulk_update(found, ["group_no"])
    for name in ("group", "group_cases"):
        _start(first, name, learned_at, by=by, at=at)
    _note("declare_group", first, by, at, reports=[event.number for event in found], reason=reason)
    return found


@transaction.atomic
def report_group(
    *, event: AdverseEvent, told_at: dt.datetime, to: str, by: Actor, at: dt.datetime
) -> AdverseEvent:
    """登记群体事件已报告: to the province's authorities, every case entered; ends both clocks."""
    event = _locked(event)
    require(by, REVIEWING, event.office_code, where=event.number)
    refuse(
        check.check_given(event.group_no, "群体事件编号"),
        check.check_given(to, "报告去向"),
        check.check_not_in_future(timezone.localdate(told_at), timezone.localdate(at), "报告日期"),
    )
    first = AdverseEvent.objects.get(number=event.group_no)
    for name in ("group", "group_cases"):
        _finish(first, name, told_at, by, at)
    _note("report_group", first, by, at, to=to, told_at=told_at)
    return first


# --- quotas, signals -------------------------------------------------------------------------------------


@transaction.atomic
def set_quotas(
    *, year: int, counts: Mapping[Party, int], office_code: str, by: Actor, at: dt.datetime
) -> list[ReportQuota]:
    """Say how many reports each unit is asked for in a year; 0 takes its quota away. Refused: J301, J302."""
    require(by, REVIEWING, office_code)
    refuse(check.check_quotas({party.name: n for party, n in counts.items()}, rules.quota_most()))
    before = {
        row.party_id: row.count
        for row in ReportQuota.objects.filter(year=year, party__in=list(counts)).select_for_update()
    }
    for party in counts:
        require(by, REVIEWING, party.office_code, where=party.name)
    none = [party.pk for party, count in counts.items() if not count]
    ReportQuota.objects.filter(year=year, party_id__in=none).delete()
    rows = ReportQuota.objects.bulk_create(
        [
            ReportQuota(party=party, year=year, count=count, office_code=office_code)
            for party, count in counts.items()
            if count
        ],
        update_conflicts=True, unique_fields=["party", "year"], update_fields=["count", "office_code"],
    )  # fmt: skip
    entries = [
        (f"{party.name} {year}", office_code, {"count": [before.get(party.pk), count or None]})
        for party, count in counts.items()
    ]
    audit.record_many(by=by, at=at, action="set_quotas", subject="reportquota", entries=entries)
    return rows


@transaction.atomic
def judge_signal(
    *,
    rule: str,
    product_name: str,
    subject: str,
    outcome: str,
    reason: str,
    value: Mapping[str, Any],
    on: dt.date,
    office_code: str,
    by: Actor,
    at: dt.datetime,
    risk_no: str = "",
) -> EventSignal:
    """Keep what the office made of a signal or an alert; ``OUTCOMES[0]`` names the risk it became."""
    require(by, REVIEWING, office_code, where=product_name)
    refuse(
        check.check_one_of(rule, rules.signal_rules(), "信号规则"),
        check.check_one_of(outcome, OUTCOMES, "研判结果"),
        check.check_given(reason, "说明"),
        check.check_given(risk_no, "风险编号") if outcome == OUTCOMES[0] else [],
        check.check_not_in_future(on, timezone.localdate(at), "研判日期"),
    )
    made = EventSignal.objects.create(
        rule=rule, product_name=product_name, subject=subject, outcome=outcome, reason=reason,
        value=dict(value), on=on, office_code=office_code, risk_no=risk_no, by_name=by.name,
    )  # fmt: skip
    audit.record(
        by=by, at=at, action="judge_signal", subject="eventsignal", key=str(made.pk), office_code=office_code,
        detail={"rule": rule, "product": product_name, "subject": subject, "outcome": outcome,
                "reason": reason, "risk": risk_no},
    )  # fmt: skip
    return made
