"""Paired differences: two things measured in turn, so that what disturbs one disturbs the other beside it.

The median difference has an interval that rests on no distribution (the sign test, inverted: Conover, Practical
Nonparametric Statistics, 3.1). A probe decides by it, or says that it can't: a wide interval is no proof of no effect.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

#: The chance that an interval misses the median, at each look.
MISS = 0.005

Decision = Literal["differs", "alike", "open"]


@dataclass(frozen=True)
class Differences:
    """Differences of pairs, and how large a median difference matters."""

    values: Sequence[float]
    matters: float

    @property
    def median(self) -> float:
        """The median difference."""
        return statistics.median(self.values)

    @property
    def interval(self) -> tuple[float, float]:
        """Bounds of the median; infinite where there are too few pairs for any."""
        ranked, cut = sorted(self.values), _cut(len(self.values))
        return (ranked[cut - 1], ranked[-cut]) if cut else (-math.inf, math.inf)

    @property
    def decision(self) -> Decision:
        """Whether the median surely differs from 0 by as much as matters, surely by less, or neither."""
        low, high = self.interval
        if low >= self.matters or high <= -self.matters:
            return "differs"
        return "alike" if -self.matters < low and high < self.matters else "open"


def _cut(count: int) -> int:
    """How far from each end the bounds stand: the most for which both tails together have the chance `MISS`."""
    tail, cut = 0.0, 0
    while cut < count // 2:
        tail += math.comb(count, cut) / 2**count
        if 2 * tail > MISS:
            break
        cut += 1
    return cut
