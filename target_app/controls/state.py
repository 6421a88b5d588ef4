"""What throttles remember: counters with a last moment, in this process or shared through the database.

The shared state is written in a transaction of its own, so that a refusal outlives the rollback of the request that
caused it. Keys are digests: no address or account name is stored.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, bindparam, delete, select, text

from target_app.database import Database, transaction
from target_app.schema import metadata

throttle_state = Table(
    "throttle_state",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_throttle_state_expires_at", "expires_at"),
    sqlite_with_rowid=False,
)


class Counter(NamedTuple):
    """How often something happened, and when that is forgotten (ms since 1970)."""

    times: int
    expires_at: int


class ThrottleState(Protocol):
    """Counters by key. Times are in ms since 1970."""

    async def read(self, keys: Sequence[str], now: int) -> Mapping[str, Counter]:
        """The counters that still count."""

    async def add(self, keys: Sequence[str], now: int, until: int) -> Mapping[str, Counter]:
        """Count one more for each key at once; a counter that is new or forgotten begins, and lasts until `until`."""

    async def forget(self, keys: Sequence[str]) -> None:
        """Drop these counters."""


class ProcessState:
    """A dictionary: each worker counts for itself."""

    def __init__(self) -> None:
        self._counters: dict[str, Counter] = {}

    async def read(self, keys: Sequence[str], now: int) -> Mapping[str, Counter]:
        """Look them up."""
        found = {key: self._counters[key] for key in keys if key in self._counters}
        return {key: counter for key, counter in found.items() if counter.expires_at > now}

    async def add(self, keys: Sequence[str], now: int, until: int) -> Mapping[str, Counter]:
        """Count, and drop what is forgotten."""
        self._counters = {key: counter for key, counter in self._counters.items() if counter.expires_at > now}
        for key in keys:
            times, expires_at = self._counters.get(key, Counter(0, until))
            self._counters[key] = Counter(times + 1, expires_at)
        return {key: self._counters[key] for key in keys}

    async def forget(self, keys: Sequence[str]) -> None:
        """Drop them."""
        for key in keys:
            self._counters.pop(key, None)


#: Both databases run this as one atomic statement.
ADD = text(
    "INSERT INTO throttle_state (key, count, expires_at) VALUES (:key, 1, :until) ON CONFLICT (key) DO UPDATE SET "
    "count = CASE WHEN throttle_state.expires_at <= :now THEN 1 ELSE throttle_state.count + 1 END, "
    "expires_at = CASE WHEN throttle_state.expires_at <= :now THEN :until ELSE throttle_state.expires_at END"
).bindparams(bindparam("now", type_=BigInteger), bindparam("until", type_=BigInteger))
READ = select(throttle_state).where(
    throttle_state.c.key.in_(bindparam("keys", expanding=True)), throttle_state.c.expires_at > bindparam("now")
)
FORGET = delete(throttle_state).where(throttle_state.c.key.in_(bindparam("keys", expanding=True)))
PURGE = delete(throttle_state).where(throttle_state.c.expires_at <= bindparam("now"))


class SharedState:
    """A table that every worker counts in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, keys: Sequence[str], now: int) -> Mapping[str, Counter]:
        """One indexed read."""
        connection = await self._database.open_reading()
        try:
            rows = await connection.rows(READ, {"keys": list(keys), "now": now})
        finally:
            await connection.rollback()
        return {key: Counter(times, expires_at) for key, times, expires_at in rows}

    async def add(self, keys: Sequence[str], now: int, until: int) -> Mapping[str, Counter]:
        """One transaction, which also deletes what is forgotten."""
        async with transaction(self._database) as connection:
            await connection.run(PURGE, {"now": now})
            for key in sorted(keys):  # one order for all: two transactions never wait for each other
                await connection.run(ADD, {"key": key, "now": now, "until": until})
            rows = await connection.rows(READ, {"keys": list(keys), "now": now})
        return {key: Counter(times, expires_at) for key, times, expires_at in rows}

    async def forget(self, keys: Sequence[str]) -> None:
        """One transaction."""
        async with transaction(self._database) as connection:
            await connection.run(FORGET, {"keys": list(keys)})
