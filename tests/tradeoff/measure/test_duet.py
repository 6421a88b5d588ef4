"""How the time of a block is laid out."""

from __future__ import annotations

import pytest

from tradeoff.measure.duet import FEWEST_EPOCHS, SHORTEST_WINDOW_S, lay_out


@pytest.mark.parametrize("left_s", [30.0, 55.0, 120.0, 400.0])
@pytest.mark.parametrize("overhead_s", [2.0, 5.0, 11.0])
def test_half_of_the_time_is_measured_where_the_fewest_epochs_allow_it(left_s: float, overhead_s: float) -> None:
    """Never more epochs than wished for or fewer than the fewest; and the block ends in time."""
    epochs, window_s = lay_out(left_s, overhead_s, journeys=4, epochs=16)
    assert FEWEST_EPOCHS <= epochs <= 16
    assert window_s >= SHORTEST_WINDOW_S
    if epochs > FEWEST_EPOCHS:
        assert 4 * window_s * 1.1 >= min(overhead_s, 4 * 5.0)
    if window_s > SHORTEST_WINDOW_S:
        assert epochs * 4 * window_s * 1.1 + (epochs - 1) * overhead_s <= left_s + 1e-6


def test_more_time_gives_more_epochs_first() -> None:
    """An epoch that is affordable is taken."""
    counts = [lay_out(left_s, 4.0, journeys=4, epochs=16)[0] for left_s in (40, 60, 90, 130, 300)]
    assert counts == sorted(counts)
    assert counts[0] == FEWEST_EPOCHS
    assert counts[-1] == 16
