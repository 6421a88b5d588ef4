"""Tickets: what opens a stream where a browser cannot send a header.

A ticket stands in a URL, and URLs are logged. So it is worth little: it lives 30 s and opens one connection. Only its
digest is stored.
"""

import hashlib
import secrets
from typing import NamedTuple, Protocol

from target_app.database import Database, transaction
from target_app.realtime.repository import RealtimeRepository
from target_app.redis_client import RedisClient, RedisUnavailableError
from target_app.schema import now_ms
from target_app.users.session import Session

LIFETIME_MS = 30_000
#: Bytes of a ticket: 256 bits.
SIZE = 32
#: How often expired ones are looked for.
PURGE_S = 60.0
PREFIX = "ticket:"


class Ticket(NamedTuple):
    """A ticket as its user gets it, and when it expires (ms since 1970)."""

    value: str
    expires_at: int


def new_ticket() -> Ticket:
    """One that nobody can guess."""
    return Ticket(secrets.token_urlsafe(SIZE), now_ms() + LIFETIME_MS)


def digest_of(value: str) -> str:
    """What is stored of a ticket. It has 256 random bits: no salt or slow hash is needed."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


class Tickets(Protocol):
    """Keeps tickets until they are used or expire."""

    async def keep(self, ticket: Ticket, holder: Session) -> None:
        """Remember it."""

    async def take(self, value: str) -> Session | None:
        """The holder of a ticket, once; None where it is unknown, used or expired."""

    async def purge(self) -> None:
        """Forget what has expired."""


class DatabaseTickets:
    """A table. A ticket is used up in a transaction of its own: what is refused afterwards does not give it back."""

    def __init__(self, database: Database, repository: RealtimeRepository) -> None:
        self._database = database
        self._repository = repository

    async def keep(self, ticket: Ticket, holder: Session) -> None:
        """One row."""
        async with transaction(self._database) as connection:
            await self._repository.keep(connection, digest_of(ticket.value), holder, ticket.expires_at)

    async def take(self, value: str) -> Session | None:
        """One DELETE decides; who guesses gets no further than a read."""
        digest = digest_of(value)
        reader = await self._database.open_reading()
        try:
            known = await self._repository.known(reader, digest)
        finally:
            await reader.rollback()
        if not known:
            return None
        async with transaction(self._database) as connection:
            return await self._repository.take(connection, digest, now_ms())

    async def purge(self) -> None:
        """One DELETE, where there is anything to delete."""
        now = now_ms()
        reader = await self._database.open_reading()
        try:
            expired = await self._repository.has_expired(reader, now)
        finally:
            await reader.rollback()
        if expired:
            async with transaction(self._database) as connection:
                await self._repository.purge(connection, now)


class RedisTickets:
    """Redis, which forgets by itself; while it is away, the database."""

    def __init__(self, redis: RedisClient, database: DatabaseTickets) -> None:
        self._redis = redis
        self._database = database

    async def keep(self, ticket: Ticket, holder: Session) -> None:
        """One key with an expiry; its value is two numbers."""
        key = PREFIX + digest_of(ticket.value)
        try:
            await self._redis.call(lambda client: client.set(key, f"{holder.user_id} {holder.version}", px=LIFETIME_MS))
        except RedisUnavailableError:
            await self._database.keep(ticket, holder)

    async def take(self, value: str) -> Session | None:
        """GETDEL decides; then those that were kept in the database, while Redis was away."""
        key = PREFIX + digest_of(value)
        try:
            found = await self._redis.call(lambda client: client.getdel(key))
        except RedisUnavailableError:
            found = None
        return await self._database.take(value) if found is None else Session(*map(int, found.split()))

    async def purge(self) -> None:
        """Those in the database."""
        await self._database.purge()
