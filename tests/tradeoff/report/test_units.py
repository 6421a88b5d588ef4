import pytest

from tradeoff.judge.summary import Interval
from tradeoff.report import units


def interval(value: float, low: float, high: float) -> Interval:
    return Interval(value=value, low=low, high=high)


@pytest.mark.parametrize(
    ("us", "said"),
    [
        (interval(41_900, 41_200, 42_600), "+41.9 ms [41.2, 42.6]"),
        (interval(-310, -330, -290), "-310 µs [-330, -290]"),
        (interval(2_100, 2_000, 2_200), "+2.1 ms [2.0, 2.2]"),
        (interval(0.21, 0.19, 0.23), "+210 ns [190, 230]"),
        (interval(292_000, 290_000, 294_000), "+292 ms [290, 294]"),
        (interval(12_000_000, 11_900_000, 12_100_000), "+12.0 s [11.9, 12.1]"),
        (interval(1_733.6, 1_733.6, 1_733.6), "+1.73 ms [1.73, 1.73]"),
        (interval(-0.2, -9, 9), "0 µs [-9, 9]"),
        (interval(0, 0, 0), "0 µs [0, 0]"),
    ],
)
def test_durations_take_the_unit_and_the_digits_that_fit(us: Interval, said: str) -> None:
    """From ns to s, the last digit shown is of the size of the half-width, and a zero has no sign."""
    assert units.duration_interval(us) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (interval(0.009, 0.008, 0.010), "+0.9 % [0.8, 1.0]"),
        (interval(0.61, 0.58, 0.64), "+61 % [58, 64]"),
        (interval(-0.0004, -0.006, 0.005), "0.0 % [-0.6, 0.5]"),
        (interval(0.014, 0.003, 0.027), "+1.4 % [0.3, 2.7]"),
        (interval(0.013, -0.001, 0.027), "+1.3 % [-0.1, 2.7]"),
        (interval(-0.07, -0.10, -0.04), "-7 % [-10, -4]"),
        (interval(25.0, 24.0, 26.0), "+2,500 % [2,400, 2,600]"),
    ],
)
def test_shares_are_percent(share: Interval, said: str) -> None:
    """A share of 0.009 reads +0.9 %, with the digits that its interval carries, and a bound above 0 reads as such."""
    assert units.percent_interval(share) == said


@pytest.mark.parametrize(("share", "said"), [(0.52, "52 %"), (0.01, "1 %"), (0.0071, "0.71 %"), (0, "0 %")])
def test_plain_shares_are_short(share: float, said: str) -> None:
    """A share without an interval has two digits and no idle zeros."""
    assert units.percent(share) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(12.3, "12 s"), (268, "4 min 28 s"), (59.7, "1 min 0 s"), (7_500, "2 h 5 min")]
)
def test_elapsed_time_reads_as_people_say_it(seconds: float, said: str) -> None:
    """Wall time is in s, min and h."""
    assert units.elapsed(seconds) == said
