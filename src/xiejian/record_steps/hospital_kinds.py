"""The kinds of records of a hospital: devices and implants, for the hospital's own programs.

What a program reads of an implant is a token; the patient's record number goes in and never comes out.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from xiejian.hospitals import actions, implanting, queries
from xiejian.hospitals.actions import DeviceFacts
from xiejian.hospitals.implanting import Implant
from xiejian.hospitals.models import ImplantRecord, MedicalDevice
from xiejian.people.policy import Actor
from xiejian.record_steps.kinds import Beside, Kind, steps_of

VIEW = actions.PERMISSION


def enter_device(*, facts: DeviceFacts, by: Actor, at: dt.datetime) -> MedicalDevice:
    """Open the file of a device of the own hospital."""
    return actions.open_device_file(party=queries.party_of(by), facts=facts, by=by, at=at)


@sensitive_variables("record_no")
def enter_implant(*, implant: Implant, record_no: str, by: Actor, at: dt.datetime) -> ImplantRecord:
    """Enter an implant of the own hospital; ``record_no`` is the patient's, sealed at once."""
    return implanting.register_implant(
        party=queries.party_of(by), implant=implant, record_no=record_no, by=by, at=at
    )


def _devices(actor: Actor, on: dt.date, search: str, state: str) -> QuerySet[MedicalDevice]:
    return queries.devices(actor, on, search=search, state=state).order_by("pk")


def _implants(actor: Actor, on: dt.date, search: str, state: str) -> QuerySet[ImplantRecord]:
    rows = queries.implants(actor, search=search, voided=state != implanting.WORKFLOW.start)
    rows = rows.filter(voided=True) if state == implanting.STRUCK else rows
    return rows.order_by("-implanted_on", "-pk")


HOSPITAL_KINDS = (
    Kind(
        "device", "设备", VIEW, ("device",),
        _devices,
        (actions.WORKFLOW,), steps_of([actions.WORKFLOW], [actions]),
        ("number", "name", "model_spec", "registration_no", "department", "focuses", "life_ends_on",
         "metering_until", "upkeep_on"),
        ("di", "serial", "device_class", "maker", "supplier", "bought_on", "accepted_on", "software",
         "registered_software", "plans.kind", "plans.next_on", "upkeep.kind", "upkeep.on", "upkeep.passed"),
        beside={
            "record_upkeep": Beside(actions.record_upkeep, "登记保养、检定、维修", VIEW),
            "set_upkeep_plan": Beside(actions.set_upkeep_plan, "设置保养计划", VIEW),
            "end_upkeep_plan": Beside(actions.end_upkeep_plan, "停止保养计划", VIEW),
            "amend_device": Beside(actions.amend_device, "更正档案", VIEW),
        },
        create=enter_device,
        office_of=lambda record, step: "",
    ),
    Kind(
        "implant", "植入记录", VIEW, ("implant",),
        _implants,
        (implanting.WORKFLOW,), steps_of([implanting.WORKFLOW], [implanting]),
        ("number", "product_name", "di", "lot", "serial", "implanted_on", "department", "token"),
        ("registration_no", "expires_on", "supplier", "surgeon_role", "in_patient_record", "documents_kept",
         "although_expired", "void_reason"),
        create=enter_implant,
        office_of=lambda record, step: "",
    ),
)  # fmt: skip
