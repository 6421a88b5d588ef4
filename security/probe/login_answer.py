"""Finding out which accounts exist, by what a failed log-in says and how long it takes (OWASP API2, CWE-204, 208)."""

from __future__ import annotations

import re
import secrets
import statistics
import time
from dataclasses import dataclass

import httpx

from security.probe.outcome import CouldNotRunError, Verdict, stopped, succeeded
from security.probe.paired import Differences
from security.probe.scene import Scene, require
from security.probe.target import Account

WRONG = "no-such-password-0000"
# Below the budget of wrong passwords that any throttle gives one account from one address; in the first two rounds
# there are enough pairs for an interval.
PAIRS, ROUNDS = 8, 5
# A third of a log-in's own time is what a hash is at least; less than 5 ms nobody tells by so few tries.
TELLING, SMALLEST_S = 1 / 3, 0.005


def accounts_named(scene: Scene) -> Verdict:
    """A wrong password for an account that exists and for one that does not: the answers are compared, twice."""
    known = _own_account(scene)
    for _ in range(2):
        unknown = _nobody(known)
        answers = {who.email: _refused(scene, who) for who in (known, unknown)}
        ours, theirs = answers[known.email], answers[unknown.email]
        if _said(ours, known) == _said(theirs, unknown):
            return stopped(
                f"Failed log-ins to an account that exists and to one that does not are both answered "
                f"{ours.status_code} {ours.text[:100]}, but for the time."
            )
    return succeeded(
        f"A failed log-in to an account that exists is answered {ours.status_code} {ours.text[:100]}, to one that "
        f"does not {theirs.status_code} {theirs.text[:100]}."
    )


def accounts_timed(scene: Scene) -> Verdict:
    """The same two, in turn, with a clock, and beside them a request that does nothing; as many as it takes to tell."""
    times = Times([], [], [])
    for _ in range(ROUNDS):
        _time(scene, times)
        decision = times.differences.decision
        if decision == "differs":
            return succeeded(f"{times}.")
        if decision == "alike":
            return stopped(f"{times}.")
    raise CouldNotRunError(f"The times are too uneven to tell a difference: {times}.")


@dataclass(frozen=True)
class Times:
    """Seconds of failed log-ins to an account that exists and to one that does not, and of a page that is missing."""

    known: list[float]
    unknown: list[float]
    missing: list[float]

    @property
    def differences(self) -> Differences:
        """Those of neighbours; what matters is a part of what a log-in takes longer than a page that is missing."""
        work = max(map(statistics.median, (self.known, self.unknown))) - statistics.median(self.missing)
        pairs = zip(self.known, self.unknown, strict=True)
        return Differences([one - other for one, other in pairs], max(TELLING * work, SMALLEST_S))

    def __str__(self) -> str:
        found = self.differences
        low, high = found.interval
        return (
            f"{len(self.known)} failed log-ins to an account that exists took "
            f"{1000 * statistics.median(self.known):.1f} ms (median), as many to one that does not "
            f"{1000 * statistics.median(self.unknown):.1f} ms; pairs differ by {1000 * found.median:+.1f} ms "
            f"[{1000 * low:.1f}, {1000 * high:.1f}], of which {1000 * found.matters:.1f} ms would matter"
        )


def _time(scene: Scene, times: Times) -> None:
    """A round of pairs with another account, whose budget of wrong passwords no throttle has touched."""
    known = _own_account(scene)
    unknown = _nobody(known)
    with scene.people.visitor() as client:
        for number in range(PAIRS):
            for who in (known, unknown) if number % 2 else (unknown, known):
                began = time.perf_counter()
                answer = scene.people.log_in(client, who, WRONG)
                (times.known if who is known else times.unknown).append(time.perf_counter() - began)
                require(answer.status_code in (400, 401, 403, 404, 422), f"A log-in answered {answer.status_code}.")
            began = time.perf_counter()
            client.get(f"/surely-missing-{secrets.token_hex(4)}")
            times.missing.append(time.perf_counter() - began)


def _own_account(scene: Scene) -> Account:
    """An account that exists: somebody can log in to it."""
    account = scene.people.account()
    scene.people.sign_in(account)
    return account


def _nobody(like: Account) -> Account:
    """An account that does not exist, with an address as long as that of one that does."""
    name = secrets.token_hex(8)[: len(like.username)]
    return Account(name, like.email.replace(like.username, name), like.password)


def _refused(scene: Scene, account: Account) -> httpx.Response:
    answer = scene.people.log_in(scene.people.visitor(), account, WRONG)
    require(answer.status_code in (400, 401, 403, 404, 422), f"A failed log-in was answered {answer.status_code}.")
    return answer


def _said(answer: httpx.Response, account: Account) -> tuple[int, str]:
    """What an answer says, without what it repeats of the question and without digits, which may count."""
    return answer.status_code, re.sub(r"\d", "", answer.text.replace(account.email, "").replace(account.username, ""))
