"""排班: the calendar, a schedule made and handed down, a visit moved, absences, recusals, feeds."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from moment import NOW
from small_register import COUNTY, OTHER_STATION, dushan_register
from xiejian.inspections.models import Visit
from xiejian.people import actions as people
from xiejian.people.policy import SYSTEM
from xiejian.planning import actions as planning
from xiejian.planning import schedule_actions as actions
from xiejian.planning.models import Absence, Recusal, Schedule
from xiejian.web import jobs
from xiejian.web.views import schedule as views

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
PERIOD = {"office_code": COUNTY, "from_on": "2024-03-06", "until_on": "2024-11-30"}


@pytest.fixture
def plan(officers):
    people.open_office(code=OTHER_STATION, name="八仙筒市场监督管理所", by=SYSTEM, at=NOW)
    dushan_register()
    plan = planning.make_plan(year=2024, pack_id="dushan", office_code=COUNTY, seed="a", by=SYSTEM, at=NOW)
    return planning.issue_plan(plan=plan, by=SYSTEM, at=NOW)


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr("xiejian.web.clock.timezone.now", lambda: NOW)


@pytest.fixture
def schedule(plan) -> Schedule:
    return actions.make_schedule(
        office_code=COUNTY, from_on=dt.date(2024, 3, 6), until_on=dt.date(2024, 11, 30), on=TODAY, seconds=8,
        by=SYSTEM, at=NOW,
    )  # fmt: skip


@pytest.fixture
def me(as_role) -> Client:
    return as_role("section_officer")


class TestANewSchedule:
    def test_is_computed_while_one_waits_when_it_is_small(self, me, plan):
        answer = me.post("/schedule/new/", PERIOD)
        assert answer.url == reverse("schedule", args=[Schedule.objects.get().pk])

    def test_runs_beside_the_request_when_it_is_large(self, me, plan, monkeypatch):
        monkeypatch.setattr(views, "AT_ONCE", 0)
        monkeypatch.setattr(jobs.threading, "Thread", Now)
        answer = me.post("/schedule/new/", PERIOD)
        assert me.get(answer.url).url == reverse("schedule", args=[Schedule.objects.get().pk])

    def test_says_inside_the_form_why_it_cannot_be_made(self, me, plan):
        answer = me.post("/schedule/new/", PERIOD | {"until_on": "2024-03-01"})
        assert (answer.status_code, [p.code for p in answer.context["problems"]]) == (422, ["L601"])

    def test_that_is_refused_beside_the_request_says_so_in_its_state(self, me, officers):
        def work(say):
            facts = {"from_on": TODAY, "until_on": TODAY, "on": TODAY}
            return {"schedule": actions.make_schedule(office_code=COUNTY, **facts, by=SYSTEM, at=NOW).pk}

        job = jobs.Job("0" * 32, "schedule", "t.section_officer", "排班")
        job.folder.mkdir(parents=True)
        jobs._start(job, work)
        assert job.state["problems"][0]["code"] == "L603"


class Now:
    """A thread that has run when it has started."""

    def __init__(self, target, args, name, daemon) -> None:
        self.work = lambda: target(*args)

    def start(self) -> None:
        close, connection.close = connection.close, lambda: None
        try:
            self.work()
        finally:
            connection.close = close


class TestASchedule:
    def test_shows_its_result(self, me, schedule):
        context = me.get(reverse("schedule", args=[schedule.pk])).context
        assert (context["total"], context["issued"]) == (schedule.assignments.count(), 0)

    def test_names_what_cannot_be_met_with_the_reason(self, me, schedule):
        page = me.get(reverse("schedule", args=[schedule.pk])).content.decode()
        assert schedule.unmet[0]["name"] in page and schedule.unmet[0]["why"] in page

    def test_is_handed_down_to_a_day(self, me, schedule):
        me.post(reverse("schedule", args=[schedule.pk]), {"do": "issue", "until_on": "2024-11-30"})
        assert Visit.objects.count() == schedule.assignments.count()

    def test_is_withdrawn_with_its_visits(self, me, schedule):
        me.post(reverse("schedule", args=[schedule.pk]), {"do": "issue", "until_on": "2024-11-30"})
        me.post(reverse("schedule", args=[schedule.pk]), {"do": "withdraw", "reason": "重排"})
        assert set(Visit.objects.values_list("state", flat=True)) == {"cancelled"}

    def test_is_not_withdrawn_by_an_inspector(self, as_role, schedule):
        answer = as_role("station_inspector").post(
            reverse("schedule", args=[schedule.pk]), {"do": "withdraw", "reason": "重排"}
        )
        assert answer.status_code in (403, 404)


class TestALicenceVisit:
    """许可核查: what it is about is asked before it is handed down; the head may do both."""

    def test_is_listed_until_its_matter_is_known(self, as_role, schedule):
        head = as_role("head")
        row = schedule.assignments.order_by("day").first()
        row.kind = "许可核查"
        row.save()
        address = reverse("schedule", args=[schedule.pk])
        head.post(address, {"do": "issue", "until_on": "2024-11-30"})
        assert list(head.get(address).context["held"]) == [row]
        head.post(reverse("assignment", args=[row.pk]), {"do": "matter", "matter": "变更"})
        head.post(address, {"do": "issue", "until_on": "2024-11-30"})
        row.refresh_from_db()
        assert (head.get(address).context["held"], row.visit.facts) == ([], {"matter": "变更"})


class TestTheCalendar:
    def test_shows_who_goes_where_in_the_week(self, me, schedule):
        row = schedule.assignments.first()
        page = me.get("/schedule/", {"on": row.day.isoformat()}).content.decode()
        assert row.party.name in page

    def test_counts_visits_by_day_in_the_month(self, me, schedule):
        row = schedule.assignments.first()
        lines = me.get("/schedule/", {"on": row.day.isoformat(), "view": "month"}).context["lines"]
        month = schedule.assignments.filter(day__month=row.day.month, day__year=row.day.year)
        assert sum(line.visits for line in lines) == 2 * month.count()

    def test_asks_the_store_as_often_for_a_full_week_as_for_an_empty_one(self, me, schedule):
        def count(day: str) -> int:
            with CaptureQueriesContext(connection) as asked:
                me.get("/schedule/", {"on": day})
            return len(asked)

        full, empty = count(schedule.assignments.first().day.isoformat()), count("2024-12-25")
        assert full <= empty + 6  # the teams, visits and schedules of what is there, in one query each

    def test_takes_nonsense_for_today(self, me, officers):
        assert me.get("/schedule/", {"on": "gestern", "office": "522726"}).context["on"] == TODAY


class TestOneVisit:
    def test_is_fixed_and_let_go(self, me, schedule):
        row = schedule.assignments.first()
        for wanted in (True, False):
            me.post(reverse("assignment", args=[row.pk]), {"do": "fix", "fixed": str(int(wanted))})
            row.refresh_from_db()
            assert row.fixed is wanted

    def test_says_why_it_cannot_be_moved_there(self, me, schedule):
        row = schedule.assignments.first()
        team = [o.pk for o in row.team.all()]
        answer = me.post(
            reverse("assignment", args=[row.pk]),
            {"do": "move", "day": "2024-03-10", "team": team, "reason": "停电"},
        )
        assert (answer.status_code, [p.code for p in answer.context["problems"]]) == (422, ["L605"])


class TestAbsences:
    def test_say_what_they_change(self, me, schedule, officers):
        away = officers["section_officer"]
        answer = me.post(
            "/schedule/absences/",
            {
                "do": "record",
                "officer": away.pk,
                "from_on": "2024-03-06",
                "until_on": "2024-11-30",
                "reason": "病假",
            },
        )
        done = answer.context["done"]
        assert (done.absence.reason, len(done.moved) + len(done.unmet) > 0) == ("病假", True)

    def test_end_with_a_click(self, me, schedule, officers):
        row = Absence.objects.create(
            officer=officers["section_officer"], from_on=TODAY, until_on=TODAY, reason="病假", recorded_at=NOW
        )
        me.post("/schedule/absences/", {"do": "end", "absence": row.pk})
        row.refresh_from_db()
        assert row.ended


class TestRecusals:
    def test_are_declared_by_the_name_of_the_party(self, me, officers, ours):
        me.post(
            "/schedule/recusals/",
            {
                "do": "declare",
                "officer": officers["section_officer"].pk,
                "party": ours.name,
                "reason": "亲属经营",
            },
        )
        assert Recusal.objects.get().party == ours

    def test_of_a_party_elsewhere_are_not_found(self, me, officers, theirs):
        answer = me.post(
            "/schedule/recusals/",
            {
                "do": "declare",
                "officer": officers["section_officer"].pk,
                "party": theirs.name,
                "reason": "亲属经营",
            },
        )
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["party"])

    def test_of_a_colleague_are_not_an_inspectors_to_declare(self, as_role, officers, ours):
        answer = as_role("station_inspector").post(
            "/schedule/recusals/",
            {
                "do": "declare",
                "officer": officers["section_officer"].pk,
                "party": ours.name,
                "reason": "亲属经营",
            },
        )
        assert (answer.status_code, Recusal.objects.count()) == (422, 0)


class TestAFeed:
    def address(self, client: Client) -> str:
        return client.post("/schedule/feed/", {"do": "open"}).context["address"]

    def test_is_open_to_whoever_holds_its_address(self, as_role):
        answer = Client().get(self.address(as_role("station_inspector")))
        assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")

    def test_shows_own_visits_only(self, as_role, officers, schedule):
        actions.issue_schedule(schedule=schedule, until_on=dt.date(2024, 11, 30), by=SYSTEM, at=NOW)
        Visit.objects.first().team.set([officers["section_officer"]])
        text = Client().get(self.address(as_role("station_inspector"))).content.decode()
        assert text.count("BEGIN:VEVENT") == officers["station_inspector"].visits.count()

    def test_is_gone_when_stopped(self, as_role):
        client = as_role("station_inspector")
        address = self.address(client)
        client.post("/schedule/feed/", {"do": "revoke"})
        assert Client().get(address).status_code == 404

    def test_of_nobody_is_not_found(self, db):
        assert Client().get("/calendar/guessed.ics").status_code == 404

    def test_address_is_shown_once(self, as_role):
        client = as_role("station_inspector")
        self.address(client)
        assert client.get("/schedule/feed/").context["address"] == ""

    def test_of_an_office_holds_its_visits(self, me, schedule):
        actions.issue_schedule(schedule=schedule, until_on=dt.date(2024, 11, 30), by=SYSTEM, at=NOW)
        text = me.get("/schedule/office.ics").content.decode()
        assert text.count("BEGIN:VEVENT") == schedule.assignments.count()


class TestPlaces:
    """机构坐标: kept under 系统 by the section or an administrator."""

    @pytest.mark.parametrize("role", ["section_officer", "administrator"])
    def test_are_filled_in_on_a_form(self, as_role, officers, role):
        me = as_role(role)
        answer = me.post(
            reverse("place", args=[COUNTY]), {"longitude": "120.65", "latitude": "42.85"}, follow=True
        )
        assert [row.code for row, _ in answer.context["listing"].shown_rows()] == [COUNTY]

    def test_in_the_wrong_order_are_refused_in_the_form(self, me, officers):
        answer = me.post(reverse("place", args=[COUNTY]), {"longitude": "42.85", "latitude": "120.65"})
        assert (answer.status_code, [p.code for p in answer.context["problems"]]) == (422, ["L615"])
