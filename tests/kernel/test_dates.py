"""Dates as people and workbooks write them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiejian.kernel import dates
from xiejian.kernel.problems import Refused

DAY = dt.date(2024, 3, 5)


class TestADateIsUnderstood:
    @pytest.mark.parametrize(
        "text",
        [
            "2024-03-05",
            "2024/3/5",
            "2024年3月5日",
            "2024.03.05",
            "20240305",
            "2024-3-5",
            " 2024-03-05 ",
            "２０２４－０３－０５",
            "２０２４年３月５日",
            "2024-03-05 00:00:00",
            "2024/3/5 10:20",
            "2024 年 3 月 5 日",
        ],
    )
    def test_in_every_written_form(self, text):
        assert dates.read(text) == DAY

    def test_as_a_date_of_a_workbook(self):
        assert dates.read(DAY) == DAY

    def test_as_a_moment_of_a_workbook(self):
        assert dates.read(dt.datetime(2024, 3, 5, 10, 2)) == DAY

    def test_as_the_day_number_of_a_workbook(self):
        assert dates.read(45356.0) == DAY

    def test_as_eight_digits_stored_as_a_number(self):
        assert dates.read(20240305) == DAY

    @given(st.dates(min_value=dt.date(1950, 1, 1), max_value=dt.date(2149, 12, 31)))
    def test_whichever_day_it_is(self, day):
        written = [
            day.isoformat(),
            f"{day.year}/{day.month}/{day.day}",
            f"{day.year}年{day.month}月{day.day}日",
        ]
        assert {dates.read(text) for text in written} == {day}


class TestAnEmptyCellIsNoDate:
    @pytest.mark.parametrize("value", [None, "", "  "])
    def test_empty(self, value):
        assert dates.read(value) is None


class TestAnImpossibleDateIsRefused:
    @pytest.mark.parametrize(
        "value", ["2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "明天", "2024", "12345", 7.0, True]
    )
    def test_with_its_own_words(self, value):
        with pytest.raises(Refused) as refused:
            dates.read(value)
        assert refused.value.first.code == "K301"
        assert str(value) in refused.value.first.message
