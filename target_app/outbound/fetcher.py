"""Requests that a user has asked for: bounded in time, size and redirects, and each judged by the outbound guard."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from target_app.controls.outbound_guard import OutboundGuard
from target_app.web.errors import ApiError

if TYPE_CHECKING:
    import aiohttp

#: All of one fetch: look-ups, redirects and the answer.
TOTAL_S = 3.0
#: Bytes of an answer that are read.
LARGEST = 512 * 1024
MOST_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: An answer is not unpacked: a small one could become a huge one.
HEADERS = {"User-Agent": "Conduit", "Accept-Encoding": "identity"}


class Fetched(NamedTuple):
    """The answer to a fetch, from the URL that the redirects ended at; of the body LARGEST bytes at most."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


def unfetchable() -> ApiError:
    """No answer came, or none that could be used."""
    return ApiError(422, {"url": ["cannot be fetched"]})


class Fetcher:
    """Sends requests to strangers. Each call raises ApiError 422: the guard's, or `cannot be fetched`."""

    def __init__(self, guard: OutboundGuard) -> None:
        self._guard = guard

    @cached_property
    def _session(self) -> "aiohttp.ClientSession":
        import aiohttp

        return aiohttp.ClientSession(
            connector=self._guard.connector(),
            headers=HEADERS,
            timeout=aiohttp.ClientTimeout(total=TOTAL_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )

    async def close(self) -> None:
        """Close all connections."""
        if "_session" in self.__dict__:
            await self._session.close()

    async def admit(self, url: str) -> None:
        """Refuse now what would be refused when it is fetched."""
        async with bounded():
            await self._guard.admit(url)

    async def get(self, url: str) -> Fetched:
        """The answer of a page, after redirects."""
        async with bounded():
            target = self._guard.accept(url)
            for _ in range(MOST_REDIRECTS + 1):
                async with self._session.get(target, allow_redirects=False) as answer:
                    location = answer.headers.get("Location")
                    if answer.status not in REDIRECTS or location is None:
                        return Fetched(str(target), answer.status, answer.headers, await beginning(answer))
                target = self._guard.follow(str(target.join(type(target)(location))))
        raise unfetchable()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer. A redirect is an answer like any other."""
        async with bounded():
            target = self._guard.accept(url)
            async with self._session.post(target, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status


@asynccontextmanager
async def bounded() -> AsyncIterator[None]:
    """One fetch: an end in time, and one error for whatever a stranger's server or name may do."""
    import aiohttp

    try:
        async with asyncio.timeout(TOTAL_S):
            yield
    except (aiohttp.ClientError, OSError, ValueError):
        raise unfetchable() from None


async def beginning(answer: "aiohttp.ClientResponse") -> bytes:
    """The body, cut off after LARGEST bytes."""
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) >= LARGEST:
            break
    return bytes(body[:LARGEST])
