"""Log-ins that keep a server from answering anybody else (OWASP API4, CWE-400)."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from security.probe.client import Client
from security.probe.outcome import CouldNotRunError, Verdict, stopped, succeeded
from security.probe.scene import Scene, require
from security.probe.target import Account

HEALTH = "/health"
ACCOUNTS, LOG_INS, FEWEST = 10, 50, 6
# As many log-ins as take about so long, of a server that does them one after the other: its clients must not give up.
BURST_S = 3.0
QUIET_S = 0.2
# On the event loop half of all requests wait for half a hash or longer; beside it hardly any does, though the threads
# that hash compete for the processor.
BLOCKED_LOG_INS = 0.4
# A shorter wait is nobody's trouble. Where a log-in takes no longer, what is waited for is this client's own processor.
SHORTEST_S = 0.01
# A server that has too much to do anyway is slow before and after the log-ins too.
BLOCKED_TIMES = 5.0


@dataclass(frozen=True)
class Person:
    """An account and the address that it logs in from: a few at a time, so that no limit has anything to count."""

    account: Account
    source: str | None


@dataclass(frozen=True)
class Burst:
    """Seconds of each answer of the health check around and during many log-ins, and how long a lone log-in takes."""

    log_ins: int
    quiet: Sequence[float]
    busy: Sequence[float]
    lone: float

    @property
    def blocked(self) -> bool:
        """Whether the health check waited for log-ins."""
        return statistics.median(self.busy) > BLOCKED_LOG_INS * self.lone

    @property
    def overloaded(self) -> bool:
        """Whether it waits as long without them."""
        return statistics.median(self.busy) <= BLOCKED_TIMES * statistics.median(self.quiet)

    def __str__(self) -> str:
        return (
            f"a lone log-in takes {1000 * self.lone:.0f} ms; while {self.log_ins} ran, GET {HEALTH} took "
            f"{_shown(self.busy)}, before and after them {_shown(self.quiet)}"
        )


def log_ins_block_others(scene: Scene) -> Verdict:
    """Ask for the health check all the while that up to fifty log-ins run; what blocks must block again."""
    people, watcher = _people(scene), scene.people.visitor()
    lone = min(_lone(scene, one) for one in people)
    if lone < SHORTEST_S:
        scene.people.sign_in()  # what logs everybody in at once has looked at no password
        _watch(watcher, _for(QUIET_S))
        return stopped(f"A log-in takes {1000 * lone:.1f} ms, for which nobody waits.")
    log_ins = max(FEWEST, min(LOG_INS, int(BURST_S / lone)))
    for _ in range(2):
        burst = _burst(scene, people, watcher, log_ins, lone)
        if not burst.blocked:
            return stopped(f"Nobody waits for log-ins: {burst}.")
        require(not burst.overloaded, f"The target is slow without log-ins too: {burst}.")
        # Hashes beside the event loop take their part of the processor too, and of a busy one that is all it had.
        require(
            not scene.target.load, f"Others use the processor too, so that what they wait for is not known: {burst}."
        )
    return succeeded(f"Twice, others waited for log-ins: {burst}.")


def _people(scene: Scene) -> list[Person]:
    return [Person(account, scene.people.source()) for account in scene.people.accounts(ACCOUNTS)]


def _lone(scene: Scene, person: Person) -> float:
    """Seconds of a log-in while no other runs. The first from an address is one that a throttle remembers."""
    began = time.perf_counter()
    status = _log_in(scene, person)
    require(status == 200, f"An account that the probe may use could not log in: {status}.")
    return time.perf_counter() - began


def _burst(scene: Scene, people: Sequence[Person], watcher: Client, log_ins: int, lone: float) -> Burst:
    before = _watch(watcher, _for(QUIET_S))
    with ThreadPoolExecutor(log_ins) as pool:
        sent = [pool.submit(_log_in, scene, people[number % len(people)]) for number in range(log_ins)]
        during = _watch(watcher, lambda: not all(one.done() for one in sent))
        statuses = [one.result() for one in sent]
    after = _watch(watcher, _for(QUIET_S))
    require(set(statuses) <= {200, 503}, f"Log-ins were answered {sorted(set(statuses))}.")
    require(statuses.count(200) >= log_ins // 2, f"Only {statuses.count(200)} of {log_ins} log-ins were worked on.")
    return Burst(log_ins, [*before, *after], during, lone)


def _log_in(scene: Scene, person: Person) -> int:
    with scene.people.visitor(person.source, patience=0) as client:
        return scene.people.log_in(client, person.account).status_code


def _watch(client: Client, going: Callable[[], bool]) -> list[float]:
    """Seconds of each answer of the health check, asked for again and again; at least once."""
    seconds: list[float] = []
    while not seconds or going():
        began = time.perf_counter()
        status = client.get(HEALTH).status_code
        seconds.append(time.perf_counter() - began)
        if status != 200:
            raise CouldNotRunError(f"GET {HEALTH} answered {status}.")
        time.sleep(0.002)
    return seconds


def _for(seconds: float) -> Callable[[], bool]:
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() < end


def _shown(seconds: Sequence[float]) -> str:
    p99 = sorted(seconds)[math.ceil(0.99 * len(seconds)) - 1]  # of fewer than a hundred the largest
    return f"{1000 * statistics.median(seconds):.1f} ms (median) and {1000 * p99:.1f} ms (p99)"
