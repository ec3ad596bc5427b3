"""证据: files handed in at a visit or a correction; one file shown to whoever may see its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from xiejian.inspections import actions, limits, queries
from xiejian.inspections.checks import EVIDENCE_KINDS, EVIDENCE_TYPES, STAGES
from xiejian.inspections.models import Correction, Evidence, Visit
from xiejian.inspections.paper_checks import capture_marks
from xiejian.inspections.places import Place
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import may, require
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs

#: What a browser may show in place; everything else is handed over as a download.
SHOWN_IN_PLACE = {
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
    ".pdf": "application/pdf", ".mp4": "video/mp4", ".webm": "video/webm", ".mov": "video/quicktime",
    ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".aac": "audio/aac", ".ogg": "audio/ogg", ".wav": "audio/wav",
    ".weba": "audio/webm", ".txt": "text/plain; charset=utf-8",
    # a saved page is read, never run
    ".html": "text/plain; charset=utf-8", ".htm": "text/plain; charset=utf-8",
    ".mhtml": "text/plain; charset=utf-8", ".mht": "text/plain; charset=utf-8",
}  # fmt: skip
#: Records of other rooms that hold evidence: their page, the permissions to look and to describe.
PLACES = {
    "sample": ("sample", "sampling.view", "sampling.sample"),
    "selfinspection": ("self_inspection", "self_inspections.view", "self_inspections.review"),
    "listing": ("listing", "online.view", "online.handle"),
    "liaison": ("liaison", "inspections.view", "inspections.visit"),
    "firmnotice": ("notice", "firms.view", "firms.edit"),
    "delivery": ("delivery", "firms.view", "firms.edit"),
    "statusreport": ("status_report", "firms.view", "firms.edit"),
    "course": ("course", "firms.view", "firms.edit"),
    "exemplaryfirm": ("exemplary_firm", "firms.view", "firms.edit"),
    "excursion": ("coldchain_excursion", "coldchain.view", "firm.coldchain_assess"),
    "recallholder": ("recall_holder", "vigilance.view", "vigilance.report"),
    "adverseevent": ("event", "vigilance.view", "vigilance.report"),
}
ICONS = {
    "scan": "file-text", "page": "file-text", "audio": "phone", "video": "camera", "document": "file-text",
    "photo": "camera",
}  # fmt: skip


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or several files; the answer is always a list."""

    def __init__(self, label: str, required: bool = True) -> None:
        accepted = {"class": "form-control", "accept": ",".join(EVIDENCE_TYPES)}
        super().__init__(label=label, required=required, widget=SeveralFiles(attrs=accepted))

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if not given:
            super().clean(None, initial)
        # the room says what is wrong with an empty or disguised file, in its own words
        return list(given)


class EvidenceForm(PageForm):
    files = FilesField("文件")
    caption = forms.CharField(label="说明", required=False, max_length=200)


class CorrectionEvidenceForm(EvidenceForm):
    stage = forms.ChoiceField(
        label="整改前后", required=False, choices=[("after", "整改后"), ("before", "整改前"), ("", "不区分")]
    )


class DescribeForm(PageForm):
    caption = forms.CharField(label="说明", max_length=200)
    stage = forms.ChoiceField(
        label="整改前后", required=False, choices=[("", "不区分"), ("before", "整改前"), ("after", "整改后")]
    )


def attach(
    request: HttpRequest,
    form: EvidenceForm,
    visit: Visit | None = None,
    correction: Correction | None = None,
    place: Place | None = None,
) -> list[Problem]:
    """Store the files of a form, each by itself: what is wrong with one does not lose the others."""
    if not form.is_valid():
        return []
    wrong: list[Problem] = []
    files, given = form.cleaned_data["files"], form.cleaned_data
    for file in files:
        try:
            actions.attach_evidence(
                file=file, visit=visit, correction=correction, place=place, caption=given["caption"],
                stage=given.get("stage", ""), by=request.actor, at=clock.now(request),
            )  # fmt: skip
        except Refused as refused:
            wrong += refused.problems
    if stored := len(files) - len({problem.where for problem in wrong}):
        messages.success(request, f"已存入 {stored} 件证据，并计算了校验值。")
    return wrong


@dataclass(frozen=True)
class Shown:
    """One piece of evidence on a page: its number there, what it is, what does not fit about its time."""

    row: Evidence
    number: int
    kind: str
    icon: str
    stage: str
    marks: list[str]


def gallery(rows: Iterable[Evidence], visited_on: dt.date | None = None) -> list[Shown]:
    """Evidence as pages show it, numbered in its order. ``visited_on``: the day its photos should be of."""
    return [
        Shown(
            row, number, EVIDENCE_KINDS.get(row.kind, "文件"), ICONS.get(row.kind, "file-text"),
            STAGES.get(row.stage, ""), marks(row, visited_on),
        )
        for number, row in enumerate(rows, 1)
    ]  # fmt: skip


def marks(row: Evidence, visited_on: dt.date | None) -> list[str]:
    return capture_marks(
        captured_on=timezone.localtime(row.captured_at) if row.captured_at else None,
        arrived_at=timezone.localtime(row.at), visited_on=visited_on, clock_offset=row.clock_offset,
        tolerance_minutes=limits.clock_minutes(),
    )  # fmt: skip


def _found(request: HttpRequest, pk: int) -> Evidence:
    found = queries.evidence(request.actor, pk)
    if found is None or (found.subject and not _may_look(request, found.subject)):
        raise Http404
    return found


def _may_look(request: HttpRequest, subject: str) -> bool:
    return subject in PLACES and bool(may(request.actor, PLACES[subject][1]))


@dataclass(frozen=True)
class Holder:
    """The record that holds a piece of evidence: its page, and how the actions name it."""

    number: str
    office_code: str
    page: str
    permission: str
    named: dict[str, Any]
    rows: list[Evidence]
    party: str = ""
    visited_on: dt.date | None = None


def _holder(found: Evidence) -> Holder:
    if found.subject:
        page, _, permission = PLACES[found.subject]
        place = Place(found.subject, found.record_key or 0, found.place, found.office_code, permission)
        rows = queries.evidence_of(found.subject, place.record).filter(office_code=found.office_code)
        return Holder(
            found.place, found.office_code, reverse(page, args=[place.record]), permission,
            {"place": place}, list(rows),
        )  # fmt: skip
    if found.visit:
        visit, place, page = found.visit, found.visit, "visit"
    else:
        visit, place, page = found.correction.visit, found.correction, "correction"
    return Holder(
        place.number, place.office_code, reverse(page, args=[place.pk]), "inspections.visit",
        {page: place}, list(place.evidence.all()), visit.party.name,
        visit.visited_on if found.visit else None,
    )  # fmt: skip


def _file(file: FieldFile, content_type: str, name: str, download: bool) -> FileResponse:
    if not file or not file.storage.exists(file.name):
        raise Http404
    answer = FileResponse(file.open("rb"), as_attachment=download, filename=name, content_type=content_type)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@needs("inspections.view")
def evidence_file(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """The stored file itself, to whoever may see its visit or its correction."""
    found = _found(request, pk)
    suffix = Path(found.file.name).suffix.lower()
    name = found.caption if found.caption.lower().endswith(suffix) else f"{found.caption}{suffix}"
    kind = SHOWN_IN_PLACE.get(suffix, "application/octet-stream")
    return _file(found.file, kind, name, suffix not in SHOWN_IN_PLACE)


@needs("inspections.view")
def evidence_small(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """The small copy of a photo."""
    found = _found(request, pk)
    answer = _file(found.thumbnail, "image/jpeg", "small.jpg", False)
    answer["Cache-Control"] = "private, max-age=86400"  # its digest names the file: it never changes
    return answer


@needs("inspections.view")
@require_http_methods(["GET", "POST"])
def evidence_view(request: HttpRequest, pk: int) -> HttpResponse:
    """One piece of evidence: what does it show, when and where was it taken, is it unchanged?"""
    found = _found(request, pk)
    place = _holder(found)
    form = DescribeForm(request.POST or None, initial={"caption": found.caption, "stage": found.stage})
    if not found.correction:
        del form.fields["stage"]
    wrong: list[Problem] = []
    if request.method == "POST":
        require(request.actor, place.permission, place.office_code)
        try:
            if _change(request, found, place, form):
                return redirect("evidence_view", pk=pk)
        except Refused as refused:
            wrong = list(refused.problems)
    rows = place.rows
    at = next(n for n, row in enumerate(rows) if row.pk == found.pk)
    context = {
        "item": gallery([found], place.visited_on)[0],
        "number": at + 1,
        "count": len(rows),
        "before": rows[at - 1] if at else None,
        "after": rows[at + 1] if at + 1 < len(rows) else None,
        "place": place,
        "place_page": place.page,
        "party": place.party,
        "personal": bool(may(request.actor, "registry.personal", place.office_code)),
        "editable": bool(may(request.actor, place.permission, place.office_code)),
        "form": form,
        "problems": wrong,
    }
    status = 422 if wrong or form.errors else 200
    return render(request, "web/evidence/view.html", context, status=status)


def _change(request: HttpRequest, found: Evidence, place: Holder, form: DescribeForm) -> bool:
    """Move the piece one place, or describe it anew; whether anything was done."""
    who: dict[str, Any] = {"by": request.actor, "at": clock.now(request)}
    move = {"earlier": -1, "later": 1}.get(request.POST.get("do", ""))
    if move:
        ids = [row.pk for row in place.rows]
        at = ids.index(found.pk)
        to = min(max(at + move, 0), len(ids) - 1)
        ids.insert(to, ids.pop(at))
        actions.order_evidence(ids=ids, **place.named, **who)
        return True
    if not form.is_valid():
        return False
    more = {"place": place.named["place"]} if found.subject else {}
    actions.describe_evidence(evidence=found, **form.cleaned_data, **more, **who)
    messages.success(request, "已更正证据说明。")
    return True
