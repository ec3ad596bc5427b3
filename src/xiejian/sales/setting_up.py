"""Sites, regions, customers, items and limits: what the desk is set up with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from xiejian.people.models import FirmUser
from xiejian.people.policy import Actor, require_for
from xiejian.sales import checks as check
from xiejian.sales.checks import problems, refuse
from xiejian.sales.models import Customer, Item, Region, SalesSettings, Site
from xiejian.sales.moves import APPROVE, EDIT, firm_for, next_numbers, note, same_firm, settings_of


def _people_of(firm_uscc: str, *people: FirmUser | None) -> None:
    refuse(check.check_firm(firm_uscc, {str(one): one.uscc for one in people if one is not None}))


def _free(taken: bool, what: str, name: str) -> list[check.Problem]:
    return [problems("SA107", what, what=what, name=name)] if taken else []


@transaction.atomic
def set_limits(
    *, contract_limit_fen: int, payment_days_limit: int, by: Actor, at: dt.datetime, firm_uscc: str = ""
) -> SalesSettings:
    """Beyond which amount and term a contract is special; whoever approves for the firm sets it."""
    firm = firm_for(by, firm_uscc, APPROVE)
    refuse(check.check_amount(contract_limit_fen, "合同金额上限"))
    settings = settings_of(firm)
    settings.contract_limit_fen, settings.payment_days_limit = contract_limit_fen, payment_days_limit
    settings.save()
    note("set_sales_limits", settings, by, at)
    return settings


@transaction.atomic
def open_site(
    *, name: str, by: Actor, at: dt.datetime, people: Sequence[FirmUser] = (),
    approves_special: bool = False, firm_uscc: str = "",
) -> Site:  # fmt: skip
    """A place where the firm sells or decides, and its people."""
    firm = firm_for(by, firm_uscc)
    refuse(
        check.check_given(name, "名称"),
        _free(Site.objects.filter(firm_uscc=firm, name=name).exists(), "办公地", name),
    )
    _people_of(firm, *people)
    site = Site.objects.create(firm_uscc=firm, name=name, approves_special=approves_special)
    site.people.set(people)
    note("open_sales_site", site, by, at, people=len(people))
    return site


@transaction.atomic
def change_site(
    *, site: Site, people: Sequence[FirmUser], approves_special: bool, by: Actor, at: dt.datetime
) -> Site:
    """Who works at a site, and whether it decides on special contracts: the approver's to say."""
    require_for(by, APPROVE, site.firm_uscc, where=site.name)
    _people_of(site.firm_uscc, *people)
    site.approves_special = approves_special
    site.save()
    site.people.set(people)
    note("change_sales_site", site, by, at, people=len(people))
    return site


@transaction.atomic
def open_region(
    *, name: str, site: Site, by: Actor, at: dt.datetime, manager: FirmUser | None = None,
    month_target_fen: int | None = None,
) -> Region:  # fmt: skip
    """A part of the market with its manager."""
    require_for(by, EDIT, site.firm_uscc, where=site.name)
    firm = site.firm_uscc
    refuse(
        check.check_given(name, "名称"),
        _free(Region.objects.filter(firm_uscc=firm, name=name).exists(), "区域", name),
    )
    _people_of(firm, manager)
    region = Region.objects.create(
        firm_uscc=firm, name=name, site=site, manager=manager, month_target_fen=month_target_fen
    )
    note("open_sales_region", region, by, at)
    return region


@dataclass(frozen=True)
class CustomerFacts:
    """What is known of a customer. Amounts in 分; ``credit_limit_fen`` None: no limit."""

    name: str
    uscc: str = ""
    address: str = ""
    contact: str = ""
    phone: str = ""
    licence_no: str = ""
    licence_until: dt.date | None = None
    licence_checked_on: dt.date | None = None
    credit_limit_fen: int | None = None
    payment_days: int = 0


def _check_customer(facts: CustomerFacts, today: dt.date) -> list[check.Problem]:
    return [
        *check.check_given(facts.name, "客户名称"),
        *check.check_not_in_future(facts.licence_checked_on, today, "资质核对日期"),
    ]


@transaction.atomic
def register_customer(*, customer: CustomerFacts, region: Region, by: Actor, at: dt.datetime) -> Customer:
    """A customer of a region. Refused: no name (SA101), one of that name (SA107)."""
    require_for(by, EDIT, region.firm_uscc, where=region.name)
    firm, today = region.firm_uscc, timezone.localdate(at)
    taken = Customer.objects.filter(firm_uscc=firm, name=customer.name).exists()
    refuse(_check_customer(customer, today), _free(taken, "客户", customer.name))
    made = Customer.objects.create(
        firm_uscc=firm, region=region, made_at=at, number=next_numbers(Customer, firm, today.year)[0],
        **asdict(customer),
    )  # fmt: skip
    note("register_customer", made, by, at)
    return made


@transaction.atomic
def change_customer(
    *, customer: Customer, facts: CustomerFacts, region: Region, is_active: bool, by: Actor, at: dt.datetime
) -> Customer:
    """Put a customer's data right; nothing that was written before changes with it."""
    require_for(by, EDIT, customer.firm_uscc, where=customer.number)
    same_firm(customer.firm_uscc, region)
    same_name = Customer.objects.filter(firm_uscc=customer.firm_uscc, name=facts.name)
    taken = same_name.exclude(pk=customer.pk).exists()
    refuse(_check_customer(facts, timezone.localdate(at)), _free(taken, "客户", facts.name))
    new: dict[str, Any] = {**asdict(facts), "region": region, "is_active": is_active}
    changed = [name for name, value in new.items() if getattr(customer, name) != value]
    for name in changed:
        setattr(customer, name, new[name])
    customer.save()
    note("change_customer", customer, by, at, fields=changed)
    return customer


@dataclass(frozen=True)
class ItemFacts:
    """An item as the firm calls it. ``di`` joins it to stock and trace; empty: nothing is written there."""

    code: str
    name: str
    group: str = ""
    unit: str = "个"
    di: str = ""
    registration_no: str = ""
    has_batch: bool = True
    has_expiry: bool = True


@transaction.atomic
def register_item(*, item: ItemFacts, by: Actor, at: dt.datetime, firm_uscc: str = "") -> Item:
    """Something that the firm sells."""
    firm = firm_for(by, firm_uscc)
    refuse(
        check.check_given(item.code, "商品编码"),
        check.check_given(item.name, "商品名称"),
        _free(Item.objects.filter(firm_uscc=firm, code=item.code).exists(), "商品", item.code),
    )
    made = Item.objects.create(firm_uscc=firm, **asdict(item))
    note("register_item", made, by, at)
    return made
