"""One benchmark for every level that a factor declares: a new level is measured without anybody thinking of it."""

import time
from collections.abc import Callable
from typing import Any, Final

import pytest

from target_app.controls.model import Factor

#: Options of pytest-benchmark, times in seconds. The clock is the CPU time of all threads of this process: what else
#: the machine does is no price of a control, and a hash is paid for on whichever thread it runs. Rounds of at least
#: 0.2 ms make the clock's own cost vanish even for calls of 0.1 µs. The garbage collector is stopped, for it would walk
#: the whole test process.
STEADY: Final[dict[str, Any]] = {
    "timer": time.process_time,
    "min_time": 0.0002,
    "max_time": 0.25,
    "min_rounds": 5,
    "disable_gc": True,
}

Benchmark = Callable[..., None]


def each_level(factor: Factor[Any]) -> Callable[[Benchmark], Benchmark]:
    """Run a benchmark once for each level of `factor`, which it takes as `level`, a name. The group is the factor."""
    parametrized = pytest.mark.parametrize(
        "level", [pytest.param(level.name, id=f"{factor.name}={level.name}") for level in factor.levels]
    )
    grouped = pytest.mark.benchmark(group=factor.name, **STEADY)
    return lambda function: parametrized(grouped(function))
