"""Thresholds in plain text, judged by the exact figures of a run.

    p99<100ms                      all requests; also p50 to p99.99, mean, max
    author: p95<200ms              the requests of a journey, or of one step: `GET /api/tags: p95<20ms`
    service p99<80ms               service time: from the actual send instead of the intended one
    errors<0.1%                    requests without a usable answer
    rate>=500                      good answers a second, measured to half a per cent

One a line, or commas between; `#` begins a comment. A percentile needs so many values that one lies beyond it, a share
of errors so many that one error would be less: with fewer, nothing is broken but nothing shown either.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from loadtests.histogram import LatencyHistogram
from loadtests.recorder import WARM_UP, Figures, Series, Times

#: Rates are exact to half a per cent: the last arrival of a second may be answered in the next one.
RATE_SHARE = 0.005

#: No threshold is given up while twice as many requests as there were so far, all of them good, could save it.
HOPE = 2.0

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_UNITS = {"ns": 1.0, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "%": 0.01, "/s": 1.0, "": 1.0}
_FORM = re.compile(
    r"(?:(?P<of>[^<>]+?)\s*:\s+|(?P<short>[\w-]+):)?(?P<service>service\s+)?(?P<metric>p[\d.]+|mean|max|errors|rate)"
    r"\s*(?P<sign><=|>=|<|>)\s*(?P<limit>[\d.]+)\s*(?P<unit>ns|us|µs|ms|s|%|/s|)"
)
_UNITS_OF = {"errors": {"%", ""}, "rate": {"/s", ""}}
_TIMES = {"ns", "us", "µs", "ms", "s"}
_SIGNS_OF = {"rate": {">", ">="}}


class Verdict(StrEnum):
    """What became of a threshold."""

    HOLDS = "holds"
    BROKEN = "broken"
    TOO_FEW = "too few values"
    UNMEASURED = "nothing was measured"


@dataclass(frozen=True, slots=True)
class Judged:
    """A threshold's verdict, the figure in its own unit (ns, share, or a second), and how many values are behind it."""

    threshold: Threshold
    verdict: Verdict
    value: float
    count: int

    def __str__(self) -> str:
        if self.verdict is Verdict.UNMEASURED:
            return f"{self.threshold.text}: {self.verdict}"
        return f"{self.threshold.text}: {self.verdict}, {self.threshold.shown(self.value)} ({self.count} requests)"


@dataclass(frozen=True, slots=True)
class Threshold:
    """One line; `limit` is in ns, a share, or a second."""

    text: str
    of: str
    service: bool
    metric: str
    sign: str
    limit: float

    def keeps(self, series: Series) -> bool:
        """Whether that series is meant."""
        return not self.of or self.of in {series.journey, series.step}

    def holds(self, value: float) -> bool:
        """Whether a value is good."""
        limit = self.limit * (1 - RATE_SHARE) if self.metric == "rate" else self.limit
        return _OPERATORS[self.sign](value, limit)

    def shown(self, value: float) -> str:
        """A value, for people."""
        if self.metric == "errors":
            return f"{value:.4%}"
        return f"{value:.1f}/s" if self.metric == "rate" else f"{value / 1e6:.3f} ms"


def read_thresholds(text: str) -> list[Threshold]:
    """All that stand in a text; raises ValueError with one sentence."""
    lines = (line.partition("#")[0] for line in text.splitlines())
    return [_read(part.strip()) for line in lines for part in re.split(r"[,;]", line) if part.strip()]


def _read(text: str) -> Threshold:
    found = _FORM.fullmatch(text)
    if not found:
        raise ValueError(f"The threshold {text!r} has no known form: write for example p99<100ms or errors<0.1%.")
    metric, sign, unit = found["metric"], found["sign"], found["unit"]
    if unit not in _UNITS_OF.get(metric, _TIMES) or sign not in _SIGNS_OF.get(metric, {"<", "<="}):
        raise ValueError(f"The threshold {text!r} has another form: write p99<100ms, errors<0.1% or rate>=500.")
    if metric.startswith("p") and not 0 < float(metric[1:]) < 100:
        raise ValueError(f"The threshold {text!r} has no percentile between 0 and 100.")
    of = (found["of"] or found["short"] or "").strip()
    return Threshold(text, of, bool(found["service"]), metric, sign, float(found["limit"]) * _UNITS[unit])


def judge(thresholds: tuple[Threshold, ...], figures: Figures, measured_s: float) -> list[Judged]:
    """The verdict of each; `measured_s` is how long was measured."""
    return [_judge(one, figures, measured_s) for one in thresholds]


class Hope:
    """Counts what each threshold is up to, so that a look at it costs no more than what is new."""

    def __init__(self, thresholds: tuple[Threshold, ...]) -> None:
        self._counts = {one: (0, 0) for one in thresholds if one.metric not in {"rate", "mean"}}

    def add(self, fresh: Figures) -> None:
        """Figures that came since the last call."""
        for threshold, (bad, count) in self._counts.items():
            more_bad, more = _bad(threshold, fresh)
            self._counts[threshold] = bad + more_bad, count + more

    def lost(self, more: float) -> Iterator[str]:
        """What is broken however good the requests to come are: `more` times as many as there were so far."""
        for threshold, (bad, count) in self._counts.items():
            if bad and bad > _allowed(threshold) * count * (1 + HOPE * more):
                yield f"{threshold.text}: {bad} of {count} requests broke it"


def _bad(threshold: Threshold, figures: Figures) -> tuple[int, int]:
    """How many requests are worse than the threshold's limit, of how many."""
    bad = count = 0
    for series, times in figures.times.items():
        if series.stage != WARM_UP and threshold.keeps(series):
            histogram = _histogram(threshold, times)
            count += histogram.count
            if threshold.metric != "errors":
                bad += histogram.beyond(threshold.limit)
            elif series.failed:
                bad += histogram.count
    return bad, count


def _allowed(threshold: Threshold) -> float:
    """The share of requests that may be worse than the limit."""
    if threshold.metric == "max":
        return 0.0
    return threshold.limit if threshold.metric == "errors" else 1 - float(threshold.metric[1:]) / 100


def _judge(threshold: Threshold, figures: Figures, measured_s: float) -> Judged:
    histogram = _histogram(threshold, figures.select(threshold.keeps))
    count = histogram.count
    if not count:
        return Judged(threshold, Verdict.UNMEASURED, 0.0, 0)
    value = _value(threshold, histogram, figures, measured_s)
    if not threshold.holds(value):
        return Judged(threshold, Verdict.BROKEN, value, count)
    return Judged(threshold, Verdict.HOLDS if count >= _needed(threshold) else Verdict.TOO_FEW, value, count)


def _value(threshold: Threshold, histogram: LatencyHistogram, figures: Figures, measured_s: float) -> float:
    match threshold.metric:
        case "errors":
            return _errors(threshold, figures) / histogram.count
        case "rate":
            return (histogram.count - _errors(threshold, figures)) / measured_s
        case "mean":
            return histogram.summary(()).mean_ns
        case "max":
            return histogram.summary(()).max_ns
        case percentile:
            return histogram.summary((float(percentile[1:]),)).percentiles[0].value_ns


def _needed(threshold: Threshold) -> float:
    if threshold.metric in {"mean", "max", "rate"}:
        return 1
    share = _allowed(threshold)
    return round(1 / share, 6) if share else 1


def _errors(threshold: Threshold, figures: Figures) -> int:
    return figures.select(lambda series: series.failed and threshold.keeps(series)).latency.count


def _histogram(threshold: Threshold, times: Times) -> LatencyHistogram:
    return times.service if threshold.service else times.latency
