"""Packs: what the loader accepts, and what it refuses with the place and the reason."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.kernel import packs
from xiejian.kernel.problems import Refused

PACK = """
[pack]
id = "test"
title = "试验"
meaning = "试验用"
citation = "试验第1条"
checked = "原文"
from = 2020-01-01
"""
LEVELS = """
[[table]]
name = "经营定级"
decides = "level"
links = ["经营"]
areas = ["医疗器械"]
citation = "试验第2条"
checked = "原文"
[[table.row]]
id = "T-2"
level = 2
when = { classes = "2" }
meaning = "第二类"
[[table.row]]
id = "T-1"
level = 1
unless_above = true
when = {}
meaning = "其他"
"""
DUTIES = """
[[table]]
name = "经营频次"
decides = "duty"
links = ["经营"]
areas = ["医疗器械"]
citation = "试验第3条"
checked = "原文"
[[table.row]]
id = "T-F2"
when = { level = 2 }
kind = "daily"
times = 1
years = 1
responsible = "county"
meaning = "每年一次"
[[table.row]]
id = "T-F1"
when = { level = 1 }
kind = "daily"
share = 0.5
responsible = "county"
meaning = "每年一半"
"""
OUTSIDE = """
[[outside]]
id = "T-X1"
links = ["生产", "使用", "网络销售", "第三方平台"]
areas = ["医疗器械"]
meaning = "不定级"
citation = "试验第4条"
checked = "原文"
[[outside]]
id = "T-X2"
links = ["生产", "经营", "使用", "网络销售", "第三方平台"]
areas = ["药品", "化妆品"]
meaning = "不定级"
citation = "试验第4条"
checked = "原文"
"""
WHOLE = PACK + LEVELS + DUTIES + OUTSIDE


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load one pack written as text."""

    def load(text: str) -> packs.Pack:
        folder = tmp_path / "somewhere"
        folder.mkdir(exist_ok=True)
        (folder / "grading.toml").write_text(text, encoding="utf-8")
        monkeypatch.setenv("XIEJIAN_PACKS", str(tmp_path))
        packs._heads.cache_clear()
        packs._load.cache_clear()
        return packs.load("test")

    yield load
    packs._heads.cache_clear()
    packs._load.cache_clear()


def refused(load, text: str) -> str:
    with pytest.raises(Refused) as why:
        load(text)
    assert why.value.first.code == "K202"
    return why.value.first.message


class TestAPack:
    def test_is_read_with_its_rows(self, load):
        assert [row.id for row in load(WHOLE).rows] == ["T-2", "T-1", "T-F2", "T-F1"]

    def test_carries_the_table_citation_where_a_row_has_none(self, load):
        assert load(WHOLE).rule("T-2").citation == "试验第2条"

    def test_changes_its_version_with_its_text(self, load):
        before = load(WHOLE).version
        assert load(WHOLE.replace("第二类", "二类")).version != before

    def test_is_refused_by_number_when_nobody_knows_it(self):
        with pytest.raises(Refused) as why:
            packs.load("atlantis")
        assert why.value.first.code == "K201"
        assert "dushan" in why.value.first.next

    def test_asked_before_its_date_leaves_a_notice(self, load):
        pack = load(WHOLE)
        assert packs.notice(pack, dt.date(2020, 1, 1)) is None
        assert packs.notice(pack, dt.date(2019, 12, 31)).code == "K203"

    def test_says_which_facts_it_asks_for(self, load):
        assert load(WHOLE).fact_names == ["link", "area", "classes"]


class TestWhatIsRefused:
    def test_a_row_without_meaning(self, load):
        assert "T-2: meaning" in refused(load, WHOLE.replace('meaning = "第二类"', ""))

    def test_a_row_without_citation(self, load):
        assert "T-2: citation" in refused(load, WHOLE.replace('citation = "试验第2条"', ""))

    def test_a_row_that_is_neither_checked_nor_unverified(self, load):
        text = WHOLE.replace('citation = "试验第2条"\nchecked = "原文"', 'citation = "试验第2条"')
        assert "T-2: needs either" in refused(load, text)

    def test_a_pack_without_date_or_reason(self, load):
        assert "needs `from`" in refused(load, WHOLE.replace("from = 2020-01-01", ""))

    def test_a_fact_that_does_not_exist(self, load):
        assert "no such fact" in refused(load, WHOLE.replace('classes = "2"', 'colour = "2"'))

    def test_a_yes_no_fact_asked_as_text(self, load):
        text = WHOLE.replace('classes = "2"', 'punished_last_year = "是"')
        assert "needs bool" in refused(load, text)

    def test_an_unknown_kind_of_inspection(self, load):
        assert "kind must be" in refused(load, WHOLE.replace('kind = "daily"\ntimes', 'kind = "tea"\ntimes'))

    def test_times_without_years(self, load):
        assert "belong together" in refused(load, WHOLE.replace("years = 1", ""))

    def test_a_misspelled_key(self, load):
        assert "unknown keys" in refused(load, WHOLE.replace("times = 1", "tims = 1"))

    def test_a_table_that_leaves_parties_without_answer(self, load):
        text = WHOLE.replace("unless_above = true\nwhen = {}", 'when = { classes = "1" }')
        assert "every party that is left" in refused(load, text)

    def test_a_link_that_nothing_answers(self, load):
        assert "第三方平台（医疗器械）" in refused(
            load, WHOLE.replace('"网络销售", "第三方平台"]\nareas = ["医', '"网络销售"]\nareas = ["医')
        )

    def test_a_link_that_is_answered_twice(self, load):
        text = WHOLE.replace(
            'links = ["生产", "使用", "网络销售"', 'links = ["生产", "经营", "使用", "网络销售"'
        )
        assert "经营（医疗器械）" in refused(load, text)

    def test_a_level_without_duty(self, load):
        assert "level 1 has no duty" in refused(load, WHOLE.replace("{ level = 1 }", "{ level = 3 }"))

    def test_an_id_used_for_two_things(self, load):
        assert "ids used twice" in refused(load, WHOLE.replace('id = "T-X1"', 'id = "T-X2"'))

    def test_text_that_is_not_toml(self, load):
        assert refused(load, WHOLE + "\n[[table]\n")


class TestDatedVersions:
    def versions(self, first_until: str, second_from: str) -> str:
        rows = """
[[table.row]]
id = "T-F2"
when = { level = 2 }
kind = "daily"
times = 1
years = 1
responsible = "county"
meaning = "每年一次"
"""
        older = rows + f"until = {first_until}\n"
        newer = rows.replace("times = 1", "times = 2") + f"from = {second_from}\n"
        return WHOLE.replace(rows, older + newer, 1)

    def test_follow_each_other_without_gap(self, load):
        pack = load(self.versions("2021-12-31", "2022-01-01"))
        assert next(row.duty.times for row in pack.rows_on(dt.date(2021, 12, 31)) if row.duty) == 1
        assert next(row.duty.times for row in pack.rows_on(dt.date(2022, 1, 1)) if row.duty) == 2

    def test_are_refused_when_they_overlap(self, load):
        assert "overlap" in refused(load, self.versions("2022-01-01", "2022-01-01"))

    def test_are_refused_when_they_leave_a_gap(self, load):
        assert "no version in force" in refused(load, self.versions("2021-12-31", "2022-01-02"))


class TestThePacksOfTheProduct:
    @pytest.mark.parametrize("pack_id", packs.known())
    def test_hold_together(self, pack_id):
        assert packs.load(pack_id).id == pack_id

    def test_are_the_ones_that_the_contract_names(self):
        wanted = {"national-2022-78", "national-2015-158", "chizhou", "dushan", "naiman-2023"}
        assert wanted <= set(packs.known())

    @pytest.mark.parametrize("rule", ["N-P4", "N-D3", "N-DF1"])
    def test_mark_what_is_from_memory(self, rule):
        assert packs.load("national-2022-78").rule(rule).unverified

    @pytest.mark.parametrize("rule", ["N-PF1n", "K-D2", "DR-D1"])
    def test_say_where_a_checked_rule_was_read(self, rule):
        assert packs.load("national-2022-78").rule(rule).checked

    def test_naiman_takes_the_national_levels_over(self):
        assert packs.load("naiman-2023").rule("N-D3") == packs.load("national-2022-78").rule("N-D3")
