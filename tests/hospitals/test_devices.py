"""设备: the file of a device, its state, its upkeep, what is wrong with it, the list from a file."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from openpyxl import Workbook, load_workbook

from xiejian.hospitals import actions, queries
from xiejian.hospitals.actions import DeviceFacts, Upkeep
from xiejian.hospitals.checks import Part
from xiejian.hospitals.importing import import_devices
from xiejian.hospitals.models import MedicalDevice, UpkeepPlan
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry, NetworkPerson
from xiejian.people.policy import SYSTEM, Actor

TODAY = dt.date(2024, 3, 5)
YESTERDAY = TODAY - dt.timedelta(days=1)


def refused_with(code):
    return pytest.raises(Refused, check=lambda refused: refused.first.code == code)


def marks(device, on=TODAY):
    return queries.marks_of(queries.device(SYSTEM, device.pk, on))


class TestTheFile:
    def test_begins_in_use_with_the_upkeep_of_its_kind(self, add):
        device = add(focus=("metering",), accepted_on=TODAY)
        plan = device.plans.get()
        assert (device.state, plan.kind, plan.next_on) == ("in_use", "检定", dt.date(2025, 3, 5))

    def test_an_old_device_owes_what_comes_next_and_not_the_years_before(self, add):
        assert add(accepted_on=dt.date(2009, 1, 1)).plans.get().next_on == TODAY

    def test_a_certificate_known_already_sets_the_day(self, add):
        device = add(focus=("metering",), metering_until=dt.date(2024, 6, 30))
        assert device.plans.get().next_on == dt.date(2024, 6, 30)

    def test_a_number_names_one_device_of_a_hospital(self, add):
        add("SB-1")
        with refused_with("HO105"):
            add("SB-1")

    def test_another_hospital_may_use_the_number_too(self, add, elsewhere, firm_actor):
        add("SB-1")
        assert add("SB-1", party=elsewhere, by=firm_actor(elsewhere, "firm_clinic")).pk

    def test_another_hospital_writes_nothing_here(self, add, elsewhere, firm_actor):
        with refused_with("P101"):
            add(by=firm_actor(elsewhere, "firm_clinic"))

    def test_nor_does_an_officer(self, add, officer):
        with refused_with("P101"):
            add(by=officer)

    def test_a_correction_says_before_and_after_but_no_price(self, add, clinic, now):
        device = add(price_fen=123456789)
        facts = DeviceFacts(number="SB-1", name="监护仪", price_fen=987654321)
        actions.amend_device(device=device, facts=facts, reason="名称写错", by=clinic, at=now)
        detail = AuditEntry.objects.get(action="amend_device").detail
        assert detail["changed"]["name"] == ["多参数监护仪", "监护仪"]
        told = json.dumps([e.detail for e in AuditEntry.objects.all()])
        assert "123456789" not in told and "987654321" not in told

    def test_of_a_large_device_is_kept_five_years_longer_than_its_life(self, add):
        device = add(focus=("large",), accepted_on=dt.date(2014, 3, 5), life_years=10)
        assert queries.kept_until(device).year == 2029

    @pytest.mark.parametrize(
        ("facts", "code"),
        [({"name": " "}, "HO101"), ({"focus": ("gold",)}, "HO104"), ({"price_fen": -1}, "HO115"),
         ({"bought_on": dt.date(2024, 3, 6)}, "HO102"), ({"device_class": "9"}, "HO104"),
         ({"bought_on": TODAY, "accepted_on": YESTERDAY}, "HO103")],
    )  # fmt: skip
    def test_refuses_what_cannot_be(self, add, facts, code):
        with refused_with(code):
            add(**facts)


class TestItsState:
    def test_a_repair_that_failed_keeps_it_out_of_use(self, add, upkeep, clinic, now):
        device = add()
        actions.send_to_repair(device=device, on=TODAY, reason="黑屏", by=clinic, at=now)
        upkeep(device, "维修", passed=False)
        with refused_with("HO108"):
            actions.start_device(device=device, on=TODAY, by=clinic, at=now)

    def test_one_that_passed_lets_it_return(self, add, upkeep, clinic, now):
        device = add()
        actions.send_to_repair(device=device, on=TODAY, reason="黑屏", by=clinic, at=now)
        upkeep(device, "维修")
        assert actions.start_device(device=device, on=TODAY, by=clinic, at=now).state == "in_use"

    def test_without_a_certificate_a_metering_device_stays_out(self, add, clinic, now):
        device = add(focus=("metering",))
        actions.stop_device(device=device, on=TODAY, reason="送检", by=clinic, at=now)
        with refused_with("HO107"):
            actions.start_device(device=device, on=TODAY, by=clinic, at=now)

    def test_scrapped_it_owes_nothing_and_takes_nothing(self, add, upkeep, clinic, now):
        device = add(accepted_on=dt.date(2009, 1, 1))
        actions.scrap_device(device=device, on=TODAY, reason="无维修价值", by=clinic, at=now)
        assert not device.plans.filter(is_active=True).exists()
        with refused_with("HO116"):
            upkeep(device)


class TestUpkeep:
    def test_moves_the_plan_on(self, add, upkeep):
        device = add(accepted_on=dt.date(2009, 1, 1))
        upkeep(device)
        assert device.plans.get().next_on == dt.date(2025, 3, 5)

    def test_a_certificate_moves_it_to_its_own_day(self, add, upkeep):
        device = add(focus=("metering",))
        upkeep(device, "检定", certificate_no="J1", valid_until=dt.date(2024, 9, 4))
        device.refresh_from_db()
        assert device.plans.get().next_on == device.metering_until == dt.date(2024, 9, 4)

    def test_a_verification_that_failed_takes_the_certificate_away(self, add, upkeep):
        device = add(focus=("metering",), metering_until=dt.date(2024, 9, 4))
        upkeep(device, "检定", passed=False)
        assert "metering_over" in marks(device)

    def test_put_right_it_counts_as_it_should_have_been(self, add, upkeep, clinic, now):
        device = add(focus=("metering",))
        record = upkeep(device, "检定", certificate_no="J1", valid_until=dt.date(2024, 9, 4))
        right = Upkeep("检定", TODAY, True, "市计量所", certificate_no="J1", valid_until=dt.date(2025, 3, 4))
        actions.amend_upkeep(record=record, upkeep=right, reason="看错日期", by=clinic, at=now)
        device.refresh_from_db()
        assert device.metering_until == dt.date(2025, 3, 4)
        assert [row.valid_until for row in queries.records_of(device)] == [dt.date(2025, 3, 4)]

    def test_is_put_right_once(self, add, upkeep, clinic, now):
        record = upkeep(add())
        again = Upkeep("保养", TODAY, True, "设备科")
        actions.amend_upkeep(record=record, upkeep=again, reason="补写", by=clinic, at=now)
        with refused_with("HO111"):
            actions.amend_upkeep(record=record, upkeep=again, reason="再补", by=clinic, at=now)

    def test_its_own_interval_goes_before_the_proposed_one(self, add, clinic, now):
        device = add()
        actions.set_upkeep_plan(
            device=device, kind="保养", every_months=3, basis="说明书第8章", by=clinic, at=now
        )
        assert device.plans.get().next_on == dt.date(2024, 6, 5)

    def test_late_upkeep_is_on_the_list_of_what_is_due(self, add, clinic):
        device = add(accepted_on=dt.date(2009, 1, 1))
        assert [plan.device for plan in queries.due_plans(clinic, TODAY)] == [device]

    def test_what_is_due_in_months_is_not(self, add, clinic):
        add(accepted_on=TODAY)
        assert not queries.due_plans(clinic, TODAY).exists()


class TestMarks:
    def test_a_device_in_order_has_none(self, add):
        assert marks(add(focus=("metering",), metering_until=dt.date(2024, 9, 4))) == []

    @pytest.mark.parametrize(
        ("facts", "mark"),
        [({"focus": ("metering",)}, "metering_over"),
         ({"focus": ("metering",), "metering_until": YESTERDAY}, "metering_over"),
         ({"life_ends_on": YESTERDAY}, "life_over"),
         ({"software": "2.1", "registered_software": "2.0"}, "software_differs")],
    )  # fmt: skip
    def test_say_what_is_wrong(self, add, facts, mark):
        assert mark in marks(add(**facts))

    def test_late_upkeep(self, add):
        device = add(accepted_on=dt.date(2009, 1, 1))
        assert (marks(device, TODAY), marks(device, TODAY + dt.timedelta(days=1))) == ([], ["upkeep_over"])

    def test_a_part_other_than_registered(self, add, upkeep):
        device = add()
        upkeep(device, "维修", parts=(Part("球管", "X-41", "X-40"),))
        assert marks(device) == ["parts_differ"]

    def test_a_failed_calibration_while_in_use(self, add, upkeep):
        device = add()
        upkeep(device, "校准", passed=False)
        assert marks(device) == ["failed_in_use"]

    def test_out_of_use_nothing_of_use_is_wrong(self, add, clinic, now):
        device = add(focus=("metering",), life_ends_on=YESTERDAY)
        actions.stop_device(device=device, on=TODAY, reason="送检", by=clinic, at=now)
        assert marks(device) == []


class TestWhoSees:
    def test_the_hospital_its_own(self, add, clinic, elsewhere, firm_actor):
        device = add()
        other = firm_actor(elsewhere, "firm_clinic")
        assert queries.device(clinic, device.pk, TODAY) and not queries.device(other, device.pk, TODAY)

    def test_the_office_those_of_its_area(self, add, officer):
        device = add()
        stranger = Actor("x", "外人", "522726", "section_officer")
        assert queries.device(officer, device.pk, TODAY) and not queries.device(stranger, device.pk, TODAY)

    def test_hospitals_with_their_numbers(self, add, officer, hospital, django_assert_num_queries):
        add(focus=("metering",), accepted_on=dt.date(2009, 1, 1))
        add("SB-2")
        with django_assert_num_queries(1):
            (found,) = queries.hospitals(officer, TODAY + dt.timedelta(days=1))
        assert (found, found.devices_n, found.upkeep_late, found.metering_late) == (hospital, 2, 1, 1)


class TestReporters:
    def test_are_named_by_the_hospital_and_found_by_the_office(self, hospital, clinic, now):
        for _ in range(2):
            actions.name_reporter(party=hospital, name="高护士", phone="1", by=clinic, at=now)
        person = NetworkPerson.objects.get(kind="reporter")
        assert (person.unit_name, person.office_code) == (hospital.name, hospital.office_code)


class TestTheFileOfDevices:
    HEADINGS = (
        "单位名称",
        "设备编号",
        "设备名称",
        "科室",
        "重点类别",
        "验收日期",
        "使用年限",
        "计量有效期",
        "状态",
    )

    @pytest.fixture
    def write(self, tmp_path):
        def save(*rows):
            book = Workbook()
            book.active.append(self.HEADINGS)
            for row in rows:
                book.active.append(row)
            book.save(tmp_path / "设备.xlsx")
            return tmp_path / "设备.xlsx"

        return save

    ROW = (
        "奈曼旗人民医院",
        "SB-1",
        "监护仪",
        "急诊科",
        "急救、计量",
        "2019-05-20",
        "10年",
        "2024-06-30",
        "在用",
    )

    def test_loads_each_device_with_its_plans(self, write, hospital, now):
        outcome = import_devices(path=write(self.ROW), by=SYSTEM, at=now)
        device = MedicalDevice.objects.get()
        assert (outcome.loaded, device.focuses, device.life_ends_on.year) == (
            1,
            ["emergency", "metering"],
            2029,
        )
        assert set(device.plans.values_list("kind", flat=True)) == {"检定", "检查", "保养"}

    def test_twice_is_once(self, write, hospital, now):
        path = write(self.ROW)
        import_devices(path=path, by=SYSTEM, at=now)
        again = import_devices(path=path, by=SYSTEM, at=now)
        assert (again.unchanged, MedicalDevice.objects.count(), UpkeepPlan.objects.count()) == (1, 1, 3)

    def test_what_cannot_be_comes_back_with_its_reason(self, write, hospital, now):
        wrong = ("奈曼旗人民医院", "SB-2", "监护仪", "", "", "2019-05-20", "一百年", "", "在用")
        outcome = import_devices(path=write(self.ROW, wrong), by=SYSTEM, at=now)
        sheet = load_workbook(outcome.rejects_file).active
        assert (outcome.loaded, outcome.rejected) == (1, 1)
        assert "HO113" in sheet.cell(2, sheet.max_column).value

    def test_a_hospital_loads_its_own(self, write, hospital, clinic, now):
        assert import_devices(path=write(self.ROW), by=clinic, at=now).loaded == 1

    def test_and_nobody_elses(self, write, hospital, elsewhere, firm_actor, now):
        other = firm_actor(elsewhere, "firm_clinic")
        outcome = import_devices(path=write(self.ROW), by=other, at=now)
        assert (outcome.loaded, outcome.problems[0]["code"]) == (0, "R208")
