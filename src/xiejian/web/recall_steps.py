"""The steps of a recall and of the units that hold its lots: each as a small form that calls one action.

The pages of the firms show the same forms for what whoever recalls does itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms

from xiejian.people.policy import Actor, may, may_for
from xiejian.vigilance import recall_holders, recall_rules, recalls
from xiejian.vigilance.models import Recall, RecallHolder
from xiejian.vigilance.recall_checks import ORDERED, Answer, Plan, Progress
from xiejian.web.event_steps import options
from xiejian.web.forms import DateInput
from xiejian.web.steps import Step, StepForm, Work, day, text

TONES = {
    "suspected": "orange", "evaluated": "orange", "not_needed": "secondary", "decided": "azure",
    "notified": "blue", "form_filed": "blue", "plan_filed": "blue", "in_progress": "blue",
    "completed": "purple", "summary_filed": "purple", "effective": "green", "ordered_again": "orange",
}  # fmt: skip
LEVEL_TONES = {"一级": "red", "二级": "orange", "三级": "azure"}
HOLDER_TONES = {"listed": "secondary", "informed": "orange", "answered": "green"}


def _levels() -> list[tuple[str, str]]:
    return [("", "请选择"), *((k, f"{k}：{v['meaning']}") for k, v in recall_rules.levels().items())]


def _count(label: str, required: bool = True, hint: str = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=required, min_value=0, max_value=2_147_483_647, help_text=hint
    )


def _several(label: str, name: str, required: bool = True) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, required=required, choices=lambda: [(v, v) for v in recall_rules.values(name)],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )  # fmt: skip


def _tick(label: str) -> forms.BooleanField:
    widget = forms.CheckboxInput(attrs={"class": "form-check-input"})
    return forms.BooleanField(label=label, required=False, widget=widget)


def lines(text_given: str) -> list[str]:
    """A text as its lines, commas read as ends of lines; empty ones left out."""
    return [
        part.strip()
        for part in text_given.replace("，", "\n").replace("、", "\n").splitlines()
        if part.strip()
    ]


# --- forms ------------------------------------------------------------------------------------------------


class KnownForm(StepForm):
    """A form that begins with what is stored already."""

    def begin_with(self, known: Mapping[str, Any]) -> None:
        for name, value in known.items():
            self.fields[name].initial = value


class OnForm(StepForm):
    on = day("日期")


class EvaluateForm(StepForm):
    on = day("评估日期")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in recall_rules.evaluation().items():
            self.fields[name] = text(label, required=name != "other", rows=2)


class DecideForm(StepForm):
    on = day("决定召回日期")
    level = forms.ChoiceField(label="召回级别", choices=_levels)


class DropForm(StepForm):
    on = day("认定日期")
    reason = text("理由")


class HolderForm(StepForm):
    name = forms.CharField(label="单位名称", max_length=300)
    uscc = forms.CharField(label="统一社会信用代码", max_length=18, required=False)
    quantity = _count("持有数量", hint="最小销售单元，不清楚填 0")


class NotifyForm(StepForm):
    on = day("通知日期")
    how = forms.ChoiceField(
        label="通知方式", choices=lambda: [(v, v) for v in recall_rules.values("told_how")]
    )


class FormFiledForm(StepForm):
    on = day("报送日期")
    contact = forms.CharField(label="召回联系人和电话", max_length=120, required=False)


class PlanForm(KnownForm):
    on = day("提交日期")
    made = _count("生产或者进口数量", False)
    sold = _count("销售数量", False)
    planned = _count("应召回数量")
    areas = forms.CharField(label="涉及地区", max_length=300, required=False)
    treatments = _several("处理方式", "treatments")
    measures = text("召回措施", hint="组织、范围、时限")
    publication = forms.CharField(label="召回信息的公布", max_length=300, required=False)
    expected = forms.CharField(label="预期效果", max_length=300, required=False)
    finish_by = day("计划完成日期")
    every_days = forms.IntegerField(label="每隔几天报告一次实施情况", min_value=1, max_value=32_767)
    contact = forms.CharField(label="召回联系人和电话", max_length=120, required=False)

    def fit(self, record: Recall, actor: Actor) -> None:
        known = {name: getattr(record, name) for name in self.fields if name != "on"}
        self.begin_with({name: value for name, value in known.items() if value})


class ProgressForm(KnownForm):
    on = day("报告日期")
    returned = _count("累计已收回")
    treated = _count("累计已处理", hint="包括销毁")
    destroyed = _count("其中累计销毁")
    text = text("说明", False)

    def fit(self, record: Recall, actor: Actor) -> None:
        last = record.progress.order_by("-on", "-pk").first()
        known = {name: getattr(last, name, 0) for name in ("returned", "treated", "destroyed")}
        self.begin_with(known)


class DemandForm(StepForm):
    on = day("要求日期")
    kind = forms.ChoiceField(label="要求", choices=lambda: options(recall_rules.values("demands"), "请选择"))
    level = forms.ChoiceField(label="提高到的级别", required=False, choices=_levels)
    finish_by = forms.DateField(label="缩短到的完成日期", required=False, widget=DateInput())
    range_text = forms.CharField(label="扩大到的范围", max_length=300, required=False)
    treatments = _several("改用的处理方式", "treatments", False)
    text = text("内容和理由")


class SeedForm(KnownForm):
    seed = forms.CharField(
        label="种子", max_length=120, help_text="写下后抽取；同一名单和种子抽出同样的单位，可以复核"
    )

    def fit(self, record: Recall, actor: Actor) -> None:
        self.begin_with({"seed": record.number})


class CompleteForm(StepForm):
    on = day("完成日期")
    unaccounted = text("没有交代清楚的", False, hint="未答复、未处理、数量不符的，写明原因和后续处理")


class SummaryForm(StepForm):
    on = day("提交日期")
    summary = text("总结评估", rows=6)


class ReviewForm(StepForm):
    on = day("审查日期")
    review = text("审查意见")


class AgainForm(ReviewForm):
    level = forms.ChoiceField(label="召回级别", required=False, choices=_levels, help_text="不选的照原级别")
    received_on = forms.DateField(label="签收日期", required=False, widget=DateInput())


class AmendForm(KnownForm):
    """What the recall says of product, lots and unit; what is changed here is amended, with a reason."""

    reason_given = text("更正理由", rows=2)
    product_name = forms.CharField(label="产品名称", max_length=300)
    registration_no = forms.CharField(label="注册证或备案编号", max_length=120, required=False)
    model_spec = forms.CharField(label="规格型号", max_length=200, required=False)
    di = forms.CharField(label="产品标识（DI）", max_length=60, required=False)
    lots = text("批号", rows=2, required=False, hint="一行一个")
    holder_name = forms.CharField(label="召回单位", max_length=300)
    holder_uscc = forms.CharField(label="召回单位信用代码", max_length=18, required=False)
    contact = forms.CharField(label="召回联系方式", max_length=120, required=False)

    def fit(self, record: Recall, actor: Actor) -> None:
        known = {name: getattr(record, name) for name in self.fields if name != "reason_given"}
        self.begin_with({**known, "lots": "\n".join(record.lots)})


class AnswerForm(KnownForm):
    on = day("答复日期")
    stopped = _tick("已停止销售和使用，并转告下一级单位")
    found = _count("清点库存", hint="召回批次现有的数量，最小销售单元")
    returned = _count("已退回")
    treated = _count("就地处理", hint="检查、修理、重新标签等")
    destroyed = _count("已销毁")
    implanted = _count("已使用或者植入", hint="开始时持有、清点前用掉的；只填数量，不填患者姓名")
    note = text("说明", False)

    def fit(self, record: RecallHolder, actor: Actor) -> None:
        names = ("stopped", "found", "returned", "treated", "destroyed", "implanted", "note")
        known = {name: getattr(record, name) for name in names}
        if record.found is None:
            known["found"] = record.quantity
        self.begin_with(known)


class CheckForm(StepForm):
    on = day("核实日期")
    how = forms.ChoiceField(
        label="核实方式", choices=lambda: [(v, v) for v in recall_rules.values("checked_how")]
    )
    reached = _tick("收到了召回通知")
    acted = _tick("按要求处理")
    text = text("核实情况", False, hint="没有收到或者没有处理的必须写明")


# --- steps ------------------------------------------------------------------------------------------------


def _by(action: Any, name: str = "recall") -> Work:
    """A step that hands its form to an action as it is."""

    def work(found: Any, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return action(**{name: found}, by=by, at=at, **given)

    return work


def _evaluate(found: Recall, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    on = given.pop("on")
    return recalls.evaluate_recall(recall=found, evaluation=given, on=on, by=by, at=at)


def _plan(found: Recall, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    on = given.pop("on")
    plan = Plan(**{**given, "treatments": tuple(given["treatments"])})
    return recalls.file_plan(recall=found, plan=plan, on=on, by=by, at=at)


def _progress(found: Recall, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    on = given.pop("on")
    return recalls.report_progress(recall=found, progress=Progress(**given), on=on, by=by, at=at)


def _amend(found: Recall, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    reason = given.pop("reason_given")
    given["lots"] = lines(given["lots"])
    return recalls.amend_recall(recall=found, changes=given, reason=reason, by=by, at=at)


def _answer(found: RecallHolder, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    on = given.pop("on")
    return recall_holders.answer_recall(holder=found, answer=Answer(**given), on=on, by=by, at=at)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "receive_order", "签收责令召回通知书", OnForm, _by(recalls.receive_order),
            "召回的各项期限从签收之日起算。",
        ),
        Step("evaluate_recall", "提交调查评估", EvaluateForm, _evaluate, "逐项填写；没有的写“无”。"),
        Step(
            "decide_recall", "决定召回", DecideForm, _by(recalls.decide_recall),
            "通知、报告、计划的期限从决定之日起算。",
        ),
        Step("drop_recall", "认定不需要召回", DropForm, _by(recalls.drop_recall)),
        Step(
            "trace_holders", "由追溯列出持有单位", OnForm, _by(recall_holders.trace_holders),
            "按进销存记录列出这一天结束时还有库存的单位。",
        ),
        Step("add_holder", "添加持有单位", HolderForm, _by(recall_holders.add_holder)),
        Step(
            "notify_holders", "通知持有单位", NotifyForm, _by(recalls.notify_holders),
            "名单中未通知的全部登记为已通知；这些单位的召回批次停止出库和使用。",
        ),
        Step("file_form", "报送召回事件报告表", FormFiledForm, _by(recalls.file_form)),
        Step("report_national", "登记省局已报告国家局", OnForm, _by(recalls.report_national)),
        Step(
            "file_plan", "提交召回计划", PlanForm, _plan, "再次提交的替换原计划，两个版本都在审计中。"
        ),
        Step("report_progress", "报告实施情况", ProgressForm, _progress, "数量自召回开始累计。"),
        Step(
            "demand_of_recall", "要求改变召回", DemandForm, _by(recalls.demand_of_recall),
            "只填所选要求对应的一项。",
        ),
        Step("draw_check", "抽取效果核实的单位", SeedForm, _by(recall_holders.draw_check)),
        Step("complete_recall", "完成召回", CompleteForm, _by(recalls.complete_recall)),
        Step("file_summary", "提交总结评估报告", SummaryForm, _by(recalls.file_summary)),
        Step(
            "pass_recall", "审查合格", ReviewForm, _by(recalls.pass_recall),
            "已无存货的单位解除停用；还有存货的继续停用。",
        ),
        Step(
            "recall_again", "责令重新召回", AgainForm, _by(recalls.recall_again),
            "另立一个召回，名单为未答复和尚未交代清楚的单位。",
        ),
        Step("amend_recall", "更正", AmendForm, _amend),
    )
}  # fmt: skip
HOLDER_STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("inform_holder", "登记已通知", NotifyForm, _by(recall_holders.inform_holder, "holder")),
        Step("answer_recall", "答复召回", AnswerForm, _answer, "可以多次答复，以最后一次为准。"),
        Step("check_holder", "核实召回效果", CheckForm, _by(recall_holders.check_holder, "holder")),
    )
}  # fmt: skip


def _may_recall(found: Recall, actor: Actor) -> bool:
    """Whether the actor does what whoever recalls does: as that firm, or as the office that supervises."""
    if actor.firm:
        return bool(may_for(actor, recalls.FIRM, found.holder_uscc))
    return bool(may(actor, recalls.SUPERVISING, found.office_code))


def allowed(found: Recall, actor: Actor) -> list[str]:
    """What may be done with the recall now, in the order of the steps."""
    if not _may_recall(found, actor):
        return []
    names = {t.action for t in recalls.WORKFLOW.allowed(found.state)}
    if actor.firm:
        names &= set(recalls.HOLDER_MOVES)
    if found.state in recalls.OPEN:
        names |= {"trace_holders", "add_holder", "amend_recall"}
    if found.kind == ORDERED and not found.received_on:
        names.add("receive_order")
    if not actor.firm:
        names |= _of_authority(found)
    done = {"notify_holders": found.notified_on, "file_plan": found.plan_on}
    ahead = {t.action for t in recalls.WORKFLOW.allowed(found.state) if not done.get(t.action)}
    first = {"receive_order", *(ahead if found.state != "decided" else ())}
    ordered = [name for name in STEPS if name in names]
    # what comes next stands first; who holds the lots is asked before they are told
    return sorted(ordered, key=lambda name: name not in first)


def _of_authority(found: Recall) -> set[str]:
    names = {"demand_of_recall"} if found.state in recalls.RUNNING else set()
    if found.form_on and found.state in recalls.OPEN:
        names.add("report_national")
    if found.state in recall_holders.TAKEN:
        names.add("draw_check")
    return names


def holder_allowed(found: RecallHolder, actor: Actor) -> list[str]:
    """What may be done with one unit of a recall now."""
    if found.recall.state not in recall_holders.TAKEN:
        return []
    names = set()
    if actor.firm:
        names |= {"answer_recall"} if may_for(actor, recalls.FIRM, found.uscc) else set()
    elif any(
        code and may(actor, recall_holders.REPORTING, code)
        for code in (found.office_code, found.recall.office_code)
    ):
        names |= {"answer_recall", "check_holder"}
    if found.notified_on is None and _may_recall(found.recall, actor):
        names.add("inform_holder")
    return [name for name in HOLDER_STEPS if name in names]
