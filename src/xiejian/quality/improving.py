"""培训, 内审与纠正预防, 顾客反馈: what is planned, found or told, and what came of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from xiejian.people.policy import Actor
from xiejian.quality import checks as check
from xiejian.quality.checks import refuse
from xiejian.quality.models import AuditFinding, CustomerFeedback, TrainingItem
from xiejian.quality.moves import firm_for, first, note, step

# --- training ----------------------------------------------------------------------------------------------


@transaction.atomic
def plan_training(
    *, topic: str, audience: str, planned_on: dt.date, hours: Decimal, by: Actor, at: dt.datetime,
    firm_uscc: str = "",
) -> TrainingItem:  # fmt: skip
    """列入培训计划: of the year in which it is planned."""
    firm = firm_for(by, firm_uscc)
    refuse(check.check_given(topic, "培训内容"), check.check_given(audience, "培训对象"))
    made = TrainingItem.objects.create(
        topic=topic, audience=audience, planned_on=planned_on, hours=hours,
        **first(TrainingItem, firm, by, at, planned_on.year),
    )  # fmt: skip
    note("plan_training", made, by, at)
    return made


@transaction.atomic
def hold_training(
    *, training: TrainingItem, on: dt.date, present: int, effect: str, by: Actor, at: dt.datetime,
    passed: int | None = None,
) -> TrainingItem:  # fmt: skip
    """登记实施: how many came, how many passed, what it was good for."""
    training, state = step(training, "hold_training", by)
    refuse(
        check.check_given(effect, "效果评价"),
        check.check_not_in_future(on, timezone.localdate(at), "实施日期"),
        check.check_passed(passed, present),
    )
    training.held_on, training.present, training.passed, training.effect = on, present, passed, effect
    training.save()
    note("hold_training", training, by, at, state=state, on=on)
    return training


@transaction.atomic
def cancel_training(*, training: TrainingItem, reason: str, by: Actor, at: dt.datetime) -> TrainingItem:
    """取消: with the reason."""
    training, state = step(training, "cancel_training", by)
    refuse(check.check_given(reason, "取消理由"))
    training.reason = reason
    training.save()
    note("cancel_training", training, by, at, state=state)
    return training


# --- audit, corrective and preventive action ---------------------------------------------------------------


@transaction.atomic
def register_finding(
    *, source: str, title: str, content: str, found_on: dt.date, by: Actor, at: dt.datetime, clause: str = "",
    firm_uscc: str = "",
) -> AuditFinding:  # fmt: skip
    """登记问题: what an audit, a review or somebody outside found."""
    firm = firm_for(by, firm_uscc)
    refuse(
        check.check_known(source, AuditFinding.SOURCES, "来源"),
        check.check_given(title, "问题"),
        check.check_given(content, "情况"),
        check.check_not_in_future(found_on, timezone.localdate(at), "发现日期"),
    )
    made = AuditFinding.objects.create(
        source=source, title=title, content=content, found_on=found_on, clause=clause,
        **first(AuditFinding, firm, by, at, found_on.year),
    )  # fmt: skip
    note("register_finding", made, by, at)
    return made


@transaction.atomic
def plan_action(
    *, finding: AuditFinding, cause: str, correction: str, action: str, owner: str, due_on: dt.date,
    by: Actor, at: dt.datetime,
) -> AuditFinding:  # fmt: skip
    """制定措施: the cause, what mends it, what keeps it from coming back, who, until when."""
    finding, state = step(finding, "plan_action", by)
    refuse(
        check.check_given(cause, "原因"),
        check.check_given(correction, "纠正"),
        check.check_given(action, "纠正措施"),
        check.check_given(owner, "负责人"),
        check.check_order("发现日期", finding.found_on, "完成期限", due_on),
    )
    finding.cause, finding.correction, finding.action = cause, correction, action
    finding.owner, finding.due_on = owner, due_on
    finding.save()
    note("plan_action", finding, by, at, state=state, due_on=due_on)
    return finding


@transaction.atomic
def carry_out_action(
    *, finding: AuditFinding, on: dt.date, evidence: str, by: Actor, at: dt.datetime
) -> AuditFinding:
    """登记完成: with what shows it."""
    finding, state = step(finding, "carry_out_action", by)
    refuse(
        check.check_given(evidence, "实施证据"),
        check.check_not_in_future(on, timezone.localdate(at), "完成日期"),
        check.check_order("发现日期", finding.found_on, "完成日期", on),
    )
    finding.done_on, finding.done_by, finding.evidence = on, by.username, evidence
    finding.save()
    note("carry_out_action", finding, by, at, state=state, on=on)
    return finding


@transaction.atomic
def verify_action(
    *, finding: AuditFinding, on: dt.date, verdict: str, by: Actor, at: dt.datetime
) -> AuditFinding:
    """验证有效: by somebody else than who carried it out (QU108)."""
    return _judged(finding, "verify_action", on, verdict, by, at)


@transaction.atomic
def reject_action(
    *, finding: AuditFinding, on: dt.date, verdict: str, by: Actor, at: dt.datetime
) -> AuditFinding:
    """验证无效: it begins again with the cause; what was tried stays written down."""
    tried = finding.action
    finding = _judged(finding, "reject_action", on, verdict, by, at)
    finding.content += f"\n{on}验证无效：{verdict}。当时的措施：{tried}"
    finding.save()
    return finding


def _judged(
    finding: AuditFinding, action: str, on: dt.date, verdict: str, by: Actor, at: dt.datetime
) -> AuditFinding:
    finding, state = step(finding, action, by)
    refuse(
        check.check_not_doer(by.username, finding.done_by),
        check.check_given(verdict, "验证意见"),
        check.check_not_in_future(on, timezone.localdate(at), "验证日期"),
        check.check_order("完成日期", finding.done_on, "验证日期", on),
    )
    finding.verified_on, finding.verified_by, finding.verdict = on, by.name, verdict
    finding.save()
    note(action, finding, by, at, state=state, on=on)
    return finding


# --- customers ---------------------------------------------------------------------------------------------


@transaction.atomic
def record_feedback(
    *, kind: str, customer: str, content: str, received_on: dt.date, by: Actor, at: dt.datetime,
    product_name: str = "", lot: str = "", firm_uscc: str = "",
) -> CustomerFeedback:  # fmt: skip
    """登记反馈: what a customer said or sent back."""
    firm = firm_for(by, firm_uscc)
    refuse(
        check.check_known(kind, CustomerFeedback.KINDS, "类别"),
        check.check_given(customer, "顾客"),
        check.check_given(content, "内容"),
        check.check_not_in_future(received_on, timezone.localdate(at), "收到日期"),
    )
    made = CustomerFeedback.objects.create(
        kind=kind, customer=customer, content=content, received_on=received_on, product_name=product_name,
        lot=lot, **first(CustomerFeedback, firm, by, at, received_on.year),
    )  # fmt: skip
    note("record_feedback", made, by, at)
    return made


@transaction.atomic
def investigate_feedback(
    *, feedback: CustomerFeedback, finding: str, is_event: bool, by: Actor, at: dt.datetime,
    event_no: str = "",
) -> CustomerFeedback:  # fmt: skip
    """登记调查结果: a suspected adverse event names its report (QU110)."""
    feedback, state = step(feedback, "investigate_feedback", by)
    refuse(check.check_given(finding, "调查结果"), check.check_event(is_event, event_no))
    feedback.finding, feedback.is_event, feedback.event_no = finding, is_event, event_no
    feedback.save()
    note("investigate_feedback", feedback, by, at, state=state)
    return feedback


@transaction.atomic
def answer_feedback(
    *, feedback: CustomerFeedback, on: dt.date, answer: str, by: Actor, at: dt.datetime
) -> CustomerFeedback:
    """登记答复."""
    feedback, state = step(feedback, "answer_feedback", by)
    refuse(
        check.check_given(answer, "答复"),
        check.check_not_in_future(on, timezone.localdate(at), "答复日期"),
        check.check_order("收到日期", feedback.received_on, "答复日期", on),
    )
    feedback.answer, feedback.answered_on = answer, on
    feedback.save()
    note("answer_feedback", feedback, by, at, state=state, on=on)
    return feedback
