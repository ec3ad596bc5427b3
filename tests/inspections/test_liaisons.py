"""联系单: asked of another office, a body outside or the firm; answered there; late when it is not."""

from __future__ import annotations

import datetime as dt

import pytest

from visiting import enrol, photo
from xiejian.clocks.models import Clock
from xiejian.inspections import actions, custody, liaising, liaisons, queries
from xiejian.inspections.liaising import LIAISON_WORKFLOW
from xiejian.inspections.models import Evidence, Liaison
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor

TODAY = dt.date(2024, 3, 5)
WANTED = dt.date(2024, 3, 15)
STATION = "150525100"
#: Every step that the table allows; all others are refused.
ALLOWED = {
    ("drafted", "amend_liaison"): "drafted",
    ("drafted", "send_liaison"): "sent",
    ("drafted", "withdraw_liaison"): "withdrawn",
    ("sent", "receive_liaison"): "received",
    ("sent", "answer_liaison"): "answered",
    ("sent", "withdraw_liaison"): "withdrawn",
    ("received", "answer_liaison"): "answered",
    ("received", "withdraw_liaison"): "withdrawn",
    ("answered", "return_liaison"): "received",
    ("answered", "close_liaison"): "closed",
}
MOVES = sorted({t.action for t in LIAISON_WORKFLOW.transitions})


@pytest.fixture
def neighbour(naiman) -> Actor:
    """An officer of another county's bureau, which is not an office of this test's county."""
    return Actor("zhou", "周某", "522726", "section_officer")


@pytest.fixture
def draft(shop, officer, now):
    """Drafts a sheet of the bureau to its station; a test names only what it is about."""

    def make(**facts) -> Liaison:
        given = {
            "party": shop, "addressee": liaising.OFFICE, "to_office": STATION, "title": "核对经营地址",
            "content": "请到现场核对。", "wanted_by": WANTED, "by": officer, "at": now,
        }  # fmt: skip
        return liaising.draft_liaison(**given | facts)

    return make


@pytest.fixture
def sent(draft, officer, now) -> Liaison:
    return liaising.send_liaison(liaison=draft(), sent_on=TODAY, by=officer, at=now)


@pytest.fixture
def answer(inspector, now):
    def make(liaison, **facts) -> Liaison:
        given = {
            "answered_on": TODAY,
            "answer": "地址相符。",
            "answered_by": "王检",
            "by": inspector,
            "at": now,
        }
        return liaising.answer_liaison(liaison=liaison, **given | facts)

    return make


def codes(refused) -> list[str]:
    return [problem.code for problem in refused.value.problems]


def clock(liaison: Liaison) -> Clock:
    return Clock.objects.get(subject="liaison", record=liaison.pk)


@pytest.mark.parametrize("state", list(LIAISON_WORKFLOW.states))
@pytest.mark.parametrize("move", MOVES)
def test_every_move_from_every_state_is_decided(state, move):
    if (state, move) in ALLOWED:
        assert LIAISON_WORKFLOW.step(state, move) == ALLOWED[state, move]
    else:
        with pytest.raises(Refused) as refused:
            LIAISON_WORKFLOW.step(state, move, where="联系单")
        assert refused.value.first.code == "K101"


class TestDrafting:
    def test_gives_it_a_number_of_the_office_and_the_year(self, draft):
        assert draft().number == "奈曼旗市监联〔2024〕1号"

    def test_names_the_office_as_it_is_called(self, draft):
        assert draft().to_name == "大沁他拉市场监督管理所"

    def test_to_the_firm_goes_to_the_party(self, draft, shop):
        assert draft(addressee=liaising.FIRM, to_office="").to_name == shop.name

    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            ({"addressee": "别处"}, "I340"),
            ({"to_office": "150525"}, "I341"),  # the sender itself
            ({"to_office": "999999"}, "I341"),
            ({"addressee": liaising.BODY, "to_name": " "}, "I106"),
            ({"title": ""}, "I106"),
            ({"content": " "}, "I106"),
            ({"wanted_by": TODAY - dt.timedelta(days=1)}, "I342"),
        ],
    )
    def test_refuses_what_cannot_be_sent(self, draft, facts, code):
        with pytest.raises(Refused) as refused:
            draft(**facts)
        assert codes(refused) == [code]

    def test_refuses_an_order_of_another_party(self, draft, ordered, now):
        with pytest.raises(Refused) as refused:
            draft(party=enrol("别家", "150525", now), correction=ordered)
        assert codes(refused) == ["I343"]

    def test_about_an_order_it_is_about_its_visit_too(self, draft, ordered):
        made = draft(correction=ordered)
        assert (made.correction, made.visit) == (ordered, ordered.visit)


class TestSending:
    def test_starts_a_clock_to_the_day_that_was_asked_for(self, sent):
        assert (clock(sent).due_legal, clock(sent).state, clock(sent).agreed) == (WANTED, "running", True)

    def test_in_the_future_is_refused(self, draft, officer, now):
        with pytest.raises(Refused) as refused:
            liaising.send_liaison(liaison=draft(), sent_on=WANTED, by=officer, at=now)
        assert codes(refused) == ["I102"]

    def test_by_the_addressed_office_is_refused(self, draft, inspector, now):
        with pytest.raises(Refused) as refused:
            liaising.send_liaison(liaison=draft(), sent_on=TODAY, by=inspector, at=now)
        assert codes(refused) == ["P101"]


class TestAnswering:
    def test_ends_the_clock(self, sent, answer):
        assert (answer(sent).state, clock(sent).state) == ("answered", "done")

    def test_without_a_receipt_takes_its_day_as_one(self, sent, answer):
        assert answer(sent).receiver == "王检"

    def test_keeps_its_files_in_custody(self, sent, answer):
        answer(sent, files=[photo("现场.jpg")])
        assert [row.place for row in queries.evidence_of("liaison", sent.pk)] == [sent.number]
        assert custody.faults() == (1, [])

    def test_with_a_bad_file_is_taken_back_whole(self, sent, answer):
        with pytest.raises(Refused):
            answer(sent, files=[photo("现场.exe")])
        sent.refresh_from_db()
        assert (sent.state, Evidence.objects.count()) == ("sent", 0)

    def test_of_another_office_is_refused(self, sent, answer, neighbour):
        with pytest.raises(Refused) as refused:
            answer(sent, by=neighbour)
        assert codes(refused) == ["P101"]

    def test_for_a_body_outside_is_recorded_by_the_sender(self, draft, officer, inspector, answer, now):
        outside = draft(addressee=liaising.BODY, to_office="", to_name="旗卫生健康委员会")
        outside = liaising.send_liaison(liaison=outside, sent_on=TODAY, by=officer, at=now)
        with pytest.raises(Refused):
            answer(outside, by=inspector)
        assert answer(outside, by=officer).state == "answered"

    def test_says_something(self, sent, answer):
        with pytest.raises(Refused) as refused:
            answer(sent, answer=" ", answered_by="")
        assert codes(refused) == ["I106", "I106"]


class TestReturning:
    def test_asks_again_for_another_day(self, sent, answer, officer, now):
        later = dt.date(2024, 3, 20)
        back = liaising.return_liaison(
            liaison=answer(sent), reason="缺照片", wanted_by=later, by=officer, at=now
        )
        assert (back.state, clock(back).state, clock(back).due_legal) == ("received", "running", later)


class TestWithdrawing:
    def test_drops_the_clock(self, sent, officer, now):
        liaising.withdraw_liaison(liaison=sent, reason="已当面核对", by=officer, at=now)
        assert clock(sent).state == "dropped"


class TestWhoSeesIt:
    def test_the_addressed_office_once_it_is_sent(self, sent, inspector):
        assert [row.pk for row in liaisons.to_answer(inspector, TODAY)] == [sent.pk]

    def test_a_draft_only_its_sender(self, draft, inspector, officer):
        made = draft()
        assert not liaisons.liaisons(inspector, on=TODAY).exists()
        assert [row.pk for row in liaisons.liaisons(officer, on=TODAY)] == [made.pk]

    def test_nobody_else(self, sent, neighbour):
        assert not liaisons.liaisons(neighbour, on=TODAY).exists()

    def test_the_answer_s_files_both_sides(self, sent, answer, officer, inspector, neighbour):
        answer(sent, files=[photo("现场.jpg")])
        pk = Evidence.objects.get().pk
        seen = [bool(queries.evidence(actor, pk)) for actor in (officer, inspector, neighbour)]
        assert seen == [True, True, False]

    def test_it_stands_on_the_timeline_of_the_party(self, sent, answer, shop, officer):
        answer(sent)
        assert [e.title for e in queries.timeline(officer, shop)] == [
            "发往大沁他拉市场监督管理所：核对经营地址", "大沁他拉市场监督管理所答复"
        ]  # fmt: skip


class TestLateness:
    @pytest.mark.parametrize(("on", "late"), [(WANTED, 0), (WANTED + dt.timedelta(days=1), 1)])
    def test_begins_the_day_after_the_day_asked_for(self, sent, officer, on, late):
        assert liaisons.late_answers(officer, on).count() == late

    def test_ends_with_the_answer(self, sent, answer, officer):
        answer(sent)
        assert not liaisons.late_answers(officer, dt.date(2024, 5, 1)).exists()


def test_an_agreed_day_is_not_extended(sent, officer, now):
    with pytest.raises(Refused) as refused:
        actions.clocks.extend_clock(
            subject="liaison", record=sent.pk, name="answer", n=5, unit="WD", approved_on=TODAY, reason="忙",
            by=officer, at=now,
        )  # fmt: skip
    assert codes(refused) == ["T105"]
