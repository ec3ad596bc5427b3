"""One visit: what to look at now, what was found, what follows from it; the record to print."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.cases.proceeding_queries import of_source
from xiejian.inspections import (
    actions,
    checklist_versions,
    checklists,
    liaisons,
    products,
    queries,
    site_checks,
)
from xiejian.inspections.checks import ADDRESSEES, FINDING_STATES, MADE, Entry
from xiejian.inspections.judgements import CONCLUSIONS, suggested_due
from xiejian.inspections.models import Visit
from xiejian.kernel.cells import tag_list
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor, may, require
from xiejian.sampling import queries as sampling
from xiejian.web import clock, origins
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.number_field import UDI, NumberField
from xiejian.web.steps import Step, StepForm, Taken, day, shown, take, text
from xiejian.web.views.cases import split_tags
from xiejian.web.views.evidence import EvidenceForm, attach, gallery
from xiejian.web.views.visits import STATE_TONES, campaign_titles, state_of

#: What follows first from a conclusion, unless it was done already.
FOLLOWS = {"限期整改": "order_correction", "停产整改": "order_correction", "移送": "transfer_lead"}
ORDER_LENGTH = 60  # characters of a failed point's text in a proposed order


def _visit(request: HttpRequest, pk: int) -> Visit:
    found = queries.visit(request.actor, pk)
    if found is None:
        raise Http404
    return found


# --- the checklist as a form ---------------------------------------------------------------------------


@dataclass
class PointRow:
    """One point on the page: what is asked, what was answered, what is wrong with the answer."""

    id: str
    text: str = ""
    chapter: str = ""
    citation: str = ""
    key: bool = False
    unverified: bool = False
    asked: bool = True
    office: str = ""
    state: str = ""
    fact: str = ""
    severe: bool = False
    problems: list[Problem] = field(default_factory=list)

    @property
    def label(self) -> str:
        return FINDING_STATES.get(self.state, "")


def _row(answered: queries.Answered) -> PointRow:
    point, finding = answered.point, answered.finding
    row = PointRow(answered.id, asked=answered.asked)
    if point:
        row.text, row.chapter, row.citation = point.text, point.chapter, point.citation
        row.key, row.unverified, row.office = point.key, point.unverified, point.office
    elif finding:
        row.text, row.chapter, row.citation = "检查表以外的问题", "检查表以外", finding.clause
    if finding:
        row.state, row.fact, row.severe = finding.state, finding.fact, finding.severe
    return row


def _rows(visit: Visit, checklist: checklists.Checklist | None = None) -> list[PointRow]:
    return [_row(answered) for answered in queries.answered_points(visit, checklist)]


def _sent(row: PointRow, posted: QueryDict) -> None:
    """Put what a form says about a point over what is stored."""
    row.state = posted.get(f"state-{row.id}", row.state)
    row.fact = posted.get(f"fact-{row.id}", row.fact)
    # the mark belongs to what does not conform; a hidden box that stayed ticked means nothing else
    row.severe = f"severe-{row.id}" in posted and row.state == "not_conform"


def _entry(row: PointRow) -> Entry:
    outside = row.citation if row.text and row.chapter == "检查表以外" else ""
    return Entry(row.id, row.state, row.fact, row.severe, outside)


def _extra(rows: list[PointRow], posted: QueryDict) -> PointRow | None:
    """A problem outside the checklist, when the form names one."""
    fact = posted.get("extra-fact", "").strip()
    if not fact:
        return None
    taken = {row.id for row in rows}
    number = next(n for n in range(1, len(taken) + 2) if f"其他{n}" not in taken)
    return PointRow(
        f"其他{number}", "检查表以外的问题", "检查表以外", posted.get("extra-clause", "").strip(),
        state="not_conform", fact=fact, severe="extra-severe" in posted,
    )  # fmt: skip


def _chapters(rows: list[PointRow]) -> list[tuple[str, list[PointRow]]]:
    """Points by chapter in the checklist's order."""
    found: dict[str, list[PointRow]] = {}
    for row in rows:
        found.setdefault(row.chapter, []).append(row)
    return list(found.items())


def _progress(rows: list[PointRow]) -> dict[str, Any]:
    asked = [row for row in rows if row.asked or row.state]
    answered = sum(bool(row.state) for row in asked)
    return {
        "answered": answered,
        "points": len(asked),
        "keys_open": sum(row.key and not row.state for row in asked),
        "failed": sum(row.state == "not_conform" for row in asked),
        "percent": 100 * answered // len(asked) if asked else 0,
    }


def _record_all(request: HttpRequest, visit: Visit, rows: list[PointRow]) -> list[Problem]:
    """Save every answered point of the form at once; what was refused otherwise, and nothing is saved."""
    for row in rows:
        _sent(row, request.POST)
    extra = _extra(rows, request.POST)
    entries = [_entry(row) for row in [*rows, *([extra] if extra else [])] if row.state]
    if not entries:
        return []
    try:
        actions.record_findings(visit=visit, entries=entries, by=request.actor, at=clock.now(request))
    except Refused as refused:
        for row in rows:
            row.problems = [p for p in refused.problems if p.where == row.id]
        return list(refused.problems)
    messages.success(request, f"已保存 {len(entries)} 项检查结果。")
    return []


@needs("inspections.visit")
@require_http_methods(["GET", "POST"])
def visit_point(request: HttpRequest, pk: int, point: str) -> HttpResponse:
    """One point saved as soon as it is answered; answers with its state for the form on the page."""
    visit = _visit(request, pk)
    require(request.actor, "inspections.visit", visit.office_code)
    rows = _rows(visit)
    row = next((r for r in rows if r.id == point), None)
    if row is None:
        raise Http404
    waiting = False
    if request.method == "POST":
        _sent(row, request.POST)
        waiting = row.state in ("not_conform", "not_applicable") and not row.fact.strip()
        if row.state and not waiting:
            try:
                actions.record_findings(
                    visit=visit, entries=[_entry(row)], by=request.actor, at=clock.now(request)
                )
            except Refused as refused:
                row.problems = list(refused.problems)
            else:
                visit = _visit(request, pk)
                rows = _rows(visit)
    context = {
        "row": row, "waiting": waiting, "saved_at": clock.now(request), "visit": visit,
        "progress": _progress(rows), **_proposal(visit),
    }  # fmt: skip
    return render(request, "web/visits/point_saved.html", context)


def _proposal(visit: Visit, checklist: checklists.Checklist | None = None) -> dict[str, Any]:
    if visit.state != "started":
        return {}
    proposed, counted = queries.standing_proposal(visit, checklist)
    return {"proposed": proposed, "counted": counted}


# --- the steps -----------------------------------------------------------------------------------------


def _team_field() -> forms.ModelMultipleChoiceField:
    return forms.ModelMultipleChoiceField(
        label="检查组",
        queryset=None,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )


class StartForm(StepForm):
    on = day("检查日期")
    persons = forms.IntegerField(label="出动人数", min_value=0, max_value=999, help_text="包括专家和协管员")


class RescheduleForm(StepForm):
    planned_on = day("计划日期")
    team = _team_field()
    reason = forms.CharField(label="调整理由", max_length=200)

    def fit(self, record: Visit, actor: Actor) -> None:
        self.fields["team"].queryset = queries.team_choices(actor, record.office_code)
        self.fields["team"].label_from_instance = lambda o: (
            f"{o.name}（{o.office.short_name or o.office.name}）"
        )


class ReasonForm(StepForm):
    reason = forms.CharField(label="取消理由", max_length=200)


class RefusalForm(StepForm):
    on = day("检查日期")
    act = forms.ChoiceField(label="情形")
    detail = text("经过", hint="时间、地点、对方姓名职务和说了什么、做了什么")

    def fit(self, record: Visit, actor: Actor) -> None:
        self.fields["act"].choices = list(checklists.refusal_acts().items())


class ConcludeForm(StepForm):
    conclusion = forms.ChoiceField(
        label="结论", required=False, choices=[("", "按判定规则"), *((c, c) for c in CONCLUSIONS)]
    )
    reason = forms.CharField(label="与判定规则不同时的理由", required=False, max_length=300)
    remark = text("备注", required=False, rows=2)


class OrderForm(StepForm):
    content = text("整改内容", rows=5)
    ordered_on = day("责令日期")
    due_on = day("整改期限")

    def fit(self, record: Visit, actor: Actor) -> None:
        row, _ = queries.standing_proposal(record)
        named = bool(row.within_days or row.within_months)
        self.fields["due_on"].help_text = (
            f"按{row.citation}的整改时限建议" if named else "判定规则没有规定整改时限，请按实际情况确定"
        )


class TransferForm(StepForm):
    addressee = forms.ChoiceField(label="移送对象", choices=[(v, v) for v in ADDRESSEES])
    moved_on = day("移送日期")


class AmendForm(StepForm):
    campaign = forms.CharField(label="专项", required=False, max_length=120)
    tags = forms.CharField(label="品种标签", required=False, max_length=300, help_text="几个标签用顿号分开")
    persons = forms.IntegerField(label="出动人数", min_value=0, max_value=999)
    remark = text("备注", required=False, rows=2)
    reason = forms.CharField(label="更正理由", max_length=200)


def _amend(visit: Visit, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    reason = given.pop("reason")
    given["tags"] = split_tags(given["tags"])
    changes = {
        k: v for k, v in given.items() if v != (tag_list(visit.tags) if k == "tags" else getattr(visit, k))
    }
    return actions.amend_visits(visits=[visit], changes=changes, reason=reason, by=by, at=at)


def _reschedule(visit: Visit, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    return actions.reschedule_visit(visit=visit, by=by, at=at, **{**given, "team": list(given["team"])})


#: Every step by the name of its action, in the order of the work.
STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "start_visit", "开始检查", StartForm,
            lambda v, given, by, at: actions.start_visit(visit=v, by=by, at=at, **given),
            "到达现场、出示执法证件后开始；检查表按当天的版本使用。",
        ),
        Step(
            "conclude_visit", "作出结论", ConcludeForm,
            lambda v, given, by, at: actions.conclude_visit(visit=v, by=by, at=at, **given),
        ),
        Step(
            "order_correction", "责令改正", OrderForm,
            lambda v, given, by, at: actions.order_correction(visit=v, by=by, at=at, **given),
            "文书编号由系统编定，办结前一直列在“整改闭环”中。",
        ),
        Step(
            "transfer_lead", "移送线索", TransferForm,
            lambda v, given, by, at: actions.transfer_lead(visit=v, by=by, at=at, **given),
        ),
        Step("reschedule_visit", "调整日期或人员", RescheduleForm, _reschedule),
        Step(
            "record_refusal", "记录拒绝检查", RefusalForm,
            lambda v, given, by, at: actions.record_refusal(visit=v, by=by, at=at, **given),
            "拒绝、逃避检查的，本次检查以“不符合”办结。", "将以“不符合”办结本次检查，确定？",
        ),
        Step(
            "cancel_visit", "取消检查", ReasonForm,
            lambda v, given, by, at: actions.cancel_visit(visit=v, by=by, at=at, **given),
            ask="将取消 1 次已安排的检查，确定？",
        ),
        Step("amend_visits", "更正登记", AmendForm, _amend, "更正前后的内容都留在审计记录中。"),
    )
}  # fmt: skip


def _allowed(visit: Visit) -> list[str]:
    """What may be done now: the workflow's transitions and what a visit that was made allows besides."""
    names = {t.action for t in actions.VISIT_WORKFLOW.allowed(visit.state)}
    if visit.state in MADE:
        names |= {"order_correction", "transfer_lead", "amend_visits"}
    order = [name for name in STEPS if name in names]
    first = FOLLOWS.get(visit.conclusion, "")
    done = visit.order_issued if first == "order_correction" else bool(visit.transfers)
    return sorted(order, key=lambda name: name != first or done)


def _proposed_order(visit: Visit, rows: list[PointRow]) -> str:
    """What was found wanting, numbered, as a first draft of the order."""
    failed = [row for row in rows if row.state == "not_conform"]
    return "\n".join(f"{n}. {row.fact}（{row.text[:ORDER_LENGTH]}）" for n, row in enumerate(failed, 1))


def _initial(visit: Visit, rows: list[PointRow], on: dt.date) -> dict[str, Any]:
    row, _ = queries.standing_proposal(visit)
    return {
        "on": on,
        "ordered_on": on,
        "moved_on": on,
        "planned_on": visit.planned_on,
        "persons": visit.persons,
        "team": [officer.pk for officer in visit.team.all()],
        "content": _proposed_order(visit, rows),
        "due_on": suggested_due(row, on),
        "campaign": visit.campaign,
        "tags": "、".join(tag_list(visit.tags)),
        "remark": visit.remark if visit.state != "started" else "",
    }


@needs("inspections.view")
@require_http_methods(["GET", "POST"])
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """One visit: what do I look at now, what was found, what follows?"""
    found = _visit(request, pk)
    known = checklist_versions.of_visit(found)
    rows = _rows(found, known)
    taken, wrong, sent = Taken(), [], False
    upload = EvidenceForm()
    if request.method == "POST":
        require(request.actor, "inspections.visit", found.office_code)
        do = request.POST.get("do", "")
        if do == "record_findings":
            wrong, sent = _record_all(request, found, rows), True
        elif do == "attach_evidence":
            upload = EvidenceForm(request.POST, request.FILES)
            wrong, sent = attach(request, upload, visit=found), True
        elif do == "check_product":
            return _check_product(request, found, known, rows)
        else:
            taken = take(request, STEPS, found)
            wrong, sent = taken.problems, taken.step is not None
            if taken.done and taken.step:
                messages.success(request, f"已办理：{taken.step.label}。")
        if sent and not wrong and not upload.errors and taken.status == 200:
            return redirect("visit", pk=pk)
        if wrong:
            found = _visit(request, pk)  # an action that refuses may have moved the record it was given
    refused = bool(wrong or upload.errors or taken.status != 200)
    context = _page(request, found, known, rows, taken) | {"problems": wrong, "upload": upload}
    if request.POST.get("extra-fact") and refused:
        context["extra"] = _extra([], request.POST)
    return render(request, "web/visits/visit.html", context, status=422 if refused else 200)


class ProductForm(PageForm):
    udi = NumberField(kind=UDI, label="器械标识", required=False, max_length=400)
    registration_no = NumberField(
        kind="device_registration", label="注册证编号", required=False, max_length=120,
        help_text="名录认得这个产品标识时可以不填",
    )  # fmt: skip


def _check_product(
    request: HttpRequest, found: Visit, known: checklists.Checklist | None, rows: list[PointRow]
) -> HttpResponse:
    """Check the product that was scanned; the page says at once what was found."""
    form, wrong = ProductForm(request.POST), []
    if form.is_valid():
        try:
            made = products.check_product(
                visit=found, text=form.cleaned_data["udi"],
                registration_no=form.cleaned_data["registration_no"], by=request.actor, at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            named = made.product_name or made.registration_no or made.udi
            said = f"{named}：{products.VERDICTS[made.verdict]}"
            (messages.success if made.verdict == "ok" else messages.warning)(request, said)
            return redirect(f"{reverse('visit', args=[found.pk])}#products")
    context = _page(request, found, known, rows, Taken())
    context |= {"problems": wrong, "upload": EvidenceForm(), "product_form": form}
    return render(request, "web/visits/visit.html", context, status=422)


def _page(
    request: HttpRequest,
    found: Visit,
    known: checklists.Checklist | None,
    rows: list[PointRow],
    taken: Taken,
) -> dict[str, Any]:
    actor, on = request.actor, clock.today(request)
    editable = bool(may(actor, "inspections.visit", found.office_code))
    names = _allowed(found) if editable else []
    open_first = found.state == "planned" or (found.conclusion in FOLLOWS and bool(names) and not (
        found.order_issued or found.transfers
    ))  # fmt: skip
    return {
        "visit": found,
        "state": (state_of(found), STATE_TONES.get(found.state, "secondary")),
        "campaign": campaign_titles(actor).get(found.campaign, found.campaign) if found.campaign else "",
        "checklist": known,
        "checklist_kept": bool(known and found.checklist_version in ("", known.version)),
        "chapters": _chapters([row for row in rows if row.asked or row.state]),
        "spared": [row for row in rows if not (row.asked or row.state)],
        "failed": [row for row in rows if row.state == "not_conform"],
        "progress": _progress(rows),
        "editable": editable,
        "site_check_kind": found.kind in site_checks.RESULTS,
        "may_case": bool(may(actor, "cases.investigate", found.office_code)),
        "may_talk": bool(may(actor, "cases.edit", found.office_code)),
        "led_to": of_source(actor, "visit", found.pk) if may(actor, "cases.view") else [],
        "answering": editable and found.state == "started",
        "steps": shown(STEPS, names, taken, found, actor, _initial(found, rows, on), open_first),
        "corrections": list(found.corrections.all()),
        "may_sample": bool(may(actor, "sampling.sample", found.office_code)),
        "origin": origins.of(found),
        "samples": sampling.linked(actor, "visit", found.pk, found.number)
        if may(actor, "sampling.view")
        else [],
        "correction_states": actions.CORRECTION_WORKFLOW.states,
        "moved": list(queries.transfers(found)),
        "liaisons": liaisons.of_record(actor, on, visit=found),
        "evidence": gallery(found.evidence.all(), found.visited_on),
        "products": list(found.product_checks.all()),
        "verdicts": products.VERDICTS,
        "product_form": ProductForm(),
        "records": list(found.site_records.all()),
        "judgement": found.extra.get("judgement"),
        "other": {k: v for k, v in found.extra.items() if k not in ("judgement", "refusal")},
        "earlier": queries.earlier_visits(actor, found),
        "on": on,
        **_proposal(found, known),
    }
