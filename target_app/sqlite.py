"""SQLite, called in line, on the event loop.

A statement takes tens of microseconds, less than handing it to a thread and back. Three facts follow.

* A read needs no transaction and no check-out. Every answer is fetched whole before anything else can run, so that one
  connection in autocommit mode serves all readers of a process.
* A write holds SQLite's only write lock. One connection per process writes, behind an asyncio lock, so that a request
  which waits for something else in the middle of its transaction delays other writers but cannot deadlock the loop.
* A lock held by another process is polled with `asyncio.sleep`, never with SQLite's own busy handler, which would stop
  the loop.

A commit is on disk before it is acknowledged (`synchronous=FULL` under WAL).
"""

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from target_app.database import (
    DatabaseBusyError,
    DatabaseUnavailableError,
    OpenConnection,
)
from target_app.metrics import Metrics
from target_app.sqlite_behind import BehindWriting, Flusher
from target_app.sqlite_connection import InlineConnection, refuse_known

#: How long a writer waits for another process's transaction, and how often it looks.
WRITE_LOCK_TIMEOUT_S = 5.0
WRITE_LOCK_POLL_S = 0.002


def prepare_sqlite(connection: sqlite3.Connection, _record: object = None) -> None:
    """Set what every SQLite connection here needs; WAL itself is a property of the file."""
    connection.isolation_level = None  # transactions are begun by hand, so that a write one begins IMMEDIATE
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=0"):
        connection.execute(f"PRAGMA {pragma}")


def sqlite_engine(path: Path) -> Engine:
    """A synchronous engine on one SQLite file, each connection made anew and prepared."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", prepare_sqlite)
    return engine


class InlineReading(InlineConnection):
    """The shared reader: nothing to end, because no transaction is open."""

    async def commit(self) -> None:
        """Nothing to keep."""
        return

    async def rollback(self) -> None:
        """Nothing to undo."""
        return


class InlineWriting(InlineConnection):
    """The process's writer while one request holds it."""

    def __init__(self, connection: SyncConnection, metrics: Metrics, lock: asyncio.Lock) -> None:
        super().__init__(connection, metrics)
        self._lock = lock

    async def commit(self) -> None:
        """Keep the transaction and free the write lock."""
        try:
            self._connection.commit()
            self._driver.commit()  # SQLAlchemy knows of no transaction where prepared statements alone were run
        except (DBAPIError, sqlite3.Error) as error:
            self._undo()
            refuse_known(error)
            raise
        except BaseException:
            self._undo()
            raise
        finally:
            self._metrics.checked_out.dec()
            self._lock.release()

    async def rollback(self) -> None:
        """Undo the transaction and free the write lock."""
        try:
            self._undo()
        finally:
            self._metrics.checked_out.dec()
            self._lock.release()

    def _undo(self) -> None:
        self._connection.rollback()
        self._driver.rollback()


class SqliteDatabase:
    """One SQLite file, seen by one process."""

    def __init__(self, path: Path, metrics: Metrics) -> None:
        if not path.parent.is_dir():
            raise DatabaseUnavailableError(f"the folder of the database does not exist: {path.parent}")
        self._metrics = metrics
        self._engine = sqlite_engine(path)
        self._writer = self._engine.connect()
        self._reader_connection = self._engine.connect()
        self._reader = InlineReading(self._reader_connection, metrics)
        self._lock = asyncio.Lock()
        self._flusher: Flusher | None = None

    def acknowledge_early(self) -> None:
        """Writes are committed a moment after they are acknowledged (`sqlite_behind.py`)."""
        self._flusher = Flusher(self._writer, self._lock)
        self._reader = InlineReading(self._writer, self._metrics)

    @property
    def size(self) -> int:
        """One writes at a time."""
        return 1

    @property
    def checked_out(self) -> int:
        """1 while a request writes."""
        return int(self._lock.locked())

    async def open_reading(self) -> OpenConnection:
        """The shared reader."""
        return self._reader

    async def open_writing(self) -> OpenConnection:
        """The writer, in a transaction. Raises DatabaseBusyError and DatabaseAwayError."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(WRITE_LOCK_TIMEOUT_S):
                await self._lock.acquire()
        except TimeoutError:
            raise DatabaseBusyError("the write lock of the database was not free in time") from None
        try:
            if self._flusher is None or not self._flusher.open:
                await self._begin_immediate()
        except BaseException:
            self._lock.release()
            raise
        finally:
            self._metrics.pool_wait_seconds.observe(time.perf_counter() - began)
        self._metrics.checked_out.inc()
        return self._writing()

    def _writing(self) -> OpenConnection:
        if self._flusher is None:
            return InlineWriting(self._writer, self._metrics, self._lock)
        return BehindWriting(self._writer, self._metrics, self._lock, self._flusher.wake)

    async def _begin_immediate(self) -> None:
        driver: Any = self._writer.connection.driver_connection
        deadline = time.monotonic() + WRITE_LOCK_TIMEOUT_S
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    refuse_known(error)
                    raise
                if time.monotonic() >= deadline:
                    raise DatabaseBusyError("another process holds the write lock of the database") from None
                await asyncio.sleep(WRITE_LOCK_POLL_S)
            else:
                return

    async def close(self) -> None:
        """Close both connections."""
        if self._flusher is not None:
            await self._flusher.close()
        self._reader_connection.close()
        self._writer.close()
        self._engine.dispose()
