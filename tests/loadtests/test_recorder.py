import json
from pathlib import Path

from loadtests.histogram import LatencyHistogram
from loadtests.recorder import Recorder

MS = 1_000_000


def worker(*latencies: int, dropped: int = 0) -> Recorder:
    recorder = Recorder()
    for latency in latencies:
        recorder.steps["GET /api/tags"].record(latency)
        recorder.lag.record(latency // 10)
    recorder.dropped = dropped
    return recorder


def test_a_master_holds_what_its_workers_held(tmp_path: Path) -> None:
    """Reports of two workers add up to the very counts of one process; what was sent is not sent again."""
    master, one, two = Recorder(), worker(1 * MS, 5 * MS, dropped=1), worker(5 * MS, 90 * MS, dropped=2)
    for sender in (one, two, one):
        master.add(json.loads(json.dumps(sender.take())))
    single = worker(1 * MS, 5 * MS, 5 * MS, 90 * MS)
    assert master.steps["GET /api/tags"].counts() == single.steps["GET /api/tags"].counts()
    assert master.lag.counts() == single.lag.counts()
    assert master.dropped == 3
    master.write(tmp_path / "exact.json")
    written = json.loads((tmp_path / "exact.json").read_text())
    assert LatencyHistogram.decode(written["steps"]["GET /api/tags"]).count == 4


def test_an_overloaded_generator_says_so() -> None:
    """Send lag beyond the stated bound, and dropped arrivals, stand under the table; a healthy one has neither line."""
    assert "void" not in worker(1 * MS).table()
    table = worker(*[100 * MS] * 10, dropped=4).table()
    assert "overloaded (p99 send lag above 5 ms): these latencies are void" in table
    assert "4 arrivals were dropped" in table


def test_the_table_shows_fractions_of_a_millisecond() -> None:
    """0.4 ms is 0.4 ms, which Locust itself would round to 0."""
    row = worker(400_000).table().splitlines()[1].split()
    assert row[:3] == ["GET", "/api/tags", "1"]
    assert row[3].startswith("0.400")
