from loadtests.drive import Driven, drive, limits


def test_a_small_rate_is_driven_and_answered() -> None:
    """100 arrivals of a second are sent at 100 a second and answered."""
    (driven,) = drive((100,), seconds=1.0)
    assert driven.answered == 100
    assert 80 <= driven.sent <= 101


def test_a_late_generator_has_not_kept_its_rate() -> None:
    """A rate counts up to the last send: 2,000 in 1.1 s are no 2,000 a second, and 2 ms late is not on time."""
    assert not Driven(2000, 1818.0, 500_000).rate_kept
    assert Driven(2000, 1995.0, 500_000).kept
    assert not Driven(2000, 1995.0, 2_000_000).kept


def test_limits_are_those_of_the_system() -> None:
    """Descriptors of a process, ports to one address."""
    found = limits()
    assert found.descriptors >= 256
    assert 1000 <= found.ports <= 65_536
