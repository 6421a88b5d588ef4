"""Redis, where there is one: one client a worker, which fails fast while Redis is away.

The first call that fails opens a short circuit. From then on calls fail at once, without a look at the network, and a
task asks every `PROBE_S` whether Redis answers again; the first answer closes the circuit. So a Redis that is gone
costs the requests under way one timeout, and every later one microseconds.

Everything here may be lost: a Redis that restarts empty forgets throttle counters, tickets and leases, which begin
anew. What must outlive it belongs in the database.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from target_app.operator_error import OperatorError

LOG = logging.getLogger(__name__)
Answer = TypeVar("Answer")

#: The longest that a call waits: for a connection, for its making, and for the answer, together.
TIMEOUT_S = 0.25
#: How often Redis is asked whether it is back.
PROBE_S = 0.5
POOL_SIZE = 10


class RedisUrlError(OperatorError):
    """TARGET_REDIS_URL cannot be used."""


class RedisUnavailableError(Exception):
    """Redis did not answer, or is known to be away."""


class RedisRefusedError(RedisUnavailableError):
    """Redis answers, and does not do this: its memory is full, or it takes no writes."""


class RedisClient:
    """A worker's access to Redis: a bounded pool behind a short circuit. Raises RedisUrlError for a bad URL."""

    def __init__(self, url: str) -> None:
        self._url = url
        #: The client for scripts to be registered with; calls go through `call`.
        self.client = self._connect(max_connections=POOL_SIZE, timeout=TIMEOUT_S, socket_timeout=TIMEOUT_S)
        self._probe: asyncio.Task[None] | None = None

    def _connect(self, **options: Any) -> Redis:
        try:
            pool = BlockingConnectionPool.from_url(
                self._url,
                socket_connect_timeout=TIMEOUT_S,
                retry=Retry(NoBackoff(), 0),  # what to do instead is decided by the caller, not by repeating
                protocol=2,
                driver_info=None,
                **options,
            )
        except ValueError:  # its message may hold the password
            raise RedisUrlError("TARGET_REDIS_URL must begin with redis://, rediss:// or unix://") from None
        return Redis.from_pool(pool)

    @property
    def available(self) -> bool:
        """Whether Redis answered when it was last asked."""
        return self._probe is None

    async def start(self) -> None:
        """Ask once. A Redis that is away is no reason not to serve."""
        try:
            await self.call(lambda client: client.ping())
        except RedisUnavailableError:
            return

    async def call(self, work: Callable[[Redis], Awaitable[Answer]]) -> Answer:
        """What `work` gets from Redis, at most once. Raises RedisUnavailableError, at once where Redis is known away.

        `work` may have been done though its answer was lost.
        """
        if self._probe is not None:
            raise RedisUnavailableError("Redis is away")
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await work(self.client)
        except ResponseError as error:
            raise RedisRefusedError(str(error)[:80]) from error
        except (RedisError, OSError, TimeoutError) as error:
            self._lost(error)
            raise RedisUnavailableError(f"Redis does not answer: {type(error).__name__}") from error

    def subscriber(self) -> Redis:
        """A client of the caller's own for subscriptions, which may wait for ever; the caller closes it."""
        return self._connect(max_connections=2, timeout=TIMEOUT_S, socket_timeout=None)

    def _lost(self, error: BaseException) -> None:
        if self._probe is None:
            LOG.warning("Redis is away: %s; what it shares is kept by each worker for itself", type(error).__name__)
            self._probe = asyncio.create_task(self._await_return(), name="redis_probe")

    async def _await_return(self) -> None:
        """Close the circuit once Redis answers."""
        while True:
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    # Pooled connections lead to the server that was; the next call makes new ones.
                    await self.client.connection_pool.disconnect(inuse_connections=False)
                    await self.client.ping()
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(PROBE_S)
            else:
                LOG.warning("Redis is back")
                self._probe = None
                return

    async def close(self) -> None:
        """Stop asking, and close every connection."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
        await self.client.aclose()
        await self.client.connection_pool.disconnect()


def connect_redis(url: str) -> RedisClient | None:
    """The client for `url`; None for the empty one, where state is kept in the database."""
    return RedisClient(url) if url else None
