"""The sampling summary: arrival rate, failure rate, handling of failures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from supervision_year import OFFICE
from xiejian.figures import tables

JUNE = dt.date(2024, 6, 30)
FAILED, PASSED = "不符合规定", "符合规定"


def cell(row: str, column: str, until: dt.date = JUNE) -> object:
    table = tables.compute("sampling", until=until, office_code=OFFICE)
    found = next(r for r in table.rows if r.id == row)
    return found.cells[[h.id for h in table.headings].index(column)]


@pytest.fixture
def shop(year):
    return year.party("店", "经营")


def reported(year, shop, result, **facts):
    days = {"received_on": dt.date(2024, 3, 5), "result_on": dt.date(2024, 3, 20)}
    return year.sample(shop, "2024-03-01", result=result, **{**days, **facts})


class TestTheArrivalRate:
    def test_it_is_received_lots_of_the_plan_over_planned_lots(self, year, shop):
        line = year.line(4, "2024-06-30", "经营")
        for received in (dt.date(2024, 3, 5), dt.date(2024, 3, 6), None):
            year.sample(shop, "2024-03-01", line=line, kind="省级抽检", received_on=received)
        assert [cell("ALL", c) for c in ("planned", "planned_drawn", "arrived", "arrival")] == [
            4, 3, 2, Decimal("50.0")
        ]  # fmt: skip

    def test_what_was_taken_beside_the_plan_does_not_raise_it(self, year, shop):
        year.line(4, "2024-06-30")
        year.sample(shop, "2024-03-01", received_on=dt.date(2024, 3, 5))
        assert [cell("ALL", c) for c in ("arrived", "arrival", "samples")] == [0, Decimal("0.0"), 1]

    def test_a_draft_asks_for_nothing(self, year):
        year.line(4, "2024-06-30", state="draft")
        assert cell("ALL", "planned") == 0

    def test_what_is_due_later_is_not_yet_missing(self, year):
        year.line(4, "2024-07-01")
        assert cell("ALL", "arrival") is None

    def test_lines_of_a_kind_and_of_a_link_stand_in_their_rows(self, year):
        year.line(4, "2024-06-30", "使用", kind="国家抽检")
        assert [cell(r, "planned") for r in ("K1", "K2", "L3", "L2")] == [4, 0, 4, 0]


class TestFailures:
    def test_the_failure_rate_is_failed_over_tested_lots(self, year, shop):
        for result in (FAILED, PASSED, PASSED):
            reported(year, shop, result)
        assert [cell("ALL", c) for c in ("tested", "failed", "failure")] == [3, 1, Decimal("33.3")]

    def test_one_that_a_retest_cleared_did_not_fail(self, year, shop):
        reported(year, shop, FAILED, final_result=PASSED, final_on=dt.date(2024, 5, 1))
        assert cell("ALL", "failed") == 0

    def test_handling_counts_with_the_failure_whenever_it_was_done(self, year, shop):
        reported(year, shop, FAILED, disposed_on=dt.date(2024, 8, 1))
        reported(year, shop, FAILED)
        assert [cell("ALL", c) for c in ("handled", "handling")] == [1, Decimal("50.0")]

    def test_a_lot_that_was_cancelled_counts_nowhere(self, year, shop):
        year.sample(shop, "2024-03-01", state="cancelled")
        assert [cell("ALL", c) for c in ("samples", "parties")] == [0, 0]
