"""Capacity of one arm alone: the highest rate of arrivals of the mix that keeps an objective, open loop.

A short search: the arm's CPU an arrival says where to begin; from there the rate grows until the objective fails, and
the interval is halved until it is narrow. Latency counts from the intended send time, so that a load process that is
late makes it longer: a step that kept the objective all the same holds; one that failed by no more than that is void.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loadtests.arrivals import LAG_BOUND_NS
from loadtests.histogram import LatencyHistogram
from tradeoff.measure.generator import Generator
from tradeoff.target.errors import TradeoffError
from tradeoff.target.running import RunningArm

WARM_RATE, LOOK_RATE, LOOK_S = 40.0, 20.0, 1.0
STEP_S, STEPS, TRIES, LATE_TRIES = 1.5, 7, 2, 6
#: Where the search begins, as a share of the rate at which the CPU would be full; how it goes on; when it is enough.
FIRST_SHARE, GROWTH, NARROW = 0.8, 1.5, 1.1
#: Visits that may be under way before a step counts as lost: a queue of about a second.
QUEUE_S = 1.0


@dataclass(frozen=True)
class Objective:
    """What an arm must keep: the 99th percentile of its latencies, and the share of requests that fail."""

    p99_ms: float = 100.0
    error_rate: float = 0.0


@dataclass(frozen=True)
class Step:
    """What a rate did: arrivals (visits) and requests a second, latency, and whether the load was sent as intended."""

    rate: float
    requests_per_s: float
    p99_ms: float
    error_rate: float
    dropped_share: float
    lag_p99_ms: float

    def blames_the_load(self, objective: Objective) -> bool:
        """Whether the load process was late (p99), and the objective might have held if it had not been."""
        late = self.lag_p99_ms * 1e6 > LAG_BOUND_NS
        return late and self.p99_ms - self.lag_p99_ms <= objective.p99_ms

    def keeps(self, objective: Objective) -> bool:
        """Whether the objective held."""
        return not self.dropped_share and self.p99_ms <= objective.p99_ms and self.error_rate <= objective.error_rate


@dataclass(frozen=True)
class Capacity:
    """The best step that kept the objective; `void` says why it is no capacity, where it is none."""

    best: Step | None
    steps: list[Step] = field(default_factory=list)
    void: str | None = None

    def known(self) -> Step:
        """The best step.

        Raises:
            TradeoffError: there is no capacity.
        """
        if self.best is None or self.void:
            raise TradeoffError(f"the capacity is not known: {self.void}")
        return self.best


def measure_capacity(
    generator: Generator, arm: RunningArm, mix: Mapping[str, float], *, cores: int, seed: int, objective: Objective
) -> Capacity:
    """Search the capacity of an arm that is ready, alone, and pinned to `cores` cores; takes about ten seconds.

    Raises:
        TradeoffError: the arm or the load process ended.
    """

    def run(rate: float, seconds: float = STEP_S) -> Step:
        answer = generator.load(mix=mix, rate=rate, limit=math.ceil(rate * QUEUE_S) + 8, seed=seed, seconds=seconds)
        assert answer is not None
        arm.check_alive()
        return read_step(answer, arm.name)

    run(WARM_RATE, LOOK_S)
    before = arm.cpu_ns()
    look = run(LOOK_RATE, LOOK_S)
    cpu_s = (arm.cpu_ns() - before) / 1e9 / (LOOK_S * look.rate)
    return search_capacity(run, FIRST_SHARE * cores / cpu_s, objective)


def search_capacity(run: Callable[[float], Step], first: float, objective: Objective) -> Capacity:
    """Raise the rate from `first` until the objective fails, then halve the interval, on a scale of logarithms.

    A step that failed is tried once more: a neighbour's moment is no limit of the arm's.
    """
    best, steps, rate, failed = None, list[Step](), first, math.inf
    for _ in range(STEPS):
        step = _tried(run, rate, objective, steps)
        if step.keeps(objective):
            best = step
        elif step.blames_the_load(objective):
            return Capacity(None, steps, f"the load process was {step.lag_p99_ms:.1f} ms late at {rate:.0f}/s")
        else:
            failed = rate
        rate = _next_rate(best, failed)
        if best and failed < best.rate * NARROW:
            break
    return Capacity(best, steps, None if best else f"the objective fails at {failed:.0f}/s too")


def _tried(run: Callable[[float], Step], rate: float, objective: Objective, steps: list[Step]) -> Step:
    """The first of a few steps at this rate that kept the objective, or the last; all are noted in `steps`.

    Those for which the load process is to blame are tried for longer: whatever held it up may pass.
    """
    failed, late = 0, 0
    while failed < TRIES and late < LATE_TRIES:
        step = run(rate)
        steps.append(step)
        if step.keeps(objective):
            break
        if step.blames_the_load(objective):
            late += 1
        else:
            failed += 1
    return steps[-1]


def _next_rate(best: Step | None, failed: float) -> float:
    if best is None:
        return failed / GROWTH**2
    return best.rate * GROWTH if failed == math.inf else math.sqrt(best.rate * failed)


def read_step(answer: Mapping[str, Any], arm: str) -> Step:
    """What the load process says of a load on one arm, as figures."""
    counts = answer["arms"][arm]
    seconds = (answer["sent_ns"] - answer["started_ns"]) / 1e9
    requests = max(counts["requests"], 1)
    (p99,) = LatencyHistogram.decode(counts["histogram"]).summary((99.0,)).percentiles
    return Step(
        rate=counts["arrivals"] / seconds,
        requests_per_s=counts["requests"] / seconds,
        p99_ms=p99.value_ns / 1e6,
        error_rate=counts["errors"] / requests,
        dropped_share=counts["dropped"] / max(counts["arrivals"], 1),
        lag_p99_ms=answer["lag_ns"]["p99"] / 1e6,
    )
