"""证据: files handed in at a visit or a correction; one file shown to whoever may see its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse

from xiejian.inspections import actions, queries
from xiejian.inspections.checks import EVIDENCE_TYPES
from xiejian.inspections.models import Correction, Visit
from xiejian.kernel.problems import Problem, Refused
from xiejian.web import clock
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs

#: What a browser may show in place; everything else is handed over as a download.
SHOWN_IN_PLACE = {
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
    ".pdf": "application/pdf", ".mp4": "video/mp4", ".mp3": "audio/mpeg", ".txt": "text/plain; charset=utf-8",
}  # fmt: skip
PICTURES = (".jpg", ".jpeg", ".png", ".webp")


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


def attach(
    request: HttpRequest, form: EvidenceForm, visit: Visit | None = None, correction: Correction | None = None
) -> list[Problem]:
    """Store the files of a form, all or none; the problems when they are refused."""
    if not form.is_valid():
        return []
    files = form.cleaned_data["files"]
    try:
        with transaction.atomic():
            for file in files:
                actions.attach_evidence(
                    file=file, visit=visit, correction=correction, caption=form.cleaned_data["caption"],
                    by=request.actor, at=clock.now(request),
                )  # fmt: skip
    except Refused as refused:
        return list(refused.problems)
    messages.success(request, f"已存入 {len(files)} 件证据，并计算了校验值。")
    return []


@needs("inspections.view")
def evidence_file(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """The stored file itself, to whoever may see its visit or its correction."""
    found = queries.evidence(request.actor, pk)
    if found is None or not found.file.storage.exists(found.file.name):
        raise Http404
    suffix = Path(found.file.name).suffix.lower()
    name = found.caption if found.caption.lower().endswith(suffix) else f"{found.caption}{suffix}"
    answer = FileResponse(
        found.file.open("rb"), as_attachment=suffix not in SHOWN_IN_PLACE, filename=name,
        content_type=SHOWN_IN_PLACE.get(suffix, "application/octet-stream"),
    )  # fmt: skip
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
