"""Attacks under conditions: arms are probed one at a time while load is held, with workers and data of the plan's.

Conditions without load need no core of their own, so that such arms are attacked two at a time, as idle ones are.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext

from security.probe.outcome import Outcome
from security.probe.suite import run_suite
from tradeoff.measure.attacks import AT_ONCE, attack_events, fresh_arm, probe_target, probes_for
from tradeoff.measure.capacity import Step
from tradeoff.measure.load import Load, under_load
from tradeoff.measure.progress import Progress
from tradeoff.plan.conditions import AttackUnder
from tradeoff.plan.factors import Catalog
from tradeoff.plan.plan import Probes
from tradeoff.record.events import Event, NotMeasured
from tradeoff.target.description import Target
from tradeoff.target.errors import Interrupted, TradeoffError
from tradeoff.target.forking import Nursery
from tradeoff.target.template import Templates

#: What an arm can carry depends on these.
Key = tuple[str, int, int]


class AttacksUnder:
    """Attacks arms under conditions; keeps templates by their articles, and capacities by what they rest on."""

    def __init__(self, target: Target, catalog: Catalog, *, probes: Probes, seed: int) -> None:
        self._target, self._catalog, self._probes, self._seed = target, catalog, probes, seed
        self._templates: dict[int, Templates] = {}
        self._capacities: dict[Key, Step] = {}

    def run(self, attacks: Sequence[AttackUnder], *, emit: Callable[[Event], None], progress: Progress) -> None:
        """Attack each; one that can't be, or whose load could not be held, is recorded as not measured."""
        progress.stage("attacking under load and at scale", len(attacks))
        idle = [attack for attack in attacks if not attack.conditions.load]
        loaded = [attack for attack in attacks if attack.conditions.load]
        with Nursery(self._target, hash_seed=random.randrange(1, 2**32 - 1), trees=[self._target.root]) as nursery:
            self._side_by_side(idle, nursery, emit, progress)
            for attack in loaded:
                self._record(attack, self._one(attack, nursery), emit, progress)

    def _side_by_side(
        self, attacks: Sequence[AttackUnder], nursery: Nursery, emit: Callable[[Event], None], progress: Progress
    ) -> None:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="attack") as pool:
            started = {pool.submit(self._one, attack, nursery): attack for attack in attacks}
            try:
                for future in as_completed(started):
                    self._record(started[future], future.result(), emit, progress)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _record(
        self, attack: AttackUnder, events: list[Event], emit: Callable[[Event], None], progress: Progress
    ) -> None:
        for event in events:
            emit(event)
        progress.step(attack.label)

    def _one(self, attack: AttackUnder, nursery: Nursery) -> list[Event]:
        try:
            return self._attack(attack, nursery)
        except Interrupted:
            raise
        except TradeoffError as error:
            return [NotMeasured(subject=f"attacks on {attack.label}", reason=str(error))]

    def _attack(self, attack: AttackUnder, nursery: Nursery) -> list[Event]:
        under, began = attack.conditions, time.monotonic()
        templates = self._templates.setdefault(under.articles, Templates(self._target, articles=under.articles))
        with fresh_arm(
            self._target,
            attack.arm,
            templates=templates,
            articles=under.articles,
            workers=under.workers,
            nursery=nursery,
        ) as arm:
            key = (attack.arm.label, under.workers, under.articles)
            holding = (
                under_load(self._target, arm, under.load, seed=self._seed, capacity=self._capacities.get(key))
                if under.load
                else nullcontext(None)
            )
            with holding as load:
                attacked = probe_target(
                    self._target, arm.url, arm=arm, workers=under.workers, load=under.load, nursery=nursery
                )
                outcomes = list(run_suite(attacked, self._probes_of(attack)))
            if load is not None:
                self._capacities[key] = load.capacity
        return self._events(attack, outcomes, load, time.monotonic() - began)

    def _events(self, attack: AttackUnder, outcomes: list[Outcome], load: Load | None, seconds: float) -> list[Event]:
        under = attack.conditions
        return attack_events(
            attack.arm.label,
            outcomes,
            workers=under.workers,
            seconds=seconds,
            under=under,
            load=load.event() if load else None,
        )

    def _probes_of(self, attack: AttackUnder) -> list[str]:
        return list(attack.probes) or probes_for(attack.arm, self._probes, self._catalog)
