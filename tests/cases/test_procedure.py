"""The pure rules of the procedure: every state × step, what leads to a decision, who, when, how much."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiejian.cases import procedure
from xiejian.cases import proceeding_checks as check
from xiejian.cases.late_fee import counted_days, late_fee
from xiejian.cases.procedure import GENERAL, SIMPLE, WORKFLOWS
from xiejian.kernel import penalties, penalty_rules
from xiejian.kernel.problems import Refused

DUE = dt.date(2024, 3, 20)
FINE = 5_000_000
TABLES = [*WORKFLOWS.values(), procedure.MEASURE_WORKFLOW]


def codes(found) -> list[str]:
    return [problem.code for problem in found]


def reach(flow, start: str, without: str) -> set[str]:
    """Every state that some sequence of steps reaches from ``start`` when one step is never taken."""
    found, new = {start}, [start]
    while new:
        state = new.pop()
        for step in flow.allowed(state):
            if step.action != without and step.to not in found:
                found.add(step.to)
                new.append(step.to)
    return found


class TestEveryStateAndStep:
    @pytest.mark.parametrize("flow", TABLES, ids=["简易", "普通", "措施"])
    def test_is_decided_by_the_table_and_refused_in_plain_words_elsewhere(self, flow):
        for state in flow.states:
            allowed = {t.action: t.to for t in flow.allowed(state)}
            for action in {t.action for t in flow.transitions}:
                if action in allowed:
                    assert flow.step(state, action) == allowed[action]
                    continue
                with pytest.raises(Refused) as refused:
                    flow.step(state, action)
                (problem,) = refused.value.problems
                assert problem.code == "K101"
                assert flow.states[state] in problem.message

    @pytest.mark.parametrize("flow", TABLES[:2], ids=["简易", "普通"])
    def test_can_still_be_closed_from_everywhere(self, flow):
        stuck = {state for state in flow.states if not {"closed", "not_filed"} & reach(flow, state, "")}
        assert stuck <= {"handed_on"}

    def test_a_state_means_the_same_in_both_procedures(self):
        general, simple = WORKFLOWS[GENERAL].states, WORKFLOWS[SIMPLE].states
        assert {s for s in simple if s in general and simple[s] != general[s]} == set()


class TestNoDecisionWithoutNotice:
    @pytest.mark.parametrize("state", ["registered", "investigating", "reviewing", "reviewed", "revoked"])
    def test_whatever_the_sequence_of_steps_of_the_general_procedure(self, state):
        assert "decided" not in reach(WORKFLOWS[GENERAL], state, "serve_notice")

    def test_nor_of_the_simple_one(self):
        assert "served" not in reach(WORKFLOWS[SIMPLE], "registered", "tell_on_spot")

    def test_nor_without_a_review(self):
        assert "decided" not in reach(WORKFLOWS[GENERAL], "registered", "pass_review")

    @given(
        st.none() | st.dates(dt.date(2024, 3, 1), dt.date(2024, 4, 1)),
        st.dates(dt.date(2024, 3, 1), dt.date(2024, 4, 1)),
    )
    def test_a_notice_that_has_not_taken_effect_is_none(self, served, on):
        assert bool(check.notice_served(served, on, "决定")) == (served is None or served > on)


class TestTheTimeOfTheNotice:
    @pytest.mark.parametrize(
        ("on", "facts", "expected"),
        [
            (DUE, {}, ["C415"]),
            (DUE + dt.timedelta(1), {}, []),
            (DUE, {"waived": True}, []),
            (DUE, {"heard": True}, []),
            (DUE, {"defended": True}, []),
            (DUE, {"defended": True, "may_be_heard": True}, ["C415"]),
            (DUE, {"waived": True, "may_be_heard": True}, []),
        ],
        ids=[
            "last day", "over", "waived", "heard", "defended", "a hearing may still come", "all waived",
        ],
    )  # fmt: skip
    def test_ends_when_it_is_over_used_or_given_up(self, on, facts, expected):
        none = {"waived": False, "heard": False, "defended": False, "may_be_heard": False}
        assert codes(check.notice_time_over(DUE, on, **{**none, **facts})) == expected


class TestHearingRight:
    @pytest.mark.parametrize(
        ("told", "person", "right"),
        [
            ({"fine_fen": 9_999_999}, False, False),
            ({"fine_fen": 10_000_000}, False, True),
            ({"fine_fen": 999_999}, True, False),
            ({"fine_fen": 1_000_000}, True, True),
            ({"fine_fen": 0, "personal_fine_fen": 1_000_000}, False, True),
            ({"fine_fen": 0, "licence_revoked": True}, False, True),
            ({"fine_fen": 0, "business_stopped": True}, False, True),
            ({"fine_fen": 0, "confiscated_fen": 10_000_000}, False, True),
        ],
    )
    def test_begins_where_the_order_says(self, told, person, right):
        assert procedure.hearing_right(told, person) is right

    @pytest.mark.parametrize(
        ("facts", "kind"),
        [
            ({"grave": False, "may_be_heard": False}, "案件审核"),
            ({"grave": True, "may_be_heard": False}, "法制审核"),
            ({"grave": False, "may_be_heard": True}, "法制审核"),
        ],
    )
    def test_decides_with_gravity_who_reviews(self, facts, kind):
        assert procedure.review_kind(**facts) == kind


class TestPublicNotice:
    def test_serves_a_paper_only_when_its_time_is_over(self):
        on = dt.date(2024, 3, 1)
        assert procedure.effective_on("公告送达", on) == dt.date(2024, 3, 31)
        assert procedure.effective_on("直接送达", on) == on


class TestProposedFine:
    """P81-3 with goods of 20,000 yuan: 300,000 to 600,000 yuan."""

    @pytest.mark.parametrize(
        ("yuan", "step", "supported", "expected"),
        [
            (450_000, "ordinary", (), []),
            (300_000, "lighter", ("lighter",), []),
            (300_000, "lighter", (), ["C412"]),
            (300_000, "ordinary", (), ["C411"]),
            (299_999, "lighter", ("lighter",), ["C409"]),
            (100_000, "reduced", ("reduced",), []),
            (600_001, "heavier", ("heavier",), ["C409"]),
            (0, "ordinary", (), ["C409"]),
        ],
    )
    def test_lies_in_the_range_and_in_the_band_of_its_step(self, yuan, step, supported, expected):
        book = penalty_rules.load()
        found = penalties.assess("P81-3", {"goods_value": "20000"}, dt.date(2024, 3, 1), book)
        assert codes(check.fine_fits(yuan * 100, step, found, book, supported)) == expected

    def test_waits_for_the_order_where_the_order_comes_first(self):
        book = penalty_rules.load()
        found = penalties.assess("P84-3", {"goods_value": "3000"}, dt.date(2024, 3, 1), book)
        assert codes(check.fine_fits(1_000_000, "ordinary", found, book, ())) == ["C410"]


class TestDeviation:
    @pytest.mark.parametrize(
        ("percent", "count", "reason", "expected"),
        [
            (31, 3, "", ["C413"]), (-31, 3, "", ["C413"]), (30, 3, "", []), (31, 2, "", []),
            (31, 3, "情节不同", []), (None, 0, "", []),
        ],
    )  # fmt: skip
    def test_beyond_the_band_needs_a_reason(self, percent, count, reason, expected):
        assert codes(check.deviation_explained(percent, count, reason)) == expected


class TestLateFee:
    """A fine of 50,000 yuan due on 20 March; examples of the reference and around them."""

    @pytest.mark.parametrize(
        ("days", "expected"), [(0, 0), (1, 150_000), (10, 1_500_000), (33, 4_950_000), (34, FINE), (40, FINE)]
    )
    def test_grows_by_three_percent_a_day_up_to_the_fine(self, days, expected):
        assert late_fee([(DUE, FINE)], [], [], DUE + dt.timedelta(days)) == expected

    def test_stands_still_while_a_lawsuit_is_pending(self):
        stop = (DUE + dt.timedelta(4), DUE + dt.timedelta(8))
        assert late_fee([(DUE, FINE)], [], [stop], DUE + dt.timedelta(10)) == 5 * 150_000

    def test_stops_with_the_day_of_payment(self):
        paid = [(DUE + dt.timedelta(10), FINE)]
        assert late_fee([(DUE, FINE)], paid, [], DUE + dt.timedelta(90)) == 1_500_000

    def test_is_counted_on_what_is_not_paid(self):
        paid = [(DUE, FINE // 2)]
        assert late_fee([(DUE, FINE)], paid, [], DUE + dt.timedelta(10)) == 750_000

    def test_goes_by_the_instalment_that_is_due(self):
        parts = [(DUE, FINE // 2), (DUE + dt.timedelta(30), FINE // 2)]
        assert late_fee(parts, [(DUE, FINE // 2)], [], DUE + dt.timedelta(31)) == 75_000

    amounts = st.integers(1, 10**9)
    day = st.dates(dt.date(2024, 1, 1), dt.date(2025, 1, 1))

    @given(amounts, day, day, st.lists(st.tuples(day, st.none() | day), max_size=3))
    def test_never_passes_the_fine_and_never_falls_below_nothing(self, fine, due, until, stops):
        assert 0 <= late_fee([(due, fine)], [], stops, until) <= fine

    @given(day, day, st.lists(st.tuples(day, st.none() | day), max_size=4))
    def test_counts_a_day_once_however_many_stops_cover_it(self, first, last, stops):
        def stopped(day: dt.date) -> bool:
            return any(begin <= day and (end is None or day <= end) for begin, end in stops)

        days = (first + dt.timedelta(n) for n in range(max(0, (last - first).days + 1)))
        assert counted_days(first, last, stops) == sum(not stopped(day) for day in days)


class TestMoney:
    def test_only_the_surcharge_may_be_remitted(self):
        assert codes(check.all_paid({"罚款": 1, "加处罚款": 1}, "协议减免")) == ["C511"]
        assert codes(check.all_paid({"罚款": 0, "加处罚款": 1}, "")) == ["C512"]
        assert codes(check.all_paid({"罚款": 0, "加处罚款": 1}, "协议减免")) == []

    def test_instalments_add_up_to_what_is_owed_on_days_to_come(self):
        parts = [(DUE - dt.timedelta(1), 30), (DUE, 60)]
        assert codes(check.parts_add_up(parts, 100, DUE)) == ["C509", "C520"]


class TestSimpleProcedure:
    @pytest.mark.parametrize(
        ("decided", "person", "expected"),
        [
            ({"fine_fen": 300_000}, False, []),
            ({"fine_fen": 300_001}, False, ["C420"]),
            ({"fine_fen": 20_000}, True, []),
            ({"fine_fen": 20_001}, True, ["C420"]),
            ({"fine_fen": 0, "business_stopped": True}, False, ["C423"]),
        ],
    )
    def test_gives_small_fines_only(self, decided, person, expected):
        assert codes(check.simple_enough(decided, person)) == expected


class TestMeasures:
    def test_goods_are_listed_with_a_quantity(self):
        assert codes(check.items_listed("扣押", True, [])) == ["C501"]
        assert codes(check.items_listed("扣押", True, [("口罩", Decimal(0))])) == ["C502"]

    @pytest.mark.parametrize(
        ("most", "n", "before", "expected"),
        [(30, 30, False, []), (30, 31, False, ["C505"]), (30, 10, True, ["C505"]), (0, 1, False, ["C504"])],
    )
    def test_are_prolonged_once_by_at_most_what_the_rule_allows(self, most, n, before, expected):
        assert codes(check.extension_fits("查封", most, n, before)) == expected
