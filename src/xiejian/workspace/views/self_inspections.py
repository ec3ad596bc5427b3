"""自查: which reports the firm owes, one of them section by section, its filing and its amendment."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Party
from xiejian.self_inspections import actions, keeping, queries, rules
from xiejian.self_inspections import answers as reading
from xiejian.self_inspections import forms as self_forms
from xiejian.self_inspections.answers import JUDGED, YES_NO
from xiejian.self_inspections.forms import Form, Section
from xiejian.self_inspections.models import SelfInspection
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.self_reports import STANDING_TONES, TONES, shown
from xiejian.web.views.corrections import clock_words
from xiejian.workspace.guard import needs_firm
from xiejian.workspace.items import Item

STATES = actions.WORKFLOW.states
KIND = "年度自查"


def _reporting_years(on: dt.date) -> list[int]:
    """The year that is reported on now, and this one: who begins early loses nothing."""
    return [on.year - 1, on.year]


def due_items(actor: Actor, on: dt.date) -> list[Item]:
    """待办: reports of last year that are not in, reports that came back, and what the office reminds of."""
    year = on.year - 1
    reminded = {(r.link, r.year) for r in queries.reminders(actor, year)}
    items = []
    for link in queries.standings(actor, year, on).filter(standing__in=("missing", "open")):
        form = self_forms.for_link(link)
        detail = "监管部门提醒报送" if (link.link, year) in reminded else ""
        due = self_forms.due_on(form, year) if form else None
        items.append(
            Item(KIND, f"{year}年度{link.link}自查报告", reverse("firm_self_inspections"), due, detail)
        )
    for row in queries.reports(actor, state="returned"):
        page = reverse("firm_self_inspection", args=[row.pk])
        items.append(Item(KIND, f"{row.year}年度{row.link}自查已退回", page, row.due_on, row.returned_why))
    return items


@needs_firm("firm.inspect")
@require_GET
def self_inspection_list(request: HttpRequest) -> HttpResponse:
    """What must we hand in, and what did we hand in?"""
    actor, on = request.actor, clock.today(request)
    party = visible(Party.objects.prefetch_related("links"), actor, firm="uscc").first()
    held = list(queries.reports(actor))
    begun = {(row.year, row.link) for row in held}
    to_begin = [
        (year, link, form, self_forms.due_on(form, year))
        for year in _reporting_years(on)
        for link in (party.links.all() if party else ())
        if (year, link.link) not in begun and (form := self_forms.for_link(link))
    ]
    context = {
        "party": party,
        "to_begin": [
            (year, link, form, self_forms.DUTIES[form.duty], clock_words(due, on) if due else ("", ""))
            for year, link, form, due in to_begin
        ],
        "reports": [(row, STATES[row.state], TONES[row.state]) for row in held],
        "reminders": list(queries.reminders(actor)[: rules.years_back()]),
        "tones": STANDING_TONES,
    }
    return render(request, "workspace/self_inspections/list.html", context)


@needs_firm("firm.inspect")
@require_POST
def self_inspection_new(request: HttpRequest) -> HttpResponse:
    """Begin the report of one link and year; one that is begun is opened."""
    year, link = request.POST.get("year", ""), request.POST.get("link", "")
    party = visible(Party.objects.all(), request.actor, firm="uscc").first()
    if party is None or not year.isdecimal():
        raise Http404
    made = actions.open_self_inspection(
        party=party, link=link, year=int(year), by=request.actor, at=clock.now(request)
    )
    return redirect("firm_self_inspection", pk=made.pk)


class SignForm(PageForm):
    """Who answers for the report."""

    filler = forms.CharField(label="填报人姓名", max_length=60)
    post = forms.CharField(label="职务", max_length=60)


class AmendForm(PageForm):
    reason = forms.CharField(label="更正的内容和理由", max_length=300)


def _report(request: HttpRequest, pk: int) -> SelfInspection:
    found = queries.report(request.actor, pk)
    if found is None:
        raise Http404
    return found


def _before(actor: Actor, report: SelfInspection) -> SelfInspection | None:
    rows = queries.reports(actor, year=report.year - 1, link=report.link, party=report.party)
    return rows.filter(filed_on__isnull=False).first()


@needs_firm("firm.inspect")
@require_http_methods(["GET", "POST"])
def self_inspection(request: HttpRequest, pk: int) -> HttpResponse:
    """One report: how far it is, what is missing, its signature; once filed what was said."""
    report, wrong = _report(request, pk), list[Problem]()
    sign = SignForm(initial={"filler": report.filler or request.actor.name, "post": report.post})
    amend = AmendForm()
    if request.method == "POST":
        filing = request.POST.get("do") == "file"
        sent: PageForm = SignForm(request.POST) if filing else AmendForm(request.POST)
        sign, amend = (sent, amend) if filing else (sign, sent)
        wrong = _take(request, report, sent, filing) if sent.is_valid() else []
        if sent.is_valid() and not wrong:
            return redirect("firm_self_inspection", pk=pk)
        report = _report(request, pk)
    form = keeping.form_of(report)
    writing = report.state in keeping.WRITING
    photos = report.photos.select_related("evidence")
    context = {
        "report": report,
        "form_title": form.title,
        "sections": shown(form, report.answers, before=_before(request.actor, report), photos=photos),
        "progress": reading.progress(form, report.answers),
        "unexplained": reading.unexplained(form, report.answers),
        "writing": writing,
        "state": (STATES[report.state], TONES[report.state]),
        "due": clock_words(report.due_on, clock.today(request)) if writing and report.due_on else ("", ""),
        "filings": report.filings.all(),
        "sign": sign,
        "amend": amend,
        "problems": wrong,
    }
    status = 422 if wrong or sign.errors or amend.errors else 200
    return render(request, "workspace/self_inspections/report.html", context, status=status)


def _take(request: HttpRequest, report: SelfInspection, form: PageForm, filing: bool) -> list[Problem]:
    who: dict[str, Any] = {"by": request.actor, "at": clock.now(request)}
    try:
        if filing:
            actions.file_self_inspection(report=report, **form.cleaned_data, **who)
        else:
            actions.amend_self_inspection(report=report, **form.cleaned_data, **who)
    except Refused as refused:
        return list(refused.problems)
    messages.success(request, "自查报告已报送。" if filing else "可以更正了，改完后重新报送。")
    return []


def _neighbours(form: Form, section: Section) -> tuple[Section | None, Section | None, int]:
    place = form.sections.index(section)
    before = form.sections[place - 1] if place else None
    after = form.sections[place + 1] if place + 1 < len(form.sections) else None
    return before, after, place + 1


def _given(request: HttpRequest, section: Section) -> dict[str, dict[str, str]]:
    """What the page sent for the points of the section."""
    return {
        point.id: {
            "answer": request.POST.get(f"a-{point.id}", ""),
            "note": request.POST.get(f"n-{point.id}", ""),
        }
        for point in section.points
    }


@needs_firm("firm.inspect")
@require_http_methods(["GET", "POST"])
def self_inspection_section(request: HttpRequest, pk: int, section_id: str) -> HttpResponse:
    """One section, saved by itself with every change; with a photo at a point where that says more."""
    report = _report(request, pk)
    form = keeping.form_of(report)
    section = form.section(section_id)
    if section is None:
        raise Http404
    if report.state not in keeping.WRITING:
        return redirect("firm_self_inspection", pk=pk)
    wrong = _keep(request, report, section) if request.method == "POST" else []
    _, after, _ = _neighbours(form, section)
    if request.method == "POST" and not wrong and "next" in request.POST:
        where = ("firm_self_inspection_section", pk, after.id) if after else ("firm_self_inspection", pk)
        return redirect(*where)
    report = _report(request, pk)
    context = _section_context(request, report, form, section) | {"problems": wrong}
    if request.headers.get("HX-Request"):
        # what was refused is said beside the progress: the page keeps what is being written
        return render(request, "workspace/self_inspections/saved.html", context)
    status = 422 if wrong else 200
    return render(request, "workspace/self_inspections/section.html", context, status=status)


def _keep(request: HttpRequest, report: SelfInspection, section: Section) -> list[Problem]:
    who: dict[str, Any] = {"by": request.actor, "at": clock.now(request)}
    try:
        if point := request.POST.get("photo_of"):
            for file in request.FILES.getlist("photo"):
                actions.attach_photo(report=report, point=point, file=file, **who)
        else:
            actions.save_answers(report=report, answers=_given(request, section), **who)
    except Refused as refused:
        return list(refused.problems)
    return []


def _section_context(
    request: HttpRequest, report: SelfInspection, form: Form, section: Section
) -> dict[str, Any]:
    before, after, place = _neighbours(form, section)
    photos = report.photos.select_related("evidence")
    sections = shown(form, report.answers, before=_before(request.actor, report), photos=photos)
    return {
        "report": report, "section": sections[place - 1], "place": place, "count": len(form.sections),
        "previous": before, "following": after, "progress": reading.progress(form, report.answers),
        "judged": [(value, value.replace("_", "-"), label) for value, label in JUDGED.items()],
        "yes_no": YES_NO.items(), "longest": rules.longest_text(),
    }  # fmt: skip
