"""The master's part of the open loop: it begins when all are there, says whose turn it is, and notices who is gone.

A worker that is not heard of for GONE_S is gone: from a second later on the others send its share. What it was to send
until then and did not report is counted as lost, so that every arrival is accounted for. A worker that comes later gets
a turn.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import gevent  # type: ignore[import-untyped]

from loadtests.arrivals import schedule
from loadtests.engine import Engine
from loadtests.orders import HORIZON_S, NS, words
from loadtests.outcome import Arrivals
from loadtests.recorder import Figures
from loadtests.split import Split

log = logging.getLogger(__name__)

TICK_S = 0.2
GONE_S = 3.0
LEAD_S = 0.3  # from the last one's being there to the first arrival
PATIENCE_S = 120.0  # for users that start


@dataclass(slots=True)
class Worker:
    """One sending process. `due` arrivals it has reported, of which `sent` were sent and `ended` came to their end."""

    heard_s: float
    here: bool = False
    done: bool = False
    gone: bool = False
    due: int = 0
    sent: int = 0
    ended: int = 0


class Conductor:
    """One run. `say` sends words to all workers; `alive` names the processes that are to take part."""

    def __init__(
        self,
        engine: Engine,
        say: Callable[[dict[str, Any]], None],
        alive: Callable[[], set[str]],
        end: Callable[[], None],
    ) -> None:
        assert engine.profile is not None
        self._engine, self._say, self._alive, self._end = engine, say, alive, end
        self._seconds = engine.profile.seconds
        self._workers: dict[str, Worker] = {}
        self._split, self._run = Split(), uuid4().hex
        self._ahead = _Ahead(schedule(engine.profile, engine.spacing, engine.seed))
        self._begin_ns: int | None = None
        self._greenlet = gevent.spawn(self._conduct)

    def here(self, name: str) -> None:
        """A worker's crew is in place."""
        self._of(name).here = True

    def done(self, name: str) -> None:
        """A worker has sent all that is its own, and all of that has come to its end."""
        self._of(name).done = True

    def report(self, name: str, figures: Figures) -> None:
        """A worker is heard of."""
        worker = self._of(name)
        for health in figures.stages.values():
            worker.due += health.due
            worker.sent += health.sent
            worker.ended += health.ended

    def stop(self) -> None:
        """The run is over."""
        self._greenlet.kill(block=False)

    @property
    def begun_s(self) -> float:
        """When the first arrival was due, or now before that; monotonic."""
        return time.monotonic() if self._begin_ns is None else self._begin_ns / NS

    @property
    def at_s(self) -> float:
        """The moment of the schedule; below 0 before the first arrival."""
        return -LEAD_S if self._begin_ns is None else (time.monotonic_ns() - self._begin_ns) / NS

    @property
    def left(self) -> float:
        """How much of the schedule is still to come, by the part that has been; infinite without an end."""
        at_s = self.at_s
        return (self._seconds - at_s) / at_s if at_s > 0 else float("inf")

    def account(self) -> Arrivals:
        """Where all arrivals are."""
        gone = {name: worker for name, worker in self._workers.items() if worker.gone}
        lost = sum(max(0, self._split.owned(name, self._ahead.index) - worker.due) for name, worker in gone.items())
        due = sum(worker.due for worker in self._workers.values())
        unanswered = sum(worker.sent - worker.ended for worker in self._workers.values())
        return Arrivals(due + lost, due, lost, unanswered, tuple(gone))

    def _of(self, name: str) -> Worker:
        worker = self._workers.setdefault(name, Worker(time.monotonic()))
        worker.heard_s = time.monotonic()
        return worker

    def _conduct(self) -> None:
        if not self._gathered():
            log.error("No worker was ready to send within %g s.", PATIENCE_S)
            self._end()
            return
        self._begin_ns = time.monotonic_ns() + round(LEAD_S * NS)
        while not self._over():
            self._take_turns()
            self._say(words(self._run, self.at_s, self._split))
            before = time.monotonic()
            gevent.sleep(TICK_S)
            if time.monotonic() - before > GONE_S / 2:
                self._excuse()  # it is this process that stood still
        self._end()

    def _excuse(self) -> None:
        for worker in self._workers.values():
            worker.heard_s = time.monotonic()

    def _gathered(self) -> bool:
        """Wait until all that are alive are here."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            here = {name for name, worker in self._workers.items() if worker.here}
            if here and self._alive() <= here:
                return True
            gevent.sleep(TICK_S)
        return any(worker.here for worker in self._workers.values())

    def _take_turns(self) -> None:
        """A new turn where who is here has changed."""
        at_s = self.at_s
        self._ahead.reach(at_s + HORIZON_S)
        now = tuple(sorted(name for name in self._workers if self._sends(name)))
        if now and now != self._split.workers:
            self._split.begin(self._ahead.index if self._split.turns else 0, now)

    def _sends(self, name: str) -> bool:
        worker = self._workers[name]
        if worker.here and not worker.gone and time.monotonic() - worker.heard_s > GONE_S:
            worker.gone = True
            log.warning("Worker %s is gone: the others send its share from arrival %d on.", name, self._ahead.index)
        return worker.here and not worker.gone

    def _over(self) -> bool:
        left = [worker for worker in self._workers.values() if worker.here and not worker.gone]
        return not left or (self.at_s > self._seconds and all(worker.done for worker in left))


class _Ahead:
    """Walks along the schedule; `index` is the first arrival that is due at or after the moment reached."""

    def __init__(self, offsets: Iterator[int]) -> None:
        self._offsets, self.index = offsets, 0
        self._next: int | None = next(offsets, None)

    def reach(self, at_s: float) -> None:
        """Go on to a moment."""
        at_ns = at_s * NS
        while self._next is not None and self._next < at_ns:
            self.index += 1
            self._next = next(self._offsets, None)
