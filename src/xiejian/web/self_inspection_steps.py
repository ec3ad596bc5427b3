"""The office's steps with a self-inspection, each as a small form that calls one action."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from xiejian.inspections.queries import team_choices
from xiejian.people.policy import Actor, may
from xiejian.self_inspections import actions
from xiejian.self_inspections.models import SelfInspection
from xiejian.web.listing_steps import named_with_office
from xiejian.web.steps import Step, StepForm, Work, day, moves


class NoteForm(StepForm):
    note = forms.CharField(label="审阅意见", max_length=300, required=False, help_text="单位可以看到")


class ReasonForm(StepForm):
    reason = forms.CharField(label="退回理由", max_length=300, help_text="写明要补充什么，单位可以看到")


class VisitForm(StepForm):
    planned_on = day("计划检查日期")
    team = forms.ModelMultipleChoiceField(
        label="检查组", queryset=None,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )  # fmt: skip

    def fit(self, record: SelfInspection, actor: Actor) -> None:
        self.fields["team"].queryset = team_choices(actor, record.office_code)
        self.fields["team"].label_from_instance = named_with_office


def _by(action: Any) -> Work:
    def work(report: SelfInspection, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return action(report=report, by=by, at=at, **given)

    return work


def _visit(report: SelfInspection, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    team = list(given["team"])
    return actions.plan_visit(report=report, planned_on=given["planned_on"], team=team, by=by, at=at)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("accept_self_inspection", "审阅通过", NoteForm, _by(actions.accept_self_inspection)),
        Step(
            "return_self_inspection", "退回补充", ReasonForm, _by(actions.return_self_inspection),
            "单位补充后重新报送，首次报送日期不变。",
        ),
        Step(
            "plan_visit", "安排检查", VisitForm, _visit,
            "有因检查，检查记录注明由本自查报告引起。",
        ),
    )
}  # fmt: skip


def allowed(report: SelfInspection, actor: Actor) -> list[str]:
    """What the office may do with the report now, in the order of the steps."""
    names = set(moves(actions.WORKFLOW, report.state, actor, report.office_code))
    if not may(actor, "inspections.visit", report.office_code):
        names.discard("plan_visit")
    return [name for name in STEPS if name in names]
