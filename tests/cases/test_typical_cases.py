"""Typical cases: nobody can be recognised, whoever drafts does not approve."""

from __future__ import annotations

import pytest

from xiejian.cases import anonymity, papers, typical
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor
from xiejian.registry.models import Licence


def words(name: str, division: str = "150525") -> list[str]:
    return [secret.word for secret in anonymity.party_secrets(name, division)]


class TestAName:
    @pytest.mark.parametrize(
        ("name", "short", "instead"),
        [
            ("奈曼旗视康眼镜店", "视康", "某经营单位"), ("通辽市康达医疗器械有限公司", "康达", "某公司"),
            ("通辽（开鲁）同济口腔门诊部", "通辽同济口腔", "某诊所"),
            ("奈曼旗蒙医医院", "蒙医", "某医疗机构"),
        ],
    )  # fmt: skip
    def test_is_replaced_whole_and_in_its_parts(self, name, short, instead):
        text = anonymity.anonymise(f"{name}（以下简称{short}）", anonymity.party_secrets(name, "150525"))
        assert text == f"{instead}（以下简称{instead}）"

    def test_that_is_nothing_but_its_trade_is_not_hunted_word_by_word(self):
        assert "口腔" not in words("奈曼旗口腔门诊部")

    def test_of_a_person_keeps_its_surname(self):
        assert anonymity.anonymise("李四光签字", [anonymity.person_secret("李四光")]) == "李某签字"

    def test_of_a_street_is_gone_with_its_number(self):
        secrets = list(anonymity.address_secrets("内蒙古通辽市奈曼旗大沁他拉镇振兴街12号"))
        assert anonymity.anonymise("在大沁他拉镇振兴街12号检查", secrets) == "在某处检查"


class TestPatterns:
    @pytest.mark.parametrize(
        "text",
        [
            "91150525MA0N1ABC2X", "身份证15052519800101123X", "奈市监处罚〔2024〕1号", "国械注准20203141234",
            "批号：20240305A", "13812345678", "0475-4212345", "2024年3月5日",
        ],
    )  # fmt: skip
    def test_find_what_no_record_names(self, text):
        assert anonymity.leaks(text, []) and not anonymity.leaks(anonymity.anonymise(text, []), [])

    @pytest.mark.parametrize("text", ["货值金额12345678元", "罚款人民币50,000元", "共3台，2024年3月"])
    def test_leave_what_the_story_needs(self, text):
        assert anonymity.anonymise(text, []) == text


def test_every_move_from_every_state_is_decided():
    allowed = {
        "drafted": {"redraft_typical", "return_typical", "publish_typical"},
        "returned": {"redraft_typical"},
        "published": {"withdraw_typical"},
        "withdrawn": {"redraft_typical"},
    }
    assert {s: {t.action for t in typical.WORKFLOW.allowed(s)} for s in typical.WORKFLOW.states} == allowed


# --- with records ------------------------------------------------------------------------------------------

KNOWN = {
    "name": "奈曼旗视康眼镜有限公司", "uscc": "91150525MA0N1ABC2X", "address": "奈曼旗大沁他拉镇振兴街12号",
    "warehouse_address": "奈曼旗义隆永镇库房路3号", "legal_representative": "欧阳修竹", "head": "赵子龙",
    "phone": "04754212345",
}  # fmt: skip


@pytest.fixture
def decided(file_case, decide, shop, officer, later, now):
    for field, value in KNOWN.items():
        setattr(shop, field, value)
    shop.save()
    Licence.objects.create(party=shop, kind="x", number="蒙通药监械经营许可20240012号", number_key="k1")
    case = decide()
    papers.issue_paper(
        kind="inquiry_record", record=case, issued_on=now.date(), by=officer, at=now,
        values={"party_name": shop.name, "asked_name": "孙悟空", "asked_phone": "13912345678"},
    )  # fmt: skip
    return case


@pytest.fixture
def head(naiman) -> Actor:
    return Actor("zhang", "张局", naiman.code, "head")


@pytest.fixture
def drafted(decided, officer, later):
    return typical.draft_typical(case=decided, texts=typical.proposed_texts(decided), by=officer, at=later)


SECRETS = [
    *KNOWN.values(),
    "视康",
    "孙悟空",
    "13912345678",
    "蒙通药监械经营许可20240012号",
    "奈市监处罚〔2024〕1号",
]


class TestAProposedStory:
    def test_says_what_was_done_and_decided(self, drafted):
        assert "未经许可经营第三类医疗器械" in drafted.story and "伍万元整" in drafted.outcome

    def test_names_nothing_that_tells_who_it_was(self, drafted):
        told = "\n".join([drafted.title, drafted.story, drafted.outcome, drafted.lesson])
        assert [secret for secret in SECRETS if secret in told] == []

    def test_of_a_text_full_of_secrets_keeps_none(self, decided):
        text = "，".join(SECRETS)
        told = anonymity.anonymise(text, typical.secrets_of(decided))
        assert [secret for secret in SECRETS if secret in told] == []


class TestADraft:
    @pytest.mark.parametrize("secret", SECRETS)
    def test_with_a_secret_in_it_is_refused(self, decided, officer, later, secret):
        texts = typical.proposed_texts(decided) | {"lesson": f"参见{secret}。"}
        with pytest.raises(Refused) as refused:
            typical.draft_typical(case=decided, texts=texts, by=officer, at=later)
        assert refused.value.first.code == "C801"

    def test_is_published_by_somebody_else_only(self, drafted, head, later):
        drafted.drafted_by = head.username
        drafted.save()
        with pytest.raises(Refused) as refused:
            typical.publish_typical(typical=drafted, on=later.date(), by=head, at=later)
        assert refused.value.first.code == "C701"

    def test_is_looked_through_again_before_it_is_published(self, drafted, head, later, decided):
        decided.party.head = "市场监督"
        decided.party.save()
        with pytest.raises(Refused) as refused:
            typical.publish_typical(typical=drafted, on=later.date(), by=head, at=later)
        assert refused.value.first.code == "C801"


class TestThePublic:
    def test_reads_what_is_published_and_not_withdrawn(self, drafted, head, later):
        assert not typical.published().exists()
        row = typical.publish_typical(typical=drafted, on=later.date(), by=head, at=later)
        assert [t.title for t in typical.published()] == ["某公司未经许可经营第三类医疗器械案"]
        typical.withdraw_typical(typical=row, note="案件复议", by=head, at=later)
        assert not typical.published().exists()
