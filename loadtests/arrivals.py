"""Schedules: when each arrival is to be sent, in ns after the start, fixed before the first is sent.

The same rate, count and seed give the same times, whatever the target does: that is what makes the load open.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice

NS = 1_000_000_000

# A generator whose p99 send lag exceeds this is overloaded: the latencies that it measured are its own.
LAG_BOUND_NS = 5_000_000

Schedule = Callable[[float, int], Iterator[int]]


def paced(rate: float, seed: int) -> Iterator[int]:
    """One arrival every 1/rate seconds without end; the seed moves all of them by less than one gap."""
    _check(rate)
    phase = random.Random(seed).random()
    index = 0
    while True:
        yield round((index + phase) * NS / rate)  # from the index, not summed: a sum of rounded gaps would drift
        index += 1


def poisson(rate: float, seed: int) -> Iterator[int]:
    """Arrivals of a Poisson process without end: independent exponential gaps of 1/rate seconds on average."""
    _check(rate)
    draw = random.Random(seed)
    at = 0.0
    while True:
        at += draw.expovariate(rate)
        yield round(at * NS)


KINDS: dict[str, Schedule] = {"paced": paced, "poisson": poisson}


def offsets(kind: str, rate: float, count: int, seed: int) -> list[int]:
    """The first `count` arrivals of a schedule, in ns, never decreasing; `rate` is arrivals a second."""
    if count < 0:
        raise ValueError(f"a schedule of {count} arrivals: the count must not be negative")
    return list(islice(KINDS[kind](rate, seed), count))


def _check(rate: float) -> None:
    if not 0 < rate < float("inf"):
        raise ValueError(f"a rate of {rate} arrivals a second: it must be above 0 and finite")
