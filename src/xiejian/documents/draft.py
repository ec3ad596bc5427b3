"""A draft: the text of a document with every number still bound to the figure it came from.

The Word writer and the page that previews a document read the same draft, so a number
on the page, in the file and in the list of sources is one number with one definition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

NUMERALS = "一二三四五六七八九十"


@dataclass(frozen=True)
class Run:
    """A piece of text; ``figure`` is the id of the figure when the text is its value."""

    text: str
    figure: str = ""


@dataclass(frozen=True)
class Paragraph:
    """One paragraph of body text."""

    runs: tuple[Run, ...]

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True)
class Grid:
    """A table inside a document. ``widths`` are parts of the line, in any unit."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Run, ...], ...]
    widths: tuple[float, ...] = ()
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """A heading of level 1 to 3 with what stands under it; level 0 has no heading."""

    heading: str
    level: int = 1
    blocks: tuple[Paragraph | Grid, ...] = ()

    def runs(self) -> Iterator[Run]:
        """Every piece of text under the heading, those in tables too."""
        for block in self.blocks:
            if isinstance(block, Paragraph):
                yield from block.runs
            else:
                for row in block.rows:
                    yield from row


@dataclass(frozen=True)
class Source:
    """Where a number comes from: its definition, period and how many records stand behind it.

    ``records`` is None for a value that a rule sets (a required share, a quota): then
    ``definition`` is the citation. ``listed``: shown in the appendix of sources (cells of a grid are not).
    """

    id: str
    meaning: str
    value: str
    unit: str
    definition: str
    period: str
    records: int | None = None
    listed: bool = True


@dataclass(frozen=True)
class Draft:
    """A whole document. ``signed_on`` is the date under the signature."""

    kind: str
    title: str
    office_code: str
    office_name: str
    year: int
    from_on: date
    until_on: date
    signed_on: date
    sections: tuple[Section, ...]
    figures: dict[str, Source] = field(default_factory=dict)
    addressee: str = ""
    attachments: tuple[str, ...] = ()
    document_no: str = ""
    red_heading: bool = False
    template: str = ""

    def paragraphs(self) -> Iterator[Paragraph]:
        """Every paragraph of body text in order."""
        for section in self.sections:
            yield from (block for block in section.blocks if isinstance(block, Paragraph))

    @property
    def text(self) -> str:
        """Headings and body text, one paragraph a line."""
        lines = [self.title]
        for heading, section in zip(numbered(self.sections), self.sections, strict=True):
            lines += [heading] if heading else []
            lines += [block.text for block in section.blocks if isinstance(block, Paragraph)]
        return "\n".join(lines)


def chinese_number(number: int) -> str:
    """1 to 99 in Chinese numerals, as headings are counted: 1 → 一, 12 → 十二, 20 → 二十."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else NUMERALS[tens - 1] + "十")
    return head + (NUMERALS[ones - 1] if ones else "")


def chinese_date(on: date) -> str:
    """The date as documents are signed: 2009年12月31日, without leading zeros."""
    return f"{on.year}年{on.month}月{on.day}日"


def numbered(sections: Iterable[Section]) -> list[str]:
    """The headings with their numbers: 一、 then （一） then 1. ; '' for a section without heading."""
    counts = [0, 0, 0, 0]
    found = []
    for section in sections:
        if section.level == 0 or not section.heading:
            found.append("")
            continue
        counts[section.level] += 1
        counts[section.level + 1 :] = [0] * (3 - section.level)
        count = counts[section.level]
        prefix = {1: f"{chinese_number(count)}、", 2: f"（{chinese_number(count)}）", 3: f"{count}. "}
        found.append(prefix[section.level] + section.heading)
    return found
