"""A web server of the probe's own, on loopback, which notes every request that the target is made to send to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from security.probe.scene import Scene, new_marker


@dataclass
class Canary:
    """Where it listens, and what it heard. A path that `redirects` does not send on shows a page titled `marker`."""

    host: str
    port: int
    marker: str
    redirects: dict[str, str] = field(default_factory=dict)
    _heard: list[str] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    @property
    def address(self) -> str:
        """`127.x.y.z:port`."""
        return f"{self.host}:{self.port}"

    def url(self, host: str) -> str:
        """The page's URL, with the host in this notation."""
        return f"http://{host}:{self.port}/{self.marker}"

    def note(self, path: str) -> None:
        """A request came in."""
        with self._changed:
            self._heard.append(path)
            self._changed.notify_all()

    def heard(self, path: str, timeout_s: float = 0.0) -> bool:
        """Whether somebody asked for this path, now or within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: path in self._heard, timeout_s)


@contextmanager
def canary(scene: Scene) -> Iterator[Canary]:
    """A canary for the length of the block. Raises `CouldNotRunError` for a target of another machine."""
    host = scene.loopback()
    with _Server((host, 0), _Handler) as server:
        server.canary = Canary(host, server.server_address[1], new_marker())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server.canary
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    canary: Canary

    def handle_error(self, *_arguments: object) -> None:
        """A peer that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5.0

    def do_GET(self) -> None:
        there = self.server.canary
        there.note(self.path)
        location = there.redirects.get(self.path)
        body = f"<title>{there.marker}</title>".encode()
        self.send_response(302 if location else 200)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing to say."""
