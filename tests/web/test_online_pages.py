"""网络监测 and 协查: lists, one offer with its steps, feedback, platforms, letters."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from docx import Document
from openpyxl import load_workbook

from moment import NOW
from offers import TODAY, find, send_list
from xiejian.assistance.models import AssistanceRequest
from xiejian.inspections.models import Evidence
from xiejian.leads.actions import Entry, register_lead
from xiejian.online import actions
from xiejian.online.models import Listing
from xiejian.people.policy import SYSTEM


@pytest.fixture
def offer(ours):
    return find(send_list(SYSTEM), SYSTEM, claim="一周根治鼻炎<script>", seller_named=ours.name)


@pytest.fixture
def officer(as_role):
    return as_role("section_officer")


@pytest.fixture
def do(officer, offer):
    """Sends a step of the offer; the answer's status."""

    def send(step, **facts):
        return officer.post(f"/online/{offer.pk}/", {"do": step, **facts}).status_code

    return send


def text(answer) -> str:
    return answer.content.decode()


class TestTheLists:
    @pytest.mark.parametrize("tab", ["check", "all"])
    def test_a_new_offer_is_on_its_tabs(self, officer, offer, tab):
        assert offer.number in text(officer.get(f"/online/?tab={tab}"))

    def test_it_is_not_to_be_reported_yet(self, officer, offer):
        assert offer.number not in text(officer.get("/online/?tab=report"))

    def test_a_mark_finds_it(self, officer, offer):
        assert offer.number in text(officer.get("/online/?rule=OC-1"))
        assert offer.number not in text(officer.get("/online/?rule=OC-7"))

    def test_the_list_asks_as_often_for_many_as_for_one(self, officer, offer, django_assert_max_num_queries):
        for _ in range(4):
            find(offer.source_list, SYSTEM)
        with django_assert_max_num_queries(13):
            officer.get("/online/")

    def test_several_are_handed_out_at_once(self, officer, officers, offer):
        other = find(offer.source_list, SYSTEM)
        to = officers["station_inspector"]
        page = officer.get(f"/online/assign/?ids={offer.pk}&ids={other.pk}")
        assert "分派 2 条" in text(page)
        officer.post("/online/assign/", {"ids": [offer.pk, other.pk], "handler": to.pk})
        assert Listing.objects.filter(handler=to).count() == 2

    def test_platform_and_list_lead_to_it(self, officer, offer):
        assert "某商城" in text(officer.get("/online/platforms/"))
        assert "安康旗舰店" in text(officer.get("/online/platforms/某商城/"))
        assert offer.number in text(officer.get(f"/online/lists/{offer.source_list_id}/"))

    def test_a_platform_without_offers_has_no_page(self, officer, offer):
        assert officer.get("/online/platforms/无/").status_code == 404

    def test_today_shows_what_is_to_be_reported_and_answered(self, officer, offer):
        officer.post("/assistance/new/", TestAssistance.FORM)
        page = text(officer.get("/"))  # the pages' day is long after the offer's
        assert f"待反馈：{offer.source_list.number}" in page and "收到协查：网售线索" in page


class TestOneOffer:
    def test_its_marks_say_why(self, officer, offer):
        page = text(officer.get(f"/online/{offer.pk}/"))
        assert "断言功效" in page and "广告法第十六条" in page

    def test_markup_in_a_claim_is_shown_as_text(self, officer, offer):
        assert (
            "<script>" not in text(officer.get(f"/online/{offer.pk}/")).split("宣传内容")[1].split("</p>")[0]
        )

    def test_it_asks_no_more_with_more_offers(self, officer, offer, django_assert_max_num_queries):
        for _ in range(3):
            find(offer.source_list, SYSTEM)
        with django_assert_max_num_queries(24):
            officer.get(f"/online/{offer.pk}/")

    def test_an_unknown_seller_is_proposed_for_the_register(self, officer, offer):
        other = find(offer.source_list, SYSTEM, seller_named="无名公司")
        assert "?name=%E6%97%A0%E5%90%8D" in text(officer.get(f"/online/{other.pk}/"))
        page = text(officer.get("/parties/new/?name=无名公司&link=网络销售"))
        assert 'value="无名公司"' in page and page.count("checked") == 2  # its link, and devices

    def test_from_check_to_disposal(self, do, offer):
        assert do("check_listing", on=TODAY, finding="仍在销售") == 302
        assert do("settle_listing", on=TODAY, outcome="未发现问题") == 302
        offer.refresh_from_db()
        assert (offer.state, offer.outcome) == ("disposed", "未发现问题")

    def test_a_refusal_says_what_to_do_next(self, officer, do, offer):
        do("check_listing", on=TODAY, finding="仍在销售")
        answer = officer.post(
            f"/online/{offer.pk}/", {"do": "settle_listing", "on": TODAY, "outcome": "责令下架"}
        )
        assert (answer.status_code, "要求下架并确认已下架" in text(answer)) == (422, True)

    def test_a_visit_leads_back_to_the_offer(self, officer, do, offer, officers):
        do("check_listing", on=TODAY, finding="仍在销售")
        team = [officers["station_inspector"].pk, officers["section_officer"].pk]
        assert do("plan_visit", planned_on=TODAY, team=team) == 302
        offer.refresh_from_db()
        assert offer.number in text(officer.get(f"/visits/{offer.visit_id}/"))

    def test_a_clue_settles_it(self, do, offer):
        do("check_listing", on=TODAY, finding="仍在销售")
        assert do("register_clue", on=TODAY, conduct="网络销售断言功效") == 302
        offer.refresh_from_db()
        assert (offer.outcome, bool(offer.case_no)) == ("立案", True)

    def test_a_saved_page_is_kept_and_handed_out_as_text(self, officer, do, offer):
        page = SimpleUploadedFile("页面.html", b"<script>alert(1)</script>", "text/html")
        assert do("attach_snapshot", files=[page]) == 302
        answer = officer.get(f"/evidence/{Evidence.objects.get().pk}/")
        assert answer["Content-Type"].startswith("text/plain")
        assert (answer["X-Content-Type-Options"], b"".join(answer)[:8]) == ("nosniff", b"<script>")

    def test_an_offer_of_a_patrol_is_entered_on_its_own_list(self, officer, naiman):
        form = {
            "list_number": "巡查1", "source": "自行巡查", "received_on": TODAY, "office_code": "150525",
            "platform": "某商城", "shop": "小店", "product": "口罩", "found_on": TODAY, "price": "9.90",
        }  # fmt: skip
        assert officer.post("/online/new/", form).status_code == 302
        row = Listing.objects.get()
        assert (row.source_list.number, row.price_fen) == ("巡查1", 990)


class TestFeedback:
    @pytest.fixture
    def settled(self, offer):
        actions.check_listing(listing=offer, on=TODAY, finding="已下架", by=SYSTEM, at=NOW)
        return actions.settle_listing(listing=offer, on=TODAY, outcome="已失效", by=SYSTEM, at=NOW)

    def test_the_workbook_says_what_became_of_it(self, officer, settled):
        answer = officer.get(f"/online/lists/{settled.source_list_id}/feedback/")
        rows = list(load_workbook(io.BytesIO(answer.content)).active.values)
        assert settled.number in rows[-1] and "已失效" in rows[-1]

    def test_the_letter_goes_to_the_sender(self, officer, settled):
        answer = officer.get(f"/online/lists/{settled.source_list_id}/feedback/?format=docx")
        said = "\n".join(p.text for p in Document(io.BytesIO(answer.content)).paragraphs)
        assert "通辽市市场监督管理局" in said and "已处置 1 条" in said

    def test_reported_on_the_page(self, officer, settled):
        address = f"/online/lists/{settled.source_list_id}/"
        assert officer.post(address, {"do": "report_list", "on": TODAY}).status_code == 302
        assert Listing.objects.get().state == "reported"


class TestAssistance:
    FORM = {
        "direction": "收到", "other_office": "杭州市某区局", "dated_on": TODAY, "office_code": "150525",
        "subject": "网售线索", "asked": "核实经营单位",
    }  # fmt: skip

    def test_a_letter_that_came_is_on_the_list_with_its_time(self, officer, naiman):
        officer.post("/assistance/new/", self.FORM)
        row = AssistanceRequest.objects.get()
        assert row.number in text(officer.get("/assistance/"))
        assert "办完协助调查事项" in text(officer.get(f"/assistance/{row.pk}/"))

    def test_a_letter_about_an_offer_knows_it(self, officer, offer):
        address = f"/assistance/new/?from=listing&record={offer.pk}"
        assert offer.shop in text(officer.get(address))
        officer.post(address, {**self.FORM, "direction": "发出"})
        row = AssistanceRequest.objects.get()
        assert row.number in text(officer.get(f"/online/{offer.pk}/"))
        assert offer.number in text(officer.get(f"/assistance/{row.pk}/"))

    def test_a_lead_may_need_help_too(self, officer, naiman):
        lead = register_lead(
            entry=Entry("举报外地网店", TODAY, "热线"), office_code="150525", by=SYSTEM, at=NOW
        )
        address = f"/assistance/new/?from=lead&record={lead.pk}"
        assert address.replace("&", "&amp;") in text(officer.get(f"/leads/{lead.pk}/"))
        officer.post(address, {**self.FORM, "direction": "发出"})
        assert AssistanceRequest.objects.get().number in text(officer.get(f"/leads/{lead.pk}/"))

    def test_our_letter_names_what_is_asked(self, officer, naiman):
        officer.post("/assistance/new/", {**self.FORM, "direction": "发出"})
        row = AssistanceRequest.objects.get()
        answer = officer.get(f"/assistance/{row.pk}/papers/request/")
        said = "\n".join(p.text for p in Document(io.BytesIO(answer.content)).paragraphs)
        assert "核实经营单位" in said and row.number in said

    def test_steps_go_on_from_the_page(self, officer, officers, naiman):
        officer.post("/assistance/new/", self.FORM)
        row = AssistanceRequest.objects.get()
        address = f"/assistance/{row.pk}/"
        officer.post(address, {"do": "assign_request", "handler": officers["station_inspector"].pk})
        officer.post(address, {"do": "answer_request", "on": TODAY, "reply": "已核实"})
        row.refresh_from_db()
        assert row.state == "answered"
