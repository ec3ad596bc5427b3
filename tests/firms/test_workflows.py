"""The tables of the firms room, state by state."""

from __future__ import annotations

import pytest

from xiejian.firms import exemplary, notices, reports, training
from xiejian.kernel.problems import Refused

FLOWS = {
    "notice": notices.NOTICE_WORKFLOW,
    "delivery": notices.DELIVERY_WORKFLOW,
    "report": reports.WORKFLOW,
    "course": training.WORKFLOW,
    "exemplary": exemplary.WORKFLOW,
}
ALLOWED = {
    "notice": {
        ("drafted", "amend_notice"), ("drafted", "send_notice"), ("drafted", "withdraw_notice"),
        ("sent", "remind_firms"), ("sent", "close_notice"), ("sent", "withdraw_notice"),
    },
    "delivery": {
        ("delivered", "open_delivery"), ("delivered", "confirm_delivery"), ("opened", "confirm_delivery"),
        ("delivered", "answer_delivery"), ("opened", "answer_delivery"), ("confirmed", "answer_delivery"),
        ("returned", "answer_delivery"), ("answered", "return_answer"),
        ("delivered", "record_confirmation"), ("opened", "record_confirmation"),
    },
    "report": {
        ("submitted", "amend_report"), ("returned", "amend_report"), ("submitted", "withdraw_report"),
        ("returned", "withdraw_report"), ("submitted", "accept_report"), ("submitted", "return_report"),
    },
    "course": {
        ("drafted", "amend_course"), ("drafted", "open_course"), ("closed", "open_course"),
        ("open", "close_course"),
    },
    "exemplary": {
        ("applied", "record_review"), ("reviewed", "record_review"), ("reviewed", "name_firm"),
        ("applied", "refuse_firm"), ("reviewed", "refuse_firm"), ("applied", "withdraw_application"),
        ("named", "remove_firm"),
    },
}  # fmt: skip
PAIRS = [
    (name, state, action)
    for name, flow in FLOWS.items()
    for state in flow.states
    for action in sorted({t.action for t in flow.transitions})
]


class TestTables:
    @pytest.mark.parametrize(("name", "state", "action"), PAIRS)
    def test_a_step_is_open_in_the_states_drawn_here_and_refused_in_every_other(self, name, state, action):
        if (state, action) in ALLOWED[name]:
            assert FLOWS[name].step(state, action)
        else:
            with pytest.raises(Refused) as refused:
                FLOWS[name].step(state, action)
            assert refused.value.problems[0].code == "K101"

    @pytest.mark.parametrize("name", ["delivery", "report", "exemplary"])
    def test_a_firm_never_takes_the_step_that_judges_it(self, name):
        judging = {"return_answer", "accept_report", "return_report", "name_firm", "refuse_firm"}
        taken = {t.action: t.permission for t in FLOWS[name].transitions if t.action in judging}
        assert set(taken.values()) == {"firms.edit"}
