"""The payment provider as an order sees it: charged once, given back once, or asked what became of a charge.

Every call carries the order's own key, so that repeating it is safe: the provider answers a known key as it did before.
"""

import asyncio
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, cast

import orjson
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from target_app.controls.provider_tls import ProviderTls
from target_app.metrics import Metrics
from target_app.payments.breaker import CircuitBreaker

if TYPE_CHECKING:
    import aiohttp

ATTEMPTS = 3
#: The second attempt waits up to this long, the third up to twice as long (full jitter).
PAUSE_S = 0.05


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


class HttpProvider:
    """The provider over HTTP."""

    def __init__(self, url: str, api_key: str, tls: ProviderTls, metrics: Metrics) -> None:
        tls.accept(url)
        self._patience = tls.patience
        self._breaker = CircuitBreaker(metrics.breaker_state)
        self._open = partial(tls.session, url, api_key)

    @cached_property
    def _session(self) -> "aiohttp.ClientSession":
        return self._open()

    async def charge(self, key: str, amount: int) -> Charge:
        """Repeated on failure: the key makes that safe."""
        body = orjson.dumps({"amount": amount, "reference": key})
        return charged(await self._call("POST", "/v1/charges", data=body, headers={"Idempotency-Key": key}))

    async def refund(self, key: str, charge: str, amount: int) -> str:
        """Repeated on failure: the key makes that safe."""
        body = orjson.dumps({"charge": charge, "amount": amount})
        return str((await self._call("POST", "/v1/refunds", data=body, headers={"Idempotency-Key": key}))["id"])

    async def look_up(self, key: str) -> Charge | None:
        """Changes nothing, so that it is repeated too."""
        found = await self._call("GET", "/v1/charges", params={"reference": key})
        return charged(found["charges"][0]) if found["charges"] else None

    async def close(self) -> None:
        """Close all connections."""
        if "_session" in self.__dict__:
            await self._session.close()

    async def _call(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        if not self._breaker.admits():
            raise ProviderUnavailableError
        attempt = Attempt(self._breaker, partial(self._session.request, method, path, allow_redirects=False, **content))
        deciding = self._breaker.state == "half_open"
        try:
            async with asyncio.timeout(self._patience.deciding if deciding else self._patience.call):
                return await (attempt.make() if deciding else RETRYING.copy()(attempt.make))
        except (TimeoutError, FailedAttemptError) as error:
            if isinstance(error, TimeoutError):
                self._breaker.failed()
            raise (AnswerLostError if attempt.sent else ProviderUnavailableError) from None


class FailedAttemptError(Exception):
    """One attempt brought no answer that settles anything."""


class Attempt:
    """One call, made once or several times; `sent` once a request may have arrived."""

    def __init__(self, breaker: CircuitBreaker, send: Callable[[], Any]) -> None:
        self._breaker = breaker
        self._send = send
        self.sent = False

    async def make(self) -> dict[str, Any]:
        """Try once. Raises FailedAttemptError, RefusedError."""
        import aiohttp

        try:
            async with self._send() as answer:
                status, body = answer.status, await answer.read()
        except aiohttp.ClientConnectorError:  # the one failure after which no byte of the request can have arrived
            self._breaker.failed()
            raise FailedAttemptError from None
        except (aiohttp.ClientError, TimeoutError):
            self.sent = True
            self._breaker.failed()
            raise FailedAttemptError from None
        except asyncio.CancelledError:
            self.sent = True
            raise
        if status >= 500:
            self.sent = True
            self._breaker.failed()
            raise FailedAttemptError
        self._breaker.succeeded()
        if status < 300:
            return cast("dict[str, Any]", orjson.loads(body))
        raise RefusedError(status)


RETRYING = AsyncRetrying(
    retry=retry_if_exception_type(FailedAttemptError),
    stop=stop_after_attempt(ATTEMPTS),
    wait=wait_random_exponential(PAUSE_S, max=1),
    reraise=True,
)


def charged(shown: dict[str, Any]) -> Charge:
    """A charge as the provider shows it."""
    return Charge(shown["id"], shown["status"], shown["amount"])
