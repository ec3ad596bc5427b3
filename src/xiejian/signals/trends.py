"""Control charts over counts of equal periods: is the last period, or the last stretch, more than usual?

What is usual is read from every period but the last. A chart is refused, with its reason, where the counts
are too few or too empty for it. A signal is a reason to look, never a conclusion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from scipy import stats

from xiejian.signals.counting import Floats

#: mean moving range of two : standard deviation, of the normal distribution (2/√π)
_D2 = 2 / math.sqrt(math.pi)
_MARGIN = 1.959963984540054  # two-sided 95 %
_ALPHA = 0.05
LEAST_PERIODS, LEAST_FILLED = 4, 2
#: the most and the least share of empty periods that a chart and the test for rare events bear
MOST_EMPTY, LEAST_EMPTY = 1 / 3, 2 / 3

REFUSED = {
    "short": "不足4期",
    "empty": "有报告的不足2期",
    "sparse": "空期超过三分之一",
    "dense": "空期不足三分之二，不算罕见事件",
    "flat": "各期没有波动，无法估计标准差",
    "zero_cell": "四格表中有零",
    "zero_d": "四格表中其他产品的其他事件为零",
    "segment": "期数不足以分成前后两段",
}


@dataclass(frozen=True)
class Trend:
    """What one method says of a series.

    ``value`` above ``threshold`` is a signal; where there is a ``p``, one below it. ``low`` and ``high``
    bound what is usual. ``at`` is the period (from 0) where a change begins. ``path`` is what the method
    draws, one element per period. ``refused`` names the reason in REFUSED; then all else is empty.
    """

    method: str
    refused: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    threshold: float | None = None
    signal: bool | None = None
    at: int | None = None
    path: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON; infinite bounds are null."""
        numbers = {
            name: None if (one := getattr(self, name)) is None or not math.isfinite(one) else one
            for name in ("value", "low", "high", "p", "threshold")
        }
        return {
            "method": self.method, "label": LABELS[self.method], "ran": not self.refused,
            "refused": REFUSED.get(self.refused, ""), **numbers, "signal": self.signal, "at": self.at,
            "path": self.path,
        }  # fmt: skip


def _base(counts: Floats) -> tuple[float, float]:
    """Mean and standard deviation of all periods but the last; the latter from the mean moving range."""
    usual = counts[:-1]
    return float(usual.mean()), float(np.abs(np.diff(usual)).mean()) / _D2


def _unfit(counts: Floats, most_empty: float = MOST_EMPTY) -> str:
    """Why no chart is drawn over these counts; '' where one is."""
    if len(counts) < LEAST_PERIODS:
        return "short"
    if (counts > 0).sum() < LEAST_FILLED:
        return "sparse" if (counts == 0).mean() > most_empty else "empty"
    return "sparse" if (counts == 0).mean() > most_empty else ""


def shewhart(counts: Floats) -> Trend:
    """x̄ chart, first Western Electric rule: the last period lies more than three deviations above the usual.

    ``value`` in deviations; ``low`` and ``high`` hold 95 % of what is usual, ``threshold`` is in reports.
    """
    if reason := _unfit(counts):
        return Trend("shewhart", reason)
    mean, deviation = _base(counts)
    if deviation == 0:
        return Trend("shewhart", "flat")
    limit = mean + 3 * deviation
    return Trend(
        "shewhart", value=(float(counts[-1]) - mean) / deviation, low=mean - _MARGIN * deviation,
        high=mean + _MARGIN * deviation, threshold=limit, signal=bool(counts[-1] > limit),
        path=[float(one) for one in counts],
    )  # fmt: skip


def cusum(counts: Floats, shift: float = 1.0, interval: float = 5.0) -> Trend:
    """Tabular CUSUM upwards (Page 1954): what exceeds the usual by half a shift adds up beyond the interval.

    ``shift`` and ``interval`` in deviations. The sum begins at zero after the first period.
    """
    if reason := _unfit(counts):
        return Trend("cusum", reason)
    mean, deviation = _base(counts)
    if deviation == 0:
        return Trend("cusum", "flat")
    path, total = [0.0], 0.0
    for one in counts[1:]:
        total = max(0.0, total + float(one) - mean - shift * deviation / 2)
        path.append(total)
    limit = interval * deviation
    over = path[-1] > limit
    start = max((i for i, one in enumerate(path[:-1]) if one == 0.0), default=-1) + 1
    return Trend("cusum", value=path[-1], threshold=limit, signal=over, at=start if over else None, path=path)


def ewma(counts: Floats, weight: float = 0.2, width: float = 3.0) -> Trend:
    """Exponentially weighted moving average (Roberts 1959), begun at the usual; small lasting rises show.

    The limits are the usual ± width·σ·√(λ/(2−λ)·(1−(1−λ)^2t)).
    """
    if reason := _unfit(counts):
        return Trend("ewma", reason)
    mean, deviation = _base(counts)
    if deviation == 0:
        return Trend("ewma", "flat")
    path, now = [], mean
    for one in counts:
        now = weight * float(one) + (1 - weight) * now
        path.append(now)
    spread = width * deviation * math.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * len(counts))))
    return Trend(
        "ewma", value=path[-1], low=mean - spread, high=mean + spread, threshold=mean + spread,
        signal=path[-1] > mean + spread, path=path,
    )  # fmt: skip


def rare(counts: Floats, rate: float = 0.2) -> Trend:
    """Exact one-sided Poisson test of mostly empty series: more reports a period than ``rate``?"""
    if len(counts) < LEAST_PERIODS:
        return Trend("rare", "short")
    if (counts == 0).mean() < LEAST_EMPTY:
        return Trend("rare", "dense")
    total, periods = float(counts.sum()), len(counts)
    p = float(stats.poisson.sf(total - 1, rate * periods))
    low = float(stats.gamma.ppf(_ALPHA, total)) / periods if total else 0.0
    return Trend(
        "rare", value=total / periods, low=low, high=math.inf, p=p, threshold=_ALPHA, signal=p <= _ALPHA,
        path=[float(one) for one in counts],
    )  # fmt: skip


@cache
def _orders(length: int, rounds: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The same shuffles each time: an answer that changes from call to call is no answer."""
    dice = np.random.default_rng(length)
    return np.argsort(dice.random((rounds, length)), axis=1)


def _splits(rows: Floats, least: int) -> Floats:
    """Per row and split: what comes after less what comes before, standardised; ``least`` on either side."""
    length = rows.shape[1]
    before = np.arange(least, length - least + 1)
    sums = np.cumsum(rows, axis=1)
    total, left = sums[:, -1:], sums[:, before - 1]
    gap = (total - left) / (length - before) - left / before
    return np.asarray(gap * np.sqrt(before * (length - before) / length))


def shift(counts: Floats, least: int = 6, rounds: int = 1000) -> Trend:
    """One change of the mean upwards: the best split against the same counts in shuffled order.

    ``at`` is the first period after the change. ``least``: periods on either side.
    """
    if reason := _unfit(counts):
        return Trend("shift", reason)
    if len(counts) < 2 * least:
        return Trend("shift", "segment")
    found = _splits(counts[None, :], least)[0]
    best = int(np.argmax(found))
    by_chance = _splits(counts[_orders(len(counts), rounds)], least).max(axis=1)
    p = (1 + int((by_chance >= found[best] - 1e-12).sum())) / (rounds + 1)
    signal = p <= _ALPHA and found[best] > 0
    return Trend(
        "shift", value=float(found[best]), p=p, threshold=_ALPHA, signal=signal,
        at=best + least if signal else None, path=[float(one) for one in counts],
    )  # fmt: skip


METHODS: Mapping[str, Callable[..., Trend]] = {
    "shewhart": shewhart, "cusum": cusum, "ewma": ewma, "shift": shift, "rare": rare,
}  # fmt: skip
LABELS = {
    "shewhart": "x̄ 控制图（三倍标准差）", "cusum": "累积和控制图 CUSUM", "ewma": "指数加权移动平均 EWMA",
    "shift": "均值变点", "rare": "罕见事件泊松检验", "likelihood_ratio": "似然比（与其他产品相比）",
}  # fmt: skip


def examine(counts: Sequence[float], methods: Mapping[str, Mapping[str, float]]) -> list[Trend]:
    """What each method says of the counts per period, oldest first; ``methods`` name their own settings."""
    series = np.asarray(counts, dtype=float)
    return [METHODS[name](series, **given) for name, given in methods.items()]


def likelihood_ratio(a: float, b: float, c: float, d: float) -> Trend:
    """Is the event reported more often with this product than with the others: log-likelihood ratio, exact p.

    Huang, Zalkikar, Tiwari (2011), of a 2×2 table: the product's reports are drawn among all reports of the
    event in proportion to its share of reports; every outcome is weighed, none is drawn by chance.
    """
    if d == 0:
        return Trend("likelihood_ratio", "zero_d")
    product, others, event = a + b, c + d, int(a + c)
    total = product + others
    k = np.arange(event + 1, dtype=float)

    def ratio(n: Floats, row: float) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            here, there = n / row, (event - n) / (total - row)
            inner = np.where(n > 0, n * np.log(here), 0.0) + np.where(
                event - n > 0, (event - n) * np.log(there), 0.0
            )
            return np.asarray(np.where(here > there, inner - event * np.log(event / total), 0.0))

    of_product, of_others = ratio(k, product), ratio(event - k, others)
    found = float(of_product[int(a)])
    chance = stats.binom.pmf(k, event, product / total)
    p = float(chance[np.maximum(of_product, of_others) >= found - 1e-12].sum())
    return Trend("likelihood_ratio", value=found, p=min(1.0, p), threshold=_ALPHA, signal=p <= _ALPHA)
