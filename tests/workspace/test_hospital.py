"""医院: devices from the phone, implants by scan, patients for the records people alone."""

from __future__ import annotations

import datetime as dt
import logging
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from firm_records import ARGUMENTS
from xiejian.hospitals import vault
from xiejian.hospitals.models import ImplantRecord, MedicalDevice, UpkeepRecord
from xiejian.people.models import AuditEntry, NetworkPerson, Officer
from xiejian.record_steps import records
from xiejian.supply.models import Movement
from xiejian.web.urls import urlpatterns as office_pages
from xiejian.workspace.urls import urlpatterns as firm_pages

PATIENT = "ZY20240305001"
PASSPHRASE = "西拉木伦 河边 七棵榆树 晨雾"
DI = "06901234567892"
UDI = f"(01){DI}(17)401231(10)L7"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(vault, "COST", 2**4)


@pytest.fixture
def clinic(firm_client, ours):
    return firm_client(ours, "firm_clinic")


@pytest.fixture
def archivist(firm_client, ours):
    return firm_client(ours, "firm_records")


@pytest.fixture
def device(clinic):
    clinic.post(
        "/firm/devices/new/", {"number": "SB-1", "name": "监护仪", "focus": ["metering"], "price": "12345.67"}
    )
    return MedicalDevice.objects.get()


@pytest.fixture
def implant(clinic, archivist):
    archivist.post("/firm/patients/", {"do": "open", "passphrase": PASSPHRASE, "again": PASSPHRASE})
    answer = clinic.post("/firm/implants/new/", {
        "udi": UDI, "record_no": PATIENT, "product_name": "髋关节", "department": "骨科",
        "implanted_on": timezone.localdate(), "in_patient_record": "on", "documents_kept": "on",
    })  # fmt: skip
    assert answer.status_code == 302, text(answer)
    return ImplantRecord.objects.get()


@pytest.fixture
def office_head(naiman):
    """Somebody of the county bureau who may read nearly everything."""
    head = Officer.objects.create(
        username="head",
        name="局长",
        office=naiman,
        role="section_officer",
        password="!",
        created_at=timezone.now(),
    )
    client = Client()
    client.force_login(head, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text(answer) -> str:
    return b"".join(answer).decode(errors="replace")


class TestDevices:
    def test_one_is_entered_and_shown(self, clinic, device):
        page = text(clinic.get(f"/firm/devices/{device.pk}/"))
        assert "超检定期在用" in page and "12,345.67" in page

    def test_what_is_missing_is_said(self, clinic):
        assert clinic.post("/firm/devices/new/", {"number": "", "name": "监护仪"}).status_code == 422

    def test_a_number_taken_is_refused_in_the_form(self, clinic, device):
        answer = clinic.post("/firm/devices/new/", {"number": "SB-1", "name": "监护仪"})
        assert (answer.status_code, "HO105" in text(answer)) == (422, True)

    def test_a_verification_is_entered_on_its_page(self, clinic, device):
        clinic.post(f"/firm/devices/{device.pk}/", {
            "do": "record_upkeep", "kind": "检定", "on": timezone.localdate(), "passed": "1",
            "done_by": "市计量所", "certificate_no": "J1", "valid_until": "2099-01-01",
            "parts": "电池，B-2，B-1",
        })  # fmt: skip
        record = UpkeepRecord.objects.get()
        assert (record.parts_differ, record.device.metering_until) == (True, dt.date(2099, 1, 1))

    def test_a_part_that_cannot_be_read_is_said(self, clinic, device):
        answer = clinic.post(f"/firm/devices/{device.pk}/", {
            "do": "record_upkeep", "kind": "维修", "on": timezone.localdate(), "passed": "1", "done_by": "甲",
            "parts": "电池",
        })  # fmt: skip
        assert (answer.status_code, "名称，型号" in text(answer)) == (422, True)

    def test_a_correction_begins_with_what_stands_there(self, clinic, device):
        assert 'value="SB-1"' in text(clinic.get(f"/firm/devices/{device.pk}/"))
        clinic.post(f"/firm/devices/{device.pk}/", {
            "do": "amend_device", "number": "SB-1", "name": "心电监护仪", "reason": "名称不全",
        })  # fmt: skip
        device.refresh_from_db()
        assert device.name == "心电监护仪"

    def test_the_label_leads_back_to_its_page(self, clinic, device):
        answer = clinic.get(f"/firm/devices/{device.pk}/code/")
        assert answer["Content-Type"] == "image/svg+xml" and b"<svg" in answer.content

    def test_what_is_late_stands_on_the_day_page(self, clinic, ours, firm_actor):
        clinic.post("/firm/devices/new/", {"number": "SB-2", "name": "呼吸机", "accepted_on": "2009-01-01"})
        assert "SB-2" in text(clinic.get("/firm/")) and "SB-2" in text(clinic.get("/firm/devices/upkeep/"))

    def test_a_list_is_loaded_and_what_came_back_can_be_mended(self, clinic, ours):
        rows = f"主体名称,设备编号,设备名称,使用年限\n{ours.name},A1,心电图机,10\n{ours.name},A2,,10\n"
        answer = clinic.post("/firm/devices/import/", {"file": SimpleUploadedFile("1.csv", rows.encode())})
        assert "载入 1" in text(answer) and "退回 1" in text(answer)
        link = re.search(r'href="(/firm/devices/import/[0-9a-f]{32}/)"', text(answer))
        assert b"".join(clinic.get(link[1]))[:2] == b"PK"

    def test_many_are_asked_for_as_often_as_one(self, clinic, device, django_assert_max_num_queries):
        for number in range(5):
            clinic.post("/firm/devices/new/", {"number": f"X{number}", "name": "监护仪"})
        with django_assert_max_num_queries(12):
            clinic.get("/firm/devices/")

    def test_a_reporter_is_named(self, clinic):
        clinic.post("/firm/hospital/reporters/", {"name": "高护士"})
        assert NetworkPerson.objects.get().name == "高护士"
        assert "高护士" in text(clinic.get("/firm/hospital/reporters/"))

    def test_the_shelves_say_what_has_expired(self, clinic, ours, firm_actor):
        Movement.objects.create(
            firm_uscc=ours.uscc, firm_office_code=ours.office_code, kind="receive", di=DI, lot="OLD",
            quantity=2, on=dt.date(2020, 1, 1), expires_on=dt.date(2021, 1, 1), record_no="1", source="form",
            product_name="缝线", at=timezone.now(), by_name="x",
        )  # fmt: skip
        page = text(clinic.get("/firm/hospital/expiry/?standing=已过期"))
        assert "OLD" in page and "OLD" not in text(clinic.get("/firm/hospital/expiry/?standing=正常"))


class TestImplants:
    def test_a_scan_fills_in_the_lot(self, implant):
        assert (implant.di, implant.lot, implant.expires_on) == (DI, "L7", dt.date(2040, 12, 31))

    def test_without_a_key_it_is_said_what_comes_first(self, clinic):
        assert "启用病案密钥" in text(clinic.get("/firm/implants/new/"))

    def test_the_trace_has_the_token(self, implant):
        assert Movement.objects.get().patient == implant.token

    def test_a_mistake_is_struck(self, clinic, implant):
        clinic.post(f"/firm/implants/{implant.pk}/", {"do": "void_implant", "reason": "录错"})
        assert ImplantRecord.objects.get().voided and "已作废" in text(
            clinic.get(f"/firm/implants/{implant.pk}/")
        )


class TestPatients:
    def ask(self, client, **given):
        facts = {"do": "resolve", "passphrase": PASSPHRASE, "reason": "召回"} | given
        return client.post("/firm/patients/", facts)

    def test_are_named_to_the_records_people(self, archivist, implant):
        answer = self.ask(archivist, tokens=implant.token)
        assert PATIENT in text(answer) and "no-store" in answer["Cache-Control"]

    def test_by_lot_too(self, archivist, implant):
        assert PATIENT in text(self.ask(archivist, di=DI, lot="L7"))

    def test_not_under_another_passphrase(self, archivist, implant):
        answer = self.ask(archivist, tokens=implant.token, passphrase="不是这个口令吧")
        assert (answer.status_code, PATIENT in text(answer)) == (422, False)
        assert AuditEntry.objects.filter(action="refuse_passphrase").exists()

    def test_what_one_carries_is_found(self, archivist, implant):
        answer = self.ask(archivist, do="find", record_no=PATIENT)
        assert implant.number in text(answer)

    def test_nobody_else_opens_the_page(self, clinic, firm_client, ours, implant):
        for client in (clinic, firm_client(ours, "firm_admin")):
            assert self.ask(client, tokens=implant.token).status_code == 403


class TestNobodyReadsAPatient:
    """The number is searched for on the pages of the hospital, and on those of the office near it."""

    NEAR = ("home", "hospital", "audit", "party", "supply", "trace", "recall", "event", "import", "network")

    def of_the_hospital(self, ours, implant):
        yield f"/firm/implants/{implant.pk}/"
        for page in firm_pages:
            if page.pattern.converters:
                if page.name.startswith(("firm_device", "firm_implant")):
                    yield reverse(page.name, kwargs=ARGUMENTS[page.name](ours))
            elif page.name != "firm_logout":
                yield reverse(page.name)

    def test_on_any_page_of_the_hospital(self, clinic, archivist, ours, implant, caplog):
        caplog.set_level(logging.DEBUG)
        paths = list(dict.fromkeys(self.of_the_hospital(ours, implant)))
        told = [p for client in (clinic, archivist) for p in paths if PATIENT in text(client.get(p))]
        assert told == [] and PATIENT not in caplog.text and PASSPHRASE not in caplog.text

    @pytest.mark.parametrize("format", ["", "xlsx"])
    def test_on_any_list_of_the_office_nor_in_its_workbook(self, office_head, implant, format):
        names = [p.name for p in office_pages if p.name and not p.pattern.converters]
        near = [reverse(name) for name in names if name.startswith(self.NEAR)]
        told = [path for path in near if PATIENT in text(office_head.get(path, {"format": format}))]
        assert (told, len(near) > len(self.NEAR)) == ([], True)

    def test_on_the_implants_own_page_at_the_office(self, office_head, implant):
        page = text(office_head.get(f"/hospitals/implants/{implant.pk}/"))
        assert implant.token in page and PATIENT not in page

    def test_nor_by_asking_for_it(self, office_head, clinic, implant):
        for client, path in ((office_head, "/hospitals/implants/"), (clinic, "/firm/implants/")):
            assert f'implants/{implant.pk}/"' not in text(client.get(f"{path}?q={PATIENT}"))

    def test_nor_by_a_program_of_the_hospital(self, implant, ours, firm_actor):
        told = records.listed("implant", actor=firm_actor(ours, "firm_clinic"), on=timezone.localdate())
        assert implant.token in str(told) and PATIENT not in str(told)


class TestPrograms:
    def test_enter_a_device_and_its_upkeep(self, clinic, ours, firm_actor):
        by, now = firm_actor(ours, "firm_clinic"), timezone.now()
        made = records.create(
            "device", {"number": "A1", "name": "心电图机", "focus": ["metering"]}, by=by, at=now
        )
        done = {
            "kind": "检定", "on": "2026-01-05", "passed": True, "done_by": "市计量所", "certificate_no": "J1",
            "valid_until": "2099-01-04",
        }  # fmt: skip
        after = records.take("device", "A1", "record_upkeep", done, by=by, at=now)
        assert (made["state"], after["metering_until"]) == ("in_use", dt.date(2099, 1, 4))

    def test_enter_an_implant_and_strike_it(self, implant, ours, firm_actor):
        by, now = firm_actor(ours, "firm_clinic"), timezone.now()
        facts = {
            "udi": UDI, "product_name": "髋关节", "implanted_on": str(timezone.localdate()),
            "department": "骨科", "record_no": "ZY2",
        }  # fmt: skip
        made = records.create("implant", facts, by=by, at=now)
        after = records.take("implant", made["number"], "void_implant", {"reason": "录错"}, by=by, at=now)
        assert (made["lot"], after["state"], "ZY2" in str(after)) == ("L7", "struck", False)
