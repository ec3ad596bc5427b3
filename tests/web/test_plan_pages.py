"""年度计划: the board, the tasks, allocation and the plan's steps, for a small register."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from openpyxl import load_workbook

from moment import NOW
from small_register import COUNTY, OTHER_STATION, STATION, dushan_register, party, visit
from xiejian.people import actions as people
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM
from xiejian.planning import actions
from xiejian.planning.models import Plan, Task

pytestmark = pytest.mark.django_db
#: the day that the pages take for today
TODAY = dt.date(2024, 10, 8)


@pytest.fixture(autouse=True)
def _day(monkeypatch):
    moment = dt.datetime(2024, 10, 8, 9, 0, tzinfo=dt.UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)


@pytest.fixture
def other_station(naiman):
    return people.open_office(code=OTHER_STATION, name="八仙筒市场监督管理所", by=SYSTEM, at=NOW)


@pytest.fixture
def plan(naiman, other_station) -> Plan:
    """A plan for twenty distributors and six use units at two stations."""
    dushan_register()
    made = actions.make_plan(year=2024, pack_id="dushan", office_code=COUNTY, seed="s", by=SYSTEM, at=NOW)
    actions.allocate_to_stations(plan=made, reason="按属地", by=SYSTEM, at=NOW)
    return actions.issue_plan(plan=made, by=SYSTEM, at=NOW)


@pytest.fixture
def draft(naiman, other_station) -> Plan:
    dushan_register()
    return actions.make_plan(year=2024, pack_id="dushan", office_code=COUNTY, seed="s", by=SYSTEM, at=NOW)


def cells(answer) -> list[tuple]:
    """The first sheet of a workbook that was sent."""
    return list(load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))


def ids(answer) -> set[int]:
    return {row.pk for row, _ in answer.context["listing"].shown_rows()}


class TestTheBoard:
    def test_is_the_plan_of_the_year_that_stands(self, as_role, plan):
        assert as_role("head").get("/plan/").context["plan"] == plan

    def test_without_a_plan_says_how_to_come_to_one(self, as_role):
        assert "/plan/new/" in as_role("section_officer").get("/plan/").content.decode()

    def test_without_a_plan_sends_nobody_to_a_page_that_is_closed_to_them(self, as_role):
        assert "/plan/new/" not in as_role("upper_viewer").get("/plan/").content.decode()

    def test_sums_every_station_to_the_total(self, as_role, plan):
        context = as_role("head").get("/plan/").context
        assert sum(block.total.row.owed for block in context["blocks"]) == context["total"].owed > 0

    def test_breaks_every_station_down_to_its_total(self, as_role, plan):
        blocks = as_role("head").get("/plan/").context["blocks"]
        assert [sum(line.row.owed for line in b.lines) for b in blocks] == [b.total.row.owed for b in blocks]

    def test_shows_one_station_when_asked(self, as_role, plan):
        blocks = as_role("head").get(f"/plan/{plan.pk}/?station={STATION}").context["blocks"]
        assert [block.total.row.office_code for block in blocks] == [STATION]

    def test_by_area_shows_where_the_parties_are(self, as_role, draft):
        client = as_role("head")
        by_area = client.get(f"/plan/{draft.pk}/?by=area").context["blocks"]
        assert {block.total.row.office_code for block in by_area} == {STATION, OTHER_STATION}

    def test_counts_a_concluded_visit_as_done(self, as_role, plan):
        first = Task.objects.filter(plan=plan, kind="日常检查").first()
        visit(first.party_link, "2024-06-01")
        assert as_role("head").get("/plan/").context["total"].done == 1

    def test_marks_in_red_what_cannot_be_met_with_its_reason(self, as_role, plan, naiman):
        Task.objects.filter(plan=plan).update(due_on=dt.date(2024, 9, 30))
        page = as_role("head").get("/plan/").content.decode()
        assert 'bg-red-lt state">不能完成' in page and "家次已过期限" in page

    def test_says_that_it_cannot_judge_where_the_office_has_not_said_how_many_it_is(self, as_role, plan):
        Task.objects.filter(plan=plan).update(due_on=dt.date(2024, 12, 30))
        assert "未设置检查人数" in as_role("head").get("/plan/").content.decode()

    def test_leads_every_count_to_its_tasks(self, as_role, plan):
        client = as_role("head")
        lines = [line for block in client.get("/plan/").context["blocks"] for line in block.lines]
        behind = [client.get(line.tasks).context["listing"].rows for line in lines]
        assert [sum(t.times for t in rows) for rows in behind] == [line.row.owed for line in lines]

    def test_of_the_county_shows_a_station_its_own_part(self, as_role, plan):
        blocks = as_role("station_inspector").get(f"/plan/{plan.pk}/").context["blocks"]
        assert [block.total.row.office_code for block in blocks] == [STATION]

    def test_costs_few_queries_however_many_tasks(self, as_role, plan, django_assert_max_num_queries):
        client = as_role("head")
        with django_assert_max_num_queries(20):
            client.get("/plan/")


class TestMaking:
    def test_makes_the_plan_and_opens_it(self, as_role, naiman):
        dushan_register()
        answer = as_role("section_officer").post(
            "/plan/new/", {"year": 2024, "pack": "dushan", "office": COUNTY, "seed": "42"}
        )
        made = Plan.objects.get()
        assert (answer.url, made.seed, made.state) == (f"/plan/{made.pk}/", "42", "draft")

    def test_of_an_empty_register_says_what_to_do(self, as_role):
        answer = as_role("section_officer").post(
            "/plan/new/", {"year": 2024, "pack": "dushan", "office": COUNTY}
        )
        assert (answer.status_code, "L203" in answer.content.decode()) == (422, True)

    def test_for_another_county_is_no_choice(self, as_role, dushan):
        answer = as_role("section_officer").post(
            "/plan/new/", {"year": 2024, "pack": "dushan", "office": dushan.code}
        )
        assert (answer.status_code, Plan.objects.count()) == (422, 0)


class TestTheSteps:
    def test_hands_a_draft_down(self, as_role, draft):
        as_role("section_officer").post(f"/plan/{draft.pk}/", {"do": "issue_plan"})
        draft.refresh_from_db()
        assert draft.state == "issued"

    def test_an_inspector_may_not_make_it_again(self, as_role, plan):
        answer = as_role("station_inspector").post(f"/plan/{plan.pk}/", {"do": "replan", "reason": "不够"})
        assert answer.status_code == 403

    def test_makes_it_again_with_a_reason(self, as_role, plan):
        as_role("section_officer").post(f"/plan/{plan.pk}/", {"do": "replan", "reason": "新增三家"})
        assert Plan.objects.get(version=2).reason == "新增三家"

    def test_without_a_reason_shows_the_problem_on_the_board(self, as_role, plan):
        answer = as_role("section_officer").post(f"/plan/{plan.pk}/", {"do": "replan", "reason": " "})
        assert (answer.status_code, [p.code for p in answer.context["problems"]]) == (422, ["L205"])

    def test_gives_the_tasks_to_the_stations(self, as_role, draft):
        as_role("section_officer").post(f"/plan/{draft.pk}/", {"do": "to_stations", "reason": "按属地"})
        offices = set(Task.objects.filter(plan=draft).values_list("office_code", flat=True))
        assert offices == {STATION, OTHER_STATION}

    def test_a_replaced_version_leads_to_the_newer_one(self, as_role, draft):
        newer = actions.replan(plan=draft, reason="新增", seed="t", by=SYSTEM, at=NOW)
        assert f"/plan/{newer.pk}/" in as_role("head").get(f"/plan/{draft.pk}/").content.decode()


class TestTheTasks:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("due=overdue", {"late"}),
            ("due=soon", {"soon"}),
            ("due=later", {"soon", "later"}),
            ("state=open", {"late", "soon", "later", "far"}),
            ("state=done", {"done"}),
            ("state=done&due=overdue", set()),
        ],
    )
    def test_are_found_by_what_is_done_of_them(self, as_role, naiman, query, expected):
        plan = Plan.objects.create(
            year=2024, office_code=COUNTY, pack="dushan", pack_version="v", seed="s", state="issued",
            made_at=NOW, by_name="李科",
        )  # fmt: skip
        days = {"late": -1, "soon": 7, "later": 30, "far": 31, "done": -30}
        made = {}
        for name, offset in days.items():
            place = party(name)
            made[name] = Task.objects.create(
                plan=plan, party=place.party, party_link=place, kind="日常检查", link="经营", level=2,
                from_on=dt.date(2024, 1, 1), due_on=TODAY + dt.timedelta(days=offset), office_code=STATION,
                origin="必查", rules="DS-D2",
            )  # fmt: skip
        visit(made["done"].party_link, "2024-03-01")
        found = ids(as_role("head").get(f"/plan/{plan.pk}/tasks/?{query}"))
        assert found == {made[name].pk for name in expected}

    @pytest.mark.parametrize(
        ("query", "facts"),
        [
            ("link=使用", {"link": "使用"}),
            ("level=3", {"level": 3}),
            ("level=none", {"level": None}),
            (f"office={OTHER_STATION}", {"office_code": OTHER_STATION}),
            ("kind=日常检查", {"kind": "日常检查"}),
            ("q=医院1", {"party__name": "医院1"}),
        ],
    )
    def test_are_found_by_their_facts(self, as_role, plan, query, facts):
        found = ids(as_role("head").get(f"/plan/{plan.pk}/tasks/?{query}"))
        assert found == set(Task.objects.filter(plan=plan, **facts).values_list("pk", flat=True))

    def test_in_force_are_those_of_plans_handed_down_this_year(self, as_role, draft):
        assert ids(as_role("head").get("/plan/tasks/")) == set()

    def test_in_force_of_a_station_are_its_own(self, as_role, plan):
        found = ids(as_role("station_inspector").get("/plan/tasks/"))
        own = Task.objects.filter(plan=plan, office_code=STATION).values_list("pk", flat=True)
        assert found == set(own)

    def test_are_exported_with_their_state(self, as_role, plan):
        rows = cells(as_role("head").get(f"/plan/{plan.pk}/tasks/?format=xlsx"))
        assert len(rows) == 1 + Task.objects.filter(plan=plan).count()
        assert rows[1][rows[0].index("状态")] in ("未到期", "逾期", "7 天内到期", "30 天内到期")

    def test_cost_no_more_queries_the_more_there_are(self, as_role, plan, django_assert_max_num_queries):
        client = as_role("section_officer")
        with django_assert_max_num_queries(14):
            client.get(f"/plan/{plan.pk}/tasks/")

    def test_say_in_the_side_panel_which_rule_asks_for_them(self, as_role, plan):
        task = Task.objects.filter(plan=plan, rules__contains="DS-").first()
        page = as_role("head").get(f"/plan/tasks/{task.pk}/why/", headers={"HX-Request": "true"})
        entry = next(r for r in plan.rules if r["rule"] == task.rules.split("、")[0])
        assert entry["meaning"] in page.content.decode() and entry["citation"] in page.content.decode()


class TestAllocating:
    def address(self, plan: Plan) -> str:
        return f"/plan/{plan.pk}/tasks/allocate/"

    def test_shows_what_would_move(self, as_role, draft):
        chosen = list(Task.objects.filter(plan=draft).values_list("pk", flat=True)[:3])
        answer = as_role("section_officer").get(self.address(draft), {"ids": chosen})
        assert answer.context["count"] == 3

    def test_takes_every_task_that_the_lists_conditions_leave(self, as_role, draft):
        answer = as_role("section_officer").get(self.address(draft), {"all": 1, "link": "使用"})
        assert answer.context["count"] == Task.objects.filter(plan=draft, link="使用").count()

    def test_moves_them_and_keeps_the_reason(self, as_role, draft):
        chosen = list(Task.objects.filter(plan=draft).values_list("pk", flat=True)[:3])
        as_role("section_officer").post(
            self.address(draft),
            {"tasks": ",".join(map(str, chosen)), "office": STATION, "reason": "人手调配"},
        )
        offices = set(Task.objects.filter(pk__in=chosen).values_list("office_code", flat=True))
        detail = AuditEntry.objects.get(action="allocate_tasks").detail
        assert (offices, detail["reason"]) == ({STATION}, "人手调配")

    def test_without_a_choice_moves_nothing(self, as_role, draft):
        answer = as_role("section_officer").post(
            self.address(draft), {"tasks": "", "office": STATION, "reason": "人手调配"}
        )
        assert [p.code for p in answer.context["problems"]] == ["L303"]

    def test_of_a_stations_task_to_another_station_is_refused(self, as_role, plan):
        task = Task.objects.filter(plan=plan, office_code=STATION).first()
        answer = as_role("section_officer").post(
            self.address(plan), {"tasks": str(task.pk), "office": OTHER_STATION, "reason": "调配"}
        )
        assert [p.code for p in answer.context["problems"]] == ["L301"]


class TestPapers:
    def test_the_workbook_holds_every_task(self, as_role, plan):
        rows = cells(as_role("head").get(f"/plan/{plan.pk}/file/"))
        assert len(rows) == 1 + plan.tasks.count()

    def test_the_draw_notes_name_count_seed_digest_and_the_command(self, as_role, plan):
        page = as_role("head").get(f"/plan/{plan.pk}/draws/").content.decode()
        first = plan.draws[0]
        wanted = (first["digest"], first["drawn"][0], f"--count {first['count']}", "xiejian draw")
        assert [text for text in wanted if text not in page] == []

    def test_the_draw_notes_name_a_station_no_party_of_another(self, as_role, plan):
        page = as_role("station_inspector").get(f"/plan/{plan.pk}/draws/").content.decode()
        elsewhere = {
            name for draw in plan.draws for key in draw["drawn"]
            if (name := key.split("/")[0]) in {"二级0", "二级2", "二级4", "二级6"}
        }  # fmt: skip
        assert elsewhere and [name for name in elsewhere if name in page] == []

    def test_word_is_the_draft_of_this_plans_year(self, as_role, plan):
        assert "year=2023" in as_role("head").get("/plan/").context["word"]
