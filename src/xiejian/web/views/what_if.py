"""规则推演: what would other rules change? Two plans side by side; nothing is stored."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from xiejian.kernel import packs
from xiejian.kernel.problems import Problem, Refused
from xiejian.people.policy import Actor
from xiejian.planning import checks, what_if
from xiejian.planning.what_if import FIELDS, Comparison
from xiejian.web import clock
from xiejian.web.charts import Chart
from xiejian.web.export import download
from xiejian.web.forms import PageForm
from xiejian.web.guard import needs
from xiejian.web.views.people import office_choices

LINES = 3  # values that the form changes at once; the command takes any number
IN_CHART = 15  # offices that a chart holds without its labels touching


class WhatIfForm(PageForm):
    """What is compared with what."""

    pack = forms.ChoiceField(label="现行规则包")
    against = forms.ChoiceField(label="推演规则包", required=False)
    year = forms.IntegerField(label="年度", min_value=checks.FIRST_YEAR, max_value=checks.LAST_YEAR)
    office = forms.ChoiceField(label="机构")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(p, packs.load(p).title) for p in packs.known()]
        self.fields["pack"].choices = known
        self.fields["against"].choices = [("", "不换，只改动下面的值"), *known]
        self.fields["office"].choices = office_choices(actor)
        for name in ("pack", "against"):  # the values below are those of the chosen pack
            self.fields[name].widget.attrs["data-reload"] = ""


@dataclass(frozen=True)
class Line:
    """One value that would be another: which one, and what is typed for it."""

    number: int
    what: str
    value: str


def _lines(request: HttpRequest) -> list[Line]:
    given = list(zip(request.GET.getlist("what"), request.GET.getlist("value"), strict=False))[:LINES]
    given += [("", "")] * (LINES - len(given))
    return [Line(number, what, value) for number, (what, value) in enumerate(given, start=1)]


def _values(pack_id: str, on: dt.date) -> list[tuple[str, str]]:
    """The values of a pack that may be changed: (rule.field, the rule with the value as it is)."""
    if pack_id not in packs.known():
        return []
    return [
        (f"{row.id}.{name}", f"{row.id} {FIELDS[name].label}：{what_if.worded(name, value)}（{row.meaning}）")
        for row in packs.load(pack_id).rows_on(on)
        for name, value in what_if.fields_of(row).items()
        if value is not None
    ]


def _compared(request: HttpRequest, given: dict[str, Any], lines: list[Line]) -> Comparison:
    changes = [what_if.read_change(f"{line.what}={line.value}") for line in lines if line.what]
    return what_if.compare(
        year=given["year"], pack_id=given["pack"], office_code=given["office"], against=given["against"],
        changes=changes, by=request.actor,
    )  # fmt: skip


@needs("planning.plan")
@require_safe
def what_if_page(request: HttpRequest) -> HttpResponse:
    """规则推演: parties per level, visits and inspector-days under other rules. An address can be sent on."""
    asked, own = request.GET, request.user.office.packs
    first = {
        "pack": own[0] if own else "",
        "year": clock.today(request).year,
        "office": request.actor.office_code,
    }
    form = WhatIfForm(asked if "pack" in asked else None, initial=first, actor=request.actor)
    lines = _lines(request)
    found: Comparison | None = None
    wrong: list[Problem] = []
    if asked.get("go") and form.is_valid():
        try:
            found = _compared(request, form.cleaned_data, lines)
        except Refused as refused:
            wrong = refused.problems
    if found is not None and asked.get("format") == "xlsx":
        return download("推演的级别变化", what_if.HEADINGS, what_if.export_rows(found))
    year = (
        form.cleaned_data.get("year", first["year"]) if form.is_bound and form.is_valid() else first["year"]
    )
    chosen = asked.get("against") or asked.get("pack") or first["pack"]
    context = {
        "form": form,
        "lines": lines,
        "values": _values(chosen, dt.date(year, 1, 1)),
        "problems": wrong,
        "export": f"?{asked.urlencode()}&format=xlsx",
        **(_shown(found) if found else {}),
    }
    status = 422 if wrong or (asked.get("go") and form.errors) else 200
    return render(request, "web/what_if/page.html", context, status=status)


def _signed(before: float, after: float) -> str:
    """The difference in words: +3, −2, or 不变."""
    change = round(after - before, 1)
    if not change:
        return "不变"
    return f"+{change:g}" if change > 0 else f"−{-change:g}"


def _shown(found: Comparison) -> dict[str, Any]:
    days = found.inspector_days
    totals = [
        ("检查任务", found.tasks, _signed(*found.tasks)),
        ("检查家次", found.visits, _signed(*found.visits)),
        ("检查人日（估算）", tuple(f"{value:g}" for value in days), _signed(*days)),
    ]
    return {
        "found": found,
        "titles": [pack.title for pack in found.packs],
        "totals": totals,
        "levels": [(row, _signed(*row.parties)) for row in found.levels],
        "load": [(row, _signed(*row.visits)) for row in found.load],
        "days": [(row, _signed(*row.days) if row.days else "") for row in found.days],
        "moved": found.moved[: what_if.SHOWN],
        "more": max(0, len(found.moved) - what_if.SHOWN),
        "unverified": [any(row.unverified for row in pack.rows) for pack in found.packs],
        "charts": [_level_chart(found), _days_chart(found)],
    }


def _level_chart(found: Comparison) -> Chart:
    rows: list[tuple[str, list[float | int | None]]] = [
        (f"{row.link}\n{what_if.level_words(row.level)}", list(row.parties)) for row in found.levels
    ]
    return Chart(
        "levels", "各级别户数", "bar", ["现行", "推演"], rows, unit="户", colours=["pale", "blue"],
        label_heading="环节和级别",
    )  # fmt: skip


def _days_chart(found: Comparison) -> Chart:
    known = [row for row in found.days if row.days is not None]
    largest = sorted(known, key=lambda row: -max(row.days or (0, 0)))[:IN_CHART]
    rows: list[tuple[str, list[float | int | None]]] = [
        (row.office, list(row.days or ())) for row in known if row in largest
    ]
    title = "各机构检查人日（估算）" if len(known) == len(rows) else f"人日最多的 {IN_CHART} 个机构（估算）"
    return Chart(
        "days",
        title,
        "bar",
        ["现行", "推演"],
        rows,
        unit="人日",
        colours=["pale", "blue"],
        label_heading="机构",
    )
