from itertools import count

import orjson
from pytest_benchmark.fixture import BenchmarkFixture
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.asgi import answered, get
from benchmarks.calls import finished, measure_step
from benchmarks.levels import each_level
from target_app.app import create_app
from target_app.controls.model import Kit
from target_app.treatment import parse_treatment
from target_app.tuning.response_cache import RESPONSE_CACHE

#: About the size of a list of twenty articles.
BODY = b"x" * 10_000


async def behind(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Stands where the application would: answers at once."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": BODY})


def cached(kit: Kit, level: str) -> ASGIApp:
    """This level's cache in front of an application that costs nothing."""
    return RESPONSE_CACHE.level(level).build(kit).wrap(behind)


@each_level(RESPONSE_CACHE)
def test_hit(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: a hit costs a key, a look-up and a counter: at most 5 µs more than no cache in front of nothing."""
    app = cached(kit, level)
    _, body = measure_step(benchmark, lambda: answered(app, get("/api/articles", "limit=20")))
    assert body["body"] == BODY


@each_level(RESPONSE_CACHE)
def test_miss(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: a miss costs as much again, for recording and keeping the answer: what a list that nobody repeats
    pays for the cache.
    """
    app = cached(kit, level)
    offsets = count()
    _, body = measure_step(benchmark, lambda: answered(app, get("/api/articles", f"offset={next(offsets)}")))
    assert body["body"] == BODY


@each_level(RESPONSE_CACHE)
def test_repeated_list_in_the_whole_app(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: a cache saves nearly all of a repeated read: statements, encoding and routing."""
    app = create_app(kit.settings, parse_treatment(f"hardened,rate_limit=off,response_cache={level}"))
    _, body = measure_step(benchmark, lambda: answered(app, get("/api/articles", "limit=20")))
    assert len(orjson.loads(body["body"])["articles"]) == 20
    finished(app.state.parts.database.close())
