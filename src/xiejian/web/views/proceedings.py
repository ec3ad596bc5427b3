"""案件办理: what is to be done and due, one proceeding with its steps, its penalty, a new clue."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.cases import enforcing, procedure, proceedings, similar
from xiejian.cases import proceeding_checks as checks
from xiejian.cases import proceeding_queries as queries
from xiejian.cases.models import Measure, Proceeding
from xiejian.cases.proceedings import Clue
from xiejian.clocks.models import Clock
from xiejian.clocks.queries import Standing, clocks_of
from xiejian.inspections import queries as inspections
from xiejian.kernel import penalty_rules
from xiejian.kernel.problems import Problem, Refused
from xiejian.leads import queries as leads
from xiejian.people.policy import Actor, may, require, visible
from xiejian.registry.models import LINKS, Party
from xiejian.sampling import queries as sampling
from xiejian.web import clock, origins
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.proceeding_steps import (
    STEPS,
    TONES,
    PenaltyForm,
    allowed,
    as_fields,
    fen,
    money,
    penalty_of,
)
from xiejian.web.steps import day, shown, take, text
from xiejian.web.views import case_papers
from xiejian.web.views.clocks import shown as clocks_shown
from xiejian.web.views.corrections import clock_words
from xiejian.web.views.law import (
    answer_context,
    choosing_conduct,
    chosen_rule,
    fact_fields,
    facts_given,
    span,
)
from xiejian.web.views.people import office_choices

TABS = (("due", "待办"), ("soon", "到期"), ("mine", "我的"), ("all", "全部"))
INVESTIGATE = "cases.investigate"


# --- the list ----------------------------------------------------------------------------------------------


def _columns(on: dt.date) -> list[Column]:
    def due(row: Any) -> tuple[str, str]:
        return clock_words(row.due, on) if row.state not in queries.DONE else ("", "")

    return [
        Column(
            "number", "办理编号", lambda p: p.number, ("number",),
            href=lambda p: reverse("proceeding", args=[p.pk]),
        ),
        Column("case", "案号", lambda p: p.case.number if p.case else "", ("case__number",), nullable=True),
        Column(
            "party", "当事人", lambda p: p.party.name, ("party__name",),
            href=lambda p: reverse("party", args=[p.party_id]),
        ),
        Column("conduct", "涉嫌违法行为", lambda p: p.conduct),
        Column("source", "来源", lambda p: p.source, ("source",)),
        Column("procedure", "程序", lambda p: p.procedure, ("procedure",), shown=False),
        Column("on", "来源日期", lambda p: p.source_on, ("source_on",)),
        Column("provision", "处罚依据", lambda p: p.provision, shown=False),
        Column("office", "办案机构代码", lambda p: p.office_code, ("office_code",), shown=False),
        Column("due", "期限", lambda p: due(p)[0], ("due",), nullable=True, tone=lambda p: due(p)[1]),
        Column(
            "state", "状态", lambda p: procedure.STATES[p.state], ("state",), tone=lambda p: TONES[p.state]
        ),
    ]  # fmt: skip


def _rows(request: HttpRequest, tab: str, on: dt.date) -> QuerySet[Proceeding]:
    asked = request.GET
    rows = queries.proceedings(
        request.actor, search=asked.get("q", ""), person=request.actor.username if tab == "mine" else "",
        **{name: asked.get(name, "") for name in ("state", "kind", "source", "office")},
    )  # fmt: skip
    if tab == "soon":
        return queries.running_out(rows, on)
    return queries.open_rows(rows) if tab == "due" else rows


@needs("cases.view")
def proceeding_list(request: HttpRequest) -> HttpResponse:
    """案件办理: what is to be done, what runs out?"""
    asked, on = request.GET, clock.today(request)
    narrowed = any(asked.get(key) for key in ("q", "state", "kind", "source"))
    tab = asked.get("tab") or ("all" if narrowed else "due")
    listing = Listing(
        request, "案件办理", _columns(on), _rows(request, tab, on), "-on" if tab == "all" else "due",
        filters=[
            Filter("state", "状态", list(procedure.STATES.items()), asked.get("state", "")),
            Filter("source", "来源", [(s, s) for s in checks.SOURCES], asked.get("source", "")),
            Filter("kind", "程序", [(k, k) for k in procedure.WORKFLOWS], asked.get("kind", "")),
            Filter("office", "办案机构", office_choices(request.actor), asked.get("office", "")),
        ],
        search_label="搜索编号、案号、当事人、违法行为", empty="没有案件",
        empty_next="在检查、线索、样品的页面或者当事人的“一企一档”中登记案件来源。", hidden=[("tab", tab)],
    )  # fmt: skip
    more = {"tab": tab, "tabs": TABS, "counts": queries.counts(request.actor, on)}
    return show(listing, "web/proceedings/list.html", more)


# --- one proceeding ----------------------------------------------------------------------------------------


def _proceeding(request: HttpRequest, pk: int) -> Proceeding:
    found = queries.proceeding(request.actor, pk)
    if found is None:
        raise Http404
    return found


def _clocks(found: Proceeding, measures: list[Measure]) -> list[Clock]:
    """Every clock of the proceeding, its case and its measures, the earliest due first."""
    rows = clocks_of("proceeding", [found.pk]).get(found.pk, [])
    if found.case_id:
        rows = rows + clocks_of("case", [found.case_id]).get(found.case_id, [])
    of_measures = clocks_of("measure", [one.pk for one in measures]) if measures else {}
    rows = rows + [one for some in of_measures.values() for one in some]
    return sorted(rows, key=lambda c: (c.state != Clock.RUNNING, c.due_legal or dt.date.max))


def _standings(clocks: list[Clock], at: dt.datetime) -> list[tuple[Clock, Standing]]:
    """How each clock stands; the party's own time is never late: once over, the office goes on."""
    return [
        (row, Standing(f"{row.due_legal} 已届满，可以继续办理", "azure"))
        if found.late and row.state == Clock.RUNNING and row.name in procedure.WAITS
        else (row, found)
        for row, found in clocks_shown(clocks, at)
    ]


@needs("cases.view")
@require_http_methods(["GET", "POST"])
def proceeding(request: HttpRequest, pk: int) -> HttpResponse:
    """One case from its clue to its closing: where it stands, which clocks run, what may be done now."""
    found, actor, on = _proceeding(request, pk), request.actor, clock.today(request)
    if request.method == "POST" and not any(
        may(actor, name, found.office_code)
        for name in (INVESTIGATE, "cases.review", "cases.approve", "cases.edit")
    ):
        require(actor, INVESTIGATE, found.office_code)
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("proceeding", pk=pk)
    if taken.problems:
        found = _proceeding(request, pk)  # an action may have moved the object that it was given
    kinds, measures = procedure.measure_kinds(), list(found.measures.prefetch_related("items"))
    running = [one for one in measures if one.state == procedure.MEASURE_WORKFLOW.start]
    clocks = _clocks(found, measures)
    terms = [c for c in clocks if c.state == Clock.RUNNING and c.subject != "measure"]
    first = dict.fromkeys(("on", "first", "last"), on) | {"taken_at": clock.now(request)}
    money_on = found.fulfilled_on or on
    context = {
        "found": found, "state": (procedure.STATES[found.state], TONES[found.state]),
        "stages": queries.stage(found), "clocks": _standings(clocks, clock.now(request)),
        "persons": _persons(found), "origin": origins.of(found), "penalty": _penalty(found),
        "account": enforcing.account(found, money_on).rows, "payments": list(found.payments.all()),
        "instalments": list(found.instalments.all()), "remedies": list(found.remedies.all()),
        "rights": procedure.rights_until(found.decision_served_on) if found.decision_served_on else {},
        "measures": [
            (one, kinds[one.kind], procedure.MEASURE_WORKFLOW.states[one.state]) for one in measures
        ],
        "may_assess": found.state == "investigating" and queries.may_do(actor, INVESTIGATE, found),
        "history": queries.history(found), "problems": taken.problems,
        "steps": shown(
            STEPS, allowed(found, actor, running, terms), taken, found, actor, first, first_open=True
        ),
        **case_papers.block(request, found),
    }  # fmt: skip
    return render(request, "web/proceedings/proceeding.html", context, status=taken.status)


def _persons(found: Proceeding) -> list[tuple[str, str]]:
    names = "、".join(officer.name for officer in found.investigators.all())
    return [
        ("办案人员", names or "未指定"),
        ("审核人员", found.reviewer.name if found.reviewer else "—"),
        ("决定人员", found.approver.name if found.approver else "—"),
    ]


def _penalty(found: Proceeding) -> dict[str, Any]:
    """The proposal in words beside the range that its rule gave, and the similar cases."""
    if not found.provision:
        return {}
    book, told = penalty_rules.load(), found.proposal
    flags = [label for name, label in procedure.FLAGS.items() if told.get(name)]
    amounts = [(label, told.get(name, 0)) for name, label in procedure.MONEY.items() if told.get(name)]
    return {
        "answer": found.assessment, "range": span(_pair(found.assessment.get("fine", []))),
        "step": book.step_labels.get(found.step, ""), "amounts": amounts,
        "flags": flags, "similar": found.similar, "old": found.assessment.get("version") != book.version,
    }  # fmt: skip


def _pair(fine: list[float]) -> tuple[Decimal, Decimal] | None:
    """A stored range as the rules write it."""
    return (Decimal(str(fine[0])), Decimal(str(fine[1]))) if fine else None


@needs("cases.view")
def measure(request: HttpRequest, pk: int) -> HttpResponse:
    """A measure is shown on the page of its proceeding: clocks lead here."""
    found = get_object_or_404(visible(Measure.objects.all(), request.actor), pk=pk)
    return redirect("proceeding", pk=found.proceeding_id)


# --- the penalty -------------------------------------------------------------------------------------------


class ProposalForm(PenaltyForm):
    step = forms.ChoiceField(label="裁量档次", choices=[])
    opinion = text("处理意见及理由", rows=3)
    deviation_reason = forms.CharField(label="偏离类案的理由", required=False, max_length=300)
    grave = forms.BooleanField(label="重大、疑难、复杂案件", required=False)
    natural_person = forms.BooleanField(label="当事人是自然人", required=False)
    on = day("日期")

    def fit(self, record: Proceeding, actor: Actor) -> None:
        labels = penalty_rules.load().step_labels
        self.fields["step"].choices = [(step, labels[step]) for step in checks.STEPS]


@needs(INVESTIGATE)
@require_http_methods(["GET", "POST"])
def proceeding_penalty(request: HttpRequest, pk: int) -> HttpResponse:
    """提出处罚意见: the conduct, the facts, the range they give, similar cases, the proposal."""
    found, book = _proceeding(request, pk), penalty_rules.load()
    require(request.actor, INVESTIGATE, found.office_code)
    wanted = request.GET.get("rule", "").strip()
    if not wanted:
        context = choosing_conduct(request, book) | {"found_case": found}
        return render(request, "web/proceedings/penalty.html", context)
    rule = chosen_rule(wanted, clock.today(request), book)
    context = answer_context(request, rule, book, found.conduct_on or clock.today(request))
    first = {
        **as_fields(found.proposal), "on": clock.today(request), "step": found.step or checks.ORDINARY,
        "opinion": found.opinion, "grave": found.grave, "natural_person": found.natural_person,
    }  # fmt: skip
    form = ProposalForm(request.POST or None, initial=first, record=found, actor=request.actor)
    facts = facts_given(fact_fields(rule, book, request), request)
    if request.method == "POST" and context["found"] and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            proceedings.assess_penalty(
                proceeding=found, provision=rule.id, facts=facts, conduct_on=context["found"].on,
                proposal=penalty_of(given), by=request.actor, at=clock.now(request), **given,
            )  # fmt: skip
        except Refused as refused:
            context["problems"] = list(refused.problems)
        else:
            messages.success(request, "已保存处罚意见。")
            return redirect("proceeding", pk=pk)
    if context["found"]:
        goods = context["found"].base_value if context["found"].base == "goods_value" else None
        goods_fen = int(goods * procedure.FEN) if goods else found.goods_value_fen
        alike = similar.of(request.actor, provision=rule.id, goods_value_fen=goods_fen, but=found)
        context["similar"] = alike
    context |= {"found_case": found, "form": form}
    status = 422 if context["problems"] or form.is_bound else 200
    return render(request, "web/proceedings/penalty.html", context, status=status)


# --- a new clue --------------------------------------------------------------------------------------------


class ClueForm(PageForm):
    source = forms.ChoiceField(label="案件来源", choices=[(s, s) for s in checks.SOURCES])
    source_no = forms.CharField(label="来源编号", required=False, max_length=80)
    source_on = day("发现线索或者收到材料日期", hint="自此日起计算核查立案的期限")
    procedure_kind = forms.ChoiceField(
        label="程序", choices=[("普通", "普通程序"), ("简易", "简易程序（当场处罚）")]
    )
    link = forms.ChoiceField(label="环节", choices=[(v, v) for v in LINKS])
    conduct = forms.CharField(label="涉嫌违法行为", max_length=300)
    conduct_on = day("违法行为日期", False)
    goods_value = money("货值金额（元）")
    natural_person = forms.BooleanField(label="当事人是自然人", required=False)


def _from_record(actor: Actor, kind: str, record: int) -> dict[str, Any]:
    """What the record that a clue comes from says already; empty where it is out of reach."""
    if kind == "visit" and (visit := inspections.visit(actor, record)):
        failed = [f.fact for f in visit.findings.all() if f.state == "not_conform" and f.fact]
        return {
            "source": "监督检查", "source_no": visit.number, "source_on": visit.visited_on,
            "link": visit.link, "conduct": "；".join(failed)[:300], "conduct_on": visit.visited_on,
        }  # fmt: skip
    if kind == "lead" and (lead := leads.lead(actor, record)):
        return {
            "source": "投诉举报", "source_no": lead.number, "source_on": lead.received_on, "link": lead.link,
        }  # fmt: skip
    if kind == "sample" and (sample := sampling.sample(actor, record)):
        return {
            "source": "监督抽检", "source_no": sample.number, "source_on": sample.result_on,
            "link": sample.link, "conduct": f"{sample.product_name}不符合规定（{sample.failed_items}）"[:300],
            "conduct_on": sample.sampled_on,
        }  # fmt: skip
    if kind == "listing":
        return {"source": "网络监测"}
    return {}


@needs(INVESTIGATE)
@require_http_methods(["GET", "POST"])
def proceeding_new(request: HttpRequest, pk: int) -> HttpResponse:
    """案件来源登记 against the party ``pk``, from a visit, a lead, a sample or by itself."""
    actor = request.actor
    party = get_object_or_404(visible(Party.objects.all(), actor), pk=pk)
    kind, record = request.GET.get("source", ""), request.GET.get("record", "")
    number = int(record) if record.isdecimal() and len(record) < 12 else 0
    told = _from_record(actor, kind, number) if number else {}
    first_link = party.links.values_list("link", flat=True).first()
    first = {"source_on": clock.today(request), "link": first_link} | {k: v for k, v in told.items() if v}
    form = ClueForm(request.POST or None, initial=first)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        goods, how = given.pop("goods_value"), given.pop("procedure_kind")
        origin = {"source_kind": kind, "source_record": number} if told else {}
        clue = Clue(goods_value_fen=None if goods is None else fen(goods), **origin, **given)
        try:
            made = proceedings.register_clue(
                clue=clue, party=party, procedure_kind=how, by=actor, at=clock.now(request)
            )
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已登记：{made.number}。")
            return redirect("proceeding", pk=made.pk)
    known = queries.of_source(actor, kind, number) if told else []
    context = {"form": form, "party": party, "problems": wrong, "told": told, "known": known}
    return render(request, "web/proceedings/new.html", context, status=422 if form.is_bound else 200)
