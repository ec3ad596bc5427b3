"""冷链异常的判定: deviations, gaps, limits that change, wrong clocks; readings in pieces as in one piece."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xiejian.coldchain.excursions import (
    Known,
    Limits,
    Load,
    Rule,
    Span,
    backward,
    find,
    reach,
    reconcile,
)

START = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
RULE = Rule(gap=dt.timedelta(minutes=30), tolerance=dt.timedelta(0))
LIMITS = Limits(200, 800)


def minute(number: float) -> dt.datetime:
    return START + dt.timedelta(minutes=number)


def series(*centi: int, step: int = 10, first: int = 0) -> list[tuple[dt.datetime, int]]:
    """Readings every ``step`` minutes."""
    return [(minute(first + step * place), value) for place, value in enumerate(centi)]


def brief(spans: list[Span]) -> list[tuple[str, float, float | None]]:
    """(kind, first minute, last minute) of each."""
    return [
        (
            s.kind,
            (s.start - START) / dt.timedelta(minutes=1),
            s.end and (s.end - START) / dt.timedelta(minutes=1),
        )
        for s in spans
    ]


class TestADeviation:
    @pytest.mark.parametrize(
        ("readings", "found"),
        [
            ((500, 500), []),
            ((800, 200), []),  # the limits themselves are allowed
            ((500, 801, 500), [("high", 10, 20)]),
            ((500, 199, 500), [("low", 10, 20)]),
            ((500, 900, 950, 500), [("high", 10, 30)]),
            ((900, 100, 500), [("high", 0, 10), ("low", 10, 20)]),
            ((500, 900), [("high", 10, None)]),
        ],
    )
    def test_lasts_from_its_first_reading_to_the_first_one_back_inside(self, readings, found):
        assert brief(find(series(*readings), LIMITS, RULE)) == found

    def test_says_how_far_it_went_and_which_limit_it_broke(self):
        (span,) = find(series(500, 900, 1020, 500), LIMITS, RULE)
        assert (span.highest, span.lowest, span.limit, span.readings) == (1020, 900, 800, 2)

    def test_shorter_than_the_tolerance_does_not_count(self):
        rule = Rule(RULE.gap, dt.timedelta(minutes=15))
        assert brief(find(series(900, 500, 900, 900, 500), LIMITS, rule)) == [("high", 20, 40)]

    def test_ends_with_its_last_reading_before_a_gap(self):
        readings = series(900, 900) + series(500, first=100)
        assert brief(find(readings, LIMITS, RULE)) == [("high", 0, 10), ("gap", 10, 100)]

    def test_goes_on_only_where_no_later_reading_is_known(self):
        assert brief(find(series(500, 900), LIMITS, RULE, newest=False)) == [("high", 10, 10)]

    def test_needs_no_limit_on_the_other_side(self):
        assert brief(find(series(-9000, 500), Limits(None, 800), RULE)) == []


class TestAGap:
    @pytest.mark.parametrize(("minutes", "found"), [(30, []), (31, [("gap", 0, 31)])])
    def test_is_longer_than_the_rule_allows(self, minutes, found):
        assert brief(find([(minute(0), 500), (minute(minutes), 500)], LIMITS, RULE)) == found

    def test_of_a_logger_that_sends_by_itself_goes_on_until_it_sends_again(self):
        found = find(series(500), LIMITS, RULE, until=minute(90))
        assert brief(found) == [("gap", 0, None)]

    @pytest.mark.parametrize(
        ("loads", "found"),
        [([], []), ([Load(minute(20), minute(40))], [("gap", 0, 60)]), ([Load(minute(60), None)], [])],
    )
    def test_in_an_empty_vehicle_is_none(self, loads, found):
        limits = Limits(200, 800, loads, always=False)
        assert brief(find([(minute(0), 500), (minute(60), 500)], limits, RULE)) == found


class TestLimits:
    def test_what_lies_there_makes_them_tighter_while_it_does(self):
        limits = Limits(200, 800, [Load(minute(10), minute(30), low=300, high=600)])
        found = find(series(700, 700, 700, 700), limits, RULE)
        assert brief(found) == [("high", 10, 30)]

    def test_a_wider_card_does_not_loosen_those_of_the_place(self):
        assert Limits(200, 800, [Load(minute(0), None, low=0, high=3000)]).at(minute(5)) == (200, 800)

    def test_the_tightest_of_several_holds(self):
        loads = [Load(minute(0), None, high=700), Load(minute(0), None, low=400)]
        assert Limits(200, 800, loads).at(minute(5)) == (400, 700)


moments = st.integers(0, 30).map(lambda place: place * 5)
curves = st.dictionaries(moments, st.sampled_from([500, 900, 100]), min_size=2, max_size=25)
rules = st.sampled_from([RULE, Rule(RULE.gap, dt.timedelta(minutes=25))])


class TestTheOrderOfReadings:
    @settings(deadline=None)
    @given(curves, st.randoms(use_true_random=False), rules)
    def test_does_not_matter_nor_do_repetitions(self, curve, random, rule):
        readings = [(minute(m), c) for m, c in curve.items()]
        mixed = readings * 2
        random.shuffle(mixed)
        assert find(mixed, LIMITS, rule) == find(readings, LIMITS, rule)

    @settings(deadline=None)
    @given(curves, st.lists(st.booleans(), min_size=25, max_size=25), rules)
    def test_in_two_parts_they_give_what_they_give_together(self, curve, parts, rule):
        readings = sorted((minute(m), c) for m, c in curve.items())
        first = [one for one, part in zip(readings, parts, strict=False) if part]
        second = [one for one, part in zip(readings, parts, strict=False) if not part]
        assert taken_in([first, second], rule) == find(readings, LIMITS, rule)


def taken_in(parts, rule: Rule) -> list[Span]:
    """What is stored after the parts came in one by one, each looked at in its own window."""
    stored: list[Span] = []
    readings: list[tuple[dt.datetime, int]] = []
    for part in filter(None, parts):
        readings = sorted({*readings, *part})
        start, end = reach(min(part)[0], max(part)[0], stored, rule)
        before = [one for one in readings if one[0] < start][-1:]
        after = [one for one in readings if one[0] > end][:1]
        window = [*before, *(one for one in readings if start <= one[0] <= end), *after]
        found = [s for s in find(window, LIMITS, rule, newest=not after) if s.touches(start, end)]
        known = [Known(key, span, True) for key, span in enumerate(stored) if span.touches(start, end)]
        changes = reconcile(known, found)
        kept = {key: span for key, span in enumerate(stored) if key not in changes.gone} | dict(
            changes.changed
        )
        stored = sorted([*kept.values(), *changes.new], key=lambda span: (span.start, span.kind))
    return stored


class TestWhatIsStored:
    OLD = Span("gap", minute(0), minute(60))

    def test_becomes_the_span_that_overlaps_it(self):
        changes = reconcile([Known(1, self.OLD, True)], [Span("gap", minute(20), minute(60))])
        assert changes.changed == [(1, Span("gap", minute(20), minute(60)))]

    def test_is_gone_when_nothing_supports_it_any_more(self):
        assert reconcile([Known(1, self.OLD, True)], []).gone == [1]

    def test_stays_as_it_was_judged(self):
        changes = reconcile([Known(1, self.OLD, False)], [Span("gap", minute(20), minute(60))])
        assert (changes.new, changes.changed, changes.gone) == ([], [], [])

    def test_what_goes_beyond_a_judged_one_is_new(self):
        longer = Span("gap", minute(0), minute(90))
        assert reconcile([Known(1, self.OLD, False)], [longer]).new == [longer]

    def test_two_gaps_that_meet_in_one_reading_are_two(self):
        halves = [Span("gap", minute(0), minute(31)), Span("gap", minute(31), minute(62))]
        changes = reconcile([Known(1, Span("gap", minute(0), minute(62)), True)], halves)
        assert (changes.changed, changes.new) == ([(1, halves[0])], [halves[1]])


class TestAClockThatRanBack:
    @pytest.mark.parametrize(
        ("minutes", "wrong"),
        [
            ([0, 10, 20], []),
            ([20, 10, 0], []),  # the newest first: another order, no jump
            ([0, 10, 20, 5, 15, 30], [3, 4]),
            ([30, 15, 5, 20, 10, 0], [2, 1]),  # the same memory, written the other way round
        ],
    )
    def test_is_seen_by_the_running_numbers_of_the_memory(self, minutes, wrong):
        numbered = list(enumerate(map(minute, minutes)))
        assert list(backward(numbered)) == wrong

    def test_does_not_depend_on_the_order_of_the_rows(self):
        numbered = [(4, minute(30)), (1, minute(0)), (3, minute(5)), (2, minute(20))]
        assert list(backward(numbered)) == [2]
