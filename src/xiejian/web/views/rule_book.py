"""规则库: which rules are there, where does each stand, what changed between two dates?"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from xiejian.kernel import dates, deadline_rules, penalty_rules, rule_book
from xiejian.kernel.problems import Problem, Refused
from xiejian.kernel.rule_book import KINDS, STATUSES, Entry
from xiejian.web import clock
from xiejian.web.export import download
from xiejian.web.guard import needs
from xiejian.web.listing import PAGE_SIZE

HEADINGS = ("编号", "类别", "规则包", "含义", "值", "施行", "出处", "核实状态", "来源文件")
#: Where an entry of a kind can be tried out.
TOOLS = {"deadlines": "due", "penalties": "penalty"}


def _tool(entry: Entry) -> str:
    """The address that counts with this entry; '' where nothing does."""
    counted = {"deadlines": deadline_rules.load().rules, "penalties": penalty_rules.load().rules}
    if entry.id in counted.get(entry.kind, {}):
        return f"{reverse(TOOLS[entry.kind])}?{urlencode({'rule': entry.id})}"
    return ""


def _day(text: str, fallback: dt.date | None) -> tuple[dt.date | None, list[Problem]]:
    """A day of the form; what is none stands as a problem beside the fallback."""
    try:
        return (dates.read(text.strip()[:20]) if text.strip() else None) or fallback, []
    except Refused as refused:
        return fallback, list(refused.problems)


def _states(entry: Entry) -> str:
    return "、".join(STATUSES[status] for status in entry.statuses)


def _cells(entry: Entry) -> list[Any]:
    return [
        entry.id, entry.kind_label, entry.pack, entry.meaning, entry.value, entry.dates, entry.citation,
        _states(entry), entry.source,
    ]  # fmt: skip


@needs("rules.view")
def entries(request: HttpRequest) -> HttpResponse:
    """规则库: every entry of every pack, with its value, source and status."""
    asked = {key: request.GET.get(key, "").strip() for key in ("q", "kind", "status", "on")}
    on, wrong = _day(asked["on"], None)
    every = rule_book.entries()
    found = rule_book.search(every, words=asked["q"], kind=asked["kind"], status=asked["status"], on=on)
    if request.GET.get("format") == "xlsx":
        return download("规则库", HEADINGS, map(_cells, found))
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    kept = {key: value for key, value in asked.items() if value}
    context = {
        "asked": asked, "page": page, "total": len(found), "problems": wrong,
        "rows": [(entry, _tool(entry)) for entry in page],
        "kinds": [(k, label) for k, label in KINDS.items() if any(e.kind == k for e in every)],
        "statuses": STATUSES.items(), "query": urlencode(kept), "narrowed": bool(kept),
        "open": sum(e.unverified for e in every), "every": len(every),
    }  # fmt: skip
    return render(request, "web/law/rule_book.html", context, status=422 if wrong else 200)


@needs("rules.view")
def changes(request: HttpRequest) -> HttpResponse:
    """What began, ended or changed between two dates?"""
    today = clock.today(request)
    year_start = today.replace(month=1, day=1)
    first, wrong = _day(request.GET.get("from", ""), year_start)
    second, also_wrong = _day(request.GET.get("until", ""), today)
    kind = request.GET.get("kind", "")
    assert first is not None and second is not None
    every = rule_book.entries()
    found = [] if wrong or also_wrong else rule_book.changes(every, min(first, second), max(first, second))
    context = {
        "first": min(first, second).isoformat(), "second": max(first, second).isoformat(), "kind": kind,
        "changes": [change for change in found if kind in ("", change.kind)],
        "kinds": [(k, label) for k, label in KINDS.items() if any(c.kind == k for c in found)],
        "problems": [*wrong, *also_wrong],
    }  # fmt: skip
    return render(request, "web/law/rule_changes.html", context, status=422 if wrong or also_wrong else 200)
