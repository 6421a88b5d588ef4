"""A dot with its whiskers on a scale: places in percent of the plot's width, so that the picture fits any page."""

from __future__ import annotations

from dataclasses import dataclass

from tradeoff.judge.summary import Interval
from tradeoff.report.axis import Scale, Tick


@dataclass(frozen=True)
class Whisker:
    """Where an interval stands on a scale, in percent of the plot's width; `tone` names its colour."""

    at: float
    low: float
    high: float
    tone: str

    @property
    def width(self) -> float:
        """From bound to bound."""
        return round(self.high - self.low, 2)


@dataclass(frozen=True)
class AxisLabel:
    """A tick with its text."""

    at: float
    text: str

    @property
    def side(self) -> str:
        """Where the text grows to: at an axis's ends it must not leave the plot."""
        if self.at < 4:
            return "start"
        return "end" if self.at > 96 else "middle"


def whisker(interval: Interval, scale: Scale, tone: str) -> Whisker:
    """Place an interval on a scale."""
    return Whisker(scale.at(interval.value), scale.at(interval.low), scale.at(interval.high), tone)


def cost_tone(interval: Interval) -> str:
    """A cost, a saving, or neither that this run could tell."""
    if not interval.excludes(0):
        return "unsure"
    return "cost" if interval.value > 0 else "gain"


def percent_labels(ticks: list[Tick]) -> list[AxisLabel]:
    """Ticks of shares, in percent with their sign."""
    return [AxisLabel(tick.at, "0" if tick.value == 0 else f"{tick.value * 100:+,.4g} %") for tick in ticks]
