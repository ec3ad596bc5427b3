"""规则推演: the form, both sides, and what it refuses."""

from __future__ import annotations

import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from small_register import COUNTY, dushan_register
from xiejian.people.models import AuditEntry
from xiejian.planning.models import GradeRun, Plan

pytestmark = pytest.mark.django_db
ASKED = {"pack": "dushan", "against": "", "year": "2024", "office": COUNTY, "go": "1"}


@pytest.fixture
def ask(naiman, as_role):
    dushan_register()
    client = as_role("section_officer")
    return lambda **more: client.get(reverse("what_if"), {**ASKED, **more})


class TestThePage:
    def test_starts_with_the_own_office_and_no_answer(self, naiman, as_role):
        answer = as_role("section_officer").get(reverse("what_if"))
        assert answer.context["form"]["office"].value() == COUNTY
        assert "还没有推演" in answer.content.decode()

    def test_shows_both_sides_of_a_changed_value(self, ask):
        answer = ask(what="DS-DF1.share", value="50%")
        assert answer.context["found"].visits == (13, 15)

    def test_says_the_difference(self, ask):
        assert "（+2）" in ask(what="DS-DF1.share", value="50%").content.decode()

    def test_names_the_parties_that_move(self, ask):
        assert "二级7" in ask(what="DS-D2.level", value="3").content.decode()

    def test_draws_levels_and_inspector_days(self, ask):
        answer = ask(against="national-2022-78")
        assert [chart.key for chart in answer.context["charts"]] == ["levels", "days"]

    def test_offers_the_values_of_the_pack_that_is_tried_out(self, ask):
        values = ask(against="chizhou").context["values"]
        assert values and all(not key.startswith("DS-") for key, _ in values)

    def test_only_reloads_while_nothing_was_asked(self, ask):
        answer = ask(go="")
        assert answer.status_code == 200

    def test_stores_nothing(self, ask):
        before = AuditEntry.objects.count()
        ask(against="national-2022-78", what="N-D3.level", value="4")
        assert (AuditEntry.objects.count(), Plan.objects.count(), GradeRun.objects.count()) == (before, 0, 0)

    def test_sends_the_parties_that_move_as_a_workbook(self, ask):
        answer = ask(what="DS-D2.level", value="3", format="xlsx")
        rows = list(load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))
        assert len(rows) == 1 + 8


class TestRefusals:
    def test_an_impossible_value_is_said_with_its_code(self, ask):
        answer = ask(what="DS-DF1.share", value="多一点")
        assert answer.status_code == 422 and "L503" in answer.content.decode()

    def test_nothing_to_compare(self, ask):
        assert "L505" in ask().content.decode()

    def test_another_countys_office(self, ask, dushan):
        assert ask(office="522726", what="DS-DF1.share", value="50%").status_code == 422

    def test_roles_that_make_no_plans(self, naiman, as_role):
        assert as_role("station_inspector").get(reverse("what_if"), ASKED).status_code == 403
