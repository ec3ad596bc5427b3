"""加处罚款: what a fine that is not paid in time grows by. Pure; amounts are whole 分.

Rate and cap come from the penalty rules (M-9, CS-17). It is counted on the part that is overdue and unpaid,
a day at a time from the day after the last day for payment to the day of payment, and not while a review or
a lawsuit is pending.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, Decimal

from xiejian.kernel import penalty_rules

#: A day and whole 分: due by, or paid on.
Money = tuple[dt.date, int]
#: First and last day that do not count; None: still running.
Stop = tuple[dt.date, dt.date | None]
ONE_DAY = dt.timedelta(days=1)


def counted_days(first: dt.date, last: dt.date, stops: Iterable[Stop]) -> int:
    """The days from first to last, both included, that no stop covers."""
    stopped: set[int] = set()
    for begin, end in stops:
        begin, end = max(begin, first), min(end or last, last)
        stopped |= set(range(begin.toordinal(), end.toordinal() + 1))
    return max(0, (last - first).days + 1 - len(stopped))


def late_fee(dues: Sequence[Money], paid: Sequence[Money], stops: Sequence[Stop], until: dt.date) -> int:
    """The charge up to and including the day ``until``.

    ``dues``: the fine, or its instalments; ``paid``: what came in, which goes to the earliest due first.
    """
    rule = penalty_rules.load().late_fee
    days = sorted({day for day, _ in (*dues, *paid) if day <= until} | {until})
    grown = 0
    for before, day in itertools.pairwise(days):
        owed = sum(amount for due, amount in dues if due <= before)
        got = sum(amount for on, amount in paid if on <= before)
        if owed > got:
            grown += (owed - got) * counted_days(before + ONE_DAY, day, stops)
    whole = sum(amount for _, amount in dues)
    return int(min(grown * rule.rate, whole * rule.cap).quantize(Decimal(1), ROUND_FLOOR))
