"""The open loop of one process, as a Locust user: of all arrivals of the schedule it sends those that are its own.

Each worker has one, which Locust starts and stops like any other user. It brings its crew in place, tells the master,
and walks the schedule that all workers share.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import gevent  # type: ignore[import-untyped]
from locust import User, task
from locust.env import Environment
from locust.exception import StopTest, StopUser
from locust.runners import WorkerRunner
from locust.user.task import LOCUST_STATE_STOPPING

from loadtests.arrivals import schedule
from loadtests.crew import Crew
from loadtests.engine import Engine
from loadtests.health import Watch
from loadtests.openloop import Pacer
from loadtests.orders import NS, Orders
from loadtests.profile import Profile
from loadtests.recorder import RECORDER, WARM_UP

HERE, DONE, WORDS, REPORT = "loadtests_here", "loadtests_done", "loadtests_words", "loadtests_report"  # messages

#: Who sends an arrival is looked up so long before it is due: below the horizon of the orders, by time for a message.
AHEAD_S = 0.1


class Sender(User):
    """Sends this process's arrivals; users of the `chosen` ones among the locustfile's `classes` serve them."""

    classes: ClassVar[list[type[User]]] = []
    chosen: ClassVar[list[type[User]]] = []

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._engine = Engine.of(environment.parsed_options)
        if self._engine.profile is None:
            raise StopTest("The open loop needs a schedule: give --arrivals.")
        self._runner: Any = environment.runner
        self._worker = worker_name(environment)

    def on_start(self) -> None:
        """Bring the crew in place, and say so."""
        engine = self._engine
        self._crew = Crew(
            self.environment, self.chosen, RECORDER, size=engine.users, limit=engine.limit, seed=engine.seed
        )
        self._crew.prepare()
        # What is there now stays: a full collection of it would stop all sending for tens of milliseconds.
        gc.collect()
        gc.freeze()
        ORDERS.heard.clear()
        self._runner.send_message(HERE)

    def on_stop(self) -> None:
        """Let arrivals under way end within Locust's stop time-out."""
        self._crew.leave(self.environment.stop_timeout)

    @task
    def send_arrivals(self) -> None:
        """Send all, wait until they have come to their ends, say so, and stand by."""
        ORDERS.heard.wait()
        stages = Stages(self._engine.profile, self._engine.warm_up_s)
        watch = Watch(stages.watch)
        try:
            self._send(stages)
            self._crew.rest()
        finally:
            watch.stop()
        report(self.environment)
        self._runner.send_message(DONE)
        while True:
            gevent.sleep(1.0)

    def _send(self, stages: Stages) -> None:
        with Pacer() as pacer:
            for index, offset, due_ns in self._own():
                stages.move(offset / NS)
                pacer.wait(due_ns)
                if self._state == LOCUST_STATE_STOPPING:
                    raise StopUser
                self._crew.come(index, due_ns, stages.now)

    def _own(self) -> Iterator[tuple[int, int, int]]:
        """Index, offset and due time of each own arrival, shortly before it is due."""
        engine, worker, ahead_ns = self._engine, self._worker, round(AHEAD_S * NS)
        assert engine.profile is not None
        begin_ns = ORDERS.begin_ns
        for index, offset in enumerate(schedule(engine.profile, engine.spacing, engine.seed)):
            early_ns = begin_ns + offset - ahead_ns - time.monotonic_ns()
            if early_ns > 0:
                gevent.sleep(early_ns / NS)
            if ORDERS.mine(worker, index, offset / NS):
                yield index, offset, begin_ns + offset


class Stages:
    """Which stage of a profile it is; the first `warm_up_s` seconds are a stage of their own."""

    def __init__(self, profile: Profile | None, warm_up_s: float) -> None:
        assert profile is not None
        self._names = [stage.name for stage in profile.stages]
        self._at, self._warm_up_s = profile.stage_at(), warm_up_s
        self.move(0.0)

    def move(self, at_s: float) -> None:
        """Time has come to that moment."""
        self.now = WARM_UP if at_s < self._warm_up_s else self._names[self._at(at_s)]

    def watch(self, watched_ns: int, stalled_ns: int) -> None:
        """The event loop was looked at, and maybe stood still."""
        RECORDER.fresh.stages[self.now].watch(watched_ns, stalled_ns)


ORDERS = Orders()  # of this process


def worker_name(environment: Environment) -> str:
    """What the master calls this process."""
    runner: Any = environment.runner
    return str(runner.client_id) if isinstance(runner, WorkerRunner) else "local"


def report(environment: Environment) -> None:
    """A worker sends its master what is new."""
    if isinstance(environment.runner, WorkerRunner):
        environment.runner.send_message(REPORT, RECORDER.take())


def hear(msg: Any, **_: Any) -> None:
    """The master's words."""
    ORDERS.hear(msg.data)
