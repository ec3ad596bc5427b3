"""检查顺序 and 回溯检验: what each role sees and does."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from moment import NOW
from small_register import COUNTY, STATION, party, visit
from xiejian.people.policy import SYSTEM
from xiejian.planning import order_actions
from xiejian.planning.models import OrderRun, Plan, Task
from xiejian.web import clock

pytestmark = pytest.mark.django_db
TODAY = NOW.date()


@pytest.fixture
def owe(naiman):
    plan = Plan.objects.create(
        year=TODAY.year, office_code=COUNTY, pack="dushan", pack_version="0", seed="", state="issued",
        made_at=NOW, by_name="x",
    )  # fmt: skip

    def make(name: str, due: dt.date | None = None) -> Task:
        place = party(name)
        visit(place, f"{TODAY.year - 1}-02-01", defects=3)
        return Task.objects.create(
            plan=plan, party=place.party, party_link=place, link="经营", kind="日常检查",
            from_on=dt.date(TODAY.year, 1, 1), due_on=due or dt.date(TODAY.year, 12, 31), office_code=STATION,
            origin="必查", rules="", basis="",
        )  # fmt: skip

    return make


def make() -> OrderRun:
    return order_actions.make_order(office_code=COUNTY, on=TODAY, by=SYSTEM, at=NOW)


#: the back-test of an office with enough record, as ``back_test`` keeps it
TESTED = {
    "test_from": "2023-09-01", "trained": {"visits": 900, "until": "2023-08-31"},
    "tested": {"visits": 200, "until": "2024-02-28"},
    "days_earlier": {
        "pooled": {"mean": 9.5, "interval": [2.1, 15.0], "found": 40, "random_order": -0.3},
        "within_inspector": {"mean": 3.0, "interval": [-2.0, 8.0], "found": 40, "random_order": 0.2},
    },
    "first_half_share": 0.65, "first_half_share_real": 0.48, "auc": 0.61, "auc_within_inspector": None,
    "features": [{"name": "history_since", "weight": 0.2, "direction": 0.9}],
    "groups": [{"by": "地区", "name": "大沁他拉所", "visits": 200, "found_rate": 0.2, "place": 0.5,
                "early": 0.5, "early_found_rate": None}],
    "by_inspector": [{"inspector": "严检", "visits": 300, "found_rate": 0.4, "odds": 2.1,
                      "odds_interval": [1.5, 2.9]}],
}  # fmt: skip


class TestTheOrder:
    def test_says_how_to_begin(self, naiman, as_role):
        assert "还没有排过" in as_role("section_officer").get(reverse("visit_order")).content.decode()

    def test_is_made_from_the_page(self, owe, as_role, monkeypatch):
        monkeypatch.setattr(clock, "now", lambda request: NOW)
        owe("甲店")
        answer = as_role("section_officer").post(reverse("visit_order"), follow=True)
        assert "已排定 1 项任务" in answer.content.decode()

    def test_shows_each_task_with_its_reason(self, owe, as_role):
        owe("甲店")
        make()
        page = as_role("section_officer").get(reverse("visit_order")).content.decode()
        assert "甲店" in page and "项缺陷" in page

    def test_is_filtered_to_what_the_law_leaves_open(self, owe, as_role):
        owe("将到店", due=TODAY + dt.timedelta(days=3))
        owe("还早店")
        make()
        page = as_role("section_officer").get(reverse("visit_order"), {"part": "risk"}).content.decode()
        assert "还早店" in page and "将到店" not in page

    def test_is_applied_from_the_page(self, owe, as_role):
        owe("甲店")
        as_role("section_officer").post(reverse("visit_order_apply", args=[make().pk]))
        assert Task.objects.get().place == 1

    def test_is_not_applied_by_an_inspector(self, owe, as_role):
        owe("甲店")
        run = make()
        as_role("station_inspector").post(reverse("visit_order_apply", args=[run.pk]))
        assert Task.objects.get().place is None

    def test_explains_one_task(self, owe, as_role):
        owe("甲店")
        row = make().tasks.get()
        page = as_role("section_officer").get(reverse("visit_order_why", args=[row.pk])).content.decode()
        assert "排序理由" in page and "分" in page

    def test_counts_the_same_queries_for_more_tasks(self, owe, as_role):
        client = as_role("section_officer")
        owe("甲店")
        make()
        client.get(reverse("visit_order"))
        with CaptureQueriesContext(connection) as few:
            client.get(reverse("visit_order"))
        for n in range(9):
            owe(f"乙店{n}")
        make()
        OrderRun.objects.exclude(pk=OrderRun.objects.first().pk).delete()
        with CaptureQueriesContext(connection) as many:
            client.get(reverse("visit_order"))
        assert len(few) == len(many) <= 20


class TestTheBackTest:
    @pytest.fixture
    def run(self, owe) -> OrderRun:
        owe("甲店")
        run = make()
        run.back_test, run.applied_at = TESTED, NOW
        run.save()
        return run

    def page(self, client, run: OrderRun) -> str:
        return client.get(reverse("visit_order_check", args=[run.pk])).content.decode()

    def test_shows_gain_and_interval(self, run, as_role):
        assert "提前 9.5 天" in self.page(as_role("section_officer"), run)

    def test_says_when_it_is_no_better_than_chance(self, run, as_role):
        page = self.page(as_role("section_officer"), run)
        assert page.count("看不出比随机顺序好") == 1 and page.count("<dd>比随机顺序好") == 1

    def test_shows_strictness_to_the_head(self, run, as_role):
        assert "严检" in self.page(as_role("head"), run)

    @pytest.mark.parametrize("role", ["section_officer", "upper_viewer"])
    def test_shows_strictness_to_nobody_else(self, run, as_role, role):
        assert "严检" not in self.page(as_role(role), run)

    def test_shows_a_station_the_gain_but_not_its_neighbours(self, run, as_role):
        page = self.page(as_role("station_inspector"), run)
        assert "提前 9.5 天" in page and "是否公平" not in page

    def test_says_when_the_record_is_too_short(self, owe, as_role):
        Task.objects.all().delete()
        owe("甲店")
        assert "记录太少" in self.page(as_role("section_officer"), make())
