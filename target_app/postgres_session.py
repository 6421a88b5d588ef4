"""One connection to PostgreSQL, for commands that need one once. Without SQLAlchemy's engine, which takes its time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from target_app.database import asyncpg_url

CONNECT_TIMEOUT_S = 5

#: What a connection can fail with.
FAILURES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
UndefinedTableError = asyncpg.UndefinedTableError


@asynccontextmanager
async def session(url: str) -> AsyncIterator[Any]:
    """One asyncpg connection for the length of the block. Raises any of FAILURES."""
    dsn = asyncpg_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
    try:
        yield connection
    finally:
        await connection.close()


def reason(error: BaseException) -> str:
    """An error in one line."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__
