"""召回: the list, one recall from a report to its papers, its units with answers, the public's list."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest
from click.testing import CliRunner
from docx import Document

from traced import DEALER, DI, HOSPITAL, LOT, TODAY, lot_on_its_way
from visiting import photo
from xiejian.cli.main import main
from xiejian.people.policy import SYSTEM
from xiejian.risks.models import RiskItem
from xiejian.vigilance import recalls
from xiejian.vigilance.actions import register_event
from xiejian.vigilance.checks import Report
from xiejian.vigilance.models import EventSignal, Recall, RecallHolder
from xiejian.vigilance.recall_checks import Suspicion
from xiejian.web.recall_origins import shown

FORM = {
    "kind": "责令", "product_name": "试剂盒<b>", "di": DI, "lots": LOT, "holder_name": "甲厂",
    "level": "二级", "suspected_on": TODAY, "on": TODAY, "reason": "检验不合格", "office_code": "150525",
}  # fmt: skip


@pytest.fixture
def officer(as_role):
    return as_role("section_officer")


@pytest.fixture
def ordered(naiman, now):
    def make(**facts):
        given = {
            "product_name": "试剂盒", "reason": "检验不合格", "suspected_on": TODAY, "holder_name": "甲厂",
            "di": DI, "lots": (LOT,),
        } | facts  # fmt: skip
        return recalls.order_recall(
            suspicion=Suspicion(**given), level="二级", on=TODAY, received_on=TODAY, office_code="150525",
            by=SYSTEM, at=now,
        )  # fmt: skip

    return make


def text(answer) -> str:
    return answer.content.decode()


class TestTheList:
    def test_it_asks_as_often_for_many_as_for_one(self, officer, ordered, django_assert_max_num_queries):
        for _ in range(4):
            ordered()
        with django_assert_max_num_queries(13):
            page = text(officer.get("/recalls/"))
        assert page.count("检验不合格") == 0 and page.count("甲厂") >= 4

    def test_units_without_an_answer_are_on_a_tab(self, officer, ordered):
        found = ordered()
        assert found.number not in text(officer.get("/recalls/?tab=unanswered"))
        RecallHolder.objects.create(recall=found, name="医院", state="informed", notified_on=TODAY)
        assert found.number in text(officer.get("/recalls/?tab=unanswered"))


class TestANewOne:
    def test_is_ordered_on_the_page(self, officer, naiman):
        answer = officer.post("/recalls/new/", FORM)
        made = Recall.objects.get()
        assert (answer.status_code, made.state, made.lots) == (302, "decided", [LOT])
        assert "<b>" not in text(officer.get(f"/recalls/{made.pk}/"))

    def test_what_is_missing_is_said(self, officer, naiman):
        answer = officer.post("/recalls/new/", FORM | {"lots": ""})
        assert (answer.status_code, "没有写明召回的批号" in text(answer)) == (422, True)

    def test_it_begins_with_the_report_that_led_to_it(self, officer, ours, now):
        report = Report(
            product_name="输液器", lot="A7", event_on=TODAY, found_on=TODAY, reported_on=TODAY, harm="死亡",
            injury="休克", failure="渗漏", maker="甲厂",
        )  # fmt: skip
        event = register_event(report=report, party=ours, reporter_kind="使用单位", by=SYSTEM, at=now)
        address = f"/recalls/new/?from=event&record={event.pk}"
        assert "A7" in text(officer.get(address))
        officer.post(address, FORM)
        assert shown(Recall.objects.get()) == (f"不良事件 {event.number}", f"/events/{event.pk}/")
        assert Recall.objects.get().number in text(officer.get(f"/events/{event.pk}/"))

    def test_it_begins_with_the_signal_that_was_judged(self, officer, naiman):
        said = {"rule": "death", "product": "输液泵", "subject": "E1", "count": "1", "reason": "死亡报告"}
        officer.post("/events/signals/judge/", said | {"outcome": "继续观察"})
        signal = EventSignal.objects.get()
        assert "输液泵" in text(officer.get(f"/recalls/new/?from=signal&record={signal.pk}"))

    def test_it_begins_with_the_lot_that_was_traced(self, officer, naiman):
        assert LOT in text(officer.get(f"/recalls/new/?from=trace&di={DI}&lot={LOT}"))


class TestOneRecall:
    def test_the_risk_that_a_signal_of_the_product_became_is_shown(self, officer, ordered):
        said = {"rule": "death", "product": "试剂盒", "subject": "E1", "count": "1", "reason": "死亡报告"}
        officer.post("/events/signals/judge/", said | {"outcome": "列入清单"})
        assert RiskItem.objects.get().number in text(officer.get(f"/recalls/{ordered().pk}/"))

    def test_traced_told_answered_on_its_pages(self, officer, ordered, django_assert_max_num_queries):
        lot_on_its_way()
        found = ordered()
        page = f"/recalls/{found.pk}/"
        officer.post(page, {"do": "trace_holders", "on": TODAY})
        officer.post(page, {"do": "notify_holders", "on": TODAY, "how": "系统"})
        row = RecallHolder.objects.get(uscc=DEALER)
        officer.post(
            f"/recalls/holders/{row.pk}/",
            {"do": "answer_recall", "on": TODAY, "stopped": "on", "found": 30, "returned": 30, "treated": 0,
             "destroyed": 0, "implanted": 0},
        )  # fmt: skip
        with django_assert_max_num_queries(22):
            told = text(officer.get(page))
        assert "1 / 4 家" in told and "奈曼经销" in told
        listed = text(officer.get(f"{page}holders/?state=informed"))
        assert "奈曼医院" in listed and "奈曼经销" not in listed

    def test_what_a_step_refuses_is_said_on_the_page(self, officer, ordered):
        answer = officer.post(
            f"/recalls/{ordered().pk}/", {"do": "notify_holders", "on": TODAY, "how": "系统"}
        )
        assert (answer.status_code, "名单中还没有持有单位" in text(answer)) == (422, True)

    def test_an_inspector_moves_nothing(self, as_role, ordered):
        found = ordered()
        answer = as_role("station_inspector").post(f"/recalls/{found.pk}/", {"do": "file_form", "on": TODAY})
        assert answer.status_code in (403, 404)

    def test_a_file_is_kept_with_the_answer(self, officer, ordered):
        row = RecallHolder.objects.create(recall=ordered(), name="医院", office_code="150525")
        page = f"/recalls/holders/{row.pk}/"
        officer.post(page, {"do": "attach_evidence", "files": photo("封存.jpg"), "caption": "已封存"})
        assert "已封存" in text(officer.get(page))

    @pytest.mark.parametrize("kind", ["notice", "order", "form", "plan", "progress", "summary"])
    def test_its_papers_name_product_and_lots(self, officer, ordered, kind):
        found = ordered()
        day = TODAY + dt.timedelta(days=9)
        Recall.objects.filter(pk=found.pk).update(
            state="completed", completed_on=TODAY, plan_on=TODAY, planned=10, every_days=5, finish_by=day
        )
        answer = officer.get(f"/recalls/{found.pk}/papers/{kind}/")
        words = Document(io.BytesIO(answer.content))
        cells = "".join(cell.text for table in words.tables for row in table.rows for cell in row.cells)
        assert "试剂盒" in cells and LOT in cells


def test_the_public_reads_what_is_recalled_and_nothing_of_the_units(client, ordered):
    found = ordered()
    RecallHolder.objects.create(recall=found, name="奈曼医院", uscc=HOSPITAL, notified_on=TODAY)
    page = text(client.get("/public/recalls/"))
    assert "试剂盒" in page and LOT in page and "奈曼医院" not in page


class TestTheCommand:
    def test_it_lists_them_and_shows_one_with_its_units(self, ordered):
        found = ordered()
        RecallHolder.objects.create(recall=found, name="医院", quantity=3)
        listed = json.loads(CliRunner().invoke(main, ["recall", "list", "--tab", "open", "--json"]).output)
        assert [row["number"] for row in listed["recalls"]] == [found.number]
        shown = json.loads(CliRunner().invoke(main, ["recall", "show", found.number, "--json"]).output)
        assert (shown["holders"][0]["quantity"], shown["figures"]["unanswered"]) == (3, 1)

    def test_one_that_is_not_there_is_said(self, naiman):
        assert "J427" in CliRunner().invoke(main, ["recall", "show", "没有", "--json"]).output


def test_what_runs_out_is_on_the_day_page(officer, ordered, now):
    found = ordered()
    RecallHolder.objects.create(recall=found, name="医院", state="informed", notified_on=TODAY)
    page = text(officer.get("/"))
    assert found.number in page and "召回未答复 1 家" in page
