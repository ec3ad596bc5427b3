"""Which laws a rule cites: the words of its citation against the titles, numbers and names of the library."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from xiejian.kernel import laws
from xiejian.kernel.laws import Law, Library
from xiejian.kernel.rule_book import Entry

_PARTS = re.compile("[；;]")
# a name begins after no other Chinese character, or after one of these
_BEGINS = "(?:(?<![\u4e00-\u9fa5])|(?<=[见据按由和及与]))"
#: numbers that name one document; 现行文本 or 2021年修订 do not
_NAMES_ONE = re.compile(r"号$|^GB|^ANSI")
#: what looks like the naming of a document, so that the library ought to know it
_DOCUMENT = re.compile(r"《|〔|第[一二三四五六七八九十百零〇\d]+条|令第|公告|[法例]$|办法|规定$|规范$|计划")
_OURS = re.compile("本系统|系统设计")
#: kinds whose rules outlive the order they come from: certificates of that time stay what they are
OUTLIVE = ("numbers", "udi")


@dataclass(frozen=True)
class Names:
    """Every name of every law, the longest first, for one folder of packs."""

    pattern: re.Pattern[str]
    laws: dict[str, tuple[Law, ...]]


@cache
def _names(library: Library, source: str) -> Names:
    found: dict[str, list[Law]] = {}
    for law in library.laws.values():
        names = [law.title, *law.cited_as, *([law.number] if _NAMES_ONE.search(law.number) else [])]
        names += [n for prefix, short in law.short_within if source.startswith(prefix) for n in short]
        for name in dict.fromkeys(names):
            found.setdefault(name, []).append(law)
    longest = sorted(found, key=len, reverse=True)
    pattern = re.compile(_BEGINS + f"(?:{'|'.join(map(re.escape, longest))})")
    return Names(pattern, {name: tuple(held) for name, held in found.items()})


def cited(citation: str, *, source: str = "", until: dt.date | None = None) -> tuple[Law, ...]:
    """The laws that the words name, in their order.

    ``source`` is the pack file of the rule (short names hold in some files only), ``until`` the last
    day of the rule: of two editions of one title it means the one in force then, the newest without it.
    """
    library = laws.load()
    found: dict[Law, None] = {}
    for part in _PARTS.split(citation):
        found |= dict.fromkeys(_in_part(part, _names(library, _folder(library, source)), until))
    return tuple(found)


@cache
def _prefixes(library: Library) -> tuple[str, ...]:
    return tuple({prefix for law in library.laws.values() for prefix, _ in law.short_within})


def _folder(library: Library, source: str) -> str:
    """The part of the file's path that decides about short names: few of them, so few patterns."""
    return next((prefix for prefix in _prefixes(library) if source.startswith(prefix)), "")


def _in_part(part: str, names: Names, until: dt.date | None) -> list[Law]:
    groups = [names.laws[found] for found in names.pattern.findall(part)]
    sure = {group[0] for group in groups if len(group) == 1}
    return [
        law
        for group in groups
        for law in (group if len(group) == 1 else (sure & set(group)) or {_edition(group, until)})
    ]


def _edition(group: tuple[Law, ...], until: dt.date | None) -> Law:
    """The newest edition that had begun by ``until``."""
    begun = [law for law in group if until is None or law.from_on is None or law.from_on <= until]
    return max(begun or group, key=lambda law: law.from_on or dt.date.min)


def of_entry(entry: Entry) -> tuple[Law, ...]:
    """The laws that an entry of the rule book cites."""
    return _of(entry.citation, entry.source, entry.until_on, laws.load())


@cache
def _of(citation: str, source: str, until: dt.date | None, library: Library) -> tuple[Law, ...]:
    return cited(citation, source=source, until=until)


def outlived(entry: Entry) -> tuple[Law, ...]:
    """The laws it cites that end before it does: it rests on what is, or will be, no longer in force."""
    if entry.kind in OUTLIVE:
        return ()
    return tuple(
        law
        for law in of_entry(entry)
        if law.until_on and (entry.until_on is None or law.until_on < entry.until_on)
    )


def by_law(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """law id → the entries that cite it, in their order."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        for law in of_entry(entry):
            found.setdefault(law.id, []).append(entry)
    return found


def unknown(entry: Entry) -> list[str]:
    """The parts of a citation that name a document which the library does not hold.

    A whole citation that names none counts, unless the entry is our own setting.
    """
    parts = [part.strip() for part in _PARTS.split(entry.citation)]
    ours = bool(entry.design or _OURS.search(entry.citation))
    parts = [part for part in parts if part and not _OURS.search(part)]
    nameless = [part for part in parts if not cited(part, source=entry.source, until=entry.until_on)]
    if len(nameless) == len(parts) and not ours:
        return parts
    return [part for part in nameless if _DOCUMENT.search(part)]
