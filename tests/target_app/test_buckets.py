"""What every rate limit may rely on, asked of all three places where buckets are kept."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import func, select

from target_app.controls.buckets import (
    AWAY_MS,
    BURST_MS,
    PURGE_EVERY,
    Buckets,
    DatabaseBuckets,
    FallbackBuckets,
    ProcessBuckets,
    RedisBuckets,
)
from target_app.controls.state import throttle_state
from target_app.database import DatabaseAwayError, connect
from target_app.metrics import Metrics
from target_app.migrations.run import migrate
from target_app.redis_client import RedisClient
from target_app.schema import now_ms

Claim = Callable[[Buckets], Awaitable[None]]
COUNT = select(func.count()).select_from(throttle_state)


@pytest.fixture(params=["process", "sqlite", "postgresql", "redis"])
def holds(request: pytest.FixtureRequest) -> Callable[[Claim], None]:
    """Runs a claim on empty buckets of one kind."""
    named = {"sqlite": "database_url", "postgresql": "postgres_url", "redis": "redis_url"}.get(request.param)
    url = request.getfixturevalue(named) if named else ""
    if request.param == "postgresql":
        migrate(url)

    async def run(claim: Claim) -> None:
        async with AsyncExitStack() as stack:
            if request.param == "process":
                await claim(ProcessBuckets())
            elif request.param == "redis":
                redis = RedisClient(url)
                stack.push_async_callback(redis.close)
                await claim(RedisBuckets(redis))
            else:
                database = connect(url, Metrics())
                stack.push_async_callback(database.close)
                await claim(DatabaseBuckets(database))

    return lambda claim: asyncio.run(run(claim))


def test_a_bucket_gives_what_it_holds_and_what_comes_back(holds: Callable[[Claim], None]) -> None:
    """A whole budget at once, then nothing, then what a while brought; a bucket that was left alone is full again."""

    async def claim(buckets: Buckets) -> None:
        now = now_ms()
        assert await buckets.take("a", BURST_MS - 100, now) == 0
        assert await buckets.take("a", 200, now) == 100
        assert await buckets.take("a", 100, now) == 0
        assert await buckets.take("a", 1, now) == 1
        assert await buckets.take("b", 1, now) == 0
        assert await buckets.take("a", 50, now + 50) == 0
        assert await buckets.take("a", 1, now + 50) == 1
        later = now + 2 * BURST_MS
        assert await buckets.take("a", BURST_MS, later) == 0
        assert await buckets.take("a", BURST_MS, later) == BURST_MS

    holds(claim)


def test_no_point_is_given_twice(holds: Callable[[Claim], None]) -> None:
    """Of eighty takings at once that a bucket has points for fifty of, fifty are given."""

    async def claim(buckets: Buckets) -> None:
        now = now_ms()
        waits = await asyncio.gather(*(buckets.take("a", BURST_MS // 50, now) for _ in range(80)))
        assert waits.count(0) == 50

    holds(claim)


def test_workers_apart_give_their_part() -> None:
    """Of four workers that count apart, each gives a quarter: of the budget, and of what comes back."""

    async def work() -> None:
        apart, now = ProcessBuckets(of=4), now_ms()
        assert await apart.take("a", BURST_MS // 4, now) == 0
        assert await apart.take("a", 10, now) == 40

    asyncio.run(work())


def test_buckets_that_are_full_are_forgotten(database_url: str) -> None:
    """The table does not grow with the addresses that were ever seen."""

    async def work() -> int:
        database = connect(database_url, Metrics())
        buckets, now = DatabaseBuckets(database), now_ms()
        for number in range(PURGE_EVERY - 1):
            await buckets.take(f"old{number}", 1, now)
        await buckets.take("new", 1, now + 10)
        connection = await database.open_reading()
        left = await connection.rows(COUNT)
        await database.close()
        return int(left[0][0])

    assert asyncio.run(work()) == 1


def test_a_process_keeps_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many addresses come, memory is bounded, and the newest are kept."""
    monkeypatch.setattr("target_app.controls.buckets.LARGEST", 1000)

    async def work() -> None:
        buckets, now = ProcessBuckets(), now_ms()
        for number in range(5000):
            await buckets.take(str(number), BURST_MS, now)
        newest = [await buckets.take(str(number), 1, now) for number in range(4999, 4499, -1)]
        assert all(newest)
        assert await buckets.take("3999", 1, now) == 0

    asyncio.run(work())


@pytest.mark.parametrize("failing", [DatabaseAwayError, TimeoutError], ids=lambda error: error.__name__)
def test_a_store_that_fails_is_left_alone_for_a_while(failing: type[Exception]) -> None:
    """Meanwhile each worker gives its part from memory; then the store is asked again."""

    class Failing:
        asked = 0

        async def take(self, _key: str, _points: int, _now: int) -> int:
            self.asked += 1
            raise failing

    async def work() -> None:
        store, fallbacks, now = Failing(), list[int](), now_ms()
        buckets = FallbackBuckets(store, 2, lambda: fallbacks.append(1))
        assert await buckets.take("a", BURST_MS // 2, now) == 0
        assert await buckets.take("a", 1, now + 1) == 1
        assert (store.asked, len(fallbacks)) == (1, 2)
        await buckets.take("a", 1, now + AWAY_MS)
        assert (store.asked, len(fallbacks)) == (2, 3)

    asyncio.run(work())
