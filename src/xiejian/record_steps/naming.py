"""How records and persons are named in facts: by number or user name, found in the actor's reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from xiejian.cases import proceeding_queries
from xiejian.cases import queries as cases
from xiejian.cases.models import Case, Measure, Proceeding
from xiejian.inspections import queries as inspections
from xiejian.inspections.models import Correction, Visit
from xiejian.inspections.origins import Origin
from xiejian.leads import queries as leads
from xiejian.leads.models import Lead
from xiejian.online import queries as online
from xiejian.people.models import FirmUser, Officer
from xiejian.people.policy import Actor, visible
from xiejian.registry.models import Party
from xiejian.risks.models import RiskMeasure
from xiejian.sales import queries as sales
from xiejian.sales.models import Contract, Customer, Invoice, Item, Order, Shipment, Site
from xiejian.sampling import queries as sampling
from xiejian.vigilance import queries as vigilance
from xiejian.vigilance.models import AdverseEvent

Rows = Callable[[Actor], QuerySet[Any]]


@dataclass(frozen=True)
class Named:
    """One type that facts name: the word for its name, and how several are found at once."""

    word: str
    find: Callable[[Sequence[Any], Actor], Mapping[Any, Any]]


def key(given: Any) -> Any:
    """What was given, as it can be looked up: an origin is given as an object."""
    if isinstance(given, dict):
        return str(given.get("kind")), str(given.get("number"))
    return str(given).strip()


def _by(field: str, rows: Rows) -> Callable[[Sequence[Any], Actor], Mapping[Any, Any]]:
    """Found by the text in one field, in one query."""

    def find(given: Sequence[Any], by: Actor) -> Mapping[Any, Any]:
        wanted = [key(one) for one in given if isinstance(one, str)]
        return {str(getattr(row, field)): row for row in rows(by).filter(**{f"{field}__in": wanted})}

    return find


def _by_id(rows: Rows) -> Callable[[Sequence[Any], Actor], Mapping[Any, Any]]:
    def find(given: Sequence[Any], by: Actor) -> Mapping[Any, Any]:
        wanted = [int(key(one)) for one in given if key(one).isdecimal() and len(key(one)) < 19]
        return {str(row.pk): row for row in rows(by).filter(pk__in=wanted)}

    return find


def _parties(given: Sequence[Any], by: Actor) -> Mapping[Any, Any]:
    """By credit code or full name; a name that two parties bear names none."""
    wanted = [key(one) for one in given if isinstance(one, str) and one.strip()]
    rows = visible(Party.objects.filter(Q(uscc__in=wanted) | Q(name__in=wanted)), by).exclude(status="注销")
    found: dict[Any, Any] = {}
    twice: set[str] = set()
    for row in rows:
        for name in {row.uscc, row.name}:
            twice |= {name} & set(found)
            found[name] = row
    return {name: row for name, row in found.items() if name not in twice}


#: Rooms whose records lead to a visit or a case.
ORIGIN_ROWS: dict[str, Rows] = {
    "lead": leads.leads, "visit": inspections.visits, "sample": sampling.samples, "listing": online.listings,
}  # fmt: skip


def _origins(given: Sequence[Any], by: Actor) -> Mapping[Any, Any]:
    found: dict[Any, Any] = {}
    for one in given:
        kind, number = key(one) if isinstance(one, dict) else ("", "")
        if kind in ORIGIN_ROWS:
            row = ORIGIN_ROWS[kind](by).filter(number=number).first()
            found |= {(kind, number): Origin(kind, row.pk, row.number)} if row else {}
    return found


def _orders(by: Actor) -> QuerySet[Correction]:
    return visible(Correction.objects.select_related("visit"), by)


def _risk_measures(by: Actor) -> QuerySet[RiskMeasure]:
    return visible(RiskMeasure.objects.all(), by, "item__office_code")


def _customers(given: Sequence[Any], by: Actor) -> Mapping[Any, Any]:
    """A firm's customers by number or name."""
    wanted = [key(one) for one in given if isinstance(one, str)]
    rows = sales.customers(by).filter(Q(number__in=wanted) | Q(name__in=wanted))
    return {name: row for row in rows for name in (row.number, row.name)}


#: type → how facts name it
NAMED: dict[Any, Named] = {
    Officer: Named("user name", _by("username", lambda by: Officer.objects.filter(is_active=True))),
    FirmUser: Named("login of an account of the firm", _by("username", sales.people)),
    Party: Named("credit code or full name", _parties),
    Origin: Named("{kind, number}", _origins),
    Lead: Named("number of a lead", _by("number", leads.leads)),
    Visit: Named("number of a visit", _by("number", inspections.visits)),
    Correction: Named("number of an order", _by("number", _orders)),
    Case: Named("number of a case", _by("number", cases.cases)),
    Proceeding: Named("number of a proceeding", _by("number", proceeding_queries.proceedings)),
    Measure: Named("id of a measure", _by_id(lambda by: visible(Measure.objects.all(), by))),
    Customer: Named("number or name of a customer", _customers),
    Site: Named("name of a site", _by("name", sales.sites)),
    Item: Named("code of an item", _by("code", sales.items)),
    Contract: Named("number of a contract", _by("number", sales.contracts)),
    Order: Named("number of an order", _by("number", sales.orders)),
    Shipment: Named("number of a shipment", _by("number", sales.shipments)),
    Invoice: Named("number of an invoice", _by("number", sales.invoices)),
    AdverseEvent: Named("number of a report", _by("number", vigilance.events)),
    RiskMeasure: Named("id of a risk's measure", _by_id(_risk_measures)),
}  # fmt: skip
