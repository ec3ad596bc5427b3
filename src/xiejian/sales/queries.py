"""Every read of the sales desk. Lists go through ``own``: the own firm's people, and no office."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from typing import TypeVar

from django.db.models import F, Max, Min, Model, Q, QuerySet, Sum

from xiejian.people.models import FirmUser
from xiejian.people.policy import Actor, private
from xiejian.sales.models import (
    Contract,
    ContractFile,
    Customer,
    GoodsReturn,
    Invoice,
    Item,
    Order,
    OrderLine,
    Payment,
    Price,
    PriceException,
    PriceList,
    Region,
    ServiceTicket,
    Shipment,
    ShipmentLine,
    Site,
)
from xiejian.supply.models import Movement

M = TypeVar("M", bound=Model)
#: Invoices of which something may still be owed.
OWED = ("issued", "partly")
BALANCE = F("total_fen") - F("paid_fen") - F("credited_fen")


def own(rows: type[M], actor: Actor | None) -> QuerySet[M]:
    """The records of this kind of the actor's own firm."""
    return private(rows._default_manager.all(), actor)


def _search(rows: QuerySet[M], text: str, *fields: str) -> QuerySet[M]:
    if not (text := text.strip()):
        return rows
    return rows.filter(Q(*[(f"{name}__icontains", text) for name in fields], _connector=Q.OR))


def _found(rows: QuerySet[M], search: str, fields: Sequence[str], **exact: object) -> QuerySet[M]:
    """Searched, and narrowed by what is given; empty filters do not filter."""
    found = _search(rows, search, *fields)
    return found.filter(**{name: value for name, value in exact.items() if value})


# --- lists -------------------------------------------------------------------------------------------------


def sites(actor: Actor | None) -> QuerySet[Site]:
    return own(Site, actor)


def regions(actor: Actor | None) -> QuerySet[Region]:
    return own(Region, actor).select_related("site", "manager")


def items(actor: Actor | None, *, search: str = "") -> QuerySet[Item]:
    return _search(own(Item, actor), search, "code", "name", "di")


def customers(actor: Actor | None, *, search: str = "", region: str = "") -> QuerySet[Customer]:
    """Customers by name, number or credit code; ``region``: its id as text."""
    rows = own(Customer, actor).select_related("region__site", "region__manager")
    return _found(rows, search, ("number", "name", "uscc", "contact"), region_id=region)


def contracts(
    actor: Actor | None, *, search: str = "", state: str = "", region: str = "", customer: int = 0
) -> QuerySet[Contract]:
    rows = own(Contract, actor).select_related("customer__region", "site")
    fields = ("number", "title", "customer__name")
    return _found(rows, search, fields, state=state, customer__region_id=region, customer_id=customer)


def contract_files(actor: Actor | None) -> QuerySet[ContractFile]:
    return own(ContractFile, actor).select_related("contract")


def orders(
    actor: Actor | None, *, search: str = "", state: str = "", region: str = "",
    on: tuple[dt.date, dt.date] | None = None,
) -> QuerySet[Order]:  # fmt: skip
    """``on``: first and last day of the order."""
    rows = own(Order, actor).select_related("customer__region", "contract")
    fields = ("number", "contract__number", "customer__name")
    return _found(rows, search, fields, state=state, customer__region_id=region, ordered_on__range=on)


def shipments(
    actor: Actor | None, *, search: str = "", state: str = "", region: str = "",
    on: tuple[dt.date, dt.date] | None = None,
) -> QuerySet[Shipment]:  # fmt: skip
    rows = own(Shipment, actor).select_related("customer__region", "order")
    fields = ("number", "order__number", "customer__name")
    return _found(rows, search, fields, state=state, customer__region_id=region, shipped_on__range=on)


def invoices(
    actor: Actor | None, *, search: str = "", state: str = "", customer: int = 0
) -> QuerySet[Invoice]:
    """With ``balance``: what is still owed, in 分."""
    rows = own(Invoice, actor).select_related("customer__region", "shipment").annotate(balance=BALANCE)
    return _found(rows, search, ("number", "tax_no", "customer__name"), state=state, customer_id=customer)


def payments(
    actor: Actor | None, *, search: str = "", state: str = "", region: str = "",
    on: tuple[dt.date, dt.date] | None = None,
) -> QuerySet[Payment]:  # fmt: skip
    rows = own(Payment, actor).select_related("customer__region")
    fields = ("number", "reference", "customer__name")
    return _found(rows, search, fields, state=state, customer__region_id=region, received_on__range=on)


def tickets(
    actor: Actor | None, *, search: str = "", state: str = "", kind: str = ""
) -> QuerySet[ServiceTicket]:
    rows = own(ServiceTicket, actor).select_related("customer", "item", "assigned_to")
    return _found(rows, search, ("number", "content", "customer__name", "serial"), state=state, kind=kind)


def returns(actor: Actor | None, *, search: str = "", state: str = "") -> QuerySet[GoodsReturn]:
    rows = own(GoodsReturn, actor).select_related("customer", "shipment")
    return _found(rows, search, ("number", "shipment__number", "customer__name"), state=state)


def price_lists(actor: Actor | None, *, search: str = "", state: str = "") -> QuerySet[PriceList]:
    rows = own(PriceList, actor).select_related("region")
    return _found(rows, search, ("number", "name"), state=state)


def price_exceptions(actor: Actor | None, *, search: str = "", state: str = "") -> QuerySet[PriceException]:
    rows = own(PriceException, actor).select_related("customer", "item", "contract")
    return _found(rows, search, ("number", "customer__name", "item__code"), state=state)


def people(actor: Actor | None) -> QuerySet[FirmUser]:
    """The accounts in use of the own firm."""
    return private(FirmUser.objects.filter(is_active=True), actor, "uscc").order_by("name")


# --- prices ------------------------------------------------------------------------------------------------


def prices_on(customer: Customer, wanted: Collection[Item], on: dt.date) -> dict[int, Price]:
    """Item id → its price for the customer that day: the newest adopted list of the region, else of all."""
    rows = (
        Price.objects.filter(
            Q(price_list__region=customer.region_id) | Q(price_list__region=None),
            Q(price_list__until_on=None) | Q(price_list__until_on__gte=on),
            price_list__firm_uscc=customer.firm_uscc, price_list__state="adopted",
            price_list__from_on__lte=on, item__in=wanted,
        )
        .order_by("price_list__from_on", "price_list_id")
        .select_related("price_list")
    )  # fmt: skip
    found: dict[int, Price] = {}
    for of_region in (False, True):  # what the region's list says comes last, and stays
        found |= {row.item_id: row for row in rows if bool(row.price_list.region_id) is of_region}
    return found


def deciding_sites(firm_uscc: str, actor: Actor) -> tuple[list[str], list[str]]:
    """The firm's sites that decide on special contracts, and those of them where the actor works."""
    name = actor.username.partition(":")[2]
    rows = Site.objects.filter(firm_uscc=firm_uscc, approves_special=True)
    mine = rows.filter(people__uscc=firm_uscc, people__username=name)
    return [site.name for site in rows], [site.name for site in mine]


# --- what is left ------------------------------------------------------------------------------------------


def contract_prices(contract: Contract) -> dict[str, int]:
    """Item code → the contract's price in 分."""
    return dict(contract.lines.values_list("item__code", "price_fen"))


def left_of_contract(contract: Contract) -> dict[str, int]:
    """Item code → how many may still be ordered; cancelled and closed orders give back what was not sent."""
    left = Counter(dict(contract.lines.values_list("item__code", "quantity")))
    drawn = OrderLine.objects.filter(order__contract=contract).exclude(
        order__state__in=("cancelled", "closed")
    )
    ended = ShipmentLine.objects.filter(
        shipment__order__contract=contract,
        shipment__order__state="closed",
        shipment__shipped_on__isnull=False,
    )
    for rows in (drawn, ended):
        left.subtract(dict(rows.order_by().values_list("item__code").annotate(n=Sum("quantity"))))
    return dict(left)


def left_of_order(order: Order, *, planned: bool = True) -> dict[str, int]:
    """Item code → how many are not sent yet; with ``planned`` what a shipment has planned is gone too."""
    left = Counter(dict(order.lines.values_list("item__code", "quantity")))
    states = ("planned", "shipped", "delivered") if planned else ("shipped", "delivered")
    sent = ShipmentLine.objects.filter(shipment__order=order, shipment__state__in=states).order_by()
    left.subtract(dict(sent.values_list("item__code").annotate(n=Sum("quantity"))))
    return dict(left)


_Key = tuple[int, str, str]


def returnable(shipment: Shipment) -> tuple[dict[_Key, ShipmentLine], dict[_Key, int]]:
    """Lines of a shipment by (item id, lot, serial), and how many of each may still come back."""
    lines = list(shipment.lines.select_related("item"))
    gone = Sum("returned__quantity", filter=~Q(returned__goods_return__state="refused"))
    back = dict(shipment.lines.order_by().values_list("pk").annotate(n=gone))
    keyed = {(line.item_id, line.lot, line.serial): line for line in lines}
    return keyed, {key: line.quantity - (back.get(line.pk) or 0) for key, line in keyed.items()}


def open_of_contract(contract: Contract) -> tuple[list[str], list[str], list[str]]:
    """Numbers of its orders not sent, its shipments not invoiced, and its invoices not paid."""
    still = contract.orders.filter(state__in=("placed", "partly"))
    sent = Shipment.objects.filter(order__contract=contract).exclude(state="cancelled")
    billed = Invoice.objects.filter(shipment__order__contract=contract).exclude(state="void")
    unbilled = sent.exclude(pk__in=billed.values("shipment"))
    unpaid = billed.filter(state__in=OWED)
    names = [rows.order_by("pk").values_list("number", flat=True) for rows in (still, unbilled, unpaid)]
    return list(names[0]), list(names[1]), list(names[2])


def stored_lots(
    firm_uscc: str, dis: Collection[str]
) -> list[tuple[str, str, dt.date | None, dt.date | None]]:
    """(di, lot, made on, usable until) of the firm's movements; the earlier day where a lot has two."""
    rows = Movement.objects.filter(firm_uscc=firm_uscc, di__in=dis, voided=False).exclude(lot="").order_by()
    return list(rows.values_list("di", "lot").annotate(made=Max("made_on"), until=Min("expires_on")))


# --- what is owed ------------------------------------------------------------------------------------------


def owed_invoices(customer: Customer) -> QuerySet[Invoice]:
    """A customer's invoices that are not settled, those due first before others."""
    return Invoice.objects.filter(customer=customer, state__in=OWED).order_by("due_on", "pk")


def owed_fen(customer: Customer) -> int:
    """What a customer owes on invoices, and what was ordered and not invoiced yet."""
    billed = owed_invoices(customer).order_by().aggregate(n=Sum(BALANCE))["n"] or 0
    ordered = Order.objects.filter(customer=customer).exclude(state__in=("cancelled", "closed"))
    invoiced = Invoice.objects.filter(shipment__order__in=ordered).exclude(state="void")
    coming = ordered.order_by().aggregate(n=Sum("total_fen"))["n"] or 0
    return billed + coming - (invoiced.order_by().aggregate(n=Sum("total_fen"))["n"] or 0)


# --- who has to do what ------------------------------------------------------------------------------------


def contracts_for(actor: Actor, *, special: bool) -> list[tuple[str, Contract]]:
    """Contracts that wait for this person: what he may do, and which; his own are not among them.

    ``special``: those that whoever approves for the firm decides; else the ones to review or to approve.
    """
    waiting = contracts(actor).filter(state="reviewed").exclude(reviewed_by=actor.username)
    others = waiting.exclude(written_by=actor.username)
    if special:
        return [("特殊合同批准", row) for row in others if row.special]
    review = contracts(actor).filter(state="submitted").exclude(written_by=actor.username)
    return [("合同审核", row) for row in review] + [("合同批准", row) for row in others if not row.special]


def tickets_of(actor: Actor) -> QuerySet[ServiceTicket]:
    """The services that are this person's to do."""
    name = actor.username.partition(":")[2]
    return tickets(actor).filter(state__in=("assigned", "working"), assigned_to__username=name)
