"""Finding out which accounts exist, by what a failed log-in says and how long it takes (OWASP API2, CWE-204, 208)."""

from __future__ import annotations

import re
import secrets
import statistics
import time
from dataclasses import dataclass

import httpx

from security.probe.outcome import Verdict, stopped, succeeded
from security.probe.scene import Scene, require
from security.probe.target import Account

WRONG = "no-such-password-0000"
# Below the budget of wrong passwords that any throttle gives one account from one address.
PAIRS = 8
# By chance eight times are as far from eight others once in a thousand rounds, and that twice once in a million.
ALIKE, SLOWER = 0.9, 1.5


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
    """The same two, in turn, with a clock; what differs must differ again in another round."""
    first = _round(scene)
    if not first.differs:
        return stopped(f"{first}.")
    second = _round(scene)
    if second.differs and second.known_slower == first.known_slower:
        return succeeded(f"Twice: {second}.")
    return stopped(f"Once, but not again: {first}; {second}.")


@dataclass(frozen=True)
class Round:
    """Times of failed log-ins in s."""

    known: list[float]
    unknown: list[float]

    @property
    def slower_share(self) -> float:
        """The share of all pairs in which the known account took longer (Mann and Whitney's U, divided)."""
        return sum(one > other for one in self.known for other in self.unknown) / len(self.known) / len(self.unknown)

    @property
    def known_slower(self) -> bool:
        """Which of the two is the slow one."""
        return statistics.median(self.known) > statistics.median(self.unknown)

    @property
    def differs(self) -> bool:
        """Whether one is slower nearly always, and by much."""
        fast, slow = sorted((statistics.median(self.known), statistics.median(self.unknown)))
        return max(self.slower_share, 1 - self.slower_share) >= ALIKE and slow >= SLOWER * fast

    def __str__(self) -> str:
        return (
            f"{len(self.known)} failed log-ins to an account that exists took "
            f"{1000 * statistics.median(self.known):.1f} ms (median), as many to one that does not "
            f"{1000 * statistics.median(self.unknown):.1f} ms; in {self.slower_share:.0%} of pairs the first is slower"
        )


def _round(scene: Scene) -> Round:
    known = _own_account(scene)
    unknown = _nobody(known)
    times: dict[str, list[float]] = {known.email: [], unknown.email: []}
    with scene.people.visitor() as client:
        for number in range(PAIRS):
            for who in (known, unknown) if number % 2 else (unknown, known):
                began = time.perf_counter()
                answer = scene.people.log_in(client, who, WRONG)
                times[who.email].append(time.perf_counter() - began)
                require(answer.status_code in (400, 401, 403, 404, 422), f"A log-in answered {answer.status_code}.")
    return Round(times[known.email], times[unknown.email])


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
