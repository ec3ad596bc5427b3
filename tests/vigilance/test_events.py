"""Reports of adverse events: their table, clocks, duplicates, groups, quotas; what refuses to happen."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from refusals import refused
from visiting import enrol
from xiejian.clocks.models import Clock
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor
from xiejian.vigilance import actions, queries, rules
from xiejian.vigilance.actions import WORKFLOW
from xiejian.vigilance.checks import Report, check_days, check_duplicate, check_group, check_report

DAY = dt.date(2024, 3, 1)
TODAY = dt.date(2024, 3, 5)
REPORT = Report(
    product_name="一次性使用输液器", lot="20230105", event_on=DAY, found_on=DAY, reported_on=TODAY,
    harm="严重伤害", injury="寒战、发热", failure="接头处渗漏", age_band="60至74岁", sex="女",
)  # fmt: skip
MOVES = {
    "submitted": {"pass_county", "pass_city", "return_report"},
    "county_passed": {"pass_city", "return_report"},
    "returned_for_supplement": {"resubmit_report"},
    "city_passed": {"record_evaluation"},
    "evaluated": {"ask_reevaluation", "pass_province", "refer_national"},
    "national_review": {"ask_reevaluation", "pass_national"},
    "review_closed": {"supplement_report"},
}
EVALUATION = {"cause": "接头注塑缺陷", "event_cause": "产品原因", "association": "有关"}


def codes(found):
    return [problem.code for problem in found]


def checked(**facts):
    given = replace(REPORT, **facts)
    return codes(check_report(given, TODAY, rules.terms(), rules.values("age_bands")))


@pytest.mark.parametrize("state", WORKFLOW.states)
@pytest.mark.parametrize("action", sorted({t.action for t in WORKFLOW.transitions}))
def test_every_state_and_move_is_decided(state, action):
    assert (action in {t.action for t in WORKFLOW.allowed(state)}) == (action in MOVES[state])


class TestWhatAReportMustSay:
    def test_a_complete_one_is_taken(self):
        assert checked() == []

    @pytest.mark.parametrize("field", ["product_name", "injury", "failure"])
    def test_a_blank_field_is_refused(self, field):
        assert checked(**{field: " "}) == ["J101"]

    def test_lot_or_serial_number(self):
        assert checked(lot="") == ["J105"]
        assert checked(lot="", serial="SN1") == []

    @pytest.mark.parametrize(
        ("field", "value"),
        [("harm", "轻微"), ("sex", "F"), ("age_band", "63岁"), ("term", "渗漏"), ("device_class", "Ⅲ"),
         ("structure", "电动"), ("origin", "国产"), ("use_place", "路上")],
    )  # fmt: skip
    def test_words_come_from_the_lists(self, field, value):
        assert checked(**{field: value}) == ["J104"]

    @pytest.mark.parametrize(
        ("days", "code"),
        [
            ({"found_on": DAY - dt.timedelta(1)}, "J103"),
            ({"reported_on": DAY - dt.timedelta(1)}, "J103"),
            ({"reported_on": TODAY + dt.timedelta(1)}, "J102"),
            ({"made_on": DAY + dt.timedelta(1)}, "J103"),
            ({"made_on": DAY, "expires_on": DAY - dt.timedelta(1)}, "J103"),
        ],
    )
    def test_days_follow_each_other(self, days, code):
        assert codes(check_days(replace(REPORT, **days), TODAY)) == [code]


class TestTerms:
    @pytest.mark.parametrize(
        ("text", "term"), [("接头处渗漏", "leak"), ("导管断裂", "breakage"), ("说不清", ""), ("", "")]
    )
    def test_words_of_a_report_propose_one(self, text, term):
        assert rules.term_of(text) == term


class TestDuplicateAndGroupRules:
    @pytest.mark.parametrize(
        ("other", "others_first", "followers", "found"),
        [
            ("乙", "", False, []),
            ("甲", "", False, ["J108"]),
            ("乙", "丙", False, ["J109"]),
            ("乙", "", True, ["J114"]),
        ],
    )
    def test_a_group_of_duplicates_has_one_first(self, other, others_first, followers, found):
        assert codes(check_duplicate("甲", other, others_first, followers)) == found

    @pytest.mark.parametrize(
        ("products", "found"),
        [({"甲": "输液器", "乙": "输液器"}, []), ({"甲": "输液器"}, ["J111"]),
         ({"甲": "输液器", "乙": "血糖仪"}, ["J112"])],
    )  # fmt: skip
    def test_a_group_is_several_reports_of_one_product(self, products, found):
        assert codes(check_group(products)) == found


@pytest.fixture
def hospital(naiman, now):
    return enrol("奈曼旗人民医院", "150525100", now, link="使用")


@pytest.fixture
def told(hospital, officer, now):
    def make(party=hospital, **facts):
        return actions.register_event(
            report=replace(REPORT, **facts), party=party, reporter_kind="使用单位", by=officer, at=now
        )

    return make


@pytest.fixture
def act(officer, now):
    def take(name, event, on=TODAY, **facts):
        return getattr(actions, name)(event=event, on=on, by=officer, at=now, **facts)

    return take


def clock(event, name):
    return Clock.objects.get(subject="adverseevent", record=event.pk, name=name)


class TestClocks:
    @pytest.mark.parametrize(
        ("kind", "harm", "rule"),
        [("持有人", "死亡", "AE-1"), ("持有人", "严重伤害", "AE-2"), ("使用单位", "死亡", "AE-3"),
         ("经营企业", "严重伤害", "AE-4"), ("使用单位", "其他", "")],
    )  # fmt: skip
    def test_reporting_depends_on_who_and_what(self, kind, harm, rule):
        assert rules.clock_rule("report", kind, harm) == rule

    def test_a_report_ends_its_own_and_starts_the_review(self, told):
        event = told()
        report, review = clock(event, "report"), clock(event, "review")
        assert (report.rule, report.state, report.ended_on) == ("AE-4", Clock.DONE, TODAY)
        assert (review.rule, review.state, review.due_strict) == ("AE-6", Clock.RUNNING, dt.date(2024, 3, 15))

    def test_the_city_starts_the_holders_time(self, told, act):
        event = act("pass_city", act("pass_county", told()))
        assert clock(event, "review").state == Clock.DONE
        assert clock(event, "evaluation").rule == "AE-8"

    def test_a_death_learned_of_later_has_its_own(self, told, officer, now):
        event = actions.amend_event(
            event=told(), changes={"harm": "死亡"}, reason="患者死亡", learned_on=TODAY, by=officer, at=now
        )
        found = clock(event, "report_death")
        assert (found.rule, found.starts_on, clock(event, "report").rule) == ("AE-3", TODAY, "AE-4")

    def test_a_group_runs_by_the_hour_until_it_is_told(self, told, officer, now):
        first, second = told(), told(lot="2")
        learned = now - dt.timedelta(hours=3)
        actions.declare_group(events=[second, first], learned_at=learned, reason="聚集", by=officer, at=now)
        found = clock(first, "group")
        assert (found.rule, found.due_at - found.starts_at) == ("AE-11", dt.timedelta(hours=12))
        actions.report_group(event=second, told_at=now, to="自治区药监局、卫健委", by=officer, at=now)
        assert {clock(first, name).state for name in ("group", "group_cases")} == {Clock.DONE}


class TestReview:
    def test_from_report_to_end(self, told, act):
        event = act("record_evaluation", act("pass_city", told()), **EVALUATION)
        event = act("pass_national", act("refer_national", event))
        assert (event.state, event.closed_on) == ("review_closed", TODAY)
        assert [r.level for r in event.reviews.all()] == ["市级", "省级", "国家级"]

    def test_returned_it_is_reviewed_again_from_the_supplement(self, told, act):
        event = act("return_report", told(reported_on=DAY), on=DAY, comment="缺故障经过")
        event = act("resubmit_report", event, text="补充经过")
        assert (event.state, clock(event, "review").starts_on) == ("submitted", TODAY)

    def test_what_is_missing_is_said(self, told, act):
        with refused("J101"):
            act("return_report", told(), comment=" ")

    def test_new_facts_open_a_closed_one(self, told, act):
        event = act("pass_province", act("record_evaluation", act("pass_city", told()), **EVALUATION))
        event = act("supplement_report", event, text="患者随访")
        assert (event.state, event.closed_on) == ("submitted", None)

    def test_no_review_before_the_report(self, told, act):
        with refused("J103"):
            act("pass_county", told(), on=DAY)

    def test_an_inspector_reports_and_does_not_review(self, hospital, inspector, now):
        event = actions.register_event(
            report=REPORT, party=hospital, reporter_kind="使用单位", by=inspector, at=now
        )
        with refused("P101"):
            actions.pass_county(event=event, on=TODAY, by=inspector, at=now)


class TestDuplicates:
    def test_two_hospitals_report_one_event(self, told, now):
        event, other = told(), told(party=enrol("奈曼旗蒙医院", "150525100", now, link="使用"))
        assert queries.event(Actor("x", "x", "150525", "section_officer"), event.pk).alike
        assert queries.alike(Actor("x", "x", "150525", "section_officer"), event) == [other]

    def test_marked_it_stays_and_counts_no_more(self, told, officer, now):
        event, other = told(), told()
        actions.mark_duplicate(event=other, of=event, reason="同一患者", by=officer, at=now)
        assert queries.counts(officer, TODAY).total == 1
        assert queries.events(officer).count() == 2

    def test_the_mark_can_be_taken_off(self, told, officer, now):
        event, other = told(), told()
        actions.mark_duplicate(event=other, of=event, reason="同一患者", by=officer, at=now)
        actions.unmark_duplicate(event=other, reason="是两名患者", by=officer, at=now)
        assert queries.counts(officer, TODAY).total == 2


class TestAmendments:
    def test_both_versions_are_kept(self, told, officer, now):
        actions.amend_event(event=told(), changes={"lot": "B2"}, reason="核对包装", by=officer, at=now)
        assert AuditEntry.objects.get(action="amend_event").detail["lot"] == ["20230105", "B2"]

    @pytest.mark.parametrize(
        ("changes", "code"),
        [({"state": "evaluated"}, "J107"), ({"lot": "20230105"}, "J115"), ({"lot": ""}, "J105")],
    )  # fmt: skip
    def test_what_may_not_be_amended(self, told, officer, now, changes, code):
        with refused(code):
            actions.amend_event(event=told(), changes=changes, reason="核对", by=officer, at=now)


class TestQuotas:
    def test_who_is_behind(self, told, hospital, officer, now):
        told()
        actions.set_quotas(year=2024, counts={hospital: 5}, office_code="150525", by=officer, at=now)
        row = queries.quotas(officer, 2024).get()
        assert (row.count, row.reported, row.left) == (5, 1, 4)

    def test_zero_takes_it_away(self, hospital, officer, now):
        for count in (5, 0):
            actions.set_quotas(year=2024, counts={hospital: count}, office_code="150525", by=officer, at=now)
        assert not queries.quotas(officer, 2024).exists()

    def test_a_slip_of_the_finger_is_refused(self, hospital, officer, now):
        with refused("J301"):
            actions.set_quotas(year=2024, counts={hospital: 10_000}, office_code="150525", by=officer, at=now)
