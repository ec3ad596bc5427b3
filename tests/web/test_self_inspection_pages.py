"""The office's pages of self-inspection."""

from __future__ import annotations

import datetime as dt

import pytest

from self_reports import RETAILER, filled
from small_register import party as enrolled
from visiting import appoint
from xiejian.inspections.models import Finding, Visit
from xiejian.people.policy import NO_OFFICE, Actor
from xiejian.planning.grading import grade_register
from xiejian.self_inspections import actions
from xiejian.self_inspections.models import FocusListing, SelfInspection

AT = dt.datetime(2024, 3, 5, 9, 30, tzinfo=dt.UTC)
LIST = "/self-inspections/"


@pytest.fixture
def shop(naiman):
    return enrolled("安康医疗器械店", mode="零售", classes="2", uscc=RETAILER)


@pytest.fixture
def filed(shop):
    """Filed on 2024-03-05, with a visit a fortnight later that found otherwise at one point."""
    clerk = Actor(f"{RETAILER}:zhao", "赵质量", NO_OFFICE, "firm_quality", RETAILER)
    row = actions.open_self_inspection(party=shop.party, link="经营", year=2023, by=clerk, at=AT)
    row = actions.save_answers(report=row, answers=filled(row), by=clerk, at=AT)
    row = actions.file_self_inspection(report=row, filler="赵质量", post="质量负责人", by=clerk, at=AT)
    visit = Visit.objects.create(
        number="检9号", party=shop.party, link="经营", kind="日常检查", office_code="150525100",
        state="concluded", visited_on=dt.date(2024, 3, 20),
    )  # fmt: skip
    Finding.objects.create(visit=visit, point="G5-3", clause="x", state="not_conform", fact="没有温度记录")
    return row


class TestTheList:
    def test_shows_how_each_stands(self, as_role, shop, filed):
        page = as_role("section_officer").get(f"{LIST}?year=2023").content.decode()
        assert "安康医疗器械店" in page
        assert f"/self-inspections/{filed.pk}/" in page

    def test_names_who_did_not_hand_in(self, as_role, shop):
        page = as_role("section_officer").get(f"{LIST}?year=2021&state=missing").content.decode()
        assert "安康医疗器械店" in page

    def test_exports_what_it_shows(self, as_role, shop):
        answer = as_role("section_officer").get(f"{LIST}?year=2021&format=csv")
        assert "安康医疗器械店" in answer.content.decode("utf-8-sig")

    def test_takes_a_fixed_number_of_queries(self, as_role, shop, django_assert_max_num_queries):
        for n in range(30):
            enrolled(f"药械店{n}", mode="零售")
        client = as_role("section_officer")
        with django_assert_max_num_queries(14):
            client.get(f"{LIST}?year=2021")


class TestFocus:
    def test_is_shown_with_its_effect_before(self, as_role, shop):
        page = as_role("section_officer").get(f"{LIST}focus/?year=2021&ids={shop.pk}").content.decode()
        assert "还没有检查任务" in page

    def test_marks_the_party_and_its_grade(self, as_role, shop, officer):
        grade_register(
            on=dt.date(2024, 3, 1), pack_id="key-points-2024", office_code="150525", by=officer, at=AT
        )
        as_role("section_officer").post(f"{LIST}focus/", {"year": "2021", "ids": [shop.pk]})
        assert FocusListing.objects.get().why == "未报"
        assert "KEY-S1" in shop.grades.order_by("-pk").first().rules

    def test_is_not_for_the_station(self, as_role, shop):
        answer = as_role("station_inspector").post(f"{LIST}focus/", {"year": "2021", "ids": [shop.pk]})
        assert answer.status_code == 403

    def test_ends_with_a_reason(self, as_role, shop, officer):
        actions.list_focus(links=[shop.pk], year=2021, by=officer, at=AT)
        row = FocusListing.objects.get()
        as_role("section_officer").post(f"{LIST}listed/{row.pk}/", {"reason": "已补报"})
        row.refresh_from_db()
        assert row.ended_why == "已补报"


class TestOneReport:
    def test_shows_the_visit_that_found_otherwise(self, as_role, filed):
        page = as_role("section_officer").get(f"/self-inspections/{filed.pk}/").content.decode()
        assert "没有温度记录" in page
        assert "检9号" in page

    def test_is_accepted(self, as_role, filed):
        as_role("section_officer").post(f"/self-inspections/{filed.pk}/", {"do": "accept_self_inspection"})
        assert SelfInspection.objects.get().state == "accepted"

    def test_leads_to_a_visit(self, as_role, filed, naiman):
        team = [appoint(n, n, "150525100", AT).pk for n in ("wang", "bai")]
        told = {"do": "plan_visit", "planned_on": "2024-03-25", "team": team}
        as_role("section_officer").post(f"/self-inspections/{filed.pk}/", told)
        assert SelfInspection.objects.get().visit.source_kind == "selfinspection"

    def test_of_a_draft_shows_no_answers(self, as_role, filed):
        SelfInspection.objects.update(filed_on=None, state="draft")
        assert (
            "无重大问题"
            not in as_role("section_officer").get(f"/self-inspections/{filed.pk}/").content.decode()
        )


class TestContradictions:
    def test_are_listed_with_both_sides(self, as_role, filed):
        page = as_role("section_officer").get(f"{LIST}contradictions/?year=2023").content.decode()
        assert "没有温度记录" in page
        assert "安康医疗器械店" in page
