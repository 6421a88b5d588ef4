import time
from math import ceil

import gevent  # type: ignore[import-untyped]
import gevent.socket  # type: ignore[import-untyped]
import pytest

from loadtests.arrivals import offsets
from loadtests.histogram import LatencyHistogram
from loadtests.openloop import Flight, Lag, pace
from tests.loadtests.load_process import LoadProcess, specification
from tests.loadtests.small_conduit import SmallConduit


def test_arrivals_start_on_time() -> None:
    """Every arrival is started, in order, never early, and the rate is kept."""
    started: list[tuple[int, int, int]] = []
    pace(offsets("paced", 400.0, 400, seed=1), lambda index, due: started.append((index, due, time.monotonic_ns())))
    assert [index for index, _, _ in started] == list(range(400))
    assert all(at >= due for _, due, at in started)
    span = started[-1][2] - started[0][2]
    assert span == pytest.approx(399 / 400 * 1e9, rel=0.02)


def test_answers_are_read_while_polling() -> None:
    """Between two sends 2 ms apart the socket is served at once, not when the poll ends."""
    here, there = gevent.socket.socketpair()
    waits: list[int] = []

    def echo() -> None:
        while said := there.recv(8):
            waits.append(time.monotonic_ns() - int.from_bytes(said, "big"))

    echoing = gevent.spawn(echo)
    with here, there:
        pace(offsets("paced", 600.0, 200, seed=1), lambda _i, _due: here.send(time.monotonic_ns().to_bytes(8, "big")))
        gevent.sleep(0.01)
        echoing.kill()
    assert len(waits) == 200
    assert sorted(waits)[150] < 1_000_000  # a poll that starves sockets makes it several ms


def test_late_arrivals_are_started_at_once() -> None:
    """When the schedule cannot be kept, nothing is dropped and due times stay the intended ones."""
    due_times: list[int] = []

    def slow(index: int, due: int) -> None:
        due_times.append(due)
        if index == 0:
            time.sleep(0.5)

    before = time.monotonic()
    pace(offsets("paced", 1000.0, 400, seed=1), slow)
    assert time.monotonic() - before < 0.8  # put off by the first, the last would start after 0.9 s
    assert len(due_times) == 400
    assert due_times[-1] - due_times[0] == pytest.approx(399e6, abs=1)


def test_lag_is_nearest_rank() -> None:
    """p50, p99 and max are those of the recorded values; no value gives zeros."""
    lag = Lag()
    assert lag.summary().max == 0
    for value in range(1, 201):
        lag.record(value)
    assert (lag.summary().p50, lag.summary().p99, lag.summary().max) == (100, 198, 200)


def test_flight_remembers_the_most() -> None:
    """The most arrivals that were under way at once."""
    flight = Flight()
    flight.begin()
    flight.begin()
    flight.end()
    assert (flight.now, flight.most) == (1, 2)


def test_a_freeze_shows_in_every_arrival_that_it_delayed(conduit: SmallConduit, process: LoadProcess) -> None:
    """A server stands still for 1 s of a 3 s window: latencies are those from intended send time to answer, of all.

    The truth is the server's own clock (the same as ours) and the schedule. A closed loop, or a count from the moment
    of sending, would show one slow request or none: here a third of all arrivals is delayed, evenly from 1 s to 0.
    """
    process.ask(specification({"one": conduit.url}, seed=0))
    process.ask({"command": "sign_in"})
    conduit.answered_ns.clear()
    conduit.freeze(after_s=1.0, for_s=1.0)
    window = process.window("log_in", rate=100.0, count=300, seed=11)
    arm = window["arms"]["one"]
    assert (arm["completed"], arm["errors"]) == (300, 0)
    assert arm["backlog_max"] >= 90
    due = [window["started_ns"] + offset for offset in offsets("paced", 100.0, 300, seed=11)]
    truth = sorted(at - meant for at, meant in zip(sorted(conduit.answered_ns), due, strict=True))
    summary = LatencyHistogram.decode(arm["histogram"]).summary((80.0, 90.0, 95.0, 99.0))
    for one in summary.percentiles:
        assert one.value_ns == pytest.approx(truth[ceil(one.percentile * 3) - 1], rel=0.02, abs=50e6)
    assert truth[-3] > 0.95e9
    assert sum(latency > 0.1e9 for latency in truth) > 80
