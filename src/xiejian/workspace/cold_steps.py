"""The steps of an excursion and of a logger on the firms' pages, each a form that calls one action."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db import transaction
from django.utils import timezone

from xiejian.coldchain import actions, rules
from xiejian.coldchain.checks import LoggerEntry, PlacementEntry, degrees
from xiejian.coldchain.models import OUTCOMES, Excursion, Logger, Placement
from xiejian.inspections.actions import attach_evidence
from xiejian.inspections.places import Place
from xiejian.people.policy import Actor, may
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.steps import Step, StepForm, day, text
from xiejian.web.views.evidence import FilesField


def _moment(label: str, required: bool = True, hint: str = "") -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, required=required, widget=widget, help_text=hint)


# --- excursions ------------------------------------------------------------------------------------------


class ExplainForm(StepForm):
    explanation = text("原因和当时采取的措施", hint="如停电、开门过久、记录仪故障；产品是否转移、转移到哪里")


class AssessForm(StepForm):
    outcome = forms.ChoiceField(label="评估结论", choices=[("", "请选择"), *OUTCOMES.items()])
    reason = text("评估理由", hint="温度、持续时间与产品说明书、稳定性资料对照的结果")
    evidence = forms.CharField(
        label="依据", max_length=300, help_text="稳定性资料、生产企业答复、检验报告的名称和编号"
    )
    files = FilesField("依据文件", required=False)


class DecideForm(StepForm):
    reason = text("处理意见", rows=2)


def _explain(row: Excursion, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.explain_excursion(excursion=row, by=by, at=at, **given)


@transaction.atomic
def _assess(row: Excursion, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    files = given.pop("files")
    done = actions.assess_excursion(excursion=row, by=by, at=at, **given)
    for file in files:
        attach_evidence(file=file, place=Place.of(done, actions.ASSESSING), by=by, at=at)
    return done


def _decided(action: Any) -> Any:
    def work(row: Excursion, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return action(excursion=row, reason=given["reason"], by=by, at=at)

    return work


EXCURSION_STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step("explain_excursion", "说明原因", ExplainForm, _explain),
        Step(
            "assess_excursion", "质量评估", AssessForm, _assess,
            "受影响的批次在放行以前不能出库、使用、植入。",
        ),
        Step(
            "release_excursion", "批准放行", DecideForm, _decided(actions.release_excursion),
            "须由评估人以外的人批准；批准后解除批次停用。",
        ),
        Step(
            "reject_excursion", "不予放行", DecideForm, _decided(actions.reject_excursion),
            "须由评估人以外的人决定；批次继续停用，销毁后在进销存登记“销毁”。",
        ),
        Step("return_assessment", "退回重新评估", DecideForm, _decided(actions.return_assessment)),
    )
}  # fmt: skip


def excursion_moves(row: Excursion, actor: Actor) -> list[str]:
    """The steps of the page that may be taken now; settling takes itself."""
    return [
        t.action
        for t in actions.WORKFLOW.allowed(row.state)
        if t.action in EXCURSION_STEPS and may(actor, t.permission)
        and not (row.state == "assessed" and actor.username == row.assessed_by)
    ]  # fmt: skip


# --- loggers ---------------------------------------------------------------------------------------------


class Degrees(forms.DecimalField):
    """A temperature in ℃ as hundredths of a degree."""

    def __init__(self, label: str) -> None:
        super().__init__(label=label, required=False, max_digits=5, decimal_places=2)

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        return None if found is None else int(found * 100)

    def prepare_value(self, value: Any) -> Any:
        return degrees(value) if isinstance(value, int) else value


class LoggerFields(forms.Form):
    code = forms.CharField(
        label="记录仪编号", max_length=60, help_text="机身或者软件中的编号，接口按它认记录仪"
    )
    place = forms.CharField(
        label="库房、设备或车辆", max_length=120, help_text="与进销存的库房名称一致，按它找受影响的批次"
    )
    kind = forms.ChoiceField(label="类型")
    low_centi = Degrees("下限（℃）")
    high_centi = Degrees("上限（℃）")
    interval_seconds = forms.IntegerField(label="记录间隔（秒）", min_value=1)
    used_from = day("启用日期", hint="早于这一天的读数是时钟没有校准")
    calibrated_on = day("校准日期", required=False)
    calibrated_until = day("校准有效期至", required=False)
    live = forms.BooleanField(label="在线上传：一直没有读数即为缺测", required=False)


def _kinds() -> list[tuple[str, str]]:
    return [(kind.id, kind.label) for kind in rules.place_kinds().values()]


class LoggerForm(LoggerFields, PageForm):
    """A new logger."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = _kinds()

    def entry(self) -> LoggerEntry:
        return LoggerEntry(**self.cleaned_data)


class AmendLoggerForm(LoggerFields, StepForm):
    reason = forms.CharField(label="更正理由", max_length=200)

    def fit(self, record: Logger, actor: Actor) -> None:
        self.fields["kind"].choices = _kinds()
        self.initial = {**self.initial, **{n: getattr(record, n) for n in self.fields if n != "reason"}}


class PlaceForm(StepForm):
    document_no = forms.CharField(
        label="单据号", required=False, max_length=60, help_text="一张单据的全部产品；或者填下面的一批"
    )
    di = forms.CharField(label="产品标识（DI）", required=False, max_length=60)
    lot = forms.CharField(label="批号", required=False, max_length=60)
    serial = forms.CharField(label="序列号", required=False, max_length=60)
    from_at = _moment("放入、发车时间")
    until_at = _moment("取出、到达时间", required=False, hint="还没有取出的留空")


class TakeOutForm(StepForm):
    placement = forms.ModelChoiceField(
        label="哪一批", queryset=Placement.objects.none(), empty_label="请选择"
    )
    until_at = _moment("取出、到达时间")

    def fit(self, record: Logger, actor: Actor) -> None:
        self.fields["placement"].queryset = record.placements.filter(until_at=None)


class RetireForm(StepForm):
    on = forms.DateField(label="停用日期", widget=DateInput())
    reason = forms.CharField(label="停用理由", max_length=200)


def _place(row: Logger, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.place_lot(logger=row, entry=PlacementEntry(**given), by=by, at=at)


def _take_out(row: Logger, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.take_out_lot(by=by, at=at, **given)


def _amend(row: Logger, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    reason = given.pop("reason")
    return actions.amend_logger(logger=row, changes=given, reason=reason, by=by, at=at)


def _retire(row: Logger, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.retire_logger(logger=row, by=by, at=at, **given)


LOGGER_STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "place_lot", "登记在库、在途批次", PlaceForm, _place,
            "库房名称与进销存一致的，在库批次自动算入，不用登记。",
        ),
        Step("take_out_lot", "登记取出、到达", TakeOutForm, _take_out),
        Step("amend_logger", "更正", AmendLoggerForm, _amend, "上下限、间隔改动后，已有的读数重新判断。"),
        Step("retire_logger", "停用", RetireForm, _retire),
    )
}  # fmt: skip


def logger_moves(row: Logger, actor: Actor) -> list[str]:
    """What may be done with a logger now."""
    if not may(actor, actions.RECORDING):
        return []
    names = ["amend_logger"] if row.retired_on else list(LOGGER_STEPS)
    if "take_out_lot" in names and not row.placements.filter(until_at=None).exists():
        names.remove("take_out_lot")
    return names


def initial(at: dt.datetime) -> dict[str, Any]:
    """What the forms begin with."""
    now = timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")
    return {"from_at": now, "on": timezone.localdate(at)}
