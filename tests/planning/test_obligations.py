"""From duties to dated obligations, each kind of frequency on both sides of its boundary."""

from __future__ import annotations

import datetime as dt
import random
from math import ceil
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xiejian.kernel.packs import Duty
from xiejian.planning import draws
from xiejian.planning.obligations import Drafted, PastVisit, Subject, TaskDraft, discharges, plan_year

YEAR = 2024
STATION, COUNTY, CITY, PROVINCE = "150525100", "150525", "150500", "150000"


def duty(rule: str = "R", kind: str = "daily", **more: Any) -> Duty:
    facts: dict[str, Any] = dict.fromkeys(
        ("times", "years", "share", "within_days", "within_months", "by", "every_months")
    )
    facts |= {
        "responsible": "county",
        "citation": f"规定{rule}",
        "meaning": f"含义{rule}",
        "unverified": False,
    }
    return Duty(rule=rule, kind=kind, **{**facts, **more})


def subject(number: int, *duties: Duty, **more: Any) -> Subject:
    facts: dict[str, Any] = {"link": "经营", "level": 1, "office_code": STATION, "duties": duties}
    return Subject(key=f"企业{number:04}/经营", party_id=number, link_id=number, **{**facts, **more})


def plan(subjects: list[Subject], visits: dict[int, list[PastVisit]] | None = None, **more: Any) -> Drafted:
    return plan_year(subjects, visits or {}, **{"year": YEAR, "seed": "种子", **more})


def only(drafted: Drafted) -> TaskDraft:
    assert len(drafted.tasks) == 1
    return drafted.tasks[0]


def visited(day: str, kind: str = "daily", **more: Any) -> PastVisit:
    return PastVisit(dt.date.fromisoformat(day), kind, **more)


def planned_ids(drafted: Drafted) -> set[int]:
    return {t.party_id for t in drafted.tasks if t.party_id is not None}


class TestAYearlyDuty:
    def test_makes_one_task_with_its_number_of_visits(self):
        task = only(plan([subject(1, duty(times=2, years=1))]))
        assert (task.times, task.origin, task.from_on) == (2, "必查", dt.date(YEAR, 1, 1))

    def test_is_due_on_the_rules_own_day(self):
        assert only(plan([subject(1, duty(times=1, years=1, by="11-30"))])).due_on == dt.date(YEAR, 11, 30)

    def test_is_due_on_the_last_of_the_year_where_the_rule_names_no_day(self):
        assert only(plan([subject(1, duty(times=1, years=1))])).due_on == dt.date(YEAR, 12, 31)

    def test_comes_however_recent_the_last_visit_was(self):
        only(plan([subject(1, duty(times=1, years=1))], {1: [visited("2023-12-31")]}))

    def test_in_half_years_makes_a_window_for_each(self):
        drafted = plan([subject(1, duty(times=2, years=1, every_months=6))])
        assert [(t.times, t.from_on, t.due_on) for t in drafted.tasks] == [
            (1, dt.date(YEAR, 1, 1), dt.date(YEAR, 6, 30)),
            (1, dt.date(YEAR, 7, 1), dt.date(YEAR, 12, 31)),
        ]

    def test_in_quarters_makes_four(self):
        drafted = plan([subject(1, duty(times=4, years=1, every_months=3))])
        assert [t.due_on.month for t in drafted.tasks] == [3, 6, 9, 12]


class TestADutyOnceInSomeYears:
    @pytest.mark.parametrize(
        ("years", "last", "due"),
        [
            (2, "2022-01-01", True),
            (2, "2022-12-31", True),
            (2, "2023-01-01", False),
            (3, "2021-12-31", True),
            (3, "2022-01-01", False),
            (4, "2020-06-01", True),
            (4, "2021-06-01", False),
        ],
    )
    def test_falls_due_that_many_calendar_years_after_the_last_visit(self, years, last, due):
        # a share of next to nothing: only who is due is planned, and one drawn party to fill the share
        group = [subject(n, duty(times=1, years=years, share=0.001)) for n in range(1, 6)]
        visits = {n: [visited("2023-06-01")] for n in range(2, 6)} | {1: [visited(last)]}
        drafted = plan(group, visits)
        assert drafted.coverage[0].must == (1 if due else 0)
        assert (drafted.tasks[0].origin, len(drafted.tasks)) == ("必查" if due else "抽取", 1)

    def test_counts_the_newest_visit(self):
        visits = {1: [visited("2019-01-01"), visited("2023-05-05"), visited("2020-01-01")]}
        assert plan([subject(1, duty(times=1, years=2))], visits).coverage[0].must == 0

    def test_counts_from_the_licence_where_nobody_has_been_there(self):
        old = subject(1, duty(times=1, years=3), issued_on=dt.date(2021, 12, 31))
        new = subject(2, duty(times=1, years=3), issued_on=dt.date(2022, 1, 1))
        assert plan([old, new]).coverage[0].must == 1

    def test_counts_from_the_filing_where_there_is_no_licence(self):
        assert plan([subject(1, duty(times=1, years=2), filed_on=dt.date(2022, 5, 1))]).coverage[0].must == 1

    @pytest.mark.parametrize(("first_planned", "must"), [(None, 0), (2023, 0), (2022, 1)])
    def test_where_nothing_is_known_falls_due_at_the_end_of_the_first_years_of_plans(
        self, first_planned, must
    ):
        drafted = plan([subject(1, duty(times=1, years=3))], first_planned=first_planned)
        assert drafted.coverage[0].must == must

    @pytest.mark.parametrize(
        ("kind", "made", "due"),
        [
            ("full_item", "daily", True),
            ("full_item", "full_item", False),
            ("daily", "full_item", False),
            ("daily", "follow_up", True),
            ("any", "follow_up", True),
            ("any", "special", False),
            ("any", "reg_qms_check", False),
        ],
    )
    def test_counts_only_visits_of_a_kind_that_discharges_it(self, kind, made, due):
        party = subject(1, duty(kind=kind, times=1, years=2), issued_on=dt.date(2015, 1, 1))
        drafted = plan([party], {1: [visited("2023-03-03", made)]})
        assert drafted.coverage[0].must == (1 if due else 0)

    def test_without_a_stated_share_spreads_over_the_years(self):
        group = [subject(n, duty(times=1, years=4)) for n in range(1, 11)]
        assert len(plan(group).tasks) == 3  # a quarter of ten, rounded up

    def test_and_its_share_both_hold_when_more_are_due_than_the_share(self):
        group = [subject(n, duty(times=1, years=2, share=0.5)) for n in range(1, 11)]
        visits = {n: [visited("2020-01-01")] for n in range(1, 9)}
        drafted = plan(group, visits)
        assert (len(drafted.tasks), drafted.coverage[0].required) == (8, 8)

    def test_and_its_share_both_hold_when_fewer_are_due_than_the_share(self):
        group = [subject(n, duty(times=1, years=2, share=0.5)) for n in range(1, 11)]
        visits = {n: [visited("2023-01-01")] for n in range(4, 11)} | {
            n: [visited("2021-01-01")] for n in range(1, 4)
        }
        drafted = plan(group, visits)
        assert {1, 2, 3} <= planned_ids(drafted)
        assert [t.origin for t in drafted.tasks].count("抽取") == 2

    def test_three_times_thirty_percent_still_reaches_everyone_in_three_years(self):
        group = [subject(n, duty(times=1, years=3, share=0.3)) for n in range(1, 101)]
        visits: dict[int, list[PastVisit]] = {}
        reached: list[int] = []
        for year in (2024, 2025, 2026):
            drafted = plan(group, visits, year=year, first_planned=2024 if year > 2024 else None)
            reached.append(len(drafted.tasks))
            for n in planned_ids(drafted):
                visits.setdefault(n, []).append(visited(f"{year}-06-01"))
        assert len(visits) == 100
        assert min(reached) >= 30

    def test_a_share_is_exact(self):
        # 0.3 in binary is a little below three tenths, times ten a little above three: neither may show
        group = [subject(n, duty(times=1, years=3, share=0.3)) for n in range(1, 11)]
        assert len(plan(group).tasks) == 3
        assert len(plan([*group, subject(11, duty(times=1, years=3, share=0.3))]).tasks) == 4

    def test_a_share_is_counted_over_the_county_not_over_each_station(self):
        rule = duty(times=1, years=2, share=0.5, responsible="station")
        stations = [f"15052510{n}" for n in range(6)]
        group = [subject(n, rule, office_code=stations[n]) for n in range(6)]
        drafted = plan(group)
        assert len(drafted.tasks) == 3
        assert {t.office_code for t in drafted.tasks} <= set(stations)


class TestARandomShare:
    def test_draws_a_quarter_rounded_up(self):
        group = [subject(n, duty(share=0.25)) for n in range(1, 22)]
        drafted = plan(group)
        assert len(drafted.tasks) == 6
        assert {t.origin for t in drafted.tasks} == {"抽取"}

    def test_can_be_repeated_from_the_published_seed_and_the_list(self):
        group = [subject(n, duty(share=0.25)) for n in range(1, 41)]
        drafted = plan(group)
        record = drafted.draws[0]
        again = draws.draw([s.key for s in group], record.count, record.seed)
        assert (again.drawn, again.digest) == (record.drawn, record.digest)
        assert planned_ids(drafted) == {int(key[2:6]) for key in again.drawn}

    def test_draws_for_each_area_by_itself(self):
        group = [subject(n, duty(share=0.25)) for n in range(1, 9)]
        group += [subject(n, duty(share=0.25), office_code="150526") for n in range(9, 17)]
        assert [d.count for d in plan(group).draws] == [2, 2]

    def test_of_everyone_draws_nobody(self):
        drafted = plan([subject(n, duty(share=1.0)) for n in range(1, 4)])
        assert (len(drafted.tasks), drafted.draws) == (3, [])


class TestCoverageAboveOneHundredPercent:
    def test_of_150_percent_is_a_visit_each_and_a_second_for_half(self):
        drafted = plan([subject(n, duty(share=1.5, responsible="station")) for n in range(1, 8)])
        assert sorted(t.times for t in drafted.tasks) == [1, 1, 1, 2, 2, 2, 2]
        assert (drafted.coverage[0].required, drafted.coverage[0].planned) == (11, 11)

    def test_of_200_percent_is_two_visits_each(self):
        drafted = plan([subject(n, duty(share=2.0)) for n in range(1, 4)])
        assert ([t.times for t in drafted.tasks], drafted.draws) == ([2, 2, 2], [])


class TestACheckAfterFiling:
    RULE = duty(kind="filing_check", times=1, years=1, within_months=3)

    @pytest.mark.parametrize(
        ("filed", "due"),
        [
            ("2024-02-10", "2024-05-10"),
            ("2024-01-31", "2024-04-30"),  # no 31 April
            ("2023-11-30", "2024-02-29"),  # no 30 February
            ("2023-10-01", "2024-01-01"),  # the window touches the year on its last day
            ("2024-12-31", "2025-03-31"),  # and on its first
        ],
    )
    def test_is_due_the_months_after_it(self, filed, due):
        task = only(plan([subject(1, self.RULE, filed_on=dt.date.fromisoformat(filed))]))
        assert (task.due_on.isoformat(), task.origin) == (due, "新备案")

    @pytest.mark.parametrize("filed", ["2023-09-30", "2025-01-01", None])
    def test_does_not_arise_where_the_window_misses_the_year(self, filed):
        day = dt.date.fromisoformat(filed) if filed else None
        assert plan([subject(1, self.RULE, filed_on=day)]).tasks == []

    def test_is_over_when_somebody_has_been_there_since(self):
        party = subject(1, self.RULE, filed_on=dt.date(2023, 11, 15))
        assert plan([party], {1: [visited("2023-12-01")]}).tasks == []

    @pytest.mark.parametrize("made", [("2023-11-14", "daily"), ("2023-12-01", "follow_up")])
    def test_is_not_over_by_a_visit_before_it_or_a_recheck(self, made):
        party = subject(1, self.RULE, filed_on=dt.date(2023, 11, 15))
        only(plan([party], {1: [visited(*made)]}))

    @pytest.mark.parametrize(
        ("issued", "count"), [("2022-12-31", 0), ("2023-01-01", 1), ("2024-07-01", 1), ("2025-01-01", 0)]
    )
    def test_without_a_stated_period_is_due_by_the_end_of_the_next_year(self, issued, count):
        rule = duty(kind="filing_check", times=1, years=1, share=1.0)
        drafted = plan([subject(1, rule, issued_on=dt.date.fromisoformat(issued))])
        assert len(drafted.tasks) == count


class TestTheQuotaOfRechecks:
    RULES = (
        duty("CZ-D1", times=1, years=1, share=1.0),
        duty("CZ-D1r", kind="follow_up", share=0.2, of="inspected"),
    )

    @pytest.mark.parametrize(("parties", "quota"), [(1, 1), (5, 1), (6, 2), (10, 2), (11, 3)])
    def test_is_a_fifth_of_the_enterprises_planned_rounded_up(self, parties, quota):
        drafted = plan([subject(n, *self.RULES) for n in range(1, parties + 1)])
        group = [t for t in drafted.tasks if t.party_id is None]
        assert [(t.times, t.kind, t.origin) for t in group] == [(quota, "follow_up", "复查")]

    def test_is_counted_for_each_responsible_office(self):
        group = [subject(n, *self.RULES) for n in range(1, 7)]
        group += [subject(n, *self.RULES, office_code="150526") for n in range(7, 10)]
        quotas = {t.office_code: t.times for t in plan(group).tasks if t.party_id is None}
        assert quotas == {"150525": 2, "150526": 1}

    def test_marks_the_enterprises_that_it_is_counted_over(self):
        drafted = plan([subject(1, *self.RULES), subject(2, duty("X", times=1, years=1))])
        assert [t.rules for t in drafted.tasks] == [("CZ-D1", "CZ-D1r"), ("X",), ("CZ-D1r",)]

    def test_is_nothing_where_none_of_them_is_planned(self):
        assert plan([subject(1, self.RULES[1])]).tasks == []


class TestAFollowUpOfProblems:
    RULE = duty("DS-FU", kind="follow_up", share=1.0, of="problems", responsible="station")

    def test_is_planned_for_an_order_that_nobody_has_rechecked(self):
        task = only(plan([subject(1, self.RULE)], {1: [visited("2023-10-01", open_order=True)]}))
        assert (task.kind, task.origin, task.office_code) == ("follow_up", "复查", STATION)

    def test_is_not_planned_where_there_was_no_order(self):
        assert plan([subject(1, self.RULE)], {1: [visited("2023-10-01")]}).tasks == []


class TestARuleWithoutANumber:
    @pytest.mark.parametrize(
        "rule",
        [
            duty(kind="flying"),
            duty(kind="filing_check", times=1, years=1, within_months=3, discretionary=True),
        ],
    )
    def test_makes_no_task_and_is_shown(self, rule):
        drafted = plan([subject(1, rule, filed_on=dt.date(2024, 1, 5))])
        assert (drafted.tasks, len(drafted.coverage), bool(drafted.coverage[0].note)) == ([], 1, True)


class TestOneVisitForSeveralDuties:
    def test_a_full_item_visit_takes_the_yearly_one_in_and_cites_both(self):
        rules = duty("F", kind="full_item", times=1, years=1), duty("A", kind="any", times=1, years=1)
        task = only(plan([subject(1, *rules)]))
        assert (task.kind, task.times, task.rules) == ("full_item", 1, ("F", "A"))
        assert task.basis == ("含义F（规定F）", "含义A（规定A）")

    def test_is_due_by_the_earlier_of_both_days(self):
        rules = duty("F", kind="full_item", times=1, years=1), duty(times=1, years=1, by="06-30")
        assert only(plan([subject(1, *rules)])).due_on == dt.date(YEAR, 6, 30)

    def test_leaves_what_it_does_not_cover(self):
        rules = duty("F", kind="full_item", times=1, years=1), duty("D", times=3, years=1)
        drafted = plan([subject(1, *rules)])
        assert [(t.kind, t.times) for t in drafted.tasks] == [("full_item", 1), ("daily", 2)]

    def test_two_rules_of_one_kind_are_one_task_with_the_larger_number(self):
        rules = duty("A", times=1, years=1), duty("B", times=2, years=1)
        task = only(plan([subject(1, *rules)]))
        assert (task.times, task.rules) == (2, ("B", "A"))

    def test_a_bureau_and_its_station_are_one_authority(self):
        rules = (
            duty("F", kind="full_item", times=1, years=1),
            duty("A", kind="any", times=1, years=1, responsible="station"),
        )
        assert only(plan([subject(1, *rules)])).office_code == COUNTY

    def test_the_citys_visit_is_not_the_countys(self):
        rules = duty("F", kind="full_item", times=1, years=1, responsible="city"), duty("D", times=1, years=1)
        drafted = plan([subject(1, *rules)])
        assert {(t.office_code, t.kind) for t in drafted.tasks} == {(CITY, "full_item"), (COUNTY, "daily")}

    def test_a_party_planned_for_full_item_counts_towards_the_share_of_the_wider_duty(self):
        wide = duty("A", kind="any", times=1, years=2)
        narrow = duty("F", kind="full_item", times=1, years=1)
        group = [subject(n, wide, narrow) if n <= 5 else subject(n, wide) for n in range(1, 11)]
        drafted = plan(group)
        assert (len(drafted.tasks), drafted.draws) == (5, [])

    def test_marks_what_nobody_has_verified(self):
        task = only(plan([subject(1, duty(times=1, years=1, unverified=True))]))
        assert task.basis == ("含义R（规定R）〔未核实〕",)


class TestTheResponsibleOffice:
    @pytest.mark.parametrize(
        ("tier", "office"),
        [("province", PROVINCE), ("city", CITY), ("county", COUNTY), ("station", STATION)],
    )
    def test_is_the_tier_above_the_party(self, tier, office):
        assert only(plan([subject(1, duty(times=1, years=1, responsible=tier))])).office_code == office

    def test_is_the_county_where_the_party_has_no_station(self):
        party = subject(1, duty(times=1, years=1, responsible="station"), office_code=COUNTY)
        assert only(plan([party])).office_code == COUNTY


def test_a_recheck_discharges_nothing_but_a_recheck():
    assert not any(discharges("follow_up", kind) for kind in ("any", "daily", "full_item", "special"))
    assert discharges("follow_up", "follow_up")


RULES = st.sampled_from(
    [
        duty("Y", times=1, years=1),
        duty("Y2", times=2, years=1, by="11-30"),
        duty("F", kind="full_item", times=1, years=2),
        duty("P", kind="any", times=1, years=3, share=0.3),
        duty("S", kind="any", share=0.25),
        duty("Q", kind="follow_up", share=0.2, of="inspected"),
        duty("N", kind="filing_check", times=1, years=1, within_months=3, responsible="city"),
        duty("W", share=1.5, responsible="station"),
    ]
)
DAYS = st.dates(dt.date(2018, 1, 1), dt.date(2023, 12, 31))


@st.composite
def registers(draw: st.DrawFn) -> tuple[list[Subject], dict[int, list[PastVisit]]]:
    count = draw(st.integers(1, 30))
    subjects, visits = [], {}
    for number in range(1, count + 1):
        duties = draw(st.lists(RULES, max_size=3, unique_by=lambda d: d.rule))
        office = draw(st.sampled_from([STATION, "150525101", COUNTY, "150526"]))
        filed = draw(st.none() | DAYS)
        subjects.append(subject(number, *duties, office_code=office, filed_on=filed))
        visits[number] = [
            PastVisit(day, kind)
            for day, kind in draw(
                st.lists(st.tuples(DAYS, st.sampled_from(["daily", "full_item", "follow_up"])), max_size=3)
            )
        ]
    return subjects, visits


class TestAnyPlan:
    @given(registers(), st.randoms())
    @settings(max_examples=60, deadline=None)
    def test_is_the_same_however_the_register_is_ordered(self, register, chance: random.Random):
        subjects, visits = register
        shuffled = list(subjects)
        chance.shuffle(shuffled)
        assert plan(subjects, visits) == plan(shuffled, visits)

    @given(registers())
    @settings(max_examples=60, deadline=None)
    def test_gives_every_rule_at_least_what_it_requires(self, register):
        drafted = plan(*register)
        for rule in drafted.coverage:
            assert rule.planned >= rule.required >= rule.must or rule.kind == "follow_up"
            if rule.rule == "S":
                assert rule.required == ceil(rule.parties / 4)

    @given(registers())
    @settings(max_examples=60, deadline=None)
    def test_lies_inside_its_windows(self, register):
        for task in plan(*register).tasks:
            assert task.from_on <= task.due_on
            assert task.from_on >= dt.date(YEAR, 1, 1)
