"""现场扫码核对: a device code read on the shelf against the register, on the day.

``examine`` is pure: what the label and the register say goes in, every thing looked at comes out with
its state and its clause. What of it concerns the papers alone stands in registry/permitting.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from xiejian.inspections import paper_checks
from xiejian.inspections.actions import VISIT_WORKFLOW
from xiejian.inspections.checks import refuse
from xiejian.inspections.models import ProductCheck, SiteRecord, Visit
from xiejian.numbers import certificates, udi
from xiejian.people import audit
from xiejian.people.policy import Actor, require
from xiejian.registry.models import Registration
from xiejian.registry.permitting import (
    Holder,
    Product,
    Reason,
    holder_of,
    of_holder,
    of_registration,
    product_of,
    reason,
)

VERDICTS = {"ok": "核对无误", "doubt": "待核实", "wrong": "不符合"}
_SEVERITY = ("ok", "doubt", "wrong")


def examine(code: udi.Udi | None, product: Product | None, holder: Holder, on: dt.date) -> list[Reason]:
    """Everything that can be told on the spot, worst first. ``code`` is None when only a number was typed."""
    found = [*_of_code(code, on), *of_registration(product, code.made_on if code else None, on)]
    if product and product.management_class:
        found += of_holder(product, holder, on)
    return sorted(found, key=lambda one: -_SEVERITY.index(one.state))


def verdict(reasons: Iterable[Reason]) -> str:
    """The worst state among the reasons; doubt when nothing could be looked at."""
    return max((r.state for r in reasons), key=_SEVERITY.index, default="doubt")


def _of_code(code: udi.Udi | None, on: dt.date) -> list[Reason]:
    if code is None:
        return []
    if not code.valid:
        return [reason("code", "doubt", f"{fault.message}；{fault.next}") for fault in code.faults]
    found = [reason("code", "ok", f"{code.agency}编码，产品标识 {code.di or '（不在这个条码中）'}")]
    if code.expires_on is None:
        return [*found, reason("shelf_life", "doubt", "条码中没有失效日期，请看标签")]
    if code.expires_on < on:
        return [*found, reason("shelf_life", "wrong", f"已于 {code.expires_on} 过期")]
    return [*found, reason("shelf_life", "ok", f"有效期至 {code.expires_on}")]


# ── the store ─────────────────────────────────────────────────────────────────────────────────────
def registration_of(number: str, di: str) -> tuple[Registration | None, str]:
    """The product by the number on its label, else by what its DI turned out to be before.

    Of several papers of one number the one that runs longest. The second part is the number as read.
    """
    if number.strip():
        read = certificates.read(number)
        keys = [read.key, *([read.fields["base"]] if "base" in read.fields else [])]
        rows = Registration.objects.filter(number_key__in=keys)
        return rows.order_by(F("expires_on").desc(nulls_first=True), "-pk").first(), read.key
    if not di:
        return None, ""
    before = ProductCheck.objects.filter(di=di, registration__isnull=False).select_related("registration")
    last = before.order_by("-checked_at", "-pk").first()
    return (last.registration, last.registration_no) if last else (None, "")


@transaction.atomic
def check_product(
    *,
    visit: Visit,
    text: str,
    by: Actor,
    at: dt.datetime,
    registration_no: str = "",
    checked_at: dt.datetime | None = None,
) -> ProductCheck:
    """Check one product on the shelf by its code, its registration number or both, and keep the answer.

    ``checked_at``: when a device without a network read it; ``at`` when None. The same code at the same
    visit is kept once. Refused: a visit that is not under way (I614), nothing given (I613), a record that
    is signed (I601).
    """
    visit = Visit.objects.select_for_update(of=("self",)).select_related("party").get(pk=visit.pk)
    require(by, "inspections.visit", visit.office_code, where=visit.number)
    scanned, typed = text.strip()[:400], registration_no.strip()[:120]
    if stored := visit.product_checks.filter(udi=scanned, registration_no=typed).first():
        return stored
    signed = SiteRecord.objects.filter(visit=visit, part=0).exists()
    refuse(
        paper_checks.check_under_way(visit.state, VISIT_WORKFLOW.states[visit.state]),
        paper_checks.check_something_to_look_up(scanned, typed),
        paper_checks.check_not_signed(signed, visit.number),
    )
    moment = checked_at or at
    on = timezone.localdate(moment)
    code = udi.read(scanned, on=on) if scanned else None
    row, number = registration_of(typed, (code.di or "") if code else "")
    product = product_of(row, number)
    reasons = examine(code, product, holder_of(visit.party, visit.link), on)
    made = ProductCheck.objects.create(
        visit=visit, udi=scanned, registration=row, registration_no=typed or number, verdict=verdict(reasons),
        product_name=product.name if product else "", reasons=[asdict(one) for one in reasons],
        checked_at=moment, at=at, by_name=by.name, **_of_label(code),
    )  # fmt: skip
    audit.record(
        by=by, at=at, action="check_product", subject="visit", key=visit.number,
        office_code=visit.office_code,
        detail={"udi": scanned, "registration": made.registration_no, "verdict": made.verdict},
    )  # fmt: skip
    return made


def _of_label(code: udi.Udi | None) -> dict[str, Any]:
    if code is None:
        return {}
    return {
        "di": (code.di or "")[:60], "lot": (code.lot or "")[:60], "serial": (code.serial or "")[:60],
        "made_on": code.made_on, "expires_on": code.expires_on,
    }  # fmt: skip
