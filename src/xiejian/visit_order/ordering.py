"""The order of visits: a score for every subject, and what each column contributes to it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from xiejian.visit_order.features import Feature, Matrix, Past, Subjects, build, codes_of
from xiejian.visit_order.model import Floats, Shape, fit_trees, fit_weights

#: an order is made for at least and at most so many days; the past is looked at in periods of that length
SHORTEST, LONGEST = 14, 92
#: the first days of the record know no history yet: they teach what history means wrongly
_WARM_UP_DAYS, _WARM_UP_SHARE = 120, 0.2


@cache
def version() -> str:
    """A digest of the model's own text: equal versions give equal orders from equal records."""
    text = hashlib.sha256()
    for name in ("model.py", "features.py", "ordering.py"):
        text.update(Path(__file__).with_name(name).read_bytes())
    return text.hexdigest()[:16]


@dataclass(frozen=True)
class Order:
    """Subjects by score (higher: visit earlier) with the contribution of each feature, in log odds."""

    features: list[Feature]
    contributions: Floats  # subjects × features
    values: Floats  # subjects × features, as the model saw them
    inspectors: list[str]
    strictness: Floats  # log odds of each inspector against their mean
    strictness_error: Floats
    pull: float

    @property
    def score(self) -> Floats:
        return self.contributions.sum(axis=1)


def order(past: Past, ahead: Subjects, *, on: int, period: int, shape: Shape | None = None) -> Order:
    """Learn from ``past`` (all before ``on``, an ordinal day) and score ``ahead`` as seen on ``on``.

    ``period``: days that the order is for. Needs at least one visit with and one without a finding.
    """
    if len(past) and int(past.days.max()) >= on:
        raise ValueError("a visit on or after the day of the order cannot teach it")
    matrix = build(past, ahead, on, min(max(period, SHORTEST), LONGEST))
    rows = _taught(past, matrix)
    inspectors, names = codes_of([past.inspectors[i] for i in rows])
    values, found, periods = matrix.past[rows], past.found[rows], matrix.periods[rows]
    weights = fit_weights(values, found, inspectors, periods)
    trees = fit_trees(values, found, weights.base, shape or Shape())
    centre = weights.inspector.mean() if len(names) else 0.0
    return Order(
        matrix.features,
        (weights.contributions(matrix.ahead) + trees.contributions(matrix.ahead)) / 2,
        matrix.ahead,
        names,
        weights.inspector - centre,
        weights.inspector_error,
        weights.pull,
    )


def _taught(past: Past, matrix: Matrix) -> np.ndarray:
    """The visits that the model learns from: all but the warm-up, unless that leaves one outcome only."""
    first, last = int(past.days.min()), int(past.days.max())
    warm = first + min(_WARM_UP_DAYS, _WARM_UP_SHARE * (last - first))
    rows = np.flatnonzero(past.days >= warm)
    return rows if 0 < past.found[rows].sum() < len(rows) else np.arange(len(past))
