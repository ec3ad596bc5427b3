"""A million credit codes and a million certificate numbers, judged: against what we wrap, and one by one.

Credit codes: against ``validate`` of python-stdnum, which we call for whatever does not hold. Certificate
numbers: against the plain match of the pattern in the rule. Ours says besides which kind it is, whether its
parts agree with each other and the day, and what was put right: one number in 50 is an old one, a variation
or a slip, which the plain match leaves out. Need 0.5: at most twice the time of the call we wrap. Each side
counts its best of three. The answers of a random 10,000 must equal those of one by one.

    .venv/bin/python benchmarks/number_answers.py [numbers]
"""

from __future__ import annotations

import datetime as dt
import gc
import random
import re
import sys
import time
from collections.abc import Callable
from typing import Any

from stdnum.cn import uscc

from xiejian.numbers import credit_code, judging

COUNT, COMPARED, NEED, ON = 1_000_000, 10_000, 0.5, dt.date(2026, 1, 1)
PLACES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵黔云滇藏陕秦甘陇青宁新"
#: the pattern of 医疗器械注册与备案管理办法 第115条, alone
PLAIN = re.compile(
    rf"^(?P<org>国|[{PLACES}])械注(?P<form>准|进|许)(?P<year>\d{{4}})(?P<cls>[23])(?P<code>\d{{2}})(?P<serial>\d{{4,5}})$"
)
#: as the published registers hold them: old ones, variations, a trailing 号, and now and then a slip
ODD = ("国食药监械（准）字2013第346{:04d}号", "粤械注准2017240{:04d}（变更文件）") * 4 + (
    "苏械注准2016240{:04d}号",
    "黒械注准2020214{:04d}",
    "械注准2023313{:04d}",
)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def certificates(count: int) -> list[str]:
    """Made-up certificate numbers as registers hold them, the same every time."""
    dice = random.Random(3)
    found = []
    for number in range(count):
        if number % 50 == 0:
            found.append(dice.choice(ODD).format(dice.randrange(10_000)))
            continue
        place, year = dice.choice(PLACES), dice.randrange(2014, 2026)
        found.append(f"{place}械注准{year}2{dice.randrange(1, 23):02d}{dice.randrange(10_000):04d}")
    return found


def credit_codes(count: int) -> list[str]:
    """Made-up credit codes, both check characters right, the same every time."""
    dice = random.Random(5)
    found = []
    for _ in range(count):
        body = f"91{dice.randrange(110_000, 660_000)}MA{''.join(dice.choices(ALPHABET[:30], k=6))}"
        body += next(c for c in "0123456789X" if credit_code.organisation_holds(body[8:] + c))
        found.append(body + credit_code.check_character(body))
    return found


def best(work: Callable[[], Any]) -> float:
    """Seconds of the best of three runs."""
    seconds = []
    for _ in range(3):
        gc.collect()
        started = time.perf_counter()
        kept = work()
        seconds.append(time.perf_counter() - started)
        del kept
    return min(seconds)


def compare(name: str, texts: list[str], plain: Callable[[], Any]) -> dict[str, Any]:
    """One line: the plain call's time over ours."""
    sample = random.Random(1).sample(texts, min(COMPARED, len(texts)))
    alone = [judging.judge(text, on=ON).as_json() for text in sample]
    if [one.as_json() for one in judging.judge_all(sample, on=ON)] != alone:
        raise AssertionError(f"{name}: the answers differ from those of one by one")
    ours, theirs = best(lambda: judging.judge_all(texts, on=ON)), best(plain)
    single = best(lambda: [judging.judge(text, on=ON) for text in sample]) * len(texts) / len(sample)
    return {
        "name": f"numbers: {len(texts):,} {name}",
        "ratio": theirs / ours,
        "need": NEED,
        "detail": f"{len(texts) / ours:,.0f} a second, plain call {len(texts) / theirs:,.0f}; "
        f"{single / ours:.1f}× one by one; {len(sample):,} answers equal",
    }


def run(count: int = COUNT) -> list[dict[str, Any]]:
    """Both comparisons."""
    codes, numbers = credit_codes(count), certificates(count)
    return [
        compare("credit codes against python-stdnum", codes, lambda: [uscc.validate(code) for code in codes]),
        compare(
            "certificate numbers against the plain match", numbers, lambda: [PLAIN.match(n) for n in numbers]
        ),
    ]


if __name__ == "__main__":
    for line in run(*map(int, sys.argv[1:])):
        print(f"{line['name']}: {line['ratio']:.2f}× (need {line['need']}×) {line['detail']}")
