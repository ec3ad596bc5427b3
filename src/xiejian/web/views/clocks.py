"""时限: which clocks run, what a newly published holiday calendar does to them, why a date is what it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.clocks import actions, counting, queries
from xiejian.clocks.models import Clock
from xiejian.clocks.queries import Standing
from xiejian.kernel import workdays
from xiejian.kernel.deadlines import Due
from xiejian.people.policy import visible
from xiejian.web import clock
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.views.people import office_choices

#: Which page shows the record of a clock: its subject → the URL name that takes the record's id.
PAGES = {
    "correction": "correction", "case": "case", "sample": "sample", "lead": "lead", "risk_item": "risk_item",
    "liaison": "liaison", "firmnotice": "notice", "statusreport": "status_report",
    "selfinspection": "self_inspection",
    "publication": "publication", "repair": "publication_repair", "handover": "handover",
    "proceeding": "proceeding", "measure": "measure", "monitoringlist": "monitoring_list",
    "assistancerequest": "assistance_request", "credit_grade": "credit_grade",
    "credit_list_entry": "credit_entry", "adverseevent": "event", "recall": "recall",
}  # fmt: skip
KINDS = {"late": "已超期", "soon": "近期到期", "provisional": "暂定"}
#: moves shown before they are applied; the rest is counted
SHOWN = 200


def record_page(found: Clock) -> str:
    """The address of the record that a clock belongs to; '' where it has no page."""
    name = PAGES.get(found.subject, "")
    return reverse(name, args=[found.record]) if name else ""


def shown(found: Iterable[Clock], at: dt.datetime) -> list[tuple[Clock, Standing]]:
    """Clocks with how they stand, for ``web/parts/clocks.html``."""
    return [(one, queries.standing(one, at)) for one in found]


def _columns(request: HttpRequest) -> list[Column]:
    at = clock.now(request)
    return [
        Column("title", "事项", lambda c: c.title, ("title",), href=record_page),
        Column("label", "时限", lambda c: c.label, ("label",)),
        Column("start", "起算日", lambda c: c.starts_on, ("starts_on",)),
        Column("strict", "期限届满日", lambda c: c.due_strict, ("due_strict",), nullable=True, shown=False),
        Column("due", "到期日", lambda c: c.due_legal, ("due_legal",), nullable=True),
        Column(
            "standing", "还剩", lambda c: queries.standing(c, at).text,
            tone=lambda c: queries.standing(c, at).tone, why=lambda c: reverse("clock_why", args=[c.pk]),
        ),
        Column("rule", "规则", lambda c: c.applied, ("applied",)),
        Column("office", "机构代码", lambda c: c.office_code, ("office_code",), shown=False),
    ]  # fmt: skip


@needs("clocks.recompute")
def clock_list(request: HttpRequest) -> HttpResponse:
    """计时中的时限: what runs out next, whichever room it belongs to?"""
    asked = request.GET
    rows = queries.running_of_kind(
        request.actor, clock.today(request), search=asked.get("q", ""), kind=asked.get("kind", ""),
        office=asked.get("office", ""),
    )  # fmt: skip
    listing = Listing(
        request, "计时中的时限", _columns(request), rows, "due",
        filters=[
            Filter("kind", "状态", list(KINDS.items()), asked.get("kind", "")),
            Filter("office", "机构", office_choices(request.actor), asked.get("office", "")),
        ],
        search_label="搜索事项、时限、规则", empty="没有正在计时的时限",
        empty_next="抽检、整改、案件等办理到有法定时限的环节时，系统自动计时。",
    )  # fmt: skip
    return show(listing, "web/clocks/list.html", {"tab": "running"})


@needs("clocks.recompute")
@require_http_methods(["GET", "POST"])
def recompute(request: HttpRequest) -> HttpResponse:
    """时限重算: what does the holiday calendar in force change, before and after it is applied?"""
    if request.method == "POST":
        moved = actions.recompute_clocks(by=request.actor, at=clock.now(request))
        messages.success(request, f"已重算，{len(moved)} 条时限有变化，逐条记入审计")
        return redirect("clock_recompute")
    calendar = workdays.standing()
    stale = queries.stale(request.actor)
    moves = queries.moves(stale)
    context = {
        "tab": "recompute",
        "moves": [(move, record_page(move.clock)) for move in moves[:SHOWN]],
        "moved": len(moves),
        "left_out": max(0, len(moves) - SHOWN),
        "stale": stale.count(),
        "running": queries.running(request.actor).count(),
        "provisional": queries.running(request.actor).filter(provisional=True).count(),
        "newest_year": max(calendar.years),
    }
    return render(request, "web/clocks/recompute.html", context)


def _spans(found: Due) -> list[tuple[str, str]]:
    """The days that did not count, neighbours of one reason as one line."""
    spans: list[tuple[dt.date, dt.date, str]] = []
    for skipped in found.trail:
        if spans and spans[-1][2] == skipped.why and (skipped.day - spans[-1][1]).days == 1:
            spans[-1] = (spans[-1][0], skipped.day, skipped.why)
        else:
            spans.append((skipped.day, skipped.day, skipped.why))
    return [(f"{first}" if first == last else f"{first} 至 {last}", why) for first, last, why in spans]


@needs("inspections.view")
def clock_why(request: HttpRequest, pk: int) -> HttpResponse:
    """Why a clock ends when it does: the rule, the start, every day that did not count."""
    found = get_object_or_404(visible(Clock.objects.all(), request.actor), pk=pk)
    due = None if found.agreed else counting.due(found)
    context = {
        "clock": found, "due": due, "standing": queries.standing(found, clock.now(request)),
        "skipped": _spans(due) if due else [], "made_up": due.made_up if due else (),
    }  # fmt: skip
    whole = "web/clocks/why_page.html"
    return render(request, "web/clocks/why.html" if request.htmx else whole, context)
