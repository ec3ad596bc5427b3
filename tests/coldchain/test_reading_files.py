"""记录仪导出的文件: headings and dates of many makers, units, blank rows; what cannot be read comes back."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pytest
import xlsxwriter

from chilled import DAY, a_logger, refused_with, write_csv
from moment import NOW
from xiejian.coldchain import actions
from xiejian.coldchain.models import Excursion, Reading
from xiejian.coldchain.reading_files import read_file
from xiejian.people.policy import SYSTEM

ZONE = dt.timezone(dt.timedelta(hours=8))
MORNING = dt.datetime(2024, 3, 1, 8, tzinfo=ZONE)


class TestAFile:
    @pytest.mark.parametrize(
        ("rows", "encoding"),
        [
            ([("时间", "温度"), ("2024-03-01 08:00", "4.5")], "utf-8"),
            ([("时间", "温度(℃)", "湿度(%RH)"), ("2024/3/1 8:00", "4.5", "55")], "gb18030"),
            ([("No.", "Date", "Time", "Temperature (°C)"), ("1", "2024-03-01", "08:00:00", "4.5")], "utf-8"),
            (
                [("No.", "Date", "Time", "Temperature (°C)"), ("1", "2024-03-01", "08:00:00", "4.5")],
                "latin-1",
            ),
            ([("Timestamp", "Temp(°F)"), ("2024-03-01T08:00:00", "40.1")], "utf-8"),
            (
                [("某某冷库温度记录", ""), ("", ""), ("记录时间", "温度/℃"), ("2024年3月1日 8:00", "4.5℃")],
                "utf-8",
            ),
            ([("时间", "温度"), ("", ""), ("2024-03-01 08:00", "4.5"), ("", "")], "utf-8"),
        ],
    )
    def test_is_read_as_its_maker_wrote_it(self, tmp_path, rows, encoding):
        found = read_file(write_csv(tmp_path / "a.csv", rows, encoding), ZONE)
        assert [(one.at, one.centi) for one in found.measured] == [(MORNING, 450)]
        assert found.returned == []

    def test_with_semicolons_and_decimal_commas_is_read(self, tmp_path):
        (tmp_path / "a.csv").write_text("Time;Temperature\n01.03.2024 08:00;4,5\n13.03.2024 08:00;5,5\n")
        found = read_file(tmp_path / "a.csv", ZONE)
        assert next((one.at, one.centi) for one in found.measured) == (MORNING, 450)

    def test_of_a_workbook_is_read(self, tmp_path):
        book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
        sheet = book.add_worksheet("数据")
        sheet.write_row(0, 0, ["时间", "温度℃"])
        sheet.write_datetime(
            1, 0, MORNING.replace(tzinfo=None), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        )
        sheet.write_number(1, 1, 4.5)
        book.close()
        (one,) = read_file(tmp_path / "a.xlsx", ZONE).measured
        assert (one.at, one.centi) == (MORNING, 450)

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            (("昨天", "4.5"), "CC201"),
            (("", "4.5"), "CC101"),
            (("01/02/2024 08:00", "4.5"), "CC202"),
            (("2024-03-01 08:00", "Err"), "CC203"),
            (("2024-03-01 08:00", ""), "CC203"),
        ],
    )
    def test_returns_what_cannot_be_read_with_the_reason(self, tmp_path, row, code):
        found = read_file(write_csv(tmp_path / "a.csv", [("时间", "温度"), row]), ZONE)
        assert [p.code for _, reasons in found.returned for p in reasons] == [code]

    def test_is_told_which_number_is_the_day(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", [("时间", "温度"), ("01/03/2024 08:00", "4.5")])
        assert read_file(path, ZONE, days_first=True).measured[0].at == MORNING

    def test_marks_what_its_running_numbers_show_as_set_back(self, tmp_path):
        rows = [
            ("No.", "时间", "温度"),
            (1, "2024-03-01 08:00", 5),
            (2, "2024-03-01 07:00", 5),
            (3, "2024-03-01 09:00", 5),
        ]
        found = read_file(write_csv(tmp_path / "a.csv", rows), ZONE)
        assert [one.backward for one in found.measured] == [False, True, False]

    @pytest.mark.parametrize(
        ("text", "code"), [("时间,水分\n1,2\n", "K404"), ("时间,日期\n1,2\n", "K405"), ("", "K409")]
    )
    def test_without_time_or_temperature_is_refused(self, tmp_path, text, code):
        (tmp_path / "a.csv").write_text(text)
        assert refused_with(read_file, tmp_path / "a.csv", ZONE) == code


class TestAnImport:
    ROWS = [("时间", "温度"), *((f"2024-03-01 {hour:02}:00", 5) for hour in range(8, 11)), ("x", "5")]

    @pytest.fixture
    def load(self, firm, tmp_path):
        def make(rows, **facts):
            path = write_csv(tmp_path / "a.csv", rows)
            return actions.import_readings(path=path, firm_uscc=firm.uscc, by=SYSTEM, at=NOW, **facts)

        return make

    def test_counts_every_row_and_changes_nothing_the_second_time(self, load, logger):
        first, again = load(self.ROWS, code="LK-01").outcome, load(self.ROWS, code="LK-01").outcome
        assert (first.read, first.loaded, first.rejected) == (4, 3, 1)
        assert (again.loaded, again.unchanged, Reading.objects.count()) == (0, 3, 3)

    def test_gives_back_what_was_refused_as_a_workbook(self, load, logger):
        load(self.ROWS[:2], code="LK-01")
        outcome = load([("时间", "温度"), ("2024-03-01 08:00", 6), ("x", 5)], code="LK-01").outcome
        sheet = openpyxl.load_workbook(outcome.rejects_file).active
        reasons = [row[-1].value for row in sheet.iter_rows(min_row=2)]
        assert ["CC204" in reasons[0], "CC201" in reasons[1]] == [True, True]

    def test_finds_the_gap_in_it(self, load, logger):
        load([self.ROWS[0], self.ROWS[1], ("2024-03-01 12:00", 5)], code="LK-01")
        assert Excursion.objects.get().kind == "gap"

    def test_of_several_loggers_goes_by_the_code_of_each_row(self, load, firm, logger):
        a_logger(firm, code="LK-02")
        head = ("时间", "温度", "设备编号")
        rows = [head, *(("2024-03-01 08:00", 5, code) for code in ("LK-01", "LK-02", "LK-09"))]
        outcome = load(rows).outcome
        assert (outcome.loaded, outcome.rejected) == (2, 1)

    def test_without_a_logger_returns_the_rows(self, load, logger):
        outcome = load(self.ROWS[:2]).outcome
        assert [p["code"] for p in outcome.problems] == ["CC205"]

    def test_for_a_logger_that_is_none_is_refused(self, load, logger):
        assert refused_with(load, self.ROWS, code="LK-77") == "CC102"

    def test_asks_no_more_for_many_rows(self, load, logger, django_assert_max_num_queries):
        start = DAY - dt.timedelta(days=8)
        rows = [("时间", "温度")]
        rows += [(f"{start + n * dt.timedelta(minutes=1):%Y-%m-%d %H:%M}", 5) for n in range(2_000)]
        with django_assert_max_num_queries(40):
            assert load(rows, code="LK-01").outcome.loaded == 2_000
