"""A sustained load: arrivals of a mix of journeys, open loop, for some seconds or until it is said to be enough.

Above capacity the visits under way would grow without end. Real users give up; here an arrival that finds `limit`
visits under way is not sent, and counted as dropped.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from gevent.pool import Group  # type: ignore[import-untyped]

from loadtests.arrivals import KINDS, NS
from loadtests.duet import Duet, Tally
from loadtests.journeys import JOURNEYS
from loadtests.openloop import Lag, pace
from loadtests.walk import walk


@dataclass(frozen=True, slots=True)
class Pressure:
    """What is asked for: `rate` arrivals a second in all, by weight, and how many visits may be under way in an arm."""

    mix: Mapping[str, float]
    rate: float
    limit: int
    seed: int
    seconds: float | None = None


@dataclass(slots=True)
class Sustained:
    """One sustained load: monotonic times in ns, a tally for each arm, arrivals dropped by arm, and how late it was."""

    duet: Duet
    pressure: Pressure
    tallies: dict[str, Tally]
    dropped: dict[str, int]
    lag: Lag = field(default_factory=Lag)
    started_ns: int = 0
    sent_ns: int = 0
    _running: Any = field(default_factory=Group)
    _faults: list[Exception] = field(default_factory=list)

    def hold(self, enough: Callable[[], bool]) -> None:
        """Send arrivals until the seconds are over or `enough`, then wait for the last answers.

        Raises Uncast if nobody can play a part in a journey, OwnLimit if this machine could not carry the load.
        """
        for journey in self.pressure.mix:
            self.duet.accounts.check(journey, JOURNEYS[journey].cast)
        self.started_ns = time.monotonic_ns()
        pace(self._schedule(enough), self._arrivals())
        self.sent_ns = time.monotonic_ns()
        for tally in self.tallies.values():
            tally.backlog_end = tally.flight.now
        self._running.join()
        if self._faults:
            raise self._faults[0]

    def _schedule(self, enough: Callable[[], bool]) -> Iterator[int]:
        end = float("inf") if self.pressure.seconds is None else self.pressure.seconds * NS
        arrivals = KINDS["poisson"](self.pressure.rate, self.pressure.seed)
        return takewhile(lambda offset: offset < end and not enough(), arrivals)

    def _arrivals(self) -> Callable[[int, int], None]:
        draw = random.Random(self.pressure.seed)
        names, weights = list(self.pressure.mix), list(self.pressure.mix.values())

        def arrive(arrival: int, due_ns: int) -> None:
            (journey,) = draw.choices(names, weights)
            for arm in draw.sample(list(self.tallies), len(self.tallies)):
                self._send(arm, journey, arrival, due_ns)

        return arrive

    def _send(self, arm: str, journey: str, arrival: int, due_ns: int) -> None:
        tally = self.tallies[arm]
        tally.arrivals += 1
        if tally.flight.now >= self.pressure.limit:
            self.dropped[arm] += 1
            return
        tally.flight.begin()
        self._running.spawn(self._visit, arm, journey, arrival, due_ns)

    def _visit(self, arm: str, journey: str, arrival: int, due_ns: int) -> None:
        tally = self.tallies[arm]
        cast, visit = self.duet.cast(arm, arrival), self.duet.visit(arrival, self.pressure.seed)
        self.lag.record(time.monotonic_ns() - due_ns)
        try:
            came_to_its_end = walk(JOURNEYS[journey].steps(visit), cast.send, due_ns, tally.observe)
            tally.completed += came_to_its_end  # apart from the walk: others count while it waits
        except Exception as error:  # raised again when all are done: a greenlet can only print it
            self._faults.append(error)
        finally:
            tally.flight.end()


def sustained(duet: Duet, pressure: Pressure) -> Sustained:
    """A load on all arms of a duet, not begun yet."""
    return Sustained(duet, pressure, {name: Tally() for name in duet.arms}, dict.fromkeys(duet.arms, 0))
