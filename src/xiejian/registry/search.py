"""Search on part of a name or number, from one character up, alike on both databases.

A text is stored as its overlapping pairs in order, ``奈曼旗`` as ``奈曼 曼旗``. PostgreSQL
finds the pairs by an inverted index (a trigram index finds nothing for two characters);
the order of the pairs then proves that the text itself is there. SQLite reads the pairs
one after another, which at the size of a one-file office takes milliseconds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

_OUT = re.compile(r"[^0-9a-z\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")


def normal(text: str) -> str:
    """Letters, digits and Chinese characters only, in one width and case."""
    return _OUT.sub("", unicodedata.normalize("NFKC", text).casefold())


def _pairs(text: str) -> str:
    if len(text) < 2:
        return text
    return " ".join(map("".join, pairwise(text)))


def grams(texts: Iterable[str]) -> str:
    """What to store for some texts: the pairs of each, in order, ``/`` between two texts.

    >>> grams(["奈曼旗", "A1"])
    '奈曼 曼旗 / a1'
    """
    return " / ".join(_pairs(core) for text in texts if (core := normal(text)))
