"""Servers of which the truth is known by formula: queues, simulated request by request, with noise if asked for."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from scipy.optimize import brentq

from tradeoff.measure.capacity import LOOK_S, PRIMED, WARM_S
from tradeoff.plan.objective import Objective
from tradeoff.record.events import LoadSlice

DISTURBED_S = 0.6


@dataclass
class Server:
    """Stations in a row, each one server with exponential service times; whoever finds `room` in the first is refused.

    `disturbed` is the share of slices within which everything stands still for a while; `jitter` the spread of the
    server's speed from slice to slice (log); `cold` requests are served more slowly, by up to three times, at first.
    """

    rates: tuple[float, ...]
    room: int | None = None
    disturbed: float = 0.0
    jitter: float = 0.0
    cold: int = 0
    lag_ms: float = 0.5
    seed: int = 0
    served: int = 0
    draw: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)

    def __call__(self, rate: float, seconds: float, *, seed: int) -> LoadSlice:
        """An offer, as the search makes it."""
        warm_s = WARM_S if seconds > LOOK_S else 0.0
        burst = round(PRIMED * rate * Objective().latency_ms / 1000) if warm_s else 0
        times = [0.0] * burst + list(self._arrivals(rate, seconds))
        pause_at = self.draw.uniform(warm_s, seconds) if self.draw.random() < self.disturbed else math.inf
        waits, refused = self._serve(times, pause_at, math.exp(self.draw.gauss(0, self.jitter)))
        counted = [wait for at, wait in waits if at >= warm_s]
        return _slice(counted, sum(at >= warm_s for at in refused), seconds - warm_s, self.lag_ms)

    def _arrivals(self, rate: float, seconds: float) -> list[float]:
        times, now = list[float](), self.draw.expovariate(rate)
        while now < seconds:
            times.append(now)
            now += self.draw.expovariate(rate)
        return times

    def _serve(
        self, times: list[float], pause_at: float, speed: float
    ) -> tuple[list[tuple[float, float]], list[float]]:
        free, done, refused = [0.0] * len(self.rates), list[tuple[float, float]](), list[float]()
        ends: list[float] = []
        gone = 0
        for at in times:
            while gone < len(ends) and ends[gone] <= at:
                gone += 1
            if self.room is not None and len(ends) - gone >= self.room:
                refused.append(at)
                continue
            now = at
            for station, service_rate in enumerate(self.rates):
                start = max(now, free[station])
                if start >= pause_at:
                    start, pause_at = start + DISTURBED_S, math.inf
                now = start + self.draw.expovariate(service_rate) * self._slowness() / speed
                free[station] = now
                if station == 0:
                    ends.append(now)
            self.served += 1
            done.append((at, now - at))
        return done, refused

    def _slowness(self) -> float:
        return 1.0 + 2.0 * max(0.0, 1 - self.served / self.cold) if self.cold else 1.0


def _slice(waits: list[float], refused: int, seconds: float, lag_ms: float) -> LoadSlice:
    requests, ranked = len(waits) + refused, sorted([0.0] * refused + waits)
    return LoadSlice(
        seconds=seconds,
        arrivals=requests,
        dropped=0,
        requests=requests,
        errors=refused,
        slow=sum(wait * 1000 > Objective().latency_ms for wait in waits),
        tail_ms=ranked[max(0, math.ceil(0.99 * requests) - 1)] * 1000 if ranked else 0.0,
        lag_p99_ns=round(lag_ms * 1e6),
    )


def true_capacity(server: Server, objective: Objective) -> float:
    """The rate at which the share of slow requests, or of refused ones, is the one that the objective allows.

    Sojourn times: M/M/1, exp(-(mu - rate) t); two in a row, the sum of two independent such times (Burke 1956, Reich
    1957). Refusals: M/M/1/K (Kleinrock, Queueing Systems I, 3.6).
    """
    bound_s, top = objective.latency_ms / 1000, min(server.rates)

    def slow(rate: float) -> float:
        return _sojourn_tail([mu - rate for mu in server.rates], bound_s) - objective.tail

    def refused(rate: float) -> float:
        assert server.room is not None
        load = rate / server.rates[0]
        return (1 - load) * load**server.room / (1 - load ** (server.room + 1)) - objective.errors

    ends: list[Callable[[float], float]] = [slow] if server.room is None else [refused]
    return min(float(brentq(end, top * 0.1, top * 0.99999)) for end in ends)


def _sojourn_tail(slack: list[float], bound_s: float) -> float:
    if len(slack) == 1:
        return math.exp(-slack[0] * bound_s)
    first, second = slack
    return (first * math.exp(-second * bound_s) - second * math.exp(-first * bound_s)) / (first - second)
