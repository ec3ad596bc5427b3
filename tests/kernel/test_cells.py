"""Cells of an imported row become facts or problems that name their column."""

import datetime as dt

import pytest

from xiejian.kernel.cells import Cells, clean, name_key, read_classes, split, tag_list, tag_text


def codes(cells):
    return [(p.code, p.where) for p in cells.problems]


class TestACellAsText:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (" 奈曼旗００１号　诊所 ", "奈曼旗001号 诊所"),
            (13800000000.0, "13800000000"),
            (None, ""),
            ("甲\x00乙", "甲乙"),
            ("（甲）、乙", "（甲）、乙"),
            ("ＡＢ", "AB"),
            ("甲\u200b", "甲"),
            (["无菌", "植入"], "无菌、植入"),
            ("a\r\nb", "a b"),
        ],
    )
    def test_is_put_into_one_writing(self, given, expected):
        assert clean(given) == expected

    def test_a_change_of_writing_is_shown(self):
        cells = Cells({"地址": "１号"})
        cells.text("地址")
        assert cells.changes == [{"column": "地址", "from": "１号", "to": "1号", "why": "全角字符或多余空格"}]

    def test_blanks_at_the_ends_are_no_change(self):
        cells = Cells({"地址": " 1号 "})
        assert (cells.text("地址"), cells.changes) == ("1号", [])

    def test_too_long_a_text_is_a_problem(self):
        cells = Cells({"地址": "长" * 11})
        cells.text("地址", 10)
        assert codes(cells) == [("K507", "地址")]

    def test_a_required_cell_that_is_empty_is_a_problem(self):
        cells = Cells({"地址": " "})
        cells.text("地址", required=True)
        assert codes(cells) == [("K501", "地址")]


class TestPartsOfACell:
    @pytest.mark.parametrize(
        "text", ["无菌、植入", "无菌,植入", "无菌；植入", "无菌|植入", "无菌、、植入、无菌"]
    )
    def test_are_split_at_every_usual_separator(self, text):
        assert split(text) == ["无菌", "植入"]

    def test_line_breaks_separate(self):
        assert Cells({"证号": "甲\n乙"}).many("证号") == ["甲", "乙"]

    def test_a_list_of_a_json_file_is_taken_as_it_is(self):
        assert Cells({"环节": ["经营", "使用"]}).many("环节") == ["经营", "使用"]


class TestStoredTags:
    def test_are_sorted_and_unique(self):
        assert tag_text(["植入", "无菌", "植入"]) == "|无菌|植入|" if "无菌" < "植入" else "|植入|无菌|"

    def test_of_nothing_are_one_bar(self):
        assert tag_text([]) == "|"

    def test_read_back(self):
        assert tag_list(tag_text(["无菌", "植入"])) == sorted(["无菌", "植入"])


class TestManagementClasses:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Ⅱ、Ⅲ", "23"),
            ("II", "2"),
            ("二类", "2"),
            ("第二类", "2"),
            ("2", "2"),
            ("2、3", "23"),
            ("三、二类", "23"),
            ("ⅡⅢ", "23"),
            ("123", "123"),
            ("第三类医疗器械", "3"),
            ("Ⅰ类", "1"),
            ("", ""),
        ],
    )
    def test_in_every_usual_writing(self, text, expected):
        assert read_classes(text) == expected

    @pytest.mark.parametrize("text", ["四类", "5", "甲", "IV"])
    def test_of_another_kind_are_none(self, text):
        assert read_classes(text) is None


class TestYesAndNo:
    @pytest.mark.parametrize(
        ("given", "expected"), [("是", True), ("否", False), ("", None), (True, True), (0, False)]
    )
    def test_are_understood(self, given, expected):
        assert Cells({"甲": given}).yes_no("甲") is expected

    def test_another_word_is_a_problem(self):
        cells = Cells({"甲": "也许"})
        assert cells.yes_no("甲") is None
        assert codes(cells) == [("K503", "甲")]


class TestWholeNumbers:
    @pytest.mark.parametrize(
        ("given", "expected"), [("3", 3), (3.0, 3), ("3人", 3), ("３", 3), ("0", 0), ("", None)]
    )
    def test_are_understood(self, given, expected):
        assert Cells({"甲": given}).whole("甲", unit="人") == expected

    @pytest.mark.parametrize("given", ["-1", "1.5", "两", "1e3"])
    def test_anything_else_is_a_problem(self, given):
        cells = Cells({"甲": given})
        cells.whole("甲")
        assert codes(cells) == [("K504", "甲")]


class TestAmounts:
    @pytest.mark.parametrize(
        ("given", "fen"),
        [
            ("3210.4", 321040),
            (3210.4, 321040),
            ("0.01", 1),
            ("1,234.50", 123450),
            ("20000元", 2000000),
            ("¥5", 500),
            ("", None),
            (0, 0),
            ("９.９", 990),
            (0.1 + 0.2, None),
        ],
    )
    def test_are_exact_to_the_fen(self, given, fen):
        assert Cells({"罚款": given}).fen("罚款") == fen

    @pytest.mark.parametrize("given", ["-1", "0.001", "若干", "NaN", "1e400"])
    def test_anything_else_is_a_problem(self, given):
        cells = Cells({"罚款": given})
        cells.fen("罚款")
        assert codes(cells) == [("K505", "罚款")]


class TestDays:
    def test_after_today_is_a_problem(self):
        cells = Cells({"检查日期": "2024-03-06"})
        cells.day("检查日期", not_after=dt.date(2024, 3, 5))
        assert codes(cells) == [("K506", "检查日期")]

    def test_today_is_none(self):
        cells = Cells({"检查日期": "2024-03-05"})
        cells.day("检查日期", not_after=dt.date(2024, 3, 5))
        assert cells.problems == []

    def test_an_impossible_day_names_column_and_value(self):
        cells = Cells({"检查日期": "2024-02-30"})
        cells.day("检查日期")
        assert "检查日期" in cells.problems[0].message
        assert "2024-02-30" in cells.problems[0].message


class TestChoices:
    def test_a_synonym_is_put_right_and_shown(self):
        cells = Cells({"状态": "停业"})
        assert cells.choice("状态", ["正常", "停产"], synonyms={"停业": "停产"}) == "停产"
        assert cells.changes[0]["why"] == "统一用语"

    def test_another_value_is_a_problem_with_what_is_allowed(self):
        cells = Cells({"状态": "疯"})
        cells.choice("状态", ["正常", "停产"])
        assert cells.problems[0].next == "可填：正常、停产"


def test_two_spellings_of_a_name_have_one_key():
    assert name_key("甲（北京） 公司") == name_key("甲(北京)公司")
