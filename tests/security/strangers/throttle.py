"""A bound on how often something may be tried."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Hashable
from typing import Final

WINDOW_S: Final = 60.0


class Throttle:
    """At most `budget` tries of one key within the last minute."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._tries: dict[Hashable, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def spent(self, key: Hashable) -> bool:
        """Whether the budget of this key is used up now."""
        with self._lock:
            return self._recent(key) >= self._budget

    def note(self, key: Hashable) -> None:
        """Counts one try."""
        with self._lock:
            self._tries[key].append(time.monotonic())

    def _recent(self, key: Hashable) -> int:
        tries = self._tries[key]
        while tries and tries[0] < time.monotonic() - WINDOW_S:
            tries.popleft()
        return len(tries)
