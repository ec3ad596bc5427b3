"""Schedules as the office keeps them: made from the plan, handed down, moved by hand, mended, withdrawn."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from moment import NOW
from small_register import COUNTY, OTHER_STATION, STATION, dushan_register
from visiting import appoint
from xiejian.inspections import actions as inspections
from xiejian.inspections.models import Visit
from xiejian.kernel.problems import Refused
from xiejian.people import actions as people
from xiejian.people.models import AuditEntry, Officer
from xiejian.people.policy import SYSTEM, Actor
from xiejian.planning import actions as planning
from xiejian.planning import schedule_actions as actions
from xiejian.planning import schedule_queries as queries
from xiejian.planning.models import Assignment, Schedule
from xiejian.planning.schedule_facts import gather, minutes_of, town_of

pytestmark = pytest.mark.django_db
FIRST, LAST, TODAY = dt.date(2024, 3, 6), dt.date(2024, 11, 30), dt.date(2024, 3, 5)


@pytest.fixture
def plan(naiman):
    people.open_office(code=OTHER_STATION, name="八仙筒市场监督管理所", by=SYSTEM, at=NOW)
    dushan_register()
    plan = planning.make_plan(year=2024, pack_id="dushan", office_code=COUNTY, seed="种子", by=SYSTEM, at=NOW)
    return planning.issue_plan(plan=plan, by=SYSTEM, at=NOW)


@pytest.fixture
def team(naiman) -> list[Officer]:
    """Two inspectors of the bureau, two of the first station."""
    codes = {"a": COUNTY, "b": COUNTY, "c": STATION, "d": STATION}
    return [appoint(name, f"检查员{name}", code, NOW) for name, code in codes.items()]


@pytest.fixture
def schedule(plan, team) -> Schedule:
    return make()


def make(**more) -> Schedule:
    facts = {"office_code": COUNTY, "from_on": FIRST, "until_on": LAST, "on": TODAY, "seconds": 10.0}
    return actions.make_schedule(**{**facts, **more}, by=SYSTEM, at=NOW)


def refused(work) -> str:
    with pytest.raises(Refused) as caught:
        work()
    return caught.value.first.code


class TestMakingASchedule:
    def test_gives_every_task_of_the_plan_a_day_and_a_team(self, schedule, plan):
        owed = sum(plan.tasks.exclude(party=None).values_list("times", flat=True))
        assert (schedule.assignments.count(), schedule.unmet) == (owed, [])

    def test_keeps_to_the_dates_of_the_tasks(self, schedule):
        rows = schedule.assignments.all()
        assert all(row.task.from_on <= row.day <= row.task.due_on for row in rows)

    def test_sends_two_to_every_party(self, schedule):
        assert {row.team.count() for row in schedule.assignments.all()} == {2}

    def test_sends_nobody_of_another_station(self, schedule):
        rows = schedule.assignments.filter(office_code=OTHER_STATION)
        assert rows and not rows.filter(team__office__code=STATION).exists()

    def test_leaves_out_who_is_avoided(self, plan, team):
        party = plan.tasks.filter(office_code=STATION).first().party
        actions.declare_recusal(
            officer=team[2], party=party, reason="配偶在该单位任职", by=SYSTEM, at=NOW, on=TODAY
        )
        assert not make().assignments.filter(party=party, team=team[2]).exists()

    def test_sends_nobody_who_is_away(self, plan, team):
        actions.record_absence(
            officer=team[0], from_on=FIRST, until_on=LAST, reason="产假", by=SYSTEM, at=NOW, on=TODAY
        )
        assert not make().assignments.filter(team=team[0]).exists()

    def test_counts_a_visit_that_is_planned_already(self, plan, team):
        task = plan.tasks.filter(office_code=STATION).first()
        inspections.schedule_visit(
            party=task.party,
            link=task.link,
            kind="日常检查",
            planned_on=FIRST,
            team=team[:2],
            by=SYSTEM,
            at=NOW,
        )
        assert not make().assignments.filter(party=task.party, link=task.link).exists()

    def test_says_what_is_overdue(self, plan, team):
        made = make(from_on=dt.date(2024, 12, 2), until_on=dt.date(2024, 12, 31), on=dt.date(2024, 12, 2))
        assert {entry["reason"] for entry in made.unmet} == {"overdue"}

    def test_takes_the_place_of_the_draft_before(self, schedule):
        make()
        schedule.refresh_from_db()
        assert (schedule.state, schedule.reason) == ("withdrawn", "由新的排班替代")

    def test_leaves_an_audit_entry(self, schedule):
        entry = AuditEntry.objects.get(action="make_schedule")
        assert (entry.subject_key, entry.detail["visits"]) == (str(schedule.pk), schedule.assignments.count())

    def test_knows_the_order_of_visits_that_was_applied(self, plan, team):
        task = plan.tasks.exclude(party=None).first()
        plan.tasks.filter(pk=task.pk).update(place=3)
        wished = {n.key: n.place for n in gather(COUNTY, FIRST, LAST, TODAY).instance.needs if n.place}
        assert set(wished.values()) == {3} and {key.split(":")[0] for key in wished} == {str(task.pk)}

    def test_asks_the_store_the_same_number_of_times_for_more_tasks(self, plan, team):
        def count() -> int:
            with CaptureQueriesContext(
                connection,
            ) as asked:
                gather(COUNTY, FIRST, LAST, TODAY)
            return len(asked)

        before = count()
        plan.tasks.filter(link="经营").delete()
        assert (count(), before) == (before, before)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"until_on": TODAY - dt.timedelta(days=1)}, "L601"),
            ({"until_on": dt.date(2027, 1, 1)}, "L601"),
            ({"from_on": dt.date(2025, 1, 1), "until_on": dt.date(2025, 1, 31)}, "L603"),
        ],
    )
    def test_that_makes_no_sense_is_refused(self, plan, team, change, code):
        assert refused(lambda: make(**change)) == code

    def test_without_two_inspectors_is_refused(self, plan):
        assert refused(make) == "L602"

    def test_is_not_for_an_inspector(self, plan, team, inspector):
        assert (
            refused(
                lambda: actions.make_schedule(
                    office_code=STATION, from_on=FIRST, until_on=LAST, on=TODAY, by=inspector, at=NOW
                )
            )
            == "P101"
        )


class TestHandingDown:
    def test_makes_visits_up_to_the_day_with_their_teams(self, schedule):
        until = sorted(schedule.assignments.values_list("day", flat=True))[3]
        actions.issue_schedule(schedule=schedule, until_on=until, by=SYSTEM, at=NOW)
        rows = schedule.assignments.filter(day__lte=until).select_related("visit")
        assert all(
            (row.visit.planned_on, set(row.visit.team.all())) == (row.day, set(row.team.all()))
            for row in rows
        )

    def test_leaves_later_days_as_they_are(self, schedule):
        until = min(schedule.assignments.values_list("day", flat=True))
        actions.issue_schedule(schedule=schedule, until_on=until, by=SYSTEM, at=NOW)
        assert not schedule.assignments.filter(day__gt=until, visit__isnull=False).exists()

    def test_twice_makes_no_visit_twice(self, schedule):
        for _ in range(2):
            actions.issue_schedule(schedule=schedule, until_on=LAST, by=SYSTEM, at=NOW)
            schedule.refresh_from_db()
        assert Visit.objects.count() == schedule.assignments.count()

    def test_and_making_a_schedule_again_finds_nothing_left(self, schedule):
        actions.issue_schedule(schedule=schedule, until_on=LAST, by=SYSTEM, at=NOW)
        assert refused(make) == "L603"

    def test_taken_back_cancels_what_has_not_begun(self, schedule):
        actions.issue_schedule(schedule=schedule, until_on=LAST, by=SYSTEM, at=NOW)
        begun = schedule.assignments.first().visit
        begun.state = "started"
        begun.save()
        actions.withdraw_schedule(schedule=schedule, reason="机构调整", by=SYSTEM, at=NOW)
        assert set(Visit.objects.exclude(state="cancelled")) == {begun}

    def test_taken_back_needs_a_reason(self, schedule):
        assert (
            refused(lambda: actions.withdraw_schedule(schedule=schedule, reason=" ", by=SYSTEM, at=NOW))
            == "L205"
        )

    def licence_check(self, schedule) -> Assignment:
        """The first assignment, as if the plan had asked for the look before a licence."""
        row = schedule.assignments.order_by("day", "pk").first()
        row.kind = "许可核查"
        row.save()
        return row

    def test_holds_back_a_licence_visit_without_its_matter_and_no_other(self, schedule):
        row = self.licence_check(schedule)
        done = actions.issue_schedule(schedule=schedule, until_on=LAST, by=SYSTEM, at=NOW)
        row.refresh_from_db()
        assert (done.made, row.held[:13]) == (schedule.assignments.count() - 1, "许可核查没有写明核查事项。")

    def test_makes_the_licence_visit_once_its_matter_is_known(self, schedule):
        row = self.licence_check(schedule)
        assert refused(lambda: actions.set_matter(assignment=row, matter="搬家", by=SYSTEM, at=NOW)) == "I111"
        actions.set_matter(assignment=row, matter="延续", by=SYSTEM, at=NOW)
        actions.issue_schedule(schedule=schedule, until_on=LAST, by=SYSTEM, at=NOW)
        row.refresh_from_db()
        assert (row.visit.facts, row.held) == ({"matter": "延续"}, "")

    def test_is_for_the_head_too_who_makes_no_visits(self, schedule):
        head = Actor("head", "局长", COUNTY, "head")
        done = actions.issue_schedule(schedule=schedule, until_on=LAST, by=head, at=NOW)
        assert (done.held, Visit.objects.count()) == ([], schedule.assignments.count())


class TestMovingByHand:
    def free_day(self, row: Assignment) -> dt.date:
        busy = set(row.schedule.assignments.values_list("day", flat=True))
        return next(
            day for n in range(1, 60)
            if (day := row.day + dt.timedelta(days=n)).weekday() < 5 and day not in busy and day <= row.due_on
        )  # fmt: skip

    def move(self, row, day, team=None, reason="企业停电"):
        return actions.move_assignment(
            assignment=row, day=day, team=team or list(row.team.all()), reason=reason, by=SYSTEM, at=NOW
        )

    def test_changes_the_day_and_says_why(self, schedule):
        row = schedule.assignments.first()
        day = self.free_day(row)
        self.move(row, day)
        row.refresh_from_db()
        assert (row.day, row.note) == (day, "企业停电")

    def test_moves_the_visit_along(self, schedule):
        actions.issue_schedule(schedule=schedule, until_on=LAST, by=SYSTEM, at=NOW)
        row = schedule.assignments.first()
        day = self.free_day(row)
        self.move(row, day)
        assert Visit.objects.get(assignment=row).planned_on == day

    def test_to_a_sunday_is_refused(self, schedule):
        row = schedule.assignments.first()
        assert refused(lambda: self.move(row, row.day + dt.timedelta(days=6 - row.day.weekday()))) == "L605"

    def test_beyond_the_due_date_is_refused(self, schedule):
        assert refused(lambda: self.move(schedule.assignments.first(), dt.date(2024, 12, 16))) == "L605"

    def test_to_one_who_is_somewhere_else_is_refused(self, schedule):
        row = schedule.assignments.exclude(town=schedule.assignments.first().town).first()
        first = schedule.assignments.first()
        assert refused(lambda: self.move(row, first.day, list(first.team.all()))) == "L605"

    def test_of_a_visit_that_has_begun_is_refused(self, schedule):
        actions.issue_schedule(schedule=schedule, until_on=LAST, by=SYSTEM, at=NOW)
        row = schedule.assignments.first()
        Visit.objects.filter(assignment=row).update(state="started")
        assert refused(lambda: self.move(row, self.free_day(row))) == "L608"


class TestSomebodyAway:
    def away(self, officer, first=FIRST, last=LAST, **more):
        return actions.record_absence(
            officer=officer, from_on=first, until_on=last, reason="病假", by=SYSTEM, at=NOW, on=TODAY, **more
        )

    def test_is_on_no_team_while_away(self, schedule, team):
        self.away(team[2])
        assert not schedule.assignments.filter(team=team[2]).exclude(note__contains="没有可派").exists()

    def test_moves_only_what_the_absence_touches(self, schedule, team):
        day = schedule.assignments.filter(team=team[2]).first().day
        before = {r.pk: (r.day, r.inspectors) for r in schedule.assignments.exclude(day=day, team=team[2])}
        done = self.away(team[2], day, day)
        after = {r.pk: (r.day, r.inspectors) for r in schedule.assignments.filter(pk__in=before)}
        assert (after == before, done.others) == (True, 0)

    def test_leaves_what_is_fixed_and_names_it(self, schedule, team):
        row = schedule.assignments.filter(team=team[2]).first()
        actions.fix_assignment(assignment=row, fixed=True, by=SYSTEM, at=NOW)
        done = self.away(team[2], row.day, row.day)
        kept = schedule.assignments.get(pk=row.pk)
        assert (kept.day, row in done.conflicts) == (row.day, True)

    def test_moves_the_visits_that_are_handed_down(self, schedule, team):
        actions.issue_schedule(schedule=schedule, until_on=LAST, by=SYSTEM, at=NOW)
        row = schedule.assignments.filter(team=team[2]).first()
        self.away(team[2], row.day, row.day)
        visit = Visit.objects.get(assignment=row)
        assert team[2] not in visit.team.all() or visit.planned_on != row.day

    def test_until_before_from_is_refused(self, schedule, team):
        assert refused(lambda: self.away(team[2], LAST, FIRST)) == "L613"

    def test_back_again_is_free_again(self, schedule, team):
        done = self.away(team[2])
        actions.end_absence(absence=done.absence, by=SYSTEM, at=NOW)
        assert make().assignments.filter(team=team[2]).exists()


class TestARecusal:
    def test_is_declared_by_the_inspector_alone(self, plan, team):
        party = plan.tasks.first().party
        made = actions.declare_recusal(
            officer=team[2], party=party, reason="亲属经营", by=Actor.of(team[2]), at=NOW, on=TODAY
        )
        assert made.reason == "亲属经营"

    def test_is_not_declared_twice(self, plan, team):
        facts = {"officer": team[2], "party": plan.tasks.first().party, "reason": "亲属经营"}
        actions.declare_recusal(**facts, by=SYSTEM, at=NOW, on=TODAY)
        assert refused(lambda: actions.declare_recusal(**facts, by=SYSTEM, at=NOW, on=TODAY)) == "L607"

    def test_is_not_ended_by_who_declared_it(self, plan, team):
        made = actions.declare_recusal(
            officer=team[2], party=plan.tasks.first().party, reason="亲属经营", by=SYSTEM, at=NOW, on=TODAY
        )
        work = lambda: actions.end_recusal(  # noqa: E731
            recusal=made, reason="已离婚", by=Actor.of(team[2]), at=NOW, on=TODAY
        )
        assert refused(work) == "P101"


class TestTheCalendar:
    def test_shows_each_inspector_with_every_day(self, schedule, team, officer):
        first = schedule.assignments.first().day
        week = queries.calendar(officer, first, first + dt.timedelta(days=6))
        shown = {(line.officer.pk, row.pk) for line in week for day in line.days for row in day.rows}
        rows = schedule.assignments.filter(day__range=(first, first + dt.timedelta(days=6)))
        assert shown == {(o.pk, row.pk) for row in rows for o in row.team.all()}

    def test_says_who_is_away(self, schedule, team, officer):
        actions.record_absence(
            officer=team[0], from_on=FIRST, until_on=FIRST, reason="年休假", by=SYSTEM, at=NOW, on=TODAY
        )
        week = queries.calendar(officer, FIRST, FIRST)
        assert {line.officer.pk: line.days[0].away for line in week}[team[0].pk] == "年休假"

    def test_says_who_has_more_than_a_share(self, schedule, team):
        loads = queries.loads(schedule)
        assert [load.name for load in loads if load.over] == []


class TestAFeed:
    def test_shows_the_officers_own_visits(self, schedule, team):
        actions.issue_schedule(schedule=schedule, until_on=LAST, by=SYSTEM, at=NOW)
        token = actions.open_feed(officer=team[2], by=Actor.of(team[2]), at=NOW)
        owner = queries.feed_owner(token)
        text = queries.as_calendar(
            queries.visits_of(owner, TODAY),
            title="我的检查",
            at=NOW,
            states=inspections.VISIT_WORKFLOW.states,
        )
        days = sorted(event.start for event in Calendar.from_ical(text).walk("VEVENT"))
        assert days == sorted(team[2].visits.values_list("planned_on", flat=True))

    def test_folds_its_lines_as_the_standard_asks(self, schedule, team):
        actions.issue_schedule(schedule=schedule, until_on=LAST, by=SYSTEM, at=NOW)
        text = queries.as_calendar(
            Visit.objects.all(), title="检" * 60, at=NOW, states=inspections.VISIT_WORKFLOW.states
        )
        assert max(len(line) for line in text.split(b"\r\n")) <= 75

    def test_stops_when_it_is_revoked(self, team):
        token = actions.open_feed(officer=team[2], by=Actor.of(team[2]), at=NOW)
        actions.revoke_feed(officer=team[2], by=Actor.of(team[2]), at=NOW)
        assert queries.feed_owner(token) is None

    def test_has_one_address_at_a_time(self, team):
        old = actions.open_feed(officer=team[2], by=Actor.of(team[2]), at=NOW)
        actions.open_feed(officer=team[2], by=Actor.of(team[2]), at=NOW)
        assert queries.feed_owner(old) is None

    def test_is_not_opened_for_another(self, team):
        assert refused(lambda: actions.open_feed(officer=team[2], by=Actor.of(team[3]), at=NOW)) == "L606"

    def test_keeps_no_token(self, team):
        token = actions.open_feed(officer=team[2], by=Actor.of(team[2]), at=NOW)
        assert token not in str(list(team[2].calendar_feeds.values()))

    def test_ends_with_the_officers_time_in_post(self, team):
        token = actions.open_feed(officer=team[2], by=Actor.of(team[2]), at=NOW)
        Officer.objects.filter(pk=team[2].pk).update(is_active=False)
        assert queries.feed_owner(token) is None


@pytest.mark.parametrize(
    ("link", "kind", "minutes"),
    [
        ("经营", "日常检查", 90),
        ("生产", "日常检查", 180),
        ("使用", "全项目检查", 180),
        ("生产", "全项目检查", 360),
    ],
)
def test_the_line_that_says_most_gives_the_minutes(link, kind, minutes):
    assert minutes_of(link, kind) == minutes


@pytest.mark.parametrize(
    ("division", "office", "town"),
    [
        ("150525100201", "150525", "150525100"),
        ("150525", "150525101", "150525101"),
        ("150525", "150525", "150525"),
    ],
)
def test_the_town_is_the_deepest_division_known(division, office, town):
    assert town_of(division, office) == town
