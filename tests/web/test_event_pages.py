"""不良事件, 信号, 报告任务: lists, one report with its steps, a signal on the risk list, the command line."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import CliRunner
from django.utils import timezone

from visiting import photo
from xiejian.cli.main import main
from xiejian.people.policy import SYSTEM
from xiejian.risks.models import RiskItem
from xiejian.vigilance.actions import register_event
from xiejian.vigilance.checks import Report
from xiejian.vigilance.models import AdverseEvent, EventSignal, ReportQuota

DAY = dt.date(2024, 3, 1)


@pytest.fixture
def officer(as_role):
    return as_role("section_officer")


@pytest.fixture
def told(ours, now):
    def make(at=now, **facts):
        given = {
            "product_name": "输液器<b>", "lot": "A1", "event_on": DAY, "found_on": DAY, "reported_on": DAY,
            "harm": "死亡", "injury": "休克", "failure": "接头渗漏",
        } | facts  # fmt: skip
        return register_event(report=Report(**given), party=ours, reporter_kind="使用单位", by=SYSTEM, at=at)

    return make


def text(answer) -> str:
    return answer.content.decode()


class TestTheList:
    def test_what_waits_for_a_review_is_on_it(self, officer, told):
        assert told().number in text(officer.get("/events/"))

    def test_it_asks_as_often_for_many_as_for_one(self, officer, told, django_assert_max_num_queries):
        for number in range(5):
            told(lot=str(number))
        with django_assert_max_num_queries(13):
            officer.get("/events/")

    def test_two_reports_alike_are_on_a_tab(self, officer, told):
        number = told().number
        assert number not in text(officer.get("/events/?tab=alike"))
        told()
        assert number in text(officer.get("/events/?tab=alike"))


class TestANewReport:
    def test_is_entered_on_the_page(self, officer, ours):
        answer = officer.post("/events/new/", {
            "party": ours.name, "reporter_kind": "使用单位", "reported_on": DAY, "product_name": "血糖仪",
            "serial": "SN1", "event_on": DAY, "found_on": DAY, "harm": "其他", "injury": "无",
            "failure": "示值偏高",
        })  # fmt: skip
        assert (answer.status_code, AdverseEvent.objects.get().term) == (302, "inaccurate")

    def test_what_is_missing_is_said(self, officer, ours):
        answer = officer.post("/events/new/", {
            "party": "没有这家", "reporter_kind": "使用单位", "reported_on": DAY, "product_name": "血糖仪",
            "serial": "SN1", "event_on": DAY, "found_on": DAY, "harm": "其他", "injury": "无",
            "failure": "示值偏高",
        })  # fmt: skip
        assert (answer.status_code, "没有唯一的" in text(answer)) == (422, True)


class TestOneReport:
    def test_a_step_is_taken_on_its_page(self, officer, told):
        event = told()
        officer.post(f"/events/{event.pk}/", {"do": "pass_county", "on": DAY})
        event.refresh_from_db()
        assert event.state == "county_passed"

    def test_photographs_are_kept_with_it(self, officer, told):
        page = f"/events/{told().pk}/"
        officer.post(page, {"do": "attach_evidence", "files": photo("接头.jpg"), "caption": "接头渗漏处"})
        assert "接头渗漏处" in text(officer.get(page))

    def test_another_report_alike_is_shown(self, officer, told):
        event, other = told(), told()
        page = text(officer.get(f"/events/{event.pk}/"))
        assert "疑似重复" in page and other.number in page

    def test_the_death_is_amended_with_its_time(self, officer, told):
        event = told(harm="其他")
        facts = {name: getattr(event, name) for name in ("product_name", "lot", "injury", "failure", "term")}
        officer.post(
            f"/events/{event.pk}/",
            {
                "do": "amend_event",
                "harm": "死亡",
                "event_on": DAY,
                "reason": "随访",
                "learned_on": DAY,
                **facts,
            },
        )
        event.refresh_from_db()
        assert event.harm == "死亡"

    def test_an_inspector_reviews_nothing(self, as_role, told):
        event = told()
        inspector = as_role("station_inspector")
        assert "县级审核通过</button>" not in text(inspector.get(f"/events/{event.pk}/"))
        assert inspector.post(f"/events/{event.pk}/", {"do": "pass_county", "on": DAY}).status_code == 403


class TestSignals:
    JUDGED = {"rule": "death", "product": "输液器", "subject": "E1", "count": "1", "reason": "死亡报告"}

    def test_a_death_is_an_alert(self, officer, told):
        today = timezone.localdate()  # the page's own day: alerts are of the last year
        event = told(timezone.now(), event_on=today, found_on=today, reported_on=today)
        page = text(officer.get("/events/signals/"))
        assert event.number in page and "<b>" not in page

    def test_one_step_puts_it_on_the_risk_list(self, officer, naiman):
        officer.post("/events/signals/judge/", self.JUDGED | {"outcome": "列入清单"})
        assert EventSignal.objects.get().risk_no == RiskItem.objects.get().number

    def test_ruled_out_it_is_no_risk(self, officer, naiman):
        officer.post("/events/signals/judge/", self.JUDGED | {"outcome": "排除"})
        assert (EventSignal.objects.count(), RiskItem.objects.count()) == (1, 0)

    def test_what_the_room_refuses_leaves_no_risk(self, officer, naiman):
        officer.post("/events/signals/judge/", self.JUDGED | {"outcome": "列入清单", "rule": "none"})
        assert (EventSignal.objects.count(), RiskItem.objects.count()) == (0, 0)


class TestQuotas:
    def test_are_set_on_the_page(self, officer, ours):
        officer.post("/events/quotas/?year=2024", {"parties": ours.name, "count": 5})
        assert ReportQuota.objects.get().count == 5

    def test_an_unknown_unit_is_named(self, officer, ours):
        answer = officer.post("/events/quotas/?year=2024", {"parties": "没有这家", "count": 5})
        assert (answer.status_code, "没有这家" in text(answer)) == (422, True)


class TestTheCommandLine:
    @pytest.mark.parametrize(
        ("command", "key"), [("list", "events"), ("signals", "alerts"), ("quotas", "quotas")]
    )
    def test_answers_in_json(self, told, command, key):
        told()
        answer = CliRunner().invoke(main, ["event", command, "--json"])
        assert key in json.loads(answer.output)
