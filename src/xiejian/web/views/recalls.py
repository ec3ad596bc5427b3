"""召回: which recalls run and are late, one recall with its units, one unit with its answer, a new recall."""

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

from xiejian.clocks.queries import clocks_of
from xiejian.documents import pdf, recall_papers
from xiejian.documents.papers import write as write_paper
from xiejian.inspections import queries as inspections
from xiejian.inspections.places import Place
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor, may, require
from xiejian.risks import queries as risks
from xiejian.risks.models import RiskItem
from xiejian.vigilance import queries, recall_queries, recall_rules, recalls
from xiejian.vigilance.checks import REPORTERS
from xiejian.vigilance.models import Recall, RecallHolder
from xiejian.vigilance.recall_checks import ON_ITS_OWN, ORDERED, Suspicion
from xiejian.vigilance.recall_holders import HOLDER_WORKFLOW, REPORTING
from xiejian.web import clock, recall_origins
from xiejian.web.event_steps import options
from xiejian.web.export import attachment
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.number_field import NumberField
from xiejian.web.recall_steps import (
    HOLDER_STEPS,
    HOLDER_TONES,
    LEVEL_TONES,
    STEPS,
    TONES,
    allowed,
    holder_allowed,
    lines,
)
from xiejian.web.steps import shown, take
from xiejian.web.views.clocks import shown as clocks_shown
from xiejian.web.views.corrections import clock_words
from xiejian.web.views.evidence import EvidenceForm, attach, gallery
from xiejian.web.views.people import office_choices
from xiejian.web.views.tables import DOCX

STATES = recalls.WORKFLOW.states
HOLDER_STATES = HOLDER_WORKFLOW.states
TABS = (("open", "进行中"), ("unanswered", "有单位未答复"), ("all", "全部"))
GIVEN = ("state", "level", "kind", "office")
SHOWN = 10  # units on the page of a recall; the list has the rest
PDF = "application/pdf"


# --- the list ---------------------------------------------------------------------------------------------


def columns(on: dt.date, page: str = "recall") -> list[Column]:
    """The columns of a list of recalls; ``page``: the URL name of one recall."""

    def due(row: Any) -> tuple[str, str]:
        return clock_words(row.due, on) if row.due and row.state in recalls.OPEN else ("", "")

    return [
        Column("number", "编号", lambda r: r.number, ("number",), href=lambda r: reverse(page, args=[r.pk])),
        Column("product", "产品", lambda r: r.product_name, ("product_name",)),
        Column("lots", "批号", lambda r: "、".join(r.lots)),
        Column(
            "level", "级别", lambda r: r.level, ("level",),
            tone=lambda r: LEVEL_TONES.get(r.level, "secondary") if r.level else "",
        ),
        Column("kind", "方式", lambda r: r.kind, ("kind",)),
        Column("holder", "召回单位", lambda r: r.holder_name, ("holder_name",)),
        Column("decided", "决定日期", lambda r: r.decided_on, ("decided_on",), nullable=True),
        Column("units", "持有单位", lambda r: r.units, ("units",), numeric=True),
        Column("answered", "已答复", lambda r: r.answered, ("answered",), numeric=True),
        Column("source", "来源", lambda r: r.source_no, shown=False),
        Column("registration", "注册证编号", lambda r: r.registration_no, shown=False),
        Column("di", "产品标识", lambda r: r.di, shown=False),
        Column("due", "期限", lambda r: due(r)[0], ("due",), nullable=True, tone=lambda r: due(r)[1]),
        Column("state", "状态", lambda r: STATES[r.state], ("state",), tone=lambda r: TONES[r.state]),
    ]  # fmt: skip


def _rows(request: HttpRequest, tab: str) -> QuerySet[Recall]:
    asked = request.GET
    given = {key: asked.get(key, "") for key in GIVEN}
    rows = recall_queries.recalls(request.actor, search=asked.get("q", ""), **given)
    if tab == "open":
        return rows.filter(state__in=recalls.OPEN)
    if tab == "unanswered":
        return recall_queries.with_unanswered(rows)
    return rows


@needs("vigilance.view")
def recall_list(request: HttpRequest) -> HttpResponse:
    """召回: which run, which are late, which units have not answered?"""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    narrowed = any(asked.get(key) for key in ("q", "state", "level", "kind"))
    tab = asked.get("tab") or ("all" if narrowed else "open")
    listing = Listing(
        request, "召回", columns(on), _rows(request, tab), "due" if tab == "open" else "-decided",
        filters=[
            Filter("state", "状态", list(STATES.items()), asked.get("state", "")),
            Filter("level", "级别", [(k, k) for k in recall_rules.levels()], asked.get("level", "")),
            Filter("kind", "方式", [(k, k) for k in Recall.KINDS], asked.get("kind", "")),
            Filter("office", "办理机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索编号、产品、批号、单位", empty="没有进行中的召回" if tab == "open" else "没有召回",
        empty_next="从不良事件、信号、抽检不合格或者追溯的页面登记，也可以点“登记召回”。",
        hidden=[("tab", tab)],
    )  # fmt: skip
    more = {
        "tab": tab, "tabs": TABS, "counts": recall_queries.counts(actor, on),
        "may_open": bool(may(actor, recalls.SUPERVISING)),
    }  # fmt: skip
    return show(listing, "web/recalls/list.html", more)


# --- a new recall -----------------------------------------------------------------------------------------


class RecallForm(PageForm):
    """What is suspected of which product of whom; ordered at once where somebody does not recall itself."""

    kind = forms.ChoiceField(
        label="召回方式",
        choices=[(ON_ITS_OWN, "主动召回（先调查评估）"), (ORDERED, "责令召回（应当召回而未召回）")],
    )
    product_name = forms.CharField(label="产品名称", max_length=300)
    registration_no = NumberField(label="注册证或备案编号", required=False, max_length=120)
    model_spec = forms.CharField(label="规格型号", max_length=200, required=False)
    di = forms.CharField(
        label="产品标识（DI）", max_length=60, required=False, help_text="填写后可以由追溯列出持有单位"
    )
    lots = forms.CharField(
        label="批号", required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text="一行一个"
    )
    holder_name = forms.CharField(
        label="召回单位", max_length=300, help_text="注册人、备案人，境外的填代理人"
    )
    holder_uscc = forms.CharField(label="召回单位信用代码", max_length=18, required=False)
    suspected_on = forms.DateField(label="发现日期", widget=DateInput())
    found_by = forms.ChoiceField(
        label="发现缺陷的单位",
        required=False,
        choices=options(REPORTERS),
        help_text="经营、使用单位发现的有停售报告义务",
    )
    defect = forms.ChoiceField(
        label="缺陷种类", required=False, choices=lambda: options(recall_rules.values("defects"))
    )
    reason = forms.CharField(label="召回原因", widget=forms.Textarea(attrs={"rows": 3}))
    office_code = forms.ChoiceField(label="办理机构", choices=[])
    level = forms.ChoiceField(
        label="召回级别（责令时）", required=False, choices=lambda: options(recall_rules.levels())
    )
    on = forms.DateField(label="责令日期（责令时）", required=False, widget=DateInput())
    range_text = forms.CharField(label="召回范围（责令时）", max_length=300, required=False)

    def __init__(self, *args: Any, offices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office_code"].choices = offices


def suspicion_of(given: dict[str, Any]) -> Suspicion:
    """The suspicion that a form holds."""
    names = [name for name in Suspicion.__dataclass_fields__ if name in given and name != "lots"]
    return Suspicion(**{name: given[name] for name in names}, lots=tuple(lines(given["lots"])))


def _open(request: HttpRequest, given: dict[str, Any], source: recall_origins.Source) -> Recall:
    common = {
        "suspicion": suspicion_of(given), "office_code": given["office_code"], "source": source,
        "by": request.actor, "at": clock.now(request),
    }  # fmt: skip
    if given["kind"] == ON_ITS_OWN:
        return recalls.open_recall(**common)
    on = given["on"] or clock.today(request)
    return recalls.order_recall(level=given["level"], on=on, range_text=given["range_text"], **common)


@needs("vigilance.review")
@require_http_methods(["GET", "POST"])
def recall_new(request: HttpRequest) -> HttpResponse:
    """登记召回: a suspicion to be looked into, or an order; from a report, a sample, a signal, a trace."""
    actor, on = request.actor, clock.today(request)
    asked = recall_origins.asked(request)
    first = {"suspected_on": on, "on": on, "office_code": actor.office_code, **asked.facts}
    form = RecallForm(request.POST or None, initial=first, offices=office_choices(actor))
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = _open(request, dict(form.cleaned_data), asked.source)
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已登记召回：{made.number}。")
            return redirect("recall", pk=made.pk)
    context = {"form": form, "problems": wrong, "source": asked.label}
    return render(request, "web/recalls/new.html", context, status=422 if form.is_bound else 200)


# --- one recall -------------------------------------------------------------------------------------------


def _recall(request: HttpRequest, pk: int) -> Recall:
    found = recall_queries.recall(request.actor, pk)
    if found is None:
        raise Http404
    return found


def facts_of(found: Recall, actor: Actor, at: dt.datetime) -> dict[str, Any]:
    """What the page of a recall shows, for officers and for firms alike."""
    holders = recall_queries.holders(actor, recall=found)
    return {
        "found": found,
        "state": (STATES[found.state], TONES[found.state]),
        "level": recall_rules.levels().get(found.level, {}),
        "level_tone": LEVEL_TONES.get(found.level, "secondary"),
        "evaluation": [
            (label, found.evaluation[name])
            for name, label in recall_rules.evaluation().items()
            if found.evaluation.get(name)
        ],
        "figures": recall_queries.progress(found),
        "holders": [(row, HOLDER_STATES[row.state], HOLDER_TONES[row.state]) for row in holders[:SHOWN]],
        "clocks": clocks_shown(clocks_of(recalls.SUBJECT, [found.pk]).get(found.pk, []), at),
    }


@needs("vigilance.view")
@require_http_methods(["GET", "POST"])
def recall(request: HttpRequest, pk: int) -> HttpResponse:
    """One recall: what is recalled and why, how much is back, who has not answered, what is next?"""
    found, actor, on = _recall(request, pk), request.actor, clock.today(request)
    if request.method == "POST" and request.POST.get("do") not in allowed(found, actor):
        require(actor, recalls.SUPERVISING, found.office_code)
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("recall", pk=pk)
    if taken.problems:
        found = _recall(request, pk)  # an action may have moved the object that it was given
    context = {
        **facts_of(found, actor, clock.now(request)),
        "history": _history(found),
        "source": recall_origins.shown(found),
        "risks": _risks(found, actor),
        "may_visit": bool(may(actor, "inspections.visit")),
        "papers": recall_papers.available(found),
        "pdf": pdf.program() is not None,
        "problems": taken.problems,
        "steps": shown(STEPS, allowed(found, actor), taken, found, actor, {"on": on}, first_open=True),
    }
    return render(request, "web/recalls/recall.html", context, status=taken.status)


def _risks(found: Recall, actor: Actor) -> list[RiskItem]:
    """What the signals of the product put on the risk list, where the actor may read it."""
    if not may(actor, "risks.view"):
        return []
    numbers = queries.risk_numbers(actor, found.product_name)
    return list(risks.items(actor).filter(number__in=numbers)) if numbers else []


def _history(found: Recall) -> list[tuple[dt.date, str, str]]:
    """What was done with it so far, from the audit log: day, what, by whom."""
    labels = {name: step.label for name, step in (STEPS | HOLDER_STEPS).items()}
    labels |= {"open_recall": "登记召回", "order_recall": "责令召回"}
    rows = AuditEntry.objects.filter(subject=recalls.SUBJECT, subject_key=found.number).order_by("sequence")
    told = []
    for row in rows:
        unit = row.detail.get("unit", "")
        who = f"{unit}；{row.by_name}" if unit else row.by_name
        told.append((row.at.date(), labels.get(row.action, row.action), who))
    return told


@needs("vigilance.view")
def recall_paper(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """召回通知、责令召回通知书、报告表、计划、进展、总结 as Word, or as PDF where the machine can set one."""
    found = _recall(request, pk)
    if kind not in recall_papers.available(found):
        raise Http404
    return paper_answer(request, found, kind)


def paper_answer(request: HttpRequest, found: Recall, kind: str) -> HttpResponse:
    """One paper of a recall as a file."""
    paper = recall_papers.make(kind, found, on=clock.today(request))
    suffix = ".pdf" if request.GET.get("format") == "pdf" else ".docx"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"paper{suffix}"
        write_paper(paper, path)
        answer = HttpResponse(path.read_bytes(), content_type=PDF if suffix == ".pdf" else DOCX)
    return attachment(answer, f"{paper.title} {found.number}{suffix}")


# --- the units --------------------------------------------------------------------------------------------


def _yes_no(value: bool | None) -> str:
    return "" if value is None else "是" if value else "否"


def holder_columns(page: str = "recall_holder") -> list[Column]:
    """The columns of the list of units; ``page``: the URL name of one unit."""
    return [
        Column("name", "单位", lambda h: h.name, ("name",), href=lambda h: reverse(page, args=[h.pk])),
        Column("uscc", "统一社会信用代码", lambda h: h.uscc, ("uscc",), shown=False),
        Column("office", "监管机构代码", lambda h: h.office_code, ("office_code",), shown=False),
        Column("quantity", "应有", lambda h: h.quantity, ("quantity",), numeric=True),
        Column("found", "清点", lambda h: h.found, ("found",), nullable=True, numeric=True),
        Column("returned", "退回", lambda h: h.returned, ("returned",), numeric=True),
        Column("treated", "处理", lambda h: h.treated, ("treated",), numeric=True),
        Column("destroyed", "销毁", lambda h: h.destroyed, ("destroyed",), numeric=True),
        Column("implanted", "已用或植入", lambda h: h.implanted, ("implanted",), numeric=True),
        Column("remaining", "尚未处理", lambda h: h.remaining, numeric=True),
        Column("missing", "少于应有", lambda h: h.missing or "", numeric=True),
        Column("stopped", "已停止", lambda h: _yes_no(h.stopped), ("stopped",), nullable=True, shown=False),
        Column("notified", "通知日期", lambda h: h.notified_on, ("notified_on",), nullable=True),
        Column("answered", "答复日期", lambda h: h.answered_on, ("answered_on",), nullable=True),
        Column("note", "说明", lambda h: h.note, shown=False),
        Column("drawn", "抽中核实", lambda h: _yes_no(h.drawn), ("drawn",), shown=False),
        Column("reached", "收到通知", lambda h: _yes_no(h.reached), ("reached",), nullable=True, shown=False),
        Column(
            "state", "状态", lambda h: HOLDER_STATES[h.state], ("state",),
            tone=lambda h: HOLDER_TONES[h.state],
        ),
    ]  # fmt: skip


@needs("vigilance.view")
def recall_holders(request: HttpRequest, pk: int) -> HttpResponse:
    """持有单位: who holds how much, who has not answered?"""
    found, asked = _recall(request, pk), request.GET
    rows = recall_queries.holders(
        request.actor, recall=found, search=asked.get("q", ""), state=asked.get("state", ""),
        office=asked.get("office", ""),
    )  # fmt: skip
    offices = sorted(set(rows.values_list("office_code", flat=True)) - {""})
    listing = Listing(
        request, f"{found.number} 持有单位", holder_columns(), rows, "state",
        filters=[
            Filter("state", "状态", list(HOLDER_STATES.items()), asked.get("state", "")),
            Filter("office", "监管机构", [(code, code) for code in offices], asked.get("office", "")),
        ],
        search_label="搜索单位、信用代码", empty="名单中还没有持有单位",
        empty_next="在召回的页面由追溯列出，或者手工添加。",
    )  # fmt: skip
    return show(listing, "web/recalls/holders.html", {"found": found})


def _holder(request: HttpRequest, pk: int) -> RecallHolder:
    found = recall_queries.holder(request.actor, pk)
    if found is None:
        raise Http404
    return found


def holder_place(found: RecallHolder, permission: str) -> Place:
    """Where the files of a unit's answer belong: to the office in charge of it, else of the recall."""
    office = found.office_code or found.recall.office_code
    return Place("recallholder", found.pk, found.number, office, permission)


@needs("vigilance.view")
@require_http_methods(["GET", "POST"])
def recall_holder(request: HttpRequest, pk: int) -> HttpResponse:
    """One unit of a recall: what it held, what it answered, was it reached?"""
    found, actor = _holder(request, pk), request.actor
    upload = EvidenceForm(request.POST or None, request.FILES or None)
    wrong: list[Problem] = []
    if request.method == "POST" and request.POST.get("do") == "attach_evidence":
        place = holder_place(found, REPORTING)
        require(actor, REPORTING, place.office_code)
        wrong = attach(request, upload, place=place)
        if not wrong and upload.is_valid():
            return redirect("recall_holder", pk=pk)
    elif request.method == "POST" and request.POST.get("do") not in holder_allowed(found, actor):
        require(actor, recalls.SUPERVISING, found.recall.office_code)
    taken = take(request, HOLDER_STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("recall_holder", pk=pk)
    if taken.problems:
        found = _holder(request, pk)
    first, steps = {"on": clock.today(request)}, holder_allowed(found, actor)
    context = {
        "found": found,
        "recall": found.recall,
        "state": (HOLDER_STATES[found.state], HOLDER_TONES[found.state]),
        "problems": wrong or taken.problems,
        "evidence": gallery(inspections.evidence_of("recallholder", pk)),
        "upload": upload if wrong else EvidenceForm(),
        "may_attach": bool(may(actor, REPORTING, holder_place(found, REPORTING).office_code)),
        "steps": shown(HOLDER_STEPS, steps, taken, found, actor, first, first_open=True),
    }  # fmt: skip
    status = 422 if wrong or (request.POST.get("do") == "attach_evidence") else taken.status
    return render(request, "web/recalls/holder.html", context, status=status)
