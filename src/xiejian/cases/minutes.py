"""约谈笔录: what was said at a talk, for its record to be read and signed."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from xiejian.cases import checks as check
from xiejian.cases.actions import PERMISSION
from xiejian.cases.checks import refuse
from xiejian.cases.models import Interview
from xiejian.people import audit
from xiejian.people.policy import Actor, require

#: What the minutes hold, by the headings under which the record prints them.
PLACE, HOSTS, GUESTS, SAID, ANSWERED = "约谈地点", "约谈人", "被约谈人及职务", "约谈内容", "单位说明"
HEADINGS = (PLACE, HOSTS, GUESTS, SAID, ANSWERED)


@transaction.atomic
def write_minutes(
    *, interview: Interview, place: str, hosts: str, guests: str, said: str, answered: str, by: Actor,
    at: dt.datetime,
) -> Interview:  # fmt: skip
    """Write down where the talk was held, who took part, what was said and what the firm answered.

    Written again they replace what stood there; the audit entry keeps both, and a record that was signed
    keeps its wording and is signed anew. Refused (C107): no hosts, nobody of the firm, nothing said.
    """
    row = Interview.objects.select_for_update(of=("self",)).select_related("party").get(pk=interview.pk)
    require(by, PERMISSION, row.office_code, where=row.party.name)
    refuse(check.check_given(hosts, HOSTS), check.check_given(guests, GUESTS), check.check_given(said, SAID))
    written = dict(zip(HEADINGS, (place, hosts, guests, said, answered), strict=True))
    written = {heading: text.strip() for heading, text in written.items()}
    before = {heading: row.extra.get(heading, "") for heading in HEADINGS}
    row.extra = {**row.extra, **written}
    row.save(update_fields=["extra"])
    audit.record(
        by=by, at=at, action="write_minutes", subject="interview", key=str(row.pk),
        office_code=row.office_code,
        detail={h: [before[h], written[h]] for h in HEADINGS if before[h] != written[h]},
    )  # fmt: skip
    return row
