"""企业协同 on its pages: who is connected, notices and their receipts, status reports, courses, examples."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from xiejian.firms import notices, reports, training
from xiejian.firms.audience import Audience
from xiejian.firms.models import Attendance, Course, Delivery, ExemplaryFirm, FirmNotice
from xiejian.firms.reports import Told
from xiejian.people.models import FirmUser
from xiejian.people.policy import SYSTEM, Actor
from xiejian.registry.models import Party
from xiejian.web import clock

TODAY = NOW.date()
CODE = "91110105MA01XXXX0Y"


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda request: NOW)


@pytest.fixture
def client(as_role):
    return as_role("section_officer")


@pytest.fixture
def shop(ours) -> Party:
    ours.uscc = CODE
    ours.save()
    return ours


@pytest.fixture
def person(shop) -> Actor:
    made = FirmUser.objects.create(
        uscc=CODE, firm_name=shop.name, username="one", name="王某", role="firm_admin", created_at=NOW
    )
    return Actor.of_firm(made)


@pytest.fixture
def draft(client, shop) -> FirmNotice:
    told = {"kind": "要求答复", "title": "自查", "text": "请自查", "wanted_by": str(TODAY), "usccs": CODE}
    client.post("/firms/notices/new/", told)
    return FirmNotice.objects.get()


@pytest.fixture
def delivery(draft) -> Delivery:
    return notices.send_notice(notice=draft, by=SYSTEM, at=NOW).deliveries.get()


class TestConnected:
    def test_a_firm_with_an_account_stands_on_the_first_tab(self, client, shop, person):
        assert shop.name in client.get("/firms/").content.decode()

    def test_a_firm_without_one_stands_on_the_third(self, client, shop):
        pages = [client.get(f"/firms/?tab={tab}").content.decode() for tab in ("", "off")]
        assert [shop.name in page for page in pages] == [False, True]

    def test_its_page_tells_what_it_was_told_and_told_us(self, client, shop, person, delivery):
        told = Told("staff", TODAY, position="负责人", person_after="李某")
        reports.submit_report(party=shop, told=told, by=person, at=NOW)
        page = client.get(f"/firms/{shop.pk}/").content.decode()
        assert [word in page for word in ("自查", "李某", "单位管理员")] == [True] * 3

    def test_the_list_asks_the_same_queries_for_many(self, client, make_party, django_assert_max_num_queries):
        for n in range(20):
            make_party(f"店{n}", "150525", uscc=f"U{n}")
        with django_assert_max_num_queries(16):
            client.get("/firms/?tab=all")


class TestNotices:
    def test_the_draft_says_how_many_it_would_reach(self, client, draft):
        assert "<strong>1</strong> 家单位" in client.get(f"/firms/notices/{draft.pk}/").content.decode()

    def test_is_amended_on_its_page(self, client, draft):
        told = {"do": "amend_notice", "kind": "通知", "title": "改过", "text": "请自查", "link": "经营"}
        client.post(f"/firms/notices/{draft.pk}/", told)
        draft.refresh_from_db()
        assert (draft.title, draft.audience["link"], draft.audience["usccs"]) == ("改过", "经营", [])

    def test_is_sent_from_its_page_and_shows_who_has_it(self, client, draft, shop):
        client.post(f"/firms/notices/{draft.pk}/", {"do": "send_notice"})
        assert shop.name in client.get(f"/firms/notices/{draft.pk}/").content.decode()

    def test_to_nobody_is_refused_on_the_page(self, client, draft):
        draft.audience = Audience(link="第三方平台").as_json()
        draft.save()
        assert client.post(f"/firms/notices/{draft.pk}/", {"do": "send_notice"}).status_code == 422

    def test_who_has_not_answered_is_one_filter(self, client, delivery, person):
        page, name = f"/firms/notices/{delivery.notice_id}/?state=owing", delivery.party.name
        before = name in client.get(page).content.decode()
        notices.answer_delivery(delivery=delivery, answer="好", by=person, at=NOW)
        assert (before, name in client.get(page).content.decode()) == (True, False)

    def test_moments_are_told_by_the_office_s_clock(self, client, delivery, person):
        late = dt.datetime(2024, 3, 4, 17, 30, tzinfo=dt.UTC)  # half past one of the next day in Beijing
        notices.open_delivery(delivery=delivery, by=person, at=late)
        page = client.get(f"/firms/notices/{delivery.notice_id}/").content.decode()
        assert "2024-03-05 01:30" in page

    def test_an_answer_is_read_and_sent_back(self, client, delivery, person):
        notices.answer_delivery(delivery=delivery, answer="已自查", by=person, at=NOW)
        page = f"/firms/deliveries/{delivery.pk}/"
        assert "已自查" in client.get(page).content.decode()
        client.post(page, {"do": "return_answer", "reason": "附记录"})
        delivery.refresh_from_db()
        assert (delivery.state, delivery.returned) == ("returned", "附记录")

    def test_who_may_only_look_is_offered_no_step(self, as_role, delivery):
        page = as_role("upper_viewer").get(f"/firms/notices/{delivery.notice_id}/").content.decode()
        assert 'name="do"' not in page


class TestStatusReports:
    @pytest.fixture
    def report(self, shop, person):
        told = Told("staff", TODAY, position="负责人", person_before="白某", person_after="李某")
        return reports.submit_report(party=shop, told=told, by=person, at=NOW)

    def test_waits_on_the_first_tab(self, client, report):
        assert report.number in client.get("/firms/reports/").content.decode()

    def test_is_accepted_and_the_register_follows(self, client, report, shop):
        client.post(f"/firms/reports/{report.pk}/", {"do": "accept_report", "apply": "on"})
        shop.refresh_from_db()
        assert shop.head == "李某"

    def test_without_the_tick_only_note_is_taken(self, client, report, shop):
        client.post(f"/firms/reports/{report.pk}/", {"do": "accept_report"})
        shop.refresh_from_db()
        assert shop.head == "白某"

    def test_a_makers_time_limit_and_its_licence_stand_beside_it(self, client, make_party):
        maker = make_party("厂", "150525", "生产", uscc="M")
        for position in ("管理者代表", "法定代表人"):
            told = Told("staff", TODAY - dt.timedelta(days=3), position=position, person_after="周某")
            reports.submit_report(party=maker, told=told, by=SYSTEM, at=NOW)
        first, second = (
            client.get(f"/firms/reports/{row.pk}/").content.decode()
            for row in maker.status_reports.order_by("pk")
        )
        assert ("报告确定的管理者代表" in first, "许可变更" in second) == (True, True)


class TestCourses:
    def test_from_making_it_to_giving_it_to_firms(self, client, shop):
        told = {
            "title": "冷链",
            "questions": "5",
            "pass_percent": "80",
            "attempts": "2",
            "topics": ["贮存运输"],
        }
        client.post("/firms/courses/new/", told | {"questions": "4"})
        made = Course.objects.get()
        client.post(f"/firms/courses/{made.pk}/", {"do": "open_course"})
        page = client.get(f"/firms/notices/new/?course={made.pk}").content.decode()
        assert f'value="{made.pk}" selected' in page

    def test_more_questions_than_there_are_is_said_on_the_form(self, client):
        told = {"title": "冷链", "questions": "99", "pass_percent": "80", "attempts": "2"}
        answer = client.post("/firms/courses/new/", told)
        assert (answer.status_code, "只有" in answer.content.decode()) == (422, True)

    def test_shows_who_came_and_which_firm_sent_nobody(self, client, shop, person, make_party):
        make_party("没来的店", "150525", uscc="N")
        made = training.draft_course(title="冷链", text="", by=SYSTEM, at=NOW, office_code="150525")
        training.open_course(course=made, by=SYSTEM, at=NOW)
        told = {"kind": "任务", "title": "培训", "text": "请学习", "office_code": "150525", "course": made}
        notice = notices.draft_notice(audience=Audience(), by=SYSTEM, at=NOW, **told)
        notices.send_notice(notice=notice, by=SYSTEM, at=NOW)
        training.study_course(course=made, by=person, at=NOW)
        assert Attendance.objects.get().party == shop
        came, absent = (
            client.get(f"/firms/courses/{made.pk}/?tab={tab}").content.decode() for tab in ("", "absent")
        )
        assert ("王某" in came, "没来的店" in absent, shop.name in absent) == (True, True, False)


class TestExemplaryFirms:
    def test_is_reviewed_and_named_on_its_page(self, client, shop, person):
        row = ExemplaryFirm.objects.create(
            number="X", party=shop, year=2024, text="材料", state="applied", applied_on=TODAY,
            office_code=shop.office_code,
        )  # fmt: skip
        page = f"/firms/examples/{row.pk}/"
        review = {"do": "record_review", "reviewed_on": str(TODAY), "reviewers": "李科", "review": "符合"}
        client.post(page, review)
        client.post(page, {"do": "name_firm", "decided_on": str(TODAY)})
        row.refresh_from_db()
        assert (row.state, row.review) == ("named", "符合")
