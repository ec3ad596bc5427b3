"""Columns with headings of an office's own are recognised by their values."""

from __future__ import annotations

import pytest

from xiejian.registry.columns import PARTY_COLUMNS
from xiejian.registry.recognition import guess, read_loosely, rewrite

FREE = {column.heading for column in PARTY_COLUMNS}


class TestGuess:
    @pytest.mark.parametrize(
        ("heading", "values", "column"),
        [
            ("编码", ["91150525MA0N12345X", "92150525MA0N12346Y"], "统一社会信用代码"),
            ("区划", ["150525100", "150525"], "行政区划代码"),
            ("许可号", ["蒙通药监械经营许20230001号"], "证号"),
            ("单位", ["奈曼旗康泰大药房", "奈曼旗人民医院"], "主体名称"),
            ("位置", ["大沁他拉镇新华路12号"], "地址"),
            ("仓储", ["大沁他拉镇新华路12号"], "库房地址"),
            ("联系方式", ["0475-4211234", "13847512345"], "电话"),
            ("到期日", ["2028-05-05", "2027年1月2日"], "有效期至"),
            ("备案时间", ["2023/5/6"], "备案日期"),
            ("许可时间", ["2023/5/6"], "发证日期"),
            ("类型", ["经营", "经营、网络销售"], "环节"),
            ("法人", ["白音", "包力格"], "法定代表人"),
        ],
    )
    def test_finds_the_column_by_its_values(self, heading, values, column):
        assert guess(heading, values, FREE) == column

    @pytest.mark.parametrize("values", [[], ["", " "], ["甲", "2023-01-01", "150525"]])
    def test_says_nothing_when_the_values_do_not_agree(self, values):
        assert guess("其他", values, FREE) == ""

    def test_says_nothing_when_the_column_is_filled_already(self):
        assert guess("单位", ["奈曼旗康泰大药房"], FREE - {"主体名称"}) == ""

    def test_a_date_under_a_heading_that_says_nothing_is_left_open(self):
        assert guess("时间", ["2023-05-06"], FREE) == ""


class TestRewrite:
    @pytest.fixture
    def own_list(self, tmp_path):
        path = tmp_path / "own.csv"
        path.write_text("单位,地址,电话\n甲药房,一路1号,0475-4211234\n乙药房,,\n", encoding="utf-8")
        return path

    def test_puts_the_forms_headings_and_the_common_values(self, own_list, tmp_path):
        target = tmp_path / "new.xlsx"
        rewrite(own_list, target, PARTY_COLUMNS, {"单位": "主体名称"}, {"环节": "经营"})
        rows = [row.values for row in read_loosely(target, PARTY_COLUMNS).rows()]
        assert rows[1] == {"主体名称": "乙药房", "环节": "经营"}

    def test_a_common_value_fills_only_the_gaps(self, own_list, tmp_path):
        target = tmp_path / "new.xlsx"
        rewrite(own_list, target, PARTY_COLUMNS, {"单位": "主体名称"}, {"地址": "不详"})
        rows = [row.values["地址"] for row in read_loosely(target, PARTY_COLUMNS).rows()]
        assert rows == ["一路1号", "不详"]
