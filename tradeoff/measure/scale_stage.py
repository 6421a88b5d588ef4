"""How an arm scales: closed loop, so many users at once, with each number of workers and of articles.

All arms stand side by side on the target core, and one at a time is loaded. A round makes one slice of every
combination, in random order, so that a slow minute of the machine is in all curves alike.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from contextlib import ExitStack

from tradeoff.measure.attacks import fresh_arm
from tradeoff.measure.capacity import Clocks, read_slice
from tradeoff.measure.cores import choose_cores
from tradeoff.measure.generator import Generator, arm_entry
from tradeoff.measure.progress import Progress
from tradeoff.plan.load import Scaling
from tradeoff.plan.objective import Objective
from tradeoff.record.events import Event, LoadSlice, NotMeasured, ScaleEnded, ScaleSlice
from tradeoff.target.description import Target
from tradeoff.target.errors import Interrupted, TradeoffError
from tradeoff.target.forking import Nursery
from tradeoff.target.running import RunningArm
from tradeoff.target.template import Templates

WARM_S, WARM_USERS = 2.0, 4


class ScaleStage:
    """Measures the scaling of one arm and emits its events."""

    def __init__(
        self, target: Target, scaling: Scaling, *, seed: int, emit: Callable[[Event], None], progress: Progress
    ) -> None:
        self._target, self._scaling, self._seed = target, scaling, seed
        self._emit, self._progress = emit, progress
        self._cores = choose_cores()

    def run(self) -> None:
        """Measure all of it, or record why it can't be. Raises TradeoffError if there is no second core."""
        label, scaling = self._scaling.arm.label, self._scaling
        places = list(itertools.product(scaling.workers, scaling.articles))
        self._progress.stage(f"scaling {label}", scaling.rounds * len(places) * len(scaling.users))
        order = random.Random(f"{self._seed}/scale/{label}")
        try:
            with ExitStack() as running:
                nursery = Nursery(self._target, hash_seed=order.randrange(1, 2**32 - 1), trees=[self._target.root])
                running.enter_context(nursery)
                crowds = {place: self._crowd(*place, running, nursery) for place in places}
                for number in range(scaling.rounds):
                    self._round(number, crowds, order)
        except Interrupted:
            raise
        except TradeoffError as error:
            self._emit(NotMeasured(subject=f"scaling of {label}", reason=str(error)))
            return
        self._emit(ScaleEnded(arm=label, cores=len(self._cores.arms)))

    def _round(self, number: int, crowds: dict[tuple[int, int], _Crowd], order: random.Random) -> None:
        slices = list(itertools.product(crowds, self._scaling.users))
        seed = order.randrange(2**31)
        for (workers, articles), users in order.sample(slices, len(slices)):
            one = crowds[workers, articles](users, self._scaling.slice_s, seed)
            self._emit(
                ScaleSlice(
                    arm=self._scaling.arm.label,
                    workers=workers,
                    articles=articles,
                    users=users,
                    round=number,
                    slice=one,
                )
            )
            self._progress.step(f"{users} users, {workers} workers, {articles:,} articles")

    def _crowd(self, workers: int, articles: int, running: ExitStack, nursery: Nursery) -> _Crowd:
        arm = running.enter_context(
            fresh_arm(
                self._target,
                self._scaling.arm,
                templates=Templates(self._target, articles=articles),
                articles=articles,
                workers=workers,
                nursery=nursery if self._scaling.arm.ref is None else None,
                journeys=self._target.load.mix,
            )
        )
        arm.pin(set(self._cores.arms))
        entry = arm_entry(arm.name, arm.url, arm.ca_file)
        generator = Generator(self._target, arms=[entry], core=self._cores.generator, seed=self._seed)
        running.callback(generator.stop)
        generator.sign_in({})
        crowd = _Crowd(generator, arm, dict(self._target.load.mix))
        crowd(WARM_USERS, WARM_S, 0)
        return crowd


class _Crowd:
    """Users of one arm."""

    def __init__(self, generator: Generator, arm: RunningArm, mix: dict[str, float]) -> None:
        self._generator, self._arm, self._mix = generator, arm, mix

    def __call__(self, users: int, seconds: float, seed: int) -> LoadSlice:
        """One slice; clocks and counts are of the same seconds."""
        clocks = Clocks(self._arm, self._generator)
        answer = self._generator.crowd(mix=self._mix, users=users, seconds=seconds, seed=seed, warm_s=0.0)
        self._arm.check_alive()
        return read_slice(answer, self._arm.name, Objective()).model_copy(update=clocks.used())
