"""Invoices, payments and what is still owed: every amount is whole 分, every settlement a row of its own."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from xiejian.people.policy import Actor, require_for
from xiejian.registry.desks import locked
from xiejian.sales import checks as check
from xiejian.sales import queries
from xiejian.sales.checks import problems, refuse
from xiejian.sales.models import (
    Allocation,
    CollectionNote,
    Customer,
    GoodsReturn,
    Invoice,
    InvoiceLine,
    Payment,
    Shipment,
)
from xiejian.sales.moves import EDIT, first, flow_of, note, same_firm, step


@transaction.atomic
def issue_invoice(
    *, shipment: Shipment, on: dt.date, by: Actor, at: dt.datetime, tax_no: str = "",
    due_on: dt.date | None = None,
) -> Invoice:  # fmt: skip
    """开票 for a shipment that left; due after the contract's payment days unless a day is given.

    Refused: not shipped yet (K101), invoiced before (SA303).
    """
    shipment, _ = step(shipment, "issue_invoice", by)
    before = shipment.invoices.exclude(state="void").values_list("number", flat=True).first()
    order, customer = shipment.order, shipment.customer
    days = order.contract.payment_days if order else customer.payment_days
    due_on = due_on or on + dt.timedelta(days=days)
    refuse(
        [problems("SA303", shipment.number, number=shipment.number, invoice=before)] if before else [],
        check.check_not_in_future(on, timezone.localdate(at), "开票日期"),
        check.check_order_of_dates("发货日期", shipment.shipped_on, "开票日期", on),
        check.check_order_of_dates("开票日期", on, "应收日期", due_on),
    )
    made = Invoice.objects.create(
        customer=customer, shipment=shipment, issued_on=on, due_on=due_on, tax_no=tax_no,
        total_fen=shipment.total_fen, **first(Invoice, shipment.firm_uscc, by, at, on),
    )  # fmt: skip
    InvoiceLine.objects.bulk_create(
        InvoiceLine(invoice=made, item=line.item, quantity=line.quantity, price_fen=line.price_fen)
        for line in shipment.lines.select_related("item")
    )
    note("issue_invoice", made, by, at, shipment=shipment.number, due_on=due_on)
    return made


@transaction.atomic
def void_invoice(*, invoice: Invoice, reason: str, by: Actor, at: dt.datetime) -> Invoice:
    """作废: nothing was paid or credited on it (SA403); the shipment may be invoiced again."""
    settled = locked(invoice)
    if settled.paid_fen or settled.credited_fen:
        raise check.Refused(problems("SA403", invoice.number, number=invoice.number))
    invoice, state = step(invoice, "void_invoice", by)
    refuse(check.check_given(reason, "作废理由"))
    invoice.end_reason = reason
    invoice.save()
    note("void_invoice", invoice, by, at, state=state)
    return invoice


def _settle(invoice: Invoice) -> None:
    """The invoice's state after more was paid or credited."""
    action = "settle_rest" if invoice.balance_fen == 0 else "settle_part"
    invoice.state = flow_of(invoice).step(invoice.state, action, invoice.number)
    invoice.save()


def _open_again(invoice: Invoice) -> None:
    """The invoice's state after a payment was taken back."""
    action = "unsettle_part" if invoice.paid_fen or invoice.credited_fen else "unsettle_all"
    invoice.state = flow_of(invoice).step(invoice.state, action, invoice.number)
    invoice.save()


# --- payments ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """So much of a payment goes to an invoice, in 分."""

    invoice: Invoice
    amount_fen: int


@transaction.atomic
def record_payment(
    *, customer: Customer, on: dt.date, amount_fen: int, method: str, by: Actor, at: dt.datetime,
    reference: str = "",
) -> Payment:  # fmt: skip
    """登记回款: money that came; it is open until invoices take it."""
    require_for(by, EDIT, customer.firm_uscc, where=customer.number)
    refuse(
        check.check_amount(amount_fen, "金额"),
        check.check_known(method, Payment.METHODS, "收款方式"),
        check.check_not_in_future(on, timezone.localdate(at), "到账日期"),
    )
    made = Payment.objects.create(
        customer=customer, received_on=on, amount_fen=amount_fen, method=method, reference=reference,
        **first(Payment, customer.firm_uscc, by, at, on),
    )  # fmt: skip
    note("record_payment", made, by, at, on=on)
    return made


def _oldest(payment: Payment) -> list[Share]:
    """What is left of a payment over the customer's invoices, those due first before others."""
    left, found = payment.rest_fen, []
    for invoice in queries.owed_invoices(payment.customer).select_for_update():
        share = min(left, invoice.balance_fen)
        if share > 0:
            found.append(Share(invoice, share))
            left -= share
    refuse([] if found else [problems("SA406", payment.number)])
    return found


def _named(shares: Sequence[Share]) -> list[Share]:
    """One share for each invoice that was named, however often, with the invoice as it is now, locked."""
    wanted: Counter[int] = Counter()
    for share in shares:
        refuse(check.check_amount(share.amount_fen, "核销金额"))
        wanted[share.invoice.pk] += share.amount_fen
    rows = Invoice.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    return [Share(row, wanted[row.pk]) for row in rows]


def _check_shares(payment: Payment, shares: Sequence[Share]) -> None:
    refuse(
        *(
            check.check_allocation(
                one.invoice.number,
                one.amount_fen,
                one.invoice.balance_fen if one.invoice.state in queries.OWED else 0,
                one.invoice.customer_id == payment.customer_id,
            )
            for one in shares
        ),
        check.check_rest(sum(one.amount_fen for one in shares), payment.rest_fen),
    )


@transaction.atomic
def allocate_payment(
    *, payment: Payment, by: Actor, at: dt.datetime, shares: Sequence[Share] = ()
) -> Payment:
    """核销: to these invoices, or to those due first; what is over stays for later ones.

    Refused: more than an invoice's balance (SA401) or than is left (SA402), another customer's (SA404).
    """
    payment, state = step(payment, "allocate_payment", by)
    same_firm(payment.firm_uscc, *(one.invoice for one in shares))
    taken = _named(shares) or _oldest(payment)
    _check_shares(payment, taken)
    Allocation.objects.bulk_create(
        Allocation(payment=payment, invoice=one.invoice, amount_fen=one.amount_fen, at=at) for one in taken
    )
    for one in taken:
        one.invoice.paid_fen += one.amount_fen
        _settle(one.invoice)
    payment.allocated_fen += sum(one.amount_fen for one in taken)
    if payment.rest_fen == 0:
        payment.state = flow_of(payment).step(state[0], "allocate_rest", payment.number)
    payment.save()
    note("allocate_payment", payment, by, at, invoices=[one.invoice.number for one in taken])
    return payment


@transaction.atomic
def reverse_payment(*, payment: Payment, on: dt.date, reason: str, by: Actor, at: dt.datetime) -> Payment:
    """冲销 with a reason: the money did not come after all; its invoices are open again."""
    payment, state = step(payment, "reverse_payment", by)
    refuse(
        check.check_given(reason, "冲销理由"),
        check.check_not_in_future(on, timezone.localdate(at), "冲销日期"),
        check.check_order_of_dates("到账日期", payment.received_on, "冲销日期", on),
    )
    shares = list(payment.allocations.filter(undone=False).select_related("invoice"))
    invoices = {row.pk: row for row in Invoice.objects.select_for_update().filter(
        pk__in=[share.invoice_id for share in shares])}  # fmt: skip
    for share in shares:
        invoices[share.invoice_id].paid_fen -= share.amount_fen
    for invoice in invoices.values():
        _open_again(invoice)
    payment.allocations.filter(undone=False).update(undone=True)
    payment.allocated_fen, payment.reversed_on, payment.reason = 0, on, reason
    payment.save()
    note("reverse_payment", payment, by, at, state=state, on=on)
    return payment


@transaction.atomic
def note_collection(
    *, customer: Customer, on: dt.date, how: str, text: str, by: Actor, at: dt.datetime,
    invoice: Invoice | None = None, promised_on: dt.date | None = None,
) -> CollectionNote:  # fmt: skip
    """催收记录: who was asked, what was promised."""
    require_for(by, EDIT, customer.firm_uscc, where=customer.number)
    same_firm(customer.firm_uscc, invoice)
    refuse(
        check.check_known(how, CollectionNote.HOWS, "催收方式"),
        check.check_given(text, "情况"),
        check.check_not_in_future(on, timezone.localdate(at), "日期"),
        check.check_order_of_dates("日期", on, "承诺付款日期", promised_on),
    )
    made = CollectionNote.objects.create(
        firm_uscc=customer.firm_uscc, customer=customer, invoice=invoice, on=on, how=how, text=text,
        promised_on=promised_on, by_name=by.name,
    )  # fmt: skip
    note("note_collection", customer, by, at, on=on)
    return made


@transaction.atomic
def settle_return(
    *, goods_return: GoodsReturn, by: Actor, at: dt.datetime, credit_fen: int = 0,
    invoice: Invoice | None = None,
) -> GoodsReturn:  # fmt: skip
    """退货结算: what the customer owes less on an invoice, up to its balance (SA405); 0: nothing."""
    goods_return, state = step(goods_return, "settle_return", by)
    same_firm(goods_return.firm_uscc, invoice)
    if credit_fen:
        refuse(
            check.check_amount(credit_fen, "冲减金额"), check.check_given(str(invoice or ""), "冲减的发票")
        )
        _credit(invoice, goods_return, credit_fen)
    goods_return.credit_fen, goods_return.invoice = credit_fen, invoice
    goods_return.save()
    note("settle_return", goods_return, by, at, state=state)
    return goods_return


def _credit(invoice: Invoice | None, goods_return: GoodsReturn, credit_fen: int) -> None:
    """Take a credit off what an invoice of the same customer still asks for."""
    if invoice is None:
        return
    invoice = locked(invoice)
    number = invoice.number
    other = invoice.customer_id != goods_return.customer_id
    over = invoice.state not in queries.OWED or credit_fen > invoice.balance_fen
    refuse(
        [problems("SA404", number, number=number)] if other else [],
        [problems("SA405", number, number=number)] if over else [],
    )
    invoice.credited_fen += credit_fen
    _settle(invoice)
