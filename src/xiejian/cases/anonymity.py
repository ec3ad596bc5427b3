"""A text about a case without whoever is in it: rules of packs/cases/typical.toml. No database, no clock."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from xiejian.kernel import divisions
from xiejian.kernel.packs import root

#: the shortest piece of a name or an address that tells who or where it is
SHORTEST, SHORTEST_ADDRESS = 2, 4
_BOUNDARY = re.compile(r"[省市区县旗镇乡]")


@dataclass(frozen=True)
class Secret:
    """One thing that a text must not say. ``kind``: party, person, address, number."""

    kind: str
    word: str
    instead: str


@cache
def _read() -> dict[str, list[dict[str, Any]]]:
    with (root() / "cases" / "typical.toml").open("rb") as file:
        raw = tomllib.load(file)
    return {shape: entries for shape, entries in raw.items() if isinstance(entries, list)}


def _entry(shape: str, entry_id: str) -> dict[str, Any]:
    return next(entry for entry in _read()[shape] if entry["id"] == entry_id)


def _stripped(name: str, words: Iterable[str], *, front: bool) -> str:
    """The name without such words at its end, or at its beginning; never nothing."""
    cut = str.removeprefix if front else str.removesuffix
    again = True
    while again:
        again = False
        for word in sorted(words, key=len, reverse=True):
            rest = cut(name, word)
            if rest and rest != name:
                name, again = rest, True
    return name


def _place_words(division_code: str) -> list[str]:
    """How the places above a party may stand before its name: 通辽市, 通辽."""
    codes = [divisions.at_tier(division_code, tier) for tier in ("province", "city", "county")]
    names = [divisions.name(code) for code in codes] + [divisions.name(division_code)]
    short = [re.sub(r"(省|市|区|县|旗|自治区|镇|乡|街道)$", "", name) for name in names]
    return [word for word in {*names, *short} if len(word) >= SHORTEST]


def party_secrets(name: str, division_code: str) -> Iterator[Secret]:
    """The name, what is left of it without its legal form, and the brand in it."""
    instead = next(e["with"] for e in _read()["party"] if any(name.endswith(x) for x in e["endings"]))
    bare = re.sub(r"[（(].*?[）)]", "", name)
    forms, trades = _entry("words", "legal_form")["list"], _entry("words", "trade")["list"]
    short = _stripped(bare, forms, front=False)
    local = _stripped(short, _place_words(division_code), front=True)
    brand = _stripped(_stripped(local, trades, front=False), trades, front=True)
    for word in dict.fromkeys((name, bare, short, local, brand)):
        if len(word) >= SHORTEST and word not in trades:
            yield Secret("party", word, instead)


def person_secret(name: str) -> Secret:
    """A person: the surname stays."""
    return Secret("person", name, _entry("instead", "person")["with"].format(surname=name[:1]))


def address_secrets(address: str) -> Iterator[Secret]:
    """An address and what is left of it without the places above."""
    instead = _entry("instead", "address")["with"]
    starts = [0, *(found.end() for found in _BOUNDARY.finditer(address))]
    for start in starts:
        if len(address) - start >= SHORTEST_ADDRESS:
            yield Secret("address", address[start:], instead)


def number_secret(number: str) -> Secret:
    return Secret("number", number, _entry("instead", "number")["with"])


@cache
def _patterns() -> list[tuple[str, re.Pattern[str], str]]:
    return [(e["meaning"], re.compile(e["pattern"]), e["with"]) for e in _read()["pattern"]]


def anonymise(text: str, secrets: Iterable[Secret]) -> str:
    """The text with every secret replaced, the longest first, and what the patterns find.

    >>> anonymise("张三，手机13812345678", [Secret("person", "张三", "张某")])
    '张某，手机（电话略）'
    """
    for secret in sorted(secrets, key=lambda s: len(s.word), reverse=True):
        text = text.replace(secret.word, secret.instead)
    for _, pattern, instead in _patterns():
        text = pattern.sub(instead, text)
    return text


def leaks(text: str, secrets: Iterable[Secret]) -> list[str]:
    """What the text still says of whoever is in it: the words themselves, and what the patterns find."""
    plain = re.sub(r"\s", "", text)
    found = [s.word for s in secrets if s.word in text or re.sub(r"\s", "", s.word) in plain]
    found += [hit[0] for _, pattern, _ in _patterns() for hit in pattern.finditer(text)]
    return list(dict.fromkeys(found))
