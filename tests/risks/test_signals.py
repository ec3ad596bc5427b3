"""风险信号: which span is compared with which, what is worth talking about, what is a return."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiejian.risks import rules, signals
from xiejian.risks.signals import Counted, Span

COMPLAINTS = replace(signals.load()["complaints"], by={"party": 4}, rise=30)
FAILED = replace(COMPLAINTS, rise=None)
DAY = dt.date(2024, 2, 1)


class TestSpans:
    def test_of_a_quarter_that_is_over_are_whole_quarters(self):
        spans = signals.spans(2024, 2, dt.date(2024, 7, 15))
        assert spans.now == Span(dt.date(2024, 4, 1), dt.date(2024, 6, 30))
        assert spans.before == Span(dt.date(2024, 1, 1), dt.date(2024, 3, 31))
        assert spans.last_year == Span(dt.date(2023, 4, 1), dt.date(2023, 6, 30))

    def test_before_the_first_quarter_comes_the_fourth_of_the_year_before(self):
        assert signals.spans(2024, 1, dt.date(2024, 4, 1)).before.from_on == dt.date(2023, 10, 1)

    def test_of_a_quarter_still_running_are_as_long_as_it_has_run(self):
        spans = signals.spans(2024, 2, dt.date(2024, 4, 10))
        assert spans.now == Span(dt.date(2024, 4, 1), dt.date(2024, 4, 10))
        assert spans.before == Span(dt.date(2024, 1, 1), dt.date(2024, 1, 10))

    def test_are_one_after_the_other_on_every_day_of_four_years(self):
        days = [dt.date(2023, 1, 1) + dt.timedelta(days=n) for n in range(4 * 366)]
        for on in days:
            spans = signals.spans(*signals.quarter_of(on), on)
            assert spans.now.from_on <= spans.now.until <= on
            assert spans.last_year.until < spans.before.from_on
            assert spans.before.until < spans.now.from_on


@pytest.mark.parametrize(
    ("now", "before", "last_year", "raised"),
    [
        (3, 0, 0, False),  # below the least number
        (4, 0, 0, True),  # nothing before
        (4, 4, 0, False),  # as many as before; none a year ago is not a rise by itself
        (13, 10, 20, True),  # exactly 30 % more than the quarter before
        (12, 10, 20, False),
        (13, 20, 10, True),  # than a year ago
    ],
)
def test_a_count_is_worth_talking_about_when_it_rose_enough(now, before, last_year, raised):
    assert bool(signals.why_raised(COMPLAINTS, "party", Counted(now, before, last_year))) is raised


class TestASignalWithoutARise:
    def test_looks_at_the_least_number_alone(self):
        assert signals.why_raised(FAILED, "party", Counted(4, 40, 40))

    @given(now=st.integers(0, 3), before=st.integers(0, 9))
    def test_says_nothing_below_it(self, now, before):
        assert not signals.why_raised(FAILED, "party", Counted(now, before, before))


class TestAReturn:
    def test_needs_the_least_number_after_the_strike_off(self):
        assert "销号后又有投诉举报 4 件" in signals.why_returned(COMPLAINTS, "party", 4, DAY)

    def test_is_none_below_it(self):
        assert not signals.why_returned(COMPLAINTS, "party", 3, DAY)

    def test_is_none_of_a_grouping_that_the_pack_no_longer_has(self):
        assert not signals.why_returned(COMPLAINTS, "link", 9, DAY)


@pytest.mark.parametrize(
    ("facts", "level", "rule"),
    [
        (rules.Facts("cases", 1, frozenset(), True), "high", "RL-1"),
        (rules.Facts("failed_samples", 1, frozenset({"无菌"}), False), "high", "RL-2"),
        (rules.Facts("failed_samples", 2, frozenset(), False), "high", "RL-3"),
        (rules.Facts("failed_samples", 1, frozenset(), False), "medium", "RL-4"),
        (rules.Facts("complaints", 5, frozenset(), False), "medium", "RL-5"),
        (rules.Facts("complaints", 4, frozenset(), False), "low", "RL-6"),
        (rules.Facts("", 0, frozenset({"植入"}), False), "low", "RL-6"),
    ],
)
def test_the_first_row_that_holds_proposes_the_level(facts, level, rule):
    found = rules.propose(facts)
    assert (found.level, found.rule) == (level, rule)


@given(
    signal=st.sampled_from(["", *signals.load()]), count=st.integers(0, 50),
    tags=st.frozensets(st.sampled_from(["无菌", "植入", "口罩"])), returned=st.booleans(),
)  # fmt: skip
def test_every_risk_has_a_proposed_level(signal, count, tags, returned):
    assert rules.propose(rules.Facts(signal, count, tags, returned)).level in rules.levels()
