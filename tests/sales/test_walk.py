"""A contract from draft to collected payment through what programs of the firm use."""

from __future__ import annotations

from moment import NOW
from sales_walk import QUANTITY, walk
from selling import DI, LOT
from xiejian.people.models import AuditEntry
from xiejian.record_steps import records
from xiejian.supply.models import Movement


def test_a_contract_goes_from_draft_to_collected_payment(desk, person):
    def do(role, kind, number, step, facts):
        act = {"by": person(role), "at": NOW}
        if not step:
            return records.create(kind, dict(facts), **act)
        return records.take(kind, number, step, dict(facts), **act)

    assert walk(desk, do) == [("HT2024-1", "closed"), ("HK2024-1", "allocated")]
    sent = Movement.objects.get(kind="ship")
    assert (sent.di, sent.lot, sent.quantity, sent.document_no, sent.source) == (
        DI, LOT, QUANTITY, "FH2024-1", "sales",
    )  # fmt: skip
    told = str(list(AuditEntry.objects.filter(subject__startswith="sales_").values_list("detail", flat=True)))
    assert desk.customer.name not in told and "9500" not in told and "380000" not in told
