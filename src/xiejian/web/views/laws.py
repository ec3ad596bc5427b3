"""法规库: which laws are there, which are in force, what replaced what, who has read them?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from xiejian.kernel import citations, laws, rule_book
from xiejian.kernel.laws import LEVELS, STATES, Law
from xiejian.kernel.problems import Refused
from xiejian.kernel.rule_book import Entry
from xiejian.people import actions, queries
from xiejian.people.models import Office, ReadReceipt
from xiejian.people.policy import Actor, may, visible
from xiejian.people.queries import Reading
from xiejian.web import clock
from xiejian.web.export import download
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, show
from xiejian.web.row_listing import RowListing, Rows
from xiejian.web.views.rule_book import read_day

#: Colour of a state; the word stands beside it.
TONES = {"current": "green", "coming": "azure", "repealed": "secondary", "undated": ""}
SHOWN = 30  # rules on a law's page; the rest is one click away


@dataclass(frozen=True)
class LawRow:
    """One law as listed: its state on the day, the rules that cite it, the own receipt."""

    law: Law
    state: str
    rules: int
    receipt: ReadReceipt | None

    @property
    def state_label(self) -> str:
        return STATES[self.state]


def _rows(actor: Actor, on: dt.date) -> list[LawRow]:
    every = laws.load().laws.values()
    own = queries.receipts(actor, every)
    citing = citations.by_law(rule_book.entries())
    return [LawRow(law, law.state(on), len(citing.get(law.id, ())), own.get(law.id)) for law in every]


def _narrowed(rows: Iterable[LawRow], asked: dict[str, str]) -> Rows:
    words = asked["q"].casefold().split()
    return Rows(
        row
        for row in rows
        if asked["state"] in ("", row.state)
        and asked["level"] in ("", row.law.level)
        and asked["subject"] in ("", row.law.subject)
        and all(word in _text(row.law) for word in words)
    )


def _text(law: Law) -> str:
    return "\n".join((law.id, law.title, law.number, law.issuer, law.note, *law.cited_as)).casefold()


def _status(law: Law) -> str:
    return "未核实" if law.unverified else "已核实"


COLUMNS = [
    Column(
        "title", "名称", lambda r: r.law.title, ("law.title",), href=lambda r: reverse("law", args=[r.law.id])
    ),
    Column("number", "文号", lambda r: r.law.number, ("law.number",)),
    Column("level", "层级", lambda r: r.law.level_label),
    Column("subject", "领域", lambda r: r.law.subject, ("law.subject",)),
    Column("issuer", "发布机关", lambda r: r.law.issuer, ("law.issuer",), shown=False),
    Column("promulgated", "公布", lambda r: r.law.promulgated_on, ("law.promulgated_on",), shown=False),
    Column("from", "施行", lambda r: r.law.from_on, ("law.from_on",)),
    Column("until", "施行至", lambda r: r.law.until_on, ("law.until_on",)),
    Column("state", "状态", lambda r: r.state_label, tone=lambda r: TONES[r.state]),
    Column("rules", "引用的规则", lambda r: r.rules, ("rules",), numeric=True),
    Column("read", "我已阅读", lambda r: r.receipt is not None),
    Column(
        "status", "核实状态", lambda r: _status(r.law), tone=lambda r: "orange" if r.law.unverified else ""
    ),
]


@needs("rules.view")
def law_list(request: HttpRequest) -> HttpResponse:
    """法规库: which documents do the rules rest on, and which are in force on a day?"""
    asked = {key: request.GET.get(key, "").strip() for key in ("q", "state", "level", "subject", "on")}
    on, wrong = read_day(asked["on"], clock.today(request))
    assert on is not None
    rows = _rows(request.actor, on)
    subjects = list(dict.fromkeys(row.law.subject for row in rows))
    listing = RowListing(
        request, "法规库", COLUMNS, _narrowed(rows, asked), "-from",  # type: ignore[arg-type]
        filters=[
            Filter("state", "状态", list(STATES.items()), asked["state"]),
            Filter("level", "层级", list(LEVELS.items()), asked["level"]),
            Filter("subject", "领域", [(s, s) for s in subjects], asked["subject"]),
        ],
        search_label="搜索名称、文号、简称",
        empty="没有符合条件的法规",
        hidden=[("on", asked["on"])] if asked["on"] and not wrong else [],
    )  # fmt: skip
    context = {
        "on": on, "problems": wrong, "every": len(rows), "unverified": sum(r.law.unverified for r in rows),
        "to_read": queries.unread(request.actor, laws.load().to_read(clock.today(request))),
        "may_readings": may(request.actor, "rules.readings"),
    }  # fmt: skip
    answer = show(listing, "web/law/laws.html", context)
    answer.status_code = 422 if wrong else answer.status_code
    return answer


def _found(law_id: str) -> Law:
    try:
        return laws.law(law_id)
    except Refused as refused:
        raise Http404(str(refused)) from refused


@needs("rules.view")
def law(request: HttpRequest, law_id: str) -> HttpResponse:
    """One law: its dates, what replaced what, the rules that cite it, who has read it."""
    found, actor, on = _found(law_id), request.actor, clock.today(request)
    reading = queries.reading(actor, [found])[0] if may(actor, "rules.readings") else None
    if request.GET.get("format") == "xlsx" and reading:
        return download(f"阅读情况-{found.title}", READERS, map(_reader_cells, reading.readers))
    citing = citations.by_law(rule_book.entries()).get(found.id, [])
    rules = [(entry, _ends(entry, found)) for entry in citing]
    rules.sort(key=lambda pair: not pair[1])
    context = {
        "law": found, "state": STATES[found.state(on)], "tone": TONES[found.state(on)], "on": on,
        "chain": [(one, STATES[one.state(on)], TONES[one.state(on)]) for one in laws.load().chain(found)],
        "rules": rules[:SHOWN], "total": len(rules), "outlived": sum(ends for _, ends in rules),
        "receipt": queries.receipts(actor, [found]).get(found.id), "reading": reading,
        "may_acknowledge": may(actor, "rules.acknowledge"),
        "replaces": [laws.law(name) for name in found.replaces],
        "replaced_by": [laws.law(name) for name in found.replaced_by],
    }  # fmt: skip
    return render(request, "web/law/law.html", context)


def _ends(entry: Entry, law: Law) -> bool:
    """Whether the law ends before the rule that rests on it."""
    return law in citations.outlived(entry)


@needs("rules.acknowledge")
@require_POST
def law_read(request: HttpRequest, law_id: str) -> HttpResponse:
    """签收: I have read this law."""
    found = _found(law_id)
    actions.acknowledge_law(law=found, by=request.actor, at=clock.now(request))
    messages.success(request, f"已签收：{found.title}")
    return redirect("law", law_id=found.id)


# --- 阅读情况 ---

READERS = ("机构", "姓名", "阅读", "签收时间")


def _reader_cells(reader: queries.Reader) -> list[Any]:
    at = timezone.localtime(reader.receipt.read_at).strftime("%Y-%m-%d %H:%M") if reader.receipt else ""
    state = "已读" if reader.current else "读过修改前的文本" if reader.receipt else "未读"
    return [reader.officer.office.name, reader.officer.name, state, at]


READING_COLUMNS = [
    Column(
        "title", "法规", lambda r: r.law.title, ("law.title",), href=lambda r: reverse("law", args=[r.law.id])
    ),
    Column("number", "文号", lambda r: r.law.number, ("law.number",), shown=False),
    Column("from", "施行", lambda r: r.law.from_on, ("law.from_on",)),
    Column("amended", "最近修改", lambda r: r.law.last_amended_on, ("law.last_amended_on",)),
    Column("readers", "应读", lambda r: len(r.readers), numeric=True),
    Column("read", "已读", lambda r: r.read, ("read",), numeric=True),
    Column("share", "已读比例", lambda r: _percent(r.share), ("share",), numeric=True),
    Column("unread", "未读人员", lambda r: "、".join(person.name for person in r.unread)),
]


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.0%}"


@needs("rules.readings")
def readings(request: HttpRequest) -> HttpResponse:
    """阅读情况: who of the office has not yet read what is new?"""
    actor, on = request.actor, clock.today(request)
    tab, office, search = (request.GET.get(key, "") for key in ("tab", "office", "q"))
    library = laws.load()
    wanted = (
        [law for law in library.laws.values() if law.known_on(on)] if tab == "all" else library.to_read(on)
    )
    found: list[Reading] = queries.reading(
        actor, [law for law in wanted if search.casefold().strip() in _text(law)], office
    )
    offices = visible(Office.objects.all(), actor, "code").values_list("code", "name")
    listing = RowListing(
        request, "法规阅读情况", READING_COLUMNS, Rows(found), "-from",  # type: ignore[arg-type]
        filters=[Filter("office", "机构", list(offices), office)],
        search_label="搜索名称、文号",
        empty="没有需要阅读的法规",
        empty_next="施行或者修改前后的法规会列在这里；“全部法规”中可查其他法规的签收。",
        hidden=[("tab", tab)] if tab else [],
    )  # fmt: skip
    context = {"tab": tab, "reading": library.reading}
    return show(listing, "web/law/readings.html", context)
