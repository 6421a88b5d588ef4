"""Latencies in the forms that others read: the HdrHistogram log, and Prometheus text.

The log has a line an interval and series, tagged `latency` or `service`, arm, journey, step and status (`_` for what a
tag may not hold); HdrHistogram's own tools read and plot it, and adding up its intervals gives the run, exactly.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from loadtests.histogram import LatencyHistogram
from loadtests.recorder import WARM_UP, Figures, Series

MS = 1_000_000

#: Upper bounds of Prometheus buckets, in seconds: 50 µs to 60 s.
BOUNDS = (
    5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
)  # fmt: skip


class HistogramLog:
    """Writes intervals as they come; raises OSError."""

    def __init__(self, path: Path, started_s: float) -> None:
        self._file = path.open("w", encoding="ascii")
        when = datetime.fromtimestamp(started_s, UTC).isoformat()
        self._file.write(
            "#[Histogram log format version 1.3]\n"
            f"#[StartTime: {started_s:.3f} (seconds since epoch), {when}]\n"
            f"#[BaseTime: {started_s:.3f} (seconds since epoch)]\n"
            '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'
        )

    def write(self, figures: Figures, begin_s: float, end_s: float, pause: Callable[[], object] = lambda: None) -> None:
        """One interval, with a pause after each line; seconds since the start. Maxima are in ms, histograms in ns."""
        for series, times in figures.times.items():
            for kind, histogram in (("latency", times.latency), ("service", times.service)):
                most = histogram.summary(()).max_ns / MS
                line = f"Tag={_tag(kind, series)},{begin_s:.3f},{end_s - begin_s:.3f},{most:.3f},{histogram.encode()}\n"
                self._file.write(line)
                pause()
        self._file.flush()

    def close(self) -> None:
        """The log is whole."""
        self._file.close()


def _tag(kind: str, series: Series) -> str:
    return "|".join(
        re.sub(r"[^!-+\--~]|\|", "_", part) for part in (kind, *series[:-1], "failed" if series.failed else "ok")
    )


_KINDS = {"latency": "From the intended send time to the answer", "service": "From the send to the answer"}


def prometheus(figures: Figures) -> str:
    """Text exposition: two histograms in seconds, and arrivals. A value counts as its cell, at most 0.1 % too high."""
    lines: list[str] = []
    for name, what in _KINDS.items():
        metric = f"loadtests_{name}_seconds"
        lines += [f"# HELP {metric} {what}.", f"# TYPE {metric} histogram"]
        for labels, histogram in _by_labels(figures, name).items():
            lines += _histogram(metric, labels, histogram)
    lines += ["# HELP loadtests_arrivals_total Arrivals that were due.", "# TYPE loadtests_arrivals_total counter"]
    for stage, health in figures.stages.items():
        for outcome, count in (("sent", health.sent), ("dropped", health.dropped)):
            lines.append(f'loadtests_arrivals_total{{stage="{_escaped(stage)}",outcome="{outcome}"}} {count}')
    return "\n".join(lines) + "\n"


def _by_labels(figures: Figures, name: str) -> dict[str, LatencyHistogram]:
    merged: dict[str, LatencyHistogram] = defaultdict(LatencyHistogram)
    for series, times in figures.times.items():
        if series.stage != WARM_UP:
            labels = ",".join(
                f'{key}="{_escaped(str(value))}"' for key, value in series._asdict().items() if key != "stage"
            )
            merged[labels].merge(getattr(times, name))
    return merged


def _histogram(metric: str, labels: str, histogram: LatencyHistogram) -> Iterator[str]:
    count, mean = histogram.count, histogram.summary(()).mean_ns
    for bound in BOUNDS:
        yield f'{metric}_bucket{{{labels},le="{bound:g}"}} {count - histogram.beyond(bound * 1e9)}'
    yield f'{metric}_bucket{{{labels},le="+Inf"}} {count}'
    yield f"{metric}_sum{{{labels}}} {mean * count / 1e9:.9f}"
    yield f"{metric}_count{{{labels}}} {count}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
