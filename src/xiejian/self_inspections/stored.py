"""What this system holds about parties in a year, for the numbers that a report gives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import Count, QuerySet

from xiejian.inspections.models import Correction, Visit
from xiejian.leads.checks import UNFOUNDED
from xiejian.leads.models import Lead
from xiejian.sampling.checks import FAILED
from xiejian.sampling.models import Sample
from xiejian.vigilance.models import AdverseEvent

#: What a stored figure counts, in words.
LABELS = {
    "adverse_events": "本系统收到该单位报告的不良事件",
    "complaints": "监管部门受理的投诉举报",
    "visits": "现场检查记录",
    "orders": "责令改正记录",
    "failed_samples": "监督抽检不合格",
}


def counts(parties: Collection[int], year: int) -> dict[int, dict[str, int]]:
    """Party → figure → how many in the year; what is zero is left out. One query per figure.

    Not bounded by an actor: for the room's own comparison, which is.
    """
    span = dt.date(year, 1, 1), dt.date(year, 12, 31)
    sources: dict[str, tuple[QuerySet, str]] = {
        "adverse_events": (AdverseEvent.objects.filter(reported_on__range=span), "party"),
        "complaints": (
            Lead.objects.filter(
                kind__in=("投诉", "举报"), received_on__range=span, accepted_on__isnull=False
            ).exclude(state="merged").exclude(outcome=UNFOUNDED),
            "party",
        ),
        "visits": (Visit.objects.filter(visited_on__range=span), "party"),
        "orders": (Correction.objects.filter(ordered_on__range=span), "visit__party"),
        "failed_samples": (Sample.objects.filter(result=FAILED, result_on__range=span), "party"),
    }  # fmt: skip
    found: dict[int, dict[str, int]] = {}
    for name, (rows, path) in sources.items():
        held = rows.filter(**{f"{path}__in": parties}).order_by()
        for party, n in held.values_list(path).annotate(n=Count("pk")):
            found.setdefault(party, {})[name] = n
    return found
