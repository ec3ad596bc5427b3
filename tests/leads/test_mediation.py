"""On the way to an answer: mediation ends, a violation comes to light, competence is disputed."""

from __future__ import annotations

import datetime as dt

import pytest

from told import TODAY
from xiejian.clocks.models import Clock
from xiejian.kernel.problems import Refused
from xiejian.leads import actions, matching, mediation
from xiejian.leads.models import Lead

COMPLAINT = "血压计不准，要求退款"


def code(refused) -> str:
    return refused.value.first.code


def clock(lead, name):
    return Clock.objects.get(subject="lead", record=lead.pk, name=name)


@pytest.fixture
def said(officer, now):
    """What every move needs besides its own facts."""
    return {"on": TODAY, "by": officer, "at": now}


@pytest.fixture
def handled(receive, walk):
    return walk.assign(receive(COMPLAINT, kind="投诉"))


class TestEndingMediation:
    def test_both_sides_are_told_within_the_time_of_the_rule(self, handled, said):
        lead = mediation.end_mediation(lead=handled, reason="没有达成协议", **said)
        assert (clock(lead, "mediate").state, clock(lead, "tell_end").rule) == (Clock.DONE, "CP-3")

    def test_the_answer_tells_them(self, handled, said):
        lead = mediation.end_mediation(lead=handled, reason="没有达成协议", **said)
        actions.answer_lead(lead=lead, outcome="调解终止", answer="未达成协议", **said)
        assert clock(lead, "tell_end").state == Clock.DONE

    def test_it_ends_once(self, handled, said):
        lead = mediation.end_mediation(lead=handled, reason="没有达成协议", **said)
        with pytest.raises(Refused) as refused:
            mediation.end_mediation(lead=lead, reason="再一次", **said)
        assert code(refused) == "E207"

    def test_a_report_is_not_mediated(self, receive, walk, said):
        with pytest.raises(Refused) as refused:
            mediation.end_mediation(lead=walk.assign(receive("举报", kind="举报")), reason="x", **said)
        assert code(refused) == "E206"


class TestAViolationThatComesToLight:
    def test_is_a_lead_of_its_own_checked_within_the_time_of_the_rule(self, handled, said):
        clue = mediation.note_clue(lead=handled, text="店里还卖过期的试纸", **said)
        assert (clue.kind, clue.found_in, clock(clue, "check").rule) == ("线索", handled, "CP-4")

    def test_the_complaint_goes_on(self, handled, said):
        mediation.note_clue(lead=handled, text="店里还卖过期的试纸", **said)
        assert Lead.objects.get(pk=handled.pk).state == "handling"

    def test_may_be_extended_like_any_check(self, handled, said, handler):
        clue = mediation.note_clue(lead=handled, text="店里还卖过期的试纸", **said)
        clue = actions.assign_lead(lead=clue, handler=handler, **said)
        before = clock(clue, "check").due_legal
        more = {"days": 15, "approved_on": TODAY, "reason": "需要检测", "by": said["by"], "at": said["at"]}
        actions.extend_lead(lead=clue, **more)
        assert clock(clue, "check").due_legal > before


class TestADisputeOnCompetence:
    def test_has_the_time_of_the_rule(self, receive, walk, said):
        lead = walk.triage(receive(COMPLAINT, kind="投诉"))
        mediation.raise_dispute(lead=lead, with_whom="邻县局", reason="住所在邻县", **said)
        assert clock(lead, "dispute").rule == "CP-5"

    def test_ends_when_settled(self, receive, walk, said):
        lead = walk.triage(receive(COMPLAINT, kind="投诉"))
        mediation.raise_dispute(lead=lead, with_whom="邻县局", reason="住所在邻县", **said)
        mediation.settle_dispute(lead=lead, reason="由我局办理", **said)
        assert clock(lead, "dispute").state == Clock.DONE

    def test_is_settled_only_when_there_is_one(self, receive, walk, said):
        with pytest.raises(Refused) as refused:
            mediation.settle_dispute(lead=walk.triage(receive(COMPLAINT)), reason="x", **said)
        assert code(refused) == "E208"


def test_handing_on_shows_how_long_it_took(receive, said):
    lead = receive(COMPLAINT, kind="投诉")
    actions.hand_on_lead(lead=lead, to="邻县局", reason="不归我局", **said)
    assert (clock(lead, "pass_on").rule, clock(lead, "pass_on").state) == ("CP-10", Clock.DONE)


class TestAComplaintThatComesLate:
    @pytest.mark.parametrize(("years", "said"), [(4, True), (2, False)])
    def test_triage_says_so_and_decides_nothing(self, receive, years, said):
        known_on = TODAY.replace(year=TODAY.year - years)
        lead = receive(COMPLAINT, kind="投诉", known_on=known_on)
        late = [r for r in lead.proposal["reasons"] if r["question"] == "late"]
        assert (bool(late), lead.state) == (said, "received")

    def test_harm_is_not_known_after_the_complaint(self, receive):
        with pytest.raises(Refused) as refused:
            receive(COMPLAINT, known_on=TODAY + dt.timedelta(days=1))
        assert code(refused) == "E103"


class TestTheSamePlace:
    def test_said_again_while_the_first_is_open_is_a_likely_duplicate(self, receive):
        first = receive("甲事", place="团结路8号")
        again = receive("乙事", place="团结路 ８号")
        assert again.proposal["duplicates"] == [first.pk]

    def test_after_the_first_was_closed_it_is_a_new_matter(self, receive, officer):
        first = receive("甲事", place="团结路8号", received_on=TODAY - dt.timedelta(days=9))
        Lead.objects.update(state="closed", closed_on=TODAY - dt.timedelta(days=2))
        again = receive("乙事", place="团结路8号")
        assert (first.pk in again.proposal["duplicates"], matching.duplicates(again, officer)) == (False, [])
