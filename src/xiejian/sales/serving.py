"""After the sale: service tickets from the call to the customer's signature."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from xiejian.people.models import FirmUser
from xiejian.people.policy import Actor, require_for
from xiejian.sales import checks as check
from xiejian.sales.checks import refuse
from xiejian.sales.models import Customer, Item, ServiceTicket, ServiceVisit
from xiejian.sales.moves import EDIT, first, note, same_firm, step


@transaction.atomic
def open_ticket(
    *, customer: Customer, kind: str, content: str, on: dt.date, by: Actor, at: dt.datetime,
    item: Item | None = None, serial: str = "", wanted_on: dt.date | None = None,
) -> ServiceTicket:  # fmt: skip
    """受理: an installation, a repair, a complaint."""
    require_for(by, EDIT, customer.firm_uscc, where=customer.number)
    same_firm(customer.firm_uscc, item)
    refuse(
        check.check_known(kind, ServiceTicket.KINDS, "服务类别"),
        check.check_given(content, "事由"),
        check.check_not_in_future(on, timezone.localdate(at), "受理日期"),
        check.check_order_of_dates("受理日期", on, "要求完成", wanted_on),
    )
    made = ServiceTicket.objects.create(
        customer=customer, kind=kind, content=content, opened_on=on, item=item, serial=serial,
        wanted_on=wanted_on, **first(ServiceTicket, customer.firm_uscc, by, at, on),
    )  # fmt: skip
    note("open_ticket", made, by, at, kind=kind)
    return made


@transaction.atomic
def assign_ticket(*, ticket: ServiceTicket, to: FirmUser, by: Actor, at: dt.datetime) -> ServiceTicket:
    """派工: somebody of the firm goes."""
    ticket, state = step(ticket, "assign_ticket", by)
    refuse(check.check_firm(ticket.firm_uscc, {to.name: to.uscc}))
    ticket.assigned_to = to
    ticket.save()
    note("assign_ticket", ticket, by, at, state=state, to=to.name)
    return ticket


@transaction.atomic
def visit_ticket(
    *, ticket: ServiceTicket, on: dt.date, done: str, by: Actor, at: dt.datetime, parts: str = ""
) -> ServiceTicket:
    """登记上门: what was done, which parts were used; several visits may be needed."""
    ticket, state = step(ticket, "visit_ticket", by)
    refuse(
        check.check_given(done, "处理情况"),
        check.check_not_in_future(on, timezone.localdate(at), "日期"),
        check.check_order_of_dates("受理日期", ticket.opened_on, "日期", on),
    )
    ServiceVisit.objects.create(ticket=ticket, on=on, done=done, parts=parts, by_name=by.name)
    ticket.save()
    note("visit_ticket", ticket, by, at, state=state, on=on)
    return ticket


@transaction.atomic
def close_ticket(
    *, ticket: ServiceTicket, on: dt.date, result: str, signed_by: str, by: Actor, at: dt.datetime
) -> ServiceTicket:
    """办结: with the name of who signed for the customer."""
    ticket, state = step(ticket, "close_ticket", by)
    last = ticket.visits.order_by("-on").values_list("on", flat=True).first()
    refuse(
        check.check_given(result, "结果"),
        check.check_given(signed_by, "客户签字人"),
        check.check_not_in_future(on, timezone.localdate(at), "办结日期"),
        check.check_order_of_dates("上门日期", last, "办结日期", on),
    )
    ticket.closed_on, ticket.result, ticket.signed_by = on, result, signed_by
    ticket.save()
    note("close_ticket", ticket, by, at, state=state, on=on)
    return ticket


@transaction.atomic
def cancel_ticket(*, ticket: ServiceTicket, reason: str, by: Actor, at: dt.datetime) -> ServiceTicket:
    """撤销: nobody went."""
    ticket, state = step(ticket, "cancel_ticket", by)
    refuse(check.check_given(reason, "撤销理由"))
    ticket.result = reason
    ticket.save()
    note("cancel_ticket", ticket, by, at, state=state)
    return ticket


@transaction.atomic
def reopen_ticket(*, ticket: ServiceTicket, reason: str, by: Actor, at: dt.datetime) -> ServiceTicket:
    """重新受理: the same trouble again."""
    ticket, state = step(ticket, "reopen_ticket", by)
    refuse(check.check_given(reason, "重新受理的原因"))
    ServiceVisit.objects.create(  # what was signed for stays readable
        ticket=ticket, on=ticket.closed_on, done=f"办结：{ticket.result}"[:500], by_name=by.name
    )
    ticket.closed_on, ticket.result, ticket.signed_by = None, "", ""
    ticket.content = f"{ticket.content}；{reason}"[:500]
    ticket.save()
    note("reopen_ticket", ticket, by, at, state=state)
    return ticket
