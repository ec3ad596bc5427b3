"""Contracts and orders: written, reviewed and approved by three people, then drawn on order by order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from xiejian.people.policy import Actor, require_for
from xiejian.sales import checks as check
from xiejian.sales import queries
from xiejian.sales.checks import Limits, refuse
from xiejian.sales.models import (
    Contract,
    ContractLine,
    Customer,
    Item,
    Order,
    OrderLine,
    PriceException,
    Site,
)
from xiejian.sales.moves import EDIT, first, flow_of, note, same_firm, settings_of, step


@dataclass(frozen=True)
class Wanted:
    """One line of a contract: so many of an item at a price in 分."""

    item: Item
    quantity: int
    price_fen: int


@dataclass(frozen=True)
class Terms:
    """What a contract says besides its lines. ``payment_days``: from the invoice to the due date."""

    title: str
    payment_days: int
    starts_on: dt.date
    ends_on: dt.date
    terms: str = ""


def _coded(lines: Sequence[Wanted]) -> list[tuple[str, int, int]]:
    return [(line.item.code, line.quantity, line.price_fen) for line in lines]


def _check(customer: Customer, terms: Terms, lines: Sequence[Wanted], today: dt.date) -> None:
    refuse(
        check.check_customer(customer.name, customer.is_active, customer.licence_until, today),
        check.check_given(terms.title, "合同名称"),
        check.check_term(terms.starts_on, terms.ends_on),
        check.check_lines(_coded(lines)),
    )


def _write_lines(contract: Contract, lines: Sequence[Wanted]) -> None:
    contract.lines.all().delete()
    ContractLine.objects.bulk_create(
        ContractLine(contract=contract, item=line.item, quantity=line.quantity, price_fen=line.price_fen)
        for line in lines
    )


@transaction.atomic
def draft_contract(
    *, customer: Customer, site: Site, contract_terms: Terms, lines: Sequence[Wanted], by: Actor,
    at: dt.datetime,
) -> Contract:  # fmt: skip
    """起草: refused for a customer that is none any more (SA110, SA111), without lines (SA108) and alike."""
    firm = customer.firm_uscc
    require_for(by, EDIT, firm, where=customer.number)
    same_firm(firm, site, *(line.item for line in lines))
    today = timezone.localdate(at)
    _check(customer, contract_terms, lines, today)
    made = Contract.objects.create(
        customer=customer, site=site, written_by=by.username, total_fen=_total(lines),
        **asdict(contract_terms), **first(Contract, firm, by, at, today),
    )  # fmt: skip
    _write_lines(made, lines)
    note("draft_contract", made, by, at, lines=len(lines))
    return made


def _total(lines: Sequence[Wanted]) -> int:
    return sum(line.quantity * line.price_fen for line in lines)


@transaction.atomic
def change_contract(
    *, contract: Contract, contract_terms: Terms, lines: Sequence[Wanted], by: Actor, at: dt.datetime
) -> Contract:
    """修改: a draft, or one that came back; whoever changes it is its writer from now on."""
    contract, state = step(contract, "change_contract", by)
    same_firm(contract.firm_uscc, *(line.item for line in lines))
    _check(contract.customer, contract_terms, lines, timezone.localdate(at))
    for name, value in asdict(contract_terms).items():
        setattr(contract, name, value)
    contract.total_fen, contract.special = _total(lines), []
    contract.written_by, contract.return_reason = by.username, ""
    contract.save()
    _write_lines(contract, lines)
    note("change_contract", contract, by, at, state=state, lines=len(lines))
    return contract


# --- three people ------------------------------------------------------------------------------------------


def _below_floor(contract: Contract, on: dt.date) -> tuple[list[str], list[PriceException]]:
    """Codes below the floor that no exception covers, and the exceptions that cover others."""
    lines = list(contract.lines.select_related("item"))
    prices = queries.prices_on(contract.customer, [line.item for line in lines], on)
    granted = list(
        PriceException.objects.select_for_update().filter(
            customer=contract.customer, state="granted", until_on__gte=on
        )
    )
    bare, used = [], []
    for line in lines:
        price = prices.get(line.item_id)
        if price is None or line.price_fen >= price.floor_fen:
            continue
        fits = [
            one
            for one in granted
            if one.item_id == line.item_id
            and one.price_fen <= line.price_fen
            and one.quantity >= line.quantity
        ]
        used += fits[:1]
        bare += [] if fits else [line.item.code]
    return bare, used


@transaction.atomic
def submit_contract(*, contract: Contract, by: Actor, at: dt.datetime) -> Contract:
    """提交: from here it is ordinary or special by the firm's limits, floors and granted exceptions."""
    contract, state = step(contract, "submit_contract", by)
    limits = settings_of(contract.firm_uscc)
    bare, used = _below_floor(contract, timezone.localdate(at))
    contract.special = check.special_reasons(
        contract.total_fen, contract.payment_days, bare,
        Limits(limits.contract_limit_fen, limits.payment_days_limit),
    )  # fmt: skip
    contract.reviewed_by = contract.reviewed_by_name = contract.approved_by_name = ""
    contract.save()
    for exception in used:
        exception, _ = step(exception, "use_exception", by)
        exception.contract = contract
        exception.save()
    note("submit_contract", contract, by, at, state=state, special=len(contract.special))
    return contract


def _free_exceptions(contract: Contract, by: Actor) -> None:
    """What the contract had used may serve another, or its next round."""
    for exception in contract.price_exceptions.filter(state="used"):
        exception.state = flow_of(exception).step("used", "free_exception", exception.number)
        exception.contract = None
        exception.save()


@transaction.atomic
def review_contract(*, contract: Contract, opinion: str, by: Actor, at: dt.datetime) -> Contract:
    """审核通过: by another person than the writer (SA201)."""
    contract, state = step(contract, "review_contract", by)
    refuse(
        check.check_other_person(by.username, contract.written_by, by.name, "审核"),
        check.check_given(opinion, "审核意见"),
    )
    contract.reviewed_by, contract.reviewed_by_name = by.username, by.name
    contract.review_opinion = opinion
    contract.save()
    note("review_contract", contract, by, at, state=state)
    return contract


def _approve(contract: Contract, action: str, opinion: str, by: Actor, at: dt.datetime) -> Contract:
    contract, state = step(contract, action, by)
    refuse(
        check.check_other_person(by.username, contract.written_by, by.name, "批准"),
        check.check_third_person(by.username, contract.reviewed_by, by.name),
    )
    contract.approved_by_name, contract.approval_opinion = by.name, opinion
    contract.save()
    note(action, contract, by, at, state=state)
    return contract


@transaction.atomic
def approve_contract(*, contract: Contract, by: Actor, at: dt.datetime, opinion: str = "") -> Contract:
    """批准 an ordinary contract, by a third person (SA201, SA202); a special one is refused (SA203)."""
    refuse(check.check_ordinary(contract.special))
    return _approve(contract, "approve_contract", opinion, by, at)


@transaction.atomic
def approve_special(*, contract: Contract, opinion: str, by: Actor, at: dt.datetime) -> Contract:
    """批准 a special contract: who approves for the firm, of the site that decides (SA204), with a reason."""
    refuse(check.check_special(contract.special), check.check_given(opinion, "批准意见"))
    deciding, own = queries.deciding_sites(contract.firm_uscc, by)
    refuse([] if by.role == "system" else check.check_site(deciding, own))
    return _approve(contract, "approve_special", opinion, by, at)


def _send_back(contract: Contract, action: str, reason: str, by: Actor, at: dt.datetime) -> Contract:
    contract, state = step(contract, action, by)
    refuse(check.check_given(reason, "退回理由"))
    contract.return_reason = reason
    contract.save()
    _free_exceptions(contract, by)
    note(action, contract, by, at, state=state)
    return contract


@transaction.atomic
def return_contract(*, contract: Contract, reason: str, by: Actor, at: dt.datetime) -> Contract:
    """退回修改, with what is to be mended."""
    return _send_back(contract, "return_contract", reason, by, at)


@transaction.atomic
def return_special(*, contract: Contract, reason: str, by: Actor, at: dt.datetime) -> Contract:
    """不批准: whoever approves sends it back."""
    return _send_back(contract, "return_special", reason, by, at)


@transaction.atomic
def sign_contract(*, contract: Contract, on: dt.date, signed_by: str, by: Actor, at: dt.datetime) -> Contract:
    """签订: both sides have signed; orders may be drawn on it within its term."""
    contract, state = step(contract, "sign_contract", by)
    refuse(
        check.check_given(signed_by, "客户签字人"),
        check.check_not_in_future(on, timezone.localdate(at), "签订日期"),
        check.check_order_of_dates("签订日期", on, "合同结束日期", contract.ends_on),
    )
    contract.signed_on, contract.signed_by = on, signed_by
    contract.save()
    note("sign_contract", contract, by, at, state=state, on=on)
    return contract


@transaction.atomic
def close_contract(*, contract: Contract, on: dt.date, by: Actor, at: dt.datetime) -> Contract:
    """办结: nothing of it is open any more: no order to be sent, nothing uninvoiced or unpaid (SA209)."""
    contract, state = step(contract, "close_contract", by)
    open_orders, uninvoiced, unpaid = queries.open_of_contract(contract)
    refuse(
        check.check_order_of_dates("签订日期", contract.signed_on, "办结日期", on),
        check.check_not_in_future(on, timezone.localdate(at), "办结日期"),
        check.check_open("订单", open_orders),
        check.check_open("发货单", uninvoiced),
        check.check_open("发票", unpaid),
    )
    contract.ended_on = on
    contract.save()
    note("close_contract", contract, by, at, state=state, on=on)
    return contract


@transaction.atomic
def terminate_contract(
    *, contract: Contract, on: dt.date, reason: str, by: Actor, at: dt.datetime
) -> Contract:
    """终止 with a reason: no further orders; what was sent is still owed."""
    contract, state = step(contract, "terminate_contract", by)
    refuse(
        check.check_given(reason, "终止理由"),
        check.check_not_in_future(on, timezone.localdate(at), "终止日期"),
        check.check_open("订单", queries.open_of_contract(contract)[0]),
    )
    contract.ended_on, contract.end_reason = on, reason
    contract.save()
    if state[0] != "in_force":
        _free_exceptions(contract, by)
    note("terminate_contract", contract, by, at, state=state, on=on)
    return contract


# --- orders ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Called:
    """So many of an item are wanted now, at the contract's price."""

    item: Item
    quantity: int


@transaction.atomic
def place_order(
    *, contract: Contract, on: dt.date, lines: Sequence[Called], by: Actor, at: dt.datetime,
    wanted_by: dt.date | None = None,
) -> Order:  # fmt: skip
    """Order on a contract in force, within its term (SA206), quantities (SA207) and the credit (SA208)."""
    contract, _ = step(contract, "place_order", by)
    customer, prices = contract.customer, queries.contract_prices(contract)
    left = queries.left_of_contract(contract)
    wanted = {line.item.code: line.quantity for line in lines}
    priced = [(line.item.code, line.quantity, prices.get(line.item.code, 1)) for line in lines]
    total = sum(quantity * price for _, quantity, price in priced)
    refuse(
        check.check_customer(customer.name, customer.is_active, customer.licence_until, on),
        check.check_not_in_future(on, timezone.localdate(at), "下单日期"),
        check.check_within_term(on, contract.starts_on, contract.ends_on),
        check.check_order_of_dates("下单日期", on, "要求到货", wanted_by),
        check.check_lines(priced),
        check.check_left("SA207", wanted, left),
        check.check_credit(customer.name, customer.credit_limit_fen, queries.owed_fen(customer), total),
    )
    made = Order.objects.create(
        contract=contract, customer=customer, ordered_on=on, wanted_by=wanted_by, total_fen=total,
        **first(Order, contract.firm_uscc, by, at, on),
    )  # fmt: skip
    OrderLine.objects.bulk_create(
        OrderLine(order=made, item=line.item, quantity=line.quantity, price_fen=prices[line.item.code])
        for line in lines
    )
    note("place_order", made, by, at, contract=contract.number, lines=len(lines))
    return made


def _end_order(order: Order, action: str, reason: str, by: Actor, at: dt.datetime) -> Order:
    order, state = step(order, action, by)
    planned = order.shipments.filter(state="planned").values_list("number", flat=True)
    refuse(check.check_given(reason, "理由"), check.check_open("待出库发货单", list(planned)))
    order.end_reason = reason
    order.save()
    note(action, order, by, at, state=state)
    return order


@transaction.atomic
def cancel_order(*, order: Order, reason: str, by: Actor, at: dt.datetime) -> Order:
    """取消: nothing was sent."""
    return _end_order(order, "cancel_order", reason, by, at)


@transaction.atomic
def close_order(*, order: Order, reason: str, by: Actor, at: dt.datetime) -> Order:
    """余量不再发货."""
    return _end_order(order, "close_order", reason, by, at)
