"""The office's side of the phones: which there are, what they handed in that waits, where two differ."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.kernel.problems import Problem, Refused
from xiejian.offline import actions, files, handlers, queries
from xiejian.offline.models import Conflict, FieldEvent
from xiejian.people.policy import may
from xiejian.web import clock
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import SIGNED_IN, needs
from xiejian.web.listing import Column, Filter, Listing, show

TONES = {
    "applied": "green", "same": "green", "waiting": "blue", "refused": "red", "conflict": "orange",
    "set_aside": "secondary",
}  # fmt: skip


# ── phones ────────────────────────────────────────────────────────────────────────────────────────
@needs(SIGNED_IN)
def device_list(request: HttpRequest) -> HttpResponse:
    """现场设备: which phones may sync, and when did each last do so?"""
    asked = request.GET
    columns = [
        Column("name", "设备", lambda d: d.name, ("name",), href=lambda d: reverse("device", args=[d.pk])),
        Column("officer", "使用人", lambda d: d.officer.name, ("officer__name",)),
        Column("office", "机构", lambda d: d.officer.office.short_name or d.officer.office.name),
        Column("registered", "登记时间", lambda d: d.registered_at.astimezone(), ("registered_at",)),
        Column(
            "sync", "最近同步", lambda d: d.last_sync_at and d.last_sync_at.astimezone(), ("last_sync_at",),
            nullable=True,
        ),
        Column("held", "待处理", lambda d: d.held or "", ("held",), numeric=True),
        Column(
            "state", "状态", lambda d: "停用" if d.revoked_at else "在用",
            tone=lambda d: "secondary" if d.revoked_at else "green",
        ),
    ]  # fmt: skip
    state = asked.get("state", "")
    listing = Listing(
        request, "现场设备", columns,
        queries.devices(request.actor, search=asked.get("q", ""), state=state), "-registered",
        filters=[Filter("state", "状态", [("in_use", "在用"), ("revoked", "停用")], state)],
        search_label="搜索设备、使用人", empty="还没有登记过设备",
        empty_next="检查员在手机上打开“现场”页面，登记后即可离线检查。",
    )  # fmt: skip
    return show(listing, "field/device_list.html")


class RevokeForm(PageForm):
    reason = forms.CharField(label="停用原因", max_length=200, help_text="例如：遗失、换机、调离")


@needs(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def device(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """一台设备: whose it is, what came from it; revoked here."""
    found = get_object_or_404(queries.devices(request.actor), pk=pk)
    form, wrong = RevokeForm(request.POST or None), []
    if request.method == "POST" and form.is_valid():
        try:
            actions.revoke_device(
                device=found, reason=form.cleaned_data["reason"], by=request.actor, at=clock.now(request)
            )
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, "已停用：这台设备不能再同步，下次联网时清除本机资料。")
            return redirect("device", pk=pk)
    own = found.officer.username == request.actor.username
    context = {
        "device": found,
        "form": form,
        "problems": wrong,
        "may_revoke": found.revoked_at is None
        and (own or bool(may(request.actor, "people.manage", found.office_code))),
        "events": [
            (e, queries.kind_label(e), FieldEvent.OUTCOMES[e.outcome], TONES[e.outcome])
            for e in _latest(request, found.pk)
        ],
    }
    return render(request, "field/device.html", context, status=422 if wrong or form.errors else 200)


def _latest(request: HttpRequest, pk: uuid.UUID) -> list[FieldEvent]:
    """The newest events of a phone that the officer may see."""
    if not may(request.actor, "inspections.view"):
        return []
    return list(queries.events(request.actor).filter(device=pk).order_by("-received_at", "-sequence")[:20])


# ── what was handed in ────────────────────────────────────────────────────────────────────────────
TABS = (("", "待处理"), ("all", "全部"))


@needs("inspections.view")
def received(request: HttpRequest) -> HttpResponse:
    """现场数据: what did phones hand in that could not be recorded, and why?"""
    asked, actor = request.GET, request.actor
    tab = "all" if asked.get("tab") == "all" else ""
    kind = asked.get("kind", "")
    columns = [
        Column(
            "at", "收到", lambda e: e.received_at.astimezone(), ("received_at", "visit_key", "sequence"),
            href=lambda e: reverse("received_event", args=[e.pk]),
        ),
        Column("party", "单位", _party, ("visit__party__name",)),
        Column("visit", "检查", lambda e: e.visit.number if e.visit else "", ("visit__number",)),
        Column("kind", "内容", queries.kind_label, ("kind",)),
        Column("outcome", "结果", lambda e: FieldEvent.OUTCOMES[e.outcome], ("outcome",), tone=_tone),
        Column("why", "问题", lambda e: "；".join(p["message"] for p in e.problems)),
        Column("by", "检查员", lambda e: e.device.officer.name, ("device__officer__name",)),
        Column("captured", "现场时间", lambda e: e.captured_at.astimezone(), ("captured_at",), shown=False),
    ]  # fmt: skip
    rows = queries.events(actor, undecided=not tab, search=asked.get("q", ""), kind=kind)
    listing = Listing(
        request, "现场数据", columns, rows, "-at",
        filters=[Filter("kind", "内容", list(handlers.LABELS.items()), kind)],
        search_label="搜索单位、检查编号、检查员",
        empty="没有待处理的现场数据" if not tab else "还没有收到现场数据",
        empty_next="手机同步上来的内容已全部记入。" if not tab else "", hidden=[("tab", tab)],
    )  # fmt: skip
    more = {"tab": tab, "tabs": TABS, "open_conflicts": queries.conflicts(actor).count()}
    return show(listing, "field/received.html", more)


def _party(event: FieldEvent) -> str:
    return event.visit.party.name if event.visit else "（未找到检查）"


def _tone(event: FieldEvent) -> str:
    return TONES[event.outcome]


class RecordForm(PageForm):
    on = forms.DateField(label="检查日期", required=False, widget=DateInput())
    reason = forms.CharField(label="理由", max_length=200)


class ReasonForm(PageForm):
    reason = forms.CharField(label="理由", max_length=200)


@needs("inspections.view")
@require_http_methods(["GET", "POST"])
def received_event(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """一条现场数据: what it says, why it was held back, what becomes of it."""
    event = get_object_or_404(queries.events(request.actor), pk=pk)
    doing = request.POST.get("do", "")
    record = RecordForm(request.POST if doing == "record" else None, initial=_reckoned(event), prefix="r")
    aside = ReasonForm(request.POST if doing == "set_aside" else None, prefix="a")
    wrong: list[Problem] = []
    form = {"record": record, "set_aside": aside}.get(doing)
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            done = _decide(request, event, doing, form.cleaned_data)
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            if done.outcome == "refused":
                messages.warning(request, "仍然不能记入，原因见下。")
            else:
                messages.success(request, f"已处理：{FieldEvent.OUTCOMES[done.outcome]}。")
            return redirect("received_event", pk=pk)
    editable = event.outcome in queries.UNDECIDED and may(
        request.actor, "inspections.visit", event.office_code
    )
    digest = str(event.payload.get("sha256") or "")
    personal = bool(may(request.actor, "registry.personal", event.office_code))
    context = {
        "event": event, "label": queries.kind_label(event), "lines": queries.lines(event, personal),
        "outcome": (FieldEvent.OUTCOMES[event.outcome], TONES[event.outcome]),
        "held": [Problem(**p) for p in event.problems], "record": record, "aside": aside,
        "editable": bool(editable), "problems": wrong, "dated": "on" in event.payload,
        "staged": bool(digest and files.arrived(event.device, digest)),
    }  # fmt: skip
    status = 422 if wrong or (form is not None and form.errors) else 200
    return render(request, "field/received_event.html", context, status=status)


def _reckoned(event: FieldEvent) -> dict[str, Any]:
    return {"on": handlers.reckoned_day(event)} if "on" in event.payload else {}


def _decide(request: HttpRequest, event: FieldEvent, doing: str, given: dict[str, Any]) -> FieldEvent:
    facts = {"event": event, "reason": given["reason"], "by": request.actor, "at": clock.now(request)}
    if doing == "set_aside":
        return actions.set_aside_event(**facts)
    on = given.get("on") if "on" in event.payload else None
    return actions.record_event(**facts, on=on)


@needs("inspections.view")
def received_file(request: HttpRequest, pk: uuid.UUID) -> HttpResponse | FileResponse:
    """The file of an event that is not recorded yet, as it came."""
    event = get_object_or_404(queries.events(request.actor), pk=pk)
    path = files.arrived(event.device, str(event.payload.get("sha256") or ""))
    if path is None:
        raise Http404
    name = str(event.payload.get("name") or event.pk)
    answer = FileResponse(path.open("rb"), as_attachment=True, filename=name)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


# ── conflicts ─────────────────────────────────────────────────────────────────────────────────────
@needs("inspections.view")
@require_http_methods(["GET", "POST"])
def conflict_list(request: HttpRequest) -> HttpResponse:
    """冲突处理: which fields did two people fill differently, and which version counts?"""
    wrong: list[Problem] = []
    if request.method == "POST":
        found = get_object_or_404(queries.conflicts(request.actor), pk=request.POST.get("conflict") or 0)
        try:
            actions.decide_conflict(
                conflict=found, take=request.POST.get("do") == "take",
                reason=request.POST.get("reason", ""), by=request.actor, at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, "已决定；另一个版本仍可在“现场数据”中查看。")
            return redirect("conflict_list")
    rows = list(queries.conflicts(request.actor)[:200])
    decided = list(queries.conflicts(request.actor, is_open=False).order_by("-decided_at", "-pk")[:20])
    labels = queries.field_labels(rows + decided)
    context = {
        "visits": _by_visit(request, rows, labels),
        "decided": [(c, labels[c.pk], Conflict.STATES[c.state]) for c in decided],
        "problems": wrong,
        "again": request.POST.get("conflict", ""),
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "field/conflicts.html", context, status=422 if wrong else 200)


def _by_visit(
    request: HttpRequest, rows: list[Conflict], labels: dict[int, str]
) -> list[tuple[Any, list[dict[str, Any]]]]:
    """Each visit with its differing fields, both versions in words."""
    found: dict[int, tuple[Any, list[dict[str, Any]]]] = {}
    for row in rows:
        fields = found.setdefault(row.visit_id, (row.visit, []))[1]
        fields.append(
            {
                "conflict": row,
                "label": labels[row.pk],
                "known": queries.said(row.known),
                "stored": queries.said(row.stored),
                "given": queries.said(row.given),
                "editable": bool(may(request.actor, "inspections.visit", row.office_code)),
            }
        )
    return list(found.values())
