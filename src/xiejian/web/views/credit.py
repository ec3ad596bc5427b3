"""信用: who is graded how and why, what is proposed and decided; one party's credit page; evaluations."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xiejian.clocks.queries import clocks_of
from xiejian.credit import actions, list_actions, queries, record_actions, rules
from xiejian.credit.models import CreditGrade, CreditRun
from xiejian.documents import credit_papers
from xiejian.documents.paper import Paper
from xiejian.documents.papers import write as write_paper
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor, may, visible
from xiejian.registry.models import Party
from xiejian.web import clock
from xiejian.web.credit_steps import (
    ENTRY_TONES,
    GRADE_STEPS,
    GRADE_TONES,
    STATE_TONES,
    allowed_for_grade,
    term_words,
)
from xiejian.web.export import attachment
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.listing import Column, Filter, Listing, show
from xiejian.web.steps import Step, StepForm, day, shown, take
from xiejian.web.views.clocks import shown as clocks_shown
from xiejian.web.views.people import office_choices
from xiejian.web.views.tables import DOCX

STATES = actions.WORKFLOW.states
GRADE_TABS = (("due", "待办"), ("all", "全部"))
#: Results listed on a party's page, newest first.
SHOWN = 20


def grade_words(grade: str) -> str:
    """B（警示）; empty where nothing was evaluated yet."""
    return f"{grade}（{rules.levels()[grade].label}）" if grade in rules.levels() else ""


def _grade_choices() -> list[tuple[str, str]]:
    return [(level.id, f"{level.id} {level.label}") for level in rules.levels().values()]


def _party_address(row: Party) -> str:
    return reverse("credit_party", args=[row.pk])


PARTY_COLUMNS = [
    Column("name", "主体名称", lambda p: p.name, ("name",), href=_party_address),
    Column("uscc", "统一社会信用代码", lambda p: p.uscc or "", ("uscc",), shown=False),
    Column(
        "grade", "信用等级", lambda p: grade_words(p.credit_grade) or "未评定", ("credit_grade",),
        tone=lambda p: GRADE_TONES.get(p.credit_grade, "secondary"),
    ),
    Column(
        "bad", "不良信用", lambda p: p.bad_credit, ("bad_credit",),
        tone=lambda p: {"严重": "red", "不良": "orange"}.get(p.bad_credit, ""),
    ),
    Column("links", "环节", lambda p: p.link_names.strip("|").replace("|", "、")),
    Column("division", "行政区划代码", lambda p: p.division_code, ("division_code",), shown=False),
]  # fmt: skip


@needs("credit.view")
def credit_list(request: HttpRequest) -> HttpResponse:
    """信用等级: who is graded how?"""
    asked, actor, on = request.GET, request.actor, clock.today(request)
    rows = queries.parties(
        actor, search=asked.get("q", ""), grade=asked.get("grade", ""), listed=asked.get("listed", ""),
        office=asked.get("office", ""),
    )  # fmt: skip
    listing = Listing(
        request, "信用等级", PARTY_COLUMNS, rows, "-grade",
        filters=[
            Filter("grade", "等级", [*_grade_choices(), ("-", "未评定")], asked.get("grade", "")),
            Filter(
                "listed", "名单", [(k.id, k.label) for k in rules.lists().values()], asked.get("listed", "")
            ),
            Filter("office", "监管机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索名称、统一社会信用代码", empty="没有监管对象",
        empty_next="先导入名录，再点“评定”。",
    )  # fmt: skip
    more = {
        "counts": [
            (grade, label, parties, GRADE_TONES.get(grade, "secondary"))
            for grade, label, parties in queries.counts_by_grade(actor)
        ],
        "waiting": queries.waiting(actor, on), "may_edit": bool(may(actor, "credit.edit")),
        "runs": queries.runs(actor)[:3],
    }  # fmt: skip
    return show(listing, "web/credit/list.html", more)


# --- evaluation -----------------------------------------------------------------------------------------


class EvaluateForm(PageForm):
    office_code = forms.ChoiceField(label="机构", help_text="该机构及下级的监管对象")
    from_on = forms.DateField(label="期间起", widget=DateInput())
    until_on = forms.DateField(label="期间止", widget=DateInput())
    reason = forms.CharField(label="评定事由", max_length=200)
    events = forms.BooleanField(
        label="只看变差的（因事评定）", required=False, help_text="期间为截至今天的十二个月"
    )


@needs("credit.edit")
@require_http_methods(["GET", "POST"])
def credit_evaluate(request: HttpRequest) -> HttpResponse:
    """评定: propose a grade for every party of an office from the records of a period."""
    actor, on = request.actor, clock.today(request)
    first = {
        "office_code": actor.office_code, "from_on": dt.date(on.year - 1, 1, 1),
        "until_on": dt.date(on.year - 1, 12, 31), "reason": f"{on.year - 1}年度信用评定",
    }  # fmt: skip
    form = EvaluateForm(request.POST or None, initial=first)
    form.fields["office_code"].choices = office_choices(actor)
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data | {"on": on, "by": actor, "at": clock.now(request)}
        try:
            run = _evaluated(given)
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已评定：{_run_words(run.counts)}。")
            return redirect(f"{reverse('credit_grades')}?run={run.pk}")
    context = {"form": form, "problems": wrong, "rules": rules.grade_rules().values()}
    return render(request, "web/credit/evaluate.html", context, status=422 if form.is_bound else 200)


def _evaluated(given: dict[str, Any]) -> CreditRun:
    """The evaluation that a form asks for: of its period, or of what became worse up to today."""
    period = {name: given.pop(name) for name in ("from_on", "until_on")}
    return (
        actions.evaluate_events(**given)
        if given.pop("events")
        else actions.evaluate_credit(**given, **period)
    )


def _run_words(counts: dict[str, int]) -> str:
    found = [f"{level.label} {counts.get(level.id, 0)}" for level in rules.levels().values()]
    words = "，".join([*found, f"拟变更 {counts.get('proposed', 0)}"])
    held = counts.get("in_procedure", 0)
    return f"{words}，办理中未重评 {held}" if held else words


# --- results of evaluations -----------------------------------------------------------------------------


def _grade_columns(on: dt.date) -> list[Column]:
    def due(row: CreditGrade) -> tuple[str, str]:
        return term_words(row.due, on, of_party=True) if row.state == "notified" else ("", "")

    return [
        Column(
            "party", "主体名称", lambda g: g.party.name, ("party__name",),
            href=lambda g: reverse("credit_grade", args=[g.pk]),
        ),
        Column(
            "grade", "拟定等级", lambda g: grade_words(g.grade), ("grade",),
            tone=lambda g: GRADE_TONES[g.grade],
        ),
        Column("before", "原等级", lambda g: grade_words(g.before), ("before",)),
        Column("why", "依据", lambda g: "；".join(r.meaning for r in queries.reasons(g))),
        Column("number", "文号", lambda g: g.number, ("number",), shown=False),
        Column("on", "评定日期", lambda g: g.run.on, ("run__on",)),
        Column("due", "异议期限", lambda g: due(g)[0], ("due",), nullable=True, tone=lambda g: due(g)[1]),
        Column("decided", "决定日期", lambda g: g.decided_on, ("decided_on",), nullable=True, shown=False),
        Column("state", "状态", lambda g: STATES[g.state], ("state",), tone=lambda g: STATE_TONES[g.state]),
    ]  # fmt: skip


@needs("credit.view")
def credit_grades(request: HttpRequest) -> HttpResponse:
    """评定结果: what is proposed, and what has to be told or decided?"""
    asked, actor = request.GET, request.actor
    run = asked.get("run", "")
    tab = asked.get("tab") or ("all" if run or asked.get("state") else "due")
    rows = queries.grades(
        actor, search=asked.get("q", ""), state=asked.get("state", ""), grade=asked.get("grade", ""),
        office=asked.get("office", ""), run=int(run) if run.isdecimal() else None,
    )  # fmt: skip
    bulk = [("告知所选", "bell", reverse("credit_notify"))] if may(actor, "credit.edit") else []
    if may(actor, "credit.decide"):
        bulk.append(("决定所选", "circle-check", reverse("credit_decide")))
    listing = Listing(
        request, "信用评定结果", _grade_columns(clock.today(request)),
        rows.filter(state__in=queries.OPEN_GRADES) if tab == "due" else rows, "-grade",
        filters=[
            Filter("grade", "等级", _grade_choices(), asked.get("grade", "")),
            Filter("state", "状态", list(STATES.items()), asked.get("state", "")),
            Filter("office", "监管机构", office_choices(actor), asked.get("office", "")),
        ],
        search_label="搜索主体名称、文号", empty="没有待办的评定结果",
        empty_next="在“信用等级”页点“评定”，与原等级不同的结果列在这里。",
        selectable=bool(bulk), bulk=bulk, hidden=[("tab", tab), *([("run", run)] if run else [])],
    )  # fmt: skip
    return show(listing, "web/credit/grades.html", {"tab": tab, "tabs": GRADE_TABS})


def _grade(request: HttpRequest, pk: int) -> CreditGrade:
    found = queries.grade(request.actor, pk)
    if found is None:
        raise Http404
    return found


@needs("credit.view")
@require_http_methods(["GET", "POST"])
def credit_grade(request: HttpRequest, pk: int) -> HttpResponse:
    """One result: which facts and rules led to it, what the firm says, what may be done now."""
    found, actor, on = _grade(request, pk), request.actor, clock.today(request)
    taken = take(request, GRADE_STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("credit_grade", pk=pk)
    clocks = clocks_of(actions.SUBJECT, [pk]).get(pk, [])
    context = {
        "found": found, "state": (STATES[found.state], STATE_TONES[found.state]), "problems": taken.problems,
        "steps": shown(
            GRADE_STEPS, allowed_for_grade(found, actor), taken, found, actor, {"on": on}, first_open=True
        ),
        "clocks": clocks_shown(clocks, clock.now(request)), "papers": credit_papers.of_grade(found),
        "history": history(actions.SUBJECT, found.number or f"{found.party.name} {found.run_id}"),
        **_how(found),
    }  # fmt: skip
    return render(request, "web/credit/grade.html", context, status=taken.status)


def _how(found: CreditGrade | None) -> dict[str, Any]:
    """How a result came about: rules and facts, for ``parts/how.html``."""
    if found is None:
        return {"how": None}
    return {
        "how": found, "tone": GRADE_TONES[found.grade], "level": rules.levels()[found.grade],
        "reasons": queries.reasons(found), "facts": queries.fact_words(found),
    }  # fmt: skip


def history(subject: str, key: str) -> list[tuple[dt.date, str, str]]:
    """What was done with a record so far, from the audit log: day, what, by whom."""
    flows = (*actions.WORKFLOW.transitions, *list_actions.WORKFLOW.transitions)
    labels = {t.action: t.label for t in flows} | {"propose_listing": "提出列入"}
    rows = AuditEntry.objects.filter(subject=subject, subject_key=key).order_by("sequence")
    return [
        (row.at.date(), labels.get(row.action, row.action), row.by_name)
        for row in rows.only("at", "action", "by_name")
    ]


@needs("credit.view")
def credit_fact(request: HttpRequest, pk: int, fact: str) -> HttpResponse:
    """The records that one fact of a result was counted from, for the side panel."""
    found = _grade(request, pk)
    if fact not in rules.FACTS:
        raise Http404
    run = found.run
    context = {
        "found": found, "label": rules.FACTS[fact],
        "records": queries.fact_records(request.actor, found.party, fact, run.from_on, run.until_on),
    }  # fmt: skip
    part = getattr(request, "htmx", False)
    return render(request, "web/credit/fact.html" if part else "web/credit/fact_page.html", context)


class BulkNotify(PageForm):
    on = forms.DateField(label="告知日期", widget=DateInput())
    how = forms.CharField(label="告知方式", max_length=60)


class BulkDecide(PageForm):
    on = forms.DateField(label="决定日期", widget=DateInput())
    waived = forms.BooleanField(label="当事人均已书面表示无异议", required=False)


@needs("credit.edit")
@require_http_methods(["GET", "POST"])
def credit_notify(request: HttpRequest) -> HttpResponse:
    """告知所选: the firms of the chosen results are told at once."""
    return _together(request, "告知", BulkNotify, actions.notify_grades)


@needs("credit.decide")
@require_http_methods(["GET", "POST"])
def credit_decide(request: HttpRequest) -> HttpResponse:
    """决定所选: the chosen results come into force at once."""
    return _together(request, "决定生效", BulkDecide, actions.decide_grades)


def _together(
    request: HttpRequest, label: str, form_class: type[PageForm], action: Callable[..., list[CreditGrade]]
) -> HttpResponse:
    """The chosen results are shown first; done on POST."""
    actor, on = request.actor, clock.today(request)
    asked = request.POST.get("ids", "").split(",") if request.method == "POST" else request.GET.getlist("ids")
    wanted = [int(key) for key in asked if key.isdecimal()]
    rows = list(queries.grades(actor).filter(pk__in=wanted).order_by("party__name", "pk"))
    form = form_class(request.POST or None, initial={"on": on})
    wrong: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            done = action(grades=rows, by=actor, at=clock.now(request), **form.cleaned_data)
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已{label} {len(done)} 户。")
            return redirect("credit_grades")
    context = {
        "rows": [
            (row, grade_words(row.grade), grade_words(row.before), GRADE_TONES[row.grade]) for row in rows
        ],
        "ids": ",".join(str(row.pk) for row in rows), "form": form, "problems": wrong, "label": label,
    }  # fmt: skip
    return render(request, "web/credit/bulk.html", context, status=422 if form.is_bound else 200)


# --- one party ------------------------------------------------------------------------------------------


class EventForm(StepForm):
    on = day("评定日期")
    reason = forms.CharField(label="事由", max_length=200)


class CommitmentForm(StepForm):
    text = forms.CharField(label="承诺内容", max_length=500)
    made_on = day("承诺日期")
    place = forms.CharField(label="公开方式", required=False, max_length=200)
    due_on = day("核查日期", False)


class InformationForm(StepForm):
    kind = forms.ChoiceField(
        label="类别", choices=lambda: [(i.id, i.label) for i in rules.information().values()]
    )
    on = day("日期")
    text = forms.CharField(label="内容", max_length=300)
    source = forms.CharField(label="来源", max_length=120)


PARTY_STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "evaluate_party", "因事评定", EventForm,
            lambda party, given, by, at: actions.evaluate_party(party=party, by=by, at=at, **given),
            "按截至该日的记录评定；与原等级不同的，进入待办。",
        ),
        Step(
            "record_commitment", "登记公开承诺", CommitmentForm,
            lambda party, given, by, at: record_actions.record_commitment(
                party=party, by=by, at=at, **given
            ),
        ),
        Step(
            "record_information", "登记信用信息", InformationForm,
            lambda party, given, by, at: record_actions.record_information(
                party=party, by=by, at=at, **given
            ),
            "其他记录中没有而影响信用的：自查报告、表彰等。",
        ),
    )
}  # fmt: skip


@needs("credit.view")
@require_http_methods(["GET", "POST"])
def credit_party(request: HttpRequest, pk: int) -> HttpResponse:
    """One party's credit: its grade and how it came about, the lists, commitments, information."""
    actor, on = request.actor, clock.today(request)
    found = get_object_or_404(visible(Party.objects.all(), actor), pk=pk)
    taken = take(request, PARTY_STEPS, found)
    if taken.done and taken.step:
        messages.success(request, f"已办理：{taken.step.label}。")
        return redirect("credit_party", pk=pk)
    editable = bool(may(actor, "credit.edit", found.office_code))
    results = list(queries.grades(actor).filter(party=found).order_by("-run__on", "-pk")[:SHOWN])
    newest = next((row for row in results if row.state in ("in_force", "unchanged")), None)
    kinds = rules.lists()
    context = {
        "party": found, "grade": (grade_words(found.credit_grade), GRADE_TONES.get(found.credit_grade, "")),
        "problems": taken.problems, "may_edit": editable,
        "results": [
            (row, grade_words(row.grade), STATES[row.state], STATE_TONES[row.state]) for row in results
        ],
        "entries": [
            (row, kinds[row.kind].label, list_actions.WORKFLOW.states[row.state], ENTRY_TONES[row.state])
            for row in queries.entries(actor, party=found)
        ],
        "commitments": list(queries.commitments(actor, party=found)),
        "information": [
            (row, rules.information()[row.kind].label) for row in queries.information(actor, found)
        ],
        "steps": shown(
            PARTY_STEPS, PARTY_STEPS if editable else (), taken, found, actor,
            {"on": on, "made_on": on, "reason": ""},
        ),
        **_how(newest),
    }  # fmt: skip
    return render(request, "web/credit/party.html", context, status=taken.status)


# --- papers ---------------------------------------------------------------------------------------------


def paper_file(paper: Paper, name: str) -> HttpResponse:
    """A paper as a Word file to keep."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paper.docx"
        write_paper(paper, path)
        content = path.read_bytes()
    return attachment(HttpResponse(content, content_type=DOCX), f"{name} {paper.title}.docx")


@needs("credit.view")
def credit_grade_paper(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """评定告知书、评定决定书 as Word."""
    found = _grade(request, pk)
    if kind not in credit_papers.of_grade(found):
        raise Http404
    return paper_file(credit_papers.grade_paper(kind, found, on=clock.today(request)), found.number)


def may_edit(actor: Actor) -> bool:
    return bool(may(actor, "credit.edit"))
