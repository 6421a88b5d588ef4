"""The capacity of a group of arms: their slices alternate, so that a slow minute of the machine is every arm's.

A round is a few minutes of fresh processes, and its slices alone are an estimate: what the rounds differ by is the
repeatability of the figure. In a round each arm in turn serves alone on the target core, in random order, and arms meet
the same arrivals. Between these slices all arms serve the same visits at the same time for a second: what the processor
does from second to second is then in the CPU of all of them, and its ratios are exact, as in a duet.
"""

from __future__ import annotations

import math
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from statistics import median

from tradeoff.measure.attacks import fresh_arm
from tradeoff.measure.capacity import (
    LOOK_S,
    SLICE_S,
    ArmOffer,
    Search,
    bracket,
    estimate,
    is_void,
)
from tradeoff.measure.cores import choose_cores
from tradeoff.measure.generator import Generator, arm_entry
from tradeoff.measure.progress import Progress
from tradeoff.plan.load import CapacityGroup
from tradeoff.record.events import CapacityRound, CapacitySlice, CapacityTogether, Event, LoadSlice, NotMeasured
from tradeoff.target.description import Target
from tradeoff.target.errors import Interrupted, TradeoffError
from tradeoff.target.forking import Nursery
from tradeoff.target.template import Templates

FEWEST_SLICES = 3
WARM_SHARE, TOGETHER_S = 0.5, 1.5


class CapacityStage:
    """Searches the capacities of one group and emits its events."""

    def __init__(
        self,
        target: Target,
        group: CapacityGroup,
        *,
        templates: Templates,
        articles: int,
        seed: int,
        emit: Callable[[Event], None],
        progress: Progress,
    ) -> None:
        self._target, self._group, self._templates, self._articles = target, group, templates, articles
        self._seed, self._emit, self._progress = seed, emit, progress
        self._cores = choose_cores()
        self._sound: dict[str, list[LoadSlice]] = defaultdict(list)

    def run(self, done: Mapping[int, list[CapacitySlice]]) -> None:
        """Run the rounds that are not done yet; what can't be measured is recorded so.

        Raises:
            TradeoffError: there is no second core.
        """
        for slices in done.values():
            for one in slices:
                self._learn(one.arm, one.slice, look=one.look)
        left = [number for number in range(self._group.rounds) if number not in done]
        began = time.monotonic()
        self._progress.stage(f"searching the capacity of {self._group.name}", len(left))
        for index, number in enumerate(left, start=1):
            try:
                self._round(number, began + self._group.seconds * index / len(left))
            except Interrupted:
                raise
            except TradeoffError as error:
                self._emit(NotMeasured(subject=f"capacity of {self._group.name}", reason=str(error)))
                return
            self._emit(CapacityRound(group=self._group.name, round=number))
            self._progress.step(self._told())

    def _round(self, number: int, deadline: float) -> None:
        order = random.Random(f"{self._seed}/{self._group.name}/{number}")
        with ExitStack() as running:
            nursery = Nursery(self._target, hash_seed=order.randrange(1, 2**32 - 1), trees=[self._target.root])
            running.enter_context(nursery)
            offers = {spec.label: self._offer(spec.label, running, nursery) for spec in self._group.arms}
            searches = {label: self._begin(number, label, offer) for label, offer in offers.items()}
            together = self._together(list(offers.values()), running)
            rounds = 0
            while rounds < FEWEST_SLICES or time.monotonic() + SLICE_S * len(offers) + TOGETHER_S < deadline:
                seed = order.randrange(2**31)
                together(number, list(searches.values()), seed)
                for label in order.sample(list(offers), len(offers)):
                    self._record(number, label, searches[label].slice(offers[label], SLICE_S, seed=seed), look=False)
                rounds += 1

    def _offer(self, label: str, running: ExitStack, nursery: Nursery) -> ArmOffer:
        spec = next(one for one in self._group.arms if one.label == label)
        mix = self._target.load.mix
        arm = running.enter_context(
            fresh_arm(
                self._target,
                spec,
                templates=self._templates,
                articles=self._articles,
                workers=len(self._cores.arms),
                nursery=nursery if all(one.ref is None for one in self._group.arms) else None,
                journeys=mix,
            )
        )
        arm.pin(set(self._cores.arms))
        entry = arm_entry(arm.name, arm.url, arm.ca_file)
        generator = Generator(self._target, arms=[entry], core=self._cores.generator, seed=self._seed)
        running.callback(generator.stop)
        generator.sign_in({})
        return ArmOffer(generator, arm, mix, self._group.objective)

    def _together(self, offers: Sequence[ArmOffer], running: ExitStack) -> Callable[[int, Sequence[Search], int], None]:
        """What lets all arms serve the same visits at the same time, at half of what is left of the core."""
        arms = [offer.arm for offer in offers]
        if len(arms) < 2:
            return lambda *_: None
        entries = [arm_entry(arm.name, arm.url, arm.ca_file) for arm in arms]
        generator = Generator(self._target, arms=entries, core=self._cores.generator, seed=self._seed)
        running.callback(generator.stop)
        generator.sign_in({})

        def serve(number: int, searches: Sequence[Search], seed: int) -> None:
            rate = WARM_SHARE / sum(1 / search.rate for search in searches)
            before = {arm.name: arm.cpu_ns() for arm in arms}
            generator.load(
                mix=self._target.load.mix, rate=rate, limit=math.ceil(rate) + 8, seed=seed, seconds=TOGETHER_S
            )
            used = {arm.name: arm.cpu_ns() - before[arm.name] for arm in arms}
            self._emit(CapacityTogether(group=self._group.name, round=number, cpu_ns=used))

        return serve

    def _begin(self, number: int, label: str, offer: ArmOffer) -> Search:
        """Warm the arm up; in its first round, look for about where its capacity lies."""
        objective, known = self._group.objective, self._sound[label]
        if known:
            search = Search(estimate(known, objective).quantile(0.5), objective, known)
            offer(search.rate * WARM_SHARE, LOOK_S, seed=0)
            return search

        def look(rate: float, seconds: float, *, seed: int) -> LoadSlice:
            one = offer(rate, seconds, seed=seed)
            self._record(number, label, one, look=True)
            return one

        return bracket(look, offer.first_rate(len(self._cores.arms)), objective)

    def _record(self, number: int, label: str, one: LoadSlice, *, look: bool) -> None:
        self._emit(CapacitySlice(group=self._group.name, arm=label, round=number, look=look, slice=one))
        self._learn(label, one, look=look)

    def _learn(self, label: str, one: LoadSlice, *, look: bool) -> None:
        if not look and not is_void(one, self._group.objective):
            self._sound[label].append(one)

    def _told(self) -> str:
        return ", ".join(f"{label} {self._rate(slices):.0f}/s" for label, slices in self._sound.items() if slices)

    def _rate(self, slices: Sequence[LoadSlice]) -> float:
        demand = estimate(slices, self._group.objective).quantile(0.5)
        return demand / median(one.cpu_per_visit for one in slices)
