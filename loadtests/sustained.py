"""A sustained load: visits by a mix of journeys, for some seconds or until it is said to be enough.

Open loop, arrivals come at a rate, whatever becomes of those before. Above capacity the visits under way would grow
without end. Real users give up; here an arrival that finds `limit` visits under way is not sent, and counted as
dropped. Closed loop, each of some users comes again as soon as the last answer is in.

What comes in the first `warm_s` seconds is sent and not counted. A `burst` of visits at the very beginning brings a
queue about, which otherwise takes longer to build up than a short load lasts.
"""

from __future__ import annotations

import random
import time
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, chain, count, repeat, takewhile
from typing import Any

import gevent  # type: ignore[import-untyped]
from gevent.pool import Group  # type: ignore[import-untyped]

from loadtests.arrivals import KINDS, NS
from loadtests.duet import Duet, Tally
from loadtests.journeys import JOURNEYS
from loadtests.openloop import Lag, pace
from loadtests.walk import walk

HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Pressure:
    """Open loop: `rate` arrivals a second in all, by weight, and how many visits may be under way in an arm."""

    mix: Mapping[str, float]
    rate: float
    limit: int
    seed: int
    seconds: float | None = None
    warm_s: float = 0.0
    burst: int = 0


@dataclass(frozen=True, slots=True)
class Crowd:
    """Closed loop: so many users at once in every arm, whose visits are of the mix by weight."""

    mix: Mapping[str, float]
    users: int
    seed: int
    seconds: float
    warm_s: float = 0.0


@dataclass(slots=True)
class Sustained:
    """One sustained load: monotonic times in ns, a tally for each arm, arrivals dropped by arm, and how late it was."""

    duet: Duet
    mix: Mapping[str, float]
    seed: int
    tallies: dict[str, Tally]
    dropped: dict[str, int]
    lag: Lag = field(default_factory=Lag)
    started_ns: int = 0
    sent_ns: int = 0
    _running: Any = field(default_factory=Group)
    _faults: list[Exception] = field(default_factory=list)

    def hold(self, pressure: Pressure, enough: Callable[[], bool]) -> None:
        """Send arrivals until the seconds are over or `enough`, then wait for the last answers.

        Raises Uncast if nobody can play a part in a journey, OwnLimit if this machine could not carry the load.
        """
        self._begin(pressure.warm_s)
        pace(_schedule(pressure, enough), self._arrivals(pressure.limit))
        self._end()

    def circulate(self, crowd: Crowd) -> None:
        """Keep the users at it until the seconds are over. Raises as `hold` does."""
        self._begin(crowd.warm_s)
        end_ns, arrivals = self.started_ns + round(crowd.seconds * NS), count()
        for arm in self.tallies:
            for user in range(crowd.users):
                self._running.spawn(self._come_again, arm, self._journeys(f"{arm}/{user}"), arrivals, end_ns)
        gevent.sleep(crowd.seconds)
        self._end()

    def _begin(self, warm_s: float) -> None:
        for journey in self.mix:
            self.duet.accounts.check(journey, JOURNEYS[journey].cast)
        self.started_ns = time.monotonic_ns()
        if warm_s:
            gevent.spawn_later(warm_s, self._count_from_now)

    def _count_from_now(self) -> None:
        """Visits under way go on, uncounted."""
        self.tallies = {arm: Tally(flight=tally.flight) for arm, tally in self.tallies.items()}
        self.dropped, self.lag = dict.fromkeys(self.dropped, 0), Lag()
        self.started_ns = time.monotonic_ns()

    def _end(self) -> None:
        self.sent_ns = time.monotonic_ns()
        for tally in self.tallies.values():
            tally.backlog_end = tally.flight.now
        self._running.join()
        if self._faults:
            raise self._faults[0]

    def _journeys(self, salt: object) -> Iterator[str]:
        return evenly(self.mix, random.Random(f"{self.seed}/{salt}"))

    def _arrivals(self, limit: int) -> Callable[[int, int], None]:
        draw, journeys = random.Random(self.seed), self._journeys("open")

        def arrive(arrival: int, due_ns: int) -> None:
            journey = next(journeys)
            for arm in draw.sample(list(self.tallies), len(self.tallies)):
                self._send(arm, journey, arrival, due_ns, limit)

        return arrive

    def _send(self, arm: str, journey: str, arrival: int, due_ns: int, limit: int) -> None:
        tally = self.tallies[arm]
        if tally.flight.now >= limit:
            tally.arrivals += 1
            self.dropped[arm] += 1
            return
        self._running.spawn(self._visit, arm, tally, journey, arrival, due_ns)
        tally.arrivals += 1
        tally.flight.begin()

    def _come_again(self, arm: str, journeys: Iterator[str], arrivals: Iterator[int], end_ns: int) -> None:
        for journey in journeys:
            if (now := time.monotonic_ns()) >= end_ns or self._faults:
                return
            tally = self.tallies[arm]
            tally.arrivals += 1
            tally.flight.begin()
            self._visit(arm, tally, journey, next(arrivals), now)

    def _visit(self, arm: str, tally: Tally, journey: str, arrival: int, due_ns: int) -> None:
        cast, visit = self.duet.cast(arm, arrival), self.duet.visit(arrival, self.seed)
        self.lag.record(time.monotonic_ns() - due_ns)
        try:
            came_to_its_end = walk(JOURNEYS[journey].steps(visit), cast.send, due_ns, tally.observe)
            tally.completed += came_to_its_end  # apart from the walk: others count while it waits
        except Exception as error:  # raised again when all are done: a greenlet can only print it
            self._faults.append(error)
        finally:
            tally.flight.end()


def evenly(mix: Mapping[str, float], draw: random.Random) -> Iterator[str]:
    """Journeys without end by weight: each hundred has every journey as often as its weight says, in random order.

    By independent choices a few seconds would hold twice as many of a rare, dear journey as the next ones
    (docs/decisions/0002-arrivals-choose-evenly.md).
    """
    names, bounds = list(mix), list(accumulate(mix.values()))
    while True:
        start = draw.random()
        hundred = [names[bisect(bounds, (start + place) / HUNDRED * bounds[-1])] for place in range(HUNDRED)]
        draw.shuffle(hundred)
        yield from hundred


def _schedule(pressure: Pressure, enough: Callable[[], bool]) -> Iterator[int]:
    end = float("inf") if pressure.seconds is None else pressure.seconds * NS
    arrivals = chain(repeat(0, pressure.burst), KINDS["poisson"](pressure.rate, pressure.seed))
    return takewhile(lambda offset: offset < end and not enough(), arrivals)


def sustained(duet: Duet, load: Pressure | Crowd) -> Sustained:
    """A load on all arms of a duet, not begun yet."""
    return Sustained(duet, load.mix, load.seed, {name: Tally() for name in duet.arms}, dict.fromkeys(duet.arms, 0))
