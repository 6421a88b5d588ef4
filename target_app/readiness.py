"""Whether a database can be served from, found out before a worker starts."""

import asyncio
import sqlite3

import asyncpg

from target_app.database import DatabaseUnavailableError, asyncpg_url, sqlite_path

#: The newest revision in `migrations/versions`; asking Alembic would double the time to start.
REVISION = "0001"
QUESTION = "SELECT version_num FROM alembic_version"
CONNECT_TIMEOUT_S = 5


def refuse_unready(url: str) -> None:
    """Raises DatabaseUnavailableError unless the database answers and has the schema that the code expects."""
    path = sqlite_path(url)
    try:
        if path is None:
            found = asyncio.run(ask_postgres(url))
        elif path.exists():
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
                found = connection.execute(QUESTION).fetchone()[0]
        else:
            raise DatabaseUnavailableError(f"there is no database at {path}; run `python -m target_app migrate` first")
    except (sqlite3.OperationalError, asyncpg.UndefinedTableError):
        found = None
    except (OSError, TimeoutError, sqlite3.Error, asyncpg.PostgresError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DatabaseUnavailableError(f"the database cannot be reached: {reason}") from None
    if found != REVISION:
        raise DatabaseUnavailableError("the database lacks the newest schema; run `python -m target_app migrate` first")


async def ask_postgres(url: str) -> str | None:
    """The revision of a PostgreSQL database."""
    dsn = asyncpg_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
    try:
        revision: str | None = await connection.fetchval(QUESTION)
        return revision
    finally:
        await connection.close()
