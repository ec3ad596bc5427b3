"""Movements: what a firm writes down, what is refused, how a mistake is put right."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from moment import NOW
from xiejian.kernel.problems import Refused
from xiejian.people.policy import SYSTEM, Actor
from xiejian.supply import actions, queries
from xiejian.supply.actions import Entry
from xiejian.supply.models import Movement

MAKER, DEALER, CLINIC = "91330200000000001X", "91330200000000002Y", "12330200000000003Z"
TODAY = NOW.date()
STORE = Actor(f"{DEALER}:store", "库管", "firm", "firm_store", DEALER)
pytestmark = pytest.mark.django_db


def entry(**given: object) -> Entry:
    usual = Entry(
        DEALER, "receive", "06972253600013", 10, TODAY, lot="A1", partner_uscc=MAKER, partner_name="甲厂",
        expires_on=TODAY + dt.timedelta(days=300), product_name="试剂盒",
    )  # fmt: skip
    return replace(usual, **given)


def write(**given: object) -> Movement:
    return actions.record_movement(entry=entry(**given), by=STORE, at=NOW)


class TestRecording:
    def test_stock_is_what_came_less_what_went(self):
        write()
        write(kind="ship", partner_uscc=CLINIC, quantity=4)
        assert [row.quantity for row in queries.stock(DEALER, TODAY)] == [6]

    def test_a_lot_on_hold_is_not_shipped(self):
        write()
        actions.hold_lot(
            firm_uscc=DEALER, di="06972253600013", lot="A1", reason="冷链超温", source_kind="excursion",
            source_record="1", by=SYSTEM, at=NOW,
        )  # fmt: skip
        with pytest.raises(Refused) as refused:
            write(kind="ship", partner_uscc=CLINIC, quantity=4)
        assert refused.value.first.code == "SU201"

    def test_an_amendment_takes_the_place_of_the_old_row(self):
        old = write()
        new = actions.amend_movement(movement=old, entry=entry(quantity=8), reason="数错", by=STORE, at=NOW)
        old.refresh_from_db()
        assert (old.voided, new.amends, new.record_no) == (True, old, old.record_no)

    def test_holders_are_named_by_their_partners(self):
        write()
        assert queries.holders("06972253600013", "A1", TODAY)[0].quantity == 10
