"""A master with workers: who is gone, what it took along, and who sends its share."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from tests.loadtests.engine_run import Cluster, Known, cluster, ended, known_server, summary

RATE, SECONDS = 200, 9


def run(tmp_path: Path, meanwhile: Any) -> tuple[Known, dict[str, Any]]:
    """A run with four workers during which something happens."""
    written = tmp_path / "summary.json"
    with known_server() as known:
        options = ("--arrivals", f"{RATE}/s for {SECONDS}s", "--host", known.url, "--summary", str(written))
        with cluster(4, *options) as running:
            meanwhile(running, known)
            _, output = ended(running.master)
    assert written.exists(), output
    return known, summary(written)


def answered(content: dict[str, Any]) -> int:
    return sum(one["latency"]["count"] for one in content["series"])


def when_sent(known: Known) -> None:
    """Wait until the server's process has begun to work for the load."""
    deadline = time.monotonic() + 30
    stat = Path(f"/proc/{known.process.pid}/fd")
    idle = len(list(stat.iterdir()))
    while len(list(stat.iterdir())) <= idle:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_four_workers_send_every_arrival_once(tmp_path: Path) -> None:
    """Of a schedule of 1,800 arrivals each is sent, once, and has its sample in the merged histograms."""
    known, content = run(tmp_path, lambda *_: None)
    assert content["arrivals"] == {"scheduled": 1800, "due": 1800, "lost": 0, "unanswered": 0, "gone": []}
    assert answered(content) == known.requests == 1800


def test_a_killed_worker_is_noticed_and_its_share_is_taken_over(tmp_path: Path) -> None:
    """Killed in the middle: due + lost are all arrivals, the server saw what was sent, and the others send the rest."""

    def kill(running: Cluster, known: Known) -> None:
        when_sent(known)
        time.sleep(1.5)
        running.workers[0].kill()

    known, content = run(tmp_path, kill)
    arrivals = content["arrivals"]
    assert len(arrivals["gone"]) == 1
    assert arrivals["scheduled"] == arrivals["due"] + arrivals["lost"] == RATE * SECONDS
    # Its share of a quarter until it was noticed, 3 s, and the turn a second later.
    assert 0 < arrivals["lost"] <= RATE / 4 * 6
    assert arrivals["due"] - arrivals["unanswered"] == answered(content)
    assert arrivals["due"] <= known.requests + arrivals["unanswered"] <= arrivals["due"] + arrivals["lost"]


def test_a_worker_that_stood_still_sends_nothing_twice(tmp_path: Path) -> None:
    """Stopped for longer than it takes to be given up, then going on: what others took over stays theirs."""

    def stop(running: Cluster, known: Known) -> None:
        when_sent(known)
        time.sleep(1.0)
        os.kill(running.workers[0].pid, signal.SIGSTOP)
        time.sleep(4.5)
        os.kill(running.workers[0].pid, signal.SIGCONT)

    known, content = run(tmp_path, stop)
    arrivals = content["arrivals"]
    assert arrivals["scheduled"] == RATE * SECONDS
    assert known.requests <= RATE * SECONDS
    assert known.requests == arrivals["due"]
