"""How loggers write moments and temperatures."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.coldchain.moments import day_first, is_ambiguous, joined, read_centi, read_humidity, read_moment

ZONE = dt.timezone(dt.timedelta(hours=8))


class TestAMoment:
    @pytest.mark.parametrize(
        "text",
        [
            "2026-06-01 14:30", "2026-06-01 14:30:00", "2026-06-01T14:30:00+08:00", "2026-06-01T06:30:00Z",
            "2026/6/1 14:30", "2026.6.1 14:30", "2026年6月1日 14时30分", "2026年6月1日 下午2:30",
            "2026/6/1 2:30:00 PM", "20260601143000", "202606011430", "1780295400", "２０２６/6/1 14：30",
        ],
    )  # fmt: skip
    def test_is_read_in_every_usual_writing(self, text):
        assert read_moment(text, ZONE) == dt.datetime(2026, 6, 1, 14, 30, tzinfo=ZONE)

    @pytest.mark.parametrize("text", ["", "昨天", "2026-02-30 08:00", "14:30", "2026-06-01 25:00", "26-6-1"])
    def test_that_is_none_is_not_guessed(self, text):
        assert read_moment(text, ZONE) is None

    @pytest.mark.parametrize(
        ("text", "first", "day"),
        [("01/06/2026 08:00", True, 1), ("06/01/2026 08:00", False, 1), ("25/06/2026 08:00", None, 25)],
    )
    def test_with_the_year_last_needs_to_be_told_which_number_is_the_day(self, text, first, day):
        assert read_moment(text, ZONE, first) == dt.datetime(2026, 6, day, 8, tzinfo=ZONE)

    def test_with_the_year_last_is_not_guessed(self):
        assert (read_moment("01/06/2026 08:00", ZONE), is_ambiguous("01/06/2026 08:00")) == (None, True)

    @pytest.mark.parametrize(
        ("rows", "answer"),
        [
            (["01/06/2026 08:00", "13/06/2026 08:00"], True),
            (["06/13/2026 1:00"], False),
            (["01/06/2026"], None),
        ],
    )
    def test_another_row_shows_it(self, rows, answer):
        assert day_first(rows) is answer

    @pytest.mark.parametrize("hour", [dt.time(8, 30), dt.timedelta(hours=8, minutes=30)])
    def test_in_two_columns_of_a_workbook_is_one(self, hour):
        assert joined(dt.date(2026, 6, 1), hour) == dt.datetime(2026, 6, 1, 8, 30)

    def test_as_a_day_number_of_a_workbook_is_read(self):
        assert read_moment(46174.5, ZONE) == dt.datetime(2026, 6, 1, 12, tzinfo=ZONE)


class TestATemperature:
    @pytest.mark.parametrize(
        ("cell", "centi"),
        [
            ("4.5", 450), ("4,5", 450), ("-18", -1800), (4.56, 456), ("4.5℃", 450), ("4.5 °C", 450),
            ("40.1 ℉", 450), ("+4.5度", 450), ("－２.5", -250),
        ],
    )  # fmt: skip
    def test_is_read_with_its_unit(self, cell, centi):
        assert read_centi(cell) == centi

    def test_without_a_unit_is_in_the_column_s(self):
        assert read_centi("39.2", fahrenheit=True) == 400

    @pytest.mark.parametrize("cell", ["", "Err", "--", "OPEN", True, "400", "-300", "1e9", float("nan")])
    def test_that_is_none_is_returned(self, cell):
        assert read_centi(cell) is None

    @pytest.mark.parametrize(("cell", "whole"), [("55.4%RH", 55), (60, 60), ("101", None), ("湿", None)])
    def test_humidity_is_whole_per_cent(self, cell, whole):
        assert read_humidity(cell) == whole
