"""Reporting ratios of two-by-two tables, each for all tables at once.

``a`` reports with both, ``b`` with the product alone, ``c`` with the event alone, ``d`` with neither.
Where a table leaves a value undefined (c = 0 …) it is inf or nan, as the formula gives it: a made-up number
would look like a measured one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv

from xiejian.signals.counting import Floats

#: two-sided 95 % of the normal distribution
_Z = 1.959963984540054
_LOW, _HIGH = 0.025, 0.975


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % interval, one element per table."""

    value: Floats
    low: Floats
    high: Floats


def _around(value: Floats, variance: Floats) -> Interval:
    width = _Z * np.sqrt(variance)
    return Interval(value, value * np.exp(-width), value * np.exp(width))


def prr(a: Floats, b: Floats, c: Floats, d: Floats) -> Interval:
    """Proportional reporting ratio a/(a+b) : c/(c+d), interval on the log scale (Evans et al. 2001)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = (a / (a + b)) / (c / (c + d))
        return _around(value, 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))


def ror(a: Floats, b: Floats, c: Floats, d: Floats) -> Interval:
    """Reporting odds ratio ad : bc, interval on the log scale (van Puijenbroek et al. 2002)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _around(a * d / (b * c), 1 / a + 1 / b + 1 / c + 1 / d)


def chi_squared(a: Floats, b: Floats, c: Floats, d: Floats, yates: bool = False) -> Floats:
    """Pearson's χ² of the table, on request with Yates' correction for few reports."""
    total = a + b + c + d
    gap = np.abs(a * d - b * c)
    if yates:
        gap = np.maximum(0.0, gap - total / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return gap**2 * total / ((a + b) * (c + d) * (a + c) * (b + d))


def information_component(n: Floats, expected: Floats) -> Interval:
    """log2 of observed against expected, each raised by one half, interval by the gamma distribution.

    Norén, Hopstadius, Bate (2013), shrinkage observed-to-expected ratio.
    """
    shape, rate = n + 0.5, expected + 0.5
    return Interval(
        np.log2(shape / rate),
        np.log2(gammaincinv(shape, _LOW) / rate),
        np.log2(gammaincinv(shape, _HIGH) / rate),
    )


def confidence_propagation(a: Floats, b: Floats, c: Floats, d: Floats) -> Interval:
    """The information component of the Bayesian confidence propagation network, two standard deviations wide.

    Bate et al. (1998) with γ11 = α1 = β1 = 1 and α = β = 2; ``high`` mirrors ``low``.
    """
    total = a + b + c + d
    product, event = a + b, a + c
    gamma = (total + 2) ** 2 / ((product + 1) * (event + 1))
    value = np.log2((a + 1) * (total + 2) ** 2 / ((total + gamma) * (product + 1) * (event + 1)))
    variance = (
        (total - a + gamma - 1) / ((a + 1) * (1 + total + gamma))
        + (total - product + 1) / ((product + 1) * (3 + total))
        + (total - event + 1) / ((event + 1) * (3 + total))
    ) / np.log(2) ** 2
    width = 2 * np.sqrt(variance)
    return Interval(value, value - width, value + width)
