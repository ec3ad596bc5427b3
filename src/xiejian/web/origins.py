"""What led to a visit or a case: read from an address (?from=lead&record=5), shown as a link back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from xiejian.inspections import queries as inspections
from xiejian.inspections.origins import NONE, Origin
from xiejian.leads import queries as leads
from xiejian.online import queries as online
from xiejian.people.policy import Actor
from xiejian.sampling import queries as sampling
from xiejian.self_inspections import queries as self_inspections
from xiejian.supply.models import Movement
from xiejian.supply.queries import movements
from xiejian.vigilance import queries as vigilance
from xiejian.vigilance import recall_queries


@dataclass(frozen=True)
class Kind:
    """One kind of record that leads to others: how it is found in the actor's reach, and its page.

    ``number`` is the attribute that holds what people call it.
    """

    label: str
    page: str
    find: Callable[[Actor, int], Any]
    number: str = "number"


def _movement(actor: Actor, pk: int) -> Movement | None:
    return movements(actor).filter(pk=pk).first()


#: rooms that lead to visits and cases enter themselves here
KINDS = {
    "lead": Kind("线索", "lead", leads.lead),
    "visit": Kind("检查", "visit", inspections.visit),
    "sample": Kind("抽检", "sample", sampling.sample),
    "listing": Kind("网络监测", "listing", online.listing),
    "event": Kind("不良事件", "event", vigilance.event),
    "recall": Kind("召回", "recall", recall_queries.recall),
    "movement": Kind("进销存", "supply_movement", _movement, "record_no"),
    "selfinspection": Kind("企业自查", "self_inspection", self_inspections.report),
}


@dataclass(frozen=True)
class Shown:
    """The link back."""

    label: str
    number: str
    href: str


def asked(request: HttpRequest) -> Origin:
    """The origin that the address names, when it is in the actor's reach."""
    name, record = request.GET.get("from", ""), request.GET.get("record", "")
    kind = KINDS.get(name)
    found = kind.find(request.actor, int(record)) if kind and record.isdigit() else None
    return Origin(name, found.pk, getattr(found, kind.number)) if kind and found else NONE


def shown(origin: Origin) -> Shown | None:
    """The link back to an origin; None when there is none."""
    kind = KINDS.get(origin.kind)
    if kind is None or origin.record is None:
        return None
    return Shown(kind.label, origin.number, reverse(kind.page, args=[origin.record]))


def of(record: Any) -> Shown | None:
    """The link back of a visit or a proceeding."""
    return shown(Origin(record.source_kind, record.source_record, record.source_no))
