from collections.abc import Iterator

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from target_app.app import create_app  # noqa: F401  # registers every table
from target_app.database import asyncpg_url, sqlite_path
from target_app.migrations.run import configuration, migrate
from target_app.schema import metadata
from target_app.sqlite import sqlite_engine


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A migrated SQLite database."""
    path = sqlite_path(database_url)
    assert path is not None
    with sqlite_engine(path).connect() as opened:
        yield opened


def difference(connection: Connection) -> list[object]:
    """What a migration would still have to change."""
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_migrations_give_the_tables_of_the_code(connection: Connection) -> None:
    """The schema of a migrated SQLite database is the one that the models declare."""
    assert difference(connection) == []


def test_migrations_give_the_tables_of_the_code_on_postgres(postgres_url: str) -> None:
    """The same on PostgreSQL."""
    import asyncio

    migrate(postgres_url)

    async def compare() -> list[object]:
        engine = create_async_engine(asyncpg_url(postgres_url))
        async with engine.connect() as opened:
            found = await opened.run_sync(difference)
        await engine.dispose()
        return found

    assert asyncio.run(compare()) == []


def test_migrations_go_back(connection: Connection) -> None:
    """Every migration can be undone."""
    command.downgrade(configuration(connection), "base")
    assert inspect(connection).get_table_names() == ["alembic_version"]


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    """A database at the newest schema stays as it is."""
    assert migrate(database_url) == migrate(database_url)
