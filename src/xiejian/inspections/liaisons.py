"""Reads of the liaison sheets: sender and addressed office see one, nobody else."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import BooleanField, Case, Q, QuerySet, Value, When

from xiejian.inspections.models import Liaison
from xiejian.kernel.divisions import at_tier, stem
from xiejian.kernel.timeline import Event
from xiejian.people.models import Office
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Party

#: The addressed side owes an answer.
WAITING = ("sent", "received")
OPEN = ("drafted", *WAITING, "answered")


def liaisons(
    actor: Actor | None, *, on: dt.date, tab: str = "all", state: str = "", way: str = "", search: str = ""
) -> QuerySet[Liaison]:
    """The sheets that the actor's offices sent or were sent, each with ``overdue`` and ``incoming``.

    ``tab``: waiting (for an answer), late or all; ``way``: in or out. A draft is seen by its sender alone.
    """
    own, to = Liaison.objects.all(), Liaison.objects.exclude(sent_on=None)
    rows = visible(own, actor) | visible(to, actor, "to_office")
    rows = rows.select_related("party", "visit", "correction").annotate(
        overdue=_when(Q(state__in=WAITING, wanted_by__lt=on)), incoming=_when(_incoming(actor))
    )
    if tab in ("waiting", "late"):
        rows = rows.filter(state__in=WAITING)
    if tab == "late":
        rows = rows.filter(overdue=True)
    if state:
        rows = rows.filter(state=state)
    if way:
        rows = rows.filter(incoming=way == "in")
    if text := search.strip():
        named = Q(party__name__icontains=text) | Q(to_name__icontains=text)
        rows = rows.filter(
            named | Q(number__icontains=text) | Q(title__icontains=text) | Q(content__icontains=text)
        )
    return rows


def to_firm(actor: Actor | None, *, search: str = "", waiting: bool = False) -> QuerySet[Liaison]:
    """The sheets that were sent to the firm itself; ``waiting``: for its answer."""
    rows = Liaison.objects.filter(addressee="当事人").exclude(sent_on=None).select_related("party")
    rows = visible(rows, actor, firm="party__uscc")
    rows = rows.filter(state__in=WAITING) if waiting else rows
    text = search.strip()
    return rows.filter(Q(number__icontains=text) | Q(title__icontains=text)) if text else rows


def _when(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def _incoming(actor: Actor | None) -> Q:
    """Addressed to the actor's own office, or from outside to one below it."""
    if actor is None:
        return Q(pk=None)
    reach = stem(actor.office_code)
    outside = Q(to_office__startswith=reach) & ~Q(office_code__startswith=reach)
    return Q(to_office=actor.office_code) | outside


def of_record(actor: Actor | None, on: dt.date, **record: Any) -> list[Liaison]:
    """The sheets about one visit (``visit=``) or one order (``correction=``)."""
    return list(liaisons(actor, on=on).filter(**record))


def to_answer(actor: Actor, on: dt.date) -> QuerySet[Liaison]:
    """What the actor's offices still owe an answer to, the nearest date first."""
    return liaisons(actor, on=on, tab="waiting", way="in").order_by("wanted_by", "pk")


def late_answers(actor: Actor, on: dt.date) -> QuerySet[Liaison]:
    """Sheets of the actor's offices that were not answered by their date."""
    return liaisons(actor, on=on, tab="late", way="out").order_by("wanted_by", "pk")


def offices_to_address(actor: Actor) -> QuerySet[Office]:
    """The offices of the actor's city and those above it, the own one left out."""
    base = stem(actor.office_code)
    above = Q(stem__in=[base[:length] for length in range(1, len(base))])
    near = Q(stem__startswith=stem(at_tier(actor.office_code, "city")))
    return Office.objects.filter(above | near).exclude(code=actor.office_code).order_by("code")


def events(actor: Actor | None, party: Party) -> list[Event]:
    """What was asked and answered about a party, for its timeline."""
    own = Liaison.objects.filter(party=party).exclude(sent_on=None)
    rows = visible(own, actor) | visible(own, actor, "to_office")
    found = []
    for row in rows:
        page = f"/liaisons/{row.pk}/"
        found.append(Event(row.sent_on, "联系单", f"发往{row.to_name}：{row.title}", row.number, page))
        if row.answered_on:
            found.append(Event(row.answered_on, "联系单", f"{row.to_name}答复", row.answer, page))
    return found
