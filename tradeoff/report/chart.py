"""Curves over two axes: places in percent of the picture's width and height, so that it fits any page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tradeoff.report.whisker import AxisLabel

DIGITS = ((1, 1.5, 2, 2.5, 3, 4, 5, 6, 8), (1, 2, 5), (1,))
TICKS_AT_MOST = 7
MARGIN = 1.15


@dataclass(frozen=True)
class LogScale:
    """A logarithmic axis from `low` to `high`, both above 0."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """The place of a value, in percent of the axis."""
        share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return round(100 * min(1.0, share), 2)

    def labels(self) -> list[AxisLabel]:
        """Round values along the axis, as many of each decade as do not crowd."""
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for digits in DIGITS:
            values = [digit * 10.0**power for power in decades for digit in digits]
            seen = [value for value in values if self.low <= value <= self.high]
            if len(seen) <= TICKS_AT_MOST:
                break
        return [AxisLabel(self.at(value), f"{value:,.10g}") for value in seen]


def spanning(values: Sequence[float]) -> LogScale:
    """A scale with all values on it and some room beside them."""
    return LogScale(min(values) / MARGIN, max(values) * MARGIN)


@dataclass(frozen=True)
class Curve:
    """A series: `dots` are what was measured, `line` what joins or fits them; `tone` names its colour."""

    label: str
    tone: int
    dots: list[tuple[float, float]]
    line: str


@dataclass(frozen=True)
class Chart:
    """The picture. `bound` is a horizontal line, such as an objective."""

    title: str
    x_title: str
    y_title: str
    curves: list[Curve]
    x_axis: list[AxisLabel]
    y_axis: list[AxisLabel]
    bound: float | None = None


def curve(
    label: str,
    tone: int,
    dots: Sequence[tuple[float, float]],
    line: Sequence[tuple[float, float]],
    x: LogScale,
    y: LogScale,
) -> Curve:
    """Place measured dots and a line on the scales; y grows upwards."""
    placed = [(x.at(at), round(100 - y.at(value), 2)) for at, value in line]
    return Curve(
        label=label,
        tone=tone,
        dots=[(x.at(at), round(100 - y.at(value), 2)) for at, value in dots],
        line=" ".join(f"{at},{value}" for at, value in placed),
    )


def running_median(dots: Sequence[tuple[float, float]], width: int) -> list[tuple[float, float]]:
    """Medians of each `width` neighbours along x, which a single slice can't bend."""
    ranked = sorted(dots)
    groups = [ranked[start : start + width] for start in range(0, len(ranked), width)]
    if len(groups) > 1 and len(groups[-1]) < width:
        groups[-2:] = [groups[-2] + groups[-1]]
    return [(_middle([at for at, _ in group]), _middle([value for _, value in group])) for group in groups]


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
