"""Confidence intervals over epochs, the only unit that is independent.

A block has E epochs. With a, r and t the log CPU of an arm, the reference and its twin in an epoch, the arm's
statistic is X = a - (r + t) / 2 and the twin's is Y = t - r. If all three have the noise s², then var X = 1.5 s²,
var Y = 2 s² and cov(X, Y) = 0: the twin's spread is an independent second estimate of the same noise and doubles the
degrees of freedom. It is pooled unless the arm's own spread is clearly larger (F test at 10 %); then the arm's own is
used alone.

Machines give outlier epochs. From six epochs on, the sixth part at either end is trimmed, with Yuen's variance of the
trimmed mean from winsorized values (Yuen 1974, Biometrika 61:165). In simulation (`tests/tradeoff/judge/test_interval.py`)
it covers 94.5 to 96 % at 95 %, on normal, contaminated and skewed epochs alike; the plain t-interval covers 95 to 97.5 %
there and is up to 40 % wider.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
ARM_SHARE, TWIN_SHARE = 1.5, 2.0
POOLING_TEST = 0.10
#: One in so many epochs is trimmed at either end.
TRIMMED_ONE_IN = 6


@dataclass(frozen=True)
class Bounds:
    """An estimate with its bounds."""

    value: float
    low: float
    high: float


Values = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Estimate:
    """A trimmed mean, its standard error, and the degrees of freedom behind that."""

    value: float
    error: float
    freedom: int

    def low(self, confidence: float) -> float:
        """The one-sided lower bound at this confidence."""
        return self.value - self._quantile(confidence) * self.error

    def high(self, confidence: float) -> float:
        """The one-sided upper bound at this confidence."""
        return self.value + self._quantile(confidence) * self.error

    def _quantile(self, confidence: float) -> float:
        return float(stats.t.ppf(confidence, self.freedom))


def interval(
    own: Sequence[float],
    twin: Sequence[float] | None,
    confidence: float = CONFIDENCE,
    *,
    share: float = ARM_SHARE,
) -> Bounds:
    """Trimmed mean over epochs with a t-interval.

    Args:
        own: log ratios of an arm against reference and twin together, one an epoch (at least two).
        twin: log ratios of the twin against the reference in the same epochs; None for the twin's own interval.
        confidence: coverage, such as 0.95.
        share: variance of `own` in units of one arm's noise s²; the twin's is 2.
    """
    found, side = estimate(own, twin, share=share), (1 + confidence) / 2
    return Bounds(found.value, found.low(side), found.high(side))


def estimate(own: Sequence[float], twin: Sequence[float] | None, *, share: float = ARM_SHARE) -> Estimate:
    """The same as `interval`, before a confidence is chosen."""
    mine = _trimmed(np.asarray(own, dtype=float))
    return mine if twin is None else _pooled(mine, _trimmed(np.asarray(twin, dtype=float)), share)


def _trimmed(values: Values) -> Estimate:
    """Yuen's trimmed mean with the standard error that the winsorized values give it."""
    ordered, count = np.sort(values), len(values)
    cut = count // TRIMMED_ONE_IN
    kept = ordered[cut : count - cut]
    winsorized = np.clip(ordered, kept[0], kept[-1])
    variance = float(winsorized.var(ddof=1)) * (count - 1) / (len(kept) * (len(kept) - 1))
    return Estimate(float(kept.mean()), math.sqrt(variance), len(kept) - 1)


def _pooled(own: Estimate, twin: Estimate, share: float) -> Estimate:
    mine, expected = own.error**2, twin.error**2 * share / TWIN_SHARE
    if mine > expected * float(stats.f.ppf(1 - POOLING_TEST, own.freedom, twin.freedom)):
        return own
    freedom = own.freedom + twin.freedom
    return Estimate(own.value, math.sqrt((mine * own.freedom + expected * twin.freedom) / freedom), freedom)
