from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure
from benchmarks.levels import each_level
from target_app.controls.model import Kit
from target_app.controls.password_hash import PASSWORD_HASH

PASSWORD = "correct-horse-0001"


@each_level(PASSWORD_HASH)
def test_hash(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: a registration costs one hash: about 42 ms for argon2id at 19 MiB, 200 ms at 64 MiB, 290 ms for
    bcrypt at cost 12, 1 µs for sha256.
    """
    scheme = PASSWORD_HASH.level(level).build(kit)
    assert scheme.verify(PASSWORD, measure(benchmark, scheme.hash, PASSWORD))


@each_level(PASSWORD_HASH)
def test_verify(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: a log-in costs what a registration costs, for the hash is computed again."""
    scheme = PASSWORD_HASH.level(level).build(kit)
    assert measure(benchmark, scheme.verify, PASSWORD, scheme.hash(PASSWORD))
