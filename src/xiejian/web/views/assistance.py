"""协查: which requests run out or wait for an answer, one request with its letters and steps."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.assistance import actions, queries
from xiejian.assistance.actions import IN, OUT, Letter
from xiejian.assistance.models import AssistanceRequest
from xiejian.clocks.queries import clocks_of
from xiejian.documents import assistance_papers
from xiejian.documents.papers import write as write_paper
from xiejian.inspections.origins import Origin
from xiejian.kernel.problems import Problem, Refused
from xiejian.online import queries as online
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor, may, require
from xiejian.registry.models import Party
from xiejian.sampling.queries import party_named
from xiejian.web import clock, origins
from xiejian.web.assistance_steps import STEPS, TONES, allowed
from xiejian.web.export import attachment
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import shown, take
from xiejian.web.views.clocks import shown as clocks_shown
from xiejian.web.views.corrections import clock_words
from xiejian.web.views.people import office_choices
from xiejian.web.views.tables import DOCX

TABS = (("in", "收到"), ("out", "发出"), ("due", "到期"), ("all", "全部"))
DIRECTIONS = {"in": IN, "out": OUT}
#: what is usually asked about an offer; the officer changes it
ASKED_OF_OFFERS = (
    "一、核实店铺的实际经营单位及其许可、备案情况；",
    "二、核实该产品的来源、销售数量和金额；",
    "三、提供相关证据材料。",
)
SOON = 7  # days ahead that the tab 到期 shows


def _columns(on: dt.date) -> list[Column]:
    def due(row: AssistanceRequest) -> tuple[str, str]:
        return clock_words(row.due, on) if row.state in queries.OPEN else ("", "")

    return [
        Column(
            "number", "编号", lambda r: r.number, ("number",),
            href=lambda r: reverse("assistance_request", args=[r.pk]),
        ),
        Column("direction", "方向", lambda r: r.direction, ("direction",)),
        Column("office", "对方机关", lambda r: r.other_office, ("other_office",)),
        Column("subject", "事由", lambda r: r.subject, ("subject",)),
        Column("party", "涉及单位", lambda r: r.party_named, ("party_named",)),
        Column("other_no", "对方文号", lambda r: r.other_no, shown=False),
        Column("on", "日期", lambda r: r.dated_on, ("dated_on",)),
        Column("handler", "办理人", lambda r: r.handler.name if r.handler else "", shown=False),
        Column("due", "期限", lambda r: due(r)[0], ("due",), nullable=True, tone=lambda r: due(r)[1]),
        Column("replied", "答复日期", lambda r: r.replied_on, ("replied_on",), nullable=True, shown=False),
        Column("state", "状态", queries.state_label, ("state",), tone=lambda r: TONES[r.state]),
    ]  # fmt: skip


def _rows(request: HttpRequest, tab: str, on: dt.date) -> QuerySet[AssistanceRequest]:
    asked = request.GET
    rows = queries.requests(
        request.actor, search=asked.get("q", ""), state=asked.get("state", ""),
        office=asked.get("office", ""), direction=DIRECTIONS.get(tab, ""),
    )  # fmt: skip
    due = queries.due_requests(request.actor, on, SOON).values("pk")
    return rows.filter(pk__in=due) if tab == "due" else rows


@needs("assistance.view")
def assistance_list(request: HttpRequest) -> HttpResponse:
    """协查: what came, what did we ask, what is due?"""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    tab = asked.get("tab") or ("all" if asked.get("q") else "in")
    states = {k: v for table in actions.WORKFLOWS.values() for k, v in table.states.items()}
    listing = Listing(
        request, "协查", _columns(on), _rows(request, tab, on), "-on",
        filters=[
            Filter("state", "状态", list(states.items()), asked.get("state", "")),
            Filter("office", "办理机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索编号、文号、机关、单位、事由", empty="没有协查",
        empty_next="外单位来函点“登记来函”，需要外单位协助的点“发协查函”。", hidden=[("tab", tab)],
    )  # fmt: skip
    more = {
        "tab": tab, "tabs": TABS, "counts": queries.counts(actor, on),
        "may_handle": bool(may(actor, "assistance.handle")),
    }  # fmt: skip
    return show(listing, "web/assistance/list.html", more)


class LetterForm(PageForm):
    direction = forms.ChoiceField(label="方向", choices=[(IN, "收到的来函"), (OUT, "我局发出")])
    other_office = forms.CharField(label="对方机关", max_length=120)
    other_no = forms.CharField(label="对方文号", max_length=80, required=False)
    dated_on = forms.DateField(label="收到或拟稿日期", widget=DateInput())
    office_code = forms.ChoiceField(label="办理机构")
    subject = forms.CharField(label="事由", max_length=200)
    party = forms.CharField(
        label="涉及单位", max_length=200, required=False, help_text="在名录中的填统一社会信用代码或者完整名称"
    )
    asked = forms.CharField(label="需要协助的事项", widget=forms.Textarea(attrs={"rows": 5}))


def _about(origin: Origin, request: HttpRequest) -> dict[str, Any]:
    """What a letter about an offer begins with; of another record only the number is known."""
    row = online.listing(request.actor, origin.record or 0) if origin.kind == "listing" else None
    if row is None:
        return {"direction": OUT, "subject": origin.number} if origin.kind else {}
    place = f"平台：{row.platform}；店铺：{row.shop}；产品：{row.product}"
    lines = [place, f"网址：{row.url}" if row.url else "", *ASKED_OF_OFFERS]
    return {
        "direction": OUT, "subject": f"网络销售监测线索 {row.number}",
        "party": row.seller.name if row.seller else row.seller_named,
        "asked": "\n".join(filter(None, lines)),
    }  # fmt: skip


def _party(actor: Actor, named: str) -> Party | None:
    """The party of the register; None for one of elsewhere."""
    try:
        return party_named(actor, named) if named else None
    except Refused:
        return None


@needs("assistance.handle")
@require_http_methods(["GET", "POST"])
def assistance_new(request: HttpRequest) -> HttpResponse:
    """登记协查: a letter of ours as a draft, or one that came; the address may say what it is about."""
    actor, origin = request.actor, origins.asked(request)
    first = {"dated_on": clock.today(request), "office_code": actor.office_code, **_about(origin, request)}
    form = LetterForm(request.POST or None, initial=first)
    form.fields["office_code"].choices = office_choices(actor)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        direction, office, named = (given.pop(name) for name in ("direction", "office_code", "party"))
        letter = Letter(
            **given, party_named=named, source_kind=origin.kind, source_record=origin.record,
            source_no=origin.number,
        )  # fmt: skip
        try:
            made = actions.register_request(
                direction=direction, letter=letter,
                office_code=office, party=_party(actor, named), by=actor, at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已登记：{made.number}。")
            return redirect("assistance_request", pk=made.pk)
    context = {"form": form, "problems": wrong, "origin": origins.shown(origin)}
    return render(request, "web/assistance/new.html", context, status=422 if form.is_bound else 200)


def _request(request: HttpRequest, pk: int) -> AssistanceRequest:
    found = queries.request(request.actor, pk)
    if found is None:
        raise Http404
    return found


@needs("assistance.view")
@require_http_methods(["GET", "POST"])
def assistance_request(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: what is asked, which time runs, what was answered, what may be done now."""
    found, actor, on = _request(request, pk), request.actor, clock.today(request)
    if request.method == "POST":
        require(actor, "assistance.handle", found.office_code)
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("assistance_request", pk=pk)
    if taken.problems:
        found = _request(request, pk)  # an action may have moved the object that it was given
    clocks = clocks_of(actions.SUBJECT, [pk]).get(pk, [])
    context = {
        "found": found,
        "state": (queries.state_label(found), TONES[found.state]),
        "clocks": clocks_shown(clocks, clock.now(request)),
        "papers": assistance_papers.available(found),
        "origin": origins.of(found),
        "history": _history(found),
        "problems": taken.problems,
        "steps": shown(STEPS, allowed(found, actor), taken, found, actor, {"on": on}, first_open=True),
    }
    return render(request, "web/assistance/request.html", context, status=taken.status)


def _history(found: AssistanceRequest) -> list[tuple[dt.date, str, str]]:
    """What was done with it so far, from the audit log: day, what, by whom."""
    table = actions.WORKFLOWS[found.direction]
    labels = {t.action: t.label for t in table.transitions} | {"register_request": "登记"}
    rows = AuditEntry.objects.filter(subject=actions.SUBJECT, subject_key=found.number).order_by("sequence")
    return [(row.at.date(), labels.get(row.action, row.action), row.by_name) for row in rows]


@needs("assistance.view")
def assistance_paper(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """协助调查函、协查复函、退回函 as Word."""
    found = _request(request, pk)
    if kind not in assistance_papers.available(found):
        raise Http404
    paper = assistance_papers.make(kind, found, on=clock.today(request))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paper.docx"
        write_paper(paper, path)
        content = path.read_bytes()
    return attachment(HttpResponse(content, content_type=DOCX), f"{found.number} {paper.title}.docx")
