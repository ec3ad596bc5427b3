"""Signals in half a million report rows, against vigipy on the same rows in the same run.

Both count the rows, work out PRR and ROR, fit a prior to all pairs (also those never reported together)
and shrink every pair by it. One row is one report here, as vigipy counts. Equal means: PRR and ROR to nine
digits; by the same prior every EBGM and EB05 within 0.2 % (vigipy's search for a percentile stops at 1e-5
of probability); and no prior that vigipy finds makes the counts likelier than ours.

    .venv/bin/python benchmarks/adverse_signals.py
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import nbinom
from vigipy import convert, gps, prr, ror

from xiejian.signals import detection
from xiejian.signals.counting import Counted, Groups, Ints, Reports, count

ROWS, PRODUCTS, EVENTS, NEED = 496_000, 1_500, 800, 5.0


def rows() -> tuple[Ints, Ints]:
    """Made-up reports, the same every time: true ratios from two gamma distributions, counts by chance."""
    dice = np.random.default_rng(11)
    by_product, by_event = dice.lognormal(0, 1.2, PRODUCTS), dice.lognormal(0, 1.2, EVENTS)
    ratio = np.where(dice.random((PRODUCTS, EVENTS)) < 0.1, dice.gamma(0.8, 4, (PRODUCTS, EVENTS)), 0.0)
    ratio = np.where(ratio > 0, ratio, dice.gamma(1.8, 0.5, (PRODUCTS, EVENTS)))
    expected = np.outer(by_product, by_event) * ratio
    chosen = dice.choice(expected.size, ROWS, p=(expected / expected.sum()).ravel())
    return chosen // EVENTS, chosen % EVENTS


def counted(product: Ints, event: Ints) -> Counted:
    products, events = [f"p{i:04d}" for i in range(PRODUCTS)], [f"e{i:03d}" for i in range(EVENTS)]
    return count(Reports(np.arange(ROWS), product, event, np.zeros(ROWS, np.int64), products, events))


def run() -> dict[str, Any]:
    """Ratio of vigipy's time to ours; 0 when an answer differs."""
    product, event = rows()
    names = {"name": [f"p{i:04d}" for i in product], "AE": [f"e{i:03d}" for i in event], "count": 1}
    frame = pd.DataFrame(names)
    started = time.perf_counter()
    found = detection.measure(counted(product, event))
    own = time.perf_counter() - started
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = convert(frame)
        theirs = [prr(data, min_events=1), ror(data, min_events=1), gps(data, min_events=1, truncate=False)]
        other = time.perf_counter() - started
        shrunk = gps(data, min_events=1, prior_param=found.prior.as_list())
    apart = differences(found, theirs, shrunk)
    groups = counted(product, event).groups()
    likelier = likelihood(theirs[2].params["prior_param"], groups) - likelihood(found.prior.as_list(), groups)
    same = apart["ratios"] < 1e-9 and apart["shrunk"] < 2e-3 and likelier < 1e-3
    return {
        "name": f"signals in {ROWS:,} report rows, against vigipy",
        "ratio": other / own if same else 0.0,
        "need": NEED,
        "detail": {
            "ours_s": round(own, 2), "vigipy_s": round(other, 2), "pairs": len(found.cells.n), **apart,
            "their prior likelier by": round(likelier, 3),
        },
    }  # fmt: skip


def likelihood(prior: Any, groups: Groups) -> float:
    """The log likelihood of the counts under a prior, by the negative binomial of SciPy."""
    a1, b1, a2, b2, w = prior
    first = nbinom.logpmf(groups.n, a1, b1 / (b1 + groups.expected)) + np.log(w)
    second = nbinom.logpmf(groups.n, a2, b2 / (b2 + groups.expected)) + np.log1p(-w)
    return float(groups.times @ np.logaddexp(first, second))


def differences(found: detection.Measured, theirs: list[Any], shrunk: Any) -> dict[str, float]:
    """The largest relative differences over all pairs."""
    cells = found.cells
    keys = pd.MultiIndex.from_arrays(
        [[cells.products[p] for p in cells.product], [cells.events[e] for e in cells.event]]
    )

    def gap(own: Any, result: Any, column: str) -> float:
        other = (
            result.all_signals.set_index(["Product", "Adverse Event"])[column].reindex(keys).to_numpy(float)
        )
        with np.errstate(invalid="ignore"):
            return float(np.nanmax(np.abs(own / other - 1)))

    return {
        "ratios": max(gap(found.prr.value, theirs[0], "PRR"), gap(found.ror.value, theirs[1], "ROR")),
        "shrunk": max(gap(found.shrunk.ebgm, shrunk, "EBGM"), gap(found.shrunk.eb05, shrunk, "LowerBound")),
    }


if __name__ == "__main__":
    print(run())
