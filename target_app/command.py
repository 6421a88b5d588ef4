"""What a command on the server does with its database: one unit of work, kept or undone."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from target_app.controls.model import Kit
from target_app.database import DatabaseAwayError, DatabaseBusyError, DatabaseUnavailableError, connect
from target_app.metrics import Metrics
from target_app.postgres_session import FAILURES, reason
from target_app.settings import Settings
from target_app.signing_keys import SigningKeys
from target_app.unit_of_work import UnitOfWork

Answer = TypeVar("Answer")
PROBLEMS = (sqlite3.Error, DBAPIError, DatabaseAwayError, DatabaseBusyError, *FAILURES)


def run(settings: Settings, act: Callable[[Kit, UnitOfWork], Awaitable[Answer]]) -> Answer:
    """The answer of `act`, and what it wrote is on disk. Raises DatabaseUnavailableError."""
    try:
        return asyncio.run(in_unit_of_work(settings, act))
    except PROBLEMS as error:
        raise DatabaseUnavailableError(f"the database cannot be used: {reason(error)}") from None


async def in_unit_of_work(settings: Settings, act: Callable[[Kit, UnitOfWork], Awaitable[Answer]]) -> Answer:
    """The same on an event loop."""
    metrics = Metrics()
    kit = Kit(settings, connect(settings.database_url, metrics), metrics, SigningKeys(settings.key_file))
    work = UnitOfWork(kit.database)
    try:
        answer = await act(kit, work)
        await work.commit()
    finally:
        await work.rollback()
        await kit.database.close()
    return answer
