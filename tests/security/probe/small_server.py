"""A small real HTTP server on a loopback address of its own, answering as a test tells it to."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from security.probe.target import Account, Accounts, LabCommands, Login, ProbeTarget
from tests.parts.loopback import random_address

ACCOUNTS = Accounts("reader{n:04d}", "reader{n:04d}@example.test", "correct-horse-{n:04d}", count=60)
ADMIN = Account("admin0001", "admin0001@example.test", "correct-horse-0001")
LOGIN = Login("/api/users/login", {"user": {"email": "{email}", "password": "{password}"}}, ("user", "token"))


@dataclass(frozen=True)
class Request:
    """What the server was asked; `connection` counts the server's connections from 0."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    peer: str
    host: str
    connection: int


@dataclass(frozen=True)
class Answer:
    """What it answers."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def read_body(kind: str | None, sent: bytes) -> Any:
    """JSON as what it says, anything else as it came."""
    if not sent:
        return None
    return json.loads(sent) if kind == "application/json" else sent


@contextmanager
def serving(answer: Callable[[Request], Answer]) -> Iterator[str]:
    """The URL of a server whose every request is answered by `answer`."""

    connections = itertools.count()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # header and body are two writes: without this each answer waits 40 ms

        def setup(self) -> None:
            super().setup()
            self.number = next(connections)

        def handle_any(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length") or 0))
            request = Request(
                self.command,
                self.path,
                dict(self.headers),
                read_body(self.headers.get("content-type"), sent),
                str(self.client_address[0]),
                self.headers["host"],
                self.number,
            )
            given = answer(request)
            body = json.dumps(given.body).encode() if not isinstance(given.body, bytes) else given.body
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing to say."""

    for method in ("GET", "POST", "PUT", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.handle_any)  # the names that http.server looks for
    server = ThreadingHTTPServer((random_address(), 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        host, port = server.server_address[:2]
        yield f"http://{host!s}:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def target_at(url: str, lab: LabCommands | None = None, **options: Any) -> ProbeTarget:
    """A target description for a small server."""
    return ProbeTarget(url, ACCOUNTS, LOGIN, lab or LabCommands(), **options)
