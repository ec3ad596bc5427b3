"""Papers, publication, typical cases and handings-over on their pages."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from moment import NOW
from xiejian.cases import publication_rules as rules
from xiejian.cases.models import Case, CasePaper, Handover, Publication, TypicalCase
from xiejian.web import clock

DAY = NOW.date().isoformat()


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda request: NOW)


@pytest.fixture
def case(ours) -> Case:
    return Case.objects.create(
        number="奈市监处〔2024〕1号", party=ours, link="经营", filed_on=NOW.date() - dt.timedelta(30),
        decided_on=NOW.date(), fine_fen=5_000_000, conduct="未查验供货者资质", office_code=ours.office_code,
    )  # fmt: skip


@pytest.fixture
def officer(as_role) -> Client:
    return as_role("section_officer")


@pytest.fixture
def head(as_role) -> Client:
    return as_role("head")


NOTICE = {
    "began": f"{DAY}T09:00",
    "place": "执法大队",
    "conduct": "未查验",
    "party_name": "某店",
    "issued_on": DAY,
}


class TestAPaper:
    def address(self, case) -> str:
        return f"/case-papers/case/{case.pk}/inquiry_notice/"

    def test_is_filled_in_from_the_case(self, officer, case):
        page = officer.get(self.address(case)).content.decode()
        assert case.party.name in page and "出具前还缺：开始时间、地点" in page

    def test_is_shown_before_it_is_issued(self, officer, case):
        page = officer.post(self.address(case), {**NOTICE, "place": "二楼会议室", "do": "preview"})
        assert "到二楼会议室接受询问" in page.content.decode() and not CasePaper.objects.exists()

    def test_is_issued_and_corrected(self, officer, case):
        officer.post(self.address(case), NOTICE)
        first = CasePaper.objects.get()
        officer.post(
            f"{self.address(case)}?corrects={first.pk}", {**NOTICE, "place": "二楼", "reason": "地点写错"}
        )
        assert [p.version for p in CasePaper.objects.order_by("version")] == [1, 2]

    def test_that_lacks_something_says_what(self, officer, case):
        answer = officer.post(self.address(case), {**NOTICE, "place": ""})
        assert (answer.status_code, "文书缺少地点" in answer.content.decode()) == (422, True)

    def test_with_markup_in_a_field_shows_it_as_text(self, officer, case):
        answer = officer.post(self.address(case), {**NOTICE, "place": "<script>x</script>"}, follow=True)
        assert "<script>x" not in answer.content.decode()

    def test_hides_persons_from_whoever_may_not_see_them(self, officer, as_role, case):
        given = {"party_name": "某店", "asked_name": "张三丰", "issued_on": DAY}
        officer.post(f"/case-papers/case/{case.pk}/inquiry_record/", given)
        paper = CasePaper.objects.get()
        viewer = as_role("upper_viewer")
        pages = [client.get(f"/case-papers/{paper.pk}/").content.decode() for client in (officer, viewer)]
        assert ["张三丰" in page for page in pages] == [True, False]

    def test_asks_as_often_however_many_there_are(self, officer, case, django_assert_max_num_queries):
        for _ in range(5):
            officer.post(self.address(case), NOTICE)
        with django_assert_max_num_queries(12):
            officer.get(f"/case-papers/case/{case.pk}/")


class TestAPublication:
    def test_is_drafted_by_one_approved_by_another(self, officer, head, case):
        page = officer.get(f"/cases/{case.pk}/publication/").content.decode()
        assert "处以罚款人民币50,000元" in page
        officer.post(f"/cases/{case.pk}/publication/", {"do": "draft", "content": "当事人：某店"})
        row = Publication.objects.get()
        page = f"/publications/{row.pk}/"
        refused = officer.post(page, {"do": "approve_publication", "on": DAY})
        head.post(page, {"do": "approve_publication", "on": DAY})
        row.refresh_from_db()
        assert (refused.status_code, row.state, row.published_on) == (422, "published", NOW.date())

    def test_of_a_warning_alone_is_proposed_not_to_be_published(self, officer, case):
        Case.objects.update(fine_fen=0)
        page = officer.get(f"/cases/{case.pk}/publication/").content.decode()
        assert "仅受到警告处罚的不公示" in page
        given = {"do": "exempt", "ground": "warning", "note": "仅警告"}
        officer.post(f"/cases/{case.pk}/publication/", given)
        assert Publication.objects.get().state == "exempting"

    def test_ends_early_on_application(self, officer, head, case, monkeypatch):
        row = Publication.objects.create(
            case=case, state="published", published_on=NOW.date(), office_code=case.office_code,
            until_on=NOW.date() + dt.timedelta(900), early_on=NOW.date(), proposed_by="x",
        )  # fmt: skip
        officer.post(
            f"/publications/{row.pk}/", {"do": "apply_for_repair", "applied_on": DAY, "statement": "改"}
        )
        page = f"/publications/repairs/{row.repairs.get().pk}/"
        officer.post(page, {"do": "accept_repair", "on": DAY, "met": list(rules.conditions())})
        head.post(page, {"do": "grant_repair", "on": DAY})
        officer.post(page, {"do": "carry_out_repair", "on": DAY})
        row.refresh_from_db()
        assert (row.state, row.ended_on) == ("ended", NOW.date())

    def test_list_asks_as_often_however_many_there_are(self, officer, case, make_party):
        def ask() -> int:
            with CaptureQueriesContext(connection) as asked:
                officer.get("/publications/open/")
            return len(asked)

        one = ask()
        for n in range(4):
            party = make_party(f"第{n}店", "150525100")
            Case.objects.create(
                number=f"奈{n}", party=party, link="经营", filed_on=NOW.date(), decided_on=NOW.date(),
                office_code="150525100",
            )  # fmt: skip
        assert ask() == one


class TestATypicalCase:
    def test_is_written_without_names_and_published_by_another(self, officer, head, case):
        page = officer.get(f"/cases/{case.pk}/typical/").content.decode()
        form = page[page.index("<form") :]
        assert "某药店未查验供货者资质案" in form and "安康" not in form
        given = {"title": "某药店案", "story": "某药店未查验。", "outcome": "罚款伍万元。"}
        officer.post(f"/cases/{case.pk}/typical/", given)
        row = TypicalCase.objects.get()
        head.post(f"/typical-cases/{row.pk}/", {"do": "publish_typical", "on": DAY})
        row.refresh_from_db()
        assert row.state == "published"

    def test_with_a_name_in_it_is_shown_again_with_the_name(self, officer, case):
        given = {"title": "安康大药房案", "story": "x", "outcome": "x"}
        answer = officer.post(f"/cases/{case.pk}/typical/", given)
        assert (answer.status_code, "标题还能看出是谁" in answer.content.decode()) == (422, True)


class TestAHandover:
    def test_is_proposed_approved_sent_and_answered(self, officer, head, case):
        given = {"addressee": "公安", "unit": "奈曼旗公安局", "on": DAY, "reason": "涉嫌犯罪"}
        officer.post(f"/cases/{case.pk}/handover/", given)
        row = Handover.objects.get()
        page = f"/handovers/{row.pk}/"
        head.post(page, {"do": "approve_handover"})
        officer.post(page, {"do": "send_handover", "on": DAY, "reference": "奈曼旗市监涉罪移〔2024〕1号"})
        officer.post(page, {"do": "accept_handover", "on": DAY, "answer": "已立案"})
        row.refresh_from_db()
        assert (row.state, row.transfer.addressee) == ("accepted", "公安")
