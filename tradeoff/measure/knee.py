"""Where a server's capacity lies, as a belief that each short slice of load sharpens, and where to look next.

A slice offers a rate and tells the share of its requests that broke the objective. Near the knee the log odds of that
share grow linearly with the log of the rate (exactly so for the tail of an M/M/1 queue): the capacity is the rate at
which the share is the one that the objective allows. Requests of a slice share a queue, so that they count as some
dozen independent ones, and the share of one slice scatters about the expected one by a beta distribution. A slice in
twenty or so is spoilt by what else the machine does: it says nothing, whatever its share. The belief over capacity,
steepness, scatter and spoilt slices is computed on a grid; the next rate is drawn from it, so that slices gather about
the knee as it becomes known (Watson & Pelli, "QUEST", 1983; Kontsevich & Tyler, 1999, for the grid over steepness).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.special import betaln

Floats: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.float64]]"

#: Log of the rate, about where the search began: 5 times below to 3 times above it.
BELOW, ABOVE, STEP = -1.6, 1.2, 0.01
#: Standard deviation, in logs, of where the search begins about the truth.
UNSURE = 0.35
#: By how much the log odds grow with the log of the rate.
STEEPNESS = np.geomspace(6, 600, 9)
#: Concentration of the beta distribution, and shares of spoilt slices: each value is as likely as the others.
SCATTER = np.array([3.0, 10.0, 100.0])
SPOILT = np.array([0.01, 0.05, 0.1])
INDEPENDENT = 60
#: The next rate stands at one of these quantiles of the belief, in turn.
QUANTILES = (0.35, 0.65, 0.2, 0.5, 0.8)


@dataclass(frozen=True)
class Seen:
    """What a slice told: its rate, in any unit, and the share of its requests that broke the objective."""

    rate: float
    broken: float
    requests: int


class Knee:
    """The belief about one server's capacity under an objective that lets a share `tail` of the requests be slow."""

    def __init__(self, about: float, tail: float) -> None:
        self._log_rates: Floats = math.log(about) + np.arange(BELOW, ABOVE, STEP)
        self._odds = math.log(tail / (1 - tail))
        shape = (len(self._log_rates), len(STEEPNESS), len(SCATTER), len(SPOILT))
        prior = -0.5 * ((self._log_rates - math.log(about)) / UNSURE) ** 2
        self._likelihood: Floats = np.broadcast_to(prior[:, None, None, None], shape).copy()
        self._count = 0

    def see(self, slice_: Seen) -> None:
        """Learn from a slice."""
        requests = min(INDEPENDENT, slice_.requests)
        broken = slice_.broken * requests
        odds = self._odds + STEEPNESS * (math.log(slice_.rate) - self._log_rates)[:, None]
        share = np.clip(1 / (1 + np.exp(-np.clip(odds, -30, 30))), 1e-9, 1 - 1e-9)[..., None]
        sound = _log_beta_binomial(broken, requests, share * SCATTER, (1 - share) * SCATTER)
        spoilt = float(betaln(1 + broken, 1 + requests - broken))
        self._likelihood += np.logaddexp(np.log(1 - SPOILT) + sound[..., None], np.log(SPOILT) + spoilt)
        self._count += 1

    def next_rate(self) -> float:
        """Where the next slice tells most."""
        return self.quantile(QUANTILES[self._count % len(QUANTILES)])

    def quantile(self, share: float) -> float:
        """The rate below which the capacity lies with this probability."""
        weights = np.exp(self._likelihood - self._likelihood.max()).sum(axis=(1, 2, 3))
        return math.exp(float(np.interp(share, np.cumsum(weights) / weights.sum(), self._log_rates)))


def _log_beta_binomial(broken: float, requests: int, alpha: Floats, beta: Floats) -> Floats:
    """Without the binomial coefficient, which all hypotheses have in common."""
    found: Floats = betaln(alpha + broken, beta + requests - broken) - betaln(alpha, beta)
    return found


def knee_of(slices: Sequence[Seen], tail: float) -> Knee:
    """The belief that these slices lead to, whatever led to them; they must not be none."""
    rates = sorted(one.rate for one in slices)
    knee = Knee(rates[len(rates) // 2], tail)
    for one in slices:
        knee.see(one)
    return knee
