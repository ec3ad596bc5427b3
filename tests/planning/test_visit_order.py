"""The office's own order of visits: the law first, then the record, with reasons in words."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from moment import NOW
from small_register import COUNTY, STATION, party, visit
from xiejian.cases.models import Case
from xiejian.inspections.models import Visit
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor
from xiejian.planning import order_actions, order_facts, order_queries
from xiejian.planning.models import OrderedTask, OrderRun, Plan, Task
from xiejian.planning.order_words import label, sentence
from xiejian.registry.models import PartyLink
from xiejian.visit_order import evaluation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch):
    """The width of an interval is not what these tests are about."""
    monkeypatch.setattr(evaluation, "RESAMPLES", 100)


ON = dt.date(2024, 6, 3)


@pytest.fixture
def plan(naiman) -> Plan:
    return Plan.objects.create(
        year=2024, office_code=COUNTY, pack="dushan", pack_version="0", seed="", state="issued", made_at=NOW,
        by_name="x",
    )  # fmt: skip


@pytest.fixture
def owe(plan):
    def make(place: PartyLink, due: str = "2024-12-31") -> Task:
        return Task.objects.create(
            plan=plan, party=place.party, party_link=place, link=place.link, kind="日常检查",
            from_on=dt.date(2024, 1, 1), due_on=dt.date.fromisoformat(due), office_code=STATION,
            origin="必查", rules="", basis="",
        )  # fmt: skip

    return make


def make(by: Actor = SYSTEM) -> OrderRun:
    return order_actions.make_order(office_code=COUNTY, on=ON, by=by, at=NOW)


def names(run: OrderRun) -> list[str]:
    return [row.task.party.name for row in order_queries.ordered(SYSTEM, run).order_by("place")]


def reasons(run: OrderRun, name: str) -> str:
    row = run.tasks.get(task__party__name=name)
    return sentence(row.law_first, row.reasons)


class TestTheLawComesFirst:
    def test_what_is_due_soon_stands_before_any_risk(self, owe):
        risky, calm = party("常有缺陷"), party("从无缺陷")
        visit(risky, "2022-06-01", defects=6, severe_defects=1)
        visit(calm, "2023-12-01")
        owe(risky)
        owe(calm, due="2024-06-20")
        assert names(make()) == ["从无缺陷", "常有缺陷"]

    def test_what_is_overdue_stands_before_what_is_due_soon(self, owe):
        for name, due in (("将到", "2024-06-20"), ("已过", "2024-05-20"), ("还早", "2024-12-31")):
            owe(party(name), due=due)
        assert names(make()) == ["已过", "将到", "还早"]

    def test_the_reason_says_that_the_date_decided(self, owe):
        owe(party("将到"), due="2024-06-20")
        assert reasons(make(), "将到").startswith("期限将到")

    def test_what_was_visited_already_is_not_ordered(self, owe):
        done, open_ = party("查过"), party("未查")
        owe(done)
        owe(open_)
        visit(done, "2024-02-01")
        assert names(make()) == ["未查"]


class TestPoints:
    def test_are_used_where_there_is_little_to_learn_from(self, owe):
        owe(party("甲"))
        run = make()
        assert (run.method, "学习至少需要 300 次" in run.why_method) == ("points", True)

    def test_of_one_fact_the_highest_line_counts(self, owe):
        place = party("甲")
        visit(place, "2023-12-01", defects=5)
        owe(place)
        assert make().tasks.get().score == 3

    def test_put_the_worse_record_first(self, owe):
        good, bad = party("好"), party("差")
        visit(good, "2023-12-01")
        visit(bad, "2023-12-01", defects=5, severe_defects=1)
        owe(good)
        owe(bad)
        assert names(make()) == ["差", "好"]

    def test_are_said_in_words(self, owe):
        place = party("甲")
        visit(place, "2022-05-15", defects=4)
        owe(place)
        assert reasons(make(), "甲") == "上次检查（750 天前）发现 4 项缺陷；距上次检查 750 天"

    def test_a_clean_record_says_so(self, owe):
        place = party("甲")
        visit(place, "2023-12-01")
        owe(place)
        assert reasons(make(), "甲") == "没有突出的风险因素"


class TestFacts:
    @pytest.fixture
    def place(self, naiman) -> PartyLink:
        return party("甲")

    def facts(self, place: PartyLink, on: dt.date) -> dict:
        records = order_facts.read_records(COUNTY, dt.date(2030, 1, 1))
        return records.facts((place.party_id, place.link), on)

    def test_of_the_day_itself_are_not_known_yet(self, place):
        visit(place, "2024-03-05", defects=2)
        assert self.facts(place, dt.date(2024, 3, 5))["never"] == 1

    def test_of_the_day_before_are_known(self, place):
        visit(place, "2024-03-05", defects=2)
        known = self.facts(place, dt.date(2024, 3, 6))
        assert (known["last_defects"], known["days_since"]) == (2, 1)

    def test_a_recheck_counts_from_its_own_day(self, place):
        visit(place, "2024-03-05", defects=2, recheck_result="未通过", recheck_on=dt.date(2024, 4, 5))
        found = [self.facts(place, dt.date(2024, 4, day))["failed_rechecks"] for day in (5, 6)]
        assert found == [0, 1]

    def test_a_case_counts_from_its_filing_and_for_three_years(self, place):
        Case.objects.create(
            number="1", party=place.party, link="经营", filed_on=dt.date(2020, 1, 10), office_code=COUNTY
        )
        days = (dt.date(2020, 1, 10), dt.date(2020, 1, 11), dt.date(2023, 1, 20))
        assert [self.facts(place, day)["cases"] for day in days] == [0, 1, 0]

    def test_a_visit_under_way_says_nothing(self, place):
        visit(place, "2024-03-05", state="started", defects=9)
        assert self.facts(place, dt.date(2024, 5, 1))["never"] == 1


@pytest.fixture
def long_record(naiman, owe) -> list[PartyLink]:
    """150 parties visited four times by a strict and a mild inspector; every third one is always bad."""
    places = [party(f"{'差' if n % 3 == 0 else '好'}{n:03}") for n in range(150)]
    rows = []
    for n, place in enumerate(places):
        for turn in range(4):
            bad = n % 3 == 0 or (n + turn) % 11 == 0
            rows.append(
                Visit(
                    number=f"L{n}-{turn}", party=place.party, link="经营", kind="日常检查", state="concluded",
                    visited_on=dt.date(2022, 1, 3) + dt.timedelta(days=turn * 200 + (n * 37) % 190),
                    office_code=STATION, inspectors="严检、王检" if n % 2 else "宽检、王检",
                    defects=3 if bad else 0, conclusion="限期整改" if bad else "符合",
                )
            )  # fmt: skip
    Visit.objects.bulk_create(rows)
    for place in places[:30]:
        owe(place)
    Visit.objects.filter(visited_on__gte="2024-01-01", party__in=[p.party_id for p in places[:30]]).delete()
    return places


class TestLearning:
    def test_is_used_where_it_has_beaten_chance(self, long_record):
        run = make()
        assert (run.method, run.why_method) == (
            "fitted",
            f"已办结检查 {run.trained_visits} 次，其中 {run.trained_found} 次发现问题",
        )

    def test_puts_the_worse_record_first(self, long_record):
        assert all(name.startswith("差") for name in names(make())[:8])

    def test_says_why_in_words(self, long_record):
        run = make()
        assert "发现" in reasons(run, names(run)[0])

    def test_keeps_what_it_rests_on(self, long_record):
        run = make()
        assert (run.trained_until < ON, len(run.digest), len(run.model_version)) == (True, 64, 16)

    def test_gives_the_same_order_again(self, long_record):
        first, second = make(), make()
        assert (names(first), first.digest) == (names(second), second.digest)

    def test_does_not_look_at_who_inspected(self, long_record):
        """The facts that are learnt from hold no inspector, and a later rename changes no place."""
        before = names(make())
        Visit.objects.filter(inspectors="严检、王检").update(inspectors="李检、王检")
        assert names(make()) == before

    def test_is_given_up_where_it_has_not_beaten_chance(self, long_record):
        rows = list(Visit.objects.order_by("visited_on", "number"))
        for n, one in enumerate(rows):
            one.defects = 1 if (n * 7919) % 13 < 3 else 0
            one.conclusion = "限期整改" if one.defects else "符合"
        Visit.objects.bulk_update(rows, ["defects", "conclusion"])
        run = make()
        assert (run.method, "看不出" in run.why_method) == ("points", True)

    def test_counts_the_same_queries_for_more_parties(self, long_record, owe):
        with CaptureQueriesContext(connection) as few:
            make()
        for place in long_record[30:90]:
            owe(place)
        with CaptureQueriesContext(connection) as many:
            make()
        assert len(few) == len(many)


class TestTheBackTest:
    def test_is_kept_with_the_order(self, long_record):
        tested = make().back_test
        assert tested["days_earlier"]["pooled"]["interval"][0] > 0

    def test_compares_districts_kinds_and_ownership(self, long_record):
        assert {row["by"] for row in make().back_test["groups"]} == {"地区", "类型与规模", "所有制"}

    def test_says_when_there_is_nothing_to_test(self, owe):
        owe(party("甲"))
        assert make().back_test == {"refused": "还没有已办结的检查"}


class TestApplying:
    @pytest.fixture
    def tasks(self, owe) -> list[Task]:
        return [owe(party("甲")), owe(party("乙"), due="2024-06-10")]

    def test_writes_places_and_no_dates(self, tasks):
        order_actions.apply_order(run=make(), by=SYSTEM, at=NOW)
        rows = Task.objects.order_by("place").values_list("party__name", "place", "due_on")
        assert list(rows) == [("乙", 1, dt.date(2024, 6, 10)), ("甲", 2, dt.date(2024, 12, 31))]

    def test_is_needed_before_anything_changes(self, tasks):
        make()
        assert not Task.objects.exclude(place=None).exists()

    def test_is_in_the_audit_chain(self, tasks):
        order_actions.apply_order(run=make(), by=SYSTEM, at=NOW)
        entries = AuditEntry.objects.filter(subject="order_run").order_by("sequence")
        assert list(entries.values_list("action", flat=True)) == ["make_order", "apply_order"]

    def test_a_newer_order_takes_the_place_of_tasks_that_are_done(self, tasks):
        order_actions.apply_order(run=make(), by=SYSTEM, at=NOW)
        visit(PartyLink.objects.get(party__name="乙"), "2024-06-01")
        order_actions.apply_order(run=make(), by=SYSTEM, at=NOW)
        assert dict(Task.objects.values_list("party__name", "place")) == {"甲": 1, "乙": None}

    def test_of_an_older_order_is_refused(self, tasks):
        older = make()
        make()
        with pytest.raises(Refused) as caught:
            order_actions.apply_order(run=older, by=SYSTEM, at=NOW)
        assert caught.value.first.code == "L752"

    def test_twice_is_refused(self, tasks):
        run = make()
        order_actions.apply_order(run=run, by=SYSTEM, at=NOW)
        with pytest.raises(Refused) as caught:
            order_actions.apply_order(run=run, by=SYSTEM, at=NOW)
        assert caught.value.first.code == "L753"


class TestWhoMay:
    def test_an_inspector_may_not_make_an_order(self, owe, inspector):
        owe(party("甲"))
        with pytest.raises(Refused) as caught:
            make(by=inspector)
        assert caught.value.first.code == "P101"

    def test_a_station_sees_an_order_of_the_county_once_it_is_applied(self, owe, inspector):
        owe(party("甲"))
        run = make()
        before = order_queries.runs(inspector).count()
        order_actions.apply_order(run=run, by=SYSTEM, at=NOW)
        assert (before, order_queries.runs(inspector).count()) == (0, 1)

    def test_another_station_sees_none_of_its_tasks(self, owe):
        owe(party("甲"))
        other = Actor("z", "赵检", "150525101", "station_inspector")
        assert not order_queries.ordered(other, make()).exists()

    def test_nothing_open_is_refused(self, plan):
        with pytest.raises(Refused) as caught:
            make()
        assert caught.value.first.code == "L751"

    def test_a_task_stands_once_in_an_order(self, owe):
        owe(party("甲"))
        assert OrderedTask.objects.filter(run=make()).count() == 1


class TestLabels:
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("history_never", "从未检查过"),
            ("mode=批发", "经营方式=批发"),
            ("town: 以往", "乡镇（街道）：以往"),
            ("tag 无菌", "涉及无菌"),
            ("last_defects 未填", "上次检查的缺陷数 未填"),
        ],
    )
    def test_a_column_is_named_in_the_fields_own_terms(self, name, words):
        assert label(name) == words
