"""Self-inspections for a firm's own programs: begin, fill in, file, amend."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from xiejian.people.policy import Actor, visible
from xiejian.record_steps.kinds import KINDS, Beside
from xiejian.registry.models import Party
from xiejian.self_inspections import actions
from xiejian.self_inspections.models import SelfInspection


def begin_self_inspection(*, link: str, year: int, by: Actor, at: dt.datetime) -> SelfInspection:
    """Begin the report of the own firm for a link and a year."""
    party = visible(Party.objects.all(), by, firm="uscc").get()
    return actions.open_self_inspection(party=party, link=link, year=year, by=by, at=at)


_OFFICE = KINDS["self_inspection"]
FIRM_SELF_INSPECTION = replace(
    _OFFICE,
    view=actions.FILL,
    more=("answers", *_OFFICE.more),
    create=begin_self_inspection,
    office_of=lambda record, step: "",
    beside={"attach_photo": Beside(actions.attach_photo, "存照片", actions.FILL)},
)
