"""Contracts: three people, what is special, who decides, what may be ordered and when one is closed."""

from __future__ import annotations

import datetime as dt

import pytest

from moment import NOW
from selling import DI, FLOOR, LOT, PRICE, stock
from xiejian.kernel.problems import Refused
from xiejian.people.models import FirmUser
from xiejian.people.policy import SYSTEM
from xiejian.sales import contracting, delivering, pricing, setting_up
from xiejian.sales.contracting import Called, Terms, Wanted
from xiejian.sales.delivering import Lot, Parcel
from xiejian.supply.actions import hold_lot
from xiejian.supply.queries import stock as stock_of

TODAY = NOW.date()


def terms(days: int = 30) -> Terms:
    return Terms("输液器合同", days, TODAY, TODAY + dt.timedelta(days=300))


@pytest.fixture
def acts(person):
    """acts("firm_sales"): by whom and when."""
    return lambda role, name="": {"by": person(role, name), "at": NOW}


@pytest.fixture
def reviewed(desk, acts):
    """reviewed(price, days, quantity): a contract that one wrote and another reviewed."""

    def make(price: int = PRICE, days: int = 30, quantity: int = 10):
        contract = contracting.draft_contract(
            customer=desk.customer, site=desk.sales_site, contract_terms=terms(days),
            lines=[Wanted(desk.item, quantity, price)], **acts("firm_sales"),
        )  # fmt: skip
        contract = contracting.submit_contract(contract=contract, **acts("firm_sales"))
        return contracting.review_contract(contract=contract, opinion="可", **acts("firm_admin"))

    return make


@pytest.fixture
def in_force(reviewed, acts):
    """A contract of ten that both sides signed."""
    contract = contracting.approve_contract(contract=reviewed(), **acts("firm_sales", "third"))
    return contracting.sign_contract(contract=contract, on=TODAY, signed_by="王", **acts("firm_sales"))


def refusal(call, **facts) -> str:
    with pytest.raises(Refused) as refused:
        call(**facts)
    return refused.value.first.code


class TestThreePeople:
    def test_the_writer_does_not_review(self, desk, acts):
        contract = contracting.draft_contract(
            customer=desk.customer, site=desk.sales_site, contract_terms=terms(),
            lines=[Wanted(desk.item, 1, PRICE)], **acts("firm_sales"),
        )  # fmt: skip
        contracting.submit_contract(contract=contract, **acts("firm_sales"))
        found = refusal(contracting.review_contract, contract=contract, opinion="可", **acts("firm_sales"))
        assert found == "SA201"

    @pytest.mark.parametrize(("role", "code"), [("firm_sales", "SA201"), ("firm_admin", "SA202")])
    def test_neither_writer_nor_reviewer_approves(self, reviewed, acts, role, code):
        assert refusal(contracting.approve_contract, contract=reviewed(), **acts(role)) == code

    def test_a_third_one_does(self, reviewed, acts):
        done = contracting.approve_contract(contract=reviewed(), **acts("firm_sales", "third"))
        assert done.state == "approved"

    def test_who_mends_a_returned_contract_is_its_writer_from_then_on(self, reviewed, acts, desk):
        contract = contracting.return_contract(contract=reviewed(), reason="缺附件", **acts("firm_admin"))
        contract = contracting.change_contract(
            contract=contract, contract_terms=terms(), lines=[Wanted(desk.item, 5, PRICE)],
            **acts("firm_admin"),
        )  # fmt: skip
        contracting.submit_contract(contract=contract, **acts("firm_admin"))
        found = refusal(contracting.review_contract, contract=contract, opinion="可", **acts("firm_admin"))
        assert (found, contract.total_fen) == ("SA201", 5 * PRICE)


class TestSpecialContracts:
    def test_one_with_a_long_term_is_not_approved_like_others(self, reviewed, acts):
        contract = reviewed(days=90)
        found = refusal(contracting.approve_contract, contract=contract, **acts("firm_sales", "third"))
        assert (contract.special, found) == (["账期90天超过60天"], "SA203")

    def test_the_head_at_the_deciding_site_approves_it(self, reviewed, acts):
        done = contracting.approve_special(contract=reviewed(days=90), opinion="可", **acts("firm_head"))
        assert done.state == "approved"

    def test_a_head_who_does_not_work_there_does_not(self, reviewed, acts):
        facts = {"contract": reviewed(days=90), "opinion": "可", **acts("firm_head", "elsewhere")}
        assert refusal(contracting.approve_special, **facts) == "SA204"

    def test_an_ordinary_one_does_not_go_to_the_head(self, reviewed, acts):
        facts = {"contract": reviewed(), "opinion": "可", **acts("firm_head")}
        assert refusal(contracting.approve_special, **facts) == "SA205"

    def test_the_limit_is_the_firms_own(self, desk, reviewed, acts):
        setting_up.set_limits(contract_limit_fen=10 * PRICE - 1, payment_days_limit=60, **acts("firm_head"))
        assert reviewed().special == ["金额超过普通合同上限"]

    def test_a_price_below_the_floor_is_special(self, reviewed):
        assert reviewed(price=FLOOR - 1).special == ["A1低于保护价"]

    def test_at_the_floor_it_is_not(self, reviewed):
        assert reviewed(price=FLOOR).special == []


class TestPriceExceptions:
    @pytest.fixture
    def granted(self, desk, acts):
        exception = pricing.ask_exception(
            customer=desk.customer, item=desk.item, price_fen=FLOOR - 500, quantity=10,
            until_on=TODAY, reason="投标", on=TODAY, **acts("firm_sales"),
        )  # fmt: skip
        return pricing.grant_exception(exception=exception, **acts("firm_head"))

    def test_a_granted_one_makes_its_contract_ordinary_and_is_used_up(self, granted, reviewed):
        contract = reviewed(price=FLOOR - 500)
        granted.refresh_from_db()
        assert (contract.special, granted.state, granted.contract) == ([], "used", contract)

    @pytest.mark.parametrize(("price", "quantity"), [(FLOOR - 501, 10), (FLOOR - 500, 11)])
    def test_it_covers_no_lower_price_and_no_more(self, granted, reviewed, price, quantity):
        assert reviewed(price=price, quantity=quantity).special == ["A1低于保护价"]

    def test_it_comes_back_when_the_contract_does(self, granted, reviewed, acts):
        contract = reviewed(price=FLOOR - 500)
        contracting.return_contract(contract=contract, reason="改条款", **acts("firm_admin"))
        granted.refresh_from_db()
        assert (granted.state, granted.contract) == ("granted", None)

    def test_nobody_asks_for_one_at_a_price_that_needs_none(self, desk, acts):
        facts = {"customer": desk.customer, "item": desk.item, "price_fen": FLOOR, "quantity": 1,
                 "until_on": TODAY, "reason": "x", "on": TODAY, **acts("firm_sales")}  # fmt: skip
        assert refusal(pricing.ask_exception, **facts) == "SA503"


class TestOrdersOnAContract:
    def test_more_than_is_left_is_refused(self, in_force, desk, acts):
        order = {"contract": in_force, "on": TODAY, **acts("firm_sales")}
        contracting.place_order(lines=[Called(desk.item, 7)], **order)
        assert refusal(contracting.place_order, lines=[Called(desk.item, 4)], **order) == "SA207"

    def test_a_cancelled_one_gives_its_quantity_back(self, in_force, desk, acts):
        order = {"contract": in_force, "on": TODAY, **acts("firm_sales")}
        made = contracting.place_order(lines=[Called(desk.item, 10)], **order)
        contracting.cancel_order(order=made, reason="改期", **acts("firm_sales"))
        assert contracting.place_order(lines=[Called(desk.item, 10)], **order).total_fen == 10 * PRICE

    def test_outside_the_term_nothing_is_ordered(self, in_force, desk, acts):
        before = TODAY - dt.timedelta(days=1)
        facts = {"contract": in_force, "on": before, "lines": [Called(desk.item, 1)], **acts("firm_sales")}
        assert refusal(contracting.place_order, **facts) == "SA206"

    def test_beyond_the_credit_nothing_is_ordered(self, in_force, desk, acts):
        desk.customer.credit_limit_fen = 10 * PRICE - 1
        desk.customer.save()
        facts = {"contract": in_force, "on": TODAY, "lines": [Called(desk.item, 10)], **acts("firm_sales")}
        assert refusal(contracting.place_order, **facts) == "SA208"

    def test_a_contract_with_an_open_order_is_not_closed(self, in_force, desk, acts):
        contracting.place_order(
            contract=in_force, on=TODAY, lines=[Called(desk.item, 1)], **acts("firm_sales")
        )
        assert (
            refusal(contracting.close_contract, contract=in_force, on=TODAY, **acts("firm_sales")) == "SA209"
        )


class TestShipments:
    @pytest.fixture
    def planned(self, in_force, desk, acts):
        order = contracting.place_order(
            contract=in_force, on=TODAY, lines=[Called(desk.item, 10)], **acts("firm_sales")
        )
        return delivering.plan_shipment(
            order=order, on=TODAY, lines=[Parcel(desk.item, 6)], **acts("firm_sales")
        )

    def confirm(self, planned, desk, acts, *lots: Lot, role: str = "firm_store"):
        lots = lots or (Lot(desk.item, 6, LOT),)
        return delivering.confirm_shipment(shipment=planned, on=TODAY, lots=lots, **acts(role))

    def test_the_store_confirms_and_the_order_is_sent_in_part(self, planned, desk, acts):
        sent = self.confirm(planned, desk, acts)
        planned.order.refresh_from_db()
        assert (sent.state, planned.order.state) == ("shipped", "partly")

    def test_who_sells_does_not_confirm(self, planned, desk, acts):
        with pytest.raises(Refused) as refused:
            self.confirm(planned, desk, acts, role="firm_sales")
        assert refused.value.first.code == "P101"

    def test_a_lot_on_hold_stays_and_so_does_the_shipment(self, planned, desk, acts):
        hold_lot(firm_uscc=desk.firm, di=DI, lot=LOT, reason="冷链超温", source_kind="excursion",
                 source_record="1", by=SYSTEM, at=NOW)  # fmt: skip
        with pytest.raises(Refused) as refused:
            self.confirm(planned, desk, acts)
        planned.refresh_from_db()
        assert (refused.value.first.code, planned.state) == ("SU201", "planned")

    def test_a_lot_that_was_taken_in_as_expired_by_now_stays(self, planned, desk, acts):
        stock(desk.firm, TODAY - dt.timedelta(days=701), NOW, 10, "OLD")
        with pytest.raises(Refused) as refused:
            self.confirm(planned, desk, acts, Lot(desk.item, 6, "OLD"))
        assert refused.value.first.code == "SU110"

    def test_two_lots_make_two_lines(self, planned, desk, acts):
        stock(desk.firm, TODAY, NOW, 5, "L2")
        sent = self.confirm(planned, desk, acts, Lot(desk.item, 4, LOT), Lot(desk.item, 2, "L2"))
        assert dict(sent.lines.values_list("lot", "quantity")) == {LOT: 4, "L2": 2}

    @pytest.mark.parametrize(
        ("lot", "quantity", "code"), [("L9", 6, "SU111"), ("", 6, "SA306"), (LOT, 5, "SA302")]
    )
    def test_unknown_missing_and_short_lots_are_refused(self, planned, desk, acts, lot, quantity, code):
        with pytest.raises(Refused) as refused:
            self.confirm(planned, desk, acts, Lot(desk.item, quantity, lot))
        assert refused.value.first.code == code

    def test_no_more_is_planned_than_the_order_has_left(self, planned, desk, acts):
        facts = {"order": planned.order, "on": TODAY, "lines": [Parcel(desk.item, 5)], **acts("firm_sales")}
        assert refusal(delivering.plan_shipment, **facts) == "SA301"

    def test_goods_that_come_back_are_in_stock_again(self, planned, desk, acts):
        sent = self.confirm(planned, desk, acts)
        back = [delivering.Back(desk.item, 2, LOT)]
        made = delivering.ask_return(
            shipment=sent, on=TODAY, reason="包装破损", lines=back, **acts("firm_sales")
        )
        delivering.accept_return(goods_return=made, opinion="同意", **acts("firm_sales"))
        delivering.receive_return(goods_return=made, on=TODAY, **acts("firm_store"))
        [left] = stock_of(desk.firm, TODAY)
        assert (left.lot, left.quantity) == (LOT, 1000 - 6 + 2)

    def test_no_more_comes_back_than_was_sent(self, planned, desk, acts):
        sent = self.confirm(planned, desk, acts)
        facts = {"shipment": sent, "on": TODAY, "reason": "x", **acts("firm_sales")}
        delivering.ask_return(lines=[delivering.Back(desk.item, 4, LOT)], **facts)
        assert refusal(delivering.ask_return, lines=[delivering.Back(desk.item, 3, LOT)], **facts) == "SA304"

    def test_damage_is_noted_beside_the_shipment(self, planned, desk, acts):
        sent = self.confirm(planned, desk, acts)
        made = delivering.note_damage(
            shipment=sent, on=TODAY, kind="运输损坏", text="外箱浸水", quantity=1, **acts("firm_sales")
        )
        assert (made.shipment, sent.state) == (sent, "shipped")


def test_a_person_of_another_firm_is_not_taken(desk, acts):
    other = FirmUser.objects.create(
        uscc="91320594588468512N", username="x", name="x", firm_name="x", role="firm_sales", created_at=NOW
    )
    facts = {"site": desk.sales_site, "people": [other], "approves_special": False, **acts("firm_head")}
    assert refusal(setting_up.change_site, **facts) == "SA109"
