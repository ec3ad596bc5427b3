"""The citizen's door: tell us something, be told what came of it, and what does not get in."""

from __future__ import annotations

import io
import re
import time
import zipfile

import pytest
from django.core import signing
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image
from pypdf import PdfWriter

from visiting import jpeg
from xiejian.leads import actions
from xiejian.leads.models import Informant, Lead, LeadPhoto
from xiejian.people.policy import SYSTEM


@pytest.fixture(autouse=True)
def _fresh(settings, tmp_path):
    """No request counted yet, and a key of its own."""
    settings.DATA = tmp_path
    cache.clear()


def stamp(ago: int) -> str:
    """A form time so many seconds ago, signed as the page signs it."""
    signer = signing.TimestampSigner(salt="xiejian.portal.form")
    signer.timestamp = lambda: signing.b62_encode(int(time.time()) - ago)
    return signer.sign("form")


@pytest.fixture
def send(naiman):
    """Sends the form as a visitor would; a test names what is different."""

    def post(client=None, **facts):
        given = {
            "office_code": "150525", "kind": "举报", "text": "有人卖过期口罩", "shown_at": stamp(60),
            "website": "",
        }  # fmt: skip
        return (client or Client()).post("/public/", given | facts)

    return post


def code_of(answer) -> str:
    return re.search(r"<code>(\w+)</code>", answer.content.decode())[1]


def picture(name="现场.jpg", content=None):
    return SimpleUploadedFile(name, jpeg() if content is None else content)


class TestTelling:
    def test_the_page_opens_without_signing_in(self, naiman):
        assert Client().get("/public/").status_code == 200

    def test_what_is_sent_becomes_a_lead_of_the_bureau(self, send):
        send()
        lead = Lead.objects.get()
        assert (lead.source, lead.kind, lead.office_code, lead.received_on) == (
            "网站", "举报", "150525", timezone.localdate(),
        )  # fmt: skip

    def test_the_receipt_code_is_not_stored(self, send):
        code = code_of(send())
        assert not Lead.objects.filter(receipt=code).exists()

    def test_without_a_name_nobody_is_known(self, send):
        send()
        assert not Informant.objects.exists()

    def test_a_name_is_sealed(self, send):
        send(name="张三丰", phone="13800001111")
        assert b"13800001111" not in bytes(Informant.objects.get().sealed)

    def test_photographs_come_with_it(self, send):
        send(photos=[picture(), picture("二.jpg")])
        assert LeadPhoto.objects.count() == 2

    def test_where_the_camera_was_is_not_kept(self, send):
        exif = Image.Exif()
        exif[0x9286] = "家住一号楼"
        send(photos=[picture(content=jpeg(exif=exif))])
        with LeadPhoto.objects.get().file.open() as file:
            kept = Image.open(io.BytesIO(file.read()))
        assert dict(kept.getexif()) == {}


def archive() -> bytes:
    """A Word file with a macro of 200 MB in a few hundred KB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/vbaProject.bin", b"0" * 200_000_000)
    return out.getvalue()


def report() -> bytes:
    """A PDF of 300 pages."""
    pages = PdfWriter()
    for _ in range(300):
        pages.add_blank_page(595, 842)
    out = io.BytesIO()
    pages.write(out)
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(out, "PNG")
    return out.getvalue()


class TestWhatDoesNotGetIn:
    @pytest.mark.parametrize("field", ["text", "product", "party_named", "place", "wish"])
    def test_markup_in_any_field(self, send, field):
        answer = send(**{field: "<script>alert(1)</script>"})
        assert (answer.status_code, Lead.objects.count()) == (422, 0)

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("照片.jpg", b"<html><script>x</script></html>"),
            ("报告.pdf", report()),
            ("宏.docm", archive()),
            ("一半.jpg", jpeg()[:200]),
            ("很大.png", bomb()),
        ],
    )
    def test_a_file_that_is_no_photograph(self, send, name, content):
        answer = send(photos=[picture(name, content)])
        assert (answer.status_code, "不是能打开的照片" in answer.content.decode(), Lead.objects.count()) == (
            422, True, 0,
        )  # fmt: skip

    def test_a_file_that_is_too_large(self, send):
        answer = send(photos=[picture(content=jpeg() + b"0" * 10_000_001)])
        assert ("太大" in answer.content.decode(), Lead.objects.count()) == (True, 0)

    def test_more_photographs_than_allowed(self, send):
        send(photos=[picture(f"{n}.jpg") for n in range(4)])
        assert Lead.objects.count() == 0

    def test_who_fills_in_the_trap(self, send):
        assert (send(website="http://x").status_code, Lead.objects.count()) == (422, 0)

    @pytest.mark.parametrize("shown", [0, 4 * 3600, "form:1abc:falsch", ""])
    def test_a_form_that_is_too_fast_too_old_or_not_ours(self, send, shown):
        shown = stamp(shown) if isinstance(shown, int) else shown
        assert (send(shown_at=shown).status_code, Lead.objects.count()) == (422, 0)

    def test_a_flood_from_one_address(self, send):
        statuses = [send(text=f"第{n}件").status_code for n in range(11)]
        assert (statuses[9], statuses[10]) == (200, 422)

    def test_a_bureau_that_does_not_exist(self, send):
        assert (send(office_code="110101").status_code, Lead.objects.count()) == (422, 0)


class TestASecondTime:
    def test_the_same_person_a_minute_later_is_taken_in_and_shown_as_a_likely_duplicate(self, send):
        send(phone="13800001111")
        send(phone="13800001111", text="补充一点")
        first, second = Lead.objects.order_by("pk")
        assert second.proposal["duplicates"] == [first.pk]


class TestProgress:
    def ask(self, code):
        return Client().post("/public/progress/", {"code": code}).content.decode()

    def test_the_code_tells_how_far_it_has_come(self, send):
        assert "已收到，待处理" in self.ask(code_of(send()))

    def test_small_letters_and_dashes_do_not_matter(self, send):
        code = code_of(send()).lower()
        assert "已收到，待处理" in self.ask(f"{code[:6]}-{code[6:]}")

    def test_the_answer_is_told_once_it_is_given(self, send):
        code = code_of(send())
        Lead.objects.update(state="answered", answer="已查处")
        assert "已查处" in self.ask(code)

    def test_an_answer_that_was_taken_back_is_not(self, send):
        code = code_of(send())
        Lead.objects.update(state="reopened", answer="已查处")
        assert "已查处" not in self.ask(code)

    @pytest.mark.parametrize("code", ["", "ABCDEFGHJKMN"])
    def test_another_code_opens_nothing(self, send, code):
        send()
        assert "没有这个查询码" in self.ask(code)

    def test_codes_are_not_tried_out(self, send):
        for _ in range(10):
            self.ask("ABCDEFGHJKMN")
        assert "过于频繁" in self.ask("ABCDEFGHJKMN")

    def test_nothing_of_the_informant_is_on_it(self, send):
        code = code_of(send(name="张三丰", phone="13800001111", text="我张三丰举报"))
        assert "张三丰" not in self.ask(code)


def test_a_citizens_report_is_handled_like_any_other(send):
    send()
    lead = actions.triage_lead(
        lead=Lead.objects.get(), kind="举报", topic="expired", priority="一般", by=SYSTEM, at=timezone.now()
    )
    assert lead.state == "triaged"
