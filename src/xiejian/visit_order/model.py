"""Two small explainable models of "will this visit find something", averaged: weights and trees.

``Weights`` is a logistic regression whose weights are pulled towards zero by a strength that the data
choose themselves (evidence, MacKay 1992). ``Trees`` is gradient boosting of small trees on binned
columns (Friedman 2001), started from what inspector and season alone explain. Both separate out who
inspected and when: inspector and period carry terms of their own while fitting, and no term while
scoring. Every score is an exact sum of one contribution per column, so it can be said in words.

numpy only: a plain copy of these two methods is shorter than the dependency that would bring them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: pull of the terms of inspectors and periods: they are many visits each and may take what they explain
_NUISANCE_SPREAD = 1.0
_STEPS, _EVIDENCE_STEPS = 25, 12
_MOST = 30.0  # log odds beyond which a probability is 0 or 1 for a float


def probability(score: Floats) -> Floats:
    """Log odds as a probability."""
    return 1.0 / (1.0 + np.exp(-np.clip(score, -_MOST, _MOST)))


def one_hot(codes: Ints, size: int) -> Floats:
    """Rows × ``size`` of 0 and 1; a negative code is no level at all."""
    found = np.zeros((len(codes), size))
    known = np.flatnonzero(codes >= 0)
    found[known, codes[known]] = 1.0
    return found


# --- weights --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Weights:
    """Logistic regression on standardised columns; a missing value counts as the mean."""

    mean: Floats
    spread: Floats
    low: Floats
    high: Floats
    weight: Floats
    pull: float  # the spread of the weights that the data chose
    base: Floats  # log odds that inspector and period alone explain, per training row
    inspector: Floats  # log odds of each inspector
    inspector_error: Floats  # of the difference to their mean

    def contributions(self, values: Floats) -> Floats:
        """Rows × columns: what each column adds to the log odds."""
        return self._standard(values) * self.weight

    def _standard(self, values: Floats) -> Floats:
        found = (np.clip(values, self.low, self.high) - self.mean) / self.spread
        return np.where(np.isnan(found), 0.0, found)


def fit_weights(values: Floats, found: Floats, inspectors: Ints, periods: Ints) -> Weights:
    """Fit to rows × columns (nan: missing), outcomes 0/1, inspector and period codes (-1: unknown)."""
    low, high = _edges(values)
    clipped = np.clip(values, low, high)
    filled = ~np.isnan(clipped)
    count = np.maximum(filled.sum(axis=0), 1)
    mean = np.where(filled, clipped, 0.0).sum(axis=0) / count
    centred = np.where(filled, clipped - mean, 0.0)
    spread = np.sqrt((centred**2).sum(axis=0) / count)
    spread = np.where(spread > 1e-9, spread, 1.0)
    columns = centred / spread
    nuisance = _nuisance(inspectors, periods)
    size = columns.shape[1]
    design = np.hstack([columns, nuisance])
    pull = 0.05
    weight = np.zeros(design.shape[1])
    covariance = np.eye(design.shape[1])
    for _ in range(_EVIDENCE_STEPS):
        penalty = np.concatenate([np.full(size, pull**-2), _penalty(nuisance.shape[1])])
        weight, covariance = _newton(design, found, penalty, weight)
        if not size:
            break
        determined = size - np.trace(covariance[:size, :size]) / pull**2
        following = float(np.sqrt((weight[:size] ** 2).sum() / max(determined, 0.5)))
        following = min(max(following, 1e-3), 1.0)
        if abs(following - pull) < 0.01 * pull:
            break
        pull = following
    inspector_count = int(inspectors.max(initial=-1)) + 1
    place = slice(size, size + inspector_count)
    only = _newton(nuisance, found, _penalty(nuisance.shape[1]), np.zeros(nuisance.shape[1]))[0]
    return Weights(
        mean, spread, low, high, weight[:size], pull, nuisance @ only, weight[place],
        _contrast_error(covariance[place, place]),
    )  # fmt: skip


def _contrast_error(covariance: Floats) -> Floats:
    """The error of each term against the mean of all: what they share is not known, and not asked."""
    size = len(covariance)
    centre = np.eye(size) - 1.0 / max(size, 1)
    return np.sqrt(np.maximum(np.diag(centre @ covariance @ centre.T), 0.0))


def _edges(values: Floats) -> tuple[Floats, Floats]:
    """The 1st and 99th percentile of each column: a slip of a typist must not move a weight."""
    low, high = np.full(values.shape[1], -np.inf), np.full(values.shape[1], np.inf)
    for i in range(values.shape[1]):
        stated = values[~np.isnan(values[:, i]), i]
        if len(stated):
            edges = np.quantile(stated, [0.01, 0.99])
            low[i], high[i] = edges if edges[0] < edges[1] else (stated.min(), stated.max())
    return low, high


def _nuisance(inspectors: Ints, periods: Ints) -> Floats:
    """Terms of inspectors, of periods, and one for all."""
    parts = [one_hot(codes, int(codes.max(initial=-1)) + 1) for codes in (inspectors, periods)]
    return np.hstack([*parts, np.ones((len(inspectors), 1))])


def _penalty(size: int) -> Floats:
    return np.concatenate([np.full(size - 1, _NUISANCE_SPREAD**-2), [1e-4]])


def _newton(design: Floats, found: Floats, penalty: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Penalised maximum likelihood and the inverse of its curvature."""
    weight = start
    hessian = np.diag(penalty)
    for _ in range(_STEPS):
        p = probability(design @ weight)
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(hessian, design.T @ (found - p) - penalty * weight)
        longest = np.abs(step).max(initial=0.0)
        weight = weight + step * min(1.0, 2.0 / max(longest, 1e-12))
        if longest < 1e-6:
            break
    return weight, np.asarray(np.linalg.inv(hessian), np.float64)


# --- trees ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tree:
    """Nodes by number, the root first; a leaf has column -1. ``value`` of every node, scaled."""

    column: Ints
    at: Ints  # goes left when the bin is at most this
    left: Ints
    right: Ints
    value: Floats


@dataclass(frozen=True)
class Trees:
    """Boosted trees over columns cut into bins; a missing value is a bin of its own, the first."""

    edges: list[Floats]
    trees: list[_Tree]

    def contributions(self, values: Floats) -> Floats:
        """Rows × columns: every split hands the change of the node's value to the column it asked."""
        bins = _binned(values, self.edges)
        found = np.zeros(values.shape)
        for tree in self.trees:
            node = np.zeros(len(values), np.int64)
            while True:
                inner = np.flatnonzero(tree.column[node] >= 0)
                if not len(inner):
                    break
                here = node[inner]
                column = tree.column[here]
                goes_left = bins[inner, column] <= tree.at[here]
                following = np.where(goes_left, tree.left[here], tree.right[here])
                found[inner, column] += tree.value[following] - tree.value[here]
                node[inner] = following
        return found


@dataclass(frozen=True)
class Shape:
    """How far the trees go; chosen on windows that lie before every window that is reported."""

    trees: int = 60
    rate: float = 0.05
    leaves: int = 12
    share_of_columns: float = 0.3
    bins: int = 32
    least_rows: int = 150
    pull: float = 10.0


def fit_trees(values: Floats, found: Floats, base: Floats, shape: Shape, seed: int = 0) -> Trees:
    """Boost from ``base`` (log odds per row that inspector and period explain); same input, same trees."""
    edges = [_cut(values[:, i], shape.bins) for i in range(values.shape[1])]
    bins = _binned(values, edges)
    random = np.random.default_rng(seed)
    usable = np.array([i for i, e in enumerate(edges) if len(e)], np.int64)
    score = base.copy()
    trees: list[_Tree] = []
    if not len(usable):
        return Trees(edges, trees)
    take = max(1, min(len(usable), round(shape.share_of_columns * len(usable) + 0.5)))
    for _ in range(shape.trees):
        p = probability(score)
        columns = np.sort(random.choice(usable, take, replace=False))
        tree, leaf = _grow(bins, columns, found - p, p * (1 - p), shape)
        trees.append(tree)
        score += tree.value[leaf]
    return Trees(edges, trees)


def _cut(column: Floats, bins: int) -> Floats:
    """Borders between bins: at most ``bins`` values apart, each between two values that occur."""
    stated = column[~np.isnan(column)]
    if not len(stated):
        return np.zeros(0)
    distinct = np.unique(stated)
    if len(distinct) > bins:
        distinct = np.unique(np.quantile(stated, np.linspace(0, 1, bins + 1), method="lower"))
    middle = (distinct[:-1] + distinct[1:]) / 2
    if len(stated) < len(column):
        return np.concatenate([[-np.inf], middle])
    return middle


def _binned(values: Floats, edges: list[Floats]) -> Ints:
    found = np.zeros(values.shape, np.int64)
    for i, borders in enumerate(edges):
        stated = ~np.isnan(values[:, i])
        found[stated, i] = np.searchsorted(borders, values[stated, i], side="left") + 1
        if not len(borders) or borders[0] != -np.inf:  # nothing was missing while fitting: take the middle
            found[~stated, i] = len(borders) // 2 + 1
    return found


@dataclass
class _Growing:
    """A tree under construction: leaf-wise, the best split anywhere first."""

    column: list[int] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    rows: list[Ints] = field(default_factory=list)

    def add(self, rows: Ints, value: float) -> int:
        for part, empty in ((self.column, -1), (self.at, 0), (self.left, -1), (self.right, -1)):
            part.append(empty)
        self.value.append(value)
        self.rows.append(rows)
        return len(self.value) - 1


def _grow(bins: Ints, columns: Ints, gradient: Floats, curvature: Floats, shape: Shape) -> tuple[_Tree, Ints]:
    tree = _Growing()
    width = shape.bins + 3

    def worth(rows: Ints) -> float:
        return shape.rate * float(gradient[rows].sum() / (curvature[rows].sum() + shape.pull))

    everything = np.arange(len(gradient))
    root = tree.add(everything, worth(everything))
    open_ = {root: _best_split(bins, columns, everything, gradient, curvature, shape, width)}
    for _ in range(shape.leaves - 1):
        node = max(open_, key=lambda n: (open_[n][0], -n))
        gain, column, at = open_.pop(node)
        if gain <= 0:
            break
        rows = tree.rows[node]
        goes_left = bins[rows, column] <= at
        tree.column[node], tree.at[node] = column, at
        for side, part in (("left", rows[goes_left]), ("right", rows[~goes_left])):
            child = tree.add(part, worth(part))
            getattr(tree, side)[node] = child
            open_[child] = _best_split(bins, columns, part, gradient, curvature, shape, width)
    leaf = np.zeros(len(gradient), np.int64)
    for node, column in enumerate(tree.column):
        if column < 0:
            leaf[tree.rows[node]] = node
    parts = [np.array(part, np.int64) for part in (tree.column, tree.at, tree.left, tree.right)]
    return _Tree(parts[0], parts[1], parts[2], parts[3], np.array(tree.value)), leaf


def _best_split(
    bins: Ints, columns: Ints, rows: Ints, gradient: Floats, curvature: Floats, shape: Shape, width: int
) -> tuple[float, int, int]:
    """(gain, column, last bin on the left); gain 0 when no split leaves enough rows on both sides."""
    least = min(shape.least_rows, max(20, len(gradient) // 50))
    if len(rows) < 2 * least:
        return 0.0, -1, 0
    place = (bins[np.ix_(rows, columns)] + np.arange(len(columns)) * width).ravel()
    size = len(columns) * width

    def summed(weights: Floats | None) -> Floats:
        spread = None if weights is None else np.repeat(weights[rows], len(columns))
        return np.bincount(place, spread, size).reshape(-1, width).cumsum(axis=1)

    g, h, n = summed(gradient), summed(curvature), summed(None)
    total_g, total_h, total_n = g[:, -1:], h[:, -1:], n[:, -1:]
    gain = (
        g**2 / (h + shape.pull)
        + (total_g - g) ** 2 / (total_h - h + shape.pull)
        - total_g**2 / (total_h + shape.pull)
    )
    gain = np.where((n >= least) & (total_n - n >= least), gain, 0.0)
    best = int(np.argmax(gain))
    return float(gain.flat[best]), int(columns[best // width]), best % width
