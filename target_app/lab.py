"""Lab commands: what a probe may ask of a target that it attacks. Only for databases of this machine."""

import asyncio
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg

from target_app.controls.model import Kit
from target_app.controls.token_signature import TOKEN_SIGNATURE
from target_app.database import DatabaseUnavailableError, asyncpg_url, connect, parse_url, sqlite_path
from target_app.metrics import Metrics
from target_app.settings import Settings, is_loopback
from target_app.signing_keys import SigningKeys
from target_app.treatment import Treatment

BREAK = "ALTER TABLE tags RENAME TO tags_taken_away"
REPAIR = "ALTER TABLE tags_taken_away RENAME TO tags"
USER = "SELECT * FROM users WHERE username = "


class LabError(Exception):
    """The lab cannot do this; the message is one sentence for the operator."""


def refuse_remote(url: str) -> None:
    """Raises LabError for a database of another machine."""
    parsed = parse_url(url)
    hosts = [parsed.host, *(str(value) for key, value in parsed.query.items() if key == "host")]
    for host in hosts:
        if host is not None and not host.startswith("/") and not is_loopback(host):
            raise LabError(f"the lab works on databases of this machine alone, not on {host}")


def fetch(url: str, statement: str, *parameters: Any) -> list[Mapping[str, Any]]:
    """The rows of one statement, by whichever driver the database needs."""
    refuse_remote(url)
    path = sqlite_path(url)
    try:
        if path is None:
            return asyncio.run(fetch_postgres(url, statement + ("$1" if parameters else ""), *parameters))
        return fetch_sqlite(path, statement + ("?" if parameters else ""), *parameters)
    except (OSError, sqlite3.Error, asyncpg.PostgresError) as error:
        raise DatabaseUnavailableError(f"the database cannot be used: {str(error).splitlines()[0]}") from None


def fetch_sqlite(path: Path, statement: str, *parameters: Any) -> list[Mapping[str, Any]]:
    connection = sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=5, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute(statement, parameters)]
    finally:
        connection.close()


async def fetch_postgres(url: str, statement: str, *parameters: Any) -> list[Mapping[str, Any]]:
    dsn = asyncpg_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn)
    try:
        return [dict(row) for row in await connection.fetch(statement, *parameters)]
    finally:
        await connection.close()


def read_db(settings: Settings, username: str) -> dict[str, Any]:
    """The stored row of a user. Raises LabError where there is none."""
    rows = fetch(settings.database_url, USER, username)
    if not rows:
        raise LabError(f"there is no user {username!r}")
    return {"row": dict(rows[0])}


def mint_token(settings: Settings, treatment: Treatment, username: str) -> dict[str, Any]:
    """A token as the server would sign it. Raises LabError where there is no such user."""
    user_id = read_db(settings, username)["row"]["id"]
    metrics = Metrics()
    kit = Kit(settings, connect(settings.database_url, metrics), metrics, SigningKeys(settings.key_file))
    return {"token": TOKEN_SIGNATURE.build(treatment, kit).sign(user_id)}


def fault(settings: Settings, kind: str) -> dict[str, Any]:
    """Break the arm's own database (`missing_table`) or mend it (`repair`)."""
    statements = {"missing_table": BREAK, "repair": REPAIR}
    if kind not in statements:
        raise LabError(f"there is no fault {kind!r}; there are {', '.join(statements)}")
    fetch(settings.database_url, statements[kind])
    return {"provokes": {"method": "GET", "path": "/api/tags"}}
