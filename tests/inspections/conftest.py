"""A shop in the station's area, two inspectors who may go there, a visit in each of its states."""

from __future__ import annotations

import datetime as dt

import pytest

from visiting import appoint, enrol
from xiejian.inspections import actions
from xiejian.inspections.checklists import get
from xiejian.inspections.checks import Entry

TODAY = dt.date(2024, 3, 5)


@pytest.fixture
def shop(naiman, now):
    return enrol("明眸眼镜店", "150525100", now, tags="|角膜接触镜|")


@pytest.fixture
def team(naiman, now):
    return [appoint("wang", "王检", "150525100", now), appoint("zhao", "赵检", "150525100", now)]


@pytest.fixture
def schedule(shop, team, inspector, now):
    """Schedules a visit; a test names only what it is about."""

    def make(**facts):
        given = {
            "party": shop, "link": "经营", "kind": "日常检查", "planned_on": TODAY, "team": team,
            "by": inspector, "at": now,
        }  # fmt: skip
        return actions.schedule_visit(**{**given, **facts})

    return make


@pytest.fixture
def planned(schedule):
    return schedule()


@pytest.fixture
def started(planned, inspector, now):
    return actions.start_visit(visit=planned, on=TODAY, by=inspector, at=now)


@pytest.fixture
def answer_all(inspector, now):
    """Answers every point of the visit's checklist: conform, but for those named to fail."""

    def answer(visit, failing=(), severe=()):
        entries = [
            Entry(p.id, "not_conform", "现场未能提供", p.id in severe)
            if p.id in failing
            else Entry(p.id, "conform")
            for p in get(visit.checklist).points
        ]
        return actions.record_findings(visit=visit, entries=entries, by=inspector, at=now)

    return answer


@pytest.fixture
def concluded(started, answer_all, inspector, now):
    answer_all(started, failing=["T-CZ-CL-4"])
    return actions.conclude_visit(visit=started, by=inspector, at=now)


@pytest.fixture
def ordered(concluded, inspector, now):
    return actions.order_correction(
        visit=concluded,
        content="补齐购销记录",
        ordered_on=TODAY,
        due_on=TODAY + dt.timedelta(days=15),
        by=inspector,
        at=now,
    )


@pytest.fixture
def later(now):
    """Ten days on: the firm has answered, the inspectors come again."""
    return now + dt.timedelta(days=10)
