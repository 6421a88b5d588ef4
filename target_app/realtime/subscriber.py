"""One open connection as the hub sees it: a bounded queue and how it ends."""

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from target_app.realtime.message import Message
from target_app.users.session import Session

#: Messages that wait for one reader.
QUEUE = 64
#: How long a connection that must end may take to say so in an orderly way, and how long where the peer is leaving or
#: the server is, which must be done within its own grace.
CLOSE_S = 2.0
LEAVE_S = 0.5


class Close(NamedTuple):
    """How a connection ends: the WebSocket's close code (RFC 6455; 4401 is ours), and the stream's last event."""

    code: int
    reason: str


class Ending(Enum):
    """Why a connection ends."""

    GONE = Close(1000, "gone")
    RESTART = Close(1012, "restart")
    OVERFLOW = Close(1013, "overflow")
    UNEXPECTED = Close(1008, "unexpected")
    SIGNED_OUT = Close(4401, "signed_out")


class Subscriber:
    """A reader with at most QUEUE messages waiting; one that falls behind is ended, never waited for."""

    __slots__ = ("_abort", "_queue", "_waiting", "ending", "kind", "session", "topics")

    def __init__(self, session: Session, kind: str) -> None:
        self.session = session
        self.kind = kind
        self.topics: set[str] = set()
        self.ending: Ending | None = None
        self._queue: list[Message] = []
        self._waiting: asyncio.Future[None] | None = None
        self._abort: Callable[[], None] | None = None

    def attach(self, abort: Callable[[], None]) -> None:
        """How to end the connection without waiting for its peer."""
        self._abort = abort

    def offer(self, message: Message) -> int:
        """Queue a message; how many are lost: none, or all where it would be one too many, which ends the reader."""
        if self.ending is not None:
            return 1
        if len(self._queue) >= QUEUE:
            self.end(Ending.OVERFLOW)
            return QUEUE + 1
        self._queue.append(message)
        self._wake()
        return 0

    def end(self, ending: Ending) -> None:
        """Say no more. The first reason counts."""
        if self.ending is not None:
            return
        self.ending = ending
        self._queue.clear()
        self._wake()
        if self._abort is not None:
            patience = LEAVE_S if ending in {Ending.GONE, Ending.RESTART} else CLOSE_S
            asyncio.get_running_loop().call_later(patience, self._abort)

    async def next(self) -> Message | None:
        """The next message, waited for; None once the connection must end."""
        while not self._queue:
            if self.ending is not None:
                return None
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        return self._queue.pop(0)

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
