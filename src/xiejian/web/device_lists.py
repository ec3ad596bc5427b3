"""Lists of devices, of due upkeep and of implants: the same columns for the office and for the hospital."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from xiejian.hospitals import queries, rules
from xiejian.hospitals.actions import WORKFLOW
from xiejian.hospitals.models import ImplantRecord, MedicalDevice, UpkeepPlan
from xiejian.web.listing import Column, Filter
from xiejian.web.templatetags.xiejian import AUDIT_LABELS

STATES = WORKFLOW.states
TONES = {"in_use": "green", "out_of_use": "secondary", "in_repair": "orange", "scrapped": "secondary"}


def focus_words(device: MedicalDevice) -> str:
    """What makes the device special, in words."""
    labels = rules.focuses()
    return "、".join(labels.get(one, one) for one in device.focuses)


def first_mark(row: Any) -> str:
    """The first thing that is wrong, and how many more: a coloured word stays on one line of a phone."""
    found = queries.marks_of(row)
    more = f" 等 {len(found)} 项" if len(found) > 1 else ""
    return f"{rules.mark_label(found[0])}{more}" if found else ""


def mark_tone(row: Any) -> str:
    """Red when something is wrong that must not be; orange for what is missing; nothing else has a colour."""
    found = [rules.marks()[mark]["danger"] for mark in queries.marks_of(row)]
    return "red" if any(found) else "orange" if found else ""


def unit(party: Callable[[Any], Any], path: str) -> Column:
    """The hospital, leading to its archive; only the office's lists have it."""
    return Column(
        "party", "使用单位", lambda row: party(row).name, (f"{path}__name",),
        href=lambda row: reverse("party", args=[party(row).pk]),
    )  # fmt: skip


def device_columns(page: str) -> list[Column]:
    """Columns of devices; ``page`` is the URL name of one device."""

    def one(row: MedicalDevice) -> str:
        return reverse(page, args=[row.pk])

    return [
        Column("number", "设备编号", lambda d: d.number, ("number",), href=one),
        Column("name", "设备名称", lambda d: d.name, ("name",)),
        Column("model", "规格型号", lambda d: d.model_spec, ("model_spec",), shown=False),
        Column("serial", "出厂编号", lambda d: d.serial, ("serial",), shown=False),
        Column("registration", "注册证编号", lambda d: d.registration_no, shown=False),
        Column("maker", "注册人或备案人", lambda d: d.maker, ("maker",), shown=False),
        Column("department", "使用科室", lambda d: d.department, ("department",)),
        Column("focus", "重点类别", focus_words),
        Column("accepted", "验收日期", lambda d: d.accepted_on, ("accepted_on",), nullable=True, shown=False),
        Column("life", "使用期限届满", lambda d: d.life_ends_on, ("life_ends_on",), nullable=True),
        Column("metering", "检定有效期至", lambda d: d.metering_until, ("metering_until",), nullable=True),
        Column("upkeep", "保养检定到期", lambda d: d.upkeep_on, ("upkeep_on",), nullable=True),
        Column("state", "状态", lambda d: STATES[d.state], ("state",), tone=lambda d: TONES[d.state]),
        Column("marks", "问题", first_mark, tone=mark_tone),
        Column("all_marks", "全部问题", queries.mark_labels, shown=False),
    ]  # fmt: skip


def device_filters(request: HttpRequest) -> list[Filter]:
    """State, kind and what is wrong."""
    asked = request.GET
    wrong = [("any", "有问题的"), *((one, rules.mark_label(one)) for one in queries.DEVICE_MARKS)]
    return [
        Filter("state", "状态", list(STATES.items()), asked.get("state", "")),
        Filter("focus", "重点类别", list(rules.focuses().items()), asked.get("focus", "")),
        Filter("mark", "问题", wrong, asked.get("mark", "")),
    ]


def upkeep_columns(page: str, on: dt.date) -> list[Column]:
    """Columns of due upkeep; days late are red."""

    def standing(plan: UpkeepPlan) -> str:
        days = (plan.next_on - on).days
        return f"逾期 {-days} 天" if days < 0 else "今天" if days == 0 else f"还有 {days} 天"

    return [
        Column(
            "number", "设备编号", lambda p: p.device.number, ("device__number",),
            href=lambda p: reverse(page, args=[p.device_id]),
        ),
        Column("name", "设备名称", lambda p: p.device.name, ("device__name",)),
        Column("department", "使用科室", lambda p: p.device.department, ("device__department",)),
        Column("kind", "项目", lambda p: p.kind, ("kind",)),
        Column("due", "到期", lambda p: p.next_on, ("next_on",)),
        Column("left", "期限", standing, tone=lambda p: "red" if p.next_on < on else "orange"),
        Column("months", "间隔（月）", lambda p: p.every_months, ("every_months",), numeric=True),
        Column("basis", "依据", lambda p: p.basis, shown=False),
    ]  # fmt: skip


def implant_columns(page: str) -> list[Column]:
    """Columns of implants: the patient is a token."""
    return [
        Column("number", "编号", lambda i: i.number, ("number",), href=lambda i: reverse(page, args=[i.pk])),
        Column("product", "产品名称", lambda i: i.product_name, ("product_name",)),
        Column("lot", "批号", lambda i: i.lot, ("lot",)),
        Column("serial", "序列号", lambda i: i.serial, ("serial",)),
        Column("di", "产品标识", lambda i: i.di, ("di",), shown=False),
        Column("registration", "注册证编号", lambda i: i.registration_no, shown=False),
        Column("expires", "有效期至", lambda i: i.expires_on, ("expires_on",), nullable=True, shown=False),
        Column("on", "手术日期", lambda i: i.implanted_on, ("implanted_on",)),
        Column("department", "科室", lambda i: i.department, ("department",)),
        Column("supplier", "供货者", lambda i: i.supplier, ("supplier",), shown=False),
        Column("token", "患者代号", lambda i: i.token),
        Column("marks", "问题", first_mark, tone=mark_tone),
        Column("all_marks", "全部问题", queries.mark_labels, shown=False),
    ]  # fmt: skip


def implant_filters(request: HttpRequest) -> list[Filter]:
    wrong = [("any", "有问题的"), *((one, rules.mark_label(one)) for one in queries.IMPLANT_MARKS)]
    return [Filter("mark", "问题", wrong, request.GET.get("mark", ""))]


def device_context(found: MedicalDevice) -> dict[str, Any]:
    """What the page of one device shows."""
    labels = AUDIT_LABELS["actions"]
    return {
        "found": found,
        "state": (STATES[found.state], TONES[found.state]),
        "focus": focus_words(found),
        "marks": [rules.marks()[mark] for mark in queries.marks_of(found)],
        "plans": found.plans.filter(is_active=True),
        "records": queries.records_of(found),
        "kept_until": queries.kept_until(found),
        "history": [
            (row.at.date(), labels.get(row.action, row.action), row.by_name) for row in queries.history(found)
        ],
    }


def implant_context(found: ImplantRecord) -> dict[str, Any]:
    """What the page of one implant shows."""
    return {"found": found, "marks": [rules.marks()[mark] for mark in queries.marks_of(found)]}
