"""导入: upload → what was recognised → load → what was loaded, unchanged and returned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from xiejian.cases.importing import CASE_COLUMNS, INTERVIEW_COLUMNS, import_cases, import_interviews
from xiejian.hospitals.importing import DEVICE_COLUMNS, import_devices
from xiejian.inspections.importing import VISIT_COLUMNS, import_visits
from xiejian.inspections.own_point_files import OWN_POINT_COLUMNS, import_own_points
from xiejian.kernel import tabular
from xiejian.kernel.problems import Refused
from xiejian.kernel.tabular import Column
from xiejian.leads.importing import LEAD_COLUMNS, import_complaints, import_leads
from xiejian.online.importing import MONITORING_COLUMNS, import_monitoring
from xiejian.people.policy import visible
from xiejian.registry import recognition
from xiejian.registry.batches import Outcome
from xiejian.registry.columns import PARTY_COLUMNS, read_party
from xiejian.registry.importing import import_parties
from xiejian.registry.models import ImportBatch
from xiejian.registry.registrations import REGISTRATION_COLUMNS, import_registrations
from xiejian.sampling.importing import SAMPLE_COLUMNS, import_samples
from xiejian.supply.importing import MOVEMENT_COLUMNS, import_movements
from xiejian.vigilance.importing import EVENT_COLUMNS, import_events
from xiejian.web import clock, jobs
from xiejian.web.export import download
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs

BATCHES_SHOWN = 10
TRIED = 500  # rows that the preview reads
SAMPLES = 3  # values of a column that the preview shows


@dataclass(frozen=True)
class Kind:
    """One kind of file: its name, its columns, the function that loads it, the page that shows it."""

    label: str
    columns: tuple[Column, ...]
    load: Callable[..., Outcome]
    page: str


KINDS = {
    "parties": Kind("名录（监管对象）", PARTY_COLUMNS, import_parties, "/parties/"),
    "visits": Kind("检查记录", VISIT_COLUMNS, import_visits, "/visits/"),
    "cases": Kind("案件", CASE_COLUMNS, import_cases, "/cases/"),
    "interviews": Kind("责任约谈", INTERVIEW_COLUMNS, import_interviews, "/cases/"),
    "samples": Kind("监督抽检样品", SAMPLE_COLUMNS, import_samples, "/samples/?tab=all"),
    "complaints": Kind("投诉举报", LEAD_COLUMNS, import_complaints, "/leads/?tab=all"),
    "leads": Kind("线索", LEAD_COLUMNS, import_leads, "/leads/?tab=all"),
    "monitoring": Kind("网络监测清单", MONITORING_COLUMNS, import_monitoring, "/online/?tab=check"),
    "events": Kind("不良事件报告", EVENT_COLUMNS, import_events, "/events/?tab=all"),
    "devices": Kind("医疗机构的设备", DEVICE_COLUMNS, import_devices, "/hospitals/devices/"),
    "movements": Kind("进销存记录", MOVEMENT_COLUMNS, import_movements, "/supply/"),
    "registrations": Kind("产品注册证", REGISTRATION_COLUMNS, import_registrations, "/registrations/"),
    "own-points": Kind("本单位补充检查点", OWN_POINT_COLUMNS, import_own_points, "/checklists/own/"),
}


class UploadForm(PageForm):
    """Which kind of file, and the file."""

    kind = forms.ChoiceField(label="内容", choices=[(k, v.label) for k, v in KINDS.items()])
    file = forms.FileField(label="文件", help_text="xlsx、csv 或 csv.gz；csv 可为 UTF-8 或 GB18030 编码")


@needs("registry.import")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Drop the office's own file; nothing is loaded before the next page says what was recognised."""
    form = UploadForm(request.POST or None, request.FILES or None, initial={"kind": request.GET.get("kind")})
    if request.method == "POST" and form.is_valid():
        job = jobs.receive(form.cleaned_data["file"], form.cleaned_data["kind"], request.actor.username)
        return redirect("import_job", token=job.token)
    batches = visible(ImportBatch.objects.all(), request.actor)[:BATCHES_SHOWN]
    context = {
        "form": form,
        "batches": [(b, KINDS[b.kind].label if b.kind in KINDS else b.kind) for b in batches],
        "kinds": KINDS,
    }
    return render(request, "web/import.html", context, status=422 if form.errors else 200)


@needs("registry.import")
@require_http_methods(["GET", "POST"])
def job(request: HttpRequest, token: str) -> HttpResponse:
    """The uploaded file: recognised columns, then progress, then the result. Only its uploader sees it."""
    found = jobs.find(token, request.actor.username)
    if found is None:
        raise Http404
    kind = KINDS[found.kind]
    if request.method == "POST" and found.state["state"] == "uploaded":
        if request.POST.get("do") == "map":
            _map(request, found, kind)
        else:
            _load(request, found, kind)
        return redirect("import_job", token=token)
    state = found.state
    context = {"job": found, "kind": kind, "state": state}
    if getattr(request, "htmx", False):
        return render(request, "web/parts/import_state.html", context)
    if state["state"] == "uploaded":
        return _preview(request, context)
    return render(request, "web/import_job.html", context)


def _load(request: HttpRequest, found: jobs.Job, kind: Kind) -> None:
    at = clock.now(request)

    def work(progress: jobs.Progress) -> dict[str, Any]:
        outcome = kind.load(
            path=found.source, by=request.actor, at=at, filename=found.filename, progress=progress
        )
        return {**outcome.as_json(), "batch": outcome.batch}

    jobs.run(found, work)


def _map(request: HttpRequest, found: jobs.Job, kind: Kind) -> None:
    """Rewrite the file as the officer says: which column is which, and one value for every row."""
    known = {column.heading for column in kind.columns}
    headings = recognition.read_loosely(found.source, kind.columns).headings
    names = {
        heading: wanted
        for place, heading in enumerate(headings)
        if (wanted := request.POST.get(f"map-{place}", "")) in known
    }
    constants = {c: v for c in known if (v := request.POST.get(f"all-{c}", "").strip())}
    if names or constants:
        draft = found.folder / "next.xlsx"
        recognition.rewrite(found.source, draft, kind.columns, names, constants)
        draft.replace(found.mapped)


def _preview(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """What the file holds as the import will read it; a file that cannot be used says why."""
    found, kind = context["job"], context["kind"]
    try:
        table = recognition.read_loosely(found.source, kind.columns)
        rows = list(islice(table.rows(), TRIED))
    except Refused as refused:
        return render(request, "web/import_job.html", {**context, "problems": refused.problems}, status=422)
    known = {column.heading: column for column in kind.columns}
    values = {h: [str(row.values[h]) for row in rows if h in row.values] for h in table.headings}
    samples = {h: list(dict.fromkeys(found))[:SAMPLES] for h, found in values.items()}
    missing = [c for c in kind.columns if c.heading not in samples]
    free = {c.heading for c in missing}
    needed = [c for c in missing if c.required]
    extra = [
        (place, h, samples[h], recognition.guess(h, values[h], free))
        for place, h in enumerate(table.headings)
        if h not in known
    ]
    guessed = {guess for *_, guess in extra}
    context |= {
        "recognised": [(known[h], samples[h]) for h in table.headings if h in known],
        "extra": extra,
        "missing": missing,
        "needed": needed,
        "fill": [
            (c, request.actor.office_code if c.heading == "行政区划代码" else "")
            for c in needed
            if c.heading not in guessed
        ],
        "skipped": table.skipped,
        "tried": _tried(rows) if found.kind == "parties" and not needed else None,
        "rows": len(rows),
        "more": len(rows) == TRIED,
        "mapped": found.mapped.exists(),
    }
    return render(request, "web/import_job.html", context)


def _tried(rows: list[tabular.Row]) -> dict[str, Any]:
    """What reading the first rows of a register gives: usable rows, mended values, rows to return."""
    back: list[tuple[str, str]] = []
    mended: list[dict[str, str]] = []
    for row in rows:
        parsed = read_party(row.values)
        wrong = [*row.faults, *parsed.problems]
        if wrong:
            back.append((row.where, str(wrong[0])))
        else:
            mended += [{"where": row.where, **change} for change in parsed.changes]
    return {"good": len(rows) - len(back), "back": len(back), "examples": back[:5], "mended": mended[:5]}


@needs("registry.import")
def rejects(request: HttpRequest, pk: int) -> FileResponse:
    """The workbook of returned rows, ready to mend and load again."""
    batch = get_object_or_404(visible(ImportBatch.objects.exclude(rejects_file=""), request.actor), pk=pk)
    path = Path(settings.MEDIA_ROOT) / batch.rejects_file
    if not path.is_file():
        raise Http404
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=f"退回-{Path(batch.filename).stem}.xlsx"
    )


@needs("registry.import")
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """An empty form of a kind: its headings, required ones starred, with one line of examples."""
    if kind not in KINDS:
        raise Http404
    columns = KINDS[kind].columns
    headings = [f"{c.heading}*" if c.required else c.heading for c in columns]
    return download(f"{KINDS[kind].label}导入样表", headings, [[c.example for c in columns]])
