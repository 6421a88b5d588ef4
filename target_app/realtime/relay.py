"""What one worker announces, carried to the others by Redis.

Redis forwards and forgets: what is announced while it is away reaches this worker's own connections and no others. A
worker knows its own notices by its name and passes over them, so that nobody hears a thing twice.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from target_app.metrics import Metrics
from target_app.redis_client import RedisClient, RedisUnavailableError

LOG = logging.getLogger(__name__)
#: Notices that wait for Redis; the next one is lost.
OUTBOX = 1024
#: Notices that are sent at once.
BATCH = 64
#: The pause before subscribing again, doubled at each failure.
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0

Heard = Callable[[dict[str, Any]], None]


class RedisRelay:
    """One channel for all workers on one database: Redis's own databases do not keep channels apart."""

    def __init__(self, redis: RedisClient, database_url: str, metrics: Metrics) -> None:
        self._redis = redis
        self._channel = f"realtime:{hashlib.sha256(database_url.encode()).hexdigest()[:16]}"
        self._name = secrets.token_hex(8)
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue(OUTBOX)
        self._relayed = metrics.messages("relayed")
        self._lost = metrics.messages("relay_lost")
        self._running: list[asyncio.Task[None]] = []

    def send(self, notice: dict[str, Any]) -> None:
        """Queue it; where the queue is full it is lost, and counted."""
        try:
            self._outbox.put_nowait(orjson.dumps({"from": self._name, **notice}))
        except asyncio.QueueFull:
            self._lost(1)

    def start(self, heard: Heard) -> None:
        """Publish what is sent, and pass on what other workers say."""
        self._running = [
            asyncio.create_task(self._publish(), name="relay_publish"),
            asyncio.create_task(self._subscribe(heard), name="relay_subscribe"),
        ]

    async def stop(self) -> None:
        """End both."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _publish(self) -> None:
        while True:
            batch = [await self._outbox.get()]
            while len(batch) < BATCH and not self._outbox.empty():
                batch.append(self._outbox.get_nowait())
            try:
                await self._redis.call(partial(self._publish_all, batch))
            except RedisUnavailableError:
                self._lost(len(batch))
            else:
                self._relayed(len(batch))

    async def _publish_all(self, batch: list[bytes], client: Redis) -> None:
        pipeline = client.pipeline(transaction=False)
        for payload in batch:
            pipeline.publish(self._channel, payload)
        await pipeline.execute()

    async def _subscribe(self, heard: Heard) -> None:
        """Subscribe again whenever the subscription is lost."""
        pause = FIRST_PAUSE_S
        while True:
            client = self._redis.subscriber()
            try:
                async with client.pubsub(ignore_subscribe_messages=True) as subscription:
                    await subscription.subscribe(self._channel)
                    pause = FIRST_PAUSE_S
                    async for message in subscription.listen():
                        self._pass_on(message["data"], heard)
            except (RedisError, OSError) as error:
                LOG.warning("no word from other workers: %s", type(error).__name__)
            finally:
                await client.aclose()
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _pass_on(self, payload: bytes, heard: Heard) -> None:
        try:
            notice = orjson.loads(payload)
            if notice["from"] != self._name:
                heard(notice)
        except (ValueError, LookupError, TypeError):
            LOG.warning("a notice that no worker sent")
