"""`tradeoff doctor`: what this machine has, before a run needs it."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tradeoff.cli.options import DEFAULT_TARGET, TargetOption

ENOUGH_SPACE = 2**30
ENOUGH_DESCRIPTORS = 4096


@dataclass(frozen=True)
class Check:
    """One thing that a run needs (or only some tests: then it is not `needed`)."""

    name: str
    look: Callable[[], str]
    needed: bool = True


class Lacking(Exception):  # noqa: N818 - an answer, not an error
    """The machine lacks it; the text says what to do."""


def doctor(target: TargetOption = DEFAULT_TARGET) -> int:
    """Check the machine and the target: exit 0 when a run can go, 2 when not."""
    console, good = Console(), True
    for check in _checks(target):
        try:
            console.print(f"[green]ok[/]       {check.name}: {check.look()}", highlight=False)
        except Lacking as lacking:
            mark = "[bold red]missing[/]" if check.needed else "[yellow]absent[/] "
            console.print(f"{mark}  {check.name}: {lacking}", highlight=False)
            good = good and not check.needed
    return 0 if good else 2


def _checks(target: Path) -> list[Check]:
    tools = {"git": "arms with @reference", "psql": "tests on PostgreSQL", "prometheus": "dashboard tests"}
    return [
        Check("Python", _python),
        Check("cores", _cores),
        Check("CPU clock", _clock),
        Check("loopback addresses", _loopback),
        Check("timer", _timer),
        Check("load", _load, needed=False),
        Check("connections", _connections, needed=False),
        Check("disk", lambda: _disk(target.resolve().parent)),
        Check("target", lambda: _target(target)),
        Check("scanners", _scanners),
        *(Check(tool, _tool(tool, use), needed=False) for tool, use in tools.items()),
        Check("nginx, OWASP rules", _front, needed=False),
        Check("chromium", _tool("chromium", "tests of the report page"), needed=False),
    ]


def _python() -> str:
    return sys.version.split()[0]


def _cores() -> str:
    cores = len(os.sched_getaffinity(0))
    if cores < 2:
        raise Lacking("a duet needs two: one for the load, one for the arms")
    return str(cores)


def _clock() -> str:
    from tradeoff.target.clock import cpu_ns

    before = cpu_ns(os.getpid())
    while cpu_ns(os.getpid()) == before:
        pass
    return f"per-process, in ns (this process has used {cpu_ns(os.getpid()) / 1e6:.0f} ms)"


def _loopback() -> str:
    try:
        with socket.socket() as probe:
            probe.bind(("127.77.0.1", 0))
    except OSError as error:
        raise Lacking(f"127.77.0.1 can't be bound ({error.strerror}): virtual users need addresses of 127/8") from None
    return "every address of 127/8 can be bound"


def _timer() -> str:
    late = []
    for _ in range(50):
        due = time.perf_counter() + 0.002
        time.sleep(0.002)
        late.append(time.perf_counter() - due)
    return f"sleeps end {sorted(late)[25] * 1e6:.0f} µs late (median), {max(late) * 1e6:.0f} µs at most"


def _load() -> str:
    from loadtests.drive import drive

    try:
        tried = drive()
    except (OSError, ValueError) as error:
        raise Lacking(f"the generator cannot run: {error}") from None
    kept = [one for one in tried if one.kept]
    if not kept:
        lag = tried[0].lag_p99_ns / 1e6
        raise Lacking(
            f"even {tried[0].rate}/s go {lag:.1f} ms late (p99): something else takes the generator's core now"
        )
    best = kept[-1]
    missed = next((one for one in tried if one.rate > best.rate), None)
    beyond = f"; at {missed.rate}/s {missed.lag_p99_ns / 1e6:.1f} ms" if missed else ""
    return f"one core drives {best.rate} requests a second (p99 send lag {best.lag_p99_ns / 1e3:.0f} µs{beyond})"


def _connections() -> str:
    from loadtests.drive import limits

    found = limits()
    text = f"{found.descriptors} descriptors a process, {found.ports} ports to one address"
    if found.descriptors < ENOUGH_DESCRIPTORS:
        raise Lacking(f"{text}: a target that hangs uses up the descriptors: raise `ulimit -n`")
    return text


def _disk(folder: Path) -> str:
    free = shutil.disk_usage(folder).free
    if free < ENOUGH_SPACE:
        raise Lacking(f"{free / 2**20:.0f} MiB free beside the target: a run wants 1 GiB")
    return f"{free / 2**30:.0f} GiB free"


def _target(path: Path) -> str:
    from tradeoff.plan.factors import describe
    from tradeoff.target.description import read_target
    from tradeoff.target.errors import TradeoffError

    try:
        catalog = describe(read_target(path))
    except TradeoffError as error:
        raise Lacking(str(error)) from None
    return f"{catalog.name}, {len(catalog.factors)} factors, profiles {', '.join(catalog.profiles)}"


def _scanners() -> str:
    from importlib.util import find_spec

    absent = [name for name in ("bandit", "ruff") if find_spec(name) is None]
    if absent:
        raise Lacking(f"{', '.join(absent)} not installed: `make setup`")
    return "bandit, ruff"


def _front() -> str:
    from security.waf.front import MissingPartError, nginx, rule_files

    try:
        return f"{nginx()}, {rule_files()}"
    except MissingPartError as missing:
        raise Lacking(f"only needed for arms behind them: {missing}") from None


def _tool(name: str, use: str) -> Callable[[], str]:
    def look() -> str:
        found = shutil.which(name)
        if not found:
            raise Lacking(f"only needed for {use}: `make services`")
        return found

    return look
