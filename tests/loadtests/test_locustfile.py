import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from loadtests.histogram import LatencyHistogram
from tests.loadtests.small_conduit import SmallConduit
from tests.parts.loopback import free_port
from tests.parts.repository import ROOT


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--only-summary", *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Locust in the background; ends with the block."""
    child = subprocess.Popen(
        command(*arguments), cwd=ROOT, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    with child:
        try:
            yield child
        finally:
            child.kill()


def written(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def locusts_counts(path: Path) -> dict[str, int]:
    """Requests by step in Locust's own statistics."""
    return {f"{one['method']} {one['name']}": one["num_requests"] for one in json.loads(path.read_text())}


def count(encoded: str) -> int:
    return LatencyHistogram.decode(encoded).count


def test_closed_loop_users_walk_all_journeys(conduit: SmallConduit, tmp_path: Path) -> None:
    """Headless, 3 s: exit status 0, every class of user at work, each request in both kinds of statistics."""
    exact = tmp_path / "exact.json"
    done = run(
        "--host", conduit.url, "--headless", "--run-time", "3s", "--users", "50", "--spawn-rate", "50",
        "--think-time", "0.4", "--histograms", str(exact), "--json-file", str(tmp_path / "stats"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Exact latency, ms" in done.stdout
    steps = written(exact)["steps"]
    assert {
        "GET /api/tags",
        "GET /api/articles/feed",
        "PUT /api/articles/{slug}",
        "POST /api/users/login",
    } <= steps.keys()
    assert {step: count(encoded) for step, encoded in steps.items()} == locusts_counts(tmp_path / "stats.json")
    assert len({one.peer for one in conduit.seen}) == 50
    assert "horse" not in done.stdout + done.stderr


def ended(child: subprocess.Popen[str]) -> tuple[int, str]:
    """Ask it to end: exit status and all that it printed."""
    child.send_signal(signal.SIGTERM)
    output, _ = child.communicate(timeout=30)
    return child.returncode, output


def wait_for(conduit: SmallConduit, requests: int) -> None:
    """Wait until the server has seen that many requests more."""
    wanted, deadline = len(conduit.seen) + requests, time.monotonic() + 30
    while len(conduit.seen) < wanted:
        assert time.monotonic() < deadline, f"only {len(conduit.seen)} of {wanted} requests"
        time.sleep(0.02)


def test_the_open_loop_goes_on_through_a_freeze(conduit: SmallConduit, tmp_path: Path) -> None:
    """While the target stands still, arrivals go on, and their latencies count from when they were to be sent."""
    exact = tmp_path / "exact.json"
    with started("--host", conduit.url, "--headless", "--open-rate", "40", "--histograms", str(exact)) as child:
        wait_for(conduit, 20)
        conduit.freeze(after_s=0.0, for_s=1.0)
        wait_for(conduit, 150)
        status, output = ended(child)
    assert status == 0, output
    assert "Open loop:" in output
    steps = written(exact)["steps"]
    firsts = LatencyHistogram()
    for step in steps.keys() & {"GET /api/articles", "GET /api/articles/feed", "POST /api/articles"}:
        firsts.merge(LatencyHistogram.decode(steps[step]))
    delayed = sum(number for value, number in firsts.counts().items() if value > 50_000_000)
    assert delayed > 25  # of about 40 in the second; a closed loop would have one slow request a user: here, one


def test_the_open_loop_is_bounded(conduit: SmallConduit) -> None:
    """Arrivals beyond --open-limit are dropped, counted, shown as failures, and fail the run."""
    options = ("--open-rate", "100", "--open-limit", "5", "--open-arrivals", "poisson")
    with started("--host", conduit.url, "--headless", *options) as child:
        wait_for(conduit, 20)
        conduit.hanging = True
        time.sleep(1.0)
        status, output = ended(child)
    assert status == 1
    assert "arrivals were dropped" in output
    assert "arrival not sent" in output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--host", "http://192.0.2.1"), "neither loopback nor authorised"),
        (("--host", "http://192.0.2.1", "--authorized", "{late}"), "ended on 2020-01-01"),
        (("--host", "http://192.0.2.1", "--authorized", "nowhere.toml"), "cannot be read"),
        ((), "There is no target"),
        (("--host", "http://127.0.0.1:9", "--accounts", "0"), "--accounts"),
    ],
    ids=["stranger", "expired", "no file", "no host", "options"],
)
def test_it_refuses_in_one_sentence(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    """What may not or cannot be loaded is refused before anything is sent: one sentence, status 2, no traceback."""
    late = tmp_path / "target.toml"
    late.write_text('[authorized]\nhosts = ["192.0.2.1"]\nby = "its owner"\nuntil = 2020-01-01\n')
    done = run("--headless", "--run-time", "2s", *(one.format(late=late) for one in arguments))
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_the_web_page_opens_and_starts_a_run(conduit: SmallConduit) -> None:
    """Locust's own page answers 200 with our options, refuses a stranger typed into it, and runs a good host."""
    port = free_port("127.0.0.1")
    page = f"http://127.0.0.1:{port}"
    with started("--web-host", "127.0.0.1", "--web-port", str(port), "--think-time", "0.1") as child:
        root = _get(page)
        assert root.status_code == 200
        assert "open_rate" in root.text
        assert "correct-horse" not in root.text or "is_secret" in root.text
        refused = {"user_count": "1", "spawn_rate": "1", "host": "http://192.0.2.1"}
        httpx.post(f"{page}/swarm", data=refused, trust_env=False).raise_for_status()
        time.sleep(0.5)
        assert not conduit.seen
        good = {"user_count": "2", "spawn_rate": "2", "host": conduit.url, "open_rate": "40"}
        httpx.post(f"{page}/swarm", data=good, trust_env=False).raise_for_status()
        wait_for(conduit, 50)
        _, output = ended(child)
    assert "neither loopback nor authorised" in output
    assert "Open loop:" in output


def _get(url: str) -> httpx.Response:
    deadline = time.monotonic() + 10
    while True:
        try:
            return httpx.get(url, trust_env=False)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_workers_share_the_rate_and_lose_no_count(conduit: SmallConduit, tmp_path: Path) -> None:
    """A master with two workers: the rate is divided, not doubled, and the merged histograms lose nothing."""
    port = str(free_port("127.0.0.1"))
    exact = tmp_path / "exact.json"
    master = (
        "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--expect-workers", "2",
        "--host", conduit.url, "--headless", "--users", "2", "--spawn-rate", "2", "--open-rate", "10",
        "--histograms", str(exact), "--json-file", str(tmp_path / "stats"),
    )  # fmt: skip
    worker = ("--worker", "--master-host", "127.0.0.1", "--master-port", port)
    with started(*worker) as one, started(*worker) as two, started(*master) as main:
        wait_for(conduit, 40)
        begun = time.monotonic()
        wait_for(conduit, 160)
        seconds = time.monotonic() - begun
        status, output = ended(main)
        assert (one.wait(30), two.wait(30)) == (0, 0)
    assert status == 0, output
    # 10 arrivals a second of 6.1 requests each on average; if each worker sent the whole rate, twice that.
    assert 160 / seconds < 10 * 6.1 * 1.4
    steps = {step: count(encoded) for step, encoded in written(exact)["steps"].items()}
    assert steps == locusts_counts(tmp_path / "stats.json")
    assert len({seen.peer for seen in conduit.seen}) > 1
