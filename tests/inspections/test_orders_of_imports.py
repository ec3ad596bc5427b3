"""Orders of imported visits have the clock of their re-check, as the row says it."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.clocks.models import Clock
from xiejian.inspections.importing import import_visits
from xiejian.kernel.tabular import write_xlsx
from xiejian.people.policy import SYSTEM

NEEDED = {
    "检查编号": "旧1", "主体名称": "明眸眼镜店", "环节": "经营", "检查类型": "日常检查",
    "检查日期": "2024-01-10",
    "检查员": "王检、赵检", "缺陷数": 1, "结论": "限期整改", "责令改正": "是", "整改期限": "2024-02-01",
}  # fmt: skip


@pytest.fixture
def load(shop, tmp_path, now):
    """Loads one visit as a book has it; a test names the cells that it is about."""

    def make(**cells) -> None:
        row = NEEDED | cells
        path = tmp_path / "检查.xlsx"
        write_xlsx(path, "检查", list(row), [list(row.values())])
        outcome = import_visits(path=path, by=SYSTEM, at=now)
        assert not outcome.rejected, outcome.as_json()

    return make


def clock() -> Clock | None:
    return Clock.objects.filter(subject="correction", name="recheck").first()


def test_an_open_order_runs_from_its_date(load):
    load()
    found = clock()
    assert found and (found.rule, found.starts_on, found.state) == ("IN-9", dt.date(2024, 2, 1), "running")


def test_an_order_without_a_date_has_none(load):
    load(整改期限="")
    assert clock() is None


def test_one_that_was_looked_at_again_has_none(load):
    load(复查日期="2024-02-05", 复查结论="通过")
    assert clock() is None


def test_the_book_loaded_again_with_the_recheck_ends_it(load):
    load()
    load(复查日期="2024-02-05", 复查结论="通过")
    found = clock()
    assert found and (found.state, found.ended_on) == ("done", dt.date(2024, 2, 5))


def test_the_book_loaded_again_without_the_order_drops_it(load):
    load()
    load(责令改正="否", 整改期限="")
    found = clock()
    assert found and found.state == "dropped"
