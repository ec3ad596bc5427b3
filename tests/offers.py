"""Offers on the internet for tests: a list, its offers, the day on which they came."""

from __future__ import annotations

import datetime as dt
from typing import Any

from moment import NOW
from xiejian.online import actions
from xiejian.online.models import Listing, MonitoringList
from xiejian.people.policy import Actor

TODAY = dt.date(2024, 3, 5)
DUE = dt.date(2024, 3, 20)


def send_list(
    by: Actor, office_code: str = "150525", number: str = "通网监3号", **facts: Any
) -> MonitoringList:
    given = {"source": "上级交办", "sender": "通辽市市场监督管理局", "due_on": DUE} | facts
    return actions.register_list(
        number=number, received_on=TODAY, office_code=office_code, by=by, at=NOW, **given
    )


def find(of: MonitoringList, by: Actor, office_code: str = "", **facts: Any) -> Listing:
    """One offer of a list; a test names only what it is about."""
    given = {"platform": "某商城", "shop": "安康旗舰店", "product": "医用冷敷贴", "found_on": TODAY} | facts
    return actions.register_listing(
        of=of, offer=actions.Offer(**given), by=by, at=NOW, office_code=office_code
    )
