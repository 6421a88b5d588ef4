"""Numbers as people read them: fitting units, as many digits as the interval carries, percent, spans of time."""

from __future__ import annotations

import math

from tradeoff.judge.summary import Interval

NS, US, MS, S = "ns", "µs", "ms", "s"
US_PER = {NS: 1e-3, US: 1.0, MS: 1e3, S: 1e6}
MOST_DECIMALS = 3


def unit_for(us: float) -> str:
    """The unit in which a span of so many µs reads best."""
    size = abs(us)
    if size >= 10 * US_PER[S]:
        return S
    if size >= US_PER[MS]:
        return MS
    return US if size >= 1 or size == 0 else NS


def decimals_for(interval: Interval) -> int:
    """Decimals of which the last is of the size of the half-width.

    There are more where a bound that excludes 0 would read as 0, and one where whole numbers are too coarse.
    """
    if interval.half_width <= 0:
        return _decimals_of(interval.value)
    decimals = 1 if 1 <= interval.half_width < 2 else _clamp(-math.floor(math.log10(interval.half_width)))
    nearest = min(abs(interval.low), abs(interval.high))
    while interval.excludes(0) and decimals < MOST_DECIMALS and round(nearest, decimals) == 0:
        decimals += 1
    return decimals


def _decimals_of(number: float, digits: int = 3) -> int:
    if number == 0:
        return 0
    return _clamp(digits - 1 - math.floor(math.log10(abs(number))))


def _clamp(decimals: int) -> int:
    return max(0, min(MOST_DECIMALS, decimals))


def number(value: float, decimals: int, *, signed: bool = False) -> str:
    """A decimal number with thousands separated; zero has no sign, also where it came about by rounding."""
    rounded = round(value, decimals)
    if rounded == 0:
        return f"{0:.{decimals}f}"
    return f"{rounded:{'+' if signed else ''},.{decimals}f}"


def count(value: float) -> str:
    """A whole number with thousands separated."""
    return f"{value:,.0f}"


def duration(us: float, *, signed: bool = False) -> str:
    """A span of time, given in µs, in three digits: `41.9 ms`."""
    unit = unit_for(us)
    scaled = us / US_PER[unit]
    return f"{number(scaled, _decimals_of(scaled), signed=signed)} {unit}"


def duration_figure(interval: Interval, *, signed: bool = True) -> str:
    """The value of an interval in µs, in its unit and digits: `+41.9 ms`."""
    unit, scaled = _in_unit(interval)
    return f"{number(scaled.value, decimals_for(scaled), signed=signed)} {unit}"


def duration_bounds(interval: Interval, *, with_unit: bool = False) -> str:
    """The bounds of an interval in µs, in the unit and digits of its value: `[41.2, 42.6]` or `[-3, 9 µs]`."""
    unit, scaled = _in_unit(interval)
    return _bounds(scaled, f" {unit}" if with_unit else "")


def duration_interval(interval: Interval, *, signed: bool = True) -> str:
    """An interval in µs: `+41.9 ms [41.2, 42.6]`."""
    return f"{duration_figure(interval, signed=signed)} {duration_bounds(interval)}"


def _in_unit(interval: Interval) -> tuple[str, Interval]:
    unit = unit_for(max(abs(interval.value), abs(interval.low), abs(interval.high)))
    return unit, _scaled(interval, 1 / US_PER[unit])


def percent(share: float) -> str:
    """A share in at most two digits: `52 %`, `0.7 %`."""
    scaled = share * 100
    return f"{round(scaled, _decimals_of(scaled, digits=2)):,g} %"


def percent_figure(share: Interval, *, signed: bool = True) -> str:
    """The value of a share with the digits that its interval carries: `+0.9 %`."""
    scaled = _scaled(share, 100)
    return f"{number(scaled.value, decimals_for(scaled), signed=signed)} %"


def percent_bounds(share: Interval) -> str:
    """The bounds of a share, in percent: `[0.8, 1.0]`."""
    return _bounds(_scaled(share, 100))


def percent_interval(share: Interval, *, signed: bool = True) -> str:
    """A share with its interval: `+0.9 % [0.8, 1.0]`."""
    return f"{percent_figure(share, signed=signed)} {percent_bounds(share)}"


def _scaled(interval: Interval, by: float) -> Interval:
    return Interval(value=interval.value * by, low=interval.low * by, high=interval.high * by)


def _bounds(interval: Interval, unit: str = "") -> str:
    decimals = decimals_for(interval)
    return f"[{number(interval.low, decimals)}, {number(interval.high, decimals)}{unit}]"


def elapsed(seconds: float) -> str:
    """A span of wall time: `48 s`, `4 min 32 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
