"""Reading GS1 strings: our door against the plain call of the library it wraps.

The strings are what a scanner sends off a device label: GTIN, production and expiry date, lot,
separator, serial number, all different. The library's call is ``GS1Message.parse``, its narrowest
entry for such a string; ``biip.parse``, the general one, is slower and stands in the detail. Beside
what the library does we judge check digits and dates, a missing separator and repetitions, and fill
the answer. Both sides are one-by-one loops: strings have nothing in common that a batch could share.
A sample is timed, the sides in turns so that a busy machine slows both alike, and scaled to a
million (the time grows in proportion).

    .venv/bin/python benchmarks/udi.py [sample]
"""

from __future__ import annotations

import datetime as dt
import random
import sys
import time
from collections.abc import Callable
from typing import Any

import biip
from biip.checksums import gs1_standard_check_digit
from biip.gs1_messages import GS1Message

from xiejian.numbers import udi

WHOLE, SAMPLE, ROUNDS, NEED = 1_000_000, 20_000, 5, 0.5
ON = dt.date(2026, 1, 1)


def strings(count: int) -> list[str]:
    """Made-up scans, the same every time, no two alike."""
    dice = random.Random(7)

    def day(first: int, last: int) -> str:
        return f"{dice.randrange(first, last):02d}{dice.randrange(1, 13):02d}{dice.randrange(1, 29):02d}"

    made = []
    for number in range(count):
        body = f"0690{dice.randrange(10**9):09d}"
        gtin = body + str(gs1_standard_check_digit(body))
        made.append(f"]d201{gtin}11{day(20, 26)}17{day(26, 32)}10L{number % 9973}\x1d21S{number:07d}")
    return made


def seconds(call: Callable[[str], Any], texts: list[str]) -> float:
    started = time.process_time()
    for text in texts:
        call(text)
    return time.process_time() - started


def run(sample: int = SAMPLE) -> dict[str, Any]:
    """Ratio of the library's time to ours; 0 when our reading differs from the library's."""
    texts = strings(sample)
    for text in texts[:200]:
        theirs = {e.ai.ai: e.value for e in GS1Message.parse(text[3:]).element_strings}
        if dict(udi.read(text, on=ON).fields) != theirs:
            raise RuntimeError(f"read otherwise than by the library: {text!r}")
    sides: dict[str, Callable[[str], Any]] = {
        "ours": lambda text: udi.read(text, on=ON),
        "message": lambda text: GS1Message.parse(text[3:]),
        "parse": biip.parse,
    }
    spent = dict.fromkeys(sides, 0.0)
    part = max(1, sample // ROUNDS)
    for start in range(0, sample, part):
        for name, call in sides.items():
            spent[name] += seconds(call, texts[start : start + part])
    scale = WHOLE / sample
    return {
        "name": f"reading {WHOLE:,} GS1 strings",
        "ratio": spent["message"] / spent["ours"],
        "need": NEED,
        "detail": (
            f"{spent['ours'] * scale:.0f} s ({sample / spent['ours']:,.0f} a second), GS1Message.parse "
            f"{spent['message'] * scale:.0f} s, biip.parse {spent['parse'] * scale:.0f} s of processor time, "
            f"timed on {sample:,} and scaled"
        ),
    }


if __name__ == "__main__":
    print(run(int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE))
