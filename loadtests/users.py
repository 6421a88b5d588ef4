"""Locust users that walk the journeys, a class for each."""

from __future__ import annotations

import itertools
import random
import time
from argparse import Namespace
from collections.abc import Sequence
from typing import ClassVar

import gevent  # type: ignore[import-untyped]
from locust import User, task
from locust.env import Environment
from locust.exception import StopTest

from loadtests.accounts import Account
from loadtests.cast import Cast
from loadtests.client import Client, NoAnswer
from loadtests.crew import current_arrival
from loadtests.journeys import JOURNEYS, WEIGHTS
from loadtests.options import Site, site
from loadtests.recorder import NO_ANSWER, RECORDED, RECORDER, Series
from loadtests.steps import UnusableAnswer, Visit, log_in_step
from loadtests.walk import Observed, walk
from security.guard import Refused

SIGN_IN = " (sign-in)"  # log-ins before a user's first journey stand apart from those of the log_in journey
RETRY_S = 1.0

_numbers = itertools.count()
_sites: dict[str, Site] = {}


class RequestFailed(Exception):  # noqa: N818 - shown in Locust's table of failures under this name
    """What Locust's statistics show for a request without a usable answer."""


class ConduitUser(User):
    """What all users here share: the site, a number and the reporting."""

    abstract = True
    journey: ClassVar[str]

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
            took = time.monotonic_ns() - started
            self.report(Observed(step, status, took, took, size, problem), SIGN_IN)
            if problem is None:
                return
            gevent.sleep(RETRY_S)

    def report(self, seen: Observed, suffix: str = "") -> None:
        """Give one request to Locust's statistics and to the exact histograms."""
        name = seen.step.name + suffix
        arrival = current_arrival()
        stage = arrival.stage if arrival else RECORDER.stage()
        status = NO_ANSWER if seen.status is None else str(seen.status)
        series = Series(stage, RECORDER.arm, self.journey, name, status, failed=seen.problem is not None)
        RECORDER.record(series, seen.latency_ns, seen.service_ns)
        self.environment.events.request.fire(
            request_type=seen.step.method,
            name=name.partition(" ")[2],
            response_time=seen.latency_ns / 1e6,
            response_length=seen.size,
            response=None,
            context=RECORDED,
            exception=RequestFailed(seen.problem) if seen.problem else None,
        )


class JourneyUser(ConduitUser):
    """A closed-loop user: walks one journey after the other with time to think in between."""

    abstract = True
    reentrant = True  # a client opens as many connections as it takes

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
        arrival = current_arrival()
        due_ns, number = (arrival.due_ns, arrival.index) if arrival else (time.monotonic_ns(), 0)
        visit = Visit(self._account, seed, self.site.log_in, arrival=number, bystander=bystander)
        walk(JOURNEYS[self.journey].steps(visit), self._cast.send, due_ns, self.report)


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


def forget_sites() -> None:
    """A new run resolves its host again."""
    _sites.clear()


def chosen(options: Namespace, available: Sequence[type[User]]) -> list[type[User]]:
    """The classes of a run: those that were named, or those of the mix."""
    if getattr(options, "user_classes", None):
        return list(available)
    return [one for one in available if getattr(one, "journey", None) in WEIGHTS]
