"""What Locust's own statistics cannot hold: exact latencies by arm, journey, step and status, and health.

Locust rounds response times to milliseconds (two digits above 100 ms). Here every process keeps HdrHistograms, of the
latency from the intended send time and of the service time alone; a worker sends what is new to the master with each of
Locust's reports, and the master adds it up without loss.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from loadtests.health import StageHealth
from loadtests.histogram import LatencyHistogram

KEY = "loadtests"  # its place in the reports that Locust's workers send
WARM_UP = "warm-up"  # the stage that no figure is made of
CLOSED_LOOP = "closed loop"  # the stage of users that come again when they were served
NO_ANSWER = "error"  # stands where a status would
RECORDED = {"loadtests": "recorded"}  # the context of a Locust request that the histograms have already


class Series(NamedTuple):
    """What a pair of histograms is of. `failed` is a request without a usable answer, whatever its status."""

    stage: str
    arm: str
    journey: str
    step: str
    status: str
    failed: bool = False


@dataclass(slots=True)
class Times:
    """Latency from the intended send time, and service time from the actual one."""

    latency: LatencyHistogram = field(default_factory=LatencyHistogram)
    service: LatencyHistogram = field(default_factory=LatencyHistogram)

    def add(self, other: Times) -> None:
        """Add the other's counts."""
        self.latency.merge(other.latency)
        self.service.merge(other.service)


class Figures:
    """Times by series, health by stage, and resident memory by process: pairs of the time (s since 1970) and bytes."""

    def __init__(self) -> None:
        self.times: dict[Series, Times] = defaultdict(Times)
        self.stages: dict[str, StageHealth] = defaultdict(StageHealth)
        self.memory: dict[str, list[tuple[float, int]]] = defaultdict(list)

    def add(self, other: Figures, pause: Callable[[], object] = lambda: None) -> None:
        """Add all of the other, with a pause after each series: adding up may take longer than a send may be late."""
        for series, times in other.times.items():
            self.times[series].add(times)
            pause()
        for name, health in other.stages.items():
            self.stages[name].add(health)
        for process, samples in other.memory.items():
            self.memory[process] += samples

    def select(self, keep: Callable[[Series], bool]) -> Times:
        """The times of all series that are kept, warm-up left out, in one pair of histograms."""
        merged = Times()
        for series, times in self.times.items():
            if series.stage != WARM_UP and keep(series):
                merged.add(times)
        return merged

    def judged(self) -> Iterator[tuple[str, StageHealth, list[str]]]:
        """Each stage but the warm-up, with the reasons that make it void."""
        for name, health in self.stages.items():
            if name != WARM_UP:
                yield name, health, list(health.faults(self._p99(name)))

    def as_json(self) -> dict[str, Any]:
        """Small, for a message."""
        return {
            "times": [[*one, pair.latency.cells(), pair.service.cells()] for one, pair in self.times.items()],
            "stages": {name: health.as_json() for name, health in self.stages.items()},
            "memory": self.memory,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Figures:
        """What `as_json` gave."""
        made = cls()
        for *series, latency, service in content["times"]:
            pair = Times(LatencyHistogram.of_cells(latency), LatencyHistogram.of_cells(service))
            made.times[Series(*series)] = pair
        for name, health in content["stages"].items():
            made.stages[name] = StageHealth.from_json(health)
        for process, samples in content["memory"].items():
            made.memory[process] = [(at, size) for at, size in samples]
        return made

    def _p99(self, stage: str) -> int:
        return self.select(lambda series: series.stage == stage).latency.summary((99.0,)).percentiles[0].value_ns


class Recorder:
    """The exact figures of one process, or on a master those of all its workers, as they come in."""

    def __init__(self) -> None:
        self.begin("", 0.0)

    def begin(self, arm: str, warm_up_s: float) -> None:
        """A new run: forget everything."""
        self.arm = arm
        self._measured_from_s = time.monotonic() + warm_up_s
        self.fresh = Figures()

    def stage(self) -> str:
        """The stage of a closed loop."""
        return WARM_UP if time.monotonic() < self._measured_from_s else CLOSED_LOOP

    def record(self, series: Series, latency_ns: int, service_ns: int) -> None:
        """Count one request."""
        times = self.fresh.times[series]
        times.latency.record(latency_ns)
        times.service.record(service_ns)

    def roll(self) -> Figures:
        """What came since the last call; it is forgotten here."""
        fresh, self.fresh = self.fresh, Figures()
        return fresh

    def take(self) -> dict[str, Any]:
        """The same, ready to be sent."""
        return self.roll().as_json()


RECORDER = Recorder()  # of this process
