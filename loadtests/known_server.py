"""A server whose behaviour is known, to hold load generators against: `python -m loadtests.known_server`.

It answers every request with the same JSON after a fixed delay. Once, it stands still: from `after_s` past the first
request on it answers nothing for `for_s`, then everything at once. So the latency of an arrival at t seconds is
`after_s + for_s - t` while it stands still and the delay otherwise: every percentile of an open loop is known.

It reads on while it stands still, so that the queue is not paid for at the end. It serves on loopback alone and prints
one JSON line, `{"port": N}`, when it listens; it ends with its standard input, and says how many requests came,
`{"requests": N}`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, field

HOST = "127.0.0.1"
END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Body size in bytes, delay of each answer and the stand-still, in seconds; bytes kept of each request."""

    size: int = 1024
    delay_s: float = 0.0
    after_s: float = 0.0
    for_s: float = 0.0
    leak: int = 0

    def answer(self) -> bytes:
        """The whole response."""
        body = json.dumps({"text": "x" * (self.size - len('{"text": ""}'))}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body


@dataclass(slots=True)
class Known:
    """The server's state: when the first request came, and whom it owes an answer."""

    behaviour: Behaviour
    answer: bytes
    first: float | None = None
    owed: list[tuple[asyncio.Transport, int]] = field(default_factory=list)
    requests: int = 0
    leaked: list[bytes] = field(default_factory=list)

    def asked(self, transport: asyncio.Transport, count: int) -> None:
        """So many requests have come on a connection."""
        self.requests += count
        if self.behaviour.leak:
            self.leaked.append(os.urandom(self.behaviour.leak * count))
        loop = asyncio.get_running_loop()
        if self.first is None:
            self.first = loop.time()
            loop.call_later(self.behaviour.after_s + self.behaviour.for_s, self._thaw)
        past = loop.time() - self.first - self.behaviour.after_s
        if 0 <= past < self.behaviour.for_s:
            self.owed.append((transport, count))
        elif self.behaviour.delay_s:
            loop.call_later(self.behaviour.delay_s, self._answer, transport, count)
        else:
            self._answer(transport, count)

    def _thaw(self) -> None:
        for transport, count in self.owed:
            self._answer(transport, count)
        self.owed.clear()

    def _answer(self, transport: asyncio.Transport, count: int) -> None:
        transport.write(self.answer * count)


class _Connection(asyncio.Protocol):
    """Requests without a body, pipelined or not."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        if count := data.count(END_OF_HEAD):
            self._known.asked(self._transport, count)
        self._rest = data[data.rfind(END_OF_HEAD) + len(END_OF_HEAD) :] if count else data


async def serve(behaviour: Behaviour, port: int) -> None:
    """Serve until standard input ends."""
    known = Known(behaviour, behaviour.answer())
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(known), HOST, port, backlog=4096)
    _say(port=server.sockets[0].getsockname()[1])
    ended = asyncio.Event()

    def read() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            ended.set()

    loop.add_reader(sys.stdin.fileno(), read)
    await ended.wait()
    server.close()
    _say(requests=known.requests)


def _say(**what: int) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.known_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--size", type=int, default=1024, help="bytes of the body")
    parser.add_argument("--delay", type=float, default=0.0, metavar="S", help="before each answer")
    parser.add_argument("--freeze-after", type=float, default=0.0, metavar="S", help="from the first request on")
    parser.add_argument("--freeze-for", type=float, default=0.0, metavar="S")
    parser.add_argument("--leak", type=int, default=0, metavar="BYTES", help="kept of each request, for ever")
    parser.add_argument("--core", type=int, help="the core to run on")
    asked = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    if asked.core is not None:
        os.sched_setaffinity(0, {asked.core})
    behaviour = Behaviour(asked.size, asked.delay, asked.freeze_after, asked.freeze_for, asked.leak)
    asyncio.run(serve(behaviour, asked.port))


if __name__ == "__main__":
    main()
