"""For every page of the firms that names a record: how to make one for a firm.

A new page adds its line here; tests/workspace/test_own_firm_only.py opens it as another firm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from desk_of_quality import KEPT
from moment import NOW
from sold import SOLD
from told_by_firms import asked_of, event_of, recall_of
from visiting import photo
from xiejian.coldchain.models import Excursion, Logger
from xiejian.firms import exemplary, notices, reports, training
from xiejian.firms.audience import Audience
from xiejian.firms.models import Course, Delivery, ExemplaryFirm, StatusReport
from xiejian.firms.reports import Told
from xiejian.hospitals.models import ImplantRecord, MedicalDevice, PatientVault
from xiejian.inspections import liaising
from xiejian.inspections.actions import attach_evidence
from xiejian.inspections.models import Correction, Evidence, Liaison, Visit
from xiejian.people.models import FirmInvitation, FirmKey, FirmUser
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import Party
from xiejian.self_inspections.actions import open_self_inspection
from xiejian.self_inspections.models import SelfInspection
from xiejian.supply.models import LotHold, Movement, Partner, ProductCard
from xiejian.web import jobs


def _user(party: Party) -> FirmUser:
    return FirmUser.objects.get_or_create(
        uscc=party.uscc, username="one", defaults={"firm_name": party.name, "name": "甲", "created_at": NOW}
    )[0]


def _key(party: Party) -> FirmKey:
    return FirmKey.objects.create(
        user=_user(party), name="x", digest=party.uscc, made_at=NOW, expires_on=NOW.date()
    )


def _invitation(party: Party) -> FirmInvitation:
    return FirmInvitation.objects.create(
        uscc=party.uscc, firm_name=party.name, role="firm_store", token_digest=party.uscc, made_at=NOW,
        expires_on=NOW.date(),
    )  # fmt: skip


def _course(party: Party) -> Course:
    made = training.draft_course(title=party.name, text="读本", questions=2, by=SYSTEM, at=NOW)
    training.open_course(course=made, by=SYSTEM, at=NOW)
    _delivery(party, made)
    return made


def _delivery(party: Party, course: Course | None = None) -> Delivery:
    row = notices.draft_notice(
        kind="要求答复", title=party.name, text="请答复", audience=Audience(usccs=(party.uscc,)),
        course=course, wanted_by=NOW.date(), office_code=party.office_code, by=SYSTEM, at=NOW,
    )  # fmt: skip
    return notices.send_notice(notice=row, by=SYSTEM, at=NOW).deliveries.get()


def _liaison(party: Party) -> Liaison:
    row = liaising.draft_liaison(
        party=party, addressee="当事人", title=party.name, content="请说明", wanted_by=NOW.date(),
        office_code=party.office_code, by=SYSTEM, at=NOW,
    )  # fmt: skip
    return liaising.send_liaison(liaison=row, sent_on=NOW.date(), by=SYSTEM, at=NOW)


def _report(party: Party) -> StatusReport:
    told = Told("status", NOW.date(), text=party.name)
    return reports.submit_report(party=party, told=told, by=SYSTEM, at=NOW)


def _example(party: Party) -> ExemplaryFirm:
    return exemplary.apply_as_example(party=party, year=2024, text=party.name, by=SYSTEM, at=NOW)


def _correction(party: Party) -> Correction:
    visit = Visit.objects.create(
        number=f"J{party.pk}", party=party, link="经营", kind="daily", visited_on=NOW.date(),
        state="concluded", office_code=party.office_code,
    )  # fmt: skip
    return Correction.objects.create(
        visit=visit, number=f"Z{party.pk}", content=party.name, ordered_on=NOW.date(), due_on=NOW.date(),
        state="ordered", office_code=party.office_code,
    )  # fmt: skip


def _self_inspection(party: Party) -> SelfInspection:
    return open_self_inspection(party=party, link="经营", year=2023, by=SYSTEM, at=NOW)


def _file(party: Party) -> Evidence:
    place = reports.place_for(_report(party), SYSTEM)
    return attach_evidence(place=place, file=photo(f"{party.name}.jpg"), by=SYSTEM, at=NOW)


def _medical_device(party: Party) -> MedicalDevice:
    facts = {
        "party": party,
        "office_code": party.office_code,
        "number": "1",
        "name": party.name,
        "made_at": NOW,
    }
    facts |= {"state": "in_use", "state_on": NOW.date()}
    return MedicalDevice.objects.get_or_create(record_key=f"{party.pk}:1", defaults=facts)[0]


def _medical_list(party: Party) -> str:
    """A list of devices with a row that came back, uploaded by an administrator of the firm."""
    job = jobs.receive(SimpleUploadedFile("1.csv", b"x"), "devices", f"{party.uscc}:firm-admin")
    job.path.with_name("rejects.xlsx").write_bytes(b"x")
    job.say("done", rejects=str(job.path.with_name("rejects.xlsx")))
    return job.token


def _medical_implant(party: Party) -> ImplantRecord:
    key, _ = PatientVault.objects.get_or_create(party=party, defaults={"cost": 1, "made_at": NOW})
    facts = {
        "party": party,
        "office_code": party.office_code,
        "number": f"I{party.pk}",
        "vault": key,
        "di": "1",
    }
    facts |= {"product_name": party.name, "department": "骨科", "implanted_on": NOW.date(), "made_at": NOW}
    return ImplantRecord.objects.get_or_create(token=f"P{party.pk}", defaults=facts)[0]


def _movement(party: Party) -> Movement:
    return Movement.objects.create(
        firm_uscc=party.uscc, firm_office_code=party.office_code, kind="make", di="1", lot=party.name,
        quantity=1, on=NOW.date(), record_no="1", source="form", at=NOW,
    )  # fmt: skip


def _lot_hold(party: Party) -> LotHold:
    return LotHold.objects.create(
        firm_uscc=party.uscc, di="1", lot=party.name, reason="x", source_kind="firm", held_at=NOW
    )


def _supply_partner(party: Party) -> Partner:
    return Partner.objects.create(firm_uscc=party.uscc, uscc="x", name=f"{party.name}的供货者", kind="both")


def _product_card(party: Party) -> ProductCard:
    return ProductCard.objects.create(firm_uscc=party.uscc, di="1", product_name=party.name, source="form")


def _supply_file(party: Party) -> str:
    """A file of movements with a row that came back, uploaded by an administrator of the firm."""
    job = jobs.receive(SimpleUploadedFile("1.csv", b"x"), "movements", f"{party.uscc}:firm-admin")
    job.path.with_name("rejects.xlsx").write_bytes(b"x")
    job.say("done", rejects_file=str(job.path.with_name("rejects.xlsx")))
    return job.token


def _cold_logger(party: Party) -> Logger:
    facts = {
        "firm_name": party.name, "office_code": party.office_code, "place": "1号冷库", "kind": "cold_store",
        "low_centi": 200, "high_centi": 800, "interval_seconds": 1800, "used_from": NOW.date(),
    }  # fmt: skip
    return Logger.objects.get_or_create(firm_uscc=party.uscc, code="LK-01", defaults=facts)[0]


def _excursion(party: Party) -> Excursion:
    facts = {"on": NOW.date(), "end": NOW, "state": "found", "found_at": NOW}
    return Excursion.objects.get_or_create(
        logger=_cold_logger(party), kind="gap", start=NOW, defaults=facts
    )[0]  # fmt: skip


def _cold_upload(party: Party) -> str:
    """A file of readings with a row that came back, uploaded by an administrator of the firm."""
    job = jobs.receive(SimpleUploadedFile("1.csv", b"x"), "cold_readings", f"{party.uscc}:firm-admin")
    job.path.with_name("rejects.xlsx").write_bytes(b"x")
    job.say("done", rejects_file=str(job.path.with_name("rejects.xlsx")))
    return job.token


#: URL name → the arguments of the page of a record that belongs to this party
ARGUMENTS: dict[str, Callable[[Party], dict[str, Any]]] = {
    "firm_excursion": lambda party: {"pk": _excursion(party).pk},
    "firm_logger": lambda party: {"pk": _cold_logger(party).pk},
    "firm_cold_job": lambda party: {"token": _cold_upload(party)},
    "firm_cold_rejects": lambda party: {"token": _cold_upload(party)},
    "firm_account_change": lambda party: {"pk": _user(party).pk},
    "firm_invitation_revoke": lambda party: {"pk": _invitation(party).pk},
    "firm_event": lambda party: {"pk": event_of(party).pk},
    "firm_recall": lambda party: {"pk": recall_of(party).pk},
    "firm_recall_paper": lambda party: {"pk": recall_of(party).pk, "kind": "notice"},
    "firm_recall_holder": lambda party: {"pk": asked_of(party).pk},
    "firm_key_revoke": lambda party: {"pk": _key(party).pk},
    "firm_notice": lambda party: {"pk": _delivery(party).pk},
    "firm_correction": lambda party: {"pk": _correction(party).pk},
    "firm_liaison": lambda party: {"pk": _liaison(party).pk},
    "firm_report": lambda party: {"pk": _report(party).pk},
    "firm_course": lambda party: {"pk": _course(party).pk},
    "firm_exam_begin": lambda party: {"pk": _course(party).pk},
    "firm_exam": lambda party: {"pk": _course(party).pk},
    "firm_example": lambda party: {"pk": _example(party).pk},
    "firm_device": lambda party: {"pk": _medical_device(party).pk},
    "firm_device_label": lambda party: {"pk": _medical_device(party).pk},
    "firm_device_code": lambda party: {"pk": _medical_device(party).pk},
    "firm_device_rejects": lambda party: {"token": _medical_list(party)},
    "firm_implant": lambda party: {"pk": _medical_implant(party).pk},
    "firm_self_inspection": lambda party: {"pk": _self_inspection(party).pk},
    "firm_self_inspection_section": lambda party: {
        "pk": _self_inspection(party).pk,
        "section_id": "survey",
    },
    "firm_movement": lambda party: {"pk": _movement(party).pk},
    "firm_hold": lambda party: {"pk": _lot_hold(party).pk},
    "firm_partner": lambda party: {"pk": _supply_partner(party).pk},
    "firm_card": lambda party: {"pk": _product_card(party).pk},
    "firm_supply_job": lambda party: {"token": _supply_file(party)},
    "firm_supply_rejects": lambda party: {"token": _supply_file(party)},
    "firm_file": lambda party: {"pk": _file(party).pk},
    **SOLD,
    **KEPT,
}
