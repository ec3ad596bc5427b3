"""Random samples that anyone can repeat: who is drawn follows from the list and a published seed alone.

Every entry gets the SHA-256 of the seed, one NUL byte and the entry; the entries with the
smallest digests are drawn. No generator, no state, no order of the list: with the list,
the seed and any SHA-256 tool the result can be checked by hand. Adding or removing one
entry moves no other entry's place, so a plan made again disturbs as little as can be.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from xiejian.kernel.problems import Catalogue, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

METHOD = (
    "名单去重后，对每个条目计算 SHA-256（种子的 UTF-8 字节 + 一个 00 字节 + 条目的 UTF-8 字节），"
    "按十六进制摘要从小到大排列，取前若干个。名单摘要是去重、按码位排序、以换行连接后的 SHA-256。"
)


@dataclass(frozen=True)
class Draw:
    """One draw: ``drawn`` in the order of the draw, ``digest`` of the list it was drawn from."""

    drawn: tuple[str, ...]
    digest: str
    seed: str
    size: int
    duplicates: tuple[str, ...] = ()
    method: str = METHOD


def rank(seed: str, entry: str) -> str:
    """The place of an entry in the draw, as a hexadecimal digest: the smallest are drawn."""
    return hashlib.sha256(seed.encode() + b"\0" + entry.encode()).hexdigest()


def digest_of(entries: Iterable[str]) -> str:
    """The digest of a list: of its distinct entries, sorted by code point and joined by line feeds."""
    return hashlib.sha256("\n".join(sorted(set(entries))).encode()).hexdigest()


def draw(entries: Iterable[str], count: int, seed: str) -> Draw:
    """Draw ``count`` of ``entries``; an entry that occurs twice has one chance and is named.

    Refused when the list is empty (L101), the count exceeds it (L102) or is negative (L103),
    or the seed is empty (L104).
    """
    counted = Counter(iter(entries))
    size = len(counted)
    if not size:
        raise Refused(problems("L101"))
    if count < 0:
        raise Refused(problems("L103", count=count, size=size))
    if count > size:
        raise Refused(problems("L102", count=count, size=size))
    if not seed:
        raise Refused(problems("L104"))
    # equal digests are not to be expected; the entry itself settles the order all the same
    order = sorted(counted, key=lambda entry: (rank(seed, entry), entry))
    duplicates = tuple(sorted(entry for entry, times in counted.items() if times > 1))
    return Draw(tuple(order[:count]), digest_of(counted), seed, size, duplicates)
