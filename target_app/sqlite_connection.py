"""A connection to SQLite whose statements run in line, and what its errors mean."""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import CursorResult, Executable
from sqlalchemy.exc import DBAPIError

from target_app.database import (
    NOTHING,
    AnyRow,
    ConstraintError,
    DatabaseAwayError,
    DatabaseBusyError,
    Fetched,
    Parameters,
)
from target_app.metrics import Metrics
from target_app.prepared import Prepared

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
