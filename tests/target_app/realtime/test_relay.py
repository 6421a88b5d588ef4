"""Workers that tell each other through a real Redis, which goes and comes back."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from typing import Any

from target_app.controls.model import Kit
from target_app.controls.socket_limits import Bounded
from target_app.events import Change, Event
from target_app.metrics import Metrics
from target_app.realtime.hub import Hub, NoRelay
from target_app.realtime.relay import OUTBOX, RedisRelay
from target_app.realtime.subscriber import Ending, Subscriber
from target_app.redis_client import RedisClient
from target_app.settings import Settings
from target_app.signing_keys import SigningKeys
from target_app.users.session import Session
from tests.parts.loopback import free_port, random_address
from tests.parts.redis import redis_at
from tests.target_app.realtime.stage import Stage

Start = Callable[..., Stage]
PATIENCE_S = 10.0


@asynccontextmanager
async def worker(url: str, database_url: str = "sqlite:///one.db") -> AsyncIterator[Hub]:
    """One worker's hub, joined to the others on its database."""
    metrics = Metrics()
    redis = RedisClient(url)
    kit: Any = Kit(Settings(), None, metrics, SigningKeys(Settings().key_file), redis)  # type: ignore[arg-type]
    hub = Hub(metrics, Bounded(kit), RedisRelay(redis, database_url, metrics))
    hub.start()
    try:
        yield hub
    finally:
        await hub.stop()
        await redis.close()


def said(number: int) -> Event:
    """An event on user 1's topic."""
    return Event("order.updated", "user:1", 1, {"number": number})


async def heard(subscriber: Subscriber) -> int:
    """The number of the next event."""
    async with asyncio.timeout(PATIENCE_S):
        message = await subscriber.next()
    assert message is not None
    return int(json.loads(message.text)["data"]["number"])


async def joined(*subscribers: Subscriber, by: Hub) -> None:
    """Wait until what `by` announces reaches all: subscribing takes a moment."""
    number = -1
    async with asyncio.timeout(PATIENCE_S):
        for subscriber in subscribers:
            while True:
                by.announce(said(number))
                try:
                    async with asyncio.timeout(0.1):
                        await subscriber.next()
                    break
                except TimeoutError:
                    pass
    await asyncio.sleep(0.3)
    for subscriber in subscribers:
        subscriber._queue.clear()


def test_every_worker_hears_each_event_once(redis_url: str) -> None:
    """What one worker announces is heard on both, in order, once; a worker on another database hears nothing."""

    async def main() -> None:
        async with worker(redis_url) as one, worker(redis_url) as two, worker(redis_url, "sqlite:///other.db") as other:
            here, there, stranger = (hub.join(Session(1, 0), "sse") for hub in (one, two, other))
            await joined(here, there, by=one)
            for number in range(20):
                one.announce(said(number))
            two.announce(said(20))
            assert [await heard(there) for _ in range(21)][-1] in {19, 20}
            assert sorted([await heard(here) for _ in range(21)]) == list(range(21))
            await asyncio.sleep(0.2)
            assert not here._queue
            assert not there._queue
            assert not stranger._queue

    asyncio.run(main())


def test_changes_reach_every_worker(redis_url: str) -> None:
    """A follow, a hidden article and a suspension take effect on the other worker."""

    async def main() -> None:
        async with worker(redis_url) as one, worker(redis_url) as two:
            reader, other = two.join(Session(1, 0), "websocket"), two.join(Session(2, 0), "websocket")
            await joined(reader, by=one)
            two.listen(reader, "article:7")
            one.change(Change("follow", 1, 5))
            await until(lambda: "author:5" in reader.topics)
            one.change(Change("unfollow", 1, 5))
            await until(lambda: "author:5" not in reader.topics)
            one.change(Change("hide", 7))
            await until(lambda: "article:7" not in reader.topics)
            one.disconnect(1)
            await until(lambda: reader.ending is Ending.SIGNED_OUT)
            assert await reader.next() is None
            assert other.ending is None

    asyncio.run(main())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.01)


def test_redis_goes_and_comes_back() -> None:
    """While Redis is away a worker's own readers hear everything; when it is back so do the others', each once."""
    host = random_address()
    port = free_port(host)

    async def main() -> None:
        async with worker(f"redis://{host}:{port}/0") as one, worker(f"redis://{host}:{port}/0") as two:
            here, there = one.join(Session(1, 0), "sse"), two.join(Session(1, 0), "sse")
            with redis_at(host, port):
                await joined(here, there, by=one)
            for number in range(3):
                one.announce(said(number))
                assert await heard(here) == number
            with redis_at(host, port):
                await joined(here, there, by=one)
                one.announce(said(9))
                assert (await heard(here), await heard(there)) == (9, 9)
            assert not here._queue

    asyncio.run(main())


def test_what_waits_for_redis_is_bounded() -> None:
    """Announcing never waits and never grows without bound: what is too much is lost to other workers, and counted."""

    async def main() -> None:
        metrics = Metrics()
        relay = RedisRelay(RedisClient("redis://127.0.0.1:1/0"), "sqlite:///one.db", metrics)
        for number in range(OUTBOX + 5):
            relay.send({"number": number})
        assert b'target_realtime_messages_total{outcome="relay_lost"} 5.0' in metrics.exposition()

    asyncio.run(main())


def test_a_stranger_on_the_channel_is_passed_over(redis_url: str) -> None:
    """What no worker sent ends no worker's hearing."""

    async def main() -> None:
        async with worker(redis_url) as one, worker(redis_url) as two:
            there = two.join(Session(1, 0), "sse")
            await joined(there, by=one)
            relay: Any = two._relay
            for junk in (
                b"{",
                b"[]",
                b'{"from": 1}',
                b'{"from": 1, "change": [1]}',
                b'{"from": 1, "change": ["x", 1, 1]}',
            ):
                await relay._redis.client.publish(relay._channel, junk)
            one.announce(said(1))
            assert await heard(there) == 1

    asyncio.run(main())


def test_two_real_workers(stage_with: Start, redis_url: str) -> None:
    """Twelve sockets on two processes hear one comment once each, whichever process was told of it."""
    stage = stage_with(workers=2, redis_url=redis_url)
    token = stage.register("ann")
    slug = stage.publish(token)
    with ExitStack() as stack:
        sockets = [stack.enter_context(stage.socket(stage.ticket(token), slug)) for _ in range(12)]
        for _ in range(3):
            number = stage.comment(token, slug)
            for open_ in sockets:
                assert json.loads(open_.recv(PATIENCE_S))["data"]["comment"]["id"] == number


def test_a_worker_alone_relays_nothing() -> None:
    """Without Redis there is nobody to tell."""
    assert NoRelay().send({}) is None  # type: ignore[func-returns-value]
