"""One way to talk to two databases: what a repository sees, what opens it, and which URLs there are.

SQLite is in `sqlite.py`, PostgreSQL in `postgres.py`. Durability is full on both: a commit is on disk before it is
acknowledged.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy import Executable, Row, literal, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from target_app.metrics import Metrics
from target_app.operator_error import OperatorError
from target_app.prepared import Prepared

#: A row whose columns are the statement's business.
AnyRow = Row[*tuple[Any, ...]]
#: A row of a prepared statement: its columns by position.
Fetched = Sequence[Any]
NOTHING: Mapping[str, Any] = MappingProxyType({})
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class DatabaseUnavailableError(OperatorError):
    """The database cannot be reached or used."""


class DatabaseBusyError(Exception):
    """The write lock was not free in time, or a statement was given up: too slow, or in another's way."""


class DatabaseAwayError(Exception):
    """The database does not answer or cannot store. Of a transaction that it ended, nothing is known to be kept."""


class ConstraintError(Exception):
    """A constraint of the database refused a change: something is taken, or what it refers to is gone."""


class Connection(Protocol):
    """What a repository sees of either database. Every answer is fetched whole before it is returned."""

    async def fetch_all(self, prepared: Prepared, parameters: Mapping[str, Any] = NOTHING) -> Sequence[Fetched]:
        """All rows of a prepared statement."""

    async def fetch_one(self, prepared: Prepared, parameters: Mapping[str, Any] = NOTHING) -> Fetched | None:
        """The first row of a prepared statement, or None."""

    async def change(self, prepared: Prepared, parameters: Mapping[str, Any] = NOTHING) -> int:
        """Execute a prepared statement that returns no rows; the number of rows it matched."""

    async def rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[AnyRow]:
        """All rows of the answer."""

    async def row(self, statement: Executable, parameters: Parameters | None = None) -> AnyRow | None:
        """The first row, or None."""

    async def run(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """Execute a statement that returns no rows; the number of rows it matched."""


class Database(Protocol):
    """A database and the two ways to use it."""

    @property
    def size(self) -> int:
        """Connections that requests may use at one moment."""

    @property
    def checked_out(self) -> int:
        """Connections in use by requests at this moment."""

    def acknowledge_early(self) -> None:
        """Let writers go on before what they wrote is on disk; called before any connection is opened."""

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


def connect(url: str, metrics: Metrics, pool_size: int = 10, statement_timeout_ms: int = 5000) -> Database:
    """The database at `url` (`sqlite:///path` or `postgresql://…`). Raises DatabaseUnavailableError for any other."""
    path = sqlite_path(url)
    if path is not None:
        from target_app.sqlite import SqliteDatabase

        return SqliteDatabase(path, metrics)
    from target_app.postgres import PostgresDatabase  # which takes as long to import as a small server

    return PostgresDatabase(asyncpg_url(url), metrics, pool_size, statement_timeout_ms)


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
ALIVE = Prepared(select(literal(1)))
