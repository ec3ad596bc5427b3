"""The law library: dates, what replaced what, and which law the words of a citation mean."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.kernel import citations, deadline_rules, laws, penalty_rules, rule_book
from xiejian.kernel.problems import Refused
from xiejian.kernel.rule_book import Entry

VALUES = """
value = [{ id = "LAW-1", value = 90 }, { id = "LAW-2", value = 30 }, { id = "LAW-3", value = ["order"] }]
"""


def law(name: str, **facts: str) -> str:
    given = {"title": f'"{name}办法"', "level": '"order"', "subject": '"x"', "checked": '"x"', **facts}
    given = {key.rstrip("_"): value for key, value in given.items() if value}
    return "\n".join([f'[[law]]\nid = "{name}"', *(f"{key} = {value}" for key, value in given.items())])


def library(*entries: str) -> laws.Library:
    return laws.read([VALUES, *entries])


def entry(citation: str, **facts: object) -> Entry:
    given = {
        "kind": "grading", "pack": "p", "meaning": "m", "value": "v", "checked": "x", "unverified": False,
        "design": "", "from_on": None, "until_on": None, "source": "a/b.toml",
    }  # fmt: skip
    return Entry(id="A", citation=citation, **{**given, **facts})


OLD, NEW = law("甲", from_="2020-01-01"), law("乙", from_="2022-05-01", replaces='["甲"]')


class TestRefusal:
    @pytest.mark.parametrize(
        ("entries", "why"),
        [
            ([law("甲", title="")], "title"),
            ([law("甲")], "没有日期"),
            ([law("甲", from_="2020-01-01", replaces='["丙"]')], "不在法规库"),
            ([law("甲", from_="2020-01-01"), law("甲", from_="2021-01-01")], "重复"),
            (
                [law("甲", undated='"x"', replaces='["乙"]'), law("乙", undated='"x"', replaces='["甲"]')],
                "环",
            ),
            ([law("甲", undated='"x"', replaces='["甲"]')], "环"),
            ([law("甲", from_="2020-01-01", until="2022-05-01"), NEW], "重叠"),
            ([OLD, law("乙", title='"甲办法"', from_="2021-01-01")], "重叠"),
            ([law("甲", from_="2020-01-01", until="2019-12-31")], "早于施行"),
            ([law("甲", from_="2020-01-01", promulgated="2020-01-02")], "早于公布"),
            ([law("甲", from_='"2020"')], "日期"),
            ([law("甲", undated='"x"', level='"x"')], "level"),
            ([law("甲", undated='"x"', checked="")], "checked"),
            ([law("甲", undated='"x"', subjekt='"x"')], "subjekt"),
        ],
    )
    def test_says_which_law_and_why(self, entries, why):
        with pytest.raises(ValueError, match=why):
            library(*entries)

    def test_the_day_before_its_successor_is_no_overlap(self):
        assert library(law("甲", from_="2020-01-01", until="2022-04-30"), NEW)

    def test_an_unknown_id_is_refused(self):
        with pytest.raises(Refused) as refused:
            laws.law("没有")
        assert refused.value.first.code == "K542"


class TestReplacing:
    def test_the_last_day_follows_from_the_successor(self):
        assert library(OLD, NEW).laws["甲"].until_on == dt.date(2022, 4, 30)

    def test_the_chain_is_the_same_from_either_end(self):
        found = library(NEW, OLD, law("丙", from_="2024-01-01", replaces='["乙"]'))
        assert {tuple(one.id for one in found.chain(law)) for law in found.laws.values()} == {
            ("甲", "乙", "丙")
        }

    def test_the_digest_changes_with_an_amendment(self):
        amended = law("甲", from_="2020-01-01", amended='[{ on = 2021-01-01, by = "x" }]')
        assert library(OLD).laws["甲"].digest != library(amended).laws["甲"].digest

    def test_the_digest_does_not_change_with_a_name_to_cite_it_by(self):
        named = law("甲", from_="2020-01-01", cited_as='["甲法"]')
        assert library(OLD).laws["甲"].digest == library(named).laws["甲"].digest


class TestState:
    @pytest.mark.parametrize(
        ("day", "state"),
        [("2019-12-31", "coming"), ("2020-01-01", "current"), ("2022-04-30", "current"),
         ("2022-05-01", "repealed")],
    )  # fmt: skip
    def test_turns_on_the_first_and_after_the_last_day(self, day, state):
        assert library(OLD, NEW).laws["甲"].state(dt.date.fromisoformat(day)) == state

    def test_without_a_first_day_nothing_is_claimed(self):
        assert library(law("甲", undated='"x"')).laws["甲"].state(dt.date(2024, 1, 1)) == "undated"


class TestReading:
    @pytest.mark.parametrize(
        ("day", "asked"),
        [("2022-03-31", False), ("2022-04-01", True), ("2022-07-30", True), ("2022-07-31", False)],
    )
    def test_is_asked_for_near_the_first_day(self, day, asked):
        assert bool(library(law("乙", from_="2022-05-01")).to_read(dt.date.fromisoformat(day))) is asked

    def test_is_asked_for_again_after_an_amendment(self):
        found = library(law("乙", from_="2012-05-01", amended='[{ on = 2022-05-01, by = "x" }]'))
        assert found.to_read(dt.date(2022, 5, 2))

    def test_is_not_asked_for_before_anyone_could_read_it(self):
        found = library(law("乙", from_="2022-05-01", promulgated="2022-04-20"))
        assert found.to_read(dt.date(2022, 4, 19)) == []

    def test_is_not_asked_for_at_other_levels(self):
        assert library(law("乙", level='"plan"', from_="2022-05-01")).to_read(dt.date(2022, 5, 2)) == []


class TestChanges:
    def test_what_ended_what_began_and_what_was_amended(self):
        found = library(OLD, NEW, law("丙", from_="2012-01-01", amended='[{ on = 2022-06-01, by = "x" }]'))
        happened = laws.changes(found.laws.values(), dt.date(2022, 4, 30), dt.date(2022, 6, 1))
        assert [(c.law.id, c.what) for c in happened] == [("甲", "停止施行"), ("乙", "施行"), ("丙", "修改")]

    def test_the_first_day_itself_is_not_in_it(self):
        assert laws.changes(library(OLD, NEW).laws.values(), dt.date(2022, 5, 1), dt.date(2022, 6, 1)) == []


class TestCitation:
    @pytest.mark.parametrize(
        ("words", "found"),
        [
            ("《医疗器械经营监督管理办法》（市场监管总局令第54号）第16条", ["54号令"]),
            ("医疗器械经营监督管理办法（2014年令第8号）所定格式", ["2014年8号令"]),
            ("医疗器械经营监督管理办法第三十三条；医疗器械监督管理条例第四十七条", ["54号令", "条例"]),
            ("药监综械管〔2022〕78号（经营企业分级）", ["78号文"]),
            ("《医疗器械监督管理条例》第六十七条（另见召回办法第二十四条）", ["条例", "召回29"]),
            ("《中华人民共和国药品管理法实施条例》（国务院令第828号）第八十一条", ["药品条例"]),
            ("药品管理法第五十一条", ["药品法"]),
            (
                "医疗器械生产质量管理规范无菌医疗器械现场检查指导原则（食药监械监〔2015〕218号附件2）",
                ["218号文"],
            ),
            ("某省医疗器械监督管理条例实施办法", []),
            ("本局工作安排", []),
        ],
    )
    def test_means_the_law_of_that_title_number_or_name(self, words, found):
        assert [one.id for one in citations.cited(words)] == found

    @pytest.mark.parametrize(
        ("until", "edition"), [(None, "条例"), ("2021-05-31", "条例650"), ("2021-06-01", "条例")]
    )
    def test_means_the_edition_of_the_rules_last_day(self, until, edition):
        last = dt.date.fromisoformat(until) if until else None
        assert [one.id for one in citations.cited("医疗器械监督管理条例第四条", until=last)] == [edition]

    def test_short_names_hold_in_their_files_only(self):
        sources = ("naiman/campaign-2023.toml", "beilun/grading.toml")
        assert [len(citations.cited("方案四（三）", source=source)) for source in sources] == [1, 0]

    def test_a_rule_that_outlives_its_law_is_named(self):
        rule = entry("食药监械监〔2015〕158号")
        assert [one.id for one in citations.outlived(rule)] == ["158号文"]

    def test_a_rule_that_ends_with_its_law_is_fine(self):
        assert citations.outlived(entry("食药监械监〔2015〕158号", until_on=dt.date(2022, 12, 31))) == ()

    def test_a_document_that_nobody_knows_is_named(self):
        rule = entry("药品管理法第五条；《某市办法》第二条；说明")
        assert citations.unknown(rule) == ["《某市办法》第二条"]

    def test_our_own_settings_need_no_law(self):
        assert citations.unknown(entry("日数为本系统默认设置")) == []


class TestOurLibrary:
    FOUND = laws.load().laws

    def test_agrees_with_the_laws_of_the_fines(self):
        differing = [
            (one.key, ours.from_on, one.from_on)
            for one in {rule.law for versions in penalty_rules.load().rules.values() for rule in versions}
            for ours in citations.cited(f"《{one.title}》（{one.number}）")
            if one.from_on and ours.from_on != one.from_on
        ]
        assert differing == []

    def test_nearly_every_rule_names_a_law_that_it_knows(self):
        assert sum(bool(citations.unknown(e)) for e in rule_book.entries()) < 40

    @pytest.mark.parametrize("kind", ["deadlines", "penalties"])
    def test_every_time_limit_and_fine_leads_to_its_law(self, kind):
        bare = [
            e.id for e in rule_book.entries() if e.kind == kind and e.citation and not citations.of_entry(e)
        ]
        assert bare == []

    def test_every_law_says_who_read_it_or_that_nobody_did(self):
        assert [one.id for one in self.FOUND.values() if bool(one.checked) is one.unverified] == []

    def test_every_time_limit_agrees_on_the_dates_of_its_orders(self):
        rules = deadline_rules.load().rules
        assert citations.cited(rules["CP-O1"].citation)[0].until_on == dt.date(2026, 4, 14)
