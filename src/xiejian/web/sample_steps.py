"""The steps of a sample: each as a small form that calls one action."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms

from xiejian.cases import actions as cases
from xiejian.cases.checks import PROCEDURES
from xiejian.inspections.queries import team_choices
from xiejian.people.policy import Actor, may
from xiejian.sampling import actions, rules
from xiejian.sampling.checks import FAILED, OBJECTION_RESULTS, RESULTS
from xiejian.sampling.models import Sample
from xiejian.web.number_field import NumberField
from xiejian.web.steps import Step, StepForm, Work, day

TONES = {
    "planned": "azure", "drawn": "blue", "handed_over": "blue", "received": "blue", "reported": "orange",
    "notified": "orange", "objected": "orange", "retesting": "orange", "final": "orange",
    "disposed": "azure", "closed": "green", "refused": "red", "cancelled": "secondary",
}  # fmt: skip
FEN = 100  # 分 in a yuan
LONG = 300


def _text(label: str, required: bool = True, hint: str = "", length: int = LONG) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=length, help_text=hint)


def _choice(label: str, choices: tuple[str, ...]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[(c, c) for c in choices])


class HandOverForm(StepForm):
    on = day("送检日期")
    laboratory = _text("检验机构", length=120)
    carrier = _text("送检方式", False, "专人送达、快递单号等", 60)
    temperature = _text("运输温度", False, "冷链产品必记", 60)


class ReceiveForm(StepForm):
    on = day("到样日期")
    acceptance = _text("收样情况", False, length=200)


class ResultForm(StepForm):
    result = _choice("检验结论", RESULTS)
    result_on = day("报告日期")
    report_no = _text("检验报告编号", length=80)
    failed_items = _text("不符合规定项目", False, "结论为不符合规定的必填")
    items = _text("检验项目", False)


class ServeForm(StepForm):
    on = day("送达日期")
    receiver = _text("接收人", False, length=60)


class TellMakerForm(StepForm):
    on = day("告知日期")
    letter_no = _text("文号", False, length=80)


class ObjectionForm(StepForm):
    on = day("提出日期")
    reasons = _text("异议理由")


class AnswerForm(StepForm):
    on = day("核实日期")
    result = _choice("核实结果", OBJECTION_RESULTS)
    note = _text("核实情况", False)


class RetestForm(StepForm):
    on = day("申请日期")
    applicant = _text("申请人", length=200)
    laboratory = _text("复检机构", hint="在复检机构名录中随机确定", length=120)
    only_laboratory = forms.BooleanField(label="只有一个检验机构，由其另外的部门或者人员复检", required=False)

    def fit(self, record: Sample, actor: Actor) -> None:
        self.initial = {**self.initial, "laboratory": "", "applicant": record.party.name}


class ReasonForm(StepForm):
    on = day("日期")
    reason = _text("理由")


class RetestResultForm(StepForm):
    on = day("复检结论日期")
    result = _choice("复检结论", RESULTS)


class ConfirmForm(StepForm):
    on = day("日期")
    waiver = _text("放弃复检的情况", False, "申请复检的期限还没有届满时必填")


class MeasureForm(StepForm):
    measure = forms.ChoiceField(label="措施")
    done_on = day("日期")
    reference = _text("文号", False, "立案的填案号，发函的填函号", 80)
    content = _text("内容", False, "文号和内容至少填一项")
    quantity = forms.IntegerField(label="数量", required=False, min_value=0, max_value=2_000_000_000)

    def fit(self, record: Sample, actor: Actor) -> None:
        self.fields["measure"].choices = [(m.id, m.label) for m in rules.measures().values()]
        taken = {disposal.measure for disposal in record.disposals.all()}
        self.initial = {**self.initial, "measure": rules.next_measure(taken)}


class CaseForm(StepForm):
    number = _text("案号", length=80)
    filed_on = day("立案日期")
    conduct = _text("违法行为")
    procedure = _choice("程序", tuple(reversed(PROCEDURES)))
    goods_value = forms.DecimalField(
        label="货值金额（元）", required=False, min_value=0, max_digits=14, decimal_places=2
    )


class FollowUpForm(StepForm):
    planned_on = day("计划检查日期")
    on = day("安排日期")
    team = forms.ModelMultipleChoiceField(
        label="检查组", queryset=None,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )  # fmt: skip

    def fit(self, record: Sample, actor: Actor) -> None:
        self.fields["team"].queryset = team_choices(actor, record.office_code)
        self.fields["team"].label_from_instance = lambda o: (
            f"{o.name}（{o.office.short_name or o.office.name}）"
        )


class DayForm(StepForm):
    on = day("日期")


class CancelForm(StepForm):
    reason = _text("取消理由")


class AmendForm(StepForm):
    product_name = _text("产品名称")
    registration_no = NumberField(label="注册证或备案编号", required=False, max_length=120)
    model_spec = _text("规格型号", False, length=200)
    lot = _text("批号或序列号", False, length=120)
    made_on = day("生产日期", False)
    expires_on = day("有效期至", False)
    maker = _text("标示生产企业", False)
    maker_address = _text("标示生产企业地址", False)
    storage = _text("储存条件", False, length=120)
    seals = _text("封签编号", False, length=200)
    visit_no = _text("检查编号", False, length=60)
    campaign = _text("专项", False, length=120)
    reason = _text("更正理由", length=200)

    def fit(self, record: Sample, actor: Actor) -> None:
        known = {name: getattr(record, name) for name in self.fields if name != "reason"}
        self.initial = {**self.initial, **known}


class RefusedForm(StepForm):
    on = day("日期")
    reason = _text("拒绝的情形")
    witness = _text("见证人", length=60)


def _by(action: Any) -> Work:
    """A step that hands its form to an action as it is."""

    def work(found: Sample, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return action(sample=found, by=by, at=at, **given)

    return work


def _amend(found: Sample, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    reason = given.pop("reason")
    changes = {name: value for name, value in given.items() if value != getattr(found, name)}
    return actions.amend_sample(sample=found, changes=changes, reason=reason, by=by, at=at)


def _file_case(found: Sample, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    value: Decimal | None = given.pop("goods_value")
    fen = None if value is None else int(value * FEN)
    return cases.file_case_of_sample(sample=found, goods_value_fen=fen, by=by, at=at, **given)


def _follow_up(found: Sample, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    team = list(given.pop("team"))
    return cases.schedule_follow_up_of_sample(sample=found, team=team, by=by, at=at, **given)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("hand_over_sample", "送检", HandOverForm, _by(actions.hand_over_sample)),
        Step("receive_sample", "登记到样", ReceiveForm, _by(actions.receive_sample)),
        Step("record_result", "登记检验结果", ResultForm, _by(actions.record_result)),
        Step(
            "notify_result", "送达检验结果", ServeForm, _by(actions.notify_result),
            "不符合规定的，自送达起可在法定期限内申请复检。",
        ),
        Step("enter_objection", "登记异议录入", DayForm, _by(actions.enter_objection)),
        Step(
            "answer_objection", "登记异议核实结果", AnswerForm, _by(actions.answer_objection),
            "成立：不是标示企业的产品，按来源追查；不成立：继续办理。",
        ),
        Step(
            "record_retest", "登记复检结论", RetestResultForm, _by(actions.record_retest),
            "复检结论为最终结论。",
        ),
        Step("reject_retest", "复检不予受理", ReasonForm, _by(actions.reject_retest)),
        Step(
            "complete_disposal", "处置完成", DayForm, _by(actions.complete_disposal),
            "规定的措施都登记后才能完成。",
        ),
        Step(
            "record_disposal", "登记处置措施", MeasureForm, _by(actions.record_disposal),
            "停止销售使用、追查来源流向不等最终结论。",
        ),
        Step(
            "file_case_of_sample", "立案", CaseForm, _file_case,
            "对被抽样单位立案，案件与本样品互相连接。",
        ),
        Step(
            "schedule_follow_up_of_sample", "安排跟踪检查", FollowUpForm, _follow_up,
            "安排对被抽样单位的跟踪检查，检查与本样品互相连接。",
        ),
        Step("notify_maker", "告知标示生产企业", TellMakerForm, _by(actions.notify_maker)),
        Step("raise_objection", "登记异议", ObjectionForm, _by(actions.raise_objection)),
        Step("apply_retest", "登记复检申请", RetestForm, _by(actions.apply_retest)),
        Step(
            "confirm_result", "确认最终结论", ConfirmForm, _by(actions.confirm_result),
            "期限届满没有人申请复检，或者书面放弃的。",
        ),
        Step("close_sample", "办结", DayForm, _by(actions.close_sample)),
        Step("amend_sample", "更正抽样单", AmendForm, _amend, "更正前后的内容都留在审计记录中。"),
        Step("record_refused_sampling", "记录拒绝抽检", RefusedForm, _by(actions.record_refused_sampling)),
        Step("cancel_sample", "取消", CancelForm, _by(actions.cancel_sample), "取消后不再办理。"),
    )
}  # fmt: skip
#: Steps for failed results only, and those that other rooms' permissions guard.
_OF_FAILURES = {
    "complete_disposal", "record_disposal", "notify_maker", "raise_objection", "apply_retest",
    "confirm_result",
}  # fmt: skip
_ELSEWHERE = {"file_case_of_sample": "cases.edit", "schedule_follow_up_of_sample": "inspections.visit"}


def allowed(found: Sample, actor: Actor) -> list[str]:
    """What may be done with the sample now, in the order of the steps."""
    if not may(actor, "sampling.sample", found.office_code):
        return []
    names = {t.action for t in actions.WORKFLOW.allowed(found.state)}
    if found.outcome != FAILED:
        names -= _OF_FAILURES
    if found.failed and found.state not in ("disposed", "closed"):
        names.discard("close_sample")
    if found.maker_notified_on:
        names.discard("notify_maker")
    if "record_disposal" in names:
        names |= {name for name, held in _ELSEWHERE.items() if may(actor, held, found.office_code)}
    return [name for name in STEPS if name in names | {"amend_sample"}]
