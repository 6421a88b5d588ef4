"""PostgreSQL, through a pool."""

import time
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import CursorResult, Executable
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from target_app.database import (
    NOTHING,
    AnyRow,
    ConstraintError,
    DatabaseAwayError,
    DatabaseBusyError,
    Fetched,
    OpenConnection,
    Parameters,
)
from target_app.metrics import Metrics
from target_app.postgres_pool import Pool, Session
from target_app.postgres_session import CONNECT_TIMEOUT_S, FAILURES
from target_app.prepared import Prepared

#: How long a request waits for a connection of the pool.
POOL_TIMEOUT_S = 5.0
#: A transaction that waits for its client longer than this is undone by the server, so that its locks are freed.
IDLE_IN_TRANSACTION_MS = 10_000
#: How much later than the server the client gives a statement up: then the server itself hangs.
PATIENCE_S = 1.0
#: Statements that a connection keeps prepared: all that there are.
KEPT_STATEMENTS = 512

#: SQLSTATEs, by how they begin, of a server that goes, comes, is full, changes roles or cannot use its disk.
AWAY = ("08", "25006", "25P03", "53", "57P", "58")
#: Statements given up: a failed serialization or deadlock, a lock or a time limit.
GIVEN_UP = ("40", "55P03", "57014")
BROKEN = ("23",)
STATES = ((GIVEN_UP, DatabaseBusyError), (AWAY, DatabaseAwayError), (BROKEN, ConstraintError))

Answer = TypeVar("Answer")


def meaning(error: BaseException) -> Exception | None:
    """What an error of the driver, or of SQLAlchemy about the driver, says to a repository; None where nothing."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return DatabaseAwayError("the connection was lost")
        state = str(getattr(error.orig, "sqlstate", None) or "")
    elif isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
    elif isinstance(error, FAILURES):  # no connection could be made, or nothing came through it
        return DatabaseAwayError(type(error).__name__)
    else:
        return None
    return next((kind(f"SQLSTATE {state}") for begins, kind in STATES if state.startswith(begins)), None)


class PooledConnection:
    """A PostgreSQL connection, checked out of the pool."""

    def __init__(self, session: Session, pool: Pool, metrics: Metrics) -> None:
        self._session = session
        self._driver = session.driver
        self._pool = pool
        self._metrics = metrics

    async def _heard(self, asked: Awaitable[Answer]) -> Answer:
        """The server's answer. Raises ConstraintError, DatabaseBusyError and DatabaseAwayError."""
        try:
            return await asked
        except BaseException as error:
            known = meaning(error)
            answered = isinstance(error, DBAPIError | asyncpg.PostgresError)
            self._session.spoilt = isinstance(known, DatabaseAwayError) or not answered
            if known is None:
                raise
            raise known from error

    async def _answer(self, asked: Awaitable[Answer]) -> Answer:
        """The same, counted and timed as a statement."""
        began = time.perf_counter()
        try:
            return await self._heard(asked)
        finally:
            self._metrics.statement(time.perf_counter() - began)

    async def fetch_all(self, prepared: Prepared, parameters: Mapping[str, Any] = NOTHING) -> Sequence[Fetched]:
        """All rows of a prepared statement."""
        sql = prepared.postgres
        rows: Sequence[Fetched] = await self._answer(self._driver.fetch(sql.sql, *sql.arguments(parameters)))
        return rows

    async def fetch_one(self, prepared: Prepared, parameters: Mapping[str, Any] = NOTHING) -> Fetched | None:
        """The first row of a prepared statement, or None."""
        sql = prepared.postgres
        row: Fetched | None = await self._answer(self._driver.fetchrow(sql.sql, *sql.arguments(parameters)))
        return row

    async def change(self, prepared: Prepared, parameters: Mapping[str, Any] = NOTHING) -> int:
        """The number of rows that were matched."""
        sql = prepared.postgres
        tag: str = await self._answer(self._driver.execute(sql.sql, *sql.arguments(parameters)))
        return int(tag.rpartition(" ")[2])

    async def _execute(self, statement: Executable, parameters: Parameters | None) -> CursorResult[*tuple[Any, ...]]:
        return await self._answer(self._session.wrapped.execute(statement, parameters))

    async def rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[AnyRow]:
        """All rows of the answer."""
        return (await self._execute(statement, parameters)).all()

    async def row(self, statement: Executable, parameters: Parameters | None = None) -> AnyRow | None:
        """The first row, or None."""
        return (await self._execute(statement, parameters)).first()

    async def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """The number of rows that were matched."""
        return (await self._execute(statement, parameters)).rowcount

    async def begin(self) -> None:
        """Begin a transaction; where that fails the connection goes back to the pool."""
        try:
            await self._heard(self._driver.execute("BEGIN"))
        except BaseException:
            await self.rollback()
            raise

    async def commit(self) -> None:
        """Keep the transaction, if there is one, and return to the pool."""
        try:
            if self._driver.is_in_transaction():
                await self._keep()
        finally:
            await self.rollback()

    async def rollback(self) -> None:
        """Undo the transaction, if there is one, and return to the pool."""
        self._metrics.checked_out.dec()
        await self._pool.give_back(self._session)

    async def _keep(self) -> None:
        done = await self._heard(self._driver.execute("COMMIT"))
        if done != "COMMIT":  # a transaction in which a statement failed is undone, and that is no error to the server
            raise DatabaseAwayError(f"the transaction was not kept: {done}")


class PostgresDatabase:
    """One PostgreSQL database, through a pool. Reads run in autocommit mode: no BEGIN and ROLLBACK around them."""

    def __init__(self, url: URL, metrics: Metrics, pool_size: int, statement_timeout_ms: int) -> None:
        self._metrics = metrics
        engine = create_async_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "timeout": CONNECT_TIMEOUT_S,
                "command_timeout": statement_timeout_ms / 1000 + PATIENCE_S,
                "statement_cache_size": KEPT_STATEMENTS,
                "server_settings": {
                    "application_name": "target_app",
                    "statement_timeout": str(statement_timeout_ms),
                    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
                },
            },
        )
        self._pool = Pool(engine, pool_size)

    def acknowledge_early(self) -> None:
        """A commit no longer waits for the disk: what a killed database had not flushed is gone."""
        self._pool.prepare = "SET synchronous_commit = off"

    @property
    def size(self) -> int:
        """Connections in the pool."""
        return self._pool.size

    @property
    def checked_out(self) -> int:
        """Connections out of the pool."""
        return self._pool.checked_out

    async def open_reading(self) -> OpenConnection:
        """A connection of the pool in autocommit mode. Raises DatabaseBusyError and DatabaseAwayError."""
        return await self._open()

    async def open_writing(self) -> OpenConnection:
        """A connection of the pool, in a transaction. Raises DatabaseBusyError and DatabaseAwayError."""
        connection = await self._open()
        await connection.begin()
        return connection

    async def _open(self) -> PooledConnection:
        began = time.perf_counter()
        try:
            session = await self._pool.take(POOL_TIMEOUT_S)
        except (DBAPIError, *FAILURES) as error:
            known = meaning(error)
            if known is None:
                raise
            raise known from error
        finally:
            self._metrics.pool_wait_seconds.observe(time.perf_counter() - began)
        self._metrics.checked_out.inc()
        return PooledConnection(session, self._pool, self._metrics)

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()
