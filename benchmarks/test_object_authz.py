from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure
from benchmarks.levels import each_level
from target_app.controls.model import Kit
from target_app.controls.object_authz import OBJECT_AUTHZ

OWNER = 42


@each_level(OBJECT_AUTHZ)
def test_change(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: nothing that a request shows: an owner's change costs a comparison and a counter, at most 1 µs."""
    authz = OBJECT_AUTHZ.level(level).build(kit)
    measure(benchmark, authz.change, "article", OWNER, OWNER)


@each_level(OBJECT_AUTHZ)
def test_read_draft(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: the same as for a change; published articles are not asked about at all."""
    authz = OBJECT_AUTHZ.level(level).build(kit)
    measure(benchmark, authz.read_draft, OWNER, OWNER)
