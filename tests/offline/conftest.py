"""One shop, two inspectors with a phone each, a visit that both were sent on."""

from __future__ import annotations

import pytest

from offline_phone import TODAY, Phone
from visiting import appoint, enrol
from xiejian.inspections import actions as inspections
from xiejian.inspections import checklist_versions
from xiejian.inspections.models import Visit
from xiejian.offline import actions
from xiejian.people.models import Officer
from xiejian.people.policy import Actor


@pytest.fixture
def shop(naiman, now):
    return enrol("明眸眼镜店", "150525100", now, tags="|角膜接触镜|")


@pytest.fixture
def team(naiman, now) -> list[Officer]:
    return [appoint("wang", "王检", "150525100", now), appoint("zhao", "赵检", "150525100", now)]


@pytest.fixture
def planned(shop, team, now) -> Visit:
    by = Actor.of(team[0])
    made = inspections.schedule_visit(
        party=shop, link="经营", kind="日常检查", planned_on=TODAY, team=team, by=by, at=now
    )
    checklist_versions.hand_out(visits=[made], by=by, at=now)
    return made


@pytest.fixture
def points(planned) -> list[str]:
    """The points that the visit asks."""
    asked = checklist_versions.of_visit(planned)
    return [p.id for p in asked.asked(checklist_versions.facts_at(planned))]


@pytest.fixture
def phones(team, now) -> list[Phone]:
    """A phone of each inspector."""
    return [
        Phone(actions.register_device(officer=o, name=f"{o.name}的手机", by=Actor.of(o), at=now))
        for o in team
    ]


@pytest.fixture
def phone(phones) -> Phone:
    return phones[0]
