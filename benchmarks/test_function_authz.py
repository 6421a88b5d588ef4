from typing import NamedTuple

from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.calls import measure
from benchmarks.levels import each_level
from target_app.controls.function_authz import FUNCTION_AUTHZ
from target_app.controls.model import Kit
from target_app.users.roles import Role


class Signed(NamedTuple):
    """Somebody who is signed in."""

    role: Role


@each_level(FUNCTION_AUTHZ)
def test_require(benchmark: BenchmarkFixture, kit: Kit, level: str) -> None:
    """Hypothesis: two look-ups, a comparison and a counter, at most 1 µs; under 0.2 µs where nothing is asked."""
    measure(benchmark, FUNCTION_AUTHZ.level(level).build(kit).require, Signed("admin"), "moderator")
