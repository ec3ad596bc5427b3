"""检查表: the lists, one list with its rule and its kept versions, the office's own points."""

from __future__ import annotations

import pytest

from moment import NOW
from visiting import appoint, enrol
from xiejian.inspections import actions, checklists, own_points
from xiejian.inspections.models import ChecklistVersion, OwnPoint
from xiejian.inspections.own_points import Draft
from xiejian.people.policy import SYSTEM
from xiejian.web import clock

TODAY = NOW.date()
STATION = "150525100"


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda request: NOW)


@pytest.fixture
def client(as_role):
    return as_role("section_officer")


@pytest.fixture
def point(naiman):
    (row,) = own_points.add_own_points(
        drafts=[Draft("contact-lens", "近视防治产品专柜有标识", "旗局工作提示", when={"mode": ["批发"]})],
        office_code="150525", from_on=TODAY, by=SYSTEM, at=NOW,
    )  # fmt: skip
    return row


@pytest.fixture
def started(naiman):
    shop = enrol("明眸眼镜店", STATION, NOW, tags="|角膜接触镜|")
    team = [appoint("wang", "王检", STATION, NOW), appoint("zhao", "赵检", STATION, NOW)]
    visit = actions.schedule_visit(
        party=shop, link="经营", kind="日常检查", planned_on=TODAY, team=team, by=SYSTEM, at=NOW
    )
    return actions.start_visit(visit=visit, on=TODAY, by=SYSTEM, at=NOW)


def given(**changes):
    return {
        "checklist": "contact-lens", "text": "专柜有标识", "citation": "旗局工作提示",
        "chapter": "本单位补充",
        "office_code": "150525", "from_on": TODAY.isoformat(), **changes,
    }  # fmt: skip


class TestTheLists:
    def test_count_their_points_and_those_not_verified(self, client):
        page = client.get("/checklists/")
        assert page.context["total"] == len(checklists.checklists())

    def test_are_narrowed_to_a_link(self, client):
        groups = client.get("/checklists/?link=使用").context["groups"]
        assert all("使用" in row.checklist.links for _, rows in groups for row in rows)

    def test_say_how_many_points_this_office_adds(self, client, point):
        groups = client.get("/checklists/").context["groups"]
        own = {row.checklist.id: row.own for _, rows in groups for row in rows}
        assert (own["contact-lens"], own["use"]) == (1, 0)

    def test_ask_few_queries(self, client, point, django_assert_max_num_queries):
        with django_assert_max_num_queries(6):
            client.get("/checklists/")


class TestOneList:
    def test_shows_every_point_with_its_basis_and_the_own_ones(self, client, point):
        page = client.get("/checklists/contact-lens/").content.decode()
        wanted = [p.text for p in checklists.get("contact-lens").points] + [point.text, "经营方式 批发"]
        assert [text for text in wanted if text not in page] == []

    def test_shows_its_rule_in_words(self, client):
        page = client.get("/checklists/distribution/").content.decode()
        assert "一般项不符合数超过适用一般项的 1/10" in page
        assert "30 日内整改" in page

    def test_marks_what_is_not_verified(self, client):
        assert 'class="unverified">未核实</span>' in client.get("/checklists/distribution/").content.decode()

    def test_opens_a_version_that_was_used(self, client, started, point):
        version = started.checklist_version
        page = client.get(f"/checklists/contact-lens/?version={version}")
        assert (page.context["checklist"].version, page.context["current"]) == (version, False)
        assert point.text not in page.content.decode()

    def test_names_the_versions_that_were_used(self, client, started, point):
        page = client.get("/checklists/contact-lens/")
        assert [version for version, _ in page.context["kept"]] == [started.checklist_version]

    @pytest.mark.parametrize("address", ["nothing/", "nothing/blank/", "use/?version=none"])
    def test_that_there_is_not_is_not_found(self, client, address):
        assert client.get(f"/checklists/{address}").status_code == 404

    def test_hides_versions_with_the_points_of_strangers(self, client, started):
        kept = ChecklistVersion.objects.get()
        kept.content["points"][0]["office"] = "522726"
        kept.save()
        assert client.get("/checklists/contact-lens/").context["kept"] == []

    def test_prints_empty(self, client, point):
        page = client.get("/checklists/contact-lens/blank/").content.decode()
        assert page.count("□不适用") == len(checklists.get("contact-lens").points) + 1

    def test_asks_few_queries(self, client, started, point, django_assert_max_num_queries):
        with django_assert_max_num_queries(7):
            client.get("/checklists/contact-lens/")


class TestOwnPoints:
    def test_are_added_by_a_form(self, client):
        answer = client.post("/checklists/own/new/", given(classes=["3"], modes=["批发"], tags="冷链、无菌"))
        row = OwnPoint.objects.get()
        assert answer.url == f"/checklists/own/{row.pk}/"
        assert row.when == {"classes": ["3"], "mode": ["批发"], "tags": ["冷链", "无菌"]}

    @pytest.mark.parametrize("changes", [{"text": ""}, {"checklist": "nothing"}, {"office_code": "522726"}])
    def test_that_are_not_complete_are_shown_again(self, client, changes):
        answer = client.post("/checklists/own/new/", given(**changes))
        assert (answer.status_code, OwnPoint.objects.count()) == (422, 0)

    def test_in_the_same_words_are_refused_in_the_form(self, client, point):
        answer = client.post("/checklists/own/new/", given(text=point.text))
        assert answer.status_code == 422
        assert "I506" in answer.content.decode()

    def test_are_listed_and_searched(self, client, point):
        assert client.get("/checklists/own/?q=专柜").context["listing"].total == 1
        assert client.get("/checklists/own/?q=没有").context["listing"].total == 0

    def test_are_withdrawn_with_a_reason(self, client, point):
        client.post(
            f"/checklists/own/{point.pk}/",
            {"do": "withdraw_own_point", "on": TODAY.isoformat(), "reason": "重复"},
        )
        assert OwnPoint.objects.get().withdrawn_on == TODAY
        assert client.get("/checklists/own/").context["listing"].total == 0
        assert client.get("/checklists/own/?tab=all").context["listing"].total == 1

    def test_are_not_withdrawn_by_who_may_not(self, as_role, point):
        as_role("station_inspector").post(
            f"/checklists/own/{point.pk}/",
            {"do": "withdraw_own_point", "on": TODAY.isoformat(), "reason": "重复"},
        )
        assert OwnPoint.objects.get().withdrawn_on is None

    def test_are_a_kind_of_import(self, client):
        assert "本单位补充检查点" in client.get("/parties/import/?kind=own-points").content.decode()

    def test_ask_the_same_queries_for_many(self, client, point, django_assert_max_num_queries):
        OwnPoint.objects.bulk_create(
            OwnPoint(
                number=f"补150525-{n}", checklist="use", chapter="一", text=f"第{n}项", citation="文件",
                office_code="150525", from_on=TODAY, added_at=NOW, added_by="x",
            )
            for n in range(2, 40)
        )  # fmt: skip
        with django_assert_max_num_queries(8):
            client.get("/checklists/own/")


class TestTheVisitPage:
    def test_shows_the_own_points_of_its_day_after_they_were_withdrawn(self, client, naiman, point):
        shop = enrol("批发店", STATION, NOW, tags="|角膜接触镜|")
        team = [appoint("wang", "王检", STATION, NOW), appoint("zhao", "赵检", STATION, NOW)]
        visit = actions.schedule_visit(
            party=shop, link="经营", kind="日常检查", planned_on=TODAY, team=team, by=SYSTEM, at=NOW
        )
        actions.start_visit(visit=visit, on=TODAY, by=SYSTEM, at=NOW)
        own_points.withdraw_own_point(point=point, on=TODAY, reason="重复", by=SYSTEM, at=NOW)
        assert point.text in client.get(f"/visits/{visit.pk}/").content.decode()

    def test_folds_away_what_the_register_says_does_not_apply(self, client, naiman, point):
        shop = enrol("零售店", STATION, NOW, tags="|角膜接触镜|")
        shop.links.update(mode="零售")
        team = [appoint("wang", "王检", STATION, NOW), appoint("zhao", "赵检", STATION, NOW)]
        visit = actions.schedule_visit(
            party=shop, link="经营", kind="日常检查", planned_on=TODAY, team=team, by=SYSTEM, at=NOW
        )
        actions.start_visit(visit=visit, on=TODAY, by=SYSTEM, at=NOW)
        page = client.get(f"/visits/{visit.pk}/")
        assert [row.id for row in page.context["spared"]] == [point.number]
        assert "按登记情况不涉及的检查点 1 项" in page.content.decode()
