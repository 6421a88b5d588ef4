"""Connections that stay open: what the server must do for them below ASGI.

A peer that stops reading stalls its own connection alone, but three buffers fill on its behalf. Each is bounded: the
hub's queue (64 messages, shared with all other readers), the transport's (`WRITE_BUFFER`, by uvicorn's flow control)
and the kernel's (`SEND_BUFFER`). An orderly close waits until the peer has read what is buffered, which a stalled peer
never does: so `abort` ends the connection without, and TCP_USER_TIMEOUT lets the kernel give up a peer that is gone.
"""

import socket
from asyncio import Transport
from collections.abc import Callable
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

#: Bytes that wait in this process before sending is paused, and in the kernel (which doubles it for its own needs).
WRITE_BUFFER = 16 * 1024
SEND_BUFFER = 32 * 1024
#: Where in the scope's state the connection stands.
CONNECTION = "connection"


class Connection:
    """One connection, for an answer that lasts."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._on_drain: Callable[[], None] | None = None
        self._draining = False

    def begin(self, stall_s: float, on_drain: Callable[[], None]) -> None:
        """Bound the buffers; `on_drain` is called when the server is asked to end, perhaps at once."""
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER)
        own = self._transport.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(stall_s * 1000))
        self._on_drain = on_drain
        if self._draining:
            on_drain()

    def abort(self) -> None:
        """End it without waiting for the peer to read. Harmless where it has ended."""
        self._transport.abort()

    def drain(self) -> None:
        """The server is asked to end."""
        self._draining = True
        if self._on_drain is not None:
            self._on_drain()


def connection_of(scope: Scope) -> Connection | None:
    """The connection on which a request came; None where it came by none of a server's, as in a test."""
    state: dict[str, Any] = scope.get("state") or {}
    return state.get(CONNECTION)


class HttpProtocol(HttpToolsProtocol):
    """Uvicorn's HTTP, with the connection within reach of what it carries."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as in uvicorn's own
        """The state goes into the scope of each request, and to the WebSocket that the connection may become."""
        super().connection_made(transport)
        self._connection = Connection(transport)
        self.app_state = {**self.app_state, CONNECTION: self._connection}

    def handle_websocket_upgrade(self) -> None:
        """The parser and this object hold each other: without the one, the other's memory is free at once."""
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]  # as uvicorn does itself when a connection ends

    def shutdown(self) -> None:
        """The server is asked to end: uvicorn lets answers finish, and a stream has to be told to."""
        super().shutdown()
        self._connection.drain()


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's WebSocket: of its three the one that is small and pings its peers."""

    async def send(self, message: Any) -> None:
        """A handshake that was refused in full is complete: uvicorn would log each one as an error."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True
