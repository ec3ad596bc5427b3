"""A million due dates: all at once against the plain calendar calls they wrap, and against one by one.

The wrapped calls of chinesecalendar: for a period of working days ``find_workday(n, start)``; for a
period of days with roll-over ``find_workday(0, start + n days)``, the first working day on or after its
end. They are timed on a sample and scaled (independent calls); where the start is a working day both must
give the same dates. One by one is our own ``due`` with everything that explains the answer.

    .venv/bin/python benchmarks/due.py [dates]
"""

from __future__ import annotations

import datetime as dt
import random
import sys
import time
from collections.abc import Callable
from typing import Any

import chinese_calendar

from xiejian.kernel import deadlines

DATES, SAMPLE = 1_000_000, 5_000
AT_MOST_TWICE, MANY = 0.5, 5
FIRST, DAYS = dt.date(2004, 1, 1), 8000  # starts in years that the package knows to their ends


def best(work: Callable[[], Any]) -> tuple[Any, float]:
    """The answer, and the shortest of three times."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        answer = work()
        times.append(time.perf_counter() - started)
    return answer, min(times)


def run(count: int = DATES) -> list[dict[str, Any]]:
    """Measure both kinds of period; ``ratio`` is the other's time over ours."""
    dice = random.Random(80)
    starts = [FIRST + dt.timedelta(days=dice.randrange(DAYS)) for _ in range(count)]
    sample = starts[: min(SAMPLE, count)]
    results = []
    for rule, kind, plain in (
        ("CS-1", "working days", lambda start, n: chinese_calendar.find_workday(n, start)),
        ("AE-2", "days", lambda start, n: chinese_calendar.find_workday(0, start + dt.timedelta(days=n))),
    ):
        n = deadlines.rule(rule).n
        found, at_once = best(lambda rule=rule: deadlines.due_dates(rule, starts))
        wanted, sampled = best(lambda plain=plain, n=n: [plain(start, n) for start in sample])
        one, single = best(lambda rule=rule: [deadlines.due(rule, start) for start in sample])
        for start, (strict, legal), peer, due in zip(sample, found, wanted, one, strict=False):
            same = rule == "AE-2" or chinese_calendar.is_workday(start)
            if (strict, legal) != (due.due_strict, due.due_legal) or (same and legal != peer):
                raise SystemExit(f"different answers for {rule} from {start}: {legal} {peer} {due}")
        wrapped, one_by_one = sampled * count / len(sample), single * count / len(sample)
        detail = f"{count:,} in {at_once:.2f} s ({count / at_once:,.0f}/s)"
        results += [
            {
                "name": f"due dates in {kind}: at once against find_workday",
                "ratio": wrapped / at_once,
                "need": AT_MOST_TWICE,
                "detail": f"{detail}; plain calls {wrapped:.1f} s",
            },
            {
                "name": f"due dates in {kind}: one full answer against find_workday",
                "ratio": sampled / single,
                "need": AT_MOST_TWICE,
                "detail": f"{len(sample) / single:,.0f}/s; plain calls {len(sample) / sampled:,.0f}/s",
            },
            {
                "name": f"due dates in {kind}: at once against one by one",
                "ratio": one_by_one / at_once,
                "need": MANY,
                "detail": f"{detail}; one by one {one_by_one:.1f} s",
            },
        ]
    return results


if __name__ == "__main__":
    for result in run(int(sys.argv[1]) if len(sys.argv) > 1 else DATES):
        print(f"{result['name']}: {result['ratio']:.2f}× (need {result['need']}×) {result['detail']}")
