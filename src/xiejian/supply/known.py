"""What the store knows around some entries: product files, partners' files, papers; in sets, not by rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xiejian.kernel.problems import Problem
from xiejian.registry.permitting import holders_named, products_named
from xiejian.supply.checks import Entry
from xiejian.supply.judging import Card, Dealing, Known, Package, resolve
from xiejian.supply.models import Partner, ProductCard


class Around:
    """Gathers what is known, a few queries for any number of entries; asks nothing twice.

    ``known`` grows with what was asked. One object serves one write or one import.
    """

    def __init__(self) -> None:
        self.known = Known()
        self._firms: set[str] = set()
        self._numbers: set[str] = set()

    def cards_of(self, firms: Iterable[str]) -> None:
        """Look up the files of these firms: products, partners, and what the register says of them."""
        new = set(firms) - self._firms
        if not new:
            return
        self._firms |= new
        names = ("di", "unit", "registration_no", "product_name", "management_class", "packages", "firm_uscc")
        files = ProductCard.objects.filter(firm_uscc__in=new).order_by("id").values_list(*names)
        for di, unit, registration_no, name, management_class, packed, firm in files:
            packages = tuple(Package(p["di"], p["unit"], int(p["factor"])) for p in packed)
            card = Card(di, unit, packages, registration_no, name, management_class)
            for known_as in (di, *(package.di for package in packages if package.di)):
                self.known.cards[firm, known_as] = card
        partners = Partner.objects.filter(firm_uscc__in=new, is_active=True).order_by()
        for firm, uscc, *rest in partners.values_list("firm_uscc", "uscc", "valid_until", "classes"):
            self.known.dealings[firm, uscc] = Dealing(*rest)
        self.known.holders |= holders_named(new)

    def numbers(self, numbers: Iterable[str]) -> None:
        """Look up these registration numbers."""
        new = {number for number in numbers if number} - self._numbers
        if new:
            self._numbers |= new
            self.known.products |= products_named(new)

    def resolved(self, entries: Sequence[Entry]) -> list[tuple[Entry, list[Problem]]]:
        """Each entry in least units (``judging.resolve``), with everything around it known afterwards."""
        self.cards_of(entry.firm_uscc for entry in entries)
        found = [resolve(entry, self.known.cards) for entry in entries]
        self.numbers(entry.registration_no for entry, _ in found)
        return found
