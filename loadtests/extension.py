"""Adds the load engine to any locustfile: `from loadtests.extension import extend`, and `extend()` in it.

Then Locust has the options of `loadtests.engine`, keeps exact latencies of every request that its users make, sends
arrivals by a schedule where `--arrivals` is given (each is one task of one user), judges thresholds, and sends nothing
to a host that is neither loopback nor authorised. Locust's page, master and workers work as ever.
"""

from __future__ import annotations

import gc
import math
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any

import gevent  # type: ignore[import-untyped]
from locust import User, events
from locust.argument_parser import LocustArgumentParser
from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.runners import WorkerNode, WorkerRunner

from loadtests.authority import add_authority_option, permitted
from loadtests.crew import current_arrival
from loadtests.engine import Engine, add_engine_options
from loadtests.health import exhausted
from loadtests.memory import own_size
from loadtests.recorder import KEY, NO_ANSWER, RECORDED, RECORDER, Figures, Series
from loadtests.run import Run
from loadtests.sender import DONE, HERE, REPORT, WORDS, Sender, hear, report, worker_name
from security.guard import Refused

REPORT_S = 0.5

Chooser = Callable[[Namespace, Sequence[type[User]]], list[type[User]]]


def everybody(_: Namespace, classes: Sequence[type[User]]) -> list[type[User]]:
    """All classes of the locustfile."""
    return list(classes)


def extend(choose: Chooser = everybody) -> None:
    """Hook everything in; `choose(options, classes)` says which classes a run has."""
    extension = Extension(choose)
    for hook, listener in (
        (events.init_command_line_parser, declare_options),
        (events.init, extension.arrange),
        (events.test_start, extension.begin),
        (events.test_stop, extension.end),
        (events.request, record),
        (events.user_error, note_exhaustion),
        (events.report_to_master, send_last),
        (events.worker_report, extension.receive_last),
        (events.quit, extension.conclude),
    ):
        hook.add_listener(listener)  # type: ignore[no-untyped-call]  # Locust types its hooks in part


def declare_options(parser: LocustArgumentParser, **_: Any) -> None:
    """Add our options to Locust's."""
    add_engine_options(parser)
    add_authority_option(parser)


def send_last(data: dict[str, Any], **_: Any) -> None:
    """Locust's own reports carry what is new, too: a worker's last word is one of them."""
    data[KEY] = RECORDER.take()


def record(request_type: str, name: str, response_time: float | None, **details: Any) -> None:
    """One request of any user; its latency counts from when its arrival was due, if it is the first one of it."""
    if response_time is None or details.get("context") is RECORDED:
        return
    arrival, service_ns = current_arrival(), round(response_time * 1e6)
    latency_ns = service_ns
    if arrival is not None and arrival.unsent:
        arrival.unsent = False
        latency_ns = max(service_ns, time.monotonic_ns() - arrival.due_ns)
    stage, journey = (arrival.stage, arrival.journey) if arrival else (RECORDER.stage(), "")
    exception = details.get("exception")
    if exhausted(exception):
        RECORDER.fresh.stages[stage].exhausted += 1
    status = str(getattr(details.get("response"), "status_code", None) or NO_ANSWER)
    series = Series(stage, RECORDER.arm, journey, f"{request_type} {name}", status, failed=exception is not None)
    RECORDER.record(series, latency_ns, service_ns)


def note_exhaustion(exception: BaseException, **_: Any) -> None:
    """A user failed: was it for want of descriptors, ports or memory here?"""
    if exhausted(exception):
        RECORDER.fresh.stages[RECORDER.stage()].exhausted += 1


class Extension:
    """What one process does at Locust's events."""

    def __init__(self, choose: Chooser) -> None:
        self._choose = choose
        self._run: Run | None = None
        self._loops: list[Any] = []

    def arrange(self, environment: Environment, **_: Any) -> None:
        """No run yet: refuse what cannot be done, let the options decide which users come, listen to the others."""
        options, runner = environment.parsed_options, environment.runner
        if options is not None and not isinstance(runner, WorkerRunner):  # a worker learns its options from its master
            self._check(environment, options)
        Sender.classes = list(environment.user_classes)
        environment.user_classes.append(Sender)
        environment.dispatcher_class = _dispatcher(environment, self._choose)
        if runner is not None:
            for message, listener in (
                (WORDS, hear),
                (HERE, self._here),
                (DONE, self._done),
                (REPORT, self._reported),
            ):
                runner.register_message(message, listener)

    def begin(self, environment: Environment, **_: Any) -> None:
        """A run begins."""
        options = environment.parsed_options
        try:
            engine = Engine.of(options)
        except ValueError as error:  # typed into the page
            _refuse(environment, error)
            return
        # In an open loop, what belongs to no arrival (signing in) is no figure.
        RECORDER.begin(engine.arm, math.inf if engine.profile else engine.warm_up_s)
        Sender.chosen = self._choose(options or Namespace(), Sender.classes)
        # Locust's own heap is large: a full collection of it would stop all sending for tens of milliseconds.
        gc.collect()
        gc.freeze()
        self._loops = [gevent.spawn(_every, engine.memory_s, lambda: _note_memory(environment))]
        if isinstance(environment.runner, WorkerRunner):
            self._loops.append(gevent.spawn(_every, REPORT_S, lambda: report(environment)))
        else:
            self._run = Run(environment, engine)

    def end(self, **_: Any) -> None:
        """No more is sent; last reports of workers may still come."""
        gevent.killall(self._loops, block=False)
        if self._run:
            self._run.stop()

    def receive_last(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        """A worker's report in Locust's own."""
        self._receive(client_id, data[KEY])

    def conclude(self, **_: Any) -> None:
        """All is over: say what came out, and exit with its status."""
        if self._run is None:
            return
        status = self._run.conclude()
        if status is not None:
            sys.exit(status)

    def _here(self, msg: Any, **_: Any) -> None:
        if self._run:
            self._run.here(msg.node_id)

    def _done(self, msg: Any, **_: Any) -> None:
        if self._run:
            self._run.done(msg.node_id)

    def _reported(self, msg: Any, **_: Any) -> None:
        self._receive(msg.node_id, msg.data)

    def _receive(self, worker: str, taken: dict[str, Any]) -> None:
        figures = Figures.from_json(taken)
        RECORDER.fresh.add(figures)
        if self._run:
            self._run.report(worker, figures)

    def _check(self, environment: Environment, options: Namespace) -> None:
        try:
            Engine.of(options)
            if environment.host or options.headless:
                permitted(environment.host, options)
        except (Refused, ValueError) as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(2)


def _dispatcher(environment: Environment, choose: Chooser) -> type[UsersDispatcher]:
    """With arrivals, every process has one user, the sender; otherwise the chosen ones come.

    Locust makes its dispatcher before `test_start`, so this is where each run's options have their say.
    """

    class Chosen(UsersDispatcher):
        def __init__(self, worker_nodes: list[WorkerNode], user_classes: list[type[User]]) -> None:
            options = environment.parsed_options or Namespace(arrivals="")
            self._sends = bool(options.arrivals.strip())
            classes = [one for one in user_classes if one is not Sender]
            super().__init__(worker_nodes, [Sender] if self._sends else choose(options, classes))

        def new_dispatch(
            self, target_user_count: int, spawn_rate: float, user_classes: list[type[User]] | None = None
        ) -> None:
            if self._sends and environment.runner is not None:
                target_user_count = environment.runner.target_user_count = len(self._worker_nodes)
                spawn_rate, user_classes = float(target_user_count), None
            super().new_dispatch(target_user_count, spawn_rate, user_classes)

    return Chosen


def _refuse(environment: Environment, error: Exception) -> None:
    sys.stderr.write(f"{error}\n")
    if environment.runner is not None and not isinstance(environment.runner, WorkerRunner):
        environment.process_exit_code = 2
        gevent.spawn(environment.runner.stop)


def _note_memory(environment: Environment) -> None:
    RECORDER.fresh.memory[f"generator {worker_name(environment)}"].append((time.time(), own_size()))


def _every(seconds: float, work: Callable[[], object]) -> None:
    while True:
        gevent.sleep(seconds)
        work()
