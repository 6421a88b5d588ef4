"""Scales of the pictures: a value's place along an axis, in percent of its width, and the ticks below it.

Prices span five decades and both signs. Where they do, the scale is linear around zero, up to a threshold of the size
of the usual half-width, and logarithmic beyond ("symlog"); otherwise it is linear.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tradeoff.judge.summary import Interval

LINEAR_UP_TO = 30.0
"""Largest bound, in half-widths, that a linear scale still shows well."""
MARGIN = 0.05
TICKS_AT_MOST = 7


@dataclass(frozen=True)
class Tick:
    """A mark on the axis: its value and its place in percent of the axis."""

    value: float
    at: float


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`; `threshold` is where a logarithmic scale begins, None on a linear one."""

    low: float
    high: float
    threshold: float | None = None

    def at(self, value: float) -> float:
        """The place of a value, in percent of the axis."""
        low, high = self._bent(self.low), self._bent(self.high)
        share = (self._bent(value) - low) / (high - low)
        return round(100 * min(1.0, max(0.0, share)), 2)

    def _bent(self, value: float) -> float:
        if self.threshold is None:
            return value
        size = abs(value) / self.threshold
        return math.copysign(size if size <= 1 else 1 + math.log10(size), value)

    def ticks(self) -> list[Tick]:
        """Round values along the axis."""
        values = _steps(self.low, self.high) if self.threshold is None else self._decades(self.threshold)
        return [Tick(value, self.at(value)) for value in values]

    def _decades(self, threshold: float) -> list[float]:
        """Zero and powers of ten on either side, every second one where all would crowd."""
        top = round(math.log10(max(abs(self.low), abs(self.high)) / threshold)) + 1
        for step in range(1, top + 1):
            sizes = [threshold * 10**power for power in range(0, top + 1, step)]
            values = [-size for size in reversed(sizes)] + [0.0] + sizes
            seen = [value for value in values if self.low <= value <= self.high]
            if len(seen) <= TICKS_AT_MOST:
                return seen
        return [0.0]


def around_zero(intervals: Sequence[Interval]) -> Scale:
    """A scale for differences: zero is on it, and all intervals are."""
    low = min([0.0, *(one.low for one in intervals)])
    high = max([0.0, *(one.high for one in intervals)])
    if low == high:
        return Scale(-1.0, 1.0)
    threshold = _threshold(intervals, max(-low, high))
    if threshold is None:
        room = MARGIN * (high - low)
        return Scale(low - room, high + room)
    # a margin of a fifth of a decade, and room for the linear part on both sides of zero
    return Scale(min(low * 1.6, -threshold), max(high * 1.6, threshold), threshold)


def _threshold(intervals: Sequence[Interval], farthest: float) -> float | None:
    usual = median([one.half_width for one in intervals])
    if usual <= 0 or farthest <= LINEAR_UP_TO * usual:
        return None
    return float(10 ** math.ceil(math.log10(usual)))


def along(intervals: Sequence[Interval]) -> Scale:
    """A linear scale for amounts; it need not begin at zero."""
    low, high = min(one.low for one in intervals), max(one.high for one in intervals)
    room = MARGIN * (high - low) or 0.1 * abs(high) or 1.0
    return Scale(low - room, high + room)


def _steps(low: float, high: float) -> list[float]:
    rough = (high - low) / (TICKS_AT_MOST - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first = math.ceil(low / step)
    return [index * step for index in range(first, math.floor(high / step) + 1)]
