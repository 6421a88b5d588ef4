"""Slow work beside the event loop: a few threads, and a queue that is bounded."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from prometheus_client import Gauge

from target_app.web.errors import busy

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Room:
    """How many threads there are, and how many callers may wait for one."""

    threads: int
    waiting: int


class Threads:
    """A pool of threads. The event loop never does the work, and whoever finds the queue full is told so at once."""

    def __init__(
        self,
        name: str,
        room: Room,
        queue: Gauge,
        allow: Callable[[], None] = lambda: None,
        deny: Callable[[], None] = lambda: None,
    ) -> None:
        self._threads = ThreadPoolExecutor(room.threads, thread_name_prefix=name)
        self._limit = room.threads + room.waiting
        self._queue = queue
        self._allow = allow
        self._deny = deny
        self._pending = 0

    async def run(self, work: Callable[[], Answer], observe: Callable[[float], None]) -> Answer:
        """The result of `work`; `observe` is told the seconds that it took, waiting included. Raises ApiError 503."""
        if self._pending >= self._limit:
            self._deny()
            raise busy()
        self._allow()
        self._queue.inc()
        self._pending += 1
        began = time.perf_counter()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._pending -= 1
            self._queue.dec()
            observe(time.perf_counter() - began)

    def close(self) -> None:
        """Let what is running end, drop what waits."""
        self._threads.shutdown(wait=False, cancel_futures=True)
