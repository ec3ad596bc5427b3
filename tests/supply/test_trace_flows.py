"""The account of a lot: what enters is somewhere, whatever firms do with it and in whatever order."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiejian.supply.flows import DELIVERY, Flow, account, circles, partner_key

DAY = dt.date(2026, 3, 1)


def flow(firm, kind, quantity, partner="", on=DAY, expires=None):
    return Flow(firm, kind, partner, quantity, on, on, 1, expires, expires)


def delivery(sender, receiver, quantity, arrived=None, on=DAY):
    """Both sides of a delivery."""
    arrived = quantity if arrived is None else arrived
    return [flow(sender, "ship", quantity, receiver, on), flow(receiver, "receive", arrived, sender, on)]


#: a maker, two distributors, two hospitals: everything recorded on both sides
CHAIN = [
    flow("M", "make", 100),
    *delivery("M", "D1", 60),
    *delivery("M", "D2", 30),
    *delivery("D1", "H1", 25),
    *delivery("D2", "H2", 30),
    flow("H1", "implant", 5),
    flow("H1", "use", 3),
    flow("D1", "destroy", 2),
    flow("D1", "loss", 1),
]


class TestAccount:
    @pytest.mark.parametrize(("key", "held"), [("M", 10), ("D1", 32), ("D2", 0), ("H1", 17), ("H2", 30)])
    def test_everybody_holds_what_came_less_what_went(self, key, held):
        assert account(CHAIN).nodes[key].on_hand == held

    def test_a_chain_recorded_on_both_sides_leaves_nothing_unaccounted(self):
        assert (account(CHAIN).entered, account(CHAIN).accounted, account(CHAIN).unaccounted) == (100, 100, 0)

    def test_what_arrives_less_is_unaccounted_on_its_edge(self):
        found = account([flow("M", "make", 100), *delivery("M", "D1", 60, arrived=58)])
        (edge,) = found.edges
        assert (edge.shipped, edge.received, edge.gap, found.unaccounted) == (60, 58, 2, 2)

    def test_a_count_that_finds_less_is_unaccounted_at_the_firm(self):
        assert account([*CHAIN, flow("D1", "adjust", -4)]).unaccounted == 4

    def test_a_receiver_without_records_holds_it_by_the_word_of_the_sender(self):
        found = account([flow("M", "make", 9), flow("M", "ship", 9, "H1")])
        assert (found.nodes["H1"].on_hand, found.nodes["H1"].recorded, found.unconfirmed) == (9, False, 9)

    def test_one_side_alone_has_no_gap(self):
        (edge,) = account([flow("M", "make", 9), flow("M", "ship", 9, "H1")]).edges
        assert (edge.received, edge.gap) == (None, None)

    def test_without_a_maker_the_lot_enters_at_the_supplier_that_records_nothing(self):
        found = account([flow("D1", "receive", 40, "M"), *delivery("D1", "H1", 15)])
        assert (found.nodes["M"].entered, found.nodes["M"].on_hand, found.entered) == (40, 0, 40)

    def test_a_return_goes_back_on_an_edge_of_its_own(self):
        back = [flow("H1", "return_out", 4, "D1"), flow("D1", "return_in", 4, "H1")]
        found = account([*CHAIN, *back])
        assert (found.nodes["H1"].on_hand, found.nodes["D1"].on_hand) == (13, 36)
        assert [(e.sender, e.receiver) for e in found.edges if e.way == "return"] == [("H1", "D1")]

    def test_more_going_than_coming_is_negative_and_not_hidden(self):
        assert account([*delivery("D1", "H1", 5)]).nodes["D1"].on_hand == -5

    def test_buyers_and_suppliers_without_a_code_are_kept_apart_by_name(self):
        assert partner_key("ship", "", "甲") != partner_key("receive", "", "甲")

    def test_two_expiry_dates_of_a_lot_are_both_told(self):
        dates = [dt.date(2027, 1, 1), dt.date(2027, 6, 1)]
        assert account([flow("A", "make", 1, expires=d) for d in dates]).expiries == dates


class TestShape:
    def test_layers_count_deliveries_from_the_source(self):
        layers = {key: node.layer for key, node in account(CHAIN).nodes.items()}
        assert layers == {"M": 0, "D1": 1, "D2": 1, "H1": 2, "H2": 2}

    def test_a_circle_ends_and_is_marked(self):
        found = account([*CHAIN, *delivery("H1", "D1", 5)])
        assert {key for key, node in found.nodes.items() if node.in_circle} == {"D1", "H1"}

    def test_a_firm_between_two_circles_is_in_none(self):
        assert circles({"a": ["b"], "b": ["a", "c"], "c": ["d"], "d": ["e"], "e": ["d"]}) == {
            "a",
            "b",
            "d",
            "e",
        }

    def test_a_circle_without_a_source_has_layers_too(self):
        found = account([*delivery("A", "B", 1), *delivery("B", "C", 1), *delivery("C", "A", 1)])
        assert sorted(node.layer for node in found.nodes.values()) == [0, 1, 2]

    def test_a_part_holds_up_and_downstream_only(self):
        assert set(account(CHAIN).part("D1").nodes) == {"M", "D1", "H1"}

    def test_a_part_does_not_follow_a_return_to_others(self):
        back = [flow("H1", "return_out", 4, "D1"), flow("D1", "return_in", 4, "H1"), *delivery("D1", "H3", 1)]
        assert set(account([*CHAIN, *back]).part("H1").nodes) == {"M", "D1", "H1"}

    def test_a_part_of_a_firm_that_is_not_there_is_an_error(self):
        with pytest.raises(KeyError):
            account(CHAIN).part("X")


FIRMS = [f"F{n}" for n in range(6)]
step = st.tuples(
    st.sampled_from(
        [
            "make",
            "ship",
            "receive",
            "both",
            "return_out",
            "return_in",
            "use",
            "implant",
            "destroy",
            "loss",
            "adjust",
        ]
    ),
    st.sampled_from(FIRMS),
    st.sampled_from([*FIRMS, "X1", "X2", partner_key("ship", "", "零售")]),
    st.integers(1, 50),
    st.integers(0, 5),
)


def flows_of(steps):
    """A random history: deliveries on one side or both, with losses between, and everything else."""
    found = []
    for kind, firm, partner, quantity, lost in steps:
        if kind == "both":
            found += delivery(firm, partner, quantity, max(1, quantity - lost)) if partner in FIRMS else []
        elif kind in ("ship", "receive", "return_out", "return_in"):
            found.append(flow(firm, kind, quantity, partner))
        else:
            found.append(flow(firm, kind, quantity - 25 if kind == "adjust" else quantity))
    return found


class TestAnyHistory:
    @given(st.lists(step, max_size=40))
    def test_everything_that_entered_is_somewhere(self, steps):
        found = account(flows_of(steps))
        assert found.entered == found.accounted + found.unaccounted

    @given(st.lists(step, max_size=30), st.randoms(use_true_random=False))
    def test_the_order_of_rows_changes_nothing(self, steps, dice: random.Random):
        flows = flows_of(steps)
        mixed = dice.sample(flows, len(flows))
        assert account(mixed) == account(flows)

    @given(st.lists(step, max_size=30))
    def test_everything_is_within_reach_of_itself(self, steps):
        found = account(flows_of(steps))
        for key in found.nodes:
            assert key in found.part(key).nodes

    @given(st.lists(step, max_size=30))
    def test_a_delivery_leads_at_most_one_layer_down(self, steps):
        found = account(flows_of(steps))
        layers = {key: node.layer for key, node in found.nodes.items()}
        assert all(layers[e.receiver] <= layers[e.sender] + 1 for e in found.edges if e.way == DELIVERY)
