"""The duet: arms of a block serve the same arrivals at the same time on the same core.

Noise (a neighbour, a clock that changes) hits all arms alike and cancels in the ratio of their CPU clocks. The unit is
the epoch: fresh processes with a new hash seed, databases restored from the template, a shuffled start order. In an
epoch each window carries one journey; the clocks are read at its edges, when no request is under way. Every epoch asks
for the same things, chosen evenly over what there is: what differs between epochs is noise alone. Rates are calibrated
once a block so that all arms together use about half of the target core, and then fixed; how often a journey is walked
follows its part in the mix. While an epoch warms up, the next one's modules are imported on the other core.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tradeoff.measure.generator import Generator, Sessions, arm_entry
from tradeoff.measure.nurseries import EpochKey, Nurseries
from tradeoff.measure.progress import Progress
from tradeoff.plan.arm import ArmSpec
from tradeoff.plan.plan import Block
from tradeoff.record.events import (
    ArmStart,
    ArmWindow,
    BlockEnded,
    BlockRates,
    EpochEnded,
    EpochStarted,
    Event,
    Window,
)
from tradeoff.target.build import tree_of
from tradeoff.target.description import Target
from tradeoff.target.errors import TradeoffError
from tradeoff.target.forking import Nursery
from tradeoff.target.running import RunningArm
from tradeoff.target.served import loopback_place
from tradeoff.target.template import Templates, certificate_of, restore

UTILISATION = 0.5
FEWEST_EPOCHS = 5
#: What visitors choose in windows that count, everywhere the same; those of the warm-up ask for other things.
COUNTED_VISITS = 0
#: The epoch before the first: rates are found, and nothing counts.
CALIBRATION = -1
LONGEST_WINDOWS_S = 20.0
FEWEST_ARRIVALS = 3
WARMUP_VISITS, FEWEST_WARMUP = 20, 4
LONGEST_WARMUP_S, SHORTEST_WARMUP_S = 1.5, 0.8
WARMUP_HASTE = 1.6
WINDOW_SLACK = 1.1
MOST_REQUESTS_PER_S = 2000.0
CALIBRATION_S = 0.5
OVERRUN_SHARE = 0.7


@dataclass(frozen=True)
class Cores:
    """Where the generator and where all arms run."""

    generator: int
    arms: frozenset[int]


@dataclass
class BlockState:
    """How far a block has come: filled from the events of an interrupted run."""

    rates: BlockRates | None = None
    done: set[int] = field(default_factory=set)


def choose_cores() -> Cores:
    """The first core for the generator, the second for the arms.

    Raises:
        TradeoffError: there is only one core, on which generator and arms would disturb each other.
    """
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise TradeoffError("a duet needs two cores: one for the load, one for the arms; this process may use only one")
    return Cores(generator=cores[0], arms=frozenset(cores[1:2]))


class Duet:
    """Runs the epochs of one block and emits its events; `then` is the block that follows."""

    def __init__(
        self,
        target: Target,
        block: Block,
        *,
        templates: Templates,
        nurseries: Nurseries,
        then: str | None = None,
        articles: int,
        seed: int,
        emit: Callable[[Event], None],
        progress: Progress,
    ) -> None:
        self._target, self._block, self._articles = target, block, articles
        self._nurseries, self._next_block = nurseries, then
        self._templates, self._emit, self._progress = templates, emit, progress
        self._seed = seed
        self._cores = choose_cores()
        self._journeys = block.journeys or tuple(target.load.mix)
        self._specs = block.named_arms()
        self._trees = {name: tree_of(target, spec.ref) for name, spec in self._specs.items()}
        self._places = {name: loopback_place() for name in self._specs}
        self._sessions: Sessions = {}
        self._made: dict[str, Path] = {}
        self._work = Path(tempfile.mkdtemp(prefix="tradeoff-"))

    def run(self, state: BlockState) -> None:
        """Run every epoch that is not done yet.

        Raises:
            TradeoffError: an arm or the load process ended, or the target can't be started.
        """
        try:
            self._made = self._make_templates()
            arms = [self._arm(name, spec) for name, spec in self._specs.items()]
            generator = Generator(self._target, arms=arms, core=self._cores.generator, seed=self._seed)
            try:
                self._run_epochs(generator, state)
            finally:
                generator.stop()
        finally:
            shutil.rmtree(self._work, ignore_errors=True)

    def _key(self, epoch: int) -> EpochKey:
        """Whose nursery an epoch's arms are forked from; arms of the calibration come from that of the first epoch."""
        return EpochKey(self._block.name, max(epoch, 0))

    def _folder(self, name: str) -> Path:
        return self._work / f"arm-{list(self._specs).index(name)}"

    def _arm(self, name: str, spec: ArmSpec) -> dict[str, str | None]:
        """An arm as the load process knows it."""
        scheme, (host, port) = self._target.scheme_for(spec.treatment), self._places[name]
        ca_file = certificate_of(self._folder(name)) if scheme == "https" else None
        return arm_entry(name, f"{scheme}://{host}:{port}", ca_file)

    def _make_templates(self) -> dict[str, Path]:
        nursery = self._nurseries.take(self._key(0))
        nursery.import_ahead(self._target.root)

        def made(name: str, spec: ArmSpec) -> Path:
            tree = self._trees[name]
            return self._templates.folder(setting=spec.setting, treatment=spec.treatment, tree=tree, run=nursery.run)

        with ThreadPoolExecutor(len(self._cores.arms) + 1) as threads:  # one a core
            return dict(zip(self._specs, threads.map(made, self._specs, self._specs.values()), strict=True))

    def _run_epochs(self, generator: Generator, state: BlockState) -> None:
        deadline = time.monotonic() + self._block.seconds
        rates = state.rates or self._calibrate(generator, deadline)
        left = [epoch for epoch in range(rates.epochs) if epoch not in state.done]
        self._progress.stage(f"pricing {self._block.name}", len(left))
        for epoch in left:
            began = time.monotonic()
            self._epoch(generator, epoch, rates)
            self._progress.step()
            took = time.monotonic() - began
            if epoch + 1 >= FEWEST_EPOCHS and time.monotonic() + took * OVERRUN_SHARE > deadline and not state.done:
                break  # by the clock alone, never by what was seen: the machine is slower than it was at calibration
        self._emit(BlockEnded(block=self._block.name))

    def _epoch(self, generator: Generator, epoch: int, rates: BlockRates) -> None:
        with self._serving(generator, epoch) as windows:
            if epoch + 1 < rates.epochs:
                self._nurseries.import_ahead(self._key(epoch + 1))
            elif self._next_block:
                self._nurseries.import_ahead(EpochKey(self._next_block, 0))
            windows.warm_up(rates)
            self._nurseries.wait_imported()
            windows.measure(rates)
            self._emit(EpochEnded(block=self._block.name, epoch=epoch))

    def _calibrate(self, generator: Generator, deadline: float) -> BlockRates:
        """Find each journey's rate on arms of their own, then lay the remaining time out in epochs and windows."""
        self._progress.stage(f"calibrating {self._block.name}", 1)
        with self._serving(generator, CALIBRATION) as windows:
            rates = {journey: _rate_for(windows.calibrate(journey)) for journey in self._journeys}
        mix = {journey: self._target.load.mix.get(journey, 1.0) for journey in rates}
        warmup = {journey: _warmup_arrivals(rate, mix[journey] / sum(mix.values())) for journey, rate in rates.items()}
        warming_s = sum(count / rates[journey] / WARMUP_HASTE for journey, count in warmup.items())
        left_s, overhead_s = deadline - time.monotonic(), windows.startup_ns / 1e9 + warming_s
        epochs, measured_s = lay_out(left_s, overhead_s, self._block.epochs)
        arrivals = arrivals_within(measured_s, rates, mix)
        found = BlockRates(block=self._block.name, rates=rates, warmup=warmup, arrivals=arrivals, epochs=epochs)
        self._emit(found)
        return found

    @contextmanager
    def _serving(self, generator: Generator, epoch: int) -> Iterator[_Windows]:
        """The arms of an epoch, as long as the block: signed in and on their core."""
        source = random.Random(f"{self._seed}/{self._block.name}/{epoch}")
        nursery = self._nurseries.take(self._key(epoch))
        began = time.monotonic_ns()
        arms = self._start(source, nursery)
        try:
            for arm in arms.values():
                arm.wait_ready()
            startup_ns = time.monotonic_ns() - began
            self._sessions = generator.sign_in(self._sessions)
            for arm in arms.values():
                arm.pin(set(self._cores.arms))
            starts = [
                ArmStart(arm=name, pids=list(arm.pids), hash_seed=nursery.hash_seed) for name, arm in arms.items()
            ]
            self._emit(EpochStarted(block=self._block.name, epoch=epoch, arms=starts, startup_ns=startup_ns))
            yield _Windows(self._block, epoch, generator, arms, source, self._emit, startup_ns)
        finally:
            for arm in arms.values():
                arm.stop(grace_s=0.0)

    def _start(self, random_source: random.Random, nursery: Nursery) -> dict[str, RunningArm]:
        started: dict[str, RunningArm] = {}
        try:
            for name in random_source.sample(list(self._specs), len(self._specs)):
                spec, work = self._specs[name], self._folder(name)
                restore(self._made[name], work)
                started[name] = RunningArm(
                    self._target,
                    name=name,
                    setting=spec.setting,
                    work=work,
                    tree=self._trees[name],
                    articles=self._articles,
                    nursery=nursery,
                    place=self._places[name],
                    services=self._target.services_for(self._journeys),
                    front=self._target.front_for(spec.treatment),
                    scheme=self._target.scheme_for(spec.treatment),
                )
        except BaseException:
            for arm in started.values():
                arm.stop(grace_s=0.0)
            raise
        return {name: started[name] for name in self._specs}


def lay_out(left_s: float, overhead_s: float, epochs: int) -> tuple[int, float]:
    """Epochs, and the seconds that all windows of one take together, so that a block ends in time.

    Epochs are given up, down to the fewest, until at least half of the time is measured.

    Args:
        left_s: wall time left.
        overhead_s: of an epoch, from the start of its processes to the first window that counts.
        epochs: as many as the plan wishes.
    """
    while True:
        measured_s = left_s / epochs - overhead_s
        if measured_s >= overhead_s or epochs <= FEWEST_EPOCHS:
            return epochs, min(measured_s / WINDOW_SLACK, LONGEST_WINDOWS_S)
        epochs -= 1


def arrivals_within(seconds: float, rates: Mapping[str, float], mix: Mapping[str, float]) -> dict[str, int]:
    """How often each journey is walked in `seconds`: as the mix has it, and at least the fewest times.

    Those that get the fewest take their time from the others.
    """
    rare: set[str] = set()
    while True:
        left_s = seconds - sum(FEWEST_ARRIVALS / rates[journey] for journey in rare)
        common = [journey for journey in rates if journey not in rare]
        visits = left_s / sum(mix[journey] / rates[journey] for journey in common)
        fewer = {journey for journey in common if visits * mix[journey] < FEWEST_ARRIVALS}
        if not fewer or len(fewer) == len(common):
            return {
                journey: FEWEST_ARRIVALS if journey in rare else max(FEWEST_ARRIVALS, round(visits * mix[journey]))
                for journey in rates
            }
        rare |= fewer


class _Windows:
    """The windows of one epoch."""

    def __init__(
        self,
        block: Block,
        epoch: int,
        generator: Generator,
        arms: Mapping[str, RunningArm],
        random_source: random.Random,
        emit: Callable[[Event], None],
        startup_ns: int,
    ) -> None:
        self.startup_ns = startup_ns
        self._block, self._epoch, self._emit = block, epoch, emit
        self._generator, self._arms, self._random = generator, arms, random_source
        self._index = 0

    def calibrate(self, journey: str) -> Window:
        """A window at about the rate at which all arms together use half of the core: a rough look comes first."""
        rough = self._run(journey, rate=FEWEST_ARRIVALS / CALIBRATION_S, count=FEWEST_ARRIVALS, warmup=True)
        rate = _rate_for(rough)
        return self._run(journey, rate=rate * WARMUP_HASTE, count=_count(rate, CALIBRATION_S), warmup=True)

    def warm_up(self, rates: BlockRates) -> None:
        """Windows that do not count, faster than those that do, until caches hold what they hold in the long run."""
        for journey, count in rates.warmup.items():
            self._run(journey, rate=rates.rates[journey] * WARMUP_HASTE, count=count, warmup=True)

    def measure(self, rates: BlockRates) -> None:
        """One counted window of each journey, in random order."""
        for journey in self._random.sample(list(rates.rates), len(rates.rates)):
            self._run(journey, rate=rates.rates[journey], count=rates.arrivals[journey], warmup=False)

    def _run(self, journey: str, *, rate: float, count: int, warmup: bool) -> Window:
        walking = {name: self._arms[name] for name in self._block.arms_on(journey)}
        before = {name: arm.cpu_ns() for name, arm in walking.items()}
        seed = self._random.randrange(2**31)
        answer = self._generator.window(
            number=self._index,
            journey=journey,
            rate=rate,
            count=count,
            seed=seed,
            visits=self._index + 1 if warmup else COUNTED_VISITS,
            arms=list(walking),
        )
        for arm in self._arms.values():
            arm.check_alive()  # the clock of a process that has just ended can still be read
        cpu = {name: arm.cpu_ns() - before[name] for name, arm in walking.items()}
        window = Window(
            block=self._block.name,
            epoch=self._epoch,
            index=self._index,
            journey=journey,
            warmup=warmup,
            rate=rate,
            wall_ns=answer["ended_ns"] - answer["started_ns"],
            lag_p99_ns=answer["lag_ns"]["p99"],
            arms={name: _arm_window(cpu[name], answer["arms"][name]) for name in walking},
        )
        self._emit(window)
        self._index += 1
        return window


def _arm_window(cpu_ns: int, counts: Mapping[str, Any]) -> ArmWindow:
    kept = {name: counts[name] for name in ArmWindow.model_fields if name != "cpu_ns"}
    return ArmWindow(cpu_ns=cpu_ns, **kept)


def _count(rate: float, seconds: float) -> int:
    return max(FEWEST_ARRIVALS, round(rate * seconds))


def _warmup_arrivals(rate: float, share: float) -> int:
    """How often a journey with this share of the mix is walked before it counts; less often where it takes too long."""
    hasty = rate * WARMUP_HASTE
    few = min(FEWEST_WARMUP, round(hasty * SHORTEST_WARMUP_S))
    many = min(round(WARMUP_VISITS * share), round(hasty * LONGEST_WARMUP_S))
    return max(FEWEST_ARRIVALS, few, many)


def _rate_for(window: Window) -> float:
    arrivals = max(arm.arrivals for arm in window.arms.values())
    cpu_s = sum(arm.cpu_ns for arm in window.arms.values()) / 1e9 / arrivals
    requests = sum(arm.requests for arm in window.arms.values()) / arrivals
    return min(UTILISATION / max(cpu_s, 1e-6), MOST_REQUESTS_PER_S / max(requests, 1e-6))
