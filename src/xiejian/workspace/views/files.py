"""Files that a firm may open: those at its own records, wherever they were handed in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from xiejian.coldchain import queries as cold
from xiejian.firms import queries as firms
from xiejian.inspections import liaisons
from xiejian.inspections.models import Evidence
from xiejian.people.policy import Actor
from xiejian.self_inspections import queries as self_inspections
from xiejian.vigilance import queries as vigilance
from xiejian.vigilance import recall_queries
from xiejian.web.views.evidence import SHOWN_IN_PLACE
from xiejian.workspace.guard import needs_firm

#: model name → the ids of the firm's own records of that kind; another room adds its line
HOLDERS: dict[str, Callable[[Actor], QuerySet]] = {  # type: ignore[type-arg]
    "firmnotice": lambda actor: firms.deliveries(actor).values("notice"),
    "selfinspection": lambda actor: self_inspections.reports(actor).values("pk"),
    "delivery": lambda actor: firms.deliveries(actor).values("pk"),
    "statusreport": lambda actor: firms.reports(actor).values("pk"),
    "exemplaryfirm": lambda actor: firms.exemplary(actor).values("pk"),
    "adverseevent": lambda actor: vigilance.mine(vigilance.firm_events(actor), actor).values("pk"),
    "recallholder": lambda actor: recall_queries.holders(actor).filter(uscc=actor.firm).values("pk"),
    "excursion": lambda actor: cold.excursions(actor).values("pk"),
    "liaison": lambda actor: liaisons.to_firm(actor).values("pk"),
    "course": lambda actor: firms.courses_given(actor).values("pk"),
}


def own_files(actor: Actor) -> QuerySet[Evidence]:
    """What the firm handed in to its orders, and the files at its own records."""
    reach = Q(correction__visit__party__uscc=actor.firm, stage="after")
    for subject, ids in HOLDERS.items():
        reach |= Q(subject=subject, record_key__in=ids(actor).order_by())
    return Evidence.objects.filter(reach)


@needs_firm("firm.view")
@require_GET
def firm_file(request: HttpRequest, pk: int) -> FileResponse:
    """One file of the firm's own."""
    row = get_object_or_404(own_files(request.actor), pk=pk)
    if not row.file or not row.file.storage.exists(row.file.name):
        raise Http404
    suffix = Path(row.file.name).suffix.lower()
    name = row.caption if row.caption.lower().endswith(suffix) else f"{row.caption}{suffix}"
    kind = SHOWN_IN_PLACE.get(suffix, "application/octet-stream")
    download = suffix not in SHOWN_IN_PLACE
    answer = FileResponse(row.file.open("rb"), as_attachment=download, filename=name, content_type=kind)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
