import time

import pytest

from loadtests.histogram import LatencyHistogram
from tests.loadtests.load_process import LoadProcess, load_process, specification
from tests.loadtests.small_conduit import SmallConduit

MIX = {"anonymous_reader": 70, "signed_in_reader": 20, "author": 8, "log_in": 2}


@pytest.fixture
def loaded(process: LoadProcess, conduit: SmallConduit) -> LoadProcess:
    process.ask(specification({"one": conduit.url}))
    process.ask({"command": "sign_in"})
    return process


def load(**changes: object) -> dict[str, object]:
    return {"command": "load", "id": 4, "mix": MIX, "rate": 100.0, "seconds": 1.0, "limit": 100, "seed": 3, **changes}


def test_a_mix_is_held_for_its_seconds(loaded: LoadProcess) -> None:
    """Arrivals come at the rate, of all journeys by their weights, and every answer is in the histogram."""
    heard = loaded.ask(load(rate=200.0, seconds=2.0))
    arm = heard["arms"]["one"]
    assert (heard["event"], heard["id"]) == ("load", 4)
    assert 1.9e9 < heard["sent_ns"] - heard["started_ns"] < 2.2e9
    assert 320 < arm["arrivals"] == arm["completed"] < 480
    assert (arm["errors"], arm["dropped"]) == (0, 0)
    assert LatencyHistogram.decode(arm["histogram"]).count == arm["requests"]
    log_ins = sum(arm["statuses"].get("POST /api/users/login", {}).values())
    writes = sum(arm["statuses"]["POST /api/articles"].values())
    assert 0 < log_ins < writes < arm["arrivals"] / 4


def test_the_next_command_ends_it(loaded: LoadProcess) -> None:
    """Without seconds it is held until a command comes, which is answered in its turn."""
    loaded.tell(load(seconds=None))
    time.sleep(0.7)
    loaded.tell({"command": "stop"})
    held = loaded.hear()
    assert 0.5e9 < held["sent_ns"] - held["started_ns"] < 1.5e9
    assert loaded.hear() == {"event": "stopped"}


def test_visits_under_way_are_bounded(loaded: LoadProcess, conduit: SmallConduit) -> None:
    """What a server that stands still cannot take is dropped and counted, and the rate goes on."""
    conduit.freeze(after_s=0.2, for_s=0.6)
    arm = loaded.ask(load(rate=200.0, limit=10))["arms"]["one"]
    assert arm["backlog_max"] == 10
    assert arm["dropped"] > 60
    assert 150 < arm["arrivals"] < 260


def test_an_unknown_journey_is_refused(process: LoadProcess, conduit: SmallConduit) -> None:
    """By one sentence that names those there are."""
    process.ask(specification({"one": conduit.url}))
    heard = process.ask(load(mix={"burglar": 1.0}))
    assert heard["event"] == "failed"
    assert "burglar" in heard["message"]


def test_a_closed_input_ends_an_endless_load(conduit: SmallConduit) -> None:
    """Nobody is there any more: no load goes on by itself."""
    with load_process() as process:
        process.ask(specification({"one": conduit.url}))
        process.ask({"command": "sign_in"})
        process.tell(load(seconds=None))
        time.sleep(0.3)
        assert process.child.stdin
        process.child.stdin.close()
        assert process.child.wait(5) == 0
