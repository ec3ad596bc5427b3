"""Tracing a stored lot: who sees how much of it, what it says, and what it says when there is nothing."""

from __future__ import annotations

import pytest

from traced import CLINIC, DEALER, DI, HOSPITAL, LOT, MAKER, OTHER, TODAY, deliver, lot_on_its_way, move
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM, Actor
from xiejian.supply.trace import Asked, asked, lots, trace

NAIMAN = Actor("li", "李科", "150525", "section_officer")
STORE = Actor(f"{DEALER}:store", "库管", "firm", "firm_store", DEALER)
pytestmark = pytest.mark.django_db


@pytest.fixture
def on_its_way(db):
    lot_on_its_way()


def follow(actor=SYSTEM, party="", **asked_for):
    return trace(actor, Asked(**({"di": DI, "lot": LOT} | asked_for)), party=party, on=TODAY)


class TestTrace:
    def test_names_every_holder_with_its_quantity(self, on_its_way):
        held = {found["name"]: found["quantity"] for found in follow().as_json()["holders"]}
        assert held == {"奈曼经销": 30, "奈曼医院": 27, "独山经销": 25, "独山诊所": 15}

    def test_says_where_the_missing_ones_went_missing(self, on_its_way):
        answer = follow().as_json()
        (gap,) = answer["gaps"]
        assert (answer["unaccounted"], gap["quantity"], gap["keys"]) == (2, 2, (DEALER, HOSPITAL))

    def test_reaches_the_patient_by_the_hospitals_token_only(self, on_its_way):
        (patient,) = follow().as_json()["patients"]
        assert (patient["uscc"], patient["token"]) == (HOSPITAL, "tok-1")

    def test_counts_no_patient_where_none_is_named(self, on_its_way):
        move(HOSPITAL, "use", 1)
        assert [patient.token for patient in follow().patients] == ["tok-1"]

    def test_from_a_party_shows_its_upstream_and_downstream_only(self, on_its_way):
        nodes = {node["uscc"] for node in follow(party=OTHER).as_json()["nodes"]}
        assert nodes == {MAKER, OTHER, CLINIC}

    def test_of_a_serial_number_follows_that_piece(self, on_its_way):
        deliver(DEALER, HOSPITAL, 1, serial="S7")
        assert [n["uscc"] for n in follow(serial="S7").as_json()["holders"]] == [HOSPITAL]

    def test_counts_nothing_that_was_struck(self, on_its_way):
        move(MAKER, "make", 1000, voided=True)
        assert follow().account.entered == 100

    def test_of_an_earlier_day_leaves_out_what_came_later(self, on_its_way):
        move(HOSPITAL, "use", 5, days_ago=-1)
        assert follow().account.nodes[HOSPITAL].used == 0

    def test_a_late_delivery_is_on_its_way_for_some_days(self, on_its_way):
        move(HOSPITAL, "receive", 1, DEALER, days_ago=2)
        assert [gap.mark for gap in follow().gaps] == ["in_transit"]

    def test_marks_whoever_records_another_expiry_than_most(self, on_its_way):
        for firm, months in ((DEALER, 1), (HOSPITAL, 1), (OTHER, 2)):
            move(firm, "adjust", 1, expires_on=TODAY.replace(month=TODAY.month + months))
        marked = [n["uscc"] for n in follow().as_json()["nodes"] if "two_expiries" in n["marks"]]
        assert marked == [OTHER]

    @pytest.mark.parametrize("count", [0, 20])
    def test_asks_as_often_however_many_firms_there_are(
        self, on_its_way, count, django_assert_max_num_queries
    ):
        for n in range(count):
            deliver(DEALER, f"9115052500000{n:04}X", 1)
        with django_assert_max_num_queries(5):
            follow().as_json()

    @pytest.mark.parametrize(
        ("given", "code"),
        [({"lot": ""}, "SU501"), ({"lot": "Z"}, "SU502"), ({"party": "91000000000000000X"}, "SU503")],
    )
    def test_that_finds_nothing_says_so(self, on_its_way, given, code):
        with pytest.raises(Refused) as refused:
            follow(**given)
        assert refused.value.first.code == code


class TestWhoSeesWhat:
    def test_an_officer_sees_what_firms_of_the_area_recorded(self, on_its_way):
        found = follow(NAIMAN)
        assert {key for key, node in found.account.nodes.items() if node.recorded} == {DEALER, HOSPITAL}

    def test_an_officer_sees_of_others_only_whom_these_name(self, on_its_way):
        found = follow(NAIMAN)
        assert [firm.uscc for firm in found.firms.values() if firm.outside] == [MAKER]
        assert OTHER not in found.firms and CLINIC not in found.firms

    def test_a_firm_sees_its_own_side_of_its_own_deliveries(self, on_its_way):
        answer = follow(STORE).as_json()
        assert {node["uscc"] for node in answer["nodes"]} == {MAKER, DEALER, HOSPITAL}
        assert {edge["received"] for edge in answer["edges"] if edge["to"] == HOSPITAL} == {None}
        assert answer["patients"] == []

    def test_a_firm_learns_no_office_or_name_of_its_partners_from_the_register(self, on_its_way):
        node = next(n for n in follow(STORE).as_json()["nodes"] if n["uscc"] == HOSPITAL)
        assert (node["office_code"], node["on_hand"]) == ("", 30)

    def test_nobody_sees_nothing(self, on_its_way):
        with pytest.raises(Refused):
            follow(None)

    def test_the_lots_of_a_product_are_those_in_reach(self, on_its_way):
        move(OTHER, "receive", 1, MAKER, lot="B2")
        assert [row["lot"] for row in lots(NAIMAN, DI, TODAY)] == [LOT]


class TestAsked:
    def test_a_scanned_code_gives_product_and_lot(self):
        assert asked("(01)06972253600013(17)260900(10)A1", on=TODAY) == Asked(DI, "A1")

    def test_what_is_typed_goes_before_the_code(self):
        assert asked("(01)06972253600013(10)A1", lot="B2", on=TODAY).lot == "B2"

    def test_a_shorter_gtin_is_filled_up(self):
        assert asked("", di="6972253600013", lot="A1", on=TODAY).di == DI

    def test_a_code_without_a_product_is_refused(self):
        with pytest.raises(Refused) as refused:
            asked("(10)A1", on=TODAY)
        assert refused.value.first.code == "SU504"
