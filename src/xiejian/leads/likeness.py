"""When two leads are about one matter at one place; no database.

A place said twice while the first is still open is the same matter more often than not, within LD-4 days
nearly always (benchmarks/duplicates.py measures it on complaints that a city itself marked).
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

#: characters of a place as it is compared: the column of the store is no longer
LONGEST = 120


@dataclass(frozen=True)
class Seen:
    """One lead as far as place and time go; ``ended_on`` None while it is open."""

    place: str  # as place_key writes it
    on: dt.date
    ended_on: dt.date | None = None


def place_key(text: str) -> str:
    """A place without what people write differently: width, case, blanks, marks.

    >>> place_key("团结路８号，  a座") == place_key("团结路8号A座")
    True
    """
    wide = unicodedata.normalize("NFKC", text).upper()
    return "".join(letter for letter in wide if letter.isalnum())[:LONGEST]


def same_place_open(earlier: Seen, later: Seen) -> bool:
    """Whether the later one tells of a place of which the earlier one was still open."""
    in_time = earlier.on <= later.on and (earlier.ended_on is None or earlier.ended_on >= later.on)
    return bool(later.place) and earlier.place == later.place and in_time


def very_likely(earlier: Seen, later: Seen, days: int) -> bool:
    """The same place, still open, within so many days."""
    return same_place_open(earlier, later) and (later.on - earlier.on).days <= days


def repeats(rows: Iterable[Seen], days: int) -> list[bool]:
    """For each row in order of receipt, whether an earlier one makes it a very likely duplicate."""
    by_place: dict[str, list[Seen]] = defaultdict(list)
    found = []
    for row in rows:
        found.append(any(very_likely(earlier, row, days) for earlier in by_place[row.place]))
        by_place[row.place].append(row)
    return found
