"""The empirical Bayes geometric mean: observed against expected, drawn towards what the other pairs show.

DuMouchel (1999): the true ratio of a pair comes from a mixture of two gamma distributions; its five
parameters are those under which the counts of all pairs are likeliest. Counts are then negative binomial.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, expit, gammainc, gammaincinv, gammaln, logit

from xiejian.signals.counting import Floats, Groups

#: where the search begins: DuMouchel's values first; few counts are searched from the other places too
_STARTS = (
    (0.2, 0.06, 1.4, 1.8, 0.1),
    (0.1, 2.0, 1.0, 0.5, 0.3),
    (5.0, 5.0, 0.5, 0.1, 0.9),
    (1.0, 1.0, 10.0, 5.0, 0.5),
)
_FEW = 5_000
#: a parameter beyond these has run away: the counts do not say what it is
_SMALLEST, _LARGEST = 1e-4, 1e4
#: no test at 5 % tells priors apart whose log likelihoods are this near (half of χ², one degree of freedom) …
_AS_LIKELY = 1.92
#: … and this far from each other, on the scale of the search, they are different priors
_DIFFERENT = 0.05
_CLOSE = 1e-12  # of a quantile, relative
_STEPS = 100


@dataclass(frozen=True)
class Prior:
    """Gamma(shape alpha1, rate beta1) with weight ``w``, else Gamma(alpha2, beta2)."""

    alpha1: float
    beta1: float
    alpha2: float
    beta2: float
    w: float

    def as_list(self) -> list[float]:
        return [self.alpha1, self.beta1, self.alpha2, self.beta2, self.w]


def _log_likelihoods(n: Floats, expected: Floats, alpha: float, beta: float) -> Floats:
    """Log of the negative binomial probabilities, without the terms that no parameter moves."""
    return (
        gammaln(n + alpha) - gammaln(alpha) + alpha * (np.log(beta) - np.log(beta + expected))
        - n * np.log(beta + expected)
    )  # fmt: skip


def _slopes(n: Floats, expected: Floats, alpha: float, beta: float) -> tuple[Floats, Floats]:
    """The derivatives of the log likelihoods by log alpha and log beta."""
    by_alpha = digamma(n + alpha) - digamma(alpha) + np.log(beta) - np.log(beta + expected)
    by_beta = alpha / beta - (alpha + n) / (beta + expected)
    return alpha * by_alpha, beta * by_beta


def _lack(free: Floats, groups: Groups) -> tuple[float, Floats]:
    """Minus the log likelihood and its gradient by the free parameters (four logs and a logit)."""
    a1, b1, a2, b2 = np.exp(free[:4])
    w = expit(free[4])
    n, expected, times = groups.n, groups.expected, groups.times
    log1 = _log_likelihoods(n, expected, a1, b1) + np.log(w)
    log2 = _log_likelihoods(n, expected, a2, b2) + np.log1p(-w)
    together = np.logaddexp(log1, log2)
    share = np.exp(log1 - together)  # how far the first component made this count
    first, second = _slopes(n, expected, a1, b1), _slopes(n, expected, a2, b2)
    slopes = np.stack(
        [share * first[0], share * first[1], (1 - share) * second[0], (1 - share) * second[1], share - w]
    )
    return -float(times @ together), -(slopes @ times)


def fit(groups: Groups) -> Prior | None:
    """The likeliest prior for these counts; None where they do not determine one.

    The groups hold every pair, also those never reported together. None: too few distinct counts, a
    parameter that runs away, or two different priors that are as likely: a shrinkage by one of them would
    be arbitrary.
    """
    if len(groups.n) <= len(_STARTS[0]):
        return None
    starts = _STARTS if len(groups.n) <= _FEW else _STARTS[:1]
    found = sorted((_search(groups, start) for start in starts), key=lambda one: one[0])
    lack, best = found[0]
    for other, free in found[1:]:
        if other - lack < _AS_LIKELY and np.abs(free - best).max() > _DIFFERENT:
            return None
    alpha1, beta1, alpha2, beta2 = (float(value) for value in np.exp(best[:4]))
    prior = Prior(alpha1, beta1, alpha2, beta2, float(expit(best[4])))
    settled = all(_SMALLEST < value < _LARGEST for value in prior.as_list()[:4])
    return prior if settled and _SMALLEST < prior.w < 1 - _SMALLEST else None


def _search(groups: Groups, start: Sequence[float]) -> tuple[float, Floats]:
    """The nearest maximum: minus its log likelihood and its place, the component of the larger mean first."""
    edge = 2 * np.log(_LARGEST)
    found = minimize(
        _lack, np.append(np.log(start[:4]), logit(start[4])), args=(groups,), jac=True,
        method="L-BFGS-B", bounds=[(-edge, edge)] * 5,
        options={"maxiter": 2000, "maxfun": 4000, "ftol": 1e-15, "gtol": 1e-8 * max(1.0, groups.times.sum())},
    )  # fmt: skip
    a1, b1, a2, b2, w = found.x
    if a1 - b1 < a2 - b2:  # two starts may find the same prior in either order
        a1, b1, a2, b2, w = a2, b2, a1, b1, -w
    return float(found.fun), np.array([a1, b1, a2, b2, w])


@dataclass(frozen=True)
class Shrunk:
    """Geometric mean, 5th and 95th percentile of the true ratio given the counts, one element per pair."""

    ebgm: Floats
    eb05: Floats
    eb95: Floats


def shrink(prior: Prior, n: Floats, expected: Floats) -> Shrunk:
    """The posterior of each pair."""
    log1 = _log_likelihoods(n, expected, prior.alpha1, prior.beta1) + np.log(prior.w)
    log2 = _log_likelihoods(n, expected, prior.alpha2, prior.beta2) + np.log1p(-prior.w)
    share = expit(log1 - log2)
    shapes = np.stack([prior.alpha1 + n, prior.alpha2 + n])
    rates = np.stack([prior.beta1 + expected, prior.beta2 + expected])
    weights = np.stack([share, 1 - share])
    mean_of_logs = (weights * (digamma(shapes) - np.log(rates))).sum(axis=0)
    return Shrunk(
        np.exp(mean_of_logs),
        _quantile(0.05, weights, shapes, rates),
        _quantile(0.95, weights, shapes, rates),
    )


def _quantile(level: float, weights: Floats, shapes: Floats, rates: Floats) -> Floats:
    """The value below which the mixture lies with probability ``level``: Newton's steps in a bracket."""
    ends = gammaincinv(shapes, level) / rates  # the mixture's own lies between those of its parts
    low, high = ends.min(axis=0), ends.max(axis=0)
    x = (weights * ends).sum(axis=0)
    for _ in range(_STEPS):
        above = (weights * gammainc(shapes, rates * x)).sum(axis=0) - level
        low, high = np.where(above < 0, x, low), np.where(above > 0, x, high)
        with np.errstate(divide="ignore"):
            log_density = shapes * np.log(rates) + (shapes - 1) * np.log(x) - rates * x - gammaln(shapes)
        density = (weights * np.exp(log_density)).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = x - above / density
        step = np.where((step >= low) & (step <= high), step, (low + high) / 2)
        if np.all(np.abs(step - x) <= _CLOSE * x):
            return step
        x = step
    return x
