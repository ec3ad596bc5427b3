"""A firm that sells: two sites, a region, an item in stock at a price, a customer; made by its actions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from xiejian.people.models import FirmUser
from xiejian.people.policy import SYSTEM, Actor
from xiejian.registry.models import Party
from xiejian.sales import pricing, setting_up
from xiejian.sales.models import Customer, Item, PriceList, Region, Site
from xiejian.sales.pricing import PriceLine
from xiejian.sales.setting_up import CustomerFacts, ItemFacts
from xiejian.supply.actions import Entry, record_movement

DI, LOT = "16901234567892", "L240101"
HOSPITAL = "12150525000000001X"
#: the uniform price and its floor, in 分
PRICE, FLOOR = 10_000, 8_000


@dataclass(frozen=True)
class Desk:
    """What the firm's desk begins with. ``on``: the day of everything."""

    firm: str
    on: dt.date
    at: dt.datetime
    sales_site: Site
    deciding_site: Site
    region: Region
    item: Item
    customer: Customer
    price_list: PriceList


def stock(firm: str, on: dt.date, at: dt.datetime, quantity: int = 1000, lot: str = LOT) -> None:
    """So many of the item come in."""
    entry = Entry(
        firm_uscc=firm, kind="receive", di=DI, quantity=quantity, on=on, lot=lot,
        partner_uscc="91310000MA1FL0000T", partner_name="某供货单位", product_name="一次性使用输液器",
        expires_on=on + dt.timedelta(days=700),
    )  # fmt: skip
    record_movement(entry=entry, by=SYSTEM, at=at)


def open_desk(party: Party, at: dt.datetime, deciding: tuple[FirmUser, ...] = ()) -> Desk:
    """Set up the desk of this party a month before the moment; ``deciding`` work at the deciding site."""
    firm, on = party.uscc, at.date()
    act = {"by": SYSTEM, "at": at}
    sales_site = setting_up.open_site(name="成都营销中心", firm_uscc=firm, **act)
    deciding_site = setting_up.open_site(
        name="乐山总部", firm_uscc=firm, people=deciding, approves_special=True, **act
    )
    region = setting_up.open_region(name="川西区", site=sales_site, month_target_fen=1_000_000, **act)
    item = setting_up.register_item(
        item=ItemFacts("A1", "一次性使用输液器", "输注", "支", DI), firm_uscc=firm, **act
    )
    facts = CustomerFacts("旗人民医院", HOSPITAL, address="旗医院路1号", payment_days=30)
    customer = setting_up.register_customer(customer=facts, region=region, **act)
    month_ago = on - dt.timedelta(days=31)
    price_list = pricing.draft_price_list(
        name="统一价", from_on=month_ago, prices=[PriceLine(item, PRICE, FLOOR)], firm_uscc=firm,
        by=Actor("system-writer", "系统", "000000", "system"), at=at,
    )  # fmt: skip
    pricing.adopt_price_list(price_list=price_list, **act)
    stock(firm, month_ago, at)
    return Desk(firm, on, at, sales_site, deciding_site, region, item, customer, price_list)
