"""What firms recorded that cannot be so: found, named by its record, and not found where all is well."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from traced import CLINIC, DEALER, DI, HOSPITAL, LOT, MAKER, OTHER, TODAY, deliver, lot_on_its_way, move
from xiejian.people.policy import SYSTEM, Actor
from xiejian.registry.models import Registration
from xiejian.supply.contradictions import LABELS, Scope, contradictions
from xiejian.supply.models import LotHold

NAIMAN = Actor("li", "李科", "150525", "section_officer")
NUMBER = "国械注准20203400001"
LONG_AGO = dt.timedelta(60)
pytestmark = pytest.mark.django_db


@pytest.fixture
def all_is_well(db):
    """A lot on its way with everything received."""
    lot_on_its_way()
    move(HOSPITAL, "receive", 2, DEALER)


def found(actor=SYSTEM, *kinds, **scope):
    return contradictions(Scope(actor, TODAY - LONG_AGO, TODAY, **scope), kinds or LABELS).rows


def told(actor=SYSTEM, **scope):
    """(kind, firm, quantity) of everything found."""
    return [(one.kind, one.firm_uscc, one.quantity) for one in found(actor, **scope)]


def registered(**facts) -> None:
    Registration.objects.create(
        number=NUMBER, number_key=NUMBER, number_kind="current", record_key="k", registrant="甲厂",
        product_name="试剂盒", **facts,
    )  # fmt: skip


def hold(released_days_ago: int | None = None) -> None:
    LotHold.objects.create(
        firm_uscc=DEALER, firm_office_code="150525100", di=DI, lot=LOT, reason="冷链超温",
        source_kind="excursion", held_at=NOW - dt.timedelta(10), held_by="李科",
        released_at=None if released_days_ago is None else NOW - dt.timedelta(released_days_ago),
    )  # fmt: skip


class TestContradictions:
    def test_where_all_is_well_there_are_none(self, all_is_well):
        assert told() == []

    def test_more_sold_than_bought(self, all_is_well):
        move(CLINIC, "use", 16, days_ago=5)
        assert told() == [("oversold", CLINIC, 1)]

    def test_names_what_was_handed_on_not_what_was_destroyed(self, all_is_well):
        move(CLINIC, "use", 16, days_ago=5)
        move(CLINIC, "destroy", 1, days_ago=4)
        assert told() == [("oversold", CLINIC, 1)]

    def test_sold_before_it_was_bought(self, all_is_well):
        move(CLINIC, "use", 4, days_ago=40)
        assert told() == [("oversold", CLINIC, 4)]

    def test_the_order_within_a_day_does_not_matter(self, all_is_well):
        move(OTHER, "use", 3, days_ago=2, lot="B")
        move(OTHER, "receive", 3, days_ago=2, lot="B", partner_name="某厂")
        assert told() == []

    @pytest.mark.parametrize(("days_left", "expected"), [(0, 0), (-1, 1)])
    def test_used_after_its_expiry(self, all_is_well, days_left, expected):
        day = TODAY - dt.timedelta(3)
        move(HOSPITAL, "use", 1, days_ago=3, expires_on=day + dt.timedelta(days_left))
        assert len(found()) == expected

    @pytest.mark.parametrize(
        ("status", "made_days_ago", "expected"),
        [("有效", 50, 0), ("有效", 30, 1), ("有效", None, 1), ("注销", 50, 1)],
    )
    def test_bought_after_the_certificate_ran_out_or_was_cancelled(
        self, all_is_well, status, made_days_ago, expected
    ):
        registered(status=status, expires_on=TODAY - dt.timedelta(40))
        made = made_days_ago and TODAY - dt.timedelta(made_days_ago)
        move(OTHER, "receive", 1, MAKER, 5, registration_no=NUMBER, made_on=made, lot="B")
        assert len(found(SYSTEM, "registration")) == expected

    @pytest.mark.parametrize(("released_days_ago", "expected"), [(None, 1), (3, 1), (7, 0)])
    def test_sold_while_on_hold(self, all_is_well, released_days_ago, expected):
        hold(released_days_ago)
        deliver(DEALER, HOSPITAL, 1, days_ago=5)
        assert len(found(SYSTEM, "held")) == expected

    def test_sent_and_not_received(self, all_is_well):
        move(DEALER, "ship", 3, HOSPITAL, days_ago=10)
        assert told() == [("not_received", DEALER, 3)]

    def test_what_is_on_its_way_is_none(self, all_is_well):
        move(DEALER, "ship", 3, HOSPITAL, days_ago=7)
        assert told() == []

    def test_what_is_on_its_way_does_not_hide_what_went_missing(self, all_is_well):
        move(DEALER, "ship", 3, HOSPITAL, days_ago=10)
        deliver(DEALER, HOSPITAL, 2, days_ago=1)
        move(DEALER, "ship", 2, HOSPITAL, days_ago=1)
        assert told() == [("not_received", DEALER, 1)]

    def test_received_and_never_sent(self, all_is_well):
        move(HOSPITAL, "receive", 3, DEALER, days_ago=10)
        assert told() == [("not_shipped", HOSPITAL, 3)]

    def test_a_firm_that_began_to_record_later_is_not_blamed(self, all_is_well):
        late = "91150525000000009L"
        move(DEALER, "ship", 3, late, days_ago=10)
        move(late, "use", 1, days_ago=1, lot="Z")
        assert ("not_received", DEALER, 3) not in told()

    def test_one_lot_with_two_expiry_dates_names_both_records(self, all_is_well):
        for days in (100, 200):
            move(HOSPITAL, "adjust", 1, expires_on=TODAY + dt.timedelta(days))
        (one,) = found()
        assert (one.kind, len(one.records)) == ("two_expiries", 2)

    def test_expiry_dates_recorded_before_the_period_are_left_out(self, all_is_well):
        for days in (100, 200):
            move(HOSPITAL, "adjust", 1, days_ago=61, expires_on=TODAY + dt.timedelta(days))
        assert told() == []

    def test_an_implant_without_a_patient(self, all_is_well):
        move(HOSPITAL, "implant", 1)
        assert told() == [("no_patient", HOSPITAL, 1)]

    def test_what_was_before_the_period_is_left_out(self, all_is_well):
        move(HOSPITAL, "implant", 1, days_ago=61, lot="B")
        move(HOSPITAL, "adjust", 1, days_ago=61, lot="B")
        assert told() == []

    def test_an_officer_is_told_of_the_own_area(self, all_is_well):
        for place in (HOSPITAL, CLINIC):
            move(place, "implant", 1)
        assert told(NAIMAN) == [("no_patient", HOSPITAL, 1)]

    def test_a_firm_is_told_of_itself(self, all_is_well):
        for place in (HOSPITAL, CLINIC):
            move(place, "implant", 1)
        assert told(Actor(f"{CLINIC}:a", "某", "firm", "firm_admin", CLINIC)) == [("no_patient", CLINIC, 1)]

    def test_of_one_lot_alone(self, all_is_well):
        move(HOSPITAL, "implant", 1, lot="B")
        move(HOSPITAL, "adjust", 1, lot="B")
        assert told(di=DI, lot=LOT) == [] and len(told(di=DI, lot="B")) == 1

    def test_asks_as_often_however_much_is_found(self, all_is_well, django_assert_max_num_queries):
        hold()
        for _ in range(5):
            move(HOSPITAL, "implant", 1, days_ago=1)
            deliver(DEALER, OTHER, 1, arrived=3, days_ago=1)
        with django_assert_max_num_queries(20):
            found()
