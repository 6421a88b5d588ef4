"""Who acts in a probe: signed-in identities and visitors, each with a source address and connections of its own."""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx

from security.guard import Pinned
from security.probe.client import Client, Meter, Sources
from security.probe.outcome import CouldNotRunError
from security.probe.target import Account, Accounts, Login, ProbeTarget

#: How often a probe sends a request again that a busy target did not work on.
PATIENCE = 8


@dataclass(frozen=True)
class Identity:
    """An account that has logged in: `client` sends its token with every request."""

    account: Account
    token: str
    client: Client

    @property
    def username(self) -> str:
        """The account's user name."""
        return self.account.username


class AccountPool:
    """Hands out each seeded account that carries no load once, in a shuffled order."""

    def __init__(self, accounts: Accounts, seed: int | None = None) -> None:
        self._accounts = accounts
        self._numbers = list(range(accounts.reserved + 1, accounts.count + 1))
        # Shuffled, so that a second suite on the same target rarely meets throttles that the first one left behind.
        random.Random(seed).shuffle(self._numbers)
        self._next = 0
        self._bystander: Account | None = None

    def take(self) -> Account:
        """An account that no other probe of this suite acts as."""
        if self._next >= len(self._numbers):
            raise CouldNotRunError(f"The target's {self._accounts.count} seeded accounts are used up.")
        self._next += 1
        return self._accounts.number(self._numbers[self._next - 1])

    def bystander(self) -> Account:
        """The one account that probes share: they look at its stored row and do nothing that a control counts."""
        self._bystander = self._bystander or self.take()
        return self._bystander

    def many(self, count: int) -> list[Account]:
        """`count` different accounts to aim at, none of which has acted or been aimed at by then."""
        untouched = self._numbers[self._next :]
        if count > len(untouched):
            raise CouldNotRunError(f"{count} seeded accounts are needed and {len(untouched)} are left.")
        return [self._accounts.number(n) for n in untouched[-count:]]


class People:
    """Makes identities and visitors of one probe, and closes their connections with it."""

    def __init__(self, target: ProbeTarget, pinned: Pinned, pool: AccountPool, sources: Sources, meter: Meter) -> None:
        self._target = target
        self.pinned = pinned
        self._pool = pool
        self._sources = sources
        self.meter = meter
        self._stack = ExitStack()

    def close(self) -> None:
        """Close every connection that was opened."""
        self._stack.close()

    def source(self) -> str | None:
        """A source address that nobody has."""
        return self._sources.take()

    def visitor(
        self, source: str | None = None, *, headers: Mapping[str, str] | None = None, patience: int = PATIENCE
    ) -> Client:
        """Someone without an account, on new connections; from `source`, or else from an address of their own."""
        client = Client(
            self.pinned,
            source=source or self.source(),
            meter=self.meter,
            timeout_s=self._target.timeout_s,
            headers=headers,
            patience=patience,
        )
        return self._stack.enter_context(client)

    def account(self) -> Account:
        """A seeded account of this probe's own, not logged in."""
        return self._pool.take()

    def bystander(self) -> Account:
        """The account whose stored row is looked at; common to the suite, so that the row is fetched once."""
        return self._pool.bystander()

    def accounts(self, count: int) -> list[Account]:
        """Seeded accounts to aim at; they may be shared with other probes."""
        return self._pool.many(count)

    def bearing(self, token: str, source: str | None = None) -> Client:
        """Someone who presents this token, valid or not."""
        login = self._target.login
        return self.visitor(source, headers={login.header: f"{login.scheme} {token}".strip()})

    def sign_in(self, account: Account | None = None) -> Identity:
        """Log in, from an address of one's own; raises `CouldNotRunError` unless it works."""
        account = account or self.account()
        source = self.source()
        token = token_in(self.log_in(self.visitor(source), account), self._target.login)
        return Identity(account, token, self.bearing(token, source))

    def log_in(self, client: Client, account: Account, password: str | None = None) -> httpx.Response:
        """Send the log-in request of this account, with its own password or another, and return the answer."""
        login = self._target.login
        values = {"email": account.email, "username": account.username, "password": password or account.password}
        return client.request(login.method, login.path, json=_filled(login.body, values))


def token_in(answer: httpx.Response, login: Login) -> str:
    """The token in the answer to a log-in; raises `CouldNotRunError` where there is none."""
    if answer.status_code not in (200, 201):
        raise CouldNotRunError(
            f"An account of the probe's own could not log in: {answer.status_code} {answer.text[:120]}"
        )
    found: Any = answer.json()
    for key in login.token_at:
        found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, str) or not found:
        raise CouldNotRunError(f"The answer to a log-in holds no token at {'.'.join(login.token_at)}.")
    return found


def _filled(template: object, values: Mapping[str, str]) -> object:
    match template:
        case str():
            return template.format(**values)
        case Mapping():
            return {key: _filled(item, values) for key, item in template.items()}
        case list():
            return [_filled(item, values) for item in template]
        case _:
            return template
