"""Whether the generator, not the target, set a stage's figures: send lag, stalls, exhausted sockets, dropped arrivals.

A stage is void when one of these is large enough to be seen in its p99: then the figure says nothing about the target.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import gevent  # type: ignore[import-untyped]

from loadtests.arrivals import LAG_BOUND_NS
from loadtests.histogram import LatencyHistogram

#: The loop is looked at this often; it stalled if it came so much later.
LOOK_NS = 10_000_000
STALL_NS = 5_000_000

#: A fault of the generator counts where it reaches this share of the stage: then the p99 may be its own.
SEEN_SHARE = 0.01

#: Send lag below this share of the target's own p99 does not set it.
LAG_SHARE = 0.05

#: What this machine, not the target, is at its end with: file descriptors, ports, memory.
OWN_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})


@dataclass(slots=True)
class StageHealth:
    """One stage as its generators saw it; all counts add up over processes.

    `due` arrivals were theirs to send: `sent` and `dropped` ones. Of the sent, `ended` ones came to their own end.
    Times in ns.
    """

    due: int = 0
    sent: int = 0
    dropped: int = 0
    ended: int = 0
    exhausted: int = 0
    backlog_most: int = 0
    watched_ns: int = 0
    stalled_ns: int = 0
    longest_stall_ns: int = 0
    lag: LatencyHistogram = field(default_factory=LatencyHistogram)

    def add(self, other: StageHealth) -> None:
        """Add what another process, or the same one since, has seen."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.backlog_most = max(self.backlog_most, other.backlog_most)
        self.longest_stall_ns = max(self.longest_stall_ns, other.longest_stall_ns)
        self.lag.merge(other.lag)

    def watch(self, watched_ns: int, stalled_ns: int) -> None:
        """The event loop was looked at for a time, and stood still for some of it."""
        self.watched_ns += watched_ns
        self.stalled_ns += stalled_ns
        self.longest_stall_ns = max(self.longest_stall_ns, stalled_ns)

    def faults(self, p99_ns: int) -> Iterator[str]:
        """Why the stage is void, a sentence each; `p99_ns` is the p99 latency that it measured."""
        (lag,) = self.lag.summary((99.0,)).percentiles
        if lag.value_ns > LAG_BOUND_NS and lag.value_ns > LAG_SHARE * p99_ns:
            yield f"the generator was overloaded: p99 lag {lag.value_ns / 1e6:.1f}, above {LAG_BOUND_NS / 1e6:g} ms"
        if self.stalled_ns > SEEN_SHARE * self.watched_ns and self.longest_stall_ns > LAG_SHARE * p99_ns:
            share, longest = self.stalled_ns / self.watched_ns, self.longest_stall_ns / 1e6
            yield f"the generator's loop stood still for {share:.1%} of the time, {longest:.0f} ms at the longest"
        if self.exhausted:
            yield f"{self.exhausted} connections could not be opened: no ports, descriptors or memory are left here"
        if self.dropped > SEEN_SHARE * self.due:
            yield f"{self.dropped / self.due:.1%} of the arrivals were dropped: --open-limit were under way"

    def as_json(self) -> dict[str, Any]:
        """All of it, for a message or a file."""
        return {**{name: getattr(self, name) for name in (*_SUMS, *_MAXIMA)}, "lag": self.lag.cells()}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> StageHealth:
        """What `as_json` gave."""
        return cls(**{**content, "lag": LatencyHistogram.of_cells(content["lag"])})


_SUMS = ("due", "sent", "dropped", "ended", "exhausted", "watched_ns", "stalled_ns")
_MAXIMA = ("backlog_most", "longest_stall_ns")


def exhausted(error: BaseException | None) -> bool:
    """Whether this machine's own limits are behind an error, or behind what caused it."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in OWN_LIMITS:
            return True
        error = error.__cause__ or error.__context__
    return False


class Watch:
    """Looks every 10 ms whether the event loop still turns; `note(watched, stalled)` gets both times in ns."""

    def __init__(self, note: Callable[[int, int], None]) -> None:
        self._note = note
        self._greenlet = gevent.spawn(self._look)

    def stop(self) -> None:
        """Look no more."""
        self._greenlet.kill(block=False)

    def _look(self) -> None:
        before = time.monotonic_ns()
        while True:
            gevent.sleep(LOOK_NS / 1e9)
            now = time.monotonic_ns()
            late = now - before - LOOK_NS
            self._note(now - before, late if late > STALL_NS else 0)
            before = now
