"""医院设备: the hospital's own devices, what they need next, what is on its shelves, who reports."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import zxingcpp
from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.hospitals import actions, queries, rules
from xiejian.hospitals.importing import DEVICE_COLUMNS, import_devices
from xiejian.hospitals.models import MedicalDevice
from xiejian.hospitals.queries import Shelf
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor
from xiejian.web import clock, jobs
from xiejian.web.device_lists import device_columns, device_context, device_filters, upkeep_columns
from xiejian.web.export import download
from xiejian.web.forms import PageForm
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.row_listing import RowListing, Rows
from xiejian.web.steps import shown, take
from xiejian.workspace.device_steps import STEPS, DeviceFields, allowed
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.items import Item

TABS = (("devices", "设备"), ("upkeep", "保养检定到期"))
STANDINGS = {"已过期": "red", "近效期": "orange", "有效期不明": "orange", "正常": "green"}


@needs_firm("firm.hospital")
def device_list(request: HttpRequest) -> HttpResponse:
    """设备: what do we have, and what of it should not be in use as it is?"""
    asked = request.GET
    given = {name: asked.get(name, "") for name in ("state", "focus", "mark", "department")}
    rows = queries.devices(request.actor, clock.today(request), search=asked.get("q", ""), **given)
    places = [(one, one) for one in queries.departments(request.actor)]
    filters = [*device_filters(request), Filter("department", "科室", places, given["department"])]
    listing = Listing(
        request, "设备", device_columns("firm_device"), rows, "upkeep", filters=filters,
        search_label="搜索编号、名称、型号", empty="还没有登记设备",
        empty_next="点“登记设备”录入一台，已有台账的点“导入”。",
    )  # fmt: skip
    return show(listing, "workspace/hospital/list.html", {"tab": "devices", "tabs": TABS})


@needs_firm("firm.hospital")
def upkeep_list(request: HttpRequest) -> HttpResponse:
    """保养检定到期: what is late, what comes next?"""
    on, kind = clock.today(request), request.GET.get("kind", "")
    rows = queries.due_plans(request.actor, on)
    rows = rows.filter(kind=kind) if kind else rows
    kinds = [(one, one) for one in rules.PLANNED_KINDS]
    listing = Listing(
        request, "保养检定到期", upkeep_columns("firm_device", on), rows, "due",
        filters=[Filter("kind", "项目", kinds, kind)], empty="没有到期的保养、检定",
        empty_next=f"到期前 {rules.due_days()} 天列入。",
    )  # fmt: skip
    return show(listing, "workspace/hospital/list.html", {"tab": "upkeep", "tabs": TABS})


def due_items(actor: Actor, on: dt.date) -> list[Item]:
    """Upkeep that is late or comes soon, for 待办."""
    return [
        Item(
            f"设备{plan.kind}",
            f"{plan.device.number} {plan.device.name}",
            reverse("firm_device", args=[plan.device_id]),
            plan.next_on,
            plan.device.department,
        )
        for plan in queries.due_plans(actor, on)
    ]


@needs_firm("firm.hospital")
@require_http_methods(["GET", "POST"])
def device_new(request: HttpRequest) -> HttpResponse:
    """登记设备: open the file of one device."""
    form = DeviceFields(request.POST or None)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.open_device_file(
                party=queries.party_of(request.actor), facts=form.facts(), by=request.actor,
                at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已登记设备：{made}。")
            return redirect("firm_device", pk=made.pk)
    status = 422 if wrong or form.errors else 200
    return render(request, "workspace/hospital/new.html", {"form": form, "problems": wrong}, status=status)


def _device(request: HttpRequest, pk: int) -> MedicalDevice:
    found = queries.device(request.actor, pk, clock.today(request))
    if found is None:
        raise Http404
    return found


@needs_firm("firm.hospital")
@require_http_methods(["GET", "POST"])
def device(request: HttpRequest, pk: int) -> HttpResponse:
    """One device: its file, what it needs next, what may be done with it."""
    found, actor = _device(request, pk), request.actor
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("firm_device", pk=pk)
    if taken.problems:
        found = _device(request, pk)
    names = allowed(found, actor)
    context = device_context(found) | {
        "problems": taken.problems,
        "steps": shown(STEPS, names, taken, found, actor, {"on": clock.today(request)}),
    }
    return render(request, "workspace/hospital/device.html", context, status=taken.status)


@needs_firm("firm.hospital")
def device_label(request: HttpRequest, pk: int) -> HttpResponse:
    """标签: to print and to stick on the device; its code leads to the device's page."""
    return render(request, "workspace/hospital/label.html", {"found": _device(request, pk)})


@needs_firm("firm.hospital")
def device_code(request: HttpRequest, pk: int) -> HttpResponse:
    """The code on the label: the address of the device's page as a QR code."""
    found = _device(request, pk)
    address = request.build_absolute_uri(reverse("firm_device", args=[found.pk]))
    code = zxingcpp.create_barcode(address, zxingcpp.BarcodeFormat.QRCode)
    return HttpResponse(code.to_svg(), content_type="image/svg+xml")


# --- a list from a file ----------------------------------------------------------------------------------


class ListForm(PageForm):
    file = forms.FileField(label="设备台账", help_text="xlsx 或 csv；列的顺序不限，样表见右")


@needs_firm("firm.hospital")
@require_http_methods(["GET", "POST"])
def device_import(request: HttpRequest) -> HttpResponse:
    """导入: the hospital's own list; the same list twice changes nothing."""
    if "sample" in request.GET:
        return _sample(request)
    form = ListForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "columns": DEVICE_COLUMNS}
    if request.method == "POST" and form.is_valid():
        job = jobs.receive(form.cleaned_data["file"], "devices", request.actor.username)
        try:
            outcome = import_devices(
                path=job.path, by=request.actor, at=clock.now(request), filename=job.filename
            )
        except Refused as refused:
            context["problems"] = list(refused.problems)
        else:
            job.say("done", rejects=outcome.rejects_file)
            context |= {"outcome": outcome, "job": job}
    status = 422 if form.errors or context.get("problems") else 200
    return render(request, "workspace/hospital/import.html", context, status=status)


@needs_firm("firm.hospital")
def device_rejects(request: HttpRequest, token: str) -> FileResponse:
    """The rows that came back, with their reasons: for whoever uploaded them."""
    job = jobs.find(token, request.actor.username)
    if job is None or not job.state.get("rejects"):
        raise Http404
    return FileResponse(Path(job.state["rejects"]).open("rb"), as_attachment=True, filename="退回的设备.xlsx")


def _sample(request: HttpRequest) -> HttpResponse:
    """样表: the headings of a list, with one row of examples."""
    party = queries.party_of(request.actor)
    own = {"统一社会信用代码": party.uscc, "主体名称": party.name}
    row = [own.get(column.heading, column.example) for column in DEVICE_COLUMNS]
    return download("设备台账样表", [column.heading for column in DEVICE_COLUMNS], [row])


# --- stock and reporters ---------------------------------------------------------------------------------


def _shelf_columns() -> list[Column]:
    return [
        Column("product", "产品名称", lambda s: s.stock.product_name, ("stock.product_name",)),
        Column("lot", "批号", lambda s: s.stock.lot, ("stock.lot",)),
        Column("serial", "序列号", lambda s: s.stock.serial),
        Column("di", "产品标识", lambda s: s.stock.di, shown=False),
        Column("registration", "注册证编号", lambda s: s.stock.registration_no, shown=False),
        Column("quantity", "数量", lambda s: s.stock.quantity, ("stock.quantity",), numeric=True),
        Column("expires", "有效期至", lambda s: s.stock.expires_on, ("stock.expires_on",)),
        Column("standing", "效期", lambda s: s.standing, tone=lambda s: STANDINGS[s.standing]),
    ]


@needs_firm("firm.hospital")
def expiry_list(request: HttpRequest) -> HttpResponse:
    """库存效期: what has expired or soon will? Expired goods are not to be used."""
    asked = request.GET
    chosen, text = asked.get("standing", ""), asked.get("q", "").strip()
    rows = queries.shelves(queries.party_of(request.actor), clock.today(request))

    def wanted(shelf: Shelf) -> bool:
        said = f"{shelf.stock.product_name} {shelf.stock.lot} {shelf.stock.di}"
        return chosen in ("", shelf.standing) and text in said

    listing = RowListing(
        request, "库存效期", _shelf_columns(), Rows(filter(wanted, rows)), "expires",
        filters=[Filter("standing", "效期", [(one, one) for one in STANDINGS], chosen)],
        search_label="搜索产品、批号", empty="没有库存",
        empty_next="验收入库、使用和植入登记后，这里按批号列出余量和有效期。",
    )  # fmt: skip
    return show(listing, "workspace/hospital/expiry.html", {"near": rules.near_expiry_days()})


class ReporterForm(PageForm):
    name = forms.CharField(label="姓名", max_length=60)
    phone = forms.CharField(label="电话", max_length=30, required=False)
    qualification = forms.CharField(label="岗位、职称", max_length=100, required=False)


@needs_firm("firm.report")
@require_http_methods(["GET", "POST"])
def reporters(request: HttpRequest) -> HttpResponse:
    """监测员: who reports adverse events for us; the office finds them in its network."""
    party = queries.party_of(request.actor)
    form = ReporterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person = actions.name_reporter(
            party=party, by=request.actor, at=clock.now(request), **form.cleaned_data
        )
        messages.success(request, f"已指定监测员：{person.name}。")
        return redirect("firm_hospital_reporters")
    context = {"form": form, "people": queries.reporters(party)}
    return render(request, "workspace/hospital/reporters.html", context, status=422 if form.errors else 200)
