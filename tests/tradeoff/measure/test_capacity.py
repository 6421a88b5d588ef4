"""The search of a capacity, on queues of which the capacity is known by formula."""

from __future__ import annotations

import random
from statistics import median

import pytest

from tests.tradeoff.measure.queueing import Server, true_capacity
from tradeoff.measure.capacity import bracket, estimate, is_kept, is_void, search_capacity
from tradeoff.plan.objective import Objective
from tradeoff.record.events import LoadSlice
from tradeoff.target.errors import TradeoffError

OBJECTIVE = Objective()
SLICES = 26


def found(server: Server, seed: int) -> tuple[float, float, float]:
    """The capacity with its 95 % bounds, from a first guess that may be off by 40 %."""
    first = true_capacity(server, OBJECTIVE) * random.Random(seed).uniform(0.6, 1.4)
    knee = estimate(search_capacity(server, first, OBJECTIVE, slices=SLICES), OBJECTIVE)
    return knee.quantile(0.025), knee.quantile(0.5), knee.quantile(0.975)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("one knee, close to saturation", {"rates": (1500.0,)}),
        ("one knee, far below saturation", {"rates": (400.0,)}),
        ("two stations in a row, each with a knee", {"rates": (800.0, 700.0)}),
        ("errors before any latency", {"rates": (1000.0,), "room": 25}),
        (
            "a tenth of the slices disturbed, a speed that changes",
            {"rates": (1000.0,), "disturbed": 0.1, "jitter": 0.03},
        ),
        ("slow until it is warm", {"rates": (1000.0,), "cold": 4000}),
    ],
)
def test_the_capacity_of_a_queue_is_recovered(name: str, parts: dict[str, object]) -> None:
    """Within 5 % in the middle of five searches and 8 % in each, and most intervals hold the truth."""
    results = []
    for seed in range(5):
        server = Server(**parts, seed=seed)  # type: ignore[arg-type]
        truth = true_capacity(server, OBJECTIVE)
        results.append(tuple(bound / truth for bound in found(server, seed)))
    assert median(value for _, value, _ in results) == pytest.approx(1, abs=0.05), name
    assert sum(low <= 1 <= high for low, _, high in results) >= 3, name
    assert all(value == pytest.approx(1, abs=0.08) for _, value, _ in results), name


def test_slices_gather_about_the_knee() -> None:
    """From a guess that is off by a factor of three, most slices lie within a tenth of the capacity."""
    server = Server((1000.0,))
    truth = true_capacity(server, OBJECTIVE)
    slices = search_capacity(server, truth / 3, OBJECTIVE, slices=SLICES)
    assert sum(abs(one.offered / truth - 1) < 0.1 for one in slices) > SLICES / 2


def test_a_late_load_process_makes_the_search_void() -> None:
    """Where the lateness alone may have broken the objective; where it is broken by far more, it is the server's."""
    with pytest.raises(TradeoffError, match="late in"):
        search_capacity(Server((1000.0,), lag_ms=200.0), 1500.0, OBJECTIVE, slices=4)
    assert not is_void(Server((1000.0,), lag_ms=30.0)(2000.0, 4.0, seed=1), OBJECTIVE)
    assert not is_void(Server((1000.0,), lag_ms=200.0)(500.0, 4.0, seed=1), OBJECTIVE)


@pytest.mark.parametrize(("first", "told"), [(1e5, "fails at"), (0.5, "holds at")])
def test_a_capacity_out_of_reach_is_said(first: float, told: str) -> None:
    """The lowest rate that was tried, or the highest, is named."""
    with pytest.raises(TradeoffError, match=told):
        bracket(Server((100.0,)), first, OBJECTIVE)


def test_other_work_on_the_core_is_divided_out() -> None:
    """A server that has between a third and all of its core: its capacity is that of a whole one."""
    draw = random.Random(1)

    def shared(rate: float, seconds: float, *, seed: int) -> LoadSlice:
        others = draw.uniform(0, 0.65)
        one = Server((1000.0 * (1 - others),), seed=seed)(rate, seconds, seed=seed)
        return one.model_copy(update={"others": others})

    slices = search_capacity(shared, 700.0, OBJECTIVE, slices=SLICES)
    truth = true_capacity(Server((1000.0,)), OBJECTIVE)
    assert estimate(slices, OBJECTIVE).quantile(0.5) == pytest.approx(truth, rel=0.08)


def test_a_slice_to_which_little_was_left_is_void() -> None:
    """Kept or not."""
    one = Server((1000.0,))(500.0, 4.0, seed=1)
    assert not is_void(one.model_copy(update={"others": 0.65}), OBJECTIVE)
    assert is_void(one.model_copy(update={"others": 0.75}), OBJECTIVE)


def test_errors_count_by_their_own_share() -> None:
    """One error too many breaks an objective of none, and not one of a tenth per cent over thousands of requests."""
    one = Server((1000.0,))(500.0, 4.0, seed=1)
    failed = one.model_copy(update={"errors": 1})
    assert is_kept(one, Objective(errors=0))
    assert not is_kept(failed, Objective(errors=0))
    assert is_kept(failed, OBJECTIVE)
