"""追溯: where does this lot come from, who has it now, what is missing; 模拟召回; 进销存矛盾."""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from xiejian.coldchain.queries import sold_after
from xiejian.documents import trace_papers
from xiejian.documents.papers import write as write_paper
from xiejian.kernel import dates
from xiejian.kernel.problems import Refused
from xiejian.people.numbering import signing_office
from xiejian.people.policy import may
from xiejian.supply.contradictions import LABELS, ROW, Contradiction, Scope, contradictions, of_row
from xiejian.supply.flows import DELIVERY, RETURN, Edge, Node
from xiejian.supply.mock_recall import Drill, drill
from xiejian.supply.models import KINDS
from xiejian.supply.trace import MARKS, Asked, Trace, asked, lots, trace
from xiejian.supply.trace_rules import days_looked_back
from xiejian.web import clock
from xiejian.web.export import attachment, download
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, show
from xiejian.web.row_listing import RowListing, Rows
from xiejian.web.trace_graph import graph
from xiejian.web.views.people import office_choices
from xiejian.web.views.tables import DOCX

#: Rows of a table on the page; the export has all.
SHOWN = 200
WAYS = {DELIVERY: "供货", RETURN: "退货"}
RED_MARKS = ("negative", "two_expiries", "differs")
NODE_HEADINGS = (
    "单位", "统一社会信用代码", "监管机构", "生产", "购进", "销后退回", "销售", "购进退出", "使用", "植入",
    "销毁", "报损", "盘点", "现有", "标记",
)  # fmt: skip
EDGE_HEADINGS = ("发出单位", "收到单位", "类型", "发出", "收到", "差额", "首次", "最近", "笔数", "标记")
_FIELDS = ("di", "lot", "serial", "party")


def asked_day(request: HttpRequest) -> dt.date:
    """The day that the address asks for, today unless it does."""
    return dates.read(request.GET.get("on", "")) or clock.today(request)


def wanted(request: HttpRequest, on: dt.date) -> tuple[Asked, str]:
    """What the address asks to follow, and for which party. Refused: an unreadable code (SU504)."""
    given = {name: request.GET.get(name, "").strip() for name in ("udi", *_FIELDS)}
    party = given.pop("party").upper()
    return asked(given.pop("udi"), **given, on=on), party


def _query(what: Asked, party: str, on: dt.date, **more: str) -> str:
    given = {"di": what.di, "lot": what.lot, "serial": what.serial, "party": party, "on": on.isoformat()}
    return "?" + urlencode({name: value for name, value in (given | more).items() if value})


# --- one answer, for officers and for firms ----------------------------------------------------------------


def answer(request: HttpRequest) -> dict[str, Any] | HttpResponse:
    """What the page of either door shows for its address: the form, the lots of a product, or the answer.

    A response instead where a table is to be downloaded.
    """
    on, actor = asked_day(request), request.actor
    context: dict[str, Any] = {
        "asked": {name: request.GET.get(name, "") for name in ("udi", *_FIELDS)},
        "on": on,
    }
    if not any(context["asked"].values()):
        return context
    try:
        what, party = wanted(request, on)
        context["asked"] |= vars(what) | {"udi": ""}
        if what.di and not (what.lot or what.serial):
            rows = lots(actor, what.di, on)[:SHOWN]
            return context | {
                "lots": [row | {"query": _query(Asked(what.di, row["lot"]), "", on)} for row in rows],
                "di": what.di,
            }
        found = trace(actor, what, party=party, on=on)
    except Refused as refused:
        return context | {"problems": refused.problems}
    if table := request.GET.get("table"):
        return _table(found, table)
    return context | _shown(found, on)


def _shown(found: Trace, on: dt.date) -> dict[str, Any]:
    nodes = sorted(found.account.nodes.values(), key=lambda node: (node.layer, -node.on_hand, node.key))
    drawn = graph(found)
    return {
        "found": found, "account": found.account, "graph": drawn,
        "boxes": [(box, _query(found.asked, box.key, on)) for box in drawn.boxes],
        "nodes": [_node_row(found, node, on) for node in nodes[:SHOWN]], "nodes_more": len(nodes) - SHOWN,
        "edges": [_edge_row(found, edge) for edge in found.account.edges[:SHOWN]],
        "edges_more": len(found.account.edges) - SHOWN,
        "holders": len(found.holders), "gaps": found.gaps,
        "patients": len({(p.firm, p.token) for p in found.patients}),
        "query": _query(found.asked, found.party, on), "whole": _query(found.asked, "", on),
        "party_name": found.name(found.party) if found.party else "",
    }  # fmt: skip


def _marks(marks: Iterable[str]) -> list[tuple[str, str]]:
    """(word, colour) of marks."""
    return [(MARKS[mark], "red" if mark in RED_MARKS else "orange") for mark in marks if mark]


def _node_row(found: Trace, node: Node, on: dt.date) -> dict[str, Any]:
    firm = found.firms[node.key]
    return {
        "firm": firm, "node": node, "marks": _marks(found.node_marks(node)),
        "focus": _query(found.asked, firm.uscc, on) if firm.uscc else "",
        "gone": node.destroyed + node.lost,
    }  # fmt: skip


def _edge_row(found: Trace, edge: Edge) -> dict[str, Any]:
    return {
        "edge": edge, "sender": found.name(edge.sender), "receiver": found.name(edge.receiver),
        "way": WAYS[edge.way], "marks": _marks([found.edge_mark(edge)]),
    }  # fmt: skip


def _table(found: Trace, table: str) -> HttpResponse:
    """One of the two tables as a workbook, whole."""
    title = f"追溯 {found.asked.di} {found.asked.lot or found.asked.serial}"
    if table == "edges":
        rows = [
            [
                found.name(e.sender), found.name(e.receiver), WAYS[e.way], e.shipped, e.received, e.gap,
                e.first_on, e.last_on, e.rows, MARKS.get(found.edge_mark(e), ""),
            ]
            for e in found.account.edges
        ]  # fmt: skip
        return download(f"{title} 往来", EDGE_HEADINGS, rows)
    firms = [
        [
            found.firms[n.key].name, found.firms[n.key].uscc, found.firms[n.key].office, n.made, n.received,
            n.returned_in, n.shipped, n.returned_out, n.used, n.implanted, n.destroyed, n.lost, n.adjusted,
            n.on_hand, "、".join(MARKS[mark] for mark in found.node_marks(n)),
        ]
        for n in found.account.nodes.values()
    ]  # fmt: skip
    return download(f"{title} 各单位", NODE_HEADINGS, firms)


@needs("supply.view")
@csp_update({"script-src": [WASM_UNSAFE_EVAL]})  # the camera's reader is WebAssembly
def trace_lot(request: HttpRequest) -> HttpResponse:
    """追溯: where does this lot come from, who has it now, what is missing?"""
    found = answer(request)
    if isinstance(found, HttpResponse):
        return found
    return render(request, "web/trace/page.html", found, status=422 if "problems" in found else 200)


# --- the mock recall ---------------------------------------------------------------------------------------


def drilled(request: HttpRequest, on: dt.date) -> Drill:
    """The mock recall that the address asks for, timed. Refused as ``trace`` refuses."""
    started = time.perf_counter()
    what, party = wanted(request, on)
    found = trace(request.actor, what, party=party, on=on)
    return drill(request.actor, found, seconds=time.perf_counter() - started)


def as_docx(found: Drill, office_name: str, on: dt.date) -> HttpResponse:
    """The report of a mock recall as a download."""
    paper = trace_papers.mock_recall(found, office_name=office_name, on=on)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paper.docx"
        write_paper(paper, path)
        content = path.read_bytes()
    name = f"{paper.title} {found.found.asked.lot or found.found.asked.serial}.docx"
    return attachment(HttpResponse(content, content_type=DOCX), name)


def drill_context(found: Drill, on: dt.date) -> dict[str, Any]:
    """What the page of a mock recall shows, in either door."""
    query = _query(found.found.asked, found.found.party, on)
    return {
        "drill": found, "found": found.found, "account": found.found.account,
        "share": trace_papers.share(found), "holdings": found.holdings[:SHOWN],
        "more": len(found.holdings) - SHOWN, "query": query, "gaps": found.found.gaps,
    }  # fmt: skip


@needs("supply.view")
def mock_recall(request: HttpRequest) -> HttpResponse:
    """模拟召回: if this lot had to come back today, who holds how much and how is each reached?"""
    if not request.GET:  # of nothing: ask there
        return redirect("trace")
    on = asked_day(request)
    found = drilled(request, on)
    if request.GET.get("format") == "docx":
        return as_docx(found, signing_office(request.actor.office_code), on)
    traced = found.found
    start = {
        "di": traced.asked.di, "lot": traced.asked.lot, "product": traced.product_name,
        "registration": traced.registration_no,
    }  # fmt: skip
    more = {"recall": f"?{urlencode(start)}", "may_recall": bool(may(request.actor, "vigilance.review"))}
    return render(request, "web/trace/mock_recall.html", drill_context(found, on) | more)


# --- contradictions ----------------------------------------------------------------------------------------


def contradiction_columns(trace_page: str, *, visits: bool = False, record_page: str = "") -> list[Column]:
    """The columns of a list of contradictions; ``visits``: with the step to a visit.

    ``trace_page`` and ``record_page`` are the names of the pages of a lot and of a movement.
    """

    def lot(one: Contradiction) -> str:
        given = {"di": one.di, "lot": one.lot, "serial": "" if one.lot else one.serial}
        return f"{reverse(trace_page)}?{urlencode(given)}" if one.lot or one.serial else ""

    def record(one: Contradiction) -> str:
        return reverse(record_page, args=[one.rows[0]]) if record_page else ""

    def visit(one: Contradiction) -> str:
        given = {"party": one.party, "kind": "有因检查", "from": "movement", "record": one.rows[0]}
        return f"{reverse('visit_new')}?{urlencode(given)}" if one.party else ""

    def party(one: Contradiction) -> str:
        return reverse("party", args=[one.party]) if one.party and visits else ""

    columns = [
        Column("on", "日期", lambda c: c.on, ("on",)),
        Column("kind", "矛盾", lambda c: c.label, ("label",), tone=lambda c: "red" if c.grave else "orange"),
        Column("firm", "单位", lambda c: c.firm_name, ("firm_name",), href=party),
        Column("product", "产品", lambda c: c.product_name, ("product_name",)),
        Column("lot", "批号", lambda c: c.lot or c.serial, ("lot",), href=lot),
        Column("quantity", "数量", lambda c: c.quantity or None, ("quantity",), numeric=True),
        Column("text", "说明", lambda c: c.text),
        Column("partner", "往来单位", lambda c: c.partner_name, ("partner_name",)),
        Column("records", "记录编号", lambda c: "、".join(c.records), shown=bool(record_page), href=record),
        Column("di", "产品标识", lambda c: c.di, ("di",), shown=False),
    ]  # fmt: skip
    if visits:
        columns.append(Column("visit", "办理", lambda c: "安排有因检查" if c.party else "", href=visit))
    return columns


def _after_a_gap(scope: Scope, most: int) -> list[Contradiction]:
    """Handed on although the lot had lain in an excursion that nobody had released."""
    rows = sold_after(scope.actor).filter(pk__in=scope.lately().values("pk")).order_by("-on", "pk")
    return [
        of_row("cold_chain", row, f"此前冷链记录超出范围或者中断，{row['on']} {KINDS[row['kind']]}")
        for row in rows.values(*ROW)[:most]
    ]


def contradiction_listing(
    request: HttpRequest, columns: list[Column], filters: Iterable[Filter] = ()
) -> tuple[RowListing, list[str]]:
    """The list that the address asks for, and the kinds of which it cannot show all."""
    given, on = request.GET, clock.today(request)
    since = dates.read(given.get("since", "")) or on - dt.timedelta(days_looked_back())
    scope = Scope(
        request.actor,
        since,
        on,
        di=given.get("di", ""),
        lot=given.get("lot", ""),
        office=given.get("office", ""),
    )
    kind = given.get("kind", "")
    found = contradictions(scope, [kind] if kind in LABELS else LABELS, {"cold_chain": _after_a_gap})
    text = given.get("q", "").strip()
    rows = [one for one in found.rows if text in f"{one.firm_name} {one.product_name} {one.lot} {one.di}"]
    listing = RowListing(
        request, "进销存矛盾", columns, Rows(rows), "-on",
        filters=[Filter("kind", "矛盾", list(LABELS.items()), kind), *filters],
        search_label="搜索单位、产品、批号", empty="没有发现矛盾",
        empty_next=f"查看的是 {since} 至 {on} 的进销存记录。",
        hidden=[(name, given[name]) for name in ("di", "lot", "since") if given.get(name)],
    )  # fmt: skip
    return listing, [LABELS[name] for name in found.cut]


@needs("supply.view")
def contradiction_list(request: HttpRequest) -> HttpResponse:
    """进销存矛盾: what did firms record that cannot be so?"""
    offices = Filter("office", "监管机构", office_choices(request.actor), request.GET.get("office", ""))
    visits = bool(may(request.actor, "inspections.visit"))
    listing, cut = contradiction_listing(
        request, contradiction_columns("trace", visits=visits, record_page="supply_movement"), [offices]
    )
    return show(listing, "web/trace/contradictions.html", {"cut": cut, "days": days_looked_back()})
