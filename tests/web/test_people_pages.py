"""机构人员, 网络人员, 审计."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from moment import NOW
from xiejian import people
from xiejian.people import actions
from xiejian.people.models import AuditEntry, NetworkPerson, Office, Officer, Training
from xiejian.people.policy import SYSTEM
from xiejian.web.templatetags.xiejian import AUDIT_LABELS

NEW = {"username": "zhao", "name": "赵检", "role": "station_inspector", "password": "long-and-unusual-7"}


class TestAppointing:
    def test_makes_an_account_in_the_chosen_office(self, as_role):
        as_role("administrator").post("/offices/150525100/officers/new/", NEW)
        assert Officer.objects.get(username="zhao").office.code == "150525100"

    def test_a_common_password_is_refused_on_the_form(self, as_role):
        as_role("administrator").post("/offices/150525100/officers/new/", NEW | {"password": "password123"})
        assert not Officer.objects.filter(username="zhao").exists()

    def test_a_taken_name_is_refused_with_its_number(self, as_role):
        answer = as_role("administrator").post("/offices/150525/officers/new/", NEW | {"username": "t.head"})
        assert "P103" in answer.content.decode()

    def test_nobody_is_appointed_in_another_county(self, as_role, dushan):
        as_role("administrator").post("/offices/522726/officers/new/", NEW)
        assert not Officer.objects.filter(username="zhao").exists()


class TestChanging:
    def change(self, as_role, officer, **given):
        as_role("administrator").post(
            f"/officers/{officer.pk}/",
            {"name": officer.name, "role": officer.role, "is_active": "on", "reason": "调岗"} | given,
        )
        officer.refresh_from_db()
        return officer

    def test_a_new_role_is_set_and_audited_with_the_reason(self, as_role, officers):
        self.change(as_role, officers["station_inspector"], role="section_officer")
        detail = AuditEntry.objects.get(action="change_officer").detail
        assert (detail["role"], detail["reason"]) == (["station_inspector", "section_officer"], "调岗")

    def test_who_leaves_can_no_longer_sign_in(self, as_role, officers):
        assert not self.change(as_role, officers["head"], is_active="").is_active

    def test_nothing_changed_leaves_no_entry(self, as_role, officers):
        self.change(as_role, officers["head"])
        assert not AuditEntry.objects.filter(action="change_officer").exists()


class TestThePacksOfAnOffice:
    def use(self, as_role, *packs, role="administrator", office="150525"):
        answer = as_role(role).post(f"/offices/{office}/packs/", {"packs": packs})
        return answer, Office.objects.get(code=office).packs

    def test_are_switched_on_and_the_new_one_is_offered_first(self, as_role):
        self.use(as_role, "national-2015-158")
        _, packs = self.use(as_role, "national-2015-158", "liaoning-2015")
        assert packs == ["liaoning-2015", "national-2015-158"]

    def test_are_switched_off(self, as_role):
        self.use(as_role, "national-2015-158")
        assert self.use(as_role)[1] == []

    def test_are_audited_with_before_and_after(self, as_role):
        before = Office.objects.get(code="150525").packs
        self.use(as_role, "liaoning-2015")
        assert AuditEntry.objects.get(action="use_packs").detail == {"packs": [before, ["liaoning-2015"]]}

    def test_leave_no_entry_when_nothing_changed(self, as_role):
        self.use(as_role, "liaoning-2015")
        self.use(as_role, "liaoning-2015")
        assert AuditEntry.objects.filter(action="use_packs").count() == 1

    def test_are_refused_with_their_number_when_nobody_knows_them(self, as_role):
        answer, packs = self.use(as_role, "atlantis")
        assert "P108" in answer.content.decode()
        assert "atlantis" not in packs

    def test_are_not_for_an_inspector_to_change(self, as_role):
        answer, packs = self.use(as_role, "liaoning-2015", role="station_inspector")
        assert answer.status_code == 403
        assert "liaoning-2015" not in packs

    def test_of_another_county_are_not_found(self, as_role, dushan):
        assert as_role("administrator").post("/offices/522726/packs/", {}).status_code == 404

    def test_are_all_there_to_choose_from(self, as_role):
        page = as_role("administrator").get("/offices/150525/packs/").content.decode()
        assert 'value="liaoning-2015"' in page


class TestOffices:
    def test_several_stations_are_opened_at_once(self, as_role):
        before = Office.objects.count()
        as_role("administrator").post("/offices/150525/new/", {"codes": ["150525101", "150525102"]})
        assert Office.objects.count() == before + 2

    def test_an_office_is_never_opened_beside_the_own_branch(self, as_role, naiman):
        as_role("administrator").post("/offices/150525/new/", {"codes": ["522726100"]})
        assert not Office.objects.filter(code="522726100").exists()

    def test_the_tree_shows_the_own_branch_only(self, as_role, dushan):
        assert "独山" not in as_role("administrator").get("/offices/").content.decode()


class TestNetwork:
    @pytest.fixture
    def person(self, naiman) -> NetworkPerson:
        return actions.enrol_person(
            by=SYSTEM, at=NOW, kind="informant", name="包信息", office_code="150525100"
        )

    def test_somebody_is_enrolled(self, as_role):
        as_role("section_officer").post(
            "/network/new/", {"kind": "assistant", "name": "乌协管", "office_code": "150525100"}
        )
        assert NetworkPerson.objects.get().get_kind_display() == "协管员"

    def test_a_training_is_recorded_with_its_result(self, as_role, person):
        as_role("section_officer").post(
            f"/network/{person.pk}/",
            {"topic": "不良事件监测", "trained_on": "2024-03-01", "hours": "4", "score": "90", "passed": "1"},
        )
        assert (Training.objects.get().passed, Training.objects.get().score) == (True, 90)

    def test_the_list_says_when_each_was_last_trained(self, as_role, person):
        actions.record_training(
            by=SYSTEM,
            at=NOW,
            person=person,
            office_code=person.office_code,
            topic="甲",
            trained_on="2024-02-01",
        )
        assert "2024-02-01" in as_role("head").get("/network/").content.decode()


class TestAudit:
    def test_finds_by_what_was_done(self, as_role):
        listing = as_role("administrator").get("/audit/?action=appoint_officer").context["listing"]
        assert listing.total == 5

    def test_another_countys_entries_are_not_counted(self, as_role, dushan):
        listing = as_role("administrator").get("/audit/?action=open_office").context["listing"]
        assert listing.total == 2

    def test_every_action_of_every_room_has_its_words(self):
        """An action is a verb in an actions.py; what the rooms record must be readable on the page."""
        rooms = Path(people.__file__).parents[1]
        verbs = {
            name
            for path in rooms.glob("*/actions.py")
            for name in re.findall(r'(?:action=|_note\(\s*)"([a-z_]+)"', path.read_text(encoding="utf-8"))
        }
        assert sorted(verbs - set(AUDIT_LABELS["actions"])) == []
