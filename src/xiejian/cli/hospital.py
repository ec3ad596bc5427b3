"""hospital: the hospitals that keep devices and implants here, how far behind they are, what is wrong."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click
from django.utils import timezone

from xiejian.cli.output import command, emit, json_option
from xiejian.hospitals import queries, rules
from xiejian.hospitals.actions import WORKFLOW
from xiejian.hospitals.models import MedicalDevice
from xiejian.kernel import dates
from xiejian.people.policy import SYSTEM

_MARKS = ("any", *queries.DEVICE_MARKS)


@click.group("hospital", help="医疗机构：设备、保养检定、植入")
def hospital_group() -> None:
    """Commands about hospitals."""


def _on(text: str) -> dt.date:
    return (dates.read(text) if text else None) or timezone.localdate()


@hospital_group.command("list", help="医疗机构清单：设备、逾期保养检定、植入")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--search", default="", help="单位名称、信用代码")
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def list_hospitals(office_code: str, search: str, on_text: str, as_json: bool) -> None:
    on = _on(on_text)
    found = [
        {
            "party": row.name, "uscc": row.uscc, "office": row.office_code, "devices": row.devices_n,
            "upkeep_late": row.upkeep_late, "metering_late": row.metering_late, "wrong": row.wrong,
            "implants": row.implants_n, "implants_without_source": row.no_source_n, "next_on": row.next_on,
        }
        for row in queries.hospitals(SYSTEM, on, search=search, office=office_code).order_by("name", "pk")
    ]  # fmt: skip
    lines = [
        f"{r['party']}\t设备 {r['devices']}\t逾期 {r['upkeep_late']}\t超检定期 {r['metering_late']}"
        f"\t植入 {r['implants']}"
        for r in found
    ]
    answer = {"on": on, "hospitals": found, "counts": vars(queries.counts(SYSTEM, on))}
    emit(answer, as_json, "\n".join(lines) or "还没有医疗机构登记设备")


def _device(row: MedicalDevice) -> dict[str, Any]:
    return {
        "number": row.number, "name": row.name, "party": row.party.name, "department": row.department,
        "registration_no": row.registration_no, "model": row.model_spec, "focus": row.focuses,
        "state": row.state, "state_label": WORKFLOW.states[row.state], "life_ends_on": row.life_ends_on,
        "metering_until": row.metering_until, "upkeep_on": getattr(row, "upkeep_on", None),
        "marks": [{"id": mark, "label": rules.mark_label(mark)} for mark in queries.marks_of(row)],
        "office": row.office_code,
    }  # fmt: skip


@hospital_group.command("devices", help="设备清单")
@click.option("--mark", type=click.Choice(_MARKS), default=None, help="只列有这一问题的；any：有任一问题的")
@click.option("--office", "office_code", default="", help="机构代码：该机构及下级")
@click.option("--search", default="", help="编号、名称、型号、单位")
@click.option("--on", "on_text", default="", help="截至日期，不写则为今天")
@json_option
@command(stored=True)
def list_devices(mark: str | None, office_code: str, search: str, on_text: str, as_json: bool) -> None:
    rows = queries.devices(SYSTEM, _on(on_text), search=search, office=office_code, mark=mark or "")
    found = [_device(row) for row in rows.order_by("party__name", "number")]
    lines = [
        f"{r['party']}\t{r['number']}\t{r['name']}\t{r['state_label']}\t"
        + "、".join(m["label"] for m in r["marks"])
        for r in found
    ]
    emit({"devices": found}, as_json, "\n".join(lines) or "没有设备")


COMMANDS = [hospital_group]
