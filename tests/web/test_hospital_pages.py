"""医疗机构: which hospitals are behind, which devices are wrong, what was implanted; the command line."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import CliRunner
from django.utils import timezone

from xiejian.cli.main import main
from xiejian.hospitals import actions, implanting, vault
from xiejian.hospitals.actions import DeviceFacts
from xiejian.hospitals.implanting import Implant
from xiejian.people.policy import SYSTEM

PATIENT = "ZY20240305001"
PASSPHRASE = "西拉木伦 河边 七棵榆树 晨雾"


@pytest.fixture
def officer(as_role):
    return as_role("section_officer")


@pytest.fixture
def hospital(make_party):
    return make_party("奈曼旗人民医院", "150525100", link="使用", uscc="12150525MA0H000018")


@pytest.fixture
def add(hospital):
    def make(number="SB-1", **facts):
        given = DeviceFacts(number=number, name="监护仪<b>", department="急诊科", **facts)
        return actions.open_device_file(party=hospital, facts=given, by=SYSTEM, at=timezone.now())

    return make


@pytest.fixture
def implant(hospital, monkeypatch):
    monkeypatch.setattr(vault, "COST", 2**4)
    now = timezone.now()
    implanting.open_vault(party=hospital, passphrase=PASSPHRASE, again=PASSPHRASE, by=SYSTEM, at=now)
    one = Implant(
        product_name="髋关节",
        implanted_on=timezone.localdate(),
        department="骨科",
        di="06901234567892",
        lot="L1",
    )
    return implanting.register_implant(party=hospital, implant=one, record_no=PATIENT, by=SYSTEM, at=now)


def text(answer) -> str:
    return answer.content.decode()


class TestHospitals:
    def test_stand_with_their_numbers(self, officer, add, hospital):
        add(focus=("metering",))
        page = text(officer.get("/hospitals/"))
        assert hospital.name in page and "超检定期在用 1 台" in page

    def test_nobody_yet_is_said_with_what_to_do(self, officer):
        assert "还没有医疗机构登记设备" in text(officer.get("/hospitals/"))

    @pytest.mark.parametrize("path", ["", "devices/", "upkeep/", "implants/"])
    def test_are_asked_for_as_often_as_one(self, officer, add, implant, path, django_assert_max_num_queries):
        for number in range(4):
            add(f"SB-{number}", accepted_on=dt.date(2009, 1, 1))
        with django_assert_max_num_queries(13):
            officer.get(f"/hospitals/{path}")


class TestDevices:
    def test_are_narrowed_to_what_is_wrong(self, officer, add):
        add("SB-1", focus=("metering",)), add("SB-2")
        page = text(officer.get("/hospitals/devices/?mark=metering_over"))
        assert "SB-1" in page and "SB-2" not in page

    def test_and_to_one_hospital(self, officer, add, hospital):
        add()
        assert f"{hospital.name}：设备" in text(officer.get(f"/hospitals/devices/?party={hospital.pk}"))

    @pytest.mark.parametrize("party", ["abc", "9" * 30, "0"])
    def test_a_hospital_that_is_none_narrows_nothing(self, officer, add, party):
        add()
        assert "SB-1" in text(officer.get(f"/hospitals/devices/?party={party}"))

    def test_a_device_shows_its_file_and_what_is_wrong(self, officer, add):
        device = add(focus=("metering",), registration_no="国械注准20193070123")
        page = text(officer.get(f"/hospitals/devices/{device.pk}/"))
        assert "国械注准20193070123" in page and "超检定期在用" in page and "监护仪&lt;b&gt;" in page

    def test_the_list_leaves_as_a_workbook(self, officer, add):
        add()
        assert officer.get("/hospitals/devices/?format=xlsx")["Content-Type"].endswith("sheet")

    def test_late_upkeep_is_listed(self, officer, add):
        add(accepted_on=dt.date(2009, 1, 1))
        assert "SB-1" in text(officer.get("/hospitals/upkeep/?kind=保养"))

    def test_what_one_cost_is_on_no_page(self, officer, add):
        device = add(price_fen=98765432)
        pages = [text(officer.get(f"/hospitals/devices/{path}")) for path in ("", f"{device.pk}/")]
        assert not [page for page in pages if "98765432" in page or "987,654" in page]


class TestImplants:
    def test_show_a_token_and_no_patient(self, officer, implant):
        pages = [
            text(officer.get(path)) for path in ("/hospitals/implants/", f"/hospitals/implants/{implant.pk}/")
        ]
        assert all(implant.token in page and PATIENT not in page for page in pages)

    def test_one_without_a_source_says_so(self, officer, implant):
        assert "无购进记录" in text(officer.get(f"/hospitals/implants/{implant.pk}/"))

    def test_are_found_by_the_whole_token_only(self, officer, implant):
        assert implant.number in text(officer.get(f"/hospitals/implants/?q={implant.token}"))
        assert implant.number not in text(officer.get(f"/hospitals/implants/?q={implant.token[:12]}"))


class TestOnTheCommandLine:
    def run(self, *args):
        answer = CliRunner().invoke(main, ["hospital", *args, "--json"])
        assert answer.exit_code == 0, answer.output
        return json.loads(answer.output)

    def test_hospitals_are_listed(self, add, implant):
        add(focus=("metering",))
        (found,) = self.run("list")["hospitals"]
        assert (found["devices"], found["metering_late"], found["implants"]) == (1, 1, 1)

    def test_devices_with_what_is_wrong(self, add):
        add("SB-1", focus=("metering",)), add("SB-2")
        (found,) = self.run("devices", "--mark", "metering_over")["devices"]
        assert (found["number"], found["marks"][0]["id"]) == ("SB-1", "metering_over")

    def test_no_patient_is_told(self, implant):
        assert PATIENT not in json.dumps(self.run("list"))
