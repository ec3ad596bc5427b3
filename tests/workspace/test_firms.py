"""The pages of a firm: notices, orders to correct, licences, reports, commitments, training."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from firm_records import _correction, _course, _delivery, _liaison, _report
from moment import NOW
from refusals import refused
from visiting import PHOTO
from xiejian.credit.models import PublicCommitment
from xiejian.firms import exams, reports
from xiejian.firms.models import Attendance, ExemplaryFirm, StatusReport
from xiejian.inspections import liaising
from xiejian.inspections.correction_items import make_items
from xiejian.inspections.models import Liaison
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import Licence
from xiejian.web import clock


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda request: NOW)


def upload(name: str = "整改后.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PHOTO, content_type="image/jpeg")


class TestToDo:
    def test_names_what_waits_wherever_it_comes_from(self, firm_client, ours):
        _correction(ours)
        _delivery(ours)
        Licence.objects.create(
            party=ours, kind="distribution_licence", number="X", number_key="X", expires_on=NOW.date()
        )
        page = firm_client(ours).get("/firm/").content.decode()
        assert [word in page for word in ("责令改正", "要求答复", "证照到期")] == [True] * 3

    def test_costs_the_same_for_many_as_for_one(self, firm_client, ours):
        client, counts = firm_client(ours), []
        for more in (1, 5):
            for _ in range(more):
                _delivery(ours)
                _report(ours)
            with CaptureQueriesContext(connection) as asked:
                client.get("/firm/")
            counts.append(len(asked))
        assert counts[0] == counts[1]


class TestNotice:
    def test_opening_it_is_the_first_receipt(self, firm_client, ours):
        row = _delivery(ours)
        firm_client(ours).get(f"/firm/notices/{row.pk}/")
        row.refresh_from_db()
        assert (row.state, row.opened_by) == ("opened", "firm_admin某")

    def test_who_may_not_sign_leaves_no_receipt(self, firm_client, ours):
        row = _delivery(ours)
        assert firm_client(ours, "firm_store").get(f"/firm/notices/{row.pk}/").status_code == 200
        row.refresh_from_db()
        assert row.state == "delivered"

    def test_is_answered_with_a_photo(self, firm_client, ours):
        row = _delivery(ours)
        told = {"do": "answer_delivery", "answer": "已自查", "files": upload()}
        client = firm_client(ours)
        assert client.post(f"/firm/notices/{row.pk}/", told).status_code == 302
        assert "已自查" in client.get(f"/firm/notices/{row.pk}/").content.decode()

    def test_an_empty_answer_is_said_on_the_form(self, firm_client, ours):
        row = _delivery(ours)
        answer = firm_client(ours).post(f"/firm/notices/{row.pk}/", {"do": "answer_delivery", "answer": ""})
        assert answer.status_code == 422


class TestCorrection:
    @pytest.fixture
    def order(self, ours):
        order = _correction(ours)
        make_items(order)
        return order

    def told(self, order, **more) -> dict:
        item = order.items.get().pk
        return {f"cause_{item}": "疏忽", f"measure_{item}": "已补", f"files_{item}": upload(), **more}

    def test_is_answered_item_by_item_and_handed_in(self, firm_client, ours, order):
        client, page = firm_client(ours), f"/firm/corrections/{order.pk}/"
        assert client.post(page, self.told(order, complete="1")).status_code == 302
        order.refresh_from_db()
        item = order.items.get()
        assert (order.state, item.answered_by, item.evidence.count()) == ("submitted", "firm_admin某", 1)

    def test_a_part_of_it_leaves_the_order_open(self, firm_client, ours, order):
        firm_client(ours).post(f"/firm/corrections/{order.pk}/", self.told(order, part="1"))
        order.refresh_from_db()
        assert (order.state, order.items.get().measure) == ("ordered", "已补")

    def test_is_taken_back_before_the_recheck(self, firm_client, ours, order):
        client, page = firm_client(ours), f"/firm/corrections/{order.pk}/"
        client.post(page, self.told(order, complete="1"))
        client.post(page, {"back": "1", "reason": "漏了一张照片"})
        order.refresh_from_db()
        assert (order.state, order.submitted_on) == ("ordered", None)

    def test_after_the_recheck_it_is_not(self, firm_client, ours, order):
        order.state = "passed"
        order.save()
        answer = firm_client(ours).post(f"/firm/corrections/{order.pk}/", {"back": "1", "reason": "迟了"})
        assert answer.status_code == 422

    def test_its_photo_opens_for_the_firm_alone(self, firm_client, ours, theirs, order):
        firm_client(ours).post(f"/firm/corrections/{order.pk}/", self.told(order, complete="1"))
        page = f"/firm/files/{order.items.get().evidence.get().pk}/"
        answers = [firm_client(party).get(page) for party in (ours, theirs)]
        assert [answer.status_code for answer in answers] == [200, 404]
        assert b"".join(answers[0]) == PHOTO


class TestLiaison:
    def test_is_taken_in_and_answered_by_name(self, firm_client, ours):
        row, client = _liaison(ours), firm_client(ours)
        client.post(f"/firm/liaisons/{row.pk}/", {"do": "receive_liaison"})
        told = {"do": "answer_liaison", "answer": "已核对", "files": upload()}
        client.post(f"/firm/liaisons/{row.pk}/", told)
        row.refresh_from_db()
        assert (row.state, row.receiver, row.answered_by) == ("answered", "firm_admin某", "firm_admin某")

    def test_the_firm_does_not_close_it(self, ours, firm_actor):
        row = _liaison(ours)
        with refused("P101"):
            liaising.withdraw_liaison(liaison=row, reason="不办", by=firm_actor(ours), at=NOW)

    def test_one_to_another_office_about_the_firm_is_not_shown_to_it(self, ours, firm_client):
        row = _liaison(ours)
        Liaison.objects.filter(pk=row.pk).update(addressee="外单位")
        assert firm_client(ours).get(f"/firm/liaisons/{row.pk}/").status_code == 404


class TestStatusReport:
    @pytest.mark.parametrize("kind", ["status", "staff", "stop", "resume", "address", "nonsense"])
    def test_every_kind_has_its_form(self, firm_client, ours, kind):
        assert firm_client(ours).get(f"/firm/reports/new/?kind={kind}").status_code == 200

    def test_is_sent_from_the_form(self, firm_client, ours):
        told = {"happened_on": "2024-03-01", "position": "质量负责人", "person_after": "李某"}
        firm_client(ours).post("/firm/reports/new/?kind=staff", told)
        row = StatusReport.objects.get(party=ours)
        assert (row.person_after, row.happened_on, row.state) == ("李某", dt.date(2024, 3, 1), "submitted")

    def test_a_returned_one_is_completed_on_its_page(self, firm_client, ours):
        row = _report(ours)
        reports.return_report(report=row, opinion="写明产品", by=SYSTEM, at=NOW)
        client, page = firm_client(ours), f"/firm/reports/{row.pk}/"
        assert "写明产品" in client.get(page).content.decode()
        client.post(page, {"happened_on": "2024-03-01", "text": "产品：口罩"})
        row.refresh_from_db()
        assert (row.state, row.text) == ("submitted", "产品：口罩")


class TestCommitment:
    def test_is_signed_by_name(self, firm_client, ours):
        told = {"which": "own", "own": "诚信经营", "agreed": "on"}
        firm_client(ours).post("/firm/commitments/new/", told)
        row = PublicCommitment.objects.get(party=ours)
        assert (row.text, row.place) == ("诚信经营", "企业工作台签署（firm_admin某）")

    def test_is_not_made_without_agreeing(self, firm_client, ours):
        answer = firm_client(ours).post("/firm/commitments/new/", {"which": "own", "own": "诚信经营"})
        assert (answer.status_code, PublicCommitment.objects.count()) == (422, 0)


class TestTraining:
    def test_from_reading_to_the_certificate(self, firm_client, ours):
        client, page = firm_client(ours), f"/firm/courses/{_course(ours).pk}/"
        client.post(page)
        client.post(f"{page}begin/")
        sitting = Attendance.objects.get().sittings.get()
        bank = exams.bank()
        told = {entry["id"]: sorted(bank[entry["id"]].answer) for entry in sitting.questions}
        client.post(f"{page}exam/", told)
        assert "100 分" in client.get(f"{page}exam/").content.decode()
        assert "培证" in client.get("/firm/courses/?tab=people").content.decode()

    def test_a_paper_shows_no_answers_before_it_is_handed_in(self, firm_client, ours):
        client, page = firm_client(ours), f"/firm/courses/{_course(ours).pk}/"
        client.post(page)
        client.post(f"{page}begin/")
        shown = client.get(f"{page}exam/").content.decode()
        sitting = Attendance.objects.get().sittings.get()
        assert not any(exams.bank()[entry["id"]].why in shown for entry in sitting.questions)


class TestLists:
    @pytest.mark.parametrize(
        "page",
        [
            "/firm/notices/?tab=all", "/firm/corrections/?tab=all", "/firm/licences/",
            "/firm/licences/?tab=products", "/firm/reports/", "/firm/commitments/", "/firm/courses/",
            "/firm/examples/",
        ],
    )  # fmt: skip
    def test_an_empty_one_says_how_to_begin(self, firm_client, ours, page):
        client = firm_client(ours)
        assert 'class="empty"' in client.get(page).content.decode()
        assert client.get(f"{page}{'&' if '?' in page else '?'}format=xlsx").status_code == 200

    def test_an_application_is_sent_from_its_form(self, firm_client, ours):
        firm_client(ours).post("/firm/examples/new/", {"text": "三年无差错"})
        assert ExemplaryFirm.objects.get(party=ours).year == 2024
