"""Who tells the tests' leads, and the day on which it happens."""

from __future__ import annotations

import datetime as dt

from xiejian.leads.identity import Identity

TODAY = dt.date(2024, 3, 5)
CALLER = Identity(name="张三丰", phone="13800001111", id_no="150525199001011234", address="奈曼旗新镇一号楼")


def caller(name: str, phone: str = "13800001111") -> Identity:
    return Identity(name=name, phone=phone)
