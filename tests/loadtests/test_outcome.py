import json
from pathlib import Path
from xml.etree import ElementTree as Xml

from loadtests.outcome import Arrivals, Outcome, table
from loadtests.recorder import Figures
from loadtests.thresholds import judge, read_thresholds
from tests.loadtests.test_thresholds import figures

STAGE = "100/s for 1s"


def outcome(figures: Figures, thresholds: str = "", account: Arrivals | None = None) -> Outcome:
    return Outcome(figures, judge(tuple(read_thresholds(thresholds)), figures, 10.0), account, 10.0)


def test_each_exit_status_has_its_reason() -> None:
    """0: all hold; 1: one is broken; 2: nothing measured, or void; 3: too few values; none where nothing was asked."""
    good = figures((1000, 20, False))
    assert outcome(good).status is None
    assert outcome(good, "p99<100ms").status == 0
    assert outcome(good, "p99<10ms, p99.99<1s").status == 1
    assert outcome(good, "nobody: p99<10ms").status == 2
    assert outcome(good, "p99.99<100ms").status == 3


def test_a_void_stage_cannot_be_judged() -> None:
    """Each fault of the generator that is large enough to be seen voids the stage, in words; a trifle does not."""
    for field, little, much, says in (
        ("dropped", 5, 50, "were dropped"),
        ("exhausted", 0, 1, "could not be opened"),
        ("stalled_ns", 10_000_000, 500_000_000, "stood still"),
    ):
        for value, status in ((little, 0), (much, 2)):
            content = figures((1000, 20, False))
            health = content.stages[STAGE]
            health.due, health.watched_ns, health.longest_stall_ns = 1000, 10_000_000_000, 100_000_000
            setattr(health, field, value)
            judged = outcome(content, "p99<100ms")
            assert judged.status == status, field
            assert (says in judged.text()) == bool(status)


def test_send_lag_voids_where_it_is_seen_in_the_latency() -> None:
    """6 ms of lag void a p99 of 20 ms, and say so; of 300 ms they are no more than 2 %."""
    for latency, status in ((20, 2), (300, 0)):
        content = figures((1000, latency, False))
        content.stages[STAGE].sent = 1
        content.stages[STAGE].lag.record(6_000_000)
        assert outcome(content, "p99<1s").status == status


def test_arrivals_lost_with_a_worker_void_the_run() -> None:
    """More than one in a hundred without a known end: the figures may be another's."""
    good = figures((1000, 20, False))
    assert outcome(good, "p99<1s", Arrivals(1000, 995, 5, 0, ("one",))).status == 0
    assert outcome(good, "p99<1s", Arrivals(1000, 900, 100, 0, ("one",))).status == 2
    assert outcome(good, "p99<1s", Arrivals(0, 0, 0, 0, ())).status == 2


def test_percentiles_carry_their_counts() -> None:
    """0.4 ms is 0.4 ms, which Locust itself would round to 0; each percentile says how many were slower."""
    content = figures((9990, 1, False), (10, 500, True))
    header, row = list(table(content))
    assert "p99.99" in header
    assert row.split()[2:7] == ["10000", "1.000", "(10)", "1.000", "(10)"]
    written = outcome(content).as_json()["series"][0]["latency"]["percentiles"]
    assert [one["percentile"] for one in written] == [50, 90, 95, 99, 99.9, 99.99]


def test_junit_has_a_case_a_threshold(tmp_path: Path) -> None:
    """Broken is a failure, too few are skipped, unmeasured is an error; in a void run all are errors."""
    text = "p99<100ms, p90<1ms, p99.99<1s, nobody: p50<1s"
    content = figures((1000, 20, False))
    outcome(content, text).write_junit(tmp_path / "junit.xml")
    suite = Xml.parse(tmp_path / "junit.xml").getroot()
    assert [[child.tag for child in case] for case in suite] == [[], ["failure"], ["skipped"], ["error"]]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "1")
    content.stages[STAGE].exhausted = 3
    outcome(content, text).write_junit(tmp_path / "junit.xml")
    assert len(Xml.parse(tmp_path / "junit.xml").findall(".//error")) == 4


def test_the_summary_is_versioned_json(tmp_path: Path) -> None:
    """It holds the series, the thresholds and the account."""
    outcome(figures((1000, 20, False)), "p99<1s", Arrivals(1000, 1000, 0, 0, ())).write(tmp_path / "summary.json")
    content = json.loads((tmp_path / "summary.json").read_text())
    assert content["schema"] == 2
    assert content["thresholds"] == [{"threshold": "p99<1s", "verdict": "holds", "value": 20004863, "count": 1000}]
    assert content["arrivals"]["scheduled"] == 1000
