"""One record of the sales desk: what it says, its lines, what it led to, and the steps that are open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from xiejian.people.policy import Actor, may
from xiejian.sales import queries
from xiejian.sales.models import (
    Contract,
    Customer,
    FirmRow,
    GoodsReturn,
    Invoice,
    Line,
    NumberedRow,
    Order,
    Payment,
    PriceException,
    PriceList,
    ServiceTicket,
    Shipment,
)
from xiejian.sales.moves import flow_of, state_label
from xiejian.web.steps import Step
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.sales_fields import TONES, money
from xiejian.workspace.sales_steps import CUSTOMER_STEPS, STEPS, customer_steps, open_steps
from xiejian.workspace.sheets import Cell, Sheet, Table, facts_of, history, sheet_page


def _link(row: object, page: str, actor: Actor, permission: str = "firm.sales_view") -> Cell:
    """The record's number, leading to its page for who may open that."""
    if row is None:
        return Cell("")
    allowed = may(actor, permission)
    return Cell(str(row), reverse(page, args=[row.pk]) if allowed else "")  # type: ignore[attr-defined]


def _lines(rows: Iterable[Line], prices: bool = True, lots: bool = False) -> Table:
    headings = [
        "商品",
        "名称",
        "数量",
        *(["批号"] if lots else []),
        *(["单价（元）", "金额（元）"] if prices else []),
    ]
    cells = [
        [
            Cell(row.item.code),
            Cell(row.item.name),
            Cell(f"{row.quantity} {row.item.unit}"),
            *([Cell(getattr(row, "lot", "") or getattr(row, "serial", ""))] if lots else []),
            *([Cell(money(row.price_fen)), Cell(money(row.amount_fen))] if prices else []),
        ]
        for row in rows
    ]
    return Table("明细", headings, cells)


def _records(
    title: str, rows: Iterable[NumberedRow], page: str, day: str, amount: str = "", empty: str = "没有"
) -> Table:
    """Records that this one led to: number, day, amount, state."""
    headings = ["编号", "日期", *(["金额（元）"] if amount else []), "状态"]
    cells = [
        [
            Cell(row.number, reverse(page, args=[row.pk])),
            Cell(getattr(row, day) or ""),
            *([Cell(money(getattr(row, amount)))] if amount else []),
            Cell(state_label(row)),
        ]
        for row in rows
    ]
    return Table(title, headings, cells, empty)


def _page(
    request: HttpRequest,
    row: FirmRow,
    key: str,
    steps: dict[str, Step],
    names: Callable[[], list[str]],
    sheet: Callable[[], Sheet],
) -> HttpResponse:
    flow = flow_of(row) if isinstance(row, NumberedRow) else None
    subject = f"sales_{row._meta.model_name}"
    past = partial(history, subject, key, row.firm_uscc, flow)
    return sheet_page(request, row, key, steps, names, sheet, past)


def _numbered(request: HttpRequest, row: NumberedRow, sheet: Callable[[], Sheet]) -> HttpResponse:
    """The page of a record with a workflow table."""
    return _page(request, row, row.number, STEPS, lambda: open_steps(row, request.actor), sheet)


def _one(rows: QuerySet, pk: int) -> NumberedRow:
    return get_object_or_404(rows, pk=pk)


def _state(row: NumberedRow) -> tuple[str, str]:
    return state_label(row), TONES[row.state]


# --- contracts and orders ----------------------------------------------------------------------------------


@needs_firm("firm.sales_view")
@require_http_methods(["GET", "POST"])
def contract(request: HttpRequest, pk: int) -> HttpResponse:
    """合同: what was agreed, who said so, what was drawn on it?"""
    row = _one(queries.contracts(request.actor), pk)
    return _numbered(request, row, lambda: _contract(row, request.actor))


def _contract(row: Contract, actor: Actor) -> Sheet:
    editable = row.state in ("draft", "returned") and may(actor, "firm.sales")
    return Sheet(
        row.number,
        row.title,
        f"{row.number} · {row.customer.name} · {money(row.total_fen)} 元",
        _state(row),
        "合同",
        reverse("firm_contracts"),
        facts_of(
            ("客户", Cell(row.customer.name, reverse("firm_customer", args=[row.customer_id]))),
            ("签订办公地", row.site.name),
            ("合同期", f"{row.starts_on} 至 {row.ends_on}"),
            ("账期", f"{row.payment_days} 天"),
            ("特殊事项", "；".join(row.special)),
            ("其他约定", row.terms),
            ("起草人", row.by_name),
            ("审核", _opinion(row.reviewed_by_name, row.review_opinion)),
            ("批准", _opinion(row.approved_by_name, row.approval_opinion)),
            ("退回理由", row.return_reason),
            ("签订", f"{row.signed_on} {row.signed_by}" if row.signed_on else ""),
            ("了结日期", row.ended_on),
            ("终止理由", row.end_reason),
        ),
        [
            _lines(row.lines.select_related("item")),
            _records("订单", row.orders.all(), "firm_order", "ordered_on", "total_fen", "还没有订单"),
            _papers(row),
        ],
        [("修改", reverse("firm_contract_change", args=[row.pk]))] if editable else [],
        f"特殊合同：{'；'.join(row.special)}"
        if row.special and row.state in ("submitted", "reviewed")
        else "",
    )


def _papers(row: Contract) -> Table:
    cells = [
        [
            Cell(one.name, reverse("firm_contract_file", args=[one.pk])),
            Cell(timezone.localdate(one.at)),
            Cell(one.by_name),
        ]
        for one in row.files.all()
    ]
    return Table("合同档案", ["文件", "归档日期", "归档人"], cells, "还没有归档文件")


@needs_firm("firm.sales_view")
@require_GET
def contract_file(request: HttpRequest, pk: int) -> FileResponse:
    """One paper of a contract's file, to be kept, never shown in the page."""
    row = get_object_or_404(queries.contract_files(request.actor), pk=pk)
    if not row.file.storage.exists(row.file.name):
        raise Http404
    suffix = Path(row.file.name).suffix
    name = row.name if row.name.lower().endswith(suffix) else f"{row.name}{suffix}"
    answer = FileResponse(row.file.open("rb"), as_attachment=True, filename=name)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _opinion(name: str, opinion: str) -> str:
    return f"{name}：{opinion}" if name and opinion else name


@needs_firm("firm.sales_view")
@require_http_methods(["GET", "POST"])
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """订单: what is wanted, what is sent?"""
    row = _one(queries.orders(request.actor), pk)
    return _numbered(request, row, lambda: _order(row, request.actor))


def _order(row: Order, actor: Actor) -> Sheet:
    return Sheet(
        row.number,
        f"订单 {row.number}",
        f"{row.customer.name} · {money(row.total_fen)} 元",
        _state(row),
        "订单",
        reverse("firm_orders"),
        facts_of(
            ("客户", Cell(row.customer.name, reverse("firm_customer", args=[row.customer_id]))),
            ("合同", _link(row.contract, "firm_contract", actor)),
            ("下单日期", row.ordered_on),
            ("要求到货", row.wanted_by),
            ("下单人", row.by_name),
            ("理由", row.end_reason),
        ),
        [
            _lines(row.lines.select_related("item")),
            _records("发货单", row.shipments.all(), "firm_shipment", "planned_on", empty="还没有安排发货"),
        ],
    )


@needs_firm("firm.view")
@require_http_methods(["GET", "POST"])
def shipment(request: HttpRequest, pk: int) -> HttpResponse:
    """发货单: which lots, to whom, did they arrive?"""
    row = _one(queries.shipments(request.actor), pk)
    return _numbered(request, row, lambda: _shipment(row, request.actor))


def _shipment(row: Shipment, actor: Actor) -> Sheet:
    prices = bool(may(actor, "firm.sales_view"))
    damages = [
        [Cell(one.on), Cell(one.kind), Cell(one.quantity), Cell(one.text), Cell(one.by_name)]
        for one in row.damages.all()
    ]
    tables = [
        _lines(row.lines.select_related("item"), prices, lots=True),
        Table("货损", ["日期", "类别", "数量", "情况", "登记人"], damages, "没有货损记录"),
        _records("退货", row.returns.all(), "firm_return", "asked_on", empty="没有退货"),
    ]
    if prices:
        tables.append(
            _records("发票", row.invoices.all(), "firm_invoice", "issued_on", "total_fen", "还没有开票")
        )
    return Sheet(
        row.number,
        f"发货单 {row.number}",
        row.customer.name,
        _state(row),
        "发货",
        reverse("firm_shipments"),
        facts_of(
            (
                "客户",
                Cell(row.customer.name, reverse("firm_customer", args=[row.customer_id]) if prices else ""),
            ),
            ("订单", _link(row.order, "firm_order", actor)),
            ("计划发货", row.planned_on),
            ("发货日期", row.shipped_on),
            ("承运", row.carrier),
            ("收货地址", row.address),
            ("签收", f"{row.delivered_on} {row.receiver}" if row.delivered_on else ""),
            ("取消理由", row.end_reason),
            ("来源", "ERPNext 文件" if row.source else ""),
        ),
        tables,
    )


@needs_firm("firm.view")
@require_http_methods(["GET", "POST"])
def goods_return(request: HttpRequest, pk: int) -> HttpResponse:
    """退货: what comes back, why, what is credited?"""
    row = _one(queries.returns(request.actor), pk)
    return _numbered(request, row, lambda: _return(row, request.actor))


def _return(row: GoodsReturn, actor: Actor) -> Sheet:
    prices = bool(may(actor, "firm.sales_view"))
    lines = [
        [
            Cell(one.line.item.code),
            Cell(one.line.item.name),
            Cell(one.line.lot or one.line.serial),
            Cell(one.quantity),
        ]
        for one in row.lines.select_related("line__item")
    ]
    return Sheet(
        row.number,
        f"退货 {row.number}",
        row.customer.name,
        _state(row),
        "退货",
        reverse("firm_returns"),
        facts_of(
            ("客户", row.customer.name),
            ("发货单", _link(row.shipment, "firm_shipment", actor, "firm.view")),
            ("申请日期", row.asked_on),
            ("原因", row.reason),
            ("处理意见", row.opinion),
            ("入库日期", row.received_on),
            ("冲减金额（元）", money(row.credit_fen) if prices else ""),
            ("冲减的发票", _link(row.invoice, "firm_invoice", actor) if prices else ""),
        ),
        [Table("明细", ["商品", "名称", "批号", "数量"], lines)],
    )


# --- money -------------------------------------------------------------------------------------------------


def _allocations(rows: QuerySet, page: str, name: str) -> Table:
    cells = [
        [
            Cell(str(getattr(one, name)), reverse(page, args=[getattr(one, name).pk])),
            Cell(timezone.localdate(one.at)),
            Cell(money(one.amount_fen)),
            Cell("已撤销" if one.undone else ""),
        ]
        for one in rows.select_related(name)
    ]
    return Table("核销", ["编号", "日期", "金额（元）", ""], cells, "还没有核销")


@needs_firm("firm.sales_view")
@require_http_methods(["GET", "POST"])
def invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """发票: what is owed, what was paid on it?"""
    row = _one(queries.invoices(request.actor), pk)
    return _numbered(request, row, lambda: _invoice(row, request.actor))


def _invoice(row: Invoice, actor: Actor) -> Sheet:
    lead = f"{row.customer.name} · {money(row.total_fen)} 元 · 未收 {money(row.balance_fen)} 元"
    return Sheet(
        row.number,
        f"发票 {row.number}",
        lead,
        _state(row),
        "发票",
        reverse("firm_invoices"),
        facts_of(
            ("客户", Cell(row.customer.name, reverse("firm_customer", args=[row.customer_id]))),
            ("发货单", _link(row.shipment, "firm_shipment", actor, "firm.view")),
            ("开票日期", row.issued_on),
            ("应收日期", row.due_on),
            ("发票号码", row.tax_no),
            ("已收（元）", money(row.paid_fen)),
            ("退货冲减（元）", money(row.credited_fen)),
            ("作废理由", row.end_reason),
        ),
        [
            _lines(row.lines.select_related("item")),
            _allocations(row.allocations.all(), "firm_payment", "payment"),
        ],
    )


@needs_firm("firm.sales_view")
@require_http_methods(["GET", "POST"])
def payment(request: HttpRequest, pk: int) -> HttpResponse:
    """回款: which invoices took it, what is left?"""
    row = _one(queries.payments(request.actor), pk)
    return _numbered(request, row, lambda: _payment(row, request.actor))


def _payment(row: Payment, actor: Actor) -> Sheet:
    lead = f"{row.customer.name} · {money(row.amount_fen)} 元 · 未核销 {money(row.rest_fen)} 元"
    return Sheet(
        row.number,
        f"回款 {row.number}",
        lead,
        _state(row),
        "回款",
        reverse("firm_payments"),
        facts_of(
            ("客户", Cell(row.customer.name, reverse("firm_customer", args=[row.customer_id]))),
            ("到账日期", row.received_on),
            ("方式", row.method),
            ("凭证号", row.reference),
            ("登记人", row.by_name),
            ("冲销", f"{row.reversed_on} {row.reason}" if row.reversed_on else ""),
        ),
        [_allocations(row.allocations.all(), "firm_invoice", "invoice")],
    )


# --- service and prices ------------------------------------------------------------------------------------


@needs_firm("firm.sales_view")
@require_http_methods(["GET", "POST"])
def ticket(request: HttpRequest, pk: int) -> HttpResponse:
    """服务单: what is wrong, who went, who signed?"""
    row = _one(queries.tickets(request.actor), pk)
    return _numbered(request, row, lambda: _ticket(row))


def _ticket(row: ServiceTicket) -> Sheet:
    visits = [[Cell(one.on), Cell(one.done), Cell(one.parts), Cell(one.by_name)] for one in row.visits.all()]
    return Sheet(
        row.number,
        f"{row.kind} {row.number}",
        row.customer.name,
        _state(row),
        "售后",
        reverse("firm_tickets"),
        facts_of(
            ("客户", Cell(row.customer.name, reverse("firm_customer", args=[row.customer_id]))),
            ("事由", row.content),
            ("商品", row.item.name if row.item else ""),
            ("批号或序列号", row.serial),
            ("受理日期", row.opened_on),
            ("要求完成", row.wanted_on),
            ("服务人员", row.assigned_to.name if row.assigned_to else ""),
            ("结果", row.result),
            ("办结日期", row.closed_on),
            ("客户签字人", row.signed_by),
        ),
        [Table("上门", ["日期", "处理情况", "配件", "服务人员"], visits, "还没有上门")],
    )


@needs_firm("firm.sales_view")
@require_http_methods(["GET", "POST"])
def price_list(request: HttpRequest, pk: int) -> HttpResponse:
    """价格表: which price, which floor?"""
    row = _one(queries.price_lists(request.actor), pk)
    return _numbered(request, row, lambda: _price_list(row))


def _price_list(row: PriceList) -> Sheet:
    prices = [
        [Cell(one.item.code), Cell(one.item.name), Cell(money(one.price_fen)), Cell(money(one.floor_fen))]
        for one in row.prices.select_related("item")
    ]
    return Sheet(
        row.number,
        row.name,
        row.number,
        _state(row),
        "价格",
        reverse("firm_price_lists"),
        facts_of(
            ("适用区域", row.region.name if row.region else "全部区域"),
            ("执行日期", row.from_on),
            ("截止日期", row.until_on),
            ("登记人", row.by_name),
            ("批准人", row.decided_by_name),
            ("停用理由", row.reason),
        ),
        [Table("价格", ["商品", "名称", "统一销售价（元）", "保护价（元）"], prices)],
    )


@needs_firm("firm.sales_view")
@require_http_methods(["GET", "POST"])
def price_exception(request: HttpRequest, pk: int) -> HttpResponse:
    """价格例外: for whom, how low, who granted it?"""
    row = _one(queries.price_exceptions(request.actor), pk)
    return _numbered(request, row, lambda: _exception(row, request.actor))


def _exception(row: PriceException, actor: Actor) -> Sheet:
    return Sheet(
        row.number,
        f"价格例外 {row.number}",
        f"{row.customer.name} · {row.item.name}",
        _state(row),
        "价格例外",
        reverse("firm_price_exceptions"),
        facts_of(
            ("客户", Cell(row.customer.name, reverse("firm_customer", args=[row.customer_id]))),
            ("商品", f"{row.item.code} {row.item.name}"),
            ("申请价格（元）", money(row.price_fen)),
            ("数量上限", row.quantity),
            ("有效至", row.until_on),
            ("理由", row.reason),
            ("申请人", row.by_name),
            ("审批", _opinion(row.decided_by_name, row.opinion)),
            ("用于合同", _link(row.contract, "firm_contract", actor)),
        ),
    )


# --- customers ---------------------------------------------------------------------------------------------


@needs_firm("firm.sales_view")
@require_http_methods(["GET", "POST"])
def customer(request: HttpRequest, pk: int) -> HttpResponse:
    """客户: what do they buy, owe, ask of us?"""
    row = get_object_or_404(queries.customers(request.actor), pk=pk)
    return _page(
        request,
        row,
        row.number,
        CUSTOMER_STEPS,
        lambda: customer_steps(request.actor),
        lambda: _customer(row, request.actor),
    )


def _customer(row: Customer, actor: Actor) -> Sheet:
    recent: Sequence[Table] = [
        _records("合同", row.contracts.all()[:10], "firm_contract", "ends_on", "total_fen", "还没有合同"),
        _records(
            "未收发票", queries.owed_invoices(row), "firm_invoice", "due_on", "balance_fen", "没有未收的发票"
        ),
        _records("服务单", row.tickets.all()[:10], "firm_ticket", "opened_on", empty="没有服务单"),
    ]
    asked = [
        [Cell(one.on), Cell(one.how), Cell(one.text), Cell(one.promised_on or ""), Cell(one.by_name)]
        for one in row.collections.all()[:10]
    ]
    tables = [*recent, Table("催收", ["日期", "方式", "情况", "承诺付款", "登记人"], asked, "没有催收记录")]
    manager = row.region.manager.name if row.region.manager else ""
    return Sheet(
        row.number,
        row.name,
        f"{row.number} · {row.region.name}",
        ("往来中", "green") if row.is_active else ("已停止", "secondary"),
        "客户",
        reverse("firm_customers"),
        facts_of(
            ("区域", f"{row.region.name}（{row.region.site.name}）"),
            ("区域经理", manager),
            ("统一社会信用代码", row.uscc),
            ("收货地址", row.address),
            ("联系人", row.contact),
            ("电话", row.phone),
            ("证件", row.licence_no),
            ("证件有效期至", row.licence_until),
            ("资质核对日期", row.licence_checked_on),
            ("信用额度（元）", money(row.credit_limit_fen) or "不限"),
            ("账期", f"{row.payment_days} 天"),
        ),
        tables,
        [("修改", reverse("firm_customer_change", args=[row.pk]))] if may(actor, "firm.sales") else [],
    )
