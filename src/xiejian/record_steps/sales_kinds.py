"""The kinds of records of a firm's sales desk, for the programs of the firm."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from django.db.models import QuerySet

from xiejian.people.policy import Actor
from xiejian.record_steps.kinds import Beside, Function, Kind, Rows, steps_of
from xiejian.sales import collecting, contracting, delivering, filing, pricing, queries, serving
from xiejian.sales.moves import WORKFLOWS

_ROOMS: list[ModuleType] = [contracting, delivering, collecting, serving, pricing]
VIEW = "firm.sales_view"


def _rows(find: Callable[..., QuerySet[Any]]) -> Rows:
    def rows(actor: Actor, on: dt.date, search: str, state: str) -> QuerySet[Any]:
        return find(actor, search=search, state=state)

    return rows


def _kind(
    kind: str, model: str, label: str, take: str, find: Callable[..., QuerySet[Any]], create: Function,
    brief: tuple[str, ...], more: tuple[str, ...] = (), view: str = VIEW,
    beside: Mapping[str, Beside] = MappingProxyType({}),
) -> Kind:  # fmt: skip
    flow = WORKFLOWS[model]
    return Kind(
        kind, label, view, (take,), _rows(find), (flow,), steps_of([flow], _ROOMS),
        ("number", *brief), more, create=create, office_of=lambda record, step: "",
        beside=beside,
    )  # fmt: skip


SALES_KINDS = (
    _kind(
        "contract", "contract", "销售合同", "contract", queries.contracts, contracting.draft_contract,
        ("title", "customer.name", "site.name", "total_fen", "payment_days", "starts_on", "ends_on",
         "special"),
        ("terms", "reviewed_by_name", "review_opinion", "approved_by_name", "approval_opinion",
         "return_reason", "signed_on", "signed_by", "ended_on", "end_reason", "lines.item.code",
         "lines.quantity", "lines.price_fen", "orders.number", "files.name"),
        beside={"file_paper": Beside(filing.file_paper, "归档文件", "firm.sales")},
    ),
    _kind(
        "order", "order", "订单", "order", queries.orders, contracting.place_order,
        ("contract.number", "customer.name", "ordered_on", "wanted_by", "total_fen"),
        ("end_reason", "lines.item.code", "lines.quantity", "lines.price_fen", "shipments.number"),
    ),
    # no amount in it: the store and the quality people read it too
    _kind(
        "shipment", "shipment", "发货单", "shipment", queries.shipments, delivering.plan_shipment,
        ("order.number", "customer.name", "planned_on", "shipped_on", "delivered_on"),
        ("carrier", "address", "receiver", "end_reason", "lines.item.code", "lines.quantity", "lines.lot",
         "lines.serial", "damages.kind", "damages.text", "invoices.number"),
        view="firm.view",
    ),
    _kind(
        "invoice", "invoice", "发票", "invoice", queries.invoices, collecting.issue_invoice,
        ("customer.name", "shipment.number", "issued_on", "due_on", "total_fen", "paid_fen", "credited_fen",
         "balance_fen"),
        ("tax_no", "end_reason", "lines.item.code", "lines.quantity", "lines.price_fen"),
    ),
    _kind(
        "payment", "payment", "回款", "payment", queries.payments, collecting.record_payment,
        ("customer.name", "received_on", "amount_fen", "allocated_fen", "rest_fen", "method"),
        ("reference", "reversed_on", "reason", "allocations.invoice.number", "allocations.amount_fen"),
    ),
    _kind(
        "service_ticket", "serviceticket", "服务单", "ticket", queries.tickets, serving.open_ticket,
        ("kind", "customer.name", "content", "opened_on", "wanted_on", "closed_on"),
        ("item.code", "serial", "assigned_to.username", "result", "signed_by", "visits.on", "visits.done",
         "visits.parts"),
    ),
    _kind(
        "goods_return", "goodsreturn", "退货", "goods_return", queries.returns, delivering.ask_return,
        ("customer.name", "shipment.number", "asked_on", "reason", "received_on"),
        ("opinion", "credit_fen", "invoice.number", "lines.quantity"),
    ),
    _kind(
        "price_exception", "priceexception", "价格例外", "exception", queries.price_exceptions,
        pricing.ask_exception,
        ("customer.name", "item.code", "price_fen", "quantity", "until_on"),
        ("reason", "decided_by_name", "opinion", "contract.number"),
    ),
)  # fmt: skip
