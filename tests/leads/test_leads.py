"""A lead from receipt to closing, and what refuses to happen on the way."""

from __future__ import annotations

import datetime as dt

import pytest

from told import CALLER, TODAY
from xiejian.clocks.models import Clock
from xiejian.figures import measures
from xiejian.kernel.problems import Refused
from xiejian.leads import actions, queries
from xiejian.leads.models import Lead
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor
from xiejian.planning.grading import link_facts
from xiejian.registry.models import PartyLink

REPORT = "举报某店卖过期口罩"


def code(refused) -> str:
    return refused.value.first.code


def clock(lead, name):
    return Clock.objects.filter(subject="lead", record=lead.pk, name=name).first()


class TestReceipt:
    def test_leads_are_numbered_by_office_and_year(self, receive):
        assert [receive().number, receive().number] == ["奈曼旗线索〔2024〕1号", "奈曼旗线索〔2024〕2号"]

    @pytest.mark.parametrize(
        ("facts", "problem"),
        [
            ({"text": " "}, "E101"),
            ({"text": "<script>alert(1)</script>"}, "E106"),
            ({"product": "<img src=x onerror=alert(1)>"}, "E106"),
            ({"text": "字" * 5001}, "E107"),
            ({"received_on": TODAY + dt.timedelta(days=1)}, "E102"),
            ({"source": "传真"}, "E104"),
            ({"kind": "表扬"}, "E104"),
            ({"link": "批发"}, "E104"),
        ],
    )
    def test_what_cannot_be_so_is_refused(self, receive, facts, problem):
        with pytest.raises(Refused) as refused:
            receive(**facts)
        assert code(refused) == problem

    def test_less_than_is_no_markup(self, receive):
        assert receive("血压计误差 <5 也不准").text.endswith("<5 也不准")

    def test_a_number_is_used_once(self, receive):
        receive(number="A1")
        with pytest.raises(Refused) as refused:
            receive(number="A1")
        assert code(refused) == "E105"

    def test_somebody_of_another_county_takes_nothing_in_here(self, receive):
        with pytest.raises(Refused) as refused:
            receive(by=Actor("x", "外人", "522726", "section_officer"))
        assert code(refused) == "P101"


class TestTimeLimits:
    def test_a_complaint_of_before_the_new_order_is_accepted_by_the_old_one(self, receive):
        assert clock(receive(), "accept").applied == "CP-O1"

    def test_a_complaint_since_the_new_order_is_accepted_by_the_new_one(self, receive, officer, naiman):
        later = dt.datetime(2026, 5, 6, 2, tzinfo=dt.UTC)
        lead = actions.register_lead(
            entry=actions.Entry("要求退款", dt.date(2026, 4, 15), "热线"), office_code=naiman.code,
            by=officer, at=later,
        )  # fmt: skip
        assert clock(lead, "accept").applied == "CP-1"

    def test_mediation_of_an_old_complaint_goes_by_the_old_order(self, receive, walk):
        assert clock(walk.accept(receive()), "mediate").applied == "CP-O2"

    def test_accepting_ends_the_time_for_accepting(self, receive, walk):
        assert clock(walk.accept(receive()), "accept").state == Clock.DONE

    def test_a_complaint_that_is_a_report_gets_the_time_of_a_report(self, receive, walk):
        lead = walk.triage(receive(), kind="举报")
        assert (clock(lead, "accept").state, clock(lead, "check").state) == (Clock.DROPPED, Clock.RUNNING)

    def test_a_decided_report_is_told_to_who_reported_by_name_under_the_old_order(self, receive, walk):
        lead = walk.answer(receive(REPORT, identity=CALLER))
        assert clock(lead, "tell").applied == "CP-O3"

    def test_nobody_is_told_who_gave_no_name(self, receive, walk):
        assert clock(walk.answer(receive(REPORT)), "tell") is None

    def test_the_time_of_a_report_may_be_extended(self, receive, walk, officer, now):
        lead = walk.assign(receive(REPORT))
        before = clock(lead, "check").due_legal
        actions.extend_lead(lead=lead, days=15, approved_on=TODAY, reason="案情复杂", by=officer, at=now)
        assert clock(lead, "check").due_legal > before

    def test_a_suspended_time_has_no_end_until_it_runs_again(self, receive, walk, officer, now):
        lead = walk.assign(receive(REPORT))
        actions.suspend_lead(lead=lead, first=TODAY, reason="送检", by=officer, at=now)
        stopped = clock(lead, "check").due_legal
        actions.resume_lead(lead=lead, last=TODAY, by=officer, at=now)
        assert (stopped, clock(lead, "check").due_legal is None) == (None, False)

    def test_handed_on_and_sent_back_the_first_receipt_still_counts(self, receive, walk, officer, now):
        lead = walk.triage(receive(REPORT))
        due = clock(lead, "check").due_legal
        actions.hand_on_lead(lead=lead, on=TODAY, to="卫健委", reason="医疗行为", by=officer, at=now)
        actions.take_back_lead(lead=lead, on=TODAY, reason="属我局职责", by=officer, at=now)
        assert (clock(lead, "check").state, clock(lead, "check").due_legal) == (Clock.RUNNING, due)

    def test_sent_back_only_what_had_stopped_for_handing_on_runs_again(self, receive, walk, officer, now):
        lead = walk.triage(receive(), kind="举报")
        actions.hand_on_lead(lead=lead, on=TODAY, to="卫健委", reason="医疗行为", by=officer, at=now)
        actions.take_back_lead(lead=lead, on=TODAY, reason="属我局职责", by=officer, at=now)
        assert (clock(lead, "accept").state, clock(lead, "check").state) == (Clock.DROPPED, Clock.RUNNING)

    def test_a_further_report_starts_the_time_again(self, receive, walk, officer, now):
        first = walk.assign(receive(REPORT, received_on=TODAY - dt.timedelta(days=5)))
        actions.merge_lead(lead=receive(REPORT), into=first, reason="同一事项", by=officer, at=now)
        again = clock(first, "check_again")
        assert (again.rule, again.starts_on, clock(first, "check").state) == ("CP-7", TODAY, Clock.DROPPED)

    def test_nothing_runs_after_closing(self, receive, walk):
        lead = walk.close(receive())
        assert not Clock.objects.filter(subject="lead", record=lead.pk, state=Clock.RUNNING).exists()


class TestHandling:
    def test_a_report_is_not_answered_before_its_filing_is_decided(self, receive, walk, officer, now):
        lead = walk.assign(receive(REPORT))
        with pytest.raises(Refused) as refused:
            actions.answer_lead(lead=lead, on=TODAY, outcome="属实", answer="好", by=officer, at=now)
        assert code(refused) == "E203"

    def test_a_complaint_has_no_filing(self, receive, walk, officer, now):
        lead = walk.assign(receive())
        with pytest.raises(Refused) as refused:
            actions.decide_filing(lead=lead, on=TODAY, filing="立案", reason="x", by=officer, at=now)
        assert code(refused) == "E204"

    def test_a_lead_is_not_merged_into_itself(self, receive, officer, now):
        lead = receive()
        with pytest.raises(Refused) as refused:
            actions.merge_lead(lead=lead, into=Lead.objects.get(), reason="x", by=officer, at=now)
        assert code(refused) == "E201"

    def test_a_step_is_not_dated_before_receipt(self, receive, walk, officer, now):
        lead = walk.triage(receive())
        with pytest.raises(Refused) as refused:
            actions.accept_lead(lead=lead, on=TODAY - dt.timedelta(days=1), by=officer, at=now)
        assert code(refused) == "E103"

    def test_a_reopened_lead_keeps_its_former_answer_in_the_audit_log(self, receive, walk, officer, now):
        lead = walk.close(receive())
        actions.reopen_lead(lead=lead, on=TODAY, reason="不满意", by=officer, at=now)
        entry = AuditEntry.objects.get(action="reopen_lead")
        assert (lead.state, lead.answer, entry.detail["former"]["answer"]) == ("reopened", "", "已办理")

    def test_the_audit_entry_says_where_the_officer_differs(self, receive, walk):
        walk.triage(receive(), kind="举报")
        assert "kind" in AuditEntry.objects.get(action="triage_lead").detail["differs"]


#: state → the moves that the table allows; all others are refused.
ALLOWED = {
    "received": {"triage_lead", "hand_on_lead", "withdraw_lead", "merge_lead"},
    "triaged": {
        "triage_lead", "accept_lead", "refuse_lead", "hand_on_lead", "withdraw_lead", "merge_lead",
        "raise_dispute", "settle_dispute",
    },
    "accepted": {"hand_on_lead", "assign_lead", "withdraw_lead"},
    "not_accepted": {"close_lead"},
    "handed_on": {"take_back_lead", "close_lead"},
    "handling": {
        "assign_lead", "decide_filing", "extend_lead", "suspend_lead", "resume_lead", "answer_lead",
        "withdraw_lead", "end_mediation", "note_clue",
    },
    "answered": {"record_satisfaction", "close_lead", "reopen_lead"},
    "closed": {"record_satisfaction", "reopen_lead"},
    "reopened": {"assign_lead", "withdraw_lead"},
    "merged": set(),
}  # fmt: skip
MOVES = sorted({t.action for t in actions.WORKFLOW.transitions})


@pytest.mark.parametrize("state", actions.WORKFLOW.states)
@pytest.mark.parametrize("move", MOVES)
def test_every_move_of_every_state_is_decided(state, move):
    try:
        actions.WORKFLOW.step(state, move)
        may = True
    except Refused:
        may = False
    assert may == (move in ALLOWED[state])


def facts_of(party):
    (row,) = link_facts(PartyLink.objects.filter(party=party), TODAY).to_pylist()
    return row["complaints"]


class TestWhatCounts:
    def test_an_accepted_complaint_counts_for_grading_at_once(self, receive, walk, shop):
        walk.accept(receive(), party=shop)
        assert facts_of(shop) == 1

    def test_one_not_yet_accepted_does_not(self, receive, walk, shop):
        walk.triage(receive(), party=shop)
        assert facts_of(shop) == 0

    def test_one_found_untrue_does_not(self, receive, walk, shop):
        walk.answer(receive(), outcome="不属实", party=shop)
        assert facts_of(shop) == 0

    def test_what_the_register_states_is_not_lessened(self, receive, walk, shop):
        walk.accept(receive(), party=shop)
        shop.complaints = 3
        shop.save()
        assert facts_of(shop) == 3

    def test_the_tables_count_received_accepted_and_closed(self, receive, walk, shop):
        walk.close(receive(), party=shop)
        walk.accept(receive(REPORT))
        receive("请问需要什么材料")
        ids = ["complaints", "complaints_accepted", "complaints_closed"]
        found = measures.compute(ids, from_on=TODAY, until=TODAY, office_code="150525")
        assert [found[i].value for i in ids] == [2, 2, 1]

    def test_the_party_has_it_on_its_timeline(self, receive, walk, shop, officer):
        walk.answer(receive(), party=shop)
        assert [e.title for e in queries.timeline(officer, shop)] == ["收到投诉", "投诉答复：达成调解"]

    def test_the_day_is_told_in_figures(self, receive, walk, officer):
        walk.close(receive())
        day = queries.day(officer, TODAY)
        assert (day.received, day.closed, day.by_kind) == (1, 1, {"投诉": 1})

    def test_another_county_sees_nothing(self, receive):
        receive()
        assert not queries.leads(Actor("x", "外人", "522726", "section_officer")).exists()
