"""Every state and every move of the desk's tables: what may follow what, and nothing else."""

from __future__ import annotations

import pytest

from xiejian.kernel.problems import Refused
from xiejian.quality.moves import WORKFLOWS

#: subject → state → move → state after
MOVES = {
    "watchedrule": {
        "open": {"take_up_rule": "concerns", "set_rule_aside": "aside"},
        "concerns": {"take_up_rule": "concerns", "set_rule_aside": "aside", "carry_out_rule": "done"},
        "aside": {"take_up_rule": "concerns"},
        "done": {},
    },
    "documentversion": {
        "draft": {"change_version": "draft", "hand_in_version": "handed_in"},
        "handed_in": {"return_version": "draft", "approve_version": "approved"},
        "approved": {"withdraw_version": "withdrawn"},
        "withdrawn": {},
    },
    "trainingitem": {
        "planned": {"hold_training": "held", "cancel_training": "cancelled"},
        "held": {}, "cancelled": {},
    },
    "auditfinding": {
        "found": {"plan_action": "planned"},
        "planned": {"plan_action": "planned", "carry_out_action": "carried_out"},
        "carried_out": {"verify_action": "verified", "reject_action": "found"},
        "verified": {},
    },
    "customerfeedback": {
        "received": {"investigate_feedback": "investigated"},
        "investigated": {"investigate_feedback": "investigated", "answer_feedback": "answered"},
        "answered": {},
    },
}  # fmt: skip
PAIRS = [
    (subject, state, move)
    for subject, table in MOVES.items()
    for state in table
    for move in sorted({name for moves in table.values() for name in moves})
]


def test_the_tables_have_no_state_or_subject_that_is_not_drawn_here():
    assert {name: set(flow.states) for name, flow in WORKFLOWS.items()} == {
        n: set(t) for n, t in MOVES.items()
    }


@pytest.mark.parametrize(("subject", "state", "move"), PAIRS)
def test_a_move_leads_where_it_should_or_is_refused(subject, state, move):
    after = MOVES[subject][state].get(move)
    if after:
        assert WORKFLOWS[subject].step(state, move) == after
    else:
        with pytest.raises(Refused) as refused:
            WORKFLOWS[subject].step(state, move)
        assert refused.value.first.code == "K101"


def test_only_who_approves_for_the_firm_decides_on_documents():
    decided = {t.action for flow in WORKFLOWS.values() for t in flow.transitions
               if t.permission == "firm.quality_approve"}  # fmt: skip
    assert decided == {"return_version", "approve_version", "withdraw_version"}
