"""列入严重违法失信名单: the case that led to it says so, and tables count it by its decision."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from xiejian.cases.models import Case
from xiejian.people import audit
from xiejian.people.policy import Actor, require


@transaction.atomic
def mark_blacklisted(*, case: Case, listed: bool, permission: str, by: Actor, at: dt.datetime) -> None:
    """Say on the case whether its party was put on the list; nothing where it says so already.

    ``permission``: that of the decision in whose course it happens.
    """
    row = Case.objects.select_for_update().get(pk=case.pk)
    require(by, permission, row.office_code, where=row.number)
    if row.blacklisted == listed:
        return
    row.blacklisted = listed
    row.save(update_fields=["blacklisted"])
    audit.record(
        by=by, at=at, action="mark_blacklisted", subject="case", key=row.number, office_code=row.office_code,
        detail={"blacklisted": [not listed, listed]},
    )  # fmt: skip
