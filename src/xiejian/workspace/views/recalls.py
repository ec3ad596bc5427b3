"""召回 of a firm: those that it carries out itself, and those that it holds product of and answers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.documents import recall_papers
from xiejian.inspections import queries as inspections
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor, may_for, require_for
from xiejian.registry.models import Party
from xiejian.vigilance import recall_queries, recall_rules, recalls
from xiejian.vigilance.models import Recall, RecallHolder
from xiejian.web import clock
from xiejian.web.event_steps import options
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.recall_steps import (
    HOLDER_STEPS,
    LEVEL_TONES,
    STEPS,
    TONES,
    allowed,
    holder_allowed,
)
from xiejian.web.steps import shown, take
from xiejian.web.views.corrections import clock_words
from xiejian.web.views.evidence import EvidenceForm, attach
from xiejian.web.views.recalls import (
    HOLDER_STATES,
    HOLDER_TONES,
    STATES,
    facts_of,
    holder_place,
    paper_answer,
    suspicion_of,
)
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.items import Item


def due_items(actor: Actor, on: dt.date) -> list[Item]:
    """待办: recalls to answer, orders to sign for, own recalls with a limit that runs."""
    asked = recall_queries.to_answer(actor)
    found = [
        Item(
            "答复召回", row.recall.product_name, reverse("firm_recall_holder", args=[row.pk]), None,
            f"{row.recall.number}；应有 {row.quantity}",
        )
        for row in asked
    ]  # fmt: skip
    own = recall_queries.recalls(actor).filter(holder_uscc=actor.firm, state__in=recalls.OPEN)
    for row in own:
        signed = row.kind == "主动" or row.received_on
        kind = "召回" if signed else "签收责令召回通知书"
        page = reverse("firm_recall", args=[row.pk])
        found.append(Item(kind, row.product_name, page, row.due, f"{row.number}；{STATES[row.state]}"))
    return found


def _columns(actor: Actor, on: dt.date) -> list[Column]:
    def due(row: Any) -> tuple[str, str]:
        ours = row.holder_uscc == actor.firm and row.state in recalls.OPEN
        return clock_words(row.due, on) if ours and row.due else ("", "")

    def part(row: Recall) -> str:
        return "本单位召回" if row.holder_uscc == actor.firm else "持有单位"

    return [
        Column(
            "number", "编号", lambda r: r.number, ("number",),
            href=lambda r: reverse("firm_recall", args=[r.pk]),
        ),
        Column("product", "产品", lambda r: r.product_name, ("product_name",)),
        Column("lots", "批号", lambda r: "、".join(r.lots)),
        Column("level", "级别", lambda r: r.level, ("level",), tone=lambda r: LEVEL_TONES.get(r.level, "")),
        Column("holder", "召回单位", lambda r: r.holder_name, ("holder_name",)),
        Column("part", "本单位", part),
        Column("decided", "决定日期", lambda r: r.decided_on, ("decided_on",), nullable=True),
        Column("due", "期限", lambda r: due(r)[0], ("due",), nullable=True, tone=lambda r: due(r)[1]),
        Column("state", "状态", lambda r: STATES[r.state], ("state",), tone=lambda r: TONES[r.state]),
    ]  # fmt: skip


@needs_firm("firm.report")
def recall_list(request: HttpRequest) -> HttpResponse:
    """召回: which concern us, what must we do?"""
    asked, actor = request.GET, request.actor
    rows = recall_queries.recalls(actor, search=asked.get("q", ""), state=asked.get("state", ""))
    listing = Listing(
        request, "召回", _columns(actor, clock.today(request)), rows, "-decided",
        filters=[Filter("state", "状态", list(STATES.items()), asked.get("state", ""))],
        search_label="搜索编号、产品、批号", empty="没有涉及本单位的召回",
        empty_next="收到召回通知后会出现在这里；本单位的产品可能有缺陷的，点“登记疑似缺陷”。",
    )  # fmt: skip
    context = {"may_new": True, "new": reverse("firm_recall_new"), "new_label": "登记疑似缺陷"}
    return show(listing, "workspace/firms/list.html", context)


class SuspicionForm(PageForm):
    """What the firm suspects of its own product."""

    product_name = forms.CharField(label="产品名称", max_length=300)
    registration_no = forms.CharField(label="注册证或备案编号", max_length=120, required=False)
    model_spec = forms.CharField(label="规格型号", max_length=200, required=False)
    di = forms.CharField(label="产品标识（DI）", max_length=60, required=False)
    lots = forms.CharField(
        label="批号", required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text="一行一个"
    )
    suspected_on = forms.DateField(label="发现日期", widget=DateInput())
    defect = forms.ChoiceField(
        label="缺陷种类", required=False, choices=lambda: options(recall_rules.values("defects"))
    )
    reason = forms.CharField(label="疑似缺陷的情况", widget=forms.Textarea(attrs={"rows": 3}))


@needs_firm("firm.report")
@require_http_methods(["GET", "POST"])
def recall_new(request: HttpRequest) -> HttpResponse:
    """登记疑似缺陷 of the firm's own product."""
    actor = request.actor
    party = get_object_or_404(Party, uscc=actor.firm)
    form = SuspicionForm(request.POST or None, initial={"suspected_on": clock.today(request)})
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        given = {**form.cleaned_data, "holder_name": party.name, "holder_uscc": actor.firm}
        try:
            made = recalls.open_recall(suspicion=suspicion_of(given), by=actor, at=clock.now(request))
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已登记：{made.number}。请调查评估后决定是否召回。")
            return redirect("firm_recall", pk=made.pk)
    context = {"form": form, "problems": wrong}
    status = 422 if form.is_bound else 200
    return render(request, "workspace/vigilance/recall_new.html", context, status=status)


def _recall(request: HttpRequest, pk: int) -> Recall:
    found = recall_queries.recall(request.actor, pk)
    if found is None:
        raise Http404
    return found


@needs_firm("firm.report")
@require_http_methods(["GET", "POST"])
def recall(request: HttpRequest, pk: int) -> HttpResponse:
    """One recall: what is it about, what must we do next?"""
    found, actor, on = _recall(request, pk), request.actor, clock.today(request)
    steps = allowed(found, actor)
    taken = take(request, {name: STEPS[name] for name in steps}, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("firm_recall", pk=pk)
    if taken.problems:
        found = _recall(request, pk)  # an action may have moved the object that it was given
    own = found.holder_uscc == actor.firm
    facts = facts_of(found, actor, clock.now(request))
    context = {
        **facts,
        "own": own,
        "answer": recall_queries.holders(actor, recall=found).filter(uscc=actor.firm).first(),
        "hidden": facts["figures"].units - recall_queries.holders(actor, recall=found).count(),
        "due_rows": facts["clocks"] if own else [],
        "papers": {k: v for k, v in recall_papers.available(found).items() if own or k == "notice"},
        "problems": taken.problems,
        "steps": shown(STEPS, steps, taken, found, actor, {"on": on}, first_open=True),
    }
    return render(request, "workspace/vigilance/recall.html", context, status=taken.status)


@needs_firm("firm.report")
def recall_paper(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The papers of the firm's own recall; of another's the notice alone."""
    found = _recall(request, pk)
    own = found.holder_uscc == request.actor.firm
    if kind not in recall_papers.available(found) or not (own or kind == "notice"):
        raise Http404
    return paper_answer(request, found, kind)


def _holder(request: HttpRequest, pk: int) -> RecallHolder:
    found = recall_queries.holder(request.actor, pk)
    if found is None:
        raise Http404
    return found


@needs_firm("firm.report")
@require_http_methods(["GET", "POST"])
def recall_holder(request: HttpRequest, pk: int) -> HttpResponse:
    """答复召回: what did we count, what did we do with it?"""
    found, actor = _holder(request, pk), request.actor
    own, attaching = found.uscc == actor.firm, request.POST.get("do") == "attach_evidence"
    upload, wrong = EvidenceForm(), list[Problem]()
    if request.method == "POST" and attaching:
        require_for(actor, recalls.FIRM, found.uscc, where=found.number)
        upload = EvidenceForm(request.POST, request.FILES)
        wrong = attach(request, upload, place=holder_place(found, recalls.FIRM))
        if not wrong and upload.is_valid():
            return redirect("firm_recall_holder", pk=pk)
    steps = holder_allowed(found, actor)
    taken = take(request, {name: HOLDER_STEPS[name] for name in steps}, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("firm_recall_holder", pk=pk)
    if taken.problems:
        found = _holder(request, pk)
    first = {"on": clock.today(request)}
    context = {
        "found": found, "recall": found.recall, "own": own,
        "not_own": not own, "state": (HOLDER_STATES[found.state], HOLDER_TONES[found.state]),
        "files": inspections.evidence_of("recallholder", pk) if own else [],
        "upload": upload, "may_attach": own and bool(may_for(actor, recalls.FIRM, found.uscc)),
        "problems": wrong or taken.problems,
        "steps": shown(HOLDER_STEPS, steps, taken, found, actor, first, first_open=True),
    }  # fmt: skip
    status = 422 if attaching else taken.status
    return render(request, "workspace/vigilance/holder.html", context, status=status)
