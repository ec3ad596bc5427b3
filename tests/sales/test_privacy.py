"""What a firm keeps for itself: no officer of any office sees it, and no other firm."""

from __future__ import annotations

import pytest

from moment import NOW
from xiejian.kernel.problems import Refused
from xiejian.people.models import AuditEntry
from xiejian.people.policy import SYSTEM, Actor, firm_roles, may, roles
from xiejian.record_steps import records
from xiejian.sales import daily, queries, receivables, serving

READS = [
    queries.sites, queries.regions, queries.items, queries.customers, queries.contracts, queries.orders,
    queries.shipments, queries.invoices, queries.payments, queries.tickets, queries.returns,
    queries.price_lists, queries.price_exceptions, queries.people,
]  # fmt: skip


@pytest.mark.parametrize("office", ["150525100", "150525", "150500", "150000", "000000"])
def test_no_officer_of_any_office_sees_a_row(desk, office):
    for role in roles():
        officer = Actor("li", "李", office, role)
        assert [read.__name__ for read in READS if read(officer).exists()] == []
        assert daily.sheet(officer, NOW.date()).regions == [] == receivables.aged(officer, NOW.date())


def test_another_firm_sees_none_of_it(desk, seller):
    other = Actor("91320594588468512N:a", "a", "firm", "firm_admin", "91320594588468512N")
    assert [read.__name__ for read in READS if read(other).exists()] == []


def test_nobody_sees_nothing(desk):
    assert [read.__name__ for read in READS if read(None).exists()] == []


def test_the_desk_is_there_for_the_firm_itself(desk, person):
    assert queries.customers(person("firm_sales")).get() == desk.customer


@pytest.mark.parametrize("role", ["firm_store", "firm_quality", "firm_clinic", "firm_records"])
def test_who_does_not_sell_reads_no_price_and_no_contract(desk, person, role):
    with pytest.raises(Refused) as refused:
        records.listed("contract", actor=person(role), on=NOW.date())
    assert refused.value.first.code == "P101"


def test_what_the_store_reads_of_a_shipment_holds_no_amount(desk, person):
    kind = records.kind_of("shipment", person("firm_store"))
    names = {*kind.brief, *kind.more}
    assert not {name for name in names if "fen" in name}


@pytest.mark.parametrize("permission", ["firm.sales_view", "firm.sales", "firm.sales_approve"])
def test_no_officer_holds_a_permission_of_the_desk(permission):
    assert not any(may(Actor("li", "李", "000000", role), permission) for role in roles())
    assert any(may(Actor("x:a", "a", "firm", role, "x"), permission) for role in firm_roles())


def test_the_audit_of_a_ticket_names_its_number_and_no_customer(desk, person):
    made = serving.open_ticket(
        customer=desk.customer, kind="维修", content="不通电", on=NOW.date(), by=person("firm_sales"), at=NOW
    )
    entry = AuditEntry.objects.get(subject="sales_serviceticket")
    assert (entry.subject_key, entry.office_code) == (made.number, "150525100")
    assert desk.customer.name not in str(entry.detail)


class TestServiceTickets:
    def test_from_the_call_to_the_signature(self, desk, person):
        act, on = {"by": person("firm_sales"), "at": NOW}, NOW.date()
        ticket = serving.open_ticket(customer=desk.customer, kind="维修", content="不通电", on=on, **act)
        worker = queries.people(act["by"]).get(role="firm_sales")
        serving.assign_ticket(ticket=ticket, to=worker, **act)
        serving.visit_ticket(ticket=ticket, on=on, done="更换保险管", parts="保险管 1 只", **act)
        done = serving.close_ticket(ticket=ticket, on=on, result="修复", signed_by="赵护士", **act)
        assert (done.state, done.signed_by, done.visits.get().parts) == ("closed", "赵护士", "保险管 1 只")
        again = serving.reopen_ticket(ticket=ticket, reason="又不通电", **act)
        assert (again.state, again.visits.count(), again.closed_on) == ("opened", 2, None)

    def test_without_a_signature_it_is_not_closed(self, desk, person):
        act, on = {"by": SYSTEM, "at": NOW}, NOW.date()
        ticket = serving.open_ticket(customer=desk.customer, kind="维修", content="不通电", on=on, **act)
        person("firm_sales")
        serving.assign_ticket(ticket=ticket, to=queries.people(SYSTEM).first(), **act)
        serving.visit_ticket(ticket=ticket, on=on, done="看过", **act)
        with pytest.raises(Refused) as refused:
            serving.close_ticket(ticket=ticket, on=on, result="修复", signed_by=" ", **act)
        assert refused.value.first.code == "SA101"
