"""A subscriber's messages on the wire: as a WebSocket, or as server-sent events.

Each connection is two tasks: one sends what the subscriber gets, one waits for the peer to go. Sending waits for a slow
peer; that task alone.
"""

import asyncio
from contextlib import suppress

from fastapi import Response
from starlette.types import Receive, Scope, Send

from target_app.realtime.hub import Hub
from target_app.realtime.message import Message
from target_app.realtime.subscriber import Ending, Subscriber
from target_app.web.request_metrics import STREAM
from target_app.web.streaming import connection_of

HEARTBEAT = b": heartbeat\n\n"


def take_over(scope: Scope, subscriber: Subscriber, heartbeat_s: float) -> None:
    """Bound the connection's buffers, and let subscriber and connection end each other."""
    connection = connection_of(scope)
    if connection is not None:
        subscriber.attach(connection.abort)
        connection.begin(2 * heartbeat_s, lambda: subscriber.end(Ending.RESTART))


async def run_websocket(
    scope: Scope, receive: Receive, send: Send, subscriber: Subscriber, hub: Hub, heartbeat_s: float
) -> None:
    """Accept, and send until either side ends. Uvicorn pings, and closes where no pong comes."""
    take_over(scope, subscriber, heartbeat_s)
    reader = asyncio.create_task(refuse_messages(receive, subscriber))
    try:
        # OSError: the peer is gone. RuntimeError: uvicorn closed by itself, for a ping or a frame too large.
        with suppress(OSError, RuntimeError):
            await send({"type": "websocket.accept"})
            while (message := await subscriber.next()) is not None:
                await send({"type": "websocket.send", "text": message.text})
                hub.delivered()
            if subscriber.ending not in {None, Ending.GONE}:
                code, reason = subscriber.ending.value
                await send({"type": "websocket.close", "code": code, "reason": reason})
    finally:
        reader.cancel()
        hub.leave(subscriber)


async def refuse_messages(receive: Receive, subscriber: Subscriber) -> None:
    """Wait for the peer to go; one that says anything has to."""
    message = await receive()
    subscriber.end(Ending.GONE if message["type"] == "websocket.disconnect" else Ending.UNEXPECTED)


class EventStream(Response):
    """Server-sent events of one subscriber, until either side ends."""

    media_type = "text/event-stream"

    def __init__(self, subscriber: Subscriber, hub: Hub, heartbeat_s: float) -> None:
        self.status_code = 200
        self.background = None
        self._subscriber = subscriber
        self._hub = hub
        self._heartbeat_s = heartbeat_s
        # Nothing between the two may keep an event back: no cache, and no buffer of a proxy.
        self.init_headers({"cache-control": "no-store", "x-accel-buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send as things happen."""
        subscriber = self._subscriber
        take_over(scope, subscriber, self._heartbeat_s)
        reader = asyncio.create_task(await_end(receive, subscriber))
        try:
            scope[STREAM] = True
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            while subscriber.ending is None:
                chunk = await self._next_chunk()
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": last_chunk(subscriber.ending)})
        finally:
            reader.cancel()
            self._hub.leave(subscriber)

    async def _next_chunk(self) -> bytes:
        message: Message | None = None
        try:
            async with asyncio.timeout(self._heartbeat_s):
                message = await self._subscriber.next()
        except TimeoutError:
            return HEARTBEAT
        if message is None:
            return b""
        self._hub.delivered()
        return message.sse


def last_chunk(ending: Ending) -> bytes:
    """The event that says why a stream ends."""
    return f"event: {ending.value.reason}\ndata: {{}}\n\n".encode()


async def await_end(receive: Receive, subscriber: Subscriber) -> None:
    """Wait for the peer to go."""
    while (await receive())["type"] != "http.disconnect":
        pass
    subscriber.end(Ending.GONE)
