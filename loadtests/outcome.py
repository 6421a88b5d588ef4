"""A run's outcome: figures, whether they are the target's, and what became of thresholds; as text, JSON, JUnit."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

from loadtests.histogram import PERCENTILES, LatencyHistogram, Summary
from loadtests.memory import Trend, trend
from loadtests.recorder import WARM_UP, Figures, Times
from loadtests.thresholds import Judged, Verdict

GOOD, FAILED, CANNOT_JUDGE, INCONCLUSIVE = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Where all arrivals of a run are: `scheduled` = `due` (sent or dropped) + `lost` (with a worker that is gone).

    `unanswered` ones were sent and did not come to their end: under way when the run, or their worker, ended.
    """

    scheduled: int
    due: int
    lost: int
    unanswered: int
    gone: tuple[str, ...]


@dataclass(slots=True)
class Outcome:
    """`given_up` says why a run was ended early; `account` is None in a closed loop."""

    figures: Figures
    judged: list[Judged]
    account: Arrivals | None
    seconds: float
    soaks: bool = False
    given_up: str | None = None
    trends: list[Trend] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.trends = [trend(process, samples) for process, samples in sorted(self.figures.memory.items())]

    @property
    def faults(self) -> dict[str, list[str]]:
        """Why stages are void, by their names; also arrivals that a lost worker took with it."""
        found = {name: why for name, _, why in self.figures.judged() if why}
        if self.account and not self.account.scheduled:
            found["the run"] = ["no arrival was sent"]
        elif self.account and self.account.lost + self.account.unanswered > 0.01 * self.account.scheduled:
            found["the run"] = [
                f"{self.account.lost} arrivals were lost with workers, {self.account.unanswered} have no known end"
            ]
        return found

    @property
    def status(self) -> int | None:
        """The exit status; None where nothing was to be judged and nothing is void: then Locust's own holds."""
        verdicts = {one.verdict for one in self.judged}
        if self.faults or Verdict.UNMEASURED in verdicts:
            return CANNOT_JUDGE
        if Verdict.BROKEN in verdicts or (self.soaks and any(one.grows for one in self.trends)):
            return FAILED
        if Verdict.TOO_FEW in verdicts:
            return INCONCLUSIVE
        return GOOD if self.judged else None

    def as_json(self) -> dict[str, Any]:
        """Versioned; times in ns."""
        return {
            "schema": 2,
            "seconds": self.seconds,
            "status": self.status,
            "given_up": self.given_up,
            "void": self.faults,
            "arrivals": asdict(self.account) if self.account else None,
            "series": [
                {**series._asdict(), "latency": _summary(times.latency), "service": _summary(times.service)}
                for series, times in sorted(self.figures.times.items())
            ],
            "stages": {name: _health(name, self.figures) for name in self.figures.stages},
            "thresholds": [
                {"threshold": one.threshold.text, "verdict": one.verdict, "value": one.value, "count": one.count}
                for one in self.judged
            ],
            "memory": [asdict(one) for one in self.trends],
        }

    def write(self, path: Path) -> None:
        """As JSON; raises OSError."""
        path.write_text(json.dumps(self.as_json(), indent=1), encoding="utf-8")

    def write_junit(self, path: Path) -> None:
        """One case a threshold; a void stage is an error in each. Raises OSError."""
        suite = Xml.Element("testsuite", name="thresholds", tests=str(len(self.judged)), time=f"{self.seconds:.3f}")
        void = "; ".join(why for reasons in self.faults.values() for why in reasons)
        for one in self.judged:
            case = Xml.SubElement(suite, "testcase", classname="loadtests", name=one.threshold.text)
            kind = _JUNIT[Verdict.UNMEASURED] if void else _JUNIT[one.verdict]
            if kind:
                Xml.SubElement(case, kind, message=f"void: {void}" if void else str(one))
        for kind, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            suite.set(attribute, str(len(suite.findall(f"testcase/{kind}"))))
        Xml.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)

    def text(self) -> str:
        """For a terminal."""
        return "\n".join([*table(self.figures), "", *self._remarks()])

    def _remarks(self) -> Iterator[str]:
        if self.account:
            yield from _arrivals(self.account)
        for name, health, faults in self.figures.judged():
            if health.sent:
                lag = health.lag.summary((50.0, 99.0))
                p50, p99 = (one.value_ns / 1e6 for one in lag.percentiles)
                times = f"p50 {p50:.3f}, p99 {p99:.3f}, max {lag.max_ns / 1e6:.3f} ms"
                yield f"{name}: {health.sent} sent, at most {health.backlog_most} under way, send lag {times}"
                if health.dropped:
                    yield f"{name}: {health.dropped} arrivals were dropped, {health.backlog_most} were under way."
            yield from (f"{name} is void: {fault}." for fault in faults)
        yield from (f"The run is void: {fault}." for fault in self.faults.get("the run", []))
        if self.soaks:
            yield from map(str, self.trends)
        if self.given_up:
            yield f"Given up early: {self.given_up}"
        yield from (str(one) for one in self.judged)


_JUNIT = {Verdict.HOLDS: "", Verdict.BROKEN: "failure", Verdict.TOO_FEW: "skipped", Verdict.UNMEASURED: "error"}


def _arrivals(account: Arrivals) -> Iterator[str]:
    yield f"Open loop: {account.scheduled} arrivals were due."
    if account.gone:
        yield f"{len(account.gone)} worker(s) went, {account.lost} arrivals of theirs unreported; the others took over."
    if account.unanswered:
        yield f"{account.unanswered} arrivals were sent and have no known end."


def table(figures: Figures) -> Iterator[str]:
    """Latencies by step in ms, warm-up left out; in brackets how many requests were slower."""
    steps: dict[str, Times] = defaultdict(Times)
    for series, times in figures.times.items():
        if series.stage != WARM_UP:
            steps[series.step].add(times)
    title = "Exact latency, ms"
    width = max(map(len, [title, *steps]))
    yield f"{title:<{width}} {'count':>9} " + " ".join(f"{f'p{one:g}':>16}" for one in PERCENTILES) + f" {'max':>10}"
    for step in sorted(steps):
        summary = steps[step].latency.summary()
        cells = (f"{f'{one.value_ns / 1e6:.3f} ({one.beyond})':>16}" for one in summary.percentiles)
        yield f"{step:<{width}} {summary.count:>9} " + " ".join(cells) + f" {summary.max_ns / 1e6:>10.3f}"


def _summary(histogram: LatencyHistogram) -> dict[str, Any]:
    summary: Summary = histogram.summary()
    return asdict(summary)


def _health(name: str, figures: Figures) -> dict[str, Any]:
    content = figures.stages[name].as_json()
    return {**content, "lag": _summary(figures.stages[name].lag)}
