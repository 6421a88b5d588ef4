"""Any locustfile with the load engine, run as its users run it."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import httpx
import pytest

from tests.loadtests.engine_run import ended, known_server, locust, summary
from tests.parts.loopback import free_port


def test_a_frozen_server_shows_in_the_percentiles(tmp_path: Path) -> None:
    """It stands still for 1.8 s of 3: p50, p90 and p99 of paced arrivals are those of the schedule."""
    with known_server("--freeze-after", "0.6", "--freeze-for", "1.8") as known:
        written = tmp_path / "summary.json"
        run = locust("--headless", "--host", known.url, "--arrivals", "100/s for 3s", "--summary", str(written))
        _, output = ended(run)
    content = summary(written)
    (series,) = content["series"]
    assert (series["latency"]["count"], known.requests) == (300, 300), output
    truth = sorted(max(0.0, 2.4 - index / 100) if index >= 60 else 0.0 for index in range(300))
    for one in series["latency"]["percentiles"]:
        if one["percentile"] in {50.0, 90.0, 99.0}:
            exact = truth[round(one["percentile"] * 3) - 1]
            assert one["value_ns"] / 1e9 == pytest.approx(exact, rel=0.02, abs=0.06)  # a busy machine answers late
    assert content["arrivals"] == {"scheduled": 300, "due": 300, "lost": 0, "unanswered": 0, "gone": []}


def test_thresholds_end_with_their_status(tmp_path: Path) -> None:
    """In plain text from a file, with the warm-up left out: broken is 1, and JUnit says which."""
    (tmp_path / "promise").write_text("p50<1s\nrate>=5000  # far too many\nGetter: p99.99<3600s\n")
    with known_server() as known:
        files = ("--junit", str(tmp_path / "junit.xml"), "--summary", str(tmp_path / "summary.json"))
        arrivals = ("--arrivals", "step 50/s to 100/s by 50/s for 2s", "--spacing", "poisson", "--warm-up", "500ms")
        run = locust("--headless", "--host", known.url, *arrivals, "--thresholds", str(tmp_path / "promise"), *files)
        status, output = ended(run)
    content = summary(tmp_path / "summary.json")
    assert [one["verdict"] for one in content["thresholds"]] == ["holds", "broken", "too few values"]
    assert status == (2 if content["void"] else 1), output
    assert set(content["stages"]) == {"warm-up", "50/s for 1s", "100/s for 1s"}
    assert "rate&gt;=5000" in (tmp_path / "junit.xml").read_text()


def test_what_is_hopeless_is_given_up() -> None:
    """Every answer takes 30 ms of a p99 of 10: after a second or two the other 28 are not waited for."""
    with known_server("--delay", "0.03") as known:
        begun = time.monotonic()
        options = ("--arrivals", "50/s for 30s", "--thresholds", "p99<10ms")
        status, output = ended(locust("--headless", "--host", known.url, *options))
    assert time.monotonic() - begun < 25
    assert "Given up early: p99<10ms" in output
    assert status == (2 if "is void" in output else 1)


def test_closed_loop_users_are_judged_too(tmp_path: Path) -> None:
    """Without arrivals Locust's own users come, with exact latencies and thresholds all the same."""
    with known_server("--delay", "0.01") as known:
        files = ("--summary", str(tmp_path / "summary.json"))
        options = (
            "--users",
            "3",
            "--spawn-rate",
            "3",
            "--run-time",
            "2s",
            "--thresholds",
            "p90<1ms",
        )
        status, output = ended(locust("--headless", "--host", known.url, *options, *files))
    content = summary(tmp_path / "summary.json")
    assert status == 1, output
    assert content["arrivals"] is None
    assert {one["stage"] for one in content["series"]} == {"closed loop"}
    assert content["series"][0]["service"]["min_ns"] >= 10_000_000


def test_a_soak_names_the_side_that_leaks(tmp_path: Path) -> None:
    """A target that keeps 20 KiB of each request leaks, in words, and the run fails."""
    with known_server("--leak", "20480") as known:
        files = ("--summary", str(tmp_path / "summary.json"))
        _, output = ended(locust("--headless", "--host", known.url, "--arrivals", "soak 100/s for 12s", *files))
    assert re.search(r"target: memory grows by [\d,.]+ MiB an hour: it leaks", output), output
    (trend,) = [one for one in summary(tmp_path / "summary.json")["memory"] if one["process"] == "target"]
    assert trend["slope"] == pytest.approx(20480 * 100, rel=0.2)


def test_prometheus_reads_histograms_while_it_runs() -> None:
    """The page has cumulative buckets of this run."""
    port = free_port("127.0.0.1")
    with known_server() as known:
        run = locust("--headless", "--host", known.url, "--arrivals", "50/s", "--metrics-port", str(port))
        try:
            text = _page(f"http://127.0.0.1:{port}/metrics")
        finally:
            run.terminate()
            ended(run)
    assert re.search(r'loadtests_latency_seconds_bucket\{.*step="GET /page",status="200".*le="\+Inf"\} \d+', text)


def _page(url: str) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        time.sleep(0.2)
        try:
            text = httpx.get(url, trust_env=False).text
        except httpx.TransportError:
            continue
        if "_bucket" in text:
            return text
    raise AssertionError("no histogram came")


def test_a_full_descriptor_table_makes_the_run_void(tmp_path: Path) -> None:
    """With 30 descriptors left and a late server, connections cannot be opened: said, and exit status 2."""
    limited = tmp_path / "limited_locustfile.py"
    getter = Path(__file__).with_name("getter_locustfile.py").read_text()
    limit = "resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir('/proc/self/fd')) + 30,) * 2)"
    limited.write_text(f"import os, resource\n{getter}\n{limit}\n")
    with known_server("--delay", "1.5") as known:
        written = tmp_path / "summary.json"
        options = ("--arrivals", "100/s for 2s", "--open-users", "1", "--summary", str(written))
        status, output = ended(locust("--headless", "--host", known.url, *options, locustfile=limited))
    assert status == 2, output
    assert "connections could not be opened" in json.dumps(summary(written)["void"])
