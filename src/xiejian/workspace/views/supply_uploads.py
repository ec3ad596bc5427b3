"""上传进销存: a whole file of movements, from a table or as EPCIS events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from xiejian.supply.importing import MOVEMENT_COLUMNS, import_movements
from xiejian.web import clock, jobs
from xiejian.web.export import download
from xiejian.web.forms import PageForm
from xiejian.workspace.guard import needs_firm


class UploadForm(PageForm):
    file = forms.FileField(label="文件", help_text="xlsx、csv（UTF-8 或 GB18030），或者 EPCIS 2.0 的 json")


@needs_firm("firm.supply")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """上传: the firm's own table; the same file twice loads once."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        job = jobs.receive(form.cleaned_data["file"], "movements", request.actor.username)
        at, by = clock.now(request), request.actor

        def work(progress: jobs.Progress) -> dict[str, Any]:
            outcome = import_movements(
                path=job.source, by=by, at=at, filename=job.filename, progress=progress
            )
            return outcome.as_json()

        jobs.run(job, work)
        return redirect("firm_supply_job", token=job.token)
    context = {"form": form, "columns": MOVEMENT_COLUMNS}
    return render(request, "workspace/supply/upload.html", context, status=422 if form.errors else 200)


def _job(request: HttpRequest, token: str) -> jobs.Job:
    found = jobs.find(token, request.actor.username)
    if found is None or found.kind != "movements":
        raise Http404
    return found


@needs_firm("firm.supply")
def upload_state(request: HttpRequest, token: str) -> HttpResponse:
    """What became of an uploaded file; only its uploader sees it."""
    found = _job(request, token)
    context = {"job": found, "state": found.state}
    part = bool(getattr(request, "htmx", False))
    return render(request, f"workspace/supply/{'upload_state' if part else 'upload_job'}.html", context)


@needs_firm("firm.supply")
def rejects(request: HttpRequest, token: str) -> FileResponse:
    """The workbook of returned rows, ready to mend and load again."""
    found = _job(request, token)
    path = Path(found.state.get("rejects_file") or "")
    if not path.is_file():
        raise Http404
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=f"退回-{Path(found.filename).stem}.xlsx"
    )


@needs_firm("firm.supply")
def template(request: HttpRequest) -> HttpResponse:
    """An empty form: its headings, required ones starred, with one line of examples."""
    headings = [f"{c.heading}*" if c.required else c.heading for c in MOVEMENT_COLUMNS]
    return download("进销存导入样表", headings, [[c.example for c in MOVEMENT_COLUMNS]])
