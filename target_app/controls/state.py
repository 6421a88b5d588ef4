"""What throttles remember: counters with a last moment, in this process or shared through the database.

The shared state is written in a transaction of its own, so that a refusal outlives the rollback of the request that
caused it. Keys are digests: no address or account name is stored. What is shared through Redis is in `redis_state.py`.
"""

import hashlib
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


def digest(*parts: str) -> str:
    """A key of constant length that tells nothing and that no choice of parts can forge."""
    return hashlib.sha256("\x00".join(parts).encode(errors="surrogatepass")).hexdigest()


class Counter(NamedTuple):
    """How often something happened, and when that is forgotten (ms since 1970)."""

    times: int
    expires_at: int
    #: How many workers count apart from one another. Each may spend its part of a budget, and no less than one.
    of: int = 1

    def spent(self, budget: int) -> bool:
        """Whether nothing of a budget is left."""
        return self.times >= max(1, budget // self.of)


#: Counters that one process may hold, about 25 MB of them.
LARGEST = 100_000


class ThrottleState(Protocol):
    """Counters by key. Times are in ms since 1970."""

    async def read(self, keys: Sequence[str], now: int) -> Mapping[str, Counter]:
        """The counters that still count."""

    async def add(self, keys: Sequence[str], now: int, until: int) -> Mapping[str, Counter]:
        """Count one more for each key at once; a counter that is new or forgotten begins, and lasts until `until`."""

    async def forget(self, keys: Sequence[str]) -> None:
        """Drop these counters."""


class ProcessState:
    """A dictionary: each worker counts for itself, `of` of them together. It holds about LARGEST counters at most."""

    def __init__(self, of: int = 1) -> None:
        self._of = of
        self._counters: dict[str, Counter] = {}
        self._purge_at = LARGEST // 8

    async def read(self, keys: Sequence[str], now: int) -> Mapping[str, Counter]:
        """Look them up."""
        found = {key: self._counters[key] for key in keys if key in self._counters}
        return {key: counter for key, counter in found.items() if counter.expires_at > now}

    async def add(self, keys: Sequence[str], now: int, until: int) -> Mapping[str, Counter]:
        """Count; now and then drop what is forgotten, and the oldest where there is too much."""
        if len(self._counters) >= self._purge_at:
            self._purge(now)
        for key in keys:
            counter = self._counters.get(key)
            if counter is None or counter.expires_at <= now:
                counter = Counter(0, until, self._of)
            self._counters[key] = counter._replace(times=counter.times + 1)
        return {key: self._counters[key] for key in keys}

    def _purge(self, now: int) -> None:
        kept = [(key, counter) for key, counter in self._counters.items() if counter.expires_at > now]
        self._counters = dict(kept[-LARGEST // 2 :])
        self._purge_at = min(LARGEST, max(LARGEST // 8, 2 * len(self._counters)))

    async def forget(self, keys: Sequence[str]) -> None:
        """Drop them."""
        for key in keys:
            self._counters.pop(key, None)

    def clear(self) -> None:
        """Drop all."""
        self._counters.clear()


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
