"""A contract from its draft to the collected payment, as the facts of each step; the doors walk it alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from selling import LOT, Desk

#: role, kind, number ("" to make one), step, facts → the record as it is then
Do = Callable[[str, str, str, str, Mapping[str, Any]], Mapping[str, Any]]
WRITER, REVIEWER, DECIDER, STORE = "firm_sales", "firm_admin", "firm_head", "firm_store"
QUANTITY, PRICE = 40, 9_500


def draft(desk: Desk, **more: Any) -> dict[str, Any]:
    """The facts of a contract that is special because of its term of payment."""
    days = 90
    return {
        "customer": desk.customer.number, "site": "成都营销中心", "title": "输液器年度合同",
        "payment_days": days, "starts_on": desk.on.isoformat(),
        "ends_on": (desk.on + dt.timedelta(days=300)).isoformat(),
        "lines": [{"item": "A1", "quantity": 100, "price_fen": PRICE}], **more,
    }  # fmt: skip


def walk(desk: Desk, do: Do) -> list[tuple[str, str]]:
    """Take every step; (number, state) of each record at its last."""
    on = desk.on.isoformat()
    number = do(WRITER, "contract", "", "", draft(desk))["number"]
    do(WRITER, "contract", number, "submit_contract", {})
    do(REVIEWER, "contract", number, "review_contract", {"opinion": "条款齐全"})
    do(DECIDER, "contract", number, "approve_special", {"opinion": "同意延长账期"})
    do(WRITER, "contract", number, "sign_contract", {"on": on, "signed_by": "王采购"})
    lines = [{"item": "A1", "quantity": QUANTITY}]
    order = do(WRITER, "order", "", "", {"contract": number, "on": on, "lines": lines})["number"]
    sent = do(WRITER, "shipment", "", "", {"order": order, "on": on, "lines": lines})["number"]
    lots = [{"item": "A1", "quantity": QUANTITY, "lot": LOT}]
    do(STORE, "shipment", sent, "confirm_shipment", {"on": on, "lots": lots})
    do(WRITER, "shipment", sent, "deliver_shipment", {"on": on, "receiver": "李库管"})
    bill = do(WRITER, "invoice", "", "", {"shipment": sent, "on": on})
    money = {
        "customer": desk.customer.number,
        "on": on,
        "amount_fen": bill["total_fen"],
        "method": "银行转账",
    }
    paid = do(WRITER, "payment", "", "", money)["number"]
    last = do(WRITER, "payment", paid, "allocate_payment", {})
    closed = do(WRITER, "contract", number, "close_contract", {"on": on})
    return [(one["number"], one["state"]) for one in (closed, last)]
