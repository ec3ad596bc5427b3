"""One line of 待办, as every subject of the firms' pages makes it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One thing to do: what it is (``kind``), its line, where it is done, until when."""

    kind: str
    title: str
    href: str
    due: dt.date | None = None
    detail: str = ""

    def days(self, on: dt.date) -> int | None:
        """Days left; negative when it is late."""
        return (self.due - on).days if self.due else None
