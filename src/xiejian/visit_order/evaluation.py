"""Back-test of the order: what it would have gained on visits that it had not seen.

The real dates of the test visits are handed out again, the earliest to the highest score, so that
every day keeps its number of visits. Days earlier = real date - handed date, mean over the visits
that found something (the City of Chicago's measure of 2014); within inspector the same is done
inside each inspector's visits, so that knowing who is strict gains nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from xiejian.kernel.problems import Refused
from xiejian.visit_order.features import codes_of
from xiejian.visit_order.model import Floats, Ints
from xiejian.visit_order.ordering import LONGEST, SHORTEST, Order, order
from xiejian.visit_order.table import VisitTable, problems, ranked, suspect, unfit

RESAMPLES = 1000
_LEVEL = 0.95
_ONE_IN_TWENTY = 1.959963984540054  # of the normal distribution: what 95 % of it lies within


@dataclass(frozen=True)
class Gain:
    """Mean days earlier over the visits that found something, its interval, and what chance gives."""

    mean: float | None
    low: float | None
    high: float | None
    found: int
    random: float | None

    def as_json(self) -> dict[str, Any]:
        interval = None if self.low is None else [_round(self.low), _round(self.high)]
        return {
            "mean": _round(self.mean),
            "interval": interval,
            "found": self.found,
            "random_order": _round(self.random),
        }


@dataclass(frozen=True)
class Evaluation:
    """A back-test: the gains, how the order ranks, what it looked at, how strict the inspectors are."""

    test_from: dt.date
    trained: int
    tested: int
    trained_until: dt.date
    tested_until: dt.date
    pooled: Gain
    within: Gain
    first_half: float | None
    first_half_real: float | None
    auc: float | None
    auc_within: float | None
    features: list[dict[str, Any]]
    left_out: dict[str, str]
    suspect: list[str]
    inspectors: list[dict[str, Any]]
    order: Order
    score: Floats
    tested_rows: Ints  # rows of the table that were tested
    rank: Ints  # their places, 0 first


def evaluate(table: VisitTable, test_from: dt.date, *, resamples: int | None = None) -> Evaluation:
    """Learn from the visits before ``test_from``, order those from it on, and measure the order.

    The outcomes of the test visits are looked at only after the order stands. Refused with L703, L704
    (nothing to learn from, or to test) or L705 (one outcome only).
    """
    on = test_from.toordinal()
    before = np.flatnonzero(table.past.days < on)
    after = np.flatnonzero(table.past.days >= on)
    _check(table, before, after, test_from)
    left_out = unfit(table.rows(before).past)
    kept = table.without(set(left_out))
    trained, tested = kept.rows(before), kept.rows(after)
    days, found = tested.past.days, tested.past.found
    period = min(max(int(days.max()) - on + 1, SHORTEST), LONGEST)
    done = order(trained.past, tested.past.subjects, on=on, period=period)
    rank = ranking(done.score, tested.visits)
    inspectors, names = codes_of(tested.past.inspectors)
    known = np.flatnonzero(inspectors >= 0)
    half, real = _first_half(days, rank, found)
    return Evaluation(
        test_from, len(before), len(after),
        dt.date.fromordinal(int(trained.past.days.max())), dt.date.fromordinal(int(days.max())),
        gain(days, rank, found, np.zeros(len(days), np.int64), resamples),
        gain(days[known], rank[known], found[known], inspectors[known], resamples),
        half, real,
        ranked(done.score, found),
        _auc_within(done.score, found, inspectors, len(names)),
        _features(done), left_out, suspect(trained.past),
        _inspectors(done, trained, tested, rank),
        done, done.score, after, rank,
    )  # fmt: skip


def _check(table: VisitTable, before: Ints, after: Ints, test_from: dt.date) -> None:
    days, found = table.past.days, table.past.found
    ends = {
        "first": dt.date.fromordinal(int(days.min())).isoformat() if len(days) else "—",
        "last": dt.date.fromordinal(int(days.max())).isoformat() if len(days) else "—",
    }
    if not len(before):
        raise Refused(problems("L703", on=test_from.isoformat(), **ends))
    if not len(after):
        raise Refused(problems("L704", on=test_from.isoformat(), **ends))
    if found[before].min() == found[before].max():
        which = "全部" if found[before][0] else "都没有"
        raise Refused(problems("L705", on=test_from.isoformat(), count=len(before), which=which))


def ranking(score: Floats, keys: list[str]) -> Ints:
    """The place of each row, 0 first; equal scores in the order of a digest of their key, not of the file."""
    ties = [hashlib.blake2b(key.encode(), digest_size=8).hexdigest() for key in keys]
    place = np.empty(len(score), np.int64)
    place[sorted(range(len(score)), key=lambda i: (-score[i], ties[i]))] = np.arange(len(score))
    return place


# --- gains ----------------------------------------------------------------------------------------------


def earlier(days: Ints, rank: Ints) -> Ints:
    """Real date - handed date of every visit."""
    handed = np.empty(len(days), np.int64)
    handed[np.argsort(rank, kind="stable")] = np.sort(days)
    return days - handed


def gain(days: Ints, rank: Ints, found: Floats, groups: Ints, resamples: int | None = None) -> Gain:
    """The gain inside each group of visits, taken together; the interval by drawing visits anew."""
    places = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    count = int(found.sum())
    if not count:
        return Gain(None, None, None, 0, None)
    total = sum(float(earlier(days[p], rank[p])[found[p] == 1].sum()) for p in places)
    chance = sum(float((days[p] - days[p].mean())[found[p] == 1].sum()) for p in places)
    random = np.random.default_rng(20140901)
    means = []
    for _ in range(RESAMPLES if resamples is None else resamples):
        summed, number = 0.0, 0.0
        for place in places:
            drawn = place[random.integers(0, len(place), len(place))]
            hit = found[drawn] == 1
            summed += float(earlier(days[drawn], rank[drawn])[hit].sum())
            number += float(hit.sum())
        if number:
            means.append(summed / number)
    low, high = np.quantile(means, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return Gain(total / count, float(low), float(high), count, chance / count)


def _first_half(days: Ints, rank: Ints, found: Floats) -> tuple[float | None, float | None]:
    """The share of all findings on the days before half of the visits are made: in this order, and really."""
    if not found.sum():
        return None, None
    different, number = np.unique(days, return_counts=True)
    early = different[np.cumsum(number) < len(days) / 2]
    handed = days - earlier(days, rank)
    total = found.sum()
    return float(found[np.isin(handed, early)].sum() / total), float(
        found[np.isin(days, early)].sum() / total
    )


def _auc_within(score: Floats, found: Floats, inspectors: Ints, count: int) -> float | None:
    """The inspectors' own values, weighted by the pairs of visits that they compare."""
    pairs, total = 0.0, 0.0
    for number in range(count):
        mine = inspectors == number
        value = ranked(score[mine], found[mine])
        if value is not None:
            weight = float(found[mine].sum() * (1 - found[mine]).sum())
            pairs, total = pairs + weight, total + weight * value
    return total / pairs if pairs else None


# --- what it looked at ----------------------------------------------------------------------------------


def _features(done: Order) -> list[dict[str, Any]]:
    """Columns by how much they move the order: the mean distance of their contribution from its mean."""
    moves = np.abs(done.contributions - done.contributions.mean(axis=0)).mean(axis=0)
    found = []
    for i in np.argsort(-moves, kind="stable"):
        feature = done.features[i]
        value, part = done.values[:, i], done.contributions[:, i]
        stated = ~np.isnan(value)
        direction = 0.0
        if stated.sum() > 1 and value[stated].std() > 0 and part[stated].std() > 0:
            direction = float(np.corrcoef(value[stated], part[stated])[0, 1])
        found.append(
            {"name": feature.name, "column": feature.source or None, "says": feature.says,
             "weight": round(float(moves[i]), 4), "direction": round(direction, 2)}
        )  # fmt: skip
    return found


def _inspectors(done: Order, trained: VisitTable, tested: VisitTable, rank: Ints) -> list[dict[str, Any]]:
    """Strictness as odds against the mean inspector: for calibration, never for scores."""
    rows = []
    who = np.array(trained.past.inspectors)
    now = np.array(tested.past.inspectors)
    for i, name in enumerate(done.inspectors):
        mine, test = who == name, now == name
        error = _ONE_IN_TWENTY * float(done.strictness_error[i])
        effect = float(done.strictness[i])
        found = tested.past.found[test]
        days = earlier(tested.past.days[test], rank[test])[found == 1]
        rows.append(
            {
                "inspector": name,
                "visits": int(mine.sum()),
                "found_rate": _round(float(trained.past.found[mine].mean())),
                "strictness": _round(effect),
                "odds": _round(float(np.exp(effect))),
                "odds_interval": [
                    _round(float(np.exp(effect - error))),
                    _round(float(np.exp(effect + error))),
                ],
                "test_visits": int(test.sum()),
                "test_found": int(found.sum()),
                "days_earlier": _round(float(days.mean())) if len(days) else None,
            }
        )
    return rows


def _round(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)


def as_json(found: Evaluation) -> dict[str, Any]:
    """The answer of ``xiejian risk evaluate``."""
    return {
        "test_from": found.test_from.isoformat(),
        "trained": {"visits": found.trained, "until": found.trained_until.isoformat()},
        "tested": {"visits": found.tested, "until": found.tested_until.isoformat()},
        "days_earlier": {"pooled": found.pooled.as_json(), "within_inspector": found.within.as_json()},
        "first_half_share": _round(found.first_half),
        "first_half_share_real": _round(found.first_half_real),
        "auc": _round(found.auc),
        "auc_within_inspector": _round(found.auc_within),
        "features": found.features,
        "left_out": [{"column": name, "reason": why} for name, why in found.left_out.items()],
        "suspect": found.suspect,
        "by_inspector": found.inspectors,
    }
