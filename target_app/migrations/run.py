"""Bring a database to the newest schema, and tell whether it is there."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from target_app.database import DatabaseUnavailableError, asyncpg_url, sqlite_path
from target_app.sqlite import sqlite_engine

FOLDER = Path(__file__).parent


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """The revision that the code expects."""
    return str(ScriptDirectory.from_config(configuration()).get_current_head())


def migrate(url: str) -> str:
    """Create or upgrade the schema; the revision afterwards. Raises DatabaseUnavailableError."""
    path = sqlite_path(url)
    try:
        if path is None:
            asyncio.run(upgrade_postgres(url))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            with sqlite_engine(path).connect() as connection:
                upgrade(connection)
    except (OSError, DBAPIError) as error:
        raise DatabaseUnavailableError(f"the database cannot be migrated: {first_line(error)}") from None
    return newest()


async def upgrade_postgres(url: str) -> None:
    """Upgrade over asyncpg, the one PostgreSQL driver here."""
    engine = create_async_engine(asyncpg_url(url), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()


def upgrade(connection: Connection) -> None:
    """Run what is missing, and keep it."""
    command.upgrade(configuration(connection), "head")
    connection.commit()


def first_line(error: BaseException) -> str:
    """An error in one line: drivers add the statement and a link below."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__
