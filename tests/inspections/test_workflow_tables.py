"""The tables of visit and correction and the code agree: every line is an action with a known permission."""

from __future__ import annotations

import pytest

from xiejian.cases import actions as case_actions
from xiejian.cases import interviews
from xiejian.inspections import actions, liaising, stopping
from xiejian.people.permissions import PERMISSIONS

TABLES = [
    (actions.VISIT_WORKFLOW, actions),
    (actions.CORRECTION_WORKFLOW, actions),
    (stopping.STOP_WORKFLOW, stopping),
    (liaising.LIAISON_WORKFLOW, liaising),
    (case_actions.CASE_WORKFLOW, case_actions),
    (interviews.INTERVIEW_WORKFLOW, interviews),
]
LINES = [(table, room, t) for table, room in TABLES for t in table.transitions]


@pytest.mark.parametrize(("table", "room"), TABLES, ids=lambda v: getattr(v, "subject", ""))
class TestTable:
    def test_every_state_can_be_reached_from_the_start(self, table, room):
        reached, before = {table.start}, set()
        while reached != before:
            before = set(reached)
            reached |= {t.to for t in table.transitions if reached.intersection(t.sources)}
        assert reached == set(table.states)

    def test_from_every_state_an_end_can_be_reached(self, table, room):
        ending, before = set(table.finals), set()
        while ending != before:
            before = set(ending)
            ending |= {s for t in table.transitions if t.to in ending for s in t.sources}
        assert ending == set(table.states)


@pytest.mark.parametrize(
    ("table", "room", "line"), LINES, ids=lambda v: getattr(v, "action", getattr(v, "subject", ""))
)
class TestLine:
    def test_its_action_is_a_function_of_the_room(self, table, room, line):
        assert callable(getattr(room, line.action, None))

    def test_its_permission_is_known(self, table, room, line):
        assert line.permission in PERMISSIONS
