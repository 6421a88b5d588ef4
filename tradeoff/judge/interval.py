"""Confidence intervals over epochs, the only unit that is independent.

A block has E epochs. With a, r and t the log CPU of an arm, the reference and its twin in an epoch, the arm's
statistic is X = a - (r + t) / 2 and the twin's is Y = t - r. If all three have the noise s², then var X = 1.5 s²,
var Y = 2 s² and cov(X, Y) = 0: the twin's spread is an independent second estimate of the same noise and doubles the
degrees of freedom. In a screening, what the model leaves of all arms is such an estimate, of many more degrees. It is
pooled unless the arm's own spread is clearly larger (F test at 10 %); then the arm's own is used alone.
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


@dataclass(frozen=True)
class Bounds:
    """An estimate with its bounds."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Noise:
    """Variance of one arm's log CPU in one epoch, s², and the degrees of freedom of that estimate."""

    variance: float
    freedom: int


def twin_noise(twin: Sequence[float]) -> Noise:
    """From log ratios of the twin against the reference, one an epoch."""
    return Noise(float(np.var(twin, ddof=1)) / TWIN_SHARE, len(twin) - 1)


def interval(
    own: Sequence[float],
    noise: Noise | None,
    confidence: float = CONFIDENCE,
    *,
    share: float = ARM_SHARE,
) -> Bounds:
    """Mean over epochs with a t-interval.

    Args:
        own: log ratios of an arm against reference and twin together, one an epoch (at least two).
        noise: an independent estimate of the noise in the same epochs; None for the twin's own interval.
        confidence: coverage, such as 0.95.
        share: variance of `own` in units of one arm's noise s².
    """
    values = np.asarray(own, dtype=float)
    mine = Noise(float(values.var(ddof=1)), len(values) - 1)
    spread = mine if noise is None else _pooled(mine, Noise(noise.variance * share, noise.freedom))
    mean = float(values.mean())
    quantile = float(stats.t.ppf((1 + confidence) / 2, spread.freedom))
    half = quantile * math.sqrt(spread.variance / len(values))
    return Bounds(mean, mean - half, mean + half)


def _pooled(mine: Noise, expected: Noise) -> Noise:
    if mine.variance > expected.variance * float(stats.f.ppf(1 - POOLING_TEST, mine.freedom, expected.freedom)):
        return mine
    freedom = mine.freedom + expected.freedom
    return Noise((mine.variance * mine.freedom + expected.variance * expected.freedom) / freedom, freedom)
