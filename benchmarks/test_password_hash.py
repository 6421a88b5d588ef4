import asyncio

from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure_on_loop
from benchmarks.levels import each_level
from target_app.controls.model import Kit
from target_app.controls.password_hash import PASSWORD_HASH

PASSWORD = "correct-horse-0001"


@each_level(PASSWORD_HASH)
def test_hash(benchmark: BenchmarkFixture, kit: Kit, loop: asyncio.AbstractEventLoop, level: str) -> None:
    """Hypothesis: a registration costs one hash: about 42 ms for argon2id at 19 MiB, 200 ms at 64 MiB, 290 ms for
    bcrypt at cost 12. For sha256 the figure is the way to the hashing thread and back, which all levels pay:
    under 0.2 ms.
    """
    passwords = PASSWORD_HASH.level(level).build(kit)
    stored = measure_on_loop(benchmark, loop, lambda: passwords.hash(PASSWORD))
    assert loop.run_until_complete(passwords.verify(PASSWORD, stored))
    passwords.close()


@each_level(PASSWORD_HASH)
def test_verify(benchmark: BenchmarkFixture, kit: Kit, loop: asyncio.AbstractEventLoop, level: str) -> None:
    """Hypothesis: a log-in costs what a registration costs, for the hash is computed again."""
    passwords = PASSWORD_HASH.level(level).build(kit)
    stored = loop.run_until_complete(passwords.hash(PASSWORD))
    assert measure_on_loop(benchmark, loop, lambda: passwords.verify(PASSWORD, stored))
    passwords.close()
