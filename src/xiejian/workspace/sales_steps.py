"""The steps of the sales desk's records: each is a small form that calls one action."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms

from xiejian.people.policy import Actor, may
from xiejian.sales import collecting, contracting, delivering, filing, pricing, queries, serving
from xiejian.sales.collecting import Share
from xiejian.sales.contracting import Called
from xiejian.sales.delivering import Back, Lot, Parcel
from xiejian.sales.models import (
    CollectionNote,
    Contract,
    Customer,
    DamageNote,
    NumberedRow,
    Payment,
    ServiceTicket,
)
from xiejian.sales.moves import flow_of
from xiejian.web.steps import Step, StepForm, day, moves, text
from xiejian.workspace.sales_fields import Yuan, choices, numbered, read_lots
from xiejian.workspace.sheets import step_of


def _line(label: str, required: bool = True, length: int = 300, hint: str = "") -> forms.CharField:
    return forms.CharField(label=label, required=required, max_length=length, help_text=hint)


class NoForm(StepForm):
    """Nothing is asked."""


class PaperForm(StepForm):
    file = forms.FileField(label="文件", widget=forms.FileInput())
    name = _line("名称", False, 200, "如：双方盖章的合同扫描件；空则用文件名")


class DayForm(StepForm):
    on = day("日期")


class OpinionForm(StepForm):
    opinion = _line("意见")


class MayOpinionForm(StepForm):
    opinion = _line("意见", False)


class ReasonForm(StepForm):
    reason = _line("理由")


class DatedReasonForm(StepForm):
    on = day("日期")
    reason = _line("理由")


class SignForm(StepForm):
    on = day("签订日期")
    signed_by = _line("客户签字人", length=60)


# --- lines -------------------------------------------------------------------------------------------------


class QuantitiesForm(StepForm):
    """One field for each line of the record: how many of it."""

    word = "数量"

    def left(self, record: Any) -> dict[str, int]:
        raise NotImplementedError

    def fit(self, record: Any, actor: Actor) -> None:
        left = self.left(record)
        for line in record.lines.select_related("item"):
            rest = max(left.get(line.item.code, 0), 0)
            self.fields[f"line_{line.pk}"] = forms.IntegerField(
                label=f"{line.item.code} {line.item.name}（{line.item.unit}）", required=False, min_value=0,
                max_value=10**9, initial=rest, help_text=f"{self.word} {rest}",
                widget=forms.NumberInput({"class": "form-control"}),
            )  # fmt: skip


class OrderForm(QuantitiesForm):
    on = day("下单日期")
    wanted_by = day("要求到货", False)
    word = "合同余量"

    def left(self, record: Contract) -> dict[str, int]:
        return queries.left_of_contract(record)


class ParcelForm(QuantitiesForm):
    on = day("计划发货日期")
    carrier = _line("承运", False, 100)
    address = _line("收货地址", False, hint="空则用客户的收货地址")
    word = "订单余量"

    def left(self, record: Any) -> dict[str, int]:
        return queries.left_of_order(record)


class LotsForm(StepForm):
    on = day("发货日期")
    carrier = _line("承运", False, 100)

    def fit(self, record: Any, actor: Actor) -> None:
        for line in record.lines.select_related("item"):
            self.fields[f"line_{line.pk}"] = forms.CharField(
                label=f"{line.item.code} {line.item.name} × {line.quantity} 的批号", required=False,
                max_length=400, initial=line.lot, help_text="多批写“批号 数量；批号 数量”，序列号写“SN:编号”",
                widget=forms.TextInput({"class": "form-control"}),
            )  # fmt: skip


class BackForm(StepForm):
    on = day("申请日期")
    reason = _line("退货原因")

    def fit(self, record: Any, actor: Actor) -> None:
        lines, left = queries.returnable(record)
        for key, line in lines.items():
            self.fields[f"line_{line.pk}"] = forms.IntegerField(
                label=f"{line.item.code} {line.item.name} {line.lot}", required=False, min_value=0,
                max_value=10**9, help_text=f"可退 {left[key]}",
                widget=forms.NumberInput({"class": "form-control"}),
            )  # fmt: skip


def _place_order(record: Any, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    wanted = numbered("line_", given)
    lines = [
        Called(row.item, wanted[row.pk]) for row in record.lines.select_related("item") if row.pk in wanted
    ]
    return contracting.place_order(
        contract=record, on=given["on"], wanted_by=given["wanted_by"], lines=lines, by=by, at=at
    )


def _plan_shipment(record: Any, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    wanted = numbered("line_", given)
    lines = [
        Parcel(row.item, wanted[row.pk]) for row in record.lines.select_related("item") if row.pk in wanted
    ]
    return delivering.plan_shipment(
        order=record, on=given["on"], lines=lines, carrier=given["carrier"], address=given["address"],
        by=by, at=at,
    )  # fmt: skip


def _confirm(record: Any, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    lots = [
        Lot(row.item, share.quantity, share.lot, share.serial)
        for row in record.lines.select_related("item")
        for share in read_lots(given[f"line_{row.pk}"], row.quantity)
    ]
    return delivering.confirm_shipment(
        shipment=record, on=given["on"], lots=lots, carrier=given["carrier"], by=by, at=at
    )


def _ask_return(record: Any, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    wanted = numbered("line_", given)
    lines = [
        Back(row.item, wanted[row.pk], row.lot, row.serial)
        for row in record.lines.select_related("item")
        if row.pk in wanted
    ]
    return delivering.ask_return(
        shipment=record, on=given["on"], reason=given["reason"], lines=lines, by=by, at=at
    )


# --- money -------------------------------------------------------------------------------------------------


class InvoiceForm(StepForm):
    on = day("开票日期")
    tax_no = _line("发票号码", False, 40)
    due_on = day("应收日期", False, "空则按合同账期计算")


class MoneyForm(StepForm):
    on = day("到账日期")
    amount_fen = Yuan(label="金额（元）")
    method = forms.ChoiceField(label="方式", choices=choices(Payment.METHODS))
    reference = _line("凭证号", False, 80)


class AllocateForm(StepForm):
    invoice = forms.ModelChoiceField(
        label="发票", queryset=None, required=False, empty_label="按到期先后自动核销"
    )
    amount_fen = Yuan(label="核销金额（元）", required=False, help_text="自动核销时不填")

    def fit(self, record: Payment, actor: Actor) -> None:
        self.fields["invoice"].queryset = queries.owed_invoices(record.customer)


def _allocate(record: Any, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    invoice, amount = given["invoice"], given["amount_fen"]
    shares = [Share(invoice, amount or min(invoice.balance_fen, record.rest_fen))] if invoice else []
    return collecting.allocate_payment(payment=record, shares=shares, by=by, at=at)


class CollectionForm(StepForm):
    on = day("日期")
    how = forms.ChoiceField(label="方式", choices=choices(CollectionNote.HOWS))
    text = text("情况")
    promised_on = day("承诺付款日期", False)


class CreditForm(StepForm):
    invoice = forms.ModelChoiceField(label="冲减的发票", queryset=None, required=False)
    credit_fen = Yuan(label="冲减金额（元）", required=False, help_text="不冲减的不填")

    def fit(self, record: Any, actor: Actor) -> None:
        self.fields["invoice"].queryset = queries.owed_invoices(record.customer)


def _settle_return(record: Any, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return collecting.settle_return(
        goods_return=record, invoice=given["invoice"], credit_fen=given["credit_fen"] or 0, by=by, at=at
    )


# --- service, damage, exceptions ---------------------------------------------------------------------------


class DeliveredForm(StepForm):
    on = day("签收日期")
    receiver = _line("签收人", length=60)


class DamageForm(StepForm):
    on = day("日期")
    kind = forms.ChoiceField(label="类别", choices=choices(DamageNote.KINDS))
    quantity = forms.IntegerField(label="涉及数量", min_value=0, max_value=10**9, initial=0)
    text = text("情况")


class TicketForm(StepForm):
    kind = forms.ChoiceField(label="类别", choices=choices(ServiceTicket.KINDS))
    content = text("事由")
    item = forms.ModelChoiceField(label="商品", queryset=None, required=False)
    serial = _line("批号或序列号", False, 60)
    on = day("受理日期")
    wanted_on = day("要求完成", False)

    def fit(self, record: Customer, actor: Actor) -> None:
        self.fields["item"].queryset = queries.items(actor)


class AssignForm(StepForm):
    to = forms.ModelChoiceField(label="服务人员", queryset=None)

    def fit(self, record: ServiceTicket, actor: Actor) -> None:
        self.fields["to"].queryset = queries.people(actor)


class VisitForm(StepForm):
    on = day("日期")
    done = text("处理情况")
    parts = _line("更换配件", False)


class CloseTicketForm(StepForm):
    on = day("办结日期")
    result = text("结果")
    signed_by = _line("客户签字人", length=60)


class ExceptionForm(StepForm):
    item = forms.ModelChoiceField(label="商品", queryset=None)
    price_fen = Yuan(label="申请价格（元）")
    quantity = forms.IntegerField(label="数量上限", min_value=1, max_value=10**9)
    on = day("申请日期")
    until_on = day("有效至")
    reason = _line("理由")

    def fit(self, record: Customer, actor: Actor) -> None:
        self.fields["item"].queryset = queries.items(actor)


_ALL = [
    step_of(contracting.submit_contract, "contract", "提交审核", NoForm,
          "超过金额、账期上限或者低于保护价的，自动列为特殊合同。"),
    step_of(contracting.review_contract, "contract", "审核通过", OpinionForm, "审核人不能是起草人。"),
    step_of(contracting.approve_contract, "contract", "批准", MayOpinionForm, "批准人不能是起草人和审核人。"),
    step_of(contracting.approve_special, "contract", "批准特殊合同", OpinionForm),
    step_of(contracting.return_contract, "contract", "退回修改", ReasonForm),
    step_of(contracting.return_special, "contract", "不批准，退回", ReasonForm),
    step_of(contracting.sign_contract, "contract", "签订", SignForm),
    Step("place_order", "下单", OrderForm, _place_order, "按合同单价，不超过合同余量。"),
    step_of(filing.file_paper, "contract", "归档文件", PaperForm, "合同、授权书、资质的扫描件或照片。"),
    step_of(contracting.close_contract, "contract", "办结", DayForm, "订单发完、开票、收款后办结。"),
    step_of(contracting.terminate_contract, "contract", "终止", DatedReasonForm,
          ask="终止后不能再下单，确定？"),
    Step("plan_shipment", "安排发货", ParcelForm, _plan_shipment, "由仓库填写批号后确认发货。"),
    step_of(contracting.cancel_order, "order", "取消订单", ReasonForm),
    step_of(contracting.close_order, "order", "余量不再发货", ReasonForm),
    Step("confirm_shipment", "确认发货", LotsForm, _confirm,
         "确认后登记出库；停用、过期、库存不足的批号不能发出。"),
    step_of(delivering.deliver_shipment, "shipment", "登记签收", DeliveredForm),
    step_of(collecting.issue_invoice, "shipment", "开票", InvoiceForm),
    step_of(delivering.note_damage, "shipment", "登记货损", DamageForm),
    Step("ask_return", "申请退货", BackForm, _ask_return),
    step_of(delivering.cancel_shipment, "shipment", "取消发货", ReasonForm),
    step_of(collecting.void_invoice, "invoice", "作废", ReasonForm),
    Step("allocate_payment", "核销", AllocateForm, _allocate, "多收的部分留作预收。"),
    step_of(collecting.reverse_payment, "payment", "冲销", DatedReasonForm,
          ask="冲销后所核销的发票恢复未收，确定？"),
    step_of(serving.assign_ticket, "ticket", "派工", AssignForm),
    step_of(serving.visit_ticket, "ticket", "登记上门", VisitForm),
    step_of(serving.close_ticket, "ticket", "办结", CloseTicketForm),
    step_of(serving.cancel_ticket, "ticket", "撤销", ReasonForm),
    step_of(serving.reopen_ticket, "ticket", "重新受理", ReasonForm),
    step_of(delivering.accept_return, "goods_return", "同意退货", OpinionForm),
    step_of(delivering.refuse_return, "goods_return", "不同意退货", OpinionForm),
    step_of(delivering.receive_return, "goods_return", "退货入库", DayForm),
    Step("settle_return", "结算", CreditForm, _settle_return),
    step_of(pricing.adopt_price_list, "price_list", "批准执行", NoForm),
    step_of(pricing.withdraw_price_list, "price_list", "停用", ReasonForm),
    step_of(pricing.grant_exception, "exception", "批准", MayOpinionForm),
    step_of(pricing.refuse_exception, "exception", "不批准", OpinionForm),
]  # fmt: skip
STEPS = {step.name: step for step in _ALL}
#: What begins at a customer's page.
CUSTOMER_STEPS = {
    step.name: step
    for step in (
        step_of(collecting.record_payment, "customer", "登记回款", MoneyForm),
        step_of(collecting.note_collection, "customer", "登记催收", CollectionForm),
        step_of(serving.open_ticket, "customer", "受理服务", TicketForm),
        step_of(pricing.ask_exception, "customer", "申请价格例外", ExceptionForm),
    )
}
#: a contract's step that only a special one, or only an ordinary one, has
_ONLY = {"approve_contract": False, "approve_special": True, "return_special": True}


def open_steps(row: NumberedRow, actor: Actor) -> list[str]:
    """The steps of the record's table that this actor may take now, of those that have a form."""
    names = list(dict.fromkeys(moves(flow_of(row), row.state, actor, "")))
    if isinstance(row, Contract):
        special = bool(row.special)
        names = [name for name in names if _ONLY.get(name, special) is special]
        names += ["file_paper"] if may(actor, "firm.sales") else []
    return [name for name in names if name in STEPS]


def customer_steps(actor: Actor) -> list[str]:
    return list(CUSTOMER_STEPS) if may(actor, "firm.sales") else []
