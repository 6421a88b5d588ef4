"""Locust users that walk the journeys: a closed-loop class for each journey, and one that owns an open schedule."""

from __future__ import annotations

import itertools
import random
import time
from argparse import Namespace
from typing import ClassVar

import gevent  # type: ignore[import-untyped]
from gevent.pool import Group  # type: ignore[import-untyped]
from locust import User, task
from locust.env import Environment
from locust.exception import StopTest, StopUser
from locust.user.task import LOCUST_STATE_STOPPING

from loadtests.accounts import Account
from loadtests.arrivals import KINDS
from loadtests.cast import Cast
from loadtests.client import Client, NoAnswer
from loadtests.journeys import JOURNEYS, WEIGHTS
from loadtests.openloop import Flight, pace
from loadtests.options import PROCESSES, Site, site
from loadtests.recorder import Recorder
from loadtests.steps import UnusableAnswer, Visit, log_in_step
from loadtests.walk import Observed, walk
from security.guard import Refused

RECORDER = Recorder()  # of this process
SIGN_IN = " (sign-in)"  # log-ins before a user's first journey stand apart from those of the log_in journey
RETRY_S = 1.0

_numbers = itertools.count()
_sites: dict[str, Site] = {}


class RequestFailed(Exception):  # noqa: N818 - shown in Locust's table of failures under this name
    """What Locust's statistics show for a request without a usable answer."""


class ConduitUser(User):
    """What all users here share: the site, a number and the reporting."""

    abstract = True

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.options = environment.parsed_options or Namespace()
        self.number = next(_numbers) + 1000 * max(0, getattr(environment.runner, "worker_index", 0))
        self.site = self._site()

    def _site(self) -> Site:
        # Once a run for all users: a name that resolves elsewhere later must not move the load.
        host = self.environment.host or self.host or ""
        try:
            return _sites.get(host) or _sites.setdefault(host, site(host, self.options))
        except Refused as error:
            raise StopTest(str(error)) from error

    def connect(self, account: Account) -> Client:
        """A client of that account, without a session."""
        place, header, gate = self.site.place, self.site.log_in.header, self.site.gate
        return Client(place, account.source, self.site.timeout_s, header=header, gate=gate)

    def sign_in(self, client: Client, account: Account) -> None:
        """Log in until it works, reporting each try."""
        step = log_in_step(self.site.log_in, account)
        while True:
            started = time.monotonic_ns()
            status, size, problem = None, 0, None
            try:
                answer = client.send(step)
                status, size = answer.status, len(answer.body)
                client.sign(self.site.log_in.credential(answer.text(*self.site.log_in.token_at)))
            except (NoAnswer, UnusableAnswer, ValueError) as error:
                problem = f"status {status}" if status not in {None, 200} else str(error)
            self.report(Observed(step, status, time.monotonic_ns() - started, size, problem), SIGN_IN)
            if problem is None:
                return
            gevent.sleep(RETRY_S)

    def report(self, seen: Observed, suffix: str = "") -> None:
        """Give one request to Locust's statistics and to the exact histograms."""
        name = seen.step.name + suffix
        RECORDER.steps[name].record(seen.latency_ns)
        self.environment.events.request.fire(
            request_type=seen.step.method,
            name=name.partition(" ")[2],
            response_time=seen.latency_ns / 1e6,
            response_length=seen.size,
            response=None,
            context={},
            exception=RequestFailed(seen.problem) if seen.problem else None,
        )


class JourneyUser(ConduitUser):
    """A closed-loop user: walks one journey after the other with time to think in between."""

    abstract = True
    journey: ClassVar[str]

    def on_start(self) -> None:
        """Sign in whom the journey needs."""
        self._random = random.Random(self.options.seed << 32 | self.number)
        parts = self.site.cast(self.number)
        self._account = parts["user"]
        needed = JOURNEYS[self.journey].cast
        clients = {one.username: self.connect(one) for part, one in parts.items() if part in {"user", *needed}}
        self._cast = Cast(clients, parts)
        for part in needed:
            self.sign_in(clients[parts[part].username], parts[part])

    def on_stop(self) -> None:
        """Close the connections."""
        for client in self._cast.clients.values():
            client.close()

    def wait_time(self) -> float:
        """Seconds to think."""
        think: float = self.options.think_time
        return think

    @task
    def visit(self) -> None:
        """One journey."""
        seed, bystander = self._random.getrandbits(64), self.site.bystander
        visit = Visit(self._account, seed, self.site.log_in, bystander=bystander)
        walk(JOURNEYS[self.journey].steps(visit), self._cast.send, time.monotonic_ns(), self.report)


class AnonymousReader(JourneyUser):
    """Reads without an account."""

    journey = "anonymous_reader"
    weight = WEIGHTS["anonymous_reader"]


class SignedInReader(JourneyUser):
    """Reads with an account, and favorites."""

    journey = "signed_in_reader"
    weight = WEIGHTS["signed_in_reader"]


class Author(JourneyUser):
    """Writes."""

    journey = "author"
    weight = WEIGHTS["author"]


class LogsIn(JourneyUser):
    """Logs in, again and again."""

    journey = "log_in"
    weight = WEIGHTS["log_in"]


class Newcomer(JourneyUser):
    """Registers others, and follows."""

    journey = "newcomer"


class Buyer(JourneyUser):
    """Buys from another user."""

    journey = "buyer"


class Watcher(JourneyUser):
    """Hears what happens as it happens."""

    journey = "watcher"


class Moderator(JourneyUser):
    """Decides what others report, and suspends the bystander for a moment."""

    journey = "moderator"


class Auditor(JourneyUser):
    """Reads the audit log and verifies it."""

    journey = "auditor"


class Integrator(JourneyUser):
    """Brings articles and pictures as files, and another server."""

    journey = "integrator"


class OpenLoopUser(ConduitUser):
    """Owns the schedule of its process: arrivals of the mix at --open-rate, each on time, whatever the target does.

    One a process: with `--users` equal to the number of workers each has one, and the rate is divided among them; a
    second one in a process stands by. Latencies count from the intended send time.
    """

    owner: ClassVar[OpenLoopUser | None] = None

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        if not self.options.open_rate:
            raise StopTest("OpenLoopUser needs a rate: give --open-rate.")

    def on_start(self) -> None:
        """Take the schedule if nobody here has it, and sign all accounts in."""
        self._running, self._flight, self._clients = Group(), Flight(), list[tuple[Client, Account]]()
        if OpenLoopUser.owner is not None:
            return
        OpenLoopUser.owner = self
        for number in range(self.site.accounts):
            account = self.site.account(number)
            client = self.connect(account)
            self._clients.append((client, account))
            self.sign_in(client, account)

    def on_stop(self) -> None:
        """Let arrivals under way end within Locust's stop time-out, then drop the schedule."""
        self._running.join(timeout=self.environment.stop_timeout)
        self._running.kill()
        for client, _ in self._clients:
            client.close()
        if OpenLoopUser.owner is self:
            OpenLoopUser.owner = None

    @task
    def send_arrivals(self) -> None:
        """Send the schedule until the user is stopped."""
        if OpenLoopUser.owner is not self:
            gevent.sleep(RETRY_S)
            return
        rate = self.options.open_rate / getattr(self.options, PROCESSES, 1)
        seed = self.options.seed << 32 | self.number
        self._random = random.Random(seed)
        pace(KINDS[self.options.open_arrivals](rate, seed), self._arrive)

    def _arrive(self, arrival: int, due_ns: int) -> None:
        if self._state == LOCUST_STATE_STOPPING:
            raise StopUser
        (name,) = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        seed = self._random.getrandbits(64)
        if self._flight.now >= self.options.open_limit:
            self._drop()
            return
        self._flight.begin()
        self._running.spawn(self._visit, name, arrival, seed, due_ns)

    def _visit(self, name: str, arrival: int, seed: int, due_ns: int) -> None:
        client, account = self._clients[arrival % len(self._clients)]
        RECORDER.lag.record(time.monotonic_ns() - due_ns)
        try:
            walk(JOURNEYS[name].steps(Visit(account, seed, self.site.log_in)), client.send, due_ns, self.report)
        finally:
            self._flight.end()

    def _drop(self) -> None:
        RECORDER.dropped += 1
        self.environment.events.request.fire(
            request_type="DROP",
            name="arrival not sent",
            response_time=None,
            response_length=0,
            response=None,
            context={},
            exception=RequestFailed("more arrivals under way than --open-limit allows"),
        )


def forget_sites() -> None:
    """A new run resolves its host again."""
    _sites.clear()


def chosen(options: Namespace | None, available: list[type[User]]) -> list[type[User]]:
    """The classes of a run: those named, or with an open rate the schedule's owner alone, or those of the mix."""
    if options is None or options.user_classes:
        return available
    if options.open_rate:
        return [OpenLoopUser]
    return [one for one in available if getattr(one, "journey", None) in WEIGHTS]
