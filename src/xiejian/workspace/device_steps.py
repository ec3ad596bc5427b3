"""What a hospital's people may do with a device: each step a small form that calls one action."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from typing import Any

from django import forms

from xiejian.hospitals import actions, checks, rules
from xiejian.hospitals.actions import DeviceFacts, Upkeep
from xiejian.hospitals.checks import Part
from xiejian.hospitals.models import MedicalDevice
from xiejian.people.policy import Actor
from xiejian.web.forms import PageForm
from xiejian.web.steps import Step, StepForm, day, moves, text

_FEN = 100
_FACTS = [field.name for field in fields(DeviceFacts)]


def _line(label: str, length: int = 120, required: bool = False, hint: str = "") -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=required, help_text=hint)


class DeviceFields(PageForm):
    """The file of a device as it is typed; the price in yuan, for the hospital's own eyes."""

    number = _line("设备编号", 60, True, "本单位的编号，一台一个")
    name = _line("设备名称", 200, True)
    model_spec = _line("规格型号")
    serial = _line("出厂编号", 60)
    registration_no = _line("注册证或备案编号")
    di = _line("产品标识（UDI-DI）", 60)
    device_class = forms.ChoiceField(
        label="管理类别", required=False, choices=[("", "未填"), ("1", "Ⅰ类"), ("2", "Ⅱ类"), ("3", "Ⅲ类")]
    )
    maker = _line("注册人或备案人", 200)
    supplier = _line("供货者", 200)
    department = _line("使用科室", 80)
    focus = forms.MultipleChoiceField(
        label="重点类别",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=lambda: [*rules.focuses().items()],
    )
    bought_on = day("购置日期", required=False)
    accepted_on = day("验收日期", required=False)
    life_years = forms.IntegerField(
        label="使用期限（年）", required=False, min_value=1, help_text="按说明书、铭牌"
    )
    metering_until = day("检定校准有效期至", required=False, hint="现有证书的；以后随检定记录变化")
    software = _line("在用软件版本", 60)
    registered_software = _line("注册证载软件版本", 60)
    price = forms.DecimalField(
        label="购置价格（元）", required=False, min_value=0, decimal_places=2, max_digits=12,
        help_text="可不填；只有本单位看得到",
    )  # fmt: skip

    def facts(self) -> DeviceFacts:
        return device_facts(self.cleaned_data)


def device_facts(given: dict[str, Any]) -> DeviceFacts:
    """The facts of a device from a form's clean values."""
    price = given.get("price")
    return DeviceFacts(
        **{name: given[name] for name in _FACTS if name in given and name != "focus"},
        focus=tuple(given["focus"]),
        price_fen=int(price * _FEN) if price is not None else None,
    )


def typed(device: MedicalDevice) -> dict[str, Any]:
    """A device as its form shows it."""
    found = {name: getattr(device, name) for name in _FACTS}
    price = device.price_fen
    return found | {"focus": device.focuses, "price": price / _FEN if price is not None else None}


class AmendForm(StepForm, DeviceFields):
    """The whole file, with the reason why it is put right."""

    reason = _line("更正理由", 200, True)

    def fit(self, record: MedicalDevice, actor: Actor) -> None:
        self.initial.update(typed(record))


class UpkeepForm(StepForm):
    kind = forms.ChoiceField(label="项目", choices=[(kind, kind) for kind in rules.UPKEEP_KINDS])
    on = day("日期")
    passed = forms.TypedChoiceField(
        label="结果", coerce=lambda value: value == "1", choices=[("1", "合格"), ("0", "不合格")]
    )
    done_by = _line("实施单位或人员", required=True)
    finding = text("情况", required=False, rows=2)
    certificate_no = _line("证书编号", 80, hint="检定、校准合格的必填")
    valid_until = day("有效期至", required=False, hint="证书上的；检定、校准合格的必填")
    parts = text(
        "更换的零部件", required=False, rows=2,
        hint="一行一个：名称，型号，注册证所载型号。如：球管，X-40，X-40",
    )  # fmt: skip
    software = _line("维修后的软件版本", 60)

    def clean_parts(self) -> tuple[Part, ...]:
        found = []
        for line in self.cleaned_data["parts"].splitlines():
            cells = [cell.strip() for cell in line.replace("，", ",").split(",")]
            if any(cells):
                if len(cells) not in (2, 3) or not all(cells[:2]):
                    raise forms.ValidationError(f"“{line.strip()}”须为：名称，型号，注册证所载型号")
                found.append(Part(*cells))
        return tuple(found)


class PlanForm(StepForm):
    kind = forms.ChoiceField(label="项目", choices=[(kind, kind) for kind in rules.PLANNED_KINDS])
    every_months = forms.IntegerField(label="间隔（月）", min_value=1, max_value=checks.MOST_MONTHS)
    basis = _line("依据", 200, True, "如：说明书第 8 章、检定规程编号")
    next_on = day("下次到期", required=False, hint="不填则从最近一次记录起算")


class EndPlanForm(StepForm):
    kind = forms.ChoiceField(label="项目")
    reason = _line("理由", 200, True)

    def fit(self, record: MedicalDevice, actor: Actor) -> None:
        self.fields["kind"].choices = [(p.kind, p.kind) for p in record.plans.all() if p.is_active]


class MoveForm(StepForm):
    on = day("日期")
    reason = _line("原因", 200, True)


class StartForm(StepForm):
    on = day("日期")
    reason = _line("说明", 200)


def _upkeep(record: MedicalDevice, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.record_upkeep(device=record, upkeep=Upkeep(**given), by=by, at=at)


def _amend(record: MedicalDevice, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    reason = given.pop("reason")
    return actions.amend_device(device=record, facts=device_facts(given), reason=reason, by=by, at=at)


def _plain(name: str) -> Any:
    def work(record: MedicalDevice, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return getattr(actions, name)(device=record, by=by, at=at, **given)

    return work


STEPS = {
    step.name: step
    for step in (
        Step("record_upkeep", "登记保养、检定、维修", UpkeepForm, _upkeep),
        Step(
            "start_device", "启用", StartForm, _plain("start_device"),
            "计量设备须有有效的检定、校准证书；送修的须先登记合格的维修记录。",
        ),
        Step("send_to_repair", "送修", MoveForm, _plain("send_to_repair")),
        Step("stop_device", "停用", MoveForm, _plain("stop_device")),
        Step(
            "set_upkeep_plan", "设置保养计划", PlanForm, _plain("set_upkeep_plan"),
            "按说明书、检定规程填写间隔。",
        ),
        Step("end_upkeep_plan", "停止一项保养计划", EndPlanForm, _plain("end_upkeep_plan")),
        Step("amend_device", "更正档案", AmendForm, _amend),
        Step("scrap_device", "报废", MoveForm, _plain("scrap_device"), ask="报废后不能再启用，确定？"),
    )
}  # fmt: skip


def allowed(device: MedicalDevice, actor: Actor) -> list[str]:
    """The steps that may be taken with a device now, in the order of the page."""
    if device.state == actions.SCRAPPED:
        return ["amend_device"]
    beside = {"record_upkeep", "set_upkeep_plan", "amend_device"}
    beside |= {"end_upkeep_plan"} if any(plan.is_active for plan in device.plans.all()) else set()
    # the office code plays no part: a firm's people act for their own firm
    open_now = beside | set(moves(actions.WORKFLOW, device.state, actor, ""))
    return [name for name in STEPS if name in open_now]
