"""The plan board: owed, done, overdue, what can no longer be met; coverage; progress upwards."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from small_register import COUNTY, OTHER_STATION, STATION, dushan_register, party, visit
from xiejian.people.models import Office
from xiejian.people.policy import SYSTEM, Actor
from xiejian.planning import actions, queries
from xiejian.planning.models import Plan, Task
from xiejian.registry.models import PartyLink

pytestmark = pytest.mark.django_db
ON = dt.date(2024, 6, 30)


def task(plan: Plan, place: PartyLink | None, kind: str = "日常检查", **more) -> Task:
    facts = {
        "times": 1, "from_on": dt.date(2024, 1, 1), "due_on": dt.date(2024, 11, 30), "office_code": STATION,
        "origin": "必查", "level": 3, "link": "经营", "rules": "R",
    }  # fmt: skip
    party_id = place.party_id if place else None
    return Task.objects.create(plan=plan, party_id=party_id, party_link=place, kind=kind, **{**facts, **more})


@pytest.fixture
def plan(naiman) -> Plan:
    return Plan.objects.create(
        year=2024, office_code=COUNTY, pack="dushan", pack_version="v", seed="s", state="issued",
        made_at=NOW, by_name="李科",
    )  # fmt: skip


def done(plan: Plan, on: dt.date = ON) -> list[int]:
    states = queries.task_states(SYSTEM, plan, on)
    return [s.done for s in sorted(states, key=lambda s: s.id)]


class TestDone:
    def test_is_counted_from_concluded_visits(self, plan):
        place = party("甲店")
        task(plan, place, times=2)
        visit(place, "2024-03-01")
        visit(place, "2024-04-01", state="planned")
        assert done(plan) == [1]

    def test_is_never_more_than_owed(self, plan):
        place = party("甲店")
        task(plan, place)
        for day in ("2024-03-01", "2024-03-02"):
            visit(place, day)
        assert done(plan) == [1]

    @pytest.mark.parametrize(
        ("day", "count"),
        [("2023-12-31", 0), ("2024-01-01", 1), ("2024-06-30", 1), ("2024-07-01", 0)],
    )
    def test_counts_from_the_tasks_first_day_to_the_day_of_the_board(self, plan, day, count):
        place = party("甲店")
        task(plan, place)
        visit(place, day)
        assert done(plan) == [count]

    def test_counts_a_late_visit(self, plan):
        place = party("甲店")
        task(plan, place, due_on=dt.date(2024, 3, 31))
        visit(place, "2024-05-01")
        assert done(plan) == [1]

    @pytest.mark.parametrize(
        ("wanted", "made", "count"),
        [
            ("日常检查", "全项目检查", 1),
            ("全项目检查", "日常检查", 0),
            ("日常检查", "跟踪检查", 0),
            ("监督检查", "专项检查", 1),
            ("备案后检查", "许可核查", 1),
            ("平台检查", "专项检查", 1),
        ],
    )
    def test_counts_visits_of_a_kind_that_discharges_the_task(self, plan, wanted, made, count):
        place = party("甲店")
        task(plan, place, kind=wanted)
        visit(place, "2024-03-01", made)
        assert done(plan) == [count]

    def test_counts_a_visit_once_for_one_authority(self, plan):
        place = party("甲店")
        task(plan, place, kind="监督检查")
        task(plan, place, kind="全项目检查", office_code=COUNTY)
        visit(place, "2024-03-01", "全项目检查")
        assert done(plan) == [0, 1]

    def test_counts_a_visit_for_the_city_and_for_the_county(self, plan):
        place = party("甲店")
        task(plan, place, kind="监督检查", office_code="150500")
        task(plan, place)
        visit(place, "2024-03-01")
        assert done(plan) == [1, 1]

    def test_does_not_mix_links(self, plan):
        place = party("甲店")
        task(plan, place)
        visit(place, "2024-03-01").__class__.objects.update(link="使用")
        assert done(plan) == [0]

    def test_of_a_quota_counts_the_enterprises_rechecked_among_its_members(self, plan):
        members = [party(f"成员{n}") for n in range(3)]
        for place in members:
            task(plan, place, rules="CZ-D1、CZ-D1r")
        task(plan, None, "跟踪检查", rules="CZ-D1r", times=2, group="复查")
        outsider = party("外人")
        task(plan, outsider, rules="X")
        for place in (members[0], members[0], outsider):
            visit(place, "2024-04-01", "跟踪检查")
        assert done(plan)[3] == 1

    def test_takes_two_queries_however_many_tasks(self, plan, django_assert_num_queries):
        for n in range(30):
            place = party(f"店{n}")
            task(plan, place)
            visit(place, "2024-03-01")
        with django_assert_num_queries(2):
            assert sum(done(plan)) == 30


class TestTheBoard:
    def test_sums_visits_by_office_link_and_level(self, plan):
        for n in range(3):
            place = party(f"店{n}")
            task(plan, place, times=2, due_on=dt.date(2024, 6, 29 + n % 2))
            visit(place, "2024-03-01")
        task(plan, party("医院", "使用"), link="使用", level=None, office_code=COUNTY)
        rows = {(r.office_code, r.link, r.level): r for r in queries.board(SYSTEM, plan, ON).rows}
        row = rows[STATION, "经营", 3]
        assert (row.parties, row.owed, row.done, row.left, row.share) == (3, 6, 3, 3, 0.5)
        assert (row.office, rows[COUNTY, "使用", None].owed) == ("大沁他拉市场监督管理所", 1)

    @pytest.mark.parametrize(
        ("due", "overdue", "soon", "later"),
        [
            ("2024-06-29", 1, 0, 0),
            ("2024-06-30", 0, 1, 1),
            ("2024-07-07", 0, 1, 1),
            ("2024-07-08", 0, 0, 1),
            ("2024-07-30", 0, 0, 1),
            ("2024-07-31", 0, 0, 0),
        ],
    )
    def test_tells_overdue_from_due_in_seven_and_in_thirty_days(self, plan, due, overdue, soon, later):
        task(plan, party("甲店"), due_on=dt.date.fromisoformat(due))
        total = queries.board(SYSTEM, plan, ON).total
        assert (total.overdue, total.due_soon, total.due_later) == (overdue, soon, later)

    def test_by_area_goes_by_the_station_of_the_party(self, plan):
        task(plan, party("甲店", office_code=OTHER_STATION), office_code=COUNTY)
        assert [r.office_code for r in queries.board(SYSTEM, plan, ON, by="area").rows] == [OTHER_STATION]

    def test_takes_few_queries(self, plan, django_assert_max_num_queries):
        for n in range(20):
            task(plan, party(f"店{n}"))
        with django_assert_max_num_queries(5):
            queries.board(SYSTEM, plan, ON)

    def test_shows_a_station_its_own(self, plan, inspector):
        task(plan, party("甲店"))
        task(plan, party("乙店", office_code=OTHER_STATION), office_code=OTHER_STATION)
        assert queries.board(inspector, plan, ON).total.owed == 1


class TestWhatCannotBeMet:
    # from Monday 2024-12-30 to the end of the year: two working days
    LAST_DAYS = dt.date(2024, 12, 30)

    def settle(self, **settings):
        Office.objects.filter(code=STATION).update(settings=settings)

    @pytest.mark.parametrize(("tasks", "beyond"), [(4, 0), (5, 1)])
    def test_is_what_exceeds_the_pairs_and_working_days_that_are_left(self, plan, tasks, beyond):
        self.settle(inspectors=3, visits_per_pair_per_day=2)
        for n in range(tasks):
            task(plan, party(f"店{n}"), due_on=dt.date(2024, 12, 31))
        found = queries.board(SYSTEM, plan, self.LAST_DAYS)
        assert (found.feasibility[0].capacity, found.feasibility[0].beyond) == (4, beyond)
        assert found.cannot_be_met == beyond

    def test_includes_what_is_past_its_date(self, plan):
        self.settle(inspectors=2, visits_per_pair_per_day=1)
        task(plan, party("甲店"), due_on=dt.date(2024, 6, 29), times=2)
        found = queries.board(SYSTEM, plan, ON)
        assert (found.feasibility[0].missed, found.cannot_be_met) == (2, 2)

    def test_is_not_claimed_where_the_office_has_not_said_how_many_it_is(self, plan):
        task(plan, party("甲店"), due_on=dt.date(2024, 12, 31), times=99)
        found = queries.board(SYSTEM, plan, self.LAST_DAYS)
        assert (found.feasibility[0].capacity, found.cannot_be_met) == (None, 0)

    def test_counts_monday_to_friday_in_a_year_without_published_holidays(self, plan):
        plan.year = 2050
        task(plan, party("甲店"), due_on=dt.date(2050, 12, 31))
        found = queries.board(SYSTEM, plan, dt.date(2050, 12, 31)).feasibility[0]
        assert (found.days, found.provisional) == (0, True)  # a Saturday


class TestCoverage:
    def test_may_exceed_one_hundred_percent_in_visits(self, plan):
        places = [party(f"店{n}", level=3) for n in range(2)]
        plan.coverage = [
            {"link": "经营", "level": 3, "parties": 2, "owed": 2, "planned": 2, "visits": 3, "share": 1.0,
             "required_share": 1.0},
        ]  # fmt: skip
        for day in ("2024-02-01", "2024-03-01", "2024-04-01"):
            visit(places[0], day)
        row = queries.coverage(SYSTEM, plan, ON)[0]
        assert (row.visited, row.visits, row.share, row.visit_share, row.met) == (1, 3, 0.5, 1.5, False)

    def test_goes_by_the_parties_that_the_register_holds_now(self, plan):
        plan.coverage = [
            {"link": "经营", "level": 3, "parties": 1, "owed": 1, "planned": 1, "visits": 1, "share": 1.0,
             "required_share": 1.0},
        ]  # fmt: skip
        there, came = party("甲店", level=3), party("新店", level=3)
        visit(there, "2024-02-01")
        visit(came, "2024-05-01")
        visit(party("旧店", level=3, status="注销"), "2024-02-01")
        row = queries.coverage(SYSTEM, plan, ON)[0]
        assert (row.parties, row.visited, row.share) == (2, 2, 1.0)

    def test_goes_by_the_level_of_the_plan_for_a_party_graded_anew(self, plan):
        row = {"parties": 1, "owed": 1, "planned": 1, "visits": 1, "share": 1.0, "required_share": 1.0}
        plan.coverage = [{"link": "经营", "level": level, **row} for level in (3, 2)]
        place = party("甲店", level=2)
        party("乙店", level=2)
        task(plan, place, level=3)
        visit(place, "2024-02-01")
        found = {r.level: (r.parties, r.visited) for r in queries.coverage(SYSTEM, plan, ON)}
        assert found == {3: (1, 1), 2: (1, 0)}

    def test_does_not_count_rechecks(self, plan):
        place = party("甲店", level=3)
        plan.coverage = [
            {"link": "经营", "level": 3, "parties": 1, "owed": 1, "planned": 1, "visits": 1, "share": 1.0,
             "required_share": 1.0},
        ]  # fmt: skip
        visit(place, "2024-02-01", "跟踪检查")
        assert queries.coverage(SYSTEM, plan, ON)[0].visited == 0

    def test_of_a_real_plan_reaches_its_share(self, naiman):
        dushan_register()
        plan = actions.make_plan(year=2024, pack_id="dushan", office_code=COUNTY, seed="s", by=SYSTEM, at=NOW)
        for item in plan.tasks.select_related("party_link__party").exclude(party=None):
            visit(item.party_link, "2024-05-05", item.kind)
        assert all(row.met and row.share >= row.required_share for row in queries.coverage(SYSTEM, plan, ON))


class TestProgressUpwards:
    def test_a_county_sums_its_stations(self, plan):
        for code, times in ((STATION, 2), (OTHER_STATION, 3)):
            place = party(f"店{code}", office_code=code)
            task(plan, place, times=times, office_code=code)
            visit(place, "2024-03-01")
        task(plan, party("丙店"), office_code=COUNTY)
        rows = {p.office_code: (p.owed, p.done, p.own_owed) for p in queries.progress(SYSTEM, plan, ON)}
        assert rows == {
            "150500": (6, 2, 0),
            COUNTY: (6, 2, 1),
            STATION: (2, 1, 2),
            OTHER_STATION: (3, 1, 3),
        }


class TestMyTasks:
    def test_are_the_open_ones_of_the_own_office_overdue_first(self, plan, inspector):
        late, soon = party("晚店"), party("近店")
        task(plan, soon, due_on=dt.date(2024, 7, 5))
        task(plan, late, due_on=dt.date(2024, 6, 1))
        finished = party("完店")
        task(plan, finished)
        visit(finished, "2024-03-01")
        task(plan, party("远店", office_code=OTHER_STATION), office_code=OTHER_STATION)
        mine = queries.my_tasks(inspector, ON)
        assert [(m.task.party.name, m.days_left, m.overdue) for m in mine] == [
            ("晚店", -29, True),
            ("近店", 5, False),
        ]

    def test_are_none_before_the_plan_is_handed_down(self, plan, inspector):
        Plan.objects.update(state="draft")
        task(plan, party("甲店"))
        assert queries.my_tasks(inspector, ON) == []

    def test_may_be_limited_to_the_next_days(self, plan, inspector):
        task(plan, party("甲店"), due_on=dt.date(2024, 7, 7))
        task(plan, party("乙店"), due_on=dt.date(2024, 7, 8))
        assert [m.task.party.name for m in queries.my_tasks(inspector, ON, within=7)] == ["甲店"]


class TestThePlanThatStands:
    def test_is_the_one_handed_down_before_a_newer_draft(self, plan, officer):
        Plan.objects.create(
            year=2024, office_code=COUNTY, pack="dushan", pack_version="v", seed="t", state="draft",
            made_at=NOW, by_name="李科", version=2,
        )  # fmt: skip
        assert queries.current_plan(officer, 2024) == plan

    def test_of_the_county_is_seen_at_the_station(self, plan, inspector):
        assert queries.current_plan(inspector, 2024) == plan

    def test_is_not_that_of_another_county(self, plan):
        assert queries.current_plan(Actor("x", "外人", "150526", "head"), 2024) is None
