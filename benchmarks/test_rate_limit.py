import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from starlette.types import Message, Receive, Scope, Send

from benchmarks.asgi import get, nothing_to_read
from benchmarks.calls import measure_on_loop
from benchmarks.levels import each_level
from target_app.controls.model import Kit
from target_app.controls.rate_limit import CHUNK, RATE_LIMIT


async def answer(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """An application that does nothing."""


async def ignore(_message: Message) -> None:
    """Nobody reads the answer."""


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """Each number once, so that no benchmark meets an address of another."""
    return iter(range(2**24))


def played(
    benchmark: BenchmarkFixture,
    kit: Kit,
    loop: asyncio.AbstractEventLoop,
    level: str,
    addresses: Iterator[int],
    each: int,
) -> None:
    """Measure requests of these addresses, `each` of them of one after the other."""
    app = RATE_LIMIT.level(level).build(kit).wrap(answer)
    scopes = (scope for number in addresses for scope in [coming_from(number)] * each)

    def request() -> Coroutine[Any, Any, None]:
        return app(next(scopes), nothing_to_read, ignore)  # type: ignore[return-value]  # every app here is a coroutine

    measure_on_loop(benchmark, loop, request)


def coming_from(number: int) -> dict[str, Any]:
    """A request of the address with this number, which its header names too."""
    address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    scope = get("/api/articles")
    return {**scope, "client": (address, 50000), "headers": [*scope["headers"], (b"x-forwarded-for", address.encode())]}


@each_level(RATE_LIMIT)
def test_read(
    benchmark: BenchmarkFixture, kit: Kit, loop: asyncio.AbstractEventLoop, numbers: Iterator[int], level: str
) -> None:
    """Hypothesis: off is not there. A request that is paid for from a lease costs 2 to 3 µs: an address, two look-ups,
    a subtraction, a count; what asks the header costs 1 µs more. The median holds no lease: see below.
    """
    played(benchmark, kit, loop, level, numbers, each=CHUNK)


@each_level(RATE_LIMIT)
def test_lease(
    benchmark: BenchmarkFixture, kit: Kit, loop: asyncio.AbstractEventLoop, numbers: Iterator[int], level: str
) -> None:
    """Hypothesis: a lease is one write into SQLite where the state is shared, about 100 µs, and one of CHUNK requests
    takes one, so that it adds half a µs to each; under 10 µs, for a look into a dictionary, where each process counts.
    """
    played(benchmark, kit, loop, level, numbers, each=1)
