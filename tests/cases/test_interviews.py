"""约谈: arranged, invited, held or not come; promises with their dates followed up."""

from __future__ import annotations

import datetime as dt

import pytest

from xiejian.cases import interviews
from xiejian.cases.models import Commitment, Interview
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor

TODAY = dt.date(2024, 3, 5)
DAY = dt.timedelta(days=1)


def codes(refused) -> list[str]:
    return [problem.code for problem in refused.value.problems]


@pytest.fixture
def plan(shop, officer, now):
    return interviews.plan_interview(
        party=shop, planned_on=TODAY, reason="多次逾期未整改", link="经营", by=officer, at=now
    )


@pytest.fixture
def invited(plan, officer, now):
    return interviews.invite_to_interview(
        plan=plan, invited_on=TODAY - DAY, how="书面", planned_on=TODAY, by=officer, at=now
    )


@pytest.fixture
def held(invited, officer, now):
    return interviews.hold_interview(
        plan=invited, held_on=TODAY, promised=[("建立进货查验记录", TODAY + 30 * DAY)], by=officer, at=now
    )


class TestATalk:
    def test_counts_once_it_was_held(self, invited, officer, now):
        assert not Interview.objects.exists()
        talk = interviews.hold_interview(plan=invited, held_on=TODAY, promised=[], by=officer, at=now)
        invited.refresh_from_db()
        assert (invited.state, invited.interview, talk.reason) == ("held", talk, "多次逾期未整改")

    def test_without_a_guest_is_recorded_and_may_be_called_again(self, invited, officer, now):
        row = interviews.record_no_show(plan=invited, note="电话无人接听", by=officer, at=now)
        assert row.state == "no_show"
        again = interviews.invite_to_interview(
            plan=row, invited_on=TODAY, how="书面", planned_on=TODAY + 7 * DAY, by=officer, at=now
        )
        assert (again.state, again.planned_on) == ("invited", TODAY + 7 * DAY)

    def test_has_no_absent_guest_who_was_never_invited(self, plan, officer, now):
        with pytest.raises(Refused) as refused:
            interviews.record_no_show(plan=plan, note="x", by=officer, at=now)
        assert codes(refused) == ["K101"]

    def test_has_no_absent_guest_before_its_day(self, plan, officer, now):
        row = interviews.invite_to_interview(
            plan=plan, invited_on=TODAY, how="书面", planned_on=TODAY + DAY, by=officer, at=now
        )
        with pytest.raises(Refused) as refused:
            interviews.record_no_show(plan=row, note="x", by=officer, at=now)
        assert codes(refused) == ["C102"]

    def test_is_cancelled_with_its_reason(self, plan, officer, now):
        with pytest.raises(Refused) as refused:
            interviews.cancel_interview(plan=plan, note=" ", by=officer, at=now)
        assert codes(refused) == ["C107"]

    def test_is_arranged_by_who_may_edit_cases(self, shop, naiman, now):
        with pytest.raises(Refused) as refused:
            interviews.plan_interview(
                party=shop, planned_on=TODAY, reason="x", by=Actor("x", "x", "150525", "head"), at=now
            )
        assert codes(refused) == ["P101"]

    def test_is_not_seen_from_elsewhere(self, plan):
        assert not interviews.plans(Actor("x", "x", "522726", "section_officer")).exists()


class TestAPromise:
    def follow(self, by, at, **facts):
        given = {"kept": True, "looked_on": TODAY, "note": "已建立", **facts}
        return interviews.follow_up_commitment(commitment=Commitment.objects.get(), by=by, at=at, **given)

    def test_stays_open_until_found_kept(self, held, officer, now):
        assert interviews.commitments(officer, open_only=True).count() == 1
        self.follow(officer, now, kept=False)
        assert interviews.commitments(officer, open_only=True).count() == 1
        self.follow(officer, now)
        assert interviews.commitments(officer, open_only=True).count() == 0

    def test_is_not_due_before_the_talk(self, invited, officer, now):
        with pytest.raises(Refused) as refused:
            interviews.hold_interview(
                plan=invited, held_on=TODAY, promised=[("x", TODAY - DAY)], by=officer, at=now
            )
        assert codes(refused) == ["C103"]

    @pytest.mark.parametrize(
        ("facts", "code"),
        [({"note": ""}, "C107"), ({"looked_on": TODAY + DAY}, "C102"), ({"looked_on": TODAY - DAY}, "C103")],
    )
    def test_is_looked_at_with_a_word_and_a_day(self, held, officer, now, facts, code):
        with pytest.raises(Refused) as refused:
            self.follow(officer, now, **facts)
        assert codes(refused) == [code]
