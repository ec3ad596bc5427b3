"""进销存: what came, what went; entering it by scanning, putting a slip right."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from xiejian.kernel.problems import Problem, Refused
from xiejian.numbers import udi
from xiejian.people.policy import Actor
from xiejian.supply import actions, queries
from xiejian.supply.actions import Entry
from xiejian.supply.models import BETWEEN_FIRMS, KINDS, SOURCES, Movement
from xiejian.web import clock, supply_words
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.listing import Listing, show
from xiejian.web.steps import Step, StepForm, shown, take
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.items import Item

#: what is entered here; an implant is entered with its patient on the hospital's own page
ENTERED = ("receive", "ship", "return_in", "return_out", "use", "make", "destroy", "loss", "adjust")
#: how the other side is called
PARTNERS = {"receive": "供货者", "return_out": "供货者", "ship": "购货者", "return_in": "购货者"}
#: what stays in the form for the next package of the same delivery
KEPT = ("kind", "partner_uscc", "partner_name", "document_no", "on", "place")


def due_items(actor: Actor, on: dt.date) -> list[Item]:
    """待办: deliveries that the sender recorded for us and we have not."""
    rows = queries.to_receive(actor, on)
    return [
        Item(
            "待收货", f"{row.product_name or row.di} 批号 {row.lot or row.serial} × {row.quantity}",
            f"{reverse('firm_supply_new')}?{urlencode(_received_as(row))}",
            detail=f"{row.firm_name}于{row.on}发出{f'，单据 {row.document_no}' if row.document_no else ''}",
        )
        for row in rows
    ]  # fmt: skip


def _received_as(row: Movement) -> dict[str, Any]:
    """The form of a receipt, filled in from what the sender wrote."""
    names = ("di", "lot", "serial", "quantity", "made_on", "expires_on", "registration_no", "product_name")
    told = {name: getattr(row, name) for name in (*names, "document_no")}
    sender = {"partner_uscc": row.firm_uscc, "partner_name": row.firm_name}  # type: ignore[attr-defined]
    return {"kind": "receive", **{name: value for name, value in (told | sender).items() if value}}


@needs_firm("firm.supply")
def movement_list(request: HttpRequest) -> HttpResponse:
    """进销存记录: what came and went, and what is wrong with it?"""
    rows = _asked(request)
    listing = Listing(
        request, "进销存记录", supply_words.movement_columns("firm_movement", firm=False), rows, "-on",
        filters=supply_words.mark_filters(request.GET), search_label="搜索产品、批号、单据号、往来单位",
        empty="还没有进销存记录", empty_next="点“收货”扫第一件产品的码，或者上传已有的表格。",
    )  # fmt: skip
    return show(listing, "workspace/supply/list.html", {"asked": request.GET.urlencode()})


def _asked(request: HttpRequest) -> Any:
    asked = request.GET
    return queries.narrowed(
        queries.movements(request.actor), search=asked.get("q", ""), kind=asked.get("kind", ""),
        mark=asked.get("mark", ""), source=asked.get("source", ""),
    )  # fmt: skip


@needs_firm("firm.supply")
def movements_as_events(request: HttpRequest) -> HttpResponse:
    """The list as it is narrowed, as EPCIS 2.0 events for another system."""
    return supply_words.events_file(request, _asked(request))


class EntryForm(PageForm):
    """One package: what the label says, how many, from whom or to whom."""

    di = forms.CharField(label="产品标识（DI）", max_length=60)
    lot = forms.CharField(label="批号", max_length=60, required=False)
    serial = forms.CharField(label="序列号", max_length=60, required=False)
    quantity = forms.IntegerField(label="数量")
    unit = forms.CharField(
        label="单位",
        max_length=10,
        required=False,
        help_text="空为最小销售单元；整箱的写“箱”，按产品档案换算",
    )
    on = forms.DateField(label="日期", widget=DateInput())
    partner_uscc = forms.CharField(label="信用代码", max_length=18, required=False)
    partner_name = forms.CharField(label="名称", max_length=200, required=False)
    document_no = forms.CharField(
        label="单据号", max_length=60, required=False, help_text="随货同行单、出库单的编号"
    )
    made_on = forms.DateField(label="生产日期", widget=DateInput(), required=False)
    expires_on = forms.DateField(label="有效期至", widget=DateInput(), required=False)
    product_name = forms.CharField(label="产品名称", max_length=300, required=False)
    registration_no = forms.CharField(label="注册证或备案编号", max_length=120, required=False)
    place = forms.CharField(label="库房、科室", max_length=120, required=False)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind in BETWEEN_FIRMS:
            self.fields["partner_uscc"].label = f"{PARTNERS[kind]}信用代码"
            self.fields["partner_uscc"].widget.attrs["list"] = "partners"
            self.fields["partner_name"].label = f"{PARTNERS[kind]}名称"
        else:
            for name in ("partner_uscc", "partner_name", "document_no"):
                del self.fields[name]
        if kind == "adjust":
            self.fields["quantity"].help_text = "盘盈填正数，盘亏填负数"

    def entry(self, kind: str, firm: str, source: str) -> Entry:
        return Entry(firm_uscc=firm, kind=kind, source=source, **self.cleaned_data)


@needs_firm("firm.supply")
@csp_update({"script-src": [WASM_UNSAFE_EVAL]})
@require_http_methods(["GET", "POST"])
def movement_new(request: HttpRequest) -> HttpResponse:
    """收货、出库 and the others: scan, look, save, scan the next."""
    kind = asked if (asked := request.GET.get("kind", "")) in ENTERED else ENTERED[0]
    scanned = request.GET.get("udi", "").strip()
    first, told = _first(request, scanned)
    form = EntryForm(*([request.POST] if request.method == "POST" else []), kind=kind, initial=first)
    wrong: list[Problem] = list(told)
    if form.is_bound and form.is_valid():
        try:
            made = _record(request, form, kind, scanned)
        except Refused as refused:
            wrong += refused.problems
        else:
            _say(request, made)
            keep = {"kind": kind, **{n: form.cleaned_data.get(n) or "" for n in KEPT if n != "kind"}}
            return redirect(f"{reverse('firm_supply_new')}?{urlencode({n: v for n, v in keep.items() if v})}")
    context = {
        "form": form, "kind": kind, "label": KINDS[kind], "kinds": [(k, KINDS[k]) for k in ENTERED],
        "scanned": scanned, "problems": wrong, "kept": [(n, first.get(n, "")) for n in KEPT if n != "kind"],
        "partners": queries.partners(request.actor).filter(is_active=True)[:500],
    }  # fmt: skip
    return render(request, "workspace/supply/new.html", context, status=422 if form.is_bound else 200)


def _say(request: HttpRequest, made: Movement) -> None:
    """What was written, and what to look at."""
    lot = made.lot or made.serial
    done = f"已登记{KINDS[made.kind]}：{made.product_name or made.di}，批号 {lot}，{made.quantity}。"
    if marked := [mark.label for mark in supply_words.marks_of(made)]:
        messages.warning(request, f"{done}请注意：{'、'.join(marked)}。")
    else:
        messages.success(request, done)


def _record(request: HttpRequest, form: EntryForm, kind: str, scanned: str) -> Movement:
    """Write the entry; a partner known from the firm's file needs no name."""
    actor = request.actor
    entry = form.entry(kind, actor.firm, "scan" if scanned else "form")
    if entry.partner_uscc and not entry.partner_name:
        known = queries.partners(actor).filter(uscc=entry.partner_uscc).first()
        entry = replace(entry, partner_name=known.name if known else "")
    return actions.record_movement(entry=entry, by=actor, at=clock.now(request))


def _first(request: HttpRequest, scanned: str) -> tuple[dict[str, Any], list[Problem]]:
    """What the form starts with: what stays from the last one, what the code and the product's file say."""
    on = clock.today(request)
    asked = {name: value for name in EntryForm.base_fields if (value := request.GET.get(name, ""))}
    first: dict[str, Any] = {"quantity": 1, "on": on, **asked}
    if not scanned:
        return first, []
    code = udi.read(scanned, on=on)
    found = [Problem(fault.code, fault.message, "扫码", fault.next) for fault in code.faults]
    parts = ("di", "lot", "serial", "made_on", "expires_on")
    first |= {name: value for name in parts if (value := getattr(code, name))}
    if code.di:
        first |= queries.label_of(request.actor, code.di)
    return first, found


class VoidForm(StepForm):
    reason = forms.CharField(label="作废的理由", max_length=200)


class AmendForm(StepForm):
    """What may be put right, and why; whose record it is and of which kind stays."""

    reason = forms.CharField(label="更正的理由", max_length=200)
    on = forms.DateField(label="日期", widget=DateInput())
    di = forms.CharField(label="产品标识（DI）", max_length=60)
    lot = forms.CharField(label="批号", max_length=60, required=False)
    serial = forms.CharField(label="序列号", max_length=60, required=False)
    quantity = forms.IntegerField(label="数量")
    partner_uscc = forms.CharField(label="往来单位信用代码", max_length=18, required=False)
    partner_name = forms.CharField(label="往来单位", max_length=200, required=False)
    document_no = forms.CharField(label="单据号", max_length=60, required=False)
    made_on = forms.DateField(label="生产日期", widget=DateInput(), required=False)
    expires_on = forms.DateField(label="有效期至", widget=DateInput(), required=False)
    product_name = forms.CharField(label="产品名称", max_length=300, required=False)
    registration_no = forms.CharField(label="注册证或备案编号", max_length=120, required=False)
    place = forms.CharField(label="库房、科室", max_length=120, required=False)


def _amend(row: Movement, given: dict[str, Any], by: Actor, at: dt.datetime) -> Movement:
    reason = given.pop("reason")
    entry = Entry(firm_uscc=row.firm_uscc, kind=row.kind, patient=row.patient, **given)
    return actions.amend_movement(movement=row, entry=entry, reason=reason, by=by, at=at)


STEPS = {
    "amend_movement": Step(
        "amend_movement", "更正", AmendForm, _amend, hint="原记录保留可查，以更正后的为准"
    ),
    "void_movement": Step(
        "void_movement", "作废", VoidForm,
        lambda row, given, by, at: actions.void_movement(movement=row, by=by, at=at, **given),
        hint="登记错了、重复了的；已经发生的退货请登记退货",
    ),
}  # fmt: skip


@needs_firm("firm.supply")
@require_http_methods(["GET", "POST"])
def movement(request: HttpRequest, pk: int) -> HttpResponse:
    """One record: what was written, what is wrong with it, what it replaced?"""
    rows = queries.movements(request.actor).select_related("amends")
    row = get_object_or_404(rows, pk=pk)
    taken = take(request, STEPS, row)
    if taken.done:
        newest = rows.filter(firm_uscc=row.firm_uscc, record_no=row.record_no).order_by("voided", "-pk")
        messages.success(request, f"已{taken.step.label}。" if taken.step else "")
        return redirect("firm_movement", pk=newest[0].pk)
    initial = {name: getattr(row, name) for name in AmendForm.base_fields if name != "reason"}
    context = {
        "row": row, "kind": KINDS[row.kind], "source": SOURCES[row.source],
        "signed": supply_words.signed(row),
        "marks": supply_words.marks_of(row), "problems": taken.problems,
        "next": rows.filter(amends=row).first(), "detail": "firm_movement",
        "steps": [] if row.voided else shown(STEPS, STEPS, taken, row, request.actor, initial),
    }  # fmt: skip
    return render(request, "workspace/supply/movement.html", context, status=taken.status)
