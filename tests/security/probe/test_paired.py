"""Paired differences decide, or say that they can't."""

import random

import pytest

from security.probe.paired import Differences


def noisy(shift: float, spread: float, count: int, seed: int) -> Differences:
    draw = random.Random(seed)
    return Differences([shift + draw.gauss(0, spread) for _ in range(count)], matters=1.0)


def test_the_interval_covers_the_median_as_often_as_it_says() -> None:
    """At least 99 % of intervals over 16 and 40 skewed differences hold the true median (here 0.693)."""
    draw = random.Random(1)
    for count in (16, 40):
        intervals = [
            Differences([draw.expovariate(1) for _ in range(count)], matters=9.0).interval for _ in range(2000)
        ]
        assert sum(low <= 0.6931 <= high for low, high in intervals) >= 0.99 * 2000


def test_few_pairs_decide_nothing() -> None:
    """Eight pairs have no interval at this certainty, however alike they are."""
    assert Differences([0.0] * 8, matters=1.0).decision == "open"
    assert Differences([0.0] * 9, matters=1.0).decision == "alike"


@pytest.mark.parametrize(("shift", "decision"), [(3.0, "differs"), (-3.0, "differs"), (0.0, "alike")])
def test_clear_pairs_are_told_apart(shift: float, decision: str) -> None:
    """Either sign, at a spread below what matters."""
    assert {noisy(shift, 0.5, 24, seed).decision for seed in range(200)} == {decision}


def test_noise_is_no_difference_and_no_proof_of_none() -> None:
    """At ten times the spread of what matters nearly every series stays open, and hardly one is called different."""
    decisions = [noisy(0.0, 10.0, 40, seed).decision for seed in range(1000)]
    assert decisions.count("open") > 950
    assert decisions.count("differs") < 20
