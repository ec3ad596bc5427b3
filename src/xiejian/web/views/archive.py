"""一企一档: everything known about one party, and why it has its level."""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from xiejian.assistance import queries as assistance
from xiejian.cases import proceeding_queries as proceedings
from xiejian.cases import queries as cases
from xiejian.credit import queries as credit
from xiejian.inspections import queries as inspections
from xiejian.kernel import divisions
from xiejian.kernel.rule_book import duty_words
from xiejian.kernel.timeline import Event, newest_first
from xiejian.leads import queries as leads
from xiejian.online import queries as online
from xiejian.people.models import Office
from xiejian.people.policy import Actor, may, visible
from xiejian.planning import grading
from xiejian.planning import queries as planning
from xiejian.registry import queries as registry
from xiejian.registry.models import Party, PartyLink
from xiejian.risks import queries as risks
from xiejian.risks.checks import OPEN
from xiejian.sampling import queries as sampling
from xiejian.vigilance import queries as vigilance
from xiejian.vigilance import recall_queries
from xiejian.web import clock
from xiejian.web.guard import needs
from xiejian.web.views import credit_codes

EVENT_ICONS = {
    "检查": "clipboard-list",
    "责令改正": "clipboard-check",
    "抽检": "flask",
    "线索": "bell",
    "网络监测": "eye",
    "协查": "external-link",
    "案件": "gavel",
    "约谈": "users",
    "移送": "arrow-right",
    "风险": "alert-triangle",
    "分级": "stack-2",
    "许可备案": "certificate",
    "证照": "certificate",
    "产品": "list-details",
    "状态": "flag",
    "信用": "scale",
}
PRODUCTS_SHOWN = 20


def _party(request: HttpRequest, pk: int) -> Party:
    return get_object_or_404(visible(Party.objects.all(), request.actor), pk=pk)


@needs("registry.view")
def party(request: HttpRequest, pk: int) -> HttpResponse:
    """What do we know about this one?"""
    found, actor, on = _party(request, pk), request.actor, clock.today(request)
    office = Office.objects.filter(code=found.office_code).first()
    context: dict[str, Any] = {
        "party": found,
        "links": list(found.links.all()),
        "licences": list(found.licences.all()),
        "registrations": list(found.registrations.all()[:PRODUCTS_SHOWN]),
        "registrations_count": found.registrations.count(),
        "sites": list(found.sites.all()),
        "division": divisions.full_name(found.division_code),
        "office_of": office.name if office else found.station,
        "personal": bool(may(actor, "registry.personal", found.office_code)),
        "may_edit": bool(may(actor, "registry.edit", found.office_code)),
        "may_accounts": bool(may(actor, "firms.view", found.office_code)),
        "may_visit": bool(may(actor, "inspections.visit", found.office_code)),
        "may_sample": bool(may(actor, "sampling.sample", found.office_code)),
        "failed_last_year": found.pk in sampling.failed_parties(*last_year(on)),
        "may_credit": bool(may(actor, "credit.view", found.office_code)),
        "may_case": bool(may(actor, "cases.edit", found.office_code)),
        "may_risk": bool(may(actor, "risks.edit", found.office_code)),
        "may_clue": bool(may(actor, "cases.investigate", found.office_code)),
        "years": _by_year(_events(actor, found)),
        "on": on,
        **_open_matters(actor, found, on),
        **credit_codes.mark(actor, found),
    }
    return render(request, "web/party.html", context)


def last_year(on: dt.date) -> tuple[dt.date, dt.date]:
    """The first and last day of the year before."""
    return dt.date(on.year - 1, 1, 1), dt.date(on.year - 1, 12, 31)


def _open_matters(actor: Actor, found: Party, on: dt.date) -> dict[str, Any]:
    """What is not finished with this party: corrections, visits under way, tasks of the year, cases."""
    matters: dict[str, Any] = {}
    if may(actor, "inspections.view"):
        matters["corrections"] = list(inspections.open_corrections(actor, on).filter(visit__party=found))
        open_visits = inspections.visits(actor, party=found, sort="planned")
        matters["visits"] = list(open_visits.filter(state__in=("planned", "started")))
    if may(actor, "planning.view"):
        matters["tasks"] = [t for t in planning.party_tasks(actor, found, on) if t.left > 0]
    if may(actor, "sampling.view"):
        matters["samples"] = list(sampling.open_samples(actor).filter(party=found))
    if may(actor, "leads.view"):
        matters["leads"] = list(leads.leads(actor, party=found, sort="due").filter(state__in=leads.OPEN))
    if may(actor, "risks.view"):
        matters["risks"] = list(risks.items(actor, party=found).filter(state__in=OPEN))
    if may(actor, "online.view"):
        matters["listings"] = list(online.listings(actor, seller=found).filter(state__in=online.OPEN))
    if may(actor, "cases.view"):
        matters["cases"] = list(cases.cases(actor, party=found).filter(closed_on=None))
    return matters | {"nothing_open": not any(matters.values())}


def _events(actor: Actor, found: Party) -> list[Event]:
    """Everything from all rooms that the actor may see, newest first."""
    rooms = [registry.timeline(actor, found)]
    if may(actor, "inspections.view"):
        rooms.append(inspections.timeline(actor, found))
    if may(actor, "sampling.view"):
        rooms.append(sampling.timeline(actor, found))
    if may(actor, "leads.view"):
        rooms.append(leads.timeline(actor, found))
    if may(actor, "vigilance.view"):
        rooms += [vigilance.timeline(actor, found), recall_queries.timeline(actor, found)]
    if may(actor, "online.view"):
        rooms.append(online.timeline(actor, found))
    if may(actor, "assistance.view"):
        rooms.append(assistance.timeline(actor, found))
    if may(actor, "risks.view"):
        rooms.append(risks.timeline(actor, found))
    if may(actor, "cases.view"):
        rooms += [cases.timeline(actor, found), proceedings.timeline(actor, found)]
    if may(actor, "credit.view"):
        rooms.append(credit.timeline(actor, found))
    if may(actor, "planning.view"):
        rooms.append(planning.timeline(actor, found))
    return newest_first(*rooms)


def _by_year(events: list[Event]) -> list[tuple[int, list[tuple[Event, str]]]]:
    return [
        (year, [(event, EVENT_ICONS.get(event.kind, "clock")) for event in of_year])
        for year, of_year in groupby(events, key=lambda event: event.on.year)
    ]


@needs("registry.view")
def party_why(request: HttpRequest, pk: int) -> HttpResponse:
    """Why this level: rule, meaning, clause, facts used, pack version; for the side panel."""
    found = _party(request, pk)
    answers = [(link, grading.explain(link)) for link in found.links.all()]
    explained = [
        (link, answer, [(duty, duty_words(duty)) for duty in answer.duties] if answer else [])
        for link, answer in answers
    ]
    template = "web/parts/why_level.html" if getattr(request, "htmx", False) else "web/why_level_page.html"
    return render(request, template, {"party": found, "explained": explained})


@needs("registry.view")
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """A party link's own address leads to its party: figures name links."""
    rows = visible(PartyLink.objects.all(), request.actor, "party__office_code")
    return redirect("party", pk=get_object_or_404(rows, pk=pk).party_id)
