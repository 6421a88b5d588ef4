import time

from loadtests.gate import Gate, gate_for
from security.guard import Authorization, Pinned, allow


def test_the_gate_keeps_the_rate() -> None:
    """Twenty requests through a gate of 100/s take 0.19 s, also when all come at once."""
    gate = Gate(100.0)
    before = time.monotonic()
    for _ in range(20):
        gate.wait()
    assert 0.189 < time.monotonic() - before < 1.0


def test_only_strangers_have_a_gate() -> None:
    """Loopback is not slowed down; an authorised host is, by its highest rate divided among the processes."""
    limited = Authorization(max_rate=50.0)
    assert gate_for(allow("http://127.0.0.1:8000"), limited) is None
    stranger = Pinned("http", "shop.test", "192.0.2.1", 80, "shop.test")
    assert gate_for(stranger, None) is None
    assert gate_for(stranger, Authorization()) is None
    gate = gate_for(stranger, limited, share=5)
    assert gate
    before = time.monotonic()
    gate.wait()
    gate.wait()
    assert 0.099 < time.monotonic() - before < 1.0
