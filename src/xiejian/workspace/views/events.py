"""不良事件 of a firm: what it reports itself, and what it must evaluate about its own products."""

from __future__ import annotations

import datetime as dt
from typing import Any

from csp.constants import WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.inspections import queries as inspections
from xiejian.inspections.places import Place
from xiejian.kernel.problems import Problem, Refused
from xiejian.numbers import udi
from xiejian.people.policy import Actor, may, require_for
from xiejian.registry.models import Party, PartyLink
from xiejian.supply.models import ProductCard
from xiejian.vigilance import actions, association, checks, queries, rules
from xiejian.vigilance.models import AdverseEvent
from xiejian.web import clock
from xiejian.web.event_steps import HARM_TONES, TONES, EvaluationForm, options
from xiejian.web.event_steps import STEPS as OFFICE_STEPS
from xiejian.web.forms import dress
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, shown, take
from xiejian.web.views.corrections import clock_words
from xiejian.web.views.events import EventForm, report_of
from xiejian.web.views.evidence import EvidenceForm, attach
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.items import Item

STATES = actions.WORKFLOW.states
TABS = (("", "本单位的报告"), ("make", "本单位产品"))
RETURNED, TO_EVALUATE = "returned_for_supplement", "city_passed"
#: what a product file says by the names of a report
_OF_CARD = ("product_name", "registration_no", "model_spec", "maker")
#: a link of the register → how its unit reports
_REPORTS_AS = {"生产": "持有人", "使用": "使用单位"}


def due_items(actor: Actor, on: dt.date) -> list[Item]:
    """待办: reports that came back, and those about own products that wait for the evaluation."""
    rows = queries.firm_events(actor)
    back = queries.mine(rows, actor).filter(state=RETURNED)
    waiting = queries.of_own_make(rows, actor).filter(state=TO_EVALUATE)
    return [
        *(Item("不良事件退回补充", row.product_name, _page(row), None, row.number) for row in back),
        *(Item("不良事件待评价", row.product_name, _page(row), row.due, row.number) for row in waiting),
    ]


def _page(row: AdverseEvent) -> str:
    return reverse("firm_event", args=[row.pk])


def _columns(on: dt.date, make: bool) -> list[Column]:
    """``make``: reports about own products, whose evaluation is the firm's to hand in by a day."""

    def due(row: Any) -> tuple[str, str]:
        return clock_words(row.due, on) if row.due and row.state == TO_EVALUATE else ("", "")

    limit = Column("due", "期限", lambda e: due(e)[0], ("due",), nullable=True, tone=lambda e: due(e)[1])
    return [
        Column("number", "编号", lambda e: e.number, ("number",), href=_page),
        Column("product", "产品", lambda e: e.product_name, ("product_name",)),
        Column("lot", "批号", lambda e: e.lot or e.serial, ("lot",)),
        Column("harm", "伤害程度", lambda e: e.harm, tone=lambda e: HARM_TONES.get(e.harm, "secondary")),
        Column("event_on", "发生日期", lambda e: e.event_on, ("event_on",)),
        Column("on", "报告日期", lambda e: e.reported_on, ("reported_on",)),
        *([limit] if make else []),
        Column("state", "状态", lambda e: STATES[e.state], ("state",), tone=lambda e: TONES[e.state]),
    ]


@needs_firm("firm.report")
def event_list(request: HttpRequest) -> HttpResponse:
    """不良事件: what did we report, what came back, what must we evaluate?"""
    asked, actor = request.GET, request.actor
    tab = asked.get("tab", "")
    rows: QuerySet[AdverseEvent] = queries.firm_events(actor, asked.get("q", ""), asked.get("state", ""))
    rows = queries.of_own_make(rows, actor) if tab == "make" else queries.mine(rows, actor)
    listing = Listing(
        request, "不良事件", _columns(clock.today(request), tab == "make"), rows, "-on",
        filters=[Filter("state", "状态", list(STATES.items()), asked.get("state", ""))],
        search_label="搜索编号、产品、批号", empty="没有关于本单位产品的报告" if tab else "还没有报告",
        empty_next="" if tab else "可疑即报：发现可能由器械引起的伤害，点“报告”。", hidden=[("tab", tab)],
    )  # fmt: skip
    context = {
        "tab": tab, "tabs": TABS, "here": reverse("firm_event_list"), "may_new": True,
        "new": reverse("firm_event_new"), "new_label": "报告不良事件",
    }  # fmt: skip
    return show(listing, "workspace/firms/list.html", context)


# --- a new report -----------------------------------------------------------------------------------------


#: what a page that leads here may fill in: a customer's feedback, a lot
PREFILLED = ("product_name", "lot", "udi", "found_on", "failure")


class FirmEventForm(EventForm):
    """The report of the firm itself: it names no unit and no number."""

    party = None  # type: ignore[assignment]
    number = None  # type: ignore[assignment]
    GROUPS = (("报告单位", ("reporter_kind", "reported_on")), *EventForm.GROUPS[1:])

    def __init__(self, *args: Any, firm: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.firm = firm
        self.fields["product_name"].required = False
        self.fields["product_name"].help_text = "扫了唯一标识、本单位有产品档案的，可不填"

    def clean(self) -> dict[str, Any]:
        """What the firm's own file of the product says of a scanned code fills what was left empty."""
        given = super().clean()
        on = given.get("reported_on")
        code = udi.read(given["udi"], on=on) if given.get("udi") and on else None
        card = (
            ProductCard.objects.filter(firm_uscc=self.firm, di=code.di).first() if code and code.di else None
        )
        if card:
            known = {name: getattr(card, name) for name in _OF_CARD} | {"device_class": card.management_class}
            given |= {name: value for name, value in known.items() if value and not given.get(name)}
        return given


def _own_party(request: HttpRequest) -> Party:
    return get_object_or_404(Party, uscc=request.actor.firm)


def _reports_as(party: Party) -> str:
    links = set(PartyLink.objects.filter(party=party).values_list("link", flat=True))
    known = [kind for link, kind in _REPORTS_AS.items() if link in links]
    return known[0] if known else checks.REPORTERS[1]


@needs_firm("firm.report")
@csp_update({"script-src": [WASM_UNSAFE_EVAL]})  # the camera's reader is WebAssembly
@require_http_methods(["GET", "POST"])
def event_new(request: HttpRequest) -> HttpResponse:
    """报告不良事件 by form or scan."""
    on, party = clock.today(request), _own_party(request)
    told = {name: request.GET[name] for name in PREFILLED if request.GET.get(name)}
    first = {"reported_on": on, "found_on": on, "reporter_kind": _reports_as(party), **told}
    form = FirmEventForm(request.POST or None, initial=first, firm=request.actor.firm)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.report_as_firm(
                report=report_of(form.cleaned_data), by=request.actor, at=clock.now(request),
                reporter_kind=form.cleaned_data["reporter_kind"],
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已报告：{made.number}。")
            return redirect("firm_event", pk=made.pk)
    context = {"form": form, "problems": wrong, "back": reverse("firm_event_list"), "go": "报告"}
    status = 422 if form.is_bound else 200
    return render(request, "workspace/vigilance/event_new.html", context, status=status)


# --- one report -------------------------------------------------------------------------------------------


class OwnEvaluationForm(EvaluationForm):
    """The evaluation with five questions before it; what they propose is shown when nothing was chosen."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in association.questions().items():
            self.fields[f"q_{name}"] = forms.ChoiceField(
                label=label, required=False, choices=options(association.ANSWERS)
            )
        self.order_fields(["on", *(f"q_{name}" for name in association.questions())])
        self.fields["association"].required = False
        self.fields["association"].help_text = "不选的，按上面五项的回答提出建议，由您确认"
        dress(self.fields.values())

    @property
    def answers(self) -> dict[str, str]:
        given = {name: self.cleaned_data.get(f"q_{name}", "") for name in association.questions()}
        return {name: value for name, value in given.items() if value}

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if not given.get("association"):
            found = association.propose(self.answers)
            missing = f"；未回答：{'、'.join(found.missing)}" if found.missing else ""
            said = f"建议：{found.association}（{found.why}{missing}）。请选择后再提交。"
            self.add_error("association", said)
        return given


def _evaluate(found: AdverseEvent, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    answers = {name: given.pop(f"q_{name}") for name in association.questions()}
    kept = {name: value for name, value in answers.items() if value}
    return actions.record_evaluation(event=found, answers=kept, by=by, at=at, **given)


STEPS = {
    **{name: OFFICE_STEPS[name] for name in ("resubmit_report", "supplement_report", "amend_event")},
    "record_evaluation": Step(
        "record_evaluation", "提交持有人评价", OwnEvaluationForm, _evaluate,
        "先回答五个问题，再确定关联性；由您判断，系统只提建议。",
    ),
}  # fmt: skip


def allowed(found: AdverseEvent, actor: Actor) -> list[str]:
    """What the firm may do with a report now: with its own, and with one about its product."""
    open_now = {t.action for t in actions.WORKFLOW.allowed(found.state)}
    names: set[str] = set()
    if not may(actor, actions.FIRM):
        return []
    if found.party.uscc == actor.firm:
        names |= open_now & set(actions.REPORTER_MOVES)
        names |= {"amend_event"} if found.state in actions.REPORTERS_OWN else set()
    if found.maker_party and found.maker_party.uscc == actor.firm:
        names |= open_now & set(actions.MAKER_MOVES)
    return [name for name in STEPS if name in names]


def _event(request: HttpRequest, pk: int) -> AdverseEvent:
    found = queries.firm_events(request.actor).filter(pk=pk).prefetch_related("reviews").first()
    if found is None:
        raise Http404
    return found


@needs_firm("firm.report")
@require_http_methods(["GET", "POST"])
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """One report: how far it is, what must we add or evaluate?"""
    found, actor, on = _event(request, pk), request.actor, clock.today(request)
    own, attaching = found.party.uscc == actor.firm, request.POST.get("do") == "attach_evidence"
    upload, wrong = EvidenceForm(), list[Problem]()
    if request.method == "POST" and attaching:
        require_for(actor, actions.FIRM, found.party.uscc or "", where=found.number)
        upload = EvidenceForm(request.POST, request.FILES)
        wrong = attach(request, upload, place=Place.of(found, actions.FIRM))
        if not wrong and upload.is_valid():
            return redirect("firm_event", pk=pk)
    steps = allowed(found, actor)
    taken = take(request, {name: STEPS[name] for name in steps}, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("firm_event", pk=pk)
    if taken.problems:
        found = _event(request, pk)
    context = {
        "found": found, "own": own, "state": (STATES[found.state], TONES[found.state]),
        "harm": (found.harm, HARM_TONES.get(found.harm, "secondary")),
        "left": clock_words(found.due, on) if found.due and "record_evaluation" in steps else None,
        "term": rules.terms().get(found.term, "未归类"),
        "files": inspections.evidence_of("adverseevent", pk) if own else [],
        "upload": upload, "may_attach": own and bool(may(actor, actions.FIRM)),
        "problems": wrong or taken.problems,
        "steps": shown(STEPS, steps, taken, found, actor, {"on": on}, first_open=True),
    }  # fmt: skip
    status = 422 if attaching else taken.status
    return render(request, "workspace/vigilance/event.html", context, status=status)
