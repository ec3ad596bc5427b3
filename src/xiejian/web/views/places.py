"""机构坐标: where offices and towns lie, so that schedules reckon with real ways."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import may
from xiejian.planning import place_actions as actions
from xiejian.planning import schedule_queries as queries
from xiejian.planning.models import MapPlace
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Listing, show


def _address(row: MapPlace) -> str:
    return reverse("place", args=[row.code])


COLUMNS = [
    Column("name", "机构、乡镇", lambda p: p.name, ("name",), href=_address),
    Column("code", "代码", lambda p: p.code, ("code",)),
    Column("longitude", "经度", lambda p: p.longitude, ("longitude",), numeric=True),
    Column("latitude", "纬度", lambda p: p.latitude, ("latitude",), numeric=True),
    Column("source", "来源", lambda p: p.source, ("source",)),
    Column("set_at", "登记时间", lambda p: p.set_at, ("set_at",)),
    Column("by", "登记人", lambda p: p.by_name, ("by_name",)),
]


@needs("planning.places")
def place_list(request: HttpRequest) -> HttpResponse:
    """机构坐标: which places are known, and which are still missing?"""
    rows = queries.places(request.actor, request.GET.get("q", ""))
    listing = Listing(
        request, "机构坐标", COLUMNS, rows, "code", search_label="搜索名称、代码", empty="还没有坐标",
        empty_next="点下面的名称填写；没有坐标的按行政区划估算路途。",
    )  # fmt: skip
    return show(listing, "web/schedule/places.html", {"missing": queries.unplaced(request.actor)})


class PlaceForm(PageForm):
    longitude = forms.FloatField(label="经度（度）", help_text="例如 120.65；东经，地图上点选后抄录")
    latitude = forms.FloatField(label="纬度（度）", help_text="例如 42.85")
    source = forms.CharField(
        label="来源", max_length=100, required=False, help_text="例如：单位大门定位、地图点选"
    )


@needs("planning.places")
@require_http_methods(["GET", "POST"])
def place(request: HttpRequest, code: str) -> HttpResponse:
    """一处坐标: where does it lie?"""
    if not may(request.actor, "planning.places", code):
        raise Http404
    known = queries.places(request.actor).filter(code=code).first()
    if request.POST.get("do") == "remove":
        row = get_object_or_404(queries.places(request.actor), code=code)
        reason = request.POST.get("reason", "")
        actions.remove_place(place=row, reason=reason, by=request.actor, at=clock.now(request))
        messages.success(request, f"已删除{row.name}的坐标，路途按行政区划估算。")
        return redirect("place_list")
    initial = {name: getattr(known, name) for name in ("longitude", "latitude", "source")} if known else {}
    form = PlaceForm(request.POST or None, initial=initial)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.set_place(code=code, by=request.actor, at=clock.now(request), **form.cleaned_data)
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已登记{made.name}的坐标，以后的排班按它估算路途。")
            return redirect("place_list")
    context = {
        "form": form, "problems": wrong, "known": known, "code": code,
        "name": queries.place_name(request.actor, code),
    }  # fmt: skip
    return render(request, "web/schedule/place.html", context, status=422 if form.is_bound else 200)
