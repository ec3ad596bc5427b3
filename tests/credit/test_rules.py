"""The credit pack: which facts lead to which grade, how long the lists last."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.credit import rules

DAY = dt.date(2024, 3, 5)


class TestAGrade:
    def test_is_the_best_without_anything_against(self):
        assert rules.evaluate({})[0] == "A"

    @pytest.mark.parametrize(("rule"), rules.grade_rules().values(), ids=lambda rule: rule.id)
    def test_follows_from_each_rule_at_its_threshold(self, rule):
        assert rule in rules.evaluate(dict(rule.when))[1]

    @pytest.mark.parametrize(("rule"), rules.grade_rules().values(), ids=lambda rule: rule.id)
    def test_does_not_follow_below_the_threshold(self, rule):
        below = {fact: least - 1 for fact, least in rule.when.items()}
        assert rule not in rules.evaluate(below)[1]

    def test_is_the_worst_of_all_rules_that_hold(self):
        assert rules.evaluate({"warnings": 1, "business_stopped": 1, "watched": 1})[0] == "C"

    def test_names_every_rule_that_holds_worst_first(self):
        _, held = rules.evaluate({"penalties": 2, "blacklisted": 1})
        assert [rule.id for rule in held] == ["QC-D1", "QC-C3", "QC-B1"]

    @pytest.mark.parametrize(
        ("grade", "before", "worse"), [("B", "", True), ("A", "", False), ("B", "C", False), ("D", "C", True)]
    )
    def test_is_worse_than_the_one_before_or_not(self, grade, before, worse):
        assert rules.worse(grade, before) is worse


class TestAList:
    def test_of_serious_dishonesty_lasts_three_years(self):
        assert rules.lists()["blacklist"].ends_on(DAY) == dt.date(2027, 3, 5)

    def test_lasts_as_long_as_a_longer_restriction(self):
        assert rules.lists()["blacklist"].ends_on(DAY, dt.date(2034, 3, 5)) == dt.date(2034, 3, 5)

    def test_lasts_no_shorter_for_a_short_restriction(self):
        assert rules.lists()["blacklist"].ends_on(DAY, dt.date(2025, 3, 5)) == dt.date(2027, 3, 5)

    def test_may_be_left_on_application_after_one_year(self):
        assert rules.lists()["blacklist"].repair_from(DAY) == dt.date(2025, 3, 5)

    def test_is_closed_to_deceivers_for_three_years(self):
        assert rules.lists()["blacklist"].barred_until(DAY) == dt.date(2027, 3, 5)

    def test_of_the_office_itself_lasts_the_months_of_the_pack(self):
        assert rules.lists()["watch"].ends_on(DAY) == dt.date(2025, 3, 5)


class TestThePack:
    def test_says_nothing_of_facts_that_nobody_counts(self):
        assert {fact for rule in rules.grade_rules().values() for fact in rule.when} <= set(rules.FACTS)

    def test_has_a_list_for_each_ground(self):
        assert {ground.list for ground in rules.grounds().values()} == set(rules.lists())
