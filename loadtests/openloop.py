"""The pacing core: sends each arrival at its own time, whatever becomes of those before.

Until 2 ms before a send time the greenlet sleeps; a timer is not more exact than that on a busy machine. Then it polls:
an idle watcher of the highest priority runs once in every turn of the event loop, so answers are still read in between.
`gevent.sleep(0)` will not do: it is served again within the same turn and keeps sockets waiting for up to 5 ms.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil

import gevent  # type: ignore[import-untyped]

POLL_NS = 2_000_000


@dataclass(frozen=True, slots=True)
class LagSummary:
    """How late sends were, in ns after their intended times."""

    p50: int
    p99: int
    max: int


class Lag:
    """Send lags of a window or run."""

    def __init__(self) -> None:
        self._values = array("q")

    def record(self, lag_ns: int) -> None:
        """Count one send."""
        self._values.append(lag_ns)

    def summary(self) -> LagSummary:
        """Nearest-rank percentiles; zeros without a send."""
        ranked = sorted(self._values)
        if not ranked:
            return LagSummary(0, 0, 0)
        return LagSummary(*(ranked[max(1, ceil(share * len(ranked))) - 1] for share in (0.5, 0.99, 1.0)))


class Flight:
    """Arrivals under way, from being due to having ended: how many there are now, and the most there were."""

    def __init__(self) -> None:
        self.now = 0
        self.most = 0

    def begin(self) -> None:
        """One more."""
        self.now += 1
        self.most = max(self.most, self.now)

    def end(self) -> None:
        """One less."""
        self.now -= 1


def pace(offsets_ns: Iterable[int], start: Callable[[int, int], None]) -> None:
    """Call `start(index, due_ns)` for each offset from now, at its time; `start` must not block (spawn, don't send).

    An arrival that is late is started at once. Times are monotonic, ns.
    """
    hub = gevent.get_hub()
    turn = hub.loop.idle()
    turn.priority = hub.loop.MAXPRI
    begin = time.monotonic_ns()
    try:
        for index, offset in enumerate(offsets_ns):
            due = begin + offset
            _wait(due, lambda: hub.wait(turn))
            start(index, due)
    finally:
        turn.close()


def _wait(due_ns: int, poll: Callable[[], None]) -> None:
    while (left := due_ns - time.monotonic_ns()) > POLL_NS:
        gevent.sleep((left - POLL_NS) / 1e9)
    poll()  # also when late: what was started before must get its turn
    while time.monotonic_ns() < due_ns:
        poll()
