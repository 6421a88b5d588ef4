import asyncio

from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure_step
from benchmarks.levels import each_level
from target_app.controls.login_throttle import LOGIN_THROTTLE, Attempt
from target_app.controls.model import Kit


@each_level(LOGIN_THROTTLE)
def test_log_in(benchmark: BenchmarkFixture, kit: Kit, loop: asyncio.AbstractEventLoop, level: str) -> None:
    """Hypothesis: a log-in with the right password, from an address that is known, costs two indexed reads where the
    state is shared, about 100-300 µs on SQLite beside a hash of 42 ms; two dictionary look-ups and four digests, under
    20 µs, where each process counts for itself; nothing where it is off. The first log-in from an address also writes;
    it is not in the figure.
    """
    throttle = LOGIN_THROTTLE.level(level).build(kit)

    async def log_in() -> None:
        attempt = Attempt("reader0001@example.test", "127.0.0.1")
        await throttle.check(attempt)
        await throttle.succeeded(attempt)

    loop.run_until_complete(log_in())
    measure_step(benchmark, log_in)
