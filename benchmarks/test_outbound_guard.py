import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure, measure_on_loop
from benchmarks.levels import each_level
from target_app.controls.model import Kit
from target_app.controls.outbound_guard import OUTBOUND_GUARD
from target_app.outbound.fetcher import Fetched, Fetcher
from target_app.outbound.resolver import add_name

URL = "http://honest.example/page?number=1"


class Page(BaseHTTPRequestHandler):
    """Answers, and keeps the connection if it may."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def lab(kit: Kit, tmp_path: Path) -> Iterator[Kit]:
    """A kit by whose file of names `honest.example` leads to a server of this process."""
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        names = tmp_path / "names.json"
        add_name(names, "honest.example", "203.0.113.7", f"127.0.0.1:{server.server_port}")
        settings = kit.settings.model_copy(update={"resolver_file": names})
        yield Kit(settings, kit.database, kit.metrics, kit.keys)
        server.shutdown()


@each_level(OUTBOUND_GUARD)
def test_accept(benchmark: BenchmarkFixture, lab: Kit, level: str) -> None:
    """Hypothesis: to judge a URL's text costs about 2 µs more than to parse it, at any level: yarl keeps what it has
    parsed.
    """
    guard = OUTBOUND_GUARD.level(level).build(lab)
    measure(benchmark, guard.accept, URL)


@each_level(OUTBOUND_GUARD)
def test_fetch(benchmark: BenchmarkFixture, lab: Kit, loop: asyncio.AbstractEventLoop, level: str) -> None:
    """Hypothesis: a look-up and a connection for each fetch, which the weak levels keep, cost 0.5 to 1 ms of CPU; the
    server that is fetched from is in the figure.
    """
    fetcher = Fetcher(OUTBOUND_GUARD.level(level).build(lab))

    async def fetch() -> Fetched:
        return await fetcher.get(URL)

    assert measure_on_loop(benchmark, loop, fetch).status == 200
    loop.run_until_complete(fetcher.close())
