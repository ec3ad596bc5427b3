"""统计报表: what is due, the table with its merged headings, the records behind a cell, handing up."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from xiejian.documents import table_docx, table_xlsx
from xiejian.figures import filing, forms, tables
from xiejian.figures.models import FiledTable
from xiejian.figures.tables import Block, ComputedTable, Row
from xiejian.kernel import dates
from xiejian.kernel.facts import published
from xiejian.kernel.problems import Problem, Refused
from xiejian.people import audit
from xiejian.people.models import Office
from xiejian.people.policy import may, require, visible
from xiejian.web import clock
from xiejian.web.export import XLSX, attachment
from xiejian.web.guard import needs
from xiejian.web.views.people import office_choices

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WRITERS = {"xlsx": (table_xlsx.write, XLSX), "docx": (table_docx.write, DOCX)}
TONES = {filing.FILED: "green", filing.OVERDUE: "red", filing.RETURNED: "orange", filing.NOT_FILED: "azure"}


@needs("figures.view")
def table_list(request: HttpRequest) -> HttpResponse:
    """What do I hand up, when, and who has not?"""
    today = clock.today(request)
    offices = dict(office_choices(request.actor))
    due = filing.obligations_of(offices, today)
    rows = [(o, offices[o.office_code], TONES[o.state]) for o in due]
    late = [row for row in rows if row[0].state == filing.OVERDUE]
    return render(
        request,
        "web/tables/list.html",
        {"rows": rows, "late": len(late), "forms": forms.forms().values(), "year": today.year},
    )


class Asked:
    """Which table is asked for: office, first day and cut-off date from the address, with defaults."""

    def __init__(self, request: HttpRequest, table_id: str) -> None:
        given = request.POST if request.method == "POST" else request.GET
        self.form = forms.form(table_id)
        self.office_code = given.get("office") or request.actor.office_code
        require(request.actor, "figures.view", self.office_code, self.form.title)
        self.until = dates.read(given["until"]) if given.get("until") else clock.today(request)
        self.from_on = dates.read(given["from"]) if given.get("from") else None

    @property
    def arguments(self) -> dict[str, Any]:
        return {"until": self.until, "from_on": self.from_on, "office_code": self.office_code}

    def query(self, **more: object) -> str:
        chosen: dict[str, object] = {"office": self.office_code, "until": self.until.isoformat()}
        if self.from_on:
            chosen["from"] = self.from_on.isoformat()
        return urlencode(chosen | more)

    @property
    def snapshot(self) -> Any:
        return filing.last_snapshot(self.form.id, self.office_code, self.until)


def _head(computed: ComputedTable) -> list[list[Block]]:
    """The heading lines with their merged cells."""
    lines: dict[int, list[Block]] = defaultdict(list)
    for block in tables.head_blocks(computed.headings, computed.label_heading, computed.label_width):
        lines[block.row].append(block)
    return [lines[r] for r in sorted(lines)]


def _body(computed: ComputedTable, query: str) -> list[tuple[list[Block], list[tuple[Any, str]]]]:
    """Each row: the merged headings that begin in it, and its cells with the address of their records."""
    base = reverse("table", args=[computed.table])

    def address(row: Row, column: str) -> str:
        return f"{base}{row.id}/{column}/?{query}"

    side: dict[int, list[Block]] = defaultdict(list)
    for block in tables.side_blocks(computed.rows, computed.label_width):
        side[block.row].append(block)
    ids = [h.id for h in computed.headings]
    return [
        (side[r], [(cell, address(row, column)) for cell, column in zip(row.cells, ids, strict=True)])
        for r, row in enumerate(computed.rows)
    ]


@needs("figures.view")
def table(request: HttpRequest, table_id: str) -> HttpResponse:
    """Is this table right, and may it be handed up?"""
    asked = Asked(request, table_id)
    computed = tables.compute(table_id, **asked.arguments, filed=asked.snapshot)
    wanted = request.GET.get("format", "")
    if wanted == "json":
        body = json.dumps(computed.as_json(), ensure_ascii=False)
        return attachment(HttpResponse(body, content_type="application/json"), f"{computed.title}.json")
    if wanted in WRITERS:
        return _file(computed, wanted, asked)
    filed = visible(FiledTable.objects.all(), request.actor)
    return render(
        request,
        "web/tables/table.html",
        {
            "computed": computed,
            "form": asked.form,
            "head": _head(computed),
            "body": _body(computed, asked.query()),
            "asked": asked,
            "offices": office_choices(request.actor),
            "history": filed.filter(table=table_id, office_code=asked.office_code)[:12],
            "errors": [c for c in computed.checks if c.level == "error"],
            "may_file": bool(may(request.actor, "figures.file", asked.office_code)),
            "downloads": [
                (label, f"?{asked.query(format=kind)}")
                for kind, label in (("xlsx", "Excel"), ("docx", "Word"), ("json", "JSON"))
            ],
        },
    )


def _file(computed: ComputedTable, kind: str, asked: Asked) -> HttpResponse:
    """The table as the workbook or Word form that the upper level knows."""
    write, content_type = WRITERS[kind]
    office = Office.objects.filter(code=asked.office_code).first()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table.{kind}"
        write(computed, path, {"填报单位": office.name if office else asked.office_code})
        answer = HttpResponse(path.read_bytes(), content_type=content_type)
    return attachment(answer, f"{computed.title}（截至{asked.until}）.{kind}")


@needs("figures.view")
def table_cell(request: HttpRequest, table_id: str, row: str, column: str) -> HttpResponse:
    """Which records stand behind this number?"""
    asked = Asked(request, table_id)
    found = tables.records(table_id, row, column, **asked.arguments)
    line = next(r for r in asked.form.rows if r.id == row)
    heading = next(c for c in asked.form.shown if c.id == column)
    measure = asked.form.measure(heading, asked.form.chosen(None))
    facts = published()
    return render(
        request,
        "web/tables/records.html",
        {
            "title": f"{' '.join(line.label)}：{heading.label}",
            "meaning": measure.meaning if measure else "",
            "records": [(r, facts[r.fact_table].meaning) for r in found],
            "asked": asked,
            "back": f"{reverse('table', args=[table_id])}?{asked.query()}",
            "form": asked.form,
        },
    )


@needs("figures.file")
@require_POST
def table_file(request: HttpRequest, table_id: str) -> HttpResponse:
    """Sign and hand up: freeze the table with the records behind every cell."""
    asked = Asked(request, table_id)
    filed = filing.file_table(
        table_id=table_id,
        until=asked.until,
        from_on=asked.from_on,
        office_code=asked.office_code,
        by=request.actor,
        at=clock.now(request),
        permit=require,
        record=audit.record,
        explanation=request.POST.get("explanation", ""),
    )
    messages.success(
        request, f"已签发上报：{asked.form.title}（截至{asked.until}）。明细已冻结，之后的更正会显示为差额。"
    )
    return redirect("filed_table", pk=filed.pk)


@needs("figures.view")
def filed_table(request: HttpRequest, pk: int) -> HttpResponse:
    """What was handed up, and what has changed since?"""
    filed = get_object_or_404(visible(FiledTable.objects.all(), request.actor), pk=pk)
    form = forms.form(filed.table)
    problems: list[Problem] = []
    now: list[filing.Difference] = []
    try:
        now = filing.differences(filed)
    except Refused as refused:  # the form has been revised since: what was handed up still shows as it was
        problems = refused.problems
    labels = [" ".join(line.label) for line in form.rows]
    rows = [(labels[i] if i < len(labels) else "", cells) for i, cells in enumerate(filed.cells)]
    return render(
        request,
        "web/tables/filed.html",
        {
            "filed": filed,
            "form": form,
            "columns": [c.label for c in form.shown],
            "rows": rows,
            "differences": now,
            "problems": problems,
            "may_return": filed.state == filing.FILED
            and bool(may(request.actor, "figures.file", filed.office_code)),
        },
    )


@needs("figures.file")
@require_POST
def filed_table_return(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a submission back with a reason."""
    filed = get_object_or_404(visible(FiledTable.objects.all(), request.actor), pk=pk)
    filing.return_table(
        filed=filed,
        reason=request.POST.get("reason", ""),
        by=request.actor,
        at=clock.now(request),
        permit=require,
        record=audit.record,
    )
    messages.success(request, "已退回，上报单位可更正后重新上报。")
    return redirect("filed_table", pk=pk)
