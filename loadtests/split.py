"""Who sends which arrival, when several workers share one schedule: no gaps, nothing twice.

Every worker makes the whole schedule, which its seed decides, and sends the arrivals that are its own: from some index
on, those in turn among the workers that were alive then. When one is gone, or another comes, a new turn begins at an
index that lies in the future, so that all learn of it before it is due.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Turn:
    """From `first` on, the workers come one after another."""

    first: int
    workers: tuple[str, ...]

    def owned(self, worker: str, until: int) -> int:
        """How many indices from `first` to below `until` are that worker's."""
        if worker not in self.workers:
            return 0
        place, turns = self.workers.index(worker), len(self.workers)
        return max(0, -(-(until - self.first - place) // turns))


@dataclass(slots=True)
class Split:
    """Turns, in ascending order of their first index."""

    turns: list[Turn] = field(default_factory=list)

    @classmethod
    def of(cls, turns: Sequence[tuple[int, Sequence[str]]]) -> Split:
        """From pairs of a first index and the workers, as `pairs` gives them."""
        return cls([Turn(first, tuple(workers)) for first, workers in turns])

    def pairs(self) -> list[tuple[int, list[str]]]:
        """For a message."""
        return [(turn.first, list(turn.workers)) for turn in self.turns]

    def begin(self, first: int, workers: Sequence[str]) -> None:
        """A new turn; one that would have begun later, or then, never does."""
        self.turns = [turn for turn in self.turns if turn.first < first]
        self.turns.append(Turn(first, tuple(workers)))

    @property
    def workers(self) -> tuple[str, ...]:
        """Those of the last turn."""
        return self.turns[-1].workers if self.turns else ()

    def owner(self, index: int) -> str:
        """Who sends that arrival."""
        turn = self.turns[-1]
        if index < turn.first:
            turn = self.turns[bisect_right(self.turns, index, key=lambda one: one.first) - 1]
        return turn.workers[(index - turn.first) % len(turn.workers)]

    def owned(self, worker: str, below: int) -> int:
        """How many arrivals with an index below `below` are that worker's."""
        ends = [turn.first for turn in self.turns[1:]] + [below]
        return sum(turn.owned(worker, min(end, below)) for turn, end in zip(self.turns, ends, strict=True))
