"""Every write about a hospital's devices: the file, its state, its upkeep. Implants: implanting.py.

The hospital's own people write here. Each action locks its device and leaves its audit entry in the same
transaction; no entry says what a device cost.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from xiejian.hospitals import checks as check
from xiejian.hospitals import rules
from xiejian.hospitals.checks import Part, problems, refuse
from xiejian.hospitals.models import MedicalDevice, UpkeepPlan, UpkeepRecord
from xiejian.kernel import workflow
from xiejian.kernel.cells import tag_text
from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.models import NetworkPerson
from xiejian.people.policy import Actor, require_for
from xiejian.registry.models import Party

WORKFLOW = workflow.load(Path(__file__).with_name("device_workflow.toml"))
PERMISSION = "firm.hospital"
SUBJECT = "medicaldevice"
IN_USE, SCRAPPED = "in_use", "scrapped"


@dataclass(frozen=True)
class DeviceFacts:
    """What a hospital writes down about one device. ``focus``: ids of packs/hospitals; price in fen."""

    number: str
    name: str
    registration_no: str = ""
    di: str = ""
    serial: str = ""
    model_spec: str = ""
    device_class: str = ""
    maker: str = ""
    supplier: str = ""
    department: str = ""
    focus: tuple[str, ...] = ()
    bought_on: dt.date | None = None
    accepted_on: dt.date | None = None
    life_years: int | None = None
    life_ends_on: dt.date | None = None
    software: str = ""
    registered_software: str = ""
    metering_until: dt.date | None = None
    price_fen: int | None = None


@dataclass(frozen=True)
class Upkeep:
    """One piece of work on a device. ``parts``: what was put in at a repair."""

    kind: str
    on: dt.date
    passed: bool
    done_by: str
    finding: str = ""
    certificate_no: str = ""
    valid_until: dt.date | None = None
    parts: tuple[Part, ...] = ()
    software: str = ""


def record_key(party_id: int, number: str) -> str:
    """What makes a device number one hospital's."""
    return f"{party_id}:{number}"


def _note(action: str, device: MedicalDevice, by: Actor, at: dt.datetime, **detail: Any) -> None:
    audit.record(
        by=by, at=at, action=action, subject=SUBJECT, key=str(device.pk), office_code=device.office_code,
        detail={"number": device.number, **detail},
    )  # fmt: skip


def _locked(device: MedicalDevice, by: Actor) -> MedicalDevice:
    """The device as it is now, locked until the transaction ends."""
    row = MedicalDevice.objects.select_for_update(of=("self",)).select_related("party").get(pk=device.pk)
    require_for(by, PERMISSION, row.party.uscc or "", where=row.number)
    return row


def _columns(facts: DeviceFacts) -> dict[str, Any]:
    """The facts as the columns of a device."""
    given = asdict(facts) | {"focus": tag_text(facts.focus), "number": facts.number.strip()}
    given["life_ends_on"] = facts.life_ends_on or check.life_ends(
        facts.accepted_on, facts.bought_on, facts.life_years
    )
    return given


def _check_facts(facts: DeviceFacts, today: dt.date) -> None:
    refuse(
        check.check_given(facts.number, "设备编号"),
        check.check_given(facts.name, "设备名称"),
        check.check_focus(facts.focus),
        check.check_life(facts.life_years),
        check.check_price(facts.price_fen),
        check.check_known(facts.device_class, ("", "1", "2", "3"), "管理类别"),
        check.check_not_in_future(facts.bought_on, today, "购置日期"),
        check.check_not_in_future(facts.accepted_on, today, "验收日期"),
        check.check_order_of_dates("购置日期", facts.bought_on, "验收日期", facts.accepted_on),
    )


@transaction.atomic
def open_device_file(*, party: Party, facts: DeviceFacts, by: Actor, at: dt.datetime) -> MedicalDevice:
    """Open the file of a device, in use, with the upkeep that the pack proposes for its kind.

    Refused: P101, HO101 to HO105, HO113, HO115.
    """
    require_for(by, PERMISSION, party.uscc or "", where=party.name)
    today = timezone.localdate(at)
    _check_facts(facts, today)
    key = record_key(party.pk, facts.number.strip())
    if MedicalDevice.objects.filter(record_key=key).exists():
        raise Refused(problems("HO105", "设备编号", number=facts.number))
    made = MedicalDevice.objects.create(
        party=party, office_code=party.office_code, record_key=key, state=WORKFLOW.start, state_on=today,
        made_at=at, by_name=by.name, **_columns(facts),
    )  # fmt: skip
    UpkeepPlan.objects.bulk_create(proposed_plans(made, today))
    _note("open_device_file", made, by, at, name=made.name)
    return made


def proposed_plans(device: MedicalDevice, today: dt.date) -> list[UpkeepPlan]:
    """The plans of a new device, not saved: counted from its acceptance, never longer ago than one interval.

    A device that has been in use for years owes the upkeep that comes next, not those of all the years.
    """
    found = []
    for one in rules.intervals(device.focuses):
        start = max(device.accepted_on or today, check.later(today, -one.months))
        next_on = check.later(start, one.months)
        if one.kind in rules.METERING_KINDS and device.metering_until:
            next_on = device.metering_until
        plan = UpkeepPlan(
            device=device, kind=one.kind, every_months=one.months, basis=one.basis, next_on=next_on
        )
        found.append(plan)
    return found


@transaction.atomic
def amend_device(
    *, device: MedicalDevice, facts: DeviceFacts, reason: str, by: Actor, at: dt.datetime
) -> MedicalDevice:
    """Put the file of a device right, with the reason; the entry says before and after, but no price."""
    row = _locked(device, by)
    refuse(check.check_given(reason, "更正理由"))
    _check_facts(facts, timezone.localdate(at))
    new = _columns(facts)
    key = record_key(row.party_id, new["number"])
    if MedicalDevice.objects.filter(record_key=key).exclude(pk=row.pk).exists():
        raise Refused(problems("HO105", "设备编号", number=facts.number))
    changed = {
        name: [getattr(row, name), value] for name, value in new.items() if getattr(row, name) != value
    }
    for name, value in new.items():
        setattr(row, name, value)
    row.record_key = key
    row.save()
    if "price_fen" in changed:
        changed["price_fen"] = ["改前", "改后"]
    _note("amend_device", row, by, at, reason=reason, changed=changed)
    return row


# --- its state ---------------------------------------------------------------------------------------------


def _move(
    device: MedicalDevice, action: str, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> MedicalDevice:
    row = _locked(device, by)
    state = WORKFLOW.step(row.state, action, where=row.number)
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), "日期"),
        check.check_order_of_dates("上次变更日期", row.state_on, "日期", on),
    )
    if action == "start_device":
        _check_usable(row, on)
    detail = {"state": [row.state, state], "on": on, "reason": reason}
    row.state, row.state_on = state, on
    row.save(update_fields=["state", "state_on"])
    _note(action, row, by, at, **detail)
    return row


def _check_usable(row: MedicalDevice, on: dt.date) -> None:
    """What goes into use has its certificate, and after a repair has passed it."""
    found = [check.check_metered(row.focuses, row.metering_until, on)]
    if row.state == "in_repair":
        repairs = row.upkeep.filter(kind=rules.REPAIR, on__gte=row.state_on, amended_by=None)
        found.append(check.check_repaired(repairs.values_list("passed", flat=True).first()))
    refuse(*found)


@transaction.atomic
def stop_device(
    *, device: MedicalDevice, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> MedicalDevice:
    """停用: out of use until somebody starts it again."""
    refuse(check.check_given(reason, "停用原因"))
    return _move(device, "stop_device", on, reason, by, at)


@transaction.atomic
def send_to_repair(
    *, device: MedicalDevice, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> MedicalDevice:
    """送修: it comes back by a repair record and a start, or is stopped or scrapped."""
    refuse(check.check_given(reason, "故障情况"))
    return _move(device, "send_to_repair", on, reason, by, at)


@transaction.atomic
def start_device(
    *, device: MedicalDevice, on: dt.date, by: Actor, at: dt.datetime, reason: str = ""
) -> MedicalDevice:
    """启用. Refused: metering without a certificate in force (HO107), a repair not passed (HO108)."""
    return _move(device, "start_device", on, reason, by, at)


@transaction.atomic
def scrap_device(
    *, device: MedicalDevice, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> MedicalDevice:
    """报废: for good; its plans end, its file stays."""
    refuse(check.check_given(reason, "报废原因"))
    row = _move(device, "scrap_device", on, reason, by, at)
    row.plans.update(is_active=False)
    return row


# --- its upkeep --------------------------------------------------------------------------------------------


@transaction.atomic
def set_upkeep_plan(
    *,
    device: MedicalDevice,
    kind: str,
    every_months: int,
    basis: str,
    by: Actor,
    at: dt.datetime,
    next_on: dt.date | None = None,
) -> UpkeepPlan:
    """Say how often this device needs a kind of upkeep, by its instructions or a regulation of verification.

    Without ``next_on`` counted from the last such record, else from today. Refused: HO101, HO104, HO109.
    """
    row = _locked(device, by)
    refuse(
        check.check_known(kind, rules.PLANNED_KINDS, "保养项目"),
        check.check_interval(every_months),
        check.check_given(basis, "依据"),
    )
    last = row.upkeep.filter(kind=kind, amended_by=None).values_list("on", flat=True).first()
    due = next_on or check.later(last or timezone.localdate(at), every_months)
    plan, _ = UpkeepPlan.objects.update_or_create(
        device=row, kind=kind,
        defaults={"every_months": every_months, "basis": basis, "next_on": due, "is_active": True},
    )  # fmt: skip
    _note("set_upkeep_plan", row, by, at, kind=kind, every_months=every_months, basis=basis, next_on=due)
    return plan


@transaction.atomic
def end_upkeep_plan(
    *, device: MedicalDevice, kind: str, reason: str, by: Actor, at: dt.datetime
) -> MedicalDevice:
    """The device needs this kind of upkeep no more, with the reason. Refused: HO101, HO114."""
    row = _locked(device, by)
    refuse(check.check_given(reason, "理由"))
    if not row.plans.filter(kind=kind, is_active=True).update(is_active=False):
        known = "、".join(row.plans.filter(is_active=True).values_list("kind", flat=True))
        raise Refused(problems("HO114", "项目", kind=kind, known=known or "没有"))
    _note("end_upkeep_plan", row, by, at, kind=kind, reason=reason)
    return row


@transaction.atomic
def record_upkeep(*, device: MedicalDevice, upkeep: Upkeep, by: Actor, at: dt.datetime) -> UpkeepRecord:
    """Write down what was done to a device; its plan and its certificate move on.

    Refused: HO101 to HO104, HO106 (a certificate without number or date), HO116 (scrapped).
    """
    row = _locked(device, by)
    made = _write(row, upkeep, by, at)
    _note("record_upkeep", row, by, at, kind=upkeep.kind, on=upkeep.on, passed=upkeep.passed)
    return made


@transaction.atomic
def amend_upkeep(
    *, record: UpkeepRecord, upkeep: Upkeep, reason: str, by: Actor, at: dt.datetime
) -> UpkeepRecord:
    """Put a record right by a new one in its place, with the reason. Refused: HO111, and as the record."""
    row = _locked(record.device, by)
    refuse(
        check.check_given(reason, "更正理由"),
        [problems("HO111")] if UpkeepRecord.objects.filter(amends=record).exists() else [],
    )
    made = _write(row, upkeep, by, at, amends=record, reason=reason)
    _note("amend_upkeep", row, by, at, record=record.pk, reason=reason)
    return made


def _write(row: MedicalDevice, upkeep: Upkeep, by: Actor, at: dt.datetime, **more: Any) -> UpkeepRecord:
    parts: Sequence[Part] = upkeep.parts
    refuse(
        check.check_known(upkeep.kind, rules.UPKEEP_KINDS, "保养项目"),
        check.check_given(upkeep.done_by, "实施单位或人员"),
        check.check_not_in_future(upkeep.on, timezone.localdate(at), "日期"),
        check.check_order_of_dates("验收日期", row.accepted_on, "日期", upkeep.on),
        check.check_certificate(upkeep.kind, upkeep.passed, upkeep.certificate_no, upkeep.valid_until),
        check.check_order_of_dates("日期", upkeep.on, "有效期至", upkeep.valid_until),
        [problems("HO116", row.number, kind=upkeep.kind)] if row.state == SCRAPPED else [],
    )
    given = asdict(upkeep) | {"parts": [asdict(part) for part in parts]}
    made = UpkeepRecord.objects.create(
        device=row, parts_differ=any(part.differs for part in parts), made_at=at, by_name=by.name,
        **given, **more,
    )  # fmt: skip
    _settle(row, upkeep.kind)
    return made


def _settle(row: MedicalDevice, kind: str) -> None:
    """What follows from the newest records: the next day of the plan, the certificate, the software."""
    records = row.upkeep.filter(amended_by=None)
    last = records.filter(kind=kind).first()
    plan = row.plans.filter(kind=kind, is_active=True).first()
    if plan and last:
        plan.next_on = last.valid_until or check.later(last.on, plan.every_months)
        plan.save(update_fields=["next_on"])
    if kind in rules.METERING_KINDS:
        newest = records.filter(kind__in=rules.METERING_KINDS).first()
        row.metering_until = newest.valid_until if newest and newest.passed else None
    with_software = records.exclude(software="").first()
    if with_software:
        row.software = with_software.software
    row.save(update_fields=["metering_until", "software"])


# --- its reporters -----------------------------------------------------------------------------------------


@transaction.atomic
def name_reporter(
    *, party: Party, name: str, by: Actor, at: dt.datetime, phone: str = "", qualification: str = ""
) -> NetworkPerson:
    """监测员: whom the hospital names to report adverse events; the office finds them among its network."""
    require_for(by, "firm.report", party.uscc or "", where=party.name)
    refuse(check.check_given(name, "姓名"))
    person, _ = NetworkPerson.objects.update_or_create(
        kind="reporter", name=name.strip(), office_code=party.office_code, unit_name=party.name,
        defaults={"phone": phone, "qualification": qualification, "is_active": True},
    )  # fmt: skip
    audit.record(
        by=by, at=at, action="name_reporter", subject="network_person", key=str(person.pk),
        office_code=party.office_code, detail={"unit": party.name},
    )  # fmt: skip
    return person
