"""What every throttle may rely on, asked of all three places where counters are kept."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from target_app.controls.redis_state import RedisState
from target_app.controls.state import Counter, ProcessState, SharedState, ThrottleState
from target_app.database import connect
from target_app.metrics import Metrics
from target_app.redis_client import RedisClient
from target_app.schema import now_ms

Claim = Callable[[ThrottleState], Awaitable[None]]


@pytest.fixture(params=["process", "database", "redis"])
def holds(request: pytest.FixtureRequest, database_url: str) -> Callable[[Claim], None]:
    """Runs a claim on an empty state of one kind."""

    async def run(claim: Claim) -> None:
        async with AsyncExitStack() as stack:
            if request.param == "process":
                await claim(ProcessState())
            elif request.param == "database":
                database = connect(database_url, Metrics())
                stack.push_async_callback(database.close)
                await claim(SharedState(database))
            else:
                redis = RedisClient(request.getfixturevalue("redis_url"))
                stack.push_async_callback(redis.close)
                await claim(RedisState(redis))

    return lambda claim: asyncio.run(run(claim))


def test_counters_count_until_they_are_forgotten(holds: Callable[[Claim], None]) -> None:
    """Each adds one, the first one's last moment stands, and from that moment on the counter is as if it never was."""

    async def claim(state: ThrottleState) -> None:
        now = now_ms()
        assert await state.add(["a", "b"], now, now + 1000) == {
            "a": Counter(1, now + 1000),
            "b": Counter(1, now + 1000),
        }
        assert await state.add(["a"], now + 10, now + 2000) == {"a": Counter(2, now + 1000)}
        assert await state.read(["a", "b", "c"], now + 999) == {
            "a": Counter(2, now + 1000),
            "b": Counter(1, now + 1000),
        }
        assert await state.read(["a", "b", "c"], now + 1000) == {}
        assert await state.add(["a"], now + 1000, now + 3000) == {"a": Counter(1, now + 3000)}

    holds(claim)


def test_what_is_dropped_is_gone(holds: Callable[[Claim], None]) -> None:
    """A counter that is dropped begins anew; dropping what is not there is no error, and others stay."""

    async def claim(state: ThrottleState) -> None:
        now = now_ms()
        await state.add(["a", "b"], now, now + 1000)
        await state.forget(["a", "c"])
        assert await state.read(["a", "b"], now) == {"b": Counter(1, now + 1000)}
        assert await state.add(["a"], now, now + 2000) == {"a": Counter(1, now + 2000)}

    holds(claim)


def test_no_count_is_lost_among_parallel_ones(holds: Callable[[Claim], None]) -> None:
    """Forty at once are forty, and each sees a number of its own."""

    async def claim(state: ThrottleState) -> None:
        now = now_ms()
        seen = await asyncio.gather(*(state.add(["a", "b"], now, now + 60_000) for _ in range(40)))
        assert sorted(one["a"].times for one in seen) == list(range(1, 41))
        assert (await state.read(["b"], now))["b"].times == 40

    holds(claim)


def test_redis_drops_what_is_forgotten(redis_url: str) -> None:
    """Nothing stays in Redis for ever: each key goes by itself soon after its counter is forgotten."""

    async def work() -> None:
        redis = RedisClient(redis_url)
        now = now_ms()
        await RedisState(redis).add(["a"], now, now + 50)
        await asyncio.sleep(0.1)
        assert await redis.call(lambda client: client.dbsize()) == 0
        await redis.close()

    asyncio.run(work())


def test_a_process_keeps_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many keys are counted, memory is bounded, and the newest are kept."""
    largest = 1000
    monkeypatch.setattr("target_app.controls.state.LARGEST", largest)

    async def work() -> None:
        state = ProcessState()
        now = now_ms()
        for number in range(2 * largest):
            await state.add([str(number)], now, now + 1000)
        held = await state.read([str(number) for number in range(2 * largest)], now)
        assert len(held) <= largest
        assert str(2 * largest - 1) in held

    asyncio.run(work())


@pytest.mark.parametrize(("workers", "budget", "listened"), [(1, 10, 10), (2, 10, 5), (4, 10, 2), (64, 50, 1)])
def test_a_part_of_a_budget_is_rounded_down_but_never_to_none(workers: int, budget: int, listened: int) -> None:
    """Workers that count apart together take no more than the budget, or one attempt each."""
    assert not Counter(listened - 1, 0, workers).spent(budget)
    assert Counter(listened, 0, workers).spent(budget)
