"""供货者、购货者 and 产品档案: with whom we deal and whether we may, what we deal in."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.kernel.cells import read_classes
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor
from xiejian.supply import files, queries, rules
from xiejian.supply.files import CardEntry, PartnerEntry
from xiejian.supply.models import Partner, ProductCard
from xiejian.web import clock
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.templatetags.xiejian import classes as class_words
from xiejian.web.views.corrections import clock_words
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.items import Item

PACKAGES = 3  # lines of packages in the form


def due_items(actor: Actor, on: dt.date) -> list[Item]:
    """待办: partners whose licence, as our file has it, ends soon or has ended."""
    rows = queries.lapsing(actor, on + dt.timedelta(days=rules.near_lapse_days()))
    return [
        Item(
            "资质到期",
            row.name,
            reverse("firm_partner", args=[row.pk]),
            row.valid_until,
            "请索取新的许可、备案",
        )
        for row in rows
    ]


@needs_firm("firm.supply")
def partner_list(request: HttpRequest) -> HttpResponse:
    """往来单位: whom do we buy from and sell to, are their licences in order?"""
    asked, on = request.GET, clock.today(request)
    columns = [
        Column(
            "name", "名称", lambda r: r.name, ("name",), href=lambda r: reverse("firm_partner", args=[r.pk])
        ),
        Column("kind", "类别", lambda r: Partner.KINDS[r.kind], ("kind",)),
        Column("licence", "许可、备案", lambda r: r.licence_no),
        Column("classes", "管理类别", lambda r: class_words(r.classes), ("classes",)),
        Column(
            "until", "资质有效期至", lambda r: clock_words(r.valid_until, on)[0] if r.valid_until else "未填",
            ("valid_until",), nullable=True,
            tone=lambda r: clock_words(r.valid_until, on)[1] if r.valid_until else "orange",
        ),
        Column("checked", "核验", lambda r: r.checked_on, ("checked_on",), nullable=True),
        Column("active", "状态", lambda r: "往来中" if r.is_active else "已停止", ("is_active",)),
        Column("uscc", "统一社会信用代码", lambda r: r.uscc, ("uscc",), shown=False),
    ]  # fmt: skip
    kinds = [("supplier", "供货者"), ("buyer", "购货者")]
    listing = Listing(
        request, "往来单位", columns,
        queries.partners(request.actor, search=asked.get("q", ""), kind=asked.get("kind", "")), "name",
        filters=[Filter("kind", "类别", kinds, asked.get("kind", ""))],
        search_label="搜索名称、信用代码、证号", empty="还没有往来单位档案",
        empty_next="购进、销售以前核验对方资质并建档；没有建档的，进销存记录会有标记。",
    )  # fmt: skip
    context = {"new": reverse("firm_partner_new"), "new_label": "新建档案", "may_new": True}
    return show(listing, "workspace/firms/list.html", context)


class PartnerForm(PageForm):
    uscc = forms.CharField(label="统一社会信用代码", max_length=18)
    name = forms.CharField(label="名称", max_length=200)
    kind = forms.ChoiceField(label="类别", choices=list(Partner.KINDS.items()))
    licence_no = forms.CharField(
        label="许可证、备案编号", max_length=200, required=False, help_text="几个以 、 连接"
    )
    valid_until = forms.DateField(
        label="资质有效期至",
        widget=DateInput(),
        required=False,
        help_text="几个证的填最早到期的；长期有效的留空",
    )
    classes = forms.CharField(label="管理类别", max_length=20, required=False, help_text="如：Ⅱ、Ⅲ")
    scope = forms.CharField(label="生产、经营范围", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    contact = forms.CharField(label="联系人", max_length=60, required=False)
    phone = forms.CharField(label="电话", max_length=30, required=False)
    checked_on = forms.DateField(label="核验日期", widget=DateInput(), required=False)
    checked_how = forms.CharField(
        label="核验方式", max_length=60, required=False, help_text="如：查验原件、药监局网站查询"
    )
    is_active = forms.BooleanField(label="往来中", required=False, initial=True)

    def clean_classes(self) -> str:
        found = read_classes(self.cleaned_data["classes"])
        if found is None:
            raise forms.ValidationError("请填写 Ⅰ、Ⅱ、Ⅲ（或 1、2、3），几个以 、 连接")
        return found


@needs_firm("firm.supply")
@require_http_methods(["GET", "POST"])
def partner_new(request: HttpRequest) -> HttpResponse:
    """新建档案: a new supplier or buyer; what the register knows of it is filled in to be checked."""
    asked = request.GET.get("uscc", "").strip()
    known = files.from_register(asked) if asked else None
    initial = {"is_active": True, "checked_on": clock.today(request), "uscc": asked}
    if known:
        initial |= {n: getattr(known, n) for n in PartnerForm.base_fields if n not in ("checked_on",)}
        initial["classes"] = class_words(known.classes)
    return _partner_page(request, initial, asked, looked_up=bool(asked), known=bool(known))


@needs_firm("firm.supply")
@require_http_methods(["GET", "POST"])
def partner(request: HttpRequest, pk: int) -> HttpResponse:
    """One supplier or buyer: its licence, when we checked it; brought up to date here."""
    row = get_object_or_404(queries.partners(request.actor), pk=pk)
    initial = {name: getattr(row, name) for name in PartnerForm.base_fields}
    return _partner_page(request, {**initial, "classes": class_words(row.classes)}, row.uscc, row=row)


def _partner_page(
    request: HttpRequest, initial: dict[str, Any], uscc: str, *, row: Partner | None = None,
    looked_up: bool = False, known: bool = False,
) -> HttpResponse:  # fmt: skip
    form = PartnerForm(*([request.POST] if request.method == "POST" else []), initial=initial)
    if row:
        form.fields["uscc"].disabled = True
    wrong: list[Problem] = []
    if form.is_bound and form.is_valid():
        try:
            made = files.write_partner(
                firm_uscc=request.actor.firm, entry=PartnerEntry(**form.cleaned_data), by=request.actor,
                at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已保存：{made.name}。")
            return redirect("firm_partner", pk=made.pk)
    context = {
        "form": form, "problems": wrong, "row": row, "uscc": uscc, "looked_up": looked_up, "known": known
    }  # fmt: skip
    return render(request, "workspace/supply/partner.html", context, status=422 if form.is_bound else 200)


@needs_firm("firm.supply")
def card_list(request: HttpRequest) -> HttpResponse:
    """产品档案: what do we deal in, in which units, how is it stored?"""
    columns = [
        Column(
            "name", "产品名称", lambda r: r.product_name, ("product_name",),
            href=lambda r: reverse("firm_card", args=[r.pk]),
        ),
        Column("di", "产品标识", lambda r: r.di, ("di",)),
        Column("registration", "注册证或备案编号", lambda r: r.registration_no, ("registration_no",)),
        Column("class", "管理类别", lambda r: class_words(r.management_class), ("management_class",)),
        Column("unit", "最小销售单元", lambda r: r.unit),
        Column("packages", "包装", _packages),
        Column("storage", "贮存温度", storage),
    ]  # fmt: skip
    listing = Listing(
        request, "产品档案", columns, queries.cards(request.actor, search=request.GET.get("q", "")), "name",
        search_label="搜索名称、产品标识、注册证", empty="还没有产品档案",
        empty_next="建档后扫码可自动带出名称、注册证，整箱按最小销售单元换算，冷链按贮存温度监测。",
    )  # fmt: skip
    context = {"new": reverse("firm_card_new"), "new_label": "新建档案", "may_new": True}
    return show(listing, "workspace/firms/list.html", context)


def _packages(row: ProductCard) -> str:
    return "、".join(f"每{p['unit'] or p['di']} {p['factor']}{row.unit}" for p in row.packages)


def storage(row: ProductCard) -> str:
    """The storage temperatures in words, 2～8 ℃."""
    low, high = row.temperature_min, row.temperature_max
    if low is None and high is None:
        return ""
    if low is None or high is None:
        return f"不高于 {high:g} ℃" if low is None else f"不低于 {low:g} ℃"
    return f"{low:g}～{high:g} ℃"


class CardForm(PageForm):
    di = forms.CharField(label="产品标识（DI）", max_length=60, help_text="最小销售单元上的标识")
    product_name = forms.CharField(label="产品名称", max_length=300)
    registration_no = forms.CharField(label="注册证或备案编号", max_length=120, required=False)
    model_spec = forms.CharField(label="规格型号", max_length=200, required=False)
    management_class = forms.ChoiceField(
        label="管理类别", required=False, choices=[("", "未填"), ("1", "Ⅰ"), ("2", "Ⅱ"), ("3", "Ⅲ")]
    )
    maker = forms.CharField(label="注册人、备案人", max_length=200, required=False)
    unit = forms.CharField(label="最小销售单元", max_length=10, required=False, help_text="如：支、盒、人份")
    temperature_min = forms.DecimalField(
        label="贮存温度下限（℃）", max_digits=5, decimal_places=1, required=False
    )
    temperature_max = forms.DecimalField(
        label="贮存温度上限（℃）", max_digits=5, decimal_places=1, required=False
    )
    implantable = forms.BooleanField(label="植入类", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for n in range(PACKAGES):
            self.fields[f"unit_{n}"] = forms.CharField(label="包装单位", max_length=10, required=False)
            self.fields[f"factor_{n}"] = forms.IntegerField(label="每包装数量", required=False)
            self.fields[f"di_{n}"] = forms.CharField(label="包装的产品标识", max_length=60, required=False)
            for part in ("unit", "factor", "di"):
                self.fields[f"{part}_{n}"].widget.attrs["class"] = "form-control"

    @property
    def package_rows(self) -> list[list[Any]]:
        return [[self[f"{part}_{n}"] for part in ("unit", "factor", "di")] for n in range(PACKAGES)]

    @property
    def plain(self) -> list[Any]:
        return [self[name] for name in self.base_fields]

    def entry(self) -> CardEntry:
        given = self.cleaned_data
        packages = tuple(
            {"unit": given[f"unit_{n}"], "factor": given[f"factor_{n}"], "di": given[f"di_{n}"]}
            for n in range(PACKAGES)
            if given[f"unit_{n}"] or given[f"di_{n}"] or given[f"factor_{n}"]
        )
        return CardEntry(packages=packages, **{name: given[name] for name in self.base_fields})


@needs_firm("firm.supply")
@require_http_methods(["GET", "POST"])
def card_new(request: HttpRequest) -> HttpResponse:
    """新建档案: a product we begin to deal in."""
    return _card_page(request, {"di": request.GET.get("di", "")})


@needs_firm("firm.supply")
@require_http_methods(["GET", "POST"])
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """One product: its registration, units and storage; brought up to date here."""
    row = get_object_or_404(queries.cards(request.actor), pk=pk)
    initial = {name: getattr(row, name) for name in CardForm.base_fields}
    for n, package in enumerate(row.packages[:PACKAGES]):
        initial |= {f"{part}_{n}": package[part] for part in ("unit", "factor", "di")}
    return _card_page(request, initial, row)


def _card_page(request: HttpRequest, initial: dict[str, Any], row: ProductCard | None = None) -> HttpResponse:
    form = CardForm(*([request.POST] if request.method == "POST" else []), initial=initial)
    if row:
        form.fields["di"].disabled = True
    wrong: list[Problem] = []
    if form.is_bound and form.is_valid():
        try:
            made = files.write_card(
                firm_uscc=request.actor.firm, entry=form.entry(), by=request.actor, at=clock.now(request)
            )
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已保存：{made.product_name}。")
            return redirect("firm_card", pk=made.pk)
    context = {"form": form, "problems": wrong, "row": row}
    return render(request, "workspace/supply/card.html", context, status=422 if form.is_bound else 200)
