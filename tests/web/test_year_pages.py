"""今日, 领导视图, 分级, 规则: what they say for a small register."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from moment import NOW
from xiejian.inspections.models import Visit
from xiejian.kernel import packs
from xiejian.people.policy import SYSTEM
from xiejian.planning import grading
from xiejian.planning.models import GradeRun
from xiejian.registry.models import Licence
from xiejian.web.charts import Chart


@pytest.fixture
def graded(ours):
    return grading.grade_register(on=dt.date(2024, 3, 1), pack_id="national-2022-78", by=SYSTEM, at=NOW)


class TestToday:
    def test_a_new_office_is_told_to_import_first(self, as_role):
        assert as_role("section_officer").get("/").context["steps"] == (False, False, False)

    def test_with_a_list_the_next_step_is_grading(self, as_role, ours):
        assert as_role("section_officer").get("/").context["steps"] == (True, False, False)

    def test_with_levels_the_next_step_is_the_plan(self, as_role, graded):
        assert as_role("section_officer").get("/").context["steps"] == (True, True, False)

    def test_counts_certificates_that_run_out_soon(self, as_role, ours):
        soon = timezone.localdate() + dt.timedelta(days=30)
        Licence.objects.create(
            party=ours, kind="distribution_licence", number="1", number_key="1", expires_on=soon
        )
        assert as_role("head").get("/").context["expiring_count"] == 1

    def test_the_administrator_sees_accounts_and_no_register(self, as_role, ours):
        context = as_role("administrator").get("/").context
        assert ("expiring" in context, context["officers_active"]) == (False, 5)

    @pytest.mark.parametrize(
        "role", ["station_inspector", "section_officer", "head", "upper_viewer", "administrator"]
    )
    def test_costs_few_queries_for_every_role(self, as_role, graded, role, django_assert_max_num_queries):
        client = as_role(role)
        with django_assert_max_num_queries(35):
            client.get("/")


class TestLeader:
    def test_counts_the_visits_of_the_month(self, as_role, ours):
        on = timezone.localdate()
        Visit.objects.create(
            number="1", party=ours, link="经营", kind="日常检查", office_code=ours.office_code,
            state="concluded",
            visited_on=on,
        )  # fmt: skip
        months = next(c for c in as_role("head").get("/leader/").context["charts"] if c.key == "months")
        assert months.rows[on.month - 1][1][0] == 1

    def test_another_countys_parties_are_not_in_the_pyramid(self, as_role, ours, theirs):
        levels = next(c for c in as_role("head").get("/leader/").context["charts"] if c.key == "levels")
        assert levels.rows == [("经营", [1])]

    def test_without_a_plan_says_so(self, as_role):
        assert "还没有计划" in as_role("head").get("/leader/").content.decode()


class TestGrading:
    def test_grades_the_own_office_by_the_chosen_pack_and_date(self, as_role, ours):
        as_role("section_officer").post("/grading/", {"pack": "national-2022-78", "on": "2024-03-01"})
        assert (GradeRun.objects.get().on, GradeRun.objects.get().office_code) == (
            dt.date(2024, 3, 1),
            "150525",
        )

    def test_is_refused_to_a_role_without_the_permission(self, as_role, ours):
        answer = as_role("station_inspector").post(
            "/grading/", {"pack": "national-2022-78", "on": "2024-03-01"}
        )
        assert (answer.status_code, GradeRun.objects.count()) == (403, 0)

    def test_an_unknown_pack_is_refused_on_the_form(self, as_role, ours):
        as_role("section_officer").post("/grading/", {"pack": "no-such", "on": "2024-03-01"})
        assert not GradeRun.objects.exists()

    def test_the_list_names_the_rules_that_spoke(self, as_role, graded):
        rows = as_role("head").get("/grading/").context["listing"].shown_rows()
        assert rows[0][0].rules

    def test_the_panel_cites_clause_pack_and_facts(self, as_role, graded, ours):
        panel = (
            as_role("head").get(f"/parties/{ours.pk}/why/", headers={"HX-Request": "true"}).content.decode()
        )
        version = packs.load("national-2022-78").version[:12]
        assert all(word in panel for word in ("药监综械管〔2022〕78号", version, "管理类别", "未核实"))

    def test_costs_the_same_queries_for_many_rows(
        self, as_role, naiman, make_party, django_assert_max_num_queries
    ):
        for i in range(30):
            make_party(f"甲{i}", "150525100", classes="3")
        grading.grade_register(on=dt.date(2024, 3, 1), pack_id="national-2022-78", by=SYSTEM, at=NOW)
        client = as_role("head")
        with django_assert_max_num_queries(10):
            client.get("/grading/")


class TestRules:
    @pytest.mark.parametrize("pack_id", packs.known())
    def test_every_rule_of_a_pack_is_on_its_page(self, as_role, pack_id):
        page = as_role("head").get(f"/rules/{pack_id}/").content.decode()
        pack = packs.load(pack_id)
        assert [
            r.id for r in (*pack.rows, *pack.outside, *pack.principles) if f'id="{r.id}"' not in page
        ] == []

    def test_unverified_rules_are_marked(self, as_role):
        pack = packs.load("national-2022-78")
        page = as_role("head").get(f"/rules/{pack.id}/").content.decode()
        marked = page.count('<span class="unverified">未核实</span>')
        assert marked == sum(r.unverified for r in (*pack.rows, *pack.outside, *pack.principles))

    def test_an_unknown_pack_is_not_found(self, as_role):
        assert as_role("head").get("/rules/no-such/").status_code == 404


class TestChart:
    def test_the_table_and_the_drawing_hold_the_same_numbers(self):
        chart = Chart("k", "标题", "stacked", ["甲", "乙"], [("一", [1, 2]), ("二", [3, None])])
        assert [s["data"] for s in chart.option["series"]] == [[1, 3], [2, None]]

    def test_without_any_number_it_is_empty(self):
        assert Chart("k", "标题", "bar", ["甲"], [("一", [0])]).empty
