"""Files of rows: what is read, what is refused, and where the problem is said to be."""

import datetime as dt
import gzip
import io
import tracemalloc
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from xiejian.kernel import tabular
from xiejian.kernel.problems import Refused
from xiejian.kernel.tabular import Column

COLUMNS = (
    Column("主体名称", True, synonyms=("企业名称",)),
    Column("环节", True),
    Column("行政区划代码", True),
    Column("发证日期"),
)
HEAD = ["主体名称", "环节", "行政区划代码", "发证日期"]
ROW = ["甲", "经营", "150525", "2024-03-05"]


@pytest.fixture
def write(tmp_path):
    """Write a file of bytes, text rows (csv) or cells (xlsx) and give its path."""

    def make(name: str, content) -> Path:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif name.endswith(".xlsx"):
            book = openpyxl.Workbook()
            for i, (title, rows) in enumerate(content.items()):
                sheet = book.active if i == 0 else book.create_sheet()
                sheet.title = title
                for row in rows:
                    sheet.append(row)
            book.save(path)
        else:
            text = "\n".join(",".join(row) for row in content)
            path.write_text(text, encoding="utf-8")
        return path

    return make


def csv_text(*rows):
    return "\r\n".join(",".join(row) for row in rows)


def values(path):
    return [row.values for row in tabular.read(path, COLUMNS).rows()]


def refused(path):
    with pytest.raises(Refused) as caught:
        list(tabular.read(path, COLUMNS).rows())
    return caught.value.first


EXPECTED = [dict(zip(HEAD, ROW, strict=True))]


class TestATextFile:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_is_read_in_its_encoding(self, write, encoding):
        assert values(write("a.csv", csv_text(HEAD, ROW).encode(encoding))) == EXPECTED

    def test_is_read_when_compressed(self, write):
        assert values(write("a.csv.gz", gzip.compress(csv_text(HEAD, ROW).encode()))) == EXPECTED

    @pytest.mark.parametrize("delimiter", ["\t", ";"])
    def test_is_read_with_another_separator(self, write, delimiter):
        text = csv_text(HEAD, ROW).replace(",", delimiter)
        assert values(write("a.csv", text.encode())) == EXPECTED

    def test_keeps_line_breaks_inside_a_cell(self, write):
        text = csv_text(HEAD, ['"甲\r\n乙"', *ROW[1:]])
        rows = list(tabular.read(write("a.csv", text.encode()), COLUMNS).rows())
        assert (rows[0].values["主体名称"], rows[0].number) == ("甲\r\n乙", 2)

    def test_with_more_cells_than_headings_says_so_at_the_row(self, write):
        rows = list(tabular.read(write("a.csv", csv_text(HEAD, [*ROW, "多"]).encode()), COLUMNS).rows())
        assert [p.code for p in rows[0].faults] == ["K410"]

    def test_of_no_known_encoding_is_refused(self, write):
        assert refused(write("a.csv", "主体名称,环节\n".encode() + b"\xff\xff\xff\x81")).code == "K408"


class TestAWorkbook:
    def test_is_read(self, write):
        path = write("a.xlsx", {"表": [HEAD, ["甲", "经营", 150525, dt.date(2024, 3, 5)]]})
        assert values(path) == [
            {"主体名称": "甲", "环节": "经营", "行政区划代码": 150525, "发证日期": dt.date(2024, 3, 5)}
        ]

    def test_names_sheet_and_row(self, write):
        path = write("a.xlsx", {"名录": [["标题"], [], HEAD, ROW, [], ROW]})
        assert [row.where for row in tabular.read(path, COLUMNS).rows()] == ["名录第4行", "名录第6行"]

    def test_with_several_sheets_gives_the_rows_of_all_that_have_headings(self, write):
        path = write("a.xlsx", {"城区": [HEAD, ROW], "东明": [HEAD, ROW], "说明": [["请如实填写"]]})
        table = tabular.read(path, COLUMNS)
        assert [row.sheet for row in table.rows()] == ["城区", "东明"]
        assert table.skipped == ["说明"]

    def test_with_a_merged_title_above_is_read(self, tmp_path, write):
        path = tmp_path / "a.xlsx"
        book = xlsxwriter.Workbook(str(path))
        sheet = book.add_worksheet("表")
        sheet.merge_range(0, 0, 0, 3, "名录")
        sheet.write_row(1, 0, HEAD)
        sheet.write_row(2, 0, ROW)
        book.close()
        assert values(path) == EXPECTED

    def test_with_a_million_formatted_empty_rows_stays_fast_and_small(self, tmp_path):
        path = tmp_path / "a.xlsx"
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
        sheet, border = book.add_worksheet("表"), book.add_format({"border": 1})
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, ROW)
        for row in range(2, 1_000_000, 3):  # a third of them: writing the file is the slow part of the test
            sheet.write_blank(row, 0, None, border)
        book.close()
        tracemalloc.start()
        try:
            assert values(path) == EXPECTED
            assert tracemalloc.get_traced_memory()[1] < 50_000_000
        finally:
            tracemalloc.stop()

    def test_with_one_stray_blank_in_the_last_row_is_read_the_sparse_way(self, tmp_path, monkeypatch):
        path = tmp_path / "a.xlsx"
        book = xlsxwriter.Workbook(str(path))
        sheet = book.add_worksheet("表")
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, ROW)
        sheet.write(300_000, 20, " ")
        book.close()
        assert values(path) == EXPECTED
        assert tabular._is_sparse(path, "xl/worksheets/sheet1.xml")


class TestHeadings:
    @pytest.mark.parametrize(
        "name", ["主体名称*", "主体名称 ＊", "企业名称", "主 体 名 称", "主体名称（必填）", "　主体名称"]
    )
    def test_are_recognised_in_other_writings(self, write, name):
        assert values(write("a.csv", csv_text([name, *HEAD[1:]], ROW).encode())) == EXPECTED

    def test_are_found_under_titles_and_blank_rows(self, write):
        text = csv_text(["某某局名录", "", "", ""], ["", "", "", ""], ["填表人：", "张三", "", ""], HEAD, ROW)
        assert values(write("a.csv", text.encode())) == EXPECTED

    def test_in_any_order_are_fine(self, write):
        assert values(write("a.csv", csv_text(HEAD[::-1], ROW[::-1]).encode())) == EXPECTED

    def test_that_the_form_does_not_know_keep_their_own_name(self, write):
        path = write("a.csv", csv_text([*HEAD, "备注栏"], [*ROW, "好"]).encode())
        assert values(path) == [{**EXPECTED[0], "备注栏": "好"}]

    def test_without_a_required_one_are_refused(self, write):
        problem = refused(write("a.csv", csv_text(HEAD[:2], ROW[:2]).encode()))
        assert (problem.code, "行政区划代码" in problem.message) == ("K405", True)

    def test_that_appear_twice_are_refused_with_both_columns(self, write):
        problem = refused(write("a.csv", csv_text([*HEAD, "企业名称"], [*ROW, "乙"]).encode()))
        assert (problem.code, problem.where) == ("K406", "第1行，A、E列")

    def test_that_are_all_unknown_are_refused(self, write):
        assert refused(write("a.csv", csv_text(["a", "b"], ["1", "2"]).encode())).code == "K404"

    def test_that_are_merged_are_refused_with_the_area(self, tmp_path):
        path = tmp_path / "a.xlsx"
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "名录"
        sheet.append([*HEAD[:3], "发证日期", None])
        sheet.append(ROW)
        sheet.merge_cells("D1:E1")
        book.save(path)
        problem = refused(path)
        assert (problem.code, problem.where, "D1:E1" in problem.message) == ("K407", "名录第1行", True)

    def test_of_two_rows_are_refused_with_the_area(self, tmp_path):
        path = tmp_path / "a.xlsx"
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.append(HEAD)
        sheet.append([None] * 4)
        sheet.append(ROW)
        sheet.merge_cells("A1:A2")
        book.save(path)
        assert refused(path).code == "K407"

    def test_of_either_of_two_are_enough(self, write):
        path = write("a.csv", csv_text(HEAD[:3], ROW[:3]).encode())
        columns = (Column("主体名称"), Column("统一社会信用代码"), Column("环节", True))
        assert tabular.read(path, columns, either=("主体名称", "统一社会信用代码"))

    def test_of_neither_of_two_are_refused(self, write):
        path = write("a.csv", csv_text(["环节", "发证日期"], ["经营", ""]).encode())
        columns = (Column("主体名称"), Column("统一社会信用代码"), Column("环节", True), Column("发证日期"))
        with pytest.raises(Refused) as caught:
            tabular.read(path, columns, either=("主体名称", "统一社会信用代码"))
        assert caught.value.first.code == "K405"


class TestAFileThatCannotBeUsed:
    def test_because_it_is_not_there(self, tmp_path):
        assert refused(tmp_path / "没有.csv").code == "K402"

    @pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
    def test_because_it_is_empty(self, write, content):
        assert refused(write("a.csv", content)).code == "K409"

    def test_because_its_sheets_are_empty(self, write):
        assert refused(write("a.xlsx", {"表": []})).code == "K409"

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.pdf", b"%PDF-1.4"),
            ("a.xls", b"\xd0\xcf\x11\xe0abc"),
            ("a.xlsx", b"\xd0\xcf\x11\xe0abc"),
            ("a.xlsx", b"<html></html>"),
            ("a.csv", b"PK\x03\x04zip"),
            ("a.csv", b"\xd0\xcf\x11\xe0abc"),
            ("a.docx", b"PK\x03\x04"),
        ],
    )
    def test_because_of_its_type(self, write, name, content):
        problem = refused(write(name, content))
        assert (problem.code, name in problem.where, ".xlsx" in problem.next) == ("K401", True, True)

    @pytest.mark.parametrize(
        ("name", "content"), [("a.xlsx", b"PK\x03\x04broken"), ("a.csv.gz", b"\x1f\x8b\x08broken")]
    )
    def test_because_it_is_broken(self, write, name, content):
        assert refused(write(name, content)).code == "K403"


class TestACellThatCannotBeUsed:
    def test_a_formula_without_a_stored_result_names_row_and_column(self, write):
        path = write("a.xlsx", {"表": [HEAD, ROW, ["=A2", "经营", "150525", None]]})
        rows = list(tabular.read(path, COLUMNS).rows())
        assert [(p.code, p.where) for p in rows[1].faults] == [("K411", "表第3行，A列主体名称")]
        assert rows[0].faults == []

    def test_a_formula_with_its_result_is_read(self, tmp_path):
        path = tmp_path / "a.xlsx"
        book = xlsxwriter.Workbook(str(path))
        sheet = book.add_worksheet("表")
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, ROW)
        sheet.write_formula(1, 0, '="甲"', None, "甲")
        book.close()
        rows = list(tabular.read(path, COLUMNS).rows())
        assert (rows[0].values["主体名称"], rows[0].faults) == ("甲", [])

    def test_an_error_value_names_row_and_column(self, tmp_path):
        path = tmp_path / "a.xlsx"
        book = xlsxwriter.Workbook(str(path))
        sheet = book.add_worksheet("表")
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, ROW)
        sheet.write_formula(1, 3, "=1/0", None, "#DIV/0!")
        book.close()
        rows = list(tabular.read(path, COLUMNS).rows())
        assert [(p.code, p.where) for p in rows[0].faults] == [("K414", "表第2行，D列发证日期")]

    def test_merged_data_names_the_area_at_each_of_its_rows(self, tmp_path):
        path = tmp_path / "a.xlsx"
        book = openpyxl.Workbook()
        sheet = book.active
        for row in (HEAD, ROW, ["乙", *ROW[1:]]):
            sheet.append(row)
        sheet.merge_cells("B2:B3")
        book.save(path)
        rows = list(tabular.read(path, COLUMNS).rows())
        assert [[p.code for p in row.faults] for row in rows] == [["K412"], ["K412"]]


class TestAWorkbookThatIsWritten:
    def test_reads_back(self, tmp_path):
        path = tmp_path / "out.xlsx"
        written = tabular.write_xlsx(path, "名录", HEAD, [["甲", "经营", "150525", dt.date(2024, 3, 5)]])
        assert written == 1
        assert values(path) == [{**EXPECTED[0], "发证日期": dt.date(2024, 3, 5)}]

    def test_keeps_text_as_text(self):
        stream = io.BytesIO()
        tabular.write_xlsx(stream, "a/b*", ["甲"], [["=1+1"], ["http://x"], [True], [None]])
        cells = [row[0].value for row in openpyxl.load_workbook(stream).active.iter_rows(min_row=2)]
        assert cells[:3] == ["=1+1", "http://x", "是"]

    def test_does_not_take_the_reason_column_for_data(self, write):
        path = write("a.csv", csv_text([*HEAD, tabular.REASON], [*ROW, "[K301] 日期"]).encode())
        assert values(path) == EXPECTED
