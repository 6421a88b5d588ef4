"""Locust alone: `locust -f loadtests/locustfile.py --host http://127.0.0.1:8000`, with Locust's own page and workers.

Without more it runs closed-loop users in the mix of WEIGHTS; the other classes run when they are named behind the
options. With `--arrivals '100/s for 30s'` it sends arrivals, open loop (loadtests.extension, which any other locustfile
may use). The host must be loopback, or authorised by the target.toml that `--authorized` names; otherwise it says so in
one sentence and exits with status 2.
"""

from __future__ import annotations

import sys
from typing import Any

from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from loadtests.extension import extend
from loadtests.options import PROCESSES, add_options, site
from loadtests.users import (
    AnonymousReader,
    Author,
    Buyer,
    LogsIn,
    Newcomer,
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
    "SignedInReader",
    "Watcher",
]


def declare_options(parser: LocustArgumentParser, **_: Any) -> None:
    """Add the options of the journeys."""
    add_options(parser)


def refuse_options(environment: Environment, **_: Any) -> None:
    """Refuse what cannot be used before anything is sent; a host typed into the page is checked when users start."""
    options = environment.parsed_options
    if options is None or isinstance(environment.runner, WorkerRunner) or not (environment.host or options.headless):
        return
    try:
        site(environment.host, options)
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


def begin(environment: Environment, **_: Any) -> None:
    """A new run resolves its host again; every process learns how many of them share an authorised rate."""
    forget_sites()
    if environment.parsed_options is not None and not isinstance(environment.runner, WorkerRunner):
        setattr(environment.parsed_options, PROCESSES, _processes(environment))


def _processes(environment: Environment) -> int:
    runner = environment.runner
    if not isinstance(runner, MasterRunner):
        return 1
    return max(1, len(runner.clients.ready) + len(runner.clients.running) + len(runner.clients.spawning))


for hook, listener in (
    (events.init_command_line_parser, declare_options),
    (events.init, refuse_options),
    (events.test_start, begin),
):
    hook.add_listener(listener)  # type: ignore[no-untyped-call]  # Locust types its hooks in part
extend(chosen)
