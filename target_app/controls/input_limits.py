"""How much of a request this server takes in before it says no."""

from collections.abc import AsyncGenerator
from typing import Protocol

from fastapi import Request

from target_app.controls.model import Kit
from target_app.web.errors import ApiError


class InputLimits(Protocol):
    """Reads bodies. `most` is in bytes, and the caller's own: what it can use."""

    async def body(self, request: Request, most: int) -> bytes:
        """The whole body. Raises ApiError 413."""

    def chunks(self, request: Request, most: int) -> AsyncGenerator[bytes, None]:
        """The body as it comes. Raises ApiError 413 instead of handing out more than `most`."""


class Bounded:
    """No byte is read of a body that says it is too large; one that does not say is given up when it is."""

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("input_limits", "allow")
        self._deny = kit.metrics.decision("input_limits", "deny")

    async def body(self, request: Request, most: int) -> bytes:
        """At most `most` bytes are ever held."""
        return b"".join([chunk async for chunk in self.chunks(request, most)])

    async def chunks(self, request: Request, most: int) -> AsyncGenerator[bytes, None]:
        """A client that asked first (`Expect: 100-continue`) is told before it sends anything."""
        if declared_length(request) > most:
            raise self._refusal()
        taken = 0
        async for chunk in request.stream():
            taken += len(chunk)
            if taken > most:
                raise self._refusal()
            yield chunk
        self._allow()

    def _refusal(self) -> ApiError:
        self._deny()
        return ApiError(413, {"body": ["is too large"]})


def declared_length(request: Request) -> int:
    """What Content-Length says; 0 for a body that comes in chunks of any number."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0
