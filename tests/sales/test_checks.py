"""What the desk refuses, and what makes a contract special: facts in, problems out."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.sales import checks
from xiejian.sales.checks import Limits
from xiejian.sales.daily import periods, year_before
from xiejian.sales.receivables import bands
from xiejian.sales.rules import Step

DAY = dt.date(2024, 3, 5)


def codes(found) -> list[str]:
    return [problem.code for problem in found]


@pytest.mark.parametrize(
    ("total", "days", "below", "why"),
    [
        (100, 60, [], 0),  # at both limits
        (101, 60, [], 1),
        (100, 61, [], 1),
        (100, 60, ["A1"], 1),
        (101, 61, ["A1", "B2"], 4),
    ],
)
def test_a_contract_is_special_beyond_its_limits(total, days, below, why):
    assert len(checks.special_reasons(total, days, below, Limits(100, 60))) == why


def test_the_reasons_name_no_amount():
    assert not any("123" in why for why in checks.special_reasons(12345, 0, [], Limits(123, 60)))


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        ([("A", 1, 1)], []),
        ([], ["SA108"]),
        ([("A", 1, 1), ("A", 2, 1)], ["SA112"]),
        ([("A", 0, 1)], ["SA104"]),
        ([("A", 1, 0)], ["SA104"]),
        ([("A", -1, -1)], ["SA104", "SA104"]),
        ([("A", 10**9, 10**9)], ["SA105"]),
    ],
)
def test_lines_are_whole_positive_and_each_item_stands_once(lines, refused):
    assert codes(checks.check_lines(lines)) == refused


@pytest.mark.parametrize(
    ("limit", "owed", "more", "refused"),
    [(None, 10**12, 1, []), (100, 60, 40, []), (100, 60, 41, ["SA208"])],
)
def test_credit_ends_at_the_limit(limit, owed, more, refused):
    assert codes(checks.check_credit("甲", limit, owed, more)) == refused


@pytest.mark.parametrize(
    ("active", "until", "refused"),
    [(True, None, []), (True, DAY, []), (True, DAY - dt.timedelta(1), ["SA111"]), (False, None, ["SA110"])],
)
def test_a_customer_buys_while_it_is_one_and_licensed(active, until, refused):
    assert codes(checks.check_customer("甲", active, until, DAY)) == refused


@pytest.mark.parametrize(
    ("deciding", "member_of", "refused"),
    [([], [], []), (["乐山"], ["乐山"], []), (["乐山"], [], ["SA204"])],
)
def test_the_deciding_site_decides_where_there_is_one(deciding, member_of, refused):
    assert codes(checks.check_site(deciding, member_of)) == refused


@pytest.mark.parametrize(
    ("planned", "given", "refused"),
    [
        ({"A": 3}, {"A": 3}, []),
        ({"A": 3}, {"A": 2}, ["SA302"]),
        ({"A": 3}, {"A": 3, "B": 1}, ["SA302"]),
        ({"A": 3, "B": 1}, {"A": 3}, ["SA302"]),
    ],
)
def test_lots_are_exactly_what_was_planned(planned, given, refused):
    assert codes(checks.check_lots_add_up(planned, given)) == refused


@pytest.mark.parametrize(
    ("amount", "balance", "same", "refused"),
    [
        (5, 5, True, []),
        (6, 5, True, ["SA401"]),
        (0, 5, True, ["SA104"]),
        (5, 5, False, ["SA404"]),
    ],
)
def test_a_payment_settles_no_more_than_is_owed_by_who_paid(amount, balance, same, refused):
    assert codes(checks.check_allocation("FP1", amount, balance, same)) == refused


class TestAgeing:
    STEPS = (Step("a", "", 30), Step("b", "", 60), Step("c", "", None))

    @pytest.mark.parametrize(
        ("days_late", "band"),
        [(-1, "not_due"), (0, "a"), (30, "a"), (31, "b"), (60, "b"), (61, "c"), (4000, "c")],
    )
    def test_a_due_date_lies_in_one_band(self, days_late, band):
        due = DAY - dt.timedelta(days=days_late)
        found = [
            one.id
            for one in bands(DAY, self.STEPS)
            if (one.first is None or one.first <= due) and (one.last is None or due <= one.last)
        ]
        assert found == [band]


class TestPeriodsOfTheDailySheet:
    def test_the_month_runs_from_its_first_day_and_last_year_to_the_same_day(self):
        found = {name: (a.isoformat(), b.isoformat()) for name, (a, b) in periods(DAY).items()}
        assert found == {
            "day": ("2024-03-05", "2024-03-05"), "month": ("2024-03-01", "2024-03-05"),
            "day_before": ("2023-03-05", "2023-03-05"), "month_before": ("2023-03-01", "2023-03-05"),
        }  # fmt: skip

    def test_the_year_before_a_leap_day_ends_on_the_28th(self):
        assert year_before(dt.date(2024, 2, 29)) == dt.date(2023, 2, 28)
