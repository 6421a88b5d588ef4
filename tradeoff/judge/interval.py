"""Confidence intervals over epochs, the only unit that is independent.

A block has E epochs. With a, r and t the log CPU of an arm, the reference and its twin in an epoch, the arm's
statistic is X = a - (r + t) / 2 and the twin's is Y = t - r. If all three have the noise s², then var X = 1.5 s²,
var Y = 2 s² and cov(X, Y) = 0: the twin's spread is an independent second estimate of the same noise and doubles the
degrees of freedom. It is pooled unless the arm's own spread is clearly larger (F test at 10 %); then the arm's own is
used alone.
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
class _Spread:
    variance: float
    freedom: int


def interval(
    own: Sequence[float],
    twin: Sequence[float] | None,
    confidence: float = CONFIDENCE,
    *,
    share: float = ARM_SHARE,
) -> Bounds:
    """Mean over epochs with a t-interval.

    Args:
        own: log ratios of an arm against reference and twin together, one an epoch (at least two).
        twin: log ratios of the twin against the reference in the same epochs; None for the twin's own interval.
        confidence: coverage, such as 0.95.
        share: variance of `own` in units of one arm's noise s²; the twin's is 2.
    """
    values = np.asarray(own, dtype=float)
    spread = _own(values) if twin is None else _pooled(values, np.asarray(twin, dtype=float), share)
    mean = float(values.mean())
    quantile = float(stats.t.ppf((1 + confidence) / 2, spread.freedom))
    half = quantile * math.sqrt(spread.variance / len(values))
    return Bounds(mean, mean - half, mean + half)


def _own(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> _Spread:
    return _Spread(float(values.var(ddof=1)), len(values) - 1)


def _pooled(
    own: np.ndarray[tuple[int], np.dtype[np.float64]],
    twin: np.ndarray[tuple[int], np.dtype[np.float64]],
    share: float,
) -> _Spread:
    mine, other = _own(own), _own(twin)
    expected = other.variance * share / TWIN_SHARE
    if mine.variance > expected * float(stats.f.ppf(1 - POOLING_TEST, mine.freedom, other.freedom)):
        return mine
    freedom = mine.freedom + other.freedom
    return _Spread((mine.variance * mine.freedom + expected * other.freedom) / freedom, freedom)
