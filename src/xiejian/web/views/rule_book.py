"""规则库: which rules are there, where does each stand, what changed between two dates?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from xiejian.kernel import citations, dates, deadline_rules, laws, penalty_rules, rule_book
from xiejian.kernel.problems import Problem, Refused
from xiejian.kernel.rule_book import KINDS, STATUSES, Entry
from xiejian.people import queries
from xiejian.people.models import RuleCheck
from xiejian.people.policy import Actor
from xiejian.web import clock
from xiejian.web.export import download
from xiejian.web.guard import needs
from xiejian.web.listing import PAGE_SIZE

HEADINGS = (
    "编号", "类别", "规则包", "含义", "值", "施行", "出处", "法规", "核实状态", "本单位核对",
    "核对单位", "核对人", "核对日期", "核对说明", "来源文件",
)  # fmt: skip
#: What the office's own check says of an entry, and the colour beside the word.
OWN = {"none": "未经本单位核对", "true": "本单位已核对", "doubt": "有疑义", "stale": "条目已变更，需重新核对"}
OWN_TONES = {"true": "green", "doubt": "orange", "stale": "orange"}
#: Where an entry of a kind can be tried out.
TOOLS = {"deadlines": "due", "penalties": "penalty", "numbers": "number"}


def tool(entry: Entry) -> str:
    """The address that counts with this entry; '' where nothing does."""
    counted = {"deadlines": deadline_rules.load().rules, "penalties": penalty_rules.load().rules}
    if entry.id in counted.get(entry.kind, {}):
        return f"{reverse(TOOLS[entry.kind])}?{urlencode({'rule': entry.id})}"
    return ""


def read_day(text: str, fallback: dt.date | None) -> tuple[dt.date | None, list[Problem]]:
    """A day of the form; what is none stands as a problem beside the fallback."""
    try:
        return (dates.read(text.strip()[:20]) if text.strip() else None) or fallback, []
    except Refused as refused:
        return fallback, list(refused.problems)


def _states(entry: Entry) -> str:
    return "、".join(STATUSES[status] for status in entry.statuses)


@dataclass(frozen=True)
class Line:
    """An entry as listed: the tool that counts with it, and the check of the office or of one above."""

    entry: Entry
    tool: str
    check: RuleCheck | None

    @property
    def own(self) -> str:
        """What the office's check says: a key of ``OWN``."""
        return own_state(self.entry, self.check)

    @property
    def own_label(self) -> str:
        return OWN[self.own]

    @property
    def own_tone(self) -> str:
        return OWN_TONES.get(self.own, "")


def own_state(entry: Entry, check: RuleCheck | None) -> str:
    """What a check says of the entry as it stands now."""
    if check is None:
        return "none"
    return check.outcome if check.digest == entry.digest else "stale"


def _lines(found: list[Entry], actor: Actor) -> list[Line]:
    """The entries with the nearest office's check; one query."""
    checks = queries.rule_checks(actor)
    return [Line(e, tool(e), checks[e.slug][0] if e.slug in checks else None) for e in found]


def _cells(line: Line) -> list[Any]:
    entry, check = line.entry, line.check
    named = "、".join(dict.fromkeys(law.title for law in citations.of_entry(entry)))
    who = [check.office.name, check.checker.name, check.checked_on, check.note] if check else [""] * 4
    return [
        entry.id, entry.kind_label, entry.pack, entry.meaning, entry.value, entry.dates, entry.citation,
        named, _states(entry), line.own_label, *who, entry.source,
    ]  # fmt: skip


@needs("rules.view")
def entries(request: HttpRequest) -> HttpResponse:
    """规则库: every entry of every pack, with its value, source and status."""
    asked = {key: request.GET.get(key, "").strip() for key in ("q", "kind", "status", "on", "own", "law")}
    on, wrong = read_day(asked["on"], None)
    every = rule_book.entries()
    found = rule_book.search(every, words=asked["q"], kind=asked["kind"], status=asked["status"], on=on)
    if asked["law"]:
        found = [e for e in found if asked["law"] in {law.id for law in citations.of_entry(e)}]
    lines = [line for line in _lines(found, request.actor) if asked["own"] in ("", line.own)]
    if request.GET.get("format") == "xlsx":
        return download("规则库", HEADINGS, map(_cells, lines))
    page = Paginator(lines, PAGE_SIZE).get_page(request.GET.get("page"))
    kept = {key: value for key, value in asked.items() if value}
    context = {
        "asked": asked, "page": page, "total": len(lines), "problems": wrong, "own": OWN.items(),
        "law": laws.load().laws.get(asked["law"]),
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
    first, wrong = read_day(request.GET.get("from", ""), year_start)
    second, also_wrong = read_day(request.GET.get("until", ""), today)
    kind = request.GET.get("kind", "")
    assert first is not None and second is not None
    every = rule_book.entries()
    found = [] if wrong or also_wrong else rule_book.changes(every, min(first, second), max(first, second))
    both = min(first, second), max(first, second)
    context = {
        "laws": [] if kind or wrong or also_wrong else laws.changes(laws.load().laws.values(), *both),
        "first": min(first, second).isoformat(), "second": max(first, second).isoformat(), "kind": kind,
        "changes": [change for change in found if kind in ("", change.kind)],
        "kinds": [(k, label) for k, label in KINDS.items() if any(c.kind == k for c in found)],
        "problems": [*wrong, *also_wrong],
    }  # fmt: skip
    return render(request, "web/law/rule_changes.html", context, status=422 if wrong or also_wrong else 200)
