"""Fines from rules as data: amounts, bands, persons, bad input, and what the loader refuses."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiejian.kernel import penalties
from xiejian.kernel.penalty_rules import combinations, load, read
from xiejian.kernel.problems import Refused

BOOK = load()
ON = dt.date(2026, 6, 1)
KEYS = sorted(BOOK.rules)
COMPUTED = [key for key in KEYS if BOOK.rules[key][0].stages and BOOK.rules[key][0].kind == "penalty"]
AMOUNTS = {
    name: Decimal("9999.99")
    for name in ("goods_value", "illegal_gains", "income", "last_year_income", "advertising_fee")
}
yuan = st.decimals(0, 10**9, places=2)
flags = st.fixed_dictionaries(
    {}, optional={name: st.booleans() for name, fact in BOOK.facts.items() if fact.kind == "flag"}
)


def repr_short(value: object) -> str:
    """A name for a drawn value that the terminal can print."""
    return type(value).__name__ if type(value) is int else ascii(value)[:20]


def refusal(key, facts, on=ON) -> str:
    """The code of the refusal."""
    with pytest.raises(Refused) as refused:
        penalties.assess(key, facts, on)
    return refused.value.first.code


class TestAmounts:
    @pytest.mark.parametrize(
        "written", ["20000", "20,000", "２００００", " 20000.00 ", "20000元", 20000, 20000.0, Decimal(20000)]
    )
    def test_may_be_text_or_numbers(self, written):
        found = penalties.assess("P81-3", {"goods_value": written}, ON)
        assert (found.fine, found.base_value) == ((300000, 600000), 20000)

    def test_of_floats_are_taken_as_written(self):
        assert penalties.assess("P81-3", {"goods_value": 9999.99}, ON).fine == (50000, 150000)

    @pytest.mark.parametrize(
        "bad",
        ["-1", -1, "-0.01", "NaN", "Infinity", "-inf", float("nan"), float("inf"), "1e9", "", " ", "很多",
         "1,00", "1.001", 0.1 + 0.2, True, [], {}, "9" * 10_000, "壹万", 10**400, 10**5000, 1e300,
         Decimal("sNaN"), "\ud800", "10 000", 10**13 + 1, "0x10", "1_000", "10²", "1,0000"],
        ids=repr_short,
    )  # fmt: skip
    def test_that_are_none_are_refused(self, bad):
        assert refusal("P81-3", {"goods_value": bad}) == "K523"

    def test_that_the_rule_does_not_need_are_checked_all_the_same(self):
        assert refusal("P89-1", {"goods_value": "-5"}) == "K523"

    @pytest.mark.parametrize("key", [k for k in COMPUTED if BOOK.rules[k][0].stages[0].base])
    def test_that_the_base_needs_are_asked_for_by_name(self, key):
        with pytest.raises(Refused) as refused:
            penalties.assess(key, {"subject": "retail"} if key == "DG117" else {}, ON)
        assert (refused.value.first.code, refused.value.first.where) == (
            "K522",
            BOOK.rules[key][0].stages[0].base,
        )

    def test_without_value_are_missing(self):
        assert refusal("P81-3", {"goods_value": None}) == "K522"

    def test_of_advertising_that_are_null_cannot_be_found_out(self):
        assert penalties.assess("AD55", {"advertising_fee": None}, ON).fine == (200000, 1000000)

    @given(yuan)
    def test_give_fines_in_whole_fen(self, value):
        low, high = penalties.assess("P86-3", {"goods_value": value}, ON).fine
        assert low.as_tuple().exponent >= -2 and high.as_tuple().exponent >= -2


class TestKeys:
    @pytest.mark.parametrize(("written", "rule"), [("M74-1..4", "M74"), ("A73-1..12", "A73"), ("P84", "P84")])
    def test_may_name_a_whole_article(self, written, rule):
        assert penalties.assess(written, {"goods_value": "1"}, ON).rule == rule

    def test_of_articles_with_unlike_items_name_the_items(self):
        with pytest.raises(Refused) as refused:
            penalties.assess("P83", {}, ON)
        assert "P83-1、P83-2" in refused.value.first.next


class TestFlags:
    def test_that_are_not_given_count_as_no_and_say_so(self):
        reasons = penalties.assess("P84-3", {}, ON).reasons
        assert any("逾期未改正：未说明，按否处理" in r.meaning for r in reasons)

    @pytest.mark.parametrize("bad", [1, 0, "yes", "", [], 0.5, "\ud800", "是" * 10_000])
    def test_that_are_neither_yes_nor_no_are_refused(self, bad):
        assert refusal("P84-3", {"not_corrected": bad}) == "K524"

    @pytest.mark.parametrize("yes", [True, "是", "true"])
    def test_may_be_chinese(self, yes):
        assert penalties.assess("P89-1", {"refused": yes}, ON).fine == (10000, 100000)

    def test_late_is_not_refused_but_is_said(self):
        found = penalties.assess("P89-1", {"not_corrected": True}, ON)
        assert found.fine is None
        assert any("由承办人认定" in r.meaning for r in found.reasons)

    @pytest.mark.parametrize("bad", ["", "药店", 3, None.__class__, "x" * 10_000])
    def test_choices_that_no_rule_knows_are_refused(self, bad):
        assert refusal("DG117", {"goods_value": "1", "subject": bad}) == "K525"


class TestBadInput:
    @pytest.mark.parametrize("key", ["", "P81", "P999", None, 5, "x" * 10_000, "\ud800", [], "p81-3"][2:])
    def test_unknown_rules(self, key):
        assert refusal(key, {}) == "K521"

    @pytest.mark.parametrize("facts", [None, [], "x", 5])
    def test_facts_that_are_no_object(self, facts):
        assert refusal("P81-3", facts) == "K528"

    @pytest.mark.parametrize(
        "on", [None, "", "2024-13-01", "昨天", "1948-12-31", "2101-01-01", True, [], float("nan"),
               float("inf"), "x" * 10_000, "\ud800", 10**5000],
        ids=repr_short,
    )  # fmt: skip
    def test_days(self, on):
        assert refusal("P81-3", {"goods_value": "1"}, on) == "K530"

    @pytest.mark.parametrize("bad", ["S1-3", ["S9-9"], [5], 5, ["\ud800"], {}])
    def test_circumstances(self, bad):
        assert refusal("P81-3", {"goods_value": "1", "circumstances": bad}) in {"K528", "K531"}

    def test_every_bad_fact_is_told_at_once(self):
        with pytest.raises(Refused) as refused:
            penalties.assess("P81-3", {"goods_value": "-1", "serious": 3}, ON)
        assert [p.where for p in refused.value.problems] == ["goods_value", "serious"]

    def test_facts_that_nobody_knows_are_named_not_used(self):
        assert penalties.assess("P89-1", {"good_value": "1", "refused": True}, ON).ignored == ("good_value",)

    @given(st.text(), st.text(), st.text())
    def test_any_text_gives_an_answer_or_a_code(self, key, value, day):
        for asked in (key, "P81-3"):
            try:
                penalties.assess(asked, {"goods_value": value, value: value}, day)
                penalties.assess(asked, {"goods_value": value}, ON)
            except Refused as refused:
                assert refused.first.code.startswith("K5")

    @given(st.dates(dt.date(1949, 1, 1), dt.date(2100, 12, 31)), st.sampled_from(KEYS))
    def test_any_day_gives_an_answer_or_a_code(self, on, key):
        try:
            penalties.assess(key, AMOUNTS | {"product": "fake"}, on)
        except Refused as refused:
            assert refused.first.code in {"K522", "K526", "K527"}

    def test_what_is_shown_can_be_printed(self):
        shown = penalties.shown("a\ud800\n" + "x" * 10_000)
        assert shown.encode("utf-8") and len(shown) <= 41 and "\n" not in shown


class TestBands:
    @given(yuan, flags, st.sampled_from(COMPUTED))
    def test_lie_inside_the_range_and_adjoin(self, value, given_flags, key):
        facts = dict.fromkeys(AMOUNTS, value) | given_flags | {"product": "inferior"}
        try:
            found = penalties.assess(key, facts, ON)
        except Refused:
            return
        if found.fine is None:
            assert found.bands == {}
            return
        lighter, ordinary, heavier = found.bands.values()
        assert (lighter[0], heavier[1]) == found.fine
        assert (lighter[1], ordinary[1]) == (ordinary[0], heavier[0])
        assert lighter[0] <= lighter[1] <= ordinary[1] <= heavier[1]

    @pytest.mark.parametrize(
        ("fine", "band"),
        [("49999.99", "reduced"), ("50000", "lighter"), ("80000", "lighter"), ("80000.01", "ordinary"),
         ("119999.99", "ordinary"), ("120000", "heavier"), ("150000", "heavier"), ("150000.01", "")],
    )  # fmt: skip
    def test_own_their_marks_as_set(self, fine, band):
        assert penalties.band_of(Decimal(fine), (Decimal(50000), Decimal(150000))) == band

    def test_carry_the_mark_of_what_is_not_verified(self):
        reasons = penalties.assess("P89-1", {"refused": True}, ON).reasons
        assert [r.unverified for r in reasons if r.rule == "裁量分档"] == [True]


class TestReduced:
    def test_lies_below_the_minimum(self):
        assert penalties.assess("P88-1", {}, ON).reduced == (0, 10000)

    def test_does_not_exist_where_the_law_has_only_a_maximum(self):
        assert penalties.assess("U32", {}, ON).reduced is None

    def test_has_a_floor_where_the_region_sets_one(self):
        book = read([SMALL.replace("active = false", "active = true\nlowest_share = 0.1")])
        assert penalties.assess("T1", {}, ON, book).reduced == (Decimal("0.10"), 1)


class TestRanges:
    @given(yuan, yuan, flags, st.sampled_from(COMPUTED))
    def test_never_fall_when_the_base_rises(self, one, other, given_flags, key):
        fixed = given_flags | {"product": "inferior", "subject": "retail"}
        if {"subject"} & set(penalties.choices(BOOK.rules[key][0])) and key == "DG134":
            fixed["subject"] = "holder"
        smaller, larger = sorted((one, other))
        answers = [
            penalties.assess(key, dict.fromkeys(AMOUNTS, v) | fixed, ON).fine for v in (smaller, larger)
        ]
        assert (answers[0] is None) == (answers[1] is None)
        assert answers[0] is None or (answers[0][0] <= answers[1][0] and answers[0][1] <= answers[1][1])

    @pytest.mark.parametrize("key", COMPUTED)
    def test_answer_every_combination_exactly_once(self, key):
        (rule,) = BOOK.rules[key]
        for facts in combinations(rule, BOOK):
            assert sum(stage.when.holds(facts) for stage in rule.stages) == 1
            found = penalties.assess(key, AMOUNTS | {"product": "inferior"} | facts, ON)
            assert found.fine is not None or found.first_step


class TestOldLaw:
    def test_is_named_where_it_is_not_in_the_rules(self):
        with pytest.raises(Refused) as refused:
            penalties.assess("P86-3", {"goods_value": "1"}, "2021-05-31")
        assert "2021-06-01" in refused.value.first.message

    def test_is_used_for_conduct_under_it(self):
        step = 'first_step = "direct"'
        old = SMALL_RULE.replace(step, f"until = 2022-12-31\n{step}")
        new = SMALL_RULE.replace(step, f"from = 2023-01-01\n{step}").replace("[1, 2]", "[3, 4]")
        book = read([SMALL_HEAD, old, new])
        fines = [penalties.assess("T1", {}, on, book).fine for on in ("2022-12-31", "2023-01-01")]
        assert fines == [(1, 2), (3, 4)]
        (newer,) = penalties.assess("T1", {}, "2022-12-31", book).conflicts
        assert (newer.id, newer.fine) == ("2023-01-01", (3, 4))


class TestCircumstances:
    def test_are_listed_and_never_netted_off(self):
        found = penalties.assess("P89-1", {"refused": True, "circumstances": ["S1-3", "S4-5"]}, ON)
        assert found.steps == ("lighter", "reduced", "heavier")

    def test_say_where_they_stand(self):
        assert all(c.citation for c in BOOK.circumstances.values())


class TestConflicts:
    def test_show_what_the_proposed_rule_would_give(self):
        (conflict,) = penalties.assess("W39", {"refused": True}, ON).conflicts
        assert (conflict.id, conflict.proposal, conflict.fine) == ("CF-2", "P89-8", (10000, 100000))


class TestLateFee:
    @pytest.mark.parametrize(("days", "fee"), [(0, 0), (10, 15000), (33, 49500), (34, 50000), (40, 50000)])
    def test_is_three_percent_a_day_up_to_the_fine(self, days, fee):
        assert penalties.late_fee("50000", days) == fee

    @pytest.mark.parametrize("days", [-1, 1.5, "3", True, None, 10**20])
    def test_needs_whole_days(self, days):
        with pytest.raises(Refused):
            penalties.late_fee("50000", days)


class TestAskedFacts:
    @pytest.mark.parametrize(
        ("key", "facts"),
        [
            ("P81-3", ["goods_value", "income", "serious"]),
            ("P84-3", ["goods_value", "income", "serious", "not_corrected"]),
            ("P89-1", ["serious", "refused"]),
            ("U27-2", ["goods_value", "income", "serious"]),
            ("DG119", ["goods_value", "serious", "tcm_slices", "product"]),
            ("BLC-1", []),
        ],
    )
    def test_are_those_that_can_change_the_answer(self, key, facts):
        assert penalties.asked(BOOK.rules[key][0], BOOK) == facts


SMALL_HEAD = """
[law.L]
title = "试验办法"
number = "第1号"
from = 2020-01-01
[fact.goods_value]
kind = "amount"
label = "货值"
[fact.refused]
kind = "flag"
label = "拒不改正"
[fact.serious]
kind = "flag"
label = "情节严重"
[label.first_step]
direct = "直接"
[label.confiscate]
[label.basis]
memory = "凭记忆"
[alias]
"T1..2" = "T1"
[newer_law]
meaning = "从新"
citation = "法"
[reduction]
active = false
[always]
text = "改正"
citation = "法"
[late_fee]
rate = 0.03
cap = 1
meaning = "加处"
law = "L"
article = "第一条"
checked = "L"
[cut]
lower_cut = 0.3
upper_cut = 0.7
lower_cut_belongs_to = "lighter"
upper_cut_belongs_to = "heavier"
from = 2020-01-01
meaning = "分档"
citation = "规则"
unverified = true
basis = "memory"
"""
SMALL_RULE = """
[[group]]
id = "T1"
law = "L"
article = "第二条"
meaning = "试验"
checked = "L"
first_step = "direct"
stages = [{ when = {}, fine = [1, 2] }]
"""
SMALL = SMALL_HEAD + SMALL_RULE
BRACKETS = 'stages = [{ when = {}, base = "goods_value", brackets = [%s] }]'
FINE = "stages = [{ when = {}, fine = [1, 2] }]"


class TestLoader:
    def test_reads_a_small_book(self):
        assert penalties.assess("T1", {}, ON, read([SMALL])).citation == "《试验办法》（第1号）第二条"

    @pytest.mark.parametrize(
        ("found", "put", "says"),
        [
            ('meaning = "试验"', "", "meaning"),
            ('article = "第二条"', "", "article"),
            ('meaning = "试验"\nchecked = "L"', 'meaning = "试验"', "unverified"),
            ('meaning = "试验"\nchecked = "L"', 'meaning = "试验"\nunverified = true', "basis"),
            ('checked = "L"\nfirst', 'unverified = true\nbasis = "dream"\nfirst', "dream"),
            ('first_step = "direct"', "", "first_step"),
            ('first_step = "direct"', 'first_step = "direct"\nfines = 1', "fines"),
            (FINE, "", "stages"),
            (FINE, "stages = [{ fine = [1, 2] }]", "when"),
            (FINE, "stages = [{ when = {}, fine = [2, 1] }]", "range"),
            (FINE, "stages = [{ when = {}, fine = [-1, 1] }]", "range"),
            (FINE, "stages = [{ when = {}, times = [1, 2] }]", "base"),
            (FINE, 'stages = [{ when = {}, as = "T2" }]', "T2"),
            (FINE, 'stages = [{ when = {}, as = "T1", fine = [1, 2] }]', "another rule"),
            (FINE, 'stages = [{ when = { all = ["refused"] }, fine = [1, 2] }]', "answered 0 times"),
            (FINE, "stages = [{ when = {}, fine = [1, 2] }, { when = { all = ['refused'] }, fine = [1, 2] }]",
             "answered 2 times"),
            (FINE, "stages = [{ when = { none = ['late'] }, fine = [1, 2] }]", "late"),
            (FINE, BRACKETS % "{ below = 10, fine = [1, 2] }, { from = 11, times = [1, 2] }", "no bracket"),
            (FINE, BRACKETS % "{ below = 10, fine = [1, 2] }, { from = 9, times = [1, 2] }", "overlap"),
            (FINE, BRACKETS % "{ below = 10, fine = [1, 2] }", "no bracket from 10 upwards"),
            (FINE, BRACKETS % "{ from = 5, times = [1, 2] }", "no bracket from 0"),
            (FINE, BRACKETS % "{ fine = [1, 2] }, { from = 9, times = [1, 2] }", "overlap"),
            (FINE, BRACKETS % "{ below = 0, fine = [1, 2] }, { times = [1, 2] }", "ends where it begins"),
            (FINE, BRACKETS % "{ fine = [1, 2], times = [1, 2] }", "a fine or times"),
            ("lower_cut = 0.3", "lower_cut = 0.8", "lower_cut"),
            ('lower_cut_belongs_to = "lighter"', 'lower_cut_belongs_to = "heavier"', "neighbours"),
        ],
    )  # fmt: skip
    def test_refuses_what_does_not_hold_together(self, found, put, says):
        assert found in SMALL
        with pytest.raises((ValueError, KeyError)) as error:
            read([SMALL.replace(found, put)])
        assert says in str(error.value)

    def test_refuses_versions_that_overlap(self):
        with pytest.raises(ValueError, match="overlap"):
            read([SMALL + SMALL_RULE])

    def test_tells_the_broken_folder_as_a_problem(self, tmp_path, monkeypatch):
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "penalties.toml").write_text("[", encoding="utf-8")
        monkeypatch.setenv("XIEJIAN_PACKS", str(tmp_path))
        with pytest.raises(Refused) as refused:
            load()
        assert refused.value.first.code == "K529"

    def test_says_of_every_rule_where_it_stands_and_whether_it_was_checked(self):
        rules = [rule for versions in BOOK.rules.values() for rule in versions]
        assert [r.id for r in rules if not r.citation or bool(r.checked) == r.unverified] == []
