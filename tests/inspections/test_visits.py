"""A visit from its schedule to its conclusion, and everything that is refused on the way."""

from __future__ import annotations

import datetime as dt

import pytest

from visiting import appoint, enrol
from xiejian.inspections import actions, checklists
from xiejian.inspections.checks import Entry
from xiejian.inspections.models import Finding, Visit
from xiejian.kernel.problems import Refused
from xiejian.people import actions as people
from xiejian.people import audit
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor

TODAY = dt.date(2024, 3, 5)
TOMORROW = TODAY + dt.timedelta(days=1)


def codes(refused) -> list[str]:
    return [problem.code for problem in refused.value.problems]


@pytest.fixture
def stranger(naiman, now):
    """An inspector of another province."""
    people.open_office(code="522726", name="独山县局", by=SYSTEM, at=now)
    return appoint("mo", "陌生人", "522726", now)


class TestScheduling:
    def test_a_visit_is_planned_with_its_team_and_number(self, planned):
        assert planned.state == "planned"
        assert planned.number == "奈曼旗械检〔2024〕1号"
        assert planned.inspectors == "王检、赵检"

    def test_numbers_go_on_within_office_and_year(self, schedule):
        assert [schedule().number[-3:] for _ in range(11)][-2:] == ["10号", "11号"]

    def test_the_checklist_of_the_theme_is_chosen_and_its_version_kept(self, planned):
        chosen = checklists.get("contact-lens")
        assert (planned.checklist, planned.checklist_version) == (chosen.id, chosen.version)

    def test_the_tags_of_the_link_come_along(self, planned):
        assert planned.tags == "|角膜接触镜|"

    def test_one_inspector_is_refused_with_the_clause(self, schedule, team):
        with pytest.raises(Refused) as refused:
            schedule(team=team[:1])
        assert codes(refused) == ["I101"]
        assert "医疗器械经营监督管理办法第四十九条" in refused.value.first.clause

    def test_the_same_inspector_twice_is_one_inspector(self, schedule, team):
        with pytest.raises(Refused) as refused:
            schedule(team=[team[0], team[0]])
        assert codes(refused) == ["I101"]

    def test_an_inspector_of_an_office_outside_is_refused(self, schedule, team, stranger):
        with pytest.raises(Refused) as refused:
            schedule(team=[team[0], stranger])
        assert codes(refused) == ["I103"]
        assert "陌生人" in refused.value.first.message

    def test_a_cross_inspection_mixes_areas(self, schedule, team, stranger):
        assert schedule(kind="交叉检查", team=[team[0], stranger]).pk

    def test_an_inspector_of_the_county_helps_the_station(self, schedule, team, now):
        assert schedule(team=[team[0], appoint("sun", "孙科", "150525", now)]).pk

    def test_an_inspector_who_left_is_refused(self, schedule, team):
        team[1].is_active = False
        with pytest.raises(Refused) as refused:
            schedule(team=team)
        assert codes(refused) == ["I107"]

    def test_an_unknown_kind_is_refused(self, schedule):
        with pytest.raises(Refused) as refused:
            schedule(kind="随便看看")
        assert codes(refused) == ["I104"]

    def test_an_unknown_link_is_refused(self, schedule):
        with pytest.raises(Refused) as refused:
            schedule(link="路边")
        assert codes(refused) == ["I105"]

    def test_a_checklist_of_another_link_is_refused(self, schedule):
        with pytest.raises(Refused) as refused:
            schedule(checklist="use")
        assert codes(refused) == ["I503"]

    def test_an_unknown_checklist_is_refused(self, schedule):
        with pytest.raises(Refused) as refused:
            schedule(checklist="no-such-list")
        assert codes(refused) == ["I502"]

    def test_a_party_of_another_station_is_out_of_reach(self, schedule, now):
        pharmacy = enrol("新镇药店", "150525101", now)
        with pytest.raises(Refused) as refused:
            schedule(party=pharmacy)
        assert codes(refused) == ["P101"]

    def test_a_head_plans_but_does_not_inspect(self, schedule, now):
        head = Actor("qian", "钱局", "150525", "head")
        visit = schedule(by=head)
        with pytest.raises(Refused) as refused:
            actions.start_visit(visit=visit, on=now.date(), by=head, at=now)
        assert codes(refused) == ["P101"]

    def test_who_only_looks_on_plans_nothing(self, schedule):
        with pytest.raises(Refused) as refused:
            schedule(by=Actor("sun", "孙处", "150525", "upper_viewer"))
        assert codes(refused) == ["P101"]

    def test_nothing_is_stored_when_refused(self, schedule, team):
        with pytest.raises(Refused):
            schedule(team=team[:1])
        assert not Visit.objects.exists()


class TestRescheduling:
    def test_a_planned_visit_moves_to_another_day(self, planned, inspector, now):
        moved = actions.reschedule_visit(
            visit=planned, planned_on=TOMORROW, reason="企业盘点", by=inspector, at=now
        )
        assert moved.planned_on == TOMORROW

    def test_it_needs_a_reason(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.reschedule_visit(visit=planned, planned_on=TOMORROW, reason=" ", by=inspector, at=now)
        assert codes(refused) == ["I106"]

    def test_the_new_team_is_two_again(self, planned, team, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.reschedule_visit(visit=planned, team=team[1:], reason="休假", by=inspector, at=now)
        assert codes(refused) == ["I101"]


class TestStarting:
    def test_the_visit_is_under_way_on_its_day(self, started):
        assert (started.state, started.visited_on, started.persons) == ("started", TODAY, 2)

    def test_a_day_in_the_future_is_refused_with_the_clause(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.start_visit(visit=planned, on=TOMORROW, by=inspector, at=now)
        assert codes(refused) == ["I102"]
        assert "第四十九条" in refused.value.first.clause

    def test_today_is_the_day_of_the_office_not_of_greenwich(self, planned, inspector):
        evening = dt.datetime(2024, 3, 5, 16, 30, tzinfo=dt.UTC)  # half past midnight of the 6th in Shanghai
        assert (
            actions.start_visit(visit=planned, on=TOMORROW, by=inspector, at=evening).visited_on == TOMORROW
        )

    def test_one_person_on_the_spot_is_refused(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.start_visit(visit=planned, on=TODAY, persons=1, by=inspector, at=now)
        assert codes(refused) == ["I101"]

    def test_a_visit_starts_once(self, started, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.start_visit(visit=started, on=TODAY, by=inspector, at=now)
        assert codes(refused) == ["K101"]

    def test_a_stale_copy_does_not_start_it_again(self, planned, inspector, now):
        stale = Visit.objects.get(pk=planned.pk)
        actions.start_visit(visit=planned, on=TODAY, by=inspector, at=now)
        with pytest.raises(Refused):
            actions.start_visit(visit=stale, on=TODAY, by=inspector, at=now)


class TestFindings:
    def record(self, visit, inspector, now, *entries):
        return actions.record_findings(visit=visit, entries=entries, by=inspector, at=now)

    def test_a_point_carries_its_clause(self, started, inspector, now):
        [finding] = self.record(started, inspector, now, Entry("T-CZ-CL-4", "not_conform", "无销售记录"))
        assert "池州市" in finding.clause

    def test_a_point_answered_again_is_replaced_and_both_answers_are_kept(self, started, inspector, now):
        self.record(started, inspector, now, Entry("T-CZ-CL-4", "not_conform", "无销售记录"))
        self.record(started, inspector, now, Entry("T-CZ-CL-4", "conform"))
        assert started.findings.get().state == "conform"
        last = AuditEntry.objects.filter(action="record_findings").first()
        assert last.detail["points"]["T-CZ-CL-4"] == [
            ["not_conform", False, "无销售记录"],
            ["conform", False, ""],
        ]

    def test_the_same_answer_again_changes_nothing(self, started, inspector, now):
        for _ in range(2):
            self.record(started, inspector, now, Entry("T-CZ-CL-4", "conform"))
        assert AuditEntry.objects.filter(action="record_findings").count() == 1

    def test_a_problem_outside_the_checklist_names_its_clause(self, started, inspector, now):
        entry = Entry("其他-1", "not_conform", "消防通道堵塞", clause="消防法第二十八条")
        assert self.record(started, inspector, now, entry)[0].clause == "消防法第二十八条"

    @pytest.mark.parametrize(
        ("entry", "code"),
        [
            (Entry("X-1", "conform"), "I201"),
            (Entry("T-CZ-CL-4", "fine"), "I202"),
            (Entry("T-CZ-CL-4", "not_conform", " "), "I203"),
            (Entry("T-CZ-CL-4", "not_applicable"), "I204"),
            (Entry("T-CZ-CL-4", "conform", severe=True), "I205"),
        ],
        ids=["unknown point", "unknown state", "no fact", "no reason", "severe yet conform"],
    )
    def test_what_does_not_fit_is_refused(self, started, inspector, now, entry, code):
        with pytest.raises(Refused) as refused:
            self.record(started, inspector, now, entry)
        assert codes(refused) == [code]

    def test_a_point_twice_in_one_submission_is_refused(self, started, inspector, now):
        with pytest.raises(Refused) as refused:
            self.record(started, inspector, now, Entry("T-CZ-CL-4", "conform"), Entry("T-CZ-CL-4", "conform"))
        assert codes(refused) == ["I206"]

    def test_one_wrong_point_leaves_all_as_they_were(self, started, inspector, now):
        with pytest.raises(Refused):
            self.record(started, inspector, now, Entry("T-CZ-CL-4", "conform"), Entry("X-1", "conform"))
        assert not Finding.objects.exists()

    def test_a_visit_that_has_not_begun_has_no_findings(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            self.record(planned, inspector, now, Entry("T-CZ-CL-4", "conform"))
        assert codes(refused) == ["K101"]

    def test_one_point_alone(self, started, inspector, now):
        finding = actions.record_finding(
            visit=started, point="T-CZ-CL-4", state="conform", by=inspector, at=now
        )
        assert finding.state == "conform"

    def test_a_whole_checklist_takes_a_few_queries(
        self, started, inspector, now, django_assert_max_num_queries
    ):
        entries = [Entry(p.id, "conform") for p in checklists.get(started.checklist).points]
        with django_assert_max_num_queries(11):
            self.record(started, inspector, now, *entries)


class TestConcluding:
    def test_no_defect_is_conform(self, started, answer_all, inspector, now):
        answer_all(started)
        visit = actions.conclude_visit(visit=started, by=inspector, at=now)
        assert (visit.state, visit.conclusion, visit.defects) == ("concluded", "符合", 0)

    def test_a_defect_is_to_be_corrected(self, concluded):
        assert (concluded.conclusion, concluded.defects, concluded.severe_defects) == ("限期整改", 1, 0)

    def test_a_severe_defect_leads_to_a_case(self, started, answer_all, inspector, now):
        answer_all(started, failing=["G7-1"], severe=["G7-1"])
        visit = actions.conclude_visit(visit=started, by=inspector, at=now)
        assert (visit.conclusion, visit.severe_defects) == ("移送", 1)

    def test_the_rule_behind_the_conclusion_is_kept_with_its_status(self, concluded):
        assert concluded.extra["judgement"]["rule"] == "J-4d"
        assert concluded.extra["judgement"]["unverified"] is True

    def test_key_points_without_an_answer_are_refused_by_name(self, started, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.conclude_visit(visit=started, by=inspector, at=now)
        assert codes(refused) == ["I207"]
        assert "T-CZ-CL-1" in refused.value.first.message

    def test_general_points_may_stay_open(self, started, inspector, now):
        entries = [Entry(p.id, "conform") for p in checklists.get(started.checklist).key_points]
        actions.record_findings(visit=started, entries=entries, by=inspector, at=now)
        assert actions.conclude_visit(visit=started, by=inspector, at=now).conclusion == "符合"

    def test_another_conclusion_needs_a_reason(self, started, answer_all, inspector, now):
        answer_all(started)
        with pytest.raises(Refused) as refused:
            actions.conclude_visit(visit=started, conclusion="停产整改", by=inspector, at=now)
        assert codes(refused) == ["I209"]

    def test_another_conclusion_with_its_reason_is_taken_and_kept(self, started, answer_all, inspector, now):
        answer_all(started)
        visit = actions.conclude_visit(
            visit=started, conclusion="限期整改", reason="屡次口头提醒未改", by=inspector, at=now
        )
        assert visit.conclusion == "限期整改"
        assert visit.extra["judgement"]["reason"] == "屡次口头提醒未改"

    def test_an_unknown_conclusion_is_refused(self, started, answer_all, inspector, now):
        answer_all(started)
        with pytest.raises(Refused) as refused:
            actions.conclude_visit(visit=started, conclusion="还行", by=inspector, at=now)
        assert codes(refused) == ["I208"]

    def test_a_visit_without_checklist_is_judged_by_the_rule_of_its_link(self, schedule, inspector, now):
        visit = schedule(checklist="")
        actions.start_visit(visit=visit, on=TODAY, by=inspector, at=now)
        assert actions.conclude_visit(visit=visit, by=inspector, at=now).extra["judgement"]["rule"] == "J-4a"


class TestRefusalByTheParty:
    def test_a_refusal_is_not_conform(self, planned, inspector, now):
        visit = actions.record_refusal(
            visit=planned, on=TODAY, act="RF1", detail="店主锁门", by=inspector, at=now
        )
        assert (visit.state, visit.conclusion) == ("refused", "不符合")
        assert "店主锁门" in visit.remark

    def test_an_unknown_act_is_refused(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.record_refusal(visit=planned, on=TODAY, act="RF9", detail="x", by=inspector, at=now)
        assert codes(refused) == ["I108"]

    def test_what_happened_is_written_down(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.record_refusal(visit=planned, on=TODAY, act="RF1", detail="", by=inspector, at=now)
        assert codes(refused) == ["I106"]

    def test_a_day_in_the_future_is_refused(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.record_refusal(visit=planned, on=TOMORROW, act="RF1", detail="x", by=inspector, at=now)
        assert codes(refused) == ["I102"]


class TestCancelling:
    def test_a_planned_visit_is_called_off_with_its_reason(self, planned, inspector, now):
        visit = actions.cancel_visit(visit=planned, reason="企业已注销", by=inspector, at=now)
        assert (visit.state, visit.remark) == ("cancelled", "企业已注销")

    def test_it_needs_a_reason(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.cancel_visit(visit=planned, reason="", by=inspector, at=now)
        assert codes(refused) == ["I106"]

    def test_a_visit_that_took_place_stays(self, concluded, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.cancel_visit(visit=concluded, reason="算了", by=inspector, at=now)
        assert codes(refused) == ["K101"]


class TestAmending:
    def test_many_visits_are_tagged_with_a_campaign_at_once(self, schedule, inspector, now):
        visits = [schedule(), schedule()]
        actions.amend_visits(
            visits=visits, changes={"campaign": "naiman-2023"}, reason="补记专项", by=inspector, at=now
        )
        assert set(Visit.objects.values_list("campaign", flat=True)) == {"naiman-2023"}

    def test_tags_are_stored_sorted(self, planned, inspector, now):
        actions.amend_visits(
            visits=[planned], changes={"tags": ["植入", "无菌", "植入"]}, reason="补记", by=inspector, at=now
        )
        assert Visit.objects.get().tags == "|无菌|植入|"

    def test_it_needs_a_reason(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.amend_visits(visits=[planned], changes={"remark": "x"}, reason="", by=inspector, at=now)
        assert codes(refused) == ["I106"]

    def test_a_conclusion_is_not_amended(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.amend_visits(
                visits=[planned], changes={"conclusion": "符合"}, reason="x", by=inspector, at=now
            )
        assert codes(refused) == ["I110"]

    def test_persons_stay_two_at_least(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            actions.amend_visits(visits=[planned], changes={"persons": 1}, reason="x", by=inspector, at=now)
        assert codes(refused) == ["I101"]


class TestTransferring:
    def transfer(self, visit, inspector, now, **facts):
        given = {"visit": visit, "addressee": "卫健", "moved_on": TODAY, "by": inspector, "at": now}
        return actions.transfer_lead(**{**given, **facts})

    def test_a_lead_goes_to_the_health_office_with_the_facts_of_the_visit(self, concluded, inspector, now):
        transfer = self.transfer(concluded, inspector, now)
        assert (transfer.source, transfer.source_no, transfer.tags) == (
            "visit", concluded.number, "|角膜接触镜|",
        )  # fmt: skip
        assert Visit.objects.get().transfers == "卫健"

    def test_once_per_addressee(self, concluded, inspector, now):
        self.transfer(concluded, inspector, now)
        with pytest.raises(Refused) as refused:
            self.transfer(concluded, inspector, now)
        assert codes(refused) == ["I406"]

    def test_an_unknown_addressee_is_refused(self, concluded, inspector, now):
        with pytest.raises(Refused) as refused:
            self.transfer(concluded, inspector, now, addressee="邻居")
        assert codes(refused) == ["I405"]

    def test_a_day_in_the_future_is_refused(self, concluded, inspector, now):
        with pytest.raises(Refused) as refused:
            self.transfer(concluded, inspector, now, moved_on=TOMORROW)
        assert codes(refused) == ["I102"]

    def test_a_day_before_the_visit_is_refused(self, concluded, inspector, now):
        with pytest.raises(Refused) as refused:
            self.transfer(concluded, inspector, now, moved_on=TODAY - dt.timedelta(days=1))
        assert codes(refused) == ["I109"]

    def test_a_visit_that_has_not_begun_has_no_lead(self, planned, inspector, now):
        with pytest.raises(Refused) as refused:
            self.transfer(planned, inspector, now)
        assert codes(refused) == ["I407"]


def test_every_write_is_in_the_audit_chain(concluded):
    written = list(AuditEntry.objects.filter(subject="visit").values_list("action", flat=True))
    assert written == ["conclude_visit", "record_findings", "start_visit", "schedule_visit"]
    assert audit.broken_at() is None
