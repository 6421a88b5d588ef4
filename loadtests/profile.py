"""How the arrival rate goes over time: stages, and the text that describes them.

A profile is a row of stages. Each knows how many arrivals are expected up to any moment of it, and the reverse, when
the n-th is: from that, `loadtests.arrivals` makes paced and Poisson arrivals of any shape by a change of time (Cinlar,
Introduction to Stochastic Processes, 1975, 4.7).

    100/s for 30s                              constant; as the last stage also 100/s, without an end
    100/s to 500/s for 60s                     ramp
    step 100/s to 500/s by 100/s for 50s       equal steps
    spike 100/s to 2000/s hold 5s for 60s      a peak in the middle
    day 100/s to 500/s for 24h                 a sine from trough to trough
    soak 200/s for 8h                          constant, and memory is watched
    replay FILE at 2x                          recorded times: a CSV, or an access log

Stages stand one after the other, with commas between them. Rates are arrivals a second.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Protocol

from loadtests.replay import read_times


class Unreadable(ValueError):  # noqa: N818 - read as `except Unreadable`
    """A profile that cannot be used; the message is one sentence."""


class Stage(Protocol):
    """A part of a profile. Times are seconds after its begin."""

    @property
    def name(self) -> str:
        """What it is called in results."""

    @property
    def seconds(self) -> float:
        """How long it lasts."""

    @property
    def expected(self) -> float:
        """How many arrivals it has on average."""

    def when(self, count: float) -> float:
        """The moment up to which `count` arrivals are expected; `count` is between 0 and `expected`."""


@dataclass(frozen=True, slots=True)
class Line:
    """The rate goes from `first` to `last` in a straight line; constant if they are equal."""

    name: str
    first: float
    last: float
    seconds: float

    @property
    def expected(self) -> float:
        """The area under the line."""
        return (self.first + self.last) / 2 * self.seconds

    def when(self, count: float) -> float:
        """The root of first * t + (last - first) / (2 * seconds) * t² = count, in its stable form."""
        if self.first == self.last:
            return count / self.first
        if count <= 0:
            return 0.0
        slope = (self.last - self.first) / self.seconds
        return 2 * count / (self.first + math.sqrt(max(0.0, self.first**2 + 2 * slope * count)))


@dataclass(frozen=True, slots=True)
class Day:
    """The rate swings from `low` to `high` and back, as a sine."""

    name: str
    low: float
    high: float
    seconds: float

    @property
    def expected(self) -> float:
        """The mean rate for its time."""
        return (self.low + self.high) / 2 * self.seconds

    def when(self, count: float) -> float:
        """By bisection to a nanosecond: the expected count has no inverse in closed form."""
        low, high = 0.0, self.seconds
        while high - low > 1e-9 * max(1.0, low):
            middle = (low + high) / 2
            low, high = (middle, high) if self._until(middle) < count else (low, middle)
        return high

    def _until(self, at: float) -> float:
        turn, swing = 2 * math.pi / self.seconds, (self.high - self.low) / 2
        return (self.low + self.high) / 2 * at - swing / turn * math.sin(turn * at)


@dataclass(frozen=True, slots=True)
class Recorded:
    """Arrivals at recorded times, in seconds from the first one."""

    name: str
    times: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """Up to the last arrival."""
        return self.times[-1]

    @property
    def expected(self) -> float:
        """All of them."""
        return float(len(self.times))

    def when(self, count: float) -> float:
        """The time of that arrival."""
        return self.times[min(int(count), len(self.times) - 1)]


@dataclass(frozen=True, slots=True)
class Profile:
    """Stages in their order."""

    stages: tuple[Stage, ...]

    @property
    def seconds(self) -> float:
        """How long all of it lasts; infinite for a rate without an end."""
        return sum(stage.seconds for stage in self.stages)

    def begins(self) -> list[float]:
        """When each stage begins, in seconds."""
        return [0.0, *accumulate(stage.seconds for stage in self.stages)][:-1]

    def stage_at(self) -> Callable[[float], int]:
        """A function that finds the index of the stage of a moment, in seconds."""
        begins = self.begins()
        return lambda at: bisect_right(begins, at) - 1


def constant(rate: float) -> Profile:
    """One rate without an end."""
    return Profile((Line(f"{rate:g}/s", rate, rate, math.inf),))


_RATE, _TIME = r"([\d.]+)/s", r"([\d.]+)(ms|s|m|h)"
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def read_profile(text: str) -> Profile:
    """The profile that a text describes; raises Unreadable."""
    stages = [stage for part in re.split(r"[,\n]", text) if part.strip() for stage in _stages(part.strip())]
    if not stages:
        raise Unreadable("The arrivals have no stage: write for example 100/s for 30s.")
    if any(stage.seconds == math.inf for stage in stages[:-1]):
        raise Unreadable("The arrivals have a stage without an end before others: say how long it lasts.")
    return Profile(tuple(stages))


def seconds(number: str, unit: str) -> float:
    """A duration such as 1.5 and m."""
    return float(number) * _UNITS[unit]


def _stages(text: str) -> list[Stage]:
    for form, make in _FORMS.items():
        if found := re.fullmatch(form, " ".join(text.split())):
            try:
                stages = make(text, *found.groups())
            except (ValueError, OSError, ArithmeticError) as error:
                raise Unreadable(f"The arrivals {text!r} cannot be used: {error}.") from error
            _check(text, stages)
            return stages
    raise Unreadable(f"The arrivals {text!r} have no known form: write for example 100/s to 500/s for 60s.")


def _check(text: str, stages: list[Stage]) -> None:
    for stage in stages:
        if not (stage.expected > 0 and stage.seconds >= 0):
            raise Unreadable(f"The arrivals {text!r} have a stage without an arrival.")


def _constant(name: str, rate: str, number: str | None, unit: str) -> list[Stage]:
    return [Line(name, float(rate), float(rate), seconds(number, unit) if number else math.inf)]


def _ramp(name: str, first: str, last: str, *lasts: str) -> list[Stage]:
    return [Line(name, float(first), float(last), seconds(*lasts))]


def _step(_: str, first: str, last: str, by: str, *lasts: str) -> list[Stage]:
    low, high, size = float(first), float(last), float(by)
    count = round(abs(high - low) / size) + 1
    each = seconds(*lasts) / count
    rates = [low + (high - low) * index / max(1, count - 1) for index in range(count)]
    return [Line(f"{rate:g}/s for {each:g}s", rate, rate, each) for rate in rates]


def _spike(_: str, base: str, peak: str, holds: str, unit: str, *lasts: str) -> list[Stage]:
    low, high, hold = float(base), float(peak), seconds(holds, unit)
    beside = (seconds(*lasts) - hold) / 2
    return [
        Line(f"before the spike, {low:g}/s", low, low, beside),
        Line(f"spike, {high:g}/s", high, high, hold),
        Line(f"after the spike, {low:g}/s", low, low, beside),
    ]


def _day(name: str, low: str, high: str, *lasts: str) -> list[Stage]:
    return [Day(name, float(low), float(high), seconds(*lasts))]


def _replay(name: str, path: str, speed: str | None) -> list[Stage]:
    factor = float(speed or 1)
    return [Recorded(name, tuple(time / factor for time in read_times(Path(path))))]


#: What a stage can look like, and what makes it: the text and what the form caught.
_FORMS: dict[str, Callable[..., list[Stage]]] = {
    f"(?:soak )?{_RATE}(?: for {_TIME})?": _constant,
    f"{_RATE} to {_RATE} for {_TIME}": _ramp,
    f"step {_RATE} to {_RATE} by {_RATE} for {_TIME}": _step,
    f"spike {_RATE} to {_RATE} hold {_TIME} for {_TIME}": _spike,
    f"day {_RATE} to {_RATE} for {_TIME}": _day,
    r"replay (\S+)(?: at ([\d.]+)x)?": _replay,
}
