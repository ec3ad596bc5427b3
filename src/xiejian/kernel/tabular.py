"""Tables of rows in .csv, .csv.gz and .xlsx files: headings found, rows given one by one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Column:
    """One column of a form: its ``heading`` and other names under which it is known."""

    heading: str
    required: bool = False
    meaning: str = ""
    example: str = ""
    synonyms: tuple[str, ...] = ()


_DECORATION = re.compile(r"[\s*＊※:：]+|[(（](必填|选填|元|人|个|起|次)[)）]")


def heading_key(text: str) -> str:
    """What two spellings of one heading have in common: width, blanks, stars and notes do not count."""
    return _DECORATION.sub("", unicodedata.normalize("NFKC", text))


@cache
def _by_key(columns: Sequence[Column]) -> dict[str, str]:
    found: dict[str, str] = {}
    for column in columns:
        for name in (column.heading, *column.synonyms):
            found.setdefault(heading_key(name), column.heading)
    return found


def canonical(text: str, columns: Sequence[Column]) -> str:
    """The form's heading that ``text`` means, or ``text`` trimmed where the form has none.

    ``columns`` must be a tuple.
    """
    return _by_key(columns).get(heading_key(text), text.strip())
