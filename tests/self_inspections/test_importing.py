"""Reports that came on paper, from a file."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.people.policy import SYSTEM
from xiejian.self_inspections import queries
from xiejian.self_inspections.importing import import_self_inspections
from xiejian.self_inspections.models import SelfInspection

HEAD = "主体名称,年度,报告日期,环节,结论,不符合项数,整改情况,填报人"
JUNE = dt.datetime(2024, 6, 3, 2, 0, tzinfo=dt.UTC)


@pytest.fixture
def load(tmp_path, naiman):
    def run(*rows: str):
        path = tmp_path / "reports.csv"
        path.write_text("\n".join([HEAD, *rows]), encoding="utf-8")
        return import_self_inspections(path=path, by=SYSTEM, at=JUNE)

    return run


class TestImport:
    def test_loads_a_report_and_tells_whether_it_was_late(self, load, shop):
        assert load("安康医疗器械店,2023,2024-04-02,经营,基本符合,2,已整改,赵某").loaded == 1
        row = SelfInspection.objects.get()
        assert (row.late, row.nonconform, row.source, row.form) == (True, 2, "导入", "retail")

    def test_of_the_same_file_twice_loads_once(self, load, shop):
        load("安康医疗器械店,2023,2024-03-20,经营,符合,0,,")
        assert load("安康医疗器械店,2023,2024-03-20,经营,符合,0,,").unchanged == 1

    def test_counts_as_handed_in(self, load, shop, officer):
        load("安康医疗器械店,2023年度,2024-03-20,经营,符合,0,,")
        assert queries.counts(officer, 2023, JUNE.date())["filed"] == 1

    @pytest.mark.parametrize(
        ("row", "code"),
        [
            ("安康医疗器械店,2023,2024-03-20,生产,,,,", "SI401"),
            ("安康医疗器械店,去年,2024-03-20,经营,,,,", "SI402"),
            ("安康医疗器械店,2025,2024-03-20,经营,,,,", "SI402"),
        ],
    )
    def test_returns_what_does_not_fit(self, load, shop, row, code):
        assert [p["code"] for p in load(row).problems] == [code]

    def test_does_not_overwrite_what_a_firm_filled_in(self, load, filed):
        found = load("安康医疗器械店,2023,2024-03-20,经营,不符合,9,,")
        assert [p["code"] for p in found.problems] == ["SI403"]
