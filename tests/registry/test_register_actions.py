"""Writes of the register: each leaves an audit entry, each refusal says what to do."""

import datetime as dt

import pytest

from xiejian.kernel.problems import Refused
from xiejian.people import audit
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor
from xiejian.registry import actions
from xiejian.registry.models import Licence, Party, PartyLink, Registration, Site

CODE = "91350200MA2YJ1XR9G"
ROW = {"主体名称": "平安药房", "环节": "经营", "行政区划代码": "150525100", "统一社会信用代码": CODE}
TODAY = dt.date(2024, 3, 5)


@pytest.fixture
def party(officer, now):
    return actions.register_party(row=ROW, by=officer, at=now)


def refused(function, **facts):
    with pytest.raises(Refused) as caught:
        function(**facts)
    return caught.value.first.code


def last_entry():
    return AuditEntry.objects.order_by("-sequence").first()


class TestRegistering:
    def test_makes_the_party_with_its_links_and_licences(self, officer, now):
        row = {
            **ROW,
            "环节": "经营、网络销售",
            "证号": "蒙通辽药监械经营许20230015号",
            "发证日期": "2023-05-06",
        }
        party = actions.register_party(row=row, by=officer, at=now)
        assert sorted(party.links.values_list("link", flat=True)) == ["经营", "网络销售"]
        assert party.licences.get().issued_on == dt.date(2023, 5, 6)
        assert last_entry().action == "register_party"

    def test_is_refused_for_a_code_that_another_has(self, party, officer, now):
        row = {**ROW, "主体名称": "另一家"}
        assert refused(actions.register_party, row=row, by=officer, at=now) == "R306"

    def test_is_refused_for_a_certificate_that_another_has(self, party, officer, now):
        actions.add_licence(party=party, number="蒙通辽药监械经营许20230015号", by=officer, at=now)
        row = {**ROW, "统一社会信用代码": "", "证号": "蒙通辽药监械经营许20230015号"}
        assert refused(actions.register_party, row=row, by=officer, at=now) == "R306"

    def test_is_refused_for_a_wrong_cell(self, officer, now):
        assert refused(actions.register_party, row={**ROW, "状态": "疯"}, by=officer, at=now) == "K502"

    def test_is_refused_outside_the_own_area(self, officer, now):
        row = {**ROW, "行政区划代码": "522726"}
        assert refused(actions.register_party, row=row, by=officer, at=now) == "P101"

    def test_is_refused_without_the_permission(self, naiman, now):
        viewer = Actor("v", "上级", naiman.code, "upper_viewer")
        assert refused(actions.register_party, row=ROW, by=viewer, at=now) == "P101"


class TestAmending:
    def test_changes_only_what_is_given_and_keeps_before_and_after(self, party, officer, now):
        actions.amend_party(party=party, row={"电话": "1", "地址": "某路"}, reason="核对", by=officer, at=now)
        party = Party.objects.get()
        assert (party.phone, party.address, party.uscc) == ("1", "某路", CODE)
        assert last_entry().detail == {"reason": "核对", "phone": ["", "1"], "address": ["", "某路"]}

    def test_with_an_empty_cell_clears_the_fact(self, party, officer, now):
        actions.amend_party(party=party, row={"统一社会信用代码": ""}, reason="录错", by=officer, at=now)
        assert Party.objects.get().uscc is None

    def test_of_a_link_changes_the_link(self, party, officer, now):
        row = {"管理类别": "Ⅲ", "品种标签": "无菌"}
        actions.amend_party(party=party, link="经营", row=row, reason="核对", by=officer, at=now)
        assert PartyLink.objects.values_list("classes", "tags").get() == ("3", "|无菌|")

    def test_may_add_a_link(self, party, officer, now):
        actions.amend_party(party=party, link="网络销售", row={}, reason="新增", by=officer, at=now)
        assert party.links.count() == 2

    def test_of_the_name_is_found_by_search(self, party, officer, now):
        actions.amend_party(party=party, row={"主体名称": "新名字"}, reason="更名", by=officer, at=now)
        assert Party.objects.filter(search_grams__holds="新名").exists()

    def test_of_the_division_moves_it_to_the_other_station(self, party, officer, now):
        actions.amend_party(party=party, row={"行政区划代码": "150525101"}, reason="迁址", by=officer, at=now)
        assert Party.objects.get().office_code == "150525101"

    @pytest.mark.parametrize(
        ("row", "reason", "code"),
        [
            ({"电话": "1"}, " ", "R301"),
            ({"状态": "注销"}, "x", "R307"),
            ({"主体名称": "平安药房"}, "x", "R308"),
            ({"信用等级": "E"}, "x", "K502"),
            ({"行政区划代码": "522726"}, "x", "P101"),
        ],
    )
    def test_is_refused(self, party, officer, now, row, reason, code):
        assert refused(actions.amend_party, party=party, row=row, reason=reason, by=officer, at=now) == code

    def test_is_refused_for_a_code_that_another_has(self, party, officer, now):
        other = actions.register_party(
            row={**ROW, "主体名称": "另一家", "统一社会信用代码": ""}, by=officer, at=now
        )
        facts = {"row": {"统一社会信用代码": CODE}, "reason": "x", "by": officer, "at": now}
        assert refused(actions.amend_party, party=other, **facts) == "R306"


class TestChangingTheStatus:
    def test_keeps_the_day_and_the_reason(self, party, officer, now):
        actions.change_status(party=party, status="注销", on=TODAY, reason="申请", by=officer, at=now)
        assert Party.objects.values_list("status", "status_on").get() == ("注销", TODAY)
        assert last_entry().detail == {"status": ["正常", "注销"], "on": "2024-03-05", "reason": "申请"}

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"on": TODAY + dt.timedelta(1)}, "R303"),
            ({"reason": ""}, "R301"),
            ({"status": "疯"}, "R305"),
            ({"status": "正常"}, "R308"),
        ],
    )
    def test_is_refused(self, party, officer, now, change, code):
        facts = {"status": "注销", "on": TODAY, "reason": "x", **change}
        assert refused(actions.change_status, party=party, by=officer, at=now, **facts) == code


class TestAddingASite:
    def test_twice_is_once(self, party, officer, now):
        for _ in range(2):
            actions.add_site(party=party, kind="库房", address="库1", by=officer, at=now)
        assert (Site.objects.count(), AuditEntry.objects.filter(action="add_site").count()) == (1, 1)

    @pytest.mark.parametrize(("kind", "address", "code"), [("车里", "x", "R305"), ("库房", " ", "R302")])
    def test_is_refused(self, party, officer, now, kind, address, code):
        assert refused(actions.add_site, party=party, kind=kind, address=address, by=officer, at=now) == code


class TestAddingALicence:
    def test_finds_its_kind(self, party, officer, now):
        actions.add_licence(
            party=party, number="蒙通辽药监械经营备20160045号", filed_on=TODAY, by=officer, at=now
        )
        assert Licence.objects.values_list("kind", "format_suspect").get() == ("distribution_filing", False)
        assert Party.objects.filter(search_grams__holds="20160045").exists()

    def test_of_an_unknown_form_is_marked(self, party, officer, now):
        actions.add_licence(party=party, number="某字第1号", by=officer, at=now)
        assert Licence.objects.values_list("kind", "format_suspect").get() == ("other", True)

    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            ({"number": " "}, "R302"),
            ({"issued_on": TODAY + dt.timedelta(1)}, "R303"),
            ({"filed_on": TODAY + dt.timedelta(1)}, "R303"),
            ({"issued_on": TODAY, "expires_on": TODAY - dt.timedelta(1)}, "R304"),
        ],
    )
    def test_is_refused(self, party, officer, now, facts, code):
        facts = {"number": "蒙通辽药监械经营备20160045号", **facts}
        assert refused(actions.add_licence, party=party, by=officer, at=now, **facts) == code


class TestALicenceMatter:
    FACTS = {
        "applicant": "甲",
        "link": "经营",
        "matter": "开办",
        "result": "通过",
        "decided_on": TODAY,
        "office_code": "150525",
    }

    def test_is_recorded(self, officer, now):
        row = actions.record_licence_matter(**self.FACTS, by=officer, at=now)
        assert (row.matter, row.result, last_entry().action) == ("开办", "通过", "record_licence_matter")

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"applicant": ""}, "R302"),
            ({"link": "批发"}, "R305"),
            ({"decided_on": TODAY + dt.timedelta(1)}, "R303"),
            ({"result": "驳回"}, "R301"),
            ({"office_code": "522726"}, "P101"),
        ],
    )
    def test_is_refused(self, officer, now, change, code):
        assert refused(actions.record_licence_matter, **{**self.FACTS, **change}, by=officer, at=now) == code


class TestACertificateCheck:
    @pytest.fixture
    def registration(self, party):
        return Registration.objects.create(
            number="x",
            number_key="x",
            number_kind="current",
            record_key="x",
            party=party,
            registrant="x",
            product_name="x",
        )

    def test_belongs_to_the_office_of_the_party(self, registration, officer, now):
        row = actions.record_registration_check(
            registration=registration, checked_on=TODAY, by=officer, at=now
        )
        assert row.office_code == "150525100"

    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            ({"checked_on": TODAY + dt.timedelta(1)}, "R303"),
            ({"checked_on": TODAY, "consistent": False}, "R302"),
        ],
    )
    def test_is_refused(self, registration, officer, now, facts, code):
        assert (
            refused(actions.record_registration_check, registration=registration, by=officer, at=now, **facts)
            == code
        )


def test_the_trail_of_all_writes_holds(party, officer, now):
    actions.add_site(party=party, kind="库房", address="库1", by=officer, at=now)
    actions.amend_party(party=party, row={"电话": "1"}, reason="核对", by=officer, at=now)
    assert audit.broken_at() is None
