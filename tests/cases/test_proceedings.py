"""A penalty case from its clue to its closing: what each step leaves behind and what is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from proceeding_walk import FACTS, PENALTY, TODAY, Road, Team
from xiejian.cases import actions, enforcing, measures, proceedings, similar
from xiejian.cases.models import Case, Payment, Proceeding
from xiejian.clocks.models import Clock
from xiejian.clocks.queries import clocks_of
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor


@pytest.fixture
def road(naiman, now):
    return Road(Team(now), now)


@pytest.fixture
def clue(road, shop):
    return road.clue(shop)


@pytest.fixture
def filed(road, clue):
    return road.file(clue)


@pytest.fixture
def noticed(road, shop):
    return road.to_notice(shop)


@pytest.fixture
def served(road, shop):
    return road.to_service(shop)


def codes(refused) -> list[str]:
    return [problem.code for problem in refused.value.problems]


def clock(subject: str, pk: int, name: str) -> Clock:
    return next(c for c in clocks_of(subject, [pk])[pk] if c.name == name)


def day(days: int) -> dt.date:
    return TODAY + dt.timedelta(days)


class TestClue:
    def test_has_fifteen_working_days_and_no_case(self, clue):
        running = clock("proceeding", clue.pk, "clue")
        assert (running.applied, running.due_strict, clue.case) == ("CS-1", dt.date(2024, 3, 26), None)
        assert not Case.objects.exists()

    def test_is_registered_once_for_one_record_and_conduct(self, road, shop):
        road.clue(shop, source_kind="visit", source_record=7)
        with pytest.raises(Refused) as refused:
            road.clue(shop, source_kind="visit", source_record=7)
        assert codes(refused) == ["C424"]

    def test_of_an_unknown_source_is_refused(self, road, shop):
        with pytest.raises(Refused) as refused:
            road.clue(shop, source="听说")
        assert codes(refused) == ["C406"]

    def test_that_is_not_filed_counts_nowhere(self, road, clue):
        road.do(proceedings.refuse_filing, 3, road.team.head, proceeding=clue, reason="查无此事")
        assert not Case.objects.exists()
        assert clock("proceeding", clue.pk, "clue").state == Clock.DONE


class TestFiling:
    def test_opens_the_case_that_the_figures_count(self, filed):
        case = Case.objects.get()
        assert (case, case.filed_on, case.goods_value_fen) == (filed.case, day(3), 300_000)
        assert clock("case", case.pk, "decide").applied == "CS-11"

    def test_takes_a_head(self, road, clue):
        with pytest.raises(Refused) as refused:
            road.do(proceedings.file_proceeding, 3, road.team.first, proceeding=clue)
        assert codes(refused) == ["P101"]

    def test_takes_two_investigators(self, road, clue):
        with pytest.raises(Refused) as refused:
            road.do(proceedings.assign_investigators, 1, proceeding=clue, officers=[road.team.first])
        assert codes(refused) == ["C402"]

    def test_of_a_case_led_by_steps_leaves_no_way_past_them(self, road, filed, officer):
        with pytest.raises(Refused) as refused:
            actions.decide_case(case=filed.case, decided_on=day(4), by=officer, at=road.at(9))
        assert codes(refused) == ["C114"]

    def test_a_suspended_investigation_stops_the_time_for_the_decision(self, road, filed):
        before = clock("case", filed.case_id, "decide").due_strict
        p = road.do(proceedings.suspend_investigation, 5, road.team.head, proceeding=filed, reason="等待鉴定")
        road.do(proceedings.resume_investigation, 15, proceeding=p)
        assert clock("case", filed.case_id, "decide").due_strict == before + dt.timedelta(10)


class TestPenalty:
    def test_keeps_the_range_with_the_version_of_its_rules(self, road, filed):
        p = road.assess(filed)
        assert (p.assessment["fine"], p.provision) == ([50000, 150000], "P81-3")
        assert len(p.assessment["version"]) == 64

    def test_outside_its_band_is_refused(self, road, filed):
        with pytest.raises(Refused) as refused:
            road.assess(filed, proposal={"fine_fen": 14_000_000})
        assert codes(refused) == ["C411"]

    def test_far_from_similar_cases_needs_a_reason(self, road, shop):
        earlier = [road.assess(road.file(road.clue(shop))).case_id for _ in range(3)]
        Case.objects.filter(pk__in=earlier).update(decided_on=day(10), fine_fen=5_000_000)
        last = road.file(road.clue(shop))
        with pytest.raises(Refused) as refused:
            road.assess(last)
        assert codes(refused) == ["C413"]
        p = road.assess(last, deviation_reason="数量明显更多")
        assert (p.similar["count"], p.similar["median_fen"], p.similar["deviation"]) == (3, 5_000_000, 80)

    def test_does_not_compare_cases_out_of_reach(self, road, filed):
        road.assess(filed)
        Case.objects.update(decided_on=day(10), fine_fen=5_000_000)
        stranger = Actor("x", "外地", "110000", "section_officer")
        assert similar.of(stranger, provision="P81-3", goods_value_fen=300_000).rows == []


class TestThreePersons:
    def test_an_investigator_does_not_review(self, road, filed):
        filed.investigators.add(road.team.reviewer)
        p = road.report(road.assess(filed))
        with pytest.raises(Refused) as refused:
            road.review(p)
        assert codes(refused) == ["C404"]

    @pytest.mark.parametrize("part", ["investigator", "reviewer"])
    def test_nobody_decides_a_case_of_their_own(self, road, noticed, part):
        if part == "investigator":
            noticed.investigators.add(road.team.head)
        else:
            Proceeding.objects.filter(pk=noticed.pk).update(reviewer=road.team.head)
        with pytest.raises(Refused) as refused:
            road.decide(noticed)
        assert codes(refused) == ["C404"]
        assert Case.objects.get().decided_on is None

    def test_the_command_line_itself_decides_nothing(self, road, noticed):
        with pytest.raises(Refused) as refused:
            road.do(
                proceedings.decide_proceeding,
                35,
                proceeding=noticed,
                by=Actor("root", "系统", "000000", "system"),
            )
        assert codes(refused) == ["C405"]


class TestNotice:
    def test_gives_five_working_days(self, noticed):
        """Served on Thursday 28 March; 4 to 6 April are holidays, Sunday 7 April is worked."""
        assert clock("proceeding", noticed.pk, "defend").due_strict == dt.date(2024, 4, 7)

    def test_a_decision_before_they_are_over_is_refused(self, road, noticed):
        with pytest.raises(Refused) as refused:
            road.decide(noticed, days=28)
        assert codes(refused) == ["C415"]

    def test_a_waiver_ends_them(self, road, noticed):
        p = road.do(proceedings.waive_defence, 24, proceeding=noticed)
        assert road.decide(p, days=25).state == "decided"

    def test_a_defence_is_answered_before_the_decision(self, road, noticed):
        p = road.do(proceedings.record_defence, 25, proceeding=noticed, text="初次经营，请求从轻")
        with pytest.raises(Refused) as refused:
            road.decide(p)
        assert codes(refused) == ["C416"]

    def test_nothing_heavier_is_decided(self, road, noticed):
        with pytest.raises(Refused) as refused:
            road.decide(noticed, penalty={**PENALTY, "fine_fen": 9_000_001}, reason="x")
        assert codes(refused) == ["C419"]

    def test_a_new_investigation_makes_it_void(self, road, noticed):
        p = road.do(proceedings.reinvestigate, 30, road.team.head, proceeding=noticed, reason="新的证据")
        p = road.review(road.report(p, days=31), days=32)
        with pytest.raises(Refused) as refused:
            road.decide(p, days=40)
        assert (codes(refused), p.notice_served_on) == (["K101"], None)


class TestHearing:
    @pytest.fixture
    def heavy(self, road, shop):
        """Told a fine of 300,000 yuan: may be heard, is discussed before the decision."""
        facts = {"goods_value": "15000", "circumstances": []}
        return road.to_notice(shop, facts=facts, proposal={"fine_fen": 30_000_000})

    def test_is_refused_where_there_is_no_right_to_it(self, road, noticed):
        with pytest.raises(Refused) as refused:
            road.do(proceedings.ask_hearing, 25, proceeding=noticed)
        assert codes(refused) == ["C422"]

    def test_that_was_held_is_reviewed_and_the_case_discussed(self, road, heavy):
        head, reviewer = road.team.head, road.team.reviewer
        p = road.do(proceedings.ask_hearing, 25, proceeding=heavy)
        p = road.do(proceedings.hold_hearing, 40, reviewer, proceeding=p, report="各方意见已听取")
        with pytest.raises(Refused) as refused:
            road.decide(p, days=41)
        assert codes(refused) == ["C417", "C418"]
        p = road.do(proceedings.review_hearing, 42, reviewer, proceeding=p, opinion="同意")
        p = road.do(proceedings.discuss_case, 43, head, proceeding=p, opinion="一致同意")
        assert (road.decide(p, days=44).state, heavy.review_kind) == ("decided", "法制审核")

    def test_does_not_use_up_the_time_for_the_decision(self, road, heavy):
        before = clock("case", heavy.case_id, "decide").due_strict
        p = road.do(proceedings.ask_hearing, 25, proceeding=heavy)
        road.do(proceedings.hold_hearing, 39, road.team.reviewer, proceeding=p, report="已听取")
        assert clock("case", heavy.case_id, "decide").due_strict == before + dt.timedelta(15)


class TestMeasures:
    def test_a_seizure_has_thirty_days_and_may_be_prolonged_once(self, road, filed):
        made = road.seize(filed)
        assert clock("measure", made.pk, "term").due_strict == day(34)
        more = {"measure": made, "reason": "案情复杂", "by": Actor.of(road.team.head)}
        measures.extend_measure(days=30, on=day(20), at=road.at(20), **more)
        assert clock("measure", made.pk, "term").due_strict == day(64)
        with pytest.raises(Refused) as refused:
            measures.extend_measure(days=1, on=day(21), at=road.at(21), **more)
        assert codes(refused) == ["C505"]

    def test_an_urgent_one_is_approved_within_a_day_by_somebody_else(self, road, filed):
        made = road.seize(filed, urgent=True)
        late = clock("measure", made.pk, "approval")
        assert late.due_at == made.taken_at + dt.timedelta(hours=24)
        by = {"by": Actor.of(road.team.head), "at": road.at(5)}
        made = measures.approve_measure(measure=made, approved_at=road.at(4), **by)
        assert (made.approved_by, clock("measure", made.pk, "approval").state) == ("丁局", Clock.DONE)

    def test_a_test_stops_the_decision_and_the_seizure_until_its_report(self, road, filed):
        seized = road.seize(filed)
        before = clock("case", filed.case_id, "decide").due_strict
        test = road.seize(filed, days=5, kind="testing", items=[], content="送检验所检验")
        road.do(measures.dispose_measure, 14, measure=test, outcome="不符合规定")
        assert clock("case", filed.case_id, "decide").due_strict == before + dt.timedelta(10)
        assert clock("measure", seized.pk, "term").due_strict == day(34) + dt.timedelta(10)

    def test_one_that_goes_on_keeps_the_case_open(self, road, served):
        made = Proceeding.objects.get().measures.create(
            kind="seizure", state="taken", taken_at=road.at(4), office_code="150525100"
        )
        p = road.do(enforcing.complete_proceeding, 40, proceeding=_paid(road, served))
        with pytest.raises(Refused) as refused:
            road.do(enforcing.close_proceeding, 41, road.team.head, proceeding=p)
        assert (codes(refused), made.state) == (["C507"], "taken")


def _paid(road, p):
    road.pay(p)
    road.pay(p, purpose="没收款", amount_fen=50_000)
    return p


class TestToTheEnd:
    def test_a_paid_case_is_closed_with_its_figures(self, road, served):
        p = road.do(enforcing.complete_proceeding, 41, proceeding=_paid(road, served))
        p = road.do(enforcing.close_proceeding, 42, road.team.head, proceeding=p)
        case = Case.objects.get()
        assert (p.state, case.closed_on, case.fine_fen, actions.state_of(case)) == (
            "closed", day(42), 9_000_000, "closed",
        )  # fmt: skip
        assert not Clock.objects.filter(state=Clock.RUNNING, subject="proceeding").exists()

    def test_more_than_is_owed_is_not_taken(self, road, served):
        with pytest.raises(Refused) as refused:
            road.pay(served, amount_fen=9_000_001)
        assert codes(refused) == ["C510"]
        assert not Payment.objects.exists()

    def test_an_unpaid_fine_grows_and_goes_to_court_when_nobody_may_appeal(self, road, served):
        due = served.pay_by
        late = (due - TODAY).days + 10
        p = road.do(enforcing.demand_payment, late, proceeding=served, how="直接送达")
        assert enforcing.account(p, due + dt.timedelta(10)).owed["加处罚款"] == 2_700_000
        with pytest.raises(Refused) as refused:
            road.do(enforcing.apply_to_court, late + 5, road.team.head, proceeding=p)
        assert codes(refused) == ["C513", "C514"]
        p = road.do(enforcing.apply_to_court, 230, road.team.head, proceeding=p)
        assert Case.objects.get().court_enforcement
        p = road.do(enforcing.end_enforcement, 300, proceeding=p, reason="法院裁定终结")
        assert p.state == "fulfilled"

    def test_a_lawsuit_that_revokes_the_decision_leaves_no_fine(self, road, served):
        remedy = road.do(
            enforcing.start_remedy, 50, proceeding=served, kind="行政诉讼", authority="奈曼旗人民法院"
        )
        road.do(enforcing.end_remedy, 90, remedy=remedy, outcome="撤销")
        p = road.do(enforcing.revoke_decision, 91, road.team.head, proceeding=served, reason="判决撤销")
        case = Case.objects.get()
        assert (p.state, case.fine_fen, case.decided_on) == ("revoked", 0, None)

    def test_a_review_may_lower_the_fine_but_never_raise_it(self, road, served):
        remedy = road.do(enforcing.start_remedy, 50, proceeding=served, kind="行政复议", authority="旗政府")
        with pytest.raises(Refused) as refused:
            road.do(enforcing.end_remedy, 70, remedy=remedy, outcome="变更", amounts={"fine_fen": 10_000_000})
        assert codes(refused) == ["C519"]
        road.do(enforcing.end_remedy, 70, remedy=remedy, outcome="变更", amounts={"fine_fen": 6_000_000})
        assert Case.objects.get().fine_fen == 6_000_000

    def test_instalments_move_the_day_from_which_it_grows(self, road, served):
        parts = [(day(60), 4_500_000), (day(90), 4_500_000)]
        road.do(
            enforcing.allow_instalments, 40, road.team.head, proceeding=served, parts=parts, reason="经营困难"
        )
        served.refresh_from_db()
        assert enforcing.account(served, day(60)).owed.get("加处罚款") is None
        assert enforcing.account(served, day(61)).owed["加处罚款"] == 135_000


class TestWithoutPenalty:
    @pytest.mark.parametrize("action", ["decide_no_penalty", "withdraw_filing"])
    def test_nothing_is_left_to_decide_and_the_case_is_closed_with_the_reason(self, road, noticed, action):
        step = getattr(proceedings, action)
        p = road.do(step, 26, road.team.head, proceeding=noticed, reason="违法轻微，已改正")
        assert clock("case", p.case_id, "decide").state == Clock.DONE
        road.do(enforcing.close_proceeding, 28, road.team.head, proceeding=p)
        case = Case.objects.get()
        assert (case.decided_on, case.closed_on, case.fine_fen) == (None, day(28), 0)

    def test_what_was_moved_and_came_back_goes_on(self, road, filed):
        p = road.do(
            proceedings.move_proceeding,
            9,
            road.team.head,
            proceeding=filed,
            addressee="公安",
            reason="涉嫌犯罪",
        )
        p = road.do(proceedings.take_back_proceeding, 15, proceeding=p, reason="不予立案")
        assert (p.state, clock("case", p.case_id, "decide").state) == ("investigating", Clock.RUNNING)


class TestOnTheSpot:
    def test_two_officers_decide_a_small_fine_at_once(self, road, shop):
        p = road.clue(shop, procedure_kind="简易")
        p = road.do(proceedings.tell_on_spot, 0, proceeding=p, proposal={"fine_fen": 100_000})
        p = road.do(proceedings.decide_on_spot, 0, proceeding=p)
        case = Case.objects.get()
        assert (p.state, case.procedure, case.fine_fen) == ("served", "简易", 100_000)
        assert clock("proceeding", p.pk, "hand_in").applied == "CS-12"

    def test_a_heavier_one_takes_the_general_procedure(self, road, shop):
        p = road.clue(shop, procedure_kind="简易")
        with pytest.raises(Refused) as refused:
            road.do(proceedings.tell_on_spot, 0, proceeding=p, proposal={"fine_fen": 300_001})
        assert codes(refused) == ["C420"]
        p = road.do(proceedings.turn_general, 1, proceeding=p, reason="超过限额")
        assert road.file(p).state == "investigating"

    def test_a_step_of_the_other_procedure_says_so(self, road, shop):
        p = road.clue(shop, procedure_kind="简易")
        with pytest.raises(Refused) as refused:
            road.assess(p, facts=FACTS)
        assert codes(refused) == ["C401"]


class TestContinuedCase:
    def test_goes_on_from_the_investigation_and_is_the_same_case(self, road, file_case):
        case = file_case()
        p = road.do(proceedings.continue_case, 5, case=case, officers=road.team.investigators)
        p = road.notice(road.review(road.report(road.assess(p))))
        road.decide(p)
        assert (Case.objects.get(), Case.objects.get().decided_on) == (case, day(35))

    def test_is_refused_once_it_is_decided(self, road, file_case, officer):
        case = actions.decide_case(case=file_case(), decided_on=day(1), by=officer, at=road.at(1))
        with pytest.raises(Refused) as refused:
            road.do(proceedings.continue_case, 30, case=case, officers=road.team.investigators)
        assert codes(refused) == ["C427"]
