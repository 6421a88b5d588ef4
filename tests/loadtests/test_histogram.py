import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.histogram import LatencyHistogram

US = 1_000
S = 1_000_000_000

latencies = st.integers(min_value=50 * US, max_value=60 * S)


def filled(values: list[int]) -> LatencyHistogram:
    histogram = LatencyHistogram()
    for value in values:
        histogram.record(value)
    return histogram


@given(latencies)
def test_error_is_at_most_a_thousandth(value: int) -> None:
    """From 50 µs to 60 s a recorded value is reported at most 0.1 % too high and never too low."""
    reported = filled([value]).summary((50.0,)).percentiles[0].value_ns
    assert value <= reported <= value * 1.001


@given(st.lists(latencies, min_size=1, max_size=200))
def test_percentiles_are_nearest_rank(values: list[int]) -> None:
    """p50 and p99 are those of the sorted list, within the precision."""
    ranked = sorted(values)
    summary = filled(values).summary((50.0, 99.0))
    for one, share in zip(summary.percentiles, (0.5, 0.99), strict=True):
        exact = ranked[max(1, -int(-share * len(ranked) // 1)) - 1]
        assert exact <= one.value_ns <= exact * 1.001
        assert one.beyond == sum(value > one.value_ns for value in values)


@given(st.lists(latencies, max_size=100), st.lists(latencies, max_size=100))
def test_merging_loses_nothing(one: list[int], other: list[int]) -> None:
    """Two merged histograms, also after a trip through the encoded form, hold the very counts of a single one."""
    merged = filled(one)
    merged.merge(LatencyHistogram.decode(filled(other).encode()))
    single = filled(one + other)
    assert merged.counts() == single.counts()
    assert merged.summary() == single.summary()
    assert LatencyHistogram.decode(merged.encode()).summary() == single.summary()


def test_summary_of_known_values() -> None:
    """Count, extremes, mean and the number of values beyond a percentile are those of the data."""
    summary = filled([n * 1_000_000 for n in range(1, 1001)]).summary((50.0, 99.0))
    assert summary.count == 1000
    assert summary.min_ns == pytest.approx(1e6, rel=1e-3)
    assert summary.max_ns == pytest.approx(1e9, rel=1e-3)
    assert summary.mean_ns == pytest.approx(500.5e6, rel=1e-3)
    assert [(one.percentile, one.beyond) for one in summary.percentiles] == [(50.0, 500), (99.0, 10)]


def test_what_does_not_fit_is_an_error() -> None:
    """A value beyond the range is never dropped in silence."""
    with pytest.raises(ValueError, match="does not fit"):
        LatencyHistogram().record(2 * 3_600 * S)


@pytest.mark.parametrize("text", ["", "no base64!", "AAAA", filled([1]).encode()[:-8]])
def test_garbage_is_refused(text: str) -> None:
    """A text that is no histogram is a ValueError."""
    with pytest.raises(ValueError, match="not an encoded"):
        LatencyHistogram.decode(text)
