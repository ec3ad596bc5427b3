"""The page without a network judges as the server does: drawn visits, answered by both."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import field_cases
import xiejian.web
from xiejian.inspections import checklists
from xiejian.inspections.actions import CORRECTION_WORKFLOW, VISIT_WORKFLOW
from xiejian.kernel.problems import Refused

HERE = Path(__file__).parent
SCRIPT = Path(xiejian.web.__file__).parent / "static" / "web" / "inspection-rules.js"
STORED = field_cases.stored()


def in_javascript(cases, workflows=()):
    """What the page's own module answers; run by Node, without a browser."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node: the browser tests run the same module in Chromium")
    given = json.dumps({"cases": cases, "workflows": [table.as_json() for table in workflows]})
    command = [node, "--no-warnings", str(HERE / "field_rules.mjs"), str(SCRIPT)]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class TestDrawnVisits:
    @pytest.mark.parametrize("number", range(0, len(STORED), 30))
    def test_are_judged_by_the_server_as_written_down(self, number):
        for case, answer in STORED[number : number + 30]:
            assert field_cases.answer(case) == answer

    def test_are_judged_by_the_page_as_written_down(self):
        found = in_javascript([case for case, _ in STORED])["answers"]
        assert found == [answer for _, answer in STORED]

    def test_reach_every_row_and_every_problem(self):
        """The file would prove little if it did not come by every row, re-check and kind of problem."""
        answers = [answer for _, answer in STORED]
        assert {a["row"][0] for a in answers} == {row.id for row in field_cases.RULE.rows}
        assert {a["recheck"][0] for a in answers if a["recheck"]} == {"R1", "R2", "R3"}
        codes = {code for a in answers for code, _ in a["problems"]}
        assert codes == {"I201", "I202", "I203", "I204", "I205", "I206"}

    def test_over_the_checklists_that_ship_are_judged_alike(self):
        cases = field_cases.draw(4, 200, checklists.checklists().values())
        assert in_javascript(cases)["answers"] == [field_cases.answer(case) for case in cases]


class TestWorkflowTables:
    def test_lead_on_alike(self):
        tables = [VISIT_WORKFLOW, CORRECTION_WORKFLOW]
        assert in_javascript([], tables)["steps"] == [
            [[_step(table, state, line.action) for line in table.transitions] for state in table.states]
            for table in tables
        ]


def _step(table, state, action):
    try:
        return table.step(state, action)
    except Refused:
        return None


class TestTheDescription:
    @pytest.mark.parametrize("checklist", checklists.checklists().values(), ids=lambda c: c.id)
    def test_read_back_is_the_same_checklist(self, checklist):
        assert checklists.from_json(json.loads(json.dumps(checklists.as_json(checklist)))) == checklist
