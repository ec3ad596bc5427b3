"""新建单位: the first ten minutes of a new office."""

from __future__ import annotations

import pytest
from django.test import Client

from xiejian.people.models import Office, Officer

GIVEN = {
    "division": ["520000", "522700", "522726"],
    "name": "独山县市场监督管理局",
    "packs": ["dushan", "no-such-pack"],
    "officer_username": "chen",
    "officer_name": "陈科",
    "officer_password": "a-long-enough-password",
    "admin_username": "zhou",
    "admin_name": "周管",
    "admin_password": "a-long-enough-password",
}


@pytest.fixture
def visitor(db, monkeypatch) -> Client:
    monkeypatch.delenv("XIEJIAN_DEMO", raising=False)
    return Client()


class TestNewOffice:
    def test_can_be_opened_on_an_empty_system(self, visitor):
        visitor.post("/setup/", GIVEN)
        assert Office.objects.get(code="522726").name == "独山县市场监督管理局"

    def test_gets_the_packs_that_exist(self, visitor):
        visitor.post("/setup/", GIVEN)
        assert Office.objects.get(code="522726").packs == ["dushan"]

    def test_gets_one_account_for_the_work_and_one_for_the_accounts(self, visitor):
        visitor.post("/setup/", GIVEN)
        roles = dict(Officer.objects.values_list("username", "role"))
        assert roles == {"chen": "section_officer", "zhou": "administrator"}

    def test_gets_a_station_for_every_town_when_asked(self, visitor):
        visitor.post("/setup/", GIVEN | {"stations": "on"})
        assert Office.objects.filter(parent__code="522726", tier="station").count() > 5

    def test_signs_the_officer_in_and_leads_to_the_import(self, visitor):
        assert visitor.post("/setup/", GIVEN)["Location"] == "/parties/import/"

    def test_needs_a_division(self, visitor):
        assert visitor.post("/setup/", GIVEN | {"division": []}).status_code == 422

    def test_takes_the_choices_in_any_order(self, visitor):
        shown = visitor.get("/setup/", {"division": ["522700", "520000"]}, headers={"HX-Request": "true"})
        assert 'id="division-3"' in shown.content.decode()

    def test_refuses_one_login_name_for_both_accounts(self, visitor):
        assert visitor.post("/setup/", GIVEN | {"admin_username": "chen"}).status_code == 422

    def test_leaves_nothing_behind_when_an_account_is_refused(self, visitor):
        visitor.post("/setup/", GIVEN | {"admin_password": "password"})
        assert not Office.objects.exists()

    def test_is_closed_once_somebody_can_sign_in(self, visitor, officers):
        visitor.post("/setup/", GIVEN)
        assert not Office.objects.filter(code="522726").exists()

    def test_in_the_demo_takes_no_office_that_has_officers(self, visitor, officers, monkeypatch):
        monkeypatch.setenv("XIEJIAN_DEMO", "1")
        given = GIVEN | {"division": ["150000", "150500", "150525"]}
        assert "P107" in visitor.post("/setup/", given).content.decode()


class TestDivisionChoice:
    def test_offers_the_cities_of_the_chosen_province(self, visitor):
        answer = visitor.get("/setup/", {"division": ["520000"]}, headers={"HX-Request": "true"})
        assert "黔南布依族苗族自治州" in answer.content.decode()

    def test_drops_a_city_of_another_province(self, visitor):
        answer = visitor.get("/setup/", {"division": ["520000", "150500"]}, headers={"HX-Request": "true"})
        assert "行政区划代码 520000" in answer.content.decode()
