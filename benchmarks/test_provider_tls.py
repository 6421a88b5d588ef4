import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure_on_loop
from benchmarks.levels import each_level
from target_app.controls.model import Kit
from target_app.controls.provider_tls import PROVIDER_TLS
from target_app.payments.provider_client import Charge, HttpProvider

CHARGED = b'{"id":"ch_1","status":"succeeded","amount":500}'


class Till(BaseHTTPRequestHandler):
    """Takes every charge, over a connection that is kept."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(CHARGED), CHARGED))

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def till() -> Iterator[str]:
    """The URL of a provider in this process."""
    with HTTPServer(("127.0.0.1", 0), Till) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@each_level(PROVIDER_TLS)
def test_charge(benchmark: BenchmarkFixture, kit: Kit, loop: asyncio.AbstractEventLoop, till: str, level: str) -> None:
    """Hypothesis: over a connection that is kept the levels differ by their timers, less than 30 µs of some 500 µs, of
    which the provider in this process is the larger part.
    """
    payments = HttpProvider(till, "key", PROVIDER_TLS.level(level).build(kit), kit.metrics)

    async def charge() -> Charge:
        return await payments.charge("order-1", 500)

    assert measure_on_loop(benchmark, loop, charge).status == "succeeded"
    loop.run_until_complete(payments.close())
