"""What an offer must not say or show: drawn examples of every rule, and the ways of hiding a word."""

from __future__ import annotations

import re

import pytest

from xiejian.online import rules
from xiejian.online.screening import Facts, clauses, screen


def found(text, facts=None):
    return {mark.rule for mark in screen(text, facts or Facts())}


class TestForbiddenWords:
    @pytest.mark.parametrize(
        ("rule", "text"),
        [
            ("OC-1", "一个疗程根治鼻炎"),
            ("OC-1", "多年腰痛治好了"),
            ("OC-2", "临床有效率95%"),
            ("OC-2", "百分之九十的用户明显改善"),
            ("OC-3", "效果比同类高三倍"),
            ("OC-3", "优于进口产品"),
            ("OC-4", "三甲医院专家推荐"),
            ("OC-4", "央视报道过"),
            ("OC-5", "国家级技术"),
            ("OC-5", "全网第一"),
            ("OC-6", "无任何副作用"),
            ("OC-6", "绝对安全"),
            ("OC-7", "无效退款"),
            ("OC-7", "签约保证疗效"),
            ("OC-8", "再不用就失明了"),
            ("OC-9", "不用吃药也能降压"),
            ("OC-9", "代替手术"),
        ],
    )
    def test_what_says_so_is_marked(self, rule, text):
        assert rule in found(text)

    @pytest.mark.parametrize(
        "text",
        [
            "本品不能治愈近视",
            "不宣称任何疗效",
            "不能代替药物治疗",
            "请在医生指导下使用",
            "第一类医疗器械",
            "不承诺治疗效果",
            "用于闭合性软组织的物理降温",
            "坏了包换，全国联保",
            "个别人可能出现皮肤发红",
            "氧浓度不低于90%",
            "",
        ],
    )
    def test_what_denies_it_or_is_shop_talk_is_not(self, text):
        assert found(text) == set()

    def test_a_denial_reaches_no_further_than_its_clause(self):
        assert found("本品不是药品，根治鼻炎") == {"OC-1"}

    @pytest.mark.parametrize(
        "text", ["治 愈", "治.愈", "治*愈", "治療癒，治癒", "治\u200b愈", "治_愈", "治~~~愈", "彻底根-治"]
    )
    def test_a_word_hidden_by_blanks_signs_or_old_characters_is_seen(self, text):
        assert "OC-1" in found(text)

    @pytest.mark.parametrize("text", ["有效率９８％", "有 效 率 98%", "有效率98.6%"])
    def test_full_width_figures_are_figures(self, text):
        assert "OC-2" in found(text)

    def test_a_figure_keeps_its_point(self):
        assert clauses("误差±0.1℃，范围35.0") == ["误差0.1c", "范围35.0"]

    def test_one_rule_marks_once(self):
        assert [mark.rule for mark in screen("根治鼻炎，治愈哮喘")] == ["OC-1"]

    def test_a_mark_quotes_what_it_found_and_its_clause(self):
        (mark,) = screen("无效退款")
        assert (mark.found, mark.unverified, "第十一条" in mark.citation) == ("无效退", True, True)

    @pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\x00\ud800", "（" * 3000, "治" * 5000])
    def test_no_text_breaks_it(self, text):
        assert found(text) == set()


class TestScope:
    def test_a_disease_outside_the_registered_use_is_marked(self):
        assert "OC-10" in found("可用于糖尿病", Facts(scope="用于体表降温"))

    def test_a_registered_disease_is_not(self):
        assert found("可用于糖尿病患者", Facts(scope="供糖尿病患者监测血糖")) == set()

    def test_nothing_is_compared_where_the_scope_is_not_known(self):
        assert found("可用于糖尿病患者") == set()


class TestFacts:
    @pytest.mark.parametrize(
        ("facts", "rule"),
        [
            ({"registration": "missing"}, "OF-1"),
            ({"registration": "invalid"}, "OF-2"),
            ({"registration": "unknown"}, "OF-3"),
            ({"registration": "expired"}, "OF-4"),
            ({"registration": "valid", "name_fits": False}, "OF-5"),
            ({"product_class": "3", "seller": "known", "licensed": False, "filed": True}, "OF-6"),
            ({"product_class": "2", "seller": "known", "licensed": False, "filed": False}, "OF-7"),
            ({"seller": "known", "online_filed": False}, "OF-8"),
            ({"seller": "unknown"}, "OF-9"),
        ],
    )
    def test_a_fact_against_the_offer_is_marked(self, facts, rule):
        assert found("", Facts(**facts)) == {rule}

    @pytest.mark.parametrize(
        "facts",
        [
            {},
            {"registration": "valid", "name_fits": True},
            {"product_class": "3", "seller": "known", "licensed": True},
            {"product_class": "2", "seller": "known", "licensed": False, "filed": True},
            {"product_class": "1", "seller": "known", "licensed": False, "filed": False},
            {"product_class": "3", "seller": "unknown"} | {"seller": ""},
            {"seller": "known", "online_filed": True},
        ],
    )
    def test_what_is_in_order_or_not_known_is_not(self, facts):
        assert found("", Facts(**facts)) == set()


class TestThePack:
    def test_every_rule_has_its_label_citation_and_grade(self):
        book = rules.book()
        every = [c.rule for c in book.claims] + [f.rule for f in book.facts] + [book.scope]
        assert all(r.label and r.meaning and r.citation and r.grade in rules.GRADES for r in every)

    def test_every_fact_that_a_rule_names_is_one(self):
        names = {name for entry in rules.book().facts for name, _ in entry.when}
        assert names <= set(Facts.__dataclass_fields__)

    def test_no_pattern_matches_nothing(self):
        assert not [c.rule.id for c in rules.book().claims if re.match(c.found, "")]
