"""Every state and move of grades and lists is decided; the tables hold every answer."""

from __future__ import annotations

import pytest

from xiejian.credit.actions import WORKFLOW as GRADES
from xiejian.credit.list_actions import WORKFLOW as LISTS
from xiejian.kernel.problems import Refused

#: state → what may follow; everything else is refused
GRADE_MOVES = {
    "proposed": {
        "confirm_unchanged": "unchanged", "notify_grades": "notified", "decide_grades": "in_force",
        "reject_grade": "rejected", "replace_grade": "replaced",
    },
    "notified": {"object_to_grade": "objected", "decide_grades": "in_force", "reject_grade": "rejected"},
    "objected": {
        "dismiss_objection": "notified", "uphold_objection": "rejected", "reject_grade": "rejected",
    },
    "in_force": {"replace_grade": "replaced"},
    "unchanged": {}, "rejected": {}, "replaced": {},
}  # fmt: skip
_OFF = {"end_listing": "removed", "revoke_listing": "revoked"}
LIST_MOVES = {
    "proposed": {"record_consent": "proposed", "notify_listing": "notified", "reject_listing": "rejected"},
    "notified": {
        "record_consent": "notified", "record_statement": "stated", "list_party": "listed",
        "reject_listing": "rejected",
    },
    "stated": {
        "record_consent": "stated", "answer_statement": "notified", "reject_listing": "rejected",
    },
    "listed": {"publish_listing": "listed", "apply_for_repair": "applied", **_OFF},
    "applied": {"ask_for_more": "listed", "accept_repair": "accepted", **_OFF},
    "accepted": {
        "extend_repair": "accepted", "grant_repair": "granted", "refuse_repair": "listed", **_OFF,
    },
    "granted": {"carry_out_removal": "removed", **_OFF},
    "removed": {}, "rejected": {}, "revoked": {},
}  # fmt: skip
TABLES = [(GRADES, GRADE_MOVES), (LISTS, LIST_MOVES)]
EVERY = [
    pytest.param(flow, state, action, moves[state].get(action), id=f"{flow.subject}-{state}-{action}")
    for flow, moves in TABLES
    for state in flow.states
    for action in sorted({t.action for t in flow.transitions})
]


def followed(flow, state, action):
    try:
        return flow.step(state, action)
    except Refused as refused:
        assert refused.problems[0].code == "K101"
        return None


@pytest.mark.parametrize(("flow", "state", "action", "to"), EVERY)
def test_a_move_is_allowed_or_refused_as_the_table_says(flow, state, action, to):
    assert followed(flow, state, action) == to


@pytest.mark.parametrize("flow", [GRADES, LISTS], ids=lambda flow: flow.subject)
def test_what_is_decided_needs_the_right_to_decide(flow):
    deciding = {"decide_grades", "reject_grade", "list_party", "reject_listing", "grant_repair",
                "refuse_repair", "revoke_listing", "extend_repair"}  # fmt: skip
    assert {t.action for t in flow.transitions if t.permission == "credit.decide"} <= deciding
