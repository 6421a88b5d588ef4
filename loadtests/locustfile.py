"""Locust alone: `locust -f loadtests/locustfile.py --host http://127.0.0.1:8000`, with Locust's own page and workers.

Without more it runs closed-loop users in the mix of WEIGHTS; the other classes run when they are named behind the
options. With `--open-rate N` it sends N arrivals a second, open loop; with workers, set `--users` to their number. The
host must be loopback, or authorised by the target.toml that `--authorized` names; otherwise it says so in one sentence
and exits with status 2.
"""

from __future__ import annotations

import gc
import sys
from functools import partial
from pathlib import Path
from typing import Any

from locust import User, events
from locust.argument_parser import LocustArgumentParser
from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.runners import MasterRunner, WorkerNode, WorkerRunner

from loadtests.options import PROCESSES, add_options, site
from loadtests.recorder import KEY
from loadtests.users import (
    RECORDER,
    AnonymousReader,
    Author,
    Buyer,
    LogsIn,
    Newcomer,
    OpenLoopUser,
    SignedInReader,
    Watcher,
    chosen,
    forget_sites,
)
from security.guard import Refused

__all__ = [
    "AnonymousReader",
    "Author",
    "Buyer",
    "LogsIn",
    "Newcomer",
    "OpenLoopUser",
    "SignedInReader",
    "Watcher",
]


def declare_options(parser: LocustArgumentParser, **_: Any) -> None:
    """Add our options to Locust's."""
    add_options(parser)


def choose_users(environment: Environment, **_: Any) -> None:
    """Let the options of each run decide which users it has.

    A master makes its dispatcher before `test_start`, so that is where the choice is made.
    """

    class Chosen(UsersDispatcher):
        def __init__(self, worker_nodes: list[WorkerNode], user_classes: list[type[User]]) -> None:
            super().__init__(worker_nodes, chosen(environment.parsed_options, user_classes))

    environment.dispatcher_class = Chosen


def refuse_strangers(environment: Environment, **_: Any) -> None:
    """Refuse a host before anything is sent; a host typed into the page is checked when users start."""
    options = environment.parsed_options
    if isinstance(environment.runner, WorkerRunner) or options is None:
        return  # a worker learns the host from its master
    if environment.host or options.headless:
        try:
            site(environment.host, options)
        except Refused as error:
            sys.stderr.write(f"{error}\n")
            sys.exit(2)


def begin(environment: Environment, **_: Any) -> None:
    """Start afresh, and tell every process how many of them there are."""
    RECORDER.clear()
    forget_sites()
    # Locust's own heap is large: a full collection of it would stop all sending for tens of milliseconds.
    gc.collect()
    gc.freeze()
    if isinstance(environment.runner, WorkerRunner) or environment.parsed_options is None:
        return
    setattr(environment.parsed_options, PROCESSES, _processes(environment))


def _processes(environment: Environment) -> int:
    """How many processes will have users; Locust spreads them evenly over workers."""
    runner = environment.runner
    if not isinstance(runner, MasterRunner):
        return 1
    workers = len(runner.clients.ready) + len(runner.clients.running) + len(runner.clients.spawning)
    return max(1, min(runner.target_user_count, workers))


def send_exact(data: dict[str, Any], **_: Any) -> None:
    """A worker's report carries what is new in its histograms."""
    data[KEY] = RECORDER.take()


def receive_exact(data: dict[str, Any], **_: Any) -> None:
    """The master adds it up."""
    RECORDER.add(data[KEY])


def show_at_the_end(environment: Environment, **_: Any) -> None:
    """Print the exact figures when all is over: `quitting` comes too early, before the last reports of workers."""
    environment.events.quit.add_listener(partial(show_exact, environment))  # type: ignore[no-untyped-call]  # as below


def show_exact(environment: Environment, **_: Any) -> None:
    """Print the exact figures, and write them if asked."""
    options = environment.parsed_options
    if isinstance(environment.runner, WorkerRunner) or options is None or not RECORDER.steps:
        return
    sys.stdout.write(f"\n{RECORDER.table()}\n\n")
    if options.histograms:
        try:
            RECORDER.write(Path(options.histograms))
        except OSError as error:
            sys.stderr.write(f"The histograms cannot be written to {options.histograms}: {error.strerror}.\n")
            sys.exit(2)


for hook, listener in (
    (events.init_command_line_parser, declare_options),
    (events.init, refuse_strangers),
    (events.init, choose_users),
    (events.init, show_at_the_end),
    (events.test_start, begin),
    (events.report_to_master, send_exact),
    (events.worker_report, receive_exact),
):
    hook.add_listener(listener)  # type: ignore[no-untyped-call]  # Locust types its hooks in part
