"""整改闭环: which orders are open, one order from answer to closing, what imported visits ordered."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from moment import NOW
from visiting import PHOTO, enrol, photo
from xiejian.inspections import actions, answering
from xiejian.inspections.models import Correction, Visit
from xiejian.people.policy import SYSTEM
from xiejian.web import clock
from xiejian.web.views import answers

TODAY = NOW.date()
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    """The pages' clock stands at NOW."""
    monkeypatch.setattr(clock, "now", lambda request: NOW)


@pytest.fixture
def client(as_role):
    return as_role("section_officer")


@pytest.fixture
def visit(naiman) -> Visit:
    return Visit.objects.create(
        number="奈曼械检〔2024〕1号", party=enrol("明眸眼镜店", "150525100", NOW), link="经营",
        kind="日常检查", office_code="150525100", state="concluded", visited_on=TODAY - 40 * DAY,
        conclusion="限期整改", defects=1,
    )  # fmt: skip


@pytest.fixture
def order(visit):
    """Orders a correction; a test names only its dates."""

    def make(due_on: dt.date = TODAY + 3 * DAY, ordered_on: dt.date = TODAY - 30 * DAY) -> Correction:
        return actions.order_correction(
            visit=visit, content="补齐购销记录", ordered_on=ordered_on, due_on=due_on, by=SYSTEM, at=NOW
        )

    return make


@pytest.fixture
def passed(order) -> Correction:
    return actions.pass_recheck(correction=order(), rechecked_on=TODAY, by=SYSTEM, at=NOW)


def due_cells(answer) -> list[tuple[str, str]]:
    return [
        (cell.text, cell.tone)
        for _, cells in answer.context["listing"].shown_rows()
        for cell in cells
        if cell.label == "整改期限"
    ]


class TestTheList:
    def test_puts_the_overdue_first_in_red_words(self, client, order):
        order()
        order(due_on=TODAY - 2 * DAY)
        assert due_cells(client.get("/corrections/")) == [
            ("逾期 2 天（2024-03-03）", "red"),
            ("剩 3 天（2024-03-08）", "orange"),
        ]

    def test_does_not_call_a_passed_one_overdue(self, client, order):
        late = order(due_on=TODAY - 2 * DAY)
        actions.pass_recheck(correction=late, rechecked_on=TODAY, by=SYSTEM, at=NOW)
        assert due_cells(client.get("/corrections/")) == [("复查通过（限期 2024-03-03）", "green")]

    def test_puts_what_passed_after_every_running_clock(self, client, order):
        late = order(due_on=TODAY - 2 * DAY)
        order()
        actions.pass_recheck(correction=late, rechecked_on=TODAY, by=SYSTEM, at=NOW)
        words = [text for text, _ in due_cells(client.get("/corrections/"))]
        assert words == ["剩 3 天（2024-03-08）", "复查通过（限期 2024-03-03）"]

    def test_leaves_out_what_is_closed(self, client, order):
        Correction.objects.filter(pk=order().pk).update(state="closed")
        assert client.get("/corrections/").context["listing"].total == 0

    def test_shows_what_is_closed_among_all(self, client, order):
        Correction.objects.filter(pk=order().pk).update(state="closed")
        assert client.get("/corrections/?tab=all").context["listing"].total == 1

    def test_says_how_the_year_stands(self, client, order):
        order(due_on=TODAY - 2 * DAY)
        assert client.get("/corrections/").context["closure"].overdue == 1

    def test_asks_the_same_queries_for_many_rows(self, client, order, django_assert_max_num_queries):
        for _ in range(8):
            order()
        with django_assert_max_num_queries(9):
            client.get("/corrections/")


class TestAnOrder:
    @pytest.mark.parametrize(
        ("state", "steps"),
        [
            (
                "ordered",
                ["submit_correction", "answer_items", "pass_recheck", "fail_recheck", "remind_party"],
            ),
            ("submitted", ["pass_recheck", "fail_recheck", "withdraw_submission"]),
            ("failed", ["submit_correction", "answer_items", "order_again", "remind_party"]),
            ("passed", ["close_correction"]),
            ("closed", []),
        ],
    )
    def test_offers_only_what_may_be_done_now(self, client, order, state, steps):
        row = order()
        Correction.objects.update(state=state)
        shown = client.get(f"/corrections/{row.pk}/").context["steps"]
        assert [item.step.name for item in shown] == steps

    def test_offers_nothing_to_who_may_only_look(self, as_role, order):
        assert as_role("upper_viewer").get(f"/corrections/{order().pk}/").context["steps"] == []

    def test_lets_the_head_direct_and_no_more(self, as_role, order):
        shown = as_role("head").get(f"/corrections/{order().pk}/").context["steps"]
        assert [item.step.name for item in shown] == ["direct_correction"]

    def test_takes_what_the_head_directs(self, as_role, order):
        row = order()
        as_role("head").post(f"/corrections/{row.pk}/", {"do": "direct_correction", "text": "立案查处"})
        assert row.reminders.get().kind == "批示"

    def test_takes_a_reminder(self, client, order):
        row = order()
        given = {"do": "remind_party", "done_on": "2024-03-05", "how": "电话", "text": "请按期提交"}
        client.post(f"/corrections/{row.pk}/", given)
        assert row.reminders.get().how == "电话"

    def test_takes_an_answer_to_one_item(self, client, order):
        row = order()
        (item,) = row.items.all()
        given = {"do": "answer_items", f"measure_{item.pk}": "已补齐"}
        client.post(f"/corrections/{row.pk}/", given)
        row.refresh_from_db()
        assert (row.state, row.items.get().measure) == ("ordered", "已补齐")

    def test_shows_the_address_for_the_firm_once(self, client, order):
        row = order()
        page = client.post(f"/corrections/{row.pk}/", {"do": "open_answer_link"}).content.decode()
        assert "/answer/" in page
        assert "/answer/" not in client.get(f"/corrections/{row.pk}/").content.decode()

    def test_is_not_changed_by_who_may_only_look(self, as_role, passed):
        given = {"do": "close_correction", "closed_on": "2024-03-05"}
        assert as_role("head").post(f"/corrections/{passed.pk}/", given).status_code == 403

    def test_takes_the_answer_with_its_evidence(self, client, order):
        row = order()
        given = {
            "do": "submit_correction", "submitted_on": "2024-03-05", "answer": "已补齐",
            "evidence": [SimpleUploadedFile("整改后.jpg", PHOTO)],
        }  # fmt: skip
        client.post(f"/corrections/{row.pk}/", given)
        row.refresh_from_db()
        assert (row.state, row.evidence.count()) == ("submitted", 1)

    def test_refuses_an_answer_with_a_disguised_file(self, client, order):
        row = order()
        given = {
            "do": "submit_correction", "submitted_on": "2024-03-05", "answer": "已补齐",
            "evidence": [SimpleUploadedFile("整改后.png", b"MZ")],
        }  # fmt: skip
        answer = client.post(f"/corrections/{row.pk}/", given)
        row.refresh_from_db()
        assert (answer.status_code, row.state) == (422, "ordered")

    def test_is_ordered_again_after_a_failed_recheck(self, client, order):
        row = actions.fail_recheck(correction=order(), rechecked_on=TODAY, by=SYSTEM, at=NOW)
        given = {
            "do": "order_again",
            "ordered_on": "2024-03-05",
            "due_on": "2024-03-25",
            "reason": "记录仍不全",
        }
        client.post(f"/corrections/{row.pk}/", given)
        row.refresh_from_db()
        assert (row.state, row.due_on) == ("ordered", dt.date(2024, 3, 25))

    def test_may_name_the_visit_of_its_recheck(self, client, order, visit):
        row = order()
        again = Visit.objects.create(
            number="跟踪1", party=visit.party, link="经营", kind="跟踪检查", office_code="150525100",
            state="concluded", visited_on=TODAY,
        )  # fmt: skip
        given = {"do": "pass_recheck", "rechecked_on": "2024-03-05", "recheck_visit": again.pk}
        client.post(f"/corrections/{row.pk}/", given)
        row.refresh_from_db()
        assert row.recheck_visit == again

    def test_is_not_closed_without_evidence_and_says_by_which_clause(self, client, passed):
        answer = client.post(
            f"/corrections/{passed.pk}/", {"do": "close_correction", "closed_on": "2024-03-05"}
        )
        page = answer.content.decode()
        assert (answer.status_code, "I305" in page, "第五十五条" in page) == (422, True, True)

    def test_is_still_passed_after_that_refusal(self, client, passed):
        answer = client.post(
            f"/corrections/{passed.pk}/", {"do": "close_correction", "closed_on": "2024-03-05"}
        )
        assert answer.context["state"][0] == "复查通过"

    def test_is_closed_with_evidence(self, client, passed):
        actions.attach_evidence(correction=passed, file=photo(), by=SYSTEM, at=NOW)
        client.post(f"/corrections/{passed.pk}/", {"do": "close_correction", "closed_on": "2024-03-05"})
        passed.refresh_from_db()
        assert passed.state == "closed"

    def test_takes_evidence_at_any_time(self, client, order):
        row = order()
        client.post(
            f"/corrections/{row.pk}/",
            {"do": "attach_evidence", "files": [SimpleUploadedFile("a.jpg", PHOTO)]},
        )
        assert row.evidence.count() == 1


class TestTheNoticeOnPaper:
    def test_names_content_and_date_in_the_bureau_s_name(self, client, order):
        page = client.get(f"/corrections/{order().pk}/notice/").content.decode()
        assert all(text in page for text in ("补齐购销记录", "2024年3月8日", "奈曼旗市场监督管理局"))


class TestTheHeadsList:
    def test_holds_what_is_long_overdue(self, client, order):
        order(due_on=TODAY - 2 * DAY)
        order(due_on=TODAY - 20 * DAY)
        rows = client.get("/corrections/?tab=head").context["listing"].shown_rows()
        assert len(list(rows)) == 1


class TestThePageOfAFirm:
    @pytest.fixture
    def row(self, order):
        return order()

    @pytest.fixture
    def address(self, row):
        return f"/answer/{answering.open_answer_link(correction=row, by=SYSTEM, at=NOW)[1]}/"

    @pytest.fixture
    def firm(self):
        cache.clear()
        return Client()

    def given(self, row, **more):
        return {"person": "张店长", f"measure_{row.items.get().pk}": "已补齐", **more}

    def test_shows_the_order_without_an_account(self, firm, row, address):
        page = firm.get(address)
        assert (page.status_code, row.number in page.content.decode()) == (200, True)
        assert "no-store" in page["Cache-Control"]

    def test_takes_a_part(self, firm, row, address):
        assert firm.post(address, self.given(row, part="1")).status_code == 302
        row.refresh_from_db()
        assert (row.state, row.items.get().answered_by) == ("ordered", "明眸眼镜店（张店长）")

    def test_takes_the_report_with_its_files(self, firm, row, address):
        item = row.items.get()
        files = {f"files_{item.pk}": [SimpleUploadedFile("整改后.jpg", PHOTO)]}
        firm.post(address, self.given(row, complete="1", **files))
        row.refresh_from_db()
        assert (row.state, item.evidence.count()) == ("submitted", 1)

    def test_keeps_what_was_typed_when_a_file_is_refused(self, firm, row, address):
        files = {f"files_{row.items.get().pk}": [SimpleUploadedFile("a.exe", b"MZ")]}
        page = firm.post(address, self.given(row, complete="1", **files))
        assert (page.status_code, "已补齐" in page.content.decode()) == (422, True)

    def test_offers_no_form_once_the_report_is_in(self, firm, row, address):
        firm.post(address, self.given(row, complete="1"))
        assert "等待复查" in firm.get(address).content.decode()

    def test_is_not_there_for_another_token(self, firm, row, address):
        assert firm.get(address[:-2] + "x/").status_code == 404

    def test_is_not_there_once_revoked(self, firm, row, address):
        answering.revoke_answer_link(correction=row, by=SYSTEM, at=NOW)
        assert firm.post(address, self.given(row)).status_code == 404

    def test_stops_whoever_tries_too_often(self, firm, visit, monkeypatch):
        monkeypatch.setattr(answers, "LOOKS", 2)
        assert [firm.get("/answer/x/").status_code for _ in range(3)] == [404, 404, 429]
