"""不良事件 and 召回 at the firms' entrance: who reports, evaluates, recalls, answers; who sees what."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from refusals import refused
from visiting import photo
from xiejian.inspections.models import Evidence
from xiejian.people.policy import SYSTEM
from xiejian.supply.models import ProductCard
from xiejian.vigilance import (
    actions,
    association,
    queries,
    recall_holders,
    recall_queries,
    recall_rules,
    recalls,
)
from xiejian.vigilance.checks import Report
from xiejian.vigilance.models import AdverseEvent, Recall, RecallHolder
from xiejian.vigilance.recall_checks import Suspicion

DAY = dt.date(2024, 3, 1)
DI = "06972253600013"
FORM = {
    "reporter_kind": "使用单位", "reported_on": DAY, "product_name": "输液器", "lot": "A1", "event_on": DAY,
    "found_on": DAY, "harm": "严重伤害", "injury": "寒战", "failure": "渗漏",
}  # fmt: skip


def text(answer) -> str:
    return answer.content.decode()


class TestTheFiveQuestions:
    @pytest.mark.parametrize(
        ("answers", "proposed"),
        [
            ({"time": "是", "possible": "是"}, "有关"),
            ({"time": "是", "other": "否"}, "有关"),
            ({"time": "否", "possible": "是", "better": "是"}, "无关"),
            ({"time": "是", "possible": "是", "other": "是"}, "无关"),
            ({"possible": "否"}, "无关"),
            ({"time": "是"}, "无法确定"),
            ({"time": "不清楚", "better": "否"}, "无法确定"),
            ({}, "无法确定"),
        ],
    )
    def test_they_propose_and_say_why(self, answers, proposed):
        found = association.propose(answers)
        assert found.association == proposed and found.why
        assert len(found.missing) == len(association.questions()) - len(answers)


@pytest.fixture
def told(ours, firm_actor, now):
    """A report of the firm's own."""

    def make(party=ours, **facts):
        given = {
            "product_name": "输液器", "lot": "A1", "event_on": DAY, "found_on": DAY, "reported_on": DAY,
            "harm": "严重伤害", "injury": "寒战", "failure": "渗漏",
        } | facts  # fmt: skip
        return actions.register_event(
            report=Report(**given), party=party, reporter_kind="使用单位", by=firm_actor(party), at=now
        )

    return make


class TestReporting:
    def test_a_firm_reports_by_form(self, ours, firm_client):
        answer = firm_client(ours).post("/firm/events/new/", FORM)
        made = AdverseEvent.objects.get()
        assert (answer.status_code, made.party, made.office_code) == (302, ours, ours.office_code)

    def test_a_scanned_code_fills_what_the_firms_file_says(self, ours, firm_client):
        ProductCard.objects.create(
            firm_uscc=ours.uscc, di=DI, product_name="试剂盒", maker="甲厂", source="form"
        )
        scanned = FORM | {"udi": f"(01){DI}(10)B7", "product_name": "", "lot": ""}
        firm_client(ours).post("/firm/events/new/", scanned)
        made = AdverseEvent.objects.get()
        assert (made.product_name, made.lot, made.maker) == ("试剂盒", "B7", "甲厂")

    def test_what_is_missing_is_said(self, ours, firm_client):
        answer = firm_client(ours).post("/firm/events/new/", FORM | {"lot": ""})
        assert (answer.status_code, "没有填写批号或者序列号" in text(answer)) == (422, True)

    def test_for_another_firm_it_may_not(self, told, theirs, ours, firm_actor, now):
        with refused("P101"):
            actions.register_event(
                report=Report("输液器", DAY, DAY, DAY, "其他", "无", "渗漏", lot="A"), party=theirs,
                reporter_kind="使用单位", by=firm_actor(ours), at=now,
            )  # fmt: skip

    def test_one_that_came_back_is_due_and_sent_again(self, ours, told, firm_client, now):
        event = told()
        actions.return_report(event=event, on=DAY, comment="补充照片", by=SYSTEM, at=now)
        client, page = firm_client(ours), reverse("firm_event", args=[event.pk])
        assert "不良事件退回补充" in text(client.get("/firm/")) and "补充照片" in text(client.get(page))
        client.post(page, {"do": "attach_evidence", "files": photo(), "caption": "接头"})
        client.post(page, {"do": "resubmit_report", "on": DAY, "text": "已补充"})
        event.refresh_from_db()
        assert (event.state, Evidence.objects.get().subject) == ("submitted", "adverseevent")

    def test_once_passed_it_is_supplemented_not_amended(self, ours, told, firm_actor, now):
        event = actions.pass_county(event=told(), on=DAY, by=SYSTEM, at=now)
        with refused("J116"):
            actions.amend_event(event=event, changes={"lot": "B"}, reason="核对", by=firm_actor(ours), at=now)

    def test_two_hospitals_that_report_one_event_are_marked_for_the_office(self, told, theirs, officer):
        told()
        told(theirs)
        assert [row.alike for row in queries.events(officer)] == [True, True]


class TestEvaluating:
    @pytest.fixture
    def passed(self, ours, theirs, told, now):
        """A report by ours about a product of theirs."""
        theirs.links.update(link="生产")
        return actions.pass_city(event=told(maker=theirs.name), on=DAY, by=SYSTEM, at=now)

    def test_the_maker_learns_of_it_when_the_city_has_passed_it(self, ours, theirs, told, firm_actor, now):
        theirs.links.update(link="生产")
        event = told(maker=theirs.name)
        assert not queries.firm_events(firm_actor(theirs)).exists()
        actions.pass_city(event=event, on=DAY, by=SYSTEM, at=now)
        assert queries.firm_events(firm_actor(theirs)).get() == event

    def test_it_does_not_learn_who_reported(self, ours, theirs, passed, firm_client):
        page = text(firm_client(theirs).get(reverse("firm_event", args=[passed.pk])))
        assert "提交持有人评价" in page and ours.name not in page

    def test_the_answers_propose_and_a_person_decides(self, theirs, passed, firm_client):
        client, page = firm_client(theirs), reverse("firm_event", args=[passed.pk])
        given = {
            "do": "record_evaluation", "on": DAY, "cause": "接头缺陷", "event_cause": "产品原因",
            "q_time": "是", "q_possible": "是",
        }  # fmt: skip
        answer = client.post(page, given)
        assert (answer.status_code, "建议：有关" in text(answer)) == (422, True)
        client.post(page, given | {"association": "有关"})
        passed.refresh_from_db()
        assert (passed.state, passed.association) == ("evaluated", "有关")

    def test_the_reporter_evaluates_nothing(self, ours, passed, firm_actor, now):
        with refused("P101"):
            actions.record_evaluation(
                event=passed, on=DAY, cause="x", event_cause="产品原因", association="有关",
                by=firm_actor(ours), at=now,
            )  # fmt: skip


@pytest.fixture
def ordered(theirs, now):
    """Theirs is ordered to recall."""
    return recalls.order_recall(
        suspicion=Suspicion(
            product_name="输液器", reason="渗漏", suspected_on=DAY, holder_name=theirs.name, di=DI,
            holder_uscc=theirs.uscc, lots=("A1",),
        ),
        level="二级", on=DAY, office_code="150525", by=SYSTEM, at=now,
    )  # fmt: skip


class TestRecalling:
    def test_a_firm_opens_and_evaluates_one_of_its_own_product(self, ours, firm_client):
        client = firm_client(ours)
        client.post("/firm/recalls/new/", {
            "product_name": "输液器", "lots": "A1\nA2", "suspected_on": DAY, "reason": "渗漏",
        })  # fmt: skip
        made = Recall.objects.get()
        assert (made.holder_uscc, made.lots, made.office_code) == (ours.uscc, ["A1", "A2"], ours.office_code)
        page = reverse("firm_recall", args=[made.pk])
        said = dict.fromkeys(recall_rules.evaluation(), "无")
        client.post(page, {"do": "evaluate_recall", "on": DAY, **said})
        client.post(page, {"do": "decide_recall", "on": DAY, "level": "三级"})
        made.refresh_from_db()
        assert (made.state, made.level) == ("decided", "三级")

    def test_an_order_is_signed_for_and_carried_out(self, theirs, ordered, firm_client, now):
        client, page = firm_client(theirs), reverse("firm_recall", args=[ordered.pk])
        assert "签收责令召回通知书" in text(client.get("/firm/"))
        client.post(page, {"do": "receive_order", "on": DAY})
        client.post(page, {"do": "add_holder", "name": "村卫生室", "quantity": 2})
        client.post(page, {"do": "notify_holders", "on": DAY, "how": "电话"})
        client.post(page, {"do": "file_form", "on": DAY, "contact": "0475-1"})
        client.post(page, {
            "do": "file_plan", "on": DAY, "planned": 2, "treatments": ["收回"], "measures": "收回",
            "finish_by": DAY, "every_days": 5,
        })  # fmt: skip
        client.post(page, {"do": "report_progress", "on": DAY, "returned": 2, "treated": 2, "destroyed": 2})
        client.post(page, {"do": "complete_recall", "on": DAY, "unaccounted": "卫生室未答复，已上门收回"})
        client.post(page, {"do": "file_summary", "on": DAY, "summary": "全部收回"})
        ordered.refresh_from_db()
        assert ordered.state == "summary_filed"
        answer = client.post(page, {"do": "pass_recall", "on": DAY, "review": "好"})
        assert (answer.status_code, Recall.objects.get().state) == (200, "summary_filed")

    def test_its_papers_are_its_own(self, ours, theirs, ordered, firm_client):
        address = reverse("firm_recall_paper", args=[ordered.pk, "form"])
        assert firm_client(theirs).get(address).status_code == 200
        assert firm_client(ours).get(address).status_code == 404


class TestAnswering:
    @pytest.fixture
    def asked(self, ours, ordered, now):
        """Ours holds 30 of it and was told."""
        row = recall_holders.add_holder(
            recall=ordered, name="", uscc=ours.uscc, quantity=30, by=SYSTEM, at=now
        )
        recalls.notify_holders(recall=ordered, how="系统", on=DAY, by=SYSTEM, at=now)
        row.refresh_from_db()
        return row

    def test_it_is_due_until_it_is_answered(self, ours, asked, firm_client, firm_actor):
        client, page = firm_client(ours), reverse("firm_recall_holder", args=[asked.pk])
        assert "答复召回" in text(client.get("/firm/"))
        given = {"found": 30, "returned": 30, "treated": 0, "destroyed": 0, "implanted": 1, "stopped": "on"}
        client.post(page, {"do": "answer_recall", "on": DAY, **given})
        asked.refresh_from_db()
        assert (asked.state, asked.remaining, asked.implanted) == ("answered", 0, 1)
        assert not list(recall_queries.to_answer(firm_actor(ours)))

    def test_what_does_not_add_up_is_said(self, ours, asked, firm_client):
        given = {"found": 1, "returned": 2, "treated": 0, "destroyed": 0, "implanted": 0}
        page = reverse("firm_recall_holder", args=[asked.pk])
        answer = firm_client(ours).post(page, {"do": "answer_recall", "on": DAY, **given})
        assert (answer.status_code, "多于清点的库存" in text(answer)) == (422, True)

    def test_its_recall_shows_no_other_unit(self, ours, ordered, asked, firm_client):
        RecallHolder.objects.create(recall=ordered, name="别家医院", notified_on=DAY, state="informed")
        client = firm_client(ours)
        assert "别家医院" not in text(client.get(reverse("firm_recall", args=[ordered.pk])))

    def test_the_file_of_its_answer_opens_for_itself_alone(self, ours, theirs, asked, firm_client):
        page = reverse("firm_recall_holder", args=[asked.pk])
        firm_client(ours).post(page, {"do": "attach_evidence", "files": photo(), "caption": "封存"})
        address = reverse("firm_file", args=[Evidence.objects.get().pk])
        assert firm_client(theirs).get(address).status_code == 404
        answer = firm_client(ours).get(address)
        answer.close()  # a file that nobody reads stays open
        assert answer.status_code == 200
