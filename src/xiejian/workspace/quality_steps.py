"""The steps of the quality desk's records: each is a small form that calls one action."""

from __future__ import annotations

from typing import Any

from django import forms

from xiejian.people.policy import Actor, may
from xiejian.quality import documents, improving, watching
from xiejian.quality.models import DocumentVersion, NumberedRow
from xiejian.quality.moves import APPROVE, EDIT, flow_of
from xiejian.web.steps import Step, StepForm, day, moves, text
from xiejian.workspace.sheets import step_of

#: state → colour of its badge
TONES = {
    "open": "azure", "concerns": "blue", "aside": "secondary", "done": "green", "draft": "secondary",
    "handed_in": "azure", "approved": "green", "withdrawn": "secondary", "planned": "azure", "held": "green",
    "cancelled": "secondary", "found": "orange", "carried_out": "blue", "verified": "green",
    "received": "azure", "investigated": "blue", "answered": "green",
}  # fmt: skip


def _line(label: str, length: int = 300, required: bool = True, hint: str = "") -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=required, help_text=hint)


class NoForm(StepForm):
    """Nothing is asked."""


class ReasonForm(StepForm):
    reason = _line("理由", 200)


class TakeUpForm(StepForm):
    reason = _line("判断的理由")
    action = _line("要做的事")
    owner = _line("负责人", 60)
    due_on = day("完成期限")


class ResultForm(StepForm):
    on = day("完成日期")
    result = _line("完成情况")


class TextForm(StepForm):
    """The text as it stands, to be written on."""

    text = text("内容", rows=12)
    change = _line("修订理由")

    def fit(self, record: Any, actor: Actor) -> None:
        self.fields["text"].initial = record.text


class ChangeForm(TextForm):
    def fit(self, record: Any, actor: Actor) -> None:
        super().fit(record, actor)
        self.fields["change"].initial = record.change


class ApproveForm(StepForm):
    effective_on = day("生效日期", hint="前一版本到这一天停用")
    review_on = day("下次评审日期", False, "空则生效后一个评审周期")


class WithdrawForm(StepForm):
    on = day("停用日期", hint="从这一天起不再有效")
    reason = _line("停用理由")


class ReviewForm(StepForm):
    on = day("评审日期")
    next_on = day("下次评审日期", False, "空则一个评审周期之后")


class HeldForm(StepForm):
    on = day("实施日期")
    present = forms.IntegerField(label="参加人数", min_value=0, max_value=10**6)
    passed = forms.IntegerField(label="考核合格人数", min_value=0, max_value=10**6, required=False)
    effect = _line("效果评价")


class PlanForm(StepForm):
    cause = _line("原因", 500)
    correction = _line("纠正", 500, hint="消除这次问题")
    action = _line("纠正措施", 500, hint="消除原因，防止再发生")
    owner = _line("负责人", 60)
    due_on = day("完成期限")


class EvidenceForm(StepForm):
    on = day("完成日期")
    evidence = _line("实施证据", 500)


class VerdictForm(StepForm):
    on = day("验证日期")
    verdict = _line("验证意见")


class InvestigateForm(StepForm):
    finding = _line("调查结果", 500)
    is_event = forms.BooleanField(label="属于可疑不良事件", required=False)
    event_no = _line("不良事件报告编号", 60, False, "先在“不良事件”中报告")


class AnswerForm(StepForm):
    on = day("答复日期")
    answer = _line("答复", 500)


_ALL = [
    step_of(watching.take_up_rule, "rule", "判为有关", TakeUpForm),
    step_of(watching.set_rule_aside, "rule", "判为无关", ReasonForm),
    step_of(watching.carry_out_rule, "rule", "登记落实", ResultForm),
    step_of(documents.read_version, "version", "签收", NoForm, "已阅读这一版本。"),
    step_of(documents.hand_in_version, "version", "提交批准", NoForm),
    step_of(documents.change_version, "version", "修改", ChangeForm, "最后修改的人是编写人。"),
    step_of(documents.approve_version, "version", "批准", ApproveForm, "批准人不能是编写人。"),
    step_of(documents.return_version, "version", "退回", ReasonForm),
    step_of(documents.draft_version, "version", "修订", TextForm, "起草下一版本；这一版本不变。"),
    step_of(documents.review_document, "version", "评审", ReviewForm, "继续有效的登记评审；要改的请修订。"),
    step_of(documents.withdraw_version, "version", "停用", WithdrawForm),
    step_of(improving.hold_training, "training", "登记实施", HeldForm),
    step_of(improving.cancel_training, "training", "取消", ReasonForm),
    step_of(improving.plan_action, "finding", "制定措施", PlanForm),
    step_of(improving.carry_out_action, "finding", "登记完成", EvidenceForm),
    step_of(improving.verify_action, "finding", "验证有效", VerdictForm, "验证人不能是实施人。"),
    step_of(improving.reject_action, "finding", "验证无效", VerdictForm, "退回重新分析原因。"),
    step_of(improving.investigate_feedback, "feedback", "登记调查结果", InvestigateForm),
    step_of(improving.answer_feedback, "feedback", "登记答复", AnswerForm),
]
STEPS: dict[str, Step] = {step.name: step for step in _ALL}


def open_steps(row: NumberedRow, actor: Actor) -> list[str]:
    """The steps of the record that this actor may take now; what leaves the state as it is comes besides."""
    names = moves(flow_of(row), row.state, actor, "")
    if isinstance(row, DocumentVersion):
        names = _beside(row, actor) + names
    return names


def _beside(row: DocumentVersion, actor: Actor) -> list[str]:
    names = []
    if row.state == "approved" and not row.readings.filter(username=actor.username).exists():
        names.append("read_version")
    newest = not row.document.versions.filter(version__gt=row.version).exists()
    if newest and row.state in ("approved", "withdrawn") and may(actor, EDIT):
        names.append("draft_version")
    if newest and row.state == "approved" and may(actor, APPROVE):
        names.append("review_document")
    return names
