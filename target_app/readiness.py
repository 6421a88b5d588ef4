"""Whether a database can be served from, found out before a worker starts."""

import asyncio
import sqlite3

from target_app.database import DatabaseUnavailableError, sqlite_path
from target_app.postgres_session import FAILURES, UndefinedTableError, reason, session

#: The newest revision in `migrations/versions`; asking Alembic would double the time to start.
REVISION = "0009"
QUESTION = "SELECT version_num FROM alembic_version"


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
    except (sqlite3.OperationalError, UndefinedTableError):
        found = None
    except (sqlite3.Error, *FAILURES) as error:
        raise DatabaseUnavailableError(f"the database cannot be reached: {reason(error)}") from None
    if found != REVISION:
        raise DatabaseUnavailableError("the database lacks the newest schema; run `python -m target_app migrate` first")


async def ask_postgres(url: str) -> str | None:
    """The revision of a PostgreSQL database."""
    async with session(url) as connection:
        revision: str | None = await connection.fetchval(QUESTION)
        return revision
