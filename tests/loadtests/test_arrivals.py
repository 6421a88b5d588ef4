from itertools import pairwise
from statistics import fmean

import pytest

from loadtests.arrivals import offsets


def test_paced_is_even() -> None:
    """Paced arrivals keep the same gap to the nanosecond, without drift, in the rate asked for."""
    times = offsets("paced", 3.0, 30_001, seed=5)
    gaps = {later - earlier for earlier, later in pairwise(times)}
    assert gaps <= {333_333_333, 333_333_334}
    assert times[-1] - times[0] == pytest.approx(10_000 * 1e9, abs=1)


def test_poisson_has_exponential_gaps() -> None:
    """Poisson gaps have mean 1/rate and a coefficient of variation of 1."""
    times = offsets("poisson", 200.0, 20_000, seed=5)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    mean = fmean(gaps)
    deviation = fmean((gap - mean) ** 2 for gap in gaps) ** 0.5
    assert mean == pytest.approx(5e6, rel=0.03)
    assert deviation / mean == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize("kind", ["paced", "poisson"])
def test_the_seed_decides(kind: str) -> None:
    """The same seed gives the same schedule, another seed another one, and the times never decrease."""
    first = offsets(kind, 50.0, 100, seed=1)
    assert first == offsets(kind, 50.0, 100, seed=1) == sorted(first)
    assert first != offsets(kind, 50.0, 100, seed=2)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_a_senseless_rate_is_refused(rate: float) -> None:
    """A rate that is not positive and finite is an error, not an endless loop."""
    with pytest.raises(ValueError, match="rate"):
        offsets("paced", rate, 1, seed=1)
