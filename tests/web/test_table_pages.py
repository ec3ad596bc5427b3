"""Tables in the browser: the number on the page, the records behind it, handing up and what changed since."""

from __future__ import annotations

import io
import json

import openpyxl
import pytest
from django.urls import reverse

from moment import NOW
from supervision_year import Year
from xiejian.figures.models import FiledTable
from xiejian.people.models import AuditEntry

ASKED = {"office": "150525", "until": "2023-06-30"}


@pytest.fixture
def year(naiman) -> Year:
    """One pharmacy with reagents, visited twice, once with an order; another county's beside it."""
    made = Year(NOW)
    pharmacy = made.party("奈曼旗安康大药房", "经营", "新冠核酸检测试剂")
    made.visit(pharmacy, "2023-05-20", order_issued=True)
    made.visit(pharmacy, "2023-06-10", persons=3)
    other = made.party("独山县外地医疗器械公司", "经营", "新冠核酸检测试剂", office="522726")
    made.visit(other, "2023-06-01", office_code="522726")
    return made


def page(client, name, args, **query):
    return client.get(reverse(name, args=args), ASKED | query)


class TestTable:
    def test_each_cell_leads_to_its_records(self, year, as_role):
        shown = page(as_role("section_officer"), "table", ["naiman-2023-2"]).content.decode()
        assert "/tables/naiman-2023-2/T2-01/F03/?office=150525&amp;until=2023-06-30" in shown

    def test_the_headings_are_merged_as_on_the_form(self, year, as_role):
        shown = page(as_role("section_officer"), "table", ["naiman-2023-2"]).content.decode()
        assert '<th rowspan="2" scope="row">医疗美容医疗器械</th>' in shown.replace(' colspan="2"', "")

    def test_the_records_of_a_cell_are_listed_with_their_pages(self, year, as_role):
        shown = page(as_role("section_officer"), "table_cell", ["naiman-2023-2", "T2-01", "F03"])
        assert [r.title for r, _ in shown.context["records"]] == ["J1", "J2"]

    def test_another_county_cannot_be_asked_for(self, year, as_role):
        answer = page(as_role("section_officer"), "table", ["naiman-2023-2"], office="522726")
        assert answer.status_code == 403

    def test_the_workbook_holds_the_same_numbers(self, year, as_role):
        answer = page(as_role("section_officer"), "table", ["naiman-2023-2"], format="xlsx")
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        first = next(row for row in sheet.iter_rows(values_only=True) if row[0] == "新冠病毒检测试剂")
        assert [v for v in first if isinstance(v, int | float)][:4] == [1, 5, 2, 1]

    def test_the_json_is_the_contracts_answer(self, year, as_role):
        answer = page(as_role("section_officer"), "table", ["naiman-2023-2"], format="json")
        assert json.loads(answer.content)["rows"][0]["cells"][:4] == [1, 5, 2, 1]

    def test_the_number_of_queries_does_not_grow_with_the_visits(
        self, year, as_role, django_assert_max_num_queries
    ):
        client = as_role("section_officer")
        pharmacy = year.party("奈曼旗惠民药房", "经营", "新冠抗体检测试剂")
        for day in range(1, 15):
            year.visit(pharmacy, f"2023-06-{day:02d}")
        with django_assert_max_num_queries(20):
            page(client, "table", ["naiman-2023-2"])


class TestHandingUp:
    def hand_up(self, as_role, **more):
        data = ASKED | {"from": "2023-05-16"} | more
        return as_role("head").post(reverse("table_file", args=["naiman-2023-2"]), data)

    def test_it_freezes_the_cells_and_the_records_behind_them(self, year, as_role):
        self.hand_up(as_role)
        filed = FiledTable.objects.get()
        assert filed.cells[0][:4] == [1, 5, 2, 1]
        assert len(filed.records["0,2"]) == 2

    def test_it_leaves_an_audit_entry(self, year, as_role):
        self.hand_up(as_role)
        assert AuditEntry.objects.filter(action="file_table").exists()

    def test_a_section_officer_may_not_sign(self, year, as_role):
        answer = as_role("section_officer").post(reverse("table_file", args=["naiman-2023-2"]), ASKED)
        assert answer.status_code == 403
        assert not FiledTable.objects.exists()

    def test_a_visit_entered_later_shows_as_a_signed_difference(self, year, as_role):
        self.hand_up(as_role)
        late = year.party("奈曼旗惠民药房", "经营", "新冠抗体检测试剂")
        year.visit(late, "2023-06-20")
        shown = as_role("head").get(reverse("filed_table", args=[FiledTable.objects.get().pk]))
        changes = {d.label: d.change for d in shown.context["differences"]}
        assert changes["新冠病毒检测试剂 经营 检查企业家次"] == 1

    def test_a_form_revised_since_is_shown_as_it_was_and_said_so(self, year, as_role):
        self.hand_up(as_role)
        FiledTable.objects.update(cells=[[1, 2], [3, 4]])
        shown = as_role("head").get(reverse("filed_table", args=[FiledTable.objects.get().pk]))
        assert [p.code for p in shown.context["problems"]] == ["F205"]

    def test_it_can_be_sent_back_with_a_reason_only(self, year, as_role):
        self.hand_up(as_role)
        filed = FiledTable.objects.get()
        address = reverse("filed_table_return", args=[filed.pk])
        assert as_role("head").post(address, {"reason": " "}).status_code == 422
        as_role("head").post(address, {"reason": "人次有误"})
        filed.refresh_from_db()
        assert filed.state == "退回"


class TestList:
    def test_what_is_due_this_year_stands_with_its_state(self, naiman, as_role):
        shown = as_role("head").get(reverse("table_list"))
        assert shown.status_code == 200
        assert "全部报表" in shown.content.decode()
