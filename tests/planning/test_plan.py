"""A plan made, handed down, made again and allocated."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from moment import NOW
from small_register import COUNTY, OTHER_STATION, STATION, dushan_register, party, visit
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor
from xiejian.planning import actions, queries, workbook
from xiejian.planning.models import Plan, Task
from xiejian.registry import planner_statistics
from xiejian.registry.models import Party, PartyLink

pytestmark = pytest.mark.django_db


@pytest.fixture
def register(naiman) -> list[PartyLink]:
    return dushan_register()


def make(by: Actor = SYSTEM, **more) -> Plan:
    facts = {"year": 2024, "pack_id": "dushan", "office_code": COUNTY, "seed": "种子"}
    return actions.make_plan(**{**facts, **more}, by=by, at=NOW)


def told(plan: Plan) -> list[tuple]:
    """The tasks without the numbers of their rows."""
    columns = (
        "party__name", "link", "level", "kind", "times", "from_on", "due_on", "office_code", "origin", "basis"
    )  # fmt: skip
    return list(plan.tasks.order_by("id").values_list(*columns))


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.first.code


class TestMakingAPlan:
    def test_gives_every_level_its_share(self, register):
        covered = {(c["link"], c["level"]): (c["planned"], c["owed"], c["parties"]) for c in make().coverage}
        assert covered == {
            ("经营", 3): (2, 2, 2),
            ("经营", 2): (4, 4, 8),
            ("经营", 1): (3, 3, 10),
            ("使用", None): (4, 4, 6),
        }

    def test_gives_stations_their_own_tasks_by_the_rules_day(self, register):
        tasks = make().tasks.filter(link="经营")
        assert set(tasks.values_list("office_code", flat=True)) == {STATION, OTHER_STATION}
        assert set(tasks.values_list("due_on", "kind")) == {(dt.date(2024, 11, 30), "日常检查")}

    def test_says_the_clause_of_every_task(self, register):
        assert all("独山县年度监督管理工作计划" in basis for *_, basis in told(make()))

    def test_puts_whoever_was_visited_longest_ago_first(self, register):
        for place in register[2:10]:
            visit(place, "2022-05-05" if place.party.name in {"二级3", "二级5"} else "2023-05-05")
        tasks = make().tasks.filter(level=2, origin="必查")
        assert set(tasks.values_list("party__name", flat=True)) == {"二级3", "二级5"}

    def test_leaves_cancelled_parties_out_and_vanished_ones_in(self, register):
        Party.objects.filter(name="三级0").update(status="注销")
        Party.objects.filter(name="三级1").update(status="失联")
        tasks = make().tasks.filter(level=3)
        assert list(tasks.values_list("party__name", flat=True)) == ["三级1"]

    def test_ignores_visits_of_the_year_itself(self, register):
        before = told(make())
        visit(register[2], "2024-02-01")
        assert told(make()) == before

    def test_ignores_visits_that_were_never_concluded(self, register):
        visit(register[2], "2022-02-01", state="planned")
        assert not make().tasks.filter(level=2, origin="必查").exists()

    def test_counts_rechecks_of_open_orders(self, register):
        visit(register[0], "2023-10-01", order_issued=True)
        visit(register[1], "2023-10-01", order_issued=True)
        visit(register[1], "2023-11-01", "跟踪检查")
        visit(register[2], "2023-10-01", order_issued=True, recheck_result="通过")
        names = make().tasks.filter(kind="跟踪检查").values_list("party__name", flat=True)
        assert list(names) == ["三级0"]

    def test_leaves_an_audit_entry(self, register):
        plan = make()
        entry = AuditEntry.objects.get(action="make_plan")
        assert (entry.subject_key, entry.detail["tasks"]) == (str(plan.pk), plan.tasks.count())

    def test_tells_parties_of_one_name_apart(self, register):
        party("一级0", mode="零售", classes="2", office_code=OTHER_STATION)
        assert len({key for draw in make().draws for key in draw["drawn"]}) == sum(
            draw["count"] for draw in make().draws
        )

    def test_takes_as_many_queries_for_two_hundred_parties_as_for_twenty(
        self, register, django_assert_max_num_queries
    ):
        Party.objects.bulk_create(
            Party(name=f"更多{n}", division_code=STATION, office_code=STATION, created_at=NOW, updated_at=NOW)
            for n in range(200)
        )
        PartyLink.objects.bulk_create(
            PartyLink(party=p, link="经营", mode="零售", classes="2")
            for p in Party.objects.filter(name__startswith="更多")
        )
        with django_assert_max_num_queries(15):
            make()


class TestTheSamePlan:
    def test_comes_from_the_same_register_pack_year_and_seed(self, register):
        first = told(make())
        Plan.objects.all().delete()
        assert told(make()) == first

    def test_made_twice_is_one_plan(self, register):
        first = make()
        assert make() == first
        assert (Plan.objects.count(), AuditEntry.objects.filter(action="make_plan").count()) == (1, 1)

    def test_is_another_with_another_seed(self, register):
        first = make()
        second = make(seed="别的种子")
        first.refresh_from_db()
        assert (first.state, second.state, second.version, second.replaces) == ("replaced", "draft", 2, first)
        assert told(first) != told(second)


class TestWhatCannotBePlanned:
    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            ({"year": 24}, "L201"),
            ({"office_code": "999999"}, "L202"),
            ({"office_code": "330206"}, "L203"),
            ({"pack_id": "nowhere"}, "K201"),
        ],
    )
    def test_is_refused(self, register, facts, code):
        with pytest.raises(Refused) as refused:
            make(**facts)
        assert code_of(refused) == code

    def test_by_an_inspector_is_refused(self, register, inspector):
        with pytest.raises(Refused) as refused:
            make(by=inspector)
        assert code_of(refused) == "P101"

    def test_for_another_county_is_refused(self, register, officer):
        with pytest.raises(Refused) as refused:
            make(by=officer, office_code="150526")
        assert code_of(refused) == "P101"


class TestHandingDown:
    def test_puts_the_plan_in_force(self, register, officer):
        plan = actions.issue_plan(plan=make(), by=officer, at=NOW)
        assert (plan.state, plan.issued_at) == ("issued", NOW)

    def test_twice_is_refused(self, register):
        plan = actions.issue_plan(plan=make(), by=SYSTEM, at=NOW)
        with pytest.raises(Refused) as refused:
            actions.issue_plan(plan=plan, by=SYSTEM, at=NOW)
        assert code_of(refused) == "K101"

    def test_stops_another_draft_with_other_tasks(self, register):
        actions.issue_plan(plan=make(), by=SYSTEM, at=NOW)
        party("新来的", tags="|重点监管目录|")
        with pytest.raises(Refused) as refused:
            make()
        assert code_of(refused) == "L204"


class TestMakingAgain:
    def test_needs_a_reason(self, register):
        with pytest.raises(Refused) as refused:
            actions.replan(plan=make(), reason=" ", by=SYSTEM, at=NOW)
        assert code_of(refused) == "L205"

    def test_keeps_the_old_plan_in_force_until_the_new_one_is_handed_down(self, register):
        old = actions.issue_plan(plan=make(), by=SYSTEM, at=NOW)
        party("新来的", tags="|重点监管目录|")
        new = actions.replan(plan=old, reason="新增企业", by=SYSTEM, at=NOW)
        old.refresh_from_db()
        assert (old.state, new.state, new.version, new.reason) == ("issued", "draft", 2, "新增企业")
        actions.issue_plan(plan=new, by=SYSTEM, at=NOW)
        old.refresh_from_db()
        assert old.state == "replaced"

    def test_keeps_whoever_was_drawn(self, register):
        old = make()
        drawn = set(old.tasks.filter(origin="抽取").values_list("party__name", flat=True))
        party("新来的", tags="|重点监管目录|")
        new = actions.replan(plan=old, reason="新增企业", by=SYSTEM, at=NOW)
        assert set(new.tasks.filter(origin="抽取").values_list("party__name", flat=True)) == drawn

    def test_of_a_replaced_plan_is_refused(self, register):
        old = make()
        make(seed="别的")
        old.refresh_from_db()
        with pytest.raises(Refused) as refused:
            actions.replan(plan=old, reason="试试", by=SYSTEM, at=NOW)
        assert code_of(refused) == "L206"


class TestAllocation:
    @pytest.fixture
    def task(self, register) -> Task:
        plan = make(pack_id="chizhou")
        return Task.objects.create(
            plan=plan, party=register[0].party, party_link=register[0], link="经营", kind="日常检查",
            from_on=dt.date(2024, 1, 1), due_on=dt.date(2024, 12, 31), office_code=COUNTY, origin="必查",
        )  # fmt: skip

    def test_moves_a_task_down_with_its_reason(self, task, officer):
        actions.allocate_task(task=task, office_code=STATION, reason="属地", by=officer, at=NOW)
        task.refresh_from_db()
        entry = AuditEntry.objects.get(action="allocate_tasks")
        assert (task.office_code, entry.detail["office"]) == (STATION, [COUNTY, STATION])

    @pytest.mark.parametrize(
        ("office", "code"), [("150500", "L301"), ("150526", "L301"), ("150525999", "L302")]
    )
    def test_goes_nowhere_else(self, task, office, code):
        with pytest.raises(Refused) as refused:
            actions.allocate_task(task=task, office_code=office, reason="属地", by=SYSTEM, at=NOW)
        assert code_of(refused) == code

    def test_needs_a_reason_and_a_task(self, task):
        with pytest.raises(Refused) as refused:
            actions.allocate_task(task=task, office_code=STATION, reason="", by=SYSTEM, at=NOW)
        assert code_of(refused) == "L205"
        with pytest.raises(Refused) as refused:
            actions.allocate_tasks(tasks=[], office_code=STATION, reason="属地", by=SYSTEM, at=NOW)
        assert code_of(refused) == "L303"

    def test_of_the_whole_plan_gives_every_station_its_own_parties(self, task, officer):
        moved = actions.allocate_to_stations(plan=task.plan, reason="属地", by=officer, at=NOW)
        offices = set(task.plan.tasks.exclude(party=None).values_list("office_code", flat=True))
        # the second station has no office of its own yet: its tasks stay with the county
        assert moved > 0
        assert STATION in offices
        assert OTHER_STATION not in offices


class TestWhoSeesATask:
    def test_is_the_office_responsible_and_the_office_of_the_party(self, register, officer, inspector):
        plan = make()
        county = queries.tasks(officer, plan=plan).count()
        station = queries.tasks(inspector, plan=plan)
        assert county == plan.tasks.count()
        assert 0 < station.count() < county
        assert set(station.values_list("office_code", flat=True)) == {STATION}

    def test_is_nobody_of_another_county(self, register):
        stranger = Actor("x", "外人", "150526", "section_officer")
        assert queries.tasks(stranger, plan=make()).count() == 0
        assert queries.tasks(None, plan=make()).count() == 0

    def test_is_shown_no_drawn_name_of_another_station(self, register, officer, inspector):
        plan = make()
        names = {key for draw in queries.shown_draws(inspector, plan) for key in draw["drawn"]}
        others = set(
            PartyLink.objects.filter(party__office_code=OTHER_STATION).values_list("party__name", flat=True)
        )
        assert not names & {f"{name}/经营" for name in others}
        assert queries.shown_draws(officer, plan) == plan.draws

    def test_writes_coverage_and_draws_only_with_the_whole_plan(self, register, inspector, tmp_path):
        plan = make()
        workbook.write(plan, queries.tasks(inspector, plan=plan), tmp_path / "part.xlsx")
        assert openpyxl.load_workbook(tmp_path / "part.xlsx").sheetnames == ["检查计划"]

    def test_sees_the_coverage_of_the_own_part(self, register, inspector):
        plan = make()
        row = next(r for r in queries.coverage(inspector, plan, dt.date(2024, 6, 30)) if r.level == 2)
        own = plan.tasks.filter(level=2, party__office_code=STATION).count()
        assert (row.planned, row.owed) == (own, own)

    def test_can_search_by_part_of_a_name(self, register):
        found = queries.tasks(SYSTEM, plan=make(), search="三级")
        assert set(found.values_list("party__name", flat=True)) == {"三级0", "三级1"}


class TestALargeRegister:
    def test_of_twenty_thousand_parties_is_read_in_few_queries(self, naiman, django_assert_max_num_queries):
        Party.objects.bulk_create(
            (
                Party(
                    name=f"企业{n}",
                    division_code=STATION,
                    office_code=STATION,
                    created_at=NOW,
                    updated_at=NOW,
                )
                for n in range(20_000)
            ),
            batch_size=2_000,
        )
        PartyLink.objects.bulk_create(
            (
                PartyLink(party_id=key, link="经营", mode="批发" if n % 3 else "零售", classes="23")
                for n, key in enumerate(Party.objects.values_list("pk", flat=True))
            ),
            batch_size=2_000,
        )
        planner_statistics.refresh(20_000)  # as an import does
        with CaptureQueriesContext(connection) as made:
            plan = make()
        # rows are written in batches, as many as the database takes at once; reading does not grow
        assert sum(q["sql"].startswith("SELECT") for q in made.captured_queries) <= 12
        assert len(made) <= 20 + plan.tasks.count() // 50
        with django_assert_max_num_queries(6):
            assert queries.board(SYSTEM, plan, dt.date(2024, 6, 30)).total.owed == plan.tasks.count()
