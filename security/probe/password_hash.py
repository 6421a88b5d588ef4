"""How fast a stolen password hash can be tried (ASVS 5.0 11.4.2, CWE-916)."""

from __future__ import annotations

import re
import time

from security.probe.outcome import CouldNotRunError, Verdict, stopped, succeeded
from security.probe.scene import Scene, require
from security.probe.stored_hash import StoredHash, bcrypt_cost, recognise
from security.probe.target import Account

# An attacker's word list has millions of entries: at this rate one account and core take days.
FAST_GUESSES_PER_SECOND = 100.0
HASH_COLUMN = re.compile(r"(?i)hash|password|passwd|digest")
TIMED_S = 0.05
TIMED_LOGINS = 3
# The smallest cost that OWASP's Password Storage Cheat Sheet allows for bcrypt.
SMALLEST_BCRYPT_COST = 10


def fast_password_hash(scene: Scene) -> Verdict:
    """Read the stored hash of an own account, find the function that verifies its password, and time that function."""
    account = scene.people.bystander()
    row = scene.lab.read_row(account.username)
    stored = [value for column, value in row.items() if HASH_COLUMN.search(column) and isinstance(value, str) and value]
    require(stored, f"The stored row has no column of a password hash; its columns are {', '.join(row)}.")
    for text in stored:
        found = recognise(text, row, account.password)
        if found:
            return _by_guessing(found)
    return _by_logging_in(scene, account, stored[0])


def _by_guessing(found: StoredHash) -> Verdict:
    rate = guesses_per_second(found)
    seen = f"The own stored hash was verified as {found.name} and can be tried {rate:,.0f} times a second and core"
    if rate > FAST_GUESSES_PER_SECOND:
        return succeeded(f"{seen}.")
    return stopped(f"{seen}, at most {FAST_GUESSES_PER_SECOND:.0f} are allowed.")


def guesses_per_second(found: StoredHash) -> float:
    """Wrong guesses a second of CPU time of this thread: one core's worth, whatever else runs on it."""
    started, guesses = time.thread_time(), 0
    while time.thread_time() - started < TIMED_S or guesses < 2:
        found.verify(f"guess-{guesses}")
        guesses += 1
    return guesses / (time.thread_time() - started)


def _by_logging_in(scene: Scene, account: Account, stored: str) -> Verdict:
    """Judge a hash that can't be computed here by its parameters and by the time of a log-in, which contains one."""
    cost = bcrypt_cost(stored)
    require(cost is not None, "The stored hash is in no known form: none of the known functions gives it.")
    client, seconds = scene.people.visitor(), []
    for _ in range(TIMED_LOGINS):
        started = time.perf_counter()
        status = scene.people.log_in(client, account).status_code
        seconds.append(time.perf_counter() - started)
        require(status == 200, f"The own account could not log in: {status}.")
    seen = f"bcrypt by its form, with cost {cost}; a whole log-in takes {1000 * min(seconds):.1f} ms"
    if 1 / min(seconds) > FAST_GUESSES_PER_SECOND:
        return succeeded(f"The stored hash is {seen}, so a guess takes less.")
    if cost is not None and cost >= SMALLEST_BCRYPT_COST:
        return stopped(f"The stored hash is {seen}.")
    raise CouldNotRunError(f"The stored hash is {seen}: without the package bcrypt nothing more exact can be said.")
