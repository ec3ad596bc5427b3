"""The desk itself: the daily sheet, receivables by age, how it is set up, files of an ERP."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from xiejian.kernel.dates import read as read_day
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor, may
from xiejian.sales import daily, erp, erp_files, queries, receivables, setting_up
from xiejian.sales.daily import MEASURES, PERIODS, Row, Sheet
from xiejian.sales.models import SalesSettings
from xiejian.sales.rules import first_limits
from xiejian.sales.setting_up import ItemFacts
from xiejian.web import clock
from xiejian.web.charts import Chart
from xiejian.web.export import attachment, download
from xiejian.web.forms import PageForm
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.items import Item as Todo
from xiejian.workspace.sales_fields import Yuan, money

#: where each number of the daily sheet leads
LISTS = {"sales": "firm_orders", "shipments": "firm_shipments", "payments": "firm_payments"}
UPLOAD_MOST = 20_000_000  # bytes of an ERP file


@dataclass(frozen=True)
class Amount:
    """A number of the sheet and the list that it counts."""

    text: str
    href: str


def _asked_day(request: HttpRequest, today: dt.date) -> dt.date:
    """The day asked for; today where none or no day is asked."""
    try:
        return read_day(request.GET.get("on", "")) or today
    except Refused:
        return today


def _cells(row: Row, sheet: Sheet) -> list[Amount]:
    cells = []
    for measure, page in LISTS.items():
        for period, (first, last) in sheet.periods.items():
            asked: dict[str, Any] = {"from": first, "until": last}
            if row.region_id:
                asked["region"] = row.region_id
            link = f"{reverse(page)}?{urlencode(asked)}" if row.region_id or row.site == "合计" else ""
            cells.append(Amount(money(row.amounts[measure][period]), link))
    return cells


@needs_firm("firm.sales_view")
def sales_daily(request: HttpRequest) -> HttpResponse:
    """日报: what was sold, sent and paid that day, the same for every site?"""
    on = _asked_day(request, clock.today(request))
    sheet = daily.sheet(request.actor, on)
    if request.GET.get("format") == "xlsx":
        return download(f"销售日报 {on}", daily.HEADINGS, daily.as_rows(sheet))
    rows = [(row, _cells(row, sheet), _reached(row)) for row in (*sheet.regions, *sheet.sites, sheet.total)]
    context = {
        "sheet": sheet, "rows": rows, "measures": MEASURES.values(), "periods": PERIODS.values(), "on": on,
        "before": on - dt.timedelta(days=1), "after": on + dt.timedelta(days=1), "total": sheet.total,
        "stats": [
            (label, money(sheet.total.amounts[m]["day"]), money(sheet.total.amounts[m]["month"]))
            for m, label in MEASURES.items()
        ],
    }  # fmt: skip
    return render(request, "workspace/sales/daily.html", context)


def _reached(row: Row) -> str:
    """How much of the month's target is sold."""
    if not row.target_fen:
        return ""
    return f"{row.amounts['sales']['month'] * 100 // row.target_fen}%"


@needs_firm("firm.sales_view")
def sales_receivables(request: HttpRequest) -> HttpResponse:
    """应收: who owes what since when, and who was asked?"""
    on = clock.today(request)
    rows, bands = receivables.aged(request.actor, on), receivables.bands(on)
    sums = [sum(row.by_band[place] for row in rows) for place in range(len(bands))]
    if request.GET.get("format") == "xlsx":
        headings = [
            "客户编号",
            "客户",
            "区域",
            *(f"{band.label}（元）" for band in bands),
            "合计（元）",
            "最近催收",
        ]
        cells = [
            [
                row.number,
                row.name,
                row.region,
                *(fen / 100 for fen in row.by_band),
                row.total_fen / 100,
                row.asked_on,
            ]
            for row in rows
        ]
        return download(f"应收账款账龄 {on}", headings, cells)
    bars = [(band.label, [fen // 100]) for band, fen in zip(bands, sums, strict=True)]
    chart = Chart("ageing", "应收账款账龄", "bar", ["金额"], bars, "元", label_heading="账龄")
    shown = [(row, [money(fen) for fen in row.by_band], money(row.total_fen)) for row in rows]
    context = {
        "bands": bands, "rows": shown,
        "sums": [money(fen) for fen in sums], "total": money(sum(sums)), "overdue": money(sum(sums[1:])),
        "advance": money(receivables.unallocated_fen(request.actor)), "chart": chart, "on": on,
    }  # fmt: skip
    return render(request, "workspace/sales/receivables.html", context)


# --- setting up --------------------------------------------------------------------------------------------


class LimitsForm(PageForm):
    contract_limit_fen = Yuan(label="普通合同金额上限（元）")
    payment_days_limit = forms.IntegerField(label="普通合同账期上限（天）", min_value=0, max_value=3650)


class SiteForm(PageForm):
    name = forms.CharField(label="名称", max_length=60)
    people = forms.ModelMultipleChoiceField(
        label="人员", queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )


class RegionForm(PageForm):
    name = forms.CharField(label="名称", max_length=60)
    site = forms.ModelChoiceField(label="办公地", queryset=None)
    manager = forms.ModelChoiceField(label="区域经理", queryset=None, required=False)
    month_target_fen = Yuan(label="月度销售目标（元）", required=False)


class ItemForm(PageForm):
    code = forms.CharField(label="商品编码", max_length=140)
    name = forms.CharField(label="商品名称", max_length=200)
    group = forms.CharField(label="类别", max_length=80, required=False)
    unit = forms.CharField(label="单位", max_length=20, initial="个")
    di = forms.CharField(
        label="产品标识（DI）", max_length=40, required=False, help_text="与进销存、追溯相连；配件、服务不填"
    )
    registration_no = forms.CharField(label="注册证或备案编号", max_length=80, required=False)
    has_batch = forms.BooleanField(label="按批号管理", required=False, initial=True)
    has_expiry = forms.BooleanField(label="有有效期", required=False, initial=True)


class DecidingForm(PageForm):
    site = forms.ModelChoiceField(label="办公地", queryset=None)
    people = forms.ModelMultipleChoiceField(
        label="人员", queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )
    approves_special = forms.BooleanField(label="由该处人员批准特殊合同", required=False)


def _forms(request: HttpRequest) -> dict[str, PageForm]:
    """The page's forms by name; the one that was sent is bound."""
    kinds: dict[str, type[PageForm]] = {
        "limits": LimitsForm, "site": SiteForm, "deciding": DecidingForm, "region": RegionForm,
        "item": ItemForm,
    }  # fmt: skip
    found = {}
    saved = SalesSettings.objects.filter(firm_uscc=request.actor.firm).values().first() or first_limits()
    for name, kind in kinds.items():
        sent = request.POST if request.POST.get("do") == name else None
        form = kind(sent, auto_id=f"id-{name}-%s", initial=saved if name == "limits" else None)
        for field, rows in (("people", queries.people), ("manager", queries.people), ("site", queries.sites)):
            if field in form.fields:
                form.fields[field].queryset = rows(request.actor)
        found[name] = form
    return found


def _set_up(name: str, given: dict[str, Any], by: Actor, at: dt.datetime) -> None:
    act: dict[str, Any] = {"by": by, "at": at}
    if name == "limits":
        setting_up.set_limits(**given, **act)
    elif name == "site":
        setting_up.open_site(**given, **act)
    elif name == "deciding":
        setting_up.change_site(**given, **act)
    elif name == "region":
        setting_up.open_region(**given, **act)
    elif name == "item":
        setting_up.register_item(item=ItemFacts(**given), **act)


#: form → who may send it
_MAY = {
    "limits": "firm.sales_approve", "deciding": "firm.sales_approve", "site": "firm.sales",
    "region": "firm.sales", "item": "firm.sales",
}  # fmt: skip
_TITLES = {
    "limits": "合同上限", "deciding": "办公地人员与特殊合同审批", "site": "增加办公地", "region": "增加区域",
    "item": "增加商品",
}  # fmt: skip


@needs_firm("firm.sales_view")
@require_http_methods(["GET", "POST"])
def sales_settings(request: HttpRequest) -> HttpResponse:
    """设置: sites, regions, items, limits."""
    found, wrong = _forms(request), []
    name = request.POST.get("do", "")
    sent = found.get(name) if request.method == "POST" else None
    if sent is not None and sent.is_valid():
        try:
            _set_up(name, dict(sent.cleaned_data), request.actor, clock.now(request))
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"{_TITLES[name]}：已保存")
            return redirect("firm_sales_settings")
    actor = request.actor
    context = {
        "problems": wrong, "sites": queries.sites(actor).prefetch_related("people"),
        "regions": [(row, money(row.month_target_fen)) for row in queries.regions(actor)],
        "items": queries.items(actor),
        "forms": [
            (key, _TITLES[key], form, form is sent) for key, form in found.items() if may(actor, _MAY[key])
        ],
    }  # fmt: skip
    status = 422 if sent is not None else 200
    return render(request, "workspace/sales/settings.html", context, status=status)


# --- files of an ERP ---------------------------------------------------------------------------------------


class ErpForm(PageForm):
    kind = forms.ChoiceField(label="表", choices=list(erp_files.LABELS.items()))
    file = forms.FileField(label="CSV 文件", widget=forms.FileInput(attrs={"accept": ".csv"}))


@needs_firm("firm.sales_view")
@require_http_methods(["GET", "POST"])
def sales_erp(request: HttpRequest) -> HttpResponse:
    """ERP 文件: nothing is typed twice."""
    form = ErpForm(request.POST or None, request.FILES or None)
    taken, wrong = None, []
    if request.method == "POST" and form.is_valid():
        try:
            taken = _take_in(request, form)
        except Refused as refused:
            wrong = list(refused.problems)
    context = {
        "form": form, "taken": taken, "problems": wrong or (taken.returned[:100] if taken else []),
        "kinds": erp_files.LABELS.items(), "may_import": bool(may(request.actor, "firm.sales")),
    }  # fmt: skip
    refused_all = request.method == "POST" and taken is None
    return render(request, "workspace/sales/erp.html", context, status=422 if refused_all else 200)


def _take_in(request: HttpRequest, form: ErpForm) -> erp.Taken:
    upload = form.cleaned_data["file"]
    if upload.size > UPLOAD_MOST:
        raise Refused(Problem("K403", "文件超过 20 MB", upload.name, "请分成几个文件"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload.csv"
        path.write_bytes(upload.read())
        return erp.import_erp(
            kind=form.cleaned_data["kind"], path=path, by=request.actor, at=clock.now(request)
        )


@needs_firm("firm.sales_view")
def sales_erp_export(request: HttpRequest) -> HttpResponse:
    """One of the four files, as ERPNext reads it."""
    kind = request.GET.get("kind", "")
    if kind not in erp_files.FORMS:
        return redirect("firm_sales_erp")
    text = erp.export_erp(kind, request.actor)
    return attachment(HttpResponse(text, content_type="text/csv; charset=utf-8"), f"{kind}.csv")


# --- 待办 --------------------------------------------------------------------------------------------------


def seller_items(actor: Actor, on: dt.date) -> list[Todo]:
    """待办 of who sells: contracts that wait for him, services that are his."""
    rows = [
        Todo(label, row.title, reverse("firm_contract", args=[row.pk]), None, row.number)
        for label, row in queries.contracts_for(actor, special=False)
    ]
    return rows + [
        Todo("服务单", row.content[:40], reverse("firm_ticket", args=[row.pk]), row.wanted_on, row.number)
        for row in queries.tickets_of(actor)
    ]


def approver_items(actor: Actor, on: dt.date) -> list[Todo]:
    """待办 of who approves: special contracts, prices, exceptions."""
    rows = [
        Todo(label, row.title, reverse("firm_contract", args=[row.pk]), None, row.number)
        for label, row in queries.contracts_for(actor, special=True)
    ]
    rows += [
        Todo("价格例外审批", row.item.name, reverse("firm_price_exception", args=[row.pk]), None, row.number)
        for row in queries.price_exceptions(actor, state="asked")
    ]
    return rows + [
        Todo("价格表批准", row.name, reverse("firm_price_list", args=[row.pk]), row.from_on, row.number)
        for row in queries.price_lists(actor, state="draft")
    ]


def store_items(actor: Actor, on: dt.date) -> list[Todo]:
    """待办 of the store: what is to be sent, what comes back."""
    rows = [
        Todo("待出库", row.customer.name, reverse("firm_shipment", args=[row.pk]), row.planned_on, row.number)
        for row in queries.shipments(actor, state="planned")
    ]
    return rows + [
        Todo("退货入库", row.customer.name, reverse("firm_return", args=[row.pk]), None, row.number)
        for row in queries.returns(actor, state="accepted")
    ]
