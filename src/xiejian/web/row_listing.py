"""Lists of what is not stored: rows made from packs or counted, shown as every other list."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from operator import attrgetter
from typing import Any

from xiejian.registry.queries import Page
from xiejian.web.listing import PAGE_SIZE, Listing


class Rows(list[Any]):
    """Rows in memory that a listing may ask as it asks a query: it cannot choose among them by key."""

    def filter(self, **_: object) -> Rows:
        return self

    def iterator(self, chunk_size: int) -> Iterator[Any]:
        return iter(self)


class RowListing(Listing):
    """A listing of ``Rows``; ``sort`` of a column is attribute paths (``law.title``), empty ones last."""

    @cached_property
    def found(self) -> Page[Any]:
        ordered = self.ordered()
        self.wanted = min(self.wanted, max(1, -(-len(ordered) // PAGE_SIZE)))
        first = (self.wanted - 1) * PAGE_SIZE
        return Page(ordered[first : first + PAGE_SIZE], len(ordered))

    def ordered(self) -> Any:
        column = next(c for c in self.columns if c.key == self.sort.lstrip("-"))
        rows = list(self.rows)
        for name in reversed(column.sort):
            value = attrgetter(name)
            known = [row for row in rows if value(row) not in (None, "")]
            known.sort(key=value, reverse=self.sort.startswith("-"))
            rows = known + [row for row in rows if value(row) in (None, "")]
        return Rows(rows)
