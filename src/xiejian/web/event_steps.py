"""The steps of an adverse event report: each as a small form that calls one action."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from xiejian.people.policy import Actor, may
from xiejian.vigilance import actions, checks, queries, rules
from xiejian.vigilance.models import AdverseEvent
from xiejian.web.forms import DateInput
from xiejian.web.steps import Step, StepForm, Work, day, text

TONES = {
    "submitted": "azure", "county_passed": "blue", "returned_for_supplement": "orange",
    "city_passed": "blue", "evaluated": "blue", "national_review": "blue", "review_closed": "green",
}  # fmt: skip
HARM_TONES = {checks.DEATH: "red", checks.SERIOUS: "orange"}


def options(values: Any, empty: str = "未填") -> list[tuple[str, str]]:
    """Choices of words that stand for themselves, with an empty one before them."""
    return [("", empty), *((v, v) for v in values)]


class PassForm(StepForm):
    on = day("审核日期")
    comment = text("审核意见", False)


class ReturnForm(StepForm):
    on = day("审核日期")
    comment = text("需要补充的内容")


class AgainForm(StepForm):
    on = day("补充日期")
    text = text("补充内容")


class EvaluationForm(StepForm):
    on = day("评价日期")
    cause = text("原因分析")
    event_cause = forms.ChoiceField(
        label="事件原因", choices=lambda: options(rules.values("event_causes"), "请选择")
    )
    association = forms.ChoiceField(
        label="关联性", choices=lambda: options(rules.values("associations"), "请选择")
    )
    measures = forms.CharField(
        label="控制措施", required=False, max_length=300, help_text="停售、通知暂停使用、召回、修改说明书等"
    )


class ReevaluateForm(StepForm):
    on = day("审核日期")
    comment = text("需要重新评价的理由")


class DuplicateForm(StepForm):
    of = forms.ModelChoiceField(label="与哪一份重复", queryset=None, empty_label="请选择")
    reason = text("理由", rows=2)

    def fit(self, record: AdverseEvent, actor: Actor) -> None:
        rows = queries.events(actor, product=record.product_name).exclude(pk=record.pk)
        self.fields["of"].queryset = rows.filter(duplicate_of=None).order_by("-alike", "-reported_on", "-pk")
        self.fields["of"].label_from_instance = lambda e: (
            f"{e.number}（{e.party.name}，{e.event_on}，批号 {e.lot or '—'}）"
        )


class ReasonForm(StepForm):
    reason = text("理由", rows=2)


class GroupForm(StepForm):
    others = forms.ModelMultipleChoiceField(
        label="同属群体事件的报告", queryset=None,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )  # fmt: skip
    learned_at = forms.DateTimeField(
        label="获知时间",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    reason = text("情况说明", rows=2)

    def fit(self, record: AdverseEvent, actor: Actor) -> None:
        rows = queries.events(actor, product=record.product_name).exclude(pk=record.pk)
        self.fields["others"].queryset = rows.filter(duplicate_of=None).order_by("-reported_on", "-pk")
        self.fields["others"].label_from_instance = lambda e: (
            f"{e.number}（{e.party.name}，{e.event_on}，批号 {e.lot or '—'}）"
        )


class GroupToldForm(StepForm):
    told_at = forms.DateTimeField(
        label="报告时间",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    to = forms.CharField(label="报告去向", max_length=200, help_text="省级药监部门、卫生健康部门，方式")


class AmendForm(StepForm):
    """The whole report as it stands; what is changed here is amended, with a reason."""

    reason = text("更正理由", rows=2)
    harm = forms.ChoiceField(label="伤害程度", choices=[(h, h) for h in checks.HARMS])
    learned_on = forms.DateField(
        label="获知死亡日期", required=False, widget=DateInput(), help_text="改为死亡的填写，重新计算报告期限"
    )
    product_name = forms.CharField(label="产品名称", max_length=300)
    lot = forms.CharField(label="批号", max_length=120, required=False)
    serial = forms.CharField(label="序列号", max_length=120, required=False)
    maker = forms.CharField(label="注册人或备案人", max_length=300, required=False)
    event_on = day("事件发生日期")
    term = forms.ChoiceField(label="故障表现用语", required=False)
    injury = text("伤害表现", rows=2)
    failure = text("器械故障表现", rows=2)

    def fit(self, record: AdverseEvent, actor: Actor) -> None:
        self.fields["term"].choices = [("", "未归类"), *rules.terms().items()]
        names = (name for name in self.fields if name not in ("reason", "learned_on"))
        self.initial = {**self.initial, **{name: getattr(record, name) for name in names}}


def _by(action: Any) -> Work:
    """A step that hands its form to an action as it is."""

    def work(found: AdverseEvent, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return action(event=found, by=by, at=at, **given)

    return work


def _declare(found: AdverseEvent, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    events = [found, *given.pop("others")]
    return actions.declare_group(events=events, by=by, at=at, **given)


def _amend(found: AdverseEvent, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    reason, learned = given.pop("reason"), given.pop("learned_on")
    return actions.amend_event(event=found, changes=given, reason=reason, learned_on=learned, by=by, at=at)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("pass_county", "县级审核通过", PassForm, _by(actions.pass_county), "报市级监测机构审核。"),
        Step(
            "pass_city", "市级审核通过", PassForm, _by(actions.pass_city), "持有人的评价期限从这一天起算。"
        ),
        Step("return_report", "退回补充", ReturnForm, _by(actions.return_report)),
        Step(
            "resubmit_report", "补充后重新上报", AgainForm, _by(actions.resubmit_report),
            "审核期限从这一天重新计算。",
        ),
        Step("record_evaluation", "登记持有人评价", EvaluationForm, _by(actions.record_evaluation)),
        Step("pass_province", "省级审核通过", PassForm, _by(actions.pass_province)),
        Step(
            "refer_national", "省级审核通过，报国家级复核", PassForm, _by(actions.refer_national),
            "国家局注册的产品适用。",
        ),
        Step("pass_national", "国家级复核通过", PassForm, _by(actions.pass_national)),
        Step("ask_reevaluation", "要求重新评价", ReevaluateForm, _by(actions.ask_reevaluation)),
        Step("supplement_report", "补充报告", AgainForm, _by(actions.supplement_report)),
        Step(
            "mark_duplicate", "标为重复报告", DuplicateForm, _by(actions.mark_duplicate),
            "两份报告都保留，统计只计主报告。",
        ),
        Step("unmark_duplicate", "取消重复标记", ReasonForm, _by(actions.unmark_duplicate)),
        Step("declare_group", "列为群体事件", GroupForm, _declare, "从获知时起按小时计算报告期限。"),
        Step("report_group", "登记群体事件已报告", GroupToldForm, _by(actions.report_group)),
        Step("amend_event", "更正", AmendForm, _amend),
    )
}  # fmt: skip


def allowed(found: AdverseEvent, actor: Actor) -> list[str]:
    """What may be done with the report now, in the order of the steps."""
    names = {
        t.action for t in actions.WORKFLOW.allowed(found.state) if may(actor, t.permission, found.office_code)
    }
    if may(actor, actions.REVIEWING, found.office_code):
        names.add("unmark_duplicate" if found.duplicate_of_id else "mark_duplicate")
        names.add("report_group" if found.group_no else "declare_group")
    if may(actor, actions.REPORTING, found.office_code):
        names.add("amend_event")
    return [name for name in STEPS if name in names]


def initial(on: dt.date, at: dt.datetime) -> dict[str, Any]:
    """What the forms begin with."""
    now = timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")
    return {"on": on, "learned_at": now, "told_at": now}
