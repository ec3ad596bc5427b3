"""现场文书: a paper of a visit, an order, a stop … shown, numbered, and handed over as Word or PDF."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods

from xiejian.documents import papers, pdf, signed_papers
from xiejian.documents.paper import Paper
from xiejian.inspections import issuing, signing
from xiejian.kernel.problems import Refused
from xiejian.people.policy import may, require
from xiejian.web import clock
from xiejian.web.guard import needs

FORMS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}


def _paper(request: HttpRequest, kind: str, pk: int) -> Paper:
    if kind not in papers.KINDS:
        raise Http404
    asked = request.GET.get("part", "")
    part = int(asked) if asked.isdecimal() else None
    try:
        return papers.make(kind, pk, by=request.actor, on=clock.today(request), part=part)
    except Refused as refused:
        if refused.first.code == "D106":
            raise Http404 from refused
        raise


def _may_sign(request: HttpRequest, kind: str, record: Any) -> bool:
    """Whether the paper waits for names on the screen, and the actor may take them."""
    how = signed_papers.signable(kind)
    if how is not None:
        return bool(may(request.actor, how.permission, record.office_code))
    begun = kind == signing.RECORD and record.state in ("started", "concluded", "refused")
    return begun and bool(may(request.actor, "inspections.visit", record.office_code))


@needs("inspections.view")  # papers.make asks besides for cases.view where a talk is the record
@require_http_methods(["GET", "POST"])
def paper(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """One paper on the screen: is it as it should be, and has it its number?"""
    shown = _paper(request, kind, pk)
    record: Any = papers.record_of(kind, pk, by=request.actor, on=clock.today(request))
    numbered = kind in issuing.NUMBERED
    if request.method == "POST" and numbered:
        require(request.actor, issuing.NUMBERED[kind], record.office_code)
        made = issuing.issue_paper(
            kind=kind, record=record, office_code=record.office_code, issued_on=clock.today(request),
            by=request.actor, at=clock.now(request),
        )  # fmt: skip
        messages.success(request, f"已编号：{made.number}。")
        return redirect("paper", kind=kind, pk=pk)
    context = {
        "paper": shown,
        "kind": kind,
        "pk": pk,
        "back": reverse(papers.SUBJECTS[kind], args=[pk]),
        "may_number": numbered and not shown.number
        and bool(may(request.actor, issuing.NUMBERED[kind], record.office_code)),
        "may_sign": _may_sign(request, kind, record),
        "part": request.GET.get("part", ""),
        "pdf": pdf.program() is not None,
    }  # fmt: skip
    return render(request, "web/papers/paper.html", context)


@needs("inspections.view")
def visit_record(request: HttpRequest, pk: int) -> HttpResponse:
    """现场检查记录 at the address of its visit."""
    return paper(request, "record", pk)


@needs("inspections.view")
def correction_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """责令改正通知书 at the address of its order."""
    return paper(request, "notice", pk)


@needs("inspections.view")
def paper_file(request: HttpRequest, kind: str, pk: int, form: str) -> HttpResponse:
    """The paper as a Word or PDF file."""
    if form not in FORMS:
        raise Http404
    shown = _paper(request, kind, pk)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"paper.{form}")
        papers.write(shown, path)
        answer = HttpResponse(path.read_bytes(), content_type=FORMS[form])
    name = f"{shown.title} {shown.number}".strip().replace("/", "-")
    answer["Content-Disposition"] = content_disposition_header(form == "docx", f"{name}.{form}")
    return answer
