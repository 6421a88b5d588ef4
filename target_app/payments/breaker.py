"""A circuit breaker: after some failures in a row nobody asks for a while, then one asks for all.

Each worker has its own: what it learns takes a few requests, and a shared one would need the shared store, which may be
what is gone.
"""

import time
from collections.abc import Callable
from typing import Literal

State = Literal["closed", "half_open", "open"]

FAILURES = 5
OPEN_S = 1.0


class CircuitBreaker:
    """Counts failures in a row. `changed` is told of every new state, `clock` gives seconds."""

    def __init__(
        self,
        changed: Callable[[State], None],
        clock: Callable[[], float] = time.monotonic,
        failures: int = FAILURES,
        open_s: float = OPEN_S,
    ) -> None:
        self._changed = changed
        self._clock = clock
        self._most = failures
        self._open_s = open_s
        self._failed = 0
        self._retry_at = 0.0
        self.state: State = "closed"
        changed("closed")

    def admits(self) -> bool:
        """Whether the next call may be made. Where it says so while open, that call decides what comes next."""
        if self.state == "closed":
            return True
        if self._clock() < self._retry_at:
            return False
        # A caller that is never heard of again must not close the door for good: the next one may try later.
        self._retry_at = self._clock() + self._open_s
        self._become("half_open")
        return True

    def succeeded(self) -> None:
        """The other side answers."""
        self._failed = 0
        self._become("closed")

    def failed(self) -> None:
        """The other side does not answer, or does not work."""
        self._failed += 1
        if self.state == "half_open" or self._failed >= self._most:
            self._retry_at = self._clock() + self._open_s
            self._become("open")

    def _become(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self._changed(state)
