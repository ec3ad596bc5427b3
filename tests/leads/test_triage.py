"""What triage proposes of a text, and whom it finds."""

from __future__ import annotations

import pytest

from told import TODAY, caller
from xiejian.leads import learnt, rules, triage
from xiejian.registry.models import Licence


class TestTheWords:
    @pytest.mark.parametrize(
        ("text", "kind", "topic"),
        [
            ("药店卖的血糖仪不准，要求退款，商家不退", "投诉", "quality"),
            ("押金一直不退，要求退款", "投诉", "service"),
            ("举报一家美容院用没有注册证的水光针", "举报", "unregistered"),
            ("某诊所无证经营，严查", "举报", "unlicensed"),
            ("请问办理二类备案需要什么材料", "咨询", ""),
            ("隐形眼镜戴后红肿感染", "举报", "harm"),
            ("过期的口罩还在卖，超过有效期", "举报", "expired"),
        ],
    )
    def test_a_text_is_what_most_of_its_words_say(self, text, kind, topic):
        found = triage.propose(text)
        assert (found.kind, found.topic) == (kind, topic)

    def test_a_text_without_any_word_is_checked_as_a_report(self):
        assert triage.propose("有件事").kind == "举报"

    def test_what_the_citizen_chose_stays(self):
        assert triage.propose("要求退款", kind="举报").kind == "举报"

    def test_the_gravest_priority_wins(self):
        assert triage.propose("过敏、溃烂、感染，已住院").priority == "紧急"

    def test_every_answer_has_its_words_as_reason(self):
        reasons = triage.propose("我要咨询").reasons
        assert [(r.question, r.why) for r in reasons if r.question == "kind"] == [("kind", "提到“咨询”")]

    def test_what_speaks_against_an_answer_is_taken_away(self):
        assert triage.propose("举报一家店，不要赔，请查处").kind == "举报"

    def test_one_weak_word_is_no_topic(self):
        assert triage.propose("医院").topic == ""

    @pytest.mark.parametrize("question", ["kind", "topic", "priority", "link"])
    def test_no_expression_speaks_for_an_empty_text(self, question):
        assert not [mark for entry in rules.words(question) for mark, _ in entry.marks if mark.search("")]


class TestTheLabelledMessages:
    @pytest.mark.parametrize(
        "text", ["楼下饭店油烟呛人，天天开到半夜，能不能管管", "老板欠我们四个月工资不给，工地的人都走光了"]
    )
    def test_a_matter_outside_devices_has_no_topic(self, text):
        assert triage.propose(text).topic == ""

    def test_what_no_expression_knows_is_found_by_its_likeness_and_says_so(self):
        found = triage.propose("针眼皮耷拉下来睁不开，等了三个月自己代谢")
        assert any("同类信件相近" in r.why for r in found.reasons if r.question == "topic")

    def test_a_few_characters_are_left_to_the_expressions(self):
        assert [r.why for r in triage.propose("过期口罩").reasons if r.question == "topic"] == ["提到“过期”"]

    def test_learning_twice_gives_the_same_weights(self):
        own = learnt.examples_of(rules.messages())[::9]
        assert (learnt.learn("kind", own).weights == learnt.learn("kind", own).weights).all()

    def test_every_label_of_the_messages_is_an_answer_of_the_pack(self):
        own = learnt.examples_of(rules.messages())
        kinds = {entry.id for entry in rules.words("kind")}
        assert {one.kind for one in own} == kinds and {one.topic for one in own} == {*rules.topics(), ""}

    def test_an_empty_topic_is_a_dash_in_the_file(self):
        assert learnt.examples_of(["# 说明", "[举报 -]", "烧垃圾"]) == [learnt.Example("烧垃圾", "举报", "")]


class TestThePartyMeant:
    def test_a_name_in_the_text_is_found(self, receive, shop):
        assert receive().proposal["party"] == shop.pk

    def test_a_credit_code_in_the_text_is_found(self, receive, shop):
        assert receive(f"信用代码{shop.uscc}的店卖过期口罩").proposal["party"] == shop.pk

    def test_a_certificate_number_in_the_text_is_found(self, receive, shop):
        Licence.objects.create(
            party=shop, kind="distribution_filing", number="蒙通食药监械经营备20230001号",
            number_key="蒙通食药监械经营备20230001",
        )  # fmt: skip
        lead = receive("墙上写着蒙通食药监械经营备20230001号，卖过期口罩")
        assert lead.proposal["party"] == shop.pk

    def test_an_address_is_found(self, receive, shop):
        assert receive("这里卖过期口罩", place="团结路8号").proposal["party"] == shop.pk

    def test_a_shop_of_another_county_is_not_found(self, receive, shop):
        shop.office_code = "522726"
        shop.save()
        assert receive().proposal["party"] is None

    def test_the_station_is_that_of_the_party(self, receive, shop):
        assert receive().proposal["office_code"] == "150525100"

    def test_without_a_party_the_station_named_in_the_text_is_proposed(self, receive):
        assert receive("大沁他拉有人摆摊卖过期口罩").proposal["office_code"] == "150525100"


class TestLikelyDuplicates:
    def test_the_same_party_within_the_window_is_shown(self, receive, shop, walk):
        first = walk.triage(receive(), party=shop)
        assert receive().proposal["duplicates"] == [first.pk]

    def test_the_same_telephone_is_the_same_person(self, receive):
        from_one = receive("甲事", identity=caller("张三"))
        assert receive("乙事", identity=caller("小张")).proposal["duplicates"] == [from_one.pk]

    def test_another_person_on_another_matter_is_no_duplicate(self, receive):
        receive("甲事", identity=caller("张三"))
        assert receive("乙事", identity=caller("李四", "13900002222")).proposal["duplicates"] == []

    def test_after_the_window_it_is_a_new_matter(self, receive, shop, walk):
        walk.triage(receive(received_on=TODAY.replace(month=1)), party=shop)
        assert receive().proposal["duplicates"] == []
