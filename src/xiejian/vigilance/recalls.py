"""Every write about a recall as a whole: suspicion, decision, notices, plan, progress, end, review.

What the holders of the product answer is in recall_holders.py. Whoever recalls may act for itself when it is
connected; officers of the office in charge write down what others told on paper. Dates come from the caller.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from xiejian.clocks import actions as clocks
from xiejian.kernel import workflow
from xiejian.numbers import certificates
from xiejian.people import audit
from xiejian.people.numbering import next_number
from xiejian.people.policy import Actor, require, require_for
from xiejian.registry.models import Party, Registration
from xiejian.supply import holding
from xiejian.vigilance import recall_checks as rcheck
from xiejian.vigilance import recall_rules
from xiejian.vigilance.checks import (
    REPORTERS,
    check_amendable,
    check_changed,
    check_given,
    check_not_in_future,
    check_one_of,
    check_order_of_dates,
    refuse,
)
from xiejian.vigilance.models import Recall, RecallDemand, RecallHolder, RecallProgress
from xiejian.vigilance.recall_checks import ON_ITS_OWN, ORDERED, Plan, Progress, Source, Suspicion
from xiejian.vigilance.recall_figures import figures

WORKFLOW = workflow.load(Path(__file__).with_name("recall_workflow.toml"))
SUBJECT = "recall"
SUPERVISING, FIRM = "vigilance.review", "firm.report"
#: decided and not yet done: the authority may demand something of it
RUNNING = ("decided", "notified", "form_filed", "plan_filed", "in_progress")
#: not yet at its end
OPEN = tuple(state for state in WORKFLOW.states if state not in WORKFLOW.finals)
#: the steps that whoever recalls takes itself when it is connected
HOLDER_MOVES = (
    "evaluate_recall", "decide_recall", "drop_recall", "notify_holders", "file_form", "file_plan",
    "report_progress", "complete_recall", "file_summary",
)  # fmt: skip
#: clocks that begin with the decision, or with the receipt of an order
_FROM_DECISION = ("notify", "form", "plan")
#: What an amendment may change, with its label.
AMENDABLE = {
    "product_name": "产品名称", "registration_no": "注册证或备案编号", "model_spec": "规格型号",
    "di": "产品标识", "lots": "批号", "reason": "召回原因", "defect": "缺陷种类",
    "holder_name": "召回单位", "holder_uscc": "召回单位信用代码", "contact": "召回联系方式",
    "range_text": "召回范围",
}  # fmt: skip


# --- shared by the actions --------------------------------------------------------------------------------


def title(recall: Recall) -> str:
    """The recall as lists of clocks show it."""
    return f"{recall.number} {recall.product_name}"


def origin_of(recall: Recall) -> str:
    """The number under which lots are held: that of the first recall, where one was ordered again."""
    while recall.follows:
        recall = recall.follows
    return recall.number


def locked(recall: Recall) -> Recall:
    """The recall as it stands now, held until the transaction ends."""
    Recall.objects.select_for_update().only("pk").get(pk=recall.pk)
    recall.refresh_from_db()
    return recall


def note(action: str, recall: Recall, by: Actor, at: dt.datetime, **detail: Any) -> None:
    """The audit entry of an action on a recall."""
    audit.record(
        by=by, at=at, action=action, subject=SUBJECT, key=recall.number, office_code=recall.office_code,
        detail=detail,
    )  # fmt: skip


def require_to_recall(by: Actor, recall: Recall) -> None:
    """Of a firm's people those of the one that recalls; of officers whoever supervises it."""
    if by.firm:
        require_for(by, FIRM, recall.holder_uscc, where=recall.number)
    else:
        require(by, SUPERVISING, recall.office_code, where=recall.number)


def _step(recall: Recall, action: str, by: Actor) -> tuple[Recall, list[str]]:
    """The locked recall moved along its table, and [state before, after] for the audit entry."""
    recall = locked(recall)
    if action in HOLDER_MOVES:
        require_to_recall(by, recall)
    else:
        require(by, SUPERVISING, recall.office_code, where=recall.number)
    before = recall.state
    recall.state = WORKFLOW.step(before, action, where=recall.number)
    return recall, [before, recall.state]


def dated(at: dt.datetime, what: str, on: dt.date, after: str, after_on: dt.date | None) -> None:
    """Refused unless ``on`` lies between the step before it and the day of ``at``."""
    refuse(
        check_not_in_future(on, timezone.localdate(at), what), check_order_of_dates(after, after_on, what, on)
    )


def _start(recall: Recall, name: str, start: dt.date, by: Actor, at: dt.datetime) -> None:
    clocks.set_clock(
        subject=SUBJECT, record=recall.pk, name=name, rule=recall_rules.clock_rule(name, recall.level),
        start=start, title=title(recall), office_code=recall.office_code,
        label=recall_rules.clock_label(name), by=by, at=at,
    )  # fmt: skip


def finish(recall: Recall, name: str, on: dt.date, by: Actor, at: dt.datetime) -> None:
    """One of the recall's clocks was answered on this day."""
    clocks.finish_clock(subject=SUBJECT, record=recall.pk, name=name, on=on, by=by, at=at)


def _drop(recall: Recall, reason: str, by: Actor, at: dt.datetime) -> None:
    clocks.drop_clocks(subject=SUBJECT, record=recall.pk, reason=reason, by=by, at=at)


def _party(uscc: str) -> Party | None:
    return Party.objects.filter(uscc=uscc).first() if uscc else None


# --- opening ----------------------------------------------------------------------------------------------


def _check_suspicion(found: Suspicion, at: dt.datetime) -> None:
    refuse(
        check_given(found.product_name, "产品名称"),
        check_given(found.reason, "召回原因"),
        check_given(found.holder_name, "召回单位"),
        check_one_of(found.defect, recall_rules.values("defects"), "缺陷种类", required=False),
        check_one_of(found.found_by, REPORTERS, "发现缺陷的单位类别", required=False),
        check_not_in_future(found.suspected_on, timezone.localdate(at), "发现日期"),
    )


def _new(
    found: Suspicion, source: Source, office_code: str, at: dt.datetime, by: Actor, **more: Any
) -> Recall:
    facts = {name: value for name, value in asdict(found).items() if name != "found_by"}
    facts["lots"] = [lot.strip() for lot in found.lots if lot.strip()]
    pattern = recall_rules.number_pattern("recall")
    return Recall.objects.create(
        number=next_number(Recall, pattern, office_code, found.suspected_on.year), office_code=office_code,
        party=_party(found.holder_uscc), source_kind=source.kind, source_record=source.record,
        source_no=source.number, made_at=at, by_name=by.name, **{**facts, **more},
    )  # fmt: skip


@transaction.atomic
def open_recall(
    *, suspicion: Suspicion, by: Actor, at: dt.datetime, office_code: str = "", source: Source | None = None
) -> Recall:
    """登记疑似缺陷: a recall begins, at the wish of whoever makes the product.

    ``office_code``: of the office in charge, not asked of a firm. Refused: J101 to J104, J426.
    """
    if by.firm:
        require_for(by, FIRM, suspicion.holder_uscc)
        party = _party(by.firm)
        refuse(rcheck.check_registered(suspicion.holder_name, party is not None))
        office_code = party.office_code if party else ""
    else:
        require(by, SUPERVISING, office_code, where=suspicion.product_name)
    _check_suspicion(suspicion, at)
    made = _new(suspicion, source or Source(), office_code, at, by, kind=ON_ITS_OWN, state=WORKFLOW.start)
    if suspicion.found_by in REPORTERS[1:]:
        _start(made, "suspend", suspicion.suspected_on, by, at)
        finish(made, "suspend", timezone.localdate(at), by, at)
    note(
        "open_recall", made, by, at, product=made.product_name, lots=made.lots, holder=made.holder_name,
        source=made.source_no,
    )  # fmt: skip
    return made


@transaction.atomic
def order_recall(
    *, suspicion: Suspicion, level: str, on: dt.date, by: Actor, at: dt.datetime, office_code: str = "",
    range_text: str = "", received_on: dt.date | None = None, source: Source | None = None,
    follows: Recall | None = None,
) -> Recall:  # fmt: skip
    """责令召回: whoever should recall and does not is ordered to; the times run from the order's receipt.

    Refused: J101 to J104, J401.
    """
    require(by, SUPERVISING, office_code, where=suspicion.product_name)
    _check_suspicion(suspicion, at)
    refuse(
        check_one_of(level, recall_rules.levels(), "召回级别"),
        rcheck.check_lots(suspicion.lots),
    )
    dated(at, "责令召回日期", on, "发现日期", suspicion.suspected_on)
    order_no = next_number(Recall, recall_rules.number_pattern("order"), office_code, on.year, "order_no")
    made = _new(
        suspicion, source or Source(), office_code, at, by, kind=ORDERED, state="decided", level=level,
        decided_on=on, order_no=order_no, range_text=range_text, follows=follows,
    )  # fmt: skip
    note(
        "order_recall", made, by, at, order=order_no, level=level, product=made.product_name, lots=made.lots,
        holder=made.holder_name, source=made.source_no,
    )  # fmt: skip
    if received_on:
        receive_order(recall=made, on=received_on, by=by, at=at)
    return made


@transaction.atomic
def receive_order(*, recall: Recall, on: dt.date, by: Actor, at: dt.datetime) -> Recall:
    """签收责令召回通知书: the times of the recall run from this day."""
    recall = locked(recall)
    require_to_recall(by, recall)
    refuse(rcheck.check_order(recall.kind, recall.number, recall.received_on))
    dated(at, "签收日期", on, "责令召回日期", recall.decided_on)
    recall.received_on = on
    recall.save(update_fields=["received_on"])
    for name in _FROM_DECISION:
        _start(recall, name, on, by, at)
    note("receive_order", recall, by, at, on=on)
    return recall


@transaction.atomic
def evaluate_recall(
    *, recall: Recall, evaluation: Mapping[str, str], on: dt.date, by: Actor, at: dt.datetime
) -> Recall:
    """提交调查评估: what was looked into, item by item (ids of recalls.toml). Refused: J402, J403."""
    recall, state = _step(recall, "evaluate_recall", by)
    refuse(rcheck.check_evaluation(evaluation, recall_rules.evaluation()))
    dated(at, "评估日期", on, "发现日期", recall.suspected_on)
    recall.evaluation, recall.evaluated_on = {name: str(said) for name, said in evaluation.items()}, on
    recall.save()
    note("evaluate_recall", recall, by, at, state=state, on=on, evaluation=recall.evaluation)
    return recall


@transaction.atomic
def decide_recall(*, recall: Recall, level: str, on: dt.date, by: Actor, at: dt.datetime) -> Recall:
    """决定召回: with its level; from this day the units are told, the form and the plan handed in."""
    recall, state = _step(recall, "decide_recall", by)
    refuse(
        check_one_of(level, recall_rules.levels(), "召回级别"),
        rcheck.check_lots(recall.lots),
    )
    dated(at, "决定召回日期", on, "评估日期", recall.evaluated_on)
    recall.level, recall.decided_on = level, on
    recall.save()
    for name in _FROM_DECISION:
        _start(recall, name, on, by, at)
    note("decide_recall", recall, by, at, state=state, level=level, on=on)
    return recall


@transaction.atomic
def drop_recall(*, recall: Recall, reason: str, on: dt.date, by: Actor, at: dt.datetime) -> Recall:
    """认定不需要召回: the evaluation found no defect that asks for one."""
    recall, state = _step(recall, "drop_recall", by)
    refuse(check_given(reason, "理由"))
    dated(at, "认定日期", on, "评估日期", recall.evaluated_on)
    recall.reviewed_on, recall.review = on, reason
    recall.save()
    note("drop_recall", recall, by, at, state=state, reason=reason, on=on)
    return recall


# --- on the way -------------------------------------------------------------------------------------------


@transaction.atomic
def notify_holders(*, recall: Recall, how: str, on: dt.date, by: Actor, at: dt.datetime) -> Recall:
    """通知持有单位: every unit on the list that has not been told; their lots may not move any more.

    Refused: no unit on the list (J414), all told already (J415).
    """
    recall, state = _step(recall, "notify_holders", by)
    waiting = list(recall.holders.filter(notified_on=None).select_for_update())
    refuse(
        check_one_of(how, recall_rules.values("told_how"), "通知方式"),
        rcheck.check_to_notify(recall.holders.count(), len(waiting)),
    )
    dated(at, "通知日期", on, "决定召回日期", recall.decided_on)
    for row in waiting:
        row.state, row.notified_on, row.notified_how = "informed", on, how
    RecallHolder.objects.bulk_update(waiting, ["state", "notified_on", "notified_how"])
    hold(recall, waiting, by, at)
    recall.notified_on = recall.notified_on or on
    recall.save()
    finish(recall, "notify", on, by, at)
    note("notify_holders", recall, by, at, state=state, on=on, how=how, units=len(waiting))
    return recall


def hold(recall: Recall, holders: Sequence[RecallHolder], by: Actor, at: dt.datetime) -> None:
    """The recalled lots stand still at these units; nothing where the product has no identifier."""
    if not recall.di:
        return
    reason = f"召回 {recall.number}"
    holds = [
        holding.Hold(row.uscc, recall.di, lot, reason) for row in holders if row.uscc for lot in recall.lots
    ]
    holding.hold_lots(holds=holds, source_kind=SUBJECT, source_record=origin_of(recall), by=by, at=at)


@transaction.atomic
def file_form(*, recall: Recall, on: dt.date, by: Actor, at: dt.datetime, contact: str = "") -> Recall:
    """报送召回事件报告表 to the province and to whoever registered the product."""
    recall, state = _step(recall, "file_form", by)
    dated(at, "报送日期", on, "决定召回日期", recall.decided_on)
    recall.form_on, recall.contact = on, contact or recall.contact
    recall.save()
    finish(recall, "form", on, by, at)
    _start(recall, "national", on, by, at)
    note("file_form", recall, by, at, state=state, on=on)
    return recall


@transaction.atomic
def report_national(*, recall: Recall, on: dt.date, by: Actor, at: dt.datetime) -> Recall:
    """登记已报告国家局: the province told the national authority of the recall."""
    recall = locked(recall)
    require(by, SUPERVISING, recall.office_code, where=recall.number)
    refuse(rcheck.check_form_filed(recall.number, recall.form_on))
    dated(at, "报告国家局日期", on, "报送召回事件报告表日期", recall.form_on)
    finish(recall, "national", on, by, at)
    note("report_national", recall, by, at, on=on)
    return recall


@transaction.atomic
def file_plan(*, recall: Recall, plan: Plan, on: dt.date, by: Actor, at: dt.datetime) -> Recall:
    """提交调查评估报告和召回计划; handed in again it replaces the plan, the audit log keeps both."""
    recall, state = _step(recall, "file_plan", by)
    refuse(
        check_given(plan.measures, "召回措施"),
        rcheck.check_words(plan.treatments, recall_rules.values("treatments"), "处理方式"),
        rcheck.check_plan(plan, recall.decided_on),
    )
    dated(at, "提交日期", on, "报送召回事件报告表日期", recall.form_on)
    given = {**asdict(plan), "treatments": list(plan.treatments)}
    given["contact"] = plan.contact or recall.contact
    changes = {name: [getattr(recall, name), value] for name, value in given.items()}
    for name, value in given.items():
        setattr(recall, name, value)
    recall.plan_on = recall.plan_on or on
    recall.save()
    finish(recall, "plan", on, by, at)
    _agree_progress(recall, on, by, at)
    note("file_plan", recall, by, at, state=state, on=on, **changes)
    return recall


def _agree_progress(recall: Recall, on: dt.date, by: Actor, at: dt.datetime) -> None:
    """The next progress report is due after the plan's interval, at the plan's end at the latest."""
    assert recall.every_days and recall.finish_by
    left = max(recall.finish_by - on, dt.timedelta())
    due = on + dt.timedelta(days=min(recall.every_days, left.days))
    clocks.set_agreed_date(
        subject=SUBJECT, record=recall.pk, name="progress", due=due, start=on, title=title(recall),
        label=recall_rules.clock_label("progress"), office_code=recall.office_code, by=by, at=at,
    )  # fmt: skip


@transaction.atomic
def report_progress(
    *, recall: Recall, progress: Progress, on: dt.date, by: Actor, at: dt.datetime
) -> RecallProgress:
    """报告实施情况: quantities from the beginning. Refused: J407, J408."""
    recall, state = _step(recall, "report_progress", by)
    last = recall.progress.order_by("-on", "-pk").first()
    before = Progress(last.returned, last.treated, last.destroyed) if last else None
    refuse(rcheck.check_progress(progress, before))
    after = ("上一次报告日期", last.on) if last else ("提交召回计划日期", recall.plan_on)
    dated(at, "报告日期", on, *after)
    made = RecallProgress.objects.create(recall=recall, on=on, by_name=by.name, **asdict(progress))
    recall.save()
    finish(recall, "progress", on, by, at)
    _agree_progress(recall, on, by, at)
    note("report_progress", recall, by, at, state=state, on=on, **asdict(progress))
    return made


@transaction.atomic
def demand_of_recall(
    *, recall: Recall, kind: str, text: str, on: dt.date, by: Actor, at: dt.datetime, level: str = "",
    finish_by: dt.date | None = None, range_text: str = "", treatments: Sequence[str] = (),
) -> RecallDemand:  # fmt: skip
    """要求改变召回: a higher level, a wider range, a shorter time or another treatment, with the reason.

    The recall takes over what is demanded; while nobody is told yet, a higher level shortens that time too.
    Refused: J104, J418 to J420.
    """
    recall = locked(recall)
    require(by, SUPERVISING, recall.office_code, where=recall.number)
    refuse(
        rcheck.check_demands_taken(recall.state, WORKFLOW.states[recall.state], recall.number, RUNNING),
        check_one_of(kind, recall_rules.values("demands"), "要求"),
        check_given(text, "内容和理由"),
    )
    dated(at, "要求日期", on, "决定召回日期", recall.decided_on)
    changes = _demanded(recall, kind, level, finish_by, range_text, treatments)
    before = {name: getattr(recall, name) for name in changes}
    for name, value in changes.items():
        setattr(recall, name, value)
    recall.save()
    begun = recall.received_on if recall.kind == ORDERED else recall.decided_on
    if kind == rcheck.HIGHER and recall.notified_on is None and begun:
        _start(recall, "notify", begun, by, at)
    made = RecallDemand.objects.create(recall=recall, on=on, kind=kind, text=text, by_name=by.name)
    moved = {name: [before[name], value] for name, value in changes.items()}
    note("demand_of_recall", recall, by, at, kind=kind, text=text, on=on, **moved)
    return made


def _demanded(
    recall: Recall,
    kind: str,
    level: str,
    finish_by: dt.date | None,
    range_text: str,
    treatments: Sequence[str],
) -> dict[str, Any]:
    """What a demand changes on the recall; refused where it names nothing further."""
    if kind == rcheck.HIGHER:
        refuse(rcheck.check_level_raised(level, recall.level, list(recall_rules.levels())))
        return {"level": level}
    if kind == rcheck.SHORTER:
        refuse(rcheck.check_time_shortened(finish_by, recall.finish_by))
        return {"finish_by": finish_by}
    if kind == rcheck.WIDER:
        refuse(check_given(range_text, "召回范围"))
        return {"range_text": range_text}
    refuse(rcheck.check_words(treatments, recall_rules.values("treatments"), "处理方式"))
    return {"treatments": list(treatments)}


@transaction.atomic
def amend_recall(
    *, recall: Recall, changes: Mapping[str, Any], reason: str, by: Actor, at: dt.datetime
) -> Recall:
    """更正召回的产品、批号、单位, with a reason; the audit entry keeps both versions. Refused: J107, J115."""
    recall = locked(recall)
    require_to_recall(by, recall)
    moved = {
        name: [getattr(recall, name), value]
        for name, value in changes.items()
        if name in AMENDABLE and getattr(recall, name) != value
    }
    refuse(
        check_given(reason, "更正理由"),
        check_amendable(changes, AMENDABLE),
        check_changed(recall.number, bool(moved) or not set(changes) <= set(AMENDABLE)),
    )
    for name, (_, value) in moved.items():
        setattr(recall, name, value)
    refuse(
        check_given(recall.product_name, "产品名称"),
        check_given(recall.holder_name, "召回单位"),
        rcheck.check_lots(recall.lots) if recall.decided_on else [],
    )
    recall.party = _party(recall.holder_uscc)
    recall.save()
    note("amend_recall", recall, by, at, reason=reason, **moved)
    return recall


# --- the end ----------------------------------------------------------------------------------------------


@transaction.atomic
def complete_recall(
    *, recall: Recall, on: dt.date, by: Actor, at: dt.datetime, unaccounted: str = ""
) -> Recall:
    """完成召回: everybody was told, and what could not be accounted for is said. Refused: J416, J417."""
    recall, state = _step(recall, "complete_recall", by)
    holders, progress = list(recall.holders.all()), list(recall.progress.all())
    found = figures(recall.planned, holders, progress)
    refuse(
        rcheck.check_all_notified([row.name for row in holders if row.notified_on is None]),
        rcheck.check_accounted(found.open, unaccounted, found.unanswered, found.remaining, found.missing),
    )
    dated(at, "完成日期", on, "上一次报告日期", progress[-1].on if progress else None)
    recall.completed_on, recall.unaccounted = on, unaccounted
    recall.save()
    finish(recall, "progress", on, by, at)
    _start(recall, "summary", on, by, at)
    note(
        "complete_recall", recall, by, at, state=state, on=on, unaccounted=unaccounted,
        unanswered=found.unanswered, remaining=found.remaining, missing=found.missing,
    )  # fmt: skip
    return recall


@transaction.atomic
def file_summary(*, recall: Recall, summary: str, on: dt.date, by: Actor, at: dt.datetime) -> Recall:
    """提交总结评估报告: how the recall went and what it reached."""
    recall, state = _step(recall, "file_summary", by)
    refuse(check_given(summary, "总结评估"))
    dated(at, "提交日期", on, "完成日期", recall.completed_on)
    recall.summary, recall.summary_on = summary, on
    recall.save()
    finish(recall, "summary", on, by, at)
    _start(recall, "review", on, by, at)
    note("file_summary", recall, by, at, state=state, on=on, summary=summary)
    return recall


def _reviewed(recall: Recall, review: str, on: dt.date, by: Actor, at: dt.datetime) -> None:
    refuse(check_given(review, "审查意见"))
    dated(at, "审查日期", on, "提交日期", recall.summary_on)
    recall.review, recall.reviewed_on = review, on
    recall.save()
    finish(recall, "review", on, by, at)
    _drop(recall, "召回已审查", by, at)


def _keep_records(recall: Recall, by: Actor, at: dt.datetime) -> None:
    """The records are kept for years after the certificate ends, where the register knows when it does."""
    key = certificates.read(recall.registration_no).key if recall.registration_no else ""
    rows = Registration.objects.filter(number_key=key, expires_on__isnull=False) if key else None
    last = rows.order_by("-expires_on").first() if rows is not None else None
    if last and last.expires_on:
        _start(recall, "records", last.expires_on, by, at)


@transaction.atomic
def pass_recall(*, recall: Recall, review: str, on: dt.date, by: Actor, at: dt.datetime) -> Recall:
    """审查合格: the recall was effective; units with nothing left of the lots may deal in them again."""
    recall, state = _step(recall, "pass_recall", by)
    _reviewed(recall, review, on, by, at)
    cleared = [row.uscc for row in recall.holders.all() if row.uscc and row.remaining == 0]
    holding.release_holds(
        source_kind=SUBJECT, source_record=origin_of(recall), firm_usccs=cleared,
        reason=f"召回 {recall.number} 审查合格，已无存货", by=by, at=at,
    )  # fmt: skip
    _keep_records(recall, by, at)
    note("pass_recall", recall, by, at, state=state, on=on, review=review)
    return recall


@transaction.atomic
def recall_again(
    *, recall: Recall, review: str, on: dt.date, by: Actor, at: dt.datetime, level: str = "",
    received_on: dt.date | None = None,
) -> Recall:  # fmt: skip
    """责令重新召回: the effect was not enough. Returns the new recall, ordered, with whoever is still open.

    Its list holds the units without an answer and those with something left or missing.
    """
    recall, state = _step(recall, "recall_again", by)
    _reviewed(recall, review, on, by, at)
    suspicion = Suspicion(
        product_name=recall.product_name, reason=recall.reason, suspected_on=recall.suspected_on,
        holder_name=recall.holder_name, holder_uscc=recall.holder_uscc, di=recall.di,
        registration_no=recall.registration_no, model_spec=recall.model_spec, lots=tuple(recall.lots),
        defect=recall.defect,
    )  # fmt: skip
    made = order_recall(
        suspicion=suspicion, level=level or recall.level, on=on, received_on=received_on, follows=recall,
        range_text=recall.range_text, office_code=recall.office_code,
        source=Source("recall", recall.pk, recall.number), by=by, at=at,
    )  # fmt: skip
    RecallHolder.objects.bulk_create(
        RecallHolder(
            recall=made,
            uscc=row.uscc,
            name=row.name,
            office_code=row.office_code,
            from_trace=row.from_trace,
            lots=row.lots if row.found is None else {},
            quantity=row.quantity if row.remaining is None else row.remaining + row.missing,
        )
        for row in recall.holders.all()
        if row.remaining is None or row.remaining or row.missing
    )
    note("recall_again", recall, by, at, state=state, on=on, review=review, again=made.number)
    return made
