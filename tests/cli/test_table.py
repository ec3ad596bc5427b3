"""xiejian table: the contract's answer, its files, and what it refuses."""

from __future__ import annotations

import json

import openpyxl
import pytest
from click.testing import CliRunner
from docx import Document

from supervision_year import OFFICE, Year
from xiejian.cli.main import main


@pytest.fixture
def shop(db, now):
    year = Year(now)
    shop = year.party("店", "经营", "无菌")
    year.visit(shop, "2023-06-01", 3)
    year.case(shop, "2023-06-01", "2023-06-20", fine_fen=6_925_000)
    return shop


def run(*arguments: str):
    return CliRunner().invoke(main, ["table", *arguments])


def answer(*arguments: str):
    result = run(*arguments, "--json")
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.django_db
class TestTheAnswer:
    ASK = ("naiman-2023-1", "--until", "2023-06-30", "--office", OFFICE)

    def test_names_its_columns(self, shop):
        _, table = answer(*self.ASK)
        assert table["columns"][6:8] == ["罚没款（万元）", "处罚主要责任人"]

    def test_gives_a_row_its_path_of_headings(self, shop):
        _, table = answer(*self.ASK)
        assert table["rows"][5]["label"] == ["无菌医疗器械", "经营"]

    def test_gives_the_cells_as_numbers(self, shop):
        _, table = answer(*self.ASK)
        assert table["rows"][5]["cells"] == [1, 3, 1, 0, 0, 1, 6.93, 0, 0, 0, 0, 0]

    def test_leaves_open_what_is_not_recorded(self, db):
        _, table = answer("monthly-inspection", "--until", "2023-06-30")
        cell = dict(zip(table["columns"], table["rows"][0]["cells"], strict=True))
        assert cell["不良事件报告数"] is None

    def test_says_from_and_until(self, shop):
        _, table = answer(*self.ASK, "--from", "2023年6月1日")
        assert (table["from"], table["until"]) == ("2023-06-01", "2023-06-30")

    def test_takes_a_setting(self, shop):
        _, table = answer(*self.ASK, "--setting", "case_basis=decided")
        assert table["settings"]["case_basis"] == "decided"

    def test_is_readable_without_json(self, shop):
        assert "无菌医疗器械 经营\t1\t3\t1" in run(*self.ASK).output


@pytest.mark.django_db
class TestTheFiles:
    ASK = ("naiman-2023-1", "--until", "2023-06-30", "--office", OFFICE)

    def test_a_workbook_holds_the_cells_as_numbers(self, shop, tmp_path):
        run(*self.ASK, "--out", str(tmp_path / "表一.xlsx"))
        sheet = openpyxl.load_workbook(tmp_path / "表一.xlsx").worksheets[0]
        assert 6.93 in [c.value for row in sheet.iter_rows() for c in row]

    def test_a_word_document_holds_the_title(self, shop, tmp_path):
        run(*self.ASK, "--out", str(tmp_path / "表一.docx"))
        text = [p.text for p in Document(str(tmp_path / "表一.docx")).paragraphs]
        assert "2023年医疗器械质量安全专项整治工作情况统计表一" in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nothing", "--until", "2023-06-30"), "F101"),
        (("naiman-2023-1", "--until", "2023-02-30"), "K301"),
        (("naiman-2023-1", "--until", ""), "X403"),
        (("naiman-2023-1", "--until", "2023-05-15"), "F103"),
        (("naiman-2023-1", "--until", "2023-06-30", "--office", "奈曼旗"), "F107"),
        (("naiman-2023-1", "--until", "2023-06-30", "--setting", "case_basis"), "X401"),
        (("naiman-2023-1", "--until", "2023-06-30", "--setting", "case_basis=x"), "F105"),
        (("naiman-2023-1", "--until", "2023-06-30", "--out", "表.pdf"), "X402"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_problem(arguments, code):
    exit_code, problem = answer(*arguments)
    assert (exit_code, problem["code"]) == (2, code)
