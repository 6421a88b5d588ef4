"""SQLite, acknowledged before it is written: the requests of a moment share one transaction, committed after them.

Each request is a savepoint of it, so that one which fails undoes only what it did itself. Until the commit all
reads of the process go through the writer's connection, or a user would not find what was just acknowledged. What the process had not
committed when it was killed is gone, whatever its clients were told.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection as SyncConnection

from target_app.metrics import Metrics
from target_app.sqlite_connection import InlineConnection, refuse_known

#: How long acknowledged writes may wait for their commit, s.
WRITTEN_WITHIN_S = 0.2


class BehindWriting(InlineConnection):
    """The writer while one request holds it; `acknowledged` is called where there is something to commit."""

    def __init__(
        self, connection: SyncConnection, metrics: Metrics, lock: asyncio.Lock, acknowledged: Callable[[], None]
    ) -> None:
        super().__init__(connection, metrics)
        self._lock = lock
        self._acknowledged = acknowledged
        self._driver.execute("SAVEPOINT request")

    async def commit(self) -> None:
        """Say that it is kept, and let the next one write."""
        self._end("RELEASE request")
        self._acknowledged()

    async def rollback(self) -> None:
        """Undo what this request did."""
        self._end("ROLLBACK TO request", "RELEASE request")

    def _end(self, *statements: str) -> None:
        try:
            for statement in statements:
                self._driver.execute(statement)
        except sqlite3.Error as error:
            refuse_known(error)
            raise
        finally:
            self._metrics.checked_out.dec()
            self._lock.release()


class Flusher:
    """Commits what was acknowledged, once for all writes of `WRITTEN_WITHIN_S`."""

    def __init__(self, connection: SyncConnection, lock: asyncio.Lock) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.driver_connection
        self._lock = lock
        self._due: asyncio.Task[None] | None = None

    @property
    def open(self) -> bool:
        """Whether a transaction waits for its commit."""
        return bool(self._driver.in_transaction)

    def wake(self) -> None:
        """Commit soon, unless that is coming anyway."""
        if self._due is None or self._due.done():
            self._due = asyncio.create_task(self._soon())

    async def close(self) -> None:
        """Commit now: a server that ends in good order loses nothing."""
        if self._due is not None:
            self._due.cancel()
            with suppress(asyncio.CancelledError):
                await self._due
        await self._commit()

    async def _soon(self) -> None:
        await asyncio.sleep(WRITTEN_WITHIN_S)
        await self._commit()

    async def _commit(self) -> None:
        async with self._lock:
            self._connection.commit()
            self._driver.commit()  # SQLAlchemy knows of no transaction where prepared statements alone were run
