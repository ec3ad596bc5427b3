"""A paper of the field: what a record, a notice or a talk consists of, before it is set on a page.

The Word writer and the page that shows a paper read the same blocks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

#: a value that still goes beside another on one line of a form, in characters
SHORT = 14


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Text:
    """One paragraph. ``indent``: first line two characters in; ``small``: a remark."""

    text: str
    indent: bool = True
    small: bool = False


@dataclass(frozen=True)
class Facts:
    """Label and value in a ruled table, one or two pairs a line."""

    rows: tuple[tuple[tuple[str, str], ...], ...]

    @classmethod
    def of(cls, facts: Iterable[tuple[str, str]]) -> Facts:
        """Facts two a line, a long one on a line of its own."""
        rows: list[tuple[tuple[str, str], ...]] = []
        waiting: list[tuple[str, str]] = []
        for fact in facts:
            alone = len(fact[1]) > SHORT
            if waiting and (alone or len(waiting) == 2):
                rows.append(tuple(waiting))
                waiting = []
            if alone:
                rows.append((fact,))
            else:
                waiting.append(fact)
        return cls((*rows, *([tuple(waiting)] if waiting else [])))


@dataclass(frozen=True)
class Table:
    """A ruled table; ``widths`` are parts of the line. ``small`` names columns set in small type."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    small: tuple[int, ...] = ()


@dataclass(frozen=True)
class Blank:
    """Ruled lines to write on."""

    label: str
    lines: int = 1


@dataclass(frozen=True)
class Sign:
    """One name under a paper, or the line where it is to stand.

    ``picture``: the signature as drawn (None: blank line). ``note``: a refusal with its reason and witnesses.
    ``signature``: id of the stored signature, for the page.
    """

    role: str
    name: str = ""
    on: str = ""
    picture: Path | None = None
    note: str = ""
    signature: int | None = None


@dataclass(frozen=True)
class Signs:
    lines: tuple[Sign, ...]


@dataclass(frozen=True)
class NewPage:
    """What follows begins a page, with a title of its own."""

    title: str


Block = Heading | Text | Facts | Table | Blank | Signs | NewPage


@dataclass(frozen=True)
class Paper:
    """A whole paper. ``official``: set as an official letter (GB/T 9704), else as a form.

    ``sealed_on``: the day under the issuing office, with room for its seal. ``imprint``: the lines at the
    foot of the last page (版记): copies, the issuing office with the day. ``draft`` says why it
    is none yet (not signed, no number).
    """

    kind: str
    title: str
    office_name: str
    number: str
    blocks: tuple[Block, ...]
    addressee: str = ""
    official: bool = False
    sealed_on: dt.date | None = None
    imprint: tuple[str, str] | None = None
    draft: str = ""
    numbered: bool = True  # False: a form that has no number, not even one to fill in

    @property
    def body(self) -> tuple[Block, ...]:
        """What stands above the seal of a letter; everything of a form."""
        return tuple(b for b in self.blocks if not (self.official and isinstance(b, Signs)))

    @property
    def receipt(self) -> tuple[Block, ...]:
        """Names to sign below the seal of a letter."""
        return tuple(b for b in self.blocks if self.official and isinstance(b, Signs))
