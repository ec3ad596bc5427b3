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
        for row in ProductCard.objects.filter(firm_uscc__in=new).order_by("id"):
            packages = tuple(Package(p["di"], p["unit"], int(p["factor"])) for p in row.packages)
            card = Card(
                row.di, row.unit, packages, row.registration_no, row.product_name, row.management_class
            )
            for di in (row.di, *(package.di for package in packages if package.di)):
                self.known.cards[row.firm_uscc, di] = card
        for row in Partner.objects.filter(firm_uscc__in=new, is_active=True).order_by():
            self.known.dealings[row.firm_uscc, row.uscc] = Dealing(row.valid_until, row.classes)
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
