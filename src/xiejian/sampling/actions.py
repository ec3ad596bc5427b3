"""Every write of the sampling room (imports apart, which load in bulk): plans, samples, measures.

Each action locks its record, checks it against the workflow table and the rules of checks.py, and leaves
its audit entry in the same transaction. Time limits run as clocks of the sample (``xiejian.clocks``);
amounts are whole 分. Dates come from the caller and none may lie after the day of ``at``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from xiejian.clocks import actions as clocks
from xiejian.clocks.models import Clock
from xiejian.kernel import workflow
from xiejian.kernel.cells import tag_text
from xiejian.people import audit
from xiejian.people.models import Officer
from xiejian.people.numbering import next_number
from xiejian.people.policy import Actor, require
from xiejian.registry.models import Party
from xiejian.sampling import checks as check
from xiejian.sampling import rules
from xiejian.sampling.checks import FAILED, PASSED, LineEntry, Sheet, refuse
from xiejian.sampling.models import Disposal, Sample, SamplingLine, SamplingPlan
from xiejian.sampling.products import maker_in_register, registration_of

R = TypeVar("R", bound=Model)

WORKFLOW = workflow.load(Path(__file__).with_name("workflow.toml"))
PLAN_WORKFLOW = workflow.load(Path(__file__).with_name("plan_workflow.toml"))
PERMISSION = "sampling.sample"
PLANNING = "sampling.plan"
#: What an amendment may change on a sample, with its label.
AMENDABLE = {
    "product_name": "产品名称", "registration_no": "注册证或备案编号", "model_spec": "规格型号",
    "lot": "批号或序列号", "made_on": "生产日期", "expires_on": "有效期至", "maker": "标示生产企业",
    "maker_address": "标示生产企业地址", "place": "抽样地点", "storage": "储存条件", "seals": "封签编号",
    "tags": "品种标签", "campaign": "专项", "visit_no": "检查编号", "remark": "备注",
}  # fmt: skip


def _locked(row: R) -> R:
    """The record as it is now, locked until the transaction ends."""
    type(row)._default_manager.select_for_update().only("pk").get(pk=row.pk)
    row.refresh_from_db()
    return row


def _note(action: str, sample: Sample, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="sample", key=sample.number, office_code=sample.office_code,
        detail=detail,
    )  # fmt: skip


def _note_plan(action: str, plan: SamplingPlan, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject="sampling_plan", key=plan.title, office_code=plan.office_code,
        detail=detail,
    )  # fmt: skip


# --- plans -----------------------------------------------------------------------------------------------


@transaction.atomic
def make_sampling_plan(
    *,
    title: str,
    year: int,
    kind: str,
    office_code: str,
    lines: Sequence[LineEntry],
    by: Actor,
    at: dt.datetime,
    basis: str = "",
    laboratory: str = "",
) -> SamplingPlan:
    """Write a plan with its lines as a draft.

    Refused: unknown kind (S101), no lines (S102), a line without lots (S103), of another office (S104)
    or due in another year (S106), a title taken (S105).
    """
    require(by, PLANNING, office_code, where=title)
    taken = SamplingPlan.objects.filter(office_code=office_code, year=year, title=title).exists()
    refuse(
        check.check_given(title, "方案名称"),
        check.check_kind(kind),
        check.check_new_title(taken, title, year),
        check.check_lines(lines, year, office_code),
    )
    plan = SamplingPlan.objects.create(
        title=title, year=year, kind=kind, basis=basis, laboratory=laboratory, office_code=office_code,
        state=PLAN_WORKFLOW.start, made_at=at, by_name=by.name,
    )  # fmt: skip
    _store_lines(plan, lines)
    _note_plan(
        "make_sampling_plan", plan, by, at, kind=kind, lines=len(lines), lots=sum(e.count for e in lines)
    )
    return plan


def _plan_step(plan: SamplingPlan, action: str, by: Actor) -> list[str]:
    require(by, PLANNING, plan.office_code, where=plan.title)
    before = plan.state
    plan.state = PLAN_WORKFLOW.step(before, action, where=plan.title)
    return [before, plan.state]


@transaction.atomic
def add_lines(
    *, plan: SamplingPlan, lines: Sequence[LineEntry], by: Actor, at: dt.datetime
) -> list[SamplingLine]:
    """Add lines to a plan that is not ended; refused like ``make_sampling_plan``."""
    plan = _locked(plan)
    _plan_step(plan, "add_lines", by)
    refuse(check.check_lines(lines, plan.year, plan.office_code))
    made = _store_lines(plan, lines)
    _note_plan("add_lines", plan, by, at, lines=len(made), lots=sum(entry.count for entry in lines))
    return made


def _store_lines(plan: SamplingPlan, lines: Sequence[LineEntry]) -> list[SamplingLine]:
    return SamplingLine.objects.bulk_create(
        SamplingLine(plan=plan, **{**asdict(line), "tags": tag_text(line.tags)}) for line in lines
    )


@transaction.atomic
def amend_line(
    *, line: SamplingLine, reason: str, by: Actor, at: dt.datetime, count: int | None = None,
    due_on: dt.date | None = None,
) -> SamplingLine:  # fmt: skip
    """Change how many lots a line asks for or by when; with a reason (S201), not below those drawn (S107)."""
    line = _locked(line)
    plan = _locked(line.plan)
    _plan_step(plan, "amend_line", by)
    detail: dict[str, Any] = {"product": line.product, "reason": reason}
    refuse(check.check_given(reason, "调整理由"))
    if count is not None:
        drawn = line.samples.exclude(state__in=("cancelled", "refused")).count()
        refuse(
            check.check_count(line.product, count), check.check_not_below_drawn(line.product, count, drawn)
        )
        detail["count"], line.count = [line.count, count], count
    if due_on is not None:
        detail["due_on"], line.due_on = [line.due_on, due_on], due_on
    line.save()
    _note_plan("amend_line", plan, by, at, **detail)
    return line


@transaction.atomic
def issue_sampling_plan(*, plan: SamplingPlan, on: dt.date, by: Actor, at: dt.datetime) -> SamplingPlan:
    """Hand the plan down: from now on samples may be taken for its lines."""
    plan = _locked(plan)
    state = _plan_step(plan, "issue_sampling_plan", by)
    refuse(check.check_not_in_future(on, timezone.localdate(at), "下达日期"))
    plan.issued_on = on
    plan.save()
    _note_plan("issue_sampling_plan", plan, by, at, state=state, on=on)
    return plan


@transaction.atomic
def close_sampling_plan(
    *, plan: SamplingPlan, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> SamplingPlan:
    """End the plan; what was not sampled stays open in its figures, with the reason (S201 without one)."""
    plan = _locked(plan)
    state = _plan_step(plan, "close_sampling_plan", by)
    refuse(
        check.check_given(reason, "结束的说明"),
        check.check_not_in_future(on, timezone.localdate(at), "结束日期"),
        check.check_order_of_dates("下达日期", plan.issued_on, "结束日期", on),
    )
    plan.closed_on = on
    plan.save()
    _note_plan("close_sampling_plan", plan, by, at, state=state, on=on, reason=reason)
    return plan


# --- from the plan to the laboratory -------------------------------------------------------------------


def _kind_of(line: SamplingLine | None, kind: str) -> str:
    return line.plan.kind if line and not kind else kind


def _check_line(line: SamplingLine | None, link: str) -> None:
    if line is not None:
        refuse(
            check.check_plan_in_force(line.plan.title, line.plan.state),
            check.check_line_link(line.product, line.link, link),
        )


def _new_sample(
    party: Party, link: str, kind: str, line: SamplingLine | None, number: str, office: str, on: dt.date,
    **facts: Any,
) -> Sample:  # fmt: skip
    """An unsaved sample with what its line and its party say; without a number it gets the next one."""
    number = number or next_number(Sample, rules.number_pattern(), office, on.year)
    refuse(check.check_new_number(number, Sample.objects.filter(number=number).exists()))
    tags = facts.pop("tags", None)
    if tags is None:
        of_link = party.links.filter(link=link).values_list("tags", flat=True).first() or "|"
        stored = line.tags if line and line.tags != "|" else of_link
    else:
        stored = tag_text(tags)
    from_line = {
        "items": line.items if line else "",
        "standard": line.standard if line else "",
        "laboratory": line.plan.laboratory if line else "",
        "area": line.area if line else facts.get("area", ""),
    }
    return Sample(
        number=number, party=party, link=link, kind=_kind_of(line, kind), line=line, office_code=office,
        state=WORKFLOW.start, tags=stored, **{**facts, **from_line},
    )  # fmt: skip


@transaction.atomic
def plan_sample(
    *,
    line: SamplingLine,
    party: Party,
    link: str,
    planned_on: dt.date,
    by: Actor,
    at: dt.datetime,
    office_code: str = "",
    number: str = "",
) -> Sample:
    """Name the party where a lot of a line is to be taken, and by when.

    ``office_code``: the line's when empty.
    """
    office = office_code or line.office_code
    require(by, PERMISSION, office, where=party.name)
    refuse(check.check_link(link))
    _check_line(line, link)
    sample = _new_sample(
        party, link, "", line, number, office, planned_on, planned_on=planned_on, product_name=line.product
    )
    sample.save()
    _note("plan_sample", sample, by, at, party=party.name, product=line.product, planned_on=planned_on)
    return sample


@transaction.atomic
def draw_sample(
    *,
    sheet: Sheet,
    team: Sequence[Officer],
    by: Actor,
    at: dt.datetime,
    sample: Sample | None = None,
    party: Party | None = None,
    link: str = "",
    kind: str = "",
    line: SamplingLine | None = None,
    area: str = "医疗器械",
    number: str = "",
    tags: Iterable[str] | None = None,
    campaign: str = "",
    visit_no: str = "",
    office_code: str = "",
) -> Sample:
    """Fill in the sheet: of a planned ``sample``, or of a new one at ``party`` in ``link``.

    A new one takes kind, product area and laboratory from its ``line``; without a line ``kind`` is asked
    for (S101). Refused besides: fewer people than SP-1 (S203), no seals (S209), no lot, dates that
    contradict each other (S205), a number taken (S206), a line that is not in force (S108).
    """
    day = timezone.localdate(at)
    refuse(
        check.check_samplers(len({officer.pk for officer in team}), rules.minimum_samplers()),
        check.check_samplers_active([officer.name for officer in team if not officer.is_active]),
        check.check_sheet(sheet, day),
    )
    if sample is None:
        sample = _unplanned(
            party, link, kind, line, area, number, sheet.sampled_on, office_code, by, tags=tags,
            campaign=campaign,
        )  # fmt: skip
    else:
        sample = _locked(sample)
        require(by, PERMISSION, sample.office_code, where=sample.number)
    before = sample.state
    sample.state = WORKFLOW.step(before, "draw_sample", where=sample.number)
    for field, value in asdict(sheet).items():
        setattr(sample, field, value)
    sample.visit_no = visit_no or sample.visit_no
    sample.samplers = "、".join(officer.name for officer in team)
    sample.registration = registration_of(sheet.registration_no)
    sample.maker_party = maker_in_register(sheet.maker)
    sample.save()
    sample.team.set(team)
    _note(
        "draw_sample", sample, by, at, state=[before, sample.state], party=sample.party.name,
        product=sheet.product_name, lot=sheet.lot, sampled_on=sheet.sampled_on, quantity=sheet.quantity,
        seals=sheet.seals, samplers=sample.samplers,
    )  # fmt: skip
    return sample


def _unplanned(
    party: Party | None, link: str, kind: str, line: SamplingLine | None, area: str, number: str,
    on: dt.date, office_code: str, by: Actor, **facts: Any,
) -> Sample:  # fmt: skip
    """A sample that nobody had planned, in the state before its sheet."""
    if party is None:
        refuse(check.check_given("", "被抽样单位"))
        raise AssertionError
    office = office_code or (line.office_code if line else party.office_code)
    require(by, PERMISSION, office, where=party.name)
    refuse(
        check.check_link(link), check.check_kind(_kind_of(line, kind)), check.check_area(area),
    )  # fmt: skip
    _check_line(line, link)
    return _new_sample(party, link, kind, line, number, office, on, area=area, **facts)


def _step(sample: Sample, action: str, by: Actor) -> tuple[Sample, list[str]]:
    """The locked sample moved along its workflow table, and [state before, after] for the audit entry."""
    sample = _locked(sample)
    require(by, PERMISSION, sample.office_code, where=sample.number)
    before = sample.state
    sample.state = WORKFLOW.step(before, action, where=sample.number)
    return sample, [before, sample.state]


def _dated(at: dt.datetime, what: str, on: dt.date, after: str, after_on: dt.date | None) -> None:
    """Refuse a day after today or before the step that it follows."""
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), what),
        check.check_order_of_dates(after, after_on, what, on),
    )


@transaction.atomic
def record_refused_sampling(
    *, sample: Sample, on: dt.date, reason: str, witness: str, by: Actor, at: dt.datetime
) -> Sample:
    """The party refused to have a sample taken: how, and who saw it (S201 without either)."""
    sample, state = _step(sample, "record_refused_sampling", by)
    refuse(check.check_given(reason, "拒绝的情形"), check.check_given(witness, "见证人"))
    refuse(check.check_not_in_future(on, timezone.localdate(at), "日期"))
    # no sample was taken: the day stands apart from 抽样日期, which figures count
    sample.witness, sample.remark = witness, reason
    sample.extra = {**sample.extra, "拒绝日期": on.isoformat()}
    sample.save()
    _note("record_refused_sampling", sample, by, at, state=state, on=on, reason=reason, witness=witness)
    return sample


@transaction.atomic
def hand_over_sample(
    *, sample: Sample, on: dt.date, laboratory: str, by: Actor, at: dt.datetime, carrier: str = "",
    temperature: str = "",
) -> Sample:  # fmt: skip
    """Send the sealed sample to the laboratory. ``temperature``: on the way, for the cold chain."""
    sample, state = _step(sample, "hand_over_sample", by)
    refuse(check.check_given(laboratory, "检验机构"))
    _dated(at, "送检日期", on, "抽样日期", sample.sampled_on)
    sample.handed_over_on, sample.laboratory = on, laboratory
    sample.carrier, sample.temperature = carrier, temperature
    sample.save()
    _note("hand_over_sample", sample, by, at, state=state, on=on, laboratory=laboratory, carrier=carrier)
    return sample


@transaction.atomic
def receive_sample(
    *, sample: Sample, on: dt.date, by: Actor, at: dt.datetime, acceptance: str = "封签完好"
) -> Sample:
    """The laboratory has the sample: the day that the arrival rate counts."""
    sample, state = _step(sample, "receive_sample", by)
    _dated(at, "到样日期", on, "送检日期", sample.handed_over_on)
    sample.received_on, sample.acceptance = on, acceptance
    sample.save()
    _note("receive_sample", sample, by, at, state=state, on=on, acceptance=acceptance)
    return sample


@transaction.atomic
def cancel_sample(*, sample: Sample, reason: str, by: Actor, at: dt.datetime) -> Sample:
    """Call a sample off: the product is not there, the seal broke, the laboratory will not take it."""
    sample, state = _step(sample, "cancel_sample", by)
    refuse(check.check_given(reason, "取消理由"))
    sample.remark = "；".join(filter(None, [sample.remark, reason]))
    sample.save()
    _drop(sample, reason, by, at)
    _note("cancel_sample", sample, by, at, state=state, reason=reason)
    return sample


@transaction.atomic
def amend_sample(
    *, sample: Sample, changes: Mapping[str, Any], reason: str, by: Actor, at: dt.datetime
) -> Sample:
    """Correct what the sheet says of the product and the place; needs a reason. ``tags`` is a list.

    The audit entry keeps both versions. Refused: fields that steps write (S214), a product without name
    or lot (S201), dates that contradict each other (S205).
    """
    sample = _locked(sample)
    require(by, PERMISSION, sample.office_code, where=sample.number)
    refuse(check.check_given(reason, "更正理由"), check.check_amendable(changes, AMENDABLE))
    values = {k: tag_text(v) if k == "tags" else v for k, v in changes.items()}
    detail = {field: [getattr(sample, field), value] for field, value in values.items()}
    for field, value in values.items():
        setattr(sample, field, value)
    refuse(
        check.check_given(sample.product_name, "产品名称"),
        check.check_given(sample.lot, "批号或序列号") if sample.sampled_on else [],
        check.check_order_of_dates("生产日期", sample.made_on, "抽样日期", sample.sampled_on),
        check.check_order_of_dates("生产日期", sample.made_on, "有效期至", sample.expires_on),
    )
    sample.registration = registration_of(sample.registration_no)
    sample.maker_party = maker_in_register(sample.maker)
    sample.save()
    _note("amend_sample", sample, by, at, reason=reason, **detail)
    return sample


# --- results ---------------------------------------------------------------------------------------------


def _title(sample: Sample) -> str:
    return f"{sample.number} {sample.product_name}"


def _start(sample: Sample, name: str, on: dt.date, by: Actor, at: dt.datetime) -> Clock | None:
    """Set one of the sample's clocks; None where no rule is known for such products."""
    clock = rules.clocks()[name]
    rule = clock.rules.get(sample.area)
    if rule is None:
        return None
    return clocks.set_clock(
        subject="sample", record=sample.pk, name=name, rule=rule, start=on, title=_title(sample),
        office_code=sample.office_code, label=clock.meaning, by=by, at=at,
    )  # fmt: skip


def _finish(sample: Sample, name: str, on: dt.date, by: Actor, at: dt.datetime) -> None:
    clocks.finish_clock(subject="sample", record=sample.pk, name=name, on=on, by=by, at=at)


def _drop(
    sample: Sample, reason: str, by: Actor, at: dt.datetime, names: Sequence[str] | None = None
) -> None:
    clocks.drop_clocks(subject="sample", record=sample.pk, reason=reason, names=names, by=by, at=at)


def _due(sample: Sample, name: str) -> dt.date | None:
    """The last day of one of the sample's running clocks."""
    found = Clock.objects.filter(subject="sample", record=sample.pk, name=name, state=Clock.RUNNING)
    return found.values_list("due_legal", flat=True).first()


@transaction.atomic
def record_result(
    *,
    sample: Sample,
    result: str,
    result_on: dt.date,
    report_no: str,
    by: Actor,
    at: dt.datetime,
    failed_items: str = "",
    items: str = "",
) -> Sample:
    """Record the laboratory's report; a failed one starts the clocks (stop the product, case or not).

    Refused: an unknown conclusion (S301), a failure without its items (S302), no report number (S201).
    """
    sample, state = _step(sample, "record_result", by)
    refuse(check.check_result(result, failed_items), check.check_given(report_no, "检验报告编号"))
    _dated(at, "报告日期", result_on, "到样日期", sample.received_on)
    sample.result, sample.result_on, sample.report_no = result, result_on, report_no
    sample.failed_items, sample.items = failed_items, items or sample.items
    sample.save()
    if result == FAILED:
        for name in ("stop", "clue"):
            _start(sample, name, result_on, by, at)
    _note(
        "record_result", sample, by, at, state=state, result=result, result_on=result_on, report_no=report_no,
        failed_items=failed_items,
    )  # fmt: skip
    return sample


@transaction.atomic
def notify_result(*, sample: Sample, on: dt.date, by: Actor, at: dt.datetime, receiver: str = "") -> Sample:
    """Serve the result on the sampled party; of a failed one the days for asking a retest begin."""
    sample, state = _step(sample, "notify_result", by)
    _dated(at, "送达日期", on, "报告日期", sample.result_on)
    sample.notified_on = on
    sample.save()
    if sample.failed:
        _start(sample, "retest", on, by, at)
    _note("notify_result", sample, by, at, state=state, on=on, receiver=receiver)
    return sample


@transaction.atomic
def notify_maker(*, sample: Sample, on: dt.date, by: Actor, at: dt.datetime, letter_no: str = "") -> Sample:
    """Tell the maker named on the label of a failed result: its days for an objection begin. Once (S407)."""
    sample, _ = _step(sample, "notify_maker", by)
    refuse(
        check.check_failed(sample.result, "告知标示生产企业"),
        check.check_given(sample.maker, "标示生产企业"),
        check.check_maker_not_told(sample.maker_notified_on),
    )
    _dated(at, "告知日期", on, "报告日期", sample.result_on)
    sample.maker_notified_on = on
    sample.save()
    _start(sample, "objection", on, by, at)
    _note("notify_maker", sample, by, at, on=on, maker=sample.maker, letter_no=letter_no)
    return sample


@transaction.atomic
def raise_objection(*, sample: Sample, on: dt.date, reasons: str, by: Actor, at: dt.datetime) -> Sample:
    """The maker named on the label says that the product is not its own; too late is refused (S406)."""
    sample, state = _step(sample, "raise_objection", by)
    refuse(
        check.check_failed(sample.result, "提出异议"),
        check.check_given(reasons, "异议理由"),
        check.check_in_time("S406", on, _due(sample, "objection")),
    )
    _dated(at, "提出异议日期", on, "报告日期", sample.result_on)
    sample.objected_on, sample.objection = on, reasons
    sample.save()
    _finish(sample, "objection", on, by, at)
    for name in ("enter", "verify"):
        _start(sample, name, on, by, at)
    _note("raise_objection", sample, by, at, state=state, on=on, reasons=reasons)
    return sample


@transaction.atomic
def enter_objection(*, sample: Sample, on: dt.date, by: Actor, at: dt.datetime) -> Sample:
    """The objection was entered in the national sampling system: the time for that ends."""
    sample, state = _step(sample, "enter_objection", by)
    _dated(at, "录入日期", on, "提出异议日期", sample.objected_on)
    _finish(sample, "enter", on, by, at)
    sample.save()
    _note("enter_objection", sample, by, at, state=state, on=on)
    return sample


@transaction.atomic
def answer_objection(
    *, sample: Sample, on: dt.date, result: str, by: Actor, at: dt.datetime, note: str = ""
) -> Sample:
    """What the check of an objection came to. 成立: the product is not that maker's, its source is traced."""
    sample, state = _step(sample, "answer_objection", by)
    refuse(check.check_objection_result(result))
    _dated(at, "核实日期", on, "提出异议日期", sample.objected_on)
    sample.objection_result, sample.objection_answered_on = result, on
    sample.save()
    for name in ("enter", "verify"):
        _finish(sample, name, on, by, at)
    _note("answer_objection", sample, by, at, state=state, on=on, result=result, note=note)
    return sample


@transaction.atomic
def apply_retest(
    *,
    sample: Sample,
    on: dt.date,
    applicant: str,
    laboratory: str,
    by: Actor,
    at: dt.datetime,
    only_laboratory: bool = False,
) -> Sample:
    """Somebody asks for a retest by the drawn ``laboratory``.

    Refused: after the last day (S402), by the first laboratory (S403) unless it is the only one, of a
    result that conforms (S401).
    """
    sample, state = _step(sample, "apply_retest", by)
    refuse(
        check.check_failed(sample.result, "申请复检"),
        check.check_given(applicant, "复检申请人"),
        check.check_given(laboratory, "复检机构"),
        [] if only_laboratory else check.check_other_laboratory(sample.laboratory, laboratory),
        check.check_in_time("S402", on, _due(sample, "retest")),
    )
    _dated(at, "申请复检日期", on, "送达日期", sample.notified_on)
    sample.retest_applied_on, sample.retest_applicant = on, applicant
    sample.retest_laboratory = laboratory
    sample.save()
    _finish(sample, "retest", on, by, at)
    _note("apply_retest", sample, by, at, state=state, on=on, applicant=applicant, laboratory=laboratory)
    return sample


@transaction.atomic
def reject_retest(*, sample: Sample, on: dt.date, reason: str, by: Actor, at: dt.datetime) -> Sample:
    """The application is not taken on, with its reason; the first result stands."""
    sample, state = _step(sample, "reject_retest", by)
    refuse(check.check_given(reason, "不予受理的理由"))
    _dated(at, "不予受理日期", on, "申请复检日期", sample.retest_applied_on)
    sample.remark = "；".join(filter(None, [sample.remark, f"复检不予受理：{reason}"]))
    sample.save()
    _note("reject_retest", sample, by, at, state=state, on=on, reason=reason)
    return sample


@transaction.atomic
def record_retest(*, sample: Sample, on: dt.date, result: str, by: Actor, at: dt.datetime) -> Sample:
    """The conclusion of the retest: it is final. One that conforms ends the matter of the product."""
    sample, state = _step(sample, "record_retest", by)
    refuse(check.check_result(result, sample.failed_items))
    _dated(at, "复检结论日期", on, "申请复检日期", sample.retest_applied_on)
    sample.retest_result, sample.retest_on = result, on
    sample.final_result, sample.final_on = result, on
    sample.save()
    if result == PASSED:
        _drop(sample, "复检符合规定", by, at)
    _note("record_retest", sample, by, at, state=state, on=on, result=result)
    return sample


@transaction.atomic
def confirm_result(*, sample: Sample, on: dt.date, by: Actor, at: dt.datetime, waiver: str = "") -> Sample:
    """The first result becomes final: nobody asked for a retest in time (S404 before), or all gave it up."""
    sample, state = _step(sample, "confirm_result", by)
    refuse(check.check_retest_over(_due(sample, "retest"), on, waiver))
    _dated(at, "最终结论日期", on, "送达日期", sample.notified_on)
    sample.final_result, sample.final_on = sample.result, on
    sample.save()
    _drop(sample, waiver or "期满未申请", by, at, names=["retest", "objection"])
    _note("confirm_result", sample, by, at, state=state, on=on, result=sample.result, waiver=waiver)
    return sample


# --- what follows a failed result --------------------------------------------------------------------------


@transaction.atomic
def record_disposal(
    *,
    sample: Sample,
    measure: str,
    done_on: dt.date,
    by: Actor,
    at: dt.datetime,
    reference: str = "",
    content: str = "",
    quantity: int | None = None,
    record: tuple[str, int] | None = None,
) -> Disposal:
    """Record one measure (ids in packs/sampling/rules.toml). ``record``: (case or visit, id) that it led to.

    Refused: a result that conforms (S503), an unknown measure (S501), the same again (S502), neither
    reference nor content (S201).
    """
    sample, _ = _step(sample, "record_disposal", by)
    known = rules.measures()
    same = sample.disposals.filter(measure=measure, reference=reference)
    refuse(
        check.check_needs_handling(sample.failed),
        check.check_measure(measure, list(known)),
        check.check_given(reference + content, "文号或者内容"),
    )
    refuse(check.check_new_measure(same.exists(), known[measure].label, reference))
    _dated(at, "日期", done_on, "报告日期", sample.result_on)
    kind, key = record or ("", None)
    disposal = Disposal.objects.create(
        sample=sample, measure=measure, done_on=done_on, reference=reference, content=content,
        quantity=quantity, record_kind=kind, record=key, by_name=by.name,
    )  # fmt: skip
    if measure == "stop":
        _finish(sample, "stop", done_on, by, at)
    if known[measure].settles == "penalty":
        _finish(sample, "clue", done_on, by, at)
    _note(
        "record_disposal", sample, by, at, measure=known[measure].label, done_on=done_on,
        reference=reference, content=content, quantity=quantity,
    )  # fmt: skip
    return disposal


@transaction.atomic
def complete_disposal(*, sample: Sample, on: dt.date, by: Actor, at: dt.datetime) -> Sample:
    """The handling of a failed sample is complete; what the pack requires must be there (S504)."""
    sample, state = _step(sample, "complete_disposal", by)
    taken = set(sample.disposals.values_list("measure", flat=True))
    refuse(
        check.check_needs_handling(sample.failed), check.check_handled(rules.missing_measures(taken))
    )  # fmt: skip
    _dated(at, "处置完成日期", on, "最终结论日期", sample.final_on)
    sample.disposed_on = on
    sample.save()
    _note("complete_disposal", sample, by, at, state=state, on=on)
    return sample


@transaction.atomic
def close_sample(*, sample: Sample, on: dt.date, by: Actor, at: dt.datetime) -> Sample:
    """Close a sample: one that conforms once its result is served, a failed one after its handling (S505)."""
    before = sample.state
    sample, state = _step(sample, "close_sample", by)
    refuse(check.check_may_close(sample.failed, state[0] or before))
    _dated(at, "办结日期", on, "送达日期", sample.notified_on)
    if not sample.final_result:
        sample.final_result, sample.final_on = sample.result, on
    sample.closed_on = on
    sample.save()
    _drop(sample, "已办结", by, at)
    _note("close_sample", sample, by, at, state=state, on=on)
    return sample
