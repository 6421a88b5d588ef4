"""Reading a body and a query string; what is refused costs nobody much."""

from pytest_benchmark.fixture import BenchmarkFixture
from starlette.requests import Request
from starlette.types import Message

from benchmarks.asgi import get
from benchmarks.calls import measure, measure_step
from benchmarks.levels import each_level
from target_app.articles.schemas import ArticleQuery
from target_app.controls.input_limits import INPUT_LIMITS
from target_app.controls.model import Kit
from target_app.web.reading import LARGEST_BODY

BODY = b"x" * 1024


async def sent() -> Message:
    """A kilobyte in one piece."""
    return {"type": "http.request", "body": BODY, "more_body": False}


@each_level(INPUT_LIMITS)
def test_body(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: counting the pieces of a body costs a few µs."""
    limits = INPUT_LIMITS.level(level).build(kit)
    read = measure_step(benchmark, lambda: limits.body(Request(get("/"), sent), LARGEST_BODY))
    assert read == BODY


@each_level(INPUT_LIMITS)
def test_query(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: a bounded page is read in 2 µs; to let any size through takes longer than to bound it."""
    limits = INPUT_LIMITS.level(level).build(kit)
    assert measure(benchmark, limits.query, {"limit": "20", "offset": "40"}, ArticleQuery).limit == 20
