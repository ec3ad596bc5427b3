"""What leads to a recall: a report, a signal, a sample, a lead, a traced lot; what its form begins with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from xiejian.leads import queries as leads
from xiejian.leads.models import Lead
from xiejian.numbers import udi
from xiejian.people.policy import Actor, visible
from xiejian.sampling import queries as sampling
from xiejian.sampling.models import Sample
from xiejian.vigilance import queries as vigilance
from xiejian.vigilance.checks import REPORTERS
from xiejian.vigilance.models import AdverseEvent, EventSignal, Recall
from xiejian.vigilance.recall_checks import Source

#: what a traced lot gives: parameters of the address and the fields that they fill
_TRACED = {"di": "di", "lot": "lots", "product": "product_name", "registration": "registration_no"}
Facts = dict[str, Any]


def _signal(actor: Actor, pk: int) -> EventSignal | None:
    return visible(EventSignal.objects.all(), actor).filter(pk=pk).first()


def _of_event(row: AdverseEvent) -> Facts:
    return {
        "di": udi.read(row.udi, on=row.reported_on).di or "" if row.udi else "",
        "product_name": row.product_name, "registration_no": row.registration_no, "lots": row.lot,
        "model_spec": row.model_spec, "holder_name": row.maker,
        "holder_uscc": (row.maker_party.uscc or "") if row.maker_party else "",
        "reason": f"不良事件 {row.number}：{row.failure}",
        "found_by": row.reporter_kind if row.reporter_kind in REPORTERS[1:] else "",
    }  # fmt: skip


def _of_signal(row: EventSignal) -> Facts:
    return {"product_name": row.product_name, "reason": f"不良事件信号：{row.subject}。{row.reason}"}


def _of_sample(row: Sample) -> Facts:
    return {
        "product_name": row.product_name, "registration_no": row.registration_no, "lots": row.lot,
        "model_spec": row.model_spec, "holder_name": row.maker,
        "holder_uscc": (row.maker_party.uscc or "") if row.maker_party else "",
        "reason": f"监督抽检 {row.number} 不符合规定：{row.failed_items}",
    }  # fmt: skip


def _of_lead(row: Lead) -> Facts:
    return {"product_name": row.product, "reason": f"线索 {row.number}"}


@dataclass(frozen=True)
class Kind:
    """One kind of record: its label, the URL name of its page ('' for none of its own), how it is found."""

    label: str
    page: str
    find: Callable[[Actor, int], Any]
    facts: Callable[[Any], Facts]


KINDS = {
    "event": Kind("不良事件", "event", vigilance.event, _of_event),
    "signal": Kind("信号研判", "", _signal, _of_signal),
    "sample": Kind("抽检", "sample", sampling.sample, _of_sample),
    "lead": Kind("线索", "lead", leads.lead, _of_lead),
}
_LABELS = {"trace": "追溯", "recall": "召回"}


@dataclass(frozen=True)
class Asked:
    """Where a new recall comes from, and what its form begins with."""

    source: Source
    facts: Facts
    label: str = ""


def asked(request: HttpRequest) -> Asked:
    """What the address names, when it is in the actor's reach."""
    name, record = request.GET.get("from", ""), request.GET.get("record", "")
    kind = KINDS.get(name)
    if kind and record.isascii() and record.isdigit() and (row := kind.find(request.actor, int(record))):
        number = str(getattr(row, "number", row))
        return Asked(Source(name, row.pk, number), kind.facts(row), f"{kind.label} {number}")
    traced = {field: request.GET[key] for key, field in _TRACED.items() if request.GET.get(key)}
    if traced:
        number = " ".join(request.GET.get(key, "") for key in ("di", "lot")).strip()
        return Asked(Source("trace", None, number), traced, f"{_LABELS['trace']} {number}")
    return Asked(Source(), {})


def shown(recall: Recall) -> tuple[str, str] | None:
    """What led to a recall, in words, and the address of its page ('' for none); None where nothing did."""
    if not recall.source_kind:
        return None
    kind = KINDS.get(recall.source_kind)
    label = kind.label if kind else _LABELS.get(recall.source_kind, recall.source_kind)
    page = kind.page if kind else "recall" if recall.source_kind == "recall" else ""
    address = reverse(page, args=[recall.source_record]) if page and recall.source_record else ""
    return f"{label} {recall.source_no}", address
