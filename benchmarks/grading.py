"""Grading 1.5 million parties: all at once against one by one, with the same rules.

Both sides start from the same Arrow table of facts. One by one is measured on a sample and scaled to
the whole (its time is the sum of independent calls). Each side counts its best of three. A random
10,000 must have equal answers.

    .venv/bin/python benchmarks/grading.py [parties]
"""

from __future__ import annotations

import datetime as dt
import os
import random
import sys
import time
from collections.abc import Callable
from typing import Any

import django
import duckdb
import pyarrow as pa

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xiejian.config.settings")
django.setup()

from xiejian.kernel import conditions, decisions, packs  # noqa: E402  needs django.setup() through planning
from xiejian.planning.grading import grade_table  # noqa: E402

PARTIES, SAMPLE, COMPARED, NEED = 1_500_000, 20_000, 10_000, 50
PACK, ON = "national-2022-78", dt.date(2024, 3, 5)
WORDS = {
    "link": ["经营"] * 6 + ["使用"] * 3 + ["生产", "网络销售", "第三方平台"],
    "area": ["医疗器械"] * 5 + ["药品", "医疗器械、药品", "化妆品"],
    "classes": ["1", "2", "2", "2", "3", "23", "23", ""],
    "mode": ["零售", "零售", "批发", "批零兼营", ""],
    "unit_kind": ["", "", "二级医院", "民营医院", "口腔诊所", "乡镇卫生院", "接种单位"],
    "tags": ["|"] * 6
    + ["|无菌|", "|无菌|植入|", "|植入|重点监管目录|", "|重点监管目录|", "|集采中选|", "|疫苗|"],
    "qms_state": ["", "", "好", "较差", "差"],
    "credit_grade": ["A", "A", "B", "C", "D", ""],
    "bad_credit": ["无"] * 18 + ["不良", "严重"],
    "status": ["正常"] * 9 + ["停产"],
}
RARE = {
    "stores_for_others": 50,
    "consultation_focus": 60,
    "punished_last_year": 20,
    "failed_sampling_last_year": 30,
}


def parties(count: int) -> pa.Table:
    """A register of made-up parties, the same every time."""
    columns = ["i AS key"]
    for place, (name, words) in enumerate(WORDS.items()):
        listed = ", ".join(f"'{word}'" for word in words)
        columns.append(f"([{listed}])[1 + CAST(hash(i * 31 + {place}) % {len(words)} AS BIGINT)] AS {name}")
    for place, (name, one_in) in enumerate(RARE.items(), start=100):
        columns.append(f"hash(i * 31 + {place}) % {one_in} = 0 AS {name}")
    columns.append("CAST(greatest(0, CAST(hash(i * 31 + 200) % 12 AS INTEGER) - 9) AS BIGINT) AS complaints")
    for place, name in enumerate(("issued_on", "filed_on", "expires_on"), start=300):
        columns.append(
            f"CASE WHEN hash(i * 31 + {place}) % 3 > 0 THEN DATE '2018-01-01' + "
            f"CAST(hash(i * 37 + {place}) % 2600 AS INTEGER) END AS {name}"
        )
    with duckdb.connect() as connection:
        return connection.sql(f"SELECT {', '.join(columns)} FROM range({count}) t(i)").to_arrow_table()


def best(work: Callable[[], Any]) -> tuple[Any, float]:
    """The answer, and the shortest of three times: both sides warm, neither hurt by what else runs."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        answer = work()
        times.append(time.perf_counter() - started)
    return answer, min(times)


def run(count: int = PARTIES) -> dict[str, Any]:
    """Measure both sides; ``ratio`` is one by one over all at once."""
    pack = packs.load(PACK)
    table = parties(count)
    assert set(table.column_names) == {"key", *conditions.FACTS} - {"level"}

    answers, at_once = best(lambda: grade_table(pack, table, ON))
    sample = table.slice(0, min(SAMPLE, count)).to_pylist()
    _, sampled = best(lambda: [decisions.grade(pack, facts, ON) for facts in sample])
    one_by_one = sampled * count / len(sample)

    chosen = sorted(random.Random(2024).sample(range(count), min(COMPARED, count)))
    found = answers.sort_by("key").take(pa.array(chosen)).to_pylist()
    for facts, answer in zip(table.take(pa.array(chosen)).to_pylist(), found, strict=True):
        single = decisions.grade(pack, facts, ON)
        if (answer["level"], answer["rules"]) != (single.level, "、".join(single.rules)):
            raise SystemExit(f"different answers for {facts}: {answer} {single}")

    return {
        "name": "grading: all at once against one by one",
        "ratio": one_by_one / at_once,
        "need": NEED,
        "detail": (
            f"{count:,} parties under {pack.id}: {at_once:.2f} s at once; one by one {one_by_one:.0f} s "
            f"(measured on {len(sample):,}, scaled); answers equal on a random {len(chosen):,}"
        ),
    }


if __name__ == "__main__":
    result = run(int(sys.argv[1]) if len(sys.argv) > 1 else PARTIES)
    print(f"{result['name']}: {result['ratio']:.0f}x (need {result['need']}x) - {result['detail']}")
