"""签名、证据、产品核对、现场文书: the pages on which a visit is put on record."""

from __future__ import annotations

import base64
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from moment import NOW
from visiting import PHOTO, appoint, enrol, jpeg, photo
from xiejian.inspections import actions, site_record
from xiejian.inspections.models import Evidence, IssuedPaper, ProductCheck, Signature, SiteRecord, Visit
from xiejian.people.policy import SYSTEM
from xiejian.web import clock

TODAY = NOW.date()


def data_url() -> str:
    out = io.BytesIO()
    Image.new("RGBA", (90, 30), (0, 0, 0, 255)).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda request: NOW)


@pytest.fixture
def client(as_role):
    return as_role("section_officer")


@pytest.fixture
def started(naiman) -> Visit:
    shop = enrol("明眸眼镜店", "150525100", NOW, tags="|角膜接触镜|", head="白明", phone="0475-4210000")
    team = [appoint("wang", "王检", "150525100", NOW), appoint("zhao", "赵检", "150525100", NOW)]
    visit = actions.schedule_visit(
        party=shop, link="经营", kind="日常检查", planned_on=TODAY, team=team, by=SYSTEM, at=NOW
    )
    return actions.start_visit(visit=visit, on=TODAY, by=SYSTEM, at=NOW)


@pytest.fixture
def sign(client, started):
    def post(**facts):
        record = SiteRecord.objects.filter(visit=started).first()
        given = {
            "do": "sign", "sign-role": "inspector", "sign-name": "王检", "image": data_url(),
            "strokes": json.dumps([[[0.1, 0.1, 0, 0.5]]]),
            "digest": record.digest if record else site_record.standing(started).digest,
        }  # fmt: skip
        return client.post(f"/visits/{started.pk}/sign/", given | facts)

    return post


class TestSigning:
    def test_shows_the_words_that_are_signed(self, client, started):
        page = client.get(f"/visits/{started.pk}/sign/")
        assert page.context["digest"] == site_record.standing(started).digest
        assert "被检查单位：明眸眼镜店" in page.content.decode()

    def test_warns_of_points_without_an_answer(self, client, started):
        assert "个检查点没有结果" in client.get(f"/visits/{started.pk}/sign/").content.decode()

    def test_keeps_the_name_as_it_was_drawn(self, sign):
        assert sign().status_code == 302
        row = Signature.objects.get()
        with row.file.open() as file:
            assert (row.name, file.read()) == ("王检", base64.b64decode(data_url().partition(",")[2]))

    @pytest.mark.parametrize("image", ["", "data:image/png;base64,!!!", "http://elsewhere/a.png"])
    def test_without_a_picture_says_what_is_missing(self, sign, image):
        answer = sign(image=image)
        assert (answer.status_code, "I604" in answer.content.decode()) == (422, True)

    def test_shows_the_drawn_name_on_the_record(self, client, sign, started):
        sign()
        address = reverse("signature_image", args=[Signature.objects.get().pk])
        assert address in client.get(f"/visits/{started.pk}/record/").content.decode()

    def test_records_a_refusal_with_its_witness(self, client, started):
        given = {
            "do": "refuse", "refuse-name": "白明", "refuse-reason": "不说明理由",
            "refuse-witnesses": "李某、张某",
            "digest": site_record.standing(started).digest,
        }  # fmt: skip
        client.post(f"/visits/{started.pk}/sign/", given)
        assert Signature.objects.get().witnesses == "李某、张某"

    def test_takes_a_supplement_and_leads_to_its_names(self, client, sign, started):
        sign()
        given = {"do": "supplement", "supplement-text": "漏记库房温度"}
        answer = client.post(f"/visits/{started.pk}/sign/", given)
        assert answer.url.endswith("?part=1")

    def test_closes_the_checklist(self, client, sign, started):
        sign()
        page = client.get(f"/visits/{started.pk}/").content.decode()
        assert "现场检查记录已经签名" in page

    def test_of_the_party_is_shown_to_who_may_see_contacts_only(self, as_role, sign):
        sign(**{"sign-role": "party", "sign-name": "白明"})
        address = reverse("signature_image", args=[Signature.objects.get().pk])
        answers = {role: as_role(role).get(address) for role in ("head", "upper_viewer")}
        for answer in answers.values():
            answer.close()
        assert {role: a.status_code for role, a in answers.items()} == {"head": 200, "upper_viewer": 404}


class TestTheVisit:
    def ask(self, client, started, count, query):
        for shade in range(count):
            actions.attach_evidence(visit=started, file=photo(content=jpeg(shade)), by=SYSTEM, at=NOW)
        with query() as asked:
            client.get(f"/visits/{started.pk}/")
        return len(asked)

    def test_checks_a_product_and_says_what_was_found(self, client, started):
        given = {"do": "check_product", "udi": "(01)06972253600013(17)230930(10)A1", "registration_no": ""}
        answer = client.post(f"/visits/{started.pk}/", given, follow=True)
        assert (ProductCheck.objects.get().verdict, "已于 2023-09-30 过期" in answer.content.decode()) == (
            "wrong",
            True,
        )

    def test_says_when_nothing_was_given_to_check(self, client, started):
        answer = client.post(f"/visits/{started.pk}/", {"do": "check_product"})
        assert (answer.status_code, "I613" in answer.content.decode()) == (422, True)

    def test_asks_no_more_with_more_evidence(self, client, started, django_assert_max_num_queries):
        from_two = self.ask(client, started, 2, lambda: django_assert_max_num_queries(60))
        from_six = self.ask(client, started, 6, lambda: django_assert_max_num_queries(60))
        assert from_two == from_six


class TestEvidence:
    @pytest.fixture
    def rows(self, started):
        files = [photo(f"{n}.jpg", jpeg(shade=n)) for n in range(2)]
        return [actions.attach_evidence(visit=started, file=f, by=SYSTEM, at=NOW) for f in files]

    def test_says_that_a_video_is_too_large_and_keeps_the_rest(self, client, started, monkeypatch):
        monkeypatch.setattr("xiejian.inspections.checks.evidence_limit", lambda kind: 0)
        files = [SimpleUploadedFile("a.mp4", b"\0\0\0\x18ftypisom"), SimpleUploadedFile("台账.jpg", PHOTO)]
        answer = client.post(f"/visits/{started.pk}/", {"do": "attach_evidence", "files": files})
        assert "I402" in answer.content.decode()

    def test_is_shown_with_its_digests(self, client, rows):
        page = client.get(f"/evidence/{rows[0].pk}/view/").content.decode()
        assert rows[0].sha256 in page

    def test_keeps_the_place_from_who_may_not_see_contacts(self, as_role, rows):
        Evidence.objects.update(latitude=42.84, longitude=120.65)
        pages = {
            role: as_role(role).get(f"/evidence/{rows[0].pk}/view/").content.decode()
            for role in ("head", "upper_viewer")
        }
        assert {role: "120.65" in page for role, page in pages.items()} == {
            "head": True,
            "upper_viewer": False,
        }

    def test_gets_another_caption(self, client, rows):
        client.post(f"/evidence/{rows[0].pk}/view/", {"do": "describe", "caption": "东侧货架"})
        assert Evidence.objects.get(pk=rows[0].pk).caption == "东侧货架"

    def test_moves_up(self, client, rows, started):
        client.post(f"/evidence/{rows[1].pk}/view/", {"do": "earlier"})
        assert list(started.evidence.values_list("pk", flat=True)) == [rows[1].pk, rows[0].pk]

    def test_has_a_small_copy(self, client, rows):
        answer = client.get(f"/evidence/{rows[0].pk}/small/")
        assert b"".join(answer).startswith(b"\xff\xd8")


class TestPapers:
    def test_come_as_word(self, client, started):
        answer = client.get(f"/papers/record/{started.pk}/file/docx/")
        assert answer.content.startswith(b"PK") and "attachment" in answer["Content-Disposition"]

    def test_without_libreoffice_name_the_way_out(self, client, started, monkeypatch):
        monkeypatch.setattr("xiejian.documents.pdf.program", lambda: None)
        page = client.get(f"/papers/record/{started.pk}/").content.decode()
        answer = client.get(f"/papers/record/{started.pk}/file/pdf/").content.decode()
        assert ("没有安装 LibreOffice" in page, "D109" in answer) == (True, True)

    def test_of_an_unknown_kind_are_not_found(self, client, started):
        assert client.get(f"/papers/poem/{started.pk}/").status_code == 404

    def test_get_their_number_when_asked_to(self, client, started):
        visit = Visit.objects.filter(pk=started.pk)
        visit.update(state="concluded", conclusion="符合")
        client.post(f"/papers/result/{started.pk}/")
        number = IssuedPaper.objects.get().number
        assert number in client.get(f"/papers/result/{started.pk}/").content.decode()

    def test_are_not_numbered_by_who_only_reads(self, as_role, started):
        Visit.objects.filter(pk=started.pk).update(state="concluded", conclusion="符合")
        as_role("upper_viewer").post(f"/papers/result/{started.pk}/")
        assert not IssuedPaper.objects.exists()
