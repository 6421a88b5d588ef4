"""What a thousand WebSockets cost on one worker, and how soon a message reaches the last of them.

`python -m benchmarks.sockets` starts `hardened` anew for each round, on SQLite and a loopback address, and measures

* KiB per socket: the worker's resident memory with all sockets open, less before, by the sockets; once when nothing
  has been sent yet and once when all messages of the round have;
* ms to the last: from a comment's POST being sent, and from its answer, until the last socket has read it;
* the same with one more reader that has stopped reading, and what the worker's memory grew by until it was closed.

The clients run in this process, on another core where there is one; what they need is part of the times.
"""

import argparse
import asyncio
import json
import resource
import secrets
import socket
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import uvloop

from benchmarks.crowd import Crowd, Reader
from tests.parts.target import TargetServer, empty_sqlite, target_server

SOCKETS: Final = 1000
ROUNDS: Final = 3
MESSAGES: Final = 5
#: What a socket may cost, and how late the last of them may hear of a message, also beside a stalled reader.
MOST_KIB: Final = 40.0
MOST_MS: Final = 250.0
#: As many as one user may have open.
PER_USER: Final = 20
#: Connections that are opened at once.
TOGETHER: Final = 50
#: Of the comments that the stalled reader does not read, and at most so many.
LONG_BODY: Final = 4096
MOST_COMMENTS: Final = 400
PATIENCE_S: Final = 30.0
PAGE_KIB: Final = resource.getpagesize() // 1024


@dataclass(frozen=True)
class Round:
    """One round's figures; times in ms, memory in KiB."""

    sockets: int
    kib_open: float
    kib_after: float
    from_sending: list[float]
    from_answer: list[float]
    stalled_from_sending: list[float]
    stalled_growth_kib: float
    stalled_dropped_after: int | None


def resident_kib(pid: int) -> int:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_KIB


class Scene:
    """One server with its users, an article, and the sockets that watch it."""

    def __init__(self, server: TargetServer, client: httpx.AsyncClient) -> None:
        self._server = server
        self._client = client
        self._tokens: list[str] = []
        self._slug = ""

    async def prepare(self, users: int) -> None:
        """Users, an article, and every path walked once, so that only sockets are measured later."""
        for _ in range(users):
            name = f"u{secrets.token_hex(6)}"
            user = {"username": name, "email": f"{name}@example.test", "password": "correct-horse-battery"}
            self._tokens.append((await self._post("/api/users", None, {"user": user}))["user"]["token"])
        article = {"title": "Watched", "description": "About", "body": "Text"}
        self._slug = (await self._post("/api/articles", self._tokens[0], {"article": article}))["article"]["slug"]
        warm = Crowd(PER_USER)
        readers = await self.open(PER_USER, warm)
        await self.comment("warm")
        async with asyncio.timeout(PATIENCE_S):
            await warm.complete.wait()
        for reader in readers:
            if reader.transport is not None:
                reader.transport.close()
        await asyncio.sleep(0.5)

    async def open(self, count: int, crowd: Crowd) -> list[Reader]:
        """So many sockets, spread over the users."""
        readers: list[Reader] = []
        for begin in range(0, count, TOGETHER):
            numbers = range(begin, min(begin + TOGETHER, count))
            readers += await asyncio.gather(*(self._open_one(number, crowd) for number in numbers))
        return readers

    async def comment(self, body: str) -> tuple[float, float]:
        """When a comment was sent, and when it was answered."""
        sent = time.perf_counter()
        await self._post(f"/api/articles/{self._slug}/comments", self._tokens[0], {"comment": {"body": body}})
        return sent, time.perf_counter()

    async def stalled(self) -> socket.socket:
        """A socket that is opened and never read."""
        stream = socket.socket()
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stream.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(stream, (self._server.host, self._server.port))
        path = await self._path(len(self._tokens) - 1)
        reader = Reader(f"{self._server.host}:{self._server.port}", path, Crowd(0))
        await loop.sock_sendall(stream, reader.request)
        if b" 101 " not in await loop.sock_recv(stream, 1024):
            raise ConnectionError("the stalled reader was refused")
        return stream

    async def dropped(self) -> float:
        """Messages that the server has dropped."""
        name = 'target_realtime_messages_total{outcome="dropped"} '
        lines = (await self._client.get("/metrics")).text.splitlines()
        return next(float(line.removeprefix(name)) for line in lines if line.startswith(name))

    async def _open_one(self, number: int, crowd: Crowd) -> Reader:
        path = await self._path(number % len(self._tokens))
        host = f"{self._server.host}:{self._server.port}"
        loop = asyncio.get_running_loop()
        _, reader = await loop.create_connection(
            lambda: Reader(host, path, crowd), self._server.host, self._server.port
        )
        await reader.opened
        return reader

    async def _path(self, user: int) -> str:
        ticket = (await self._post("/api/tickets", self._tokens[user], None))["ticket"]["value"]
        return f"/api/stream?ticket={ticket}&article={self._slug}"

    async def _post(self, path: str, token: str | None, content: Any) -> Any:
        headers = {} if token is None else {"Authorization": f"Token {token}"}
        answer = await self._client.post(path, json=content, headers=headers)
        answer.raise_for_status()
        return answer.json()


async def measured(scene: Scene, pid: int, sockets: int) -> Round:
    """One round on a server that has just started."""
    await scene.prepare(users=-(-sockets // PER_USER) + 1)
    before = resident_kib(pid)
    crowd = Crowd(sockets)
    readers = await scene.open(sockets, crowd)
    await asyncio.sleep(1)
    opened = resident_kib(pid)
    times = [await last_receipt(scene, crowd, "short") for _ in range(MESSAGES)]
    after = resident_kib(pid)
    stalled, growth, dropped = await with_stalled(scene, crowd, pid)
    for reader in readers:
        if reader.transport is not None:
            reader.transport.close()
    return Round(
        sockets,
        (opened - before) / sockets,
        (after - before) / sockets,
        [sending for sending, _ in times],
        [answer for _, answer in times],
        stalled,
        growth,
        dropped,
    )


async def last_receipt(scene: Scene, crowd: Crowd, body: str) -> tuple[float, float]:
    """Ms from a comment's sending, and from its answer, until the last socket has read it."""
    crowd.begin()
    sent, answered = await scene.comment(body)
    async with asyncio.timeout(PATIENCE_S):
        await crowd.complete.wait()
    return 1000 * (crowd.last - sent), max(0.0, 1000 * (crowd.last - answered))


async def with_stalled(scene: Scene, crowd: Crowd, pid: int) -> tuple[list[float], float, int | None]:
    """The times of all others while one reader stalls, the growth of memory, and after how many it was dropped."""
    body = secrets.token_urlsafe(LONG_BODY)[:LONG_BODY]
    times = [(await last_receipt(scene, crowd, body))[0]]  # buffers of this size are made once, for all
    before = resident_kib(pid)
    times.clear()
    stream = await scene.stalled()
    dropped: int | None = None
    with stream:
        for count in range(1, MOST_COMMENTS + 1):
            times.append((await last_receipt(scene, crowd, body))[0])
            if count % 10 == 0 and await scene.dropped():
                dropped = count
                break
        growth = resident_kib(pid) - before
    return times, growth, dropped


def run_round(sockets: int) -> Round:
    """A new database, a new server, one round."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sockets-")))
        server = stack.enter_context(target_server("hardened", empty_sqlite(folder), folder))

        async def main() -> Round:
            limits = httpx.Limits(max_connections=TOGETHER)
            async with httpx.AsyncClient(
                base_url=server.url, timeout=PATIENCE_S, limits=limits, trust_env=False
            ) as client:
                return await measured(Scene(server, client), server.pid, sockets)

        return uvloop.run(main())


def spread(values: Sequence[float]) -> dict[str, float]:
    """Least, median and greatest."""
    return {
        "min": round(min(values), 1),
        "median": round(statistics.median(values), 1),
        "max": round(max(values), 1),
    }


def summary(rounds: Sequence[Round]) -> dict[str, Any]:
    """All rounds in one object."""
    return {
        "sockets": rounds[0].sockets,
        "rounds": len(rounds),
        "kib_per_socket_open": spread([one.kib_open for one in rounds]),
        "kib_per_socket_after_messages": spread([one.kib_after for one in rounds]),
        "ms_from_sending_to_last": spread([ms for one in rounds for ms in one.from_sending]),
        "ms_from_answer_to_last": spread([ms for one in rounds for ms in one.from_answer]),
        "ms_from_sending_to_last_beside_a_stalled_reader": spread(
            [ms for one in rounds for ms in one.stalled_from_sending]
        ),
        "kib_grown_while_one_stalled": spread([one.stalled_growth_kib for one in rounds]),
        "stalled_reader_dropped_after_comments": [one.stalled_dropped_after for one in rounds],
    }


def bars(found: dict[str, Any]) -> dict[str, bool]:
    """What is promised, and whether the worst that was seen keeps it."""
    memory = max(found["kib_per_socket_open"]["max"], found["kib_per_socket_after_messages"]["max"])
    return {
        f"under {MOST_KIB:g} KiB a socket": memory < MOST_KIB,
        f"a message reaches all in under {MOST_MS:g} ms": found["ms_from_sending_to_last"]["max"] < MOST_MS,
        f"also beside a reader that stalls: under {MOST_MS:g} ms": (
            found["ms_from_sending_to_last_beside_a_stalled_reader"]["max"] < MOST_MS
        ),
        "the stalled reader is dropped": None not in found["stalled_reader_dropped_after_comments"],
    }


def printed(found: dict[str, Any]) -> str:
    """The summary as a table, and which bars hold."""
    lines = [
        f"{found['sockets']} WebSockets on one worker, {found['rounds']} rounds of fresh processes; "
        f"times of {MESSAGES} messages a round",
        "",
        f"{'':50} {'min':>9} {'median':>9} {'max':>9}",
    ]
    for name, value in found.items():
        if isinstance(value, dict):
            lines.append(f"{name:50} {value['min']:>9} {value['median']:>9} {value['max']:>9}")
    dropped = found["stalled_reader_dropped_after_comments"]
    lines.append(f"the stalled reader was dropped after {dropped} comments of {LONG_BODY} bytes")
    return "\n".join([*lines, *(f"{'holds' if held else 'MISSED'}: {bar}" for bar, held in bars(found).items())])


def main() -> None:
    """Measure, and print a table or JSON; exit 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sockets", description=__doc__)
    parser.add_argument("--sockets", type=int, default=SOCKETS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    asked = parser.parse_args()
    found = summary([run_round(asked.sockets) for _ in range(asked.rounds)])
    print(json.dumps(found) if asked.json else printed(found))
    raise SystemExit(0 if all(bars(found).values()) else 1)


if __name__ == "__main__":
    main()
