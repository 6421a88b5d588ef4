"""How many requests and seconds a run may take, and which share of them each family of attacks gets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from security.probe.client import Meter

FEWEST, SHORTEST_S = 10, 0.5
GENEROUS, GENEROUS_S = 2.5, 3.0


class SpentError(Exception):
    """The run's budget, or the share of this family, is used up; the message says which."""


@dataclass
class Budget(Meter):
    """A meter with a ceiling: `limit` requests and `seconds` from now, of which shares can be lent out."""

    limit: int = 300
    seconds: float = 26.0
    _began: float = field(default_factory=time.monotonic, repr=False)
    _share: int = field(default=0, repr=False)
    _share_ends: float = field(default=0.0, repr=False)

    def pass_one(self) -> None:
        """Count one request; raises `SpentError` where there is none left."""
        if self.requests >= self.limit or self.elapsed >= self.seconds:
            raise SpentError(f"The budget of {self.limit} requests and {self.seconds:.0f} s is spent.")
        if self._share and (self.requests >= self._share or time.monotonic() >= self._share_ends):
            raise SpentError("This attack's share of the budget is spent.")
        super().pass_one()

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    @property
    def left(self) -> int:
        """Requests that may still be sent, of this share where there is one."""
        return max(0, min(self.limit, self._share or self.limit) - self.requests)

    @contextmanager
    def share(self, weight: float, of: float, kept: int = 0, least: int = 0) -> Iterator[None]:
        """Lend more than `weight / of` of what is left to a family: few use theirs up.

        `kept` requests are left out of it, for families that can do nothing with fewer than they need: what is kept
        for this one is its `least`.
        """
        part = min(1.0, weight / of)
        free = max(0, self.limit - kept - self.requests)
        lent_requests = max(FEWEST, round(free * min(1.0, GENEROUS * part)))
        self._share = self.requests + max(1, least, min(free, lent_requests))
        lent = (self.seconds - self.elapsed) * min(1.0, GENEROUS_S * part)
        self._share_ends = time.monotonic() + max(SHORTEST_S, lent)
        try:
            yield
        finally:
            self._share = 0
