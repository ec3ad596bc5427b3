"""Search on part of a name or number, from one character up, alike on both databases.

A text is stored as its overlapping pairs in order, ``奈曼旗`` as ``奈曼 曼旗``. PostgreSQL
finds the pairs by an inverted index (a trigram index finds nothing for two characters);
the order of the pairs then proves that the text itself is there. SQLite reads the pairs
one after another, which at the size of a one-file office takes milliseconds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, TypeVar

from django.db.models import Lookup, Model, QuerySet, TextField

M = TypeVar("M", bound=Model)

_OUT = re.compile(r"[^0-9a-z\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")


def normal(text: str) -> str:
    """Letters, digits and Chinese characters only, in one width and case."""
    return _OUT.sub("", unicodedata.normalize("NFKC", text).casefold())


def _pairs(text: str) -> str:
    if len(text) < 2:
        return text
    return " ".join(map("".join, pairwise(text)))


def grams(texts: Iterable[str]) -> str:
    """What to store for some texts: the pairs of each, in order, ``/`` between two texts.

    >>> grams(["奈曼旗", "A1"])
    '奈曼 曼旗 / a1'
    """
    return " / ".join(_pairs(core) for text in texts if (core := normal(text)))


@TextField.register_lookup
class HoldsText(Lookup):  # type: ignore[type-arg]
    """``search_grams__holds="药房"``: the stored pairs hold the text. The right side must be ``normal``."""

    lookup_name = "holds"

    def get_prep_lookup(self) -> str:
        return normal(str(self.rhs))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} LIKE %s", [*params, f"%{_pairs(self.rhs)}%"]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """The index gives the rows that have every pair; LIKE keeps those that have them in order."""
        like, params = self.as_sql(compiler, connection)
        if len(self.rhs) < 2:
            return like, params
        left, left_params = self.process_lhs(compiler, connection)
        pairs = sorted(set(_pairs(self.rhs).split(" ")))
        return f"(string_to_array({left}, ' ') @> %s::text[] AND {like})", [*left_params, pairs, *params]


def matching(rows: QuerySet[M], asked: str, field: str = "search_grams") -> QuerySet[M]:
    """The rows whose text holds every word of ``asked``; all rows when nothing is asked.

    A question without any letter, digit or Chinese character finds nothing.
    """
    if not asked.strip():
        return rows
    words = [word for part in asked.split() if (word := normal(part))]
    if not words:
        return rows.none()
    for word in words:
        rows = rows.filter(**{f"{field}__holds": word})
    return rows
