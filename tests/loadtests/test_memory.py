import random

import pytest

from loadtests.memory import TargetMemory, own_size, trend
from tests.loadtests.engine_run import known_server

MIB = 1 << 20


def samples(slope_bytes: float, seconds: int = 300) -> list[tuple[float, int]]:
    draw = random.Random(4)
    return [(float(at), int(80 * MIB + slope_bytes * at + draw.gauss(0, MIB / 10))) for at in range(seconds)]


def test_a_leak_is_named_with_its_rate() -> None:
    """10 KiB a request second after second is a leak of 35 MiB an hour; noise alone, or a warm-up, is none."""
    leak = trend("target", samples(10 * 1024))
    assert leak.grows
    assert leak.slope == pytest.approx(10 * 1024, rel=0.1)
    assert "it leaks" in str(leak)
    assert not trend("target", samples(0)).grows
    warm = [(at, size - 30 * MIB if at < 50 else size) for at, size in samples(0)]
    assert not trend("target", warm).grows


def test_a_short_run_says_nothing() -> None:
    """Too few samples are neither flat nor a leak."""
    assert trend("target", samples(0)[:40]).grows is None


def test_the_target_on_loopback_is_found_by_its_port() -> None:
    """The size of whoever listens there; nothing of a port where nobody does, or of another host."""
    with known_server() as known:
        size = TargetMemory(known.url).size()
        assert size is not None
        assert 5 * MIB < size < 100 * MIB
    assert TargetMemory(known.url).size() is None
    assert TargetMemory("http://192.0.2.1:80").size() is None
    assert own_size() > MIB
