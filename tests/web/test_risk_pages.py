"""风险: a meeting from its preparation, a signal with its records, a risk to its strike-off, 今日."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from docx import Document

from moment import NOW
from visiting import photo
from xiejian.people.policy import SYSTEM, Actor
from xiejian.risks import actions
from xiejian.risks.models import RiskItem, RiskMeeting
from xiejian.sampling.models import Sample
from xiejian.web import clock

TODAY = NOW.date()
DAY = TODAY.isoformat()


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda request: NOW)


@pytest.fixture
def officer(as_role):
    return as_role("section_officer")


@pytest.fixture
def failed(ours):
    """A sample of our shop that failed in the quarter."""
    return Sample.objects.create(
        number="S1", kind="县级抽检", party=ours, link="经营", state="reported", product_name="口罩",
        result="不符合规定", result_on=dt.date(2024, 2, 1), sampled_on=TODAY, office_code=ours.office_code,
    )  # fmt: skip


@pytest.fixture
def meeting(failed, naiman) -> RiskMeeting:
    return actions.prepare_meeting(office_code=naiman.code, year=2024, quarter=1, by=SYSTEM, at=NOW)


@pytest.fixture
def risk(meeting) -> RiskItem:
    return actions.list_reading(reading=meeting.readings.get(grouping="party"), on=TODAY, by=SYSTEM, at=NOW)


def page(client, address: str) -> str:
    return client.get(address).content.decode()


def word(answer) -> str:
    document = Document(io.BytesIO(b"".join(answer) if answer.streaming else answer.content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([p.text for p in document.paragraphs] + cells)


class TestAMeeting:
    def test_is_prepared_held_and_concluded_on_its_page(self, officer, failed):
        answer = officer.post("/risks/meetings/new/", {"year": 2024, "quarter": 1})
        held = {
            "do": "hold_meeting",
            "held_on": DAY,
            "chair": "张局",
            "participants": "李科",
            "agenda": "一\n二",
        }
        officer.post(answer.url, held)
        officer.post(answer.url, {"do": "conclude_meeting", "minutes": "讨论", "conclusions": "列管"})
        found = RiskMeeting.objects.get()
        assert (found.state, found.agenda) == ("concluded", ["一", "二"])

    def test_of_a_quarter_to_come_is_refused_in_the_form(self, officer):
        assert officer.post("/risks/meetings/new/", {"year": 2024, "quarter": 4}).status_code == 422

    def test_puts_a_signal_on_the_list(self, officer, meeting, ours):
        reading = meeting.readings.get(grouping="party")
        given = {"do": "list_reading", "reading": reading.pk}
        assert officer.post(f"/risks/meetings/{meeting.pk}/", given).status_code == 302
        assert RiskItem.objects.get().party == ours

    def test_is_reported_as_word(self, officer, meeting, risk, ours):
        text = word(officer.get(f"/risks/meetings/{meeting.pk}/report/"))
        assert "2024年第一季度风险会商分析报告" in text and ours.name in text and risk.number in text

    def test_asks_as_often_for_many_signals_as_for_few(self, officer, meeting, django_assert_max_num_queries):
        page(officer, f"/risks/meetings/{meeting.pk}/")
        with django_assert_max_num_queries(14):
            officer.get(f"/risks/meetings/{meeting.pk}/")


class TestASignal:
    def test_shows_its_records(self, officer, meeting, ours):
        text = page(officer, f"/risks/signals/failed_samples/?by=party&key={ours.pk}")
        assert "S1" in text and ours.name in text and "达到起点" in text

    def test_shows_those_of_the_quarter_before(self, officer, meeting):
        assert "没有记录" in page(officer, "/risks/signals/failed_samples/?which=before")

    @pytest.mark.parametrize(
        "address",
        [
            "none/",
            "failed_samples/?by=point",
            "failed_samples/?by=party&key=x",
            "failed_samples/?by=party&key=²",
            "failed_samples/?by=party&key=99999999999999999999",
        ],
    )
    def test_that_does_not_exist_is_not_found(self, officer, address):
        assert officer.get(f"/risks/signals/{address}").status_code == 404

    def test_does_not_name_a_party_of_another_county(self, officer, theirs):
        text = page(officer, f"/risks/signals/failed_samples/?by=party&key={theirs.pk}")
        assert theirs.name not in text

    def test_of_another_county_is_refused(self, officer, dushan):
        assert officer.get("/risks/signals/failed_samples/?office=522726").status_code == 403


class TestARisk:
    def test_goes_its_way_on_its_page(self, officer, as_role, officers, risk):
        here = f"/risks/items/{risk.pk}/"
        owner = officers["station_inspector"]
        officer.post(here, {"do": "assess_item", "level": "medium", "owner": owner.pk, "on": DAY})
        officer.post(here, {"do": "add_measure", "content": "检查", "who": "王检", "due_on": DAY})
        officer.post(here, {"do": "put_under_control", "on": DAY})
        measure = risk.measures.get()
        officer.post(here, {"do": "complete_measure", "measure": measure.pk, "on": DAY, "result": "已查"})
        officer.post(here, {"do": "ask_strike_off", "on": DAY, "reasons": "已整改", "files": photo()})
        assert "批准销号" not in page(officer, here)  # whoever asked does not decide
        as_role("head").post(here, {"do": "strike_off", "on": DAY})
        risk.refresh_from_db()
        assert (risk.state, risk.evidence.count()) == ("struck_off", 1)

    def test_says_what_is_missing_in_the_form(self, officer, risk):
        answer = officer.post(f"/risks/items/{risk.pk}/", {"do": "assess_item", "level": "low", "on": DAY})
        assert answer.status_code == 422

    def test_leads_to_the_records_behind_its_value(self, officer, risk):
        assert "/risks/signals/failed_samples/?by=party" in page(officer, f"/risks/items/{risk.pk}/")

    def test_is_entered_by_hand_for_a_party(self, officer, ours):
        given = {
            "title": "冷链断链",
            "content": "检查发现",
            "office_code": ours.office_code,
            "on": DAY,
            "tags": "体外诊断",
        }
        officer.post(f"/risks/items/new/?party={ours.pk}", given)
        found = RiskItem.objects.get()
        assert (found.party, found.tags) == (ours, "|体外诊断|")

    def test_stands_in_the_archive_of_its_party(self, officer, risk, ours):
        assert risk.number in page(officer, f"/parties/{ours.pk}/")

    def test_hands_its_evidence_over_as_a_download(self, officer, risk):
        file = risk.evidence.create(file=photo(), name="照片.jpg", sha256="0", size=1, at=NOW, by_name="x")
        answer = officer.get(f"/risks/evidence/{file.pk}/")
        answer.close()
        assert answer["Content-Disposition"].startswith("attachment")


class TestTheList:
    @pytest.mark.parametrize(
        ("tab", "shown"), [("open", True), ("due", True), ("asked", False), ("all", True)]
    )
    def test_has_tabs(self, officer, risk, tab, shown):
        assert (risk.number in page(officer, f"/risks/items/?tab={tab}")) is shown

    def test_takes_a_number_that_is_none_for_no_filter(self, officer):
        assert officer.get("/risks/items/?meeting=²").status_code == 200

    def test_is_a_word_document_too(self, officer, risk):
        assert risk.number in word(officer.get("/risks/items/paper/?tab=open"))

    def test_asks_as_often_for_many_as_for_one(self, officer, risk, naiman, django_assert_max_num_queries):
        for number in range(5):
            actions.list_risk(
                entry=actions.Entry(f"风险{number}", "发现"),
                office_code=naiman.code,
                on=TODAY,
                by=SYSTEM,
                at=NOW,
            )
        with django_assert_max_num_queries(12):
            officer.get("/risks/items/")


class TestToday:
    def test_shows_what_somebody_else_asked_to_strike_off(self, officer, as_role, risk):
        RiskItem.objects.filter(pk=risk.pk).update(
            state="asked", asked_by="t.section_officer", asked_on=TODAY
        )
        shown = [f"待销号：{risk.title}" in page(client, "/") for client in (officer, as_role("head"))]
        assert shown == [False, True]

    def test_shows_what_is_to_be_received(self, as_role, naiman):
        by = Actor("li", "李科", naiman.code, "section_officer")
        item = actions.list_risk(
            entry=actions.Entry("冷链", "断链"), office_code=naiman.code, on=TODAY, by=by, at=NOW
        )
        actions.hand_down(item=item, to_office="150525100", content="排查", on=TODAY, by=by, at=NOW)
        inspector = as_role("station_inspector")
        assert "待签收：冷链" in page(inspector, "/")
        handing = item.handings.get()
        inspector.post(f"/risks/items/{item.pk}/", {"do": "acknowledge", "handing": handing.pk, "on": DAY})
        handing.refresh_from_db()
        assert handing.receipt_by == "测试station_inspector"
