"""案件与约谈: opening, deciding and closing a case on its page; interviews."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from xiejian.cases.models import Case, Interview
from xiejian.inspections.models import Transfer
from xiejian.web import clock

DECISION = {"do": "decide_case", "noticed_on": "2024-03-05"}


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    """The pages' clock stands at NOW."""
    monkeypatch.setattr(clock, "now", lambda request: NOW)


@pytest.fixture
def case(ours) -> Case:
    return Case.objects.create(
        number="奈市监处〔2024〕1号",
        party=ours,
        link="经营",
        filed_on=NOW.date(),
        conduct="未查验供货者资质",
        office_code=ours.office_code,
    )


@pytest.fixture
def client(as_role):
    return as_role("section_officer")


class TestCase:
    def test_is_opened_from_its_party(self, client, ours):
        given = {
            "number": "奈市监处〔2024〕2号", "filed_on": "2024-03-01", "link": "经营", "procedure": "普通",
            "conduct": "经营无证产品", "goods_value": "1234.56",
        }  # fmt: skip
        client.post(f"/parties/{ours.pk}/cases/new/", given)
        assert Case.objects.get().goods_value_fen == 123456

    def test_a_taken_number_is_refused_on_the_form(self, client, ours, case):
        given = {
            "number": case.number, "filed_on": "2024-03-01", "link": "经营", "procedure": "普通",
            "conduct": "未查验",
        }  # fmt: skip
        answer = client.post(f"/parties/{ours.pk}/cases/new/", given)
        assert (answer.status_code, "C101" in answer.content.decode()) == (422, True)

    def test_a_decision_is_kept_in_whole_fen(self, client, case):
        client.post(f"/cases/{case.pk}/", {**DECISION, "decided_on": "2024-03-05", "fine": "20000.10"})
        case.refresh_from_db()
        assert (case.decided_on, case.fine_fen) == (dt.date(2024, 3, 5), 2_000_010)

    def test_a_decision_without_a_notice_is_sent_back(self, client, case):
        given = {"do": "decide_case", "decided_on": "2024-03-05", "fine": "20000"}
        assert client.post(f"/cases/{case.pk}/", given).status_code == 422

    def test_a_decision_before_the_filing_is_refused(self, client, case):
        answer = client.post(f"/cases/{case.pk}/", {**DECISION, "decided_on": "2024-01-01"})
        assert (answer.status_code, "C103" in answer.content.decode()) == (422, True)

    def test_closing_without_decision_needs_a_reason(self, client, case):
        client.post(f"/cases/{case.pk}/", {"do": "close_case", "closed_on": "2024-03-05"})
        case.refresh_from_db()
        assert case.closed_on is None

    def test_a_transfer_is_recorded(self, client, case):
        given = {"do": "transfer_case", "addressee": "公安", "moved_on": "2024-03-05"}
        client.post(f"/cases/{case.pk}/", given)
        assert Transfer.objects.get().source_no == case.number

    def test_who_may_only_look_cannot_decide(self, as_role, case):
        given = {"do": "decide_case", "decided_on": "2024-03-05"}
        assert as_role("station_inspector").post(f"/cases/{case.pk}/", given).status_code == 403

    def test_who_may_only_look_sees_no_steps(self, as_role, case):
        assert as_role("head").get(f"/cases/{case.pk}/").context["steps"] == []

    @pytest.mark.parametrize(
        ("dates", "steps"),
        [
            ({}, ["continue_case", "decide_case", "close_case"]),
            ({"decided_on": NOW.date()}, ["close_case", "request_court_enforcement"]),
            ({"decided_on": NOW.date(), "court_enforcement": True}, ["close_case"]),
            ({"closed_on": NOW.date()}, []),
        ],
    )
    def test_offers_what_may_be_done_now(self, client, case, dates, steps):
        Case.objects.update(**dates)
        shown = client.get(f"/cases/{case.pk}/").context["steps"]
        assert [item.step.name for item in shown] == [*steps, "transfer_case", "amend_cases"]

    def test_is_still_what_it_was_after_a_refusal(self, client, case):
        answer = client.post(f"/cases/{case.pk}/", {**DECISION, "decided_on": "2024-01-01"})
        assert answer.context["state"][0] == "已立案"

    def test_keeps_campaign_and_tags_for_the_tables(self, client, ours):
        given = {
            "number": "奈市监处〔2024〕3号", "filed_on": "2024-03-01", "link": "经营", "procedure": "普通",
            "conduct": "x", "campaign": "naiman-2023", "tags": "角膜接触镜，近视防治",
        }  # fmt: skip
        client.post(f"/parties/{ours.pk}/cases/new/", given)
        made = Case.objects.get()
        assert (made.campaign, made.tags) == ("naiman-2023", "|角膜接触镜|近视防治|")

    def test_is_amended_with_a_reason(self, client, case):
        given = {
            "do": "amend_cases", "conduct": "经营无证产品", "link": "使用", "campaign": "", "tags": "无菌",
            "reason": "登记有误",
        }  # fmt: skip
        client.post(f"/cases/{case.pk}/", given)
        case.refresh_from_db()
        assert (case.conduct, case.link, case.tags) == ("经营无证产品", "使用", "|无菌|")


class TestCaseList:
    @pytest.mark.parametrize(
        ("query", "found"),
        [("year=2024", 1), ("year=2023", 0), ("campaign=x", 0), ("link=经营", 1), ("procedure=简易", 0)],
    )
    def test_is_narrowed_by(self, client, case, query, found):
        assert client.get(f"/cases/?{query}").context["listing"].total == found

    def test_filters_by_state(self, client, case):
        assert client.get("/cases/?state=closed").context["listing"].total == 0

    def test_counts_the_queries(self, client, case, django_assert_max_num_queries):
        with django_assert_max_num_queries(9):
            client.get("/cases/")


class TestInterview:
    def test_is_recorded_from_its_party(self, client, ours):
        given = {"held_on": "2024-03-01", "link": "经营", "reason": "整改不力", "commitments": "三日内改正"}
        client.post(f"/parties/{ours.pk}/interviews/new/", given)
        assert Interview.objects.get().extra == {"承诺": "三日内改正"}

    def test_recorded_twice_is_refused_on_the_form(self, client, ours):
        given = {"held_on": "2024-03-01", "link": "经营", "reason": "整改不力"}
        client.post(f"/parties/{ours.pk}/interviews/new/", given)
        answer = client.post(f"/parties/{ours.pk}/interviews/new/", given)
        assert (answer.status_code, "C201" in answer.content.decode()) == (422, True)

    def test_is_listed_by_campaign(self, client, ours):
        given = {"held_on": "2024-03-01", "reason": "整改不力", "campaign": "naiman-2023"}
        client.post(f"/parties/{ours.pk}/interviews/new/", given)
        assert client.get("/interviews/?campaign=naiman-2023").context["listing"].total == 1
