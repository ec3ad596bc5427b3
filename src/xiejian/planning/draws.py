"""Random samples that anyone can repeat: who is drawn follows from the list and a published seed alone.

Every entry gets the SHA-256 of the seed, one NUL byte and the entry; the entries with the
smallest digests are drawn. No generator, no state, no order of the list: with the list,
the seed and any SHA-256 tool the result can be checked by hand. Adding or removing one
entry moves no other entry's place, so a plan made again disturbs as little as can be.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xiejian.kernel.problems import Catalogue, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

METHOD = (
    "名单去重后，对每个条目计算 SHA-256（种子的 UTF-8 字节 + 一个 00 字节 + 条目的 UTF-8 字节），"
    "按十六进制摘要从小到大排列，取前若干个。名单摘要是去重、按码位排序、以换行连接后的 SHA-256。"
)

PAIR_METHOD = (
    "按抽中顺序逐个为对象抽检查人员：去掉应当回避的，对其余每人计算 SHA-256（种子 + 00 字节 + 对象 + "
    "00 字节 + 检查人员，均为 UTF-8）；本次已被抽中次数少的在前，次数相同的按十六进制摘要从小到大，"
    "取前 {size} 人。如恰与上次检查该对象的人员相同且另有人选，最后一人换为下一人。"
)  # fmt: skip


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


@dataclass(frozen=True)
class Team:
    """Who was drawn for one entry; ``rotated`` when the team of last time gave way."""

    entry: str
    inspectors: tuple[str, ...]
    rotated: bool = False


def seed_of(secret: str, public: str = "") -> str:
    """The seed of a draw with a commitment: the secret, and what chance made public after it, with a bar."""
    return f"{secret}|{public.strip()}" if public.strip() else secret


def commitment_of(secret: str) -> str:
    """What is published before the draw: nobody can change the secret afterwards without being seen."""
    return hashlib.sha256(secret.encode()).hexdigest()


def draw_teams(
    drawn: Sequence[str],
    inspectors: Iterable[str],
    seed: str,
    *,
    size: int,
    avoid: Collection[tuple[str, str]] = (),
    last: Mapping[str, Collection[str]] | None = None,
) -> tuple[Team, ...]:
    """``size`` inspectors for each drawn entry, as PAIR_METHOD says.

    ``avoid``: (entry, inspector) that must not meet. ``last``: entry → who went there last time.
    Refused with L611 when an entry has fewer than ``size`` candidates.
    """
    people = sorted(set(inspectors))
    barred = set(avoid)
    times: Counter[str] = Counter()
    found = []
    for entry in drawn:
        able = [person for person in people if (entry, person) not in barred]
        if len(able) < size:
            raise Refused(problems("L611", entry, party=entry, size=size, count=len(able)))
        order = sorted(able, key=_order(seed, entry, times))
        team, others = order[:size], order[size:]
        rotated = bool(others) and set(team) == set((last or {}).get(entry, ()))
        if rotated:
            team[-1] = others[0]
        times.update(team)
        found.append(Team(entry, tuple(team), rotated))
    return tuple(found)


def _order(seed: str, entry: str, times: Mapping[str, int]) -> Callable[[str], tuple[int, str, str]]:
    """Who is drawn least comes first; among equals the smallest digest."""
    return lambda person: (times[person], rank(f"{seed}\0{entry}", person), person)
