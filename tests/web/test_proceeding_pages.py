"""案件办理: the list, one proceeding with its steps, its penalty, a clue from a visit."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from proceeding_walk import Road, Team
from visiting import enrol
from xiejian.cases.models import Case, Measure, Proceeding
from xiejian.clocks.models import Clock
from xiejian.inspections.models import Visit

PENALTY = "?rule=P81-3&on=2024-03-01&goods_value=3000"
PROPOSAL = {"on": "2024-03-05", "step": "ordinary", "fine": "90000", "opinion": "建议一般档次"}


@pytest.fixture
def shop(naiman, now):
    return enrol("某隐形眼镜店", "150525100", now, tags="|角膜接触镜|")


@pytest.fixture
def road(naiman, now):
    return Road(Team(now), now)


@pytest.fixture
def clue(road, shop):
    return road.clue(shop)


@pytest.fixture
def inspector_page(as_role):
    return as_role("station_inspector")


def steps(answer) -> list[str]:
    return [item.step.name for item in answer.context["steps"]]


class TestList:
    @pytest.mark.parametrize(("tab", "count"), [("due", 1), ("soon", 1), ("mine", 0), ("all", 1)])
    def test_has_a_tab_for_each_question(self, inspector_page, clue, tab, count):
        assert inspector_page.get(f"/proceedings/?tab={tab}").context["listing"].total == count

    def test_mine_are_those_that_i_handle(self, as_role, officers, clue):
        clue.investigators.add(officers["station_inspector"])
        page = as_role("station_inspector").get("/proceedings/?tab=mine")
        assert page.context["listing"].total == 1

    def test_takes_as_many_queries_for_many_rows_as_for_one(self, inspector_page, road, shop, clue):
        with CaptureQueriesContext(
            connection,
        ) as one:
            inspector_page.get("/proceedings/?tab=all")
        for number in range(3):
            road.clue(shop, conduct=f"行为{number}")
        with CaptureQueriesContext(connection) as many:
            inspector_page.get("/proceedings/?tab=all")
        assert len(many) == len(one)

    def test_is_exported_as_shown(self, inspector_page, clue):
        answer = inspector_page.get("/proceedings/?tab=all&format=xlsx")
        assert answer["Content-Type"].endswith("sheet")


class TestProceeding:
    def test_offers_each_person_their_own_steps(self, as_role, clue):
        page = f"/proceedings/{clue.pk}/"
        assert "take_measure" in steps(as_role("station_inspector").get(page))
        assert "file_proceeding" not in steps(as_role("station_inspector").get(page))
        assert steps(as_role("head").get(page))[0] == "file_proceeding"
        assert steps(as_role("upper_viewer").get(page)) == []

    def test_is_filed_by_the_head(self, as_role, clue):
        given = {"do": "file_proceeding", "on": "2024-03-05", "number": "奈市监立〔2024〕9号"}
        as_role("head").post(f"/proceedings/{clue.pk}/", given)
        assert Case.objects.get().number == "奈市监立〔2024〕9号"

    def test_says_in_plain_words_what_is_refused(self, as_role, road, shop):
        p = road.to_notice(shop)
        given = {"do": "decide_proceeding", "on": "2024-03-05", "fine": "90000", "confiscated": "500"}
        answer = as_role("head").post(f"/proceedings/{p.pk}/", given)
        assert (answer.status_code, "C103" in answer.content.decode()) == (422, True)

    def test_takes_a_list_of_goods_one_a_line(self, inspector_page, clue):
        given = {
            "do": "take_measure", "kind": "seizure", "taken_at": "2024-03-05T09:00", "content": "防止转移",
            "items": "软性角膜接触镜，-3.00，20231201，20，盒，3000\n护理液,,,5,瓶",
        }  # fmt: skip
        inspector_page.post(f"/proceedings/{clue.pk}/", given)
        items = Measure.objects.get().items.all()
        assert [(i.name, i.quantity, i.unit, i.value_fen) for i in items] == [
            ("软性角膜接触镜", 20, "盒", 300_000), ("护理液", 5, "瓶", None),
        ]  # fmt: skip

    def test_sends_a_list_back_that_it_cannot_read(self, inspector_page, clue):
        given = {
            "do": "take_measure", "kind": "seizure", "taken_at": "2024-03-05T09:00", "content": "x",
            "items": "一些东西",
        }  # fmt: skip
        answer = inspector_page.post(f"/proceedings/{clue.pk}/", given)
        assert (answer.status_code, Measure.objects.count()) == (422, 0)

    def test_costs_a_fixed_number_of_queries(self, inspector_page, road, shop):
        p = road.to_service(shop)
        with CaptureQueriesContext(connection) as taken:
            assert inspector_page.get(f"/proceedings/{p.pk}/").status_code == 200
        assert len(taken) <= 34

    def test_extends_a_time_limit_as_approved(self, as_role, road, clue):
        case, page = road.file(clue).case, f"/proceedings/{clue.pk}/"
        pk = Clock.objects.get(subject="case", record=case.pk, name="decide").pk
        given = {"do": "extend_term", "clock": pk, "n": "31", "on": "2024-03-05", "reason": "案情复杂"}
        assert as_role("head").post(page, given).status_code == 422
        assert as_role("head").post(page, {**given, "n": "30"}).status_code == 302


class TestPenalty:
    @pytest.fixture
    def page(self, road, clue):
        return f"/proceedings/{road.file(clue, days=0).pk}/penalty/"

    def test_shows_the_range_before_the_proposal(self, inspector_page, page):
        answer = inspector_page.get(page + PENALTY)
        assert answer.context["fine"] == "50,000 至 150,000 元"

    def test_is_stored_with_its_facts(self, inspector_page, page):
        inspector_page.post(page + PENALTY, PROPOSAL)
        p = Proceeding.objects.get()
        assert (p.provision, p.proposal["fine_fen"], p.goods_value_fen) == ("P81-3", 9_000_000, 300_000)

    def test_outside_the_range_is_refused_with_what_was_written(self, inspector_page, page):
        answer = inspector_page.post(page + PENALTY, {**PROPOSAL, "fine": "150001"})
        assert (answer.status_code, "C409" in answer.content.decode()) == (422, True)


class TestNewClue:
    def test_takes_over_what_the_visit_says(self, inspector_page, shop, now):
        visit = Visit.objects.create(
            number="奈检〔2024〕1号", party=shop, link="经营", kind="日常检查", state="concluded",
            visited_on=now.date(), persons=2, office_code=shop.office_code,
        )  # fmt: skip
        visit.findings.create(point="1", clause="x", state="not_conform", fact="未建立进货查验记录")
        page = f"/parties/{shop.pk}/proceedings/new/?source=visit&record={visit.pk}"
        form = inspector_page.get(page).context["form"]
        assert form.initial["conduct"] == "未建立进货查验记录"
        given = {
            "source": "监督检查", "source_no": visit.number, "source_on": "2024-03-05", "link": "经营",
            "procedure_kind": "普通", "conduct": "未建立进货查验记录",
        }  # fmt: skip
        inspector_page.post(page, given)
        made = Proceeding.objects.get()
        assert (made.source_kind, made.source_record) == ("visit", visit.pk)
        assert inspector_page.get(f"/visits/{visit.pk}/").context["led_to"] == [made]
