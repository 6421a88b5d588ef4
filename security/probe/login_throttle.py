"""Guessing passwords by logging in (OWASP API2), and the lock-out that a clumsy defence makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from security.probe.client import Client
from security.probe.outcome import CouldNotRunError, Verdict, not_applicable, stopped, succeeded
from security.probe.scene import Scene, require
from security.probe.target import Account

GUESSES = 40
# Accounts that are locked at all are locked after three to ten wrong passwords.
LOCKING_GUESSES = 20
SPRAYED_ACCOUNTS = 40
# Spraying tries one likely password, here one that no account has, on many accounts; guessing tries many on one.
SPRAYED_PASSWORD = "Summer-2024-sprayed"

WRONG = 401
THROTTLED = frozenset({403, 423, 429})


@dataclass(frozen=True)
class Tries:
    """What wrong passwords were answered: how many as merely wrong, and the status of the refusal that ended them."""

    wrong: int
    refused: int | None


def password_guessing(scene: Scene) -> Verdict:
    """Forty wrong passwords for one account from one address, then the right one."""
    account, client = scene.people.account(), scene.people.visitor()
    tries = _try(scene, client, ((account, word) for word in islice(_words(), GUESSES)))
    require(tries.wrong, f"The first wrong password was answered {tries.refused}: nothing can be said of a budget.")
    if tries.refused:
        return stopped(f"After {tries.wrong} wrong passwords the next was answered {tries.refused}.")
    right = scene.people.log_in(client, account).status_code
    if right == 200:
        return succeeded(f"{tries.wrong} wrong passwords in a row were answered {WRONG}, and then the right one 200.")
    require(right in THROTTLED, f"After {tries.wrong} wrong passwords the right one was answered {right}.")
    return stopped(f"{tries.wrong} wrong passwords were answered {WRONG}, but then the right one {right}.")


def password_spraying(scene: Scene) -> Verdict:
    """One wrong password on each of many accounts, from one address, then a right one."""
    accounts, client = scene.people.accounts(SPRAYED_ACCOUNTS), scene.people.visitor()
    tries = _try(scene, client, ((account, SPRAYED_PASSWORD) for account in accounts))
    require(tries.wrong, f"The first wrong password was answered {tries.refused}: nothing can be said of a budget.")
    seen = f"One address tried one wrong password on each of {tries.wrong} accounts, all answered {WRONG}"
    if tries.refused:
        return stopped(f"{seen}; the next was answered {tries.refused}.")
    right = scene.people.log_in(client, accounts[0]).status_code
    require(right in THROTTLED | {200}, f"{seen}; then a right password was answered {right}.")
    return succeeded(f"{seen}, and then a right one 200.") if right == 200 else stopped(f"{seen}; a right one {right}.")


def owner_lockout(scene: Scene) -> Verdict:
    """The owner logs in; another address guesses until it is refused; the owner logs in again from the own address."""
    account, owner, attacker = scene.people.account(), scene.people.visitor(), scene.people.visitor()
    first = scene.people.log_in(owner, account).status_code
    require(first == 200, f"The owner could not log in before the attack: {first}.")
    tries = _try(scene, attacker, ((account, word) for word in islice(_words(), LOCKING_GUESSES)))
    again = scene.people.log_in(owner, account).status_code
    attack = f"Another address guessed {tries.wrong} times and was " + (
        f"then answered {tries.refused}" if tries.refused else "never refused"
    )
    if again == 200:
        return stopped(f"{attack}; the owner still logs in from the own address.")
    require(again in THROTTLED | {WRONG}, f"{attack}; the owner's log-in was answered {again}.")
    return succeeded(f"{attack}; the owner's right password is answered {again} from the own address.")


def throttle_multiplied(scene: Scene) -> Verdict:
    """Spend the budget on one connection, then look on new connections for workers that know nothing of it.

    A connection stays with one worker. Which worker takes a new one is the kernel's choice, so many are opened: those
    that are refused at once cost little, and one that is not refused is used until it is.
    """
    if scene.target.workers < 2:
        return not_applicable("The target runs one worker: no second one could have a budget of its own.")
    account, source = scene.people.account(), scene.people.source()
    words = _words()
    first = _spend(scene, account, source, words)
    if first.refused is None:
        return not_applicable(
            f"{first.wrong} wrong passwords in a row are not refused: there is no budget to multiply."
        )
    require(first.wrong > 0, f"The first wrong password was answered {first.refused}: the budget was spent before.")
    connections = scene.connections
    more = sum(_spend(scene, account, source, words).wrong for _ in range(connections))
    seen = f"One connection was refused after {first.wrong} wrong passwords; {connections} new connections"
    # A budget that refills with time gives back a try or two meanwhile; a second worker gives back all of it.
    if 2 * more >= first.wrong:
        return succeeded(f"{seen} from the same address had {more} more answered as merely wrong.")
    return stopped(f"{seen} from the same address had {more} more tries.")


def _spend(scene: Scene, account: Account, source: str | None, words: Iterator[str]) -> Tries:
    with scene.people.visitor(source) as client:
        return _try(scene, client, ((account, word) for word in islice(words, GUESSES)))


def _try(scene: Scene, client: Client, guesses: Iterable[tuple[Account, str]]) -> Tries:
    """Try passwords, all of them wrong, until one is refused without being looked at."""
    wrong = 0
    for account, password in guesses:
        status = scene.people.log_in(client, account, password).status_code
        if status in THROTTLED:
            return Tries(wrong, status)
        if status != WRONG:
            raise CouldNotRunError(f"A wrong password was answered {status}, neither as wrong nor as refused.")
        wrong += 1
    return Tries(wrong, None)


def _words() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"wrong-guess-{number:04d}"
