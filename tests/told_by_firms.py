"""One adverse event, one recall, one unit asked by a recall: of a firm, made once."""

from __future__ import annotations

from moment import NOW
from xiejian.registry.models import Party
from xiejian.vigilance.models import AdverseEvent, Recall, RecallHolder


def event_of(party: Party) -> AdverseEvent:
    """A report that the firm made."""
    day = NOW.date()
    facts = {
        "party": party, "reporter_kind": "使用单位", "state": "submitted", "lot": "A1", "harm": "其他",
        "office_code": party.office_code, "product_name": f"{party.name}输液器", "event_on": day,
        "found_on": day, "reported_on": day, "injury": "无", "failure": "渗漏",
    }  # fmt: skip
    return AdverseEvent.objects.get_or_create(number=f"{party.uscc}E", defaults=facts)[0]


def recall_of(party: Party) -> Recall:
    """A recall by the firm, decided."""
    facts = {
        "office_code": party.office_code, "kind": "主动", "level": "一级", "state": "decided",
        "holder_name": party.name, "holder_uscc": party.uscc, "product_name": f"{party.name}输液器",
        "lots": ["A1"], "reason": "渗漏", "suspected_on": NOW.date(), "decided_on": NOW.date(),
        "made_at": NOW,
    }  # fmt: skip
    return Recall.objects.get_or_create(number=f"{party.uscc}R", defaults=facts)[0]


def asked_of(party: Party) -> RecallHolder:
    """The firm as a unit of its own recall, told of it."""
    told = {"quantity": 3, "state": "informed", "notified_on": NOW.date(), "name": party.name}
    facts = {"office_code": party.office_code, **told}
    return RecallHolder.objects.get_or_create(recall=recall_of(party), uscc=party.uscc, defaults=facts)[0]
