"""How the time of a block is laid out."""

from __future__ import annotations

import pytest

from tradeoff.measure.duet import FEWEST_ARRIVALS, FEWEST_EPOCHS, arrivals_within, lay_out

MIX = {"read": 70.0, "write": 20.0, "pay": 8.0, "log_in": 2.0}
RATES = {"read": 6.0, "write": 3.0, "pay": 3.0, "log_in": 1.0}


@pytest.mark.parametrize("left_s", [30.0, 55.0, 120.0, 400.0])
@pytest.mark.parametrize("overhead_s", [2.0, 5.0, 11.0])
def test_half_of_the_time_is_measured_where_the_fewest_epochs_allow_it(left_s: float, overhead_s: float) -> None:
    """Never more epochs than wished for or fewer than the fewest; and the block ends in time."""
    epochs, measured_s = lay_out(left_s, overhead_s, epochs=16)
    assert FEWEST_EPOCHS <= epochs <= 16
    if epochs > FEWEST_EPOCHS:
        assert measured_s * 1.1 >= min(overhead_s, 20.0)
    assert epochs * (measured_s * 1.1 + overhead_s) <= max(left_s, epochs * overhead_s) + 1e-6


def test_more_time_gives_more_epochs_first() -> None:
    """An epoch that is affordable is taken."""
    counts = [lay_out(left_s, 4.0, epochs=16)[0] for left_s in (40, 60, 90, 130, 300)]
    assert counts == sorted(counts)
    assert counts[0] == FEWEST_EPOCHS
    assert counts[-1] == 16


@pytest.mark.parametrize("seconds", [3.0, 6.0, 12.0, 60.0])
def test_a_journey_is_walked_as_often_as_the_mix_has_it(seconds: float) -> None:
    """Where that is often enough; what is rare is walked the fewest times that tell, and all ends in time."""
    arrivals = arrivals_within(seconds, RATES, MIX)
    assert min(arrivals.values()) >= FEWEST_ARRIVALS
    common = {journey: count for journey, count in arrivals.items() if count > FEWEST_ARRIVALS}
    assert all(
        count / MIX[journey] == pytest.approx(arrivals["read"] / 70, rel=0.3) for journey, count in common.items()
    )
    least_s = sum(FEWEST_ARRIVALS / rate for rate in RATES.values())
    rounding_s = sum(0.5 / rate for rate in RATES.values())
    assert sum(count / RATES[journey] for journey, count in arrivals.items()) <= max(seconds, least_s) + rounding_s


def test_where_there_is_no_time_each_journey_is_walked_the_fewest_times() -> None:
    """A window of less says nothing: the block takes longer."""
    assert set(arrivals_within(0.5, RATES, MIX).values()) == {FEWEST_ARRIVALS}
