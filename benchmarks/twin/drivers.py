"""Two drivers with nothing between them and the twin: statements are text, parameters stand by position."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg  # type: ignore[import-untyped]  # it ships no types


def numbered(sql: str) -> str:
    """`?` as PostgreSQL counts them: `$1`, `$2`, …"""
    first, *rest = sql.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, start=1))


class Statements(Protocol):
    """What a request runs statements with."""

    async def fetch(self, sql: str, *parameters: Any) -> Sequence[Sequence[Any]]:
        """All rows."""


class Driver(Protocol):
    """A database: its dialect's words, and the two ways to use it."""

    public: str
    no: str

    async def open(self) -> None:
        """Connect, in the running loop."""

    async def fetch(self, sql: str, *parameters: Any) -> Sequence[Sequence[Any]]:
        """All rows of a statement of its own."""

    def transaction(self) -> Any:
        """A context manager that gives Statements and commits."""


class Sqlite:
    """SQLite, called in line, one connection for reading and one for writing."""

    public, no = "articles.draft IS 0", "0"

    def __init__(self, path: str) -> None:
        self._reader = self._connect(path)
        self._writer = self._connect(path)
        self._lock = asyncio.Lock()

    def _connect(self, path: str) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    async def open(self) -> None:
        """Both are open."""

    async def fetch(self, sql: str, *parameters: Any) -> Sequence[Sequence[Any]]:
        """All rows of a statement of its own."""
        return self._reader.execute(sql, parameters).fetchall()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Statements]:
        """The writer, alone."""
        async with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            yield Inline(self._writer)
            self._writer.execute("COMMIT")


class Inline:
    """A SQLite connection inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def fetch(self, sql: str, *parameters: Any) -> Sequence[Sequence[Any]]:
        """All rows."""
        return self._connection.execute(sql, parameters).fetchall()


async def as_it_is(_connection: Any) -> None:
    """A connection that is given back has nothing to reset: asyncpg would ask the server for it at every request."""


class Postgres:
    """PostgreSQL through asyncpg and its pool; statements are prepared once a connection."""

    public, no = "articles.draft IS false", "false"

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: Any = None
        self._numbered: dict[str, str] = {}

    async def open(self) -> None:
        """Connect."""
        self._pool = await asyncpg.create_pool(self._url, min_size=1, max_size=10, reset=as_it_is)

    async def fetch(self, sql: str, *parameters: Any) -> Sequence[Sequence[Any]]:
        """All rows of a statement of its own."""
        async with self._pool.acquire() as connection:
            rows: Sequence[Sequence[Any]] = await connection.fetch(self.text(sql), *parameters)
            return rows

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Statements]:
        """A connection of the pool, in a transaction."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield Pooled(connection, self)

    def text(self, sql: str) -> str:
        """The statement as PostgreSQL takes it."""
        if sql not in self._numbered:
            self._numbered[sql] = numbered(sql)
        return self._numbered[sql]


class Pooled:
    """A PostgreSQL connection inside a transaction."""

    def __init__(self, connection: Any, driver: Postgres) -> None:
        self._connection = connection
        self._driver = driver

    async def fetch(self, sql: str, *parameters: Any) -> Sequence[Sequence[Any]]:
        """All rows."""
        rows: Sequence[Sequence[Any]] = await self._connection.fetch(self._driver.text(sql), *parameters)
        return rows


def driver(url: str) -> Driver:
    """The driver of a database URL."""
    return Sqlite(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else Postgres(url)
