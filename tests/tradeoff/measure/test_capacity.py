"""The search of a capacity, on a server whose capacity is known."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tradeoff.measure.capacity import Objective, Step, search_capacity
from tradeoff.target.errors import TradeoffError


def server(capacity: float, *, lag_ms: float = 0.5, hiccups: float = 0.0, seed: int = 0) -> Callable[[float], Step]:
    """One queue: its p99 passes the objective at `capacity`, and at a share of steps by a neighbour's doing."""
    draw = random.Random(seed)

    def run(rate: float) -> Step:
        slow = draw.random() < hiccups
        p99 = 100.0 if rate <= capacity else 100.0 + 2 * (rate - capacity)
        return Step(rate, rate * 6, 400.0 if slow else p99 * (0.5 if rate < 0.9 * capacity else 1), 0.0, 0.0, lag_ms)

    return run


@pytest.mark.parametrize("first", [40.0, 95.0, 250.0])
def test_the_capacity_is_found(first: float) -> None:
    """Within a tenth, from below or above, in at most twice seven steps."""
    found = search_capacity(server(100.0), first, Objective())
    assert 88 <= found.known().rate <= 100
    assert len(found.steps) <= 14


def test_a_neighbours_moment_is_no_limit() -> None:
    """With one step in ten disturbed, nine searches of ten still come within a fifth."""
    rates = [search_capacity(server(100.0, hiccups=0.1, seed=n), 60.0, Objective()).known().rate for n in range(100)]
    assert sum(rate >= 80 for rate in rates) >= 90


def test_a_late_load_process_makes_the_search_void() -> None:
    """Where the lateness alone may have broken the objective; where it is broken by far more, it is the server's."""
    late = search_capacity(server(100.0, lag_ms=30.0), 110.0, Objective())
    assert "late" in (late.void or "")
    with pytest.raises(TradeoffError, match="not known"):
        late.known()
    assert not server(100.0, lag_ms=30.0)(160.0).blames_the_load(Objective())


def test_a_server_that_keeps_nothing_has_no_capacity() -> None:
    """The lowest rate that was tried is named."""
    found = search_capacity(server(0.001), 100.0, Objective())
    assert found.best is None
    assert "/s too" in (found.void or "")
