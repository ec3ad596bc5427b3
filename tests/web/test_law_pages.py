"""编号核验, 唯一标识, 时限计算, 罚款幅度: the answer stands below the form, with its source."""

from __future__ import annotations

from io import BytesIO

import pytest
import zxingcpp
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook
from PIL import Image

from xiejian.kernel import deadline_rules, penalty_rules, rule_book

PRINTED = "(01)06972253600013(17)260900(10)A1"


@pytest.fixture
def officer_page(as_role) -> Client:
    return as_role("section_officer")


class TestTimeLimit:
    def test_every_rule_can_be_chosen(self, officer_page):
        choices = officer_page.get("/due/").context["choices"]
        assert {c.id for _, found in choices for c in found} == set(deadline_rules.load().rules)

    def test_every_rule_has_a_subject_of_its_own(self, officer_page):
        assert "其他" not in dict(officer_page.get("/due/").context["choices"])

    def test_the_search_takes_every_word(self, officer_page):
        choices = officer_page.get("/due/", {"q": "举报 立案"}).context["choices"]
        assert "CP-6" in {c.id for _, found in choices for c in found}

    def test_a_search_for_nothing_we_have_says_how_to_go_on(self, officer_page):
        assert "清除条件" in officer_page.get("/due/", {"q": "没有这样的事"}).content.decode()

    def test_both_dates_stand_on_the_page(self, officer_page):
        answer = officer_page.get("/due/", {"rule": "CP-6", "from": "2026-04-20"}).context["answer"]
        assert (answer["due_strict"], answer["due_legal"]) == ("2026-05-13", "2026-05-13")

    def test_an_extension_is_counted_in(self, officer_page):
        asked = {"rule": "CP-6", "from": "2026-04-20", "add-n": "15", "add-unit": "WD"}
        assert officer_page.get("/due/", asked).context["answer"]["due_strict"] == "2026-06-03"

    def test_a_stop_does_not_count(self, officer_page):
        asked = {"rule": "CP-6", "from": "2026-04-20", "stop-from": "2026-04-21", "stop-to": "2026-04-22"}
        assert officer_page.get("/due/", asked).context["answer"]["due_strict"] == "2026-05-15"

    def test_the_day_of_receipt_decides_between_old_and_new_order(self, officer_page):
        asked = {"rule": "CP-1", "from": "2026-04-20", "received_on": "2026-04-10"}
        assert officer_page.get("/due/", asked).context["answer"]["applied"] == "CP-O1"

    def test_a_year_without_a_calendar_is_marked(self, officer_page):
        page = officer_page.get("/due/", {"rule": "CP-6", "from": "2031-04-20"}).content.decode()
        assert "暂定" in page

    @pytest.mark.parametrize("start", ["明天", "2024-13-01", "NaN", "9" * 5000, "3000-01-01"])
    def test_a_start_that_is_none_is_refused_on_the_page(self, officer_page, start):
        answer = officer_page.get("/due/", {"rule": "CP-6", "from": start})
        assert (answer.status_code, bool(answer.context["problems"])) == (422, True)

    @pytest.mark.parametrize(
        "rule", sorted({r.unit: r.id for r in deadline_rules.load().rules.values()}.values())
    )
    def test_a_rule_of_every_unit_answers(self, officer_page, rule):
        assert officer_page.get("/due/", {"rule": rule, "from": "2026-05-20"}).status_code == 200


class TestPenalty:
    def test_every_rule_can_be_chosen(self, officer_page):
        choices = officer_page.get("/penalty/").context["choices"]
        assert {c.id for _, found in choices for c in found} == set(penalty_rules.load().rules)

    def test_only_the_facts_of_the_rule_are_asked(self, officer_page):
        fields = officer_page.get("/penalty/", {"rule": "P81-3"}).context["fields"]
        assert [f["fact"].name for f in fields] == ["goods_value", "income", "serious"]

    def test_the_range_and_its_bands_stand_on_the_page(self, officer_page):
        asked = {"rule": "P81-3", "on": "2024-05-01", "goods_value": "20000"}
        context = officer_page.get("/penalty/", asked).context
        assert (context["fine"], len(context["bands"])) == ("300,000 至 600,000 元", 3)

    def test_the_bands_carry_the_mark_that_nobody_checked_them(self, officer_page):
        asked = {"rule": "P81-3", "on": "2024-05-01", "goods_value": "20000"}
        assert "未核实" in officer_page.get("/penalty/", asked).content.decode()

    def test_persons_are_named_where_it_is_serious(self, officer_page):
        asked = {
            "rule": "P81-3",
            "on": "2024-05-01",
            "goods_value": "20000",
            "serious": "1",
            "income": "1000",
        }
        assert "罚款 300 至 3,000 元" in officer_page.get("/penalty/", asked).context["persons"]

    @pytest.mark.parametrize("value", ["", "-1", "NaN", "一万", "1" * 5000])
    def test_an_amount_that_is_none_is_refused_on_the_page(self, officer_page, value):
        asked = {"rule": "P81-3", "on": "2024-05-01", "goods_value": value}
        answer = officer_page.get("/penalty/", asked)
        assert (answer.status_code, bool(answer.context["problems"])) == (422, True)

    def test_a_circumstance_points_to_its_step(self, officer_page):
        asked = {"rule": "P81-3", "on": "2024-05-01", "goods_value": "1", "circumstances": "S0-1"}
        assert officer_page.get("/penalty/", asked).context["steps"] == ["不予处罚"]

    @pytest.mark.parametrize(
        "rule",
        sorted({v[-1].kind: k for k, v in penalty_rules.load().rules.items() if not v[-1].stages}.values()),
    )
    def test_an_entry_that_sets_no_fine_explains_itself(self, officer_page, rule):
        context = officer_page.get("/penalty/", {"rule": rule, "on": "2025-05-01"}).context
        assert bool(context["problems"]) != (context["found"] is not None)


class TestNumber:
    def test_a_certificate_is_taken_apart(self, officer_page):
        (answer,) = officer_page.get("/number/", {"q": "国械注准20173223152"}).context["answers"]
        assert (answer["valid"], ("年份", "2017") in answer["parts"] or answer["parts"]) != (False, [])

    def test_what_was_put_right_is_said(self, officer_page):
        (answer,) = officer_page.get("/number/", {"q": "黒械注准20152630007"}).context["answers"]
        assert [c["to"] for c in answer["changes"]] == ["黑械注准20152630007"]

    def test_each_line_is_a_number(self, officer_page):
        assert len(officer_page.get("/number/", {"q": "甲\n\n乙\n"}).context["answers"]) == 2

    @pytest.mark.parametrize("text", ["hello", "\x00", "😀", "x" * 5000])
    def test_anything_else_is_answered_with_a_problem(self, officer_page, text):
        (answer,) = officer_page.get("/number/", {"q": text}).context["answers"]
        assert (answer["valid"], bool(answer["problems"])) == (False, True)


class TestDeviceCode:
    def test_a_code_names_product_batch_and_expiry(self, officer_page):
        (answer,) = officer_page.get("/udi/", {"q": PRINTED}).context["answers"]
        assert (answer["di"], answer["lot"], answer["expires_on"]) == ("06972253600013", "A1", "2026-09-30")

    def test_a_code_of_nobody_is_answered_with_what_to_do(self, officer_page):
        assert "请完整录入" in officer_page.get("/udi/", {"q": "hello"}).content.decode()

    def test_the_code_on_a_photo_is_read(self, officer_page):
        drawn = zxingcpp.create_barcode(PRINTED, zxingcpp.BarcodeFormat.DataMatrix, gs1=True).to_image(
            scale=6
        )
        pixels = memoryview(drawn)
        file = BytesIO()
        Image.frombytes("L", (pixels.shape[1], pixels.shape[0]), pixels.tobytes()).save(file, "PNG")
        photo = SimpleUploadedFile("a.png", file.getvalue(), "image/png")
        (answer,) = officer_page.post("/udi/", {"photo": photo}).context["answers"]
        assert (answer["valid"], answer["di"], answer["lot"]) == (True, "06972253600013", "A1")

    def test_a_photo_without_a_code_says_how_to_take_one(self, officer_page):
        blank = BytesIO()
        Image.new("L", (200, 200), "white").save(blank, "PNG")
        photo = SimpleUploadedFile("a.png", blank.getvalue(), "image/png")
        assert "没有找到条码" in officer_page.post("/udi/", {"photo": photo}).content.decode()

    def test_what_is_no_picture_is_refused(self, officer_page):
        assert officer_page.post("/udi/", {"photo": SimpleUploadedFile("a.png", b"x")}).status_code == 422


class TestRuleBook:
    def test_shows_every_entry_somewhere(self, officer_page):
        assert officer_page.get("/rules/").context["total"] == len(rule_book.entries())

    def test_a_filter_narrows_and_the_address_keeps_it(self, officer_page):
        context = officer_page.get("/rules/", {"kind": "deadlines", "status": "unverified"}).context
        assert ({line.entry.kind for line in context["page"]}, context["query"]) == (
            {"deadlines"},
            "kind=deadlines&status=unverified",
        )

    def test_unverified_entries_carry_the_mark(self, officer_page):
        page = officer_page.get("/rules/", {"status": "unverified"})
        assert page.content.decode().count('class="unverified"') == len(page.context["page"])

    def test_a_time_limit_leads_to_its_calculation(self, officer_page):
        lines = officer_page.get("/rules/", {"q": "CP-1 ", "kind": "deadlines"}).context["page"]
        assert "/due/?rule=CP-1" in [line.tool for line in lines]

    def test_the_export_holds_the_rows_of_the_filter(self, officer_page):
        answer = officer_page.get("/rules/", {"kind": "register", "format": "xlsx"})
        (sheet,) = load_workbook(BytesIO(answer.content)).worksheets
        assert sheet.max_row == len(rule_book.search(rule_book.entries(), kind="register")) + 1

    @pytest.mark.parametrize(
        "address", ["/rules/?on=x", "/rules/changes/?from=x", "/rules/changes/?until=2024-02-30"]
    )
    def test_a_day_that_is_none_is_said(self, officer_page, address):
        assert officer_page.get(address).status_code == 422

    def test_changes_stand_with_what_was_before_and_after(self, officer_page):
        found = officer_page.get("/rules/changes/?from=2026-04-14&until=2026-04-15").context["changes"]
        assert "CP-1" in {c.id for c in found}

    def test_the_days_may_be_given_in_either_order(self, officer_page):
        found = officer_page.get("/rules/changes/?from=2026-04-15&until=2026-04-14").context
        assert (found["first"], found["second"]) == ("2026-04-14", "2026-04-15")
