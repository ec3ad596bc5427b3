"""工作联系单 on its pages: written here, answered there; papers signed on the screen; photos of a sample."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from moment import NOW
from sampled import SHEET
from visiting import PHOTO
from xiejian.inspections import actions, liaising, signing
from xiejian.inspections.models import Evidence, Liaison, Signature, Visit
from xiejian.people.policy import SYSTEM
from xiejian.sampling import actions as sampling
from xiejian.web import clock

TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda request: NOW)


@pytest.fixture
def bureau(as_role):
    return as_role("section_officer")


@pytest.fixture
def station(as_role):
    return as_role("station_inspector")


@pytest.fixture
def order(ours):
    visit = Visit.objects.create(
        number="V1", party=ours, link="经营", kind="日常检查", office_code="150525100", state="concluded",
        visited_on=TODAY, conclusion="限期整改",
    )  # fmt: skip
    return actions.order_correction(
        visit=visit, content="补齐记录", ordered_on=TODAY, due_on=TODAY, by=SYSTEM, at=NOW
    )


@pytest.fixture
def write(bureau, ours):
    def post(**facts):
        given = {
            "addressee": "本系统", "to_office": "150525100", "title": "核对地址", "content": "请核对。",
            "wanted_by": str(TODAY + dt.timedelta(days=5)),
        }  # fmt: skip
        query = facts.pop("query", "")
        return bureau.post(f"/parties/{ours.pk}/liaisons/new/{query}", given | facts)

    return post


@pytest.fixture
def sent(write, bureau) -> Liaison:
    write()
    row = Liaison.objects.get()
    return liaising.send_liaison(liaison=row, sent_on=TODAY, by=SYSTEM, at=NOW)


class TestWriting:
    def test_makes_a_draft(self, write):
        assert (write().status_code, Liaison.objects.get().state) == (302, "drafted")

    def test_about_an_order_stands_on_the_order_s_page(self, write, order, bureau):
        write(query=f"?correction={order.pk}")
        page = bureau.get(f"/corrections/{order.pk}/").content.decode()
        assert Liaison.objects.get().number in page

    def test_is_refused_in_the_form(self, write):
        answer = write(to_office="")
        assert answer.status_code == 422 and "收文机构" in answer.content.decode()

    @pytest.mark.parametrize("query", ["?visit=99999", "?visit=x"])
    def test_about_a_visit_that_is_not_there_is_not_found(self, write, query):
        assert write(query=query).status_code == 404


class TestTheAddressedOffice:
    def test_sees_it_on_its_day(self, sent, station):
        assert "待我单位答复" in station.get("/").content.decode()

    def test_answers_it_with_a_photo(self, sent, station):
        given = {
            "do": "answer_liaison", "answered_on": str(TODAY), "answer": "相符。", "answered_by": "王检",
            "files": SimpleUploadedFile("现场.jpg", PHOTO),
        }  # fmt: skip
        assert station.post(f"/liaisons/{sent.pk}/", given).status_code == 302
        found = Evidence.objects.get(subject="liaison")
        assert station.get(reverse("evidence_view", args=[found.pk])).status_code == 200

    def test_is_not_offered_the_sender_s_steps(self, sent, station):
        names = [step.step.name for step in station.get(f"/liaisons/{sent.pk}/").context["steps"]]
        assert names == ["answer_liaison", "receive_liaison"]


class TestTheList:
    @pytest.mark.parametrize(("tab", "count"), [("", 1), ("late", 0), ("all", 1)])
    def test_has_its_parts(self, sent, bureau, tab, count):
        assert bureau.get(f"/liaisons/?tab={tab}").context["listing"].total == count

    def test_does_not_ask_more_for_more_sheets(self, sent, write, bureau, django_assert_max_num_queries):
        for number in range(4):
            write(title=f"事项{number}")
        with django_assert_max_num_queries(8):
            bureau.get("/liaisons/?tab=all")


class TestSigningAPaper:
    def post(self, client, kind, pk, **facts):
        out = io.BytesIO()
        Image.new("RGBA", (90, 30), (0, 0, 0, 255)).save(out, "PNG")
        page = client.get(f"/papers/{kind}/{pk}/sign/")
        given = {
            "do": "sign", "sign-role": "party", "sign-name": "白某", "digest": page.context["digest"],
            "image": "data:image/png;base64," + base64.b64encode(out.getvalue()).decode(),
            "strokes": json.dumps([[[0.1, 0.1, 0, 0.5]]]),
        }  # fmt: skip
        return client.post(f"/papers/{kind}/{pk}/sign/", given | facts)

    def test_of_an_order_puts_the_name_on_its_notice(self, bureau, order):
        assert self.post(bureau, "notice", order.pk).status_code == 302
        shown = bureau.get(f"/papers/notice/{order.pk}/").content.decode()
        assert reverse("signature_image", args=[Signature.objects.get().pk]) in shown

    def test_of_an_order_stands_in_its_history(self, bureau, order):
        self.post(bureau, "notice", order.pk)
        assert "通知书送达，当事人签收" in bureau.get(f"/corrections/{order.pk}/").content.decode()

    def test_that_is_not_taken_is_recorded_with_its_witness(self, bureau, order):
        given = {
            "do": "refuse", "refuse-name": "白某", "refuse-reason": "不在场", "refuse-witnesses": "李某"
        }  # fmt: skip
        self.post(bureau, "notice", order.pk, **given)
        assert "拒绝签名。理由：不在场" in bureau.get(f"/papers/notice/{order.pk}/").content.decode()

    def test_of_other_words_is_refused_on_the_page(self, bureau, order):
        assert self.post(bureau, "notice", order.pk, digest="0").status_code == 422

    def test_of_an_order_that_changed_asks_for_new_names(self, bureau, order):
        self.post(bureau, "notice", order.pk)
        order.content = "别的"
        order.save()
        assert "需要按现在的内容重新签名" in bureau.get(f"/papers/notice/{order.pk}/sign/").content.decode()

    @pytest.mark.parametrize("kind", ["record", "result", "liaison", "nothing"])
    def test_of_a_paper_that_is_not_signed_here_is_not_found(self, bureau, order, kind):
        assert bureau.get(f"/papers/{kind}/{order.pk}/sign/").status_code == 404


class TestASample:
    @pytest.fixture
    def sample(self, ours, officers):
        team = [officers["station_inspector"], officers["section_officer"]]
        return sampling.draw_sample(
            sheet=SHEET, party=ours, link="经营", kind="县级抽检", team=team, by=SYSTEM, at=NOW
        )

    def photo(self, client, sample, name="封签.jpg", content=PHOTO):
        given = {
            "do": "attach_evidence", "shows": "封签", "caption": "F0012",
            "files": SimpleUploadedFile(name, content),
        }  # fmt: skip
        return client.post(f"/samples/{sample.pk}/", given)

    def test_keeps_a_photo_of_its_seal(self, bureau, sample):
        assert self.photo(bureau, sample).status_code == 302
        row = Evidence.objects.get()
        assert (row.subject, row.place, row.caption) == ("sample", sample.number, "封签：F0012")

    def test_refuses_a_photo_that_is_none(self, bureau, sample):
        assert self.photo(bureau, sample, content=b"%PDF-1.7").status_code == 422

    def test_its_photo_is_not_for_who_may_not_see_samples(self, bureau, as_role, sample):
        self.photo(bureau, sample)
        pk = Evidence.objects.get().pk
        page = reverse("evidence_view", args=[pk])
        statuses = [c.get(page).status_code for c in (bureau, as_role("administrator"))]
        assert statuses == [200, 403]

    def test_its_sheet_is_signed(self, bureau, sample):
        TestSigningAPaper().post(bureau, "sheet", sample.pk)
        assert Signature.objects.get().record.kind == "sheet"

    @pytest.mark.parametrize("kind", ["disposal", "recall"])
    def test_that_conforms_has_no_notice(self, bureau, sample, kind):
        assert bureau.get(f"/samples/{sample.pk}/papers/{kind}/").status_code == 404


def test_the_kinds_that_are_signed_all_have_a_title():
    assert {"notice", "recheck", "interview", "stop", "resume", "sheet"} < set(signing.PAPERS)
