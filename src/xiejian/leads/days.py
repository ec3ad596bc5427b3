"""The report of a day as it was kept: made by a schedule or by hand, and who has opened it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from xiejian.leads import checks as check
from xiejian.leads import queries
from xiejian.leads.checks import refuse
from xiejian.leads.models import DayReading, DayReport
from xiejian.people import audit
from xiejian.people.models import Officer
from xiejian.people.policy import Actor, require, visible

VIEW = "leads.view"


def content(day: queries.Day) -> dict[str, Any]:
    """What is kept of a day: counts, and the numbers of urgent and late leads; nothing of who told us."""
    return {
        "on": day.on.isoformat(), "received": day.received, "answered": day.answered, "closed": day.closed,
        "by_source": day.by_source, "by_kind": day.by_kind, "by_topic": day.by_topic,
        "urgent": [row.number for row in day.urgent], "overdue": [row.number for row in day.overdue],
    }  # fmt: skip


@transaction.atomic
def keep_day(*, office_code: str, on: dt.date, by: Actor, at: dt.datetime) -> tuple[DayReport, bool]:
    """Keep the report of a day for an office and those below it, once: (the report, whether it is new).

    A day that was kept before stays as it was. Refused: a day to come (E102).
    """
    require(by, VIEW, office_code)
    refuse(check.check_not_in_future(on, timezone.localdate(at), "日期"))
    found = content(queries.day(by, on, office_code))
    digest = hashlib.sha256(json.dumps(found, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    report, made = DayReport.objects.get_or_create(
        office_code=office_code, on=on,
        defaults={"content": found, "digest": digest, "made_at": at, "by_name": by.name},
    )  # fmt: skip
    if made:
        audit.record(
            by=by, at=at, action="keep_day", subject="dayreport", key=on.isoformat(), office_code=office_code,
            detail={"digest": digest},
        )  # fmt: skip
    return report, made


@transaction.atomic
def read_day(*, report: DayReport, officer: Officer, by: Actor, at: dt.datetime) -> DayReading:
    """Note who opened a kept report; only the first time counts."""
    require(by, VIEW, report.office_code)
    reading, made = DayReading.objects.get_or_create(report=report, officer=officer, defaults={"read_at": at})
    if made:
        audit.record(
            by=by, at=at, action="read_day", subject="dayreport", key=report.on.isoformat(),
            office_code=report.office_code, detail={},
        )  # fmt: skip
    return reading


def kept(actor: Actor) -> QuerySet[DayReport]:
    """The kept reports in the actor's reach, the newest first, each with who opened it."""
    readings = DayReading.objects.select_related("officer")
    return visible(DayReport.objects.prefetch_related(Prefetch("readings", queryset=readings)), actor)
