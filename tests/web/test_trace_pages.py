"""追溯, 模拟召回, 进销存矛盾: what the pages say, what they give away, how they refuse."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from docx import Document
from openpyxl import load_workbook

from moment import NOW
from traced import CLINIC, DEALER, DI, HOSPITAL, LOT, OTHER, TODAY, deliver, lot_on_its_way, move
from xiejian.coldchain.models import AffectedLot, Excursion, Logger
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import Party
from xiejian.supply.models import Movement
from xiejian.supply.trace import Asked, trace
from xiejian.web.trace_graph import MOST_OF_A_LAYER, graph

ASKED = f"di={DI}&lot={LOT}&on={TODAY}"


@pytest.fixture
def on_its_way(naiman):
    lot_on_its_way()


@pytest.fixture
def officer(as_role):
    return as_role("section_officer")


def text(answer) -> str:
    return answer.content.decode()


class TestTracing:
    def test_says_who_has_it_and_what_is_missing(self, officer, on_its_way):
        page = text(officer.get(f"/trace/?{ASKED}"))
        assert "奈曼经销 → 奈曼医院：发出 30，登记收到 28，2 没有收货记录" in page
        assert "记录不可见" in page and "独山" not in page

    def test_takes_what_a_scanner_sends(self, officer, on_its_way):
        assert "奈曼医院" in text(officer.get("/trace/", {"udi": f"(01){DI}(10){LOT}", "on": TODAY}))

    def test_of_a_product_alone_offers_its_lots(self, officer, on_its_way):
        assert f"批号 {LOT}" in text(officer.get(f"/trace/?di={DI}&on={TODAY}"))

    @pytest.mark.parametrize(("table", "rows"), [("nodes", 3), ("edges", 2)])
    def test_gives_its_tables_as_workbooks(self, officer, on_its_way, table, rows):
        answer = officer.get(f"/trace/?{ASKED}&table={table}")
        sheet = load_workbook(io.BytesIO(answer.content)).active
        assert sheet.max_row == rows + 1

    @pytest.mark.parametrize("asked", ["lot=none&di=x", "udi=(10)A1"])
    def test_that_finds_nothing_says_why(self, officer, on_its_way, asked):
        answer = officer.get(f"/trace/?{asked}")
        assert (answer.status_code, "处理" in text(answer)) == (422, True)

    def test_asks_the_store_as_often_however_many_firms_there_are(
        self, officer, on_its_way, django_assert_max_num_queries
    ):
        for n in range(30):
            deliver(DEALER, f"9115052500000{n:04}X", 1)
        with django_assert_max_num_queries(14):
            officer.get(f"/trace/?{ASKED}")


class TestGraph:
    def test_has_a_box_for_every_firm_and_a_line_for_every_way(self, on_its_way):
        drawn = graph(trace(SYSTEM, Asked(DI, LOT), on=TODAY))
        assert (len(drawn.boxes), len(drawn.lines)) == (5, 4)

    def test_of_many_firms_the_small_ones_share_a_box(self, on_its_way):
        for n in range(30):
            deliver(DEALER, f"9115052500000{n:04}X", 1)
        boxes = graph(trace(SYSTEM, Asked(DI, LOT), on=TODAY)).boxes
        assert [box.name for box in boxes if not box.key] == ["其余 22 家"]
        assert len(boxes) == 1 + 2 + MOST_OF_A_LAYER + 1

    def test_a_firm_with_too_little_is_never_among_the_rest(self, on_its_way):
        for n in range(30):
            deliver(DEALER, f"9115052500000{n:04}X", 5)
        move("91150525000000029X", "use", 9)
        drawn = graph(trace(SYSTEM, Asked(DI, LOT), on=TODAY))
        assert "91150525000000029X" in {box.key for box in drawn.boxes}


class TestMockRecall:
    def test_names_whom_to_tell(self, officer, on_its_way):
        page = text(officer.get(f"/trace/recall/?{ASKED}"))
        assert "奈曼医院" in page and "要通知的单位（2 家）" in page

    def test_gives_its_report_as_word(self, officer, on_its_way):
        answer = officer.get(f"/trace/recall/?{ASKED}&format=docx")
        cells = {cell.text for table in Document(io.BytesIO(answer.content)).tables for cell in table._cells}
        assert {"奈曼医院", "27", "奈曼旗市场监督管理局"} <= cells

    def test_of_nothing_is_refused(self, officer, on_its_way):
        assert officer.get("/trace/recall/?di=x&lot=y").status_code in (404, 409, 422)


class TestContradictions:
    @pytest.fixture
    def wrong(self, on_its_way):
        for place in (HOSPITAL, CLINIC):
            move(place, "implant", 1)

    def test_lists_those_of_the_area_with_a_step_to_a_visit(self, officer, wrong):
        page = text(officer.get("/trace/contradictions/?kind=no_patient&since=2024-01-01"))
        assert "植入无患者代号" in page and "独山诊所" not in page
        assert "安排有因检查" in page

    def test_lead_to_a_visit_that_names_the_record(self, officer, wrong):
        record = Movement.objects.get(kind="implant", firm_uscc=HOSPITAL, patient="")
        party = Party.objects.get(uscc=HOSPITAL)
        page = text(officer.get(f"/visits/new/?party={party.pk}&from=movement&record={record.pk}"))
        assert f"/supply/{record.pk}/" in page and record.record_no in page

    @pytest.mark.parametrize(("asked", "found"), [("q=奈曼医院", 1), ("q=经销", 0)])
    def test_are_searched_by_firm(self, officer, wrong, asked, found):
        url = f"/trace/contradictions/?kind=no_patient&since=2024-01-01&{asked}"
        assert text(officer.get(url)).count("植入记录没有患者代号") == found

    def test_name_what_was_handed_on_after_a_cold_chain_gap(self, officer, on_its_way):
        logger = Logger.objects.create(
            firm_uscc=DEALER, office_code="150525100", code="1", place="冷库", kind="cold",
            interval_seconds=600, used_from=TODAY,
        )  # fmt: skip
        gap = Excursion.objects.create(
            logger=logger, kind="gap", start=NOW, on=TODAY - dt.timedelta(40), state="open", found_at=NOW
        )
        AffectedLot.objects.create(excursion=gap, di=DI, lot=LOT)
        page = text(officer.get("/trace/contradictions/?kind=cold_chain&since=2024-01-01"))
        assert page.count("此前冷链记录超出范围或者中断") == 1

    def test_are_exported(self, officer, wrong):
        answer = officer.get("/trace/contradictions/?kind=no_patient&since=2024-01-01&format=xlsx")
        assert load_workbook(io.BytesIO(answer.content)).active.max_row == 2

    def test_of_another_county_are_not_told(self, officer, on_its_way):
        move(OTHER, "implant", 1)
        assert "独山" not in text(officer.get("/trace/contradictions/?since=2024-01-01"))
