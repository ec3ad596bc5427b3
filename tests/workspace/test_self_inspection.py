"""自查 at the firms' entrance."""

from __future__ import annotations

from contextlib import closing

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from moment import NOW
from self_reports import filled
from visiting import PHOTO
from xiejian.self_inspections.models import SelfInspection
from xiejian.web import clock

HERE = "/firm/self-inspections/"


@pytest.fixture
def client(ours, firm_client, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda request: NOW)
    ours.links.update(mode="零售")
    return firm_client(ours, "firm_quality")


@pytest.fixture
def report(client):
    client.post(f"{HERE}new/", {"year": "2023", "link": "经营"})
    return SelfInspection.objects.get()


def answered(report, section: str) -> dict[str, str]:
    """The form of one section as a browser sends it."""
    return {f"a-{point}": str(said["answer"]) for point, said in filled(report).items()}


class TestTheList:
    def test_offers_the_report_of_last_year(self, client):
        page = client.get(HERE).content.decode()
        assert "2023 年度 · 经营" in page
        assert "剩 27 天" in page

    def test_puts_it_on_the_list_of_things_to_do(self, client):
        assert "2023年度经营自查报告" in client.get("/firm/").content.decode()

    def test_is_not_for_the_store_room(self, ours, firm_client):
        assert firm_client(ours, "firm_store").get(HERE).status_code == 403


class TestASection:
    def test_saves_by_itself_and_says_how_far_it_is(self, client, report):
        answer = client.post(f"{HERE}{report.pk}/staff/", {"a-ZC-1": "3"}, headers={"HX-Request": "true"})
        assert "全表已填 1 /" in answer.content.decode()
        report.refresh_from_db()
        assert report.answers == {"ZC-1": {"answer": 3}}

    def test_says_what_cannot_be_saved(self, client, report):
        answer = client.post(f"{HERE}{report.pk}/staff/", {"a-ZC-1": "三"}, headers={"HX-Request": "true"})
        assert "SI202" in answer.content.decode()

    def test_leads_on_to_the_next(self, client, report):
        answer = client.post(f"{HERE}{report.pk}/system/", {"next": "1"})
        assert answer.url == f"{HERE}{report.pk}/staff/"

    def test_keeps_a_photo_that_the_firm_can_open(self, client, report):
        file = SimpleUploadedFile("库房.jpg", PHOTO, "image/jpeg")
        client.post(f"{HERE}{report.pk}/stores/", {"photo_of": "G5-3", "photo": file})
        kept = report.photos.get().evidence
        assert f"/firm/files/{kept.pk}/" in client.get(f"{HERE}{report.pk}/stores/").content.decode()
        with closing(client.get(f"/firm/files/{kept.pk}/")) as answer:
            assert answer.status_code == 200

    def test_without_a_script_is_sent_by_its_button(self, client, report):
        assert 'name="next"' in client.get(f"{HERE}{report.pk}/stores/").content.decode()

    def test_that_is_not_in_the_form_is_not_found(self, client, report):
        assert client.get(f"{HERE}{report.pk}/nothing/").status_code == 404


class TestFiling:
    def fill(self, client, report):
        for section in ("system", "staff", "stores", "sale", "events", "supervision", "conclusion"):
            client.post(f"{HERE}{report.pk}/{section}/", answered(report, section))

    def test_goes_from_section_to_section_to_the_signature(self, client, report):
        self.fill(client, report)
        client.post(f"{HERE}{report.pk}/", {"do": "file", "filler": "赵质量", "post": "质量负责人"})
        report.refresh_from_db()
        assert (report.state, report.filler, report.versions) == ("filed", "赵质量", 1)

    def test_says_what_is_missing(self, client, report):
        answer = client.post(f"{HERE}{report.pk}/", {"do": "file", "filler": "赵", "post": "经理"})
        assert answer.status_code == 422
        assert "SI203" in answer.content.decode()

    def test_is_open_for_amendment_with_a_reason(self, client, report):
        self.fill(client, report)
        client.post(f"{HERE}{report.pk}/", {"do": "file", "filler": "赵质量", "post": "质量负责人"})
        client.post(f"{HERE}{report.pk}/", {"do": "amend", "reason": "投诉数漏报"})
        report.refresh_from_db()
        assert report.state == "amending"


class TestReach:
    def test_the_other_firm_finds_nothing(self, report, theirs, firm_client):
        other = firm_client(theirs, "firm_quality")
        assert other.get(f"{HERE}{report.pk}/").status_code == 404
        assert other.post(f"{HERE}{report.pk}/staff/", {"a-ZC-1": "3"}).status_code == 404
