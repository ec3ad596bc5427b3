"""Work records: countable work of the year for which no room of its own exists yet."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

from django.db import transaction

from xiejian.inspections.models import WorkRecord
from xiejian.people import audit
from xiejian.people.policy import Actor, require


def work_key(*parts: object) -> str:
    """The key under which one piece of work is recorded once: a digest of whatever tells it apart."""
    return hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()


@transaction.atomic
def record_work(
    *,
    kind: str,
    title: str,
    done_on: date,
    office_code: str,
    by: Actor,
    at: datetime,
    record_key: str = "",
    **facts: Any,
) -> WorkRecord:
    """Record one piece of work; the same ``record_key`` again returns the row that is there.

    Without a key, kind, title, date, office and unit tell one piece of work from another.
    ``facts``: category, quantity, result, party, unit_name, link, tags, campaign, detail.
    """
    require(by, "inspections.visit", office_code)
    unit = facts.get("unit_name") or getattr(facts.get("party"), "pk", "")
    key = record_key or work_key(kind, title, done_on, office_code, unit)
    record, created = WorkRecord.objects.get_or_create(
        record_key=key,
        defaults={
            "kind": kind, "title": title, "done_on": done_on, "office_code": office_code, **facts
        },
    )  # fmt: skip
    if created:
        audit.record(
            by=by, at=at, action="record_work", subject="work_record", key=str(record.pk),
            office_code=office_code,
            detail={"kind": kind, "title": title, "quantity": record.quantity},
        )  # fmt: skip
    return record
