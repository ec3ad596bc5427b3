"""名单与承诺: who is on which list and what comes next; one entry; public commitments."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.cases.models import Case
from xiejian.clocks.queries import clocks_of
from xiejian.credit import list_actions, queries, rules
from xiejian.credit.list_actions import Proposal
from xiejian.credit.models import ON_LIST, CreditListEntry, JointMeasure, PublicCommitment
from xiejian.documents import credit_papers
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import may, visible
from xiejian.registry.models import Party
from xiejian.web import clock
from xiejian.web.credit_steps import COMMITMENT_STEPS, ENTRY_STEPS, ENTRY_TONES, allowed_for_entry, term_words
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import shown, take
from xiejian.web.views.clocks import shown as clocks_shown
from xiejian.web.views.credit import history, may_edit, paper_file
from xiejian.web.views.people import office_choices

STATES = list_actions.WORKFLOW.states
TABS = (("due", "待办"), ("listed", "在名单中"), ("all", "全部"))
KEPT = {None: ("待核实", "azure"), True: ("已履行", "green"), False: ("没有履行", "red")}


def _columns(on: dt.date) -> list[Column]:
    def due(row: CreditListEntry) -> tuple[str, str]:
        if row.state in ON_LIST and row.ends_on and row.ends_on <= on:
            return "已期满，待移出", "red"
        return term_words(row.due, on, of_party=row.state == "notified")

    return [
        Column(
            "party", "主体名称", lambda e: e.party.name, ("party__name",),
            href=lambda e: reverse("credit_entry", args=[e.pk]),
        ),
        Column("uscc", "统一社会信用代码", lambda e: e.party.uscc or "", shown=False),
        Column("kind", "名单", lambda e: rules.lists()[e.kind].label, ("kind",)),
        Column("ground", "列入情形", lambda e: rules.grounds()[e.ground].label, ("ground",)),
        Column("number", "文号", lambda e: e.number, ("number",)),
        Column("decided", "决定日期", lambda e: e.decided_on, ("decided_on",), nullable=True),
        Column(
            "published", "公示日期", lambda e: e.published_on, ("published_on",), nullable=True, shown=False
        ),
        Column("ends", "期满日期", lambda e: e.ends_on, ("ends_on",), nullable=True),
        Column("due", "期限", lambda e: due(e)[0], ("due",), nullable=True, tone=lambda e: due(e)[1]),
        Column("state", "状态", lambda e: STATES[e.state], ("state",), tone=lambda e: ENTRY_TONES[e.state]),
    ]  # fmt: skip


@needs("credit.view")
def credit_entries(request: HttpRequest) -> HttpResponse:
    """名单: who is on it, who is proposed, whose term or application waits?"""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    tab = asked.get("tab") or ("all" if asked.get("state") or asked.get("q") else "due")
    names = ("kind", "state", "office")
    rows = queries.entries(actor, search=asked.get("q", ""), **{name: asked.get(name, "") for name in names})
    if tab == "due":
        over = rows.filter(state__in=ON_LIST, ends_on__lte=on)
        rows = rows.filter(state__in=queries.OPEN_ENTRIES) | over
    elif tab == "listed":
        rows = rows.filter(state__in=ON_LIST)
    listing = Listing(
        request, "信用名单", _columns(on), rows, "-decided",
        filters=[
            Filter("kind", "名单", [(k.id, k.label) for k in rules.lists().values()], asked.get("kind", "")),
            Filter("state", "状态", list(STATES.items()), asked.get("state", "")),
            Filter("office", "监管机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索主体名称、文号", empty="没有名单记录",
        empty_next="在监管对象的信用页点“提出列入”。", hidden=[("tab", tab)],
    )  # fmt: skip
    cases = list(queries.cases_to_list(actor)[:10]) if may_edit(actor) else []
    return show(listing, "web/credit/entries.html", {"tab": tab, "tabs": TABS, "cases": cases})


class ProposalForm(PageForm):
    """Which list, on what ground, beside which case and heavier penalty."""

    kind = forms.ChoiceField(label="名单", choices=lambda: [(k.id, k.label) for k in rules.lists().values()])
    ground = forms.ChoiceField(label="列入情形")
    heavy = forms.ChoiceField(label="较重处罚", required=False)
    case = forms.ModelChoiceField(
        label="处罚案件", queryset=Case.objects.none(), required=False, empty_label="没有"
    )
    facts = forms.CharField(label="事实和理由", widget=forms.Textarea(attrs={"rows": 4}))
    on = forms.DateField(label="提出日期", widget=DateInput())

    def __init__(self, *args: Any, cases: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_list = [
            (kind.label, [(g.id, g.label) for g in rules.grounds().values() if g.list == kind.id])
            for kind in rules.lists().values()
        ]
        self.fields["ground"].choices = by_list
        self.fields["heavy"].choices = [("", "没有"), *((h.id, h.label) for h in rules.heavies().values())]
        field = self.fields["case"]
        field.queryset = cases
        field.label_from_instance = lambda c: f"{c.number} {c.conduct}"


@needs("credit.edit")
@require_http_methods(["GET", "POST"])
def credit_propose(request: HttpRequest, pk: int) -> HttpResponse:
    """提出列入: for the one party, with its ground and the case behind it."""
    actor = request.actor
    party = get_object_or_404(visible(Party.objects.all(), actor), pk=pk)
    cases = visible(Case.objects.filter(party=party).order_by("-filed_on", "-pk"), actor)
    first = {"on": clock.today(request), "case": request.GET.get("case", "")}
    first |= {"kind": "blacklist"} if first["case"] else {}
    form = ProposalForm(request.POST or None, initial=first, cases=cases)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        on = given.pop("on")
        try:
            made = list_actions.propose_listing(
                party=party, proposal=Proposal(**given), on=on, by=actor, at=clock.now(request)
            )
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已提出：{made.number}。")
            return redirect("credit_entry", pk=made.pk)
    context = {"form": form, "party": party, "problems": wrong, "grounds": rules.grounds().values()}
    return render(request, "web/credit/propose.html", context, status=422 if form.is_bound else 200)


def _entry(request: HttpRequest, pk: int) -> CreditListEntry:
    found = queries.entries(request.actor).prefetch_related("measures").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@needs("credit.view")
@require_http_methods(["GET", "POST"])
def credit_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry: why, how far, until when, which measures, what may be done now."""
    found, actor, on = _entry(request, pk), request.actor, clock.today(request)
    taken = take(request, ENTRY_STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("credit_entry", pk=pk)
    clocks = clocks_of(list_actions.SUBJECT, [pk]).get(pk, [])
    kind, names = rules.lists()[found.kind], allowed_for_entry(found, actor, on)
    context = {
        "found": found, "kind": kind, "ground": rules.grounds()[found.ground],
        "heavy": rules.heavies().get(found.heavy), "problems": taken.problems,
        "state": (STATES[found.state], ENTRY_TONES[found.state]),
        "steps": shown(ENTRY_STEPS, names, taken, found, actor, {"on": on}, first_open=True),
        "clocks": clocks_shown(clocks, clock.now(request)), "papers": credit_papers.of_entry(found),
        "repair_from": kind.repair_from(found.decided_on) if found.ends_on and found.decided_on else None,
        "conditions": _conditions(found, on) if found.state in ("applied", "accepted") else [],
        "measures": [(m, rules.measures()[m.measure]) for m in found.measures.all()],
        "over": found.state in ON_LIST and found.ends_on is not None and found.ends_on <= on,
        "history": history(list_actions.SUBJECT, found.number),
    }  # fmt: skip
    return render(request, "web/credit/entry.html", context, status=taken.status)


def _conditions(found: CreditListEntry, on: dt.date) -> list[tuple[rules.Named, str, str]]:
    """Each condition of repair with what the record says to it."""
    known = list_actions.from_the_record(found, on)
    words = {True: ("满足", "green"), False: ("不满足", "red"), None: ("由承办人核实", "azure")}
    return [(c, *words[known.get(c.id)]) for c in rules.conditions().values()]


@needs("credit.view")
def credit_entry_paper(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """告知书、列入决定书、修复决定书 as Word."""
    found = _entry(request, pk)
    if kind not in credit_papers.of_entry(found):
        raise Http404
    return paper_file(credit_papers.entry_paper(kind, found, on=clock.today(request)), found.number)


@needs("credit.view")
def credit_letter(request: HttpRequest, pk: int) -> HttpResponse:
    """联合惩戒函 to one department as Word."""
    rows = visible(JointMeasure.objects.select_related("entry__party"), request.actor, "entry__office_code")
    found = get_object_or_404(rows, pk=pk)
    return paper_file(credit_papers.measure_letter(found), found.reference or found.entry.number)


# --- public commitments ---------------------------------------------------------------------------------

COMMITMENT_COLUMNS = [
    Column(
        "text", "承诺内容", lambda c: c.text[:60], href=lambda c: reverse("credit_commitment", args=[c.pk])
    ),
    Column(
        "party", "主体名称", lambda c: c.party.name, ("party__name",),
        href=lambda c: reverse("credit_party", args=[c.party_id]),
    ),
    Column("made", "承诺日期", lambda c: c.made_on, ("made_on",)),
    Column("due", "核查日期", lambda c: c.due_on, ("due_on",), nullable=True),
    Column("looked", "核实日期", lambda c: c.looked_on, ("looked_on",), nullable=True),
    Column("kept", "履行情况", lambda c: KEPT[c.kept][0], tone=lambda c: KEPT[c.kept][1]),
]  # fmt: skip


@needs("credit.view")
def credit_commitments(request: HttpRequest) -> HttpResponse:
    """公开承诺: who promised what to the public, and was it kept?"""
    asked, actor = request.GET, request.actor
    rows = queries.commitments(
        actor, search=asked.get("q", ""), state=asked.get("state", ""), office=asked.get("office", "")
    )
    listing = Listing(
        request, "公开承诺", COMMITMENT_COLUMNS, rows, "-made",
        filters=[
            Filter(
                "state", "履行情况", [("open", "待核实"), ("kept", "已履行"), ("broken", "没有履行")],
                asked.get("state", ""),
            ),
            Filter("office", "监管机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索承诺、主体名称", empty="没有公开承诺",
        empty_next="在监管对象的信用页“登记公开承诺”。",
    )  # fmt: skip
    return show(listing, "web/credit/commitments.html", {})


@needs("credit.view")
@require_http_methods(["GET", "POST"])
def credit_commitment(request: HttpRequest, pk: int) -> HttpResponse:
    """One public commitment and whether it was kept."""
    found = get_object_or_404(queries.commitments(request.actor), pk=pk)
    actor, on = request.actor, clock.today(request)
    taken = take(request, COMMITMENT_STEPS, found)
    if taken.done:
        messages.success(request, "已登记核实情况。")
        return redirect("credit_commitment", pk=pk)
    names = COMMITMENT_STEPS if _open(found) and may(actor, "credit.edit", found.office_code) else ()
    context = {
        "found": found, "kept": KEPT[found.kept], "problems": taken.problems,
        "steps": shown(COMMITMENT_STEPS, names, taken, found, actor, {"on": on}, first_open=True),
    }  # fmt: skip
    return render(request, "web/credit/commitment.html", context, status=taken.status)


def _open(found: PublicCommitment) -> bool:
    return found.looked_on is None
