"""ERPNext's CSV files: out and into another firm gives the same; twice is once; problems by line."""

from __future__ import annotations

import pytest

from moment import NOW
from selling import open_desk
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM
from xiejian.registry.models import Party
from xiejian.sales import erp
from xiejian.sales.models import Customer, Invoice, Item, Region, Shipment, Site
from xiejian.supply.models import Movement

ITEMS = """ID,Item Code,Item Name,Item Group,Default Unit of Measure,Has Batch No,\
Has Expiry Date,Barcode (Barcodes)
B1,B1,血糖试纸,体外诊断,盒,1,1,16901234500017
,,,,,,,26901234500017
S1,S1,上门安装,服务,次,0,0,
"""
BATCHES = """ID,Batch ID,Item,Manufacturing Date,Expiry Date
LB1,LB1,B1,2024-01-05,2026-01-04
LB2,LB2,B1,2024-02-05,2026-02-04
"""
NOTES = """ID,Customer,Date,ID (Items),Item Code (Items),Quantity (Items),Rate (Items),\
Batch No (Items),Serial No (Items)
MAT-DN-2024-00001,旗人民医院,2024-03-01,a1,B1,10.0,35.50,LB1,
,,,a2,B1,5,35.50,LB2,
,,,a3,S1,1,200.00,,
MAT-DN-2024-00002,旗人民医院,2024-03-02,b1,B1,1,36.00,LB1,
"""
INVOICES = """ID,Customer,Date,Payment Due Date,ID (Items),Item Code (Items),Quantity (Items),\
Rate (Items),Delivery Note (Items)
ACC-SINV-2024-00001,旗人民医院,2024-03-01,2024-04-15,x1,B1,15,35.50,MAT-DN-2024-00001
,,,,x2,S1,1,200.00,MAT-DN-2024-00001
"""
FILES = {"item": ITEMS, "batch": BATCHES, "delivery_note": NOTES, "sales_invoice": INVOICES}


@pytest.fixture
def take(desk, tmp_path):
    """take("item", text, firm): the file taken in for a firm, the desk's own unless another is named."""

    def run(kind: str, text: str, firm: str = ""):
        path = tmp_path / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        return erp.import_erp(kind=kind, path=path, by=SYSTEM, at=NOW, firm_uscc=firm or desk.firm)

    return run


@pytest.fixture
def taken(take):
    return {kind: take(kind, text) for kind, text in FILES.items()}


def codes(found) -> list[str]:
    return [problem.code for problem in found.returned]


class TestTakingIn:
    def test_every_line_and_document_is_new_once(self, taken):
        assert {kind: (one.new, codes(one)) for kind, one in taken.items()} == {
            "item": (2, []), "batch": (2, []), "delivery_note": (2, []), "sales_invoice": (1, []),
        }  # fmt: skip

    def test_a_delivery_note_is_a_shipment_that_left_with_its_lots_moved(self, taken):
        note = Shipment.objects.get(number="MAT-DN-2024-00001")
        moved = Movement.objects.filter(document_no=note.number).order_by("lot")
        assert (note.state, note.total_fen, note.lines.count()) == ("shipped", 15 * 3550 + 20000, 3)
        assert [(m.lot, m.quantity, m.source, str(m.expires_on)) for m in moved] == [
            ("LB1", 10, "erp", "2026-01-04"), ("LB2", 5, "erp", "2026-02-04"),
        ]  # fmt: skip

    def test_an_invoice_finds_its_delivery_and_its_due_date(self, taken):
        one = Invoice.objects.get()
        assert (one.shipment.number, str(one.due_on), one.balance_fen) == (
            "MAT-DN-2024-00001", "2024-04-15", 73_250,
        )  # fmt: skip

    def test_twice_is_once(self, taken, take):
        again = {kind: take(kind, text) for kind, text in FILES.items()}
        assert {kind: (one.new, one.same, one.refused) for kind, one in again.items()} == {
            "item": (0, 2, 0), "batch": (0, 2, 0), "delivery_note": (0, 2, 0), "sales_invoice": (0, 1, 0),
        }  # fmt: skip
        assert Movement.objects.filter(source="erp").count() == 3

    def test_a_document_that_says_something_else_now_is_returned(self, taken, take):
        assert codes(take("delivery_note", NOTES.replace("10.0", "11"))) == ["SA605"]

    def test_an_item_that_changed_is_brought_up_to_date(self, taken, take):
        take("item", ITEMS.replace("血糖试纸", "血糖试纸（条）"))
        assert Item.objects.get(code="B1").name == "血糖试纸（条）"

    @pytest.mark.parametrize(
        ("kind", "before", "after", "code"),
        [
            ("batch", "LB2,LB2,B1", "LB2,LB2,B9", "SA601"),
            ("batch", "2026-02-04", "2026-13-04", "K301"),
            ("delivery_note", "00002,旗人民医院", "00002,没有的医院", "SA602"),
            ("delivery_note", "36.00,LB1", "36.00,LB9", "SA603"),
            ("delivery_note", "B1,1,36", "B1,1.5,36", "SA604"),
            ("delivery_note", "B1,1,36", "B1,-1,36", "SA604"),
            ("delivery_note", "2024-03-02", "2024-03-20", "K506"),
            ("delivery_note", "36.00", "36.005", "K505"),
        ],
    )
    def test_what_is_wrong_is_returned_with_its_line_and_the_rest_is_kept(
        self, take, kind, before, after, code
    ):
        take("item", ITEMS)
        if kind != "batch":
            take("batch", BATCHES)
        found = take(kind, FILES[kind].replace(before, after))
        assert (codes(found), found.new) == ([code], 1)
        assert "第" in found.returned[0].where

    def test_a_line_that_no_document_owns_is_a_problem(self, take):
        take("item", ITEMS)
        head = NOTES.splitlines()[0]
        assert codes(take("delivery_note", f"{head}\n,,,a2,B1,5,35.50,,\n")) == ["SA606"]

    def test_a_kind_without_a_form_is_refused(self, take):
        with pytest.raises(Refused) as refused:
            take("purchase_order", ITEMS)
        assert refused.value.first.code == "SA607"


def test_out_and_into_another_firm_gives_the_same(desk, taken, take, naiman):
    other = Party.objects.create(
        name="另一家公司", uscc="91320594588468512N", division_code="150525", office_code="150525",
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    site = Site.objects.create(firm_uscc=other.uscc, name="x")
    region = Region.objects.create(firm_uscc=other.uscc, name="x", site=site)
    Customer.objects.create(
        firm_uscc=other.uscc, number="1", name=desk.customer.name, region=region, made_at=NOW,
        uscc=desk.customer.uscc, payment_days=1,
    )  # fmt: skip
    out = {kind: erp.export_erp(kind, SYSTEM, desk.firm) for kind in FILES}
    again = {kind: take(kind, text, other.uscc) for kind, text in out.items()}
    assert {kind: codes(one) for kind, one in again.items()} == {kind: [] for kind in FILES}
    assert {kind: erp.export_erp(kind, SYSTEM, other.uscc) for kind in FILES} == out


def test_an_officer_and_another_firm_get_an_empty_file(desk, officer):
    assert erp.export_erp("item", officer, desk.firm).count("\n") == 1


def test_a_firm_gets_its_own_whatever_firm_it_names(desk, person):
    open_desk(
        Party.objects.create(
            name="x", uscc="91320594588468512N", division_code="150525", office_code="150525",
            created_at=NOW, updated_at=NOW,
        ),
        NOW,
    )  # fmt: skip
    assert erp.export_erp("item", person("firm_sales"), "91320594588468512N").count("\n") == 1
