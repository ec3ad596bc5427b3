"""计划与总结: drafts in the browser, every number linked to its records, and the Word file."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from xiejian.documents import drafts, official
from xiejian.documents.draft import Draft, Grid, Paragraph, Run, numbered
from xiejian.figures import definitions, measures
from xiejian.kernel import dates
from xiejian.kernel.facts import published
from xiejian.people.policy import require
from xiejian.web import clock
from xiejian.web.export import attachment
from xiejian.web.guard import needs
from xiejian.web.views.people import office_choices
from xiejian.web.views.tables import DOCX


@needs("documents.view")
def document_list(request: HttpRequest) -> HttpResponse:
    """What did we promise, what shall we say?"""
    today = clock.today(request)
    return render(
        request,
        "web/documents/list.html",
        {
            "kinds": drafts.available().items(),
            "years": range(today.year, today.year - 6, -1),
            "offices": office_choices(request.actor),
            "own": request.actor.office_code,
        },
    )


@dataclass(frozen=True)
class Piece:
    """A run as shown: its words, and the records that its number opens."""

    text: str
    href: str = ""
    title: str = ""


def _piece(run: Run, draft: Draft) -> Piece:
    source = draft.figures.get(run.figure)
    if source is None:
        return Piece(run.text)
    meaning = f"{source.meaning}（{source.period}）" if source.period else source.meaning
    if run.figure not in definitions.measures():
        return Piece(run.text, "", meaning)
    chosen = {"from": draft.from_on, "until": draft.until_on, "office": draft.office_code}
    return Piece(run.text, f"{reverse('figure', args=[run.figure])}?{urlencode(chosen)}", meaning)


def _block(block: Paragraph | Grid, draft: Draft) -> dict[str, object]:
    if isinstance(block, Paragraph):
        return {"pieces": [_piece(run, draft) for run in block.runs]}
    rows = [[_piece(run, draft) for run in row] for row in block.rows]
    return {"columns": block.columns, "rows": rows, "caption": block.caption}


@needs("documents.view")
def document(request: HttpRequest, kind: str) -> HttpResponse:
    """The draft: what it says, and where each of its numbers comes from."""
    if kind not in drafts.available():
        raise Http404
    office_code = request.GET.get("office") or request.actor.office_code
    require(request.actor, "documents.view", office_code, drafts.available()[kind])
    year = request.GET.get("year", "")
    draft = drafts.make(
        kind=kind,
        year=int(year) if year.isdecimal() else clock.today(request).year,
        office_code=office_code,
        by=request.actor,
        at=clock.now(request),
    )
    if request.GET.get("format") == "docx":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "document.docx"
            official.write(draft, path)
            return attachment(HttpResponse(path.read_bytes(), content_type=DOCX), f"{draft.title}.docx")
    sections = [
        (heading, section.level, [_block(block, draft) for block in section.blocks])
        for heading, section in zip(numbered(draft.sections), draft.sections, strict=True)
    ]
    sources = [(s, _piece(Run(s.value, s.id), draft)) for s in draft.figures.values() if s.listed]
    chosen = {"year": draft.year, "office": office_code, "format": "docx"}
    return render(
        request,
        "web/documents/document.html",
        {
            "draft": draft,
            "sections": sections,
            "sources": sources,
            "docx": f"?{urlencode(chosen)}",
        },
    )


@needs("figures.view")
def figure(request: HttpRequest, measure_id: str) -> HttpResponse:
    """Which records stand behind this number of a document?"""
    if measure_id not in definitions.measures():
        raise Http404
    measure = definitions.measure(measure_id)
    today = clock.today(request)
    from_on = dates.read(request.GET.get("from") or today.replace(month=1, day=1))
    until = dates.read(request.GET.get("until") or today)
    office_code = request.GET.get("office") or request.actor.office_code
    require(request.actor, "figures.view", office_code, measure.label)
    found = measures.records(measure_id, from_on=from_on, until=until, office_code=office_code)
    facts = published()
    return render(
        request,
        "web/tables/records.html",
        {
            "title": measure.label,
            "meaning": measure.meaning,
            "records": [(r, facts[r.fact_table].meaning) for r in found],
            "period": (from_on, until),
        },
    )
