"""Papers other than a visit's record: what is signed, by whom, what stays when their record goes on."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from PIL import Image

from moment import NOW
from sampled import SHEET
from visiting import appoint, enrol
from xiejian.cases.actions import record_interview
from xiejian.cases.minutes import write_minutes
from xiejian.cases.models import Commitment
from xiejian.documents import papers, sample_papers, signed_papers
from xiejian.documents.paper import Signs
from xiejian.inspections import actions, custody, signing, stopping
from xiejian.inspections.models import Signature, SiteRecord, Visit
from xiejian.inspections.signing import Name
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM, Actor
from xiejian.sampling import actions as sampling

TODAY = NOW.date()


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (30, 10), (0, 0, 0, 255)).save(out, "PNG")
    return out.getvalue()


def name(role: str = "party", who: str = "白明") -> Name:
    return Name(role, who, png(), [[[0.1, 0.1, 0, 0.5]]], NOW)


@pytest.fixture
def shop(naiman):
    return enrol("明眸义齿厂", "150525100", NOW, link="生产", head="白明")


@pytest.fixture
def team(naiman):
    return [appoint("wang", "王检", "150525100", NOW), appoint("zhao", "赵检", "150525100", NOW)]


@pytest.fixture
def visit(shop, team) -> Visit:
    return Visit.objects.create(
        number="V1", party=shop, link="生产", kind="日常检查", office_code="150525100", state="concluded",
        visited_on=TODAY, conclusion="停产整改", persons=2,
    )  # fmt: skip


@pytest.fixture
def order(visit):
    return actions.order_correction(
        visit=visit, content="补齐记录", ordered_on=TODAY, due_on=TODAY + dt.timedelta(days=15), by=SYSTEM,
        at=NOW,
    )  # fmt: skip


def wording(order, kind: str = "notice"):
    found = papers.to_sign(kind, order.pk, by=SYSTEM, on=TODAY)
    assert found
    return found[1]


@pytest.fixture
def sign(order):
    """Signs the notice of the order; a test names only what it is about."""

    def make(given: Name | None = None, **facts) -> Signature:
        paper = facts.pop("paper", None) or wording(order)
        digest = signing.site_record.digest_of(paper.text)
        who = {"digest": digest, "by": SYSTEM, "at": NOW} | facts
        return signing.sign_paper(paper=paper, given=given or name(), **who)

    return make


def notice(order, by: Actor = SYSTEM, **facts):
    return papers.make("notice", order.pk, by=by, on=TODAY, **facts)


def names(paper) -> list[tuple[str, str]]:
    return [(line.role, line.name) for b in paper.blocks if isinstance(b, Signs) for line in b.lines]


def code(refused) -> str:
    return refused.value.first.code


class TestSigning:
    def test_freezes_the_words_with_the_first_name(self, sign, order):
        sign()
        row = SiteRecord.objects.get()
        assert (row.kind, row.place, row.text) == ("notice", order.number, wording(order).text)

    def test_the_next_name_stands_under_the_same_words(self, sign):
        assert sign().record == sign(name("inspector", "王检")).record

    def test_the_same_person_again_gives_the_stored_name(self, sign):
        assert sign() == sign()

    def test_of_other_words_than_those_shown_is_refused(self, sign):
        with pytest.raises(Refused) as refused:
            sign(digest="0" * 64)
        assert code(refused) == "I603"

    def test_by_a_stranger_as_an_official_is_refused(self, sign):
        with pytest.raises(Refused) as refused:
            sign(name("inspector", "路人"))
        assert code(refused) == "I616"

    def test_without_a_drawn_name_freezes_nothing(self, sign):
        with pytest.raises(Refused) as refused:
            sign(Name("party", "白明", b"", [], NOW))
        assert (code(refused), SiteRecord.objects.count()) == ("I604", 0)

    def test_is_for_whoever_may_visit_there(self, sign):
        with pytest.raises(Refused) as refused:
            sign(by=Actor("zhou", "周某", "522726", "section_officer"))
        assert code(refused) == "P101"

    def test_is_kept_in_custody(self, sign):
        sign()
        assert custody.faults() == (2, [])


class TestRefusing:
    def refuse(self, order, **facts):
        paper = wording(order)
        given = {
            "name": "白明", "reason": "不认可", "witnesses": ["社区李某"], "signed_at": NOW,
            "digest": signing.site_record.digest_of(paper.text), "by": SYSTEM, "at": NOW,
        }  # fmt: skip
        return signing.refuse_paper(paper=paper, **given | facts)

    def test_stands_in_the_place_of_the_name(self, order):
        self.refuse(order)
        lines = next(b.lines for b in notice(order).blocks if isinstance(b, Signs))
        assert "拒绝签名。理由：不认可。见证人：社区李某" in lines[0].note

    def test_needs_a_witness(self, order):
        with pytest.raises(Refused) as refused:
            self.refuse(order, witnesses=[])
        assert code(refused) == "I609"

    def test_after_signing_is_refused(self, order, sign):
        sign()
        with pytest.raises(Refused) as refused:
            self.refuse(order)
        assert code(refused) == "I615"


class TestThePaper:
    def test_shows_the_names_and_lines_for_those_that_miss(self, sign, order):
        sign()
        assert names(notice(order)) == [("当事人（签收）", "白明"), ("送达人（签名）", "")]

    def test_hides_the_party_s_name_from_who_may_not_see_contacts(self, sign, order):
        sign()
        viewer = Actor("v", "上级", "150500", "upper_viewer")
        assert names(notice(order, viewer))[0] == ("当事人（签收）", "＊＊＊")

    def test_of_an_order_given_again_waits_for_new_names(self, sign, order):
        sign()
        order.due_on += dt.timedelta(days=10)
        order.save()
        assert (notice(order).draft, names(notice(order))[0][1]) == ("签名后内容有改动，尚未重新签名", "")

    def test_as_it_was_signed_is_printed_word_for_word(self, sign, order):
        text = sign().record.text
        order.content = "别的内容"
        order.save()
        paper = notice(order, part=0)
        said = [block.text for block in paper.blocks if not isinstance(block, Signs)]
        assert (said, names(paper)[0][1]) == (text.splitlines(), "白明")

    def test_of_a_wording_that_is_not_there_is_not_found(self, order):
        with pytest.raises(Refused) as refused:
            notice(order, part=7)
        assert code(refused) == "D106"


class TestStops:
    @pytest.fixture
    def stop(self, visit):
        return stopping.stop_production(
            visit=visit, scope="全部车间", reason="关键项不符合", ordered_on=TODAY, by=SYSTEM, at=NOW
        )

    def test_have_a_notice_with_scope_and_reason(self, stop):
        text = signed_papers.as_text(papers.make("stop", stop.pk, by=SYSTEM, on=TODAY))
        assert "停产范围：全部车间" in text and "关键项不符合" in text

    def test_have_no_paper_of_resuming_before_they_end(self, stop):
        with pytest.raises(Refused) as refused:
            papers.make("resume", stop.pk, by=SYSTEM, on=TODAY)
        assert code(refused) == "D106"

    def test_have_a_notice_once_production_resumed(self, stop, visit):
        stopping.apply_to_resume(stop=stop, applied_on=TODAY, application="已改", by=SYSTEM, at=NOW)
        look = Visit.objects.create(
            number="V2", party=visit.party, link="生产", kind="跟踪检查", office_code="150525100",
            state="concluded", visited_on=TODAY, conclusion="符合",
        )  # fmt: skip
        stopping.pass_stop_recheck(stop=stop, recheck_visit=look, decision="合格", by=SYSTEM, at=NOW)
        stopping.resume_production(stop=stop, resumed_on=TODAY, approved_by="陈局", by=SYSTEM, at=NOW)
        text = signed_papers.as_text(papers.make("resume", stop.pk, by=SYSTEM, on=TODAY))
        assert "同意你单位自2024年3月5日起恢复生产" in text


class TestTheSamplingSheet:
    @pytest.fixture
    def sample(self, shop, team):
        return sampling.draw_sample(
            sheet=SHEET, party=shop, link="生产", kind="县级抽检", team=team, by=SYSTEM, at=NOW
        )

    def test_is_signed_for_the_office_by_those_who_took_the_sample(self, sample, sign, naiman):
        paper = sample_papers.sheet_to_sign(sample)
        appoint("sun", "孙检", "150525100", NOW)
        with pytest.raises(Refused) as refused:
            sign(name("inspector", "孙检"), paper=paper)
        assert code(refused) == "I616"

    def test_shows_its_names(self, sample, sign):
        paper = sample_papers.sheet_to_sign(sample)
        for given in (name(), name("inspector", "王检"), name("inspector", "赵检")):
            sign(given, paper=paper)
        shown = names(sample_papers.make("sheet", sample, on=TODAY))
        assert shown == [("被抽样单位", "白明"), ("抽样人员", "王检"), ("抽样人员", "赵检")]


class TestTheTalk:
    @pytest.fixture
    def talk(self, shop):
        made = record_interview(party=shop, held_on=TODAY, reason="多次未落实查验制度", by=SYSTEM, at=NOW)
        Commitment.objects.create(interview=made, text="月底前补齐", due_on=TODAY)
        return write_minutes(
            interview=made, place="局会议室", hosts="王检", guests="白明（负责人）", said="指出三项问题",
            answered="没有异议", by=SYSTEM, at=NOW,
        )  # fmt: skip

    def test_is_read_with_what_was_said_and_promised(self, talk):
        found = papers.to_sign("interview", talk.pk, by=SYSTEM, on=TODAY)
        said = ("局会议室", "指出三项问题", "没有异议", "承诺：月底前补齐（期限2024年3月5日）")
        assert found and all(words in found[1].text for words in said)

    def test_names_the_firm_s_people_to_who_may_see_contacts(self, talk):
        viewer = Actor("v", "上级", "150500", "upper_viewer")
        paper = papers.make("interview", talk.pk, by=viewer, on=TODAY)
        assert "白明" not in signed_papers.as_text(paper)

    def test_without_what_was_said_is_refused(self, talk):
        with pytest.raises(Refused) as refused:
            write_minutes(
                interview=talk,
                place="",
                hosts="王检",
                guests="白明",
                said=" ",
                answered="",
                by=SYSTEM,
                at=NOW,
            )
        assert code(refused) == "C107"
