"""The steps of a grade, of a list entry and of a commitment: each a small form that calls one action."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from xiejian.credit import actions, list_actions, record_actions, rules
from xiejian.credit.models import ON_LIST, CreditGrade, CreditListEntry
from xiejian.people.policy import Actor, may
from xiejian.web.forms import dress
from xiejian.web.steps import Step, StepForm, Work, day, text
from xiejian.web.views.corrections import clock_words

GRADE_TONES = {"A": "green", "B": "yellow", "C": "orange", "D": "red"}
STATE_TONES = {
    "proposed": "azure", "notified": "azure", "objected": "orange", "in_force": "green",
    "unchanged": "green", "rejected": "secondary", "replaced": "secondary",
}  # fmt: skip
ENTRY_TONES = {
    "proposed": "azure", "notified": "azure", "stated": "orange", "listed": "red", "applied": "orange",
    "accepted": "orange", "granted": "blue", "removed": "green", "rejected": "secondary",
    "revoked": "secondary",
}  # fmt: skip
LONG = 300


def _line(label: str, required: bool = True, hint: str = "", length: int = LONG) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=length, help_text=hint)


class DayForm(StepForm):
    on = day("日期")


class NoticeForm(StepForm):
    on = day("告知日期")
    how = _line("告知方式", length=60, hint="如：直接送达、邮寄、电子送达")


class ObjectionForm(StepForm):
    on = day("提出异议日期")
    objection = text("异议")


class AnswerForm(StepForm):
    on = day("日期")
    answer = text("核实情况和意见")


class DecideForm(StepForm):
    on = day("决定日期")
    waived = forms.BooleanField(label="当事人已书面表示无异议", required=False)


class ReasonForm(StepForm):
    on = day("日期")
    reason = _line("理由")


class ConsentForm(StepForm):
    number = _line("上级同意文号", length=80)
    on = day("同意日期")


class StatementForm(StepForm):
    on = day("日期")
    statement = text("陈述申辩")
    hearing = forms.BooleanField(label="要求听证", required=False)


class ListForm(StepForm):
    on = day("决定日期")
    restricted_until = day("法定限制期至", False, "处罚限制从业、停业等期限更长的填写")
    waived = forms.BooleanField(label="当事人已书面表示无异议", required=False)


class ApplicationForm(StepForm):
    on = day("申请日期")
    application = text("申请和理由")


class MissingForm(StepForm):
    on = day("告知日期")
    missing = _line("需要补正的内容")


class ExtendForm(StepForm):
    days = forms.IntegerField(label="延长（工作日）", min_value=1, max_value=100)
    on = day("批准日期")
    reason = _line("理由")


class RefuseRepairForm(StepForm):
    on = day("决定日期")
    reason = _line("理由")
    deceit = forms.BooleanField(label="弄虚作假", required=False)


class GrantForm(StepForm):
    """One field per condition that a person answers."""

    on = day("决定日期")

    def fit(self, record: CreditListEntry, actor: Actor) -> None:
        asked = {
            condition.id: _line(condition.label, False, "写明核实的材料；不满足的留空")
            for condition in rules.conditions().values()
            if condition.answered == "confirm"
        }
        dress(asked.values())
        self.fields.update(asked)


class SendForm(StepForm):
    measure = forms.ChoiceField(label="措施")
    department = _line("部门", False, "不填则为措施所列部门", 120)
    reference = _line("函号", False, length=80)
    on = day("函告日期")

    def fit(self, record: CreditListEntry, actor: Actor) -> None:
        known = rules.measures().values()
        self.fields["measure"].choices = [
            (m.id, f"{m.label}（{m.department}）" if m.department else m.label) for m in known
        ]


class MeasureForm(StepForm):
    measure = forms.ModelChoiceField(label="措施", queryset=None, empty_label=None)

    def fit(self, record: CreditListEntry, actor: Actor) -> None:
        field = self.fields["measure"]
        field.queryset = record.measures.filter(lifted_on=None)
        field.label_from_instance = lambda m: f"{rules.measures()[m.measure].label}：{m.department}"


class ReplyForm(MeasureForm):
    on = day("回复日期")
    reply = _line("回复")


class LiftForm(MeasureForm):
    on = day("解除日期")


class CheckForm(StepForm):
    on = day("核实日期")
    kept = forms.TypedChoiceField(
        label="是否履行", choices=[("1", "已履行"), ("", "没有履行")], coerce=bool, empty_value=False,
        required=False,
    )  # fmt: skip
    note = _line("核实情况")


def _grade(action: Any) -> Work:
    return lambda row, given, by, at: action(grade=row, by=by, at=at, **given)


def _grades(action: Any) -> Work:
    return lambda row, given, by, at: action(grades=[row], by=by, at=at, **given)


def _entry(action: Any) -> Work:
    return lambda row, given, by, at: action(entry=row, by=by, at=at, **given)


def _measure(action: Any) -> Work:
    return lambda row, given, by, at: action(by=by, at=at, **given)


def _grant(row: CreditListEntry, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    on = given.pop("on")
    return list_actions.grant_repair(entry=row, on=on, confirmed=given, by=by, at=at)


GRADE_STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "notify_grades", "告知", NoticeForm, _grades(actions.notify_grades),
            "低于原等级的先告知；告知书在上方下载。",
        ),
        Step(
            "decide_grades", "决定生效", DecideForm, _grades(actions.decide_grades),
            "生效后，名录中的信用等级、监管级别和检查要求同时变更。",
        ),
        Step("object_to_grade", "登记异议", ObjectionForm, _grade(actions.object_to_grade)),
        Step("dismiss_objection", "异议不成立", AnswerForm, _grade(actions.dismiss_objection)),
        Step(
            "uphold_objection", "异议成立", AnswerForm, _grade(actions.uphold_objection),
            "本次结果作废；更正记录后重新评定。",
        ),
        Step("reject_grade", "不予采纳", ReasonForm, _grade(actions.reject_grade)),
    )
}  # fmt: skip
ENTRY_STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("record_consent", "登记上级同意", ConsentForm, _entry(list_actions.record_consent)),
        Step("notify_listing", "告知当事人", NoticeForm, _entry(list_actions.notify_listing)),
        Step("record_statement", "登记陈述申辩", StatementForm, _entry(list_actions.record_statement)),
        Step("answer_statement", "登记复核意见", AnswerForm, _entry(list_actions.answer_statement)),
        Step(
            "list_party", "决定列入", ListForm, _entry(list_actions.list_party),
            "生效后，名录中的不良信用、监管级别和检查要求同时变更。",
        ),
        Step("reject_listing", "不予列入", ReasonForm, _entry(list_actions.reject_listing)),
        Step("publish_listing", "登记公示", DayForm, _entry(list_actions.publish_listing)),
        Step(
            "apply_for_repair", "登记移出申请", ApplicationForm, _entry(list_actions.apply_for_repair),
        ),
        Step("accept_repair", "受理修复申请", DayForm, _entry(list_actions.accept_repair)),
        Step(
            "ask_for_more", "告知补正", MissingForm, _entry(list_actions.ask_for_more),
            "一次告知；补齐后重新登记申请。",
        ),
        Step("grant_repair", "准予移出", GrantForm, _grant, "能由记录判断的条件由系统核对。"),
        Step("refuse_repair", "不予修复", RefuseRepairForm, _entry(list_actions.refuse_repair)),
        Step("extend_repair", "延长决定期限", ExtendForm, _entry(list_actions.extend_repair)),
        Step("carry_out_removal", "登记移出", DayForm, _entry(list_actions.carry_out_removal)),
        Step("end_listing", "期满移出", DayForm, _entry(list_actions.end_listing)),
        Step(
            "revoke_listing", "撤销列入决定", ReasonForm, _entry(list_actions.revoke_listing),
            "处罚决定被变更、撤销或者确认违法时办理。",
        ),
        Step("send_measure", "函告联合惩戒措施", SendForm, _entry(record_actions.send_measure)),
        Step(
            "record_measure_reply", "登记部门回复", ReplyForm, _measure(record_actions.record_measure_reply)
        ),
        Step("lift_measure", "解除联合惩戒措施", LiftForm, _measure(record_actions.lift_measure)),
    )
}  # fmt: skip
COMMITMENT_STEPS = {
    "check_commitment": Step(
        "check_commitment", "登记核实情况", CheckForm,
        lambda row, given, by, at: record_actions.check_commitment(
            commitment=row, by=by, at=at, **given
        ),
        "没有履行的，计入下次信用评定。",
    )
}  # fmt: skip


def term_words(due: dt.date | None, on: dt.date, *, of_party: bool) -> tuple[str, str]:
    """How a time limit stands in a list; ``of_party``: the firm's own time, whose end only lets us go on."""
    if due is None:
        return "", ""
    if of_party:
        return ("期满，可以决定", "orange") if due < on else (f"陈述申辩至 {due}", "azure")
    return clock_words(due, on)


def allowed_for_grade(row: CreditGrade, actor: Actor) -> list[str]:
    """What this person may do with a result now; a worse one is told before it is decided."""
    names = {
        t.action for t in actions.WORKFLOW.allowed(row.state) if may(actor, t.permission, row.office_code)
    }
    if row.state == "proposed":
        names.discard("decide_grades" if row.worse else "notify_grades")
    return [name for name in GRADE_STEPS if name in names]


def allowed_for_entry(row: CreditListEntry, actor: Actor, on: dt.date) -> list[str]:
    """What this person may do with an entry now, in the order of the steps."""
    kind = rules.lists()[row.kind]
    names = {
        t.action
        for t in list_actions.WORKFLOW.allowed(row.state)
        if may(actor, t.permission, row.office_code)
    }
    if not kind.consent or row.consent_on:
        names.discard("record_consent")
    if not kind.published or row.published_on:
        names.discard("publish_listing")
    if row.ends_on is None or on < row.ends_on:
        names.discard("end_listing")
    if may(actor, list_actions.EDIT, row.office_code):
        names |= _of_measures(row)
    return [name for name in ENTRY_STEPS if name in names]


def _of_measures(row: CreditListEntry) -> set[str]:
    asked = {"send_measure"} if row.state in ON_LIST else set()
    running = any(measure.lifted_on is None for measure in row.measures.all())
    return asked | ({"record_measure_reply", "lift_measure"} if running else set())
