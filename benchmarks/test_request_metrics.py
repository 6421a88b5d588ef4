from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.asgi import get
from benchmarks.calls import measure_step
from target_app.metrics import Metrics
from target_app.web.request_metrics import ROUTE, RequestMetrics


async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
    """The smallest application that answers."""
    scope[ROUTE] = "/api/tags"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def nobody() -> Message:
    """No body comes."""
    return {"type": "http.disconnect"}


async def ignore(_message: Message) -> None:
    """Nobody reads the answer."""


@pytest.mark.parametrize(
    "wrapped", [lambda app: app, lambda app: RequestMetrics(app, Metrics())], ids=["without", "with"]
)
def test_request(benchmark: BenchmarkFixture, wrapped: Callable[[ASGIApp], ASGIApp]) -> None:
    """Hypothesis: counting and timing a request costs 4 to 8 µs with one worker. With several, whose metrics are files
    that all of them map, set PROMETHEUS_MULTIPROC_DIR to an empty folder and run this again: about twice that.
    """
    app = wrapped(answer)
    measure_step(benchmark, lambda: app(get("/api/tags"), nobody, ignore))  # type: ignore[arg-type, return-value]


def test_statement(benchmark: BenchmarkFixture) -> None:
    """Hypothesis: counting and timing a statement costs 2 µs."""
    benchmark(Metrics().statement, 0.001)
