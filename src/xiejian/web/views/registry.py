"""监管对象: the list, one party's archive, certificates and products."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Max, Min, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from xiejian.inspections.models import Visit
from xiejian.kernel.divisions import stem
from xiejian.numbers import certificates
from xiejian.people.models import Office
from xiejian.people.policy import Actor, may
from xiejian.registry import queries
from xiejian.registry.models import AREAS, LINKS, STATUSES, Licence, Party, PartyLink
from xiejian.web import clock
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.templatetags.xiejian import TONES, classes, tags
from xiejian.web.views.people import office_choices

LEVELS = [("4", "四级"), ("3", "三级"), ("2", "二级"), ("1", "一级")]


def _join(values: list[str]) -> str:
    return "、".join(dict.fromkeys(v for v in values if v))


def _links(party: Party) -> list[PartyLink]:
    held: list[PartyLink] = party.held  # type: ignore[attr-defined]  # by queries.with_links
    return held


def _top_level(party: Party) -> int | None:
    return max((link.level for link in _links(party) if link.level is not None), default=None)


def _level_words(party: Party) -> str:
    level = _top_level(party)
    return "" if level is None else f"{'一二三四'[level - 1]}级"


def _expires(party: Party) -> Any:
    return min((link.expires_on for link in _links(party) if link.expires_on), default=None)


def _last_visits(parties: list[Party]) -> None:
    """Put the date of the last visit and the name of the office on each party of the page."""
    last = dict(
        Visit.objects.filter(party__in=[p.pk for p in parties], visited_on__isnull=False)
        .values_list("party")
        .annotate(Max("visited_on"))
        .order_by()
    )
    names = dict(Office.objects.filter(code__in={p.office_code for p in parties}).values_list("code", "name"))
    for party in parties:
        party.last_visit = last.get(party.pk)
        party.office_name = names.get(party.office_code) or party.station or party.office_code


def party_columns(actor: Actor) -> list[Column]:
    """The columns of the register; telephone and persons only for roles that may see them."""
    columns = [
        Column("name", "主体名称", lambda p: p.name, ("name",), href=lambda p: reverse("party", args=[p.pk])),
        Column("links", "环节", lambda p: _join([link.link for link in _links(p)])),
        Column(
            "level",
            "监管级别",
            _level_words,
            ("top_level",),
            tone=lambda p: f"level-{_top_level(p)}",
            why=lambda p: reverse("party_why", args=[p.pk]) if _top_level(p) else "",
            nullable=True,
            annotate={"top_level": Max("links__level")},
        ),
        Column(
            "classes",
            "管理类别",
            lambda p: classes("".join(sorted(set("".join(x.classes for x in _links(p)))))),
        ),
        Column("kind", "类型", lambda p: _join([link.unit_kind or link.mode for link in _links(p)])),
        Column(
            "tags",
            "品种标签",
            lambda p: _join([t for link in _links(p) for t in tags(link.tags)]),
            shown=False,
        ),
        Column("office", "监管机构", lambda p: p.office_name, ("office_code",)),
        Column(
            "last_visit",
            "上次检查",
            lambda p: p.last_visit,
            ("last_visit_on",),
            nullable=True,
            annotate={"last_visit_on": Max("visits__visited_on")},
        ),
        Column(
            "expires",
            "有效期至",
            _expires,
            ("first_expiry",),
            nullable=True,
            annotate={"first_expiry": Min("links__expires_on")},
        ),
        Column("credit", "信用", lambda p: p.credit_grade, ("credit_grade",)),
        Column(
            "status", "状态", lambda p: p.status, ("status",), tone=lambda p: TONES.get(p.status, "secondary")
        ),
        Column("area", "产品门类", lambda p: p.area, ("area",), shown=False),
        Column("uscc", "统一社会信用代码", lambda p: p.uscc, ("uscc",), shown=False, nullable=True),
        Column("address", "地址", lambda p: p.address, shown=False),
        Column(
            "complaints", "投诉举报次数", lambda p: p.complaints, ("complaints",), shown=False, numeric=True
        ),
    ]
    if may(actor, "registry.personal"):
        columns += [
            Column("head", "负责人", lambda p: p.head, shown=False),
            Column("phone", "电话", lambda p: p.phone, shown=False),
        ]
    return columns


def _found(actor: Actor, asked: Any) -> QuerySet[Party]:
    level = asked.get("level", "")
    return queries.parties(
        actor,
        search=asked.get("q", ""),
        link=asked.get("link", ""),
        level=int(level) if level.isdecimal() else None,
        office=asked.get("office", ""),
        status=asked.get("status", ""),
        area=asked.get("area", ""),
    )


@needs("registry.view")
def party_list(request: HttpRequest) -> HttpResponse:
    """名录: which parties do we have?"""
    asked = request.GET
    filters = [
        Filter("link", "环节", [(v, v) for v in LINKS], asked.get("link", "")),
        Filter("level", "级别", LEVELS, asked.get("level", "")),
        Filter("office", "监管机构", office_choices(request.actor), asked.get("office", "")),
        Filter("status", "状态", [(v, v) for v in STATUSES], asked.get("status", "")),
        Filter("area", "门类", [(v, v) for v in AREAS], asked.get("area", "")),
    ]
    listing = Listing(
        request,
        title="监管对象名录",
        columns=party_columns(request.actor),
        rows=queries.with_links(_found(request.actor, asked)),
        default_sort="name",
        filters=filters,
        search_label="搜索名称、信用代码、证号、产品",
        empty="名录里还没有监管对象",
        empty_next="点“导入”拖入本单位现有的名录表，或点“新增”逐户登记。",
        prepare=_last_visits,
        selectable=True,
    )
    more = {
        "may_import": bool(may(request.actor, "registry.import")),
        "may_edit": bool(may(request.actor, "registry.edit")),
    }
    return show(listing, "web/party_list.html", more)


# --- 证照与产品 ---------------------------------------------------------------------------------------


def product_tabs(current: str) -> list[tuple[str, str, bool]]:
    """(address, label, whether it is open) of the pages under 证照与产品."""
    licences, products = reverse("licence_list"), reverse("registration_list")
    days = queries.expiring_days()
    tabs = [
        ("licences", licences, "许可与备案"),
        ("expiring", f"{licences}?tab=expiring", f"证照 {days} 天内到期"),
        ("expired", f"{licences}?tab=expired", "证照已过期"),
        ("products", products, "产品注册证"),
        ("products-expiring", f"{products}?tab=expiring", f"产品 {days} 天内到期"),
        ("products-expired", f"{products}?tab=expired", "产品已过期"),
        ("codes", reverse("override_list"), "信用代码认定"),
    ]
    return [(address, label, key == current) for key, address, label in tabs]


def _tab(asked: Any) -> str:
    tab = asked.get("tab", "")
    return tab if tab in ("expiring", "expired") else ""


def _licence_columns(on: dt.date) -> list[Column]:
    def remaining(licence: Licence) -> str:
        if licence.expires_on is None or licence.status != "有效":
            return ""
        days = (licence.expires_on - on).days
        return f"过期 {-days} 天" if days < 0 else f"剩 {days} 天"

    def tone(licence: Licence) -> str:
        if licence.expires_on is None or licence.expires_on > on + dt.timedelta(days=queries.expiring_days()):
            return ""
        return "red" if licence.expires_on < on else "orange"

    return [
        Column("number", "证号", lambda x: x.number, ("number",)),
        Column("kind", "类型", lambda x: certificates.label(x.kind), ("kind",)),
        Column(
            "party",
            "主体名称",
            lambda x: x.party.name,
            ("party__name",),
            href=lambda x: reverse("party", args=[x.party_id]),
        ),
        Column("issued", "发证或备案日期", lambda x: x.issued_on or x.filed_on, ("issued_on", "filed_on")),
        Column("expires", "有效期至", lambda x: x.expires_on, ("expires_on",), nullable=True),
        Column("left", "剩余", remaining, ("expires_on",), tone=tone, nullable=True),
        Column(
            "status", "状态", lambda x: x.status, ("status",), tone=lambda x: TONES.get(x.status, "secondary")
        ),
        Column(
            "format",
            "编号",
            lambda x: "格式待核" if x.format_suspect else "",
            ("format_suspect",),
            tone=lambda x: "orange" if x.format_suspect else "",
        ),
        Column("scope", "范围", lambda x: x.scope, shown=False),
    ]


def _licence_kinds(actor: Actor) -> list[tuple[str, str]]:
    """The kinds of licence that the actor's register holds."""
    kinds = queries.licences(actor).order_by("kind").values_list("kind", flat=True).distinct()
    return [(kind, certificates.label(kind)) for kind in kinds]


@needs("registry.view")
def licence_list(request: HttpRequest) -> HttpResponse:
    """证照: which licences and filings run out, which look wrong?"""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    tab = _tab(asked)
    rows = queries.licences(actor, search=asked.get("q", ""), kind=asked.get("kind", ""), tab=tab, on=on)
    if asked.get("office"):
        rows = rows.filter(party__office_code__startswith=stem(asked["office"]))
    listing = Listing(
        request, "许可证与备案凭证", _licence_columns(on), rows, "expires" if tab else "number",
        filters=[
            Filter("kind", "类型", _licence_kinds(actor), asked.get("kind", "")),
            Filter("office", "监管机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索证号、主体名称",
        empty="没有这样的证照" if tab else "还没有登记证照",
        empty_next="" if tab else "导入名录时“证号”一列会自动登记为证照。",
        hidden=[("tab", tab)] if tab else [],
    )  # fmt: skip
    return show(listing, "web/licence_list.html", {"tabs": product_tabs(tab or "licences")})


REGISTRATION_COLUMNS = [
    Column(
        "number",
        "注册证编号",
        lambda x: x.number,
        ("number_key",),
        href=lambda x: reverse("registration", args=[x.pk]),
    ),
    Column("product", "产品名称", lambda x: x.product_name, ("product_name",)),
    Column("registrant", "注册人", lambda x: x.registrant, ("registrant",)),
    Column("class", "管理类别", lambda x: classes(x.management_class), ("management_class",)),
    Column("approved", "批准日期", lambda x: x.approved_on, ("approved_on",), nullable=True),
    Column("expires", "有效期至", lambda x: x.expires_on, ("expires_on",), nullable=True),
    Column(
        "status", "状态", lambda x: x.status, ("status",), tone=lambda x: TONES.get(x.status, "secondary")
    ),
    Column("kind", "编号类型", lambda x: x.number_kind, ("number_kind",), shown=False),
    Column("mended", "规范化", lambda x: len(x.normalised) or "", shown=False, numeric=True),
    Column("department", "审批部门", lambda x: x.department, ("department",), shown=False),
]


@needs("registry.view")
def registration_list(request: HttpRequest) -> HttpResponse:
    """产品: registrations and product filings, by number, product or registrant."""
    asked, tab = request.GET, _tab(request.GET)
    rows = queries.registrations(
        request.actor,
        search=asked.get("q", ""),
        management_class=asked.get("class", ""),
        tab=tab,
        on=clock.today(request),
    )
    listing = Listing(
        request, "产品注册证", REGISTRATION_COLUMNS, rows, "number",
        filters=[Filter("class", "管理类别", [("3", "Ⅲ"), ("2", "Ⅱ"), ("1", "Ⅰ")], asked.get("class", ""))],
        search_label="搜索编号、产品、注册人",
        empty="还没有产品注册证", empty_next="在“导入”中选择“产品注册证”。",
    )  # fmt: skip
    current = f"products-{tab}" if tab else "products"
    return show(listing, "web/registration_list.html", {"tabs": product_tabs(current)})


@needs("registry.view")
def registration(request: HttpRequest, pk: int) -> HttpResponse:
    """One published row of a registration, what was put right in it, and the other rows of its number."""
    found = queries.registration(request.actor, pk)
    if found is None:
        raise Http404
    others = queries.registrations(request.actor).filter(number_key=found.number_key).exclude(pk=pk)
    context = {"found": found, "others": others, "checks": found.checks.all(), "on": clock.today(request)}
    return render(request, "web/registration.html", context)
