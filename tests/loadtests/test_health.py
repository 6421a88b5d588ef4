import errno

import pytest

from loadtests.health import StageHealth, exhausted


def test_health_adds_up_over_processes() -> None:
    """Counts are sums, the longest stall and the most under way are maxima, lags merge; also through a message."""
    one, other = StageHealth(due=3, sent=2, dropped=1, backlog_most=5), StageHealth(due=4, sent=4, backlog_most=2)
    one.watch(100, 7)
    other.watch(50, 20)
    one.lag.record(5)
    other.lag.record(900)
    one.add(StageHealth.from_json(other.as_json()))
    assert (one.due, one.sent, one.dropped, one.backlog_most) == (7, 6, 1, 5)
    assert (one.watched_ns, one.stalled_ns, one.longest_stall_ns, one.lag.count) == (150, 27, 20, 2)


@pytest.mark.parametrize(
    ("number", "own"), [(errno.EMFILE, True), (errno.EADDRNOTAVAIL, True), (errno.ECONNRESET, False)]
)
def test_what_this_machine_lacks_is_told_from_what_the_target_does(number: int, own: bool) -> None:
    """No descriptors or ports are ours, also behind another error; a closed connection is the target's."""
    wrapped = RuntimeError("outer")
    wrapped.__cause__ = OSError(number, "inner")
    assert exhausted(OSError(number, "plain")) is own
    assert exhausted(wrapped) is own
    assert not exhausted(None)
