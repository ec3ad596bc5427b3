"""案件文书: which papers has a case, what does one say, is anything missing before it is issued?"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods

from xiejian.cases import paper_forms, papers
from xiejian.cases.models import CasePaper
from xiejian.cases.paper_forms import Field, Form
from xiejian.cases.papers import PERMISSION, Record
from xiejian.documents import case_papers, pdf
from xiejian.documents.paper import Paper
from xiejian.documents.papers import write
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.numbering import signing_office
from xiejian.people.policy import may, require
from xiejian.web import clock
from xiejian.web.forms import DateInput, PageForm
from xiejian.web.guard import needs
from xiejian.web.views.papers import FORMS

CELL = "|"
#: papers shown on the page of the case itself, the newest first
NEWEST = 6
INPUTS = {"date": "date", "moment": "datetime-local"}


def rows_of(text: str) -> list[list[str]]:
    """A table as somebody types it: a line each, cells by |.

    >>> rows_of("甲 | 乙\\n\\n丙")
    [['甲', '乙'], ['丙']]
    """
    return [[cell.strip() for cell in line.split(CELL)] for line in text.splitlines() if line.strip()]


def as_typed(rows: Iterable[Iterable[str]]) -> str:
    return "\n".join(f" {CELL} ".join(row) for row in rows)


class PaperForm(PageForm):
    """The fields of a template, with what is known; what is required is said when it is issued."""

    def __init__(self, template: Form, *args: Any, corrects: bool = False, **kwargs: Any) -> None:
        self.base_fields = {field.id: _field(field, field.id in template.needs) for field in template.fields}
        self.base_fields["issued_on"] = forms.DateField(label="出具日期", widget=DateInput())
        if corrects:
            self.base_fields["reason"] = forms.CharField(label="更正理由", max_length=300)
        super().__init__(*args, **kwargs)


def _field(field: Field, needed: bool) -> forms.CharField:
    hint = "出具前必填" if needed else ""
    widget: forms.Widget = forms.TextInput()
    if field.kind in INPUTS:
        widget = forms.TextInput(attrs={"type": INPUTS[field.kind]})
    elif field.kind == "text":
        widget = forms.Textarea(attrs={"rows": min(field.lines, 6)})
    elif field.kind == "table":
        widget = forms.Textarea(attrs={"rows": 4})
        hint = f"一行一项，各栏用 {CELL} 分开：{f' {CELL} '.join(field.columns)}"
    return forms.CharField(label=field.label, required=False, widget=widget, help_text=hint)


def _record(request: HttpRequest, subject: str, pk: int) -> Record:
    found = papers.record_of(request.actor, subject, pk)
    if found is None:
        raise Http404
    return found


def _template(kind: str) -> Form:
    if kind not in paper_forms.forms():
        raise Http404
    return paper_forms.forms()[kind]


def _personal(request: HttpRequest, office_code: str) -> bool:
    return bool(may(request.actor, "registry.personal", office_code))


def block(request: HttpRequest, record: Record) -> dict[str, Any]:
    """What web/parts/case_papers.html shows on the page of a case or a proceeding."""
    issued = papers.papers_of(record)
    return {
        "case_papers": issued[: -NEWEST - 1 : -1],
        "case_papers_count": len(issued),
        "case_papers_all": reverse("case_papers", args=[papers.subject_of(record), record.pk]),
        "may_issue": bool(may(request.actor, PERMISSION, record.office_code)),
    }


@needs("cases.view")
def case_papers_page(request: HttpRequest, subject: str, pk: int) -> HttpResponse:
    """The file of a case: what was issued, and what can be."""
    record = _record(request, subject, pk)
    issued = papers.papers_of(record)
    by_kind: dict[str, list[CasePaper]] = {}
    for paper in issued:
        by_kind.setdefault(paper.kind, []).append(paper)
    groups = [
        (
            label,
            [(form, by_kind.get(form.id, [])) for form in paper_forms.forms().values() if form.stage == s],
        )
        for s, label in paper_forms.stages().items()
    ]
    context = {
        "record": record, "subject": subject, "issued": issued, "groups": groups,
        "may_issue": bool(may(request.actor, PERMISSION, record.office_code)),
    }  # fmt: skip
    return render(request, "web/cases/papers.html", context)


def _initial(template: Form, values: dict[str, Any], personal: bool) -> dict[str, Any]:
    known = {f.id: values.get(f.id) or "" for f in template.fields if personal or not f.personal}
    tables = {f.id for f in template.fields if f.kind == "table"}
    return {k: as_typed(v) if k in tables and v else v for k, v in known.items()}


def _given(template: Form, cleaned: dict[str, Any]) -> dict[str, Any]:
    tables = {f.id for f in template.fields if f.kind == "table"}
    return {f.id: rows_of(cleaned[f.id]) if f.id in tables else cleaned[f.id] for f in template.fields}


def _corrected(request: HttpRequest, kind: str) -> CasePaper | None:
    asked = request.GET.get("corrects", "")
    if not asked:
        return None
    found = papers.paper(request.actor, int(asked)) if asked.isdecimal() else None
    if found is None or found.kind != kind:
        raise Http404
    return found


@needs(PERMISSION)
@require_http_methods(["GET", "POST"])
def case_paper_new(request: HttpRequest, subject: str, pk: int, kind: str) -> HttpResponse:
    """Fill in a paper, look at it, issue it; with ?corrects=N a further version of an issued one."""
    record, template, first = _record(request, subject, pk), _template(kind), _corrected(request, kind)
    require(request.actor, PERMISSION, record.office_code)
    values = papers.values_of(record) | (first.values if first else {})
    personal = _personal(request, record.office_code)
    initial = _initial(template, values, personal) | {"issued_on": clock.today(request)}
    form = PaperForm(template, request.POST or None, initial=initial, corrects=first is not None)
    wrong: list[Problem] = []
    given = {f.id: values.get(f.id) for f in template.fields}
    if request.method == "POST" and request.POST.get("do") != "preview" and form.is_valid():
        given = _given(template, form.cleaned_data)
        try:
            made = papers.issue_paper(
                kind=kind, record=record, values=given, issued_on=form.cleaned_data["issued_on"],
                corrects=first, reason=form.cleaned_data.get("reason", ""), by=request.actor,
                at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong = list(refused.problems)
        else:
            messages.success(request, f"已出具：{made.title} {made.number}".strip())
            return redirect("case_paper", pk=made.pk)
    elif form.is_bound:
        given = _given(template, {f.id: request.POST.get(f.id, "") for f in template.fields})
    context = {
        "record": record, "subject": subject, "template": template, "form": form, "first": first,
        "problems": wrong, "missing": paper_forms.missing(template, given),
        "paper": _drafted(template, given, record, personal),
    }  # fmt: skip
    shown_again = form.is_bound and request.POST.get("do") != "preview"
    return render(request, "web/cases/paper_new.html", context, status=422 if shown_again else 200)


def _drafted(template: Form, given: dict[str, Any], record: Record, personal: bool) -> Paper:
    return case_papers.draft(template, given, signing_office(record.office_code), personal=personal)


def _issued(request: HttpRequest, pk: int) -> CasePaper:
    found = papers.paper(request.actor, pk)
    if found is None:
        raise Http404
    return found


@needs("cases.view")
def case_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """One paper as it was issued, with its other versions."""
    found = _issued(request, pk)
    versions = list(papers.versions(found))
    context = {
        "found": found, "versions": versions, "last": versions[-1], "pdf": pdf.program() is not None,
        "paper": case_papers.issued(found, personal=_personal(request, found.office_code)),
        "altered": bool(papers.altered([found])),
        "may_issue": bool(may(request.actor, PERMISSION, found.office_code)),
    }  # fmt: skip
    return render(request, "web/cases/paper.html", context)


def _file(paper: Paper, form: str) -> HttpResponse:
    if form not in FORMS:
        raise Http404
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"paper.{form}")
        write(paper, path)
        answer = HttpResponse(path.read_bytes(), content_type=FORMS[form])
    name = f"{paper.title} {paper.number}".strip().replace("/", "-")
    answer["Content-Disposition"] = content_disposition_header(form == "docx", f"{name}.{form}")
    return answer


@needs("cases.view")
def case_paper_file(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """An issued paper as a Word or PDF file."""
    found = _issued(request, pk)
    return _file(case_papers.issued(found, personal=_personal(request, found.office_code)), form)


@needs("cases.view")
def case_paper_draft(request: HttpRequest, subject: str, pk: int, kind: str, form: str) -> HttpResponse:
    """A paper that is not issued, with what the record says by now: to be filled in by hand."""
    record, template = _record(request, subject, pk), _template(kind)
    personal = _personal(request, record.office_code)
    return _file(_drafted(template, papers.values_of(record), record, personal), form)
