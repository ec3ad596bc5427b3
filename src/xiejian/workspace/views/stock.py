"""库存 and 批次停用: what is there by lot, when it expires, what may not go out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from xiejian.kernel.problems import Problem, Refused
from xiejian.supply import actions, queries
from xiejian.supply.models import LotHold
from xiejian.supply.queries import Stock
from xiejian.web import clock, supply_words
from xiejian.web.forms import PageForm
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.row_listing import RowListing, Rows
from xiejian.web.steps import Step, StepForm, shown, take
from xiejian.workspace.guard import needs_firm

STATES = {"near": "近效期", "expired": "已过期", "held": "停用", "short": "账面为负"}
#: who holds a lot: another record of the system, or the firm of its own accord
SOURCES = {"excursion": "冷链", "recall": "召回", "firm": "本单位"}


@needs_firm("firm.supply")
def stock_list(request: HttpRequest) -> HttpResponse:
    """库存: how much of which lot, until when?"""
    asked, on = request.GET, clock.today(request)
    held = {(h.di, h.lot or h.serial) for h in queries.holds(request.actor).filter(released_at=None)}

    def state(row: Stock) -> str:
        if row.quantity < 0:
            return "short"
        if (row.di, row.lot or row.serial) in held:
            return "held"
        tone = supply_words.expiry_words(row.expires_on, on)[1]
        return {"red": "expired", "orange": "near"}.get(tone, "")

    rows = [row for row in queries.stock(request.actor.firm, on) if _meant(row, asked.get("q", ""))]
    if asked.get("state") in STATES:
        rows = [row for row in rows if state(row) == asked["state"]]
    columns = [
        Column("product", "产品", lambda r: r.product_name or r.di, ("product_name",)),
        Column("lot", "批号、序列号", lambda r: r.lot or r.serial, ("lot",), href=_movements_of),
        Column("quantity", "数量", lambda r: r.quantity, ("quantity",), numeric=True),
        Column(
            "expires", "有效期至", lambda r: supply_words.expiry_words(r.expires_on, on)[0], ("expires_on",),
            tone=lambda r: supply_words.expiry_words(r.expires_on, on)[1],
        ),
        Column(
            "state", "状态", lambda r: STATES.get(state(r), ""),
            tone=lambda r: "red" if state(r) in ("expired", "short", "held") else "orange",
        ),
        Column("last", "最近变动", lambda r: r.last_on, ("last_on",)),
        Column("di", "产品标识", lambda r: r.di, ("di",), shown=False),
        Column("registration", "注册证编号", lambda r: r.registration_no, shown=False),
        Column("hold", "", lambda r: "" if state(r) == "held" else "停用", href=_hold_of),
    ]  # fmt: skip
    listing = RowListing(
        request, "库存", columns, Rows(rows), "expires",
        filters=[Filter("state", "状态", list(STATES.items()), asked.get("state", ""))],
        search_label="搜索产品、批号", empty="没有库存",
        empty_next="登记收货或者生产入库后，这里按批号列出库存。",
    )  # fmt: skip
    return show(listing, "workspace/supply/stock.html")


def _meant(row: Stock, search: str) -> bool:
    text = search.strip().casefold()
    return any(text in part.casefold() for part in (row.product_name, row.di, row.lot, row.serial))


def _movements_of(row: Stock) -> str:
    return f"{reverse('firm_supply')}?{urlencode({'q': row.lot or row.serial})}"


def _hold_of(row: Stock) -> str:
    told = {"di": row.di, "lot": row.lot, "serial": row.serial}
    return f"{reverse('firm_hold_new')}?{urlencode({name: value for name, value in told.items() if value})}"


@needs_firm("firm.supply")
def hold_list(request: HttpRequest) -> HttpResponse:
    """批次停用: what may not go out, why, since when?"""
    tab = request.GET.get("tab", "")
    rows = queries.holds(request.actor)
    rows = rows if tab == "all" else rows.filter(released_at=None)
    columns = [
        Column(
            "lot", "批号、序列号", lambda r: r.lot or r.serial, ("lot",),
            href=lambda r: reverse("firm_hold", args=[r.pk]),
        ),
        Column("di", "产品标识", lambda r: r.di, ("di",)),
        Column("reason", "原因", lambda r: r.reason),
        Column("source", "来自", lambda r: SOURCES.get(r.source_kind, r.source_kind), ("source_kind",)),
        Column("held", "停用时间", lambda r: r.held_at, ("held_at",)),
        Column("released", "解除时间", lambda r: r.released_at, ("released_at",), nullable=True),
    ]  # fmt: skip
    listing = Listing(
        request, "批次停用", columns, rows, "-held", hidden=[("tab", tab)], empty="没有停用的批次",
        empty_next="疑似不合格、冷链异常、召回的批次停用后，系统不让它出库、使用。",
    )  # fmt: skip
    context = {
        "tabs": (("", "停用中"), ("all", "全部")), "tab": tab, "here": reverse("firm_holds"), "may_new": True,
        "new": reverse("firm_hold_new"), "new_label": "停用批次",
    }  # fmt: skip
    return show(listing, "workspace/firms/list.html", context)


class HoldForm(PageForm):
    di = forms.CharField(label="产品标识（DI）", max_length=60)
    lot = forms.CharField(label="批号", max_length=60, required=False)
    serial = forms.CharField(label="序列号", max_length=60, required=False, help_text="只停用一件的填写")
    reason = forms.CharField(label="停用原因", max_length=200)


@needs_firm("firm.supply")
@require_http_methods(["GET", "POST"])
def hold_new(request: HttpRequest) -> HttpResponse:
    """停用批次: this lot must not go out."""
    initial = {name: request.GET.get(name, "") for name in ("di", "lot", "serial")}
    form = HoldForm(*([request.POST] if request.method == "POST" else []), initial=initial)
    wrong: list[Problem] = []
    if form.is_bound and form.is_valid():
        try:
            actions.hold_lot(
                firm_uscc=request.actor.firm, source_kind="firm", source_record="", by=request.actor,
                at=clock.now(request), **form.cleaned_data,
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, "已停用：解除以前不能出库、使用、植入。")
            return redirect("firm_holds")
    context = {
        "form": form, "problems": wrong, "title": "停用批次", "save": "停用", "back": reverse("firm_holds"),
        "back_label": "批次停用",
    }  # fmt: skip
    return render(request, "workspace/supply/form.html", context, status=422 if form.is_bound else 200)


class ReleaseForm(StepForm):
    reason = forms.CharField(label="解除的理由", max_length=200)


def _release(row: LotHold, given: dict[str, Any], by: Any, at: Any) -> LotHold:
    return actions.release_hold(hold=row, by=by, at=at, **given)


STEPS = {"release_hold": Step("release_hold", "解除停用", ReleaseForm, _release)}


@needs_firm("firm.supply")
@require_http_methods(["GET", "POST"])
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """One hold: why, since when? It is released here where the firm itself put it on."""
    row = get_object_or_404(queries.holds(request.actor), pk=pk)
    own = row.source_kind == "firm" and row.released_at is None
    taken = take(request, STEPS if own else {}, row)
    if taken.done:
        messages.success(request, "已解除停用。")
        return redirect("firm_hold", pk=pk)
    context = {
        "row": row, "source": SOURCES.get(row.source_kind, row.source_kind), "problems": taken.problems,
        "own": own, "steps": shown(STEPS, STEPS, taken, row, request.actor, {}) if own else [],
    }  # fmt: skip
    return render(request, "workspace/supply/hold.html", context, status=taken.status)
