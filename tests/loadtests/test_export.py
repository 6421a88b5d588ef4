from collections import defaultdict
from pathlib import Path

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from loadtests.export import HistogramLog, prometheus
from loadtests.histogram import HIGHEST_NS, LatencyHistogram
from loadtests.recorder import Figures
from tests.loadtests.test_thresholds import figures


def test_the_log_adds_up_to_the_run(tmp_path: Path) -> None:
    """HdrHistogram's own reader finds each interval of each series; added up they are the run, to the count."""
    log = HistogramLog(tmp_path / "run.hlog", 1_700_000_000.0)
    total = Figures()
    for index, part in enumerate((figures((100, 20, False), (3, 500, True)), figures((50, 40, False)))):
        log.write(part, index * 10.0, index * 10.0 + 10.0)
        total.add(part)
    log.close()
    sums: dict[str, LatencyHistogram] = defaultdict(LatencyHistogram)
    for line in (tmp_path / "run.hlog").read_text().splitlines():
        if line.startswith("Tag="):
            tag, _, _, _, encoded = line.removeprefix("Tag=").split(",")
            sums[tag].merge(LatencyHistogram.decode(encoded))
    for series, times in total.times.items():
        outcome = "failed" if series.failed else "ok"
        assert (
            sums[f"latency|100/s_for_1s|target|reader|GET_/api/tags|200|{outcome}"].counts() == times.latency.counts()
        )
    reader = HistogramLogReader(str(tmp_path / "run.hlog"), HdrHistogram(1, HIGHEST_NS, 3))
    assert reader.get_next_interval_histogram(0, 1e9).total_count == 100
    reader.close()


def test_prometheus_histograms_are_cumulative() -> None:
    """Buckets of seconds count all up to their bounds; sum and count are those of the histogram."""
    text = prometheus(figures((100, 20, False), (3, 500, True)))
    failed = 'arm="target",journey="reader",step="GET /api/tags",status="200",failed="True"'
    good = failed.replace("True", "False")
    assert f'loadtests_latency_seconds_bucket{{{good},le="0.01"}} 0' in text
    assert f'loadtests_latency_seconds_bucket{{{good},le="0.025"}} 100' in text
    assert f'loadtests_latency_seconds_bucket{{{good},le="+Inf"}} 100' in text
    assert f"loadtests_latency_seconds_count{{{failed}}} 3" in text
    (total,) = [line for line in text.splitlines() if line.startswith(f"loadtests_latency_seconds_sum{{{failed}")]
    assert abs(float(total.split()[-1]) - 1.5) < 0.0015
