"""Where passwords are hashed: on the event loop, which does nothing else meanwhile, or beside it."""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from target_app.controls.model import Factor, Kit, Level
from target_app.threads import Room, Threads

Answer = TypeVar("Answer")


class HashPlacement(Protocol):
    """Does slow work that holds no lock."""

    async def run(self, work: Callable[[], Answer]) -> Answer:
        """The result of `work`. Raises ApiError 503 where too much is waiting."""

    def close(self) -> None:
        """Let what is running end, drop what waits."""


class Inline:
    """In the coroutine that asks: every other request of the worker waits until the hash is there."""

    def __init__(self, kit: Kit) -> None:
        self._observe = kit.metrics.password_hash_seconds.observe

    async def run(self, work: Callable[[], Answer]) -> Answer:
        """Now, and here."""
        began = time.perf_counter()
        answer = work()
        self._observe(time.perf_counter() - began)
        return answer

    def close(self) -> None:
        """Nothing is open."""
        return


class ThreadPool:
    """In a few threads with a bounded queue: the event loop never hashes."""

    def __init__(self, kit: Kit) -> None:
        self._observe = kit.metrics.password_hash_seconds.observe
        self._threads = Threads(
            "password",
            Room(kit.settings.hash_threads, kit.settings.hash_queue_limit),
            kit.metrics.hash_queue,
            kit.metrics.decision("hash_placement", "allow"),
            kit.metrics.decision("hash_placement", "deny"),
        )

    async def run(self, work: Callable[[], Answer]) -> Answer:
        """In the next thread that is free."""
        return await self._threads.run(work, self._observe)

    def close(self) -> None:
        """Shut the pool down."""
        self._threads.close()


HASH_PLACEMENT: Factor[HashPlacement] = Factor(
    name="hash_placement",
    kind="control",
    threat="A few log-ins at a time keep a worker from answering anybody else",
    owasp=("API4",),
    asvs=("15.4.4",),
    cwe=("400",),
    cost_hypothesis="Under 0.2 ms a log-in, for the way to the thread and back, beside a hash of 42 ms",
    journeys=("log_in",),
    levels=(
        Level("inline", "weak", "on the event loop", Inline, trips=("log_ins_block_others",)),
        Level("thread_pool", "strong", "a bounded pool of threads, 503 when its queue is full", ThreadPool),
    ),
)
