"""Prices: lists that hold in a region from a day, their floors, and exceptions that somebody else grants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from xiejian.people.policy import Actor, require_for
from xiejian.sales import checks as check
from xiejian.sales import queries
from xiejian.sales.checks import problems, refuse
from xiejian.sales.models import Customer, Item, Price, PriceException, PriceList, Region
from xiejian.sales.moves import EDIT, firm_for, first, note, same_firm, step


@dataclass(frozen=True)
class PriceLine:
    """One item's uniform price and the floor that protects it, in 分."""

    item: Item
    price_fen: int
    floor_fen: int


@transaction.atomic
def draft_price_list(
    *, name: str, from_on: dt.date, prices: Sequence[PriceLine], by: Actor, at: dt.datetime,
    region: Region | None = None, until_on: dt.date | None = None, firm_uscc: str = "",
) -> PriceList:  # fmt: skip
    """A new version of prices; it holds once adopted. Refused: SA101, SA103, SA104, SA108, SA112, SA501."""
    firm = firm_for(by, firm_uscc)
    same_firm(firm, region, *(line.item for line in prices))
    refuse(
        check.check_given(name, "名称"),
        check.check_order_of_dates("执行日期", from_on, "截止日期", until_on),
        check.check_lines([(line.item.code, 1, line.price_fen) for line in prices]),
        *(check.check_floor(line.item.code, line.price_fen, line.floor_fen) for line in prices),
        *(check.check_amount(line.floor_fen, f"{line.item.code}保护价") for line in prices),
    )
    made = PriceList.objects.create(
        name=name, region=region, from_on=from_on, until_on=until_on, written_by=by.username,
        **first(PriceList, firm, by, at, from_on),
    )  # fmt: skip
    Price.objects.bulk_create(
        Price(price_list=made, item=line.item, price_fen=line.price_fen, floor_fen=line.floor_fen)
        for line in prices
    )
    note("draft_price_list", made, by, at, lines=len(prices))
    return made


@transaction.atomic
def adopt_price_list(*, price_list: PriceList, by: Actor, at: dt.datetime) -> PriceList:
    """批准执行: from its day it is the price; a later list of the same region takes its place."""
    price_list, state = step(price_list, "adopt_price_list", by)
    refuse(check.check_not_own(by.username, price_list.written_by, by.name))
    price_list.decided_by_name = by.name
    price_list.save()
    note("adopt_price_list", price_list, by, at, state=state)
    return price_list


@transaction.atomic
def withdraw_price_list(*, price_list: PriceList, reason: str, by: Actor, at: dt.datetime) -> PriceList:
    """停用: no longer the price; contracts already signed keep theirs."""
    price_list, state = step(price_list, "withdraw_price_list", by)
    refuse(check.check_given(reason, "停用理由"))
    price_list.reason = reason
    price_list.save()
    note("withdraw_price_list", price_list, by, at, state=state)
    return price_list


@transaction.atomic
def ask_exception(
    *, customer: Customer, item: Item, price_fen: int, quantity: int, until_on: dt.date, reason: str,
    on: dt.date, by: Actor, at: dt.datetime,
) -> PriceException:  # fmt: skip
    """Ask to sell one item to one customer below the floor, up to a quantity and a day.

    Refused: no price of that day to be below of (SA504), or not below the floor (SA503).
    """
    require_for(by, EDIT, customer.firm_uscc, where=customer.number)
    same_firm(customer.firm_uscc, item)
    price = queries.prices_on(customer, [item], on).get(item.pk)
    refuse(
        check.check_amount(price_fen, "申请价格"),
        check.check_quantity(quantity, "数量上限"),
        check.check_given(reason, "理由"),
        check.check_order_of_dates("申请日期", on, "有效至", until_on),
        [] if price else [problems("SA504", item.code, code=item.code, on=on)],
        [problems("SA503", "申请价格")] if price and price_fen >= price.floor_fen else [],
    )
    made = PriceException.objects.create(
        customer=customer, item=item, price_fen=price_fen, quantity=quantity, until_on=until_on,
        reason=reason, asked_by=by.username, **first(PriceException, customer.firm_uscc, by, at, on),
    )  # fmt: skip
    note("ask_exception", made, by, at)
    return made


def _decide(
    exception: PriceException, action: str, opinion: str, by: Actor, at: dt.datetime
) -> PriceException:
    exception, state = step(exception, action, by)
    refuse(check.check_not_own(by.username, exception.asked_by, by.name))
    exception.decided_by_name, exception.opinion = by.name, opinion
    exception.save()
    note(action, exception, by, at, state=state)
    return exception


@transaction.atomic
def grant_exception(
    *, exception: PriceException, by: Actor, at: dt.datetime, opinion: str = ""
) -> PriceException:
    """批准: one contract may use it."""
    return _decide(exception, "grant_exception", opinion, by, at)


@transaction.atomic
def refuse_exception(
    *, exception: PriceException, opinion: str, by: Actor, at: dt.datetime
) -> PriceException:
    """不批准, with the reason."""
    refuse(check.check_given(opinion, "审批意见"))
    return _decide(exception, "refuse_exception", opinion, by, at)
