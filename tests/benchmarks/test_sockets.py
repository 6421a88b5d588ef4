"""A slice of `python -m benchmarks.sockets`: that it works, not how fast."""

from dataclasses import replace

from benchmarks.sockets import MESSAGES, Round, bars, printed, run_round, summary


def test_a_small_round() -> None:
    """Fifty sockets hear everything, the stalled reader is dropped, and every figure is there."""
    found = run_round(50)
    assert found.sockets == 50
    assert len(found.from_sending) == MESSAGES
    assert all(0 <= answered < sent for sent, answered in zip(found.from_sending, found.from_answer, strict=True))
    assert found.stalled_dropped_after is not None
    table = printed(summary([found, found]))
    assert table.count("\n") >= 8
    assert "50 WebSockets" in table


def test_each_bar_can_be_missed() -> None:
    """The worst figure of all rounds decides, and each figure decides about its own bar alone."""
    good = Round(1000, 28.0, 29.0, [40.0, 50.0], [30.0], [60.0], 1200.0, 90)
    bad = [
        replace(good, kib_after=41.0),
        replace(good, from_sending=[40.0, 251.0]),
        replace(good, stalled_from_sending=[251.0]),
        replace(good, stalled_dropped_after=None),
    ]
    assert list(bars(summary([good, good])).values()) == [True] * 4
    for missed, one in enumerate(bad):
        assert list(bars(summary([good, one])).values()) == [place != missed for place in range(4)]
    assert "MISSED: under 40 KiB a socket" in printed(summary([bad[0]]))
