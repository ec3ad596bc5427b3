"""断链停售: what lay in a gap or an excursion waits until one judged it and another let it go."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest

from chilled import DAY, DI, HALF_HOUR, LOT, OTHER_FIRM, a_firm, a_logger, move, refused_with, samples, send
from moment import NOW
from xiejian.coldchain import actions, queries
from xiejian.coldchain.checks import PlacementEntry
from xiejian.coldchain.lots import in_stock
from xiejian.coldchain.models import AffectedLot, Excursion
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM
from xiejian.supply.models import LotHold, ProductCard

GAP = (5, 5, None, None, None, None, 5)


@pytest.fixture
def gap(firm, logger, stock):
    send(firm, samples(*GAP))
    return Excursion.objects.get()


def ship(firm, **facts):
    return move(firm, "ship", days=0, quantity=1, **facts)


def card(firm, **facts):
    given = {"firm_uscc": firm.uscc, "di": DI, "product_name": "血糖试剂", "source": "form"} | facts
    return ProductCard.objects.create(**given)


class TestAGap:
    def test_blocks_the_sale_of_what_lay_there(self, firm, gap):
        with pytest.raises(Refused) as refused:
            ship(firm)
        problem = refused.value.first
        assert (problem.code, gap.number in problem.message, "缺测" in problem.message) == (
            "SU201",
            True,
            True,
        )

    def test_names_the_lot_as_its_receipt_did(self, gap):
        assert (gap.lots.get().product_name, gap.lots.get().lot) == ("血糖试剂", LOT)

    def test_is_judged_by_one_person_and_released_by_another(self, firm, gap, firm_actor):
        store, quality, head = (firm_actor(firm, r) for r in ("firm_store", "firm_quality", "firm_head"))
        actions.explain_excursion(excursion=gap, explanation="停电", by=store, at=NOW)
        judged = partial(
            actions.assess_excursion, excursion=gap, outcome="usable", reason="稳定性数据支持",
            evidence="稳定性报告 W-7", at=NOW,
        )  # fmt: skip
        assert refused_with(judged, by=store) == "P101"
        judged(by=quality)
        released = partial(actions.release_excursion, excursion=gap, reason="同意", at=NOW)
        assert (refused_with(released, by=quality), refused_with(ship, firm)) == ("CC302", "SU201")
        released(by=head)
        assert ship(firm).quantity == 1

    def test_elsewhere_blocks_nothing_here(self, firm, gap):
        move(firm, lot="B2", place="2号冷库")
        assert ship(firm, lot="B2").lot == "B2"

    def test_blocks_what_came_before_it_was_over_and_not_what_came_after(self, firm, logger):
        move(firm, lot="B2", days=0)
        move(firm, lot="C3", days=-2)
        send(firm, samples(*GAP))
        assert set(AffectedLot.objects.values_list("lot", flat=True)) == {"C3"}

    def test_blocks_no_lot_that_was_sold_out_before(self, firm, logger, stock):
        move(firm, "ship", days=-8, quantity=100)
        send(firm, samples(*GAP))
        assert not AffectedLot.objects.exists()

    def test_leaves_its_entries_in_the_audit_log(self, gap):
        kept = AuditEntry.objects.filter(action__in=("find_excursion", "hold_lot")).values_list(
            "action", flat=True
        )
        assert sorted(kept) == ["find_excursion", "hold_lot"]


class TestAJudgement:
    @pytest.fixture
    def judge(self, firm, gap, firm_actor):
        given = {"outcome": "usable", "reason": "可用", "evidence": "报告"}
        return lambda **facts: actions.assess_excursion(
            excursion=gap, by=firm_actor(firm, "firm_quality"), at=NOW, **(given | facts)
        )

    @pytest.mark.parametrize(
        ("facts", "code"),
        [({"outcome": "good"}, "CC301"), ({"reason": " "}, "CC101"), ({"evidence": ""}, "CC101")],
    )
    def test_needs_conclusion_reason_and_evidence(self, judge, facts, code):
        assert refused_with(judge, **facts) == code

    def test_of_what_still_goes_on_is_refused(self, judge, gap):
        Excursion.objects.update(end=None)
        assert refused_with(judge) == "CC304"

    def test_against_the_lot_keeps_it_on_hold(self, firm, gap, judge, firm_actor):
        judge(outcome="unusable")
        head = firm_actor(firm, "firm_head")
        assert refused_with(actions.release_excursion, excursion=gap, reason="放", by=head, at=NOW) == "CC303"
        actions.reject_excursion(excursion=gap, reason="销毁", by=head, at=NOW)
        assert refused_with(ship, firm) == "SU201"

    def test_is_returned_by_a_second_person(self, firm, gap, judge, firm_actor):
        judge()
        actions.return_assessment(excursion=gap, reason="依据不足", by=firm_actor(firm, "firm_head"), at=NOW)
        gap.refresh_from_db()
        assert (gap.state, gap.decided_at) == ("explained", None)

    def test_stands_when_later_readings_change_the_span(self, firm, gap, judge):
        judge()
        send(firm, samples(5, first=DAY + 3 * HALF_HOUR))
        gap.refresh_from_db()
        assert (gap.state, gap.settled) == ("assessed", False)

    @pytest.mark.parametrize("name", ["explain_excursion", "assess_excursion", "release_excursion"])
    def test_is_nobody_s_of_another_firm(self, gap, name, firm_actor):
        stranger = firm_actor(a_firm("别家", OTHER_FIRM))
        facts = {
            "explain_excursion": {"explanation": "x"}, "release_excursion": {"reason": "x"},
            "assess_excursion": {"outcome": "usable", "reason": "x", "evidence": "x"},
        }[name]  # fmt: skip
        act = getattr(actions, name)
        assert refused_with(act, excursion=gap, by=stranger, at=NOW, **facts) == "P101"


class TestTheProductCard:
    @pytest.mark.parametrize(("card_max", "affected"), [("12.0", False), ("8.0", True), (None, True)])
    def test_says_which_lots_suffered(self, firm, logger, stock, card_max, affected):
        card(firm, temperature_max=card_max)
        send(firm, samples(5, 10, 5))
        assert AffectedLot.objects.exists() is affected

    def test_makes_the_limits_of_the_place_tighter(self, firm, logger, stock):
        card(firm, temperature_max="6.0")
        send(firm, samples(5, 7, 5))
        assert Excursion.objects.get().limit_centi == 600

    def test_of_a_lot_that_has_gone_does_not(self, firm, logger, stock):
        card(firm, temperature_max="6.0")
        move(firm, "ship", days=-8, quantity=100)
        send(firm, samples(5, 7, 5))
        assert not Excursion.objects.exists()


class TestATransport:
    @pytest.fixture
    def vehicle(self, firm):
        return a_logger(firm, code="C-1", place="蒙G12345", kind="vehicle", interval_seconds=1800)

    def test_without_a_load_may_be_silent(self, firm, vehicle):
        send(firm, samples(*GAP, code="C-1"))
        assert not Excursion.objects.exists()

    def test_that_was_silent_holds_what_the_delivery_held(self, firm, vehicle):
        move(firm, document_no="D-1", place="")
        entry = PlacementEntry(DAY, DAY + 8 * HALF_HOUR, document_no="D-1")
        actions.place_lot(logger=vehicle, entry=entry, by=SYSTEM, at=NOW)
        send(firm, samples(*GAP, code="C-1"))
        assert LotHold.objects.get().lot == LOT

    def test_is_looked_at_again_when_the_load_is_named_later(self, firm, vehicle):
        send(firm, samples(*GAP, code="C-1"))
        entry = PlacementEntry(DAY, DAY + 8 * HALF_HOUR, di=DI, lot=LOT)
        actions.place_lot(logger=vehicle, entry=entry, by=SYSTEM, at=NOW)
        assert LotHold.objects.get().lot == LOT

    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            ({}, "CC109"),
            ({"di": DI}, "CC109"),
            ({"document_no": "D", "until_at": DAY - HALF_HOUR}, "CC108"),
            ({"document_no": "D", "from_at": NOW + HALF_HOUR}, "CC110"),
        ],
    )
    def test_names_a_lot_or_a_delivery_and_a_time(self, vehicle, facts, code):
        entry = PlacementEntry(**({"from_at": DAY} | facts))
        assert refused_with(actions.place_lot, logger=vehicle, entry=entry, by=SYSTEM, at=NOW) == code

    def test_a_lot_is_taken_out_once(self, vehicle):
        entry = PlacementEntry(DAY, di=DI, lot=LOT)
        row = actions.place_lot(logger=vehicle, entry=entry, by=SYSTEM, at=NOW)
        actions.take_out_lot(placement=row, until_at=DAY + HALF_HOUR, by=SYSTEM, at=NOW)
        again = {"placement": row, "until_at": DAY + HALF_HOUR, "by": SYSTEM, "at": NOW}
        assert refused_with(actions.take_out_lot, **again) == "CC113"


class TestSoldAfterAGap:
    def test_is_found_where_the_readings_came_too_late(self, firm, logger, stock, officer):
        move(firm, "ship", days=-1, quantity=5)
        send(firm, samples(*GAP))
        row = queries.sold_after(officer).get()
        assert (row.quantity, row.excursion_id) == (5, Excursion.objects.get().pk)

    def test_is_none_before_it_or_after_its_release(self, firm, logger, stock, officer):
        move(firm, "ship", days=-3, quantity=5)
        send(firm, samples(*GAP))
        Excursion.objects.update(state="released", decided_at=NOW - dt.timedelta(days=1))
        LotHold.objects.update(released_at=NOW)
        ship(firm)
        assert not queries.sold_after(officer).exists()

    def test_of_another_county_is_not_seen(self, firm, logger, stock, officer):
        move(firm, "ship", days=-1, quantity=5)
        send(firm, samples(*GAP))
        firm_rows = queries.sold_after(officer)
        firm_rows.model.objects.update(firm_office_code="522726")
        assert not queries.sold_after(officer).exists()


class TestInStock:
    @pytest.mark.parametrize(
        ("moved", "stays"),
        [
            ([], []),
            ([(1, 10)], [(1, None)]),
            ([(1, 10), (3, -10)], [(1, 4)]),
            ([(1, 10), (1, -10)], [(1, 2)]),
            ([(1, 10), (3, -10), (5, 2)], [(1, 4), (5, None)]),
            ([(1, -2), (2, 5)], [(2, None)]),
        ],
    )
    def test_a_lot_stays_from_its_first_day_through_its_last(self, moved, stays):
        found = in_stock((dt.date(2024, 3, day), amount) for day, amount in moved)
        local = [(a.astimezone(ZONE).day, b and b.astimezone(ZONE).day) for a, b in found]
        assert local == stays


ZONE = dt.timezone(dt.timedelta(hours=8))
