"""一企一档: everything known about one party, and why it has its level."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from xiejian.kernel import divisions
from xiejian.people.models import Office
from xiejian.people.policy import may, visible
from xiejian.registry.models import Party
from xiejian.web import clock
from xiejian.web.guard import needs


def _party(request: HttpRequest, pk: int) -> Party:
    return get_object_or_404(visible(Party.objects.all(), request.actor), pk=pk)


@needs("registry.view")
def party(request: HttpRequest, pk: int) -> HttpResponse:
    """What do we know about this one?"""
    found = _party(request, pk)
    actor = request.actor
    office = Office.objects.filter(code=found.office_code).first()
    context: dict[str, Any] = {
        "party": found,
        "links": list(found.links.all()),
        "licences": list(found.licences.all()),
        "registrations": list(found.registrations.all()[:20]),
        "sites": list(found.sites.all()),
        "division": divisions.full_name(found.division_code),
        "office_of": office.name if office else found.station,
        "personal": bool(may(actor, "registry.personal", found.office_code)),
        "may_edit": bool(may(actor, "registry.edit", found.office_code)),
        "events": [],
        "today": clock.today(request),
    }
    return render(request, "web/party.html", context)


@needs("registry.view")
def party_why(request: HttpRequest, pk: int) -> HttpResponse:
    """Why this level: rule, meaning, clause, facts used, pack version; for the side panel."""
    found = _party(request, pk)
    return render(request, "web/parts/why_level.html", {"party": found, "links": list(found.links.all())})
