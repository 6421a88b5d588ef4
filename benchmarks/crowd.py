"""A crowd of WebSocket clients that need as little as they can: they count what comes, and know when the last came."""

import asyncio
import struct
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Crowd:
    """Counts messages over all sockets, and remembers when the last came."""

    expected: int
    seen: int = 0
    last: float = 0.0
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def read(self, messages: int) -> None:
        """So many more have come."""
        self.seen += messages
        if self.seen >= self.expected:
            self.last = time.perf_counter()
            self.complete.set()

    def begin(self) -> None:
        """Wait for the next message."""
        self.seen = 0
        self.complete.clear()


class Reader(asyncio.Protocol):
    """The least that a WebSocket client can be: counts text frames, answers pings (RFC 6455, 5.2)."""

    def __init__(self, host: str, path: str, crowd: Crowd) -> None:
        self.request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        ).encode()
        self._crowd = crowd
        self._buffer = b""
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        """Ask for the upgrade."""
        self.transport = transport
        transport.write(self.request)

    def connection_lost(self, _error: Exception | None) -> None:
        """Too early, if the upgrade was not answered."""
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed before the upgrade"))

    def data_received(self, data: bytes) -> None:
        """The answer to the upgrade, then frames."""
        self._buffer += data
        if not self.opened.done():
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self._buffer = rest
            if b" 101 " in head[:20]:
                self.opened.set_result(None)
            else:
                self.opened.set_exception(ConnectionError(head.decode()))
        self._frames()

    def _frames(self) -> None:
        messages = 0
        while (frame := first_frame(self._buffer)) is not None:
            opcode, payload, self._buffer = frame
            messages += opcode == 1
            if opcode == 9 and self.transport is not None:
                self.transport.write(bytes((0x8A, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
        if messages:
            self._crowd.read(messages)


def first_frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Opcode and payload of the first whole frame, and what follows it."""
    if len(data) < 2:
        return None
    length, start = data[1] & 0x7F, 2
    for marker, layout in ((126, ">H"), (127, ">Q")):
        if length == marker:
            start = 2 + struct.calcsize(layout)
            if len(data) < start:
                return None
            (length,) = struct.unpack_from(layout, data, 2)
            break
    end = start + length
    return None if len(data) < end else (data[0] & 0x0F, data[start:end], data[end:])
