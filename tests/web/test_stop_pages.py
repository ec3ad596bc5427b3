"""停产整改, 核查结论 and 备案核查 on their pages."""

from __future__ import annotations

import pytest

from moment import NOW
from visiting import enrol
from xiejian.inspections.models import ProductionStop, SiteCheck, Visit
from xiejian.registry.models import PartyLink
from xiejian.web import clock

TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda request: NOW)


@pytest.fixture
def client(as_role):
    return as_role("section_officer")


@pytest.fixture
def visit(naiman) -> Visit:
    return Visit.objects.create(
        number="V1", party=enrol("奈曼义齿厂", "150525100", NOW, link="生产"), link="生产", kind="许可核查",
        office_code="150525100", state="concluded", visited_on=TODAY, conclusion="停产整改",
    )  # fmt: skip


class TestStops:
    def order(self, client, visit):
        given = {"scope": "全部", "reason": "关键项不符合", "ordered_on": "2024-03-05"}
        return client.post(f"/visits/{visit.pk}/stop/", given)

    def test_begin_on_the_page_of_the_visit(self, client, visit):
        assert f"/visits/{visit.pk}/stop/" in client.get(f"/visits/{visit.pk}/").content.decode()

    def test_are_ordered_and_listed(self, client, visit):
        stop = ProductionStop.objects.filter(visit=visit)
        assert self.order(client, visit).status_code == 302
        assert stop.get().number in client.get("/stops/").content.decode()

    def test_are_refused_in_the_form(self, client, visit):
        self.order(client, visit)
        assert self.order(client, visit).status_code == 422

    def test_take_their_steps(self, client, visit):
        self.order(client, visit)
        stop = ProductionStop.objects.get()
        given = {"do": "apply_to_resume", "applied_on": "2024-03-05", "application": "已整改"}
        client.post(f"/stops/{stop.pk}/", given)
        stop.refresh_from_db()
        assert stop.state == "applied"

    def test_are_not_changed_by_who_may_only_look(self, client, as_role, visit):
        self.order(client, visit)
        address = f"/stops/{ProductionStop.objects.get().pk}/"
        assert as_role("upper_viewer").post(address, {"do": "apply_to_resume"}).status_code in (403, 404)

    def test_are_printed(self, client, visit):
        self.order(client, visit)
        page = client.get(f"/stops/{ProductionStop.objects.get().pk}/notice/").content.decode()
        assert "停产整改通知书" in page


class TestTheResultOfAVisit:
    def test_is_recorded_once(self, client, visit):
        given = {"result": "未通过", "reason": "关键岗位人员不到位", "decided_on": "2024-03-05"}
        assert client.post(f"/visits/{visit.pk}/result/", given).status_code == 302
        assert SiteCheck.objects.get().result == "未通过"
        assert "关键岗位" in client.get(f"/visits/{visit.pk}/result/").content.decode()

    def test_needs_its_reason(self, client, visit):
        given = {"result": "未通过", "decided_on": "2024-03-05"}
        assert client.post(f"/visits/{visit.pk}/result/", given).status_code == 422


class TestFilings:
    def test_stand_with_their_date(self, client, visit):
        PartyLink.objects.update(filed_on=TODAY, classes="1")
        page = client.get("/filings/").content.decode()
        assert "2024-06-05" in page

    def test_ask_the_same_queries_for_many(self, client, visit, django_assert_max_num_queries):
        for n in range(8):
            enrol(f"义齿厂{n}", "150525100", NOW, link="生产")
        PartyLink.objects.update(filed_on=TODAY, classes="1")
        with django_assert_max_num_queries(9):
            client.get("/filings/")
