"""The lists of the sales desk: customers, contracts, orders, shipments, money, services, prices."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from xiejian.kernel.dates import read as read_day
from xiejian.kernel.problems import Refused
from xiejian.people.policy import Actor, may
from xiejian.sales import queries
from xiejian.sales.models import ServiceTicket
from xiejian.sales.moves import WORKFLOWS, state_label
from xiejian.web import clock
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.sales_fields import TONES, choices, money

LIST = "workspace/desk/list.html"
Button = tuple[str, str]


def _number(page: str, label: str = "编号") -> Column:
    return Column(
        "number", label, lambda row: row.number, ("pk",), href=lambda row: reverse(page, args=[row.pk])
    )


def _state(model: str) -> Column:
    return Column("state", "状态", state_label, ("state",), tone=lambda row: TONES[row.state])


def _customer(actor: Actor) -> Column:
    """The customer, leading to its page for who may read that."""
    href = None
    if may(actor, "firm.sales_view"):
        href = lambda row: reverse("firm_customer", args=[row.customer_id])  # noqa: E731
    return Column("customer", "客户", lambda row: row.customer.name, ("customer__name",), href=href)


def _region() -> Column:
    return Column("region", "区域", lambda row: row.customer.region.name, ("customer__region__name",))


def _amount(field: str, label: str) -> Column:
    return Column(field, label, lambda row: money(getattr(row, field)), (field,), numeric=True)


def _day(field: str, label: str) -> Column:
    return Column(field, label, lambda row: getattr(row, field), (field,), nullable=True)


def _states(request: HttpRequest, model: str) -> Filter:
    return Filter("state", "状态", list(WORKFLOWS[model].states.items()), request.GET.get("state", ""))


def _regions(request: HttpRequest) -> Filter:
    rows = [(str(row.pk), row.name) for row in queries.regions(request.actor)]
    return Filter("region", "区域", rows, _id(request, "region"))


def _id(request: HttpRequest, name: str) -> str:
    """An id that was asked for; nothing where it is none."""
    given = request.GET.get(name, "")
    return given if given.isascii() and given.isdigit() and len(given) < 19 else ""


def _known(request: HttpRequest, model: str) -> str:
    given = request.GET.get("state", "")
    return given if given in WORKFLOWS[model].states else ""


def span(request: HttpRequest) -> tuple[dt.date, dt.date] | None:
    """The first and last day asked for; None where none are."""
    try:
        first, last = (read_day(request.GET.get(name, "")) for name in ("from", "until"))
    except Refused:
        return None
    return (first, last) if first and last else None


def _hidden(request: HttpRequest) -> list[tuple[str, str]]:
    days = span(request)
    return [("from", days[0].isoformat()), ("until", days[1].isoformat())] if days else []


def _shown(
    request: HttpRequest, listing: Listing, lead: str, buttons: tuple[Button, ...] = (), note: str = ""
) -> HttpResponse:
    days = span(request)
    said = f"{days[0]} 至 {days[1]}" if days else ""
    more: dict[str, Any] = {"lead": lead, "buttons": buttons, "note": note, "span": said}
    return show(listing, LIST, more)


def _writes(request: HttpRequest, *buttons: Button) -> tuple[Button, ...]:
    return buttons if may(request.actor, "firm.sales") else ()


@needs_firm("firm.sales_view")
def customer_list(request: HttpRequest) -> HttpResponse:
    """客户: to whom do we sell, in which region, is their licence good?"""
    on = clock.today(request)
    columns = [
        Column(
            "name",
            "客户名称",
            lambda r: r.name,
            ("name",),
            href=lambda r: reverse("firm_customer", args=[r.pk]),
        ),
        Column("number", "编号", lambda r: r.number, ("number",)),
        Column("region", "区域", lambda r: r.region.name, ("region__name",)),
        Column("manager", "区域经理", lambda r: r.region.manager.name if r.region.manager else ""),
        Column("site", "办公地", lambda r: r.region.site.name, ("region__site__name",), shown=False),
        Column("uscc", "统一社会信用代码", lambda r: r.uscc, ("uscc",), shown=False),
        Column(
            "until",
            "证件有效期至",
            lambda r: r.licence_until,
            ("licence_until",),
            nullable=True,
            tone=lambda r: "red" if r.licence_until and r.licence_until < on else "",
        ),
        Column("days", "账期（天）", lambda r: r.payment_days, ("payment_days",), numeric=True),
        Column("limit", "信用额度（元）", lambda r: money(r.credit_limit_fen), numeric=True),
        Column(
            "active",
            "往来",
            lambda r: "往来中" if r.is_active else "已停止",
            tone=lambda r: "green" if r.is_active else "secondary",
        ),
    ]
    rows = queries.customers(request.actor, search=request.GET.get("q", ""), region=_id(request, "region"))
    listing = Listing(
        request,
        "客户",
        columns,
        rows,
        "name",
        filters=[_regions(request)],
        search_label="搜索客户名称、编号、信用代码",
        empty="还没有客户",
        empty_next="先设置办公地和区域，再登记客户。",
    )
    return _shown(
        request,
        listing,
        "区域、证件、账期与信用额度",
        _writes(request, ("登记客户", reverse("firm_customer_new"))),
    )


@needs_firm("firm.sales_view")
def contract_list(request: HttpRequest) -> HttpResponse:
    """合同: which are drafted, waiting, in force?"""
    columns = [
        _number("firm_contract", "合同编号"),
        Column("title", "合同名称", lambda r: r.title, ("title",)),
        _customer(request.actor),
        _region(),
        _amount("total_fen", "金额（元）"),
        Column("special", "特殊事项", lambda r: "、".join(r.special)),
        Column("by", "起草人", lambda r: r.by_name, shown=False),
        _day("ends_on", "合同期至"),
        _state("contract"),
    ]
    rows = queries.contracts(
        request.actor,
        search=request.GET.get("q", ""),
        state=_known(request, "contract"),
        region=_id(request, "region"),
    )
    listing = Listing(
        request,
        "销售合同",
        columns,
        rows,
        "-number",
        filters=[_states(request, "contract"), _regions(request)],
        search_label="搜索合同编号、名称、客户",
        empty="还没有合同",
        empty_next="点“起草合同”开始。",
    )
    return _shown(
        request,
        listing,
        "起草、审核、批准由三人办理",
        _writes(request, ("起草合同", reverse("firm_contract_new"))),
    )


@needs_firm("firm.sales_view")
def order_list(request: HttpRequest) -> HttpResponse:
    """订单: what was ordered, what is still to be sent?"""
    columns = [
        _number("firm_order", "订单编号"),
        _customer(request.actor),
        _region(),
        Column("contract", "合同", lambda r: r.contract.number, ("contract__number",)),
        _day("ordered_on", "下单日期"),
        _day("wanted_by", "要求到货"),
        _amount("total_fen", "金额（元）"),
        _state("order"),
    ]
    rows = queries.orders(
        request.actor,
        search=request.GET.get("q", ""),
        state=_known(request, "order"),
        region=_id(request, "region"),
        on=span(request),
    )
    listing = Listing(
        request,
        "订单",
        columns,
        rows,
        "-ordered_on",
        filters=[_states(request, "order"), _regions(request)],
        search_label="搜索订单、合同编号、客户",
        empty="没有订单",
        empty_next="合同签订后在合同页下单。",
        hidden=_hidden(request),
    )
    return _shown(request, listing, "按合同下的订单")


@needs_firm("firm.view")
def shipment_list(request: HttpRequest) -> HttpResponse:
    """发货: what has the store to send, what is on its way?"""
    sees_prices = bool(may(request.actor, "firm.sales_view"))
    columns = [
        _number("firm_shipment", "发货单编号"),
        _customer(request.actor),
        Column("order", "订单", lambda r: r.order.number if r.order else "", ("order__number",)),
        _day("planned_on", "计划发货"),
        _day("shipped_on", "发货日期"),
        _day("delivered_on", "签收日期"),
        *([_amount("total_fen", "金额（元）")] if sees_prices else []),
        _state("shipment"),
    ]
    rows = queries.shipments(
        request.actor,
        search=request.GET.get("q", ""),
        state=_known(request, "shipment"),
        region=_id(request, "region"),
        on=span(request),
    )
    listing = Listing(
        request,
        "发货单",
        columns,
        rows,
        "-planned_on",
        filters=[_states(request, "shipment"), *([_regions(request)] if sees_prices else [])],
        search_label="搜索发货单、订单编号、客户",
        empty="没有发货单",
        empty_next="在订单页安排发货后，由仓库在此确认。",
        hidden=_hidden(request),
    )
    return _shown(request, listing, "销售安排发货，仓库填写批号后确认")


@needs_firm("firm.sales_view")
def invoice_list(request: HttpRequest) -> HttpResponse:
    """发票: what was invoiced, what is left of it?"""
    columns = [
        _number("firm_invoice"),
        _customer(request.actor),
        _day("issued_on", "开票日期"),
        _day("due_on", "应收日期"),
        Column("tax_no", "发票号码", lambda r: r.tax_no, ("tax_no",)),
        _amount("total_fen", "金额（元）"),
        Column("balance", "未收（元）", lambda r: money(r.balance), ("balance",), numeric=True),
        _state("invoice"),
    ]
    rows = queries.invoices(
        request.actor,
        search=request.GET.get("q", ""),
        state=_known(request, "invoice"),
        customer=int(_id(request, "customer") or 0),
    )
    listing = Listing(
        request,
        "发票",
        columns,
        rows,
        "-issued_on",
        filters=[_states(request, "invoice")],
        search_label="搜索编号、发票号码、客户",
        empty="没有发票",
        empty_next="发货后在发货单页开票。",
        hidden=[("customer", _id(request, "customer"))] if _id(request, "customer") else [],
    )
    return _shown(request, listing, "发货后开票")


@needs_firm("firm.sales_view")
def payment_list(request: HttpRequest) -> HttpResponse:
    """回款: what came in, what of it is not allocated?"""
    columns = [
        _number("firm_payment"),
        _customer(request.actor),
        _region(),
        _day("received_on", "到账日期"),
        Column("method", "方式", lambda r: r.method, ("method",)),
        _amount("amount_fen", "金额（元）"),
        Column("rest", "未核销（元）", lambda r: money(r.rest_fen), numeric=True),
        _state("payment"),
    ]
    rows = queries.payments(
        request.actor,
        search=request.GET.get("q", ""),
        state=_known(request, "payment"),
        region=_id(request, "region"),
        on=span(request),
    )
    listing = Listing(
        request,
        "回款",
        columns,
        rows,
        "-received_on",
        filters=[_states(request, "payment"), _regions(request)],
        search_label="搜索编号、凭证号、客户",
        empty="没有回款",
        empty_next="在客户页登记回款。",
        hidden=_hidden(request),
    )
    return _shown(request, listing, "未核销的部分是预收")


@needs_firm("firm.sales_view")
def ticket_list(request: HttpRequest) -> HttpResponse:
    """售后: which services are open, who goes?"""
    columns = [
        _number("firm_ticket"),
        Column("kind", "类别", lambda r: r.kind, ("kind",)),
        _customer(request.actor),
        Column("content", "事由", lambda r: r.content),
        _day("opened_on", "受理日期"),
        _day("wanted_on", "要求完成"),
        Column("to", "服务人员", lambda r: r.assigned_to.name if r.assigned_to else ""),
        _state("serviceticket"),
    ]
    kind = request.GET.get("kind", "")
    rows = queries.tickets(
        request.actor,
        search=request.GET.get("q", ""),
        state=_known(request, "serviceticket"),
        kind=kind if kind in ServiceTicket.KINDS else "",
    )
    listing = Listing(
        request,
        "服务单",
        columns,
        rows,
        "-opened_on",
        filters=[
            _states(request, "serviceticket"),
            Filter("kind", "类别", choices(ServiceTicket.KINDS), kind),
        ],
        search_label="搜索编号、事由、客户、序列号",
        empty="没有服务单",
        empty_next="在客户页受理安装、维修、投诉。",
    )
    return _shown(request, listing, "安装、维修、保养、培训、投诉")


@needs_firm("firm.view")
def return_list(request: HttpRequest) -> HttpResponse:
    """退货: what comes back?"""
    columns = [
        _number("firm_return"),
        _customer(request.actor),
        Column("shipment", "发货单", lambda r: r.shipment.number, ("shipment__number",)),
        Column("reason", "原因", lambda r: r.reason),
        _day("asked_on", "申请日期"),
        _day("received_on", "入库日期"),
        _state("goodsreturn"),
    ]
    rows = queries.returns(
        request.actor, search=request.GET.get("q", ""), state=_known(request, "goodsreturn")
    )
    listing = Listing(
        request,
        "退货",
        columns,
        rows,
        "-asked_on",
        filters=[_states(request, "goodsreturn")],
        search_label="搜索编号、发货单、客户",
        empty="没有退货",
        empty_next="在已发货的发货单页申请退货。",
    )
    return _shown(request, listing, "同意后由仓库入库，再结算")


@needs_firm("firm.sales_view")
def price_list_list(request: HttpRequest) -> HttpResponse:
    """价格表: which prices hold, from when, where?"""
    columns = [
        _number("firm_price_list"),
        Column("name", "名称", lambda r: r.name, ("name",)),
        Column("region", "适用区域", lambda r: r.region.name if r.region else "全部区域"),
        _day("from_on", "执行日期"),
        _day("until_on", "截止日期"),
        Column("by", "批准人", lambda r: r.decided_by_name),
        _state("pricelist"),
    ]
    rows = queries.price_lists(
        request.actor, search=request.GET.get("q", ""), state=_known(request, "pricelist")
    )
    listing = Listing(
        request,
        "价格表",
        columns,
        rows,
        "-from_on",
        filters=[_states(request, "pricelist")],
        search_label="搜索编号、名称",
        empty="还没有价格表",
        empty_next="点“登记价格表”，批准后执行。",
    )
    buttons = (("价格例外", reverse("firm_price_exceptions")),)
    made = _writes(request, ("登记价格表", reverse("firm_price_list_new")))
    return _shown(request, listing, "统一销售价与保护价，按区域和日期执行", (*buttons, *made))


@needs_firm("firm.sales_view")
def price_exception_list(request: HttpRequest) -> HttpResponse:
    """价格例外: who may buy below the floor?"""
    columns = [
        _number("firm_price_exception"),
        _customer(request.actor),
        Column("item", "商品", lambda r: r.item.name, ("item__name",)),
        _amount("price_fen", "价格（元）"),
        Column("quantity", "数量上限", lambda r: r.quantity, ("quantity",), numeric=True),
        _day("until_on", "有效至"),
        Column("contract", "用于合同", lambda r: r.contract.number if r.contract else ""),
        _state("priceexception"),
    ]
    rows = queries.price_exceptions(
        request.actor, search=request.GET.get("q", ""), state=_known(request, "priceexception")
    )
    listing = Listing(
        request,
        "价格例外",
        columns,
        rows,
        "-number",
        filters=[_states(request, "priceexception")],
        search_label="搜索编号、客户、商品",
        empty="没有价格例外",
        empty_next="在客户页申请，由有审批权限的人员批准。",
    )
    return _shown(request, listing, "低于保护价销售须先批准")
