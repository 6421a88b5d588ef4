"""Three ways to measure a call, so that the figure is the call's own price and nothing is lost in starting a loop.

Each calls once beforehand: a first call compiles, caches and connects, and rounds are planned by how long a call takes.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from pytest_benchmark.fixture import BenchmarkFixture
from sqlalchemy.util import await_only, greenlet_spawn

Answer = TypeVar("Answer")
CoroutineFunction = Callable[[], Coroutine[Any, Any, Answer]]


class SuspendedError(Exception):
    """A coroutine that was measured as one step waited for something."""


def finished(coroutine: Coroutine[Any, Any, Answer]) -> Answer:
    """The result of a coroutine that never waits, run in a single step. Raises SuspendedError for one that waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        answer: Answer = done.value
        return answer
    coroutine.close()
    raise SuspendedError("measure a coroutine that waits with `measure_on_loop`")


def measure(benchmark: BenchmarkFixture, call: Callable[..., Answer], *arguments: Any) -> Answer:
    """Measure a plain function; the result of its last call."""
    if benchmark.enabled:
        call(*arguments)
    answer: Answer = benchmark(call, *arguments)
    return answer


def measure_step(benchmark: BenchmarkFixture, call: CoroutineFunction[Answer]) -> Answer:
    """Measure a coroutine function that never waits, as none does that only reads SQLite; the result of its last call.

    About 0.5 µs a call are the harness's.
    """
    return measure(benchmark, lambda: finished(call()))


def measure_on_loop(
    benchmark: BenchmarkFixture, loop: asyncio.AbstractEventLoop, call: CoroutineFunction[Answer]
) -> Answer:
    """Measure a coroutine function that waits, inside a loop that runs all the while; the result of its last call.

    The benchmark runs in a greenlet of its own and hands each coroutine to the loop, which costs about 1 µs a call;
    starting and stopping the loop for each would cost tens.
    """
    answer: Answer = loop.run_until_complete(greenlet_spawn(measure, benchmark, lambda: await_only(call())))
    return answer
