from pytest_benchmark.fixture import BenchmarkFixture
from starlette.responses import Response

from benchmarks.asgi import HOST, answered, get
from benchmarks.calls import measure, measure_step
from benchmarks.levels import each_level
from target_app.controls.browser_policy import BROWSER_POLICY
from target_app.controls.model import Kit

ORIGIN = [f"http://{HOST.decode()}"]


@each_level(BROWSER_POLICY)
def test_request(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: nothing beyond the request by itself, but for the CORS middleware of the weakest level: 5 µs."""
    app = BROWSER_POLICY.level(level).build(kit).wrap(Response(b"{}"))
    measure_step(benchmark, lambda: answered(app, get("/api/tags")))


@each_level(BROWSER_POLICY)
def test_socket(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: a comparison of two names, half a µs for each WebSocket that opens."""
    policy = BROWSER_POLICY.level(level).build(kit)
    measure(benchmark, policy.admit_socket, ORIGIN, HOST.decode())
