"""What officers see of visits and corrections: their own area, found by what they type, in few queries."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest

from visiting import enrol, photo
from xiejian.inspections import actions, queries
from xiejian.inspections.models import Correction, Visit
from xiejian.people.policy import SYSTEM, Actor

TODAY = dt.date(2024, 3, 5)
NEIGHBOUR = Actor("n", "邻县", "150526", "section_officer")


def days(n):
    return TODAY + dt.timedelta(days=n)


@pytest.fixture
def corrections(concluded, inspector, now):
    """Three orders: due in 3, 15 and 60 days."""
    return [
        actions.order_correction(
            visit=concluded, content=f"第{n}项", ordered_on=TODAY, due_on=days(n), by=inspector, at=now
        )
        for n in (15, 60, 3)
    ]


class TestVisits:
    def test_the_county_sees_its_station(self, planned, officer):
        assert list(queries.visits(officer)) == [planned]

    def test_a_neighbour_sees_nothing(self, planned):
        assert not queries.visits(NEIGHBOUR).exists()

    def test_nobody_sees_nothing(self, planned):
        assert not queries.visits(None).exists()

    @pytest.mark.parametrize("text", ["明眸", "械检〔2024〕1号", "王检"])
    def test_found_by_party_number_or_inspector(self, planned, officer, text):
        assert queries.visits(officer, search=text).count() == 1

    @pytest.mark.parametrize(
        "filters",
        [
            {"link": "使用"}, {"kind": "飞行检查"}, {"state": "concluded"}, {"conclusion": "符合"},
            {"campaign": "x"}, {"tag": "无菌"}, {"office": "150525101"}, {"inspector": "nobody"},
            {"since": days(1)}, {"until": days(-1)}, {"search": "没有"},
        ],
        ids=str,
    )  # fmt: skip
    def test_each_filter_leaves_out_what_does_not_fit(self, planned, officer, filters):
        assert not queries.visits(officer, **filters).exists()

    @pytest.mark.parametrize(
        "filters",
        [
            {"link": "经营"}, {"kind": "日常检查"}, {"state": "planned"}, {"tag": "角膜接触镜"},
            {"office": "150525100"}, {"inspector": "zhao"}, {"since": TODAY, "until": TODAY},
        ],
        ids=str,
    )  # fmt: skip
    def test_each_filter_keeps_what_fits(self, planned, officer, filters):
        assert queries.visits(officer, **filters).count() == 1

    def test_a_tag_is_matched_whole(self, planned, officer):
        assert not queries.visits(officer, tag="接触镜").exists()

    def test_a_list_with_parties_is_one_query(self, schedule, officer, django_assert_num_queries):
        for _ in range(3):
            schedule()
        with django_assert_num_queries(1):
            assert len([v.party.name for v in queries.visits(officer)]) == 3

    def test_visits_without_a_day_come_last_in_either_order(self, schedule, planned, inspector, now, officer):
        other = schedule()
        actions.start_visit(visit=other, on=TODAY, by=inspector, at=now)
        for sort in ("on", "-on"):
            assert queries.visits(officer, sort=sort).first() == other

    def test_my_visits_are_those_i_still_have_to_make(self, schedule, concluded, team, now):
        mine = schedule()
        assert list(queries.my_visits(Actor.of(team[0]), TODAY)) == [mine]


class TestOneVisit:
    def test_it_comes_with_everything_in_a_fixed_number_of_queries(
        self, corrections, officer, inspector, now, django_assert_num_queries
    ):
        for correction in corrections:
            actions.attach_evidence(correction=correction, file=photo(), by=inspector, at=now)
        with django_assert_num_queries(9):
            visit = queries.visit(officer, corrections[0].visit_id)
            assert len(queries.answered_points(visit)) == 14
            assert [len(c.evidence.all()) for c in visit.corrections.all()] == [1, 1, 1]
            assert [o.office.name for o in visit.team.all()]

    def test_out_of_reach_is_not_there(self, planned):
        assert queries.visit(NEIGHBOUR, planned.pk) is None

    def test_points_come_in_the_order_of_the_checklist_with_their_answers(self, concluded, officer):
        points = queries.answered_points(queries.visit(officer, concluded.pk))
        assert [p.id for p in points][:4] == ["T-CZ-CL-1", "T-CZ-CL-2", "T-CZ-CL-3", "T-CZ-CL-4"]
        assert [p.state_label for p in points][:4] == ["符合", "符合", "符合", "不符合"]


class TestCorrections:
    def test_overdue_first_then_by_date_with_the_days_left(self, corrections, officer):
        rows = queries.open_corrections(officer, days(20))
        assert [(c.overdue, c.left.days) for c in rows] == [(1, -17), (1, -5), (0, 40)]

    def test_on_its_last_day_it_is_not_overdue(self, corrections, officer):
        assert [c.overdue for c in queries.open_corrections(officer, days(3))] == [0, 0, 0]

    def test_a_passed_correction_is_open_but_not_overdue(self, corrections, officer, inspector, now):
        actions.pass_recheck(correction=corrections[2], rechecked_on=TODAY, by=inspector, at=now)
        rows = {c.pk: c.overdue for c in queries.open_corrections(officer, days(4))}
        assert rows[corrections[2].pk] == 0

    def test_a_closed_one_is_gone(self, corrections, officer):
        Correction.objects.update(state="closed")
        assert not queries.open_corrections(officer, TODAY).exists()

    def test_due_soon_holds_the_days_asked_for(self, corrections, officer):
        assert [c.due_on for c in queries.due_soon(officer, TODAY, 15)] == [days(3), days(15)]
        assert [c.due_on for c in queries.due_soon(officer, days(3), 11)] == [days(3)]

    def test_a_neighbour_sees_none(self, corrections):
        assert not queries.open_corrections(NEIGHBOUR, TODAY).exists()
        assert queries.correction(NEIGHBOUR, corrections[0].pk, TODAY) is None

    def test_found_by_party_and_content(self, corrections, officer):
        assert queries.open_corrections(officer, TODAY, search="明眸").count() == 3
        assert queries.open_corrections(officer, TODAY, search="第60项").count() == 1

    def test_closure_counts_what_was_ordered_in_the_period(self, corrections, officer, inspector, now):
        first = corrections[2]
        actions.pass_recheck(correction=first, rechecked_on=TODAY, by=inspector, at=now)
        actions.attach_evidence(correction=first, file=photo(), by=inspector, at=now)
        actions.close_correction(correction=first, closed_on=TODAY, by=inspector, at=now)
        found = queries.closure(officer, from_on=TODAY, until=TODAY, on=days(16))
        assert (found.ordered, found.closed, found.overdue, found.rate) == (3, 1, 1, Fraction(1, 3))

    def test_without_orders_there_is_no_rate(self, planned, officer):
        assert queries.closure(officer, from_on=TODAY, until=TODAY, on=TODAY).rate is None


class TestEvidence:
    def test_it_is_reached_through_its_visit_or_correction(self, corrections, officer, inspector, now):
        by_visit = actions.attach_evidence(visit=corrections[0].visit, file=photo(), by=inspector, at=now)
        by_correction = actions.attach_evidence(correction=corrections[0], file=photo(), by=inspector, at=now)
        assert queries.evidence(officer, by_visit.pk) == by_visit
        assert queries.evidence(officer, by_correction.pk) == by_correction

    def test_a_neighbour_does_not_reach_it(self, corrections, inspector, now):
        row = actions.attach_evidence(correction=corrections[0], file=photo(), by=inspector, at=now)
        assert queries.evidence(NEIGHBOUR, row.pk) is None


class TestTimeline:
    def test_visits_orders_and_transfers_come_newest_first(
        self, ordered, shop, officer, inspector, now, later
    ):
        actions.transfer_lead(visit=ordered.visit, addressee="卫健", moved_on=days(1), by=inspector, at=later)
        events = queries.timeline(officer, shop)
        assert [(e.on, e.kind) for e in events] == [
            (days(1), "移送"),
            (TODAY, "检查"),
            (TODAY, "责令改正"),
        ]
        assert events[1].page == f"/visits/{ordered.visit_id}/"

    def test_a_visit_that_is_only_planned_is_no_event(self, planned, shop, officer):
        assert queries.timeline(officer, shop) == []

    def test_it_is_bounded_like_every_list(self, ordered, shop):
        assert queries.timeline(NEIGHBOUR, shop) == []

    def test_its_queries_do_not_grow_with_the_visits(
        self, corrections, shop, officer, django_assert_num_queries
    ):
        with django_assert_num_queries(4):
            queries.timeline(officer, shop)


def test_an_imported_visit_without_checklist_shows_no_points(shop, officer):
    row = Visit.objects.create(
        number="JC-1", party=shop, link="经营", kind="日常检查", office_code="150525100", state="concluded",
        visited_on=TODAY,
    )  # fmt: skip
    assert queries.answered_points(queries.visit(officer, row.pk)) == []


def test_suggested_checklists_follow_the_tags_of_the_link(shop):
    assert queries.suggested_checklists(shop, "经营", "日常检查", TODAY)[0].id == "contact-lens"


def test_a_party_without_that_link_gets_the_general_list(naiman, now):
    party = enrol("诊所", "150525100", now, link="使用")
    assert queries.suggested_checklists(party, "经营", "日常检查", TODAY)[0].id == "distribution"


def test_the_command_line_sees_every_office(planned):
    assert queries.visits(SYSTEM).count() == 1


class TestMonths:
    def test_months_to_come_are_empty_not_zero(self, started, officer):
        found = queries.visits_by_month(officer, 2024, TODAY)
        assert found == [0, 0, 1, *[None] * 9]

    def test_a_visit_that_is_only_planned_is_not_counted(self, planned, officer):
        assert queries.visits_by_month(officer, 2024, TODAY)[2] == 0

    def test_a_neighbour_counts_none(self, started):
        assert sum(filter(None, queries.visits_by_month(NEIGHBOUR, 2024, TODAY))) == 0
