"""PostgreSQL, through a pool."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import CursorResult, Executable, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from target_app.database import (
    NOTHING,
    AnyRow,
    DatabaseAwayError,
    DatabaseBusyError,
    Fetched,
    OpenConnection,
    Parameters,
)
from target_app.metrics import Metrics
from target_app.postgres_session import CONNECT_TIMEOUT_S, FAILURES
from target_app.prepared import Prepared

#: How long a request waits for a connection of the pool.
POOL_TIMEOUT_S = 5.0
#: A transaction that waits for its client longer than this is undone by the server, so that its locks are freed.
IDLE_IN_TRANSACTION_MS = 10_000
#: How much later than the server the client gives a statement up: then the server itself hangs.
PATIENCE_S = 1.0

#: SQLSTATEs, by how they begin, of a server that goes, comes, is full, changes roles or cannot use its disk.
AWAY = ("08", "25006", "25P03", "53", "57P", "58")
#: Statements given up: a failed serialization or deadlock, a lock or a time limit.
GIVEN_UP = ("40", "55P03", "57014")


def refuse_passing(error: Exception) -> None:
    """Raises DatabaseAwayError or DatabaseBusyError for what may have passed when the client comes back."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            raise DatabaseAwayError("the connection was lost") from error
        state = str(getattr(error.orig, "sqlstate", None) or "")
    elif isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
    else:  # no connection could be made, or nothing came through it
        raise DatabaseAwayError(type(error).__name__) from error
    if state.startswith(GIVEN_UP):
        raise DatabaseBusyError(f"the statement was given up: {state}") from error
    if state.startswith(AWAY):
        raise DatabaseAwayError(f"the server refuses: {state}") from error


def refuse_closed(connection: Any, _record: object, _fairy: object) -> None:
    """Take no connection from the pool whose server has gone: a look at a flag, where a ping would be a round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


class PooledConnection:
    """A PostgreSQL connection, checked out of the pool."""

    def __init__(self, connection: AsyncConnection, metrics: Metrics) -> None:
        self._connection = connection
        self._metrics = metrics

    async def _execute(self, statement: Executable, parameters: Parameters | None) -> CursorResult[*tuple[Any, ...]]:
        began = time.perf_counter()
        try:
            return await self._connection.execute(statement, parameters)
        except (DBAPIError, *FAILURES) as error:
            refuse_passing(error)
            raise
        finally:
            self._metrics.statement(time.perf_counter() - began)

    async def fetch_all(self, prepared: Prepared, parameters: Mapping[str, Any] = NOTHING) -> Sequence[Fetched]:
        """All rows of a prepared statement."""
        return (await self._execute(prepared.statement, parameters)).all()

    async def fetch_one(self, prepared: Prepared, parameters: Mapping[str, Any] = NOTHING) -> Fetched | None:
        """The first row of a prepared statement, or None."""
        return (await self._execute(prepared.statement, parameters)).first()

    async def change(self, prepared: Prepared, parameters: Mapping[str, Any] = NOTHING) -> int:
        """The number of rows that were matched."""
        return (await self._execute(prepared.statement, parameters)).rowcount

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
        except (DBAPIError, *FAILURES) as error:
            refuse_passing(error)
            raise
        finally:
            await self.rollback()

    async def rollback(self) -> None:
        """Undo the transaction, if there is one, and return to the pool."""
        self._metrics.checked_out.dec()
        await self._connection.close()


class PostgresDatabase:
    """One PostgreSQL database, through a pool. Reads run in autocommit mode: no BEGIN and ROLLBACK around them."""

    def __init__(self, url: URL, metrics: Metrics, pool_size: int, statement_timeout_ms: int) -> None:
        self._metrics = metrics
        self._engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_S,
            connect_args={
                "timeout": CONNECT_TIMEOUT_S,
                "command_timeout": statement_timeout_ms / 1000 + PATIENCE_S,
                "server_settings": {
                    "application_name": "target_app",
                    "statement_timeout": str(statement_timeout_ms),
                    "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
                },
            },
        )
        event.listen(self._engine.sync_engine, "checkout", refuse_closed)
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def size(self) -> int:
        """Connections in the pool."""
        pool: Any = self._engine.pool
        return int(pool.size())

    @property
    def checked_out(self) -> int:
        """Connections out of the pool."""
        pool: Any = self._engine.pool  # the base class does not declare what every counting pool has
        return int(pool.checkedout())

    async def open_reading(self) -> OpenConnection:
        """A connection of the pool in autocommit mode."""
        return await self._open(self._reading)

    async def open_writing(self) -> OpenConnection:
        """A connection of the pool; its first statement begins the transaction."""
        return await self._open(self._engine)

    async def _open(self, engine: AsyncEngine) -> OpenConnection:
        began = time.perf_counter()
        try:
            connection = PooledConnection(await engine.connect(), self._metrics)
        except (DBAPIError, *FAILURES) as error:
            refuse_passing(error)
            raise
        finally:
            self._metrics.pool_wait_seconds.observe(time.perf_counter() - began)
        self._metrics.checked_out.inc()
        return connection

    async def close(self) -> None:
        """Close the pool."""
        await self._engine.dispose()
