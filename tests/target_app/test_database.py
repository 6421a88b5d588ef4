import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from target_app import sqlite as module
from target_app.articles.models import tags
from target_app.database import (
    ALIVE,
    Database,
    DatabaseBusyError,
    DatabaseUnavailableError,
    connect,
    sqlite_path,
    transaction,
)
from target_app.metrics import Metrics

ADD = insert(tags).values(name="python", articles_count=1)
NAMES = select(tags.c.name)


def with_database(url: str, work: Callable[[Database], Awaitable[Any]]) -> Any:
    """The result of `work` on an open database."""

    async def run() -> Any:
        database = connect(url, Metrics())
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


@contextmanager
def locked_by_another(url: str) -> Iterator[sqlite3.Connection]:
    """Another connection that holds the write lock."""
    path = sqlite_path(url)
    assert path is not None
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


async def fail_in_transaction(database: Database) -> None:
    """Write, then raise."""
    async with transaction(database) as connection:
        await connection.run(ADD)
        raise ZeroDivisionError


def test_commit_is_seen_and_rollback_is_not(database_url: str) -> None:
    """Readers see a transaction when it has ended well, and nothing of one that raised."""

    async def work(database: Database) -> list[list[str]]:
        reader = await database.open_reading()
        seen = []
        with pytest.raises(ZeroDivisionError):
            await fail_in_transaction(database)
        seen.append([row.name for row in await reader.rows(NAMES)])
        async with transaction(database) as connection:
            await connection.run(ADD)
            seen.append([row.name for row in await reader.rows(NAMES)])
        seen.append([row.name for row in await reader.rows(NAMES)])
        return seen

    assert with_database(database_url, work) == [[], [], ["python"]]


def test_writers_of_one_process_take_turns(database_url: str) -> None:
    """A transaction that waits in its middle delays the next writer and does not block the event loop."""

    async def work(database: Database) -> list[str]:
        order: list[str] = []
        entered = asyncio.Event()

        async def first() -> None:
            async with transaction(database) as connection:
                await connection.run(ADD)
                entered.set()
                await asyncio.sleep(0.05)
                order.append("first")

        async def second() -> None:
            await entered.wait()
            assert database.checked_out == 1
            async with transaction(database) as connection:
                await connection.run(text("DELETE FROM tags"))
                order.append("second")

        await asyncio.gather(first(), second())
        assert database.checked_out == 0
        return order

    assert with_database(database_url, work) == ["first", "second"]


def test_another_process_is_waited_for_without_blocking(database_url: str) -> None:
    """While another process holds the write lock the loop goes on, and the writer gets its turn afterwards."""

    async def work(database: Database) -> int:
        with locked_by_another(database_url) as other:
            writer = asyncio.create_task(write(database))
            turns = 0
            while turns < 10:
                await asyncio.sleep(0.002)
                turns += 1
            assert not writer.done()
            other.execute("COMMIT")
            await writer
        return turns

    async def write(database: Database) -> None:
        async with transaction(database) as connection:
            await connection.run(ADD)

    assert with_database(database_url, work) == 10


def test_a_lock_that_is_never_freed_ends_in_an_error(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer gives up after the time-out, and the next one can write."""
    monkeypatch.setattr(module, "WRITE_LOCK_TIMEOUT_S", 0.02)

    async def work(database: Database) -> None:
        with locked_by_another(database_url), pytest.raises(DatabaseBusyError):
            await database.open_writing()
        async with transaction(database) as connection:
            await connection.run(ADD)

    with_database(database_url, work)


def test_a_commit_is_on_disk(database_url: str) -> None:
    """Every connection writes ahead, syncs fully and keeps foreign keys."""

    async def work(database: Database) -> list[Any]:
        found = []
        for connection in (await database.open_reading(), await database.open_writing()):
            for pragma in ("journal_mode", "synchronous", "foreign_keys"):
                row = await connection.row(text(f"PRAGMA {pragma}"))
                found.append(row and row[0])
            await connection.rollback()
        return found

    assert with_database(database_url, work) == ["wal", 2, 1] * 2


def test_statements_are_counted(database_url: str) -> None:
    """Each statement is one more in the counter, failed ones too."""
    metrics = Metrics()

    async def run() -> None:
        database = connect(database_url, metrics)
        reader = await database.open_reading()
        await reader.fetch_one(ALIVE)
        with pytest.raises(Exception, match="no such table"):
            await reader.rows(text("SELECT * FROM nowhere"))
        await database.close()

    asyncio.run(run())
    assert "target_db_statements_total 2.0" in metrics.exposition().decode()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://root@127.0.0.1/x", "must begin with sqlite:/// or postgresql://"),
        ("nonsense", "not a database URL"),
        ("sqlite://", "must name a file"),
        ("sqlite:///does/not/exist/app.db", "folder of the database does not exist"),
    ],
)
def test_urls_that_cannot_work_are_refused(url: str, told: str) -> None:
    """A URL that names no database of ours is refused in one sentence."""
    with pytest.raises(DatabaseUnavailableError, match=told):
        connect(url, Metrics())


def test_sqlite_path_is_the_file(tmp_path: Path) -> None:
    """Three slashes are a relative path, four an absolute one; PostgreSQL has none."""
    assert sqlite_path("sqlite:///x/app.db") == Path("x/app.db")
    assert sqlite_path(f"sqlite:///{tmp_path}/app.db") == tmp_path / "app.db"
    assert sqlite_path("postgresql://u:p@127.0.0.1/x") is None
