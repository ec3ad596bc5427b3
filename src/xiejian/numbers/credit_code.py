"""统一社会信用代码 (GB 32100-2015): form and check character.

A failed check character is a warning, never a refusal: real codes issued before 2016
fail it. A wrong form is no credit code at all.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from operator import mul

from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

_SEPARATORS = re.compile(r"[\s\-'`‐–—\u200b-\u200d\ufeff]+")
LENGTH = 18
#: the longest whole number that a spreadsheet keeps exactly; a credit code has three digits more
_SPREADSHEET_DIGITS = 15


#: letters left out of the codes because they are taken for digits
_LOOKALIKES = str.maketrans("IOZS", "1025")
_DIGITS_UNTIL = 8
_SHAPE = re.compile(r"[0-9]{8}[0-9A-HJ-NPQRTUWXY]{10}")
_VALUES = {character: value for value, character in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")}
# the check character counts once, so that a right code sums up to a multiple of 31
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1)


# GB 11714: weights of the organisation code's eight characters, and the values of its check character
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_CHECKS = "0123456789X"


def holds(value: str) -> bool:
    """True when a compact code has the right form and check character.

    >>> holds("91350200MA2YJ1XR9G"), holds("91350200MA2YJ1XR90"), holds("9135")
    (True, False, False)
    """
    if not _SHAPE.fullmatch(value):
        return False
    return sum(map(mul, map(_VALUES.__getitem__, value), _WEIGHTS)) % len(_VALUES) == 0


def check_character(value: str) -> str:
    """The check character that the first 17 characters of a code of the right form ask for.

    >>> check_character("91520000MA6ABCDE7")
    '9'
    """
    total = sum(map(mul, map(_VALUES.__getitem__, value[:17]), _WEIGHTS))
    return "".join(_VALUES)[-total % len(_VALUES)]


def organisation_holds(code: str) -> bool:
    """Whether the nine characters of an organisation code (GB 11714) have the right check character.

    >>> organisation_holds("73144633X"), organisation_holds("731446330")
    (True, False)
    """
    total = sum(map(mul, (int(character, 36) for character in code[:8]), _ORGANISATION_WEIGHTS))
    return _ORGANISATION_CHECKS[-total % len(_ORGANISATION_CHECKS)] == code[8]


def may_stand(character: str, place: int) -> bool:
    """Whether a character may stand at a place (1 to 18) of a code.

    >>> may_stand("X", 3), may_stand("X", 9), may_stand("I", 9)
    (False, True, False)
    """
    return character in _VALUES and (place > _DIGITS_UNTIL or character.isdigit())


def likely(value: str) -> str:
    """The one code with a right check character after letters that no code holds are read as digits, or "".

    >>> likely("9135O200MA2YJ1XR9G"), likely("91520000IA6ABCDE79")
    ('91350200MA2YJ1XR9G', '')
    """
    guess = value.translate(_LOOKALIKES)
    return guess if guess != value and holds(guess) else ""


@dataclass(frozen=True)
class CreditCode:
    """``value`` is the compact code; ``problem`` says in words what does not hold."""

    value: str
    shape_ok: bool
    check_ok: bool
    problem: str = ""


def read(text: str) -> CreditCode:
    """Judge one code; blanks, hyphens and full-width characters are removed first.

    >>> read("9135 0200MA2YJ1XR9G").check_ok, read("91520000MA6ABCDE78").problem
    (True, '校验位不符')
    """
    value = (
        text
        if text.isascii() and text.isalnum()
        else _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    )
    value = value.upper()
    if holds(value):  # the rule itself, five times faster than the library's wording of it
        return CreditCode(value, True, True)
    try:
        uscc.validate(value)
    except InvalidChecksum:
        damaged = value.isdigit() and value.endswith("0" * (LENGTH - _SPREADSHEET_DIGITS))
        why = "末三位为 000，疑为表格软件按数字保存而丢失，请核对原件" if damaged else "校验位不符"
        return CreditCode(value, True, False, why)
    except ValidationError:
        if len(value) != LENGTH:
            why = f"有 {len(value)} 位，应为 {LENGTH} 位"
        else:
            why = "第 3–8 位应为数字，且不含 I、O、S、V、Z"
        return CreditCode(value, False, False, why)
    return CreditCode(value, True, True)
