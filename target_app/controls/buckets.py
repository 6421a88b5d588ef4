"""Token buckets: in this process, or shared through the database or Redis.

A bucket holds BURST_MS points and gains one a millisecond, so that all there is to know of it is one number, the
moment at which it will be full (the generic cell rate algorithm, ITU-T I.371). It stands where the throttles keep
their counters: a bucket that is full is one that nothing need be remembered of.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from sqlalchemy import BigInteger, bindparam, delete, select, text

from target_app.controls.redis_state import PREFIX
from target_app.controls.state import LARGEST, throttle_state
from target_app.database import Database, DatabaseAwayError, DatabaseBusyError, transaction
from target_app.prepared import Prepared
from target_app.redis_client import RedisClient, RedisUnavailableError

#: Points of a full bucket: what comes in ten seconds.
BURST_MS: Final = 10_000
#: How long a bucket's store may take to answer, and how long it is left alone after it did not.
TIMEOUT_S: Final = 0.25
AWAY_MS: Final = 1000
#: Of so many takings, one also deletes buckets that are full.
PURGE_EVERY: Final = 100


class Buckets(Protocol):
    """Buckets by key. Times are in ms since 1970."""

    async def take(self, key: str, points: int, now: int) -> int:
        """Take points out of a bucket: 0 where it had them; else none are taken, and it has them in so many ms."""


def wait_ms(full_at: int, points: int, now: int) -> int:
    """How long until a bucket that is full at that moment has so many points; 0 where it has."""
    return max(0, full_at + points - now - BURST_MS)


class ProcessBuckets:
    """A dictionary. With `of` workers that count apart from one another, each has its part of the points."""

    def __init__(self, of: int = 1) -> None:
        self._of = of
        self._full_at: dict[str, int] = {}

    async def take(self, key: str, points: int, now: int) -> int:
        """A bucket in memory; about LARGEST of them are kept, the newest."""
        full_at, needed = max(now, self._full_at.get(key, now)), points * self._of
        waiting = wait_ms(full_at, needed, now)
        if not waiting:
            if len(self._full_at) >= LARGEST:
                self._purge(now)
            self._full_at[key] = full_at + needed
        return waiting

    def _purge(self, now: int) -> None:
        kept = [(key, full_at) for key, full_at in self._full_at.items() if full_at > now]
        self._full_at = dict(kept[-LARGEST // 2 :])


#: Both databases run this as one atomic statement; it changes no row where the bucket has too few points.
TAKE = Prepared(
    text(
        "INSERT INTO throttle_state (key, count, expires_at) VALUES (:key, 1, :now + :points) ON CONFLICT (key) DO "
        "UPDATE SET count = throttle_state.count + 1, expires_at = :points + "
        "CASE WHEN throttle_state.expires_at > :now THEN throttle_state.expires_at ELSE :now END "
        "WHERE throttle_state.expires_at + :points <= :now + :burst"
    ).bindparams(*(bindparam(name, type_=BigInteger) for name in ("now", "points", "burst")))
)
FULL_AT = Prepared(select(throttle_state.c.expires_at).where(throttle_state.c.key == bindparam("key")))
PURGE = Prepared(delete(throttle_state).where(throttle_state.c.expires_at <= bindparam("now")))


class DatabaseBuckets:
    """The throttles' table, in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._takings = 0

    async def take(self, key: str, points: int, now: int) -> int:
        """One statement where there are points, two where not. Raises DatabaseAwayError and DatabaseBusyError."""
        self._takings += 1
        async with transaction(self._database) as connection:
            if self._takings % PURGE_EVERY == 0:
                await connection.change(PURGE, {"now": now})
            if await connection.change(TAKE, {"key": key, "now": now, "points": points, "burst": BURST_MS}):
                return 0
            row = await connection.fetch_one(FULL_AT, {"key": key})
        return wait_ms(row[0], points, now) if row else 0


#: One command, hence atomic: the moment at which the bucket was full, and whether the points were taken.
TAKE_IN_REDIS = """
local now, points, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
if full_at + points <= now + burst then
  redis.call('SET', KEYS[1], full_at + points, 'PX', full_at + points - now)
  return 0
end
return full_at + points - now - burst
"""


class RedisBuckets:
    """Redis, which forgets a bucket when it is full."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._take = redis.client.register_script(TAKE_IN_REDIS)

    async def take(self, key: str, points: int, now: int) -> int:
        """One round trip. Raises RedisUnavailableError."""
        return int(await self._redis.call(lambda _: self._take([PREFIX + key], [now, points, BURST_MS])))


AWAY = (RedisUnavailableError, DatabaseAwayError, DatabaseBusyError, TimeoutError)


class FallbackBuckets:
    """A shared store while it answers in time; else this worker's memory, in which it has its part of the points.

    So nobody passes without a limit because the store is away, and nobody is refused because of it. The buckets in
    memory begin full: an outage gives an address one more budget, divided among the workers.
    """

    def __init__(self, shared: Buckets, workers: int, fell_back: Callable[[], None]) -> None:
        self._shared = shared
        self._own = ProcessBuckets(workers)
        self._fell_back = fell_back
        self._away_until = 0

    async def take(self, key: str, points: int, now: int) -> int:
        """Ask the store, unless it failed a moment ago."""
        if now >= self._away_until:
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    return await self._shared.take(key, points, now)
            except AWAY:
                self._away_until = now + AWAY_MS
        self._fell_back()
        return await self._own.take(key, points, now)
