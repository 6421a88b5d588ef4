"""One way to talk to two databases.

PostgreSQL is reached through SQLAlchemy's asyncio engine and asyncpg. SQLite is called in line, on the event loop: a
statement takes tens of microseconds, less than handing it to a thread and back. Three facts follow.

* A read needs no transaction and no check-out. Every statement is fetched whole before anything else can run, so that
  one connection in autocommit mode serves all readers of a process.
* A write holds SQLite's only write lock. One connection per process writes, behind an asyncio lock, so that a request
  which waits for something else in the middle of its transaction delays other writers but cannot deadlock the loop.
* A lock held by another process is polled with `asyncio.sleep`, never with SQLite's own busy handler, which would stop
  the loop.

Durability is full on both: a SQLite commit is on disk before it is acknowledged (`synchronous=FULL` under WAL).
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import CursorResult, Engine, Executable, Row, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from target_app.metrics import Metrics
from target_app.operator_error import OperatorError

#: A row whose columns are the statement's business.
AnyRow = Row[*tuple[Any, ...]]
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]

#: How long a writer waits for another process's transaction, and how often it looks.
WRITE_LOCK_TIMEOUT_S = 5.0
WRITE_LOCK_POLL_S = 0.002


class DatabaseUnavailableError(OperatorError):
    """The database cannot be reached or used."""


class DatabaseBusyError(Exception):
    """The write lock or a pooled connection was not free in time."""


class Connection(Protocol):
    """What a repository sees of either database. Every answer is fetched whole before it is returned."""

    async def rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[AnyRow]:
        """All rows of the answer."""

    async def row(self, statement: Executable, parameters: Parameters | None = None) -> AnyRow | None:
        """The first row, or None."""

    async def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """Execute a statement that returns no rows; the number of rows it matched."""


class Database(Protocol):
    """A database and the two ways to use it."""

    @property
    def checked_out(self) -> int:
        """Connections in use by requests at this moment."""

    async def open_reading(self) -> "OpenConnection":
        """A connection in autocommit mode, for reads."""

    async def open_writing(self) -> "OpenConnection":
        """A connection inside a transaction that may write."""

    async def close(self) -> None:
        """Close every connection."""


class OpenConnection(Connection, Protocol):
    """A connection that somebody has to end, exactly once, in one of three ways."""

    async def commit(self) -> None:
        """Make the transaction permanent and give the connection back."""

    async def rollback(self) -> None:
        """Undo the transaction, if there is one, and give the connection back."""


def connect(url: str, metrics: Metrics, pool_size: int = 10) -> Database:
    """The database at `url` (`sqlite:///path` or `postgresql://…`). Raises DatabaseUnavailableError for any other."""
    path = sqlite_path(url)
    if path is not None:
        return SqliteDatabase(path, metrics)
    return PostgresDatabase(asyncpg_url(url), metrics, pool_size)


def parse_url(url: str) -> URL:
    """The parts of a database URL. Raises DatabaseUnavailableError where it is none of ours."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUnavailableError("TARGET_DATABASE_URL is not a database URL") from None
    if parsed.get_backend_name() not in {"sqlite", "postgresql", "postgres"}:
        raise DatabaseUnavailableError(
            f"TARGET_DATABASE_URL names {parsed.get_backend_name()!r}; it must begin with sqlite:/// or postgresql://"
        )
    return parsed


def sqlite_path(url: str) -> Path | None:
    """The file behind a SQLite URL; None for PostgreSQL."""
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    if not parsed.database or parsed.database == ":memory:":
        raise DatabaseUnavailableError("TARGET_DATABASE_URL must name a file: sqlite:///path/to/file.db")
    return Path(parsed.database)


def asyncpg_url(url: str) -> URL:
    """A PostgreSQL URL with the driver that is used for it."""
    return parse_url(url).set(drivername="postgresql+asyncpg")


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


class InlineConnection:
    """A SQLite connection whose statements run on the event loop."""

    def __init__(self, connection: SyncConnection, metrics: Metrics) -> None:
        self._connection = connection
        self._metrics = metrics

    def _execute(self, statement: Executable, parameters: Parameters | None) -> CursorResult[*tuple[Any, ...]]:
        began = time.perf_counter()
        try:
            return self._connection.execute(statement, parameters)
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
        except BaseException:
            self._connection.rollback()
            raise
        finally:
            self._lock.release()

    async def rollback(self) -> None:
        """Undo the transaction and free the write lock."""
        try:
            self._connection.rollback()
        finally:
            self._lock.release()


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
    def checked_out(self) -> int:
        """1 while a request writes."""
        return int(self._lock.locked())

    async def open_reading(self) -> OpenConnection:
        """The shared reader."""
        return self._reader

    async def open_writing(self) -> OpenConnection:
        """The writer, in a transaction. Raises DatabaseBusyError."""
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
        return InlineWriting(self._writer, self._metrics, self._lock)

    async def _begin_immediate(self) -> None:
        driver: Any = self._writer.connection.driver_connection
        deadline = time.monotonic() + WRITE_LOCK_TIMEOUT_S
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
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


class PooledConnection:
    """A PostgreSQL connection, checked out of the pool."""

    def __init__(self, connection: AsyncConnection, metrics: Metrics) -> None:
        self._connection = connection
        self._metrics = metrics

    async def _execute(self, statement: Executable, parameters: Parameters | None) -> CursorResult[*tuple[Any, ...]]:
        began = time.perf_counter()
        try:
            return await self._connection.execute(statement, parameters)
        finally:
            self._metrics.statement(time.perf_counter() - began)

    async def rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[AnyRow]:
        """All rows of the answer."""
        return (await self._execute(statement, parameters)).all()

    async def row(self, statement: Executable, parameters: Parameters | None = None) -> AnyRow | None:
        """The first row, or None."""
        return (await self._execute(statement, parameters)).first()

    async def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """The number of rows that were matched."""
        return (await self._execute(statement, parameters)).rowcount

    async def commit(self) -> None:
        """Keep the transaction and return to the pool."""
        try:
            await self._connection.commit()
        finally:
            await self._connection.close()

    async def rollback(self) -> None:
        """Undo the transaction, if there is one, and return to the pool."""
        await self._connection.close()


class PostgresDatabase:
    """One PostgreSQL database, through a pool. Reads run in autocommit mode: no BEGIN and ROLLBACK around them."""

    def __init__(self, url: URL, metrics: Metrics, pool_size: int) -> None:
        self._metrics = metrics
        self._engine: AsyncEngine = create_async_engine(
            url, pool_size=pool_size, max_overflow=0, pool_timeout=WRITE_LOCK_TIMEOUT_S
        )
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def checked_out(self) -> int:
        """Connections out of the pool."""
        pool: Any = self._engine.pool  # the base class does not declare what every counting pool has
        return int(pool.checkedout())

    async def open_reading(self) -> OpenConnection:
        """A connection of the pool in autocommit mode."""
        return PooledConnection(await self._reading.connect(), self._metrics)

    async def open_writing(self) -> OpenConnection:
        """A connection of the pool; its first statement begins the transaction."""
        return PooledConnection(await self._engine.connect(), self._metrics)

    async def close(self) -> None:
        """Close the pool."""
        await self._engine.dispose()


@asynccontextmanager
async def transaction(database: Database) -> AsyncIterator[Connection]:
    """A transaction of its own, committed at the end of the block and undone if the block raises."""
    connection = await database.open_writing()
    try:
        yield connection
    except BaseException:
        await connection.rollback()
        raise
    await connection.commit()


#: The cheapest statement that shows a database alive.
ALIVE = text("SELECT 1")
