"""Load on an arm while something else happens to it: Locust's load process holds a share of the arm's capacity.

The arm has the second core, the load process the first. Virtual users have accounts and source addresses of their own,
so that no limit joins them with anybody else. Above capacity, those who would wait for longer than the objective allows
do not come in: the arm is kept at its limit without a queue that grows for minutes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tradeoff.measure.capacity import Capacity, Objective, Step, measure_capacity, read_step
from tradeoff.measure.duet import choose_cores
from tradeoff.measure.generator import Generator, arm_entry
from tradeoff.record.events import HeldLoad
from tradeoff.target.description import Target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.running import RunningArm

OBJECTIVE = Objective()
FEWEST_UNDER_WAY = 8
#: A load below this share of what was intended is another load.
SENT_SHARE = 0.9


@dataclass
class Load:
    """A load on one arm: its capacity, and what was held, once it has ended."""

    percent: int
    capacity: Step
    held: Step | None = None

    def event(self) -> HeldLoad:
        """What was held, for the record.

        Raises:
            TradeoffError: the load was not what it should have been.
        """
        assert self.held is not None
        intended = self.capacity.rate * self.percent / 100
        if self.held.rate < SENT_SHARE * intended:
            raise TradeoffError(f"the load process sent {self.held.rate:.0f} of {intended:.0f} arrivals a second")
        return HeldLoad(
            percent=self.percent,
            capacity=self.capacity.rate,
            capacity_requests=self.capacity.requests_per_s,
            rate=self.held.rate,
            requests=self.held.requests_per_s,
            p99_ms=self.held.p99_ms,
            error_rate=self.held.error_rate,
            dropped_share=self.held.dropped_share,
        )


@contextmanager
def under_load(target: Target, arm: RunningArm, percent: int, *, seed: int, capacity: Step | None) -> Iterator[Load]:
    """Hold `percent` of the arm's capacity for the length of the block; measures the capacity where it is not given.

    Raises:
        TradeoffError: there is no second core, the capacity can't be found, or the load process ended.
    """
    cores = choose_cores()
    arm.pin(set(cores.arms))
    generator = Generator(target, arms=[arm_entry(arm.name, arm.url, arm.ca_file)], core=cores.generator, seed=seed)
    try:
        generator.sign_in({})
        capacity = capacity or _capacity(generator, arm, target, len(cores.arms), seed).known()
        load = Load(percent, capacity)
        limit = max(FEWEST_UNDER_WAY, math.ceil(OBJECTIVE.p99_ms / 1000 * capacity.requests_per_s))
        rate = capacity.rate * percent / 100
        generator.load(mix=target.load.mix, rate=rate, limit=limit, seed=seed, seconds=None)
        yield load
        generator.check_alive()
        load.held = read_step(generator.end_load(), arm.name)
    finally:
        generator.stop()


def _capacity(generator: Generator, arm: RunningArm, target: Target, cores: int, seed: int) -> Capacity:
    return measure_capacity(generator, arm, target.load.mix, cores=cores, seed=seed, objective=OBJECTIVE)
