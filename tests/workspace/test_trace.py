"""追溯 of a firm: its own records, its own partners, nothing further."""

from __future__ import annotations

import io

import pytest
from docx import Document

from traced import CLINIC, DEALER, DI, HOSPITAL, LOT, OTHER, TODAY, lot_on_its_way, move
from xiejian.registry.models import Party
from xiejian.supply.models import Partner

ASKED = f"di={DI}&lot={LOT}&on={TODAY}"


@pytest.fixture
def store(naiman, firm_client):
    """The dealer's storekeeper, with the lot on its way."""
    lot_on_its_way()
    return firm_client(Party.objects.get(uscc=DEALER), "firm_store")


def text(answer) -> str:
    return answer.content.decode()


class TestTracing:
    def test_shows_suppliers_and_buyers_by_the_own_records(self, store):
        page = text(store.get(f"/firm/trace/?{ASKED}"))
        assert "甲厂" in page and "奈曼医院" in page and "记录不可见" in page

    @pytest.mark.parametrize("path", ["", "recall/"])
    def test_shows_nothing_of_other_firms(self, store, path):
        page = text(store.get(f"/firm/trace/{path}?{ASKED}"))
        assert not any(word in page for word in ("独山", OTHER, CLINIC, "tok-1", "150525100"))

    def test_is_not_for_the_sales_people(self, store, firm_client):
        sales = firm_client(Party.objects.get(uscc=DEALER), "firm_sales")
        assert sales.get("/firm/trace/").status_code == 403


class TestMockRecall:
    def test_takes_whom_to_call_from_the_own_files(self, store):
        Partner.objects.create(
            firm_uscc=DEALER, uscc=HOSPITAL, name="奈曼医院", kind="buyer", contact="库管", phone="0475-1"
        )
        assert "库管 0475-1" in text(store.get(f"/firm/trace/recall/?{ASKED}"))

    def test_report_bears_the_name_of_the_firm(self, store):
        answer = store.get(f"/firm/trace/recall/?{ASKED}&format=docx")
        paper = Document(io.BytesIO(answer.content))
        assert "奈曼经销" in "".join(paragraph.text for paragraph in paper.paragraphs)


class TestContradictions:
    def test_are_those_of_the_own_records(self, store):
        for place in (DEALER, HOSPITAL):
            move(place, "implant", 1)
        page = text(store.get("/firm/trace/contradictions/?since=2024-01-01"))
        assert page.count("植入记录没有患者代号") == 1
