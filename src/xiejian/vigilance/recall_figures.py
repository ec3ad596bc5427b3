"""How far a recall is, and whom to ask about its effect: arithmetic on what was stored, no database."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


class Held(Protocol):
    """A holder as the figures read it; ``RecallHolder`` is one."""

    state: str
    quantity: int
    notified_on: object
    found: int | None
    stopped: bool | None
    returned: int
    treated: int
    destroyed: int
    implanted: int
    checked_on: object
    reached: bool | None
    acted: bool | None

    @property
    def remaining(self) -> int | None: ...
    @property
    def missing(self) -> int: ...


class Told(Protocol):
    """A progress report as the figures read it; ``RecallProgress`` is one."""

    returned: int
    treated: int
    destroyed: int


@dataclass(frozen=True)
class Figures:
    """``units`` are firms; the rest least sale units. ``planned``, ``treated`` … are as the holder told."""

    units: int
    notified: int
    answered: int
    stopped: int
    held: int
    found: int
    answered_returned: int
    answered_treated: int
    answered_destroyed: int
    implanted: int
    remaining: int
    missing: int
    planned: int | None
    returned: int
    treated: int
    destroyed: int
    checked: int
    reached: int
    acted: int

    @property
    def completion(self) -> float | None:
        """Treated of planned, 0 to 1 and above where more turned up; None without a plan."""
        return self.treated / self.planned if self.planned else None

    @property
    def unanswered(self) -> int:
        return self.units - self.answered

    @property
    def open(self) -> bool:
        """Something is not accounted for: a firm without an answer, units left or missing."""
        return bool(self.unanswered or self.remaining or self.missing)


def figures(planned: int | None, holders: Iterable[Held], progress: Sequence[Told]) -> Figures:
    """The figures of a recall; the last progress report counts, its quantities are from the beginning."""
    rows = list(holders)
    last = progress[-1] if progress else None
    answered = [row for row in rows if row.found is not None]
    checked = [row for row in rows if row.checked_on]
    return Figures(
        units=len(rows),
        notified=sum(1 for row in rows if row.notified_on),
        answered=len(answered),
        stopped=sum(1 for row in answered if row.stopped),
        held=sum(row.quantity for row in rows),
        found=sum(row.found or 0 for row in answered),
        answered_returned=sum(row.returned for row in answered),
        answered_treated=sum(row.treated for row in answered),
        answered_destroyed=sum(row.destroyed for row in answered),
        implanted=sum(row.implanted for row in answered),
        remaining=sum(row.remaining or 0 for row in answered),
        missing=sum(row.missing for row in answered),
        planned=planned,
        returned=last.returned if last else 0,
        treated=last.treated if last else 0,
        destroyed=last.destroyed if last else 0,
        checked=len(checked),
        reached=sum(1 for row in checked if row.reached),
        acted=sum(1 for row in checked if row.acted),
    )


def sample_size(units: int, of_hundred: int, least: int) -> int:
    """How many of so many units are asked: the share rounded up, at least ``least``, never more than all.

    >>> sample_size(100, 20, 5), sample_size(12, 20, 5), sample_size(3, 20, 5)
    (20, 5, 3)
    """
    return min(units, max(least, -(-units * of_hundred // 100)))


def drawn(keys: Collection[str], seed: str, count: int) -> list[str]:
    """The ``count`` keys with the smallest SHA-256 of seed, a NUL byte and key: anybody can repeat it."""

    def rank(key: str) -> tuple[str, str]:
        return hashlib.sha256(seed.encode() + b"\0" + key.encode()).hexdigest(), key

    return sorted(keys, key=rank)[:count]
