"""The steps of a request for assistance: each as a small form that calls one action."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from xiejian.assistance import actions, queries
from xiejian.assistance.models import AssistanceRequest
from xiejian.people.policy import Actor, may
from xiejian.web.listing_steps import named_with_office
from xiejian.web.steps import Step, StepForm, Work, day, text

TONES = {
    "drafted": "secondary", "sent": "blue", "arrived": "blue", "replied": "green", "cancelled": "secondary",
    "received": "azure", "handling": "blue", "answered": "green", "returned": "secondary", "closed": "green",
}  # fmt: skip


def _text(label: str, required: bool = True, hint: str = "", length: int = 300) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=length, help_text=hint)


class DayForm(StepForm):
    on = day("日期")


class UrgeForm(StepForm):
    on = day("催办日期")
    text = _text("催办情况", hint="方式、对方经办人、答复")


class ReplyForm(StepForm):
    on = day("复函日期")
    reply_no = _text("复函文号", False, length=80)
    reply = text("协查结果")


class ReasonForm(StepForm):
    reason = _text("理由")


class DatedReasonForm(StepForm):
    on = day("日期")
    reason = _text("理由")


class AssignForm(StepForm):
    handler = forms.ModelChoiceField(label="办理人", queryset=None)

    def fit(self, record: AssistanceRequest, actor: Actor) -> None:
        self.fields["handler"].queryset = queries.handlers(actor, record.office_code)
        self.fields["handler"].label_from_instance = named_with_office


class DelayForm(StepForm):
    on = day("告知日期")
    until = day("延至")
    reason = _text("延期理由")


def _by(action: Any) -> Work:
    """A step that hands its form to an action as it is."""

    def work(found: AssistanceRequest, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return action(request=found, by=by, at=at, **given)

    return work


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("send_request", "发出", DayForm, _by(actions.send_request), "先打印协助调查函。"),
        Step(
            "record_arrival", "登记对方收到", DayForm, _by(actions.record_arrival),
            "从对方收到之日计算其办理期限。",
        ),
        Step("record_reply", "登记复函", ReplyForm, _by(actions.record_reply)),
        Step("urge_request", "催办", UrgeForm, _by(actions.urge_request)),
        Step("answer_request", "复函", ReplyForm, _by(actions.answer_request), "保存后打印协查复函。"),
        Step("assign_request", "交办", AssignForm, _by(actions.assign_request)),
        Step("tell_delay", "告知延期", DelayForm, _by(actions.tell_delay), "应在期限届满前告知请求机关。"),
        Step("close_request", "办结", DayForm, _by(actions.close_request)),
        Step("return_request", "退回请求机关", DatedReasonForm, _by(actions.return_request)),
        Step(
            "reopen_request", "补充协查", DatedReasonForm, _by(actions.reopen_request),
            "期限从补充来函之日重新计算。",
        ),
        Step("cancel_request", "撤回", ReasonForm, _by(actions.cancel_request)),
    )
}  # fmt: skip


def allowed(found: AssistanceRequest, actor: Actor) -> list[str]:
    """What may be done with the request now, in the order of the steps."""
    if not may(actor, "assistance.handle", found.office_code):
        return []
    names = {t.action for t in actions.WORKFLOWS[found.direction].allowed(found.state)}
    return [name for name in STEPS if name in names]
