"""The statutory calendar: what counts, what an office may enter, what is not known yet."""

from __future__ import annotations

import datetime as dt

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiejian.kernel import workdays
from xiejian.kernel.problems import Refused

PUBLISHED = workdays.build()
DAYS = st.dates(dt.date(1949, 1, 1), dt.date(2100, 12, 31))
YEAR = """
[2027]
source = "通知"
make_up = [2027-01-24]
[2027.holidays]
"元旦" = [2027-01-01]
"""


@pytest.fixture
def entered(tmp_path):
    """A calendar from the text of an office's own file."""

    def build(text: str) -> workdays.Calendar:
        path = tmp_path / "workdays.toml"
        path.write_text(text, encoding="utf-8")
        return workdays.build(path)

    return build


class TestPublishedYears:
    @given(st.dates(dt.date(2004, 1, 1), dt.date(2026, 12, 31)))
    def test_agree_with_the_package_on_every_day(self, day):
        assert PUBLISHED.is_working_day(day) == chinese_calendar.is_workday(day)

    def test_name_the_holiday(self):
        assert PUBLISHED.why_not_working(dt.date(2024, 5, 1)) == "劳动节"

    def test_name_the_weekend(self):
        assert PUBLISHED.why_not_working(dt.date(2024, 3, 9)) == "周六"

    def test_are_not_provisional(self):
        assert not PUBLISHED.is_provisional(dt.date(2004, 1, 1), dt.date(2026, 12, 31))

    def test_end_where_nothing_is_known(self):
        assert PUBLISHED.is_provisional(dt.date(2026, 12, 31), dt.date(2027, 1, 1))


class TestCounting:
    @given(DAYS, st.integers(1, 400))
    def test_forwards_ends_on_a_working_day_with_so_many_behind_it(self, start, n):
        end = PUBLISHED.add(start, n)
        assert PUBLISHED.is_working_day(end)
        assert PUBLISHED.between(start + dt.timedelta(days=1), end) == n

    @given(DAYS, st.integers(1, 400))
    def test_backwards_mirrors_it(self, start, n):
        end = PUBLISHED.add(start, -n)
        assert PUBLISHED.is_working_day(end)
        assert PUBLISHED.between(end, start - dt.timedelta(days=1)) == n

    @given(DAYS)
    def test_next_working_day_skips_only_days_off(self, day):
        found = PUBLISHED.next_working_day(day)
        assert found == day or PUBLISHED.between(day, found) == 1

    def test_nothing_lies_in_an_empty_stretch(self):
        assert PUBLISHED.between(dt.date(2024, 5, 2), dt.date(2024, 5, 1)) == 0


class TestOfficeFile:
    def test_the_one_that_ships_enters_nothing(self):
        assert workdays.standing().years == PUBLISHED.years

    def test_makes_a_year_known(self, entered):
        assert not entered(YEAR).is_provisional(dt.date(2027, 1, 1), dt.date(2027, 12, 31))

    def test_its_holiday_is_off(self, entered):
        assert not entered(YEAR).is_working_day(dt.date(2027, 1, 1))

    def test_its_make_up_day_counts(self, entered):
        assert entered(YEAR).is_working_day(dt.date(2027, 1, 24))

    def test_replaces_the_package_year_whole(self, entered):
        calendar = entered(YEAR.replace("2027", "2024").replace("2024-01-24", "2024-01-20"))
        assert calendar.is_working_day(dt.date(2024, 5, 1))

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            (YEAR.replace('source = "通知"', ""), "source"),
            (YEAR.replace("2027-01-24", "2028-01-24"), "not a date of that year"),
            (YEAR.replace("2027-01-24", "2027-01-25"), "no weekend"),
            (YEAR.replace("[2027-01-01]", "[]"), "no holidays"),
            (YEAR.replace("2027-01-01", '"元旦"'), "not a date"),
            ("[明年]\nsource = 1", "nvalid"),
            ("not toml", "xpected"),
        ],
    )
    def test_is_refused_with_the_reason(self, entered, text, why):
        with pytest.raises(Refused) as refused:
            entered(text)
        assert refused.value.first.code == "K202"
        assert why in refused.value.first.message
