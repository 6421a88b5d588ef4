"""The resolver that a connection asks: what it answers, judged or not, is what the connection is made to."""

import socket
from collections.abc import Awaitable, Callable, Sequence

from aiohttp.abc import AbstractResolver, ResolveResult

from target_app.outbound.resolver import Place


class PinnedResolver(AbstractResolver):
    """Hands places to aiohttp, once for every connection: there is no second look-up in between."""

    def __init__(self, places: Callable[[str, int], Awaitable[Sequence[Place]]]) -> None:
        self._places = places

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises what looking up and judging raise, OSError for an unknown name."""
        return [
            ResolveResult(
                hostname=host, host=place.host, port=place.port, family=family, proto=0, flags=socket.AI_NUMERICHOST
            )
            for place in await self._places(host, port)
        ]

    async def close(self) -> None:
        """Nothing is open."""
