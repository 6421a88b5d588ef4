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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import CursorResult, Engine, Executable, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from target_app.database import (
    NOTHING,
    AnyRow,
    ConstraintError,
    DatabaseAwayError,
    DatabaseBusyError,
    DatabaseUnavailableError,
    Fetched,
    OpenConnection,
    Parameters,
)
from target_app.metrics import Metrics
from target_app.prepared import Prepared

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


#: What may pass: a lock, no memory, a file that cannot be read, written, opened or grown. Corruption does not.
BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
AWAY = frozenset(
    {
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)


def refuse_known(error: Exception) -> None:
    """Raises DatabaseAwayError or DatabaseBusyError for what may have passed when the client comes back, and
    ConstraintError.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    if code in BUSY:
        raise DatabaseBusyError("another process holds a lock of the database") from error
    if code in AWAY:
        raise DatabaseAwayError(f"the file cannot be used: {cause}") from error
    if code == sqlite3.SQLITE_CONSTRAINT:
        raise ConstraintError(str(cause)) from error


class InlineConnection:
    """A SQLite connection whose statements run on the event loop."""

    def __init__(self, connection: SyncConnection, metrics: Metrics) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.driver_connection
        self._metrics = metrics

    def _fetch(self, prepared: Prepared, parameters: Mapping[str, Any]) -> sqlite3.Cursor:
        sql = prepared.sqlite
        began = time.perf_counter()
        try:
            cursor: sqlite3.Cursor = self._driver.execute(sql.sql, sql.arguments(parameters))
            return cursor
        finally:
            self._metrics.statement(time.perf_counter() - began)

    async def fetch_all(self, prepared: Prepared, parameters: Mapping[str, Any] = NOTHING) -> Sequence[Fetched]:
        """All rows of a prepared statement."""
        try:
            return self._fetch(prepared, parameters).fetchall()
        except sqlite3.Error as error:
            refuse_known(error)
            raise

    async def fetch_one(self, prepared: Prepared, parameters: Mapping[str, Any] = NOTHING) -> Fetched | None:
        """The first row of a prepared statement, or None."""
        try:
            cursor = self._fetch(prepared, parameters)
            row: Fetched | None = cursor.fetchone()
            cursor.close()  # a statement that is not read to its end holds its snapshot
        except sqlite3.Error as error:
            refuse_known(error)
            raise
        return row

    async def change(self, prepared: Prepared, parameters: Mapping[str, Any] = NOTHING) -> int:
        """The number of rows that were matched."""
        try:
            return self._fetch(prepared, parameters).rowcount
        except sqlite3.Error as error:
            refuse_known(error)
            raise

    def _execute(self, statement: Executable, parameters: Parameters | None) -> CursorResult[*tuple[Any, ...]]:
        began = time.perf_counter()
        try:
            return self._connection.execute(statement, parameters)
        except DBAPIError as error:
            refuse_known(error)
            raise
        finally:
            self._metrics.statement(time.perf_counter() - began)

    async def rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[AnyRow]:
        """All rows of the answer."""
        return self._execute(statement, parameters).all()

    async def row(self, statement: Executable, parameters: Parameters | None = None) -> AnyRow | None:
        """The first row, or None."""
        return self._execute(statement, parameters).first()

    async def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """The number of rows that were matched."""
        result = self._execute(statement, parameters)
        matched = result.rowcount
        result.close()
        return matched


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
            await self._begin_immediate()
        except BaseException:
            self._lock.release()
            raise
        finally:
            self._metrics.pool_wait_seconds.observe(time.perf_counter() - began)
        self._metrics.checked_out.inc()
        return InlineWriting(self._writer, self._metrics, self._lock)

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
        self._reader_connection.close()
        self._writer.close()
        self._engine.dispose()
