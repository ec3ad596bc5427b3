"""The steps of an offer on the internet and of its list: each as a small form that calls one action."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from xiejian.cases.online_clues import register_clue_of_listing
from xiejian.inspections.queries import team_choices
from xiejian.online import actions, checks, queries
from xiejian.online.models import Listing, MonitoringList
from xiejian.people.policy import Actor, may
from xiejian.sampling.queries import party_named
from xiejian.web.steps import Step, StepForm, Work, day, text
from xiejian.web.views.evidence import FilesField

TONES = {
    "listed": "azure", "checked": "blue", "removing": "orange", "disposed": "green", "reported": "green",
    "returned": "secondary",
}  # fmt: skip
GRADE_TONES = {"suspect": "red", "check": "orange"}
#: what a form may settle by itself; a case has its own step
_BY_FORM = tuple(outcome for outcome in checks.OUTCOMES if outcome != checks.FILED)


def _text(label: str, required: bool = True, hint: str = "", length: int = 300) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=length, help_text=hint)


def named_with_office(officer: Any) -> str:
    return f"{officer.name}（{officer.office.short_name or officer.office.name}）"


class AssignForm(StepForm):
    handler = forms.ModelChoiceField(label="办理人", queryset=None)

    def fit(self, record: Listing, actor: Actor) -> None:
        self.fields["handler"].queryset = queries.handlers(actor, record.office_code)
        self.fields["handler"].label_from_instance = named_with_office


class SellerForm(StepForm):
    party = _text("经营单位", True, "统一社会信用代码或者完整名称；名录中没有的，先登记名录", 200)

    def fit(self, record: Listing, actor: Actor) -> None:
        self.initial = {**self.initial, "party": record.seller_named}


class CheckForm(StepForm):
    on = day("核查日期")
    finding = text("核查情况", hint="页面是否仍在销售、宣传与注册内容是否一致、证照是否展示")


class SnapshotForm(StepForm):
    files = FilesField("网页快照")
    caption = _text("说明", False, "取证的时间、方式", 200)


class RemovalForm(StepForm):
    on = day("要求下架日期")
    reference = _text("通知文号", False, length=80)


class VisitForm(StepForm):
    planned_on = day("计划检查日期")
    team = forms.ModelMultipleChoiceField(
        label="检查组", queryset=None,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )  # fmt: skip

    def fit(self, record: Listing, actor: Actor) -> None:
        self.fields["team"].queryset = team_choices(actor, record.office_code)
        self.fields["team"].label_from_instance = named_with_office


class ClueForm(StepForm):
    conduct = _text("涉嫌违法行为")
    on = day("日期")

    def fit(self, record: Listing, actor: Actor) -> None:
        said = [mark["label"] for mark in record.marks if mark["grade"] == "suspect"]
        self.initial = {**self.initial, "conduct": "网络销售医疗器械：" + "、".join(said) if said else ""}


class SettleForm(StepForm):
    outcome = forms.ChoiceField(label="处置结果", choices=[(o, o) for o in _BY_FORM])
    on = day("处置日期")
    removed_on = day("确认下架日期", False, "责令下架的必填")
    handed_to = _text("移交单位", False, "移交的必填", 120)

    def fit(self, record: Listing, actor: Actor) -> None:
        usual = checks.REMOVED if record.state == "removing" else checks.VISITED if record.visit_id else ""
        self.initial = {**self.initial, "removed_on": None} | ({"outcome": usual} if usual else {})


class ReasonForm(StepForm):
    reason = _text("理由")


class ReportForm(StepForm):
    on = day("反馈日期")
    reference = _text("反馈文号", False, length=80)


def _by(action: Any) -> Work:
    """A step that hands its form to an action as it is."""

    def work(found: Listing, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return action(listing=found, by=by, at=at, **given)

    return work


def _seller(found: Listing, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.match_seller(listing=found, party=party_named(by, given["party"]), by=by, at=at)


def _visit(found: Listing, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.plan_visit(
        listing=found, planned_on=given["planned_on"], team=list(given["team"]), by=by, at=at
    )


def _snapshots(found: Listing, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return [
        actions.attach_snapshot(listing=found, file=file, caption=given["caption"], by=by, at=at)
        for file in given["files"]
    ]


def _report(found: MonitoringList, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.report_list(of=found, by=by, at=at, **given)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "check_listing", "登记核查情况", CheckForm, _by(actions.check_listing),
            "打开网址核对筛查提示，先存网页快照。",
        ),
        Step("match_seller", "认定经营单位", SellerForm, _seller, "认定后按该单位的许可、备案重新筛查。"),
        Step("order_removal", "要求下架", RemovalForm, _by(actions.order_removal)),
        Step("plan_visit", "安排线下检查", VisitForm, _visit, "对经营单位有因检查，使用网络销售检查表。"),
        Step(
            "register_clue", "登记案源", ClueForm, _by(register_clue_of_listing),
            "登记为案件来源并以“立案”结束处置。",
        ),
        Step("settle_listing", "登记处置结果", SettleForm, _by(actions.settle_listing)),
        Step(
            "attach_snapshot", "存网页快照", SnapshotForm, _snapshots,
            "截图、PDF 或者另存的网页，存入时计算校验值。",
        ),
        Step("assign_listing", "分派", AssignForm, _by(actions.assign_listing)),
        Step("return_listing", "退回清单来源", ReasonForm, _by(actions.return_listing), "反馈时写明理由。"),
        Step("take_back_listing", "撤回退回", ReasonForm, _by(actions.take_back_listing)),
        Step("reopen_listing", "重新核查", ReasonForm, _by(actions.reopen_listing), "再次上架等情形。"),
    )
}  # fmt: skip
LIST_STEPS = {"report_list": Step("report_list", "反馈", ReportForm, _report, "先下载反馈表，发出后登记。")}
_BEFORE_SETTLED = ("listed", "checked", "removing")


def allowed(found: Listing, actor: Actor) -> list[str]:
    """What may be done with the offer now, in the order of the steps."""
    if not may(actor, "online.handle", found.office_code):
        return []
    names = {t.action for t in actions.WORKFLOW.allowed(found.state)}
    if found.state in _BEFORE_SETTLED:
        names.add("attach_snapshot")
    if not found.seller_id or found.visit_id or not may(actor, "inspections.visit", found.office_code):
        names.discard("plan_visit")
    if "settle_listing" in names and found.seller_id and may(actor, "cases.investigate", found.office_code):
        names.add("register_clue")
    return [name for name in STEPS if name in names]
