"""Names, people, addresses and official numbers that read naturally and belong to nobody.

Everything is drawn from one seeded source, so that two builds invent the same office. Invented
credit codes carry right check digits (GB 32100 and GB 11714) and the letters MAXJ; invented
telephone numbers begin with 555.
"""

from __future__ import annotations

import random
import tomllib
from collections import Counter
from datetime import date, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from stdnum.cn import uscc

from xiejian.kernel import workdays

DATA = Path(__file__).parent / "data"
#: registering department and kind of organisation, the first two places of a credit code
HOLDERS = {"enterprise": "91", "trader": "92", "institution": "12"}
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714


@cache
def read(name: str) -> dict[str, Any]:
    """One data file of the demo."""
    with (DATA / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


def years_later(day: date, years: int) -> date:
    """The same day ``years`` later; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


@cache
def calendar() -> workdays.Calendar:
    """The published working days and holidays."""
    return workdays.build()


def working_day(day: date) -> date:
    """``day`` itself or the last working day before it: nobody inspects on a holiday."""
    while not calendar().is_working_day(day):
        day -= timedelta(days=1)
    return day


def credit_code(division: str, holder: str, serial: int) -> str:
    """An invented credit code with right check digits, e.g. for ``("150525", "trader", 7)``."""
    organisation = f"MAXJ{serial:04d}"
    total = sum(
        int(c, 36) * w for c, w in zip(organisation, _ORGANISATION_WEIGHTS, strict=True)
    )  # fmt: skip
    inner = "0123456789X"[(11 - total % 11) % 11]
    number = f"{HOLDERS[holder]}{division[:6]}{organisation}{inner}"
    return number + uscc.calc_check_digit(number)


class Inventor:
    """One office's source of invented things. ``key`` seeds it, ``division`` is the county's code."""

    def __init__(self, key: str, division: str, area_code: str = "") -> None:
        self.random = random.Random(f"xiejian demo {key}")
        self.division = division
        self.area_code = area_code
        words = read("words")
        self._words = words
        pairs = product(words["brand_first"], words["brand_second"])
        self._brands = [a + b for a, b in pairs if a != b]
        self.random.shuffle(self._brands)
        self._people = [s + g for s, g in product(words["surnames"], words["given"])]
        self.random.shuffle(self._people)
        self._serials: Counter[str] = Counter()

    def brand(self) -> str:
        """A trade name not yet used in this office."""
        return self._brands.pop()

    def person(self) -> str:
        """A person's name not yet used in this office."""
        return self._people.pop()

    def phone(self) -> str:
        return f"{self.area_code}-555{self.random.randrange(10_000):04d}"

    def address(self, place: str) -> str:
        return f"{place}{self.random.choice(self._words['streets'])}{self.random.randrange(1, 380)}号"

    def serial(self, kind: str) -> int:
        """The next number of a series, from 1."""
        self._serials[kind] += 1
        return self._serials[kind]

    def code(self, holder: str) -> str:
        return credit_code(self.division, holder, self.serial("organisation"))

    def day(self, first: date, last: date) -> date:
        """A working day from ``first`` to ``last`` (the first working day after ``first`` at the latest)."""
        day = date.fromordinal(self.random.randint(first.toordinal(), last.toordinal()))
        return max(working_day(day), calendar().next_working_day(first))
