"""The page of one record of a firm's desk: what it says, its tables, the open steps, what was done so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from xiejian.kernel.workflow import Workflow
from xiejian.people.models import AuditEntry
from xiejian.people.policy import Actor
from xiejian.web import clock
from xiejian.web.listing import as_text
from xiejian.web.steps import Step, StepForm, Taken, shown, take
from xiejian.web.templatetags.xiejian import AUDIT_LABELS


@dataclass(frozen=True)
class Cell:
    """A text or a day, and where it leads."""

    value: object
    href: str = ""

    @property
    def text(self) -> str:
        return as_text(self.value)


@dataclass(frozen=True)
class Table:
    """A table of the page; ``empty`` is said where it has no rows."""

    title: str
    headings: list[str]
    rows: list[list[Cell]]
    empty: str = "没有"


@dataclass(frozen=True)
class Sheet:
    """One record as its page shows it."""

    number: str
    heading: str
    lead: str
    state: tuple[str, str]
    list_label: str
    list_url: str
    facts: list[tuple[str, Cell]]
    tables: list[Table] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    alert: str = ""


def step_of(
    action: Callable[..., object], name: str, label: str, form: type[StepForm], hint: str = "", ask: str = ""
) -> Step:
    """A step that calls an action with the record under this name and what the form gives."""

    def work(record: Any, given: dict[str, Any], by: Actor, at: dt.datetime) -> object:
        return action(**{name: record}, **given, by=by, at=at)

    return Step(action.__name__, label, form, work, hint, ask)


def facts_of(*pairs: tuple[str, object]) -> list[tuple[str, Cell]]:
    """What the record says; dates, links and words alike, nothing of what is empty."""
    return [
        (label, value if isinstance(value, Cell) else Cell(value))
        for label, value in pairs
        if as_text(value.value if isinstance(value, Cell) else value)
    ]


def history(subject: str, key: str, firm_uscc: str, flow: Workflow | None) -> list[tuple[dt.date, str, str]]:
    """What was done with the record so far, from the audit log of the own firm."""
    rows = AuditEntry.objects.filter(subject=subject, subject_key=key, detail__firm=firm_uscc)
    labels = AUDIT_LABELS["actions"] | {t.action: t.label for t in (flow.transitions if flow else ())}
    return [
        (timezone.localdate(row.at), labels.get(row.action, row.action), row.by_name)
        for row in rows.order_by("sequence")
    ]


def sheet_page(
    request: HttpRequest, row: Any, key: str, steps: Mapping[str, Step], names: Callable[[], list[str]],
    sheet: Callable[[], Sheet], past: Callable[[], list[tuple[dt.date, str, str]]],
    initial: Mapping[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    """Take the step that was sent, else show the record with its open steps.

    ``names``: the steps open now; ``past``: its history; ``initial``: what the forms begin with.
    """
    taken: Taken = take(request, steps, row)
    if taken.done and taken.step:
        messages.success(request, f"{key}：{taken.step.label}已办理")
        return redirect(request.path)
    if taken.step:
        row.refresh_from_db()  # what was refused may have changed the record in memory
    open_now = names()
    begin = {"on": clock.today(request), **(initial or {})}
    forms = shown(steps, open_now, taken, row, request.actor, begin, len(open_now) == 1)
    context = {"sheet": sheet(), "problems": taken.problems, "history": past(), "steps": forms}
    return render(request, "workspace/desk/record.html", context, status=taken.status)
