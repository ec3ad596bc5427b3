"""Evaluations: what they propose, who decides, what follows in the register and the levels."""

from __future__ import annotations

import datetime as dt

import pytest

from credit_day import TODAY
from visiting import enrol
from xiejian.clocks.models import Clock
from xiejian.credit import actions, facts
from xiejian.credit.models import CreditGrade
from xiejian.kernel.problems import Refused
from xiejian.leads.models import Lead
from xiejian.people.models import AuditEntry
from xiejian.planning import grading
from xiejian.registry.models import PartyLink
from xiejian.sampling.models import Sample

LATER = TODAY + dt.timedelta(days=20)


@pytest.fixture
def evaluate(officer, now):
    def make(on=TODAY, **given):
        period = {"from_on": dt.date(2024, 1, 1), "until_on": on} | given
        return actions.evaluate_credit(
            office_code="150525", on=on, reason="年度评定", by=officer, at=now, **period
        )

    return make


@pytest.fixture
def proposal(shop, fine, evaluate):
    fine()
    return evaluate().grades.get()


@pytest.fixture
def told(proposal, officer, now):
    (row,) = actions.notify_grades(grades=[proposal], on=TODAY, how="直接送达", by=officer, at=now)
    return row


def later(now):
    return now + dt.timedelta(days=20)


class TestAnEvaluation:
    def test_gives_the_best_grade_to_whoever_has_nothing_against(self, shop, evaluate):
        assert evaluate().grades.get().grade == "A"

    def test_grades_by_the_cases_of_the_period(self, proposal):
        assert (proposal.grade, proposal.rules, proposal.facts) == (
            "B", "QC-B1", {"penalties": 1, "penalty_fen": 500_000},
        )  # fmt: skip

    def test_leaves_out_what_lies_outside_the_period(self, shop, fine, evaluate):
        fine(on=dt.date(2023, 12, 31))
        assert evaluate().grades.get().grade == "A"

    def test_leaves_out_cancelled_parties(self, shop, evaluate):
        shop.status = "注销"
        shop.save()
        assert evaluate().grades.count() == 0

    def test_confirms_what_is_in_force(self, shop, evaluate):
        shop.credit_grade = "A"
        shop.save()
        assert evaluate().grades.get().state == "unchanged"

    def test_takes_the_place_of_a_proposal_nobody_was_told_of(self, proposal, evaluate):
        evaluate()
        proposal.refresh_from_db()
        assert proposal.state == "replaced"

    def test_leaves_alone_whoever_is_in_procedure(self, told, evaluate):
        assert evaluate().grades.count() == 0

    def test_asks_as_often_for_many_as_for_one(
        self, shop, fine, evaluate, now, django_assert_max_num_queries
    ):
        for n in range(6):
            fine(f"案{n}", party=enrol(f"店{n}", "150525100", now))
        with django_assert_max_num_queries(42):
            evaluate()

    def test_of_a_period_that_ends_in_the_future_is_refused(self, shop, evaluate):
        with pytest.raises(Refused, match="期间"):
            evaluate(until_on=TODAY + dt.timedelta(days=1))

    def test_of_one_party_looks_twelve_months_back(self, shop, fine, officer, now):
        fine(on=dt.date(2023, 3, 6))
        found = actions.evaluate_party(party=shop, on=TODAY, reason="新的处罚", by=officer, at=now)
        assert (found.run.from_on, found.grade) == (dt.date(2023, 3, 6), "B")


class TestAnEvaluationOfEvents:
    @pytest.fixture
    def look(self, officer, now):
        return lambda: actions.evaluate_events(
            office_code="150525", on=TODAY, reason="因事评定", by=officer, at=now
        )

    def test_proposes_what_became_worse(self, shop, fine, look):
        fine()
        assert look().grades.get().grade == "B"

    def test_leaves_alone_who_has_nothing_against(self, shop, look):
        assert look().grades.count() == 0

    def test_leaves_alone_who_would_get_better(self, shop, fine, look):
        shop.credit_grade = "C"
        shop.save()
        fine()
        assert look().grades.count() == 0

    def test_does_not_propose_the_same_every_day(self, shop, fine, look):
        fine()
        look()
        assert look().grades.count() == 0

    def test_proposes_anew_when_it_gets_still_worse(self, shop, fine, look):
        fine()
        look()
        fine("第二案")
        assert (look().grades.get().grade, CreditGrade.objects.filter(state="replaced").count()) == ("C", 1)


class TestAFact:
    @pytest.mark.parametrize(
        ("case", "fact"),
        [
            ({"fine_fen": 0}, "warnings"),
            ({"business_stopped": True}, "business_stopped"),
            ({"licence_revoked": True}, "licence_revoked"),
            ({"transfers": "公安"}, "police"),
        ],
    )
    def test_of_a_case_is_counted(self, shop, fine, case, fact):
        fine(**case)
        assert facts.counted_of(shop, dt.date(2024, 1, 1), TODAY)[fact] == 1

    def test_of_samples_and_complaints_is_counted(self, shop, now):
        common = {"party": shop, "link": "经营", "office_code": "150525100"}
        Sample.objects.create(
            number="1", kind="县级抽检", state="refused", extra={"拒绝日期": "2024-02-01"}, **common
        )
        Sample.objects.create(
            number="2", kind="县级抽检", state="reported", result="不符合规定", result_on=TODAY, **common
        )
        Lead.objects.create(
            number="3", source="热线", kind="投诉", state="answered", received_on=TODAY, made_at=now,
            answered_on=TODAY, outcome="属实", **common,
        )  # fmt: skip
        assert facts.counted_of(shop, dt.date(2024, 1, 1), TODAY) == {
            "refused_sampling": 1, "failed_samples": 1, "founded_complaints": 1,
        }  # fmt: skip

    def test_opens_the_records_that_it_was_counted_from(self, shop, fine):
        made = fine()
        ((event, permission),) = facts.records(shop, "penalties", dt.date(2024, 1, 1), TODAY)
        assert (event.page, event.on, permission) == (f"/cases/{made.pk}/", made.decided_on, "cases.view")

    def test_is_the_same_for_all_as_for_one(self, shop, fine):
        fine()
        period = (dt.date(2024, 1, 1), TODAY)
        assert facts.counted("150525", *period) == {shop.pk: facts.counted_of(shop, *period)}


class TestADecision:
    def test_reaches_the_register(self, told, shop, head, now):
        actions.decide_grades(grades=[told], on=LATER, by=head, at=later(now))
        shop.refresh_from_db()
        assert shop.credit_grade == "B"

    def test_reaches_the_level_at_once(self, told, shop, officer, head, now):
        link = PartyLink.objects.get(party=shop)
        PartyLink.objects.filter(pk=link.pk).update(classes="2")
        grading.grade_register(on=TODAY, pack_id="chizhou", office_code="150525", by=officer, at=now)
        before = set(grading.explain(PartyLink.objects.get(pk=link.pk)).stored.grades.get().rules.split("、"))
        actions.decide_grades(grades=[told], on=LATER, by=head, at=later(now))
        after = set(grading.explain(PartyLink.objects.get(pk=link.pk)).stored.grades.get().rules.split("、"))
        assert after - before == {"CZ-D3"}

    def test_that_is_worse_needs_its_notice(self, proposal, head, now):
        with pytest.raises(Refused) as refused:
            actions.decide_grades(grades=[proposal], on=TODAY, by=head, at=now)
        assert refused.value.problems[0].code == "Q106"

    def test_that_is_worse_waits_for_objections(self, told, head, now):
        with pytest.raises(Refused) as refused:
            actions.decide_grades(grades=[told], on=TODAY, by=head, at=now)
        assert refused.value.problems[0].code == "Q107"

    def test_does_not_wait_where_the_firm_has_no_objection(self, told, head, now):
        (row,) = actions.decide_grades(grades=[told], on=TODAY, by=head, at=now, waived=True)
        assert row.state == "in_force"

    def test_that_is_better_needs_no_notice(self, shop, evaluate, head, now):
        shop.credit_grade = "C"
        shop.save()
        (row,) = actions.decide_grades(grades=[evaluate().grades.get()], on=TODAY, by=head, at=now)
        assert (row.state, row.worse) == ("in_force", False)

    def test_is_not_for_whoever_evaluated(self, told, head, now):
        told.run.by_username = head.username
        told.run.save()
        with pytest.raises(Refused) as refused:
            actions.decide_grades(grades=[told], on=LATER, by=head, at=later(now))
        assert refused.value.problems[0].code == "Q108"

    def test_is_not_for_an_officer(self, told, officer, now):
        with pytest.raises(Refused) as refused:
            actions.decide_grades(grades=[told], on=LATER, by=officer, at=later(now))
        assert refused.value.problems[0].code == "P101"

    def test_takes_the_place_of_the_one_in_force(self, told, shop, evaluate, head, now):
        actions.decide_grades(grades=[told], on=TODAY, by=head, at=now, waived=True)
        again = evaluate(from_on=TODAY)
        actions.decide_grades(grades=list(again.grades.all()), on=TODAY, by=head, at=now)
        assert list(CreditGrade.objects.order_by("pk").values_list("grade", "state")) == [
            ("B", "replaced"), ("A", "in_force"),
        ]  # fmt: skip

    def test_leaves_its_trace(self, told, head, now):
        actions.decide_grades(grades=[told], on=TODAY, by=head, at=now, waived=True)
        assert AuditEntry.objects.filter(action="decide_grades", subject_key=told.number).count() == 1

    def test_asks_as_often_for_many_as_for_one(
        self, shop, evaluate, head, now, django_assert_max_num_queries
    ):
        for n in range(6):
            enrol(f"店{n}", "150525100", now)
        rows = list(evaluate().grades.all())
        with django_assert_max_num_queries(26):
            actions.decide_grades(grades=rows, on=TODAY, by=head, at=now)


class TestAnObjection:
    def test_has_five_working_days(self, told):
        assert Clock.objects.get(subject="credit_grade").due_legal == dt.date(2024, 3, 12)

    def test_that_comes_late_is_refused(self, told, officer, now):
        with pytest.raises(Refused) as refused:
            actions.object_to_grade(grade=told, on=LATER, objection="不服", by=officer, at=later(now))
        assert refused.value.problems[0].code == "Q109"

    def test_that_holds_ends_the_proposal(self, told, officer, now):
        actions.object_to_grade(grade=told, on=TODAY, objection="案件已撤销", by=officer, at=now)
        row = actions.uphold_objection(grade=told, on=TODAY, answer="属实", by=officer, at=now)
        assert row.state == "rejected"

    def test_that_does_not_hold_lets_the_decision_follow(self, told, officer, head, now):
        actions.object_to_grade(grade=told, on=TODAY, objection="不服", by=officer, at=now)
        actions.dismiss_objection(grade=told, on=TODAY, answer="事实清楚", by=officer, at=now)
        (row,) = actions.decide_grades(grades=[told], on=TODAY, by=head, at=now)
        assert row.state == "in_force"

    def test_a_head_may_give_the_proposal_up_with_a_reason(self, told, head, now):
        row = actions.reject_grade(grade=told, on=TODAY, reason="情节轻微", by=head, at=now)
        assert (row.state, row.reason) == ("rejected", "情节轻微")
