"""New records with lines: a customer, a contract, a price list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.forms import BaseFormSet, formset_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.kernel.problems import Problem, Refused
from xiejian.sales import contracting, pricing, queries, setting_up
from xiejian.sales.contracting import Terms, Wanted
from xiejian.sales.models import Contract, Customer, NumberedRow
from xiejian.sales.pricing import PriceLine
from xiejian.sales.setting_up import CustomerFacts
from xiejian.web import clock
from xiejian.web.forms import DateInput, PageForm
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.sales_fields import CustomerForm, Yuan

#: lines that a new paper offers; a contract that is changed offers three more than it has
LINES, MORE = 4, 3


class ActiveCustomerForm(CustomerForm):
    is_active = forms.BooleanField(label="往来中", required=False)


@needs_firm("firm.sales")
@require_http_methods(["GET", "POST"])
def customer_new(request: HttpRequest) -> HttpResponse:
    """登记客户."""
    form, wrong = CustomerForm(request.POST or None), []
    form.fields["region"].queryset = queries.regions(request.actor)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        region = given.pop("region")
        try:
            made = setting_up.register_customer(
                customer=CustomerFacts(**given), region=region, by=request.actor, at=clock.now(request)
            )
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已登记 {made.number} {made.name}")
            return redirect("firm_customer", made.pk)
    return _show(request, "登记客户", form, None, wrong, "firm_customers", "客户")


@needs_firm("firm.sales")
@require_http_methods(["GET", "POST"])
def customer_change(request: HttpRequest, pk: int) -> HttpResponse:
    """修改客户: its licence, terms and region."""
    row: Customer = get_object_or_404(queries.customers(request.actor), pk=pk)
    initial = {name: getattr(row, name) for name in ActiveCustomerForm.base_fields}
    form, wrong = ActiveCustomerForm(request.POST or None, initial=initial), []
    form.fields["region"].queryset = queries.regions(request.actor)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        region, active = given.pop("region"), given.pop("is_active")
        try:
            setting_up.change_customer(
                customer=row, facts=CustomerFacts(**given), region=region, is_active=active,
                by=request.actor, at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已修改 {row.number}")
            return redirect("firm_customer", row.pk)
    return _show(request, f"修改 {row.name}", form, None, wrong, "firm_customers", "客户")


# --- contracts ---------------------------------------------------------------------------------------------


class TermsForm(PageForm):
    title = forms.CharField(label="合同名称", max_length=200)
    starts_on = forms.DateField(label="开始日期", widget=DateInput())
    ends_on = forms.DateField(label="结束日期", widget=DateInput())
    payment_days = forms.IntegerField(label="账期（天）", min_value=0, max_value=3650)
    terms = forms.CharField(
        label="其他约定", required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3})
    )


class ContractForm(TermsForm):
    customer = forms.ModelChoiceField(label="客户", queryset=None)
    site = forms.ModelChoiceField(label="签订办公地", queryset=None)
    field_order = ("customer", "site")


class LineForm(PageForm):
    item = forms.ModelChoiceField(label="商品", queryset=None, required=False)
    quantity = forms.IntegerField(label="数量", min_value=1, max_value=10**9, required=False)
    price_fen = Yuan(label="单价（元）", required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        filled = [name for name in self.fields if given.get(name)]
        if filled and not self.errors:
            for name in set(self.fields) - set(filled):
                self.add_error(name, "请填写")
        return given


class PriceLineForm(LineForm):
    floor_fen = Yuan(label="保护价（元）", required=False)
    quantity = None  # type: ignore[assignment]


def _formset(
    request: HttpRequest, form: type[LineForm], initial: list[dict[str, Any]], extra: int
) -> BaseFormSet:
    made = formset_factory(form, extra=extra, max_num=100)
    found = made(request.POST or None, initial=initial, prefix="lines")
    items = list(queries.items(request.actor))
    for one in found.forms:
        one.fields["item"].queryset = queries.items(request.actor)
        one.fields["item"].choices = [("", "—"), *((row.pk, f"{row.code} {row.name}") for row in items)]
    return found


def _filled(lines: BaseFormSet) -> list[dict[str, Any]]:
    return [form.cleaned_data for form in lines.forms if form.cleaned_data.get("item")]


def _made(
    request: HttpRequest, form: PageForm, lines: BaseFormSet, make: Callable[[], NumberedRow]
) -> tuple[NumberedRow | None, list[Problem]]:
    """What the forms make together, or what was wrong."""
    if request.method != "POST" or not (form.is_valid() & lines.is_valid()):
        return None, []
    try:
        return make(), []
    except Refused as refused:
        return None, list(refused.problems)


def _terms(given: dict[str, Any]) -> Terms:
    return Terms(given["title"], given["payment_days"], given["starts_on"], given["ends_on"], given["terms"])


@needs_firm("firm.sales")
@require_http_methods(["GET", "POST"])
def contract_new(request: HttpRequest) -> HttpResponse:
    """起草合同."""
    on = clock.today(request)
    initial = {
        "starts_on": on,
        "ends_on": on + dt.timedelta(days=365),
        "customer": request.GET.get("customer"),
    }
    form = ContractForm(request.POST or None, initial=initial)
    form.fields["customer"].queryset = queries.customers(request.actor).filter(is_active=True)
    form.fields["site"].queryset = queries.sites(request.actor)
    lines = _formset(request, LineForm, [], LINES)

    def make() -> Contract:
        given = form.cleaned_data
        return contracting.draft_contract(
            customer=given["customer"], site=given["site"], contract_terms=_terms(given),
            lines=[Wanted(**line) for line in _filled(lines)], by=request.actor, at=clock.now(request),
        )  # fmt: skip

    made, wrong = _made(request, form, lines, make)
    if made:
        messages.success(request, f"已起草 {made.number}，核对后提交审核")
        return redirect("firm_contract", made.pk)
    return _show(request, "起草合同", form, lines, wrong, "firm_contracts", "合同")


@needs_firm("firm.sales")
@require_http_methods(["GET", "POST"])
def contract_change(request: HttpRequest, pk: int) -> HttpResponse:
    """修改合同: a draft, or one that came back."""
    row: Contract = get_object_or_404(queries.contracts(request.actor), pk=pk)
    form = TermsForm(
        request.POST or None, initial={name: getattr(row, name) for name in TermsForm.base_fields}
    )
    before = [
        {"item": line.item_id, "quantity": line.quantity, "price_fen": line.price_fen}
        for line in row.lines.all()
    ]
    lines = _formset(request, LineForm, before, MORE)

    def make() -> Contract:
        return contracting.change_contract(
            contract=row, contract_terms=_terms(form.cleaned_data),
            lines=[Wanted(**line) for line in _filled(lines)], by=request.actor, at=clock.now(request),
        )  # fmt: skip

    made, wrong = _made(request, form, lines, make)
    if made:
        messages.success(request, f"已修改 {made.number}")
        return redirect("firm_contract", made.pk)
    return _show(request, f"修改 {row.number}", form, lines, wrong, "firm_contracts", "合同")


# --- prices ------------------------------------------------------------------------------------------------


class PriceListForm(PageForm):
    name = forms.CharField(label="名称", max_length=100)
    region = forms.ModelChoiceField(label="适用区域", queryset=None, required=False, empty_label="全部区域")
    from_on = forms.DateField(label="执行日期", widget=DateInput())
    until_on = forms.DateField(label="截止日期", required=False, widget=DateInput())


@needs_firm("firm.sales")
@require_http_methods(["GET", "POST"])
def price_list_new(request: HttpRequest) -> HttpResponse:
    """登记价格表: it holds once somebody else has adopted it."""
    form = PriceListForm(request.POST or None, initial={"from_on": clock.today(request)})
    form.fields["region"].queryset = queries.regions(request.actor)
    lines = _formset(request, PriceLineForm, [], LINES)

    def make() -> NumberedRow:
        prices = [PriceLine(**line) for line in _filled(lines)]
        return pricing.draft_price_list(
            **form.cleaned_data, prices=prices, by=request.actor, at=clock.now(request)
        )

    made, wrong = _made(request, form, lines, make)
    if made:
        messages.success(request, f"已登记 {made.number}，批准后执行")
        return redirect("firm_price_list", made.pk)
    return _show(request, "登记价格表", form, lines, wrong, "firm_price_lists", "价格")


def _show(
    request: HttpRequest,
    title: str,
    form: PageForm,
    lines: BaseFormSet | None,
    wrong: list[Problem],
    page: str,
    label: str,
) -> HttpResponse:
    context = {
        "title": title, "form": form, "lines": lines, "problems": wrong, "list_url": reverse(page),
        "list_label": label,
    }  # fmt: skip
    return render(
        request, "workspace/desk/new.html", context, status=422 if request.method == "POST" else 200
    )
