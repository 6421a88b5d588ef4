"""What Locust's own statistics cannot hold: exact latencies by step, send lag, arrivals that were dropped.

Locust rounds response times to milliseconds (two digits above 100 ms). Here every process keeps HdrHistograms; a worker
sends what is new to the master with each of Locust's reports, and the master adds it up without loss.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from loadtests.arrivals import LAG_BOUND_NS
from loadtests.histogram import LatencyHistogram

KEY = "loadtests"  # its place in the reports that Locust's workers send


class Recorder:
    """The exact figures of one process, or on a master those of all its workers."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything: a new run begins."""
        self.steps: dict[str, LatencyHistogram] = defaultdict(LatencyHistogram)
        self.lag = LatencyHistogram()
        self.dropped = 0

    def take(self) -> dict[str, Any]:
        """What was recorded since the last call, ready to be sent; it is forgotten here."""
        taken = self._encoded()
        self.clear()
        return taken

    def add(self, taken: dict[str, Any]) -> None:
        """Add what another process took."""
        for step, encoded in taken["steps"].items():
            self.steps[step].merge(LatencyHistogram.decode(encoded))
        self.lag.merge(LatencyHistogram.decode(taken["lag"]))
        self.dropped += taken["dropped"]

    def write(self, path: Path) -> None:
        """Write the histograms as JSON; raises OSError."""
        path.write_text(json.dumps({"schema": 1, **self._encoded()}, indent=1), encoding="utf-8")

    def table(self) -> str:
        """The figures for a terminal, in ms."""
        width = max(map(len, ["Exact latency, ms", *self.steps]))
        names = ("count", "p50", "p90", "p99", "p99.9", "max")
        lines = [f"{'Exact latency, ms':<{width}} " + " ".join(f"{name:>10}" for name in names)]
        for step in sorted(self.steps):
            summary = self.steps[step].summary((50.0, 90.0, 99.0, 99.9))
            times = [one.value_ns for one in summary.percentiles] + [summary.max_ns]
            lines.append(f"{step:<{width}} {summary.count:>10} " + " ".join(f"{time / 1e6:>10.3f}" for time in times))
        return "\n".join([*lines, *self._open_loop()])

    def _open_loop(self) -> list[str]:
        if not self.lag.count and not self.dropped:
            return []
        lag = self.lag.summary((50.0, 99.0))
        p50, p99 = (one.value_ns / 1e6 for one in lag.percentiles)
        times = f"p50 {p50:.3f}, p99 {p99:.3f}, max {lag.max_ns / 1e6:.3f} ms"
        lines = [f"Open loop: {lag.count} arrivals sent, send lag {times}"]
        if self.dropped:
            lines.append(f"{self.dropped} arrivals were dropped: more were under way than --open-limit allows.")
        if p99 * 1e6 > LAG_BOUND_NS:
            bound = f"{LAG_BOUND_NS / 1e6:g} ms"
            lines.append(f"The generator was overloaded (p99 send lag above {bound}): these latencies are void.")
        return lines

    def _encoded(self) -> dict[str, Any]:
        steps = {step: histogram.encode() for step, histogram in self.steps.items()}
        return {"steps": steps, "lag": self.lag.encode(), "dropped": self.dropped}
