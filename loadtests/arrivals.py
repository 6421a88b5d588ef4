"""Schedules: when each arrival is to be sent, in ns after the start, fixed before the first is sent.

The same profile, spacing and seed give the same times, whatever the target does: that is what makes the load open. A
schedule is a spacing (of counts: 1 apart, or exponential) laid over a profile, which says when so many are expected.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from itertools import islice

from loadtests.profile import Profile, Recorded, constant

NS = 1_000_000_000

# A generator whose p99 send lag exceeds this is overloaded: the latencies that it measured are its own.
LAG_BOUND_NS = 5_000_000

Spacing = Callable[[int], Iterator[float]]


def paced(seed: int) -> Iterator[float]:
    """Counts one apart, without end; the seed moves all of them by less than one."""
    phase = random.Random(seed).random()
    index = 0
    while True:
        yield index + phase  # from the index, not summed: a sum of rounded gaps would drift
        index += 1


def poisson(seed: int) -> Iterator[float]:
    """Counts of a Poisson process of rate 1, without end: independent exponential gaps."""
    draw = random.Random(seed)
    at = 0.0
    while True:
        at += draw.expovariate(1.0)
        yield at


KINDS: dict[str, Spacing] = {"paced": paced, "poisson": poisson}


def schedule(profile: Profile, kind: str, seed: int) -> Iterator[int]:
    """All arrivals of a profile, in ns, never decreasing; recorded arrivals keep their times, whatever the kind."""
    begin_s, before = 0.0, 0.0
    counts = KINDS[kind](seed)
    ahead = next(counts)
    for stage in profile.stages:
        if isinstance(stage, Recorded):
            yield from (round((begin_s + time) * NS) for time in stage.times)
        else:
            after = before + stage.expected
            while ahead < after:
                yield round((begin_s + stage.when(ahead - before)) * NS)
                ahead = next(counts)
            before = after
        begin_s += stage.seconds


def offsets(kind: str, rate: float, count: int, seed: int) -> list[int]:
    """The first `count` arrivals at a constant rate, in ns, never decreasing; `rate` is arrivals a second."""
    if count < 0:
        raise ValueError(f"a schedule of {count} arrivals: the count must not be negative")
    if not 0 < rate < math.inf:
        raise ValueError(f"a rate of {rate} arrivals a second: it must be above 0 and finite")
    return list(islice(schedule(constant(rate), kind, seed), count))
