"""One lot on its way: a maker outside the register, two dealers in two counties, two hospitals."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

from moment import NOW
from xiejian.registry.models import Party
from xiejian.supply.models import Movement

DI, LOT, TODAY = "06972253600013", "A1", NOW.date()
MAKER, DEALER, OTHER = "91110000000000001M", "91150525000000002D", "91522726000000003E"
HOSPITAL, CLINIC = "12150525000000004H", "12522726000000005C"
NAMES = {MAKER: "甲厂", DEALER: "奈曼经销", OTHER: "独山经销", HOSPITAL: "奈曼医院", CLINIC: "独山诊所"}
OFFICES = {DEALER: "150525100", HOSPITAL: "150525", OTHER: "522726", CLINIC: "522726"}
_numbers = count(1)


def party(uscc: str) -> Party:
    """The firm in the register."""
    return Party.objects.create(
        name=NAMES[uscc], uscc=uscc, division_code=OFFICES[uscc], office_code=OFFICES[uscc], created_at=NOW,
        updated_at=NOW,
    )  # fmt: skip


def move(firm: str, kind: str, quantity: int, partner: str = "", days_ago: int = 30, **more: Any) -> Movement:
    """One movement, stored as it is given."""
    usual = {
        "di": DI, "lot": LOT, "on": TODAY - dt.timedelta(days=days_ago), "product_name": "试剂盒",
        "firm_office_code": OFFICES.get(firm, ""), "partner_name": NAMES.get(partner, ""), "source": "form",
        "record_no": f"T{next(_numbers)}", "at": NOW, "by_name": "库管",
    }  # fmt: skip
    return Movement.objects.create(
        firm_uscc=firm, kind=kind, quantity=quantity, partner_uscc=partner, **(usual | more)
    )


def deliver(sender: str, receiver: str, quantity: int, arrived: int | None = None, **more: Any) -> None:
    """Both sides of a delivery."""
    move(sender, "ship", quantity, receiver, **more)
    move(receiver, "receive", quantity if arrived is None else arrived, sender, **more)


def lot_on_its_way() -> None:
    """100 made, 60 to Naiman, 40 to Dushan; the Naiman hospital got 2 less than were sent; one implanted."""
    for uscc in OFFICES:
        party(uscc)
    move(MAKER, "make", 100)
    deliver(MAKER, DEALER, 60)
    deliver(MAKER, OTHER, 40)
    deliver(DEALER, HOSPITAL, 30, arrived=28)
    deliver(OTHER, CLINIC, 15)
    move(HOSPITAL, "implant", 1, patient="tok-1")
