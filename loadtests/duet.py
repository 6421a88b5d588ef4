"""The duet: one schedule drives all arms; each arrival goes to every arm at the same moment, in random order.

Each arm walks the arrival's journey with its own answers. Noise of the machine hits all arms alike and cancels in their
ratios; what an arm does with the load is counted for that arm alone.
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gevent  # type: ignore[import-untyped]

from loadtests.accounts import Account, Accounts, LogIn
from loadtests.cast import Cast
from loadtests.client import Client, NoAnswer
from loadtests.gate import Gate
from loadtests.histogram import LatencyHistogram
from loadtests.journeys import JOURNEYS
from loadtests.openloop import Flight, Lag, pace
from loadtests.steps import Steps, UnusableAnswer, Visit, log_in_step, session_check
from loadtests.walk import Observed, walk
from security.guard import Pinned

NO_ANSWER = "error"  # stands where a status would


class SignInFailed(Exception):  # noqa: N818 - read as `except SignInFailed`
    """An account got no session in an arm; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A treatment under load, as the load process knows it: a name and a place."""

    name: str
    place: Pinned
    gate: Gate | None = None


@dataclass(slots=True)
class Tally:
    """What one arm did in one window. `errors` counts requests without a usable answer; such a one ends its journey."""

    arrivals: int = 0
    completed: int = 0
    requests: int = 0
    errors: int = 0
    size: int = 0
    statuses: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    histogram: LatencyHistogram = field(default_factory=LatencyHistogram)
    flight: Flight = field(default_factory=Flight)
    backlog_end: int = 0

    def observe(self, seen: Observed) -> None:
        """Count one request."""
        self.requests += 1
        self.errors += seen.problem is not None
        self.size += seen.size
        self.statuses[seen.step.name][NO_ANSWER if seen.status is None else str(seen.status)] += 1
        self.histogram.record(seen.latency_ns)

    def as_json(self) -> dict[str, Any]:
        """The form in which the load process writes it; `bytes` are those of response bodies."""
        return {
            "arrivals": self.arrivals,
            "completed": self.completed,
            "requests": self.requests,
            "errors": self.errors,
            "statuses": {step: dict(counts) for step, counts in self.statuses.items()},
            "bytes": self.size,
            "histogram": self.histogram.encode(),
            "backlog_max": self.flight.most,
            "backlog_end": self.backlog_end,
        }


@dataclass(frozen=True, slots=True)
class WindowResult:
    """One window: monotonic times in ns, a tally for each arm by name, and how late the sends were."""

    started_ns: int
    ended_ns: int
    tallies: dict[str, Tally]
    lag: Lag


class Duet:
    """All arms, and every account's connections and session in each of them."""

    def __init__(self, arms: Sequence[Arm], accounts: Accounts, log_in: LogIn, timeout_s: float) -> None:
        self._arms = tuple(arms)
        self.accounts = accounts
        self._log_in = log_in
        self._clients = {
            arm.name: {
                one.username: Client(arm.place, one.source, timeout_s, header=log_in.header, gate=arm.gate)
                for one in accounts.all
            }
            for arm in arms
        }

    @property
    def arms(self) -> list[str]:
        """Their names."""
        return list(self._clients)

    def sign_in(self, sessions: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
        """Tokens by arm and account (its username); those handed in are tried first. Raises SignInFailed or OwnLimit.

        Arms sign in side by side, the accounts of an arm one after the other: log-ins are dear, this is no load test.
        """
        running = {
            arm.name: gevent.spawn(_quietly, self._sign_in_all, arm.name, sessions.get(arm.name, {}))
            for arm in self._arms
        }
        gevent.joinall(list(running.values()))
        outcomes = {name: greenlet.value for name, greenlet in running.items()}
        for outcome in outcomes.values():
            if isinstance(outcome, Exception):
                raise outcome
        return outcomes

    def window(
        self, journey: str, schedule: Sequence[int], seed: int, *, visits: int = 0, arms: Collection[str] = ()
    ) -> WindowResult:
        """Send one arrival of the journey to each arm at each offset (ns); ends with the last answer or time-out.

        `visits` settles what the visitors choose, and `seed` in which order arms are asked. Without `arms`, all are
        meant.

        Raises Uncast if nobody can play a part in it, OwnLimit if this machine could not carry the load: then the
        window says nothing about the arms.
        """
        self.accounts.check(journey, JOURNEYS[journey].cast)
        window = _Window(
            {name: Tally() for name in self.arms if name in arms or not arms},
            JOURNEYS[journey].steps,
            visits,
            random.Random(seed),
            self,
        )
        started_ns = time.monotonic_ns()
        pace(schedule, window.arrive)
        for tally in window.tallies.values():
            tally.backlog_end = tally.flight.now
        gevent.joinall(window.running)
        if window.faults:
            raise window.faults[0]
        return WindowResult(started_ns, time.monotonic_ns(), window.tallies, window.lag)

    def cast(self, arm: str, arrival: int) -> Cast:
        """Who comes as that arrival: the accounts take turns, and are the same in every arm."""
        return Cast(self._clients[arm], self.accounts.cast(arrival))

    def visit(self, arrival: int, seed: int) -> Visit:
        """What settles that arrival's choices."""
        accounts = self.accounts
        return Visit(accounts.cast(arrival)["user"], seed, self._log_in, arrival, accounts.bystander)

    def _sign_in_all(self, arm: str, sessions: Mapping[str, str]) -> dict[str, str]:
        clients = self._clients[arm]
        return {
            account.username: self._session(arm, clients[account.username], account, sessions.get(account.username))
            for account in self.accounts.all
        }

    def _session(self, arm: str, client: Client, account: Account, kept: str | None) -> str:
        try:
            if kept is not None:
                client.sign(self._log_in.credential(kept))
                if client.send(session_check()).status == 200:
                    return kept
            answer = client.send(log_in_step(self._log_in, account))
            if answer.status >= 300:
                raise SignInFailed(f"Arm {arm} answered the log-in of {account.username} with status {answer.status}.")
            token = answer.text(*self._log_in.token_at)
            client.sign(self._log_in.credential(token))
        except (NoAnswer, UnusableAnswer, ValueError) as error:
            raise SignInFailed(f"Arm {arm} gave {account.username} no session: {error}.") from error
        return token


@dataclass(slots=True)
class _Window:
    """A window under way."""

    tallies: dict[str, Tally]
    steps: Callable[[Visit], Steps]
    visits: int
    random: random.Random
    duet: Duet
    lag: Lag = field(default_factory=Lag)
    running: list[Any] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def arrive(self, arrival: int, due_ns: int) -> None:
        for arm in self.random.sample(list(self.tallies), len(self.tallies)):
            self.tallies[arm].arrivals += 1
            self.tallies[arm].flight.begin()
            self.running.append(gevent.spawn(self._visit, arm, arrival, due_ns))

    def _visit(self, arm: str, arrival: int, due_ns: int) -> None:
        tally = self.tallies[arm]
        cast, visit = self.duet.cast(arm, arrival), self.duet.visit(arrival, self.visits)
        self.lag.record(time.monotonic_ns() - due_ns)
        try:
            came_to_its_end = walk(self.steps(visit), cast.send, due_ns, tally.observe)
            tally.completed += came_to_its_end  # apart from the walk: others count while it waits
        except Exception as error:  # raised again by the window when all are done: a greenlet can only print it
            self.faults.append(error)
        finally:
            tally.flight.end()


def _quietly(work: Callable[..., Any], *arguments: object) -> Any:
    """The result of `work`, or the exception that it raised: a greenlet that raises prints a traceback."""
    try:
        return work(*arguments)
    except Exception as error:  # raised again by the caller
        return error
