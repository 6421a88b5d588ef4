"""Work beside the requests: each worker repeats its tasks until it drains."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from target_app.metrics import Metrics

LOG = logging.getLogger(__name__)
#: Workers of one server must not all look at the same rows at the same moment.
JITTER = 0.2
RANDOM = secrets.SystemRandom()


@dataclass
class Task:
    """Something to repeat every `interval_s` seconds, or at once when it is woken."""

    name: str
    interval_s: float
    run: Callable[[], Awaitable[None]]
    done: Callable[[], None]
    failed: Callable[[], None]
    _due: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Run soon: there is something to do."""
        self._due.set()

    async def repeat(self) -> None:
        """Run until cancelled. A failure is logged and the task goes on: what it could not do is still there."""
        while True:
            pause = self.interval_s * RANDOM.uniform(1 - JITTER, 1 + JITTER)
            try:
                async with asyncio.timeout(pause):
                    await self._due.wait()
            except TimeoutError:
                pass
            self._due.clear()
            try:
                await self.run()
            except Exception:  # whatever went wrong, the next round may go well
                self.failed()
                LOG.exception("the task %s failed", self.name)
            else:
                self.done()


class Background:
    """All tasks of one worker."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._tasks: list[Task] = []
        self._running: list[asyncio.Task[None]] = []

    def add(self, name: str, interval_s: float, run: Callable[[], Awaitable[None]]) -> Task:
        """A task that starts with the server."""
        done, failed = (self._metrics.background_run(name, outcome) for outcome in ("done", "failed"))
        task = Task(name, interval_s, run, done, failed)
        self._tasks.append(task)
        return task

    def start(self) -> None:
        """Begin all tasks."""
        self._running = [asyncio.create_task(task.repeat(), name=task.name) for task in self._tasks]

    async def stop(self) -> None:
        """End all tasks; what one was doing is undone by its own transaction."""
        for running in self._running:
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
