"""监管对象: the list, one party's archive, certificates and products."""

from __future__ import annotations

from typing import Any

from django.db.models import Max, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from xiejian.inspections.models import Visit
from xiejian.kernel.divisions import stem
from xiejian.people.models import Office
from xiejian.people.policy import Actor, may, visible
from xiejian.registry.models import AREAS, LINKS, STATUSES, Party, PartyLink
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.templatetags.xiejian import TONES, classes, tags
from xiejian.web.views.people import office_choices

LEVELS = [("4", "四级"), ("3", "三级"), ("2", "二级"), ("1", "一级")]


def _join(values: list[str]) -> str:
    return "、".join(dict.fromkeys(v for v in values if v))


def _links(party: Party) -> list[PartyLink]:
    return list(party.links.all())


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
            annotate={"last_visit_on": Max("visits__visited_on")},
        ),
        Column(
            "expires",
            "有效期至",
            _expires,
            ("first_expiry",),
            annotate={"first_expiry": Max("links__expires_on")},
        ),
        Column("credit", "信用", lambda p: p.credit_grade, ("credit_grade",)),
        Column(
            "status", "状态", lambda p: p.status, ("status",), tone=lambda p: TONES.get(p.status, "secondary")
        ),
        Column("area", "产品门类", lambda p: p.area, ("area",), shown=False),
        Column("uscc", "统一社会信用代码", lambda p: p.uscc, ("uscc",), shown=False),
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
    rows = visible(Party.objects.all(), actor)
    if search := asked.get("q", "").strip():
        rows = rows.filter(Q(name__icontains=search) | Q(uscc__startswith=search.upper()))
    links = {k: asked[k] for k in ("link", "level") if asked.get(k)}
    if links:
        rows = rows.filter(pk__in=PartyLink.objects.filter(**links).values("party"))
    if asked.get("office"):
        rows = rows.filter(office_code__startswith=stem(asked["office"]))
    if asked.get("status"):
        rows = rows.filter(status=asked["status"])
    if asked.get("area"):
        rows = rows.filter(area__contains=asked["area"])
    return rows


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
        rows=_found(request.actor, asked).prefetch_related(Prefetch("links")),
        default_sort="name",
        filters=filters,
        search_label="搜索名称、信用代码、证号、产品",
        empty="名录里还没有监管对象",
        empty_next="点“导入”拖入本单位现有的名录表，或点“新增”逐户登记。",
        prepare=_last_visits,
        selectable=True,
    )
    return show(listing, "web/party_list.html")
