"""Reading the cells of one imported row: every cell becomes a fact, or a problem that names its column.

A ``Cells`` object collects what was wrong (``problems``: the row is returned) and what was
put right (``changes``: the row is loaded and the change is shown).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from xiejian.kernel import dates
from xiejian.kernel.problems import Catalogue, Problem, Refused

problems = Catalogue(Path(__file__).with_name("problems.toml"))

# full-width letters and digits only: Chinese brackets and punctuation belong to names
_HALF: dict[int, int | None] = {
    code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()
}
_HALF[0x3000] = 0x20
_HALF.update({code: None for code in (0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)})
_BLANKS = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # PostgreSQL cannot store some of them, nobody can read any
_SEPARATORS = re.compile(r"[、,，;；|\n]+")
_ROMAN = str.maketrans({"Ⅰ": "1", "Ⅱ": "2", "Ⅲ": "3", "ⅰ": "1", "ⅱ": "2", "ⅲ": "3"})
_CLASS = {"1": "1", "2": "2", "3": "3", "I": "1", "II": "2", "III": "3", "一": "1", "二": "2", "三": "3"}
YES = frozenset({"是", "有", "Y", "YES", "TRUE", "1", "√"})
NO = frozenset({"否", "无", "N", "NO", "FALSE", "0", "×"})


def clean(value: object) -> str:
    """The cell as text: whole numbers without ``.0``, full-width letters and digits made half-width,
    blanks trimmed and inner runs of blanks made one.

    >>> clean(" 奈曼旗００１号　诊所（分店） "), clean(3.0), clean(None)
    ('奈曼旗001号 诊所（分店）', '3', '')
    """
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, list | tuple):
        return "、".join(clean(part) for part in value)
    text = value if isinstance(value, str) else str(value)
    if not text.isascii():
        text = text.translate(_HALF)
    if " " in text or not text.isprintable():
        return _CONTROL.sub("", _BLANKS.sub(" ", text)).strip()
    return text


def name_key(name: str) -> str:
    """What two spellings of one name have in common: bracket width, blanks and letter case do not count."""
    return unicodedata.normalize("NFKC", name).replace(" ", "").casefold()


def split(text: str) -> list[str]:
    """The parts of a cell joined by 、 (also , ; | or line breaks): no empty ones, in order, each once."""
    if not text:
        return []
    return list(dict.fromkeys(part for raw in _SEPARATORS.split(text) if (part := raw.strip())))


def tag_text(tags: Iterable[str]) -> str:
    """How tags are stored: ``|无菌|植入|``, sorted, ``|`` when there are none."""
    found = sorted(set(tags))
    return f"|{'|'.join(found)}|" if found else "|"


def tag_list(stored: str) -> list[str]:
    """The tags in a stored tag text."""
    return [tag for tag in stored.split("|") if tag]


def read_classes(text: str) -> str | None:
    """Management classes as sorted digits, ``"23"``; None when the text names something else.

    >>> read_classes("Ⅱ、Ⅲ"), read_classes("第二类"), read_classes("II,III类"), read_classes("甲类")
    ('23', '2', '23', None)
    """
    found: set[str] = set()
    for part in re.split(r"[、,，;；/和及\s|]+", text.translate(_ROMAN)):
        core = part.strip().removeprefix("第").removesuffix("医疗器械").removesuffix("类").upper()
        if not core:
            continue
        if core in _CLASS:
            found.add(_CLASS[core])
        elif set(core) <= set("123") or set(core) <= set("一二三"):
            found.update(_CLASS[c] for c in core)
        else:
            return None
    return "".join(sorted(found))


_MOST_FEN = 10**17  # what a database's big integer holds, with room for sums


@dataclass
class Cells:
    """The cells of one row by canonical heading."""

    row: Mapping[str, object]
    problems: list[Problem] = field(default_factory=list)
    changes: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, code: str, heading: str, **facts: Any) -> None:
        """Note a problem of this room's catalogue at the column ``heading``."""
        self.problems.append(problems(code, where=heading, column=heading, **facts))

    def changed(self, heading: str, before: object, after: object, why: str) -> None:
        """Note that a cell was put right."""
        self.changes.append({"column": heading, "from": str(before), "to": str(after), "why": why})

    def text(self, heading: str, limit: int = 300, required: bool = False) -> str:
        """The cleaned text; K501 when a required cell is empty, K507 when it is too long."""
        given = self.row.get(heading)
        if given is None or given == "":
            if required:
                self.refuse("K501", heading)
            return ""
        text = clean(given)
        if required and not text:
            self.refuse("K501", heading)
        if len(text) > limit:
            self.refuse("K507", heading, limit=limit, length=len(text))
            return text[:limit]
        if text != given and isinstance(given, str) and text != given.strip():
            self.changed(heading, given, text, "全角字符或多余空格")
        return text

    def day(self, heading: str, required: bool = False, not_after: dt.date | None = None) -> dt.date | None:
        """The date; K301 when it is none, K506 when it lies after ``not_after``."""
        given = self.row.get(heading)
        if given is None or given == "":
            found = None
        else:
            try:
                found = dates.read(given)
            except Refused as refused:
                problem = refused.first
                self.problems.append(
                    Problem(problem.code, f"“{heading}”：{problem.message}", heading, problem.next)
                )
                return None
        if found is None:
            if required:
                self.refuse("K501", heading)
        elif not_after is not None and found > not_after:
            self.refuse("K506", heading, value=found.isoformat(), today=not_after.isoformat())
        return found

    def choice(
        self,
        heading: str,
        allowed: Collection[str],
        default: str = "",
        synonyms: Mapping[str, str] | None = None,
        required: bool = False,
    ) -> str:
        """One of ``allowed`` (or a synonym of one); K502 for another value."""
        text = self.text(heading, required=required)
        if not text:
            return default
        if text in allowed:
            return text
        if synonyms and text in synonyms:
            self.changed(heading, text, synonyms[text], "统一用语")
            return synonyms[text]
        self.refuse("K502", heading, value=text, allowed="、".join(allowed))
        return default

    def many(self, heading: str, limit: int = 390) -> list[str]:
        """The parts joined by 、."""
        return split(self._raw_text(heading, limit))

    def choices(self, heading: str, allowed: Collection[str], required: bool = False) -> list[str]:
        """Several of ``allowed`` joined by 、; K502 names the first that is not allowed."""
        parts = self.many(heading)
        if not parts and required:
            self.refuse("K501", heading)
        for part in parts:
            if part not in allowed:
                self.refuse("K502", heading, value=part, allowed="、".join(allowed))
                break
        return parts

    def _raw_text(self, heading: str, limit: int) -> str:
        given = self.row.get(heading)
        if given is None or given == "":
            return ""
        if isinstance(given, str) and "\n" in given:  # a line break separates; cleaning would lose it
            return "、".join(clean(line) for line in given.splitlines())
        return self.text(heading, limit)

    def yes_no(self, heading: str) -> bool | None:
        """是 or 否 (also 有/无, Y/N, 1/0, √/×); None when empty, K503 for another value."""
        given = self.row.get(heading)
        if given is None or given == "":
            return None
        if isinstance(given, bool):
            return given
        text = clean(given).upper()
        if text in YES:
            return True
        if text in NO:
            return False
        if text:
            self.refuse("K503", heading, value=text)
        return None

    def whole(self, heading: str, default: int | None = None, unit: str = "") -> int | None:
        """A whole number from 0 up; K504 for another value. A trailing ``unit`` (人, 次) is understood."""
        given = self.row.get(heading)
        if given is None or given == "":
            return default
        text = clean(given).removesuffix(unit).strip() if unit else clean(given)
        if not text:
            return default
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        self.refuse("K504", heading, value=text)
        return default

    def fen(self, heading: str) -> int | None:
        """An amount in yuan as whole 分, exact; None when empty, K505 when it is no amount or below a 分."""
        given = self.row.get(heading)
        if given is None or given == "":
            return None
        text = clean(given).replace(",", "").replace("，", "").removeprefix("¥").removeprefix("￥")
        text = text.removesuffix("元").strip()
        if not text:
            return None
        try:
            # a float cell is taken by its shortest decimal form: 3210.4 is 3210.4, not 3210.39999…
            amount = Decimal(repr(given) if isinstance(given, float) else text) * 100
        except InvalidOperation:
            amount = Decimal("NaN")
        in_range = amount.is_finite() and 0 <= amount <= _MOST_FEN
        if not in_range or amount != amount.to_integral_value():
            self.refuse("K505", heading, value=text)
            return None
        return int(amount)

    def classes(self, heading: str) -> str:
        """Management classes as sorted digits; K502 for another value."""
        text = self._raw_text(heading, 60)
        if not text or text in {"/", "-", "无"}:
            return ""
        found = read_classes(text)
        if found is None:
            self.refuse("K502", heading, value=text, allowed="Ⅰ、Ⅱ、Ⅲ（或 1、2、3，一类、二类、三类）")
            return ""
        return found
