"""Money: what is owed by age, what a payment settles, what a reversal opens again, the daily sheet."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from xiejian.kernel.problems import Refused
from xiejian.sales import collecting, daily, receivables
from xiejian.sales.collecting import Share
from xiejian.sales.models import Contract, GoodsReturn, Invoice, Order, Payment, Shipment

TODAY = NOW.date()


def row(model, desk, number: str, state: str, **facts):
    """A record straight into the desk's tables."""
    return model.objects.create(
        firm_uscc=desk.firm, customer=desk.customer, number=number, state=state, made_at=NOW, by_name="x",
        **facts,
    )  # fmt: skip


def invoice(desk, number: str, fen: int, days_late: int = 0) -> Invoice:
    due = TODAY - dt.timedelta(days=days_late)
    return row(Invoice, desk, number, "issued", issued_on=due, due_on=due, total_fen=fen)


@pytest.fixture
def act(person):
    return {"by": person("firm_sales"), "at": NOW}


def pay(desk, act, fen: int) -> Payment:
    return collecting.record_payment(
        customer=desk.customer, on=TODAY, amount_fen=fen, method="银行转账", **act
    )


class TestPayments:
    def test_the_oldest_is_settled_first_and_what_is_over_stays(self, desk, act):
        late, new = invoice(desk, "F1", 300, 40), invoice(desk, "F2", 500)
        paid = collecting.allocate_payment(payment=pay(desk, act, 450), **act)
        late.refresh_from_db()
        new.refresh_from_db()
        assert (late.state, new.state, new.balance_fen, paid.state) == ("paid", "partly", 350, "allocated")

    def test_too_much_money_stays_open_as_an_advance(self, desk, act, person):
        invoice(desk, "F1", 300)
        paid = collecting.allocate_payment(payment=pay(desk, act, 1000), **act)
        assert (paid.state, paid.rest_fen, receivables.unallocated_fen(person("firm_sales"))) == (
            "open", 700, 700,
        )  # fmt: skip

    def test_a_reversal_opens_its_invoices_again(self, desk, act):
        one, two = invoice(desk, "F1", 300, 1), invoice(desk, "F2", 500)
        first = pay(desk, act, 100)
        collecting.allocate_payment(payment=first, shares=[Share(two, 100)], **act)
        second = collecting.allocate_payment(payment=pay(desk, act, 700), **act)
        done = collecting.reverse_payment(payment=second, on=TODAY, reason="票据退回", **act)
        one.refresh_from_db()
        two.refresh_from_db()
        assert (one.state, two.state, two.balance_fen) == ("issued", "partly", 400)
        assert (done.state, done.rest_fen) == ("reversed", 0)

    @pytest.mark.parametrize(("share", "money", "code"), [(301, 1000, "SA401"), (300, 299, "SA402")])
    def test_no_more_than_is_owed_or_was_paid(self, desk, act, share, money, code):
        one = invoice(desk, "F1", 300)
        with pytest.raises(Refused) as refused:
            collecting.allocate_payment(payment=pay(desk, act, money), shares=[Share(one, share)], **act)
        assert refused.value.first.code == code

    def test_an_invoice_named_twice_takes_both_shares_once_each(self, desk, act):
        one = invoice(desk, "F1", 300)
        paid = collecting.allocate_payment(
            payment=pay(desk, act, 300), shares=[Share(one, 100), Share(one, 100)], **act
        )
        one.refresh_from_db()
        assert (one.paid_fen, paid.rest_fen, one.allocations.count()) == (200, 100, 1)

    def test_a_settled_invoice_takes_no_more(self, desk, act):
        one = invoice(desk, "F1", 300)
        collecting.allocate_payment(payment=pay(desk, act, 300), **act)
        with pytest.raises(Refused) as refused:
            collecting.allocate_payment(payment=pay(desk, act, 1), shares=[Share(one, 1)], **act)
        assert refused.value.first.code == "SA401"

    def test_an_invoice_that_was_paid_on_is_not_voided(self, desk, act):
        one = invoice(desk, "F1", 300)
        collecting.allocate_payment(payment=pay(desk, act, 1), **act)
        with pytest.raises(Refused) as refused:
            collecting.void_invoice(invoice=one, reason="重开", **act)
        assert refused.value.first.code == "SA403"

    def test_a_return_is_credited_up_to_the_balance(self, desk, act):
        one = invoice(desk, "F1", 300)
        sent = row(Shipment, desk, "S1", "shipped", planned_on=TODAY, shipped_on=TODAY, total_fen=300)
        back = row(GoodsReturn, desk, "T1", "received", shipment=sent, asked_on=TODAY, reason="x")
        with pytest.raises(Refused) as refused:
            collecting.settle_return(goods_return=back, credit_fen=301, invoice=one, **act)
        assert refused.value.first.code == "SA405"
        collecting.settle_return(goods_return=back, credit_fen=300, invoice=one, **act)
        one.refresh_from_db()
        assert one.state == "paid"


class TestReceivables:
    def test_every_invoice_stands_in_its_band_with_what_is_left_of_it(
        self, desk, act, person, django_assert_num_queries
    ):
        for number, late in enumerate((-5, 0, 30, 31, 60, 61, 90, 91)):
            invoice(desk, f"F{number}", 10**number, late)
        collecting.allocate_payment(
            payment=pay(desk, act, 1), shares=[Share(Invoice.objects.get(number="F1"), 1)], **act
        )
        head = person("firm_head")
        with django_assert_num_queries(2):
            [one] = receivables.aged(head, TODAY)
        assert one.by_band == (1, 9 + 100, 1000 + 10_000, 10**5 + 10**6, 10**7)

    def test_a_settled_and_a_void_invoice_stand_nowhere(self, desk, person):
        row(Invoice, desk, "F1", "void", issued_on=TODAY, due_on=TODAY, total_fen=5)
        row(Invoice, desk, "F2", "paid", issued_on=TODAY, due_on=TODAY, total_fen=5, paid_fen=5)
        assert receivables.aged(person("firm_head"), TODAY) == []


class TestDailySheet:
    @pytest.fixture
    def traded(self, desk):
        """One of each today, a day before in the month, a year ago; and what counts nowhere."""
        contract = row(
            Contract, desk, "H1", "in_force", site=desk.sales_site, title="x", payment_days=0,
            starts_on=TODAY, ends_on=TODAY, total_fen=1, written_by="x",
        )  # fmt: skip
        year_ago = dt.date(TODAY.year - 1, TODAY.month, TODAY.day)
        for n, on in enumerate((TODAY, TODAY - dt.timedelta(days=2), year_ago), 1):
            row(Order, desk, f"D{n}", "placed", contract=contract, ordered_on=on, total_fen=n)
            row(Shipment, desk, f"S{n}", "shipped", planned_on=on, shipped_on=on, total_fen=10 * n)
            row(Payment, desk, f"P{n}", "open", received_on=on, amount_fen=100 * n, method="现金")
        row(Order, desk, "D9", "cancelled", contract=contract, ordered_on=TODAY, total_fen=7)
        row(Shipment, desk, "S9", "planned", planned_on=TODAY, total_fen=7)
        row(
            Payment, desk, "P9", "reversed", received_on=TODAY, reversed_on=TODAY, amount_fen=7, method="现金"
        )

    def test_counts_each_thing_by_its_own_day(self, desk, traded, person, django_assert_num_queries):
        seller = person("firm_sales")
        with django_assert_num_queries(4):
            total = daily.sheet(seller, TODAY).total.amounts
        assert {m: list(total[m].values()) for m in total} == {
            "sales": [1, 3, 3, 3], "shipments": [10, 30, 30, 30], "payments": [100, 300, 300, 300],
        }  # fmt: skip

    def test_is_the_same_at_both_sites(self, desk, traded, person):
        head, seller = person("firm_head"), person("firm_sales")  # one decides at 乐山, one sells at 成都
        assert daily.as_json(daily.sheet(head, TODAY)) == daily.as_json(daily.sheet(seller, TODAY))
