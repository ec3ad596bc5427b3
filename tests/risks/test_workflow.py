"""Every state × move of the risk list and of the meeting, as decided in the tables."""

from __future__ import annotations

import pytest

from xiejian.kernel.problems import Refused
from xiejian.risks.actions import MEETING_WORKFLOW, WORKFLOW

#: state → what may be done → where it leads; what is not here is refused
RISK = {
    "found": {"assess_item": "assessed", "withdraw_item": "withdrawn"},
    "returned": {"assess_item": "assessed"},
    "assessed": {"assess_item": "assessed", "add_measure": "assessed", "put_under_control": "controlled"},
    "controlled": {
        "assess_item": "assessed", "add_measure": "controlled", "complete_measure": "controlled",
        "ask_strike_off": "asked",
    },
    "asked": {"strike_off": "struck_off", "refuse_strike_off": "controlled"},
    "struck_off": {"return_item": "returned"},
    "withdrawn": {},
}  # fmt: skip
MEETING = {
    "prepared": {"prepare_meeting": "prepared", "hold_meeting": "held"},
    "held": {"conclude_meeting": "concluded"},
    "concluded": {},
}


def outcome(table, state: str, action: str) -> str:
    try:
        return table.step(state, action)
    except Refused as refused:
        return refused.first.code


@pytest.mark.parametrize("table, decided", [(WORKFLOW, RISK), (MEETING_WORKFLOW, MEETING)])
def test_every_move_from_every_state_is_decided(table, decided):
    actions = {line.action for line in table.transitions}
    found = {state: {action: outcome(table, state, action) for action in actions} for state in table.states}
    wanted = {
        state: {action: moves.get(action, "K101") for action in actions} for state, moves in decided.items()
    }
    assert found == wanted


@pytest.mark.parametrize("action", ["strike_off", "refuse_strike_off"])
def test_striking_off_is_a_right_of_its_own(action):
    assert {t.permission for t in WORKFLOW.transitions if t.action == action} == {"risks.strike"}
