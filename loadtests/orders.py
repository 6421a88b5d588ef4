"""What a worker was told by its master: who sends which arrival, and up to which moment that is final.

The master says it several times a second, with the moment of the schedule at which it speaks. A new turn begins at
least HORIZON_S after that moment, so what was said at a moment holds for all arrivals that are due within HORIZON_S of
it, whatever is said later. A worker decides about an arrival only under such a word; one that heard nothing waits, and
is late. So no arrival is sent twice and none is left out, however late a message comes or however long a process stood
still.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from gevent.event import Event  # type: ignore[import-untyped]

from loadtests.split import Split

HORIZON_S = 1.0
NS = 1_000_000_000


def words(run: str, at_s: float, split: Split) -> dict[str, Any]:
    """The message: the run, the moment in seconds (below 0 before the first arrival), and the turns."""
    return {"run": run, "at_s": at_s, "turns": split.pairs()}


@dataclass(slots=True)
class Orders:
    """The last word of a run; `begin_ns` is when its schedule begins, on this machine's monotonic clock."""

    run: str = ""
    begin_ns: int = 0
    final_s: float = 0.0
    split: Split = field(default_factory=Split)
    heard: Any = field(default_factory=Event)

    def hear(self, message: dict[str, Any]) -> None:
        """Take a message of `words`; one that was overtaken changes nothing."""
        if message["run"] != self.run:
            self.run, self.begin_ns = message["run"], time.monotonic_ns() - round(message["at_s"] * NS)
        elif message["at_s"] + HORIZON_S < self.final_s:
            return
        self.final_s = message["at_s"] + HORIZON_S
        self.split = Split.of(message["turns"])
        self.heard.set()

    def mine(self, worker: str, index: int, due_s: float) -> bool:
        """Whether that worker sends that arrival; waits until this is final."""
        while due_s > self.final_s:
            self.heard.clear()
            self.heard.wait()
        return self.split.owner(index) == worker
