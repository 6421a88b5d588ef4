"""The client of a real Redis that goes, stalls and comes back."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from target_app.redis_client import (
    POOL_SIZE,
    PROBE_S,
    TIMEOUT_S,
    RedisClient,
    RedisUnavailableError,
    RedisUrlError,
    connect_redis,
)
from tests.parts.loopback import free_port, random_address
from tests.parts.redis import redis_at


def on_loop(url: str, work: Callable[[RedisClient], Awaitable[None]]) -> None:
    """Run `work` with a client of this Redis."""

    async def main() -> None:
        redis = RedisClient(url)
        try:
            await work(redis)
        finally:
            await redis.close()

    asyncio.run(main())


async def ping(redis: RedisClient) -> Any:
    return await redis.call(lambda client: client.ping())


async def back(redis: RedisClient, within_s: float) -> None:
    """Wait until the client has noticed that Redis answers."""
    async with asyncio.timeout(within_s):
        while not redis.available:
            await asyncio.sleep(0.01)


def test_calls_reach_redis(redis_url: str) -> None:
    """A call gets what Redis answers, also where more are made at once than the pool holds connections."""

    async def work(redis: RedisClient) -> None:
        assert await ping(redis) is True
        counted = await asyncio.gather(*(redis.call(lambda one: one.incr("n")) for _ in range(5 * POOL_SIZE)))
        assert sorted(counted) == list(range(1, 5 * POOL_SIZE + 1))
        connected: Any = await redis.call(lambda client: client.info("clients"))
        assert connected["connected_clients"] <= POOL_SIZE

    on_loop(redis_url, work)


def test_a_redis_that_is_away_costs_microseconds_and_is_found_again() -> None:
    """One call fails and opens the circuit; the next thousand are told at once; soon after its return it is used."""
    host = random_address()
    port = free_port(host)

    async def work(redis: RedisClient) -> None:
        with redis_at(host, port):
            assert await ping(redis) is True
        with pytest.raises(RedisUnavailableError):
            await ping(redis)
        assert not redis.available
        began = time.perf_counter()
        for _ in range(1000):
            with pytest.raises(RedisUnavailableError):
                await ping(redis)
        assert time.perf_counter() - began < 20 * TIMEOUT_S  # waited for each time, it were a thousand
        with redis_at(host, port):
            await back(redis, within_s=1.0)
            assert await ping(redis) is True

    on_loop(f"redis://{host}:{port}/0", work)


def test_a_redis_that_stalls_is_waited_for_no_longer_than_the_timeout() -> None:
    """A stopped process keeps its connections open: calls end together at the timeout, and go on once it runs again."""
    host = random_address()
    port = free_port(host)

    async def work(redis: RedisClient) -> None:
        with redis_at(host, port) as process:
            await ping(redis)
            process.send_signal(signal.SIGSTOP)
            try:
                began = time.perf_counter()
                asked = await asyncio.gather(*(ping(redis) for _ in range(20)), return_exceptions=True)
                assert time.perf_counter() - began < 8 * TIMEOUT_S  # one after another, it were twenty
                assert {type(one) for one in asked} == {RedisUnavailableError}
            finally:
                process.send_signal(signal.SIGCONT)
            await back(redis, within_s=2 * PROBE_S)
            assert await ping(redis) is True

    on_loop(f"redis://{host}:{port}/0", work)


def test_a_restart_is_noticed_within_one_probe() -> None:
    """Connections to the server that was are dropped together: no more than the first call fails."""
    host = random_address()
    port = free_port(host)

    async def work(redis: RedisClient) -> None:
        with redis_at(host, port):
            await asyncio.gather(*(ping(redis) for _ in range(POOL_SIZE)))
        with redis_at(host, port):
            await asyncio.gather(ping(redis), return_exceptions=True)
            await back(redis, within_s=2 * PROBE_S)
            assert await asyncio.gather(*(ping(redis) for _ in range(POOL_SIZE))) == [True] * POOL_SIZE

    on_loop(f"redis://{host}:{port}/0", work)


def test_a_subscriber_waits_longer_than_a_call_may(redis_url: str) -> None:
    """A subscription has no read timeout."""

    async def work(redis: RedisClient) -> None:
        client = redis.subscriber()
        subscription = client.pubsub()
        await subscription.subscribe("news")
        heard = asyncio.create_task(anext(one async for one in subscription.listen() if one["type"] == "message"))
        await asyncio.sleep(2 * TIMEOUT_S)
        await redis.call(lambda one: one.publish("news", "here"))
        assert (await asyncio.wait_for(heard, 1))["data"] == b"here"
        await subscription.aclose()  # type: ignore[no-untyped-call]
        await client.aclose()

    on_loop(redis_url, work)


@pytest.mark.parametrize("url", ["http://:secret@127.0.0.1", "nothing", "redis://:secret@host:port/0"])
def test_a_bad_url_is_one_sentence_without_its_password(url: str) -> None:
    """A URL that Redis cannot be reached at is the operator's mistake, and its password is not repeated."""
    with pytest.raises(RedisUrlError) as caught:
        connect_redis(url)
    assert "TARGET_REDIS_URL" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_no_url_is_no_redis() -> None:
    """By default there is none."""
    assert connect_redis("") is None
