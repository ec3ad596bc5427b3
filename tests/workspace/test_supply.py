"""进销存 of a firm: a delivery received by scan, put right, blocked, uploaded, taken elsewhere."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from moment import NOW
from xiejian.people.policy import SYSTEM
from xiejian.supply import actions, files
from xiejian.supply.actions import Entry
from xiejian.supply.models import LotHold, Movement, Partner, ProductCard

DI = "06972253600013"
SCAN = f"(01){DI}(11)240101(17)260930(10)B7"
TODAY = NOW.date()
NEW, LIST = "/firm/supply/new/", "/firm/supply/"


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    """The pages' clock stands where the tests' does."""
    monkeypatch.setattr("xiejian.web.clock.timezone.now", lambda: NOW)


@pytest.fixture
def store(ours, firm_client):
    return firm_client(ours, "firm_store")


@pytest.fixture
def write(ours, theirs):
    """One movement of our firm, by default a delivery that came from the other one."""

    def make(firm=ours, **given):
        usual = {
            "kind": "receive", "di": DI, "quantity": 10, "on": TODAY, "lot": "B7", "product_name": "试剂盒",
            "partner_uscc": theirs.uscc, "expires_on": TODAY + dt.timedelta(days=400),
        }  # fmt: skip
        entry = Entry(firm_uscc=firm.uscc, **{**usual, **given})
        return actions.record_movement(entry=entry, by=SYSTEM, at=NOW)

    return make


def text(answer) -> str:
    return answer.content.decode()


class TestReceivingByScan:
    def test_fills_the_form_from_the_code_and_the_products_file(self, ours, store, firm_actor):
        card = files.CardEntry(di=DI, product_name="试剂盒", registration_no="国械注准20203400123")
        files.write_card(firm_uscc=ours.uscc, entry=card, by=firm_actor(ours), at=NOW)
        form = store.get(NEW, {"kind": "receive", "udi": SCAN}).context["form"]
        assert {n: str(form[n].value()) for n in ("di", "lot", "expires_on", "product_name")} == {
            "di": DI, "lot": "B7", "expires_on": "2026-09-30", "product_name": "试剂盒",
        }  # fmt: skip

    def test_writes_the_movement_and_asks_for_the_next(self, ours, theirs, store):
        told = {
            "di": DI, "lot": "B7", "quantity": 10, "on": TODAY, "partner_uscc": theirs.uscc,
            "partner_name": theirs.name, "document_no": "CK-1", "expires_on": "2026-09-30",
        }  # fmt: skip
        answer = store.post(f"{NEW}?kind=receive&udi={SCAN}", told)
        row = Movement.objects.get()
        assert (row.firm_uscc, row.kind, row.source, row.quantity) == (ours.uscc, "receive", "scan", 10)
        assert "document_no=CK-1" in answer["Location"]

    def test_says_what_is_wrong_with_a_code(self, store):
        assert "N204" in text(store.get(NEW, {"udi": "hello"}))

    def test_of_a_delivery_that_the_sender_wrote_waits_on_the_home_page(self, ours, theirs, store, write):
        write(theirs, kind="make", partner_uscc="")
        write(theirs, kind="ship", partner_uscc=ours.uscc, document_no="CK-9")
        assert "CK-9" in text(store.get("/firm/"))
        write(document_no="CK-9")
        assert "CK-9" not in text(store.get("/firm/"))


class TestShipping:
    @pytest.mark.parametrize(
        ("given", "code"), [({"quantity": 11}, "SU111"), ({"expires_on": "2024-03-01"}, "SU110")]
    )
    def test_what_is_not_there_or_expired_is_refused_in_the_form(self, store, theirs, write, given, code):
        write()
        told = {"di": DI, "lot": "B7", "quantity": 1, "on": TODAY, "partner_uscc": theirs.uscc, **given}
        answer = store.post(f"{NEW}?kind=ship", told)
        assert answer.status_code == 422 and code in text(answer)

    def test_a_lot_that_the_firm_held_is_refused_until_it_is_released(self, store, theirs, write):
        write()
        store.post("/firm/holds/new/", {"di": DI, "lot": "B7", "reason": "外包装破损"})
        told = {"di": DI, "lot": "B7", "quantity": 1, "on": TODAY, "partner_uscc": theirs.uscc}
        assert "SU201" in text(store.post(f"{NEW}?kind=ship", told))
        page = reverse("firm_hold", args=[LotHold.objects.get().pk])
        store.post(page, {"do": "release_hold", "reason": "更换包装"})
        assert store.post(f"{NEW}?kind=ship", told).status_code == 302

    def test_a_lot_that_a_recall_holds_is_not_released_by_the_firm(self, store, ours, write):
        write()
        hold = actions.hold_lot(
            firm_uscc=ours.uscc, di=DI, lot="B7", reason="召回", source_kind="recall", source_record="1",
            by=SYSTEM, at=NOW,
        )  # fmt: skip
        store.post(reverse("firm_hold", args=[hold.pk]), {"do": "release_hold", "reason": "x"})
        hold.refresh_from_db()
        assert hold.released_at is None


class TestARecord:
    def test_is_amended_and_leads_to_the_new_one(self, store, write):
        old = write()
        fields = ("di", "lot", "serial", "partner_uscc", "partner_name", "document_no", "product_name")
        told = {name: getattr(old, name) for name in fields}
        page = reverse("firm_movement", args=[old.pk])
        answer = store.post(
            page, {**told, "do": "amend_movement", "reason": "数错", "quantity": 8, "on": old.on}
        )
        new = Movement.objects.get(voided=False)
        assert (new.quantity, answer["Location"]) == (8, reverse("firm_movement", args=[new.pk]))

    def test_is_struck_with_a_reason(self, store, write):
        row = write()
        store.post(reverse("firm_movement", args=[row.pk]), {"do": "void_movement", "reason": "重复"})
        row.refresh_from_db()
        assert (row.voided, row.reason) == (True, "重复")


class TestLists:
    def test_of_movements_ask_the_same_number_of_questions_for_many_rows(self, store, write):
        def asked() -> int:
            with CaptureQueriesContext(
                connection,
            ) as found:
                assert store.get(LIST).status_code == 200
            return len(found)

        write()
        before = asked()
        for n in range(5):
            write(lot=f"L{n}")
        assert asked() == before

    def test_of_stock_name_what_expires_soon(self, store, write):
        write(expires_on=TODAY + dt.timedelta(days=10))
        assert "近效期" in text(store.get("/firm/stock/", {"state": "near"}))

    def test_of_movements_narrow_to_those_with_a_mark(self, store, write):
        write()
        assert store.get(LIST, {"mark": "oversold"}).context["listing"].total == 0
        assert store.get(LIST, {"mark": "partner_unknown"}).context["listing"].total == 1

    def test_are_taken_along_as_epcis(self, store, write):
        write()
        document = json.loads(store.get("/firm/supply/events/").content)
        assert document["epcisBody"]["eventList"][0]["bizStep"] == "receiving"


class TestFiles:
    def test_of_a_partner_are_filled_in_from_the_register(self, store, theirs):
        form = store.get("/firm/partners/new/", {"uscc": theirs.uscc}).context["form"]
        assert (form["name"].value(), form["classes"].value()) == (theirs.name, "Ⅱ、Ⅲ")

    def test_of_a_partner_take_the_mark_from_the_next_delivery(self, store, theirs, write):
        told = {
            "uscc": theirs.uscc,
            "name": theirs.name,
            "kind": "supplier",
            "classes": "Ⅲ",
            "is_active": "on",
        }
        assert store.post("/firm/partners/new/", told).status_code == 302
        assert Partner.objects.get().classes == "3"
        assert "partner_unknown" not in write().mark_list

    def test_of_a_product_turn_packages_into_least_units(self, store, theirs):
        told = {"di": DI, "product_name": "试剂盒", "unit": "支", "unit_0": "箱", "factor_0": 20}
        assert store.post("/firm/cards/new/", told).status_code == 302
        assert ProductCard.objects.get().packages == [{"unit": "箱", "factor": 20, "di": ""}]
        received = {"di": DI, "lot": "B7", "quantity": 2, "unit": "箱", "on": TODAY, "partner_name": "外商"}
        store.post(f"{NEW}?kind=receive", received)
        assert Movement.objects.get().quantity == 40

    def test_of_a_partner_whose_licence_ends_stand_on_the_home_page(self, ours, theirs, store, firm_actor):
        entry = files.PartnerEntry(theirs.uscc, theirs.name, valid_until=TODAY + dt.timedelta(days=5))
        files.write_partner(firm_uscc=ours.uscc, entry=entry, by=firm_actor(ours), at=NOW)
        assert "资质到期" in text(store.get("/firm/"))


class TestAnUpload:
    def test_is_loaded_and_returns_what_is_wrong(self, ours, store):
        rows = ["类型,日期,产品标识,批号,数量,往来单位"]
        rows += [f"购进验收,2024-03-01,{DI},B7,{quantity},外商" for quantity in ("5", "x")]
        file = SimpleUploadedFile("a.csv", "\n".join(rows).encode())
        page = store.post("/firm/supply/import/", {"file": file})["Location"]
        assert "退回 1" in text(store.get(page)) and Movement.objects.get().firm_uscc == ours.uscc
        assert b"".join(store.get(f"{page}rejects/").streaming_content).startswith(b"PK")

    def test_is_nobody_elses(self, store, theirs, firm_client):
        file = SimpleUploadedFile("a.json", b"{}")
        page = store.post("/firm/supply/import/", {"file": file})["Location"]
        assert "SU403" in text(store.get(page))
        assert firm_client(theirs, "firm_store").get(page).status_code == 404


class TestAnotherRole:
    def test_of_the_firm_sees_no_stock(self, ours, firm_client):
        assert firm_client(ours, "firm_sales").get("/firm/stock/").status_code == 403
