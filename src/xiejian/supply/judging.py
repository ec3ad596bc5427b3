"""What an entry means and what is wrong with it: units made least units, marks put on. Pure: no database.

Only what one entry shows by itself and by the register stands here; what its lot shows as a whole (more went
than came, two expiries) is in settling.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from xiejian.kernel.problems import Problem
from xiejian.registry.permitting import Holder, Product, of_holder, of_registration
from xiejian.supply.checks import Entry, problems
from xiejian.supply.models import BETWEEN_FIRMS, HANDED_ON
from xiejian.supply.rules import marks


@dataclass(frozen=True)
class Package:
    """A package of a product: its own device identifier, what it is called, how many least units it holds."""

    di: str
    unit: str
    factor: int


@dataclass(frozen=True)
class Card:
    """What a firm's product file says of one device identifier."""

    di: str
    unit: str = ""
    packages: tuple[Package, ...] = ()
    registration_no: str = ""
    product_name: str = ""
    management_class: str = ""


@dataclass(frozen=True)
class Dealing:
    """What a firm's file says of a supplier or buyer."""

    valid_until: dt.date | None = None
    classes: str = ""


@dataclass
class Known:
    """What is known around some entries, each by its key; what is not there is not known.

    ``cards`` by (firm, di) and, for a package, by the package's own di; ``dealings`` by (firm, partner);
    ``holders`` by firm, one per link; ``products`` by registration number as given.
    """

    cards: dict[tuple[str, str], Card] = field(default_factory=dict)
    dealings: dict[tuple[str, str], Dealing] = field(default_factory=dict)
    holders: dict[str, list[Holder]] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)


def resolve(entry: Entry, cards: Mapping[tuple[str, str], Card]) -> tuple[Entry, list[Problem]]:
    """The entry in least sale units, with what the product's file knows filled in.

    A scanned package counts as so many least units. Refused: a unit that the file does not have (SU113), a
    serial number for more than one device (SU112).
    """
    card = cards.get((entry.firm_uscc, entry.di))
    found: list[Problem] = []
    if card:
        factor = next((p.factor for p in card.packages if p.di and p.di == entry.di), 1)
        if entry.unit and entry.unit != card.unit:
            by_unit = next((p.factor for p in card.packages if p.unit == entry.unit), None)
            if by_unit is None and card.unit:
                found.append(
                    problems("SU113", "单位", unit=entry.unit, least=card.unit, name=card.product_name)
                )
            factor = by_unit or factor
        if (factor, entry.unit, entry.di) != (1, "", card.di) or not (
            entry.registration_no and entry.product_name
        ):
            entry = replace(
                entry, di=card.di, quantity=entry.quantity * factor, unit="",
                registration_no=entry.registration_no or card.registration_no,
                product_name=entry.product_name or card.product_name,
            )  # fmt: skip
    if entry.serial and abs(entry.quantity) > 1:
        found.append(problems("SU112", "数量", serial=entry.serial, quantity=entry.quantity))
    return entry, found


def marks_of(entry: Entry, known: Known, held: bool = False) -> list[str]:
    """The marks of one entry by their ids, the gravest first."""
    found = {
        *(["held"] if held and entry.kind in HANDED_ON else []),
        *(["expired"] if entry.expires_on and entry.on > entry.expires_on and _matters(entry) else []),
        *(["unit_unknown"] if entry.unit else []),
        *_of_papers(entry, known),
        *_of_partner(entry, known),
    }
    return [mark for mark in marks() if mark in found]


def _matters(entry: Entry) -> bool:
    """Expired goods may be sent back, destroyed, written off or counted; not come in, go out or be used."""
    return entry.kind in (*HANDED_ON, "receive", "make")


def _class_of(entry: Entry, known: Known) -> tuple[Product | None, str]:
    product = known.products.get(entry.registration_no)
    card = known.cards.get((entry.firm_uscc, entry.di))
    stated = card.management_class if card else ""
    return product, (product.management_class if product else "") or stated


def _of_papers(entry: Entry, known: Known) -> list[str]:
    """What the registration and the firm's own papers say against it."""
    product, management_class = _class_of(entry, known)
    states = {one.state for one in of_registration(product, entry.made_on, entry.on)}
    found = ["registration"] if "wrong" in states else ["registration_unknown"] if "doubt" in states else []
    judged = replace(product or Product(""), management_class=management_class)
    links = known.holders.get(entry.firm_uscc, [])
    if management_class and links and not any(_allowed(judged, holder, entry.on) for holder in links):
        found.append("own_licence")
    return found


def _allowed(product: Product, holder: Holder, on: dt.date) -> bool:
    return all(one.state != "wrong" for one in of_holder(product, holder, on))


def _of_partner(entry: Entry, known: Known) -> list[str]:
    """What the firm's own file of the other side says against it; consumers and foreign makers have none."""
    if entry.kind not in BETWEEN_FIRMS or not entry.partner_uscc:
        return []
    dealing = known.dealings.get((entry.firm_uscc, entry.partner_uscc))
    if dealing is None:
        return ["partner_unknown"]
    _, management_class = _class_of(entry, known)
    lapsed = dealing.valid_until is not None and dealing.valid_until < entry.on
    outside = bool(dealing.classes and management_class and management_class not in dealing.classes)
    return [*(["partner_lapsed"] if lapsed else []), *(["partner_scope"] if outside else [])]


def refusals(entry: Entry, found: Iterable[str], reasons: Iterable[str] = (), left: int = 0) -> list[Problem]:
    """The marks that a firm's own entry refuses, as problems.

    ``reasons``: why the lot is on hold; ``left``: what of it is there before the entry.
    """
    where = entry.record_no or entry.di
    lot = entry.lot or entry.serial
    spoken = {
        "held": [problems("SU201", where, lot=lot, reason=reason) for reason in reasons],
        "expired": [problems("SU110", where, lot=lot, until=entry.expires_on)],
        "oversold": [problems("SU111", where, lot=lot, left=left, quantity=entry.quantity)],
    }
    refused = [marks()[mark] for mark in found if entry.kind in marks()[mark].refuses]
    return [
        problem
        for mark in refused
        for problem in spoken.get(mark.id)
        or [problems("SU114", where, label=mark.label, meaning=mark.meaning)]
    ]
