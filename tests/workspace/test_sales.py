"""The sales desk's pages: who opens what, what a list asks of the database, how a paper is written."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

import sold
from moment import NOW
from selling import open_desk
from xiejian.sales.models import Contract, Customer, Invoice, Item, PriceList, Region, Site
from xiejian.web import clock
from xiejian.workspace.sales_fields import read_lots
from xiejian.workspace.sales_urls import SALES_URLS

LISTS = {
    "firm_customers": sold.contract, "firm_contracts": sold.contract, "firm_orders": sold.order,
    "firm_shipments": sold.shipment, "firm_invoices": sold.invoice, "firm_payments": sold.payment,
    "firm_tickets": sold.ticket, "firm_returns": sold.goods_return, "firm_price_lists": sold.price_list,
    "firm_price_exceptions": sold.price_exception,
}  # fmt: skip
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _day(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda request: NOW)
    monkeypatch.setattr(clock, "today", lambda request: TODAY)


def lines(*rows: dict[str, object], filled: int = 4) -> dict[str, object]:
    """What a form with lines sends."""
    sent = {"lines-TOTAL_FORMS": filled, "lines-INITIAL_FORMS": 0}
    return sent | {f"lines-{n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()}


@pytest.mark.parametrize(("page", "make"), LISTS.items())
def test_a_list_shows_the_record_and_asks_little(
    firm_client, ours, page, make, django_assert_max_num_queries
):
    make(ours)
    client = firm_client(ours)
    with django_assert_max_num_queries(11):
        answer = client.get(reverse(page))
    assert answer.status_code == 200 and "没有符合条件的记录" not in answer.content.decode()
    assert client.get(reverse(page), {"format": "xlsx"}).status_code == 200
    assert (
        client.get(reverse(page), {"region": "x", "state": "x", "from": "x", "customer": "-"}).status_code
        == 200
    )


class TestWhoOpensWhat:
    PRICED = [page.name for page in SALES_URLS if page.callback.permission == "firm.sales_view"]

    def test_the_store_opens_shipments_and_returns_and_no_price(self, firm_client, ours):
        store = firm_client(ours, "firm_store")
        page = store.get(reverse("firm_shipment", args=[sold.shipment(ours).pk])).content.decode()
        assert "L1" in page and "3.00" not in page
        no_pk = [page.name for page in SALES_URLS if page.name in self.PRICED and not page.pattern.converters]
        assert {store.get(reverse(name)).status_code for name in no_pk} == {403}

    def test_a_head_reads_a_contract_and_is_offered_no_step_of_sales(self, firm_client, ours):
        page = firm_client(ours, "firm_head").get(reverse("firm_contract", args=[sold.contract(ours).pk]))
        assert "step-submit_contract" not in page.content.decode()


class TestWriting:
    @pytest.fixture
    def desk(self, ours):
        return open_desk(ours, NOW)

    def test_a_contract_with_its_lines(self, firm_client, ours, desk):
        told = {
            "customer": desk.customer.pk, "site": desk.sales_site.pk, "title": "年度合同", "payment_days": 30,
            "starts_on": "2024-03-05", "ends_on": "2024-12-31",
            **lines({"item": desk.item.pk, "quantity": 10, "price_fen": "95.50"}),
        }  # fmt: skip
        answer = firm_client(ours, "firm_sales").post(reverse("firm_contract_new"), told)
        assert (answer.status_code, Contract.objects.get().total_fen) == (302, 95_500)

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ({}, "没有任何明细"),
            ({"quantity": 1}, "请填写"),
            ({"item": 0, "quantity": 1, "price_fen": 1}, "invalid"),
        ],
    )
    def test_a_contract_without_a_whole_line_comes_back(self, firm_client, ours, desk, line, said):
        told = {
            "customer": desk.customer.pk, "site": desk.sales_site.pk, "title": "x", "payment_days": 30,
            "starts_on": "2024-03-05", "ends_on": "2024-12-31", **lines(line),
        }  # fmt: skip
        answer = firm_client(ours, "firm_sales").post(reverse("firm_contract_new"), told)
        assert answer.status_code == 422 and (said in answer.content.decode() or said == "invalid")

    def test_a_returned_contract_is_mended_on_its_page(self, firm_client, ours):
        row = sold.contract(ours)
        address = reverse("firm_contract_change", args=[row.pk])
        client = firm_client(ours, "firm_sales")
        assert client.get(address).status_code == 200
        told = {
            "title": "改后", "payment_days": 10, "starts_on": "2024-03-05", "ends_on": "2024-12-31",
            **lines({"item": row.lines.get().item_id, "quantity": 4, "price_fen": "2"}, filled=4),
        }  # fmt: skip
        assert client.post(address, told).status_code == 302
        row.refresh_from_db()
        assert (row.title, row.total_fen) == ("改后", 800)

    def test_a_price_list(self, firm_client, ours, desk):
        told = {"name": "春季", "from_on": "2024-03-05",
                **lines({"item": desk.item.pk, "price_fen": "100", "floor_fen": "80"})}  # fmt: skip
        firm_client(ours, "firm_sales").post(reverse("firm_price_list_new"), told)
        made = PriceList.objects.get(name="春季")
        assert (made.state, made.prices.get().floor_fen) == ("draft", 8000)

    def test_the_desk_is_set_up_on_one_page(self, firm_client, ours):
        client, page = firm_client(ours, "firm_sales"), reverse("firm_sales_settings")
        client.post(page, {"do": "site", "name": "成都营销中心"})
        client.post(page, {"do": "region", "name": "川西区", "site": Site.objects.get().pk})
        client.post(page, {"do": "item", "code": "A1", "name": "输液器", "unit": "支", "has_batch": "on"})
        told = {"name": "县医院", "region": Region.objects.get().pk, "payment_days": 30}
        client.post(reverse("firm_customer_new"), told)
        assert (Item.objects.get().has_expiry, Customer.objects.get().number) == (False, "KH2024-1")
        assert client.get(page).status_code == 200

    def test_a_paper_is_filed_once_and_comes_back_as_a_download(self, firm_client, ours):
        row, client = sold.contract(ours), firm_client(ours, "firm_sales")
        address = reverse("firm_contract", args=[row.pk])
        for _ in range(2):
            file = SimpleUploadedFile("盖章合同.pdf", b"%PDF-1.4 signed")
            assert client.post(address, {"do": "file_paper", "file": file}).status_code == 302
        kept = row.files.get()
        answer = client.get(reverse("firm_contract_file", args=[kept.pk]))
        assert b"".join(answer.streaming_content) == b"%PDF-1.4 signed"
        assert answer.headers["Content-Disposition"].startswith("attachment")

    def test_a_file_that_is_not_what_it_says_is_not_filed(self, firm_client, ours):
        row = sold.contract(ours)
        told = {"do": "file_paper", "file": SimpleUploadedFile("合同.pdf", b"<html>")}
        answer = firm_client(ours, "firm_sales").post(reverse("firm_contract", args=[row.pk]), told)
        assert (answer.status_code, row.files.count()) == (422, 0)

    def test_a_refused_step_says_why_on_the_page(self, firm_client, ours):
        row = sold.contract(ours)
        client, address = firm_client(ours, "firm_sales"), reverse("firm_contract", args=[row.pk])
        client.post(address, {"do": "submit_contract"})
        answer = client.post(address, {"do": "approve_contract"})
        assert answer.status_code == 422 and "待审核" in answer.content.decode()

    def test_a_payment_is_recorded_at_the_customer_and_settles_the_invoice(self, firm_client, ours):
        bill, client = sold.invoice(ours), firm_client(ours, "firm_sales")
        told = {"do": "record_payment", "on": "2024-03-05", "amount_fen": "3.00", "method": "现金"}
        client.post(reverse("firm_customer", args=[bill.customer_id]), told)
        made = bill.customer.payments.get()
        client.post(reverse("firm_payment", args=[made.pk]), {"do": "allocate_payment"})
        bill.refresh_from_db()
        assert (bill.state, bill.paid_fen) == ("paid", 300)


class TestTheSheetAndWhatIsOwed:
    def test_the_daily_sheet_is_the_same_for_both_sites_and_leads_to_its_records(self, firm_client, ours):
        sold.invoice(ours)
        pages = [
            firm_client(ours, role).get(reverse("firm_sales_daily"), {"on": "2024-03-05"}).content.decode()
            for role in ("firm_sales", "firm_head")
        ]
        tables = {page[page.index("<caption") : page.index("</tbody>")] for page in pages}
        region = Region.objects.get(firm_uscc=ours.uscc).pk
        assert len(tables) == 1
        assert f"/firm/orders/?from=2024-03-05&amp;until=2024-03-05&amp;region={region}" in tables.pop()

    def test_the_sheet_as_a_workbook(self, firm_client, ours):
        sold.order(ours)
        answer = firm_client(ours, "firm_head").get(
            reverse("firm_sales_daily"), {"format": "xlsx", "on": "2024-03-05"}
        )
        rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.values)
        assert rows[-1][:3] == ("合计", None, 3)

    def test_a_day_that_is_none_is_today(self, firm_client, ours):
        page = firm_client(ours, "firm_head").get(reverse("firm_sales_daily"), {"on": "gestern"})
        assert "2024-03-05" in page.content.decode()

    def test_receivables_by_age(self, firm_client, ours, django_assert_max_num_queries):
        bill = sold.invoice(ours)
        Invoice.objects.filter(pk=bill.pk).update(due_on=TODAY - dt.timedelta(days=45))
        client = firm_client(ours, "firm_head")
        with django_assert_max_num_queries(9):
            page = client.get(reverse("firm_receivables")).content.decode()
        assert "其中逾期 3.00 元" in page and bill.customer.name in page
        assert client.get(reverse("firm_receivables"), {"format": "xlsx"}).status_code == 200


class TestFilesOfAnErp:
    def test_one_in_and_out(self, firm_client, ours):
        text = "Item Code,Item Name,Has Batch No\nB1,试纸,1\n,,\n"
        told = {"kind": "item", "file": SimpleUploadedFile("Item.csv", text.encode())}
        client = firm_client(ours)
        assert "新增 1" in client.post(reverse("firm_sales_erp"), told).content.decode()
        assert "B1,B1,试纸" in client.get(reverse("firm_sales_erp_export"), {"kind": "item"}).content.decode()

    def test_a_file_that_is_none_is_refused(self, firm_client, ours):
        told = {"kind": "item", "file": SimpleUploadedFile("Item.csv", b"\x89PNG\x00")}
        assert firm_client(ours).post(reverse("firm_sales_erp"), told).status_code == 422


class TestWhatIsToDo:
    def test_a_submitted_contract_waits_for_another_than_its_writer(self, firm_client, ours):
        Contract.objects.filter(pk=sold.contract(ours).pk).update(
            state="submitted", written_by=f"{ours.uscc}:firm-sales"
        )
        assert "合同审核" not in firm_client(ours, "firm_sales").get("/firm/").content.decode()
        assert "合同审核" in firm_client(ours, "firm_admin").get("/firm/").content.decode()

    def test_prices_wait_for_who_approves(self, firm_client, ours):
        sold.price_exception(ours)
        assert "价格例外审批" in firm_client(ours, "firm_head").get("/firm/").content.decode()
        assert "价格例外审批" not in firm_client(ours, "firm_sales").get("/firm/").content.decode()


@pytest.mark.parametrize("text", ["L1 x", "L1 1；L2", "a b c", "L1 -1"])
def test_lots_that_cannot_be_read_are_refused(text):
    with pytest.raises(Exception, match="无法识别"):
        read_lots(text, 10)
