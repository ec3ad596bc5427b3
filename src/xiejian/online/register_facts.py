"""What the register and the number rules know of offers: the facts that screening asks for, set by set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from xiejian.kernel.cells import name_key
from xiejian.numbers import certificates
from xiejian.online.models import Listing
from xiejian.online.screening import Facts
from xiejian.registry.models import Licence, Party, PartyLink, Registration

PRODUCT_NUMBERS = ("device_registration", "device_filing")
_SELLS = ("经营", "生产")
_LICENCES = ("distribution_licence", "production_licence")
_FILINGS = ("distribution_filing", "production_filing")
_ONLINE = "网络销售"
VALID = "有效"
#: columns of a published row that say what the product is for
_SCOPE = ("适用范围", "适用范围/预期用途", "预期用途")


def number_key(printed: str) -> str:
    """The key under which the register holds a product number; '' when it fits no form of one."""
    number = certificates.read(printed)
    if number.suspect or number.kind not in PRODUCT_NUMBERS:
        return ""
    return number.fields.get("base", number.key)


def _class_of(printed: str) -> str:
    number = certificates.read(printed)
    return "1" if number.kind == "device_filing" else number.fields.get("class", "")


def _fits(shown: str, registered: str) -> bool:
    a, b = name_key(shown), name_key(registered)
    return a in b or b in a


def _registrations(keys: Iterable[str]) -> dict[str, Registration]:
    """Number key → its newest published row."""
    rows = Registration.objects.filter(number_key__in={key for key in keys if key})
    return {row.number_key: row for row in rows.order_by("approved_on", "pk")}


def _sellers(keys: set[int]) -> dict[int, dict[str, bool]]:
    """Party → whether it holds a licence, a filing, an online sale, in the register; two queries."""
    held = {key: {"licensed": False, "filed": False, "online_filed": False} for key in keys}
    for key, link, classes in PartyLink.objects.filter(party__in=keys).values_list(
        "party_id", "link", "classes"
    ):
        found = held[key]
        found["online_filed"] |= link == _ONLINE
        found["licensed"] |= link in _SELLS and "3" in classes
        found["filed"] |= link in _SELLS and "2" in classes
    licences = Licence.objects.order_by().filter(party__in=keys, status=VALID)
    for key, kind in licences.values_list("party_id", "kind"):
        found = held[key]
        found["licensed"] |= kind in _LICENCES
        found["filed"] |= kind in _FILINGS
        found["online_filed"] |= kind == "online_filing"
    return held


def facts_of(rows: Iterable[Listing], on: dt.date) -> list[Facts]:
    """The facts of each offer as of ``on``, in their order; three queries however many there are."""
    offers = list(rows)
    keys = [number_key(row.registration_no) if row.registration_no else "" for row in offers]
    published = _registrations(keys)
    sellers = _sellers({row.seller_id for row in offers if row.seller_id})
    return [
        _one(row, key, published.get(key), sellers.get(row.seller_id or 0), on)
        for row, key in zip(offers, keys, strict=True)
    ]


def _one(
    row: Listing, key: str, found: Registration | None, seller: dict[str, bool] | None, on: dt.date
) -> Facts:
    state = "valid"
    if not row.registration_no.strip():
        state = "missing"
    elif not key:
        state = "invalid"
    elif found is None:
        state = "unknown"
    elif found.status != VALID or (found.expires_on and found.expires_on < on):
        state = "expired"
    details = found.details if found else {}
    by_number = _class_of(row.registration_no) if key else ""
    return Facts(
        registration=state,
        product_class=(found.management_class if found else "") or by_number,
        name_fits=_fits(row.product, found.product_name) if found else None,
        seller="known" if seller else "unknown" if row.seller_named else "",
        scope=next((str(details[name]) for name in _SCOPE if details.get(name)), ""),
        **(seller or {}),
    )  # fmt: skip


def parties_named(names: Iterable[str], rows: Iterable[Party]) -> dict[str, int]:
    """Name → the only one of ``rows`` of that name; names that several bear or nobody bears are left out."""
    found: dict[str, set[int]] = {}
    for party in rows:
        found.setdefault(name_key(party.name), set()).add(party.pk)
    return {name: next(iter(keys)) for name in names if len(keys := found.get(name_key(name), set())) == 1}
