"""A web server that is none of ours, on loopback, and the file of names that leads to it."""

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.parts.loopback import random_address

#: An address that a stranger's name seems to have (RFC 5737).
SEEMS = "203.0.113.7"


@dataclass(frozen=True)
class Heard:
    """One request that arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Said:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Heard], Said]


@dataclass
class Stranger:
    """A running server: where it listens, what it heard, and what it answers from now on."""

    host: str
    port: int
    answer: Answer
    heard: list[Heard] = field(default_factory=list)

    @property
    def address(self) -> str:
        """`127.x.y.z:port`."""
        return f"{self.host}:{self.port}"


@contextmanager
def stranger(answer: Answer = lambda _heard: Said(), host: str | None = None) -> Iterator[Stranger]:
    """A server as long as the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            heard = Heard(self.command, self.path, dict(self.headers), self.rfile.read(length))
            there.heard.append(heard)
            said = there.answer(heard)
            try:
                self.send_response(said.status)
                for name, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said.body)
            except OSError:  # whoever asked has gone
                self.close_connection = True

        do_POST = do_GET  # noqa: N815  # the name that the standard library looks for

        def log_message(self, *_arguments: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_arguments: object) -> None:
            """Nobody reads it."""

    with Server((host or random_address(), 0), Handler) as server:
        there = Stranger(str(server.server_address[0]), server.server_address[1], answer)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield there
        server.shutdown()
        thread.join()


class NamesFile:
    """The file that TARGET_RESOLVER_FILE names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries: dict[str, dict[str, str]] = {}
        self._write()

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a target that uses it."""
        return {"TARGET_RESOLVER_FILE": str(self.path)}

    def lead(self, name: str, connect: str, address: str = SEEMS) -> None:
        """From now on the name has this address, and connections to it go to `connect`."""
        self._entries[name] = {"address": address, "connect": connect}
        self._write()

    def _write(self) -> None:
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(self._entries))
        before = self.path.stat().st_mtime_ns if self.path.exists() else 0
        stamp = max(before + 1, fresh.stat().st_mtime_ns)
        os.utime(fresh, ns=(stamp, stamp))
        fresh.replace(self.path)
