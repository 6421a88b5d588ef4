"""The measure that the factors' figures are read against."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.asgi import answered, get
from benchmarks.calls import measure, measure_step
from benchmarks.levels import STEADY
from benchmarks.table import MEASURES
from target_app.controls.login_throttle import LOGIN_THROTTLE, Attempt
from target_app.controls.model import Kit
from target_app.controls.object_authz import OBJECT_AUTHZ

pytestmark = pytest.mark.benchmark(group=MEASURES, **STEADY)


async def ok(_request: Request) -> JSONResponse:
    return JSONResponse({"ok": 1})


def test_bare_json_answer(benchmark: BenchmarkFixture) -> None:
    """Hypothesis: the least that an answer can cost here, some tens of µs; the unit of all other figures.

    A Starlette application with one route, called in this process: what uvicorn adds to every answer is not in it.
    """
    app = Starlette(routes=[Route("/", ok)])
    start, body = measure_step(benchmark, lambda: answered(app, get("/")))
    assert (start["status"], body["body"]) == (200, b'{"ok":1}')


class Empty:
    """What a null policy is compared with: the same call, with nothing in it."""

    def change(self, _kind: str, _viewer_id: int, _owner_id: int) -> None:
        return None

    async def check(self, _attempt: Attempt) -> None:
        return None


def test_empty_call(benchmark: BenchmarkFixture) -> None:
    """Hypothesis: a call of an empty method with three arguments takes well under 0.2 µs."""
    empty = Empty()
    measure(benchmark, empty.change, "article", 1, 2)


def test_null_policy(benchmark: BenchmarkFixture, kit: Kit) -> None:
    """Hypothesis: a null policy costs what an empty call costs, so "off" is free: at most 0.2 µs."""
    policy = OBJECT_AUTHZ.levels[0].build(kit)
    measure(benchmark, policy.change, "article", 1, 2)


def test_empty_coroutine(benchmark: BenchmarkFixture) -> None:
    """Hypothesis: making and running an empty coroutine takes a few tenths of a µs, this harness included."""
    empty = Empty()
    attempt = Attempt("reader0001@example.test", "127.0.0.1")
    measure_step(benchmark, lambda: empty.check(attempt))


def test_null_coroutine(benchmark: BenchmarkFixture, kit: Kit) -> None:
    """Hypothesis: an awaited null policy costs what an empty coroutine costs."""
    policy = LOGIN_THROTTLE.levels[0].build(kit)
    attempt = Attempt("reader0001@example.test", "127.0.0.1")
    measure_step(benchmark, lambda: policy.check(attempt))
