"""处罚公示: what is to be published, what the public reads, what is to be taken off; early ends."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.cases import publication_rules as rules
from xiejian.cases import publishing, queries, repairing
from xiejian.cases.models import Case, Publication, Repair
from xiejian.clocks.queries import clocks_of
from xiejian.kernel.deadlines import due_dates
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor, may, require
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, StepForm, day, moves, shown, take, text
from xiejian.web.views import clocks
from xiejian.web.views.corrections import clock_words

STATES = publishing.WORKFLOW.states
TONES = {
    "drafted": "orange", "returned": "orange", "published": "green", "correcting": "orange",
    "withdrawing": "red", "withdrawn": "secondary", "exempting": "orange", "exempt": "secondary",
    "ended": "secondary",
}  # fmt: skip
REPAIR_STATES = repairing.WORKFLOW.states
REPAIR_TONES = {
    "applied": "orange", "supplement": "orange", "accepted": "azure", "rejected": "secondary",
    "granted": "azure", "denied": "secondary", "done": "green",
}  # fmt: skip
COLON = "："


def _grounds(known: dict[str, rules.Ground]) -> list[tuple[str, str]]:
    return [(ground.id, ground.meaning) for ground in known.values()]


def lines_of(content: list[list[str]]) -> str:
    """A public text as it is edited: a line each, label and value by ：."""
    return "\n".join(f"{label}{COLON}{value}" for label, value in content)


def content_of(typed: str) -> list[list[str]]:
    """A public text as somebody typed it; a line without label goes with the one before.

    >>> content_of("当事人：某店\\n分店\\n处罚内容：罚款")
    [['当事人', '某店 分店'], ['处罚内容', '罚款']]
    """
    rows: list[list[str]] = []
    for line in filter(str.strip, typed.splitlines()):
        label, colon, value = line.partition(COLON)
        if colon:
            rows.append([label.strip(), value.strip()])
        elif rows:
            rows[-1][1] = f"{rows[-1][1]} {line.strip()}".strip()
        else:
            rows.append(["说明", line.strip()])
    return rows


# --- lists --------------------------------------------------------------------------------------------------


def _columns(on: dt.date) -> list[Column]:
    return [
        Column(
            "number", "案号", lambda p: p.case.number, ("case__number",),
            href=lambda p: reverse("publication", args=[p.pk]),
        ),
        Column("party", "当事人", lambda p: p.case.party.name, ("case__party__name",),
               href=lambda p: reverse("party", args=[p.case.party_id])),
        Column("conduct", "违法行为", lambda p: p.case.conduct),
        Column("decided", "决定日期", lambda p: p.case.decided_on, ("case__decided_on",), nullable=True),
        Column("published", "公示日期", lambda p: p.published_on, ("published_on",), nullable=True),
        Column("until", "停止公示日期", lambda p: p.until_on, ("until_on",), nullable=True),
        Column("term", "期限规则", lambda p: p.term, shown=False),
        Column("ended", "撤下日期", lambda p: p.ended_on, ("ended_on",), nullable=True, shown=False),
        Column("state", "状态", lambda p: publishing.state_words(p, on), ("state",),
               tone=lambda p: _tone(p, on)),
    ]  # fmt: skip


def _tone(row: Publication, on: dt.date) -> str:
    return "secondary" if publishing.is_over(row, on) else TONES[row.state]


@needs("cases.view")
def publication_list(request: HttpRequest) -> HttpResponse:
    """处罚公示: what is public, and what waits for a second person?"""
    asked, on = request.GET, clock.today(request)
    rows = publishing.publications(
        request.actor, state=asked.get("state", ""), search=asked.get("q", ""), on=on
    )
    choices = [*STATES.items(), (publishing.EXPIRED, "公示期满")]
    listing = Listing(
        request, "处罚公示", _columns(on), rows, "-published",
        filters=[Filter("state", "状态", choices, asked.get("state", ""))],
        search_label="搜索案号、当事人", empty="还没有公示的处罚",
        empty_next="在“待公示”中选择已作出决定的案件起草公示内容。",
    )  # fmt: skip
    return show(listing, "web/cases/publication_list.html", {"tab": "publications"})


@needs("cases.view")
def unpublished_list(request: HttpRequest) -> HttpResponse:
    """待公示: which decisions has nobody yet drafted for the public, and until when?"""
    asked = request.GET
    rows = publishing.unpublished(request.actor, search=asked.get("q", ""))
    on, due = clock.today(request), dict[int, dt.date | None]()

    def prepare(page: list[Case]) -> None:
        """When each is due: by its clock; a case that was imported has none and is counted here."""
        starts = [row.decided_on for row in page if row.decided_on]
        counted = due_dates(rules.clock_rule(rules.PUBLISH[0]), starts)
        due.update({row.pk: legal for row, (_, legal) in zip(page, counted, strict=True)})
        held = clocks_of("case", [row.pk for row in page])
        due.update({pk: c.due_legal for pk, cs in held.items() for c in cs if c.name in rules.PUBLISH})

    def words(row: Case) -> tuple[str, str]:
        return clock_words(due[row.pk], on)

    columns = [
        Column("number", "案号", lambda c: c.number, ("number",),
               href=lambda c: reverse("case", args=[c.pk])),
        Column("party", "当事人", lambda c: c.party.name, ("party__name",),
               href=lambda c: reverse("party", args=[c.party_id])),
        Column("conduct", "违法行为", lambda c: c.conduct),
        Column("decided", "决定日期", lambda c: c.decided_on, ("decided_on",)),
        Column("due", "公示期限", lambda c: words(c)[0], tone=lambda c: words(c)[1]),
    ]  # fmt: skip
    if may(request.actor, "cases.edit"):
        columns.append(
            Column(
                "draft", "办理", lambda c: "起草公示", href=lambda c: reverse("publication_new", args=[c.pk])
            )
        )
    listing = Listing(
        request, "待公示案件", columns, rows, "-decided", filters=[], search_label="搜索案号、当事人",
        empty="没有待公示的案件", empty_next="作出处罚决定的案件会列在这里。", prepare=prepare,
    )  # fmt: skip
    return show(listing, "web/cases/publication_list.html", {"tab": "unpublished"})


@needs("cases.view")
def repair_list(request: HttpRequest) -> HttpResponse:
    """信用修复申请: who asks for an early end, what is to be decided?"""
    asked = request.GET
    rows = repairing.repairs(request.actor, state=asked.get("state", ""), search=asked.get("q", ""))
    columns = [
        Column("applied", "申请日期", lambda r: r.applied_on, ("applied_on",),
               href=lambda r: reverse("publication_repair", args=[r.pk])),
        Column("party", "当事人", lambda r: r.publication.case.party.name,
               ("publication__case__party__name",)),
        Column("number", "案号", lambda r: r.publication.case.number, ("publication__case__number",)),
        Column("decided", "决定日期", lambda r: r.decided_on, ("decided_on",), nullable=True),
        Column("state", "状态", lambda r: REPAIR_STATES[r.state], ("state",),
               tone=lambda r: REPAIR_TONES[r.state]),
    ]  # fmt: skip
    listing = Listing(
        request, "提前停止公示申请", columns, rows, "-applied",
        filters=[Filter("state", "状态", list(REPAIR_STATES.items()), asked.get("state", ""))],
        search_label="搜索当事人", empty="没有申请", empty_next="在一条公示的页面登记当事人的申请。",
    )  # fmt: skip
    return show(listing, "web/cases/publication_list.html", {"tab": "repairs"})


# --- drafting -----------------------------------------------------------------------------------------------


class DraftForm(PageForm):
    content = text(
        "公示内容",
        rows=10,
        hint="一行一项，写成“名称：内容”。个人信息按规则略去；商业秘密写在〔密〕〔/密〕之间",
    )


class ExemptForm(PageForm):
    ground = forms.ChoiceField(label="不公示的事由", choices=lambda: _grounds(rules.exemptions()))
    note = forms.CharField(label="理由", max_length=300)


def _case(request: HttpRequest, pk: int) -> Case:
    return get_object_or_404(queries.cases(request.actor), pk=pk)


@needs("cases.edit")
@require_http_methods(["GET", "POST"])
def publication_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft what the public reads of a decision, or ask that it is not published."""
    case, actor, at = _case(request, pk), request.actor, clock.now(request)
    require(actor, "cases.edit", case.office_code)
    exempting = request.POST.get("do") == "exempt"
    posted = request.POST if request.method == "POST" else None
    draft = DraftForm(
        posted if not exempting else None, initial={"content": lines_of(publishing.proposed_content(case))}
    )
    ground = rules.proposed_exemption(publishing.penalty_of(case)) if case.decided_on else ""
    exempt = ExemptForm(posted if exempting else None, initial={"ground": ground}, auto_id="exempt-%s")
    sent: PageForm = exempt if exempting else draft
    wrong: list[Problem] = []
    if posted and sent.is_valid():
        try:
            if exempting:
                made = publishing.propose_exemption(case=case, by=actor, at=at, **exempt.cleaned_data)
            else:
                content = content_of(draft.cleaned_data["content"])
                made = publishing.draft_publication(case=case, content=content, by=actor, at=at)
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, "已提出，请另一位有审核权限的人员审核。")
            return redirect("publication", pk=made.pk)
    context = {
        "case": case, "draft": draft, "exempt": exempt, "problems": wrong, "warning_only": bool(ground)
    }  # fmt: skip
    return render(request, "web/cases/publication_new.html", context, status=422 if posted else 200)


# --- one publication ----------------------------------------------------------------------------------------


class NothingForm(StepForm):
    """A step that asks for nothing."""


class NoteForm(StepForm):
    note = forms.CharField(label="理由", max_length=300)


class OnForm(StepForm):
    on = day("日期")


class ApproveForm(StepForm):
    on = day("公示日期")
    lighter = forms.BooleanField(label="从轻或者减轻处罚（较低数额罚款的公示期较短）", required=False)
    restricted_until = day("停产停业等限制的期满日期", required=False)


class CorrectForm(StepForm):
    content = text("更正后的公示内容", rows=10)
    reason = forms.CharField(label="更正理由", max_length=300)


class WithdrawalForm(StepForm):
    ground = forms.ChoiceField(label="事由", choices=lambda: _grounds(rules.withdrawals()))
    effective_on = day("变更、撤销等生效日期")
    note = forms.CharField(label="向社会说明的理由", max_length=300)


class ApplyForm(StepForm):
    applied_on = day("申请日期")
    statement = text("申请理由和信用承诺")


def _correct(row: Publication, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
    content = content_of(given.pop("content"))
    return publishing.correct_publication(publication=row, content=content, by=by, at=at, **given)


STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "approve_publication", "审核公示", ApproveForm,
            lambda p, given, by, at: publishing.approve_publication(publication=p, by=by, at=at, **given),
            "公示后按规则计算停止公示的日期。",
        ),
        Step(
            "return_publication", "退回修改", NoteForm,
            lambda p, given, by, at: publishing.return_publication(publication=p, by=by, at=at, **given),
        ),
        Step(
            "approve_exemption", "同意不公示", OnForm,
            lambda p, given, by, at: publishing.approve_exemption(publication=p, by=by, at=at, **given),
        ),
        Step(
            "approve_correction", "同意更正", NothingForm,
            lambda p, given, by, at: publishing.approve_correction(publication=p, by=by, at=at),
        ),
        Step(
            "refuse_correction", "不同意更正", NoteForm,
            lambda p, given, by, at: publishing.refuse_correction(publication=p, by=by, at=at, **given),
        ),
        Step(
            "withdraw_publication", "撤回公示", OnForm,
            lambda p, given, by, at: publishing.withdraw_publication(publication=p, by=by, at=at, **given),
            "公示内容撤下，说明的理由保留。",
        ),
        Step(
            "refuse_withdrawal", "不同意撤回", NoteForm,
            lambda p, given, by, at: publishing.refuse_withdrawal(publication=p, by=by, at=at, **given),
        ),
        Step("correct_publication", "提出更正", CorrectForm, _correct, "审核后生效；此前原内容继续公示。"),
        Step(
            "order_withdrawal", "提出撤回", WithdrawalForm,
            lambda p, given, by, at: publishing.order_withdrawal(publication=p, by=by, at=at, **given),
            "处罚决定被变更、撤销、确认违法或者无效的。",
        ),
        Step(
            "apply_for_repair", "登记提前停止公示申请", ApplyForm,
            lambda p, given, by, at: repairing.apply_for_repair(publication=p, by=by, at=at, **given),
        ),
    )
}  # fmt: skip


@needs("cases.view")
@require_http_methods(["GET", "POST"])
def publication(request: HttpRequest, pk: int) -> HttpResponse:
    """One publication: what the public reads, until when, what may be done."""
    actor, on = request.actor, clock.today(request)
    found = get_object_or_404(publishing.publications(actor, on=on), pk=pk)
    taken = take(request, STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("publication", pk=pk)
    texts = list(found.texts.all())
    approved = [row for row in texts if row.approved_at]
    current = approved[-1] if approved else None
    names = moves(publishing.WORKFLOW, found.state, actor, found.office_code)
    if found.state in publishing.PUBLIC and may(actor, "cases.edit", found.office_code):
        names.append("apply_for_repair")
    first: dict[str, Any] = dict.fromkeys(("on", "effective_on", "applied_on"), on)
    first |= {"content": lines_of(current.content) if current else ""}
    first["lighter"] = publishing.penalty_of(found.case).lighter
    context = {
        "found": found, "state": (publishing.state_words(found, on), _tone(found, on)),
        "current": current, "waiting": next((row for row in texts if not row.approved_at), None),
        "texts": texts, "problems": taken.problems,
        "ground": {**rules.exemptions(), **rules.withdrawals()}.get(found.ground),
        "repairs": [(row, REPAIR_STATES[row.state]) for row in found.repairs.all()],
        "may_redraft": "redraft_publication" in names,
        "clocks": clocks.shown(clocks_of("publication", [pk]).get(pk, []), clock.now(request)),
        "steps": shown(
            STEPS, [n for n in names if n in STEPS], taken, found, actor, first,
            first_open=found.state not in ("published", "withdrawn"),
        ),
    }  # fmt: skip
    return render(request, "web/cases/publication.html", context, status=taken.status)


# --- one application for an early end --------------------------------------------------------------------


class DatedNoteForm(StepForm):
    on = day("日期")
    note = forms.CharField(label="说明", max_length=300)


class SupplementForm(StepForm):
    on = day("补正日期")
    statement = text("补正的内容")


class AcceptForm(StepForm):
    on = day("受理日期")
    met = forms.MultipleChoiceField(
        label="核实符合的条件", required=False, widget=forms.CheckboxSelectMultiple,
        choices=lambda: _grounds(rules.conditions()),
    )  # fmt: skip


class DenyForm(DatedNoteForm):
    deceit = forms.BooleanField(label="申请中弄虚作假", required=False)


class ExtendForm(StepForm):
    on = day("批准日期")
    reason = forms.CharField(label="理由", max_length=200)


REPAIR_STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "accept_repair", "受理", AcceptForm,
            lambda r, given, by, at: repairing.accept_repair(repair=r, by=by, at=at, **given),
        ),
        Step(
            "ask_supplement", "告知补正", DatedNoteForm,
            lambda r, given, by, at: repairing.ask_supplement(repair=r, by=by, at=at, **given),
        ),
        Step(
            "supplement_repair", "登记补正", SupplementForm,
            lambda r, given, by, at: repairing.supplement_repair(repair=r, by=by, at=at, **given),
        ),
        Step(
            "reject_repair", "不予受理", DatedNoteForm,
            lambda r, given, by, at: repairing.reject_repair(repair=r, by=by, at=at, **given),
        ),
        Step(
            "grant_repair", "准予修复", OnForm,
            lambda r, given, by, at: repairing.grant_repair(repair=r, by=by, at=at, **given),
        ),
        Step(
            "deny_repair", "不予修复", DenyForm,
            lambda r, given, by, at: repairing.deny_repair(repair=r, by=by, at=at, **given),
        ),
        Step(
            "extend_repair", "延长办理期限", ExtendForm,
            lambda r, given, by, at: repairing.extend_repair(repair=r, by=by, at=at, **given),
        ),
        Step(
            "carry_out_repair", "停止公示", OnForm,
            lambda r, given, by, at: repairing.carry_out_repair(repair=r, by=by, at=at, **given),
        ),
    )
}  # fmt: skip


@needs("cases.view")
@require_http_methods(["GET", "POST"])
def publication_repair(request: HttpRequest, pk: int) -> HttpResponse:
    """One application: are the conditions met, what is decided?"""
    actor, on = request.actor, clock.today(request)
    found: Repair = get_object_or_404(repairing.repairs(actor), pk=pk)
    taken = take(request, REPAIR_STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("publication_repair", pk=pk)
    names = moves(repairing.WORKFLOW, found.state, actor, found.office_code)
    context = {
        "found": found, "state": (REPAIR_STATES[found.state], REPAIR_TONES[found.state]),
        "conditions": [(ground, ground.id in found.met) for ground in rules.conditions().values()],
        "clocks": clocks.shown(clocks_of("repair", [pk]).get(pk, []), clock.now(request)),
        "problems": taken.problems,
        "steps": shown(REPAIR_STEPS, names, taken, found, actor, {"on": on}, first_open=True),
    }  # fmt: skip
    return render(request, "web/cases/repair.html", context, status=taken.status)
