"""The payment provider as an order sees it: charged once, given back once, or asked what became of a charge.

Every call carries the order's own key, so that repeating it is safe: the provider answers a known key as it did before.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal, NamedTuple, Protocol, cast

import httpx
import orjson
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from target_app.metrics import Metrics
from target_app.payments.breaker import CircuitBreaker

ATTEMPTS = 3
#: All attempts of one call together.
TOTAL_S = 5.0
#: The second attempt waits up to this long, the third up to twice as long (full jitter).
PAUSE_S = 0.05
#: Failures after which no byte of the request can have arrived.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class ProviderUnavailableError(Exception):
    """Surely this call did nothing: no request of it was sent."""


class AnswerLostError(Exception):
    """Nobody knows whether it was done: the answer did not come, or was a failure."""


class RefusedError(Exception):
    """The provider understood and refused: the key stands for something else, or too much would be given back."""


class Charge(NamedTuple):
    """What became of a charge; the amount in minor units."""

    id: str
    status: Literal["succeeded", "declined"]
    amount: int


class ProviderClient(Protocol):
    """What payments need of a provider. Each call raises ProviderUnavailableError or AnswerLostError."""

    async def charge(self, key: str, amount: int) -> Charge:
        """Charge once for this key, however often it is called."""

    async def refund(self, key: str, charge: str, amount: int) -> str:
        """The id of the refund, made once for this key. Raises RefusedError too."""

    async def look_up(self, key: str) -> Charge | None:
        """What became of this key's charge; None where the provider never heard of it."""

    async def close(self) -> None:
        """Close all connections."""


class NoProvider:
    """Where no provider is set up, nothing can be sold."""

    async def charge(self, _key: str, _amount: int) -> Charge:
        """Never made."""
        raise ProviderUnavailableError

    async def refund(self, _key: str, _charge: str, _amount: int) -> str:
        """Never made."""
        raise ProviderUnavailableError

    async def look_up(self, _key: str) -> Charge | None:
        """Never asked."""
        raise ProviderUnavailableError

    async def close(self) -> None:
        """Nothing is open."""
        return


class HttpProvider:
    """The provider over HTTP."""

    def __init__(self, client: httpx.AsyncClient, metrics: Metrics) -> None:
        self._client = client
        self._breaker = CircuitBreaker(metrics.breaker_state)

    async def charge(self, key: str, amount: int) -> Charge:
        """Repeated on failure: the key makes that safe."""
        body = orjson.dumps({"amount": amount, "reference": key})
        return charged(await self._call(lambda: self._post("/v1/charges", key, body)))

    async def refund(self, key: str, charge: str, amount: int) -> str:
        """Repeated on failure: the key makes that safe."""
        body = orjson.dumps({"charge": charge, "amount": amount})
        return str((await self._call(lambda: self._post("/v1/refunds", key, body)))["id"])

    async def look_up(self, key: str) -> Charge | None:
        """Changes nothing, so that it is repeated too."""
        found = await self._call(lambda: self._client.get("/v1/charges", params={"reference": key}))
        return charged(found["charges"][0]) if found["charges"] else None

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def _post(self, path: str, key: str, body: bytes) -> Awaitable[httpx.Response]:
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        return self._client.post(path, content=body, headers=headers)

    async def _call(self, send: Callable[[], Awaitable[httpx.Response]]) -> dict[str, Any]:
        if not self._breaker.admits():
            raise ProviderUnavailableError
        attempt = Attempt(self._breaker, send)
        try:
            async with asyncio.timeout(TOTAL_S):
                return await RETRYING.copy()(attempt.make)
        except (TimeoutError, FailedAttemptError) as error:
            if isinstance(error, TimeoutError):
                self._breaker.failed()
            raise (AnswerLostError if attempt.sent else ProviderUnavailableError) from None


class FailedAttemptError(Exception):
    """One attempt brought no answer that settles anything."""


class Attempt:
    """One call, made once or several times; `sent` once a request may have arrived."""

    def __init__(self, breaker: CircuitBreaker, send: Callable[[], Awaitable[httpx.Response]]) -> None:
        self._breaker = breaker
        self._send = send
        self.sent = False

    async def make(self) -> dict[str, Any]:
        """Try once. Raises FailedAttemptError, RefusedError."""
        try:
            answer = await self._send()
        except NEVER_SENT:
            self._breaker.failed()
            raise FailedAttemptError from None
        except httpx.HTTPError:
            self.sent = True
            self._breaker.failed()
            raise FailedAttemptError from None
        except asyncio.CancelledError:
            self.sent = True
            raise
        if answer.status_code >= 500:
            self.sent = True
            self._breaker.failed()
            raise FailedAttemptError
        self._breaker.succeeded()
        if answer.is_success:
            return cast("dict[str, Any]", orjson.loads(answer.content))
        raise RefusedError(answer.status_code)


RETRYING = AsyncRetrying(
    retry=retry_if_exception_type(FailedAttemptError),
    stop=stop_after_attempt(ATTEMPTS),
    wait=wait_random_exponential(PAUSE_S, max=1),
    reraise=True,
)


def charged(shown: dict[str, Any]) -> Charge:
    """A charge as the provider shows it."""
    return Charge(shown["id"], shown["status"], shown["amount"])
