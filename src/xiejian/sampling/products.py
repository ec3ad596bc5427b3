"""What a label says, found in the register: the product's registration and its maker."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import F

from xiejian.numbers import certificates
from xiejian.registry.models import Party, Registration


def registration_key(text: str) -> str:
    """The number as the register keys it: one writing, without the mark of a variation."""
    number = certificates.read(text)
    return number.fields.get("base", number.key)[:120]


def registration_of(text: str) -> Registration | None:
    """The newest published certificate of a number, None when the register does not know it."""
    if not text.strip():
        return None
    rows = Registration.objects.filter(number_key=registration_key(text))
    return rows.order_by(F("approved_on").desc(nulls_last=True), "-pk").first()


def maker_in_register(name: str) -> Party | None:
    """The maker of this name where the register has exactly one."""
    if not name.strip():
        return None
    found = Party.objects.filter(name=name.strip(), links__link="生产").order_by("pk").distinct()[:2]
    return found[0] if len(found) == 1 else None


@dataclass(frozen=True)
class Certificate:
    """What the register says of a sample's certificate on the day it was taken: words and colour."""

    text: str
    tone: str


def certificate_on(registration: Registration | None, given: str, on: dt.date | None) -> Certificate | None:
    """Whether the certificate on the label held on the day; None where the label names none."""
    if not given:
        return None
    if registration is None:
        return Certificate("名录中没有这个编号", "orange")
    if registration.expires_on and on and registration.expires_on < on:
        return Certificate(f"抽样时已过有效期（{registration.expires_on}）", "red")
    if registration.status != "有效":
        return Certificate(f"名录中的状态：{registration.status}", "orange")
    return Certificate("名录中有效", "green")
