"""The worked examples in words, beside the rule they show."""

from __future__ import annotations

import pytest

from xiejian.kernel import deadline_examples, examples, penalty_examples, rule_book, rule_examples

FOUND = rule_examples.of_rules()


def shown(kind: str, rule: str, name: str) -> rule_examples.Shown:
    return next(one for one in FOUND[kind, rule] if one.name == name)


class TestBesideTheRule:
    def test_stands_every_time_limit(self):
        held = {one.name for (kind, _), found in FOUND.items() if kind == "deadlines" for one in found}
        assert held == {e.name for e in deadline_examples.load_all()}

    def test_stands_every_fine(self):
        held = {one.name for (kind, _), found in FOUND.items() if kind == "penalties" for one in found}
        assert held == {e.name for e in penalty_examples.load_all()}

    @pytest.mark.parametrize("rule", ["DS-D2", "DS-D3"])
    def test_stands_a_level_at_what_it_hits_and_what_it_misses(self, rule):
        names = {e.name for e in examples.load_all() if rule in (*e.hits, *e.misses)}
        assert {one.name for one in FOUND["grading", rule]} == names

    def test_an_item_without_its_own_shows_those_of_its_article(self):
        own = {e.key for e in penalty_examples.load_all()}
        rules = [e.id for e in rule_book.entries() if e.kind == "penalties" and e.id not in own]
        assert any(("penalties", rule) in FOUND for rule in rules)


class TestWords:
    def test_a_range_is_written_in_yuan(self):
        assert shown("penalties", "P81-3", "货值满 10,000 元用倍数").outcome == "罚款：150,000 至 300,000 元"

    def test_no_fine_is_said(self):
        assert shown("penalties", "P84-3", "未备案经营二类，按期改正不罚款").outcome.startswith(
            "罚款：不罚款"
        )

    def test_what_is_not_the_case_is_said(self):
        one = shown("penalties", "P84-3", "未备案经营二类，按期改正不罚款")
        assert "没有" in one.situation

    def test_both_dates_are_said_where_they_differ(self):
        assert (
            shown("deadlines", "CS-11", "九十日遇平年二月").outcome == "到期 2023-05-04（不顺延 2023-05-01）"
        )

    def test_one_date_is_said_where_they_agree(self):
        assert shown("deadlines", "CS-11", "九十日遇闰年二月").outcome == "到期 2024-04-30"

    def test_facts_of_a_level_carry_the_headings_of_the_register(self):
        one = shown("grading", "DS-D2", "批发目录外第二类为二级")
        assert one.situation == "环节：经营；管理类别：2；经营方式：批发"


class TestQuery:
    def test_leaves_out_what_is_not_the_case(self):
        one = shown("penalties", "P84-3", "未备案经营二类，按期改正不罚款")
        assert "not_corrected" not in dict(one.query)

    def test_carries_an_extension_as_the_form_does(self):
        one = shown("deadlines", "CS-11", "九十日：经批准延长三十日")
        assert [value for key, value in one.query if key.startswith("add-")] == ["30", "ND", ""]

    def test_a_level_has_none(self):
        assert shown("grading", "DS-D2", "批发目录外第二类为二级").query == ()
