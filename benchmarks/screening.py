"""Screening of offers: messages a minute on one process, precision and recall on labelled texts.

The texts (data/claims.tsv) were written by hand, before the rules, as sellers write: forbidden ones with
the kind of claim, harmless ones with denials and everyday shop talk. No text was taken from a real offer.
Lines with an even number are kept apart: the patterns were mended by the failures of the other lines only.
Texts and rules still have one author, so the real share will be lower. ``python benchmarks/screening.py``
prints both halves; ``run()`` gives the speed against the 10,000 messages a minute that are asked for.
"""

from __future__ import annotations

import time
from pathlib import Path

from xiejian.online.screening import screen

DATA = Path(__file__).with_name("data") / "claims.tsv"
RULES = {
    "cure": "OC-1", "rate": "OC-2", "compare": "OC-3", "endorse": "OC-4", "absolute": "OC-5", "safe": "OC-6",
    "promise": "OC-7", "fear": "OC-8", "replace": "OC-9",
}  # fmt: skip
NEEDED_A_MINUTE = 10_000
MESSAGES = 5_000


def texts() -> list[tuple[str, str]]:
    """(kind, text) of every line."""
    lines = DATA.read_text("utf-8").splitlines()
    return [(kind, text) for kind, text in (line.split("\t") for line in lines)]


def measured(rows: list[tuple[str, str]]) -> dict[str, float]:
    """Precision and recall of "is marked", and the share of forbidden texts marked with their own kind."""
    marks = [(kind, {mark.rule for mark in screen(text)}) for kind, text in rows]
    bad = [(kind, found) for kind, found in marks if kind != "clean"]
    marked = [kind for kind, found in marks if found]
    right = [kind for kind, found in bad if found]
    return {
        "texts": len(rows), "precision": len(right) / len(marked), "recall": len(right) / len(bad),
        "kind": sum(RULES[kind] in found for kind, found in bad) / len(bad),
    }  # fmt: skip


def a_minute() -> float:
    """Messages a minute, one process, texts of a few clauses as offers have them."""
    rows = [text for _, text in texts()]
    messages = ["；".join(rows[n % len(rows)] for n in (i, i + 7, i + 31)) for i in range(MESSAGES)]
    began = time.perf_counter()
    for message in messages:
        screen(message)
    return 60 * MESSAGES / (time.perf_counter() - began)


def run() -> dict[str, object]:
    rows = texts()
    blind, speed = measured(rows[1::2]), a_minute()
    detail = {name: round(value, 3) for name, value in blind.items()} | {"a_minute": round(speed)}
    return {
        "name": "screening of offers", "ratio": speed / NEEDED_A_MINUTE, "need": 1.0, "detail": detail,
    }  # fmt: skip


def main() -> None:
    rows = texts()
    for name, part in (("tuned", rows[0::2]), ("blind", rows[1::2])):
        print(name, {key: round(value, 3) for key, value in measured(part).items()})
    print(f"{a_minute():.0f} messages a minute")
    for kind, text in rows[0::2]:  # the tuned half only
        found = {mark.rule for mark in screen(text)}
        if (kind == "clean") == bool(found) or (kind != "clean" and RULES[kind] not in found):
            print(kind, sorted(found), text)


if __name__ == "__main__":
    main()
