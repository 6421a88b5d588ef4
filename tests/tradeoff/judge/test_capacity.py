"""Capacities judged from recorded slices: two simulated servers whose ratio is known."""

from __future__ import annotations

import pytest

from tests.tradeoff.measure.queueing import Server, true_capacity
from tradeoff.judge.capacity import judge_capacities
from tradeoff.judge.scaling import cores_needed
from tradeoff.judge.summary import ArmCapacity
from tradeoff.measure.capacity import search_capacity
from tradeoff.plan.arm import ArmSpec
from tradeoff.plan.load import CapacityGroup
from tradeoff.plan.objective import Objective
from tradeoff.record.events import CapacityRound, CapacitySlice, CapacityTogether, Event

OBJECTIVE = Objective()
SLOW, FAST = Server((1000.0,)), Server((1500.0,))
ARMS = {"slow": SLOW, "fast": FAST}
GROUP = CapacityGroup(
    name="g", arms=tuple(ArmSpec(profile=name, treatment={}) for name in ARMS), objective=OBJECTIVE, seconds=60
)


def rounds(count: int, *, lag_ms: float = 0.5) -> list[Event]:
    found: list[Event] = []
    for number in range(count):
        for name, server in ARMS.items():
            one = Server(server.rates, seed=number)
            for part in search_capacity(one, true_capacity(one, OBJECTIVE) * 0.8, OBJECTIVE, slices=9):
                late = {"lag_p99_ns": round(lag_ms * 1e6)}
                part = part.model_copy(update=late)  # noqa: PLW2901 - the same slice, as the load process tells it
                found.append(CapacitySlice(group="g", arm=name, round=number, look=False, slice=part))
        found.append(CapacityRound(group="g", round=number))
    return found


@pytest.fixture(scope="module")
def judged() -> list[ArmCapacity]:
    return judge_capacities(rounds(3), [GROUP])  # type: ignore[arg-type]  # all of them are events of the union


def test_the_ratio_of_two_servers_is_recovered(judged: list[ArmCapacity]) -> None:
    """Within 10 %, with an interval that holds it, against the first of the group."""
    slow, fast = judged
    truth = true_capacity(FAST, OBJECTIVE) / true_capacity(SLOW, OBJECTIVE)
    assert (slow.ratio, fast.against) == (None, "slow")
    assert fast.ratio
    assert fast.ratio.value == pytest.approx(truth, rel=0.1)
    assert not fast.ratio.excludes(truth)


def test_the_rate_carries_its_repeatability(judged: list[ArmCapacity]) -> None:
    """One figure a round, and their spread; no interval is narrower than the spread of the rounds allows."""
    for one in judged:
        assert one.rate
        assert one.repeatability is not None
        assert len(one.rounds) == 3
        assert 0 < one.repeatability < 0.1
        assert one.rate.high / one.rate.low >= 1 + 2 * one.repeatability / 3**0.5


def test_a_round_that_was_interrupted_is_left_out(judged: list[ArmCapacity]) -> None:
    """Slices without the end of their round say nothing: a resumed run makes the round anew."""
    events = rounds(2)
    whole = judge_capacities(events, [GROUP])  # type: ignore[arg-type]  # as above
    torn = judge_capacities(events[:-1], [GROUP])  # type: ignore[arg-type]  # as above
    assert [len(one.rounds) for one in whole] == [2, 2]
    assert [len(one.rounds) for one in torn] == [1, 1]
    assert torn[0].repeatability is None


def test_what_a_visit_takes_is_compared_where_both_served_it() -> None:
    """The clocks of alternating slices say that the fast arm's visits are as dear; served together they take half."""
    events = rounds(1)
    together = [CapacityTogether(group="g", round=0, cpu_ns={"slow": 10**9 + n, "fast": 5 * 10**8}) for n in range(5)]
    apart, compared = (
        judge_capacities(told, [GROUP])[1].ratio  # type: ignore[arg-type]  # as above
        for told in (events, [*together, *events])
    )
    assert apart
    assert compared
    assert compared.value / apart.value == pytest.approx(2, rel=1e-6)


def test_a_late_load_process_gives_no_figure() -> None:
    """Where it was late in most slices that broke, the arm has no capacity and the reason stands there."""
    late = [
        one.model_copy(update={"slice": one.slice.model_copy(update={"slow": one.slice.requests})})
        if isinstance(one, CapacitySlice)
        else one
        for one in rounds(1, lag_ms=80.0)
    ]
    for one in judge_capacities(late, [GROUP]):  # type: ignore[arg-type]  # as above
        assert one.rate is None
        assert "load process was late" in (one.void or "")


def test_cores_are_the_rate_by_what_a_core_carries(judged: list[ArmCapacity]) -> None:
    """Up to a million requests a second, with the interval of the capacity."""
    slow = judged[0]
    assert slow.at_capacity
    needed = cores_needed([slow])
    assert [one.requests_per_s for one in needed] == [1e3, 1e4, 1e5, 1e6]
    per_core = slow.at_capacity.requests_per_s
    assert needed[-1].cores.value == pytest.approx(1e6 / per_core.value)
    assert needed[-1].cores.low == pytest.approx(1e6 / per_core.high)
