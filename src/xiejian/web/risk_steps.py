"""The steps of a risk and of a meeting: each as a small form that calls one action."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from xiejian.kernel.divisions import stem
from xiejian.people.policy import Actor, may
from xiejian.risks import actions, queries, rules
from xiejian.risks.checks import OPEN, Planned
from xiejian.risks.models import RiskHanding, RiskItem, RiskMeeting
from xiejian.web.steps import Step, StepForm, day, text
from xiejian.web.views.evidence import FilesField

TONES = {
    "found": "azure", "assessed": "blue", "controlled": "orange", "asked": "purple", "struck_off": "green",
    "returned": "red", "withdrawn": "secondary",
}  # fmt: skip
MEETING_TONES = {"prepared": "azure", "held": "orange", "concluded": "green"}
LONG = 300


def _line(label: str, required: bool = True, hint: str = "", length: int = LONG) -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=length, help_text=hint)


def _officer_label(officer: Any) -> str:
    return f"{officer.name}（{officer.office.short_name or officer.office.name}）"


class AssessForm(StepForm):
    level = forms.ChoiceField(label="风险等级")
    owner = forms.ModelChoiceField(label="责任人", queryset=None, empty_label="请选择")
    on = day("研判日期")
    reason = text("理由", False, 2, "与建议的等级不同时必填")

    def fit(self, record: RiskItem, actor: Actor) -> None:
        proposed = actions.proposed_level(record)
        self.fields["level"].choices = [
            (level.id, f"{level.label}（{level.meaning}）") for level in rules.levels().values()
        ]
        mark = "（未核实）" if proposed.unverified else ""
        label = rules.levels()[proposed.level].label
        self.fields["level"].help_text = f"建议：{label}。{proposed.rule} {proposed.why}{mark}"
        self.fields["owner"].queryset = queries.owners(actor, record.office_code)
        self.fields["owner"].label_from_instance = _officer_label
        self.initial = {**self.initial, "level": proposed.level, "owner": record.owner_id}


class MeasureForm(StepForm):
    content = _line("措施")
    who = _line("责任人", length=60)
    due_on = day("期限")

    def fit(self, record: RiskItem, actor: Actor) -> None:
        if record.due_on:
            self.fields["due_on"].help_text = f"不晚于管控期限 {record.due_on}"
        owner = record.owner.name if record.owner else ""
        self.initial = {**self.initial, "who": owner, "due_on": record.due_on}


class DayForm(StepForm):
    on = day("日期")


class DoneForm(StepForm):
    measure = forms.ModelChoiceField(label="措施", queryset=None, empty_label="请选择")
    on = day("完成日期")
    result = _line("完成情况")

    def fit(self, record: RiskItem, actor: Actor) -> None:
        self.fields["measure"].queryset = record.measures.filter(done_on=None, round=record.round)
        self.fields["measure"].label_from_instance = lambda m: f"{m.content}（{m.who}，{m.due_on} 前）"


class AskForm(StepForm):
    on = day("申请日期")
    reasons = text("销号理由")
    files = FilesField("销号证据", required=False)


class StrikeForm(StepForm):
    on = day("销号日期")
    note = _line("复核意见", False)


class ReasonForm(StepForm):
    on = day("日期")
    reason = text("理由", rows=2)


class WithdrawForm(StepForm):
    reason = text("撤销理由", rows=2)


class UpForm(StepForm):
    on = day("上报日期")
    content = _line("上报的情况")


class DownForm(StepForm):
    to_office = forms.ChoiceField(label="接收机构")
    on = day("日期")
    content = _line("工作要求")

    def fit(self, record: RiskItem, actor: Actor) -> None:
        below = queries.offices_below(record.office_code)
        self.fields["to_office"].choices = [(office.code, office.name) for office in below]


class ReceiptForm(StepForm):
    handing = forms.ModelChoiceField(label="报送", queryset=None, empty_label=None)
    on = day("签收日期")
    answer = _line("签收意见", False)

    def fit(self, record: RiskItem, actor: Actor) -> None:
        mine = [row.pk for row in to_receive(record, actor)]
        self.fields["handing"].queryset = record.handings.filter(pk__in=mine)
        self.fields["handing"].label_from_instance = lambda h: (
            f"{h.get_direction_display()} {h.handed_on} {h.content}"
        )


def to_receive(item: RiskItem, actor: Actor) -> list[RiskHanding]:
    """The handings of a risk that wait for the receipt of the actor's office."""
    own = stem(actor.office_code)
    return [row for row in item.handings.all() if row.receipt_on is None and stem(row.to_office) == own]


def _by(action: Any) -> Any:
    """A step that hands its form to an action as it is."""

    def work(found: RiskItem, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return action(item=found, by=by, at=at, **given)

    return work


def _measure(found: RiskItem, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.add_measure(item=found, planned=Planned(**given), by=by, at=at)


def _receive(found: RiskItem, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.acknowledge(by=by, at=at, **given)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("acknowledge", "签收", ReceiptForm, _receive, "由接收机构签收，报送的机构随即看到。"),
        Step(
            "assess_item", "研判", AssessForm, _by(actions.assess_item),
            "等级决定管控期限；高风险的监管对象列为风险会商重点，参与分级，直到销号。",
        ),
        Step("put_under_control", "开始管控", DayForm, _by(actions.put_under_control), "至少有一项措施。"),
        Step("strike_off", "批准销号", StrikeForm, _by(actions.strike_off), "申请人不能批准自己的申请。"),
        Step("refuse_strike_off", "退回管控", ReasonForm, _by(actions.refuse_strike_off)),
        Step("complete_measure", "登记措施完成", DoneForm, lambda i, given, by, at: actions.complete_measure(
            item=i, by=by, at=at, **given)),
        Step("add_measure", "增加防控措施", MeasureForm, _measure),
        Step(
            "ask_strike_off", "申请销号", AskForm, _by(actions.ask_strike_off),
            "措施全部完成后，附证据申请，由另一人批准。",
        ),
        Step("return_item", "重新列入", ReasonForm, _by(actions.return_item), "信号复发的由系统重新列入。"),
        Step("report_up", "上报一级", UpForm, _by(actions.report_up)),
        Step("hand_down", "下抓一级", DownForm, _by(actions.hand_down), "接收机构可以看到这一风险并签收。"),
        Step("withdraw_item", "撤销", WithdrawForm, _by(actions.withdraw_item), "只用于误列的风险。"),
    )
}  # fmt: skip


def allowed(found: RiskItem, actor: Actor) -> list[str]:
    """What the actor may do with the risk now, in the order of the steps."""
    names = {
        t.action for t in actions.WORKFLOW.allowed(found.state) if may(actor, t.permission, found.office_code)
    }
    if found.asked_by == actor.username:
        names -= {"strike_off", "refuse_strike_off"}
    measures = [m for m in found.measures.all() if m.round == found.round]
    if all(m.done_on for m in measures):
        names.discard("complete_measure")
    if not measures:
        names.discard("put_under_control")
    if may(actor, "risks.edit", found.office_code) and found.state in OPEN:
        names.add("report_up")
        if queries.offices_below(found.office_code).exists():
            names.add("hand_down")
    if may(actor, "risks.edit") and to_receive(found, actor):
        names.add("acknowledge")
    ordered = [name for name in STEPS if name in names]
    if found.state not in ("found", "returned") and "assess_item" in names:
        ordered.remove("assess_item")  # may be judged again, but that is not what comes next
        ordered.append("assess_item")
    return ordered


# --- meetings --------------------------------------------------------------------------------------------


class HoldForm(StepForm):
    held_on = day("会商日期")
    place = _line("地点", False, length=120)
    chair = _line("主持人", length=60)
    participants = _line("参加人员", hint="几个用顿号分开", length=500)
    agenda = text("议程", False, 5, "一行一项")

    def fit(self, record: RiskMeeting, actor: Actor) -> None:
        self.initial = {**self.initial, "agenda": "\n".join(record.agenda)}


class ConcludeForm(StepForm):
    minutes = text("会议记录", rows=6)
    conclusions = text("会商结论", rows=6, hint="写进分析报告")


class AgainForm(StepForm):
    """Nothing to fill in."""


def _again(found: RiskMeeting, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.prepare_meeting(
        office_code=found.office_code, year=found.year, quarter=found.quarter, by=by, at=at
    )


def _hold(found: RiskMeeting, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    agenda = [line.strip() for line in given.pop("agenda").splitlines() if line.strip()]
    return actions.hold_meeting(meeting=found, agenda=agenda, by=by, at=at, **given)


def _conclude(found: RiskMeeting, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.conclude_meeting(meeting=found, by=by, at=at, **given)


MEETING_STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("hold_meeting", "登记召开", HoldForm, _hold, "召开后统计的数据不再改变。"),
        Step("conclude_meeting", "记录与结论", ConcludeForm, _conclude),
        Step(
            "prepare_meeting", "重新统计", AgainForm, _again,
            "按现在的记录重新统计，信号复发的已销号风险重新列入清单。",
        ),
    )
}  # fmt: skip


def meeting_allowed(found: RiskMeeting, actor: Actor) -> list[str]:
    """What the actor may do with the meeting now."""
    if not may(actor, "risks.meet", found.office_code):
        return []
    names = {t.action for t in actions.MEETING_WORKFLOW.allowed(found.state)}
    return [name for name in MEETING_STEPS if name in names]
