"""What an offer on the internet says and shows that it must not: rules as data, marks with their reasons.

Pure: text and facts in, marks out. Nothing is decided here; an officer reads the marks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from xiejian.online import rules
from xiejian.online.rules import Rule

#: ends a clause: a denial reaches no further
_CLAUSE = re.compile(r"[，。！？；、,;!?:：\n\r]+")
#: what stands between letters to hide a word
_BETWEEN = re.compile(r"[^\w%.]|_")
#: full stops between characters that are no figures
_DOTS = re.compile(r"(?<![0-9])\.|\.(?![0-9])")
#: how far before a hit a denial is looked for, in characters
_REACH = 8
#: how much of a hit a mark quotes
_QUOTED = 40


@dataclass(frozen=True)
class Facts:
    """What the register and the number rules know of an offer.

    ``registration``: valid, missing, invalid (fits no form), unknown (not in the register), expired, or ""
    when nobody looked. ``product_class``: 1, 2, 3 or "". ``seller``: known, unknown or "" (not looked).
    ``scope``: the registered intended use, "" when not known. None: not known.
    """

    registration: str = ""
    product_class: str = ""
    name_fits: bool | None = None
    seller: str = ""
    licensed: bool | None = None
    filed: bool | None = None
    online_filed: bool | None = None
    scope: str = ""


@dataclass(frozen=True)
class Mark:
    """One reason against an offer: the rule, the words found (empty for a fact), why, and its clause."""

    rule: str
    label: str
    found: str
    why: str
    citation: str
    grade: str
    unverified: bool

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def clauses(text: str) -> list[str]:
    """The text as it is compared, clause by clause: width, look-alikes, blanks and dots inside words undone.

    >>> clauses("腰.椎 病，治*癒！ 有 效 率 98.5％")
    ['腰椎病', '治愈', '有效率98.5%']
    """
    known = rules.book()
    plain = unicodedata.normalize("NFKC", text).translate(known.lookalikes).lower()
    found = (_DOTS.sub("", _BETWEEN.sub("", part)) for part in _CLAUSE.split(plain))
    return [part for part in found if part]


def _mark(rule: Rule, found: str, why: str) -> Mark:
    return Mark(rule.id, rule.label, found[:_QUOTED], why, rule.citation, rule.grade, rule.unverified)


def _hit(pattern: re.Pattern[str], clause: str) -> str:
    """The first hit that is not denied; '' when there is none."""
    denied = rules.book().denied
    for match in pattern.finditer(clause):
        before = clause[max(0, match.start() - _REACH) : match.start()]
        if not denied.search(before):
            return match.group()
    return ""


def _rows_of(parts: list[str], length: int) -> list[str]:
    """So many clauses in a row, read as one; all of a shorter text."""
    return ["".join(parts[at : at + length]) for at in range(max(1, len(parts) - length + 1))]


def _said(parts: list[str]) -> list[Mark]:
    marks = []
    for claim in rules.book().claims:
        for clause in _rows_of(parts, claim.clauses):
            if claim.unless and claim.unless.search(clause):
                continue
            if found := _hit(claim.found, clause):
                marks.append(_mark(claim.rule, found, claim.rule.meaning))
                break
    return marks


def _beyond(parts: list[str], scope: str) -> list[Mark]:
    """Diseases that the text names and the registered scope does not."""
    if not scope:
        return []
    known = rules.book()
    registered = "".join(clauses(scope))
    named = [
        word
        for word, pattern in known.diseases
        if word not in registered and any(_hit(pattern, part) for part in parts)
    ]
    return [_mark(known.scope, "、".join(named), known.scope.meaning)] if named else []


def _shown(facts: Facts) -> list[Mark]:
    return [
        _mark(entry.rule, "", entry.rule.meaning)
        for entry in rules.book().facts
        if all(getattr(facts, name) in values for name, values in entry.when)
    ]


def screen(text: str, facts: Facts = Facts()) -> list[Mark]:
    """The marks of an offer: forbidden words first, then what its facts show; none when nothing was found."""
    parts = clauses(text)
    return [*_said(parts), *_beyond(parts, facts.scope), *_shown(facts)]


def screen_all(texts: Iterable[str]) -> list[list[Mark]]:
    """The marks of many texts, by their words alone."""
    return [screen(text) for text in texts]
