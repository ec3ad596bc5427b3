"""Official numbers of papers that have none by nature: 检查结果告知书, 复查记录, 约谈记录.

A record is named by its visit, an order to correct has its own number; these are numbered when they
are issued, once, by office and year.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from xiejian.inspections.checks import check_not_in_future, refuse
from xiejian.inspections.models import IssuedPaper
from xiejian.inspections.numbering import next_number
from xiejian.people import audit
from xiejian.people.policy import Actor, require

#: paper → permission to issue it
NUMBERED = {"result": "inspections.visit", "recheck": "inspections.visit", "interview": "cases.edit"}


def issued(kind: str, record: Model) -> IssuedPaper | None:
    """The number that the paper ``kind`` of a record got, if it was issued."""
    return IssuedPaper.objects.filter(
        kind=kind, subject=record._meta.model_name, subject_key=str(record.pk)
    ).first()


@transaction.atomic
def issue_paper(
    *, kind: str, record: Model, office_code: str, issued_on: dt.date, by: Actor, at: dt.datetime
) -> IssuedPaper:
    """Give the paper ``kind`` (NUMBERED) of a record its number; the one it has when it was issued before."""
    require(by, NUMBERED[kind], office_code)
    type(record)._default_manager.select_for_update().only("pk").get(pk=record.pk)
    if found := issued(kind, record):
        return found
    refuse(check_not_in_future(issued_on, timezone.localdate(at), "出具日期"))
    row = IssuedPaper.objects.create(
        kind=kind, subject=record._meta.model_name or "", subject_key=str(record.pk),
        number=next_number(IssuedPaper, kind, office_code, issued_on.year), issued_on=issued_on,
        office_code=office_code, at=at, by_name=by.name,
    )  # fmt: skip
    audit.record(
        by=by, at=at, action="issue_paper", subject=row.subject, key=row.number, office_code=office_code,
        detail={"kind": kind, "record": str(record.pk), "issued_on": str(issued_on)},
    )  # fmt: skip
    return row
