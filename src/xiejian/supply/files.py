"""The files that a firm keeps: of its suppliers and buyers with the licences it checked, of its products.

Each is one row that is written again as things change; the audit trail keeps before and after.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from xiejian.numbers import credit_code
from xiejian.people import audit
from xiejian.people.policy import Actor, require, require_for
from xiejian.registry.batches import json_ready
from xiejian.registry.models import Licence, Party, PartyLink
from xiejian.registry.permitting import IN_FORCE
from xiejian.supply import checks as check
from xiejian.supply.checks import refuse
from xiejian.supply.holding import office_codes
from xiejian.supply.models import Partner, ProductCard

R = TypeVar("R", bound=Model)


@dataclass(frozen=True)
class PartnerEntry:
    """A supplier or buyer as a firm writes it down; ``licence_no`` joined by 、, ``classes`` as "23"."""

    uscc: str
    name: str
    kind: str = "supplier"
    licence_no: str = ""
    valid_until: dt.date | None = None
    classes: str = ""
    scope: str = ""
    contact: str = ""
    phone: str = ""
    checked_on: dt.date | None = None
    checked_how: str = ""
    is_active: bool = True


@dataclass(frozen=True)
class CardEntry:
    """A product as a firm writes it down; ``packages`` as {"di", "unit", "factor"}, temperatures in ℃."""

    di: str
    product_name: str
    registration_no: str = ""
    model_spec: str = ""
    management_class: str = ""
    maker: str = ""
    unit: str = ""
    packages: tuple[Mapping[str, Any], ...] = ()
    temperature_min: Decimal | None = None
    temperature_max: Decimal | None = None
    implantable: bool = False
    source: str = "form"


def _may_write(by: Actor, firm_uscc: str, office_code: str) -> None:
    if by.firm:
        require_for(by, "firm.supply", firm_uscc, where=firm_uscc)
    else:
        require(by, "supply.import", office_code, where=firm_uscc)


@transaction.atomic
def write_partner(*, firm_uscc: str, entry: PartnerEntry, by: Actor, at: dt.datetime) -> Partner:
    """Open or bring up to date the file of a supplier or buyer, by its credit code.

    Whoever checks its licence on a day stands by it. Refused: something missing (SU104), the firm itself
    (SU105), a day to come (SU103), no such kind (SU301).
    """
    office = office_codes([firm_uscc]).get(firm_uscc, "")
    _may_write(by, firm_uscc, office)
    refuse(
        check.check_given(entry.uscc, "统一社会信用代码"),
        check.check_given(entry.name, "名称"),
        check.check_partner(entry.uscc, firm_uscc, entry.kind),
        check.check_not_in_future(entry.checked_on, timezone.localdate(at), "核验日期"),
    )
    row = Partner.objects.select_for_update().filter(firm_uscc=firm_uscc, uscc=entry.uscc).first()
    row = row or Partner(firm_uscc=firm_uscc, firm_office_code=office)
    checked = bool(entry.checked_on) and entry.checked_on != row.checked_on
    return _write(row, asdict(entry) | ({"checked_by": by.name} if checked else {}), "write_partner", by, at)


@transaction.atomic
def write_card(*, firm_uscc: str, entry: CardEntry, by: Actor, at: dt.datetime) -> ProductCard:
    """Open or bring up to date the file of a product, by its device identifier.

    Refused: something missing (SU104), storage colder at most than at least (SU302), a package that holds
    fewer than two or has the product's own identifier (SU303).
    """
    office = office_codes([firm_uscc]).get(firm_uscc, "")
    _may_write(by, firm_uscc, office)
    refuse(
        check.check_given(entry.di, "产品标识"),
        check.check_given(entry.product_name, "产品名称"),
        check.check_temperatures(entry.temperature_min, entry.temperature_max),
        check.check_packages(entry.di, entry.unit, entry.packages),
    )
    row = ProductCard.objects.select_for_update().filter(firm_uscc=firm_uscc, di=entry.di).first()
    row = row or ProductCard(firm_uscc=firm_uscc, firm_office_code=office)
    values = asdict(entry) | {"packages": [dict(package) for package in entry.packages]}
    return _write(row, values, "write_card", by, at)


def _write(row: R, values: Mapping[str, Any], action: str, by: Actor, at: dt.datetime) -> R:
    """Save what changed and leave one audit entry of it; nothing when nothing did."""
    new = row.pk is None
    changed = {
        name: [getattr(row, name), value] for name, value in values.items() if getattr(row, name) != value
    }
    if not (changed or new):
        return row
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    told = {name: [_told(before), _told(after)] for name, (before, after) in changed.items()}
    audit.record(
        by=by, at=at, action=action, subject=row._meta.model_name or "", key=str(row.pk),
        office_code=row.firm_office_code,  # type: ignore[attr-defined]
        detail={"firm": row.firm_uscc, "new": new, **told},  # type: ignore[attr-defined]
    )  # fmt: skip
    return row


def _told(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else json_ready(value)


def from_register(uscc: str) -> PartnerEntry | None:
    """What the register says of a firm, to be checked and kept: its name, papers in force, classes.

    None when the register does not have it. Three queries.
    """
    party = Party.objects.filter(uscc=credit_code.read(uscc).value or uscc).first()
    if party is None or not party.uscc:
        return None
    papers = list(Licence.objects.filter(party=party, status=IN_FORCE))
    links = PartyLink.objects.filter(party=party)
    return PartnerEntry(
        uscc=party.uscc,
        name=party.name,
        licence_no="、".join(paper.number for paper in papers)[:200],
        valid_until=min((paper.expires_on for paper in papers if paper.expires_on), default=None),
        classes="".join(sorted({c for link in links for c in link.classes})),
        scope="；".join(_scopes(papers, links)),
        checked_how="监管名录",
    )


def _scopes(papers: Iterable[Licence], links: Iterable[PartyLink]) -> list[str]:
    return list(dict.fromkeys(filter(None, [*(p.scope for p in papers), *(k.scope for k in links)])))
