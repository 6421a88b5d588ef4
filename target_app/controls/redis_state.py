"""Counters that all workers share through Redis, and what counts for them while Redis is away.

While it is away each worker counts for itself, in memory that begins empty, and may spend its part of every budget:
a budget of B among N workers is max(1, B // N) in each. So together the workers listen to at most max(B, N) attempts,
beside those that Redis had counted. An attacker gains at most one more budget per outage; nobody is let through
unthrottled, and nobody is refused because Redis is. What else is lost meanwhile: addresses that an account knew are
strange to it, so that its owner shares the strangers' budget; and failures counted in memory are dropped when Redis is
back, where the counters of before the outage still stand, unless it restarted empty: then every budget begins anew.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from redis.asyncio import Redis

from target_app.controls.state import Counter, ProcessState, ThrottleState
from target_app.redis_client import RedisClient, RedisRefusedError, RedisUnavailableError

PREFIX: Final = "throttle:"

#: One command each, hence atomic. A counter is a hash of its own two numbers: what is forgotten is judged by the
#: caller's clock, as in the database, and Redis's own expiry only cleans up.
READ = """
local found = {}
for i, key in ipairs(KEYS) do
  local counter = redis.call('HMGET', key, 'times', 'until')
  found[2 * i - 1], found[2 * i] = counter[1] or '0', counter[2] or '0'
end
return found
"""
ADD = """
local found = {}
for i, key in ipairs(KEYS) do
  local ends = redis.call('HGET', key, 'until')
  if not ends or tonumber(ends) <= tonumber(ARGV[1]) then
    ends = ARGV[2]
    redis.call('HSET', key, 'times', 0, 'until', ends)
    redis.call('PEXPIRE', key, math.max(1, tonumber(ends) - tonumber(ARGV[1])))
  end
  found[2 * i - 1], found[2 * i] = redis.call('HINCRBY', key, 'times', 1), ends
end
return found
"""


def named(keys: Sequence[str]) -> list[str]:
    """The keys as Redis knows them."""
    return [PREFIX + key for key in keys]


def counters(keys: Sequence[str], found: Sequence[Any]) -> dict[str, Counter]:
    """What a script answered, by key: two numbers each."""
    numbers = [int(one) for one in found]
    return {key: Counter(*numbers[2 * place : 2 * place + 2]) for place, key in enumerate(keys)}


class RedisState:
    """Counters in Redis. Every method raises RedisUnavailableError."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._read = redis.client.register_script(READ)
        self._add = redis.client.register_script(ADD)

    async def read(self, keys: Sequence[str], now: int) -> Mapping[str, Counter]:
        """One round trip."""
        found = await self._redis.call(lambda _: self._read(named(keys)))
        return {key: counter for key, counter in counters(keys, found).items() if counter.expires_at > now}

    async def add(self, keys: Sequence[str], now: int, until: int) -> Mapping[str, Counter]:
        """One round trip."""
        found = await self._redis.call(lambda _: self._add(named(keys), [now, until]))
        return counters(keys, found)

    async def forget(self, keys: Sequence[str]) -> None:
        """One round trip."""

        async def deleted(client: Redis) -> None:
            await client.delete(*named(keys))

        await self._redis.call(deleted)


class FallbackState:
    """Redis while it answers; else this worker's memory, in which each worker may spend its part of a budget.

    A Redis that can be read but takes no counter knows of no failure: until it takes one, memory alone is asked.
    """

    def __init__(self, redis: RedisClient, workers: int, fell_back: Callable[[], None]) -> None:
        self._shared: ThrottleState = RedisState(redis)
        self._own = ProcessState(of=workers)
        self._fell_back = fell_back
        self._refused = False

    async def read(self, keys: Sequence[str], now: int) -> Mapping[str, Counter]:
        """Look them up."""
        if not self._refused:
            try:
                found = await self._shared.read(keys, now)
            except RedisUnavailableError:
                pass
            else:
                self._own.clear()
                return found
        self._fell_back()
        return await self._own.read(keys, now)

    async def add(self, keys: Sequence[str], now: int, until: int) -> Mapping[str, Counter]:
        """Count."""
        try:
            found = await self._shared.add(keys, now, until)
        except RedisUnavailableError as error:
            self._refused = isinstance(error, RedisRefusedError)
            self._fell_back()
            return await self._own.add(keys, now, until)
        self._refused = False
        self._own.clear()
        return found

    async def forget(self, keys: Sequence[str]) -> None:
        """Drop them, in both."""
        await self._own.forget(keys)
        try:
            await self._shared.forget(keys)
        except RedisUnavailableError:
            self._fell_back()
