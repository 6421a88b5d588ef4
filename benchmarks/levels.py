"""One benchmark for every level that a factor declares: a new level is measured without anybody thinking of it."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from target_app.controls.model import Factor

#: Options of pytest-benchmark, times in seconds. A round of 0.2 ms makes the clock's own cost vanish even for
#: calls of 0.1 µs; the garbage collector stays out, because it would walk the whole test process.
STEADY: Final[dict[str, Any]] = {"min_time": 0.0002, "max_time": 0.35, "min_rounds": 5, "disable_gc": True}

Benchmark = Callable[..., None]


def each_level(factor: Factor[Any]) -> Callable[[Benchmark], Benchmark]:
    """Run a benchmark once for each level of `factor`, which it takes as `level`, a name. The group is the factor."""
    parametrized = pytest.mark.parametrize(
        "level", [pytest.param(level.name, id=f"{factor.name}={level.name}") for level in factor.levels]
    )
    grouped = pytest.mark.benchmark(group=factor.name, **STEADY)
    return lambda function: parametrized(grouped(function))
