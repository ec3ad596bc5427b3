"""名单: onto the list with notice and statement, off it by repair, at its term or by revocation."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from credit_day import TODAY
from xiejian.clocks.models import Clock
from xiejian.credit import list_actions as actions
from xiejian.credit import queries, record_actions
from xiejian.credit.list_actions import Proposal
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM

WATCH = Proposal("watch", "WL-2", "三次检查发现同类问题")
BLACK = Proposal("blacklist", "BLC-2", "经营未注册的三类医疗器械", heavy="HV-2")
YEAR = dt.timedelta(days=400)


def code(refused) -> str:
    return refused.value.problems[0].code


@pytest.fixture
def propose(shop, officer, now):
    def make(proposal=BLACK, by=None):
        return actions.propose_listing(party=shop, proposal=proposal, on=TODAY, by=by or officer, at=now)

    return make


@pytest.fixture
def told(propose, officer, now):
    def make(proposal=BLACK, consent=True):
        row = propose(proposal)
        if consent:
            actions.record_consent(entry=row, number="通市监函〔2024〕9号", on=TODAY, by=officer, at=now)
        return actions.notify_listing(entry=row, on=TODAY, how="直接送达", by=officer, at=now)

    return make


@pytest.fixture
def listed(told, head, now):
    def make(proposal=BLACK, **facts):
        return actions.list_party(entry=told(proposal), on=TODAY, by=head, at=now, waived=True, **facts)

    return make


@pytest.fixture
def accepted(listed, officer, now):
    """A repair that was asked for and taken up more than a year after the listing."""
    row, at, day = listed(), now + YEAR, TODAY + YEAR
    actions.apply_for_repair(entry=row, on=day, application="已整改", by=officer, at=at)
    return actions.accept_repair(entry=row, on=day, by=officer, at=at)


SEEN = {"RC-4": "罚没款已缴清", "RC-5": "产品已召回销毁"}


class TestAProposal:
    def test_gets_a_number_of_the_bureau(self, propose):
        assert propose().number == "奈曼旗信名〔2024〕1号"

    @pytest.mark.parametrize(
        ("proposal", "problem"),
        [
            (replace(BLACK, heavy=""), "Q201"),
            (replace(BLACK, ground="WL-1"), "Q202"),
            (replace(BLACK, facts=" "), "Q101"),
            (replace(BLACK, kind="红名单"), "Q104"),
        ],
    )
    def test_that_does_not_fit_its_list_is_refused(self, propose, proposal, problem):
        with pytest.raises(Refused) as refused:
            propose(proposal)
        assert code(refused) == problem

    def test_is_made_once(self, propose):
        propose()
        with pytest.raises(Refused) as refused:
            propose()
        assert code(refused) == "Q203"

    def test_for_another_list_stands_beside_it(self, propose):
        propose()
        assert propose(WATCH).state == "proposed"

    def test_names_a_case_of_its_own(self, propose, fine, now):
        stranger = fine()
        stranger.party_id = 0
        with pytest.raises(Refused) as refused:
            propose(replace(BLACK, case=stranger))
        assert code(refused) == "Q206"


class TestTheDecision:
    def test_says_when_it_ends(self, listed):
        assert listed().ends_on == dt.date(2027, 3, 5)

    def test_lasts_as_long_as_a_longer_restriction(self, listed):
        assert listed(restricted_until=dt.date(2034, 3, 5)).ends_on == dt.date(2034, 3, 5)

    def test_reaches_the_register(self, listed, shop):
        listed()
        shop.refresh_from_db()
        assert shop.bad_credit == "严重"

    def test_is_said_on_the_case(self, listed, fine):
        made = fine()
        listed(replace(BLACK, case=made))
        made.refresh_from_db()
        assert made.blacklisted is True

    def test_starts_the_days_for_publication(self, listed):
        row = listed()
        assert Clock.objects.get(record=row.pk, name="publish").due_legal == dt.date(2024, 4, 2)

    def test_needs_the_consent_of_the_superior(self, told, head, now):
        with pytest.raises(Refused) as refused:
            actions.list_party(entry=told(consent=False), on=TODAY, by=head, at=now, waived=True)
        assert code(refused) == "Q204"

    def test_of_the_warning_list_needs_no_consent(self, told, head, now):
        row = actions.list_party(entry=told(WATCH, consent=False), on=TODAY, by=head, at=now, waived=True)
        assert row.state == "listed"

    def test_waits_for_the_statement(self, told, head, now):
        with pytest.raises(Refused) as refused:
            actions.list_party(entry=told(), on=TODAY, by=head, at=now)
        assert code(refused) == "Q205"

    def test_follows_an_answered_statement_at_once(self, told, officer, head, now):
        row = told()
        actions.record_statement(entry=row, on=TODAY, statement="不知情", by=officer, at=now)
        actions.answer_statement(entry=row, on=TODAY, answer="不采纳", by=officer, at=now)
        assert actions.list_party(entry=row, on=TODAY, by=head, at=now).state == "listed"

    def test_is_not_for_whoever_proposed(self, told, head, now):
        row = told()
        row.proposer = head.username
        row.save()
        with pytest.raises(Refused) as refused:
            actions.list_party(entry=row, on=TODAY, by=head, at=now, waived=True)
        assert code(refused) == "Q108"

    def test_comes_with_the_penalty_not_before(self, propose, fine, officer, head, now):
        made = fine()
        made.decided_on = None
        made.save()
        row = propose(replace(BLACK, case=made))
        actions.record_consent(entry=row, number="通市监函〔2024〕9号", on=TODAY, by=officer, at=now)
        actions.notify_listing(entry=row, on=TODAY, how="直接送达", by=officer, at=now)
        with pytest.raises(Refused) as refused:
            actions.list_party(entry=row, on=TODAY, by=head, at=now, waived=True)
        assert code(refused) == "Q210"

    def test_not_to_list_leaves_the_register_as_it_is(self, told, shop, head, now):
        actions.reject_listing(entry=told(), on=TODAY, reason="情节轻微", by=head, at=now)
        shop.refresh_from_db()
        assert shop.bad_credit == ""


class TestWhatThePublicSees:
    def published(self, listed, officer, now, proposal=BLACK):
        return actions.publish_listing(entry=listed(proposal), on=TODAY, by=officer, at=now)

    def test_is_what_was_published_and_lasts(self, listed, officer, now):
        self.published(listed, officer, now)
        (row,) = queries.public(TODAY)
        assert (row.name, row.until_on) == ("安康医疗器械店", dt.date(2027, 3, 5))

    def test_is_nothing_before_publication(self, listed):
        listed()
        assert queries.public(TODAY) == []

    def test_is_nothing_after_the_term(self, listed, officer, now):
        self.published(listed, officer, now)
        assert queries.public(dt.date(2027, 3, 5)) == []

    def test_is_nothing_of_the_warning_list(self, listed, officer, now):
        with pytest.raises(Refused) as refused:
            self.published(listed, officer, now, WATCH)
        assert code(refused) == "Q207"


class TestARepair:
    def test_is_not_asked_for_within_the_year(self, listed, officer, now):
        with pytest.raises(Refused) as refused:
            actions.apply_for_repair(entry=listed(), on=TODAY, application="已整改", by=officer, at=now)
        assert code(refused) == "Q301"

    def test_waits_for_the_end_of_a_restriction(self, listed, officer, now):
        row = listed(restricted_until=dt.date(2030, 1, 1))
        with pytest.raises(Refused) as refused:
            actions.apply_for_repair(
                entry=row, on=TODAY + YEAR, application="已整改", by=officer, at=now + YEAR
            )
        assert code(refused) == "Q302"

    def test_is_decided_within_seven_working_days(self, accepted):
        assert Clock.objects.get(record=accepted.pk, name="decide_repair").due_legal == dt.date(2025, 4, 18)

    def test_takes_the_party_off_the_list(self, accepted, shop, officer, head, now):
        at, day = now + YEAR, TODAY + YEAR
        actions.grant_repair(entry=accepted, on=day, confirmed=SEEN, by=head, at=at)
        actions.carry_out_removal(entry=accepted, on=day, by=officer, at=at)
        shop.refresh_from_db()
        assert shop.bad_credit == "无"

    def test_needs_every_condition(self, accepted, head, now):
        with pytest.raises(Refused, match="消除危害后果"):
            actions.grant_repair(
                entry=accepted, on=TODAY + YEAR, confirmed={"RC-4": "已缴清"}, by=head, at=now + YEAR
            )

    def test_is_not_granted_after_a_new_heavy_penalty(self, accepted, fine, head, now):
        fine("又一案", on=TODAY + dt.timedelta(days=100), business_stopped=True)
        with pytest.raises(Refused, match="未再受到较重处罚"):
            actions.grant_repair(entry=accepted, on=TODAY + YEAR, confirmed=SEEN, by=head, at=now + YEAR)

    def test_that_was_got_by_deceit_bars_for_three_years(self, accepted, officer, head, now):
        at, day = now + YEAR, TODAY + YEAR
        actions.refuse_repair(entry=accepted, on=day, reason="材料虚假", deceit=True, by=head, at=at)
        with pytest.raises(Refused) as refused:
            actions.apply_for_repair(entry=accepted, on=day, application="再申请", by=officer, at=at)
        assert code(refused) == "Q303"

    def test_is_not_decided_by_whoever_accepted_it(self, accepted, head, now):
        accepted.repair_handler = head.username
        accepted.save()
        with pytest.raises(Refused) as refused:
            actions.grant_repair(entry=accepted, on=TODAY + YEAR, confirmed=SEEN, by=head, at=now + YEAR)
        assert code(refused) == "Q108"

    def test_may_be_sent_back_for_more(self, listed, officer, now):
        row, at, day = listed(), now + YEAR, TODAY + YEAR
        actions.apply_for_repair(entry=row, on=day, application="已整改", by=officer, at=at)
        assert (
            actions.ask_for_more(entry=row, on=day, missing="缴款凭证", by=officer, at=at).state == "listed"
        )

    def test_takes_longer_where_that_is_approved(self, accepted, head, now):
        actions.extend_repair(
            entry=accepted, days=10, on=TODAY + YEAR, reason="需要核实", by=head, at=now + YEAR
        )
        assert Clock.objects.get(record=accepted.pk, name="decide_repair").due_legal > dt.date(2025, 4, 18)


class TestTheEnd:
    def test_comes_with_the_term_and_not_before(self, listed, officer, now):
        with pytest.raises(Refused) as refused:
            actions.end_listing(entry=listed(), on=TODAY, by=officer, at=now)
        assert code(refused) == "Q209"

    def test_clears_the_register(self, listed, shop, officer, now):
        row = listed()
        actions.end_listing(entry=row, on=row.ends_on, by=officer, at=now + dt.timedelta(days=1100))
        shop.refresh_from_db()
        assert shop.bad_credit == "无"

    def test_leaves_the_lesser_list_in_the_register(self, listed, shop, head, now):
        row = listed()
        listed(WATCH)
        actions.revoke_listing(entry=row, on=TODAY, reason="处罚被撤销", by=head, at=now)
        shop.refresh_from_db()
        assert shop.bad_credit == "不良"

    def test_by_revocation_withdraws_what_was_published(self, listed, officer, head, now):
        row = actions.publish_listing(entry=listed(), on=TODAY, by=officer, at=now)
        actions.revoke_listing(entry=row, on=TODAY, reason="处罚被撤销", by=head, at=now)
        assert Clock.objects.get(record=row.pk, name="withdraw").due_legal == dt.date(2024, 3, 8)


class TestJointMeasures:
    def test_are_asked_of_the_department_of_the_pack(self, listed, officer, now):
        made = record_actions.send_measure(entry=listed(), measure="JM-2", on=TODAY, by=officer, at=now)
        assert made.department == "财政部门"

    def test_are_asked_once(self, listed, officer, now):
        row = listed()
        record_actions.send_measure(entry=row, measure="JM-2", on=TODAY, by=officer, at=now)
        with pytest.raises(Refused) as refused:
            record_actions.send_measure(entry=row, measure="JM-2", on=TODAY, by=officer, at=now)
        assert code(refused) == "Q402"

    def test_wait_for_the_decision(self, told, officer, now):
        with pytest.raises(Refused) as refused:
            record_actions.send_measure(entry=told(), measure="JM-2", on=TODAY, by=officer, at=now)
        assert code(refused) == "Q403"

    def test_are_answered_and_lifted_once(self, listed, officer, now):
        made = record_actions.send_measure(entry=listed(), measure="JM-2", on=TODAY, by=officer, at=now)
        record_actions.record_measure_reply(measure=made, on=TODAY, reply="已执行", by=officer, at=now)
        record_actions.lift_measure(measure=made, on=TODAY, by=officer, at=now)
        with pytest.raises(Refused) as refused:
            record_actions.lift_measure(measure=made, on=TODAY, by=officer, at=now)
        assert code(refused) == "Q404"


class TestCommitments:
    def test_that_were_broken_count(self, shop, officer, now):
        made = record_actions.record_commitment(
            party=shop, text="七日内退货", made_on=TODAY, by=officer, at=now
        )
        record_actions.check_commitment(
            commitment=made, on=TODAY, kept=False, note="拒绝退货", by=officer, at=now
        )
        ((event, _),) = queries.fact_records(SYSTEM, shop, "promises_broken", dt.date(2024, 1, 1), TODAY)
        assert event.title == "七日内退货"

    def test_are_looked_at_once(self, shop, officer, now):
        made = record_actions.record_commitment(
            party=shop, text="七日内退货", made_on=TODAY, by=officer, at=now
        )
        given = {"commitment": made, "on": TODAY, "kept": True, "note": "已退", "by": officer, "at": now}
        record_actions.check_commitment(**given)
        with pytest.raises(Refused) as refused:
            record_actions.check_commitment(**given)
        assert code(refused) == "Q401"
