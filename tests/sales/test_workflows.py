"""Every state and every move of the desk's tables: what may follow what, and nothing else."""

from __future__ import annotations

import pytest

from xiejian.kernel.problems import Refused
from xiejian.sales.moves import WORKFLOWS

#: subject → state → move → state after
MOVES = {
    "contract": {
        "draft": {"change_contract": "draft", "submit_contract": "submitted",
                  "terminate_contract": "terminated"},
        "submitted": {"review_contract": "reviewed", "return_contract": "returned"},
        "reviewed": {"approve_contract": "approved", "approve_special": "approved",
                     "return_contract": "returned", "return_special": "returned"},
        "returned": {"change_contract": "draft", "terminate_contract": "terminated"},
        "approved": {"sign_contract": "in_force", "terminate_contract": "terminated"},
        "in_force": {"place_order": "in_force", "close_contract": "closed",
                     "terminate_contract": "terminated"},
        "closed": {}, "terminated": {},
    },
    "order": {
        "placed": {"plan_shipment": "placed", "ship_part": "partly", "ship_rest": "shipped",
                   "cancel_order": "cancelled"},
        "partly": {"plan_shipment": "partly", "ship_part": "partly", "ship_rest": "shipped",
                   "close_order": "closed"},
        "shipped": {}, "closed": {}, "cancelled": {},
    },
    "shipment": {
        "planned": {"confirm_shipment": "shipped", "cancel_shipment": "cancelled"},
        "shipped": {"deliver_shipment": "delivered", "issue_invoice": "shipped", "ask_return": "shipped",
                    "note_damage": "shipped"},
        "delivered": {"issue_invoice": "delivered", "ask_return": "delivered", "note_damage": "delivered"},
        "cancelled": {},
    },
    "invoice": {
        "issued": {"settle_part": "partly", "settle_rest": "paid", "void_invoice": "void"},
        "partly": {"settle_part": "partly", "settle_rest": "paid", "unsettle_part": "partly",
                   "unsettle_all": "issued"},
        "paid": {"unsettle_part": "partly", "unsettle_all": "issued"},
        "void": {},
    },
    "payment": {
        "open": {"allocate_payment": "open", "allocate_rest": "allocated", "reverse_payment": "reversed"},
        "allocated": {"reverse_payment": "reversed"},
        "reversed": {},
    },
    "serviceticket": {
        "opened": {"assign_ticket": "assigned", "cancel_ticket": "cancelled"},
        "assigned": {"assign_ticket": "assigned", "visit_ticket": "working", "cancel_ticket": "cancelled"},
        "working": {"assign_ticket": "assigned", "visit_ticket": "working", "close_ticket": "closed"},
        "closed": {"reopen_ticket": "opened"}, "cancelled": {},
    },
    "goodsreturn": {
        "asked": {"accept_return": "accepted", "refuse_return": "refused"},
        "accepted": {"receive_return": "received"},
        "received": {"settle_return": "settled"},
        "refused": {}, "settled": {},
    },
    "pricelist": {
        "draft": {"adopt_price_list": "adopted", "withdraw_price_list": "withdrawn"},
        "adopted": {"withdraw_price_list": "withdrawn"},
        "withdrawn": {},
    },
    "priceexception": {
        "asked": {"grant_exception": "granted", "refuse_exception": "refused"},
        "granted": {"use_exception": "used"},
        "used": {"free_exception": "granted"},
        "refused": {},
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


def test_only_who_approves_for_the_firm_decides_on_special_contracts_and_prices():
    approved = {t.action for flow in WORKFLOWS.values() for t in flow.transitions
                if t.permission == "firm.sales_approve"}  # fmt: skip
    assert approved == {"approve_special", "return_special", "adopt_price_list", "withdraw_price_list",
                        "grant_exception", "refuse_exception"}  # fmt: skip
