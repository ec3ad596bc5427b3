"""Packs: what the loader accepts, and what it refuses with the place and the reason."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import pytest

from xiejian.kernel import examples, packs
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


class TestAnOfficesOwnPack:
    """It takes another pack over and asks more of what that pack says may be stricter."""

    BASE = """
[[table]]
name = "经营频次"
decides = "duty"
links = ["经营"]
areas = ["医疗器械"]
may_be = "stricter"
citation = "试验第3条"
checked = "原文"
[[table.row]]
id = "T-F2"
when = { level = 2 }
kind = "daily"
times = 1
years = 2
responsible = "county"
meaning = "两年一次"
[[table.row]]
id = "T-F1"
when = { level = 1 }
kind = "daily"
share = 0.5
responsible = "county"
meaning = "每年一半"
[[table.row]]
id = "T-N"
when = { filed_on = { within_months = 3 } }
kind = "filing_check"
within_months = 3
by = "11-30"
responsible = "county"
meaning = "备案后三个月内"
"""
    WHOLE = PACK + LEVELS.replace('citation = "试验第2条"', 'may_be = "stricter"\ncitation = "试验第2条"')
    WHOLE += BASE + OUTSIDE
    OWN = """
[pack]
id = "own"
title = "本局"
meaning = "从严"
citation = "本局第1条"
checked = "原文"
from = 2021-01-01
extends = ["test"]
"""
    CHANGE = (
        OWN
        + """
[[change]]
id = "{rule}"
{amounts}
meaning = "从严"
citation = "本局第2条"
checked = "原文"
"""
    )

    @pytest.fixture
    def own(self, load, tmp_path):
        """Load the office's pack over a base, both written as text."""

        def own(text: str, base: str = self.WHOLE) -> packs.Pack:
            folder = tmp_path / "office"
            folder.mkdir(exist_ok=True)
            (folder / "grading.toml").write_text(text, encoding="utf-8")
            load(base)
            return packs.load("own")

        return own

    def changed(self, own, rule: str, amounts: str) -> packs.Row:
        return own(self.CHANGE.format(rule=rule, amounts=amounts)).rule(rule)

    def refused(self, own, text: str, base: str = WHOLE) -> str:
        with pytest.raises(Refused) as why:
            own(text, base)
        assert why.value.first.code == "K202"
        assert why.value.first.where == "office/grading.toml"
        return why.value.first.message

    @pytest.mark.parametrize(
        ("rule", "name", "value"),
        [
            ("T-F2", "times", 2),
            ("T-F2", "times", 1),
            ("T-F2", "years", 1),
            ("T-F2", "share", 0.1),
            ("T-F1", "share", 0.6),
            ("T-N", "within_months", 2),
            ("T-N", "by", "10-31"),
        ],
    )
    def test_may_ask_more(self, own, rule, name, value):
        amounts = f"{name} = {json.dumps(value)}"
        assert getattr(self.changed(own, rule, amounts).duty, name) == value

    def test_may_add_a_number_of_visits_to_a_share(self, own):
        duty = self.changed(own, "T-F1", "times = 1\nyears = 4").duty
        assert (duty.times, duty.years, duty.share) == (1, 4, 0.5)

    @pytest.mark.parametrize(
        ("rule", "amounts", "why"),
        [
            ("T-F2", "years = 3", "years 3 is looser than 2"),
            ("T-F2", "times = 2\nyears = 4", "years 4 is looser than 2"),
            ("T-F1", "share = 0.4", "share 0.4 is looser than 0.5"),
            ("T-N", "within_months = 4", "within_months 4 is looser than 3"),
            ("T-N", 'by = "12-31"', "by 12-31 is looser than 11-30"),
            ("T-F2", "within_months = 1", "within_months is not in the row"),
            ("T-2", "level = 1", "level 1 is not stricter than 2"),
            ("T-2", "level = 5", "level 5 is not stricter than 2"),
        ],
    )
    def test_may_not_ask_less(self, own, rule, amounts, why):
        message = self.refused(own, self.CHANGE.format(rule=rule, amounts=amounts))
        assert f"{rule}: {why}" in message

    @pytest.mark.parametrize("amounts", ["", 'when = "x"', 'kind = "any"', "level = 3"])
    def test_may_change_nothing_but_the_amounts_of_a_duty(self, own, amounts):
        assert "T-F2: a change names some of" in self.refused(
            own, self.CHANGE.format(rule="T-F2", amounts=amounts)
        )

    @pytest.mark.parametrize("amounts", ["times = 0", "times = true", 'years = "1"', "share = -1.0"])
    def test_gives_amounts_that_are_numbers(self, own, amounts):
        assert "T-F2: " in self.refused(own, self.CHANGE.format(rule="T-F2", amounts=amounts))

    def test_may_raise_a_level_that_has_its_duties(self, own):
        text = self.CHANGE.format(rule="T-2", amounts="level = 3") + self.BASE.replace(
            "level = 2", "level = 3"
        )
        text = text.replace("T-F", "O-F").replace("T-N", "O-N").replace("经营频次", "本局频次")
        assert own(text).rule("T-2").level == 3

    def test_may_not_raise_a_level_to_one_without_duties(self, own):
        message = self.refused(own, self.CHANGE.format(rule="T-2", amounts="level = 3"))
        assert "level 3 has no duty" in message

    def test_leaves_alone_what_does_not_say_that_it_may_be_stricter(self, own):
        text = self.CHANGE.format(rule="T-F2", amounts="times = 2")
        assert "T-F2: may not be changed" in self.refused(own, text, WHOLE)

    def test_changes_only_rows_that_there_are(self, own):
        assert "T-9: no such row" in self.refused(own, self.CHANGE.format(rule="T-9", amounts="times = 2"))

    def test_changes_a_row_once(self, own):
        one = self.CHANGE.format(rule="T-F2", amounts="times = 2")
        text = one + one.removeprefix(self.OWN)
        assert "T-F2: changed twice" in self.refused(own, text)

    def test_needs_a_citation_for_each_change(self, own):
        text = self.CHANGE.format(rule="T-F2", amounts="times = 2").replace('citation = "本局第2条"', "")
        assert "T-F2: citation is missing" in self.refused(own, text)

    def test_says_whether_each_change_was_checked(self, own):
        text = self.CHANGE.format(rule="T-F2", amounts="times = 2\nunverified = true")
        assert "T-F2: needs either" in self.refused(own, text)

    def test_shows_the_own_citation_beside_the_one_taken_over(self, own):
        assert self.changed(own, "T-F2", "times = 2").citation == "本局第2条（从严于 试验第3条）"

    def test_does_not_change_the_pack_taken_over(self, own):
        self.changed(own, "T-F2", "times = 2")
        assert packs.load("test").rule("T-F2").duty.times == 1

    def test_may_not_use_an_id_of_the_pack_taken_over_again(self, own):
        row = self.BASE.replace("may_be", "# may_be")
        assert "two versions overlap" in self.refused(own, self.OWN + row)

    def test_may_not_answer_a_link_again(self, own):
        text = self.OWN + LEVELS.replace("T-", "O-").replace("经营定级", "本局定级")
        assert "经营（医疗器械） is answered by" in self.refused(own, text)

    def test_knows_no_other_word_than_stricter(self, own):
        base = self.WHOLE.replace('may_be = "stricter"', 'may_be = "looser"')
        with pytest.raises(Refused, match='may_be can only be "stricter"'):
            own(self.OWN, base)


class TestThePackOfTheHowTo:
    def test_asks_for_a_second_level_visit_every_year(self):
        assert packs.load("liaoning-2015").rule("C15-DF2").duty.years == 1

    def test_keeps_the_first_level_within_two_years(self):
        duty = packs.load("liaoning-2015").rule("C15-DF1").duty
        assert (duty.times, duty.years, duty.share) == (1, 2, 0.5)

    def test_says_that_it_is_a_sample(self):
        assert packs.load("liaoning-2015").unverified
        assert packs.load("liaoning-2015").title.startswith("示例")

    def test_has_fewer_than_30_lines_of_toml(self):
        lines = (packs.root() / "liaoning" / "grading.toml").read_text(encoding="utf-8").splitlines()
        assert len([line for line in lines if line.strip() and not line.startswith("#")]) < 30


class TestTheHowTo:
    """What docs/how-to/write-a-pack.md tells an office to write is read as it stands."""

    @pytest.fixture
    def written(self):
        text = (Path(__file__).parents[2] / "docs/how-to/write-a-pack.md").read_text(encoding="utf-8")
        return re.findall("```toml\n(.*?)```", text, flags=re.DOTALL)

    @pytest.fixture
    def office(self, tmp_path, monkeypatch):
        """Load the how-to's pack beside the national ones, written as text."""

        def office(text: str) -> packs.Pack:
            (tmp_path / "national").symlink_to(packs.root() / "national")
            (tmp_path / "office").mkdir()
            (tmp_path / "office" / "grading.toml").write_text(text, encoding="utf-8")
            monkeypatch.setenv("XIEJIAN_PACKS", str(tmp_path))
            packs._heads.cache_clear()
            return packs.load("liaoning-2015")

        yield office
        packs._heads.cache_clear()
        packs._load.cache_clear()

    def test_gives_a_pack_that_holds_together(self, office, written):
        head, change, addition, _ = written
        pack = office(f"{head}\n{change}\n{addition}")
        assert (pack.rule("C15-DF2").duty.years, pack.rule("LN-1").duty.kind) == (1, "special")

    def test_quotes_the_refusal_of_a_looser_change(self, office, written):
        head, change, *_ = written
        with pytest.raises(Refused, match="C15-DF2: years 3 is looser than 2; only stricter is allowed"):
            office(f"{head}\n{change.replace('years = 1', 'years = 3')}")

    def test_shows_an_example_that_comes_out(self, written, tmp_path):
        path = tmp_path / "grading.examples.toml"
        path.write_text(written[-1], encoding="utf-8")
        assert [wrong for example in examples.load(path) for wrong in examples.check(example)] == []


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
