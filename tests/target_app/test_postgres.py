"""PostgreSQL's pool, and what two ways of asking share: a transaction, and what an error means."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest
from sqlalchemy import bindparam, insert, select, text

from target_app import postgres as module
from target_app.articles.models import tags
from target_app.database import (
    ALIVE,
    ConstraintError,
    Database,
    DatabaseAwayError,
    DatabaseBusyError,
    connect,
    transaction,
)
from target_app.metrics import Metrics
from target_app.migrations.run import migrate
from target_app.prepared import Prepared
from tests.parts.postgres import PostgresCluster

POOL = 2
ADD = Prepared(insert(tags).values(name=bindparam("tag"), articles_count=1))
NAMES = Prepared(select(tags.c.name).order_by(tags.c.name))
SLEEP = Prepared(select(text("pg_sleep(30)")))
BACKEND = Prepared(select(text("pg_backend_pid()")))


@pytest.fixture(scope="module")
def template(postgres: PostgresCluster) -> str:
    """The name of a migrated database to copy."""
    migrate(postgres.create("pool_template"))
    return "pool_template"


Run = Callable[[Callable[[Database], Awaitable[Any]]], Any]


@pytest.fixture
def run(postgres: PostgresCluster, template: str) -> Any:
    """The result of some work on an open database."""
    with postgres.database(template=template) as url:

        def run(work: Callable[[Database], Awaitable[Any]]) -> Any:
            async def worked() -> Any:
                database = connect(url, Metrics(), POOL)
                try:
                    return await work(database)
                finally:
                    assert database.checked_out == 0
                    await database.close()

            return asyncio.run(worked())

        yield run


async def names(database: Database) -> list[str]:
    """All tags."""
    connection = await database.open_reading()
    try:
        return [name for (name,) in await connection.fetch_all(NAMES)]
    finally:
        await connection.rollback()


def test_both_ways_of_asking_share_a_transaction(run: Run) -> None:
    """What SQLAlchemy executes and what the driver is asked directly is kept together, or undone together."""

    async def work(database: Database) -> list[list[str]]:
        seen = []
        for end in ("rollback", "commit"):
            connection = await database.open_writing()
            assert await connection.change(ADD, {"tag": "direct"}) == 1
            assert await connection.run(insert(tags).values(name="through", articles_count=1)) == 1
            assert [name for (name,) in await connection.fetch_all(NAMES)] == ["direct", "through"]
            seen.append(await names(database))
            await getattr(connection, end)()
            seen.append(await names(database))
        return seen

    assert run(work) == [[], [], [], ["direct", "through"]]


def test_a_connection_is_used_again(run: Run) -> None:
    """One request after another gets the same connection."""

    async def work(database: Database) -> set[int]:
        pids = set()
        for _ in range(5):
            async with transaction(database) as connection:
                row = await connection.fetch_one(BACKEND)
                assert row is not None
                pids.add(row[0])
        return pids

    assert len(run(work)) == 1


@pytest.mark.parametrize("open_", ["open_reading", "open_writing"])
def test_a_statement_that_was_cut_off_takes_its_connection_along(run: Run, open_: str) -> None:
    """A cancelled request's answer is nobody else's; the pool makes another connection, as often as it has to."""

    pids: list[int] = []

    async def cut_off(database: Database) -> None:
        connection = await getattr(database, open_)()
        try:
            row = await connection.fetch_one(BACKEND)
            pids.append(row[0])
            await connection.fetch_one(SLEEP)
        finally:
            await connection.rollback()

    async def work(database: Database) -> list[str]:
        for count in range(1, 2 * POOL + 1):
            request = asyncio.create_task(cut_off(database))
            while len(pids) < count:
                await asyncio.sleep(0.01)
            request.cancel()
            with pytest.raises(asyncio.CancelledError):
                await request
        return await names(database)

    assert run(work) == []
    assert len(set(pids)) == 2 * POOL


def test_a_full_pool_is_busy(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds no connection waits, is refused in time, and served once one is given back."""
    monkeypatch.setattr(module, "POOL_TIMEOUT_S", 0.05)

    async def work(database: Database) -> list[str]:
        held = [await database.open_reading() for _ in range(POOL)]
        with pytest.raises(DatabaseBusyError):
            await database.open_reading()
        waiting = asyncio.create_task(names(database))
        await asyncio.sleep(0.01)
        for connection in held:
            await connection.rollback()
        return await waiting

    assert run(work) == []


def test_a_broken_constraint_is_one_error_either_way(run: Run) -> None:
    """Repositories need to know neither driver."""

    async def work(database: Database) -> None:
        async with transaction(database) as connection:
            await connection.change(ADD, {"tag": "taken"})
        connection = await database.open_writing()
        with pytest.raises(ConstraintError):
            await connection.change(ADD, {"tag": "taken"})
        await connection.rollback()
        connection = await database.open_writing()
        with pytest.raises(ConstraintError):
            await connection.run(insert(tags).values(name="taken", articles_count=1))
        await connection.rollback()

    run(work)


def test_a_transaction_that_failed_is_not_acknowledged(run: Run) -> None:
    """To PostgreSQL it is no error to be asked to keep one; to us it is."""

    async def work(database: Database) -> list[str]:
        connection = await database.open_writing()
        await connection.change(ADD, {"tag": "lost"})
        with pytest.raises(ConstraintError):
            await connection.change(ADD, {"tag": "lost"})
        with pytest.raises(DatabaseAwayError, match="not kept"):
            await connection.commit()
        return await names(database)

    assert run(work) == []


def test_a_value_that_cannot_be_sent_is_no_outage(run: Run) -> None:
    """A caller's mistake is not answered with "come back later"."""

    async def work(database: Database) -> None:
        connection = await database.open_reading()
        with pytest.raises(asyncpg.DataError, match="expected str"):
            await connection.change(ADD, {"tag": 1})
        await connection.rollback()
        connection = await database.open_reading()
        assert await connection.fetch_one(ALIVE) is not None
        await connection.rollback()

    run(work)
