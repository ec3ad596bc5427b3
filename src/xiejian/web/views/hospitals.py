"""医疗机构: which hospitals are behind with their devices, which devices are wrong, what was implanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from xiejian.hospitals import queries, rules
from xiejian.hospitals.models import UpkeepPlan
from xiejian.kernel.divisions import stem
from xiejian.registry.models import Party
from xiejian.web import clock
from xiejian.web.device_lists import (
    device_columns,
    device_context,
    device_filters,
    implant_columns,
    implant_context,
    implant_filters,
    unit,
    upkeep_columns,
)
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.views.people import office_choices

TABS = (("units", "医疗机构"), ("upkeep", "保养检定到期"), ("devices", "设备"), ("implants", "植入材料"))


def _office(request: HttpRequest) -> Filter:
    return Filter("office", "监管机构", office_choices(request.actor), request.GET.get("office", ""))


def _unit_columns() -> list[Column]:
    def leads(page: str, **asked: str) -> Callable[[Any], str]:
        return lambda party: f"{reverse(page)}?{urlencode({'party': party.pk, **asked})}"

    def red(name: str) -> Callable[[Any], str]:
        return lambda party: "red" if getattr(party, name) else ""

    devices, implants = "hospital_devices", "hospital_implants"
    return [
        Column("name", "使用单位", lambda p: p.name, ("name",), href=lambda p: reverse("party", args=[p.pk])),
        Column(
            "devices", "设备", lambda p: p.devices_n, ("devices_n",), href=leads(devices), numeric=True
        ),
        Column(
            "upkeep", "逾期保养检定", lambda p: p.upkeep_late, ("upkeep_late",), tone=red("upkeep_late"),
            href=leads(devices, mark="upkeep_over"), numeric=True,
        ),
        Column(
            "metering", "超检定期在用", lambda p: p.metering_late, ("metering_late",),
            tone=red("metering_late"), href=leads(devices, mark="metering_over"), numeric=True,
        ),
        Column(
            "wrong", "有问题的设备", lambda p: p.wrong, ("wrong",), href=leads(devices, mark="any"),
            numeric=True,
        ),
        Column(
            "implants", "植入", lambda p: p.implants_n, ("implants_n",), href=leads(implants), numeric=True
        ),
        Column(
            "no_source", "植入无购进记录", lambda p: p.no_source_n, ("no_source_n",),
            tone=red("no_source_n"), href=leads(implants, mark="no_source"), numeric=True,
        ),
        Column("next", "最近到期", lambda p: p.next_on, ("next_on",), nullable=True),
        Column("office", "监管机构代码", lambda p: p.office_code, ("office_code",), shown=False),
    ]  # fmt: skip


@needs("hospitals.view")
def hospital_list(request: HttpRequest) -> HttpResponse:
    """医疗机构: who is behind with upkeep and metering, who implants what nobody knows the source of?"""
    actor, on, asked = request.actor, clock.today(request), request.GET
    rows = queries.hospitals(actor, on, search=asked.get("q", ""), office=asked.get("office", ""))
    listing = Listing(
        request, "医疗机构设备", _unit_columns(), rows, "-upkeep", filters=[_office(request)],
        search_label="搜索单位名称、信用代码", empty="还没有医疗机构登记设备",
        empty_next="医疗机构在企业端登记，或者在“导入”中选“设备”导入其台账。",
    )  # fmt: skip
    more = {"tab": "units", "tabs": TABS, "counts": queries.counts(actor, on)}
    return show(listing, "web/hospitals/list.html", more)


def _party(request: HttpRequest) -> Party | None:
    """The hospital that the address narrows to, where it is in reach."""
    asked = request.GET.get("party", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else 0
    return (
        queries.hospitals(request.actor, clock.today(request)).filter(pk=number).first() if number else None
    )


def _narrowed(request: HttpRequest) -> tuple[Party | None, list[tuple[str, str]]]:
    party = _party(request)
    return party, [("party", str(party.pk))] if party else []


@needs("hospitals.view")
def device_list(request: HttpRequest) -> HttpResponse:
    """设备: which of them should not be in use as they are?"""
    asked, (party, hidden) = request.GET, _narrowed(request)
    given = {name: asked.get(name, "") for name in ("state", "focus", "mark", "office")}
    rows = queries.devices(
        request.actor, clock.today(request), search=asked.get("q", ""), party=party.pk if party else None,
        **given,
    )  # fmt: skip
    columns = device_columns("hospital_device")
    columns.insert(2, unit(lambda d: d.party, "party"))
    listing = Listing(
        request, "设备", columns, rows, "upkeep", filters=[*device_filters(request), _office(request)],
        search_label="搜索编号、名称、型号、单位", empty="没有设备", hidden=hidden,
        empty_next="医疗机构在企业端登记，或者在“导入”中选“设备”导入其台账。",
    )  # fmt: skip
    return show(listing, "web/hospitals/list.html", {"tab": "devices", "tabs": TABS, "party": party})


def _plans(request: HttpRequest, office: str) -> QuerySet[UpkeepPlan]:
    rows = queries.due_plans(request.actor, clock.today(request))
    if kind := request.GET.get("kind", ""):
        rows = rows.filter(kind=kind)
    return rows.filter(device__office_code__startswith=stem(office)) if office else rows


@needs("hospitals.view")
def upkeep_list(request: HttpRequest) -> HttpResponse:
    """保养检定到期: which upkeep is late, which comes next?"""
    on, asked = clock.today(request), request.GET
    rows = _plans(request, asked.get("office", ""))
    if text := asked.get("q", "").strip():
        rows = rows.filter(device__in=queries.devices(request.actor, on, search=text).values("pk"))
    columns = upkeep_columns("hospital_device", on)
    columns.insert(2, unit(lambda p: p.device.party, "device__party"))
    kinds = [(kind, kind) for kind in rules.PLANNED_KINDS]
    listing = Listing(
        request, "保养检定到期", columns, rows, "due",
        filters=[Filter("kind", "项目", kinds, asked.get("kind", "")), _office(request)],
        search_label="搜索编号、名称、单位", empty="没有到期的保养、检定",
        empty_next=f"到期前 {rules.due_days()} 天列入。",
    )  # fmt: skip
    return show(listing, "web/hospitals/list.html", {"tab": "upkeep", "tabs": TABS})


@needs("hospitals.view")
def device(request: HttpRequest, pk: int) -> HttpResponse:
    """One device's file: what it is, what was done to it, what is wrong with it."""
    found = queries.device(request.actor, pk, clock.today(request))
    if found is None:
        raise Http404
    return render(request, "web/hospitals/device.html", device_context(found))


@needs("hospitals.view")
def implant_list(request: HttpRequest) -> HttpResponse:
    """植入材料: what was implanted where, and is its source known? Patients are tokens."""
    asked, (party, hidden) = request.GET, _narrowed(request)
    given = {name: asked.get(name, "") for name in ("mark", "office", "di", "lot")}
    rows = queries.implants(
        request.actor, search=asked.get("q", ""), party=party.pk if party else None, **given
    )
    columns = implant_columns("hospital_implant")
    columns.insert(2, unit(lambda i: i.party, "party"))
    hidden += [(name, given[name]) for name in ("di", "lot") if given[name]]
    listing = Listing(
        request, "植入材料", columns, rows, "-on", filters=[*implant_filters(request), _office(request)],
        search_label="搜索编号、产品、批号、单位，或者完整的患者代号", empty="没有植入记录", hidden=hidden,
        empty_next="医疗机构在企业端扫码登记。",
    )  # fmt: skip
    return show(listing, "web/hospitals/list.html", {"tab": "implants", "tabs": TABS, "party": party})


@needs("hospitals.view")
def implant(request: HttpRequest, pk: int) -> HttpResponse:
    """One implant: which device, from whom, in which hospital; the patient is a token."""
    found = queries.implant(request.actor, pk)
    if found is None:
        raise Http404
    return render(request, "web/hospitals/implant.html", implant_context(found))
