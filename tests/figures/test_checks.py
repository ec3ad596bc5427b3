"""Checks before a table is handed up: each one silent where all is well, and heard where it is not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from xiejian.figures import checks, forms
from xiejian.figures.checks import Snapshot

FORM = "naiman-2023-2"


def run(changes: dict[tuple[str, str], object], filed: Snapshot | None = None, table: str = FORM):
    """The checks of a table of zeros with these cells changed, by (row id, column id)."""
    form = forms.form(table)
    ids = [c.id for c in form.columns]
    values: list[list[object]] = [[0] * len(ids) for _ in form.rows]
    for (row, column), value in changes.items():
        values[form.row_index(row)][ids.index(column)] = value
    return checks.run(form, form.chosen(None), values, filed)


def heard(results, check_id):
    return [(r.row, r.column) for r in results if r.id == check_id]


class TestEveryCheck:
    def test_a_table_of_zeros_has_no_error(self):
        assert [r for r in run({}) if r.level == "error"] == []

    def test_ck1_two_persons_a_visit_are_enough(self):
        assert heard(run({("T2-20", "F02"): 6, ("T2-20", "F03"): 3}), "CK-1") == []

    def test_ck1_fewer_than_two_persons_a_visit_are_not(self):
        assert heard(run({("T2-20", "F02"): 5, ("T2-20", "F03"): 3}), "CK-1") == [("T2-20", "F02")]

    def test_ck2_as_many_orders_as_visits_are_plausible(self):
        cells = {("T2-20", "F02"): 4, ("T2-20", "F03"): 2, ("T2-20", "F04"): 2}
        assert heard(run(cells), "CK-2") == []

    def test_ck2_more_orders_than_visits_are_doubted(self):
        assert heard(run({("T2-20", "F04"): 1}), "CK-2") == [("T2-20", "F04")]

    def test_ck3_a_part_may_equal_the_whole(self):
        assert heard(run({("T2-16", "F13"): 1, ("T2-17", "F13"): 1}), "CK-3") == []

    def test_ck3_a_part_may_not_exceed_the_whole(self):
        assert heard(run({("T2-16", "F13"): 1, ("T2-17", "F13"): 2}), "CK-3") == [("T2-17", "F13")]

    def test_ck4_money_needs_a_case(self):
        assert heard(run({("T2-20", "F07"): Decimal("0.01")}), "CK-4") == [("T2-20", "F07")]

    def test_ck4_money_with_a_case_is_well(self):
        assert heard(run({("T2-20", "F07"): Decimal("0.01"), ("T2-20", "F06"): 1}), "CK-4") == []

    @pytest.mark.parametrize("figure", ["F08", "F09", "F10", "F11"])
    def test_ck5_a_penalty_needs_a_case(self, figure):
        assert heard(run({("T2-20", figure): 1}), "CK-5") == [("T2-20", figure)]

    @pytest.mark.parametrize("figure", ["F05", "F11"])
    def test_ck6_no_more_parties_than_the_register_ever_had(self, figure):
        cells = {("T2-20", "F01"): 1, ("T2-20", "ever"): 2, ("T2-20", figure): 3, ("T2-20", "F06"): 1}
        assert heard(run(cells), "CK-6") == [("T2-20", figure)]

    def test_ck6_a_party_that_left_the_register_may_have_been_interviewed(self):
        cells = {("T2-20", "F01"): 1, ("T2-20", "ever"): 2, ("T2-20", "F05"): 2}
        assert heard(run(cells), "CK-6") == []

    def test_ck7_a_flow_may_not_fall_below_the_last_submission(self):
        form = forms.form(FORM)
        filed = [[0] * len(form.shown) for _ in form.rows]
        filed[0][2] = 3
        assert heard(run({}, Snapshot(filed)), "CK-7") == [("T2-01", "F03")]

    def test_ck7_the_stock_of_parties_may_fall(self):
        form = forms.form(FORM)
        filed = [[0] * len(form.shown) for _ in form.rows]
        filed[0][0] = 3
        assert heard(run({}, Snapshot(filed)), "CK-7") == []

    def test_ck8_no_figure_is_negative(self):
        assert heard(run({("T2-20", "F13"): -1}), "CK-8") == [("T2-20", "F13")]

    def test_ck8_money_has_two_decimals_at_most(self):
        cells = {("T2-20", "F07"): Decimal("0.001"), ("T2-20", "F06"): 1}
        assert heard(run(cells), "CK-8") == [("T2-20", "F07")]

    def test_ck9_a_listed_row_shows_its_coverage(self):
        cells = {("T2-01", "F01"): 4, ("T2-01", "visited"): 3, ("T2-01", "F02"): 6, ("T2-01", "F03"): 3}
        (found,) = [r for r in run(cells) if r.id == "CK-9"]
        assert (found.level, "75.0%" in found.message) == ("progress", True)

    def test_ck10_a_row_declared_absent_says_so(self):
        assert heard(run({}, table="naiman-2023-1"), "CK-10") == [
            ("T1-01", "F01"),
            ("T1-02", "F01"),
            ("T1-03", "F01"),
            ("T1-05", "F01"),
            ("T1-08", "F01"),
        ]

    def test_ck10_a_row_declared_absent_that_is_not_is_doubted(self):
        (found, *_) = [
            r
            for r in run({("T1-01", "F01"): 2}, table="naiman-2023-1")
            if r.id == "CK-10" and r.row == "T1-01"
        ]
        assert "请核对" in found.message


class TestAForm:
    def test_the_campaign_table_begins_with_its_campaign(self):
        assert forms.form(FORM).from_on(dt.date(2023, 9, 30)) == dt.date(2023, 5, 16)

    def test_a_month_begins_on_its_first_day(self):
        assert forms.form("monthly-inspection").from_on(dt.date(2024, 2, 29)) == dt.date(2024, 2, 1)

    @pytest.mark.parametrize(
        ("until", "first"),
        [("2022-06-30", "2022-01-01"), ("2022-07-01", "2022-07-01"), ("2022-12-31", "2022-07-01")],
    )
    def test_a_half_year_begins_in_january_or_july(self, until, first):
        form = forms.form("half-year")
        assert form.from_on(dt.date.fromisoformat(until)) == dt.date.fromisoformat(first)

    def test_a_year_begins_in_january(self):
        assert forms.form("annual").from_on(dt.date(2022, 11, 15)) == dt.date(2022, 1, 1)
