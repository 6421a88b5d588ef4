from hypothesis import given
from hypothesis import strategies as st

from tests.tradeoff.report.builder import interval
from tradeoff.judge.summary import Interval
from tradeoff.report.axis import along, around_zero

SIZES = st.floats(min_value=1e-6, max_value=1e3)
INTERVALS = st.builds(interval, st.floats(min_value=-1e3, max_value=1e3), SIZES)


@given(st.lists(INTERVALS, min_size=1, max_size=30))
def test_every_bound_stands_on_the_scale_and_in_order(intervals: list[Interval]) -> None:
    """Whatever the prices, whiskers lie within the plot, low before high, and zero is on it."""
    scale = around_zero(intervals)
    assert 0 <= scale.at(0) <= 100
    for one in intervals:
        assert 0 <= scale.at(one.low) <= scale.at(one.value) <= scale.at(one.high) <= 100


@given(st.lists(INTERVALS, min_size=1, max_size=30))
def test_ticks_are_few_and_apart(intervals: list[Interval]) -> None:
    """There are at most seven ticks, in order, and on the scale."""
    for scale in (around_zero(intervals), along(intervals)):
        places = [tick.at for tick in scale.ticks()]
        assert len(places) <= 7
        assert places == sorted(places)
        assert all(scale.low <= tick.value <= scale.high for tick in scale.ticks())


def test_prices_of_several_decades_get_a_logarithmic_scale() -> None:
    """48 % and ±0.5 % are both readable: the small ones take a third of the plot, not a hundredth."""
    scale = around_zero([interval(0.485, 0.005), interval(0.001, 0.005), interval(-0.005, 0.005)])
    assert scale.threshold == 0.01
    assert scale.at(0.006) - scale.at(-0.010) > 10


def test_prices_of_one_size_get_a_linear_scale() -> None:
    """Where nothing spans decades, equal steps are equal lengths."""
    scale = around_zero([interval(0.02, 0.005), interval(-0.01, 0.005)])
    assert scale.threshold is None
    steps = {round(scale.at((i + 1) / 1000) - scale.at(i / 1000), 1) for i in range(-10, 20)}
    assert max(steps) - min(steps) < 0.11


def test_nothing_to_show_still_has_a_scale() -> None:
    """No intervals, or only zeros, don't divide by zero."""
    assert around_zero([]).at(0) == 50
    assert around_zero([interval(0, 0)]).at(0) == 50
