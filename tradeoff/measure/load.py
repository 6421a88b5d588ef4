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

from tradeoff.measure.capacity import ArmOffer, Capacity, measure_capacity, read_slice
from tradeoff.measure.cores import choose_cores
from tradeoff.measure.generator import Generator, arm_entry
from tradeoff.plan.objective import Objective
from tradeoff.record.events import HeldLoad, LoadSlice
from tradeoff.target.description import Target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.running import RunningArm

OBJECTIVE = Objective(errors=0.0)
FEWEST_UNDER_WAY = 8
#: A load below this share of what was intended is another load.
SENT_SHARE = 0.9


@dataclass
class Load:
    """A load on one arm: its capacity, and what was held, once it has ended."""

    percent: int
    capacity: Capacity
    held: LoadSlice | None = None

    def event(self) -> HeldLoad:
        """What was held, for the record.

        Raises:
            TradeoffError: the load was not what it should have been.
        """
        assert self.held is not None
        intended = self.capacity.rate * self.percent / 100
        if self.held.offered < SENT_SHARE * intended:
            raise TradeoffError(f"the load process sent {self.held.offered:.0f} of {intended:.0f} arrivals a second")
        return HeldLoad(
            percent=self.percent,
            capacity=self.capacity.rate,
            capacity_requests=self.capacity.requests_per_s,
            rate=self.held.offered,
            requests=self.held.requests_per_s,
            p99_ms=self.held.tail_ms,
            error_rate=self.held.error_rate,
            dropped_share=self.held.dropped_share,
        )


@contextmanager
def under_load(
    target: Target, arm: RunningArm, percent: int, *, seed: int, capacity: Capacity | None
) -> Iterator[Load]:
    """Hold `percent` of the arm's capacity for the length of the block; measures the capacity where it is not given.

    Raises:
        TradeoffError: there is no second core, the capacity can't be found, or the load process ended.
    """
    cores = choose_cores()
    arm.pin(set(cores.arms))
    generator = Generator(target, arms=[arm_entry(arm.name, arm.url, arm.ca_file)], core=cores.generator, seed=seed)
    try:
        generator.sign_in({})
        if capacity is None:
            offer = ArmOffer(generator, arm, target.load.mix, OBJECTIVE)
            capacity = measure_capacity(offer, cores=len(cores.arms), objective=OBJECTIVE)
        load = Load(percent, capacity)
        limit = max(FEWEST_UNDER_WAY, math.ceil(OBJECTIVE.latency_ms / 1000 * capacity.requests_per_s))
        rate = capacity.rate * percent / 100
        generator.load(mix=target.load.mix, rate=rate, limit=limit, seed=seed, seconds=None)
        yield load
        generator.check_alive()
        load.held = read_slice(generator.end_load(), arm.name, OBJECTIVE)
    finally:
        generator.stop()
