"""One row of the register's form becomes canonical facts."""

import datetime as dt

import pytest

from xiejian.registry.columns import office_of, read_party

ROW = {"主体名称": "甲", "环节": "经营", "行政区划代码": "150525"}


def codes(row, on=None):
    return [(p.code, p.where) for p in read_party({**ROW, **row}, on=on).problems]


class TestARow:
    def test_gives_one_set_of_facts_per_link(self):
        parsed = read_party({**ROW, "环节": "经营、网络销售", "管理类别": "Ⅱ、Ⅲ", "品种标签": "植入、无菌"})
        assert [(f["link"], f["classes"], f["tags"]) for f in parsed.links] == [
            ("经营", "23", sorted(["无菌", "植入"])),
            ("网络销售", "23", sorted(["无菌", "植入"])),
        ]

    def test_gives_every_link_the_facts_of_the_party(self):
        facts = read_party({**ROW, "信用等级": "A"}).links[0]
        assert (facts["name"], facts["credit_grade"], facts["status"]) == ("甲", "A", "正常")

    def test_states_only_what_it_says(self):
        assert read_party(ROW).stated == {"name", "division_code", "office_code"}

    def test_leaves_the_facts_of_last_year_unknown_when_empty(self):
        facts = read_party(ROW).facts
        assert (facts["punished_last_year"], facts["failed_sampling_last_year"]) == (None, None)

    def test_is_a_device_party_unless_it_says_otherwise(self):
        assert read_party(ROW).facts["area"] == "医疗器械"

    def test_keeps_several_product_areas(self):
        assert read_party({**ROW, "产品门类": "化妆品、药品"}).facts["area"] == "药品、化妆品"

    def test_keeps_unknown_columns(self):
        assert read_party({**ROW, "片区": "东片"}).extra == {"片区": "东片"}

    def test_understands_starred_headings_and_synonyms(self):
        parsed = read_party({"企业名称*": "甲", "环节 *": "经营", "行政区划代码": 150525})
        assert (parsed.facts["name"], parsed.facts["division_code"], parsed.problems) == ("甲", "150525", [])

    def test_takes_a_long_validity_for_none_and_shows_it(self):
        parsed = read_party({**ROW, "有效期至": "长期"})
        assert (parsed.links[0]["expires_on"], parsed.changes[0]["column"]) == (None, "有效期至")

    def test_marks_a_credit_code_with_a_wrong_check_character_and_keeps_it(self):
        parsed = read_party({**ROW, "统一社会信用代码": "91520000MA6ABCDE78"})
        assert parsed.facts["uscc"] == "91520000MA6ABCDE78"
        assert [c["why"] for c in parsed.changes] == ["校验位不符"]
        assert parsed.problems == []

    def test_splits_licence_numbers(self):
        parsed = read_party({**ROW, "证号": "皖池药监械经营许20230015号、无"})
        assert [(n.printed, n.kind) for n in parsed.numbers] == [
            ("皖池药监械经营许20230015号", "distribution_licence")
        ]


class TestAnUnusableRow:
    @pytest.mark.parametrize("heading", ["主体名称", "环节", "行政区划代码"])
    def test_lacks_a_required_cell(self, heading):
        assert codes({heading: " "}) == [("K501", heading)]

    @pytest.mark.parametrize(
        ("heading", "value", "code"),
        [
            ("环节", "批发", "K502"),
            ("管理类别", "五类", "K502"),
            ("经营方式", "直销", "K502"),
            ("产品门类", "食品", "K502"),
            ("状态", "疯", "K502"),
            ("信用等级", "E", "K502"),
            ("质量管理体系状况", "优", "K502"),
            ("不良信用", "有点", "K502"),
            ("为他人贮存运输", "也许", "K503"),
            ("上年度行政处罚", "两次", "K503"),
            ("投诉举报次数", "很多", "K504"),
            ("发证日期", "2024-02-30", "K301"),
            ("有效期至", "2024年13月1日", "K301"),
            ("统一社会信用代码", "9152000", "R101"),
            ("统一社会信用代码", 9.1520000123456e17, "R102"),
            ("行政区划代码", "999999", "R103"),
            ("行政区划代码", "1505", "R103"),
        ],
    )
    def test_names_the_column_of_a_wrong_value(self, heading, value, code):
        assert codes({heading: value}) == [(code, heading)]

    def test_is_dated_after_today(self):
        assert codes({"发证日期": "2024-03-06"}, on=dt.date(2024, 3, 5)) == [("K506", "发证日期")]

    def test_may_expire_after_today(self):
        assert codes({"有效期至": "2029-03-06"}, on=dt.date(2024, 3, 5)) == []


class TestTheOfficeInCharge:
    @pytest.mark.parametrize(
        ("division", "office"),
        [
            ("150525", "150525"),
            ("150525000", "150525"),
            ("150525100", "150525100"),
            ("150525100000", "150525100"),
            ("150525100201", "150525100"),
            ("150500", "150500"),
        ],
    )
    def test_follows_from_the_division(self, division, office):
        assert office_of(division) == office
