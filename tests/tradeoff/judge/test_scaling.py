"""The scaling fit, on a simulated server whose law is known."""

from __future__ import annotations

import random
from statistics import mean

import pytest

from tradeoff.judge.scaling import fit_law

ONE, CONTENTION, CROSSTALK = 100.0, 0.05, 0.002
USERS = (1, 2, 4, 8, 16, 24, 32, 48)


def throughput(users: int, *, jobs: int, seed: int, noise: float = 0.0) -> float:
    """Jobs a second of users who work in step, as Gunther's synchronous repairman model has it.

    In each step every user does the parallel part of a job at once, and all then pass one lock, one after the other,
    holding it for the serial part and for telling each of the others: (1 - b) + N b + N (N - 1) c on average.
    """
    draw, seconds = random.Random(f"{users}/{seed}"), 0.0
    unit = 1 / ONE
    for _ in range(jobs // users):
        held = sum(
            draw.expovariate(1) * unit * CONTENTION + draw.expovariate(1) * unit * CROSSTALK * (users - 1)
            for _ in range(users)
        )
        seconds += unit * (1 - CONTENTION) + held
    return jobs // users * users / seconds * draw.lognormvariate(0, noise)


def points(noise: float, seed: int) -> dict[int, list[float]]:
    return {n: [throughput(n, jobs=4000, seed=10 * seed + r, noise=noise) for r in range(3)] for n in USERS}


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_the_law_of_a_simulated_server_is_recovered(noise: float) -> None:
    """Throughput of one, the number of users at the peak and its height within 5 %; the intervals hold the truth."""
    peak_users = ((1 - CONTENTION) / CROSSTALK) ** 0.5
    peak = ONE * peak_users / (1 + CONTENTION * (peak_users - 1) + CROSSTALK * peak_users * (peak_users - 1))
    covered = []
    for seed in range(5):
        fit = fit_law(points(noise, seed))
        assert fit.one
        assert fit.contention
        assert fit.crosstalk
        assert fit.peak_users
        assert fit.peak
        assert fit.one.value == pytest.approx(ONE, rel=0.05)
        assert fit.peak.value == pytest.approx(peak, rel=0.05)
        assert fit.peak_users.value == pytest.approx(peak_users, rel=0.05)
        truths = ((fit.one, ONE), (fit.contention, CONTENTION), (fit.crosstalk, CROSSTALK), (fit.peak, peak))
        covered += [not found.excludes(truth) for found, truth in truths]
    assert mean(covered) >= 0.8


def test_a_server_that_scales_without_loss_has_no_peak() -> None:
    """No contention, no crosstalk: both are near nothing and nothing is said of a peak."""
    fit = fit_law({n: [100.0 * n * f for f in (0.99, 1.0, 1.01)] for n in USERS})
    assert fit.contention
    assert fit.contention.value < 0.005
    assert fit.peak is None


def test_too_few_points_or_cores_are_not_measurable() -> None:
    """A law through four points, or of more workers than cores, says nothing."""
    assert "4 points" in (fit_law({n: [1.0 * n, 1.1 * n] for n in (1, 2, 4, 8)}).void or "")
    assert "8 workers on 1 core" in (fit_law({n: [1.0, 1.1] for n in (1, 2, 4, 6, 8)}, cores=1).void or "")
