"""What led to a visit: a record of a room beside or above, by its kind and number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """``kind``: lead, listing, risk …; ``record``: its id; ``number``: what people call it."""

    kind: str = ""
    record: int | None = None
    number: str = ""


NONE = Origin()
