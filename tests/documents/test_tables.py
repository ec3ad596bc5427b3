"""Report tables as workbook and Word document: the form's merged headings, header fields, note, numbers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from openpyxl import load_workbook

from xiejian.documents import table_docx, table_xlsx
from xiejian.figures import forms
from xiejian.figures.tables import ComputedTable, Heading, Row

HEADER = {"填报单位": "奈曼旗市场监督管理局", "填报人": "王某"}


def filled(form_id: str) -> ComputedTable:
    """The form with a running number in each cell, money in 万元 and no figure in the last cell."""
    form = forms.form(form_id)
    money = [c.label.startswith("罚没款") for c in form.shown]
    headings = tuple(
        Heading(c.id, c.label, c.group, "", 2 if is_money else 0, "")
        for c, is_money in zip(form.shown, money, strict=True)
    )
    rows = []
    for r, line in enumerate(form.rows):
        numbers = [r * 100 + c for c in range(len(headings))]
        cells = [Decimal(n) / 100 if m else n for n, m in zip(numbers, money, strict=True)]
        rows.append(Row(line.id, line.label, line.span or (1,) * len(line.label), cells, line.parent))
    rows[-1].cells[-1] = None
    return ComputedTable(
        form.id, form.title, dt.date(2023, 5, 16), dt.date(2023, 11, 15), "150525", form.label_heading,
        form.label_width, headings, rows, ["口径一"], [], header=form.header,
        note="备注：截止2023年11月15日的累计数",
        repeat_heading_after=form.repeat_heading_after,
    )  # fmt: skip


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "table.xlsx"
    table_xlsx.write(filled("naiman-2023-2"), path, HEADER)
    return load_workbook(path)


@pytest.fixture(scope="module")
def sheet(workbook):
    return workbook.worksheets[0]


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "table.docx"
    table_docx.write(filled("naiman-2023-2"), path, HEADER)
    return Document(str(path))


def merged(sheet) -> set[str]:
    return {str(cells) for cells in sheet.merged_cells.ranges}


class TestWorkbook:
    def test_merges_the_heading_over_all_label_columns(self, sheet):
        assert (sheet["A4"].value, "A4:C4" in merged(sheet)) == ("整治项目", True)

    def test_merges_of_which_down_its_rows_as_on_the_form(self, sheet):
        assert (sheet["A7"].value, "A7:A10" in merged(sheet)) == ("其中", True)

    def test_merges_a_row_without_parts_across_the_label_columns(self, sheet):
        assert (sheet["A11"].value, "A11:C11" in merged(sheet)) == ("其他疫情防控医疗器械产品经营", True)

    def test_has_all_rows_and_figures_of_the_form(self, sheet):
        numbers = [c.value for row in sheet["D5:R29"] for c in row if isinstance(c.value, int | float)]
        assert len(numbers) == 25 * 15 - 1

    def test_writes_money_as_a_number_with_two_decimals(self, sheet):
        (column,) = [cell.column for cell in sheet[4] if cell.value == "罚没款（万元）"]
        cell = sheet.cell(5, column)
        assert (cell.value, cell.number_format) == (0.07, "0.00")

    def test_shows_a_dash_where_there_is_no_figure(self, sheet):
        assert sheet["R29"].value == "—"

    def test_shows_the_header_fields_with_what_is_known(self, sheet):
        fields = [cell.value for row in sheet["A2:R3"] for cell in row if cell.value]
        assert fields == [
            "填报单位：奈曼旗市场监督管理局",
            "盟市市场监督管理局（盖章）：",
            "填报人：王某",
            "联系方式：",
        ]

    def test_ends_with_the_cut_off_date(self, sheet):
        assert sheet["A30"].value == "备注：截止2023年11月15日的累计数"

    def test_prints_landscape_on_a4_with_the_heading_on_every_page(self, sheet):
        setup = (sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.print_title_rows)
        assert setup == ("landscape", 9, "$4:$4")

    def test_starts_a_new_page_where_the_form_does(self, sheet):
        assert [b.id for b in sheet.row_breaks.brk] == [13]

    def test_keeps_heading_and_labels_in_sight(self, sheet):
        assert sheet.freeze_panes == "D5"

    def test_explains_its_figures_on_a_second_sheet(self, workbook):
        assert workbook["口径说明"]["A1"].value == "口径一"


class TestWordDocument:
    def test_lies_on_its_side(self, document):
        assert document.sections[0].orientation == WD_ORIENT.LANDSCAPE

    def test_merges_of_which_down_its_rows(self, document):
        cells = document.tables[0]._cells
        across = 3 + 15
        column = [cells[row * across] for row in range(26)]
        assert [c.text for c in column[3:7]] == ["其中"] * 4
        assert len({id(c._tc) for c in column[3:7]}) == 1

    def test_repeats_its_heading(self, document):
        assert document.tables[0].rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None

    def test_prints_money_with_two_decimals_and_a_dash_for_nothing(self, document):
        cells = document.tables[0]._cells
        across = 3 + 15
        assert (cells[across + 3 + 7].text, cells[-1].text) == ("0.07", "—")

    def test_shows_header_fields_and_note(self, document):
        texts = [p.text for p in document.paragraphs]
        assert "填报单位：奈曼旗市场监督管理局\t盟市市场监督管理局（盖章）：" in texts
        assert "备注：截止2023年11月15日的累计数" in texts

    def test_fills_the_line_and_no_more(self, document):
        widths = [column.width.mm for column in document.tables[0].columns]
        assert 250 < sum(widths) <= table_docx.LINE_MM + 1


@pytest.mark.parametrize("form_id", sorted(forms.forms()))
def test_every_table_can_be_written_both_ways(tmp_path, form_id):
    computed = filled(form_id)
    table_docx.write(computed, tmp_path / "t.docx", {})
    table_xlsx.write(computed, tmp_path / "t.xlsx", {})
    sheet = load_workbook(tmp_path / "t.xlsx").worksheets[0]
    assert (sheet["A1"].value, Document(str(tmp_path / "t.docx")).paragraphs[0].text) == (computed.title,) * 2
