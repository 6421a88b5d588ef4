"""Capacity of one arm: the highest rate of arrivals of the mix that keeps an objective, open loop.

A few short looks find about where the objective fails; slices of some seconds then gather about that rate (knee.py). A
slice begins with a queue two fifths as long as the objective allows and does not count its first second: from an empty
queue, a rate above capacity would take longer to show than a slice lasts. Latency counts from the intended send time,
so that a load process that is late makes it longer: a slice that kept the objective all the same holds; one that failed
by no more than that is void.

Other work on the arm's core, and a processor that is slower for a while, are no limits of the arm's, and come and go
from second to second. So the search is for the demand, offered rate x CPU of a visit / share of the core that was left,
at which the objective fails; the capacity is this demand by the CPU of a visit. Where an arm waits for something else
than its CPU, it fails at a low demand. A slice to which little of the core was left is void, too.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Protocol

from loadtests.arrivals import LAG_BOUND_NS
from loadtests.histogram import LatencyHistogram
from tradeoff.measure.cores import choose_cores
from tradeoff.measure.generator import Generator
from tradeoff.measure.knee import Knee, Seen, knee_of
from tradeoff.plan.objective import Objective
from tradeoff.record.events import FEWEST_LEFT, LoadSlice
from tradeoff.target.clock import busy_ns, cpu_ns
from tradeoff.target.errors import TradeoffError
from tradeoff.target.running import RunningArm

WARM_RATE, LOOK_RATE, LOOK_S = 40.0, 20.0, 1.5
SLICE_S, WARM_S = 4.0, 1.0
#: Where the looks begin, as a share of the rate at which the CPU would be full; how they go on; and their number.
FIRST_SHARE, GROWTH, LOOKS = 0.8, 1.5, 12
#: Looks with a late load process, beyond which it is to blame that nothing was found.
MOST_LATE = 0.3
#: Cores taken by other work, from which on it may be why nothing was kept.
WORTH_A_WORD = 0.3
#: Slices by which the rate for a demand is foreseen.
LAST = 5
#: Visits that may be under way before arrivals are dropped: a queue of about a second.
QUEUE_S = 1.0
#: Length of the first queue in units of the one that is as long as the objective allows.
PRIMED = 0.4
#: Slices of the short search that stands before probes under load.
SHORT_SLICES, SHORT_S = 5, 2.0


class Offer(Protocol):
    """Offers an arm a rate, visits a second, and tells what came of it."""

    def __call__(self, rate: float, seconds: float, *, seed: int) -> LoadSlice:
        """One slice; the first second of one that is longer than a look is not counted."""


@dataclass(frozen=True)
class Capacity:
    """What a search found: visits and requests a second."""

    rate: float
    requests_per_s: float


class ArmOffer:
    """Offers one arm, pinned and ready, the mix of its target."""

    def __init__(self, generator: Generator, arm: RunningArm, mix: Mapping[str, float], objective: Objective) -> None:
        self._generator, self.arm, self._mix, self._objective = generator, arm, mix, objective
        self._requests_per_visit = 1.0

    def __call__(self, rate: float, seconds: float, *, seed: int) -> LoadSlice:
        """Raises TradeoffError where the arm or the load process ended."""
        queue = rate * self._requests_per_visit * self._objective.latency_ms / 1000
        warm_s = WARM_S if seconds > LOOK_S else 0.0
        burst = round(PRIMED * queue) if warm_s else 0
        clocks = Clocks(self.arm, self._generator)
        answer = self._generator.load(
            mix=self._mix,
            rate=rate,
            limit=math.ceil(max(rate * QUEUE_S, 4 * queue)) + 8,
            seed=seed,
            seconds=seconds,
            warm_s=warm_s,
            burst=burst,
        )
        assert answer is not None
        self.arm.check_alive()
        found = read_slice(answer, self.arm.name, self._objective).model_copy(update=clocks.used())
        found.sent = round(found.offered * seconds) + burst - found.dropped
        self._requests_per_visit = max(1.0, found.requests / max(found.arrivals - found.dropped, 1))
        return found

    def first_rate(self, cores: int) -> float:
        """Warm the arm up, and guess by the CPU of a visit from which rate on to look."""
        self(WARM_RATE, LOOK_S, seed=0)
        look = self(LOOK_RATE, LOOK_S, seed=1)
        return FIRST_SHARE * cores * look.arrivals / max(look.cpu_ns / 1e9, 1e-6)


class Clocks:
    """CPU clocks of an arm, of its load process and of the arm's cores, from when this is made."""

    def __init__(self, arm: RunningArm, generator: Generator) -> None:
        self._arm, self._generator, self._cores = arm, generator, choose_cores().arms
        self._before = self._read()

    def used(self) -> dict[str, float]:
        """What was used since, by the names of a slice's fields."""
        arm, generator, busy, wall = (now - before for now, before in zip(self._read(), self._before, strict=True))
        others = min(1.0, max(0.0, (busy - arm) / (wall * len(self._cores))))
        return {"cpu_ns": arm, "generator_cpu_ns": generator, "wall_ns": wall, "others": others}

    def _read(self) -> tuple[int, int, int, int]:
        return self._arm.cpu_ns(), cpu_ns(self._generator.pid), busy_ns(self._cores), time.monotonic_ns()


def bracket(offer: Offer, first: float, objective: Objective) -> Search:
    """Look about where the objective fails: between a rate that kept it and one that broke it, from `first` on.

    Raises:
        TradeoffError: every rate that was tried broke it, or none did.
    """
    kept: LoadSlice | None = None
    broken: LoadSlice | None = None
    rate, late, others = first, 0, 0.0
    for look in range(LOOKS):
        one = offer(rate, LOOK_S, seed=look)
        others = max(others, one.others)
        if is_void(one, objective):
            late += 1
            continue
        if is_kept(one, objective):
            kept = one
        else:
            broken = one
        if kept and broken:
            return Search(math.sqrt(kept.demand * broken.demand), objective, [kept, broken])
        rate = rate * GROWTH if kept else rate / GROWTH
    raise TradeoffError(_not_found(kept, rate, late, others))


def _not_found(kept: LoadSlice | None, rate: float, late: int, others: float) -> str:
    if late > LOOKS * MOST_LATE:
        return f"the load process was late in {late} of {LOOKS} looks, or other work had the arm's core"
    if kept:
        return f"the objective holds at {kept.offered:.0f} visits/s too: this load process can't find its end"
    taken = f"; other work took up to {others:.0%} of the arm's core".replace("%", " %")
    return f"the objective fails at {rate * GROWTH:.1f} visits/s too" + (taken if others > WORTH_A_WORD else "")


class Search:
    """The slices of one arm, each at the demand that the ones before make most telling.

    `before` are slices that tell what a visit takes, and what is left of the core.
    """

    def __init__(self, about: float, objective: Objective, before: Sequence[LoadSlice]) -> None:
        self._knee, self._objective = Knee(about, objective.tail), objective
        self._rates = [one.left / one.cpu_per_visit for one in before]

    @property
    def rate(self) -> float:
        """Visits a second that need what is left of the core, by the middle one of the last slices."""
        return median(self._rates[-LAST:])

    def slice(self, offer: Offer, seconds: float, *, seed: int) -> LoadSlice:
        """Make one, and learn from it unless it is void."""
        one = offer(self._knee.next_rate() * self.rate, seconds, seed=seed)
        self._rates.append(one.left / one.cpu_per_visit)
        if not is_void(one, self._objective):
            self._knee.see(seen(one, self._objective))
        return one


def search_capacity(
    offer: Offer, first: float, objective: Objective, *, slices: int, seconds: float = SLICE_S
) -> list[LoadSlice]:
    """Slices about the capacity, those that are void left out.

    Raises:
        TradeoffError: no rate keeps the objective, or the load process was late in most slices.
    """
    search = bracket(offer, first, objective)
    found: list[LoadSlice] = []
    for number in range(2 * slices):
        one = search.slice(offer, seconds, seed=LOOKS + number)
        if not is_void(one, objective):
            found.append(one)
        if len(found) == slices:
            return found
    raise TradeoffError(f"the load process was late in {2 * slices - len(found)} of {2 * slices} slices")


def measure_capacity(offer: ArmOffer, *, cores: int, objective: Objective) -> Capacity:
    """A short search on an arm that is alone and has so many cores; takes about twenty seconds.

    Raises:
        TradeoffError: there is no capacity to be found, or the arm or the load process ended.
    """
    first = offer.first_rate(cores)
    slices = search_capacity(offer, first, objective, slices=SHORT_SLICES, seconds=SHORT_S)
    left = median(one.left / one.cpu_per_visit for one in slices)
    rate = estimate(slices, objective).quantile(0.5) * left
    visits = sum(one.arrivals - one.dropped for one in slices)
    return Capacity(rate, rate * sum(one.requests for one in slices) / max(visits, 1))


def estimate(slices: Sequence[LoadSlice], objective: Objective) -> Knee:
    """The belief that slices lead to, over demand."""
    return knee_of([seen(one, objective) for one in slices], objective.tail)


def seen(one: LoadSlice, objective: Objective) -> Seen:
    """A slice as the search takes it."""
    return Seen(one.demand, one.broken(objective), one.requests)


def is_kept(one: LoadSlice, objective: Objective) -> bool:
    """Whether no more requests broke the objective than may."""
    return one.broken(objective) <= objective.tail


def is_void(one: LoadSlice, objective: Objective) -> bool:
    """Whether the load process was late, and the objective might have held if it had not been.

    Where it was late by half of what the objective allows, it could not read answers in time either. A slice is void as
    well where other work took most of the arm's core.
    """
    lag_ms = one.lag_p99_ns / 1e6
    if one.others > 1 - FEWEST_LEFT:
        return True
    if one.lag_p99_ns <= LAG_BOUND_NS or is_kept(one, objective):
        return False
    return one.tail_ms - lag_ms <= objective.latency_ms or lag_ms > objective.latency_ms / 2


def read_slice(answer: Mapping[str, Any], arm: str, objective: Objective) -> LoadSlice:
    """What the load process says of a load on one arm; the CPU clocks are not in it."""
    counts = answer["arms"][arm]
    histogram = LatencyHistogram.decode(counts["histogram"])
    (tail,) = histogram.summary((objective.percentile,)).percentiles
    bound_ns = objective.latency_ms * 1e6
    return LoadSlice(
        seconds=(answer["sent_ns"] - answer["started_ns"]) / 1e9,
        arrivals=counts["arrivals"],
        dropped=counts["dropped"],
        requests=counts["requests"],
        errors=counts["errors"],
        slow=sum(number for latency_ns, number in histogram.counts().items() if latency_ns > bound_ns),
        tail_ms=tail.value_ns / 1e6,
        lag_p99_ns=answer["lag_ns"]["p99"],
    )
