"""Shipments and returns: planned by sales, confirmed by the store, each lot a movement of the supply room."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from xiejian.people.policy import Actor
from xiejian.sales import checks as check
from xiejian.sales import queries
from xiejian.sales.checks import problems, refuse
from xiejian.sales.models import (
    Customer,
    DamageNote,
    GoodsReturn,
    GoodsReturnLine,
    Item,
    ItemBatch,
    Order,
    Shipment,
    ShipmentLine,
)
from xiejian.sales.moves import first, note, same_firm, step
from xiejian.supply.actions import Entry, record_movements

#: What a movement says of where it came from.
SOURCE = "sales"


@dataclass(frozen=True)
class Parcel:
    """So many of an item are to be sent."""

    item: Item
    quantity: int


@dataclass(frozen=True)
class Lot:
    """So many of an item left the store, of this lot or with this serial number."""

    item: Item
    quantity: int
    lot: str = ""
    serial: str = ""


@transaction.atomic
def plan_shipment(
    *, order: Order, on: dt.date, lines: Sequence[Parcel], by: Actor, at: dt.datetime, carrier: str = "",
    address: str = "",
) -> Shipment:  # fmt: skip
    """Ask the store to send part of an order, or all; no more than is left of it (SA301)."""
    order, _ = step(order, "plan_shipment", by)
    priced = {line.item_id: line.price_fen for line in order.lines.all()}
    sent = [(one.item.code, one.quantity, priced.get(one.item.pk, 1)) for one in lines]
    refuse(
        check.check_order_of_dates("下单日期", order.ordered_on, "计划发货日期", on),
        check.check_lines(sent),
        check.check_left("SA301", {code: n for code, n, _ in sent}, queries.left_of_order(order)),
    )
    made = Shipment.objects.create(
        order=order, customer=order.customer, planned_on=on, carrier=carrier,
        address=address or order.customer.address, total_fen=sum(n * price for _, n, price in sent),
        **first(Shipment, order.firm_uscc, by, at, on),
    )  # fmt: skip
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=made, item=one.item, quantity=one.quantity, price_fen=priced[one.item.pk])
        for one in lines
    )
    note("plan_shipment", made, by, at, order=order.number)
    return made


# --- the store ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LotDates:
    """When a lot was made and until when it may be used; None where nobody said."""

    made_on: dt.date | None
    expires_on: dt.date | None


Dated = Mapping[tuple[int, str], LotDates]


def lot_dates(firm_uscc: str, items: Sequence[Item]) -> Dated:
    """(item id, lot) → the dates of the lots of these items: as they were taken in, else of the own list."""
    by_di = {item.di: item.pk for item in items if item.di}
    stored = queries.stored_lots(firm_uscc, list(by_di))
    listed = ItemBatch.objects.filter(item__in=items)
    found = {(by_di[di], lot): LotDates(made, until) for di, lot, made, until in stored}
    for row in listed:
        before = found.get((row.item_id, row.lot), LotDates(None, None))
        found[row.item_id, row.lot] = LotDates(
            before.made_on or row.made_on, before.expires_on or row.expires_on
        )
    return found


def entries(
    kind: str, customer: Customer, document_no: str, lots: Sequence[Lot], on: dt.date, dated: Dated,
    source: str = SOURCE,
) -> list[Entry]:  # fmt: skip
    """What the supply room is told: one entry per lot of items that have a device identifier."""
    made = []
    for place, lot in enumerate(lots, 1):
        if not lot.item.di:
            continue  # a spare part or a service: nothing that is traced
        dates = dated.get((lot.item.pk, lot.lot), LotDates(None, None))
        made.append(
            Entry(
                firm_uscc=customer.firm_uscc, kind=kind, di=lot.item.di, quantity=lot.quantity, on=on,
                lot=lot.lot, serial=lot.serial, partner_uscc=customer.uscc, partner_name=customer.name,
                made_on=dates.made_on, expires_on=dates.expires_on,
                registration_no=lot.item.registration_no, product_name=lot.item.name,
                document_no=document_no[:60], record_no=f"{document_no[:50]}-{place}", source=source,
            )
        )  # fmt: skip
    return made


def _move(
    kind: str, customer: Customer, number: str, lots: Sequence[Lot], on: dt.date, by: Actor, at: dt.datetime
) -> None:
    """Write the lots of a paper into the supply room; it refuses what must not move."""
    dated = lot_dates(customer.firm_uscc, [lot.item for lot in lots])
    if made := entries(kind, customer, number, lots, on, dated):
        record_movements(entries=made, by=by, at=at)


def _check_lots(planned: Sequence[ShipmentLine], lots: Sequence[Lot]) -> list[check.Problem]:
    wanted: Counter[str] = Counter()
    for line in planned:
        wanted[line.item.code] += line.quantity
    given: Counter[str] = Counter()
    found: list[check.Problem] = []
    for lot in lots:
        given[lot.item.code] += lot.quantity
        found += check.check_quantity(lot.quantity, f"{lot.item.code}数量")
        found += check.check_lot_given(lot.item.code, lot.item.has_batch, lot.lot, lot.serial)
    return found + check.check_lots_add_up(wanted, given)


def _rewrite(shipment: Shipment, planned: Sequence[ShipmentLine], lots: Sequence[Lot]) -> None:
    """The lines as they left: per lot, at the planned price."""
    prices = {line.item_id: line.price_fen for line in planned}
    shipment.lines.all().delete()
    ShipmentLine.objects.bulk_create(
        ShipmentLine(
            shipment=shipment, item=lot.item, quantity=lot.quantity, price_fen=prices[lot.item.pk],
            lot=lot.lot, serial=lot.serial,
        )
        for lot in lots
    )  # fmt: skip


@transaction.atomic
def confirm_shipment(
    *, shipment: Shipment, on: dt.date, lots: Sequence[Lot], by: Actor, at: dt.datetime, carrier: str = ""
) -> Shipment:
    """确认发货: the store names the lots; each leaves the stock.

    Refused: lots that do not add up (SA302), no lot (SA306), and what the supply room refuses: a lot
    on hold (SU201), expired (SU110), not in stock (SU111).
    """
    shipment, state = step(shipment, "confirm_shipment", by)
    same_firm(shipment.firm_uscc, *(lot.item for lot in lots))
    planned = list(shipment.lines.select_related("item"))
    customer = shipment.customer
    refuse(
        check.check_customer(customer.name, customer.is_active, customer.licence_until, on),
        check.check_not_in_future(on, timezone.localdate(at), "发货日期"),
        check.check_order_of_dates("下单日期", shipment.order and shipment.order.ordered_on, "发货日期", on),
        _check_lots(planned, lots),
    )
    _move("ship", customer, shipment.number, lots, on, by, at)
    _rewrite(shipment, planned, lots)
    shipment.shipped_on, shipment.carrier = on, carrier or shipment.carrier
    shipment.save()
    if shipment.order:
        _advance(shipment.order, by)
    note("confirm_shipment", shipment, by, at, state=state, lots=len(lots))
    return shipment


def _advance(order: Order, by: Actor) -> None:
    """The order is sent in part, or all of it."""
    rest = sum(queries.left_of_order(order, planned=False).values())
    order, _ = step(order, "ship_part" if rest else "ship_rest", by)
    order.save()


@transaction.atomic
def cancel_shipment(*, shipment: Shipment, reason: str, by: Actor, at: dt.datetime) -> Shipment:
    """取消发货: the store has not sent it."""
    shipment, state = step(shipment, "cancel_shipment", by)
    refuse(check.check_given(reason, "取消理由"))
    shipment.end_reason = reason
    shipment.save()
    note("cancel_shipment", shipment, by, at, state=state)
    return shipment


@transaction.atomic
def deliver_shipment(
    *, shipment: Shipment, on: dt.date, receiver: str, by: Actor, at: dt.datetime
) -> Shipment:
    """登记签收: who at the customer's signed for it."""
    shipment, state = step(shipment, "deliver_shipment", by)
    refuse(
        check.check_given(receiver, "签收人"),
        check.check_not_in_future(on, timezone.localdate(at), "签收日期"),
        check.check_order_of_dates("发货日期", shipment.shipped_on, "签收日期", on),
    )
    shipment.delivered_on, shipment.receiver = on, receiver
    shipment.save()
    note("deliver_shipment", shipment, by, at, state=state, on=on)
    return shipment


@transaction.atomic
def note_damage(
    *, shipment: Shipment, on: dt.date, kind: str, text: str, by: Actor, at: dt.datetime, quantity: int = 0
) -> DamageNote:
    """货损记录: what arrived broken or short; the shipment stays as it is."""
    shipment, _ = step(shipment, "note_damage", by)
    refuse(
        check.check_known(kind, DamageNote.KINDS, "货损类别"),
        check.check_given(text, "情况"),
        check.check_not_in_future(on, timezone.localdate(at), "日期"),
        check.check_order_of_dates("发货日期", shipment.shipped_on, "日期", on),
    )
    made = DamageNote.objects.create(
        firm_uscc=shipment.firm_uscc, shipment=shipment, on=on, kind=kind, text=text, quantity=quantity,
        by_name=by.name,
    )  # fmt: skip
    note("note_damage", shipment, by, at, kind=kind)
    return made


# --- goods that come back ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Back:
    """So many of an item of the shipment, of this lot, come back."""

    item: Item
    quantity: int
    lot: str = ""
    serial: str = ""


@transaction.atomic
def ask_return(
    *, shipment: Shipment, on: dt.date, reason: str, lines: Sequence[Back], by: Actor, at: dt.datetime
) -> GoodsReturn:
    """申请退货: lines of one shipment, no more than was sent and is not back already (SA304)."""
    shipment, _ = step(shipment, "ask_return", by)
    sent, left = queries.returnable(shipment)
    wanted = {(one.item.pk, one.lot, one.serial): one for one in lines}
    known = [(key, one) for key, one in wanted.items() if key in sent]
    unknown = {one.item.code: one.quantity for key, one in wanted.items() if key not in sent}
    refuse(
        check.check_given(reason, "退货原因"),
        check.check_not_in_future(on, timezone.localdate(at), "申请日期"),
        check.check_order_of_dates("发货日期", shipment.shipped_on, "申请日期", on),
        [] if lines else [problems("SA108", "明细")],
        check.check_left("SA304", unknown, {}),
        *(check.check_quantity(one.quantity, "数量") for one in lines),
        *(
            check.check_left("SA304", {one.item.code: one.quantity}, {one.item.code: left[key]})
            for key, one in known
        ),
    )
    made = GoodsReturn.objects.create(
        customer=shipment.customer, shipment=shipment, asked_on=on, reason=reason,
        **first(GoodsReturn, shipment.firm_uscc, by, at, on),
    )  # fmt: skip
    GoodsReturnLine.objects.bulk_create(
        GoodsReturnLine(goods_return=made, line=sent[key], quantity=one.quantity) for key, one in known
    )
    note("ask_return", made, by, at, shipment=shipment.number)
    return made


def _judge(goods_return: GoodsReturn, action: str, opinion: str, by: Actor, at: dt.datetime) -> GoodsReturn:
    goods_return, state = step(goods_return, action, by)
    refuse(check.check_given(opinion, "处理意见"))
    goods_return.opinion = opinion
    goods_return.save()
    note(action, goods_return, by, at, state=state)
    return goods_return


@transaction.atomic
def accept_return(*, goods_return: GoodsReturn, opinion: str, by: Actor, at: dt.datetime) -> GoodsReturn:
    """同意退货: the store may take them in."""
    return _judge(goods_return, "accept_return", opinion, by, at)


@transaction.atomic
def refuse_return(*, goods_return: GoodsReturn, opinion: str, by: Actor, at: dt.datetime) -> GoodsReturn:
    """不同意退货, with the reason."""
    return _judge(goods_return, "refuse_return", opinion, by, at)


@transaction.atomic
def receive_return(*, goods_return: GoodsReturn, on: dt.date, by: Actor, at: dt.datetime) -> GoodsReturn:
    """退货入库: the store has them; the stock knows them as returned by the customer."""
    goods_return, state = step(goods_return, "receive_return", by)
    refuse(
        check.check_not_in_future(on, timezone.localdate(at), "入库日期"),
        check.check_order_of_dates("申请日期", goods_return.asked_on, "入库日期", on),
    )
    lots = [
        Lot(row.line.item, row.quantity, row.line.lot, row.line.serial)
        for row in goods_return.lines.select_related("line__item")
    ]
    _move("return_in", goods_return.customer, goods_return.number, lots, on, by, at)
    goods_return.received_on = on
    goods_return.save()
    note("receive_return", goods_return, by, at, state=state, on=on)
    return goods_return
