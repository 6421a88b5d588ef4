"""Virtual users of any locustfile that come when an arrival is due, and do one task.

A closed-loop user does one task after the other; here each arrival takes a user that is idle, or a new one, and runs
one of its tasks. `on_start` of the first ones is over before the first arrival. Classes that say `reentrant = True` can
do several tasks at once: theirs are shared.
"""

from __future__ import annotations

import gc
import logging
import math
import random
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, count
from typing import Any

import gevent  # type: ignore[import-untyped]
from locust import SequentialTaskSet, TaskSet, User
from locust.env import Environment
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopUser
from locust.user.task import LOCUST_STATE_RUNNING, DefaultTaskSet

from loadtests.health import StageHealth, exhausted
from loadtests.openloop import Flight
from loadtests.recorder import Recorder
from loadtests.steps import STEPS

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Arrival:
    """One arrival: when it is due (monotonic, ns), in which stage, and whether its first request is still to come."""

    index: int
    due_ns: int
    stage: str
    journey: str
    kind: type[User]
    unsent: bool = True


def current_arrival() -> Arrival | None:
    """The arrival that the running greenlet serves; None in a closed loop."""
    return getattr(gevent.getcurrent(), "arrival", None)


def journey_of(user: User | type[User]) -> str:
    """What results call what a user does."""
    kind = user if isinstance(user, type) else type(user)
    return str(getattr(kind, "journey", kind.__name__))


class _Visits(gevent.Greenlet):  # type: ignore[misc]  # gevent comes without types
    """Serves one arrival after the other: a greenlet that is kept costs less than a new one for each."""

    def __init__(self, serve: Callable[[Arrival], None], waiting: list[_Visits], arrival: Arrival) -> None:
        super().__init__()
        self._serve, self._waiting, self.arrival = serve, waiting, arrival
        self._again = partial(self.loop.run_callback, self.switch)

    def serve(self, arrival: Arrival) -> None:
        """Another one, in the next turn of the event loop."""
        self.arrival = arrival
        self._again()

    def _run(self) -> None:
        hub = gevent.get_hub()
        while True:
            self._serve(self.arrival)
            self._waiting.append(self)
            hub.switch()


class Crew:
    """The users of one process; at most `limit` arrivals are under way, those beyond are dropped and counted."""

    def __init__(
        self,
        environment: Environment,
        classes: Sequence[type[User]],
        recorder: Recorder,
        *,
        size: int,
        limit: int,
        seed: int,
    ) -> None:
        self._environment, self._classes, self._recorder = environment, list(classes), recorder
        self._size, self._limit = size, limit
        self._weights = list(accumulate(one.weight for one in classes))
        self._seed = random.Random(seed).getrandbits(64)
        self._idle: dict[type[User], list[User]] = defaultdict(list)
        self._shared = {one for one in classes if getattr(one, "reentrant", False)}
        self._everybody: list[User] = []
        self._journeys = {one: journey_of(one) for one in classes}
        self._turn = count()
        self._visits: list[_Visits] = []
        self._waiting: list[_Visits] = []
        self.flight = Flight()

    def prepare(self) -> None:
        """Start the first users of each class, side by side; raises what their `on_start` raised."""
        started = [gevent.spawn(self._start, one) for one in self._classes for _ in range(self._size)]
        gevent.joinall(started, raise_error=True)
        for greenlet in started:
            self._idle[type(greenlet.value)].append(greenlet.value)

    def come(self, index: int, due_ns: int, stage: str) -> None:
        """An arrival is due: let somebody serve it."""
        health = self._recorder.fresh.stages[stage]
        health.due += 1
        if self.flight.now >= self._limit:
            health.dropped += 1
            self._show_drop()
            return
        health.sent += 1
        self.flight.begin()
        health.backlog_most = max(health.backlog_most, self.flight.now)
        kind = self._choose(index)
        arrival = Arrival(index, due_ns, stage, self._journeys[kind], kind)
        if self._waiting:
            self._waiting.pop().serve(arrival)
        else:
            self._visits.append(_Visits(self._visit, self._waiting, arrival))
            self._visits[-1].start()

    def rest(self, within_s: float = math.inf) -> None:
        """Wait until nobody is under way, or the time is over."""
        until = time.monotonic() + within_s
        while self.flight.now and time.monotonic() < until:
            gevent.sleep(0.01)

    def leave(self, within_s: float) -> None:
        """Let visits under way end within a time, end the others, and let every user go."""
        self.rest(within_s)
        gevent.killall(self._visits)
        for user in self._everybody:
            self._let_go(user)
        for kept in (self._everybody, self._idle, self._visits, self._waiting):
            kept.clear()
        gc.collect()  # their connections: the last files may need the descriptors

    def _choose(self, index: int) -> type[User]:
        # The same on every worker, and even: multiples of an irrational fraction (loadtests.steps.STEPS).
        at = (self._seed + index * STEPS[0]) % 2**64 / 2**64 * self._weights[-1]
        return self._classes[bisect_right(self._weights, at)] if len(self._classes) > 1 else self._classes[0]

    def _visit(self, arrival: Arrival) -> None:
        user = None
        try:
            user = self._take(arrival.kind)
            # fresh is asked for anew: a report may have been taken since
            self._health(arrival).lag.record(time.monotonic_ns() - arrival.due_ns)
            do_one_task(user)
            self._give_back(user)
        except StopUser:
            if user is not None:
                self._everybody.remove(user)
                self._let_go(user)
        except Exception as error:  # a task's defect must not end the schedule: Locust reports it in the same way
            self._failed(user, error, arrival)
        finally:
            self.flight.end()
        self._health(arrival).ended += 1  # not where the run's end killed it

    def _health(self, arrival: Arrival) -> StageHealth:
        return self._recorder.fresh.stages[arrival.stage]

    def _failed(self, user: User | None, error: Exception, arrival: Arrival) -> None:
        if exhausted(error):
            self._health(arrival).exhausted += 1
        elif user is None:
            log.error("A virtual user could not start: %r", error)
        else:
            fire: Any = self._environment.events.user_error.fire
            log.error("A task of %s failed.", type(user).__name__, exc_info=error)
            fire(user_instance=user, exception=error, tb=error.__traceback__)
        if user is not None:
            self._give_back(user)

    def _take(self, kind: type[User]) -> User:
        idle = self._idle[kind]
        if kind in self._shared:
            return idle[next(self._turn) % len(idle)]
        return idle.pop() if idle else self._start(kind)

    def _give_back(self, user: User) -> None:
        if type(user) not in self._shared:
            self._idle[type(user)].append(user)

    def _start(self, kind: type[User]) -> User:
        user = kind(self._environment)
        user._state = LOCUST_STATE_RUNNING
        user._taskset_instance = DefaultTaskSet(user)  # as Locust's own run() does
        user.on_start()
        self._everybody.append(user)
        return user

    def _let_go(self, user: User) -> None:
        try:
            user.on_stop()  # type: ignore[no-untyped-call]  # Locust types it in part
        except Exception as error:
            log.warning("A virtual user could not stop: %r", error)

    def _show_drop(self) -> None:
        fire: Any = self._environment.events.request.fire
        fire(
            request_type="DROP",
            name="arrival not sent",
            response_time=None,
            response_length=0,
            response=None,
            context={},
            exception=Dropped("more arrivals under way than --open-limit allows"),
        )


class Dropped(Exception):  # noqa: N818 - shown in Locust's table of failures under this name
    """An arrival that was not sent."""


def do_one_task(user: User) -> None:
    """One task of a user, without waiting after it; of a nested task set, one of its tasks, or the whole sequence."""
    tasks: Any = user._taskset_instance
    _do(tasks, tasks.get_next_task())


def _do(tasks: Any, task: Any) -> None:
    if isinstance(task, type) and issubclass(task, TaskSet):
        _enter(task(tasks))
        return
    with suppress(InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately):  # what comes next is the next arrival's
        tasks.execute_task(task)


def _enter(nested: TaskSet) -> None:
    nested.on_start()
    steps = len(nested.tasks) if isinstance(nested, SequentialTaskSet) else 1
    for _ in range(steps):
        following: Any = nested.get_next_task
        _do(nested, following())
    nested.on_stop()  # type: ignore[no-untyped-call]  # Locust types it in part
