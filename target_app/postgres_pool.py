"""A bounded pool of connections to PostgreSQL.

A connection is asyncpg's, with SQLAlchemy's opened around it once: prepared statements go to the driver, all others
through SQLAlchemy, in the same transaction. SQLAlchemy is in autocommit mode and never begins one: `postgres.py` does.
Its own pool would open and close a connection object for each request, which costs more than most statements.

Only a connection whose last statement the server answered is used again. One that was cut off in the middle, by a
time-out, a cancelled request or a network, is closed: nobody knows what it would answer next.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from target_app.database import DatabaseBusyError
from target_app.postgres_session import FAILURES


@dataclass
class Session:
    """One connection."""

    wrapped: AsyncConnection
    driver: Any
    #: A statement of it was cut off.
    spoilt: bool = False

    @property
    def usable(self) -> bool:
        """Whether the next request may have it: a look at two flags, where a ping would be a round trip."""
        return not self.spoilt and not self.driver.is_closed()

    async def tidy(self) -> None:
        """Undo what nobody kept."""
        if self.wrapped.in_transaction():
            await self.wrapped.rollback()  # of SQLAlchemy's own books: nothing is sent
        if self.driver.is_in_transaction():
            await self.driver.execute("ROLLBACK")

    async def close(self) -> None:
        """End it without waiting for the server."""
        self.driver.terminate()
        await self.wrapped.close()


class Pool:
    """At most `size` connections, made when they are needed; the one that was last given back is taken first."""

    def __init__(self, engine: AsyncEngine, size: int) -> None:
        self._engine = engine
        self.size = size
        self.checked_out = 0
        self._idle: list[Session] = []
        self._slots = asyncio.Semaphore(size)
        self._closed = False
        #: Sent once on every new connection.
        self.prepare = ""

    async def take(self, timeout_s: float) -> Session:
        """A connection. Raises DatabaseBusyError where none is given back in time; what else fails is for `meaning`."""
        await self._wait(timeout_s)
        self.checked_out += 1
        try:
            while self._idle:
                session = self._idle.pop()
                if session.usable:
                    return session
                await session.close()
            return await self._made()
        except BaseException:
            self._free()
            raise

    async def give_back(self, session: Session) -> None:
        """Let others have it, with no transaction open."""
        try:
            if session.usable:
                await session.tidy()
        except BaseException as error:
            session.spoilt = True
            if not isinstance(error, FAILURES):
                raise
        finally:
            await self._put(session)

    async def close(self) -> None:
        """Close all that are idle; the others are closed when they come back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()
        await self._engine.dispose()

    async def _wait(self, timeout_s: float) -> None:
        if not self._slots.locked():
            await self._slots.acquire()  # at once
            return
        try:
            async with asyncio.timeout(timeout_s):
                await self._slots.acquire()
        except TimeoutError:
            raise DatabaseBusyError("no connection of the pool was free in time") from None

    async def _made(self) -> Session:
        wrapped = await self._engine.connect()
        raw = await wrapped.get_raw_connection()
        session = Session(wrapped, raw.driver_connection)
        if self.prepare:
            await session.driver.execute(self.prepare)
        return session

    async def _put(self, session: Session) -> None:
        try:
            if session.usable and not self._closed:
                self._idle.append(session)
            else:
                await session.close()
        finally:
            self._free()

    def _free(self) -> None:
        self.checked_out -= 1
        self._slots.release()
